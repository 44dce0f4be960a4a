from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

TABLES = ("peps_pep", "peps_section", "peps_target", "peps_version")


class Migration(migrations.Migration):
    dependencies = [("peps", "0001_initial"), ("schools", "0002_protect")]
    operations = [
        ProtectChild("peps_pep"),
        ProtectChild("peps_section"),
        ProtectChild("peps_target", may="SELECT, INSERT, UPDATE, DELETE"),  # a target may be struck out while the plan is being written
        ProtectChild("peps_version", may="SELECT, INSERT"),
        *(ProtectChild(f"{table}event", may="SELECT, INSERT") for table in TABLES),
        *(SameAuthority(table) for table in TABLES),
    ]
