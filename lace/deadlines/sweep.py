"""The sweep: one statement finds the duties whose next look is due, tells whom the ladder names, and moves them on.

- Each rung is told once. After missed days a person hears once, of the newest rung that has passed; rungs after the due date
  still follow one another at the ladder's own distance, so that the social worker is always told before the designated
  manager, however late the fact or the sweep (SW-04).
- A role that nobody holds, or whose holders can no longer sign in, falls to the LACE coordinators (DL-10). With nobody left to
  tell, the duty keeps its rung and is looked at again the next day.
- The rules come as parameters from the registry: the database stores no copy that could disagree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, Reach, Role
from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.database.context import use
from lace.deadlines.messages import DutyKind
from lace.deadlines.models import Duty, SweepRun
from lace.deadlines.rules import RULES
from lace.notifications import bell
from lace.notifications.models import Notification

_LOCK = 7_030_418  # any number that no other advisory lock of ours uses
# `step` of a reminder: the round of the ladder and the rung, so that a corrected due date tells anew.
ROUND = 100
MISSING_AFTER = timedelta(hours=26)

_SWEEP = """
WITH ladder AS (
    SELECT code, array_agg(days ORDER BY rung) AS days, coalesce(min(rung) FILTER (WHERE days > 0), count(*)::int) AS first_late
    FROM unnest(%(ladder_codes)s::text[], %(ladder_rungs)s::int[], %(ladder_days)s::int[]) AS t (code, rung, days)
    GROUP BY code
),
telling AS MATERIALIZED (
    SELECT t.code, t.rung, t.role, t.reach, (
        SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
        WHERE c.app_label = 'children' AND c.model = 'child' AND p.codename = t.relation
    ) AS permission_id
    FROM unnest(%(telling_codes)s::text[], %(telling_rungs)s::int[], %(telling_roles)s::text[], %(reaches)s::text[], %(relations)s::text[])
        AS t (code, rung, role, reach, relation)
),
-- Locked in the order in which the services lock, and before anything is written.
due AS MATERIALIZED (
    SELECT d.id, d.child_id, d.authority_id, d.code, d.role, d.due_on, d.next_rung, d.ladder_round, l.days,
        least(width_bucket(%(as_of)s::date - d.due_on, l.days) - 1, greatest(d.next_rung, l.first_late)) AS last_rung
    FROM deadlines_duty d JOIN ladder l USING (code)
    WHERE d.next_look_on <= %(as_of)s
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
),
asked AS (
    SELECT d.id, d.child_id, d.authority_id, t.role, t.reach, t.permission_id, max(t.rung) AS rung
    FROM due d JOIN telling t ON t.code = d.code AND t.rung BETWEEN d.next_rung AND d.last_rung
    GROUP BY d.id, d.child_id, d.authority_id, t.role, t.reach, t.permission_id
),
-- Looked up row by row through indexes: the planner knows nothing of how many rows the steps above give, and joins them badly.
held AS MATERIALIZED (
    SELECT a.id, a.authority_id, a.role, a.rung, CASE a.reach
        WHEN 'named' THEN ARRAY(
            SELECT g.user_id
            FROM children_childusergrant g JOIN accounts_user u ON u.id = g.user_id
            WHERE g.content_object_id = a.child_id AND g.permission_id = a.permission_id AND u.is_active
                AND g.starts_on <= %(as_of)s AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s)
                AND EXISTS (
                    SELECT FROM accounts_membership m
                    WHERE m.user_id = g.user_id AND m.role = a.role
                        AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
                )
        )
        WHEN 'organisation' THEN ARRAY(
            SELECT m.user_id
            FROM children_childgroupgrant g
            JOIN accounts_organisation o ON o.group_id = g.group_id
            JOIN accounts_membership m ON m.organisation_id = o.id
            JOIN accounts_user u ON u.id = m.user_id
            WHERE g.content_object_id = a.child_id AND g.permission_id = a.permission_id AND m.role = a.role AND u.is_active
                AND g.starts_on <= %(as_of)s AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s)
                AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
        )
        ELSE ARRAY(
            SELECT m.user_id
            FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
            WHERE m.authority_id = a.authority_id AND m.organisation_id IS NULL AND m.role = a.role AND u.is_active
                AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
        )
    END AS holders
    FROM asked a
),
told AS (
    SELECT h.id, unnest(h.holders) AS user_id, h.rung, NULL AS instead_of FROM held h
    UNION ALL
    SELECT h.id, m.user_id, h.rung, h.role
    FROM held h
    JOIN accounts_membership m ON m.authority_id = h.authority_id AND m.organisation_id IS NULL AND m.role = %(fallback)s
    JOIN accounts_user u ON u.id = m.user_id
    WHERE h.holders = '{}' AND u.is_active AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
),
addressed AS MATERIALIZED (
    SELECT DISTINCT ON (id, user_id) id, user_id, rung, instead_of FROM told ORDER BY id, user_id, rung DESC, instead_of NULLS FIRST
),
written AS (
    INSERT INTO notifications_notification
        (id, created_at, kind, source, step, recipient_id, channel, child_id, authority_id, language, facts, attempts, possibly_repeated)
    SELECT gen_random_uuid(), now(),
        CASE WHEN d.due_on > %(as_of)s THEN %(soon)s WHEN d.due_on = %(as_of)s THEN %(today)s ELSE %(late)s END,
        d.id, d.ladder_round * %(round)s + a.rung, a.user_id, c.channel, d.child_id, d.authority_id, u.language,
        jsonb_build_object('code', d.code, 'due_on', d.due_on, 'role', d.role, 'instead_of', a.instead_of), 0, false
    FROM addressed a JOIN due d USING (id) JOIN accounts_user u ON u.id = a.user_id CROSS JOIN unnest(%(channels)s::text[]) AS c (channel)
    ON CONFLICT (source, kind, step, recipient_id, channel) DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE deadlines_duty d
    SET next_rung = CASE WHEN h.id IS NULL THEN w.next_rung ELSE w.last_rung + 1 END,
        next_look_on = CASE
            WHEN h.id IS NULL THEN %(as_of)s::date + 1
            ELSE greatest(
                w.due_on + w.days[w.last_rung + 2],
                %(as_of)s::date + CASE WHEN w.days[w.last_rung + 1] > 0 THEN w.days[w.last_rung + 2] - w.days[w.last_rung + 1] END
            )
        END
    FROM due w LEFT JOIN (SELECT DISTINCT id FROM addressed) h USING (id)
    WHERE d.id = w.id
    RETURNING h.id IS NOT NULL AS heard
)
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM moved WHERE NOT heard)
"""


_KINDS: dict[str, Any] = {
    "soon": str(DutyKind.SOON),
    "today": str(DutyKind.TODAY),
    "late": str(DutyKind.LATE),
    "round": ROUND,
    "fallback": str(Role.LACE_COORDINATOR),
    "channels": [str(channel) for channel in Notification.Channel],
}


def _rules() -> dict[str, list[Any]]:
    rungs = [(rule.code, index, rung) for rule in RULES.values() for index, rung in enumerate(rule.ladder)]
    telling = [(code, index, role) for code, index, rung in rungs for role in rung.roles]
    return {
        "ladder_codes": [code for code, _index, _rung in rungs],
        "ladder_rungs": [index for _code, index, _rung in rungs],
        "ladder_days": [rung.days for _code, _index, rung in rungs],
        "telling_codes": [code for code, _index, _role in telling],
        "telling_rungs": [index for _code, index, _role in telling],
        "telling_roles": [str(role) for _code, _index, role in telling],
        "reaches": [str(REACH[role]) for _code, _index, role in telling],
        "relations": [_relation(role) for _code, _index, role in telling],
    }


def _relation(role: Role) -> str | None:
    """The relation to the child through which a role is found; none where it covers its whole authority."""
    match REACH[role]:
        case Reach.NAMED:
            return str(NAMED_RELATION[role])
        case Reach.ORGANISATION:
            return str(GROUP_RELATION[role][0])
        case _:
            return None


def sweep(*, by: Actor) -> SweepRun | None:
    """Tell everyone whom a ladder names up to and including the day `by.today`. `by` is a named job.

    One transaction: all of it stands, or none. May run again, and after any number of missed days. None when another sweep is
    at work. The audit hears nothing: what moves on here is not tracked, the notifications say who was told.
    """
    started_at = timezone.now()
    with use(context_of(by)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(_SWEEP, {**_rules(), **_KINDS, "as_of": by.today})
        reminders, unheard = cursor.fetchone()
        if reminders:
            bell.ring_on_commit()
        return SweepRun.objects.create(as_of=by.today, started_at=started_at, finished_at=timezone.now(), reminders=reminders, unheard=unheard)


def is_needed(*, by: Actor) -> bool:
    """Has no sweep of the day finished yet, or has a duty fallen due since (recorded late, or corrected)?"""
    with use(context_of(by)), transaction.atomic():
        return (
            not SweepRun.objects.filter(as_of=by.today).exists()
            or Duty.objects.filter(next_look_on__lte=by.today, code__in=[rule.code for rule in RULES.values() if rule.ladder]).exists()
        )


def is_missing(*, now: datetime, installed_at: datetime) -> bool:
    """Has no sweep finished for 26 hours: since the last one, or since Lace was installed where there was none yet?"""
    return now - (SweepRun.objects.last_finished_at() or installed_at) > MISSING_AFTER
