from django.db import migrations

from lace.database.rls import ProtectChild, ProtectPublished, ProtectTenant, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("peps", "0011_needs")]
    operations = [
        # Read by whoever writes a plan for one of the authority's children, at another authority's school too; never changed.
        ProtectPublished("peps_combinedplan", may="SELECT, INSERT"),
        ProtectTenant("peps_combinedplanevent", may="SELECT, INSERT"),
        ProtectChild("peps_provision", may="SELECT, INSERT, UPDATE, DELETE"),  # before a final version holds it, one may be struck out
        ProtectChild("peps_provisionevent", may="SELECT, INSERT"),
        ProtectChild("peps_catchup", may="SELECT, INSERT, UPDATE, DELETE"),  # likewise
        ProtectChild("peps_catchupevent", may="SELECT, INSERT"),
        SameAuthority("peps_provision"),
        SameAuthority("peps_catchup"),
    ]
