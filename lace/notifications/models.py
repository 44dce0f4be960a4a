"""The outbox: every message is a row, born in the transaction that found it due, and only then sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID, uuid5

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.accounts.models import Language, LocalAuthority, User
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.model import Row

_REFERENCES = UUID("5f0b8a52-6d0e-4c3c-9f4b-0d6a4c1f7e11")  # a name space of our own for uuid5


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, actor: Actor) -> NotificationQuerySet:
        """The person's own, whatever became of their access to the child: the start of every query at a door."""
        return self.filter(recipient=actor.user_id) if actor.user_id else self.none()

    def inbox(self) -> NotificationQuerySet:
        """What is read inside Lace, newest first."""
        return self.filter(channel=Notification.Channel.INBOX).order_by("-created_at", "-step", "pk")

    def unread(self) -> NotificationQuerySet:
        return self.filter(channel=Notification.Channel.INBOX, read_at__isnull=True)


class Notification(Row):
    """One message to one person by one channel. Its key makes it unique: a repeated job inserts nothing (DL-04).

    `facts` holds what the message's text needs and no personal data: a duty's code, a due date, a link's id. The child is
    reached through `child`, under row-level security, when the recipient reads it inside Lace.
    """

    class Channel(models.TextChoices):
        INBOX = "inbox", _("In Lace")
        EMAIL = "email", _("E-mail")

    class Delivery(models.TextChoices):
        """What became of a message; told by its stamps, never stored."""

        WAITING = "waiting", _("Waiting to be sent")
        SENT = "sent", _("Sent")
        POSSIBLY_REPEATED = "possibly_repeated", _("Sent, possibly twice")
        FAILED = "failed", _("Could not be sent")

    kind = models.CharField(max_length=30)  # a key of lace.notifications.kinds.KINDS
    source = models.UUIDField()  # the duty, version or review it is about
    step = models.PositiveSmallIntegerField(default=0)  # the rung of a ladder, the number of a version
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    channel = models.CharField(max_length=5, choices=Channel)
    child = models.ForeignKey(Child, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=5, choices=Language)
    facts = models.JSONField(default=dict)

    # Delivery. An inbox row is delivered by being there.
    leased_until = models.DateTimeField(null=True)  # nobody else touches it before then: a worker's lease, or the wait before another attempt
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set before the provider is called, cleared when it plainly took nothing. Still set without `accepted_at`: nobody knows; look it up.
    attempted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    possibly_repeated = models.BooleanField(default=False)  # SMTP cannot be asked whether it took a message before we died
    read_at = models.DateTimeField(null=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "kind",
            "source",
            "step",
            "recipient",
            "channel",
            "child",
            "authority",
            "language",
            "facts",
            "leased_until",
            "attempts",
            "attempted_at",
            "accepted_at",
            "failed_at",
            "possibly_repeated",
            "read_at",
        ),
        Facet.EDUCATION,
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        constraints = [models.UniqueConstraint(fields=["source", "kind", "step", "recipient", "channel"], name="sent_once")]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(channel="email", accepted_at__isnull=True, failed_at__isnull=True), name="outbox_waiting"
            ),
            models.Index(fields=["recipient", "-created_at"], condition=Q(channel="inbox"), name="inbox_of_person"),
        ]

    @property
    def reference(self) -> UUID:
        """The provider's name for this message, from what makes the row unique: the same after a restored backup or a repeated sweep."""
        return uuid5(_REFERENCES, f"{self.source}:{self.kind}:{self.step}:{self.recipient_id}:{self.channel}")

    @property
    def delivery(self) -> Notification.Delivery:
        if self.channel == self.Channel.INBOX or self.accepted_at:
            return self.Delivery.POSSIBLY_REPEATED if self.possibly_repeated else self.Delivery.SENT
        return self.Delivery.FAILED if self.failed_at else self.Delivery.WAITING
