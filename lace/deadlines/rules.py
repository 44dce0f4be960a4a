"""What a duty's rule says. The rules themselves are declared in the app that owns them (peps/rules/duties.py, reviews/rules.py …)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import OFFICE, REACH, WITH_DUTIES, Permission, Reach, Role
from lace.children.rules import age, school_year
from lace.core.workdays import WorkingDays, add_months, add_working_days, is_working_day

# The day that is so many school days after a day, and whether that is only the earliest it can be: term dates are missing.
SchoolDays = Callable[[date, int], tuple[date, bool]]


class Clock(TextChoices):
    """How a length is counted. Day 0 is the day of the fact."""

    CALENDAR = "calendar", _("calendar days")
    WORKING = "working", _("working days")
    SCHOOL = "school", _("school days")
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
    """What starts clocks. Those of the second half come with the calendar: the nightly reconciliation notices them."""

    EMERGENCY_ENTRY = "emergency_entry", _("entry to care in an emergency")
    PLANNED_ENTRY = "planned_entry", _("planned entry to care")
    FIRST_PLACEMENT = "first_placement", _("the start of the first placement")
    PLACEMENT_START = "placement_start", _("the start of a placement")
    VISITED = "visited", _("the visit before")
    LEFT_CARE_16 = "left_care_16", _("the end of care at 16 or 17")
    ALN_KNOWN = "aln_known", _("word of additional learning needs")
    IDP_GIVEN = "idp_given", _("the individual development plan, given or reviewed")
    SCHOOL_START = "school_start", _("start at a new school")
    SCHOOL_CHANGED = "school_changed", _("a change of school")
    PLACEMENT_MOVE_KS4 = "placement_move_ks4", _("a change of school in Years 10 and 11")
    MOVED_OUT = "moved_out", _("leaving a school because the placement moved")
    NO_SCHOOL = "no_school", _("being without a school place")
    WORDS_ASKED = "words_asked", _("contributions asked for the Personal Education Plan")
    CHALLENGED = "challenged", _("a challenge to the Personal Education Plan, by the day its reply is due")
    PLAN_FINAL = "plan_final", _("a final version of the Personal Education Plan")
    REVIEW_ARRANGED = "review_arranged", _("the day arranged for a review")
    FIRST_REVIEW = "first_review", _("the first review")
    LATER_REVIEW = "later_review", _("a later review")
    DUTY_MISSED = "duty_missed", _("a statutory timescale that was missed")
    # of a school
    DESIGNATION = "designation", _("a designation")
    DESIGNATED_FROM = "designated_from", _("the first full school year of a designation")
    PUPIL_LEFT = "pupil_left", _("a pupil's leaving the register")
    POLICY_CHECKED = "policy_checked", _("the adoption of the policy, or the last look at it")
    # by the calendar
    BIRTHDAY = "birthday", _("a birthday")
    HALF_BIRTHDAY = "half_birthday", _("a half-year of age from 16 on")
    TERM_START = "term_start", _("the start of a term")
    HALF_TERM = "half_term", _("the second half of a term")
    TERM_END = "term_end", _("the end of a term")
    SUMMER_END = "summer_end", _("the end of the summer term")
    SCHOOL_YEAR = "school_year", _("the start of a school year")
    POST16_START = "post16_start", _("the September after Year 11")
    ATTAINMENT_FELL = "attainment_fell", _("fewer subjects on track than the term before")
    YEAR_START = "year_start", _("the start of a year")
    QUARTER = "quarter", _("the start of a quarter")
    TWO_MONTHS = "two_months", _("the start of two months")
    CENSUS_DAY = "census_day", _("31 March")
    GRANT_YEAR = "grant_year", _("the start of a grant year")


class About(StrEnum):
    """Whose duty it is: about a child, or of a school or an authority as such (`BodyDuty`)."""

    CHILD = "child"
    SCHOOL = "school"
    AUTHORITY = "authority"


class Done(StrEnum):
    """How a duty is met."""

    ACT = "act"  # by an act in Lace: the plan made final, the review held
    RECORD = "record"  # outside Lace: the responsible person records the day, and in what document


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: `days` from the due date (before it when negative), told to the holders of these roles."""

    days: int
    roles: tuple[Role, ...]


class Choice(Protocol):
    """What an authority chose about a rule: a row of `RuleChoice`."""

    @property
    def length(self) -> int | None: ...
    @property
    def clock(self) -> str: ...
    @property
    def ladder(self) -> Any: ...  # [[days, [role, …]], …] or None


class Exempt(TextChoices):
    """Why by law a statutory duty does not apply to a child at all; the designated manager decides (DL-07)."""

    SHORT_BREAKS = "short_breaks", _("Short breaks: at most 4 weeks at a time and 120 days in 12 months (regulation 62)")
    NO_PEP = "no_pep", _("One of the children who need no Personal Education Plan (regulation 3A)")
    CARE_ORDER = "care_order", _("The plan is a care plan under section 31A of the Children Act 1989 (regulation 4(3))")


