"""The check of a final version's quality, and by which standard an authority does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, LocalAuthority, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.model import Row
from peps.rules.quality import AMBERS, BELOW_GOLD, EDITION, NATIONAL, Grade, ReviewState, Standard


class QualityStandardQuerySet(models.QuerySet["QualityStandard"]):
    def in_force(self, authority: int | None, on: date) -> QualityStandard | None:
        """What an authority (id) chose, as it holds on a day; None while it is the national default. One statement."""
        return self.filter(authority=authority, effective_from__lte=on).order_by("-effective_from", "-number").first()


# Never changed: a review points at the one by which it was made.
@tracked()
class QualityStandard(Row):
    """An authority's own numbers and words for the quality of plans, from a day: stricter than the national default, never laxer (PEP-20)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()  # of the authority's versions, from 1
    effective_from = models.DateField(_("from"))
    below_gold = models.PositiveSmallIntegerField(default=BELOW_GOLD)  # areas that may be green in a gold plan
    ambers = models.PositiveSmallIntegerField(default=AMBERS)  # areas that may be amber in a green plan
    amber_goes_back = models.BooleanField(default=False)
    share = models.PositiveSmallIntegerField(default=100)  # per cent of final plans that are looked at
    second_share = models.PositiveSmallIntegerField(default=10)  # per cent of those that a second rater looks at
    besides = models.JSONField(default=dict, blank=True)  # what is asked besides: {area: {"en": …, "cy": …}}
    approved_by = models.CharField(_("approved by"), max_length=200)  # the person or meeting that decided it
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = QualityStandardQuerySet.as_manager()

    class Meta:
        verbose_name = _("standard for the quality of plans")
        constraints = [
            models.UniqueConstraint(fields=["authority", "number"], name="standards_in_order"),
            models.CheckConstraint(condition=Q(below_gold__lte=BELOW_GOLD, ambers__lte=AMBERS), name="standard_never_laxer"),
            models.CheckConstraint(condition=Q(share__gte=1, share__lte=100, second_share__lte=100), name="standard_shares_in_per_cent"),
        ]

    def as_standard(self) -> Standard:
        names = ("number", "below_gold", "ambers", "amber_goes_back", "share", "second_share", "besides")
        return Standard(**{name: getattr(self, name) for name in names})


@tracked()
class QualityReview(ChildOwned):
    """What the education service found when it looked at a final version (PEP-21)."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="quality_reviews")
    of_version = models.OneToOneField("peps.Version", on_delete=models.PROTECT, related_name="quality_review")
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.TAKEN)
    edition = models.PositiveSmallIntegerField(default=EDITION)  # of the national areas
    standard = models.ForeignKey(QualityStandard, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # none: the national default
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reviewed_as = models.CharField(max_length=30, choices=Role)
    taken_on = models.DateField()
    grades = models.JSONField(default=dict, blank=True)  # {area: {"grade": …, "comment": …}}
    feedback = models.JSONField(default=dict, blank=True)  # {part of the plan: {question, or a target's id, or "": …}}
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of comments and feedback
    overall = models.CharField(max_length=5, choices=Grade, blank=True)  # reckoned from the grades when it was decided
    decided_on = models.DateField(null=True, blank=True)
    moderated = models.BooleanField(default=False)  # a second rater looks at it, too
    second_rater = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    second_grades = models.JSONField(default=dict, blank=True)
    second_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    # Grades, comments and feedback are shown under the facet of the area or section that they are about, as the plan's own words are.
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "of_version", "state", "edition", "standard", "reviewer", "reviewed_as", "taken_on"),
            *("grades", "feedback", "language", "overall", "decided_on", "moderated", "second_rater", "second_grades", "second_on", "version"),
        ),
        Facet.EDUCATION,
    )

    objects = ChildOwnedQuerySet["QualityReview"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ReviewState.TAKEN, decided_on__isnull=True, overall="")
                | (~Q(state=ReviewState.TAKEN) & Q(decided_on__isnull=False) & ~Q(overall="")),
                name="decided_with_day_and_grade",
            ),
            models.CheckConstraint(
                condition=Q(second_rater__isnull=True, second_on__isnull=True)
                | (Q(second_rater__isnull=False, second_on__isnull=False, decided_on__isnull=False) & ~Q(second_rater=F("reviewer"))),
                name="second_rater_is_another",
            ),
        ]
        indexes = [models.Index(fields=["authority", "decided_on"])]

    def by_standard(self) -> Standard:
        """The numbers by which it was made."""
        return self.standard.as_standard() if self.standard else NATIONAL

    def waits_for_second(self) -> bool:
        """Is a second rating still to come? Until then nobody but the first rater is shown the grades among those who could give it."""
        return self.moderated and self.second_rater_id is None
