"""The nightly look at who looked: by thresholds of the authority, naming no child, answered by a person."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.acting import actor_for
from lace.accounts.services import answer_alert, set_thresholds
from lace.audit import unusual
from lace.audit.models import Alert, Read, Rule
from lace.audit.services import record_read
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.web.middleware import serving
from tests.world import World, person

LONDON = ZoneInfo("Europe/London")


def at(hour: int, minute: int = 0, days: int = 1) -> datetime:
    """That time of the clock in London, so many days ago."""
    return datetime.combine(timezone.localdate() - timedelta(days=days), datetime.min.time(), tzinfo=LONDON).replace(hour=hour, minute=minute)


def looked(by: Actor, moments: Iterable[datetime], *, act: str = Read.Act.READ, child: UUID | None = None) -> None:
    """Looks of this person at these moments, each at another child unless one is said."""
    for moment in moments:
        with time_machine.travel(moment, tick=False), serving(by), transaction.atomic():
            children = [] if act == Read.Act.SEARCH else [child or uuid.uuid4()]
            record_read(by=by, children=children, facets=[], door="child", act=act)


def alerts(world: World) -> set[tuple[Any, ...]]:
    """What the look writes for our authority: rule, role, number, threshold."""
    unusual.look(by=Actor.named_job("audit", today=timezone.localdate()))
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        return {(alert.rule, alert.role, alert.number, alert.threshold) for alert in Alert.objects.all()}


def test_thirty_different_children_in_an_hour(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    looked(by, [at(10, minute) for minute in range(29)])
    looked(by, [at(10, 29) for _again in range(5)], child=world.own.child.pk)  # one child often is one child
    assert alerts(world) == {("many", "lace_coordinator", 30, 30)}


def test_twenty_nine_and_the_next_hours_first_are_not_thirty(world: World) -> None:
    looked(world.own.actor(Role.LACE_COORDINATOR), [at(10, minute) for minute in range(29)] + [at(11)])
    assert alerts(world) == set()


def test_at_night_by_the_clock_in_london(world: World) -> None:
    looked(world.own.actor(Role.SOCIAL_WORKER), [at(21, 59), at(22), at(23), at(0), at(5, 59), at(6)])
    assert alerts(world) == set()  # four
    looked(world.own.actor(Role.SOCIAL_WORKER), [at(3)])
    assert alerts(world) == {("night", "social_worker", 5, 5)}


def test_searches_after_which_nothing_is_opened(world: World) -> None:
    by = world.own.actor(Role.DESIGNATED_MANAGER)
    looked(by, [at(9, minute) for minute in range(10)], act=Read.Act.SEARCH)
    looked(by, [at(14, minute) for minute in range(10)], act=Read.Act.SEARCH)
    looked(by, [at(14, 12)])  # the second round led somewhere
    assert alerts(world) == {("searches", "designated_manager", 10, 10)}


def test_turned_away_five_times_even_a_case_system(world: World) -> None:
    looked(world.own.actor(Role.CASE_SYSTEM), [at(12, minute) for minute in range(5)], act=Read.Act.REFUSED)
    looked(world.own.actor(Role.CASE_SYSTEM), [at(1, minute) for minute in range(50)])  # by night, as a matter of course
    assert alerts(world) == {("refused", "case_system", 5, 5)}


def test_many_of_another_authoritys_children(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        set_thresholds(by=world.own.actor(Role.ADMINISTRATOR), numbers={Rule.OUTSIDE: 1})
    looked(by, [at(12)], child=world.own.child.pk)
    assert alerts(world) == set()
    looked(by, [at(12)], child=world.other.child.pk)
    assert alerts(world) == {("outside", "lace_coordinator", 1, 1)}


def test_a_missed_night_is_made_up_for_and_nothing_is_told_twice(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    looked(by, [at(3, minute, days=5) for minute in range(6)])
    job = Actor.named_job("audit", today=timezone.localdate())
    assert unusual.look(by=job) == 1
    assert unusual.look(by=job) == 0
    looked(by, [at(23, minute, days=0) for minute in range(6)])  # the day is not over
    assert unusual.look(by=job) == 0


def test_another_authoritys_alerts_and_numbers_are_not_ours(world: World) -> None:
    looked(world.other.actor(Role.SOCIAL_WORKER), [at(3, minute) for minute in range(6)])
    assert alerts(world) == set()
    with serving(world.other.actor(Role.ADMINISTRATOR)), transaction.atomic():
        assert Alert.objects.count() == 1
        set_thresholds(by=world.other.actor(Role.ADMINISTRATOR), numbers={Rule.NIGHT: 99})
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        assert unusual.thresholds(by=world.own.actor(Role.ADMINISTRATOR)) == unusual.DEFAULTS
    for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER):  # whom the alerts may be about
        with serving(world.other.actor(role)), transaction.atomic():
            assert Alert.objects.count() == 0


def test_only_an_administrator_of_the_authority_answers_and_sets_the_numbers(world: World) -> None:
    looked(world.own.actor(Role.SOCIAL_WORKER), [at(3, minute) for minute in range(6)])
    alerts(world)
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        alert = Alert.objects.get()
    others = [world.own.actor(role) for role in Role if role != Role.ADMINISTRATOR]
    for by in (*others, Actor(label="user:1", today=timezone.localdate(), user_id=1)):
        with pytest.raises(NotAllowed):
            set_thresholds(by=by, numbers={Rule.NIGHT: 99})
    for by in (*others, world.other.actor(Role.ADMINISTRATOR)):
        with pytest.raises(NotAllowed):
            answer_alert(by=by, alert=alert, words="Nothing")


def test_an_alert_is_answered_once_in_words_and_not_by_whom_it_is_about(world: World) -> None:
    administrator = world.own.actor(Role.ADMINISTRATOR)
    looked(administrator, [at(3, minute) for minute in range(6)])
    alerts(world)
    colleague = actor_for(person(Role.ADMINISTRATOR, world.own.row), today=timezone.localdate())
    with serving(administrator), transaction.atomic():
        alert = Alert.objects.get()
        with pytest.raises(Refused):
            answer_alert(by=administrator, alert=alert, words="It was me")
    with serving(colleague), transaction.atomic():
        with pytest.raises(BadInput):
            answer_alert(by=colleague, alert=alert, words="  ")
        answer_alert(by=colleague, alert=alert, words="Asked; a night duty")
        with pytest.raises(Refused):
            answer_alert(by=colleague, alert=alert, words="Again")
        assert Alert.objects.get().answer == "Asked; a night duty"
        events = Alert.pgh_event_model.objects.filter(id=alert.pk)  # type: ignore[attr-defined]  # made by pghistory
        assert [event.pgh_label for event in events.order_by("pgh_id")] == ["insert", "update"]
