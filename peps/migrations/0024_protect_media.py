"""What a child adds to the child's page is seen by those who may read the child's own words, and of them by whom the child lets (VOICE-15)."""

from django.db import migrations

from lace.database.rls import Protect, SameAuthority, facet_visible

APPEND = "SELECT, INSERT"
WRITE = "SELECT, INSERT, UPDATE"
# The child's own, and of others those that are for everybody or for this role; whoever holds the facet may put one there.
VOICE = (
    f"{facet_visible('voice')}"
    " AND (readers IS NULL OR current_setting('app.role', true) = 'child' OR nullif(current_setting('app.role', true), '') = ANY(readers))"
)
# The trail is read by those who may see it as it stands now: who lost it, lost its past too.
VOICE_NOW = "EXISTS (SELECT FROM peps_addition WHERE peps_addition.id = peps_additionevent.id)"


class Migration(migrations.Migration):
    dependencies = [("peps", "0023_media")]
    operations = [
        Protect("peps_addition", visible=VOICE, may_add=facet_visible("voice"), may=WRITE),
        Protect("peps_additionevent", visible=VOICE_NOW, may_add=facet_visible("voice"), may=APPEND),
        SameAuthority("peps_addition"),
    ]
