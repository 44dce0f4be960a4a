from django.db import migrations

from lace.database.rls import Protect, ProtectChild, ProtectTenant, SameAuthority, tenant_visible

EVERYBODY = "nullif(current_setting('app.tenant_ids', true), '') IS NOT NULL"  # who has a role anywhere


class Migration(migrations.Migration):
    dependencies = [("peps", "0007_quality")]
    operations = [
        # Read by whoever writes a plan for one of the authority's children, at another authority's school too; never changed.
        Protect("peps_qualitystandard", visible=EVERYBODY, may="SELECT, INSERT", may_add=tenant_visible()),
        ProtectTenant("peps_qualitystandardevent", may="SELECT, INSERT"),
        ProtectChild("peps_qualityreview"),
        ProtectChild("peps_qualityreviewevent", may="SELECT, INSERT"),
        SameAuthority("peps_qualityreview"),
    ]
