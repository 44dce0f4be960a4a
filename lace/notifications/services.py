"""Messages put into the outbox, read, and tried again; how a person is told, and their calendar's secret address."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, require
from lace.accounts.models import LocalAuthority, Membership, User
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.notifications import bell
from lace.notifications.kinds import KINDS
from lace.notifications.models import Feed, Notification, Preference, Undelivered
from lace.notifications.rules import How, digest_of, times


@transaction.atomic
def notify(
    *,
    by: Actor,
    kind: str,
    source: UUID,
    step: int = 0,
    child: Child | None,
    recipients: Iterable[User],
    facts: Mapping[str, Any],
    authority: LocalAuthority | None = None,
    channels: Iterable[str] = Notification.Channel.values,
) -> int:
    """Put a message for each recipient into the outbox, in Lace and by e-mail, in this transaction; a worker sends it after the commit.

    One message for each (source, kind, step, recipient, channel): telling again under the same step adds nothing (DL-04). The
    one who acts is not told of their own act, nor anybody who can no longer sign in. `facts` are JSON and hold no personal
    data (dates as ISO text, under names that end in `_on` or `_at`). `authority` only where there is no child. Every channel
    unless said. Returns how many people were addressed. Raises ValueError for a kind that nobody declared.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of message: declare it.")
    owner = child.authority_id if child else authority.pk if authority else by.authority_id
    if owner is None:
        raise ValueError("A message about no child needs its authority.")
    people = {person.pk: person for person in recipients if person.is_active and person.pk != by.user_id}
    Notification.objects.bulk_create(
        (
            Notification(
                kind=kind,
                source=source,
                step=step,
                recipient=person,
                channel=channel,
                child=child,
                authority_id=owner,
                language=person.language,
                facts=dict(facts),
            )
            for person in people.values()
            for channel in channels
        ),
        ignore_conflicts=True,
    )
    if people:
        bell.ring_on_commit()
    return len(people)


@transaction.atomic
def mark_read(*, by: Actor, notifications: Iterable[UUID]) -> int:
    """Mark the person's own messages as read; those of others, and those read before, are left alone. How many were new."""
    return Notification.objects.visible_to(by).unread().filter(pk__in=list(notifications)).update(read_at=timezone.now())


@transaction.atomic
def choose_telling(*, by: Actor, how: str, at: time, answering: Collection[str]) -> Preference:
    """The person chooses how and at which local time they are told by e-mail. `answering` are the roles with statutory duties: whoever
    holds one of them is always told by e-mail too.

    Raises NotAllowed for anybody but a person; BadInput for a time that is not offered, or for no e-mail where there must be one.
    """
    person = _person(by)
    if how not in How.values:
        raise BadInput({"how": [_("Choose how you want to be told")]})
    if at not in times():
        raise BadInput({"at": [_("Choose a time between 06:00 and 18:00")]})
    if how == How.LACE and Membership.objects.open_on(by.today).filter(user=person, role__in=answering).exists():
        raise BadInput(
            {"how": [_("Your role has statutory duties, so e-mail cannot be switched off. Choose one e-mail a day, or one for each message")]}
        )
    preference, _made = Preference.objects.get_or_create(user_id=person, defaults={"how": how, "at": at})
    if (preference.how, preference.at) != (how, at):
        preference.how, preference.at = how, at
        preference.save(update_fields=["how", "at"])
    return preference


@transaction.atomic
def open_feed(*, by: Actor) -> str:
    """A new secret address for the person's calendar, in place of the one before. Returns the secret, which is kept nowhere: show it once.

    Raises NotAllowed for anybody but a person.
    """
    secret = secrets.token_urlsafe(32)
    close_feed(by=by)
    Feed.objects.create(user_id=_person(by), secret_sha256=digest_of(secret))
    return secret


@transaction.atomic
def close_feed(*, by: Actor) -> bool:
    """The person's calendar address works no longer. Whether there was one. Raises NotAllowed for anybody but a person."""
    _person(by)
    return Feed.objects.visible_to(by).open().update(revoked_at=timezone.now()) > 0


@transaction.atomic
def try_again(*, by: Actor, undelivered: Undelivered) -> Undelivered:
    """An administrator asks that a message be sent once more; a worker does it after the commit.

    Raises NotAllowed for anybody else and for another authority's; what is on its way already stays as it is.
    """
    require(by, Permission.ADMINISTER)
    if undelivered.authority_id != by.authority_id:
        raise NotAllowed
    asked = Undelivered.objects.open().filter(pk=undelivered.pk)
    if asked.update(again_at=timezone.now(), again_by=by.user_id):
        bell.ring_on_commit()
    undelivered.refresh_from_db()
    return undelivered


def _person(by: Actor) -> int:
    if by.user_id is None:
        raise NotAllowed
    return by.user_id
