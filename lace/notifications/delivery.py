"""Send what waits in the outbox: nothing lost, and nothing sent twice that the provider can be asked about.

1. Bind reminders whose hour has come into digests (lace.notifications.digest) and commit: a letter is from then on one row.
2. Lease a batch of letters (SKIP LOCKED, so that any number of workers share the work) and commit.
3. A row whose earlier attempt ended unknown (a worker died, an answer never came) is first looked up at the provider by its
   reference. SMTP cannot be asked: it gets the same Message-ID again and the row says "possibly repeated".
4. Record the attempt and commit. Only then lock the row and call the provider, once for a letter. The protocol as a machine, explored
   whole, is tests/crash/model.py.
5. Still under the lock, record the acceptance, the refusal, or the wait before the next attempt, on the letter and on the parts of a digest together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.utils import timezone

from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.core.failpoint import failpoint
from lace.core.workdays import WorkingDays
from lace.database.context import use
from lace.notifications import digest, undelivered
from lace.notifications.channels import Down, Later, Provider, Rejected, provider
from lace.notifications.kinds import at_once, gathered
from lace.notifications.letters import letter_of as letter_of
from lace.notifications.models import Notification, Preference
from lace.notifications.quiet import at_rest, authorities_off, working_days
from lace.notifications.rules import LONDON, How

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=10)
# How long to wait after the first, second, ... attempt that failed; after the last the message has failed for good.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
WHEN_DOWN = timedelta(minutes=1)
TOLD_FOR = timedelta(days=8)  # GOV.UK Notify tells for seven days what became of a message


@dataclass
class Delivered:
    """What one run did."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


def deliver(
    *, by: Actor, through: Provider | None = None, clock: Callable[[], datetime] = timezone.now, working: WorkingDays | None = None
) -> Delivered:
    """Send every e-mail that may go now and is not another worker's, as a named job. Stops early when the provider is down.

    `working` says which days are working days (on others little goes); the calendar of lace.notifications.quiet unless given. Where the
    setting MAIL_KEEPS_HOURS is off every message goes at once, each by itself.
    """
    done = Delivered()
    with closing(through or provider()) as out, use(context_of(by)):
        with transaction.atomic():
            now = clock()
            today = now.astimezone(LONDON).date()
            days, off = working or working_days(today), authorities_off(today)
            undelivered.take_up(now=now)
        if settings.MAIL_KEEPS_HOURS:
            digest.gather(now=now, working=days, off=off)
        failpoint("digest.committed")
        while batch := _lease(clock(), days, off):
            failpoint("lease.committed")
            for place, row in enumerate(batch):
                try:
                    _deliver(row, out, clock, done)
                except Down as error:
                    logger.warning("E-mail cannot be sent for now: %s", type(error.__cause__).__name__)
                    _release(batch[place:], clock() + WHEN_DOWN)
                    done.postponed += len(batch) - place
                    return done
    return done


@transaction.atomic
def _lease(now: datetime, working: WorkingDays, off: Collection[int] = ()) -> list[Notification]:
    """Up to BATCH waiting letters that may go, the oldest first, ours alone until the lease runs out."""
    waiting = Notification.objects.waiting().filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now)).filter(_may_go(now, working, off))
    keys = list(waiting.order_by("created_at", "pk").select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:BATCH])
    Notification.objects.filter(pk__in=keys).update(leased_until=now + LEASE)
    failpoint("lease.taken")
    return list(
        Notification.objects.filter(pk__in=keys)
        .select_related("recipient", "child")
        .prefetch_related(Prefetch("parts", Notification.objects.select_related("child")))
        .only(
            *("kind", "source", "step", "channel", "language", "facts", "leased_until", "attempts", "attempted_at", "possibly_repeated"),
            *("authority_id", "recipient__name", "recipient__email", "recipient__is_active"),
            *("child__given_names", "child__preferred_name", "child__family_name"),
        )
        .order_by("created_at", "pk")
    )


def _may_go(now: datetime, working: WorkingDays, off: Collection[int]) -> Q:
    """Letters whose time has come: digests; reminders of people who want each by itself, from their hour on; all other messages at once.
    On days off, of all or of the recipient's authority (`off`), only digests, what is due that day, and what cannot wait. What was tried
    before goes on."""
    if not settings.MAIL_KEEPS_HOURS:
        return Q()
    local = now.astimezone(LONDON)
    today = Q(facts__due_on=local.date().isoformat())
    if working(local.date()):
        today = today | ~at_rest(local.date(), off) if off else Q()
    singly = Preference.objects.filter(user=OuterRef("recipient"), how=How.SINGLE, at__lte=local.time())
    reminders = Q(kind__in=gathered())
    now_due = Q(kind__in=[digest.DIGEST, *at_once()]) | (today & reminders & Exists(singly)) | (today & ~reminders)
    return Q(attempts__gt=0) | Q(attempted_at__isnull=False) | (now_due & ~digest.read_in_lace_only(local.date()))


