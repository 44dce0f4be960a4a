"""Kinds of school and terms. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.children.rules import academic_year
from lace.core.workdays import add_months
from lace.notifications.kinds import Facts, Kind, declare, plain_facts
from schools.rules import bodies as bodies
from schools.rules import duties as duties
from schools.rules import facts as facts
from schools.rules import stages as stages


class SchoolKind(TextChoices):
    """Kinds of setting; which duties bind them is `BOUND` (000 Intro, GB; requirements section 3, "Setting nuances")."""

    NURSERY = "nursery", _("Nursery school")
    PRIMARY = "primary", _("Primary school")
    SECONDARY = "secondary", _("Secondary school")
    MIDDLE = "middle", _("School for ages 3 to 16 or 19")
    SPECIAL = "special", _("Special school")
    PRU = "pru", _("Pupil referral unit")
    INDEPENDENT = "independent", _("Independent school")
    FE_COLLEGE = "fe_college", _("Further education college")


# Maintained schools must designate a person even with no looked-after child on roll (Children and Young Persons Act 2008 s.20);
# a pupil referral unit is encouraged to (SCH-07).
BOUND = frozenset({SchoolKind.NURSERY, SchoolKind.PRIMARY, SchoolKind.SECONDARY, SchoolKind.MIDDLE, SchoolKind.SPECIAL})


class Standing(TextChoices):
    """How a school stands to the duty to have a designated person."""

    IN_PLACE = "in_place", pgettext_lazy("designated person", "In place")
    MISSING = "missing", pgettext_lazy("designated person", "Missing")
    ENCOURAGED = "encouraged", _("None: encouraged, not required")
    NOT_REQUIRED = "not_required", _("None: not required")


def standing(kind: str, *, designated: bool) -> Standing:
    """With somebody designated all is well; without, only a maintained school breaches a duty (SCH-02), a PRU never (SCH-07)."""
    if designated:
        return Standing.IN_PLACE
    if kind in BOUND:
        return Standing.MISSING
    return Standing.ENCOURAGED if kind == SchoolKind.PRU else Standing.NOT_REQUIRED


class DecidingFactor(TextChoices):
    """What a governing body weighed when it chose the person (SCH-03)."""

    STRUCTURE = "structure", _("How the school is managed")
    SCHOOL_SIZE = "school_size", _("The size of the school")
    COHORT_SIZE = "cohort_size", _("How many looked-after children it has")
    COHORT_NEEDS = "cohort_needs", _("What those children need")


class LeavingReason(TextChoices):
    MOVED = "moved", _("Moved with a placement")
    PHASE_END = "phase_end", _("Finished at the school")
    TRANSFER = "transfer", _("Changed school")
    LEFT_SCHOOL = "left_school", _("Left school")


class Term(TextChoices):
    AUTUMN = "autumn", pgettext_lazy("school term", "Autumn")
    SPRING = "spring", pgettext_lazy("school term", "Spring")
    SUMMER = "summer", pgettext_lazy("school term", "Summer")


def term_of(day: date) -> tuple[int, Term]:
    """The school year (the calendar year it began in) and the term that a day falls in.

    Bounds are the usual ones of Welsh authorities (1 September, 1 January, Easter taken as mid-April); an authority's own term
    dates come with the school-day calendar.
    """
    year = academic_year(day)
    if day.month >= 9:
        return year, Term.AUTUMN
    return year, (Term.SPRING if (day.month, day.day) < (4, 16) else Term.SUMMER)


class PolicyPart(TextChoices):
    """What a school's policy for looked-after children must hold: two requirements and nine minimum contents.

    000, "School policy for looked after children"; the values are the letters and numbers by which missing ones are named (SCH-12).
    """

    DESIGNATION = "a", _("A member of staff designated for the education of looked-after children")
    TRAINING = "b", _("Training that the designated person takes")
    ADMISSION = "1", _("How looked-after children are admitted")
    MONITORING = "2", _("How attendance, assessment and achievement are watched, child by child or together")
    CATCH_UP = "3", _("Catching up when gaps in learning are found")
    TAKING_PART = "4", _("Encouragement to join clubs, the school council and extra revision")
    REFUGE = "5", _("A way to a safe haven or to counselling at school")
    PLANS = "6", _("Completing Personal Education Plans, and being at reviews")
    EXCLUSION = "7", _("Exclusion as a sanction, and what is tried in place of it")
    LEAVING = "8", _("When a child leaves, with a move of placement or at the usual time")
    PROSPECTUS = "9", _("The policy and the designated person's name in the prospectus")


class PolicyAspect(TextChoices):
    """What governors looked at: they monitor the policy and its implementation in the school (000, the same)."""

    POLICY = "policy", _("What the policy says")
    PRACTICE = "practice", _("What the school does")


def missing_parts(texts: Mapping[str, str]) -> list[PolicyPart]:
    """The parts of a policy that have no text yet, in the order of the list."""
    return [part for part in PolicyPart if not texts.get(part, "").strip()]


def next_policy_check(adopted_on: date, checked_on: date | None, *, months: int) -> date:
    """The day by which governors look at the policy again (SCH-13): so many months after they adopted it or last looked at it."""
    return add_months(max(adopted_on, checked_on or adopted_on), months)


class EotasKind(TextChoices):
    """Kinds of education other than at school."""

    PRU = "pru", _("Pupil referral unit")
    TUITION = "tuition", _("Tuition at home or elsewhere")
    ONLINE = "online", _("Online learning")
    ALTERNATIVE = "alternative", _("Alternative provider or work-related learning")
    HOSPITAL = "hospital", _("Hospital or other health setting")
    OTHER = "other", pgettext_lazy("kind of education", "Other")


class Answerable(TextChoices):
    """Who answers for a child's safety."""

    SCHOOL = "school", _("The school")
    AUTHORITY = "authority", _("The local authority, as corporate parent")


