from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

TABLES = ("reviews_review", "reviews_postponement", "reviews_decision")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("children", "0002_protect")]
    operations = [
        *(ProtectChild(table) for table in TABLES),
        *(ProtectChild(f"{table}event", may="SELECT, INSERT") for table in TABLES),
        *(SameAuthority(table) for table in TABLES),
    ]
