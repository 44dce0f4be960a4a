"""What term dates and days without pupils must be like. Pure: the services, the pages and the files that are read in ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lace.children.rules import academic_year_label
from lace.core.errors import Message
from lace.core.schooldays import KnownTerm, SchoolCalendar
from lace.core.workdays import FIRST, LAST, bank_holidays

Problem = tuple[str, Message]  # a field's name and a sentence for the reader
YEARS = range(FIRST.year, LAST.year)  # school years that the table of working days covers


def term_words(term: str, year: int | None = None) -> str:
    """ "autumn term 2026/27" in the language in use."""
    names = {"autumn": _("autumn term"), "spring": _("spring term"), "summer": _("summer term")}
    return f"{names[term]} {academic_year_label(year)}" if year is not None else names[term]


def period(first: date, last: date) -> str:
    return _("%(first)s to %(last)s") % {"first": written(first), "last": written(last)}


def written(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def in_year(year: int) -> tuple[date, date]:
    """The first and the last day of a school year."""
    return date(year, 9, 1), date(year + 1, 8, 31)


def check_term(term: KnownTerm, others: Iterable[KnownTerm]) -> Iterator[Problem]:
    """What is wrong with a term beside the other terms of the same calendar; nothing when it may stand."""
    first, last = in_year(term.year)
    if term.ends_on <= term.starts_on:
        yield "ends_on", _("The last day of term must be after the first")
        return
    for name, day in (("starts_on", term.starts_on), ("ends_on", term.ends_on)):
        if not first <= day <= last:
            words = {"day": written(day), "year": academic_year_label(term.year), "period": period(first, last)}
            yield name, _("%(day)s is not in the school year %(year)s, which runs from %(period)s") % words
        elif day.weekday() > 4 or day in bank_holidays():
            yield name, _("%(day)s is a weekend or a bank holiday. Enter a day on which school is open") % {"day": written(day)}
    yield from _check_break(term)
    for other in others:
        if other.number == term.number:
            continue
        if term.starts_on <= other.ends_on and other.starts_on <= term.ends_on:
            words = {"term": term_words(other.term, other.year), "period": period(other.starts_on, other.ends_on)}
            yield "starts_on", _("These days overlap the %(term)s, %(period)s") % words
        elif (term.number < other.number) != (term.starts_on < other.starts_on):
            words = {"term": term_words(other.term, other.year), "period": period(other.starts_on, other.ends_on)}
            yield "starts_on", _("These days are on the wrong side of the %(term)s, %(period)s") % words


def _check_break(term: KnownTerm) -> Iterator[Problem]:
    begin, end = term.break_from, term.break_to
    if begin is None and end is None:
        return
    if begin is None or end is None:
        yield ("break_from" if begin is None else "break_to"), _("Enter the first and the last day of half-term, or neither")
    elif end < begin:
        yield "break_to", _("The last day of half-term cannot be before the first")
    elif not (term.starts_on < begin and end < term.ends_on):
        yield "break_from", _("Half-term must lie inside the term, %(period)s") % {"period": period(term.starts_on, term.ends_on)}


def check_closed(day: date, calendar: SchoolCalendar) -> Iterator[Problem]:
    """Why a day can be no day without pupils in this calendar; nothing when it can. It must be a school day so far."""
    words = {"day": written(day)}
    if day in calendar.closed:
        yield "day", _("%(day)s is entered already") % words
    elif day.weekday() > 4:
        yield "day", _("%(day)s is a Saturday or a Sunday: pupils do not come then in any case") % words
    elif not calendar.is_working(day):
        yield "day", _("%(day)s is a bank holiday: pupils do not come then in any case") % words
    elif calendar.is_school_day(day) is None:
        yield "day", _("No term dates are entered around %(day)s. Enter them first") % words
    elif not calendar.is_school_day(day):
        yield "day", _("%(day)s lies in the holidays: pupils do not come then in any case") % words


def with_terms(calendar: SchoolCalendar, terms: Iterable[KnownTerm]) -> SchoolCalendar:
    """The calendar with these terms in place of what stood for them."""
    kept = {term.number: term for term in (*calendar.terms, *terms)}
    return SchoolCalendar(tuple(kept[number] for number in sorted(kept)), calendar.closed, calendar.extra)
