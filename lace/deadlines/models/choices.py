"""What an authority chose about a rule, and who is away."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import LocalAuthority, User
from lace.audit.track import tracked
from lace.children.models.child import DateRange
from lace.core.model import Row
from lace.deadlines.rules import Clock


@tracked()
class RuleChoice(Row):
    """An authority's own length, clock or ladder for a rule, from a day: tighter than the law's, never looser (DL-08, DL-11, AMB-01)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=30)
    length = models.PositiveSmallIntegerField(_("length"), null=True, blank=True)
    clock = models.CharField(_("counted in"), max_length=8, choices=Clock, blank=True)
    # [[days from the due date, [role, ...]], ...] in order of days; null: the rule's own ladder
    ladder = models.JSONField(null=True, blank=True)
    effective_from = models.DateField(_("from"))
    approved_by = models.CharField(_("approved by"), max_length=200)  # the person or meeting that decided it
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("choice about a duty")
        constraints = [models.UniqueConstraint(fields=["authority", "code", "effective_from"], name="one_choice_a_day")]


@tracked()
class Absence(Row):
    """Somebody is away from a day to a day: their reminders go to the one who stands in, or else to the LACE coordinator (DL-10)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(_("first day away"))
    ends_on = models.DateField(_("back on"))  # the first day on which the person is there again
    stand_in = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("absence")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="absence_ends_after_start"),
            models.CheckConstraint(condition=Q(stand_in__isnull=True) | ~Q(stand_in=F("user")), name="somebody_else_stands_in"),
            ExclusionConstraint(
                name="absences_do_not_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("authority", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
