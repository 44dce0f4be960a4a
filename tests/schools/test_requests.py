"""Data asked of other authorities and schools: who is asked, who answers, what is chased, and whose the answer is (XLA-05, XLA-06, XLA-10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lace.accounts.access import Facet, Relation, Role
from lace.children.models import Child, ChildGroupGrant, DataRequest
from lace.children.rules import DataKind
from lace.children.services import PlacementFacts
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.core.workdays import add_working_days
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.services.placing import place_child
from schools.services.requests import answer_request, ask, chase, concerning, parties, send_details, sources, withdraw_request
from tests.world import Authority, World

TODAY = timezone.localdate
DUE = timedelta(days=14)


def hosted(world: World) -> Child:
    """The own child lives in the other authority's area and stays at the own school."""
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        place_child(by=by, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
    return world.own.child


def asked(world: World, of: int | None = None, **changes: Any) -> DataRequest:
    by = world.own.actor(Role.LACE_COORDINATOR)
    facts: dict[str, Any] = {"kinds": ["attendance", "progress"], "question": "How was the autumn?", "due_on": TODAY() + DUE} | changes
    with serving(by):
        child = Child.objects.visible_to(by).select_related("authority").get(pk=world.own.child.pk)
        return ask(by=by, child=child, of=of or world.other.row.group_id, **facts)


def fresh(by: Actor, request: DataRequest) -> DataRequest:
    return DataRequest.objects.visible_to(by).select_related("child__authority", "authority").get(pk=request.pk)


def answered(by: Actor, request: DataRequest, **changes: Any) -> DataRequest:
    facts: dict[str, Any] = {"answer": "Present for 98 of 100 sessions", "data_as_of": TODAY() - timedelta(days=2)} | changes
    with serving(by):
        return answer_request(by=by, request=fresh(by, request), **facts)


def told(authority: Authority, role: Role, kind: str) -> int:
    by = authority.actor(role)
    with serving(by):
        return Notification.objects.visible_to(by).filter(kind=kind, channel="inbox").count()


def seen_by(by: Actor) -> int:
    with serving(by):
        return DataRequest.objects.visible_to(by).filter(concerning(by=by)).count()


@pytest.mark.req("XLA-06")
def test_whom_the_responsible_authority_may_ask(world: World) -> None:
    child, by = hosted(world), world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        found = parties(by=by, child=child)
    assert [(party.relation, party.group_id) for party in found] == [
        (Relation.HOST, world.other.row.group_id),
        (Relation.SCHOOL, world.own.school.organisation.group_id),
        (Relation.COUNTERPART, world.own.row.group_id),
    ]
    assert found[1].name == f"{world.own.school.name}, {world.own.row.name}"
    with serving(by):
        ChildGroupGrant.objects.filter(content_object=child, group=world.other.row.group).update(facets=[Facet.IDENTITY])
        assert Relation.HOST not in {party.relation for party in parties(by=by, child=child)}


@pytest.mark.req("XLA-06", "XLA-10")
@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.COUNTERPART])
def test_the_asked_body_is_told_answers_and_is_named_with_the_answer(world: World, role: Role) -> None:
    hosted(world)
    at = world.other if role == Role.LACE_COORDINATOR else world.own
    groups = {
        Role.LACE_COORDINATOR: world.other.row.group_id,
        Role.DESIGNATED_PERSON: world.own.school.organisation.group_id,
        Role.COUNTERPART: world.own.row.group_id,
    }
    bodies = {
        Role.LACE_COORDINATOR: world.other.row.name,
        Role.DESIGNATED_PERSON: f"{world.own.school.name}, {world.own.row.name}",
        Role.COUNTERPART: str(Role.COUNTERPART.label),
    }
    request = asked(world, groups[role])
    assert told(at, role, "data_asked") == 1
    for other in {Role.DESIGNATED_PERSON, Role.COUNTERPART, Role.HEADTEACHER} - {role}:
        assert told(world.own, other, "data_asked") == 0
        assert seen_by(world.own.actor(other)) == 0
        with pytest.raises(NotAllowed):
            answered(world.own.actor(other), request)
    answered(at.actor(role), request)
    owner = world.own.actor(Role.LACE_COORDINATOR)
    assert told(world.own, Role.LACE_COORDINATOR, "data_answered") == 1
    with serving(owner):
        row = fresh(owner, request)
        assert (row.received_on, row.data_as_of, row.asked_on) == (TODAY(), TODAY() - timedelta(days=2), TODAY())
        source = sources(by=owner, requests=[row])[row.pk]
        assert (source.who, source.body) == (at.user(role).name, bodies[role])
    with pytest.raises(Refused):
        answered(at.actor(role), request)


