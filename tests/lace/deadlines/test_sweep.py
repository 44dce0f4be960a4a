"""The sweep against an oracle in plain Python: random people, random ladders of time, random missed days."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from lace.accounts.access import NAMED_RELATION, Relation, Role
from lace.accounts.models import Membership, User
from lace.children.models import Child, ChildUserGrant, relation_code
from lace.core.actor import Actor
from lace.deadlines.models import Duty, SweepRun
from lace.deadlines.rules import RULES, About, opening
from lace.deadlines.sweep import ROUND, is_needed, sweep
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.world import Authority, World, enter, person

DAY = timedelta(days=1)
START = date(2025, 1, 1)  # the first day of the simulations; people's roles began earlier


def job(day: date) -> Actor:
    return Actor.named_job("sweep", today=day)


def told(duty: Duty | None = None, channel: str = "email") -> list[tuple[UUID, int, int, str]]:
    """(duty, rung, person, kind) of every reminder."""
    with serving(job(START)):
        found = Notification.objects.filter(channel=channel, kind__startswith="duty_")
        if duty is not None:
            found = found.filter(source=duty.pk)
        return sorted(found.values_list("source", "step", "recipient", "kind"))


def settle(world: World) -> None:
    """People and relations reach back before the simulated days, and nothing is due but what a test adds."""
    Membership.objects.update(starts_on=START - 400 * DAY)
    for side in (world.own, world.other):
        with serving(side.actor(Role.CASE_SYSTEM)):
            Duty.objects.update(closed_on=START, outcome="waived", next_look_on=None)
            for grants in (side.child.user_grants, side.child.group_grants):
                grants.update(starts_on=START - 400 * DAY)


def add_duty(side: Authority, code: str, due_on: date, child: Child | None = None, **facts: Any) -> Duty:
    rule = RULES[code]
    made = opening(rule, rule.facts[0], due_on)
    values = {name: getattr(made, name) for name in type(made).__dataclass_fields__}
    owner = child or side.child
    with serving(side.actor(Role.CASE_SYSTEM)):
        return Duty.objects.create(
            **(
                values
                | {
                    "due_on": due_on,
                    "next_look_on": rule.next_look(due_on, 0),
                    "child": owner,
                    "authority_id": owner.authority_id,
                    "subject": uuid4(),
                }
                | facts
            )
        )


class Oracle:
    """Who must be told what on which day, by the words of the brief and without SQL."""

    def __init__(self, duties: list[Duty], authorities: list[Authority], grants: list[tuple[UUID, int, str, date, date | None]]) -> None:
        self.duties, self.authorities, self.grants = duties, authorities, grants
        self.told_on: dict[tuple[UUID, int], date] = {}  # (duty, rung) -> the day
        self.reminders: set[tuple[UUID, int, int, str]] = set()
        self.unheard = 0

    def holders(self, duty: Duty, role: Role, day: date) -> set[int]:
        def sits(user: int, **where: Any) -> bool:
            return any(
                member.user.is_active and member.starts_on <= day and not (member.ends_on and member.ends_on <= day)
                for member in Membership.objects.filter(user=user, role=role, **where).select_related("user")
            )

        if role in NAMED_RELATION:
            return {
                user
                for child, user, relation, start, end in self.grants
                if child == duty.child_id and relation == role.value and start <= day and not (end and end <= day) and sits(user)
            }
        side = next(side for side in self.authorities if side.row.pk == duty.authority_id)
        people = Membership.objects.filter(role=role).values_list("user", flat=True)
        if role in {Role.DESIGNATED_PERSON, Role.HEADTEACHER}:
            return {user for user in people if sits(user, organisation=side.school.organisation)}
        return {user for user in people if sits(user, authority=side.row, organisation=None)}

    def ripe(self, duty: Duty, day: date) -> list[int]:
        """The rungs to tell on this day: those whose time has come, the late ones keeping their distance from one another."""
        ladder, found = RULES[duty.code].ladder, []
        for index, rung in enumerate(ladder):
            if (duty.pk, index) in self.told_on:
                continue
            moment = duty.due_on + rung.days * DAY
            if index and ladder[index - 1].days > 0:
                before = self.told_on.get((duty.pk, index - 1))
                if before is None:
                    break
                moment = max(moment, before + (rung.days - ladder[index - 1].days) * DAY)
            if moment > day:
                break
            found.append(index)
        return found

    def sweep(self, day: date) -> None:
        self.unheard = 0
        for duty in self.duties:
            rungs = self.ripe(duty, day)
            newest: dict[int, int] = {}
            by_role: dict[Role, int] = {}
            for index in rungs:
                for role in RULES[duty.code].ladder[index].roles:
                    by_role[role] = index
            for role, index in by_role.items():
                for user in self.holders(duty, role, day) or self.holders(duty, Role.LACE_COORDINATOR, day):
                    newest[user] = max(newest.get(user, -1), index)
            if rungs and not newest:
                self.unheard += 1
                continue
            kind = "duty_soon" if day < duty.due_on else "duty_today" if day == duty.due_on else "duty_late"
            self.reminders |= {(duty.pk, index, user, kind) for user, index in newest.items()}
            self.told_on |= {(duty.pk, index): day for index in rungs}


def furnish_at_random(world: World, dice: random.Random) -> tuple[list[Duty], list[tuple[UUID, int, str, date, date | None]]]:
    """Children, duties, and people who come, go, hold two roles, or can no longer sign in."""
    children: dict[UUID, tuple[Authority, Child]] = {}
    duties, grants = [], []
    for side in (world.own, world.other):
        made = [side.child, *(enter(side, entered_on=START - 30 * DAY)[0] for _ in range(2))]
        children |= {child.pk: (side, child) for child in made}
        second = person(Role.LACE_COORDINATOR, side.row)
        also = person(Role.SOCIAL_WORKER, side.row)
        Membership.objects.create(user=also.user, role=Role.IRO, authority=side.row, starts_on=START - 99 * DAY)
        for membership in [second, also, *side.members.values()]:
            if dice.random() < 0.3:
                membership.ends_on = START + dice.randrange(60) * DAY
            membership.starts_on = START - 400 * DAY
            membership.save()
            if dice.random() < 0.1:
                User.objects.filter(pk=membership.user_id).update(is_active=False)
    settle(world)
    for side, child in children.values():
        with serving(side.actor(Role.CASE_SYSTEM)):
            child.group_grants.update(starts_on=START - 400 * DAY)
            child.user_grants.all().update(starts_on=START - 99 * DAY, ends_on=START - 98 * DAY)
            for relation in (Relation.SOCIAL_WORKER, Relation.IRO):
                people = [*Membership.objects.filter(authority=side.row, role=relation.value)]
                for membership in dice.sample(people, dice.randrange(len(people) + 1)):
                    start = START + dice.randrange(-20, 30) * DAY
                    end = None if dice.random() < 0.6 else start + dice.randrange(1, 40) * DAY
                    ChildUserGrant.objects.create(
                        content_object=child,
                        user=membership.user,
                        permission=relation_code(relation),
                        authority=side.row,
                        starts_on=start,
                        ends_on=end,
                    )
                    grants.append((child.pk, membership.user_id, relation.value, start, end))
        for code in dice.choices(sorted(code for code, rule in RULES.items() if rule.about == About.CHILD and rule.ladder), k=8):
            duties.append(add_duty(side, code, START + dice.randrange(-15, 50) * DAY, child))
    return duties, grants


@pytest.mark.req("DL-03", "DL-04", "DL-10", "SW-04")
@pytest.mark.parametrize("seed", range(6))
def test_the_sweep_equals_an_independent_oracle(world: World, seed: int) -> None:
    dice = random.Random(seed)
    duties, grants = furnish_at_random(world, dice)
    oracle = Oracle(duties, [world.own, world.other], grants)
    days = sorted(dice.sample(range(60), 22 if seed % 2 else 50))  # every other seed misses most days
    for offset in days:
        day = START + offset * DAY
        oracle.sweep(day)
        run = sweep(by=job(day))
        assert run is not None
        assert told() == sorted(oracle.reminders), f"on {day}"
        assert run.unheard == oracle.unheard, f"on {day}"
        again = sweep(by=job(day))
        assert again is not None
        assert again.reminders == 0
    assert told() == told(channel="inbox")
    assert len(oracle.reminders) > 40


@pytest.mark.req("SW-04", "DL-03")
def test_the_social_worker_is_prompted_first_and_the_manager_told_only_if_it_is_still_open(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START)
    worker, manager, coordinator = (world.own.user(role).pk for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR))
    heard: dict[date, list[tuple[int, str]]] = defaultdict(list)
    before: set[Any] = set()
    for offset in range(-5, 6):
        day = START + offset * DAY
        sweep(by=job(day))
        heard[day] = sorted((user, kind) for _, _, user, kind in set(told(duty)) - before)
        before = set(told(duty))
    assert {day: people for day, people in heard.items() if people} == {
        START - 3 * DAY: [(worker, "duty_soon")],
        START: [(worker, "duty_today")],
        START + DAY: [(worker, "duty_late")],
        START + 2 * DAY: sorted([(manager, "duty_late"), (coordinator, "duty_late")]),
    }


@pytest.mark.req("SW-04")
def test_a_duty_done_after_the_prompt_is_not_reported(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START)
    sweep(by=job(START + DAY))
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        Duty.objects.filter(pk=duty.pk).update(closed_on=START + DAY, outcome="late", next_look_on=None)
    sweep(by=job(START + 2 * DAY))
    assert {user for _, _, user, _ in told(duty)} == {world.own.user(Role.SOCIAL_WORKER).pk}


@pytest.mark.req("SW-04", "DL-04")
@pytest.mark.parametrize("missed", [1, 3, 10])
def test_missed_days_are_caught_up_once(world: World, missed: int) -> None:
    """The ladder is -3, 0, +1 (social worker), +2 (manager, coordinator). The server stood still after the first rung was told."""
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START)
    worker, manager, coordinator = (world.own.user(role).pk for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR))
    sweep(by=job(START - 3 * DAY))
    back = START - 3 * DAY + (missed + 1) * DAY
    sweep(by=job(back))
    first = [(rung, user) for _, rung, user, _ in told(duty)]
    if missed < 2:
        assert first == [(0, worker)]
    elif missed == 3:  # back on the day after the due date: "due today" was never said, "late" is, once
        assert first == [(0, worker), (2, worker)]
    else:
        assert first == [(0, worker), (2, worker)]
        sweep(by=job(back + DAY))
        assert {(rung, user) for _, rung, user, _ in told(duty)} == {(0, worker), (2, worker), (3, manager), (3, coordinator)}
        sweep(by=job(back + 9 * DAY))
        assert len(told(duty)) == 4


@pytest.mark.req("SW-04")
def test_a_duty_recorded_long_after_its_day_still_prompts_the_social_worker_first(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START - 90 * DAY)
    sweep(by=job(START))
    assert [(rung, user) for _, rung, user, _ in told(duty)] == [(2, world.own.user(Role.SOCIAL_WORKER).pk)]
    sweep(by=job(START + DAY))
    assert {user for _, rung, user, _ in told(duty) if rung == 3} == {
        world.own.user(Role.DESIGNATED_MANAGER).pk,
        world.own.user(Role.LACE_COORDINATOR).pk,
    }


@pytest.mark.req("DL-10")
@pytest.mark.parametrize("absence", ["nobody named", "left the authority", "account closed"])
def test_an_absent_social_worker_is_replaced_by_the_coordinator(world: World, absence: str) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START)
    if absence == "nobody named":
        with serving(world.own.actor(Role.CASE_SYSTEM)):
            world.own.child.user_grants.all().update(ends_on=START - 9 * DAY)
    elif absence == "left the authority":
        Membership.objects.filter(pk=world.own.members[Role.SOCIAL_WORKER].pk).update(ends_on=START)
    else:
        User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(is_active=False)
    sweep(by=job(START))
    assert [user for _, _, user, _ in told(duty)] == [world.own.user(Role.LACE_COORDINATOR).pk]
    with serving(job(START)):
        assert set(Notification.objects.filter(source=duty.pk).values_list("facts__instead_of", flat=True)) == {"social_worker"}


@pytest.mark.req("DL-10")
def test_with_nobody_at_all_the_duty_waits_and_the_run_says_so(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_emergency", START)
    gone = [world.own.user(role).pk for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR)]
    User.objects.filter(pk__in=gone).update(is_active=False)
    run = sweep(by=job(START))
    assert run is not None
    assert (run.unheard, run.reminders, told(duty)) == (1, 0, [])
    again = sweep(by=job(START))
    assert again is not None
    assert again.unheard == 0  # not asked twice on one day
    User.objects.filter(pk__in=gone).update(is_active=True)
    sweep(by=job(START + DAY))
    assert [user for _, _, user, _ in told(duty)] == [world.own.user(Role.SOCIAL_WORKER).pk]


@pytest.mark.req("DL-05", "DL-04")
def test_a_corrected_due_date_tells_anew_in_the_next_round(world: World) -> None:
    from lace.deadlines.services import correct_fact

    settle(world)
    duty = add_duty(world.own, "pep_initiated_planned", START)
    sweep(by=job(START))
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        correct_fact(by=by, child=world.own.child, subject=duty.subject, on=START + 7 * DAY)
    sweep(by=job(START + 7 * DAY))
    assert [(step, kind) for _, step, _, kind in told(duty)] == [(1, "duty_today"), (ROUND + 1, "duty_today")]


def test_the_sweep_is_needed_once_a_day_and_when_something_falls_due_since(world: World) -> None:
    settle(world)
    assert is_needed(by=job(START))
    sweep(by=job(START))
    assert not is_needed(by=job(START))
    add_duty(world.own, "pep_initiated_planned", START)
    assert is_needed(by=job(START))
    sweep(by=job(START))
    assert not is_needed(by=job(START))
    assert is_needed(by=job(START + DAY))
    assert SweepRun.objects.filter(as_of=START).count() == 2


@pytest.mark.req("DL-04")
def test_a_reminder_is_there_once_even_if_the_duty_forgot_that_it_was_told(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_planned", START)
    sweep(by=job(START))
    before = told(duty)
    with serving(job(START)):
        Duty.objects.filter(pk=duty.pk).update(next_rung=0, next_look_on=START)
    sweep(by=job(START))
    assert told(duty) == before != []


def test_each_reminder_carries_no_personal_data_and_its_readers_language(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, "pep_initiated_planned", START)
    User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(language="cy")
    sweep(by=job(START))
    with serving(job(START)):
        row = Notification.objects.filter(source=duty.pk, channel="email").get()
    assert row.language == "cy"
    assert row.facts == {"code": "pep_initiated_planned", "due_on": "2025-01-01", "role": "social_worker", "instead_of": None}
    assert (row.child_id, row.authority_id) == (world.own.child.pk, world.own.row.pk)


def test_nobodys_context_and_the_apps_see_nothing_of_it(world: World) -> None:
    settle(world)
    add_duty(world.own, "pep_initiated_planned", START)
    sweep(by=job(START))
    with serving(None):
        assert Notification.objects.count() == 0
    for role, side in ((Role.SOCIAL_WORKER, world.other), (Role.LACE_COORDINATOR, world.own)):
        with serving(side.actor(role)):
            assert Notification.objects.filter(kind__startswith="duty_").count() == 0
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        assert Notification.objects.filter(kind__startswith="duty_").count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("lace_app",)
