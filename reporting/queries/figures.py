"""The exact counts behind a term's figures, in one set-based statement each. Only the named job that publishes runs them; they are kept nowhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db import connection

from lace.accounts.access import Relation
from lace.accounts.models import LocalAuthority, Membership
from lace.deadlines.models import Duty
from lace.deadlines.rules import not_binding
from peps.rules import State
from reporting.queries.duties import Measure
from reporting.rules import term_days
from schools.rules import Term

Counted = dict[str, dict[str, dict[str, int]]]  # body -> table -> cell -> children

_CARED = """
cared AS MATERIALIZED (
    SELECT c.id, c.authority_id FROM children_child c
    WHERE EXISTS (
        SELECT FROM children_careepisode e WHERE e.child_id = c.id AND e.started_on <= %(last)s AND (e.ended_on IS NULL OR e.ended_on > %(last)s)
    )
)
"""
# Where a child lives is read as reporting.queries.children.placed reads it, and a duty as reporting.queries.duties does; a child with
# several duties of a measure is in time when each of them was.
_AUTHORITIES = f"""
WITH {_CARED},
own AS (
    SELECT 'own' AS counted, c.authority_id, CASE WHEN EXISTS (
        SELECT FROM children_placement p
        WHERE p.child_id = c.id AND p.started_on <= %(last)s AND (p.ended_on IS NULL OR p.ended_on > %(last)s)
            AND p.host_authority_id IS DISTINCT FROM c.authority_id
    ) THEN 'own_out' ELSE 'own_in' END AS cell
    FROM cared c
),
hosted AS (
    SELECT DISTINCT 'hosted' AS counted, a.id AS authority_id, 'hosted' AS cell, c.id AS child_id
    FROM children_childgroupgrant g
    JOIN accounts_localauthority a ON a.group_id = g.group_id
    JOIN cared c ON c.id = g.content_object_id AND c.authority_id <> a.id
    WHERE g.starts_on <= %(last)s AND (g.ends_on IS NULL OR g.ends_on > %(last)s) AND g.permission_id = ANY(ARRAY(
        SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
        WHERE t.app_label = 'children' AND t.model = 'child' AND p.codename = %(host)s
    ))
),
judged AS (
    SELECT m.measure AS counted, d.authority_id, d.child_id, bool_and(d.outcome = %(on_time)s) AS in_time
    FROM deadlines_duty d JOIN unnest(%(codes)s::text[], %(measures)s::text[]) AS m (code, measure) USING (code)
    WHERE d.due_on BETWEEN %(first)s AND %(last)s AND (
        d.outcome = ANY(ARRAY[%(on_time)s, %(late)s])
        OR (d.closed_on IS NULL AND d.due_on < %(cut)s AND d.code <> ALL(%(not_binding)s::text[]))
        OR (d.outcome = ANY(%(broken_off)s::text[]) AND d.due_on < d.closed_on)
    )
    GROUP BY m.measure, d.authority_id, d.child_id
),
recorded AS (
    SELECT c.authority_id, sum(t.sessions_possible) AS possible, sum(t.sessions_attended) AS attended, max(t.days_excluded) AS excluded
    FROM schools_termrecord t JOIN cared c ON c.id = t.child_id
    WHERE t.year = %(year)s AND t.term = %(term)s
    GROUP BY c.authority_id, c.id
    HAVING sum(t.sessions_possible) > 0
),
cells AS (
    SELECT counted, authority_id, cell FROM own
    UNION ALL SELECT counted, authority_id, cell FROM hosted
    UNION ALL SELECT counted, authority_id, CASE WHEN in_time THEN 'on_time' ELSE 'late' END FROM judged
    UNION ALL SELECT 'attendance', authority_id, CASE
        WHEN attended * 100 >= possible * 95 THEN 'high' WHEN attended * 10 > possible * 9 THEN 'middle' ELSE 'low' END FROM recorded
    UNION ALL SELECT 'exclusion', authority_id, CASE WHEN excluded > 0 THEN 'excluded' ELSE 'not_excluded' END FROM recorded
)
SELECT a.la_number, counted, cell, count(*) FROM cells JOIN accounts_localauthority a ON a.id = authority_id GROUP BY a.la_number, counted, cell
"""  # noqa: S608  # constants of this module only

_SCHOOLS = f"""
WITH {_CARED},
aimed AS (
    SELECT s.number, bool_and(t.child_agrees) AS agreed, bool_and(t.review_on >= %(last)s) AS current
    FROM cared c
    JOIN schools_enrolment e ON e.child_id = c.id AND e.started_on <= %(last)s AND (e.ended_on IS NULL OR e.ended_on > %(last)s)
    JOIN schools_school s ON s.organisation_id = e.school_id
    JOIN peps_pep p ON p.child_id = c.id AND p.state <> %(closed)s
    JOIN peps_target t ON t.pep_id = p.id
    GROUP BY s.number, c.id
),
cells AS (
    SELECT number, 'agreed' AS counted, CASE WHEN agreed THEN 'all_agreed' ELSE 'not_agreed' END AS cell FROM aimed
    UNION ALL SELECT number, 'current', CASE WHEN current THEN 'none_past' ELSE 'some_past' END FROM aimed
)
SELECT number, counted, cell, count(*) FROM cells GROUP BY number, counted, cell
"""  # noqa: S608  # constants of this module only


def counts_of_authorities(*, year: int, term: Term, cut: date) -> Counted:
    """Of every authority that has children in a table, by its three digits. Under the job's role: another sees no row, or is refused."""
    first, last = term_days(year, term)
    measured = [(code, str(measure)) for measure in Measure for code in measure.codes]
    outcome = Duty.Outcome
    return _counted(
        _AUTHORITIES,
        {
            "first": first,
            "last": last,
            "cut": cut,
            "year": year,
            "term": str(term),
            "host": str(Relation.HOST),
            "codes": [code for code, _measure in measured],
            "measures": [measure for _code, measure in measured],
            "on_time": str(outcome.ON_TIME),
            "late": str(outcome.LATE),
            "broken_off": [str(outcome.CARE_ENDED), str(outcome.TRANSFERRED)],
            "not_binding": list(not_binding()),
        },
    )


def counts_of_schools(*, year: int, term: Term) -> Counted:
    """Of every school with a looked-after child whose plan has targets, by its number."""
    _first, last = term_days(year, term)
    return _counted(_SCHOOLS, {"last": last, "closed": str(State.CLOSED)})


def _counted(statement: str, values: dict[str, Any]) -> Counted:
    found: Counted = defaultdict(lambda: defaultdict(dict))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for body, table, cell, number in cursor.fetchall():
            found[body][table][cell] = number
    return found


def taking_part(on: date) -> list[LocalAuthority]:
    """The authorities that work with Lace: somebody holds a role there. That is no secret, unlike that one has no child of some kind."""
    return list(LocalAuthority.objects.filter(pk__in=Membership.objects.open_on(on).order_by().values("authority")).order_by("la_number"))
