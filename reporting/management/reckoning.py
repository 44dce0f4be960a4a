"""Dates and numbers as law and standards give them, worked out without the product: what the story expects to find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def bank_holidays(year: int) -> set[date]:
    """Of England and Wales by their rules (Banking and Financial Dealings Act 1971); one-off days would have to be added."""
    golden, century = year % 19, year // 100
    moon = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (moon // 28) * (29 // (moon + 1)) * ((21 - golden) // 11))
    sunday = moon - (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (sunday + 40) // 44
    easter = date(year, month, sunday + 28 - 31 * (month // 4))
    days = {easter - timedelta(days=2), easter + timedelta(days=1)}
    for first in (date(year, 5, 1), date(year, 5, 25), date(year, 8, 25)):  # the first Monday on or after
        days.add(first + timedelta(days=-first.weekday() % 7))
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while fixed.weekday() > 4 or fixed in days:
            fixed += timedelta(days=1)
        days.add(fixed)
    return days


def add_working_days(start: date, days: int) -> date:
    day = start
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and day not in bank_holidays(day.year)
    return day


def latest(holds: Callable[[date], bool], day: date) -> date:
    """The last day up to this one for which it holds."""
    while not holds(day):
        day -= timedelta(days=1)
    return day


def three_months_after(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month + 2, 12)
    wanted = day.day
    while True:
        try:
            return date(year, month + 1, wanted)
        except ValueError:
            wanted -= 1


def upn(school: str, year: int, serial: int) -> str:
    """A unique pupil number: check letter, authority and school, year, serial (UK Government Data Standards Catalogue 2.0)."""
    rest = f"{school}{year % 100:02d}{serial:03d}"
    return UPN_LETTERS[sum(place * int(digit) for place, digit in enumerate(rest, start=2)) % 23] + rest


def outcome(duty: dict[str, Any], today: date) -> str:
    return "on_time" if today <= date.fromisoformat(duty["due_on"]) else "late"
