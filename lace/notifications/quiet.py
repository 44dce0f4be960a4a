"""Which days are working days: Wales's, with the one-off bank holidays of whoever keeps a calendar above this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from lace.core.workdays import WorkingDays, is_working_day

_calendars: list[Callable[[date], WorkingDays]] = []


def answer_with(calendar: Callable[[date], WorkingDays]) -> None:
    """Say who keeps the calendar: given a first day, it says of any later day whether it is a working day. Done once, when the app starts."""
    _calendars[:] = [calendar]


def working_days(start: date) -> WorkingDays:
    """Says of a day from `start` whether it is a working day. Inside a transaction: the calendar may be a table."""
    return _calendars[0](start) if _calendars else is_working_day
