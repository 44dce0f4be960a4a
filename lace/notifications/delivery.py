"""Send what waits in the outbox: nothing lost, and nothing sent twice that the provider can be asked about.

1. Lease a batch of rows (SKIP LOCKED, so that any number of workers share the work) and commit.
2. A row whose earlier attempt ended unknown (a worker died, an answer never came) is first looked up at the provider by its
   reference. SMTP cannot be asked: it gets the same Message-ID again and the row says "possibly repeated".
3. Record the attempt and commit. Only then call the provider.
4. Record the acceptance, the refusal, or the wait before the next attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.database.context import use
from lace.notifications.channels import Down, Later, Letter, Provider, Rejected, provider
from lace.notifications.kinds import write
from lace.notifications.models import Notification

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=10)
# How long to wait after the first, second, ... attempt that failed; after the last the message has failed for good.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
WHEN_DOWN = timedelta(minutes=1)


@dataclass
class Delivered:
    """What one run did."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


def deliver(*, by: Actor, through: Provider | None = None, clock: Callable[[], datetime] = timezone.now) -> Delivered:
    """Send every e-mail that waits and is not another worker's, as a named job. Stops early when the provider is down."""
    done = Delivered()
    with closing(through or provider()) as out, use(context_of(by)):
        while batch := _lease(clock()):
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
def _lease(now: datetime) -> list[Notification]:
    """Up to BATCH waiting rows, the oldest first, ours alone until the lease runs out."""
    waiting = Notification.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lte=now), channel=Notification.Channel.EMAIL, accepted_at__isnull=True, failed_at__isnull=True
    )
    keys = list(waiting.order_by("created_at", "pk").select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[:BATCH])
    Notification.objects.filter(pk__in=keys).update(leased_until=now + LEASE)
    return list(
        Notification.objects.filter(pk__in=keys)
        .select_related("recipient", "child")
        .only(
            *("kind", "source", "step", "channel", "language", "facts", "leased_until", "attempts", "attempted_at", "possibly_repeated"),
            *("recipient__name", "recipient__email", "recipient__is_active"),
            *("child__given_names", "child__preferred_name", "child__family_name"),
        )
        .order_by("created_at", "pk")
    )


def _deliver(row: Notification, out: Provider, clock: Callable[[], datetime], done: Delivered) -> None:
    if row.attempted_at and out.can_be_asked and out.took(row.reference):
        _stamp(row, accepted_at=clock(), leased_until=None)
        done.sent += 1
    elif not row.recipient.is_active:  # cannot sign in any more
        _stamp(row, failed_at=clock(), leased_until=None)
        done.failed += 1
    elif _attempt(row, clock(), possibly_repeated=bool(row.attempted_at) and not out.can_be_asked):
        _send(row, out, clock, done)


@transaction.atomic
def _attempt(row: Notification, now: datetime, *, possibly_repeated: bool) -> bool:
    """Record that the provider is about to be called. False when the lease ran out and the row may be another worker's by now."""
    ours = Notification.objects.filter(pk=row.pk, leased_until=row.leased_until, leased_until__gt=now, accepted_at__isnull=True)
    row.attempts += 1
    row.possibly_repeated = row.possibly_repeated or possibly_repeated
    return ours.update(attempted_at=now, attempts=F("attempts") + 1, possibly_repeated=row.possibly_repeated) == 1


def _send(row: Notification, out: Provider, clock: Callable[[], datetime], done: Delivered) -> None:
    try:
        out.send(letter_of(row))
    except Rejected:
        _stamp(row, failed_at=clock(), leased_until=None)
        logger.error("The provider refuses notification %s", row.pk)
        done.failed += 1
    except Down:
        # The fault is not the message's: the attempt does not count.
        _stamp(row, attempted_at=None, attempts=F("attempts") - 1)
        raise
    except Later:
        _put_off(row, clock(), done, attempted_at=None)
    except Exception as error:  # whatever it was, the provider may have taken the message: `attempted_at` stays
        logger.warning("Notification %s may or may not have gone: %s", row.pk, type(error).__name__)
        _put_off(row, clock(), done)
    else:
        _stamp(row, accepted_at=clock(), leased_until=None)
        done.sent += 1


def _put_off(row: Notification, now: datetime, done: Delivered, **stamps: object) -> None:
    if row.attempts > len(WAITS):
        logger.error("Notification %s was given up after %d attempts", row.pk, row.attempts)
        _stamp(row, failed_at=now, leased_until=None, **stamps)
        done.failed += 1
    else:
        _stamp(row, leased_until=now + WAITS[row.attempts - 1], **stamps)
        done.postponed += 1


@transaction.atomic
def _stamp(row: Notification, **stamps: object) -> None:
    Notification.objects.filter(pk=row.pk).update(**stamps)


@transaction.atomic
def _release(rows: list[Notification], until: datetime) -> None:
    for row in rows:
        Notification.objects.filter(pk=row.pk, leased_until=row.leased_until).update(leased_until=until)


def letter_of(row: Notification) -> Letter:
    """The e-mail of a notification, in its language. `row` comes with its recipient and child."""
    initials = row.child.initials if row.child else ""
    text = write(row.kind, row.facts, language=row.language, initials=initials, child=row.child_id)
    with translation.override(row.language):
        body = render_to_string("emails/message.txt", {"name": row.recipient.name, "text": text})
    return Letter(row.reference, row.recipient.name, row.recipient.email, row.language, text.subject, body)
