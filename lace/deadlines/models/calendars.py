"""The three calendars duties are counted by: working days, school days and lesson times (DL-02).

Term dates and bank holidays are published, so every authority may read them: a child's school is often another authority's.
Only the authority itself writes them.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import LocalAuthority, Organisation
from lace.audit.track import tracked
from lace.core.model import Row
from lace.core.workdays import WorkingDays, is_working_day


class WorkingDayQuerySet(models.QuerySet["WorkingDay"]):
    def counted_from(self, start: date, authority: LocalAuthority | None = None) -> WorkingDays:
        """Says of a day from `start` whether it is a working day, one-off bank holidays of the next year included.

        With an authority, its own additions count too. One query each.
        """
        year = {"day__gte": start, "day__lt": start + timedelta(days=366)}
        off = set(self.filter(**year, is_working=False).values_list("day", flat=True))
        if authority is not None:
            off.update(ExtraHoliday.objects.filter(**year, authority=authority).values_list("day", flat=True))
        return lambda day: day not in off and is_working_day(day)


class WorkingDay(models.Model):
    """Every day of 2000 to 2060 with the number of the working day it is or follows, so that "+10 working days" is a join (DL-02).

    Filled from the `holidays` package (England and Wales); one-off bank holidays are added by administrators.
    """

    day = models.DateField(primary_key=True)
    number = models.PositiveIntegerField()  # counts working days; a day off carries the number of the last working day
    is_working = models.BooleanField()

    objects = WorkingDayQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["number"], condition=Q(is_working=True), name="working_day_number")]


class SchoolTerm(models.TextChoices):
    AUTUMN = "autumn", pgettext_lazy("school term", "Autumn")
    SPRING = "spring", pgettext_lazy("school term", "Spring")
    SUMMER = "summer", pgettext_lazy("school term", "Summer")


class ExtraHolidayQuerySet(models.QuerySet["ExtraHoliday"]):
    def of_day(self, day: date) -> set[int]:
        """The authorities (ids) that have this day off."""
        return set(self.filter(day=day).values_list("authority_id", flat=True))


@tracked()
class ExtraHoliday(Row):
    """A bank holiday that was proclaimed for once, added by the authority's administrators."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=100)

    objects = ExtraHolidayQuerySet.as_manager()

    class Meta:
        verbose_name = _("one-off bank holiday")
        constraints = [models.UniqueConstraint(fields=["authority", "day"], name="one_holiday_a_day")]


@tracked()
class TermDates(Row):
    """First and last school day of a term, and its half-term break; of the authority, or of one school that keeps its own."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("school year"))  # the calendar year in which it begins
    term = models.CharField(_("term"), max_length=6, choices=SchoolTerm)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    break_from = models.DateField(_("first day of half-term"), null=True, blank=True)
    break_to = models.DateField(_("last day of half-term"), null=True, blank=True)

    class Meta:
        verbose_name = _("term dates")
        constraints = [
            models.UniqueConstraint(fields=["authority", "school", "year", "term"], nulls_distinct=False, name="one_term_of_a_year"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="term_ends_after_start"),
            models.CheckConstraint(
                condition=Q(break_from__isnull=True, break_to__isnull=True)
                | Q(break_from__gt=F("starts_on"), break_to__gte=F("break_from"), break_to__lt=F("ends_on")),
                name="half_term_inside_term",
            ),
        ]


@tracked()
class ClosedDay(Row):
    """A day in term on which pupils do not come: training of staff (INSET), a closure; of the authority or of one school."""

    class Kind(models.TextChoices):
        INSET = "inset", _("Training day (INSET)")
        CLOSED = "closed", pgettext_lazy("school day", "Closed")

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    day = models.DateField(_("day"))
    kind = models.CharField(_("why"), max_length=6, choices=Kind)

    class Meta:
        verbose_name = _("day without pupils")
        constraints = [models.UniqueConstraint(fields=["authority", "school", "day"], nulls_distinct=False, name="closed_once_a_day")]


@tracked()
class LessonTimes(Row):
    """When a school's lessons begin and end on a weekday, and the midday break (AMB-09, REV-18)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(_("weekday"))  # 0 is Monday
    starts_at = models.TimeField(_("first lesson begins"))
    ends_at = models.TimeField(_("last lesson ends"))
    break_from = models.TimeField(_("midday break begins"), null=True, blank=True)
    break_to = models.TimeField(_("midday break ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("lesson times")
        constraints = [
            models.UniqueConstraint(fields=["authority", "school", "weekday"], name="lesson_times_once_a_weekday"),
            models.CheckConstraint(condition=Q(weekday__lte=4), name="lessons_on_weekdays"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="lessons_end_after_start"),
        ]
