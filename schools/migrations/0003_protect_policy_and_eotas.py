from django.db import migrations

from lace.database.rls import ProtectChild, ProtectTenant, SameAuthority

APPEND = "SELECT, INSERT"


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_protect"), ("children", "0002_protect")]
    operations = [
        ProtectChild("schools_eotasplace"),
        ProtectChild("schools_eotasplaceevent", may=APPEND),
        SameAuthority("schools_eotasplace"),
        ProtectTenant("schools_schoolpolicy"),
        ProtectTenant("schools_schoolpolicyevent", may=APPEND),
        ProtectTenant("schools_policycheck", may=APPEND),
        ProtectTenant("schools_policycheckevent", may=APPEND),
    ]
