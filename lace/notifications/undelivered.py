"""E-mails that could not be delivered: noted for the administrators of the recipient's authority, and tried again when they ask.

The jobs' role writes and reads the notifications themselves; administrators see only what is noted here, which names no child.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from lace.accounts.access import Permission, require
from lace.accounts.models import Membership
from lace.core.actor import Actor
from lace.notifications.digest import DIGEST
from lace.notifications.kinds import gathered
from lace.notifications.models import Notification, Undelivered, UndeliveredQuerySet


def undelivered_of(actor: Actor) -> UndeliveredQuerySet:
    """What the administrator's authority is to look after, the newest first. Raises NotAllowed."""
    require(actor, Permission.ADMINISTER)
    return Undelivered.objects.filter(authority_id=actor.authority_id or 0).open().order_by("-failed_at", "pk")


def in_words(kind: str) -> str:
    """What a message is, for somebody who may know no more of it."""
    if kind == DIGEST:
        return _("Daily e-mail of reminders")
    if kind == "invitation":
        return _("Invitation")
    return _("Reminder") if kind in gathered() else _("Message")


def note(row: Notification, *, now: datetime, day: date) -> None:
    """A letter has failed for good: tell the authorities in which the recipient holds a role; for somebody without one, the letter's own."""
    held = Membership.objects.open_on(day).filter(user=row.recipient_id).order_by("authority").values_list("authority", flat=True).distinct()
    for authority in list(held) or [row.authority_id]:
        Undelivered.objects.update_or_create(
            letter=row.pk,
            authority_id=authority,
            defaults={"recipient_id": row.recipient_id, "kind": row.kind, "failed_at": now, "again_at": None, "again_by": None, "settled_at": None},
        )


def settle(row: Notification, *, now: datetime) -> None:
    """A letter has gone: there is nothing to look after any more."""
    Undelivered.objects.filter(letter=row.pk, settled_at__isnull=True).update(settled_at=now)


def take_up(*, now: datetime) -> int:
    """As a named job, put the letters that somebody asked to try again back into the outbox. Returns how many."""
    asked = Undelivered.objects.filter(settled_at__isnull=True, again_at__isnull=False).values("letter")
    failed = Notification.objects.filter(pk__in=asked, failed_at__isnull=False)
    letters = list(failed.values_list("pk", flat=True))
    Notification.objects.filter(digest__in=letters).update(failed_at=None)
    # What is not known to have been refused is still looked up first, or marked as possibly repeated: `attempted_at` stays as it is.
    return failed.filter(pk__in=letters).update(failed_at=None, attempts=0, leased_until=None)
