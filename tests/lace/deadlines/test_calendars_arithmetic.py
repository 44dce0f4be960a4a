"""School-day arithmetic against an oracle that walks day by day and knows nothing of stretches."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lace.core.schooldays import KnownTerm, SchoolCalendar
from lace.core.workdays import bank_holidays
from lace.deadlines.term_dates import check_closed, check_term
from reporting.management.calendars import SAMPLE

DAY = timedelta(days=1)
# Carmarthenshire-like: three terms, half-terms, a gap of a week and the summer.
YEAR = (
    KnownTerm(2025, "autumn", date(2025, 9, 2), date(2025, 12, 19), date(2025, 10, 27), date(2025, 10, 31)),
    KnownTerm(2025, "spring", date(2026, 1, 5), date(2026, 3, 27), date(2026, 2, 16), date(2026, 2, 20)),
    KnownTerm(2025, "summer", date(2026, 4, 13), date(2026, 7, 20), date(2026, 5, 25), date(2026, 5, 29)),
)


def naive_kind(calendar: SchoolCalendar, day: date) -> bool | None:
    """Asked of each day by itself: what term is it in, and if in none, are the terms before and after it neighbours?"""
    if day.weekday() > 4 or day in bank_holidays() or day in calendar.extra:
        return False
    inside = [term for term in calendar.terms if term.starts_on <= day <= term.ends_on]
    if inside:
        term = inside[0]
        in_break = term.break_from is not None and term.break_to is not None and term.break_from <= day <= term.break_to
        return not in_break and day not in calendar.closed
    before = [term for term in calendar.terms if term.ends_on < day]
    after = [term for term in calendar.terms if term.starts_on > day]
    if not before or not after:
        return None
    last, first = max(before, key=lambda term: term.ends_on), min(after, key=lambda term: term.starts_on)
    following = {"autumn": (last.year, "spring"), "spring": (last.year, "summer"), "summer": (last.year + 1, "autumn")}[last.term]
    return False if (first.year, first.term) == following else None


def naive_add(calendar: SchoolCalendar, start: date, count: int) -> date | None:
    day = start
    while count:
        day += DAY
        kind = naive_kind(calendar, day)
        if kind is None:
            return None
        count -= kind
    return day


@st.composite
def calendars(draw: st.DrawFn) -> SchoolCalendar:
    """Up to six terms of two years, any of them missing, with and without breaks, closed days anywhere, a one-off holiday."""
    terms = []
    for year in (2025, 2026):
        for term, starts, ends in (("autumn", date(year, 9, 1), 105), ("spring", date(year + 1, 1, 3), 80), ("summer", date(year + 1, 4, 8), 100)):
            if not draw(st.booleans(), label=f"{term} {year} is known"):
                continue
            first = starts + draw(st.integers(0, 6)) * DAY
            last = starts + (ends - draw(st.integers(0, 10))) * DAY
            begin = first + draw(st.integers(20, 40)) * DAY
            has_break = draw(st.booleans())
            terms.append(KnownTerm(year, term, first, last, begin if has_break else None, begin + 4 * DAY if has_break else None))
    anywhere = st.dates(date(2025, 8, 1), date(2027, 8, 31))
    return SchoolCalendar(tuple(draw(st.permutations(terms))), draw(st.frozensets(anywhere, max_size=8)), draw(st.frozensets(anywhere, max_size=2)))


starts = st.dates(date(2025, 7, 1), date(2027, 9, 30))


@pytest.mark.req("DL-02")
@given(calendar=calendars(), start=starts, count=st.integers(0, 90))
@settings(max_examples=300, deadline=None)
def test_the_day_so_many_school_days_later_is_that_of_an_oracle(calendar: SchoolCalendar, start: date, count: int) -> None:
    assert calendar.add(start, count) == naive_add(calendar, start, count)


@given(calendar=calendars(), day=starts)
@settings(max_examples=300, deadline=None)
def test_a_day_is_a_school_day_none_or_not_known_as_the_oracle_says(calendar: SchoolCalendar, day: date) -> None:
    assert calendar.is_school_day(day) is naive_kind(calendar, day)


@given(calendar=calendars(), start=starts, count=st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_the_earliest_day_is_never_after_the_day_itself(calendar: SchoolCalendar, start: date, count: int) -> None:
    found, earliest = calendar.add(start, count), calendar.earliest(start, count)
    assert calendar.reckon(start, count) == (earliest, found is None)
    if found is None:
        assert earliest >= start
    else:
        assert earliest == found  # counted over known days only


@pytest.mark.req("DL-02")
@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2025, 9, 1), 1, date(2025, 9, 2)),
        (date(2025, 9, 2), 20, date(2025, 9, 30)),
        (date(2025, 10, 24), 1, date(2025, 11, 3)),  # over half-term
        (date(2025, 12, 19), 1, date(2026, 1, 5)),  # over Christmas
        (date(2026, 5, 1), 1, date(2026, 5, 5)),  # over the bank holiday
        (date(2026, 7, 17), 1, date(2026, 7, 20)),
        (date(2026, 7, 17), 2, None),  # the next school year is not entered
        (date(2025, 8, 29), 1, None),  # Monday 1 September is before the first known term
    ],
)
def test_a_published_year_counts_by_hand(start: date, count: int, expected: date | None) -> None:
    calendar = SchoolCalendar(YEAR)
    assert calendar.add(start, count) == expected


def test_days_without_pupils_and_one_off_holidays_do_not_count() -> None:
    calendar = SchoolCalendar(YEAR, closed=frozenset({date(2025, 9, 3)}), extra=frozenset({date(2025, 9, 4)}))
    assert calendar.add(date(2025, 9, 2), 1) == date(2025, 9, 5)
    assert calendar.is_school_day(date(2025, 9, 3)) is False


def test_a_missing_term_between_two_known_ones_is_not_taken_for_a_holiday() -> None:
    autumn, _spring, summer = YEAR
    calendar = SchoolCalendar((autumn, summer))
    assert calendar.is_school_day(date(2026, 2, 3)) is None
    assert calendar.add(date(2025, 12, 18), 2) is None
    assert calendar.reckon(date(2025, 12, 18), 2) == (date(2025, 12, 22), True)  # Monday: it may be a school day, for all that is known
    # 9 and 10 April may be; 29 days of the summer term to 22 May without the bank holiday; then the half-term that is known
    assert calendar.reckon(date(2026, 4, 8), 33) == (date(2026, 6, 2), True)


def test_without_term_dates_nothing_is_known_but_weekends_and_bank_holidays() -> None:
    calendar = SchoolCalendar()
    assert calendar.add(date(2026, 3, 2), 1) is None
    assert calendar.is_school_day(date(2026, 3, 7)) is False
    assert calendar.is_school_day(date(2026, 4, 3)) is False  # Good Friday
    assert calendar.earliest(date(2026, 4, 2), 1) == date(2026, 4, 7)  # after Easter Monday


def test_the_sample_that_the_demo_is_seeded_with_could_be_entered() -> None:
    for term in SAMPLE.terms:
        assert list(check_term(term, SAMPLE.terms)) == []
    before = SchoolCalendar(SAMPLE.terms)
    assert [problem for day in SAMPLE.closed for problem in check_closed(day, before)] == []
    assert len(SAMPLE.stretches) == 1
    for year in range(2023, 2028):
        school_days = [day for day in SAMPLE.days if date(year, 9, 1) <= day <= date(year + 1, 8, 31)]
        assert 185 <= len(school_days) <= 195  # pupils come on 190 days
