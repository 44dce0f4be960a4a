"""Whom a child lets read an answer of the child's page is known to those who may read the child's own words."""

from django.db import migrations

from lace.database.rls import ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("peps", "0021_readers")]
    operations = [
        ProtectChild("peps_answerreaders", facet="voice"),
        ProtectChild("peps_answerreadersevent", may="SELECT, INSERT", facet="voice"),
        SameAuthority("peps_answerreaders"),
    ]
