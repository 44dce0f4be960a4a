"""What the nightly reconciliation reads: times in care, placements, decisions about waivers. Dates and places; nothing that somebody wrote."""

from django.db import migrations

from lace.database.rls import JobReads


class Migration(migrations.Migration):
    dependencies = [("deadlines", "0002_protect"), ("children", "0002_protect")]
    operations = [
        JobReads("children_careepisode", "id, child_id, authority_id, started_on, ended_on, entry_type, end_reason"),
        JobReads("children_placement", "id, created_at, child_id, authority_id, episode_id, host_authority_id, started_on, ended_on"),
        JobReads("deadlines_waiver", "duty_id, agreed"),
    ]
