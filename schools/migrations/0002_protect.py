from django.db import migrations

from lace.database.rls import JobMay, ProtectChild, ProtectTenant, SameAuthority

APPEND = "SELECT, INSERT"


class Migration(migrations.Migration):
    dependencies = [("schools", "0001_initial"), ("children", "0002_protect")]
    operations = [
        ProtectChild("schools_enrolment", job="SELECT"),
        ProtectChild("schools_enrolmentevent", may=APPEND),
        SameAuthority("schools_enrolment"),
        ProtectChild("schools_termrecord"),
        ProtectChild("schools_termrecordevent", may=APPEND),
        SameAuthority("schools_termrecord"),
        JobMay("schools_school"),
        ProtectTenant("schools_registercheck", may=APPEND),
        ProtectTenant("schools_registercheckevent", may=APPEND),
    ]
