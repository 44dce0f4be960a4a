"""Published reports, frozen: what governors and panels read names no child and never changes."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import LocalAuthority, User
from lace.audit.track import tracked
from lace.core.model import Row
from schools.models import School
from schools.rules import Term


class ReportQuerySet(models.QuerySet["TermlyReport"]):
    def published(self) -> ReportQuerySet:
        return self.filter(published_on__isnull=False)


@tracked()
class TermlyReport(Row):
    """The termly report of a school to its governing body (GOV-01): figures already held back where a child could be known.

    Prepared by the designated person, published by the headteacher. Figures and hash are frozen when published.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="reports")
    year = models.PositiveSmallIntegerField()
    term = models.CharField(max_length=6, choices=Term)
    number = models.PositiveSmallIntegerField(default=1)  # a later version of the same term's report replaces it, unaltered
    figures = models.JSONField()
    narrative = models.TextField(_("what governors should know, naming nobody"), max_length=4000, blank=True)
    cut_on = models.DateField()  # the day whose data it shows
    sha256 = models.CharField(max_length=64)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_on = models.DateField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("termly report")
        constraints = [
            models.UniqueConstraint(fields=["school", "year", "term", "number"], name="one_report_a_version"),
            models.CheckConstraint(condition=Q(published_on__isnull=True) | Q(published_on__gte=models.F("cut_on")), name="published_after_cut"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="frozen", operation=pgtrigger.Update, condition=pgtrigger.Q(old__published_on__isnull=False)),
        ]
