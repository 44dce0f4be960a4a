"""Duties: one row each, with the fact it rests on, the rule that made it, and when somebody next looks at it (DL-01).

`Duty` is about a child, `BodyDuty` about a school or an authority. What their columns have in common is `Clocked`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role, may
from lace.accounts.models import LocalAuthority, Organisation, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.children.rules import EndReason
from lace.core.actor import Actor
from lace.core.model import Row
from lace.deadlines.rules import RULES, Clock, Exempt, Fact, Force, not_binding


class Outcome(models.TextChoices):
    """How a closed duty ended (DL-09)."""

    ON_TIME = "on_time", _("On time")
    LATE = "late", _("Late")
    WAIVED = "waived", _("Waived")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")
    TRANSFERRED = "transferred", _("Transferred")
    CARE_ENDED = "care_ended", _("Care ended")


class EndedBecause(models.TextChoices):
    """Why the open duties of a child ended together (DL-06): the reason why care ended, or the child's age."""

    ADOPTED = "adopted", EndReason.ADOPTED.label
    DIED = "died", EndReason.DIED.label
    OTHER_AUTHORITY = "other_authority", EndReason.OTHER_AUTHORITY.label
    CARE_ENDED = "care_ended", _("Care ended in another way")
    AGE_LIMIT = "age_limit", _("Reached the age up to which it is owed")


class Clocked(models.Model):
    """What a duty says of its rule, fact, dates and end. "Overdue" is computed from the facts, never stored."""

    Outcome = Outcome

    code = models.CharField(max_length=30)  # the rule's, as declared in an app's rules
    rule_version = models.PositiveSmallIntegerField()
    fact = models.CharField(max_length=20, choices=Fact)
    clock = models.CharField(max_length=8, choices=Clock)  # as counted: the authority's choice may differ from the rule's own
    trigger_on = models.DateField()
    subject = models.UUIDField()  # the row whose fact started the clock: an episode, an enrolment, a review
    due_on = models.DateField()
    # Counted without the school's term dates, which nobody has entered: `due_on` is then the earliest day it can be.
    provisional = models.BooleanField(default=False)
    role = models.CharField(max_length=30, choices=Role)  # responsible
    next_rung = models.PositiveSmallIntegerField(default=0)
    next_look_on = models.DateField(null=True)  # when the next rung of the ladder falls due; none once closed or told to the end
    ladder_round = models.PositiveSmallIntegerField(default=0)  # a corrected due date starts the ladder anew: everyone hears of the new day
    closed_on = models.DateField(null=True)
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # for lateness or a waiver (DL-07, SW-14)
    evidence = models.UUIDField(null=True)  # the row that met it: a plan, a version, a review (DL-01)
    # What was done outside Lace, and in which document it stands.
    done_note = models.CharField(_("what was done, and where it is written down"), max_length=500, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    def days_late(self, on: date) -> int:
        """Whole days past the due date, to the day it was closed or to `on`; 0 when in time."""
        return max(0, ((self.closed_on or on) - self.due_on).days)

    def is_overdue(self, on: date) -> bool:
        """Open past its due date, and binding: what is only encouraged is never overdue (AMB-07)."""
        return self.closed_on is None and self.due_on < on and (self.code not in RULES or RULES[self.code].force.binds)

    def is_miss(self, on: date) -> bool:
        """Is it a statutory timescale that is overdue on a day, was met late, or was never met?"""
        statutory = self.code in RULES and RULES[self.code].force == Force.STATUTORY
        return statutory and (self.is_overdue(on) or self.outcome == Outcome.LATE or self.was_missed)

    @property
    def was_missed(self) -> bool:
        """Past its due date when care ended or another authority took over: it was never done here (DL-09)."""
        return self.outcome in {Outcome.CARE_ENDED, Outcome.TRANSFERRED} and self.closed_on is not None and self.due_on < self.closed_on


_CLOCKED = (
    *("id", "created_at", "authority", "code", "rule_version", "fact", "clock", "trigger_on", "subject", "due_on", "provisional", "role"),
    *("next_rung", "next_look_on", "ladder_round", "closed_on", "outcome", "reason", "evidence", "done_note"),
)


class DutyQuerySet(ChildOwnedQuerySet["Duty"]):
    def open(self) -> DutyQuerySet:
        return self.filter(closed_on__isnull=True)

    def overdue_on(self, day: date) -> DutyQuerySet:
        return self.open().filter(due_on__lt=day).exclude(code__in=not_binding())


# What the sweep moves on stays out of the audit: who was told what and when is in the notifications (DL-04).
@tracked(exclude=["next_rung", "next_look_on"])
class Duty(Clocked, ChildOwned):
    """A statutory or expected act for a child, due by a day."""

    brought_to = models.DateField(null=True)  # an earlier day on which it is needed, such as the real date of the review (AMB-02)
    handed_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)  # a colleague who looks after it
    # Why it ended without being done (DL-06). Why care ended is not for everybody who may read that it did.
    ended_because = models.CharField(_("why it ended"), max_length=20, choices=EndedBecause, blank=True, default="", db_default="")

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys((*_CLOCKED, "child", "brought_to", "handed_to"), Facet.EDUCATION) | {
        "ended_because": Facet.CARE
    }

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


