from django.db import migrations

from lace.database.rls import GrantedChildren, ProtectChild, SameAuthority, child_visible, own_authority

APPEND = "SELECT, INSERT"


class Migration(migrations.Migration):
    dependencies = [("children", "0001_initial"), ("database", "0001_privileges")]
    operations = [
        GrantedChildren(),
        ProtectChild("children_child", child="id", job="SELECT"),
        ProtectChild("children_careepisode"),
        ProtectChild("children_placement"),
        ProtectChild("children_childusergrant", child="content_object_id", job="SELECT"),
        ProtectChild("children_childgroupgrant", child="content_object_id", job="SELECT"),
        # Who closes a record after an adoption sees it no longer when the event of that is written.
        ProtectChild("children_childevent", child="id", may=APPEND, may_add=f"{child_visible('id')} OR {own_authority()}"),
        ProtectChild("children_careepisodeevent", may=APPEND),
        ProtectChild("children_placementevent", may=APPEND),
        ProtectChild("children_childusergrantevent", child="content_object_id", may=APPEND),
        ProtectChild("children_childgroupgrantevent", child="content_object_id", may=APPEND),
        SameAuthority("children_careepisode"),
        SameAuthority("children_placement"),
        SameAuthority("children_childusergrant", child="content_object_id"),
        SameAuthority("children_childgroupgrant", child="content_object_id"),
    ]
