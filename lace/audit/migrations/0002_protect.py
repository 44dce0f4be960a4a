from django.db import migrations

from lace.database.rls import ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("database", "0001_privileges")]
    operations = [ProtectTenant("audit_read", may="SELECT, INSERT")]
