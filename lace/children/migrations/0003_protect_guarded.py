from django.db import migrations

from lace.database.rls import GrantedChildrenWith, Protect, ProtectChild, SameAuthority, facet_visible

APPEND = "SELECT, INSERT"
WRITE = "SELECT, INSERT, UPDATE"
# "The address must not be shown" beats every relation (goals A1); such an address may be written, and not be read.
ADDRESS = f"{facet_visible('address')} AND NOT (SELECT address_is_sensitive FROM children_child WHERE children_child.id = child_id)"
# The child's own, and of others those whom the child lets read it (VOICE-15); anybody with the facet may take one down.
VOICE = (
    f"{facet_visible('voice')}"
    " AND (current_setting('app.role', true) = 'child' OR nullif(current_setting('app.role', true), '') = ANY(readers))"
)
# The trail of a statement is read by those who may read the statement as it stands now: who lost it, lost its past too.
VOICE_NOW = "EXISTS (SELECT FROM children_statement WHERE children_statement.id = children_statementevent.id)"
# The authority's own LACE coordinators: the list names children of others.
COORDINATORS = (
    "(authority_id = ANY(nullif(current_setting('app.authority_ids', true), '')::bigint[])"
    " AND current_setting('app.role', true) = 'lace_coordinator')"
)
PLAIN = ("handover", "emergencyaccess", "placementnotice", "datarequest")
GUARDED = {"nocontactperson": "no_contact", "risk": "safeguarding", "referral": "referrals", "dispute": "disputes"}


class Migration(migrations.Migration):
    dependencies = [("children", "0002_protect")]
    operations = [
        GrantedChildrenWith(),
        Protect("children_placementaddress", visible=ADDRESS, may_add=facet_visible("address"), may=WRITE),
        Protect("children_placementaddressevent", visible=ADDRESS, may_add=facet_visible("address"), may=APPEND),
        Protect("children_statement", visible=VOICE, may_add=facet_visible("voice"), may=WRITE),
        Protect("children_statementevent", visible=VOICE_NOW, may_add=facet_visible("voice"), may=APPEND),
        Protect("children_placedbyothers", visible=COORDINATORS, may=WRITE),
        Protect("children_placedbyothersevent", visible=COORDINATORS, may=APPEND),
        *(ProtectChild(f"children_{table}") for table in PLAIN),
        *(ProtectChild(f"children_{table}event", may=APPEND) for table in PLAIN),
        *(ProtectChild(f"children_{table}", facet=facet) for table, facet in GUARDED.items()),
        *(ProtectChild(f"children_{table}event", may=APPEND, facet=facet) for table, facet in GUARDED.items()),
        *(SameAuthority(f"children_{table}") for table in (*PLAIN, *GUARDED, "placementaddress", "statement")),
    ]
