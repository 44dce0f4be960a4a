"""What the adults did with what a child asked for on the child's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned
from peps.models.readers import RepliesQuerySet
from peps.rules.replies import LIMIT, REPLY_FIELDS, Outcome, ToldHow


@tracked()
class Reply(ChildOwned):
    """The reply to one answer on the child's page (VOICE-01), and when the child was told of it (VOICE-06).

    It keeps the words that it answers: when the child says something else later, it is seen to be of older words.
    """

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="replies")
    question = models.CharField(max_length=20)  # of the child's page: peps.rules.replies.WISHES
    words = models.TextField(max_length=3000)  # of the child, as they stood
    words_language = models.CharField(max_length=5, choices=Language)
    outcome = models.CharField(max_length=10, choices=Outcome)
    answer = models.TextField(max_length=LIMIT, blank=True)  # how it is used, or why it is not, for the child to read
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of the reply
    answered_on = models.DateField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_as = models.CharField(max_length=30, choices=Role, blank=True)
    told_on = models.DateField(null=True, blank=True)
    told_how = models.CharField(max_length=10, choices=ToldHow, blank=True)
    version = models.PositiveIntegerField(default=1)

    GUARDED_BY = Facet.VOICE  # it holds the child's words
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "pep", *REPLY_FIELDS, "answered_by", "version"), Facet.VOICE
    )

    objects = RepliesQuerySet["Reply"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "question"], name="one_reply_to_a_wish"),
            models.CheckConstraint(condition=Q(outcome=Outcome.OPEN) | ~Q(answer=""), name="settled_with_words"),
            models.CheckConstraint(
                condition=Q(told_on__isnull=True, told_how="") | (Q(told_on__isnull=False) & ~Q(told_how="") & ~Q(outcome=Outcome.OPEN)),
                name="told_of_a_result",
            ),
        ]
        indexes = [models.Index(fields=["child"])]

    def as_frozen(self) -> dict[str, Any]:
        """What a version keeps of it: by role, and no name of a person."""
        kept = {name: getattr(self, name) for name in REPLY_FIELDS}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
