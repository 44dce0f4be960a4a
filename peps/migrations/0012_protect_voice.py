"""Replies to what a child said are read by those who may read the child's own words."""

from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("peps", "0011_voice")]
    operations = [
        ProtectChild("peps_reply", facet="voice"),
        ProtectChild("peps_replyevent", may="SELECT, INSERT", facet="voice"),
        SameAuthority("peps_reply"),
    ]
