"""The sweep against the bare writes of the very same rows, against a loop over objects, and on a night with nothing due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, Reach, Role
from lace.accounts.acting import context_of
from lace.accounts.models import User
from lace.children.models import ChildGroupGrant, ChildUserGrant, relation_code
from lace.core.actor import Actor
from lace.database.context import use
from lace.deadlines.ladders import ladders_on
from lace.deadlines.messages import DutyKind
from lace.deadlines.models import Duty, SweepRun
from lace.deadlines.rules import RULES
from lace.deadlines.sweep import ROUND, sweep
from lace.notifications.models import Notification
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare, through
from reporting.management.benchmarks.people import People

TABLES = ("deadlines_duty", "notifications_notification", "deadlines_sweeprun")
LOOP_UP_TO = 20_000  # children: the loop takes minutes beyond


@contextmanager
def undone(by: Actor) -> Iterator[None]:
    """A transaction of this actor that leaves nothing behind, its foreign keys looked up before its end."""
    with use(context_of(by)), transaction.atomic():
        yield
        transaction.set_rollback(True)


def check_keys() -> None:
    """What a commit would do, so that it is in the time."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def measure(database: Database, people: People) -> Iterator[Comparison]:
    children = database.children
    night, quiet = _days(database)
    by = Actor.named_job("sweep", today=night)
    written = prepare(database, by)

    def sides(name: str, act: Callable[[], object], by: Actor = by) -> Side:
        def once(clock: Clock) -> None:
            with undone(by), clock:
                act()
                check_keys()

        return Side(name, once, database.served)

    tidy = lambda: database.vacuum(*TABLES)  # noqa: E731
    ours = sides(f"sweep, {written:,} messages", lambda: sweep(by=by))
    yield compare(
        "sweep", ours, sides("bare writes of the same rows", bare_writes), children=children, goal=Goal(2.0, seconds=_limit(children)), between=tidy
    )
    if children <= LOOP_UP_TO:
        made = 0

        def looped() -> None:
            nonlocal made
            made = loop(night)

        naive = compare(
            "sweep beside a loop", sides("loop over objects", looped), ours, children=children, goal=Goal(100, at_least=True), between=tidy
        )
        if made != written:
            raise RuntimeError(f"The loop wrote {made} messages, the sweep {written}: they are not the same.")
        yield naive
    nobody = Actor.named_job("sweep", today=quiet)
    yield compare(
        "quiet night",
        sides("sweep with nothing due", lambda: sweep(by=nobody), nobody),
        sides("probe of the index", lambda: Duty.objects.filter(next_look_on__lte=quiet).exists(), nobody),
        children=children,
        goal=Goal(3.0, seconds=0.05),
    )
    without = Side(ours.name, ours.act, database.owner)
    yield compare("row-level security: sweep", ours, _named(without, "policies off"), children=children, goal=Goal(1.15), between=tidy)


def _named(side: Side, name: str) -> Side:
    return Side(name, side.act, side.on)


def _limit(children: int) -> float:
    """Goals P1a to P1c: 100 ms for Wales, 0.6 s for the United Kingdom, 5 s for a million."""
    return 0.1 if children <= 20_000 else 0.6 if children <= 200_000 else 5.0


def _days(database: Database) -> tuple[date, date]:
    """The day on which the data was made, whose rungs nobody was told of yet; and the day before anything is due."""
    made = date.fromisoformat(database.about["day"])
    with through(database.owner):
        first = Duty.objects.aggregate(first=Min("next_look_on"))["first"]
    return made, min(first or made, made) - timedelta(days=1)


