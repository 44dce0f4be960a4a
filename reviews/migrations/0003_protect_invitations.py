from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_protect"), ("children", "0002_protect")]
    operations = [
        ProtectChild("reviews_invitation"),
        ProtectChild("reviews_invitationevent", may="SELECT, INSERT"),
        SameAuthority("reviews_invitation"),
        # One text held both until now; 0005 asks for each.
        migrations.RunSQL(
            "UPDATE reviews_review SET private_room = left(lesson_reason, 200) WHERE NOT outside_lessons AND private_room = ''",
            migrations.RunSQL.noop,
        ),
    ]
