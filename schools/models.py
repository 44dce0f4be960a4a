"""Schools, designations and the register: which child goes to which school, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.actor import Actor
from lace.core.model import Row
from schools.rules import DecidingFactor, LeavingReason, SchoolKind, Term


class SchoolQuerySet(models.QuerySet["School"]):
    def visible_to(self, actor: Actor) -> SchoolQuerySet:
        """The schools whose pages this actor may open: their own; for a LACE coordinator those of the authority and those that
        children within reach attend (LA-04). Names and numbers of schools are no secret; who is on the register is."""
        match actor.role:
            case Role.LACE_COORDINATOR:
                attended = Enrolment.objects.visible_to(actor).on_roll(actor.today).order_by().values("school")
                return self.filter(Q(organisation__authority__in=actor.authorities) | Q(pk__in=attended))
            case Role.DESIGNATED_PERSON | Role.HEADTEACHER | Role.GOVERNOR:
                return self.filter(pk=actor.organisation_id)
            case _:
                return self.none()


class School(models.Model):
    """A maintained school, pupil referral unit or other setting of an authority (SCH-01)."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="school")
    number = models.CharField(_("school number"), max_length=7, unique=True)  # the authority's three digits and the school's four
    kind = models.CharField(_("kind of school"), max_length=20, choices=SchoolKind)
    roll = models.PositiveIntegerField(_("pupils on roll"), default=0)
    welsh_medium = models.BooleanField(_("Welsh-medium"), default=False)

    objects = SchoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("school")

    @property
    def name(self) -> str:
        return self.organisation.name


class EnrolmentQuerySet(ChildOwnedQuerySet["Enrolment"]):
    def on_roll(self, day: date) -> EnrolmentQuerySet:
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=day), started_on__lte=day)


@tracked()
class Enrolment(ChildOwned):
    """A child on a school's register from a day and until, not including, another."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="enrolments")
    started_on = models.DateField(_("first day"))
    ended_on = models.DateField(_("last day"), null=True, blank=True)
    leaving_reason = models.CharField(_("reason for leaving"), max_length=12, choices=LeavingReason, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "school", "started_on", "ended_on", "leaving_reason"), Facet.EDUCATION
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="enrolment_ends_after_start",
                violation_error_message=_("The last day must be on or after the first"),
            ),
            models.UniqueConstraint(
                fields=["child"],
                condition=Q(ended_on__isnull=True),
                name="one_open_enrolment",
                violation_error_message=_("The child is on the register of another school; end that first"),
            ),
        ]
        indexes = [models.Index(fields=["school", "started_on"]), models.Index(fields=["child", "started_on"])]


@tracked()
class TermRecord(ChildOwned):
    """A child's attendance and progress in one term at one school: what the termly report counts."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="term_records")
    year = models.PositiveSmallIntegerField()  # the calendar year in which the school year began
    term = models.CharField(max_length=6, choices=Term)
    sessions_possible = models.PositiveSmallIntegerField(default=0)
    sessions_attended = models.PositiveSmallIntegerField(default=0)
    sessions_unauthorised = models.PositiveSmallIntegerField(default=0)
    days_excluded = models.DecimalField(max_digits=4, decimal_places=1, default=0)
    subjects_assessed = models.PositiveSmallIntegerField(default=0)
    subjects_on_track = models.PositiveSmallIntegerField(default=0)  # at or above the child's own expected progress

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "school", "year", "term", "subjects_assessed", "subjects_on_track"), Facet.EDUCATION
    ) | dict.fromkeys(("sessions_possible", "sessions_attended", "sessions_unauthorised", "days_excluded"), Facet.ATTENDANCE)

    objects = ChildOwnedQuerySet["TermRecord"].as_manager()

    class Meta:
        verbose_name = _("term record")
        constraints = [
            models.UniqueConstraint(fields=["child", "school", "year", "term"], name="one_record_a_term"),
            models.CheckConstraint(condition=Q(sessions_attended__lte=F("sessions_possible")), name="attended_at_most_possible"),
            models.CheckConstraint(condition=Q(subjects_on_track__lte=F("subjects_assessed")), name="on_track_at_most_assessed"),
        ]
        indexes = [models.Index(fields=["school", "year", "term"])]


class DesignationQuerySet(models.QuerySet["Designation"]):
    def current_on(self, day: date) -> DesignationQuerySet:
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=day), started_on__lte=day)


@tracked()
class Designation(Row):
    """A school's designated person, appointed by the governing body (SCH-03)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="designations")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="designations")
    decided_on = models.DateField(_("governing body's decision"))
    headteacher_consulted = models.BooleanField(_("headteacher consulted"), default=False)
    started_on = models.DateField(_("start"))
    ended_on = models.DateField(_("end"), null=True, blank=True)
    other_roles = models.CharField(_("other roles held"), max_length=300, blank=True)
    leadership_team = models.BooleanField(_("in the leadership team"), default=False)
    pastoral = models.BooleanField(_("has a pastoral background"), default=False)
    factors = ArrayField(models.CharField(max_length=12, choices=DecidingFactor), verbose_name=_("what decided the choice"), default=list, blank=True)

    objects = DesignationQuerySet.as_manager()

    class Meta:
        verbose_name = _("designation")
        constraints = [
            models.UniqueConstraint(
                fields=["school"],
                condition=Q(ended_on__isnull=True),
                name="one_open_designation",
                violation_error_message=_("The school has a designated person; end that designation first"),
            )
        ]


@tracked()
class RegisterCheck(Row):
    """Somebody of the school confirmed that its register of looked-after children is correct, at `created_at` (DP-01).

    How many children stood on it is not kept: a school's people and the authority see that on the register itself.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="register_checks", db_index=False)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_on = models.DateField(_("confirmed on"))

    class Meta:
        verbose_name = _("confirmation of the register")
        indexes = [models.Index(fields=["school", "-created_at"])]
