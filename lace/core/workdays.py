"""Working days of Wales and calendar months: pure date arithmetic, the same answer as the `WorkingDay` table in SQL."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

import holidays

WorkingDays = Callable[[date], bool]  # says of a day whether it is one

FIRST, LAST = date(2000, 1, 1), date(2060, 12, 31)  # what the numbered-days table covers


@cache
def bank_holidays() -> frozenset[date]:
    """Bank holidays of England and Wales, 2000 to 2060, by the `holidays` package. Weekends are not among them."""
    return frozenset(holidays.country_holidays("GB", subdiv="WLS", years=range(FIRST.year, LAST.year + 1)))


def is_working_day(day: date) -> bool:
    """Monday to Friday, no bank holiday."""
    return day.weekday() < 5 and day not in bank_holidays()


def add_working_days(start: date, days: int, working: WorkingDays = is_working_day) -> date:
    """The day that is `days` working days after `start` (day 0, itself not counted). `days` is 0 or more.

    Zero days gives `start`, working day or not: the clock has not run.
    """
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= working(day)
    return day


def next_working_day(day: date, working: WorkingDays = is_working_day) -> date:
    """The day itself if it is a working day, else the next that is."""
    while not working(day):
        day += timedelta(days=1)
    return day


def add_months(start: date, months: int) -> date:
    """The same day `months` later; the month's last day where it has no such day (31 August + 6 months = 28 or 29 February)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def numbered_days(extra: frozenset[date] = frozenset()) -> Iterator[tuple[date, int, bool]]:
    """Every day from FIRST to LAST with its number and whether it is a working day; `extra` are one-off bank holidays.

    A day off carries the number of the last working day, so that "n working days after d" is the working day numbered number(d) + n.
    """
    number, day = 0, FIRST
    while day <= LAST:
        working = is_working_day(day) and day not in extra
        number += working
        yield day, number, working
        day += timedelta(days=1)
