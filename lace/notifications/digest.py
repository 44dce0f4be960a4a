"""The daily digest: what waits for a person goes out as one e-mail, made before the provider is called and never changed after.

1. Spare what no e-mail is needed for: the person reads in Lace only, the duty is done, the child is out of their reach.
2. At each person's hour bind everything that waits into a digest: a notification of its own, to which the reminders point. After it, and
   on days off, bind only what is due that day.
3. From then on the digest is one letter like any other (lace.notifications.delivery); its stamps are copied to its parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import REACH, Reach
from lace.accounts.models import Membership
from lace.children.models import ChildGroupGrant, ChildUserGrant
from lace.core.failpoint import failpoint
from lace.core.workdays import WorkingDays
from lace.notifications.kinds import KINDS, Kind, declare, gathered
from lace.notifications.models import Notification, NotificationQuerySet, Preference
from lace.notifications.quiet import at_rest
from lace.notifications.rules import DEFAULT, LONDON, Goes, How, goes

DIGEST = "digest"
_LOCK = 7_030_419  # any number that no other advisory lock of ours uses
_DAYS = UUID("0c3a5b0e-2f51-4a1e-8f0a-6b8d3c1f9e42")  # a name space of our own for uuid5
_WIDE, _IN_BODIES = ([role for role, reach in REACH.items() if reach == wanted] for wanted in (Reach.AUTHORITY, Reach.ORGANISATION))

declare(Kind(code=DIGEST, subject=_("What waits for you in Lace"), body=_("What waited for you in Lace on %(day_on)s."), route="work"))


@transaction.atomic
def gather(*, now: datetime, working: WorkingDays, off: Collection[int] = ()) -> int:
    """Spare and bind what the hour asks for, as a named job. Returns how many digests were made; none while another worker is at it.

    `off`: authorities (ids) with a bank holiday of their own today.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    failpoint("digest.locked")
    day = now.astimezone(LONDON).date()
    untried(now).filter(read_in_lace_only(day)).update(spared_at=now)
    going: list[tuple[Goes, Notification]] = []
    for row in _of_the_hour(now, day, off):
        days = (lambda _day: False) if row.at_rest else working  # type: ignore[attr-defined]  # annotated
        how = goes(came_at=row.created_at, due_on=due_on(row), now=now, at=row.hour, working=days)  # type: ignore[attr-defined]  # annotated
        if how != Goes.NOT_YET:
            going.append((how, row))
    if not going:
        return 0
    moot = _moot([row for _how, row in going], day)
    Notification.objects.filter(pk__in=moot).update(spared_at=now)
    return _bind([(how, row) for how, row in going if row.pk not in moot], day)


def due_on(row: Notification) -> date | None:
    """The day by which a reminder's act is due."""
    written = row.facts.get("due_on")
    return date.fromisoformat(written) if written else None


def untried(now: datetime) -> NotificationQuerySet:
    """Waiting e-mails that no worker has touched: one that was tried stays a letter of its own, so that it can be looked up."""
    waiting = Notification.objects.waiting()
    return waiting.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now), attempts=0, attempted_at__isnull=True)


def read_in_lace_only(day: date) -> Q:
    """Is it to somebody who chose to read in Lace only, and the same message stands there? A duty of the role that the person holds goes by
    e-mail nevertheless: the role may have been given after the choice. Asked again by whatever picks e-mails to send: of those that
    were committed after the others were spared."""
    beside = {name: OuterRef(name) for name in ("source", "kind", "step", "recipient")}
    inside = Notification.objects.filter(channel=Notification.Channel.INBOX, **beside)
    chosen = Preference.objects.filter(user=OuterRef("recipient"), how=How.LACE)
    answering = Membership.objects.open_on(day).filter(user=OuterRef("recipient"), role=KeyTextTransform("role", OuterRef("facts")))
    return Q(Exists(chosen), Exists(inside)) & ~(Q(kind__in=gathered()) & Q(Exists(answering)))


