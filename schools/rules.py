"""Kinds of school and terms. No database."""

from __future__ import annotations

from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.children.rules import academic_year


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