@tracked()
class Waiver(ChildOwned):
    """Somebody asks that a duty need not be done, and another decides (DL-06). A statutory due date is never moved (DL-07)."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="waivers")
    reason = models.CharField(_("why it need not be done"), max_length=500)
    # of a statutory duty only: why the law does not ask it of this child (DL-07)
    exemption = models.CharField(_("by which law it need not be done"), max_length=12, choices=Exempt, blank=True, default="", db_default="")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_on = models.DateField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField(null=True)
    agreed = models.BooleanField(null=True)
    answer = models.CharField(_("reason for the decision"), max_length=500, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "child",
            "authority",
            "duty",
            "reason",
            "exemption",
            "asked_by",
            "asked_on",
            "decided_by",
            "decided_on",
            "agreed",
            "answer",
        ),
        Facet.EDUCATION,
    )

    objects = ChildOwnedQuerySet["Waiver"].as_manager()

    class Meta:
        verbose_name = _("waiver")
        constraints = [
            models.UniqueConstraint(fields=["duty", "authority"], condition=Q(decided_on__isnull=True), name="one_open_waiver"),
            models.CheckConstraint(
                condition=Q(decided_on__isnull=True, agreed__isnull=True) | Q(decided_on__isnull=False, agreed__isnull=False),
                name="waiver_decided_whole",
            ),
        ]


@tracked()
class MissAnswer(ChildOwned):
    """The designated manager has seen a missed statutory timescale, and what is to be done about it (SW-13)."""

    duty = models.OneToOneField(Duty, on_delete=models.PROTECT, related_name="miss_answer")
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    acknowledged_on = models.DateField()
    remedy = models.CharField(_("what is done about it"), max_length=1000, blank=True)
    remedy_by = models.DateField(_("by when"), null=True, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "duty", "acknowledged_by", "acknowledged_on", "remedy", "remedy_by"), Facet.EDUCATION
    )

    objects = ChildOwnedQuerySet["MissAnswer"].as_manager()

    class Meta:
        verbose_name = _("answer to a missed timescale")


class BodyDutyQuerySet(models.QuerySet["BodyDuty"]):
    def visible_to(self, actor: Actor) -> Self:
        """Those of the person's own school, or of the authority and all of its schools; to whom they are no business, none."""
        if not may(actor, Permission.SEE_BODY_DUTIES):
            return self.none()
        if actor.organisation_id is not None:
            return self.filter(body=actor.organisation_id)
        return self.filter(authority=actor.authority_id)

    def open(self) -> Self:
        return self.filter(closed_on__isnull=True)


@tracked(exclude=["next_rung", "next_look_on"])
class BodyDuty(Clocked, Row):
    """A duty of a school, or with no `body` of the authority itself: a report each term, a policy looked at each year. Names no child."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    body = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")

    objects = BodyDutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty of a school or an authority")
        constraints = [
            models.UniqueConstraint(fields=["authority", "body", "code", "subject"], nulls_distinct=False, name="one_body_duty_for_a_fact"),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True, outcome="") | (Q(closed_on__isnull=False) & ~Q(outcome="")), name="body_duty_closed_whole"
            ),
            models.CheckConstraint(condition=Q(closed_on__isnull=True) | Q(next_look_on__isnull=True), name="body_duty_closed_unseen"),
        ]
        indexes = [
            models.Index(fields=["next_look_on"], condition=Q(next_look_on__isnull=False), name="body_duty_next_look"),
            models.Index(fields=["authority", "due_on"], name="body_duty_by_authority"),
        ]
