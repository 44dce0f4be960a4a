"""A challenge to the plan or to its delivery, with the reply that it requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules.challenges import LIMIT, About, Ending, Standing

_RAISED = ("about", "text", "language", "raised_by", "raised_as", "raised_on")


@tracked()
class Challenge(ChildOwned):
    """What somebody who watches over plans asks of those who write and deliver one (PEP-31; 002 4.21). What is said stands as it is."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="challenges")
    about = models.CharField(max_length=10, choices=About)
    text = models.TextField(max_length=LIMIT)
    language = models.CharField(max_length=5, choices=Language)  # of the text
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_as = models.CharField(max_length=30, choices=Role)
    raised_on = models.DateField()
    reply_due_on = models.DateField()
    reply = models.TextField(max_length=LIMIT, blank=True)
    reply_language = models.CharField(max_length=5, choices=Language, blank=True)
    replied_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    replied_as = models.CharField(max_length=30, choices=Role, blank=True)
    replied_on = models.DateField(null=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True)
    left_open = models.TextField(max_length=LIMIT, blank=True)  # what the reply does not settle
    left_open_language = models.CharField(max_length=5, choices=Language, blank=True)
    ended_on = models.DateField(null=True)

    # Read by those who work with the child's care: neither by the child nor by those at home.
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", *_RAISED, "reply_due_on", "reply", "reply_language", "replied_by", "replied_as"),
            *("replied_on", "ending", "left_open", "left_open_language", "ended_on"),
        ),
        Facet.CARE,
    )

    objects = ChildOwnedQuerySet["Challenge"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reply_due_on__gte=F("raised_on")), name="challenge_answered_after_it_is_raised"),
            models.CheckConstraint(
                condition=Q(replied_on__isnull=True, reply="") | (Q(replied_on__isnull=False) & ~Q(reply="")), name="reply_with_words"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ending="") | (Q(replied_on__isnull=False) & ~Q(ending="")), name="ended_by_a_reply"
            ),
        ]
        indexes = [models.Index(fields=["child"])]
        triggers = [
            pgtrigger.Protect(name="challenge_stands", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(*_RAISED, "reply_due_on")),
            pgtrigger.Protect(
                name="reply_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.replied_on IS NOT NULL AND (OLD.reply, OLD.replied_on) IS DISTINCT FROM (NEW.reply, NEW.replied_on)"
                ),
            ),
            pgtrigger.Protect(name="challenge_kept", operation=pgtrigger.Delete),
        ]

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        if self.ending:
            return Standing(self.ending)
        return Standing.REPLIED if self.replied_on else Standing.AWAITED
