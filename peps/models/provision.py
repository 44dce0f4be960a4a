"""Additional learning provision inside the plan, element by element, and from when an authority has it there (PEP-22)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.accounts.models import Language, LocalAuthority, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.model import Row
from peps.rules.idp import InWelsh
from schools.models import School


class CombinedPlanQuerySet(models.QuerySet["CombinedPlan"]):
    def of(self, authority: Any, on: date) -> QuerySet[CombinedPlan]:
        """What an authority (id, or a reference to one in an outer query) chose, the choice that holds on a day first."""
        return self.filter(authority=authority, effective_from__lte=on).order_by("-effective_from", "-created_at")


# Never changed: a later choice stands in place of an earlier one, for the same day too.
@tracked()
class CombinedPlan(Row):
    """From a day on, has an authority the development plan for additional learning needs inside the PEP? Without a row it has not."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateField(_("from"))
    combined = models.BooleanField()
    approved_by = models.CharField(_("approved by"), max_length=200)  # the person or meeting that decided it
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = CombinedPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice about the combined plan")
        indexes = [models.Index(F("authority"), F("effective_from").desc(), name="combined_plan_in_force")]


class ProvisionQuerySet(ChildOwnedQuerySet["Provision"]):
    def for_version(self, number: int) -> ProvisionQuerySet:
        """Those that a version of this number holds: given, or ended since the one before."""
        return self.filter(Q(until__isnull=True) | Q(until=number))

    def standing(self) -> ProvisionQuerySet:
        """Those of current plans, without what an earlier version has reported as ended."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=F("pep__version")))


@tracked()
class Provision(ChildOwned):
    """One element of the additional learning provision: 2B.1 to 2B.7 of the development plan."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="provisions")
    key = models.UUIDField(default=uuid4, editable=False)  # its id in every version, kept when another authority takes the plan over
    need = models.CharField(max_length=500)  # which it meets, in the word of the targets
    outcome = models.CharField(max_length=500)  # 2B.1
    what = models.CharField(max_length=1000)  # 2B.2, with the two after it: specific and in numbers
    how_much = models.CharField(max_length=200)
    how_often = models.CharField(max_length=200)
    in_welsh = models.CharField(max_length=3, choices=InWelsh)  # 2B.3
    provider = models.CharField(max_length=200)  # 2B.4
    from_on = models.DateField()  # 2B.5
    review_on = models.DateField(null=True, blank=True)  # 2B.6: one of these two
    last_on = models.DateField(null=True, blank=True)
    why = models.CharField(max_length=1000)  # 2B.7, with what shows the need
    # After a move of school (PEP-32): does it go on, and who sees to that? `school`: where it was agreed last.
    goes_on = models.BooleanField(default=False)
    secured_by = models.CharField(max_length=200, blank=True)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    since = models.PositiveSmallIntegerField()  # the number of the first version that holds it
    until = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last one, once it has ended
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "key", "need", "outcome", "what", "how_much", "how_often", "in_welsh", "provider"),
            *("from_on", "review_on", "last_on", "why", "goes_on", "secured_by", "school", "ended_on", "end_reason", "since", "until", "language"),
            "version",
        ),
        Facet.EDUCATION,
    )

    objects = ProvisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "key"], name="one_provision_of_a_key"),
            models.CheckConstraint(condition=Q(review_on__isnull=False) | Q(last_on__isnull=False), name="provision_reviewed_or_ended"),
            models.CheckConstraint(condition=Q(goes_on=False) | ~Q(secured_by=""), name="provision_goes_on_by_somebody"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="", until__isnull=True)
                | (Q(ended_on__isnull=False, until__isnull=False) & ~Q(end_reason="")),
                name="provision_ended_with_reason",
            ),
        ]

    def came_along(self, school: int | None) -> bool:
        """Was it agreed at another school than this, the child's school now (id)?"""
        return self.school_id is not None and school is not None and self.school_id != school

    def as_frozen(self) -> dict[str, Any]:
        """What a version keeps of it."""
        return {"id": str(self.key)} | {name: _plain(getattr(self, name)) for name in PROVISION_FIELDS}


PROVISION_FIELDS = (
    *("need", "outcome", "what", "how_much", "how_often", "in_welsh", "provider", "from_on", "review_on", "last_on", "why"),
    *("goes_on", "secured_by", "ended_on", "end_reason", "language"),
)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
