from django.db import migrations

from lace.audit import chain_sql, looks
from lace.database.rls import Protect, tenant_visible

# The auditors of an authority (requirements section 3): whoever else belongs to it has no business with these tables.
AUDITORS = f"{tenant_visible()} AND current_setting('app.role', true) = 'administrator'"
# Nobody writes down a look of somebody else's.
OWN_LOOKS = [
    "ALTER POLICY visible ON audit_read WITH CHECK"
    f" ({tenant_visible()} AND user_id = nullif(current_setting('app.user_id', true), '')::bigint)"
]
OWN_LOOKS_NOT = [f"ALTER POLICY visible ON audit_read WITH CHECK {tenant_visible()}"]
JOB_READS = ["CREATE POLICY job ON audit_read FOR SELECT TO lace_job USING (true)", "GRANT SELECT ON audit_read TO lace_job"]
JOB_READS_NOT = ["DROP POLICY job ON audit_read", "REVOKE SELECT ON audit_read FROM lace_job"]
NOBODY_WRITES = "REVOKE INSERT, UPDATE, DELETE ON audit_sealing FROM lace_app"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_protect"), ("children", "0002_protect")]
    operations = [
        migrations.RunSQL(OWN_LOOKS, OWN_LOOKS_NOT),
        migrations.RunSQL(JOB_READS, JOB_READS_NOT),
        Protect("audit_seal", visible=AUDITORS, may="SELECT"),
        migrations.RunSQL(NOBODY_WRITES, migrations.RunSQL.noop),
        Protect("audit_verification", visible=AUDITORS, may="SELECT", job="SELECT, INSERT"),
        Protect("audit_alert", visible=AUDITORS, may="SELECT, UPDATE", job="SELECT, INSERT"),
        Protect("audit_alertevent", visible=AUDITORS, may="SELECT, INSERT", job="INSERT"),
        Protect("audit_threshold", visible=AUDITORS, may="SELECT, INSERT, UPDATE", job="SELECT"),
        Protect("audit_thresholdevent", visible=AUDITORS, may="SELECT, INSERT"),
        migrations.RunSQL(chain_sql.created(), chain_sql.dropped()),
        migrations.RunSQL(looks.CREATED, looks.DROPPED),
    ]
