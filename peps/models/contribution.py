"""What somebody around the child was asked to say for a version of the plan, and said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules import State
from peps.rules.contributions import Contributor, Said
from schools.models import School


class ContributionQuerySet(ChildOwnedQuerySet["Contribution"]):
    def awaited_or_said(self, number: int) -> ContributionQuerySet:
        """Those asked for the version of this number; none that was withdrawn."""
        return self.filter(number=number, withdrawn_at__isnull=True)

    def standing(self) -> ContributionQuerySet:
        """Those for the next version of current plans, and of a final plan those that it holds; none that was withdrawn."""
        being_written = Q(number=F("pep__version") + 1)
        return self.filter(being_written | Q(number=F("pep__version"), pep__state=State.FINAL), withdrawn_at__isnull=True)

    def unsaid(self) -> ContributionQuerySet:
        """Neither given nor declined nor withdrawn: what is awaited, and what the making of a version or the close of the plan will end."""
        return self.filter(given_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True)


@tracked(exclude=["token_sha256"])
class Contribution(ChildOwned):
    """Words that were asked for the next version of a plan (PEP-10): by role, of whoever holds it around the child, or by e-mail of one person.

    The link in such an e-mail is signed, works once and until a day; of it the digest is kept. Asking again makes a new one.
    """

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="contributions")
    number = models.PositiveSmallIntegerField()  # of the version for which it is asked
    role = models.CharField(max_length=20, choices=Contributor)
    due_on = models.DateField()
    asked_on = models.DateField()
    # None: the plan came with them from another authority, or a job asked.
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    # Of somebody who is asked by e-mail; the address is the account's, which opens nothing by itself.
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)  # as the asker wrote it
    subject = models.CharField(max_length=80, blank=True)  # that a teacher teaches
    pupil = models.CharField(max_length=80, blank=True)  # what the form calls the child
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, related_name="+")  # in whose name it is asked
    sent = models.PositiveSmallIntegerField(default=0)  # how often
    expires_at = models.DateTimeField(null=True)
    token_sha256 = models.CharField(max_length=64, blank=True)
    sitting = models.UUIDField(null=True)  # the page that answered: a second click of it is no second answer

    answers = models.JSONField(default=dict)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written; before that, of the e-mail
    given_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    given_as = models.CharField(max_length=30, choices=Role, blank=True)
    declined_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)  # why it was declined
    withdrawn_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    # The words of an advocate are the child's: holding the facet of the form is required on top of these (peps.rules.contributions.FORMS).
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "number", "role", "due_on", "asked_on", "asked_by", "subject", "school"),
            *("sent", "expires_at", "token_sha256", "sitting", "answers", "language", "given_at", "given_by", "given_as"),
            *("declined_at", "reason", "withdrawn_at", "version"),
        ),
        Facet.EDUCATION,
    ) | {"person": Facet.CONTACTS, "name": Facet.CONTACTS, "pupil": Facet.CALLED}

    objects = ContributionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pep", "number", "role"],
                condition=Q(person__isnull=True, asked_by__isnull=False, withdrawn_at__isnull=True),
                name="asked_once_by_role",
            ),
            models.UniqueConstraint(
                fields=["pep", "number", "role", "person", "subject"],
                condition=Q(person__isnull=False, withdrawn_at__isnull=True),
                name="asked_once_by_email",
            ),
            models.UniqueConstraint(fields=["token_sha256"], condition=~Q(token_sha256=""), name="one_contribution_of_a_link"),
            models.CheckConstraint(condition=Q(given_at__isnull=True) | Q(declined_at__isnull=True), name="given_or_declined"),
            models.CheckConstraint(
                condition=Q(token_sha256="") | Q(person__isnull=False, expires_at__isnull=False, sent__gte=1), name="link_of_a_person"
            ),
        ]

    @property
    def state(self) -> Said:
        if self.withdrawn_at:
            return Said.WITHDRAWN
        if self.given_at:
            return Said.GIVEN
        return Said.DECLINED if self.declined_at else Said.AWAITED

    @property
    def is_by_email(self) -> bool:
        return self.person_id is not None

    def link_works(self, at: datetime) -> bool:
        """Does the link that was sent still open the form?"""
        return self.state == Said.AWAITED and self.expires_at is not None and self.expires_at > at

    def is_frozen(self) -> bool:
        """Does a final version hold it?"""
        return self.number <= self.pep.version

    def as_frozen(self) -> dict[str, Any]:
        """What a version keeps of it: by role, and no name of a person."""
        said = self.given_at or self.declined_at
        return {
            "role": self.role,
            "subject": self.subject,
            "state": self.state.value,
            "asked_on": self.asked_on.isoformat(),
            "said_on": timezone.localdate(said).isoformat() if said else "",
            "answers": self.answers,
            "reason": self.reason,
            "language": self.language,
        }
