"""What Lace must say on each day from 2015 to 2035, by arithmetic of its own: nothing here is imported from the product.

Bank holidays, clock changes, term dates, lengths and ladders are written out by hand from the law's and the catalogue's words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

DAY = timedelta(days=1)

# code, what is counted, how many, whom it tells how many days from the due date.
# SW social worker, IRO reviewing officer, DM designated manager, LC LACE coordinator, DP designated person, HT headteacher,
# PA personal adviser, PR reviewer of plans, GO governor, LG link governor, SL senior leader.
CHILD = """
entry_recorded            calendar 1    0 SW, 1 SW, 2 DM LC
care_plan                 working 10    -3 SW, 0 SW, 1 SW, 2 DM LC
placement_plan            working 5     -3 SW, 0 SW, 1 SW, 2 DM LC
visit_first               calendar 7    -3 SW, 0 SW, 1 SW, 2 DM LC
visit_next                calendar 42   -3 SW, 0 SW, 1 SW, 2 DM LC
miss_reported             working 1     0 SW, 1 SW, 2 DM LC
idp_prepared              calendar 84   -28 LC, 0 LC, 1 LC, 2 LC
idp_reviewed              month 12      -28 LC, 0 LC, 1 LC, 2 LC
pathway_plan              event 0       -30 SW, 0 SW, 1 SW, 2 DM LC
pathway_assessed          month 3       -30 SW, 0 SW, 1 SW, 2 DM LC
pathway_reviewed          event 0       -14 PA, 0 PA, 1 PA DM, 7 LC
adviser_appointed         event 0       0 DM, 1 DM, 2 LC
occupation_at_19          month 1       -14 PA, 0 PA, 1 PA DM, 7 LC
school_place              school 15     -5 SW, 0 SW, 1 SW LC, 2 DM LC IRO
school_move               school 10     -5 SW, 0 SW, 1 SW LC, 2 DM LC IRO
information_meeting       event 0       -5 SW DP, 0 SW DP, 1 SW DP, 2 DM LC IRO
records_moved             school 5      0 DP, 1 DP, 2 LC
records_file              school 15     0 DP, 1 DP, 2 LC
child_talked_with         school 30     -7 DP, 0 DP, 1 DP HT, 7 LC
attainment_looked_at      school 10     -3 DP LC, 0 DP LC, 1 DP LC HT, 2 LC
transition_planned        event 0       -28 DP, 0 DP, 1 DP, 7 LC
year_6_programme          event 0       -42 LC, 0 LC, 1 LC, 2 LC
pep_initiated_emergency   working 10    -3 SW, 0 SW, 1 SW, 2 DM LC
pep_initiated_planned     event 0       -3 SW, 0 SW, 1 SW, 2 DM LC
pep_developed             chosen 20     -7 DP, -1 DP, 0 DP, 1 DP SW, 3 LC
pep_developed_new_school  chosen 20     -7 DP, -1 DP, 0 DP, 1 DP SW, 3 LC
pep_for_first_review      calendar 28   -7 DP, -1 DP, 0 DP, 1 DP SW, 3 LC
pep_before_review         event 0       -14 DP SW, -1 DP, 1 DP SW, 2 IRO LC
pep_quality_checked       working 10    -3 LC PR, 0 LC PR, 1 LC PR, 2 LC
carer_meeting_first       month 6       -28 DP, 0 DP, 1 DP HT, 7 LC
pep_at_16                 month 1       -7 DP, -1 DP, 0 DP, 1 DP SW, 3 LC
review_first_guidance     calendar 28   -7 IRO SW, 0 IRO SW, 1 SW, 2 DM LC
review_first_regulation   working 20    -7 IRO SW, 0 IRO SW, 1 SW, 2 DM LC
review_second             month 3       -7 IRO SW, 0 IRO SW, 1 SW, 2 DM LC
review_later              month 6       -7 IRO SW, 0 IRO SW, 1 SW, 2 DM LC
"""
SCHOOL = """
designation_told          working 5     0 HT, 1 HT GO, 2 LC
designated_trained        month 4       -28 GO, 0 GO, 1 GO HT, 7 LC
governors_report          event 0       -21 DP, 0 DP, 1 DP HT, 7 GO LG HT LC
register_confirmed        calendar 28   -7 DP, 0 DP, 1 DP, 7 LC
pupil_left_told           school 10     -3 HT, 0 HT, 1 HT, 2 LC
"""
AUTHORITY = """
census_taken              event 0       -42 LC, 0 LC, 1 LC, 14 LC
annual_report             month 12      -42 SL, 0 SL, 1 SL, 14 LC
directors_met             month 2       -14 SL, 0 SL, 1 SL, 14 LC
staff_supervised          month 3       -14 DM, 0 DM, 1 DM, 7 LC
"""
Ladder = tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Law:
    code: str
    clock: str
    length: int
    ladder: Ladder


def ladder(words: str) -> Ladder:
    """ "-3 SW, 2 DM LC": three days before to one, two days after to two others."""
    steps = [step.split() for step in words.split(",")]
    return tuple((int(days), tuple(roles)) for days, *roles in steps)


def laws(table: str) -> list[Law]:
    rows = [line.split(None, 3) for line in table.strip().splitlines()]
    return [Law(code, clock, int(length), ladder(steps)) for code, clock, length, steps in rows]


# ---- the calendar ----


def easter(year: int) -> date:
    """Sunday, by the Gregorian rule (Meeus, Jones, Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def on_or_after(day: date, weekday: int) -> date:
    return day + (weekday - day.weekday()) % 7 * DAY


def on_or_before(day: date, weekday: int) -> date:
    return day - (day.weekday() - weekday) % 7 * DAY


def bank_holidays(year: int) -> set[date]:
    """Of Wales, under the Banking and Financial Dealings Act 1971 and the proclamations of these years."""
    early_may = {2020: date(2020, 5, 8)}.get(year, on_or_after(date(year, 5, 1), 0))  # 75 years of VE Day
    spring = {2022: date(2022, 6, 2)}.get(year, on_or_before(date(year, 5, 31), 0))  # the Platinum Jubilee
    found = {easter(year) - 2 * DAY, easter(year) + DAY, early_may, spring, on_or_before(date(year, 8, 31), 0)}
    found |= {day for day in (date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)) if day.year == year}  # Jubilee, funeral, coronation
    for first in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        day = first
        while day.weekday() > 4 or day in found:  # a weekday stands in for the weekend
            day += DAY
        found.add(day)
    return found


