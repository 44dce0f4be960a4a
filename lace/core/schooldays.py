"""School days: pure date arithmetic over the term dates that are known. What is not known is None, never a guess (DL-02)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from lace.core.workdays import is_working_day, next_working_day

TERMS = ("autumn", "spring", "summer")
LESSONS = (time(9), time(15))  # the usual school day in Wales, for a school whose own lesson times are not entered
_DAY = timedelta(days=1)


def in_school_hours(moment: datetime) -> bool:
    """Does a meeting at this local time begin on a weekday between the usual first and last lesson? Then it is worth a second look (PRIV-01)."""
    return moment.weekday() < 5 and LESSONS[0] <= moment.time() < LESSONS[1]


@dataclass(frozen=True, slots=True)
class KnownTerm:
    """First and last school day of a term and of its half-term break. `year` is the calendar year in which the school year begins."""

    year: int
    term: str
    starts_on: date
    ends_on: date
    break_from: date | None = None
    break_to: date | None = None

    @property
    def number(self) -> int:
        """Terms counted through the years: neighbours differ by one."""
        return self.year * len(TERMS) + TERMS.index(self.term)

    def is_break(self, day: date) -> bool:
        return self.break_from is not None and self.break_to is not None and self.break_from <= day <= self.break_to


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of which it is known whether they are school days: terms that follow one another, with the holidays between them."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class SchoolCalendar:
    """The school days of one school, or of an authority's schools.

    `closed` are days in term without pupils, `extra` one-off bank holidays. The days between two terms that follow one another
    are holidays; where a term between them is missing, before the first and after the last one, nothing is known.
    """

    terms: tuple[KnownTerm, ...] = ()
    closed: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Monday to Friday and no bank holiday: what every school day is, in term."""
        return is_working_day(day) and day not in self.extra

    def is_school_day(self, day: date) -> bool | None:
        """Do pupils come on this day? None when no term dates are entered that would say."""
        if not self.is_working(day):
            return False
        if not any(known.starts_on <= day <= known.ends_on for known in self.stretches):
            return None
        return day in self._on

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """What is known, in order; between two of them lies at least one working day of which nothing is known."""
        found: list[Stretch] = []
        last: KnownTerm | None = None
        for term in sorted(self.terms, key=lambda term: (term.number, term.starts_on)):
            if last is not None and (term.number - last.number <= 1 or self._next_working(found[-1].ends_on) >= term.starts_on):
                found[-1] = Stretch(min(found[-1].starts_on, term.starts_on), max(found[-1].ends_on, term.ends_on))
            else:
                found.append(Stretch(term.starts_on, term.ends_on))
            last = term
        return tuple(found)

    @cached_property
    def days(self) -> tuple[date, ...]:
        """Every known school day, in order."""
        in_term = {day for term in self.terms for day in _through(term.starts_on, term.ends_on) if not term.is_break(day)}
        return tuple(sorted(day for day in in_term - self.closed if self.is_working(day)))

    @cached_property
    def _on(self) -> frozenset[date]:
        return frozenset(self.days)

    def _next_working(self, day: date) -> date:
        return next_working_day(day + _DAY, self.is_working)

    def add(self, start: date, count: int) -> date | None:
        """The day that is `count` school days after `start` (day 0, itself not counted); None when the count runs into days of which
        nothing is known. Zero days gives `start`."""
        if count <= 0:
            return start
        place = bisect_right(self.days, start) + count - 1
        if place >= len(self.days):
            return None
        found = self.days[place]
        known_from = next(known.starts_on for known in self.stretches if known.starts_on <= found <= known.ends_on)
        return found if self._next_working(start) >= known_from else None

    def reckon(self, start: date, count: int) -> tuple[date, bool]:
        """The day that is `count` school days after `start`, and whether it is only the earliest that it can be."""
        known = self.add(start, count)
        return (self.earliest(start, count), True) if known is None else (known, False)

    def earliest(self, start: date, count: int) -> date:
        """The earliest day that `add` can give once all term dates are entered: an unknown working day may be a school day."""
        day = start
        while count > 0:
            day += _DAY
            count -= self.is_school_day(day) is not False
        return day


def _through(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY
