"""When a reminder goes out by e-mail: the person's hour, the days off, and how a person wants to be told. No database."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time
from enum import Enum, auto
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lace.core.workdays import WorkingDays

LONDON = ZoneInfo("Europe/London")
# Of the digest, in local time. Never in the hour that the clock change skips or repeats (01:00 to 02:00).
EARLIEST, DEFAULT, LATEST = time(6), time(8), time(18)
MINUTES = 15  # between two times to choose from


class How(TextChoices):
    """How a person is told by e-mail of what waits in Lace."""

    DIGEST = "digest", _("One e-mail a day with everything that waits")
    SINGLE = "single", _("An e-mail for each message")
    LACE = "lace", _("Only in Lace, no e-mail")


def times() -> list[time]:
    """The times of day to choose from."""
    first, last = (moment.hour * 60 + moment.minute for moment in (EARLIEST, LATEST))
    return [time(*divmod(minutes, 60)) for minutes in range(first, last + 1, MINUTES)]


class Goes(Enum):
    """Whether a reminder may leave by e-mail now."""

    NOT_YET = auto()
    WITH_THE_DAY = auto()  # in the day's digest
    AT_ONCE = auto()  # after the day's digest, or on a day off: it is due today


def goes(*, came_at: datetime, due_on: date | None, now: datetime, at: time, working: WorkingDays) -> Goes:
    """May a reminder that came at this moment leave now, to a person whose digest goes at `at` (local time)?

    What came after the day's digest waits for the next working day's, except what is due on the day itself. On a day off nothing leaves
    but what is due on that day.
    """
    day = now.astimezone(LONDON).date()
    opens = datetime.combine(day, at, tzinfo=LONDON)
    if now < opens:
        return Goes.NOT_YET
    if working(day) and came_at <= opens:
        return Goes.WITH_THE_DAY
    return Goes.AT_ONCE if due_on == day else Goes.NOT_YET


def digest_of(secret: str) -> str:
    """What is kept of a calendar's secret: 32 random bytes need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
