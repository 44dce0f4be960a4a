"""The calendars as they stand: school days of an authority and its schools, lesson times. Read only (DL-02).

A school's own terms stand in place of the authority's, term by term; days without pupils add up. Every authority may read every
calendar: a child's school is often another authority's. The calendar that counts is that of the school's own authority.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

import holidays
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lace.accounts.models import LocalAuthority, Organisation
from lace.core.schooldays import KnownTerm, SchoolCalendar
from lace.deadlines.models import ClosedDay, ExtraHoliday, LessonTimes, TermDates

Place = tuple[int, int | None]  # an authority's id and a school's, or none for what holds for all its schools


class Calendars:
    """The calendars of some authorities, or of all, read in three statements; good for the call that read them."""

    def __init__(self, terms: Mapping[Place, list[KnownTerm]], closed: Mapping[Place, set[date]], extra: Mapping[int, set[date]]) -> None:
        self._terms, self._closed, self._extra = terms, closed, extra
        self._made: dict[Place, SchoolCalendar] = {}

    @classmethod
    def read(cls, authorities: Iterable[int] | None = None) -> Calendars:
        """Of these authorities (ids), or of every one."""
        terms: dict[Place, list[KnownTerm]] = defaultdict(list)
        closed: dict[Place, set[date]] = defaultdict(set)
        extra: dict[int, set[date]] = defaultdict(set)
        wanted = None if authorities is None else set(authorities)
        for row in _of(TermDates.objects.all(), wanted):
            terms[row.authority_id, row.school_id].append(known(row))
        for authority, school, day in _of(ClosedDay.objects.all(), wanted).values_list("authority_id", "school_id", "day"):
            closed[authority, school].add(day)
        for authority, day in _of(ExtraHoliday.objects.all(), wanted).values_list("authority_id", "day"):
            extra[authority].add(day)
        return cls(terms, closed, extra)

    def of(self, authority: int, school: int | None = None) -> SchoolCalendar:
        """The calendar of a school, or what holds for all schools of the authority. Both are ids."""
        if school is not None and (authority, school) not in self._terms and (authority, school) not in self._closed:
            school = None
        if (authority, school) not in self._made:
            self._made[authority, school] = self._make(authority, school)
        return self._made[authority, school]

    def _make(self, authority: int, school: int | None) -> SchoolCalendar:
        places: list[Place] = [(authority, None)] if school is None else [(authority, None), (authority, school)]
        terms = {term.number: term for place in places for term in self._terms.get(place, [])}
        closed = frozenset[date]().union(*(self._closed.get(place, set()) for place in places))
        return SchoolCalendar(tuple(terms[number] for number in sorted(terms)), closed, frozenset(self._extra.get(authority, set())))


def known(row: TermDates) -> KnownTerm:
    return KnownTerm(row.year, row.term, row.starts_on, row.ends_on, row.break_from, row.break_to)


def _of(rows: QuerySet[Any], authorities: set[int] | None) -> QuerySet[Any]:
    return rows if authorities is None else rows.filter(authority__in=authorities)


def school_calendar(authority: LocalAuthority, school: Organisation | None = None) -> SchoolCalendar:
    """The calendar of a school, or of the authority's schools where none keeps its own. Three statements."""
    return Calendars.read([authority.pk]).of(authority.pk, school.pk if school else None)


def in_lessons(school: Organisation, moment: datetime) -> bool | None:
    """Is this a time of lessons at the school? None when that is not known: no lesson times are entered (PRIV-01, AMB-09).

    `moment` is local. A day that is known to be no school day has no lessons, nor has the midday break.
    """
    if moment.weekday() > 4:
        return False
    if school_calendar(school.authority, school).is_school_day(moment.date()) is False:
        return False
    times = list(LessonTimes.objects.filter(school=school))
    if not times:
        return None
    return any(row.weekday == moment.weekday() and _within(row, moment.time()) for row in times)


def _within(row: LessonTimes, at: time) -> bool:
    if not row.starts_at <= at < row.ends_at:
        return False
    return row.break_from is None or row.break_to is None or not row.break_from <= at < row.break_to


def published_holidays(first: date, last: date) -> list[tuple[date, str]]:
    """Bank holidays of England and Wales that fall on a weekday, with their names, from the `holidays` package."""
    named = holidays.country_holidays("GB", subdiv="WLS", years=range(first.year, last.year + 1))
    return [(day, _holiday_name(name)) for day, name in sorted(named.items()) if first <= day <= last and day.weekday() < 5]


_HOLIDAYS: dict[str, Promise] = {
    "New Year's Day": gettext_lazy("New Year's Day"),
    "Good Friday": gettext_lazy("Good Friday"),
    "Easter Monday": gettext_lazy("Easter Monday"),
    "May Day": gettext_lazy("Early May bank holiday"),
    "Spring Bank Holiday": gettext_lazy("Spring bank holiday"),
    "Late Summer Bank Holiday": gettext_lazy("Summer bank holiday"),
    "Christmas Day": gettext_lazy("Christmas Day"),
    "Boxing Day": gettext_lazy("Boxing Day"),
}


def _holiday_name(name: str) -> str:
    """In the language in use; one that was proclaimed for once keeps the name it has in the package."""
    plain = name.removesuffix(" (observed)")
    words = str(_HOLIDAYS.get(plain, plain))
    return _("%(holiday)s (in its place)") % {"holiday": words} if plain != name else words
