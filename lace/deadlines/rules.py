"""What a duty's rule says. The rules themselves are declared in the app that owns them (peps/rules.py, reviews/rules.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import REACH, Reach, Role
from lace.core.workdays import WorkingDays, add_months, add_working_days, is_working_day


class Clock(TextChoices):
    """How a length is counted. Day 0 is the day of the fact."""

    CALENDAR = "calendar", _("calendar days")
    WORKING = "working", _("working days")
    MONTH = "month", _("months")
    EVENT = "event", _("on or before the event")


class Force(TextChoices):
    """How binding a duty is; only statutory and expected ones can be overdue (AMB-07)."""

    STATUTORY = "statutory", _("Statutory")
    EXPECTED = "expected", _("Expected by guidance")
    ENCOURAGED = "encouraged", _("Encouraged")
    OPTIONAL = "optional", _("Optional")

    @property
    def binds(self) -> bool:
        return self in {Force.STATUTORY, Force.EXPECTED}


class Fact(TextChoices):
    """What starts clocks."""

    EMERGENCY_ENTRY = "emergency_entry", _("entry to care in an emergency")
    PLANNED_ENTRY = "planned_entry", _("planned entry to care")
    SCHOOL_START = "school_start", _("start at a new school")
    FIRST_REVIEW = "first_review", _("the first review")
    LATER_REVIEW = "later_review", _("a later review")


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: `days` from the due date (before it when negative), told to the holders of these roles."""

    days: int
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class DutyRule:
    """A duty as the law or guidance puts it.

    `clock_setting` names the authority's column that may choose another clock (AMB-01). `goal` names what is to exist or to
    happen where several sources date the same thing: those duties stand side by side and say which is the stricter (DL-12).
    """

    code: str
    title: Promise
    why: Promise
    source: Promise
    facts: tuple[Fact, ...]
    clock: Clock
    length: int
    force: Force
    role: Role
    ladder: tuple[Rung, ...]
    version: int = 1
    effective_from: date = date(2016, 4, 6)  # Social Services and Well-being (Wales) Act 2014 in force
    verified: bool = True
    clock_setting: str = ""
    goal: str = ""

    def due(self, trigger_on: date, days: WorkingDays, clock: Clock | None = None) -> date:
        """The due date of a duty whose clock starts on `trigger_on`, which is day 0."""
        match clock or self.clock:
            case Clock.WORKING:
                return add_working_days(trigger_on, self.length, days)
            case Clock.MONTH:
                return add_months(trigger_on, self.length)
            case Clock.EVENT:
                return trigger_on
            case _:
                return trigger_on + timedelta(days=self.length)

    def next_look(self, due_on: date, rung: int) -> date | None:
        """The day on which a rung falls due; None past the end of the ladder."""
        return due_on + timedelta(days=self.ladder[rung].days) if rung < len(self.ladder) else None

    @property
    def first_late_rung(self) -> int:
        """The first rung after the due date; the ladder's length when there is none."""
        return next((index for index, rung in enumerate(self.ladder) if rung.days > 0), len(self.ladder))


RULES: dict[str, DutyRule] = {}


def declare(*rules: DutyRule) -> None:
    """Make an app's rules known; called once, at the foot of its rules.py.

    Raises ValueError on a code declared twice, a ladder out of order, or one that tells a role without children.
    """
    for rule in rules:
        if rule.code in RULES:
            raise ValueError(f"Duty {rule.code} is declared twice.")
        days = [rung.days for rung in rule.ladder]
        if days != sorted(set(days)):
            raise ValueError(f"The ladder of {rule.code} is not in order of days, or has two rungs on one day.")
        if any(REACH[role] == Reach.NONE for rung in rule.ladder for role in rung.roles):
            raise ValueError(f"The ladder of {rule.code} tells a role that may see no child.")
        RULES[rule.code] = rule


def rules_for(fact: Fact, on: date) -> list[DutyRule]:
    """The rules whose clock this fact starts, in force on that day."""
    return [rule for rule in RULES.values() if fact in rule.facts and rule.effective_from <= on]


def not_binding() -> list[str]:
    """Codes of duties that are never overdue (AMB-07)."""
    return [rule.code for rule in RULES.values() if not rule.force.binds]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a duty's row says of its rule, fact and dates when it is opened: the services and the seed write nothing else."""

    code: str
    rule_version: int
    fact: Fact
    clock: Clock
    trigger_on: date
    due_on: date
    role: Role
    next_rung: int
    next_look_on: date | None


def opening(
    rule: DutyRule, fact: Fact, on: date, *, clock: Clock | None = None, days: WorkingDays = is_working_day, told_to: date | None = None
) -> Opening:
    """The duty that a fact of day `on` opens. Knows no "today": the same fact gives the same duty whenever it is recorded.

    The ladder starts at its first rung even if that day is past; the sweep then tells each person once, of the newest rung
    that has passed, and leaves a late duty's owner the ladder's own time before it tells the next in line (SW-04).
    `told_to`, for seeding only: rungs up to and including that day count as told.
    """
    due_on = rule.due(on, days, clock)
    rung = 0 if told_to is None else sum(due_on + timedelta(days=rung.days) <= told_to for rung in rule.ladder)
    return Opening(rule.code, rule.version, fact, clock or rule.clock, on, due_on, rule.role, rung, rule.next_look(due_on, rung))


def openings(fact: Fact, on: date, *, clocks: Mapping[str, str], days: WorkingDays = is_working_day, told_to: date | None = None) -> list[Opening]:
    """The duties of every rule this fact starts. `clocks`: an authority's settings by name, e.g. {"developed_clock": "working"}."""
    return [opening(rule, fact, on, clock=chosen_clock(rule, clocks), days=days, told_to=told_to) for rule in rules_for(fact, on)]


def chosen_clock(rule: DutyRule, clocks: Mapping[str, str]) -> Clock:
    """The clock of an authority for this rule: its setting where the rule leaves the choice (AMB-01), else the rule's own."""
    return Clock(clocks[rule.clock_setting]) if rule.clock_setting in clocks else rule.clock


def clock_settings() -> set[str]:
    """The names of the authority's columns that choose clocks."""
    return {rule.clock_setting for rule in RULES.values() if rule.clock_setting}
