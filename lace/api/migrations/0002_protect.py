from django.db import migrations

from lace.database.rls import ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("database", "0001_privileges")]
    operations = [ProtectTenant("api_answer", may="SELECT, INSERT")]
