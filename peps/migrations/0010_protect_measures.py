from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

APPEND = "SELECT, INSERT"  # a correction is a row of its own


class Migration(migrations.Migration):
    dependencies = [("peps", "0009_measures")]
    operations = [
        ProtectChild("peps_attainment", may=APPEND),
        ProtectChild("peps_attainmentevent", may=APPEND),
        ProtectChild("peps_wellbeing", may=APPEND, facet="wellbeing"),
        ProtectChild("peps_wellbeingevent", may=APPEND, facet="wellbeing"),
        SameAuthority("peps_attainment"),
        SameAuthority("peps_wellbeing"),
    ]
