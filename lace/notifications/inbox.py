"""What a person reads inside Lace of what they were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_language

from lace.children.models import Child, grants_of
from lace.children.seen import Seen
from lace.core.actor import Actor
from lace.notifications.kinds import Text, write
from lace.notifications.models import Notification, NotificationQuerySet


@dataclass(frozen=True, slots=True)
class Item:
    """One message as its reader sees it, in the language of the page."""

    id: UUID
    text: Text
    at: datetime
    read_at: datetime | None


def inbox(actor: Actor) -> NotificationQuerySet:
    """The person's messages, newest first: to be sliced or paginated and given to `items`."""
    return Notification.objects.visible_to(actor).inbox()


def items(actor: Actor, notifications: list[Notification]) -> list[Item]:
    """Messages with their texts. The initials of a child whom the reader may no longer see are left out. At most three queries."""
    about = {notification.child_id for notification in notifications if notification.child_id}
    children = list(Child.objects.visible_to(actor).filter(pk__in=about)) if about else []
    grants = grants_of(actor, children) if children else {}
    initials = {child.pk: str(Seen(child, grants[child.pk]).initials) for child in children}
    language = get_language() or ""
    return [
        Item(
            id=notification.pk,
            text=write(
                notification.kind,
                notification.facts,
                language=language or notification.language,
                initials=initials.get(notification.child_id, "") if notification.child_id else "",
                child=notification.child_id,
            ),
            at=notification.created_at,
            read_at=notification.read_at,
        )
        for notification in notifications
    ]
