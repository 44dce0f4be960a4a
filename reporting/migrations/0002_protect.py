from django.db import migrations

from lace.database.rls import ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_initial"), ("database", "0001_privileges")]
    operations = [ProtectTenant("reporting_termlyreport"), ProtectTenant("reporting_termlyreportevent", may="SELECT, INSERT")]
