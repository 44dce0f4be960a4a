"""Workers, commands and the shell go through the same door as the web: nothing without a context, and a named job only what it was given."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from lace.core.actor import Actor
from lace.database.context import APP_ROLE, JOB_ROLE, WORKER_ROLE
from lace.web.middleware import serving
from tests.world import World

# All that the jobs' role may touch. A line here is a decision: whoever adds one says for which job, and that the job needs it.
JOBS_MAY: dict[str, str] = {
    # whose child, which school, from when to when
    "children_child": "SELECT",
    "children_childusergrant": "SELECT",
    "children_childgroupgrant": "SELECT",
    "children_emergencyaccess": "SELECT",  # the watch over emergency access
    "schools_enrolment": "SELECT",
    "schools_school": "SELECT",
    # the sweep: duties, and the messages that they give rise to
    "deadlines_duty": "INSERT, SELECT, UPDATE",
    "deadlines_dutyevent": "INSERT",
    "deadlines_bodyduty": "INSERT, SELECT, UPDATE",
    "deadlines_bodydutyevent": "INSERT",
    "deadlines_sweeprun": "INSERT, SELECT",
    # what authorities chose, who is away, the calendars
    "deadlines_rulechoice": "SELECT",
    "peps_combinedplan": "SELECT",
    "peps_guidance": "SELECT",
    "peps_qualitystandard": "SELECT",
    "deadlines_absence": "SELECT",
    "deadlines_extraholiday": "SELECT",
    "deadlines_termdates": "SELECT",
    "deadlines_closedday": "SELECT",
    "deadlines_lessontimes": "SELECT",
    "deadlines_workingday": "SELECT",
    "notifications_notification": "INSERT, SELECT, UPDATE",
    # delivery: how and when each person wants to be told, and what could not be delivered
    "notifications_preference": "SELECT",
    "notifications_undelivered": "INSERT, SELECT, UPDATE",
    "notifications_undeliveredevent": "INSERT",
    # the figures of a term: dates, places and marks by column; no name, no address, nothing that somebody wrote
    "children_careepisode": "SELECT (authority_id child_id end_reason ended_on entry_type id started_on)",
    "children_placement": "SELECT (authority_id child_id created_at ended_on episode_id host_authority_id id started_on)",
    "peps_pep": "SELECT (authority_id child_id id state)",
    "peps_target": "SELECT (authority_id child_agrees child_id pep_id review_on)",
    "schools_termrecord": "SELECT (authority_id child_id created_at days_excluded id school_id sessions_attended sessions_possible"
    " subjects_assessed subjects_on_track term year)",
    "deadlines_waiver": "SELECT (agreed duty_id)",
    "schools_designation": "SELECT",
    "reporting_termfigures": "INSERT, SELECT",
    # the settlement of the night: is every contribution given or declined? Stamps; nothing that somebody wrote
    "peps_contribution": "SELECT (child_id declined_at given_at withdrawn_at)",
    # the audit's own nightly look
    "audit_read": "SELECT",
    "audit_alert": "INSERT, SELECT",
    "audit_alertevent": "INSERT",
    "audit_threshold": "SELECT",
    "audit_verification": "INSERT, SELECT",
    # the termly review of who has access
    "accounts_accessreview": "INSERT, SELECT",
    "accounts_accessreviewevent": "INSERT, SELECT",
    "accounts_reviewedrole": "INSERT, SELECT",
    "accounts_reviewedroleevent": "INSERT, SELECT",
    # people, bodies, words
    "accounts_localauthority": "SELECT",
    "accounts_membership": "SELECT",
    "accounts_membershipevent": "SELECT",
    "accounts_organisation": "SELECT",
    "accounts_user": "SELECT",
    "auth_permission": "SELECT",
    "django_content_type": "SELECT",
    "pghistory_context": "INSERT, SELECT, UPDATE",
}
# Functions that run as their owner, past the policies, and may be called by the web: what each tells, and to whom.
PAST_THE_POLICIES: dict[str, str] = {
    "lace_granted_children": "ids of the children to whom the asker stands in an open relation; the policies are made of it",
    "lace_granted_children_with": "the same, with a facet",
    "lace_closed_children": "ids of the asker's authority's children whose records are closed; the policies are made of it",
    "lace_feed_of": "whose calendar a secret address is, to whoever has the address",
    "lace_audit_waiting": "how many rows of the audit wait to be sealed",
    "lace_break_glass": "the id of the one child that somebody who may break the glass names exactly, with the relation it opens",
    "lace_looks_at": "who looked at a child, for those who may read that of this child",
}
# These run as the owner, who sees every row: they make tables, and furnish an empty database.
OWNERS_COMMANDS = {"migrate", "showmigrations", "sqlmigrate", "makemigrations", "seed"}

_GIVEN = """
SELECT relname, string_agg(word || coalesce(' (' || columns || ')', ''), ', ' ORDER BY word) FROM (
    SELECT c.relname, p.privilege_type AS word, NULL AS columns
    FROM pg_class c, aclexplode(c.relacl) p WHERE p.grantee = %(role)s::regrole AND c.relkind <> 'S'
    UNION ALL
    SELECT c.relname, p.privilege_type, string_agg(a.attname, ' ' ORDER BY a.attname)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) p WHERE p.grantee = %(role)s::regrole GROUP BY 1, 2
) given GROUP BY relname
"""


@pytest.mark.django_db
def test_the_jobs_role_may_touch_these_tables_and_no_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, {"role": JOB_ROLE})
        assert dict(cursor.fetchall()) == JOBS_MAY
        cursor.execute("SELECT tablename FROM pg_policies WHERE %s = ANY(roles)", [JOB_ROLE])
        let_in = {table for (table,) in cursor.fetchall()}
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relname = ANY(%s)", [list(JOBS_MAY)])
        assert let_in == {table for (table,) in cursor.fetchall()}
        cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [JOB_ROLE])
        assert cursor.fetchone() == (False,), "a job is a role within a worker's transaction, never a connection of its own"


@pytest.mark.req("PRIV-13")
def test_a_job_is_refused_every_other_table_of_children(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relname = ANY(%s) ORDER BY relname", [list(JOBS_MAY)])
        others = [table for (table,) in cursor.fetchall()]
    assert len(others) > 20
    with serving(Actor.named_job("test", today=timezone.localdate())), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM children_child")
        assert cursor.fetchone() == (2,)
        for table in others:
            with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"), transaction.atomic():
                cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
        for table in ("children_careepisode", "children_placement"):
            with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"), transaction.atomic():
                cursor.execute(f'SELECT * FROM "{table}" LIMIT 1')


@pytest.mark.req("PRIV-13")
def test_a_worker_that_names_no_job_is_nobody(world: World) -> None:
    """The worker's login may ask to be a job, and is none until it asks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session_user, pg_has_role(%s, %s, 'SET'), pg_has_role(%s, %s, 'USAGE')", [WORKER_ROLE, JOB_ROLE, WORKER_ROLE, JOB_ROLE]
        )
        assert cursor.fetchone() == (WORKER_ROLE, True, False)
        cursor.execute("SELECT pg_has_role(%s, %s, 'SET')", [APP_ROLE, JOB_ROLE])
        assert cursor.fetchone() == (False,), "the web's login may not become a job"
        cursor.execute("SELECT count(*) FROM children_child")
        assert cursor.fetchone() == (0,)


