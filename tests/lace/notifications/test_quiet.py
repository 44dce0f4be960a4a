"""Days off: of a calendar that is given, and of one authority alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.accounts.models import Membership
from lace.core.workdays import is_working_day
from lace.deadlines.models import ExtraHoliday
from lace.notifications import quiet
from lace.notifications.rules import How
from lace.web.middleware import serving
from tests.lace.notifications.test_delivery import Post
from tests.lace.notifications.test_digest import MONDAY, at, choose, remind, run
from tests.world import World


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.lace.notifications.pages"


def test_the_calendar_may_be_another(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for kept in ("_calendars", "_holidays"):
        monkeypatch.setattr(quiet, kept, [])
    quiet.answer_with(lambda _start: lambda day: day != MONDAY and is_working_day(day), lambda _day: ())
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    assert run(post, at(MONDAY, 12)).sent == 0
    assert run(post, at(MONDAY + timedelta(days=1), 12)).sent == 1


@pytest.mark.req("DL-02")
@pytest.mark.parametrize("how", [How.DIGEST, How.SINGLE])
def test_a_bank_holiday_of_one_authority_is_quiet_there_alone(world: World, how: How) -> None:
    """Whoever works for another authority too has no holiday."""
    tuesday = MONDAY + timedelta(days=1)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        ExtraHoliday.objects.create(authority=world.own.row, day=MONDAY, name="Once")
    Membership.objects.create(user=world.own.user(Role.IRO), role=Role.IRO, authority=world.other.row, starts_on=MONDAY - timedelta(days=9))
    worker, reviewer = (world.own.user(role).email for role in (Role.SOCIAL_WORKER, Role.IRO))
    for role in (Role.SOCIAL_WORKER, Role.IRO):
        choose(world, role, how=how)
    post = Post()
    remind(world, Role.SOCIAL_WORKER, Role.IRO, came=at(MONDAY, 0, 1))
    run(post, at(MONDAY, 12))
    assert [letter.address for letter in post.taken] == [reviewer]
    remind(world, came=at(MONDAY, 12), due_on=MONDAY, kind="duty_today")
    run(post, at(MONDAY, 13))
    assert [letter.address for letter in post.taken] == [reviewer, worker]
    run(post, at(tuesday, 12))
    assert [letter.address for letter in post.taken] == [reviewer, worker, worker]
