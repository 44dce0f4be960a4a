"""Duties of children and of bodies, what an authority chose about them, the calendars they are counted by, and the sweep's runs."""

from lace.deadlines.models.calendars import ClosedDay, ExtraHoliday, LessonTimes, TermDates, WorkingDay
from lace.deadlines.models.choices import Absence, RuleChoice
from lace.deadlines.models.duty import BodyDuty, Duty, DutyQuerySet, MissAnswer, Waiver
from lace.deadlines.models.sweep import SweepRun

__all__ = [
    "Absence",
    "BodyDuty",
    "ClosedDay",
    "Duty",
    "DutyQuerySet",
    "ExtraHoliday",
    "LessonTimes",
    "MissAnswer",
    "RuleChoice",
    "SweepRun",
    "TermDates",
    "Waiver",
    "WorkingDay",
]
