"""Contributions are seen by those who see the child, and each by whoever holds the secret link to it; the nightly settlement reads their stamps."""

from django.db import migrations

from lace.database.rls import JobReads, Protect, SameAuthority

LINK = "nullif(current_setting('app.link', true), '')"


class Migration(migrations.Migration):
    dependencies = [("peps", "0005_contributions")]
    operations = [
        Protect("peps_contribution", visible=f"({{child}} OR token_sha256 = {LINK})", may="SELECT, INSERT, UPDATE"),
        Protect("peps_contributionevent", visible="{child}", may_add=f"({{child}} OR {LINK} IS NOT NULL)", may="SELECT, INSERT"),
        SameAuthority("peps_contribution"),
        JobReads("peps_contribution", "child_id, given_at, declined_at, withdrawn_at"),
    ]
