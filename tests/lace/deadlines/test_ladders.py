"""Duties under way when an authority chooses another ladder: nobody is forgotten, and nobody told twice (DL-03)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.deadlines.ladders import have_changed, look_again
from lace.deadlines.models import Duty, RuleChoice, SweepRun
from lace.deadlines.rules import Fact
from lace.deadlines.services import done, open_duties
from lace.deadlines.sweep import is_needed, sweep
from lace.web.middleware import serving
from tests.lace.deadlines.test_sweep import DAY, START, add_duty, job, settle, told
from tests.world import World

CODE = "pep_developed"  # 7 days and the day before, on the day, the day after (with the social worker), 3 days after (the coordinator)


def choose(world: World, starts: date, *steps: tuple[int, *tuple[Role, ...]]) -> None:
    ladder = [[days, [str(role) for role in roles]] for days, *roles in steps]
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        RuleChoice.objects.create(
            authority=world.own.row, code=CODE, ladder=ladder or None, effective_from=starts, approved_by="Head",
            decided_by=world.own.user(Role.ADMINISTRATOR),
        )  # fmt: skip


def heard(duty: Duty, *offsets: int) -> dict[int, set[int]]:
    """Who was newly told on days counted from START."""
    found: dict[int, set[int]] = {}
    for offset in offsets:
        before: set[Any] = set(told(duty))
        sweep(by=job(START + offset * DAY))
        if new := set(told(duty)) - before:
            found[offset] = {user for _duty, _step, user, _kind in new}
    return found


@pytest.mark.req("DL-03", "DL-04")
def test_a_shorter_ladder_still_says_that_a_duty_is_late(world: World) -> None:
    """Three of its five rungs were told. The new ladder has two, of which the second is yet to come."""
    settle(world)
    duty = add_duty(world.own, CODE, START)
    school, worker, coordinator = (world.own.user(role).pk for role in (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    choose(world, START + DAY, (-14, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    assert heard(duty, *range(-8, 6)) == {-7: {school}, -1: {school}, 0: {school}, 1: {school, worker, coordinator}}


@pytest.mark.req("DL-03")
def test_a_ladder_that_begins_earlier_is_heard_on_its_own_day(world: World) -> None:
    settle(world)
    duty = add_duty(world.own, CODE, START + 30 * DAY)
    school = world.own.user(Role.DESIGNATED_PERSON).pk
    choose(world, START + DAY, (-14, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    assert heard(duty, *range(0, 24)) == {16: {school}}


@pytest.mark.req("DL-03", "SW-04")
def test_whoever_would_have_been_told_later_is_told_when_the_new_ladder_names_them_earlier(world: World) -> None:
    """It was told that it is late; the coordinator, to be told two days after that, now stands on the rung that has passed."""
    settle(world)
    duty = add_duty(world.own, CODE, START)
    coordinator = world.own.user(Role.LACE_COORDINATOR).pk
    choose(world, START + 2 * DAY, (-7, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    found = heard(duty, *range(-8, 6))
    assert coordinator in found[2]
    assert max(found) == 2


@pytest.mark.req("DL-03")
def test_the_law_s_ladder_holds_again_without_repeating_what_was_said(world: World) -> None:
    settle(world)
    mine, theirs = add_duty(world.own, CODE, START), add_duty(world.other, CODE, START)
    choose(world, START - 30 * DAY, (-20, Role.DESIGNATED_PERSON), (-7, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER))
    choose(world, START - 3 * DAY)
    first = heard(mine, *range(-30, 5))
    assert sorted(first) == [-7, -1, 0, 1, 3]  # its next look was by the law's ladder before anybody had chosen
    assert len(told(theirs)) == 6  # five rungs, at one of them two people


def test_another_ladder_calls_for_a_sweep_and_is_noted_once(world: World) -> None:
    settle(world)
    sweep(by=job(START))
    assert not is_needed(by=job(START))
    choose(world, START, (-7, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    with serving(job(START)):
        assert have_changed(START)
    assert is_needed(by=job(START))
    sweep(by=job(START))
    sweep(by=job(START))
    assert not is_needed(by=job(START))
    with serving(job(START)):
        assert [run.ladders is not None for run in SweepRun.objects.order_by("pk")] == [True, True, False]
    assert not is_needed(by=job(START))


def test_a_duty_whose_fact_is_older_than_the_choice_has_the_ladder_of_today(world: World) -> None:
    """Recorded late: the length is that of the day of the fact, the people are told as they are told now."""
    side = world.own
    by = side.actor(Role.CASE_SYSTEM)
    choose(world, by.today, (-14, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    with serving(by):
        made = open_duties(by=by, child=side.child, fact=Fact.PLANNED_ENTRY, on=by.today - DAY, subject=side.child.pk)
    duty = next(row for row in made if row.code == CODE)
    assert duty.next_look_on == duty.due_on - 14 * DAY


@pytest.mark.req("DL-05")
def test_what_is_opened_again_under_another_ladder_starts_anew(world: World) -> None:
    settle(world)
    side = world.own
    by = side.actor(Role.CASE_SYSTEM)
    duty = add_duty(side, CODE, by.today, next_rung=4)
    with serving(by):
        done(by=by, duty=duty, on=by.today - DAY)
        duty.refresh_from_db()
        look_again(duty, by.today)
        assert (duty.next_rung, duty.next_look_on) == (4, by.today + 3 * DAY)
    choose(world, by.today, (-7, Role.DESIGNATED_PERSON), (1, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR))
    with serving(by):
        look_again(duty, by.today)
        assert (duty.next_rung, duty.ladder_round, duty.next_look_on) == (0, 1, by.today - 7 * DAY)