@pytest.mark.req("XLA-06")
def test_strangers_see_nothing_and_a_place_that_ended_answers_no_more(world: World) -> None:
    child = hosted(world)
    request, host = asked(world), world.other.actor(Role.LACE_COORDINATOR)
    assert seen_by(host) == 1
    for role in (Role.DESIGNATED_PERSON, Role.COUNTERPART, Role.DESIGNATED_MANAGER, Role.HEADTEACHER):
        stranger = world.other.actor(role)
        assert seen_by(stranger) == 0
        with serving(stranger):
            assert not DataRequest.objects.filter(pk=request.pk).exists()  # by the database itself
    for role in (Role.SOCIAL_WORKER, Role.HEADTEACHER, Role.PARENT):
        with serving(world.own.actor(role)), pytest.raises(NotAllowed):
            ask(by=world.own.actor(role), child=child, of=world.other.row.group_id, kinds=["progress"], question="", due_on=TODAY() + DUE)
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.own.row))
    assert seen_by(host) == 0


@pytest.mark.req("XLA-06")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["shoe size"]}, "kinds"),
        ({"due_on": date(2020, 1, 1)}, "due_on"),
        ({"due_on": date(2090, 1, 1)}, "due_on"),
        ({"question": "x" * 501}, "question"),
        ({"of": 999_999}, "of"),
    ],
)
def test_a_bad_question_is_refused_by_field(world: World, changes: dict[str, Any], field: str) -> None:
    hosted(world)
    with pytest.raises(BadInput) as refusal:
        asked(world, **changes)
    assert set(refusal.value.problems) == {field}
    assert seen_by(world.own.actor(Role.LACE_COORDINATOR)) == 0


def test_the_same_is_not_asked_twice_while_it_waits(world: World) -> None:
    hosted(world)
    request = asked(world)
    with pytest.raises(Refused):
        asked(world, kinds=["progress"])
    asked(world, kinds=["exclusion"])
    answered(world.other.actor(Role.LACE_COORDINATOR), request)
    asked(world, kinds=["progress"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answer": "  "}, "answer"),
        ({"answer": "x" * 4001}, "answer"),
        ({"data_as_of": date(2090, 1, 1)}, "data_as_of"),
        ({"data_as_of": date(1999, 1, 1)}, "data_as_of"),
    ],
)
def test_a_bad_answer_is_refused_and_the_question_stays_open(world: World, changes: dict[str, Any], field: str) -> None:
    hosted(world)
    host, request = world.other.actor(Role.LACE_COORDINATOR), asked(world)
    with pytest.raises(BadInput) as refusal:
        answered(host, request, **changes)
    assert set(refusal.value.problems) == {field}
    with serving(host):
        assert fresh(host, request).received_on is None


@pytest.mark.req("XLA-10")
def test_what_came_by_letter_is_written_down_and_says_so(world: World) -> None:
    hosted(world)
    owner, request = world.own.actor(Role.LACE_COORDINATOR), asked(world)
    answered(owner, request, answer="By letter: 91 %")
    with serving(owner):
        row = fresh(owner, request)
        assert sources(by=owner, requests=[row])[row.pk].body == ""