def prepare(database: Database, by: Actor) -> int:
    """Let the sweep run once, keep what it wrote in tables of the session, and undo it. How many messages."""
    with through(database.served):
        with undone(by), connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(array_agg(id), '{}') FROM deadlines_duty WHERE next_look_on <= %s", [by.today])
            due = cursor.fetchone()[0]
            sweep(by=by)
            cursor.execute("SELECT json_agg(n)::text, count(*) FROM notifications_notification n WHERE created_at = now()")
            messages, written = cursor.fetchone()
            query = "SELECT json_agg(d)::text FROM (SELECT id, next_rung, next_look_on FROM deadlines_duty WHERE id = ANY(%s)) d"
            cursor.execute(query, [due])
            moved = cursor.fetchone()[0]
        with use(context_of(by)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bare_message, bare_duty")
            cursor.execute(
                "CREATE TEMPORARY TABLE bare_message AS SELECT * FROM json_populate_recordset(NULL::notifications_notification, %s)", [messages]
            )
            cursor.execute(
                "CREATE TEMPORARY TABLE bare_duty AS SELECT * FROM json_to_recordset(%s) AS d (id uuid, next_rung smallint, next_look_on date)",
                [moved],
            )
            cursor.execute("ANALYZE bare_message, bare_duty")
    return int(written)


def bare_writes() -> None:
    """The rows that the sweep writes, from where they stand ready."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO notifications_notification SELECT * FROM bare_message")
        cursor.execute("UPDATE deadlines_duty d SET next_rung = b.next_rung, next_look_on = b.next_look_on FROM bare_duty b WHERE d.id = b.id")
        cursor.execute("INSERT INTO deadlines_sweeprun (as_of, started_at, finished_at, reminders, unheard) VALUES (now(), now(), now(), 0, 0)")


# -- the loop --------------------------------------------------------------------------------------------------------


def loop(as_of: date) -> int:
    """The same by one object after another, as such sweeps are mostly written. How many messages it made."""
    made = 0
    for duty in Duty.objects.filter(closed_on__isnull=True):
        rule = RULES[duty.code]
        passed = [index for index, rung in enumerate(rule.ladder) if duty.due_on + timedelta(days=rung.days) <= as_of]
        if len(passed) <= duty.next_rung:
            continue
        last = min(passed[-1], max(duty.next_rung, rule.first_late_rung))
        told: dict[int, int] = {}
        for index in range(duty.next_rung, last + 1):
            for role in rule.ladder[index].roles:
                for user in holders(duty, role, as_of) or holders(duty, Role.LACE_COORDINATOR, as_of):
                    told[user.pk] = max(index, told.get(user.pk, 0))
        kind = DutyKind.SOON if duty.due_on > as_of else DutyKind.TODAY if duty.due_on == as_of else DutyKind.LATE
        for user in User.objects.filter(pk__in=told):
            for channel in Notification.Channel:
                _row, new = Notification.objects.get_or_create(
                    kind=kind,
                    source=duty.pk,
                    step=duty.ladder_round * ROUND + told[user.pk],
                    recipient=user,
                    channel=channel,
                    defaults={
                        "child_id": duty.child_id,
                        "authority_id": duty.authority_id,
                        "language": user.language,
                        "facts": {"code": duty.code, "due_on": duty.due_on.isoformat(), "role": duty.role, "instead_of": None},
                    },
                )
                made += new
        duty.next_rung = last + 1
        duty.next_look_on = rule.next_look(duty.due_on, duty.next_rung)
        duty.save(update_fields=["next_rung", "next_look_on"])
    SweepRun.objects.create(
        as_of=as_of, ladders=ladders_on(as_of).noted(), started_at=timezone.now(), finished_at=timezone.now(), reminders=made, unheard=0
    )
    return made


def holders(duty: Duty, role: Role, on: date) -> list[User]:
    """Who holds a role for the duty's child on a day."""
    people = User.objects.filter(is_active=True)
    dated = Q(ends_on__isnull=True) | Q(ends_on__gt=on)
    held = Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gt=on)
    match REACH[role]:
        case Reach.NAMED:
            relation = relation_code(NAMED_RELATION[role])
            grants = ChildUserGrant.objects.filter(dated, content_object=duty.child_id, permission=relation, starts_on__lte=on)
            people = people.filter(pk__in=[grant.user_id for grant in grants])
            return list(people.filter(held, memberships__role=role, memberships__starts_on__lte=on).distinct())
        case Reach.ORGANISATION:
            relation = relation_code(GROUP_RELATION[role][0])
            bodies = ChildGroupGrant.objects.filter(dated, content_object=duty.child_id, permission=relation, starts_on__lte=on)
            groups = [grant.group_id for grant in bodies]
            reached = people.filter(held, memberships__role=role, memberships__starts_on__lte=on, memberships__organisation__group__in=groups)
            return list(reached.distinct())
        case _:
            office = people.filter(held, memberships__role=role, memberships__starts_on__lte=on, memberships__organisation__isnull=True)
            return list(office.filter(memberships__authority=duty.authority_id).distinct())
