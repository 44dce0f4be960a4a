from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

TABLES = ("peps_evaluation", "peps_action")


class Migration(migrations.Migration):
    dependencies = [("peps", "0003_targets_and_actions")]
    operations = [
        ProtectChild("peps_evaluation"),
        ProtectChild("peps_action", may="SELECT, INSERT, UPDATE, DELETE"),  # before a final version holds it, an action may be struck out
        *(ProtectChild(f"{table}event", may="SELECT, INSERT") for table in TABLES),
        *(SameAuthority(table) for table in TABLES),
    ]
