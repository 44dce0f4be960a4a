from django.db import migrations

from lace.database.rls import ProtectPublished, ProtectTenant


class Migration(migrations.Migration):
    dependencies = [("peps", "0015_guidance")]
    operations = [
        # Read by whoever writes a plan for one of the authority's children, at another authority's school too; never changed.
        ProtectPublished("peps_guidance", may="SELECT, INSERT"),
        ProtectTenant("peps_guidanceevent", may="SELECT, INSERT"),
    ]
