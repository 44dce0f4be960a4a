"""Kinds of school and terms. No database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.children.rules import academic_year
from lace.notifications.kinds import Facts, Kind, declare, plain_facts


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
)
