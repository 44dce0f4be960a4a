"""Whom the sweep tells when a duty was handed on, somebody is away, an authority has its own ladder, or the duty is a school's."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation

from lace.accounts.access import Relation, Role
from lace.accounts.models import Membership, Organisation, User
from lace.children.models import ChildUserGrant, relation_code
from lace.deadlines.models import Absence, BodyDuty, Duty, RuleChoice
from lace.deadlines.rules import RULES, Fact, opening
from lace.deadlines.sweep import sweep
from lace.notifications.kinds import write
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.lace.deadlines.test_sweep import DAY, START, add_duty, job, settle, told
from tests.world import Authority, World, person

CODE = "pep_initiated_emergency"


def people(duty: Duty | BodyDuty) -> list[tuple[int, str | None, str | None]]:
    """(person, in whose stead, why) of every reminder."""
    with serving(job(START)):
        rows = Notification.objects.filter(source=duty.pk, channel="inbox").order_by("recipient")
        return [(row.recipient_id, row.facts["instead_of"], row.facts.get("away")) for row in rows]


def second(side: Authority, role: Role, body: Organisation | None = None) -> User:
    """A second holder of a role, from before the simulated days."""
    membership = person(role, side.row, body)
    Membership.objects.filter(pk=membership.pk).update(starts_on=START - 400 * DAY)
    return membership.user


def named(side: Authority, user: User, relation: Relation) -> None:
    with serving(side.actor(Role.CASE_SYSTEM)):
        ChildUserGrant.objects.create(
            content_object=side.child, user=user, permission=relation_code(relation), authority=side.row, starts_on=START - 99 * DAY
        )


def away(side: Authority, user: User, stand_in: User | None = None, *, days: int = 5) -> None:
    with serving(side.actor(Role.ADMINISTRATOR)):
        Absence.objects.create(authority=side.row, user=user, stand_in=stand_in, starts_on=START, ends_on=START + days * DAY)


@pytest.mark.req("DL-10")
def test_a_duty_that_was_handed_on_reminds_the_colleague_alone_for_as_long_as_both_may(world: World) -> None:
    settle(world)
    side = world.own
    colleague = second(side, Role.DESIGNATED_PERSON, side.school.organisation)
    holder = side.user(Role.DESIGNATED_PERSON)
    handed = add_duty(side, "pep_developed", START, handed_to=colleague)
    plain = add_duty(side, "pep_developed_new_school", START)
    sweep(by=job(START))
    assert people(handed) == [(colleague.pk, None, None)]
    assert {user for user, _stead, _why in people(plain)} == {holder.pk, colleague.pk}
    Membership.objects.filter(user=colleague).update(ends_on=START + DAY)
    sweep(by=job(START + DAY))
    assert {user for user, _stead, _why in people(handed)} == {colleague.pk, holder.pk, side.user(Role.SOCIAL_WORKER).pk}


@pytest.mark.req("DL-10")
def test_whoever_is_away_is_stood_in_for_by_one_who_may_see_the_child(world: World) -> None:
    settle(world)
    side = world.own
    stand_in = second(side, Role.SOCIAL_WORKER)
    named(side, stand_in, Relation.TEACHER)  # sees the child, though not as a social worker, and is reminded only as a stand-in
    duty = add_duty(side, CODE, START)
    away(side, side.user(Role.SOCIAL_WORKER), stand_in)
    sweep(by=job(START))
    assert people(duty) == [(stand_in.pk, "social_worker", "stand_in")]
    facts = {"code": CODE, "due_on": "2025-01-01", "role": "social_worker", "instead_of": "social_worker", "away": "stand_in"}
    text = write("duty_today", facts, language="en", child=side.child.pk)
    assert "stand in for a colleague who is away: Social worker" in text.body


@pytest.mark.req("DL-10")
@pytest.mark.parametrize("stand_in", ["nobody", "a stranger to the child", "closed account", "away as well"])
def test_without_one_who_may_the_coordinator_hears_of_it_and_why(world: World, stand_in: str) -> None:
    settle(world)
    side = world.own
    other = None if stand_in == "nobody" else second(side, Role.SOCIAL_WORKER)
    if other is not None and stand_in != "a stranger to the child":
        named(side, other, Relation.TEACHER)
    if other is not None and stand_in == "closed account":
        User.objects.filter(pk=other.pk).update(is_active=False)
    duty = add_duty(side, CODE, START)
    away(side, side.user(Role.SOCIAL_WORKER), other)
    if other is not None and stand_in == "away as well":
        away(side, other)
    sweep(by=job(START))
    assert people(duty) == [(side.user(Role.LACE_COORDINATOR).pk, "social_worker", "coordinator")]


def test_who_is_back_is_told_again(world: World) -> None:
    settle(world)
    side = world.own
    away(side, side.user(Role.SOCIAL_WORKER), days=1)
    duty = add_duty(side, CODE, START + DAY)
    sweep(by=job(START + DAY))
    assert people(duty) == [(side.user(Role.SOCIAL_WORKER).pk, None, None)]


def test_the_only_coordinator_is_told_even_when_away(world: World) -> None:
    settle(world)
    side = world.own
    away(side, side.user(Role.SOCIAL_WORKER))
    away(side, side.user(Role.LACE_COORDINATOR))
    duty = add_duty(side, CODE, START)
    sweep(by=job(START))
    assert people(duty) == [(side.user(Role.LACE_COORDINATOR).pk, "social_worker", "coordinator")]


@pytest.mark.req("DL-03", "DL-08")
def test_an_authority_has_its_own_ladder_and_the_others_the_rules(world: World) -> None:
    settle(world)
    ladder: list[Any] = [[-5, ["social_worker"]], [-4, ["social_worker", "designated_manager"]], [1, ["lace_coordinator"]]]
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        by = world.own.user(Role.ADMINISTRATOR)
        RuleChoice.objects.create(
            authority=world.own.row, code=CODE, ladder=ladder, effective_from=START - 9 * DAY, approved_by="Head", decided_by=by
        )
    mine = add_duty(world.own, CODE, START, next_look_on=START - 5 * DAY)
    theirs = add_duty(world.other, CODE, START)
    heard: dict[int, list[int]] = {}
    for offset in range(-6, 4):
        before = set(told(mine))
        sweep(by=job(START + offset * DAY))
        if new := set(told(mine)) - before:
            heard[offset] = sorted(user for _duty, _rung, user, _kind in new)
    worker, manager, coordinator = (world.own.user(role).pk for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR))
    assert heard == {-5: [worker], -4: sorted([worker, manager]), 1: [coordinator]}
    assert [rung for _duty, rung, _user, _kind in told(theirs)] == [0, 1, 2, 3, 3]


def test_a_shorter_ladder_leaves_no_duty_that_nobody_hears(world: World) -> None:
    """It was told of three rungs of four; now there are two."""
    settle(world)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        RuleChoice.objects.create(
            authority=world.own.row, code=CODE, ladder=[[0, ["social_worker"]], [2, ["lace_coordinator"]]], effective_from=START - 9 * DAY,
            approved_by="Head", decided_by=world.own.user(Role.ADMINISTRATOR),
        )  # fmt: skip
    duty = add_duty(world.own, CODE, START, next_rung=3, next_look_on=START)
    run = sweep(by=job(START))
    assert run is not None
    assert run.unheard == 0
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert Duty.objects.get(pk=duty.pk).next_look_on is None


def body_duty(side: Authority, code: str, due_on: date, *, of_school: bool = True) -> BodyDuty:
    rule = RULES[code]
    made = opening(rule, Fact(rule.facts[0]), due_on)
    values = {name: getattr(made, name) for name in type(made).__dataclass_fields__}
    body = side.school.organisation if of_school else None
    with serving(side.actor(Role.LACE_COORDINATOR)):
        return BodyDuty.objects.create(
            **(values | {"due_on": due_on, "next_look_on": rule.next_look(due_on, 0)}), authority=side.row, body=body, subject=uuid4()
        )


@pytest.mark.req("T17", "DL-03")
def test_a_schools_duty_goes_up_its_own_ladder_and_names_the_school(world: World) -> None:
    settle(world)
    side = world.own
    duty = body_duty(side, "governors_report", START)
    heard: dict[int, set[int]] = {}
    for offset in (-21, 0, 1, 7):
        before = set(people(duty))
        sweep(by=job(START + offset * DAY))
        heard[offset] = {user for user, _stead, _why in set(people(duty)) - before}
    school, head, governor, link, coordinator = (
        side.user(role).pk for role in (Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR, Role.LINK_GOVERNOR, Role.LACE_COORDINATOR)
    )
    with serving(job(START)):
        rows = Notification.objects.filter(source=duty.pk, channel="inbox")
        assert {row.recipient_id for row in rows} == {school, head, governor, link, coordinator}
        assert {row.child_id for row in rows} == {None}
        facts = rows.filter(recipient=governor).get().facts
    assert heard[-21] == {school}
    assert {governor, link} <= heard[7]
    with translation.override("cy"):
        assert side.school.organisation.name_cy in write("body_duty_late", facts, language="cy").body
    assert side.school.organisation.name_en in write("body_duty_late", facts, language="en").body


@pytest.mark.req("DL-10")
def test_a_schools_duty_without_anybody_falls_to_the_coordinator_and_to_a_stand_in(world: World) -> None:
    settle(world)
    side = world.own
    duty = body_duty(side, "designated_trained", START)
    Membership.objects.filter(user=side.user(Role.GOVERNOR)).update(ends_on=START - 30 * DAY)
    sweep(by=job(START - 28 * DAY))
    assert people(duty) == [(side.user(Role.LACE_COORDINATOR).pk, "governor", None)]
    other = second(side, Role.SENIOR_LEADER)
    away(side, side.user(Role.SENIOR_LEADER), other)
    yearly = body_duty(side, "annual_report", START, of_school=False)
    sweep(by=job(START))
    assert {user for user, _stead, _why in people(yearly)} == {other.pk}
