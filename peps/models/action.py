"""What was agreed to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from lace.accounts.access import Facet
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules.actions import ActionState, Owner


class ActionQuerySet(ChildOwnedQuerySet["Action"]):
    def for_version(self, number: int) -> ActionQuerySet:
        """Those that a version of this number holds: open, or done or dropped since the one before."""
        return self.filter(Q(until__isnull=True) | Q(until=number))

    def standing(self) -> ActionQuerySet:
        """Those of current plans, without what an earlier version has reported as done or dropped."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=F("pep__version")))


@tracked()
class Action(ChildOwned):
    """What somebody sees to by a day (PEP-08). Its day is moved by carrying it forward, with a reason, once a final version holds it (PEP-18)."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="actions")
    what = models.CharField(max_length=500)
    owner_role = models.CharField(max_length=20, choices=Owner)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField()
    resource = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=ActionState, default=ActionState.OPEN)
    evidence = models.CharField(max_length=1000, blank=True)  # that it is done
    done_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # why it was dropped, or carried forward
    carried_from = models.PositiveSmallIntegerField(null=True, blank=True)  # the version after which it was carried forward, still undone
    since = models.PositiveSmallIntegerField()  # the number of the first version that holds it
    until = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last one, once it is done or dropped
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "what", "owner_role", "due_on", "resource", "state", "evidence", "done_on"),
            *("reason", "carried_from", "since", "until", "language", "version"),
        ),
        Facet.EDUCATION,
    ) | {"owner": Facet.CONTACTS}

    objects = ActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ActionState.OPEN, until__isnull=True, done_on__isnull=True)
                | (Q(state=ActionState.DONE, until__isnull=False, done_on__isnull=False) & ~Q(evidence=""))
                | (Q(state=ActionState.DROPPED, until__isnull=False, done_on__isnull=True) & ~Q(reason="")),
                name="settled_with_evidence_or_reason",
            ),
            models.CheckConstraint(condition=Q(carried_from__isnull=True) | ~Q(reason=""), name="carried_with_reason"),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | ~Q(owner_role__in=[Owner.CHILD, Owner.CARER, Owner.PARENT]), name="no_family_by_name"
            ),
        ]
        indexes = [models.Index(fields=["pep", "due_on"])]
