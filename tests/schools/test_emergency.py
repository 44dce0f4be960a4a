"""Break-glass: opens by an exact match, for two days, without the address; the authority is told, looks at it and can end it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import EMERGENCY_ROLES, Facet, Role
from lace.audit.models import Read
from lace.children.models import Child, ChildUserGrant, EmergencyAccess, PlacementAddress, grants_of
from lace.core.actor import Actor
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.access.test_rows import past_the_policies
from tests.world import World

REASON = "Found alone at the bus station at night; nobody answers the emergency line"


def typed(world: World, **changes: Any) -> dict[str, Any]:
    child = world.other.child
    return {
        "reason": REASON,
        "upn": child.upn,
        "given_name": "",
        "family_name": "",
        "born_on_day": "",
        "born_on_month": "",
        "born_on_year": "",
    } | changes


NOBODY: dict[str, Any] = {"upn": "", "given_name": "No", "family_name": "Body", "born_on_day": "1", "born_on_month": "2", "born_on_year": "2012"}


def asked(world: World, role: Role = Role.LACE_COORDINATOR, **changes: Any) -> Any:
    return world.client(role).post(reverse("emergency_open"), typed(world, **changes))


def sees(actor: Actor, child: Child) -> tuple[bool, bool, frozenset[Facet]]:
    with serving(actor):
        by_policy = Child.objects.filter(pk=child.pk).exists()
        facets = grants_of(actor, [child])[child.pk].facets
    with past_the_policies():
        return by_policy, Child.objects.visible_to(actor).filter(pk=child.pk).exists(), facets


@pytest.mark.parametrize("role", EMERGENCY_ROLES)
def test_a_record_opens_with_a_reason_for_two_days_and_without_the_address(world: World, role: Role) -> None:
    child, actor = world.other.child, world.own.actor(role)
    assert sees(actor, child) == (False, False, frozenset())
    answer = asked(world, role)
    assert answer.headers["Location"] == reverse("child", args=[child.pk])
    by_policy, by_query, facets = sees(actor, child)
    assert by_policy
    assert by_query
    assert Facet.IDENTITY in facets
    assert not facets & {Facet.ADDRESS, Facet.VOICE, Facet.DISPUTES, Facet.LEGAL}
    with serving(actor):
        assert not PlacementAddress.objects.filter(child=child).exists()
    for days, expected in ((1, True), (2, False)):
        later = replace(actor, today=actor.today + timedelta(days=days))
        assert sees(later, child)[:2] == (expected, expected)


def test_both_names_and_the_date_of_birth_open_it_too(world: World) -> None:
    child = world.other.child
    born = child.born_on
    names: dict[str, Any] = {"upn": "", "given_name": child.given_names.lower(), "family_name": child.family_name.upper()}
    day: dict[str, Any] = {"born_on_day": str(born.day), "born_on_month": str(born.month), "born_on_year": str(born.year)}
    assert asked(world, **names).status_code == 200  # without the day of birth nothing opens
    assert asked(world, **names, **day).status_code == 302


def test_those_who_answer_for_the_child_are_told_without_a_name(world: World) -> None:
    asked(world)
    with past_the_policies():
        sent = Notification.objects.filter(kind__startswith="emergency", channel=Notification.Channel.values[0])
        rows = list(sent.values_list("kind", "recipient", "facts"))
    coordinator, administrator = world.other.user(Role.LACE_COORDINATOR).pk, world.own.user(Role.ADMINISTRATOR).pk
    assert {(kind, person) for kind, person, _facts in rows} == {("emergency_opened", coordinator), ("emergency_opened_by_ours", administrator)}
    assert all(facts == {} for _kind, _person, facts in rows)
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        access = EmergencyAccess.objects.get()
        assert (access.reason, access.user_id, access.role) == (REASON, world.own.user(Role.LACE_COORDINATOR).pk, "lace_coordinator")


def test_nothing_opened_says_the_same_whatever_the_cause_and_is_counted(world: World) -> None:
    wrong = "A" + "8" * 11 + "X"
    answers = [
        asked(world, upn=""),
        asked(world, **NOBODY),
    ]
    assert b"or the given name, the family name and the date of birth" in answers[0].content
    assert b"No record was opened" in answers[1].content
    assert REASON.encode() in answers[1].content  # what was typed is kept
    for _again in range(4):
        answer = asked(world, **NOBODY)
        assert b"No record was opened" in answer.content
    answer = asked(world)  # right, and too late: a guesser is stopped whether the guess is right or not
    assert b"You have tried too often today" in answer.content
    assert asked(world, upn=wrong).status_code == 200
    assert not sees(world.own.actor(Role.LACE_COORDINATOR), world.other.child)[0]
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert Read.objects.filter(door="emergency_open", act=Read.Act.REFUSED).count() == 5


def test_a_reason_is_asked_for(world: World) -> None:
    assert b"Say in a sentence what has happened" in asked(world, reason="urgent").content
    assert not sees(world.own.actor(Role.LACE_COORDINATOR), world.other.child)[0]


@pytest.mark.parametrize("role", [role for role in Role if role not in {*EMERGENCY_ROLES, Role.CASE_SYSTEM}])
def test_no_other_role_breaks_the_glass(world: World, role: Role) -> None:
    assert asked(world, role).status_code == 403
    actor = world.own.actor(role)
    with serving(actor), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT lace_break_glass(%s, '', '', NULL)", [world.other.child.upn])  # past the application
        assert cursor.fetchone() == (None,)
    assert not sees(actor, world.other.child)[0]


def test_the_authority_looks_into_it_and_closes_it(world: World) -> None:
    child, stranger = world.other.child, world.own.actor(Role.LACE_COORDINATOR)
    asked(world)
    client = world.client(Role.LACE_COORDINATOR, world.other)
    page = client.get(reverse("emergencies")).content.decode()
    assert REASON in page
    assert world.own.user(Role.LACE_COORDINATOR).name in page
    assert REASON not in world.client(Role.LACE_COORDINATOR).get(reverse("emergencies")).content.decode()
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        access = EmergencyAccess.objects.get()
    review = reverse("emergency_review", args=[child.pk, access.pk])
    assert world.client(Role.LACE_COORDINATOR).post(review, {"finding": "My own was fine"}).status_code == 403  # not one's own
    assert world.client(Role.SOCIAL_WORKER, world.other).post(review, {"finding": "Fine"}).status_code == 403
    assert world.client(Role.SOCIAL_WORKER).get(review).status_code == 404
    assert b"was the record opened for a good reason" in client.post(review, {"finding": " "}).content
    assert client.post(review, {"finding": "The duty team was right to look"}).status_code == 302
    assert sees(stranger, child)[0] is False
    assert "The duty team was right to look" in client.get(reverse("emergencies")).content.decode()
    assert b"already" in client.post(review, {"finding": "Again"}).content


def test_opening_again_lengthens_nothing(world: World) -> None:
    asked(world)
    asked(world)
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        ends = ChildUserGrant.objects.filter(content_object=world.other.child, user=world.own.user(Role.LACE_COORDINATOR)).values_list("ends_on")
        assert list(ends) == [(timezone.localdate() + timedelta(days=2),)]
        assert EmergencyAccess.objects.count() == 2  # each with its reason


def test_a_closed_record_opens_to_its_own_authority_so_only(world: World) -> None:
    coordinator = world.own.actor(Role.LACE_COORDINATOR)
    with serving(coordinator):
        Child.objects.filter(pk=world.own.child.pk).update(sealed_on=coordinator.today)
        child = Child.objects.get(pk=world.own.child.pk)
    assert sees(coordinator, child)[2] == {Facet.IDENTITY, Facet.CALLED}
    assert asked(world, upn=child.upn).status_code == 302
    assert Facet.CARE in sees(coordinator, child)[2]
