"""The sweep: one statement finds the duties whose next look is due, tells whom the ladder names, and moves them on.

- Each rung is told once. After missed days a person hears once, of the newest rung that has passed; rungs after the due date
  still follow one another at the ladder's own distance, so that the social worker is always told before the designated
  manager, however late the fact or the sweep (SW-04).
- A role that nobody holds, or whose holders can no longer sign in, falls to the LACE coordinators (DL-10). Whoever is away is stood in
  for by the one they named, if that person may see the child, else by the coordinators. With nobody left to tell, the duty keeps its
  rung and is looked at again the next day.
- A duty that was handed to a colleague reminds that colleague, in place of the others who hold the role, for as long as both may.
- The rules, and the ladders that authorities chose, come as parameters: the database stores no copy that could disagree.
- Duties of schools and authorities have a statement of their own (`_BODIES`), in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, Reach, Role
from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.core.failpoint import failpoint
from lace.database.context import use
from lace.deadlines.ladders import Ladders, have_changed, ladders_on, take_up
from lace.deadlines.messages import BodyKind, DutyKind
from lace.deadlines.models import BodyDuty, Duty, SweepRun
from lace.deadlines.rules import RULES, About
from lace.notifications import bell
from lace.notifications.models import Notification

_LOCK = 7_030_418  # any number that no other advisory lock of ours uses
# `step` of a reminder: the round of the ladder and the rung, so that a corrected due date tells anew.
ROUND = 100
MISSING_AFTER = timedelta(hours=26)

_SWEEP = """
WITH ladder AS (
    SELECT whose, code, array_agg(days ORDER BY rung) AS days, coalesce(min(rung) FILTER (WHERE days > 0), count(*)::int) AS first_late
    FROM unnest(%(ladder_whose)s::bigint[], %(ladder_codes)s::text[], %(ladder_rungs)s::int[], %(ladder_days)s::int[])
        AS t (whose, code, rung, days)
    GROUP BY whose, code
),
telling AS MATERIALIZED (
    SELECT t.*, p.id AS permission_id
    FROM unnest(
        %(telling_whose)s::bigint[], %(telling_codes)s::text[], %(telling_rungs)s::int[], %(telling_roles)s::text[],
        %(reaches)s::text[], %(relations)s::text[]
    ) AS t (whose, code, rung, role, reach, relation)
    LEFT JOIN (
        SELECT p.id, p.codename FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
        WHERE c.app_label = 'children' AND c.model = 'child'
    ) AS p ON p.codename = t.relation
),
away AS MATERIALIZED (
    SELECT DISTINCT ON (b.user_id) b.user_id, u.id AS stand_in_id
    FROM deadlines_absence b
    LEFT JOIN accounts_user u ON u.id = b.stand_in_id AND u.is_active AND NOT EXISTS (
        SELECT FROM deadlines_absence o WHERE o.user_id = u.id AND o.starts_on <= %(as_of)s AND o.ends_on > %(as_of)s
    )
    WHERE b.starts_on <= %(as_of)s AND b.ends_on > %(as_of)s
    ORDER BY b.user_id, u.id NULLS LAST
),
-- Locked in the order in which the services lock, and before anything is written.
due AS MATERIALIZED (
    SELECT d.id, d.child_id, d.authority_id, d.code, d.role, d.handed_to_id, d.due_on, d.next_rung, d.ladder_round, l.whose, l.days,
        least(width_bucket(%(as_of)s::date - d.due_on, l.days) - 1, greatest(d.next_rung, l.first_late)) AS last_rung
    FROM deadlines_duty d
    JOIN ladder l ON l.code = d.code AND l.whose = CASE WHEN d.code = ANY(%(chosen)s::text[]) AND EXISTS (
        SELECT FROM ladder o WHERE o.code = d.code AND o.whose = d.authority_id
    ) THEN d.authority_id ELSE 0 END
    WHERE d.next_look_on <= %(as_of)s
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
),
asked AS (
    SELECT d.id, d.child_id, d.authority_id, t.role, t.reach, t.permission_id, max(t.rung) AS rung,
        CASE WHEN t.role = d.role THEN d.handed_to_id END AS handed_to
    FROM due d JOIN telling t ON t.whose = d.whose AND t.code = d.code AND t.rung BETWEEN d.next_rung AND d.last_rung
    GROUP BY d.id, d.child_id, d.authority_id, t.role, t.reach, t.permission_id, CASE WHEN t.role = d.role THEN d.handed_to_id END
),
-- Looked up row by row through indexes: the planner knows nothing of how many rows the steps above give, and joins them badly.
held AS MATERIALIZED (
    SELECT a.id, a.child_id, a.authority_id, a.role, a.rung, a.handed_to, CASE a.reach
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
    SELECT h.id, h.child_id, h.authority_id, unnest(CASE WHEN h.handed_to = ANY(h.holders) THEN ARRAY[h.handed_to] ELSE h.holders END) AS user_id,
        h.rung, h.role, NULL AS instead_of
    FROM held h
    UNION ALL
    SELECT h.id, h.child_id, h.authority_id, m.user_id, h.rung, h.role, h.role
    FROM held h
    JOIN accounts_membership m ON m.authority_id = h.authority_id AND m.organisation_id IS NULL AND m.role = %(fallback)s
    JOIN accounts_user u ON u.id = m.user_id
    WHERE h.holders = '{}' AND u.is_active AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
),
-- Few: those who are away, with whether the one who stands in may see the child by a relation or by covering the authority.
absent AS MATERIALIZED (
    SELECT t.*, CASE WHEN EXISTS (
            SELECT FROM children_childusergrant g
            WHERE g.content_object_id = t.child_id AND g.user_id = w.stand_in_id AND g.starts_on <= %(as_of)s
                AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s)
        ) OR EXISTS (
            SELECT FROM accounts_membership m
            WHERE m.user_id = w.stand_in_id AND m.role = t.role AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
                AND (m.authority_id = t.authority_id AND m.organisation_id IS NULL AND m.role = ANY(%(wide)s::text[]) OR EXISTS (
                    SELECT FROM children_childgroupgrant g JOIN accounts_organisation o ON o.group_id = g.group_id
                    WHERE g.content_object_id = t.child_id AND o.id = m.organisation_id AND g.starts_on <= %(as_of)s
                        AND (g.ends_on IS NULL OR g.ends_on > %(as_of)s)
                ))
        ) THEN w.stand_in_id END AS stand_in_id
    FROM told t JOIN away w USING (user_id)
),
covered AS (
    SELECT t.id, t.user_id, t.rung, t.instead_of, NULL AS away FROM told t LEFT JOIN away w USING (user_id) WHERE w.user_id IS NULL
    UNION ALL
    SELECT a.id, a.stand_in_id, a.rung, a.role, 'stand_in' FROM absent a WHERE a.stand_in_id IS NOT NULL
    UNION ALL
    -- To a coordinator; one who is away as well hears of it only where no other is there.
    SELECT a.id, m.user_id, a.rung, a.role, 'coordinator'
    FROM absent a
    JOIN accounts_membership m ON m.authority_id = a.authority_id AND m.organisation_id IS NULL AND m.role = %(fallback)s
    JOIN accounts_user u ON u.id = m.user_id
    WHERE a.stand_in_id IS NULL AND u.is_active AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
        AND (m.user_id NOT IN (SELECT w.user_id FROM away w) OR NOT EXISTS (
            SELECT FROM accounts_membership o JOIN accounts_user v ON v.id = o.user_id
            WHERE o.authority_id = a.authority_id AND o.organisation_id IS NULL AND o.role = %(fallback)s AND v.is_active
                AND o.starts_on <= %(as_of)s AND (o.ends_on IS NULL OR o.ends_on > %(as_of)s) AND o.user_id NOT IN (SELECT w.user_id FROM away w)
        ))
),
addressed AS MATERIALIZED (
    SELECT DISTINCT ON (id, user_id) id, user_id, rung, instead_of, away
    FROM covered ORDER BY id, user_id, rung DESC, instead_of NULLS FIRST, away NULLS FIRST
),
written AS (
    INSERT INTO notifications_notification
        (id, created_at, kind, source, step, recipient_id, channel, child_id, authority_id, language, facts, attempts, possibly_repeated)
    SELECT gen_random_uuid(), now(),
        CASE WHEN d.due_on > %(as_of)s THEN %(soon)s WHEN d.due_on = %(as_of)s THEN %(today)s ELSE %(late)s END,
        d.id, d.ladder_round * %(round)s + a.rung, a.user_id, c.channel, d.child_id, d.authority_id, u.language,
        jsonb_build_object('code', d.code, 'due_on', d.due_on, 'role', d.role, 'instead_of', a.instead_of)
            || CASE WHEN a.away IS NULL THEN '{}' ELSE jsonb_build_object('away', a.away) END,
        0, false
    FROM addressed a JOIN due d USING (id) JOIN accounts_user u ON u.id = a.user_id CROSS JOIN unnest(%(channels)s::text[]) AS c (channel)
    ON CONFLICT (source, kind, step, recipient_id, channel) DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE deadlines_duty d
    SET next_rung = CASE WHEN h.id IS NULL THEN w.next_rung ELSE w.last_rung + 1 END,
        next_look_on = CASE
            WHEN w.last_rung < w.next_rung THEN w.due_on + w.days[w.next_rung + 1]  -- the ladder was changed: nothing to tell yet
            WHEN h.id IS NULL THEN %(as_of)s::date + 1
            ELSE greatest(
                w.due_on + w.days[w.last_rung + 2],
                %(as_of)s::date + CASE WHEN w.days[w.last_rung + 1] > 0 THEN w.days[w.last_rung + 2] - w.days[w.last_rung + 1] END
            )
        END
    FROM due w LEFT JOIN (SELECT DISTINCT id FROM addressed) h USING (id)
    WHERE d.id = w.id
    RETURNING h.id IS NOT NULL OR w.last_rung < w.next_rung AS heard
)
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM moved WHERE NOT heard)
"""


_COMMON: dict[str, Any] = {
    "round": ROUND,
    "fallback": str(Role.LACE_COORDINATOR),
    "wide": [str(role) for role, reach in REACH.items() if reach == Reach.AUTHORITY],
    "channels": [str(channel) for channel in Notification.Channel],
}


def _rules(ladders: Ladders, codes: Collection[str]) -> dict[str, list[Any]]:
    rungs = ladders.rungs(codes)
    telling = [(whose, code, number, role) for whose, code, number, rung in rungs for role in rung.roles]
    return {
        "ladder_whose": [whose for whose, _code, _number, _rung in rungs],
        "ladder_codes": [code for _whose, code, _number, _rung in rungs],
        "ladder_rungs": [number for _whose, _code, number, _rung in rungs],
        "ladder_days": [rung.days for _whose, _code, _number, rung in rungs],
        "telling_whose": [whose for whose, _code, _number, _role in telling],
        "telling_codes": [code for _whose, code, _number, _role in telling],
        "telling_rungs": [number for _whose, _code, number, _role in telling],
        "telling_roles": [str(role) for _whose, _code, _number, role in telling],
        "reaches": [str(REACH[role]) for _whose, _code, _number, role in telling],
        "relations": [_relation(role) for _whose, _code, _number, role in telling],
        "chosen": ladders.chosen_codes(),
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


# Duties of bodies: fewer, and told to members of the body in a role, or of the authority.
_BODIES = """
WITH ladder AS (
    SELECT whose, code, array_agg(days ORDER BY rung) AS days, coalesce(min(rung) FILTER (WHERE days > 0), count(*)::int) AS first_late
    FROM unnest(%(ladder_whose)s::bigint[], %(ladder_codes)s::text[], %(ladder_rungs)s::int[], %(ladder_days)s::int[])
        AS t (whose, code, rung, days)
    GROUP BY whose, code
),
telling AS MATERIALIZED (
    SELECT * FROM unnest(%(telling_whose)s::bigint[], %(telling_codes)s::text[], %(telling_rungs)s::int[], %(telling_roles)s::text[])
        AS t (whose, code, rung, role)
),
away AS MATERIALIZED (
    SELECT DISTINCT ON (b.user_id) b.user_id, u.id AS stand_in_id
    FROM deadlines_absence b LEFT JOIN accounts_user u ON u.id = b.stand_in_id AND u.is_active
    WHERE b.starts_on <= %(as_of)s AND b.ends_on > %(as_of)s
    ORDER BY b.user_id, u.id NULLS LAST
),
due AS MATERIALIZED (
    SELECT d.id, d.authority_id, d.body_id, d.code, d.role, d.due_on, d.next_rung, d.ladder_round, l.whose, l.days,
        least(width_bucket(%(as_of)s::date - d.due_on, l.days) - 1, greatest(d.next_rung, l.first_late)) AS last_rung
    FROM deadlines_bodyduty d
    JOIN ladder l ON l.code = d.code AND l.whose = CASE WHEN d.code = ANY(%(chosen)s::text[]) AND EXISTS (
        SELECT FROM ladder o WHERE o.code = d.code AND o.whose = d.authority_id
    ) THEN d.authority_id ELSE 0 END
    WHERE d.next_look_on <= %(as_of)s
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
),
asked AS (
    SELECT d.id, d.authority_id, d.body_id, t.role, max(t.rung) AS rung
    FROM due d JOIN telling t ON t.whose = d.whose AND t.code = d.code AND t.rung BETWEEN d.next_rung AND d.last_rung
    GROUP BY d.id, d.authority_id, d.body_id, t.role
),
-- Of the body where the role is held there; else of the authority.
held AS MATERIALIZED (
    SELECT a.*, ARRAY(
        SELECT m.user_id FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE m.authority_id = a.authority_id AND m.role = a.role AND u.is_active AND (m.organisation_id IS NULL OR m.organisation_id = a.body_id)
            AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
    ) AS holders
    FROM asked a
),
told AS (
    SELECT h.id, h.authority_id, unnest(h.holders) AS user_id, h.rung, h.role, NULL AS instead_of FROM held h
    UNION ALL
    SELECT h.id, h.authority_id, m.user_id, h.rung, h.role, h.role
    FROM held h JOIN accounts_membership m ON m.authority_id = h.authority_id AND m.organisation_id IS NULL AND m.role = %(fallback)s
    JOIN accounts_user u ON u.id = m.user_id
    WHERE h.holders = '{}' AND u.is_active AND m.starts_on <= %(as_of)s AND (m.ends_on IS NULL OR m.ends_on > %(as_of)s)
),
addressed AS MATERIALIZED (
    SELECT DISTINCT ON (t.id, coalesce(w.stand_in_id, t.user_id)) t.id, coalesce(w.stand_in_id, t.user_id) AS user_id, t.rung,
        CASE WHEN w.stand_in_id IS NULL THEN t.instead_of ELSE t.role END AS instead_of,
        CASE WHEN w.stand_in_id IS NOT NULL THEN 'stand_in' END AS away
    FROM told t LEFT JOIN away w USING (user_id)
    ORDER BY t.id, coalesce(w.stand_in_id, t.user_id), t.rung DESC, t.instead_of NULLS FIRST
),
written AS (
    INSERT INTO notifications_notification
        (id, created_at, kind, source, step, recipient_id, channel, child_id, authority_id, language, facts, attempts, possibly_repeated)
    SELECT gen_random_uuid(), now(),
        CASE WHEN d.due_on > %(as_of)s THEN %(soon)s WHEN d.due_on = %(as_of)s THEN %(today)s ELSE %(late)s END,
        d.id, d.ladder_round * %(round)s + a.rung, a.user_id, c.channel, NULL, d.authority_id, u.language,
        jsonb_build_object('code', d.code, 'due_on', d.due_on, 'role', d.role, 'instead_of', a.instead_of,
                'body_en', coalesce(b.name_en, l.name_en), 'body_cy', coalesce(b.name_cy, l.name_cy))
            || CASE WHEN a.away IS NULL THEN '{}' ELSE jsonb_build_object('away', a.away) END,
        0, false
    FROM addressed a JOIN due d USING (id) JOIN accounts_user u ON u.id = a.user_id
    JOIN accounts_localauthority l ON l.id = d.authority_id LEFT JOIN accounts_organisation b ON b.id = d.body_id
    CROSS JOIN unnest(%(channels)s::text[]) AS c (channel)
    ON CONFLICT (source, kind, step, recipient_id, channel) DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE deadlines_bodyduty d
    SET next_rung = CASE WHEN h.id IS NULL THEN w.next_rung ELSE w.last_rung + 1 END,
        next_look_on = CASE
            WHEN w.last_rung < w.next_rung THEN w.due_on + w.days[w.next_rung + 1]  -- the ladder was changed: nothing to tell yet
            WHEN h.id IS NULL THEN %(as_of)s::date + 1
            ELSE greatest(
                w.due_on + w.days[w.last_rung + 2],
                %(as_of)s::date + CASE WHEN w.days[w.last_rung + 1] > 0 THEN w.days[w.last_rung + 2] - w.days[w.last_rung + 1] END
            )
        END
    FROM due w LEFT JOIN (SELECT DISTINCT id FROM addressed) h USING (id)
    WHERE d.id = w.id
    RETURNING h.id IS NOT NULL OR w.last_rung < w.next_rung AS heard
)
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM moved WHERE NOT heard)
"""


# Few codes are due in a night, none in most: only their ladders go along, and a statement with nothing to do is not sent.
_CODES = """
SELECT code FROM deadlines_duty WHERE next_look_on <= %(as_of)s UNION SELECT code FROM deadlines_bodyduty WHERE next_look_on <= %(as_of)s
"""
_STATEMENTS = (
    (_SWEEP, {About.CHILD}, DutyKind),
    (_BODIES, {About.SCHOOL, About.AUTHORITY}, BodyKind),
)


def _tell(cursor: CursorWrapper, ladders: Ladders, on: date) -> tuple[int, int]:
    """How many reminders were written, and of how many duties nobody hears."""
    cursor.execute(_CODES, {"as_of": on})
    due = {code for (code,) in cursor.fetchall() if code in RULES}
    reminders = unheard = 0
    for statement, about, kinds in _STATEMENTS:
        if codes := sorted(code for code in due if RULES[code].about in about):
            named = {"soon": str(kinds.SOON), "today": str(kinds.TODAY), "late": str(kinds.LATE)}
            cursor.execute(statement, {**_rules(ladders, codes), **_COMMON, **named, "as_of": on})
            written, silent = cursor.fetchone()
            reminders, unheard = reminders + written, unheard + silent
    return reminders, unheard


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
        failpoint("sweep.locked")
        ladders = ladders_on(by.today)
        taken_up = take_up(cursor, ladders)
        reminders, unheard = _tell(cursor, ladders, by.today)
        failpoint("sweep.written")
        if reminders:
            bell.ring_on_commit()
        told = {"as_of": by.today, "started_at": started_at, "ladders": taken_up, "reminders": reminders, "unheard": unheard}
        run = SweepRun.objects.create(**told, finished_at=timezone.now())
        failpoint("sweep.recorded")
        return run


def is_needed(*, by: Actor) -> bool:
    """Has no sweep of the day finished yet, was another ladder chosen since, or has a duty fallen due (recorded late, or corrected)?"""
    with use(context_of(by)), transaction.atomic():
        return (
            not SweepRun.objects.filter(as_of=by.today).exists()
            or have_changed(by.today)
            or Duty.objects.filter(next_look_on__lte=by.today, code__in=[rule.code for rule in RULES.values() if rule.ladder]).exists()
            or BodyDuty.objects.filter(next_look_on__lte=by.today, code__in=[rule.code for rule in RULES.values() if rule.ladder]).exists()
        )


def is_missing(*, now: datetime, installed_at: datetime) -> bool:
    """Has no sweep finished for 26 hours: since the last one, or since Lace was installed where there was none yet?"""
    return now - (SweepRun.objects.last_finished_at() or installed_at) > MISSING_AFTER
