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
from lace.audit.track import tracked
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.model import Row
from lace.notifications.rules import DEFAULT, EARLIEST, LATEST, How

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

    def waiting(self) -> NotificationQuerySet:
        """E-mails that have not gone and still may, each by itself: neither refused, nor spared, nor a part of a digest."""
        return self.filter(
            channel=Notification.Channel.EMAIL, accepted_at__isnull=True, failed_at__isnull=True, spared_at__isnull=True, digest__isnull=True
        )


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
        SPARED = "spared", _("Not sent: no longer needed by e-mail")

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
    # No e-mail was needed: the person reads in Lace only, the duty was done before the digest went, or the child is out of their reach.
    spared_at = models.DateTimeField(null=True)
    # The e-mail in which this reminder goes, frozen before the provider is called; that e-mail is a row of this table too, and its stamps
    # are copied here.
    digest = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts", db_index=False)
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
            "spared_at",
            "digest",
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
                fields=["created_at"],
                condition=Q(channel="email", accepted_at__isnull=True, failed_at__isnull=True, spared_at__isnull=True, digest__isnull=True),
                name="outbox_waiting",
            ),
            models.Index(fields=["digest"], condition=Q(digest__isnull=False), name="parts_of_digest"),
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
        if self.spared_at:
            return self.Delivery.SPARED
        return self.Delivery.FAILED if self.failed_at else self.Delivery.WAITING


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def visible_to(self, actor: Actor) -> PreferenceQuerySet:
        """The person's own."""
        return self.filter(user=actor.user_id) if actor.user_id else self.none()


@tracked()
class Preference(Row):
    """How and when a person is told by e-mail. Without a row: one digest at 08:00. The language is the account's."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="telling")
    how = models.CharField(max_length=6, choices=How, default=How.DIGEST)
    at = models.TimeField(default=DEFAULT)  # of the day's digest, in local time

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice of messages")
        constraints = [models.CheckConstraint(condition=Q(at__gte=EARLIEST, at__lte=LATEST), name="digest_by_day")]

    @classmethod
    def of(cls, actor: Actor) -> Preference:
        """What the person chose, or what holds without a choice; not saved."""
        return cls.objects.visible_to(actor).first() or cls()


class FeedQuerySet(models.QuerySet["Feed"]):
    def visible_to(self, actor: Actor) -> FeedQuerySet:
        """The person's own."""
        return self.filter(user=actor.user_id) if actor.user_id else self.none()

    def open(self) -> FeedQuerySet:
        return self.filter(revoked_at__isnull=True)


@tracked(exclude=["secret_sha256"])
class Feed(Row):
    """A person's calendar of duties under a secret address; of the secret the digest is kept. One at a time: a new one ends the old."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    revoked_at = models.DateTimeField(null=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        constraints = [models.UniqueConstraint(fields=["user"], condition=Q(revoked_at__isnull=True), name="one_open_feed")]


class UndeliveredQuerySet(models.QuerySet["Undelivered"]):
    def open(self) -> UndeliveredQuerySet:
        """Neither delivered since nor waiting for another try."""
        return self.filter(settled_at__isnull=True, again_at__isnull=True)


@tracked()
class Undelivered(Row):
    """An e-mail that could not be delivered, for the administrators of the recipient's authority. It names no child, nor leads to one:
    the notification is known by its id alone."""

    letter = models.UUIDField()
    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    failed_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)  # somebody asked for another try
    again_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)  # it went after all

    objects = UndeliveredQuerySet.as_manager()

    class Meta:
        verbose_name = _("undelivered message")
        constraints = [models.UniqueConstraint(fields=["letter", "authority"], name="undelivered_once")]
        indexes = [models.Index(fields=["authority", "-failed_at"], condition=Q(settled_at__isnull=True), name="undelivered_open")]
