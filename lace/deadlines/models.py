"""Duties: one row each, with the fact it rests on, the rule that made it, and when somebody next looks at it (DL-01)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.workdays import WorkingDays, is_working_day
from lace.deadlines.rules import RULES, Clock, Fact, not_binding


class DutyQuerySet(ChildOwnedQuerySet["Duty"]):
    def open(self) -> DutyQuerySet:
        return self.filter(closed_on__isnull=True)

    def overdue_on(self, day: date) -> DutyQuerySet:
        return self.open().filter(due_on__lt=day).exclude(code__in=not_binding())


# What the sweep moves on stays out of the audit: who was told what and when is in the notifications (DL-04).
@tracked(exclude=["next_rung", "next_look_on"])
class Duty(ChildOwned):
    """A statutory or expected act for a child, due by a day. "Overdue" is computed from the facts, never stored."""

    class Outcome(models.TextChoices):
        """How a closed duty ended (DL-09)."""

        ON_TIME = "on_time", _("On time")
        LATE = "late", _("Late")
        WAIVED = "waived", _("Waived")
        NOT_APPLICABLE = "not_applicable", _("Not applicable")
        TRANSFERRED = "transferred", _("Transferred")
        CARE_ENDED = "care_ended", _("Care ended")

    code = models.CharField(max_length=30)  # the rule's, as declared in an app's rules.py
    rule_version = models.PositiveSmallIntegerField()
    fact = models.CharField(max_length=20, choices=Fact)
    clock = models.CharField(max_length=8, choices=Clock)  # as counted: the authority's setting may differ from the rule's own
    trigger_on = models.DateField()
    subject = models.UUIDField()  # the row whose fact started the clock: an episode, an enrolment, a review
    due_on = models.DateField()
    brought_to = models.DateField(null=True)  # an earlier day on which it is needed, such as the real date of the review (AMB-02)
    role = models.CharField(max_length=30, choices=Role)  # responsible
    next_rung = models.PositiveSmallIntegerField(default=0)
    next_look_on = models.DateField(null=True)  # when the next rung of the ladder falls due; none once closed or told to the end
    ladder_round = models.PositiveSmallIntegerField(default=0)  # a corrected due date starts the ladder anew: everyone hears of the new day
    closed_on = models.DateField(null=True)
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # for lateness or a waiver (DL-07, SW-14)
    evidence = models.UUIDField(null=True)  # the row that met it: a plan, a version, a review (DL-01)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "child",
            "authority",
            "code",
            "rule_version",
            "fact",
            "clock",
            "trigger_on",
            "subject",
            "due_on",
            "brought_to",
            "role",
            "next_rung",
            "next_look_on",
            "ladder_round",
            "closed_on",
            "outcome",
            "reason",
            "evidence",
        ),
        Facet.EDUCATION,
    )

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        constraints = [
            models.UniqueConstraint(fields=["child", "authority", "code", "subject"], name="one_duty_for_a_fact"),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True, outcome="") | (Q(closed_on__isnull=False) & ~Q(outcome="")), name="closed_with_outcome"
            ),
            models.CheckConstraint(condition=Q(closed_on__isnull=True) | Q(next_look_on__isnull=True), name="closed_is_not_looked_at"),
        ]
        indexes = [
            models.Index(fields=["next_look_on"], condition=Q(next_look_on__isnull=False), name="duty_next_look"),
            models.Index(fields=["authority", "due_on"], condition=Q(closed_on__isnull=True), name="duty_open_by_authority"),
            models.Index(fields=["child", "due_on"], name="duty_by_child"),
            models.Index(fields=["authority", "due_on"], name="duty_by_authority"),
        ]

    def days_late(self, on: date) -> int:
        """Whole days past the due date, to the day it was closed or to `on`; 0 when in time."""
        return max(0, ((self.closed_on or on) - self.due_on).days)

    def is_overdue(self, on: date) -> bool:
        """Open past its due date, and binding: what is only encouraged is never overdue (AMB-07)."""
        return self.closed_on is None and self.due_on < on and (self.code not in RULES or RULES[self.code].force.binds)

    @property
    def was_missed(self) -> bool:
        """Past its due date when care ended or another authority took over: it was never done here (DL-09)."""
        return self.outcome in {self.Outcome.CARE_ENDED, self.Outcome.TRANSFERRED} and self.closed_on is not None and self.due_on < self.closed_on


class WorkingDayQuerySet(models.QuerySet["WorkingDay"]):
    def counted_from(self, start: date) -> WorkingDays:
        """Says of a day from `start` whether it is a working day, one-off bank holidays of the next year included. One query."""
        off = frozenset(self.filter(day__gte=start, day__lt=start + timedelta(days=366), is_working=False).values_list("day", flat=True))
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


class SweepRunQuerySet(models.QuerySet["SweepRun"]):
    def last_finished_at(self) -> datetime | None:
        """When the newest sweep ended; None before the first."""
        return self.order_by("-finished_at").values_list("finished_at", flat=True).first()


class SweepRun(models.Model):
    """A finished sweep, written in the sweep's own transaction: the dead-man check reads the newest."""

    as_of = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    reminders = models.PositiveIntegerField()
    unheard = models.PositiveIntegerField()  # duties with nobody to tell, not even a LACE coordinator; looked at again the next day

    objects = SweepRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(F("finished_at").desc(), name="sweep_newest"), models.Index(fields=["as_of"], name="sweep_by_day")]