@dataclass(frozen=True, slots=True)
class Safety:
    """Who answers for a child's safety, on what ground."""

    who: Answerable
    why: Promise
    source: Promise


SAFETY_SOURCE = _("Making a difference, “Governing bodies”: education other than at school")


def answers_for_safety(*, on_roll: bool, eotas: bool, in_care: bool, of_school_age: bool) -> Safety | None:
    """Who answers for the safety of a child who is taught elsewhere than at school, or who has no school (SCH-10).

    The school while the child is on its roll; the authority as corporate parent while the child is on no roll (000, "Governing
    bodies"). None where the question does not arise: a pupil at school, a child too young or too old to have one, nobody in care.
    """
    if on_roll:
        why = _("The child is on the school's roll and is taught elsewhere.")
        return Safety(Answerable.SCHOOL, why, SAFETY_SOURCE) if eotas else None
    if not in_care or not (eotas or of_school_age):
        return None
    why = _("The child is on no school's roll and is taught elsewhere.") if eotas else _("The child is on no school's roll.")
    return Safety(Answerable.AUTHORITY, why, SAFETY_SOURCE)


def _of_school(facts: Facts) -> Mapping[str, str]:
    """The school's name in the reader's language; facts hold both, `school_en` and `school_cy`."""
    return {**plain_facts(facts), "school": facts["school_cy" if (get_language() or "").startswith("cy") else "school_en"]}


declare(
    Kind(
        code="designation_made",
        subject=_("A school has a new designated person"),
        body=_("%(school)s has recorded a new designated person, from %(started_on)s. Open Lace to see who it is."),
        route="schools",
        words=_of_school,
    ),
    Kind(
        code="designation_ended",
        subject=_("A designation has ended"),
        body=_(
            "%(school)s has recorded that its designated person stops on %(ended_on)s. Until another is recorded the school has nobody designated."
            " The person keeps access to children's records until the authority's administrator ends the role."
        ),
        route="schools",
        words=_of_school,
    ),
    Kind(
        code="policy_signed",
        subject=_("A school policy waits for the governing body"),
        body=_(
            "The headteacher of %(school)s has signed the school's policy for looked-after children. Open Lace to read it and record its adoption."
        ),
        route="schools",
        words=_of_school,
    ),
    Kind(
        code="policy_adopted",
        subject=_("A school has adopted its policy"),
        body=_("The governing body of %(school)s adopted the school's policy for looked-after children on %(adopted_on)s. Open Lace to read it."),
        route="schools",
        words=_of_school,
    ),
)


