"""Row-level security on challenges to a plan: raised and answered, never taken away."""

from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

APPEND = "SELECT, INSERT"


class Migration(migrations.Migration):
    dependencies = [("peps", "0017_challenges")]
    operations = [
        ProtectChild("peps_challenge"),
        ProtectChild("peps_challengeevent", may=APPEND),
        SameAuthority("peps_challenge"),
    ]
