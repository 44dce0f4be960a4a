"""The nightly reconciliation: what the calendar starts is opened, what the days have met is closed, lists that disagree are told of.

It asks the sources (`rules.SOURCES`) for facts of the last weeks whose duties are not there, or were opened from another day, and
writes what is missing in batches. Asked again it finds nothing: a fact has one subject, and a duty is there once for a subject.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from lace.accounts.access import Role
from lace.accounts.acting import context_of
from lace.accounts.models import LocalAuthority, Membership, User
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.database.context import use
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.reckoning import Place, Reckoner
from lace.deadlines.rules import DISAGREEMENTS, RULES, SETTLEMENTS, SOURCES, About, Clock, Fact, Force, Opening, Source, rules_for
from lace.deadlines.services import recompute
from lace.deadlines.services.life import close_past_age
from lace.notifications.services import notify

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=28)  # how long the job may have been away without losing a fact; older facts are the past's
_BATCH = 2000
_LOCK = 7_030_421  # any number that no other advisory lock of ours uses
SOCIAL = (Role.SOCIAL_WORKER, Role.IRO, Role.PERSONAL_ADVISER, Role.DESIGNATED_MANAGER)

# What a source gives, times the rules that such a fact starts, without what is there from the same day already.
_MISSING = """
SELECT s.owner, s.authority_id, s.fact, s.day, s.subject, s.known, r.code, d.id {place}
FROM ({source}) AS s (owner, authority_id, fact, day, subject, known, about)
JOIN unnest(%(codes)s::text[], %(facts)s::text[], %(low)s::int[], %(high)s::int[], %(kinds)s::text[])
    AS r (code, fact, low, high, kinds) ON r.fact = s.fact {window}
LEFT JOIN {table} d ON d.{owner} IS NOT DISTINCT FROM s.owner AND d.authority_id = s.authority_id AND d.subject = s.subject AND d.code = r.code
WHERE d.id IS NULL OR d.closed_on IS NULL AND (d.trigger_on <> s.day OR d.provisional AND s.known AND d.clock <> 'school')
"""
# By age and by year group (rules.DutyRule.concerns); a window of years is written from 100 up, so that one pair of columns serves both.
_YEARS = 100
_OF_AGE = f"""
AND (r.low IS NULL
    OR r.low < {_YEARS} - 10 AND extract(year FROM age(s.day, s.about)) BETWEEN r.low AND r.high
    OR r.low >= {_YEARS} - 10 AND extract(year FROM age(make_date(extract(year FROM s.day)::int - (extract(month FROM s.day) < 9)::int, 8, 31),
        s.about)) - 4 + {_YEARS} BETWEEN r.low AND r.high)