def _of_the_hour(now: datetime, day: date, off: Collection[int]) -> Iterable[Notification]:
    """Reminders of people whose hour has come, in a digest's order and locked until they are bound; `hour` is the person's, `at_rest`
    whether their authority has a day off of its own."""
    rows: Any = untried(now).filter(~read_in_lace_only(day), kind__in=gathered()).select_related("recipient")
    rows = rows.annotate(how=Coalesce("recipient__telling__how", Value(str(How.DIGEST))), hour=Coalesce("recipient__telling__at", Value(DEFAULT)))
    rows = rows.annotate(at_rest=at_rest(day, off) if off else Value(False))
    rows = rows.filter(hour__lte=now.astimezone(LONDON).time()).exclude(how=How.SINGLE)
    rows = rows.only("kind", "source", "created_at", "facts", "child", "authority", "recipient__language")
    ordered: Iterable[Notification] = rows.order_by("recipient_id", "created_at", "step", "pk").select_for_update(of=("self",), no_key=True)
    return ordered


def _moot(rows: list[Notification], day: date) -> set[UUID]:
    """Those that need not be sent any more: what they remind of no longer stands, or the recipient no longer reaches the child."""
    by_kind: dict[str, dict[UUID, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_kind[row.kind][row.source].append(row.pk)
    moot: set[UUID] = set()
    for kind, sources in by_kind.items():
        if (stands := KINDS[kind].stands) is not None:
            for source in sources.keys() - set(stands(list(sources))):
                moot.update(sources[source])
    about = Notification.objects.filter(pk__in=[row.pk for row in rows if row.child_id])
    return moot | set(about.exclude(within_reach(day)).values_list("pk", flat=True))


def within_reach(day: date) -> Q:
    """Does the recipient still stand in a relation to the child: by name, through a body or authority of theirs, or as of the child's own?"""
    is_open = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))
    named = ChildUserGrant.objects.filter(is_open, user=OuterRef("recipient"), content_object=OuterRef("child"))
    held = Membership.objects.open_on(day).filter(user=OuterRef(OuterRef("recipient")))
    through = Q(role__in=_IN_BODIES, organisation__group=OuterRef("group")) | Q(role__in=_WIDE, authority__group=OuterRef("group"))
    grouped = ChildGroupGrant.objects.filter(is_open, Exists(held.filter(through)), content_object=OuterRef("child"))
    at_home = Membership.objects.open_on(day).filter(user=OuterRef("recipient"), role__in=_WIDE, authority=OuterRef("child__authority"))
    return Q(Exists(named)) | Q(Exists(grouped)) | Q(Exists(at_home))


def _bind(going: list[tuple[Goes, Notification]], day: date) -> int:
    """Make the digests of these reminders; what has to wait for the next day's stays as it is."""
    people: dict[int, list[tuple[Goes, Notification]]] = defaultdict(list)
    for how, row in going:
        people[row.recipient_id].append((how, row))
    newest = _newest(people, day)
    letters, bound = [], dict[UUID, UUID]()
    for recipient, rows in people.items():
        if recipient not in newest and any(how == Goes.WITH_THE_DAY for how, _row in rows):
            number, parts = 0, [row for _how, row in rows]
        else:  # the day's digest has gone, or there is none on this day
            number, parts = newest.get(recipient, 0) + 1, [row for _how, row in rows if due_on(row) == day]
        if parts:
            letters.append(_letter(parts[0], day, number))
            bound |= {row.pk: letters[-1].pk for row in parts}
    Notification.objects.bulk_create(letters)
    failpoint("digest.made")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_notification n SET digest_id = b.letter"
            " FROM unnest(%s::uuid[], %s::uuid[]) AS b (part, letter) WHERE n.id = b.part",
            [list(bound), list(bound.values())],
        )
    failpoint("digest.bound")
    return len(letters)


def _newest(people: Iterable[int], day: date) -> dict[int, int]:
    """The number of the newest digest of the day, of those who have one."""
    sources = {source_of(recipient, day): recipient for recipient in people}
    made = Notification.objects.filter(kind=DIGEST, source__in=list(sources)).order_by("step").values_list("source", "step")
    return {sources[source]: step for source, step in made}


def source_of(recipient: int, day: date) -> UUID:
    """What a digest is about: the person and the day. With its number it makes the provider's reference, the same after a restored backup."""
    return uuid5(_DAYS, f"{recipient}:{day.isoformat()}")


def _letter(first: Notification, day: date, number: int) -> Notification:
    values: dict[str, Any] = {"recipient": first.recipient, "language": first.recipient.language, "authority_id": first.authority_id}
    return Notification(
        kind=DIGEST,
        source=source_of(first.recipient_id, day),
        step=number,
        channel=Notification.Channel.EMAIL,
        facts={"day_on": day.isoformat()},
        **values,
    )