def _deliver(row: Notification, out: Provider, clock: Callable[[], datetime], done: Delivered) -> None:
    if row.attempted_at and out.can_be_asked and out.took(row.reference):
        failpoint("lookup.answered")
        _accept(row, clock(), done)
    elif not row.recipient.is_active:  # cannot sign in any more
        _stamp(row, failed_at=clock(), leased_until=None)
        done.failed += 1
    elif _attempt(row, clock(), possibly_repeated=bool(row.attempted_at) and not out.can_be_asked):
        failpoint("attempt.committed")
        _send(row, out, clock, done)


@transaction.atomic
def _attempt(row: Notification, now: datetime, *, possibly_repeated: bool) -> bool:
    """Record that the provider is about to be called. False when the lease ran out and the row may be another worker's by now."""
    ours = Notification.objects.waiting().filter(pk=row.pk, leased_until=row.leased_until, leased_until__gt=now)
    row.attempts += 1
    row.possibly_repeated = row.possibly_repeated or possibly_repeated
    recorded = ours.update(attempted_at=now, attempts=F("attempts") + 1, possibly_repeated=row.possibly_repeated) == 1
    failpoint("attempt.recorded")
    return recorded


def _send(row: Notification, out: Provider, clock: Callable[[], datetime], done: Delivered) -> None:
    """Call the provider with the row locked: whoever is stopped in the call past its lease keeps the others out, and whoever dies lets them in."""
    down: Down | None = None
    with transaction.atomic():
        if not _hold(row):
            return
        failpoint("send.held")
        try:
            out.send(letter_of(row))
        except Rejected:
            logger.error("The provider refuses notification %s", row.pk)
            _fail(row, clock(), done, attempted_at=None)
        except Down as error:
            # The fault is not the message's: the attempt does not count.
            _stamp(row, attempted_at=None, attempts=F("attempts") - 1)
            down = error
        except Later:
            _put_off(row, clock(), done, attempted_at=None)
        except Exception as error:  # whatever it was, the provider may have taken the message: `attempted_at` stays
            failpoint("send.unknown")
            logger.warning("Notification %s may or may not have gone: %s", row.pk, type(error).__name__)
            _put_off(row, clock(), done)
        else:
            failpoint("send.answered")
            _accept(row, clock(), done)
            failpoint("send.stamped")
    failpoint("send.committed")
    if down is not None:
        failpoint("send.down")
        raise down


def _hold(row: Notification) -> bool:
    """Lock the letter until the transaction ends; False when its lease has gone to another since."""
    ours = Notification.objects.waiting().filter(pk=row.pk, leased_until=row.leased_until)
    return bool(ours.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))


@transaction.atomic
def _accept(row: Notification, now: datetime, done: Delivered) -> None:
    _stamp(row, accepted_at=now, leased_until=None)
    undelivered.settle(row, now=now)
    done.sent += 1


@transaction.atomic
def _fail(row: Notification, now: datetime, done: Delivered, **stamps: object) -> None:
    _stamp(row, failed_at=now, leased_until=None, **stamps)
    undelivered.note(row, now=now, day=now.astimezone(LONDON).date())
    done.failed += 1


def _put_off(row: Notification, now: datetime, done: Delivered, **stamps: object) -> None:
    if row.attempts > len(WAITS):
        logger.error("Notification %s was given up after %d attempts", row.pk, row.attempts)
        _fail(row, now, done, **stamps)
    else:
        _stamp(row, leased_until=now + WAITS[row.attempts - 1], **stamps)
        done.postponed += 1


@transaction.atomic
def _stamp(row: Notification, **stamps: object) -> None:
    """Onto the letter; what became of it onto its parts as well."""
    Notification.objects.filter(pk=row.pk).update(**stamps)
    became = {name: value for name, value in stamps.items() if name in {"accepted_at", "failed_at"}}
    if row.kind == digest.DIGEST and became:
        Notification.objects.filter(digest=row.pk).update(**became, possibly_repeated=row.possibly_repeated)


@transaction.atomic
def _release(rows: list[Notification], until: datetime) -> None:
    for row in rows:
        Notification.objects.filter(pk=row.pk, leased_until=row.leased_until).update(leased_until=until)


def hear_back(*, by: Actor, through: Provider | None = None, clock: Callable[[], datetime] = timezone.now) -> int:
    """Ask the provider what it took and then could not deliver, as a named job, and note it. Returns how many letters that were.

    A letter tried again has a newer message under the same reference: while one of them is on its way or arrived, it has not failed.
    Nothing to ask an SMTP server. Raises Down when the provider does not say.
    """
    done = Delivered()
    with closing(through or provider()) as out, use(context_of(by)):
        for returned in out.returned():
            with transaction.atomic():
                taken = Notification.objects.filter(
                    recipient__email=returned.address.lower(), accepted_at__gt=clock() - TOLD_FOR, digest__isnull=True
                )
                found = [row for row in taken.select_related("recipient") if row.reference == returned.reference]
            for row in found:
                if not out.took(row.reference):
                    _fail(row, clock(), done, accepted_at=None, attempted_at=None)
    return done.failed
