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
from lace.accounts.models import Language, LocalAuthority, Membership, Organisation, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.actor import Actor
from lace.core.model import Row
from schools.rules import DecidingFactor, EotasKind, LeavingReason, PolicyAspect, PolicyPart, SchoolKind, Term, missing_parts


class SchoolQuerySet(models.QuerySet["School"]):
    def visible_to(self, actor: Actor) -> SchoolQuerySet:
        """The schools whose pages this actor may open: their own; for a LACE coordinator those of the authority and those that
        children within reach attend (LA-04). Names and numbers of schools are no secret; who is on the register is."""
        match actor.role:
            case Role.LACE_COORDINATOR:
                attended = Enrolment.objects.visible_to(actor).on_roll(actor.today).order_by().values("school")
                return self.filter(Q(organisation__authority__in=actor.authorities) | Q(pk__in=attended))
            case Role.DESIGNATED_PERSON | Role.HEADTEACHER | Role.GOVERNOR | Role.LINK_GOVERNOR:
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
                fields=["child", "authority"],
                condition=Q(ended_on__isnull=True),
                name="one_open_enrolment",
                violation_error_message=_("The child is on the register of another school; end that first"),
            ),
        ]
        indexes = [models.Index(fields=["school", "started_on"]), models.Index(fields=["child", "started_on"])]


class EotasPlaceQuerySet(ChildOwnedQuerySet["EotasPlace"]):
    def open_on(self, day: date) -> EotasPlaceQuerySet:
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=day), started_on__lte=day)


@tracked()
class EotasPlace(ChildOwned):
    """Education other than at school, from a day and until, not including, another (SCH-10).

    Beside the register, not in place of it: a child may be on a school's roll and be taught elsewhere, by several providers at once.
    """

    provider = models.CharField(_("provider"), max_length=200)
    kind = models.CharField(_("kind of education"), max_length=12, choices=EotasKind)
    started_on = models.DateField(_("first day"))
    ended_on = models.DateField(_("last day"), null=True, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "provider", "kind", "started_on", "ended_on"), Facet.EDUCATION
    )

    objects = EotasPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("education other than at school")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="eotas_ends_after_start",
                violation_error_message=_("The last day must be on or after the first"),
            ),
        ]
        indexes = [models.Index(fields=["child", "started_on"])]


@tracked()
class MoveApproval(ChildOwned):
    """The nominated officer approves a change of school in Years 10 and 11, which may not take effect before (regulation 11; T70).

    One row says that the officer was satisfied of all three: the child was heard, the education will be promoted, the move fits the
    plan. What each rests on is written down, and what the child's views changed (VOICE-03).
    """

    enrolment = models.OneToOneField(Enrolment, on_delete=models.PROTECT, related_name="approval")
    heard = models.CharField(_("how the child was heard"), max_length=500)
    shaped = models.CharField(_("how the child's views shaped the decision"), max_length=500, blank=True)  # blank: approved before it was asked
    promoted = models.CharField(_("how the education will be promoted"), max_length=500)
    fits = models.CharField(_("how the move fits the Personal Education Plan"), max_length=500)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_on = models.DateField(_("approved on"))

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "enrolment", "heard", "shaped", "promoted", "fits", "language", "approved_by", "approved_on"),
        Facet.EDUCATION,
    )

    objects = ChildOwnedQuerySet["MoveApproval"].as_manager()

    class Meta:
        verbose_name = _("approval of a move")


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
            models.UniqueConstraint(fields=["child", "authority", "school", "year", "term"], name="one_record_a_term"),
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


class PolicyQuerySet(models.QuerySet["SchoolPolicy"]):
    def visible_to(self, actor: Actor) -> PolicyQuerySet:
        """The policies this actor may read: of their own school, or of the schools of their own authority (SCH-11, GOV-12)."""
        return self.filter(_of_own_school(actor))


class PolicyCheckQuerySet(models.QuerySet["PolicyCheck"]):
    def visible_to(self, actor: Actor) -> PolicyCheckQuerySet:
        """As the policy."""
        return self.filter(_of_own_school(actor))


def _of_own_school(actor: Actor) -> Q:
    if actor.role == Role.LACE_COORDINATOR:
        return Q(authority=actor.authority_id)
    return Q(school=actor.organisation_id) if actor.organisation_id else Q(pk__in=())


@tracked()
class SchoolPolicy(Row):
    """A version of a school's policy for looked-after children: written, signed by the headteacher, adopted by the governing body (SCH-11).

    The version in force is the newest adopted one; an adopted version is never changed again.
    """

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="policies", db_index=False)
    number = models.PositiveSmallIntegerField()  # from 1
    texts = models.JSONField(default=dict)  # PolicyPart -> what the policy says of it
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    kept_at = models.CharField(_("where the whole policy is kept"), max_length=300, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signed_on = models.DateField(_("signed by the headteacher"), null=True)
    adopted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # who recorded the governing body's decision
    adopted_on = models.DateField(_("adopted by the governing body"), null=True)
    review_on = models.DateField(_("review due"), null=True)
    version = models.PositiveIntegerField(default=1)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy for looked-after children")
        constraints = [
            models.UniqueConstraint(fields=["school", "number"], name="policies_in_order"),
            models.UniqueConstraint(fields=["school"], condition=Q(adopted_on__isnull=True), name="one_draft_policy"),
            models.CheckConstraint(
                condition=Q(adopted_on__isnull=True) | (Q(signed_on__isnull=False, review_on__isnull=False) & ~Q(kept_at="")),
                name="adopted_signed_and_kept",
            ),
        ]

    @property
    def missing(self) -> list[PolicyPart]:
        """The parts without text (SCH-12)."""
        return missing_parts(self.texts)

    @property
    def covered(self) -> int:
        """How many of the eleven parts have text."""
        return len(PolicyPart) - len(self.missing)


@tracked()
class PolicyCheck(Row):
    """Governors looked at the policy or at what the school does with it: who, when, at what, what they found (SCH-13). Never changed."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="policy_checks", db_index=False)
    policy = models.ForeignKey(SchoolPolicy, on_delete=models.PROTECT, related_name="checks")
    checked_on = models.DateField(_("day"))
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    aspects = ArrayField(models.CharField(max_length=8, choices=PolicyAspect), verbose_name=_("what was looked at"))
    looked_at = models.CharField(_("in particular"), max_length=300)
    found = models.TextField(_("what was found"), max_length=2000)
    action = models.CharField(_("what is to be done"), max_length=1000, blank=True)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written

    objects = PolicyCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of the policy")
        indexes = [models.Index(fields=["school", "-checked_on"])]
