"""Which days are working days: Wales's, with the one-off bank holidays of whoever keeps a calendar above this room."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q

from lace.accounts.models import Membership
from lace.core.workdays import WorkingDays, is_working_day

_calendars: list[Callable[[date], WorkingDays]] = []
_holidays: list[Callable[[date], Collection[int]]] = []


def answer_with(calendar: Callable[[date], WorkingDays], holidays: Callable[[date], Collection[int]]) -> None:
    """Say who keeps the calendar: given a first day, it says of any later day whether it is a working day; and of a day, which authorities
    (ids) have a one-off bank holiday of their own. Done once, when the app starts."""
    _calendars[:], _holidays[:] = [calendar], [holidays]


def working_days(start: date) -> WorkingDays:
    """Says of a day from `start` whether it is a working day. Inside a transaction: the calendar may be a table."""
    return _calendars[0](start) if _calendars else is_working_day


def authorities_off(day: date) -> Collection[int]:
    """Authorities (ids) that have a bank holiday of their own on a day. Inside a transaction."""
    return _holidays[0](day) if _holidays else ()


def at_rest(day: date, off: Collection[int]) -> Q:
    """Of notifications: does the recipient hold roles only in authorities that have the day off?"""
    held = Membership.objects.open_on(day).filter(user=OuterRef("recipient"))
    return Q(Exists(held.filter(authority__in=off))) & ~Q(Exists(held.exclude(authority__in=off)))
