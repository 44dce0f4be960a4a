"""Reviews asked for earlier, under row-level security."""

from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_protect_invitations")]
    operations = [
        ProtectChild("reviews_earlierreview"),
        ProtectChild("reviews_earlierreviewevent", may="SELECT, INSERT"),
        SameAuthority("reviews_earlierreview"),
    ]