"""
_OF_KIND = "AND (r.kinds = '' OR s.about = ANY(string_to_array(r.kinds, ' ')))"
_SCHOOL = """
, (SELECT ARRAY[o.authority_id, o.id] FROM children_childgroupgrant g JOIN accounts_organisation o ON o.group_id = g.group_id
    WHERE g.content_object_id = s.owner AND g.starts_on <= s.day AND g.permission_id = (
        SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
        WHERE c.app_label = 'children' AND c.model = 'child' AND p.codename = 'school')
    ORDER BY g.starts_on DESC, g.id DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a night's reconciliation did."""

    opened: int
    moved: int
    settled: int
    closed: int
    disagree: dict[int, int]  # authority -> children about whom its lists disagree


@dataclass(frozen=True, slots=True)
class _Found:
    """A duty that is missing (`duty` is none) or was opened from another day."""

    owner: Any
    authority: int
    fact: Fact
    day: date
    subject: UUID
    known: bool
    code: str
    duty: UUID | None
    place: Place | None


def reconcile(*, by: Actor) -> Reconciled | None:
    """Bring the duties in step with the calendar up to `by.today`. `by` is a named job. None while another is at work.

    One transaction; may run again, and after missed nights (`LOOK_BACK`). Raises NotAllowed for a person.
    """
    if not by.job:
        raise NotAllowed
    with use(context_of(by)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
        values: dict[str, Any] = {"as_of": by.today, "since": by.today - LOOK_BACK, "social": _social()}
        closed = close_past_age(by=by)
        reckoner = Reckoner(since=by.today - LOOK_BACK, today=by.today)
        opened = moved = 0
        for source in SOURCES:
            new, changed = _bring_in(by, source, values, reckoner)
            opened, moved = opened + new, moved + changed
        moved += _recompute_stale(by)
        settled = 0
        for statement in SETTLEMENTS:
            cursor.execute(statement, values)
            settled += cursor.rowcount
        disagree: dict[int, int] = {}
        for query in DISAGREEMENTS:
            cursor.execute(query, values)
            for authority, children in cursor.fetchall():
                disagree[authority] = disagree.get(authority, 0) + children
        _tell(by, disagree)
        return Reconciled(opened, moved, settled, closed, disagree)


def _social() -> list[str]:
    """Statutory timescales of social care, whose miss is reported to the designated manager (T13, AMB-03)."""
    return [rule.code for rule in RULES.values() if rule.about == About.CHILD and rule.force == Force.STATUTORY and rule.role in SOCIAL]


def _bring_in(by: Actor, source: Source, values: dict[str, Any], reckoner: Reckoner) -> tuple[int, int]:
    """How many duties of this source were opened, and how many moved."""
    of_child = source.about == About.CHILD
    model: type[Duty] | type[BodyDuty] = Duty if of_child else BodyDuty

    @cache
    def made(code: str, fact: Fact, day: date, authority: int, place: Place | None, known: bool) -> Opening:
        opening = reckoner.opening(code, fact, day, authority, place)
        return opening if known else replace(opening, provisional=True)

    def row(found: _Found) -> Duty | BodyDuty:
        opening = made(found.code, found.fact, found.day, found.authority, found.place, found.known)
        owner = {"child_id" if of_child else "body_id": found.owner}
        return model(authority_id=found.authority, subject=found.subject, **owner, **asdict(opening))

    opened = moved = 0
    rows = _missing(source, values)
    while batch := list(islice(rows, _BATCH)):
        new = [row(found) for found in batch if found.duty is None]
        # A conflict is the same duty of the same event, which a service opened since `_missing` looked: it stands, with its own dates.
        model._default_manager.bulk_create(new, ignore_conflicts=True)  # type: ignore[arg-type]  # of child or body, as `model` is
        opened += len(new)
        for found in batch:
            if found.duty is not None:
                duty = model._default_manager.get(pk=found.duty)
                opening = made(found.code, found.fact, found.day, found.authority, found.place, found.known)
                recompute(by=by, duty=duty, made=opening)
                duty.save()
                moved += 1
    return opened, moved


def _missing(source: Source, values: dict[str, Any]) -> Iterator[_Found]:
    of_child = source.about == About.CHILD
    rules = [(rule, fact) for fact in source.facts for rule in rules_for(fact, values["as_of"] + timedelta(days=366)) if rule.about == source.about]
    if not rules:
        return
    windows = [rule.ages or (rule.years and (rule.years[0] + _YEARS, rule.years[1] + _YEARS)) for rule, _fact in rules]
    parameters = values | {
        "codes": [rule.code for rule, _fact in rules],
        "facts": [str(fact) for _rule, fact in rules],
        "low": [window and window[0] for window in windows],
        "high": [window and window[1] for window in windows],
        "kinds": [" ".join(sorted(rule.kinds)) for rule, _fact in rules],
    }
    query = _MISSING.format(
        source=source.sql,
        table="deadlines_duty" if of_child else "deadlines_bodyduty",
        owner="child_id" if of_child else "body_id",
        window=_OF_AGE if of_child else _OF_KIND,
        place=_SCHOOL if of_child else ", CASE WHEN s.owner IS NOT NULL THEN ARRAY[s.authority_id, s.owner] END",
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_BATCH):
            for owner, authority, fact, day, subject, known, code, duty, place in rows:
                yield _Found(owner, authority, Fact(fact), day, subject, known, code, duty, (place[0], place[1]) if place else None)


def _recompute_stale(by: Actor) -> int:
    """Open duties of children that rest on an older version of their rule, wait for term dates, or count the school days of another
    authority, whose calendar may have changed since: `recount` reaches an authority's own only. How many changed.
    """
    versions = [(rule.code, rule.version) for rule in RULES.values() if rule.about == About.CHILD]
    query = f"""
        SELECT d.id, d.place
        FROM (
            SELECT s.* {_SCHOOL} AS place
            FROM (SELECT d.*, d.child_id AS owner, d.trigger_on AS day FROM deadlines_duty d WHERE d.closed_on IS NULL) AS s
        ) AS d
        JOIN unnest(%s::text[], %s::int[]) AS r (code, version) ON r.code = d.code
        WHERE d.rule_version <> r.version OR d.clock = %s AND (d.provisional OR d.place[1] <> d.authority_id)
    """  # noqa: S608  # constants of this module
    with connection.cursor() as cursor:
        cursor.execute(query, [[code for code, _version in versions], [version for _code, version in versions], str(Clock.SCHOOL)])
        places = dict(cursor.fetchall())
    changed = 0
    duties = Duty.objects.filter(pk__in=list(places)).order_by("trigger_on")
    reckoner: Reckoner | None = None
    for duty in duties.iterator(chunk_size=_BATCH):
        reckoner = reckoner or Reckoner(since=duty.trigger_on, today=by.today)
        place = places[duty.pk]
        before = (duty.due_on, duty.provisional, duty.rule_version)
        opening = reckoner.opening(duty.code, Fact(duty.fact), duty.trigger_on, duty.authority_id, (place[0], place[1]) if place else None)
        recompute(by=by, duty=duty, made=opening)
        if (duty.due_on, duty.provisional, duty.rule_version) != before:
            duty.save()
            changed += 1
    return changed


def _tell(by: Actor, disagree: dict[int, int]) -> None:
    """Log how many, and tell the LACE coordinators, once a week (LA-06)."""
    week = by.today - timedelta(days=by.today.weekday())
    for authority in LocalAuthority.objects.filter(pk__in=list(disagree)):
        logger.warning("Lists of %s disagree about %d children", authority.code, disagree[authority.pk])
        held = Membership.objects.open_on(by.today).filter(authority=authority, role=Role.LACE_COORDINATOR, organisation__isnull=True)
        notify(
            by=by,
            kind="lists_disagree",
            source=UUID(hashlib.md5(f"lists:{authority.pk}:{week}".encode(), usedforsecurity=False).hexdigest()),
            child=None,
            authority=authority,
            recipients=User.objects.filter(pk__in=held.values("user")),
            facts={"count": disagree[authority.pk]},
        )
