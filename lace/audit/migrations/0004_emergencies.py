"""The nightly look counts emergencies too."""

from django.db import migrations

READS = ["CREATE POLICY job ON children_emergencyaccess FOR SELECT TO lace_job USING (true)", "GRANT SELECT ON children_emergencyaccess TO lace_job"]
READS_NOT = ["DROP POLICY job ON children_emergencyaccess", "REVOKE SELECT ON children_emergencyaccess FROM lace_job"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_protect_seals"), ("children", "0003_protect_guarded")]
    operations = [migrations.RunSQL(READS, READS_NOT)]
