"""What is arranged to close a gap in what a child has learnt (SCH-23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from lace.accounts.access import Facet
from lace.accounts.models import Language
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules.targets import Funding


class CatchUpQuerySet(ChildOwnedQuerySet["CatchUp"]):
    def for_version(self, number: int) -> CatchUpQuerySet:
        """Those that a version of this number holds: under way, or with their outcome said since the one before."""
        return self.filter(Q(until__isnull=True) | Q(until=number))

    def standing(self) -> CatchUpQuerySet:
        """Those of current plans, without what an earlier version has reported with its outcome."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=F("pep__version")))


@tracked()
class CatchUp(ChildOwned):
    """Sessions for one gap in one subject. With its outcome it is over: the next version holds it, later ones do not."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="catch_ups")
    key = models.UUIDField(default=uuid4, editable=False)  # its id in every version, kept when another authority takes the plan over
    subject = models.CharField(max_length=80)
    gap = models.CharField(max_length=500)
    provider = models.CharField(max_length=200)
    sessions = models.PositiveSmallIntegerField()  # that are planned
    starts_on = models.DateField()
    ends_on = models.DateField()
    funding = models.CharField(max_length=10, choices=Funding)
    outcome = models.CharField(max_length=1000, blank=True)
    since = models.PositiveSmallIntegerField()  # the number of the first version that holds it
    until = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last one, once its outcome is said
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "key", "subject", "gap", "provider", "sessions", "starts_on", "ends_on", "funding"),
            *("outcome", "since", "until", "language", "version"),
        ),
        Facet.EDUCATION,
    )

    objects = CatchUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "key"], name="one_catch_up_of_a_key"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="catch_up_ends_after_start"),
            models.CheckConstraint(condition=Q(sessions__gte=1), name="catch_up_of_sessions"),
            models.CheckConstraint(
                condition=Q(outcome="", until__isnull=True) | (~Q(outcome="") & Q(until__isnull=False)), name="catch_up_over_with_outcome"
            ),
        ]

    def as_frozen(self) -> dict[str, Any]:
        """What a version keeps of it."""
        days = {name: getattr(self, name).isoformat() for name in ("starts_on", "ends_on")}
        return {"id": str(self.key)} | {name: getattr(self, name) for name in CATCH_UP_FIELDS} | days


CATCH_UP_FIELDS = ("subject", "gap", "provider", "sessions", "starts_on", "ends_on", "funding", "outcome", "language")