@dataclass(frozen=True, slots=True)
class DutyRule:
    """A duty as the law or guidance puts it.

    `rows` are the deadlines of the catalogue (T01 to T70) it stands for. `clock_setting` and `length_setting` name the authority's
    columns that choose another clock (AMB-01) or length. `goal` names what is to exist or to happen where several sources date the
    same thing: those duties stand side by side and say which is the stricter (DL-12). `local`: the source gives no number, so the
    length is the authority's to choose and says so (DL-11). `waits_for` says what Lace does not hold yet: such a duty is declared
    and never opened.

    `ages` and `years` are the first and last age and year group (Reception is 0) at which the fact starts the clock; `kinds` the
    kinds of school, all when empty. `starts`: doing it is itself a fact, which starts the next clock. `exempt`: why the law may not
    ask it of a child.
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
    length_setting: str = ""
    goal: str = ""
    rows: tuple[str, ...] = ()
    about: About = About.CHILD
    done: Done = Done.ACT
    local: bool = False
    waits_for: Promise | str = ""
    ages: tuple[int, int] | None = None
    years: tuple[int, int] | None = None
    kinds: frozenset[str] = frozenset()
    starts: Fact | None = None
    exempt: tuple[Exempt, ...] = ()

    def due(self, trigger_on: date, days: WorkingDays, clock: Clock | None = None, school_days: SchoolDays | None = None) -> date:
        """The due date of a duty whose clock starts on `trigger_on`, which is day 0.

        In school days without all the term dates: the earliest day it can be, for every school day is a working day.
        """
        match clock or self.clock:
            case Clock.WORKING:
                return add_working_days(trigger_on, self.length, days)
            case Clock.SCHOOL:
                return school_days(trigger_on, self.length)[0] if school_days else add_working_days(trigger_on, self.length, days)
            case Clock.MONTH:
                return add_months(trigger_on, self.length)
            case Clock.EVENT:
                return trigger_on
            case _:
                return trigger_on + timedelta(days=self.length)

    def is_provisional(self, trigger_on: date, school_days: SchoolDays | None) -> bool:
        """Is the due date only the earliest it can be, because term dates are missing?"""
        return self.clock == Clock.SCHOOL and (school_days is None or school_days(trigger_on, self.length)[1])

    def next_look(self, due_on: date, rung: int) -> date | None:
        """The day on which a rung falls due; None past the end of the ladder."""
        return due_on + timedelta(days=self.ladder[rung].days) if rung < len(self.ladder) else None

    @property
    def first_late_rung(self) -> int:
        """The first rung after the due date; the ladder's length when there is none."""
        return next((index for index, rung in enumerate(self.ladder) if rung.days > 0), len(self.ladder))

    def concerns(self, on: date, *, born: date | None = None, kind: str = "") -> bool:
        """Does the fact of that day start this clock for a child of that birth, or a school of that kind? What is not said is not asked."""
        if self.ages and born and not self.ages[0] <= age(born, on) <= self.ages[1]:
            return False
        if self.years and born and not self.years[0] <= school_year(born, on) <= self.years[1]:
            return False
        return not (self.kinds and kind) or kind in self.kinds

    def in_force(self, choice: Choice | None = None, *, settings: Mapping[str, Any] | None = None) -> DutyRule:
        """The rule as an authority has it: its columns (`settings`, by name), then its choice about this rule (DL-08, DL-11, AMB-01)."""
        named, rule = settings or {}, self
        if self.clock_setting in named:
            rule = replace(rule, clock=Clock(named[self.clock_setting]))
        if self.length_setting in named:
            rule = replace(rule, length=named[self.length_setting])
        if choice is None:
            return rule
        return replace(
            rule,
            length=rule.length if choice.length is None else choice.length,
            clock=Clock(choice.clock or rule.clock),
            ladder=rule.ladder if choice.ladder is None else tuple(Rung(days, tuple(map(Role, roles))) for days, roles in choice.ladder),
        )


RULES: dict[str, DutyRule] = {}


def declare(*rules: DutyRule) -> None:
    """Make an app's rules known; called once, where they are written.

    Raises ValueError on a code declared twice, a ladder out of order, or one that tells a role which may not see the duty.
    """
    for rule in rules:
        if rule.code in RULES:
            raise ValueError(f"Duty {rule.code} is declared twice.")
        days = [rung.days for rung in rule.ladder]
        if days != sorted(set(days)):
            raise ValueError(f"The ladder of {rule.code} is not in order of days, or has two rungs on one day.")
        told = {role for rung in rule.ladder for role in rung.roles}
        if not {rule.role, *told} <= WITH_DUTIES:
            raise ValueError(f"{rule.code} names a role that is known to have no duties (lace.accounts.access.WITH_DUTIES).")
        if rule.about == About.CHILD and any(REACH[role] == Reach.NONE for role in told):
            raise ValueError(f"The ladder of {rule.code} tells a role that may see no child.")
        if rule.about != About.CHILD and told - OFFICE[Permission.SEE_BODY_DUTIES]:
            raise ValueError(f"The ladder of {rule.code} tells a role that may not see the duties of a body.")
        RULES[rule.code] = rule


