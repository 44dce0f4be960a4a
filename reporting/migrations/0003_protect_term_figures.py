"""The published figures under row-level security, and the columns from which the job counts them.

What is stored is made for publication: no row says more than all rows together may. A consortium's people read other authorities' rows, which no
tenant's policy would let through, so the policy asks for one of the roles that read figures; which rows each gets, `visible_to` says. Only the job writes.
"""

from django.db import migrations

from lace.database.context import JOB_ROLE
from lace.database.rls import Protect

READERS = (
    *("elected_member", "senior_leader", "consortium_lead", "challenge_adviser", "government", "link_governor"),
    *("lace_coordinator", "designated_manager"),
)
READS_FIGURES = f"(nullif(current_setting('app.role', true), '') IN ({', '.join(repr(role) for role in READERS)}))"
# Dates, places and marks; no name, no address, nothing that somebody wrote.
COUNTED = {
    "children_careepisode": "child_id, authority_id, started_on, ended_on",
    "children_placement": "child_id, authority_id, host_authority_id, started_on, ended_on",
    "schools_termrecord": "child_id, authority_id, school_id, year, term, sessions_possible, sessions_attended, days_excluded",
    "peps_pep": "id, child_id, authority_id, state",
    "peps_target": "pep_id, child_id, authority_id, child_agrees, review_on",
}


def job_counts(table: str, columns: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        [f"CREATE POLICY job_counts ON {table} FOR SELECT TO {JOB_ROLE} USING (true)", f"GRANT SELECT ({columns}) ON {table} TO {JOB_ROLE}"],
        [f"DROP POLICY job_counts ON {table}", f"REVOKE SELECT ({columns}) ON {table} FROM {JOB_ROLE}"],
    )


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_protect"), ("children", "0002_protect"), ("schools", "0002_protect"), ("peps", "0002_protect"), ("deadlines", "0002_protect")]
    operations = [
        Protect("reporting_termfigures", visible=READS_FIGURES, may="SELECT", job="SELECT, INSERT"),
        *(job_counts(table, columns) for table, columns in COUNTED.items()),
    ]
