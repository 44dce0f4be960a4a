"""Who is away and who stands in: who may say so of whom, and what the days may be (DL-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.accounts.models import Membership
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Absence
from lace.deadlines.services.absences import absences, be_away, come_back, stand_ins
from lace.web.middleware import serving
from tests.world import World, make_school, person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def away(world: World, by: Actor, **facts: Any) -> Absence:
    user = facts.pop("user", world.own.user(Role.SOCIAL_WORKER))
    values = {"starts_on": by.today, "ends_on": by.today + 7 * DAY, "stand_in": None} | facts
    with serving(by):
        return be_away(by=by, user=user, **values)


@pytest.mark.req("DL-10")
def test_a_stand_in_holds_the_same_role_in_the_same_place(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    colleague = person(Role.SOCIAL_WORKER, world.own.row).user
    with serving(by):
        assert stand_ins(by=by, user=world.own.user(Role.SOCIAL_WORKER)) == [colleague]
    for wrong in (world.own.user(Role.IRO), world.other.user(Role.SOCIAL_WORKER), world.own.user(Role.SOCIAL_WORKER)):
        with pytest.raises(BadInput):
            away(world, by, stand_in=wrong)
    assert away(world, by, stand_in=colleague).stand_in == colleague
    elsewhere = person(Role.DESIGNATED_PERSON, world.own.row, make_other_school(world))
    teacher = world.own.actor(Role.DESIGNATED_PERSON)
    with pytest.raises(BadInput):
        away(world, teacher, user=world.own.user(Role.DESIGNATED_PERSON), stand_in=elsewhere.user)


def make_other_school(world: World) -> Any:
    return make_school(world.own.row).organisation


def test_days_in_order_not_over_and_not_overlapping(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    today = by.today
    away(world, by, starts_on=today + 10 * DAY, ends_on=today + 20 * DAY)
    for starts, ends in ((5, 5), (5, 4), (-9, -1), (0, 400), (19, 25), (5, 11), (12, 15), (1, 40)):
        with pytest.raises(BadInput):
            away(world, by, starts_on=today + starts * DAY, ends_on=today + ends * DAY)
    away(world, by, starts_on=today + 20 * DAY, ends_on=today + 21 * DAY)  # back on the day on which the next begins
    colleague = person(Role.SOCIAL_WORKER, world.own.row)
    with pytest.raises(BadInput):  # who is away cannot stand in
        away(
            world,
            world.own.actor(Role.ADMINISTRATOR),
            user=colleague.user,
            starts_on=today + 15 * DAY,
            ends_on=today + 16 * DAY,
            stand_in=by_user(by),
        )


def by_user(by: Actor) -> Any:
    return Membership.objects.get(pk=by.membership_id or 0).user


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.LACE_COORDINATOR])
def test_some_enter_it_for_others_of_their_authority(world: World, role: Role) -> None:
    by = world.own.actor(role)
    assert away(world, by).user == world.own.user(Role.SOCIAL_WORKER)
    with pytest.raises(NotAllowed):
        away(world, by, user=world.other.user(Role.SOCIAL_WORKER))


@pytest.mark.parametrize("role", [Role.IRO, Role.DESIGNATED_MANAGER, Role.HEADTEACHER])
def test_everybody_else_enters_their_own_only(world: World, role: Role) -> None:
    by = world.own.actor(role)
    with pytest.raises(NotAllowed):
        away(world, by)
    row = away(world, by, user=world.own.user(role))
    with serving(by):
        assert list(absences(by=by)) == [row]
    stranger = world.other.actor(Role.ADMINISTRATOR)
    with serving(stranger):
        assert not absences(by=stranger).exists()
        with pytest.raises(NotAllowed):
            come_back(by=stranger, absence=row)


def test_back_sooner_or_not_away_after_all(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    begun = away(world, by, starts_on=by.today - 2 * DAY)
    coming = away(world, by, starts_on=by.today + 30 * DAY, ends_on=by.today + 31 * DAY)
    with serving(by):
        come_back(by=by, absence=begun)
        come_back(by=by, absence=coming)
        assert Absence.objects.get(pk=begun.pk).ends_on == by.today
        assert not Absence.objects.filter(pk=coming.pk).exists()
        with pytest.raises(Refused):
            come_back(by=by, absence=begun)


def test_two_who_enter_at_once_get_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    away(world, by)
    monkeypatch.setattr("lace.deadlines.services.absences._problems", lambda *_: [])
    with pytest.raises(BadInput) as refused:
        away(world, by)
    assert set(refused.value.problems) == {"starts_on"}