def _handovers(facts: Facts) -> str:
    return reverse("handovers")


def _emergencies(facts: Facts) -> str:
    return reverse("emergencies")


declare(
    Kind(
        code="emergency_opened",
        subject=_("A record was opened in an emergency"),
        body=_("Somebody opened the record of %(initials)s in an emergency. Look in Lace at who it was and why, and say what you found."),
        route="emergencies",
        address=_emergencies,
        at_once=True,
    ),
    Kind(
        code="emergency_opened_by_ours",
        subject=_("Somebody of your authority opened a record in an emergency"),
        body=_("The responsible authority was told and looks into it. Open the audit in Lace to see who it was."),
        route="audit",
        at_once=True,
    ),
)


# Of children between authorities: initials and a link, whatever the authority (PRIV-14).
declare(
    *(
        Kind(code=code, subject=subject, body=body, route="handovers", address=_handovers)
        for code, subject, body in (
            (
                "placement_notice",
                _("A child has been placed in your area"),
                _("Another authority has placed %(initials)s in your area from %(started_on)s. Say in Lace that you know."),
            ),
            (
                "handover_proposed",
                _("Another authority asks yours to become responsible for a child"),
                _("A hand-over of the record of %(initials)s is proposed to your authority. Accept it or refuse it in Lace."),
            ),
            (
                "handover_withdrawn",
                _("A hand-over was withdrawn"),
                _("The hand-over of the record of %(initials)s to your authority was withdrawn. You need do nothing."),
            ),
            (
                "handover_refused",
                _("A hand-over was refused"),
                _("The other authority does not take over the record of %(initials)s. Your authority stays responsible. The reason is in Lace."),
            ),
            (
                "handover_accepted",
                _("A hand-over was accepted"),
                _(
                    "The other authority is now responsible for %(initials)s."
                    " Your authority may read a part of the record until the end of the overlap."
                ),
            ),
        )
    )
)


def sent_unasked(*, asked_on: date, due_on: date) -> bool:
    """Were data sent without a question (XLA-05)? Nobody can ask for an answer on the same day."""
    return due_on == asked_on


# Of data asked of another body, and sent unasked (XLA-05, XLA-06): what it is about is read in Lace only.
declare(
    Kind(
        code="data_asked",
        subject=_("You are asked for data about a child"),
        body=_("The authority that is responsible for %(initials)s asks for data about the child's education. Answer in Lace by %(due_on)s."),
        route="child_data",
    ),
    Kind(
        code="data_due",
        subject=_("Data about a child are still to come from you"),
        body=_("The answer about %(initials)s is due on %(due_on)s. Answer in Lace; if you do not have the data, say so there."),
        route="child_data",
    ),
    Kind(
        code="data_overdue",
        subject=_("Data that your authority asked for have not come"),
        body=_("The answer about %(initials)s was due on %(due_on)s. Those who were asked have been reminded. You may want to phone them."),
        route="child_data",
    ),
    Kind(
        code="data_withdrawn",
        subject=_("Data about a child are no longer needed from you"),
        body=_("The authority that asked for data about the education of %(initials)s has withdrawn its question. You need do nothing."),
        route="child_data",
    ),
    Kind(
        code="data_answered",
        subject=_("Data about a child have come"),
        body=_("What your authority asked about %(initials)s has been answered. Read it in Lace."),
        route="child_data",
    ),
    Kind(
        code="data_sent",
        subject=_("You are sent details of a child's education"),
        body=_("Another authority or school sent you details of the education of %(initials)s. Read them in Lace."),
        route="child_data",
    ),
)
