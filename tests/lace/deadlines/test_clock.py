"""Every day from 2015 to 2035 and both clock changes of each year: what the sweep writes equals an oracle that shares nothing with it.

CI walks through some months; by night `LACE_CLOCK=all pytest tests/lace/deadlines/test_clock.py` walks through every day, each bell from
23:30 to 02:30 local.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import LocalAuthority, Membership
from lace.children.models import ChildGroupGrant, ChildUserGrant
from lace.core.actor import Actor
from lace.core.workdays import bank_holidays as ours
from lace.deadlines.models import BodyDuty, ClosedDay, Duty, SweepRun, TermDates
from lace.deadlines.reckoning import Reckoner
from lace.deadlines.rules import RULES, Rung
from lace.deadlines.services.calendars import add_holiday
from lace.deadlines.services.choices import choose
from lace.deadlines.tasks import ring_sweep
from lace.notifications import bell
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.lace.deadlines import clock_oracle as law
from tests.lace.deadlines.clock_oracle import DAY, HOLIDAYS, Law, Oracle, Place, ladder
from tests.world import Authority, World, furnish

SHORT = {
    **{"SW": Role.SOCIAL_WORKER, "IRO": Role.IRO, "DM": Role.DESIGNATED_MANAGER, "LC": Role.LACE_COORDINATOR, "DP": Role.DESIGNATED_PERSON},
    **{"HT": Role.HEADTEACHER, "PA": Role.PERSONAL_ADVISER, "PR": Role.PEP_REVIEWER, "GO": Role.GOVERNOR, "LG": Role.LINK_GOVERNOR},
    **{"SL": Role.SENIOR_LEADER},
}
CHILD, SCHOOL, AUTHORITY = (law.laws(table) for table in (law.CHILD, law.SCHOOL, law.AUTHORITY))
LAWS = {rule.code: rule for rule in (*CHILD, *SCHOOL, *AUTHORITY)}
EVERY = os.environ.get("LACE_CLOCK") == "all"
# In CI: a leap day, a clock change and a holiday that was moved (2020); both clock changes, the Jubilee and a funeral (2022); Christmas.
SAMPLE = [(date(2020, 2, 20), date(2020, 5, 20)), (date(2022, 3, 20), date(2022, 11, 5)), (date(2027, 12, 15), date(2028, 1, 15))]
WHOLE = [(date(year, 1, 1), date(year + 2, 12, 31)) for year in range(2015, 2036, 3)]
# Rules of which authorities choose now another ladder, now the law's again. Each tells everyone at the latest when the law's does.
OWN_LADDERS = {
    "pep_developed": ("-14 DP, 1 DP SW LC", "-10 DP, -7 DP, -3 DP, -1 DP, 0 DP, 1 DP SW, 2 LC, 3 HT"),
    "care_plan": ("-3 SW, 1 SW DM LC", "-5 SW DM, -3 SW, -1 SW, 0 SW, 1 SW, 2 DM LC"),
    "review_first_regulation": ("-7 IRO SW, 1 SW, 2 DM LC", "-14 IRO SW, -7 SW, 0 IRO, 1 SW IRO DM, 2 LC DM"),
}
CHANGING = list(OWN_LADDERS)


def test_the_bank_holidays_are_those_of_the_acts() -> None:
    for year in range(2015, 2037):
        assert {day for day in ours() if day.year == year and day.weekday() < 5} == {
            day for day in HOLIDAYS if day.year == year and day.weekday() < 5
        }


@pytest.mark.parametrize(("first", "last"), WHOLE if EVERY else SAMPLE, ids=str)
@pytest.mark.req("DL-01", "DL-02", "DL-03", "DL-04", "DL-05")
def test_every_day_tells_what_the_oracle_says_once(world: World, monkeypatch: pytest.MonkeyPatch, first: date, last: date) -> None:
    years = Simulation(world, monkeypatch, first, last)
    years.run()
    wrong = {day for day in years.oracle.said.keys() | years.heard.keys() if years.oracle.said.get(day, set()) != years.heard.get(day, set())}
    for day in sorted(wrong)[:3]:
        said, heard = years.oracle.said.get(day, set()), years.heard.get(day, set())
        raise AssertionError(f"{day}: not told {sorted(map(str, said - heard))[:5]}, told without reason {sorted(map(str, heard - said))[:5]}")
    assert years.rows == sum(map(len, years.heard.values())), "something was told twice"
    with serving(job(years.last)):
        rows = Notification.objects.filter(kind__contains="duty_")
        key = ("source", "kind", "step", "recipient")
        assert set(rows.filter(channel="inbox").values_list(*key)) == set(rows.filter(channel="email").values_list(*key))
        assert rows.count() == 2 * years.rows
        assert not SweepRun.objects.filter(unheard__gt=0).exists()
    assert {1, 3, 10} <= set(years.outages) or (last - first).days < 200
    assert years.rows > 2 * (last - first).days
    print(f"\n{first} to {last}: {years.entered} duties, {years.rows} reminders, {years.rings} bells, {len(years.outages)} outages")  # noqa: T201  # the count is part of the proof


def job(day: date, name: str = "sweep") -> Actor:
    return Actor.named_job(name, today=day)


class Simulation:
    """Four authorities with calendars, clocks, lengths and ladders of their own; a fact of each on most days; workers that stand still."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, first: date, last: date) -> None:
        self.dice = random.Random(first.year)
        self.first, self.last = first, last
        self.oracle, self.heard, self.of = Oracle(), dict[date, set[law.Said]](), dict[UUID, tuple[Place, Law]]()
        self.entered = self.rows = self.rings = 0
        self.ended: list[Any] = []
        self.turns: list[date] = []
        self.told = False
        self.moment = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.moment)
        monkeypatch.setattr(bell, "ring_on_commit", lambda: setattr(self, "told", True))
        self.reckoner: Reckoner | None = None
        self.reckons_until = self.first
        self.sides = [world.own, world.other, furnish("CMN"), furnish("AGY")]
        self.places = [self.place(number, side) for number, side in enumerate(self.sides)]
        self.furnish()
        self.down = self.standstills()

    def place(self, number: int, side: Authority) -> Place:
        clock = ["calendar", "working", "school", "calendar"][number]
        side.row.developed_clock = clock
        LocalAuthority.objects.filter(pk=side.row.pk).update(developed_clock=clock)
        terms = [term for year in range(2013, 2038) for term in law.terms_of(year)] if number in {2, 3} else []
        if number == 3:  # a spring term is missing each third year: nobody knows when it is
            terms = [term for term in terms if term.name != "spring" or term.year % 3]
        return Place(number, clock, terms, {short: side.user(role).pk for short, role in SHORT.items()})

    def furnish(self) -> None:
        """People who are there all the time; term dates; nothing due but what the simulation enters."""
        Membership.objects.update(starts_on=date(2010, 1, 1))
        for side, place in zip(self.sides, self.places, strict=True):
            with serving(side.actor(Role.CASE_SYSTEM)):
                Duty.objects.update(closed_on=self.first, outcome="waived", next_look_on=None)
                for grants in (ChildUserGrant, ChildGroupGrant):
                    grants.objects.filter(content_object=side.child).update(starts_on=date(2010, 1, 1))
                ChildUserGrant.objects.filter(content_object=side.child, ends_on__isnull=False).update(ends_on=date(2040, 1, 1))
            years = {term.year for term in place.terms}
            with serving(side.actor(Role.ADMINISTRATOR)):
                TermDates.objects.bulk_create(
                    TermDates(
                        authority=side.row, year=term.year, term=term.name, starts_on=term.starts, ends_on=term.ends,
                        break_from=term.break_from, break_to=term.break_to,
                    )
                    for term in place.terms
                )  # fmt: skip
                ClosedDay.objects.bulk_create(ClosedDay(authority=side.row, day=law.inset_of(year), kind=ClosedDay.Kind.INSET) for year in years)
        held = {member.user_id: Role(member.role) for member in Membership.objects.all()}
        assert {held[person] for place in self.places for person in place.people.values()} == set(SHORT.values())

    def standstills(self) -> set[date]:
        """Days on which no worker runs: one, three and ten days at a time, among them clock changes, leap days and Christmas."""
        down: set[date] = set()
        for year in range(self.first.year, self.last.year + 1):
            spring, autumn = (law.on_or_before(date(year, month, 31), 6) for month in (3, 10))
            begins = [(spring - year % 3 * DAY, 3 if year % 2 else 1), (autumn - year % 2 * DAY, 1 if year % 2 else 3)]
            begins += [(date(year, 2, 28), 1 + year % 8 // 4 * 2)]
            begins += [(date(year, 12, 20 + year % 7), 10), (date(year, 7, 1) + self.dice.randrange(40) * DAY, 10)]
            begins += [(date(year, 1, 8) + self.dice.randrange(340) * DAY, length) for length in (1, 1, 3)]
            for start, length in begins:
                days = {start + number * DAY for number in range(length)}
                if not down & {start - DAY, *days, start + length * DAY}:
                    down |= days
        down = {day for day in down if self.first < day < self.last}
        self.outages = stretches(down)
        return down

    # ---- the years ----

    def run(self) -> None:
        day = self.first - 400 * DAY
        while day < self.first:  # what counts in months, so that it falls due in the first year
            self.facts(day, only="month")
            day += 3 * DAY
        while day <= self.last:
            if day not in self.down:
                self.ring(day, self.moments(day, range(-60, 180, 30)))
            self.happen(day)
            if day not in self.down:
                self.ring(day, self.moments(day, (1350, 1379, 1380, 1410, 1439)))
            day += DAY

    def moments(self, day: date, minutes: Any) -> list[datetime]:
        """Moments of that day in Wales, given in minutes of its day in UTC; on most days one of them, unless every one is asked for."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = [midnight + timedelta(minutes=minute) for minute in minutes]
        found = [moment for moment in found if law.local_day(moment) == day]
        near = {day, day + DAY, day - DAY}
        change = any(law.on_or_before(date(day.year, month, 31), 6) in near for month in (3, 10))
        if EVERY or change or (day.month, day.day) in {(2, 28), (2, 29), (3, 1), (12, 31), (1, 1)}:
            return found
        return [found[0] if self.dice.random() < 0.7 else self.dice.choice(found)]

    def ring(self, day: date, moments: list[datetime]) -> None:
        for self.moment in moments:
            ring_sweep()
            self.rings += 1
            if self.told:
                self.hear(day)
        self.ended += self.oracle.tell(day)

    def hear(self, day: date) -> None:
        """What came into the outbox since it was emptied; it is emptied."""
        self.told = False
        query = "UPDATE notifications_notification SET accepted_at = now() WHERE accepted_at IS NULL AND channel = 'email' AND kind ~ 'duty_'"
        with serving(job(day)), connection.cursor() as cursor:
            cursor.execute(f"{query} RETURNING source, step, recipient_id, kind, facts ->> 'due_on'")
            rows = cursor.fetchall()
        self.rows += len(rows)
        heard = self.heard.setdefault(day, set())
        for source, step, person, kind, due_on in rows:
            place, rule = self.of[source]
            days = place.ladder(rule, day)[step % 100][0]
            heard.add((source, days, person, kind.removeprefix("body_").removeprefix("duty_"), date.fromisoformat(due_on)))

    # ---- what happens at noon ----

    def happen(self, day: date) -> None:
        self.moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self.facts(day)
        self.do_some(day)
        if day.day == 1:  # what was told to the end is done at last
            with serving(job(day)):
                for model in (Duty, BodyDuty):
                    model._default_manager.filter(pk__in=self.ended).update(closed_on=day, outcome="late")
            self.ended = []
        if day.day == 11 and day.month in {2, 6, 11}:
            self.proclaim(day)
        if day.day == 11 and day.month in {3, 5, 8, 10}:
            self.choose(day)

    def facts(self, day: date, only: str = "") -> None:
        """Enter a few duties: one whose fact is of that day, others recorded up to seven weeks late."""
        rules = [rule for rule in CHILD if not only or rule.clock == only]
        wanted = [(rule, day) for rule in self.dice.sample(rules, 1)]
        if not only:
            late = [day, day, day, day - self.dice.randrange(50) * DAY]
            wanted += [(rule, self.dice.choice(late)) for rule in self.dice.sample([*CHILD, *SCHOOL, *AUTHORITY], 1)]
            wanted += [(LAWS[code], day) for code in CHANGING[day.day % 3 : day.day % 3 + 1]]
        made: list[Duty] = []
        bodies: list[BodyDuty] = []
        with serving(job(day, "reconciliation")):
            for rule, on in wanted:
                number = self.dice.randrange(len(self.sides))
                side, place, subject = self.sides[number], self.places[number], uuid4()
                body = None if rule in AUTHORITY else side.school.organisation
                where = (side.row.pk, body.pk) if body else None
                opening = self.reckons(day).opening(rule.code, RULES[rule.code].facts[0], on, side.row.pk, where)
                if rule in CHILD:
                    made.append(Duty(child=side.child, authority=side.row, subject=subject, **asdict(opening)))
                else:
                    bodies.append(BodyDuty(body=body, authority=side.row, subject=subject, **asdict(opening)))
                key = (made if rule in CHILD else bodies)[-1].pk
                self.of[key] = place, rule
                self.oracle.enter(key, place, rule, on)
            Duty.objects.bulk_create(made)
            BodyDuty.objects.bulk_create(bodies)
        self.entered += len(wanted)

    def reckons(self, day: date) -> Reckoner:
        """Made anew once a year, when an authority changed what it reads, and when what was chosen takes effect."""
        if self.reckoner is None or day >= self.reckons_until:
            self.turns = [turn for turn in self.turns if turn > day]
            self.reckoner, self.reckons_until = Reckoner(since=day - 60 * DAY, today=day), min(day + 300 * DAY, *self.turns, date.max)
        return self.reckoner

    def do_some(self, day: date) -> None:
        """Some are done before the ladder's end, and nobody is told any more."""
        if self.oracle.open and self.dice.random() < 0.4:
            key = self.dice.choice(list(self.oracle.open))
            del self.oracle.open[key]
            with serving(job(day)):
                for model in (Duty, BodyDuty):
                    model._default_manager.filter(pk=key).update(closed_on=day, outcome="on_time", next_look_on=None)

    def proclaim(self, day: date) -> None:
        """A one-off bank holiday a few days ahead, in one authority; what runs over it is counted anew."""
        number = self.dice.randrange(len(self.sides))
        place, holiday = self.places[number], day + self.dice.randrange(1, 12) * DAY
        while not place.works(holiday):
            holiday += DAY
        with self.administrator(number, day) as by:
            add_holiday(by=by, authority=self.sides[number].row, day=holiday, name="Once")
        self.oracle.proclaim(place, holiday)
        self.reckoner = None

    def choose(self, day: date) -> None:
        """An authority's own ladder, or again the law's, or a shorter time: from today or from a day to come."""
        number = self.dice.randrange(len(self.sides))
        place, code = self.places[number], self.dice.choice(CHANGING)
        words = self.dice.choice(["", *OWN_LADDERS[code]])
        length = self.dice.choice([None, LAWS[code].length - 3])
        starts = day + self.dice.choice([0, 1, 9]) * DAY
        steps = [Rung(days, tuple(SHORT[role] for role in roles)) for days, roles in ladder(words)] if words else None
        with self.administrator(number, day) as by:
            choose(
                by=by, authority=self.sides[number].row, code=code, length=length, ladder=steps, effective_from=starts, approved_by="Head of service"
            )
        self.turns.append(starts)
        place.lengths.setdefault(code, []).append((starts, length))
        place.ladders.setdefault(code, []).append((starts, ladder(words) if words else None))
        self.reckoner = None

    @contextmanager
    def administrator(self, number: int, day: date) -> Iterator[Actor]:
        by = replace(self.sides[number].actor(Role.ADMINISTRATOR), today=day)
        with serving(by):
            yield by


def stretches(days: set[date]) -> list[int]:
    """How long each unbroken run of days is."""
    found: list[int] = []
    for day in sorted(days):
        if day - DAY in days:
            found[-1] += 1
        else:
            found.append(1)
    return found
