"""A calendar as pages show it: terms by school year, days without pupils, bank holidays, lesson times; and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from lace.accounts.models import LocalAuthority, Organisation
from lace.children.rules import academic_year, academic_year_label
from lace.core.schooldays import TERMS
from lace.deadlines.calendars import published_holidays
from lace.deadlines.models import ClosedDay, ExtraHoliday, LessonTimes, TermDates
from lace.deadlines.models.calendars import SchoolTerm
from lace.deadlines.rules import RULES, Clock
from lace.deadlines.term_dates import in_year, written

AHEAD = 2  # school years after the present one that a page shows
WEEKDAYS = 5
Link = Callable[..., str]  # an address of the same calendar: route, then what it asks


def weekday_name(weekday: int) -> str:
    return date_format(date(2024, 1, 1 + weekday), "l")  # 1 January 2024 was a Monday


def calendar_url(route: str, school: Organisation | None, **asked: Any) -> str:
    """The address of a page of this calendar."""
    words = ({"school": school.pk} if school else {}) | asked
    return reverse(route) + (f"?{urlencode(words)}" if words else "")


def shown_calendar(authority: LocalAuthority, school: Organisation | None, on: date, *, link: Link | None = None) -> dict[str, Any]:
    """What a template shows of a calendar; `link` for those who may change it."""
    this_year = academic_year(on)
    years = range(this_year, this_year + AHEAD + 1)
    places = [None] if school is None else [None, school.pk]
    rows = [row for row in TermDates.objects.filter(authority=authority, year__in=years) if row.school_id in places]
    held = {(row.year, row.term): row for row in sorted(rows, key=lambda row: row.school_id is not None)}
    first, last = in_year(this_year)[0], in_year(years[-1])[1]
    closed = [row for row in ClosedDay.objects.filter(authority=authority, day__range=(first, last)).order_by("day") if row.school_id in places]
    return {
        "years": [
            {
                "label": academic_year_label(year),
                "rows": [_term(held.get((year, term)), year, term, school, link) for term in TERMS],
                "is_empty": not any((year, term) in held for term in TERMS),
                "days": ngettext("%(count)s term entered", "%(count)s terms entered", n) % {"count": n}
                if (n := sum((year, term) in held for term in TERMS))
                else _("No term entered"),
            }
            for year in years
        ],
        "term_columns": [
            pgettext("school", "Term"),
            _("First day"),
            _("Half-term"),
            _("Last day"),
            *([pgettext("dates", "Whose")] if school else []),
            *([_("Change")] if link else []),
        ],
        "missing": _missing(held, on),
        "waiting": sorted(str(rule.title) for rule in RULES.values() if rule.clock == Clock.SCHOOL and not rule.waits_for),
        "closed_columns": [_("Day"), pgettext("closed day", "Why"), *([pgettext("dates", "Whose")] if school else [])],
        "closed": [[day_words(row.day), row.get_kind_display(), *([_whose(row.school_id)] if school else [])] for row in closed],
        "holiday_columns": [_("Day"), _("Bank holiday"), _("Where it comes from")],
        "holidays": _holidays(authority, on, in_year(this_year + 1)[1]),
        "lessons": lessons(school) if school else [],
        "lesson_columns": [_("Weekday"), _("First lesson begins"), _("Midday break"), _("Last lesson ends")],
    }


def day_words(day: date) -> str:
    """A day with the name of its weekday, by which a slip is seen at once."""
    return _("%(weekday)s, %(day)s") % {"weekday": date_format(day, "l"), "day": written(day)}


def _term(row: TermDates | None, year: int, term: str, school: Organisation | None, link: Link | None) -> list[Any]:
    name = str(SchoolTerm(term).label)
    change = [{"text": _("Change") if row else _("Enter"), "href": link("calendar_term", year=year, term=term)}] if link else []
    if row is None:
        return [name, {"text": _("Not entered"), "tag": "soon"}, "", "", *([""] if school else []), *change]
    half = _("None entered")
    if row.break_from and row.break_to:
        half = _("%(first)s to %(last)s") % {"first": written(row.break_from), "last": written(row.break_to)}
    return [name, day_words(row.starts_on), half, day_words(row.ends_on), *([_whose(row.school_id)] if school else []), *change]


def _whose(school: int | None) -> str:
    return _("The school's own") if school else _("The authority's")


def _missing(held: dict[tuple[int, str], TermDates], on: date) -> list[str]:
    """The terms that nobody has entered: of this school year, unless they are over, and of the next; by year."""
    year = academic_year(on)
    over = {"autumn": on.month < 9, "spring": 4 < on.month < 9, "summer": on.month == 8}
    found = []
    for asked in (year, year + 1):
        gone = [str(SchoolTerm(term).label) for term in TERMS if (asked, term) not in held and not (asked == year and over[term])]
        if gone:
            found.append(_("%(year)s: %(terms)s") % {"year": academic_year_label(asked), "terms": ", ".join(gone)})
    return found


def _holidays(authority: LocalAuthority, on: date, last: date) -> list[list[Any]]:
    own = ExtraHoliday.objects.filter(authority=authority, day__range=(in_year(academic_year(on))[0], last))
    rows = [(day, name, _("Published for England and Wales")) for day, name in published_holidays(on, last)]
    rows += [(row.day, row.name, _("Added by the authority")) for row in own]
    return [[day_words(day), name, source] for day, name, source in sorted(rows)]


def lessons(school: Organisation) -> list[list[Any]]:
    """A school's week, as far as it is entered."""
    found = []
    for row in LessonTimes.objects.filter(school=school).order_by("weekday"):
        midday = _("None entered")
        if row.break_from and row.break_to:
            midday = _("%(first)s to %(last)s") % {"first": time_format(row.break_from), "last": time_format(row.break_to)}
        found.append([weekday_name(row.weekday), time_format(row.starts_at), midday, time_format(row.ends_at)])
    return found


def lessons_in_words(school: Organisation | None) -> str:
    """What Lace takes for the lessons of a child who goes to this school, for those who arrange a meeting (PRIV-01, AMB-09)."""
    rows = list(LessonTimes.objects.filter(school=school).order_by("weekday")) if school else []
    if not rows:
        return _("The school's lesson times are not entered: Lace takes lessons to be from 9:00 to 15:00 on weekdays.")
    week = [
        _("%(weekday)s %(first)s to %(last)s")
        % {"weekday": weekday_name(row.weekday), "first": time_format(row.starts_at), "last": time_format(row.ends_at)}
        for row in rows
    ]
    return _("Lessons at the school: %(week)s.") % {"week": "; ".join(week)}