HOLIDAYS = frozenset(day for year in range(2012, 2040) for day in bank_holidays(year))


def local_day(moment: datetime) -> date:
    """The day in Wales at a moment in UTC: an hour ahead from the last Sunday of March, 01:00 UTC, to that of October."""
    ahead, back = (datetime(moment.year, month, on_or_before(date(moment.year, month, 31), 6).day, 1, tzinfo=UTC) for month in (3, 10))
    return (moment + timedelta(hours=1) if ahead <= moment < back else moment).date()


def months_later(day: date, months: int) -> date:
    month = day.month + months
    year, month = day.year + (month - 1) // 12, (month - 1) % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - DAY).day
    return date(year, month, min(day.day, last))


@dataclass(frozen=True)
class Term:
    year: int
    name: str
    starts: date
    ends: date
    break_from: date
    break_to: date


def terms_of(year: int) -> list[Term]:
    """A school year as authorities publish them; INSET is on the Monday after the autumn's half-term."""
    autumn, spring, summer = (on_or_before(day, 0) for day in (date(year, 10, 28), date(year + 1, 2, 18), date(year + 1, 5, 31)))
    first = date(year, 9, 2)
    while first.weekday() > 4:
        first += DAY
    return [
        Term(year, "autumn", first, on_or_before(date(year, 12, 20), 4), autumn, autumn + 4 * DAY),
        Term(year, "spring", on_or_after(date(year + 1, 1, 4), 0), on_or_before(date(year + 1, 4, 1), 4), spring, spring + 4 * DAY),
        Term(year, "summer", on_or_after(date(year + 1, 4, 12), 0), on_or_before(date(year + 1, 7, 20), 4), summer, summer + 4 * DAY),
    ]


def inset_of(year: int) -> date:
    return terms_of(year)[0].break_to + 3 * DAY


# ---- what must be said ----


