from django.db import migrations

from lace.database.rls import ProtectChild, ProtectPublished, ProtectTenant, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("peps", "0007_quality")]
    operations = [
        # Read by whoever writes a plan for one of the authority's children, at another authority's school too; never changed.
        ProtectPublished("peps_qualitystandard", may="SELECT, INSERT"),
        ProtectTenant("peps_qualitystandardevent", may="SELECT, INSERT"),
        ProtectChild("peps_qualityreview"),
        ProtectChild("peps_qualityreviewevent", may="SELECT, INSERT"),
        SameAuthority("peps_qualityreview"),
    ]
