"""Working days and months: hand-checked days, and Python and SQL giving one answer for every day of 2000 to 2060."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from lace.core.workdays import FIRST, LAST, add_months, add_working_days, bank_holidays, is_working_day, next_working_day, numbered_days
from lace.deadlines.models import WorkingDay

DAYS = st.dates(FIRST, LAST - timedelta(days=400))


@pytest.mark.req("DL-02")
@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2024, 12, 25), "Christmas Day"),
        (date(2025, 4, 18), "Good Friday"),
        (date(2025, 4, 21), "Easter Monday"),
        (date(2021, 12, 27), "substitute for Christmas Day on a Saturday"),
        (date(2021, 12, 28), "substitute for Boxing Day on a Sunday"),
        (date(2022, 1, 3), "substitute for New Year's Day on a Saturday"),
        (date(2020, 5, 8), "early May holiday moved to VE Day"),
        (date(2022, 6, 3), "Platinum Jubilee"),
        (date(2022, 9, 19), "state funeral"),
        (date(2023, 5, 8), "coronation"),
    ],
)
def test_bank_holidays_of_wales(day: date, why: str) -> None:
    assert day in bank_holidays(), why
    assert not is_working_day(day)


@pytest.mark.parametrize("day", [date(2024, 1, 2), date(2024, 11, 30), date(2024, 3, 18), date(2024, 8, 5), date(2022, 5, 30), date(2020, 5, 4)])
def test_holidays_of_scotland_and_ireland_and_moved_ones_are_not_ours(day: date) -> None:
    assert day not in bank_holidays()


@given(DAYS, st.integers(0, 60))
def test_the_nth_working_day_is_one_with_n_working_days_up_to_it(start: date, count: int) -> None:
    end = add_working_days(start, count)
    between = [start + timedelta(days=step) for step in range(1, (end - start).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert end == start or is_working_day(end)


@given(DAYS)
def test_the_next_working_day_is_the_day_itself_or_the_first_after_it(day: date) -> None:
    found = next_working_day(day)
    assert is_working_day(found)
    assert not any(is_working_day(day + timedelta(days=step)) for step in range((found - day).days))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 12, 15), 12, date(2025, 12, 15)),
    ],
)
def test_months(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


@given(DAYS, st.integers(0, 12))
def test_months_keep_the_day_or_end_the_month(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


def test_numbers_rise_by_one_on_working_days_only() -> None:
    for (_, before, _), (day, number, working) in pairwise(numbered_days()):
        assert number - before == working == is_working_day(day)


@pytest.mark.req("DL-02")
@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 10, 20])
def test_python_and_sql_agree_on_every_day(count: int) -> None:
    """The join of the numbered days and the loop of Python, for each of the 22,000 days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.day, e.day FROM deadlines_workingday s JOIN deadlines_workingday e ON e.number = s.number + %s AND e.is_working ORDER BY s.day",
            [count],
        )
        joined = cursor.fetchall()
    assert len(joined) > 22_000
    assert [pair for pair in joined if add_working_days(pair[0], count) != pair[1]] == []


@pytest.mark.django_db
def test_a_one_off_bank_holiday_in_the_table_counts() -> None:
    WorkingDay.objects.filter(day=date(2027, 6, 7)).update(is_working=False)
    working = WorkingDay.objects.counted_from(date(2027, 6, 4))
    assert not working(date(2027, 6, 7))
    assert add_working_days(date(2027, 6, 4), 1, working) == date(2027, 6, 8)
    assert add_working_days(date(2027, 6, 4), 1) == date(2027, 6, 7)