@dataclass
class Place:
    """An authority as the oracle knows it."""

    number: int
    chosen_clock: str  # of what the law leaves open (AMB-01)
    terms: list[Term]
    people: dict[str, int]  # who holds a role, by its short name
    holidays: set[date] = field(default_factory=set)  # proclaimed for once
    lengths: dict[str, list[tuple[date, int | None]]] = field(default_factory=dict)  # from a day; none: as in the law
    ladders: dict[str, list[tuple[date, Ladder | None]]] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in HOLIDAYS and day not in self.holidays

    def may_be_school(self, day: date) -> bool:
        """A working day that is in term, or of which nobody has said that it is a holiday."""
        if not self.works(day):
            return False
        year = day.year if day >= date(day.year, 9, 1) else day.year - 1
        for term in self.near(year):
            if term.starts <= day <= term.ends:
                return not term.break_from <= day <= term.break_to and day != inset_of(term.year)
        before = [term for term in self.near(year) if term.ends < day]
        after = [term for term in self.near(year) if term.starts > day]
        if not before or not after:
            return True
        names = ["autumn", "spring", "summer"]
        place = [3 * term.year + names.index(term.name) for term in (before[-1], after[0])]
        return place[1] - place[0] > 1

    def near(self, year: int) -> list[Term]:
        return [term for term in self.terms if abs(term.year - year) <= 1]

    def due(self, law: Law, on: date) -> date:
        chosen = max((pair for pair in self.lengths.get(law.code, []) if pair[0] <= on), default=(on, None), key=lambda pair: pair[0])[1]
        length, clock = chosen or law.length, self.chosen_clock if law.clock == "chosen" else law.clock
        if clock == "month":
            return months_later(on, length)
        counts = {"working": self.works, "school": self.may_be_school}.get(clock, lambda _day: True)
        day = on
        while length:
            day += DAY
            length -= counts(day)
        return day

    def ladder(self, law: Law, day: date) -> Ladder:
        chosen = [pair for pair in self.ladders.get(law.code, []) if pair[0] <= day]
        return (max(chosen, key=lambda pair: pair[0])[1] if chosen else None) or law.ladder


@dataclass
class Owed:
    """An open duty: how far up the ladder it was told, when, and which roles have heard that it is late."""

    key: object
    place: Place
    law: Law
    on: date
    due: date
    told: int | None = None  # days from the due date of the last rung that was told
    told_on: date | None = None
    late: set[str] = field(default_factory=set)

    def left(self, day: date) -> Ladder:
        """What is still to be said by the ladder of that day: what comes later, and what tells somebody that it is late for the first time."""
        steps = self.place.ladder(self.law, day)
        told = self.told
        if told is None:
            return steps
        new = (at for at, (days, roles) in enumerate(steps) if days > told or (days > 0 and told > 0 and not self.late.issuperset(roles)))
        return steps[next(new, len(steps)) :]


Said = tuple[object, int, int, str, date]  # which duty, days of the rung, whom, the kind of message, the due date named


class Oracle:
    """Tells once of each rung. After missed days each person hears of the newest; rungs after the due date keep their distance (SW-04)."""

    def __init__(self) -> None:
        self.open: dict[object, Owed] = {}
        self.said: dict[date, set[Said]] = defaultdict(set)

    def enter(self, key: object, place: Place, law: Law, on: date) -> None:
        self.open[key] = Owed(key, place, law, on, place.due(law, on))

    def proclaim(self, place: Place, day: date) -> None:
        """A one-off holiday: what is counted over it is counted anew, and a new due date is told from the first rung on (DL-05)."""
        place.holidays.add(day)
        for owed in self.open.values():
            if owed.place is place and (due := place.due(owed.law, owed.on)) != owed.due:
                owed.due, owed.told, owed.told_on, owed.late = due, None, None, set()

    def tell(self, day: date) -> list[object]:
        """Say what is due to be said; the duties of which all has been said."""
        ended = []
        for key, owed in self.open.items():
            for days, roles in (steps := list(self.ripe(owed, day))):
                owed.late |= set(roles) if days > 0 else set()
            if steps:
                newest = {owed.place.people[role]: days for days, roles in steps for role in roles}
                kind = "soon" if day < owed.due else "today" if day == owed.due else "late"
                self.said[day] |= {(key, days, person, kind, owed.due) for person, days in newest.items()}
                owed.told, owed.told_on = steps[-1][0], day
            if not owed.left(day):
                ended.append(key)
        for key in ended:
            del self.open[key]
        return ended

    def ripe(self, owed: Owed, day: date) -> Iterator[tuple[int, tuple[str, ...]]]:
        last, last_on = owed.told, owed.told_on
        for days, roles in owed.left(day):
            moment = owed.due + days * DAY
            if last is not None and last_on is not None and last > 0:
                moment = max(moment, last_on + max(days - last, 0) * DAY)
            if moment > day:
                return
            yield days, roles
            last, last_on = days, day
