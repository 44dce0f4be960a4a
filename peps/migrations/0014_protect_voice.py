"""Replies to what a child said, and what the child said to an offer, are read by those who may read the child's own words."""

from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority

APPEND = "SELECT, INSERT"


class Migration(migrations.Migration):
    dependencies = [("peps", "0013_voice")]
    operations = [
        ProtectChild("peps_reply", facet="voice"),
        ProtectChild("peps_replyevent", may=APPEND, facet="voice"),
        SameAuthority("peps_reply"),
        ProtectChild("peps_peeroffer", may=APPEND, facet="voice"),
        ProtectChild("peps_peerofferevent", may=APPEND, facet="voice"),
        SameAuthority("peps_peeroffer"),
    ]