def rules_for(fact: Fact, on: date, *, born: date | None = None, kind: str = "") -> list[DutyRule]:
    """The rules whose clock this fact starts, in force on that day; none that waits for something Lace does not hold."""
    return [
        rule
        for rule in RULES.values()
        if fact in rule.facts and rule.effective_from <= on and not rule.waits_for and rule.concerns(on, born=born, kind=kind)
    ]


def not_binding() -> list[str]:
    """Codes of duties that are never overdue (AMB-07)."""
    return [rule.code for rule in RULES.values() if not rule.force.binds]


def subject_of(owner: object, fact: Fact, on: date) -> UUID:
    """The subject of a fact that rests on no row: of this child or body, this kind, this day. The database makes the same (`SUBJECT`)."""
    return UUID(hashlib.md5(f"{owner}:{fact}:{on.isoformat()}".encode(), usedforsecurity=False).hexdigest())


# With the names of three columns: whose it is, the fact's code, the day.
SUBJECT = "md5({owner}::text || ':' || {fact} || ':' || {on}::date::text)::uuid"


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from that nobody records: a query that the nightly reconciliation makes.

    Its columns, in this order: the child (or school, or none), the authority, the fact, its day, its subject, whether the day is
    known, and the date of birth (or the kind of school). Its parameters: `as_of`; `since`, the first day to be asked about;
    `social`, the codes of social care's statutory duties.
    """

    about: About
    facts: tuple[Fact, ...]
    sql: str


SOURCES: list[Source] = []
SETTLEMENTS: list[str] = []
DISAGREEMENTS: list[str] = []


def declare_source(*sources: Source) -> None:
    """Make known where an app's facts come from."""
    SOURCES.extend(sources)


def declare_settlement(*statements: str) -> None:
    """Make known what meets duties with the passing of days: statements with the parameters of a source."""
    SETTLEMENTS.extend(statements)


def declare_disagreement(*queries: str) -> None:
    """Make known how to find children about whom two lists disagree: queries of (authority, how many), parameters as of a source (LA-06)."""
    DISAGREEMENTS.extend(queries)


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
    provisional: bool = False


def opening(
    rule: DutyRule,
    fact: Fact,
    on: date,
    *,
    clock: Clock | None = None,
    days: WorkingDays = is_working_day,
    school_days: SchoolDays | None = None,
    told_to: date | None = None,
) -> Opening:
    """The duty that a fact of day `on` opens. Knows no "today": the same fact gives the same duty whenever it is recorded.

    The ladder starts at its first rung even if that day is past; the sweep then tells each person once, of the newest rung
    that has passed, and leaves a late duty's owner the ladder's own time before it tells the next in line (SW-04).
    `told_to`, for seeding only: rungs up to and including that day count as told.
    """
    rule = replace(rule, clock=clock) if clock else rule
    due_on = rule.due(on, days, school_days=school_days)
    rung = 0 if told_to is None else sum(due_on + timedelta(days=rung.days) <= told_to for rung in rule.ladder)
    provisional = rule.is_provisional(on, school_days)
    return Opening(rule.code, rule.version, fact, rule.clock, on, due_on, rule.role, rung, rule.next_look(due_on, rung), provisional)


def openings(
    fact: Fact,
    on: date,
    *,
    clocks: Mapping[str, Any] | None = None,
    choices: Mapping[str, Choice] | None = None,
    days: WorkingDays = is_working_day,
    school_days: SchoolDays | None = None,
    born: date | None = None,
    kind: str = "",
    told_to: date | None = None,
) -> list[Opening]:
    """The duties of every rule this fact starts for a child of that birth, or a school of that kind.

    `clocks`: an authority's settings by name, e.g. {"developed_clock": "working"}; `choices`: its choices by code; `school_days`
    counts by the child's school.
    """
    return [
        opening(rule.in_force((choices or {}).get(rule.code), settings=clocks), fact, on, days=days, school_days=school_days, told_to=told_to)
        for rule in rules_for(fact, on, born=born, kind=kind)
    ]


def authority_settings() -> set[str]:
    """The names of the authority's columns that choose clocks and lengths."""
    return {name for rule in RULES.values() for name in (rule.clock_setting, rule.length_setting) if name}


# -- ladders that several rules share --------------------------------------------------------------------------------


def ladder(
    first: int, *owner: Role, also: tuple[Role, ...] = (), then: tuple[Role, ...] = (Role.LACE_COORDINATOR,), late: int = 2
) -> tuple[Rung, ...]:
    """Those responsible before, on and the day after the due date; `also` on the day after too; `then`, `late` days after it."""
    before = (Rung(-first, owner),) if first else ()
    return (*before, Rung(0, owner), Rung(1, (*owner, *also)), Rung(late, then))


SOCIAL_CARE = (Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR)  # told of what the social worker or the IRO missed (SW-04)