@pytest.mark.req("PRIV-13", "LA-01")
def test_the_shell_and_dumps_find_no_child(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    script = "from django.db import connection as c; from lace.children.models import Child, CareEpisode; from peps.models import Pep;"
    script += " print('seen', Child.objects.count(), CareEpisode.objects.count(), Pep.objects.count())"
    call_command("shell", command=script)
    assert capsys.readouterr().out.strip().endswith("seen 0 0 0")
    for label in ("children", "deadlines", "peps", "reviews", "notifications", "schools.enrolment"):
        call_command("dumpdata", label, exclude=["deadlines.workingday"], verbosity=0)
        dumped = capsys.readouterr().out
        assert world.own.child.family_name not in dumped, label
        assert str(world.own.child.pk) not in dumped, label
    with serving(Actor.named_job("test", today=timezone.localdate())):
        call_command("shell", command="from lace.children.models import Child; print('seen', Child.objects.count())")
    assert capsys.readouterr().out.strip().endswith("seen 2"), "the children were there to be found"


def test_no_other_command_connects_as_the_owner() -> None:
    assert settings.OWNER_COMMANDS == OWNERS_COMMANDS, "The owner sees every row. A command that reads children works under a named job."


@pytest.mark.django_db
def test_functions_that_look_past_the_policies_are_known() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND has_function_privilege(%s, oid, 'EXECUTE')",
            [APP_ROLE],
        )
        found = dict(cursor.fetchall())
    assert set(found) == set(PAST_THE_POLICIES), "Say here what it tells and to whom, or REVOKE EXECUTE … FROM PUBLIC."
    assert all("search_path=pg_catalog" in (setting or "") for setting in found.values()), "somebody's pg_temp could stand in for a table"
