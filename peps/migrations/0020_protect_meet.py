from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("peps", "0019_meet")]
    operations = [
        ProtectChild("peps_planmeeting"),
        ProtectChild("peps_planmeetingevent", may="SELECT, INSERT"),
        SameAuthority("peps_planmeeting"),
        ProtectChild("peps_meetinginvitation"),
        ProtectChild("peps_meetinginvitationevent", may="SELECT, INSERT"),
        SameAuthority("peps_meetinginvitation"),
    ]