@pytest.mark.req("XLA-05")
def test_details_are_sent_in_both_directions_with_their_dates(world: World) -> None:
    child = hosted(world)
    owner, host = world.own.actor(Role.LACE_COORDINATOR), world.other.actor(Role.LACE_COORDINATOR)
    facts: dict[str, Any] = {"kinds": [DataKind.TRANSITION], "answer": "Year 7 from September", "data_as_of": TODAY() - timedelta(days=1)}
    with serving(owner):
        there = send_details(by=owner, child=child, to=world.other.row.group_id, **facts)
        with pytest.raises(BadInput):
            send_details(by=owner, child=child, to=None, **facts)
    with serving(host):
        back = send_details(by=host, child=child, to=None, **facts)
    assert told(world.other, Role.LACE_COORDINATOR, "data_sent") == 1
    assert told(world.own, Role.LACE_COORDINATOR, "data_sent") == 1
    for by in (owner, host):
        assert seen_by(by) == 2
        with serving(by):
            rows = [fresh(by, there), fresh(by, back)]
            assert all(row.due_on == row.asked_on and row.received_on == TODAY() and row.data_as_of == TODAY() - timedelta(days=1) for row in rows)
            found = sources(by=by, requests=rows)
            assert (found[there.pk].body, found[back.pk].body) == ("", world.other.row.name)
    school = world.own.actor(Role.DESIGNATED_PERSON)
    assert seen_by(school) == 0


def on(day: date) -> Actor:
    return Actor.named_job("requests", today=day)


@pytest.mark.req("XLA-06")
def test_what_is_overdue_is_chased_once_a_rung_until_it_comes(world: World) -> None:
    hosted(world)
    request = asked(world)
    due = request.due_on
    steps = [due - timedelta(days=1), due, due, add_working_days(due, 5), add_working_days(due, 5) + timedelta(days=1)]
    counts = []
    for day in steps:
        chase(by=on(day))
        counts.append((told(world.other, Role.LACE_COORDINATOR, "data_due"), told(world.own, Role.LACE_COORDINATOR, "data_overdue")))
    assert counts == [(0, 0), (1, 0), (1, 0), (2, 1), (2, 1)]
    answered(world.other.actor(Role.LACE_COORDINATOR), request)
    assert chase(by=on(add_working_days(due, 10))) == 0
    assert told(world.other, Role.LACE_COORDINATOR, "data_due") == 2


@pytest.mark.req("XLA-06")
def test_missed_days_are_caught_up_with_once_and_authorities_are_kept_apart(world: World) -> None:
    hosted(world)
    request = asked(world)
    assert chase(by=on(add_working_days(request.due_on, 30))) == 2
    assert told(world.other, Role.LACE_COORDINATOR, "data_due") == 1
    assert told(world.own, Role.LACE_COORDINATOR, "data_overdue") == 1
    assert told(world.other, Role.LACE_COORDINATOR, "data_overdue") == 0
    assert told(world.own, Role.DESIGNATED_PERSON, "data_due") == 0


@pytest.mark.req("XLA-06")
def test_the_authority_that_asked_takes_its_question_back(world: World) -> None:
    hosted(world)
    request, by = asked(world), world.own.actor(Role.LACE_COORDINATOR)
    for other in (world.other.actor(Role.LACE_COORDINATOR), world.own.actor(Role.SOCIAL_WORKER), world.own.actor(Role.DESIGNATED_PERSON)):
        with serving(other), pytest.raises(NotAllowed):
            withdraw_request(by=other, request=request)
    with serving(by):
        taken = withdraw_request(by=by, request=fresh(by, request))
        assert (taken.withdrawn_on, taken.is_waiting) == (TODAY(), False)
        with pytest.raises(Refused):
            withdraw_request(by=by, request=taken)
        DataRequest.objects.filter(pk=request.pk).update(asked_on=TODAY() - DUE, due_on=TODAY() - timedelta(days=1))
    assert told(world.other, Role.LACE_COORDINATOR, "data_withdrawn") == 1
    with pytest.raises(Refused):
        answered(world.other.actor(Role.LACE_COORDINATOR), request)
    assert chase(by=Actor.named_job("requests", today=TODAY())) == 0
    asked(world)  # the same may be asked anew
