"""Messages put into the outbox, and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lace.accounts.models import LocalAuthority, User
from lace.children.models import Child
from lace.core.actor import Actor
from lace.notifications import bell
from lace.notifications.kinds import KINDS
from lace.notifications.models import Notification


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
