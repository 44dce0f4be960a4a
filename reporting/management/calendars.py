"""Calendars for invented schools. Source: sample. The pattern is that of Welsh authorities; no authority published these very dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from random import Random

from lace.accounts.models import LocalAuthority, Organisation
from lace.core.schooldays import TERMS, KnownTerm, SchoolCalendar
from lace.deadlines.models import ClosedDay, LessonTimes, TermDates

# School year -> of each term the first day, half-term's first and last day, the last day; as month and day.
_PATTERN: dict[int, tuple[tuple[tuple[int, int], ...], ...]] = {
    2023: (((9, 4), (10, 30), (11, 3), (12, 22)), ((1, 8), (2, 12), (2, 16), (3, 22)), ((4, 8), (5, 27), (5, 31), (7, 19))),
    2024: (((9, 2), (10, 28), (11, 1), (12, 20)), ((1, 6), (2, 24), (2, 28), (4, 11)), ((4, 28), (5, 26), (5, 30), (7, 21))),
    2025: (((9, 1), (10, 27), (10, 31), (12, 19)), ((1, 5), (2, 16), (2, 20), (3, 27)), ((4, 13), (5, 25), (5, 29), (7, 20))),
    2026: (((9, 1), (10, 26), (10, 30), (12, 18)), ((1, 4), (2, 8), (2, 12), (3, 19)), ((4, 5), (5, 31), (6, 4), (7, 20))),
    2027: (((9, 1), (10, 25), (10, 29), (12, 17)), ((1, 4), (2, 21), (2, 25), (4, 7)), ((4, 24), (5, 29), (6, 2), (7, 20))),
}
_MIDDAY = ((time(12), time(13)), (time(12, 15), time(13)), (time(12, 30), time(13, 20)))


def _terms() -> Iterator[KnownTerm]:
    for year, terms in _PATTERN.items():
        for term, ends in zip(TERMS, terms, strict=True):
            starts_on, break_from, break_to, ends_on = (date(year + (month < 9), month, day) for month, day in ends)
            yield KnownTerm(year, term, starts_on, ends_on, break_from, break_to)


# Training days of the authority: the first day of the autumn term and of the spring term.
_TERMS = tuple(_terms())
_TRAINING = frozenset(term.starts_on for term in _TERMS if term.term != "summer")
SAMPLE = SchoolCalendar(_TERMS, _TRAINING)


def term_dates(authorities: Iterable[LocalAuthority]) -> Iterator[TermDates]:
    names = ("year", "term", "starts_on", "ends_on", "break_from", "break_to")
    for authority in authorities:
        yield from (TermDates(authority=authority, **{name: getattr(term, name) for name in names}) for term in SAMPLE.terms)


def closed_days(authorities: Iterable[LocalAuthority], schools: Iterable[Organisation], seed: int) -> Iterator[ClosedDay]:
    """The authority's training days, and of every third school one more in each school year from 2024 on, in June."""
    for authority in authorities:
        yield from (ClosedDay(authority=authority, day=day, kind=ClosedDay.Kind.INSET) for day in sorted(SAMPLE.closed))
    rng = Random(seed)
    for school in schools:
        if rng.randrange(3):
            continue
        for year in range(2025, max(_PATTERN) + 2):
            day = date(year, 6, 5) + timedelta(days=rng.randrange(24))
            found = SAMPLE.add(day, 1)
            if found is not None:
                yield ClosedDay(authority_id=school.authority_id, school=school, day=found, kind=ClosedDay.Kind.INSET)


def lesson_times(schools: Iterable[Organisation], seed: int) -> Iterator[LessonTimes]:
    """Of two schools in three; the rest have not entered theirs yet. Fridays end earlier in some."""
    rng = Random(seed + 1)
    for school in schools:
        starts_at, ends_at = time(8, rng.choice((40, 45, 50, 55))), time(15, rng.choice((0, 10, 15, 20)))
        break_from, break_to = rng.choice(_MIDDAY)
        short, known = rng.randrange(5) == 0, rng.randrange(3) > 0
        for weekday in range(5) if known else ():
            early = short and weekday == 4
            yield LessonTimes(
                authority_id=school.authority_id,
                school=school,
                weekday=weekday,
                starts_at=starts_at,
                ends_at=time(13) if early else ends_at,
                break_from=None if early else break_from,
                break_to=None if early else break_to,
            )
