"""Approvals of moves under row-level security, and what the nightly reconciliation reads: term records and designations."""

from django.db import migrations

from lace.database.rls import JobMay, JobReads, ProtectChild, SameAuthority


class Migration(migrations.Migration):
    dependencies = [("schools", "0003_protect_policy_and_eotas")]
    operations = [
        ProtectChild("schools_moveapproval", may="SELECT, INSERT"),
        ProtectChild("schools_moveapprovalevent", may="SELECT, INSERT"),
        SameAuthority("schools_moveapproval"),
        JobReads("schools_termrecord", "id, created_at, child_id, authority_id, year, term, subjects_assessed, subjects_on_track"),
        JobMay("schools_designation"),
    ]
