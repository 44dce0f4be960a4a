"""Pages of sharing and handing over: who is offered what, what bad input is told, what both sides see, and what strangers do not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from lace.accounts.access import Facet, Relation, Role
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, Handover, PlacementNotice
from lace.children.rules import EndReason, LegalBasis
from lace.children.services import PlacementFacts, end_care
from lace.children.shares import BODIES, PEOPLE
from lace.web.middleware import serving
from reporting.queries.child import readers
from reporting.views.access_words import FACET_WORDS, SHARE_WORDS, WHY
from reporting.views.sharing import GROUPS
from schools.services.placing import place_child
from tests.lace.api.callers import Caller
from tests.reporting.pages import body
from tests.world import Authority, World, person, signed_in

TODAY = timezone.localdate


def boxes(field: str, day: date) -> dict[str, str]:
    return {f"{field}_day": str(day.day), f"{field}_month": str(day.month), f"{field}_year": str(day.year)}


def share(**changes: Any) -> dict[str, Any]:
    typed = {
        "facets": ["identity", "education", "voice"],
        "purpose": "To prepare the child's views",
        "legal_basis": LegalBasis.PUBLIC_TASK,
        "agreement": "WASPI 7",
        **boxes("starts_on", TODAY()),
        **boxes("ends_on", TODAY() + timedelta(days=20)),
    }
    return typed | changes


def url(route: str, authority: Authority, *more: Any) -> str:
    return reverse(route, args=[authority.child.pk, *more])


@pytest.mark.req("PRIV-18")
def test_every_relation_and_facet_has_words_in_both_languages() -> None:
    assert set(WHY) == set(Relation)
    assert set(FACET_WORDS) == set(Facet)
    assert set(SHARE_WORDS) == {*PEOPLE, *BODIES} == {relation for _title, relations in GROUPS for relation in relations}
    for words in (*WHY.values(), *FACET_WORDS.values(), *SHARE_WORDS.values()):
        english = str(words)
        with translation.override("cy"):
            assert str(words) != english, english


@pytest.mark.req("PRIV-04", "PRIV-11", "ADV-04")
def test_a_social_worker_shares_for_a_time_and_everybody_can_read_who_why_and_until_when(world: World) -> None:
    advocate = person(Role.ADVOCATE, world.own.row)
    client = world.client(Role.SOCIAL_WORKER)
    choices = body(client.get(url("child_share", world.own)))
    assert all(str(SHARE_WORDS[relation]) in choices for relation in (*PEOPLE, *BODIES) if relation != Relation.CHILD)
    assert str(SHARE_WORDS[Relation.CHILD]) not in choices.split("<h2")[1]
    address = url("child_share_with", world.own, "advocate")
    assert client.get(address).status_code == 200
    assert client.post(address, share(email=advocate.user.email, facets=["identity", "voice"])).status_code == 302
    assert signed_in(advocate).get(url("child", world.own)).status_code == 200
    assert signed_in(advocate).get(url("child_plan", world.own)).status_code == 404  # the education part was left out
    for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR):
        page = body(world.client(role).get(url("child_access", world.own)))
        assert "To prepare the child's views" in page
        assert "WASPI 7" in page
        assert world.own.user(Role.SOCIAL_WORKER).name in page
    headteacher = world.own.actor(Role.HEADTEACHER)
    with serving(headteacher):
        row = next(row for row in readers(headteacher, world.own.child) if advocate.user.name in row.people)
    assert row.facets == frozenset({Facet.CALLED, Facet.IDENTITY, Facet.VOICE})
    assert row.until == TODAY() + timedelta(days=20)
    plain = body(world.client(Role.HEADTEACHER).get(url("child_access", world.own)))
    assert advocate.user.name in plain
    assert "To prepare the child's views" not in plain  # who may not share reads who and which parts


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody@lace.example"}, "Nobody with this e-mail address has the role in Lace"),
        ({"email": "not an address"}, "Error: Advocate"),
        ({"facets": []}, "Choose at least one part of the record"),
        ({"purpose": ""}, "Say what they need the record for"),
        ({"legal_basis": "consent"}, "Enter the day on which consent was given"),
        ({"agreement": ""}, "Name the data-sharing agreement"),
        (boxes("ends_on", TODAY()), "The end must be after the first day"),
        ({"ends_on_day": "", "ends_on_month": "", "ends_on_year": ""}, "Give the day on which this ends"),
        ({"starts_on_year": "1999"}, "The first day must be today or later"),
    ],
)
def test_bad_input_is_told_kept_and_changes_nothing(world: World, changes: dict[str, Any], sentence: str) -> None:
    advocate = person(Role.ADVOCATE, world.own.row)
    typed = share(email=advocate.user.email) | changes
    page = body(world.client(Role.LACE_COORDINATOR).post(url("child_share_with", world.own, "advocate"), typed))
    assert sentence in page
    if typed["purpose"]:
        assert "To prepare the child's views" in page
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not ChildUserGrant.objects.filter(user=advocate.user).exists()


@pytest.mark.req("PRIV-17")
def test_a_share_is_ended_on_its_page(world: World) -> None:
    advocate = world.own.members[Role.ADVOCATE]
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        grant = ChildUserGrant.objects.get(user=advocate.user)
    address = url("child_share_end", world.own, "person", grant.pk)
    client = world.client(Role.SOCIAL_WORKER)
    assert "The end must be today or later" in body(client.post(address, boxes("ends_on", TODAY() - timedelta(days=3))))
    assert signed_in(advocate).get(url("child", world.own)).status_code == 200
    assert client.post(address, boxes("ends_on", TODAY())).status_code == 302
    assert signed_in(advocate).get(url("child", world.own)).status_code == 404
    for stranger in (world.client(Role.SOCIAL_WORKER, world.other), world.client(Role.LACE_COORDINATOR, world.other)):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, boxes("ends_on", TODAY())).status_code == 404
    with serving(world.other.actor(Role.SOCIAL_WORKER)):
        foreign = ChildUserGrant.objects.get(user=world.other.user(Role.ADVOCATE))
    assert client.get(url("child_share_end", world.own, "person", foreign.pk)).status_code == 404
    assert client.get(url("child_share_end", world.own, "body", grant.pk)).status_code == 404


@pytest.mark.req("PRIV-04")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.SOCIAL_WORKER, Role.LACE_COORDINATOR}])
def test_the_pages_are_not_for_others(world: World, role: Role) -> None:
    client = world.client(role)
    sees_tab = client.get(url("child_access", world.own)).status_code == 200
    refused = {403} if sees_tab and role != Role.DESIGNATED_PERSON else {403, 404}
    routes: dict[str, list[str]] = {"child_share_with": ["advocate"], "handover_propose": [], "child_support": []}
    if role != Role.DESIGNATED_PERSON:
        routes["child_share"] = []
    if role != Role.CASE_SYSTEM:
        routes["child_address"] = []
    for route, more in routes.items():
        assert client.get(url(route, world.own, *more)).status_code in refused
        assert client.post(url(route, world.own, *more)).status_code in refused | {405}
    assert client.get(reverse("handovers")).status_code == 403


@pytest.mark.req("PRIV-15")
def test_the_designated_person_is_offered_the_school_only(world: World) -> None:
    client, teacher = world.client(Role.DESIGNATED_PERSON), person(Role.TEACHER, world.own.row, world.own.school.organisation)
    page = body(client.get(url("child_share", world.own))).split("<h2")[1]
    assert str(SHARE_WORDS[Relation.TEACHER]) in page
    assert str(SHARE_WORDS[Relation.ADVOCATE]) not in page
    typed = share(email=teacher.user.email, facets=["called", "targets"], agreement="")
    assert client.post(url("child_share_with", world.own, "teacher"), typed).status_code == 302
    by = world.own.actor(Role.DESIGNATED_PERSON)
    with serving(by):
        assert ChildUserGrant.objects.get(user=teacher.user).given_by_id == by.user_id


@pytest.mark.req("PRIV-10")
def test_a_young_persons_adviser_withdraws_consent_on_the_tab(world: World) -> None:
    adviser = world.own.members[Role.CAREERS_ADVISER]
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        grant = ChildUserGrant.objects.get(user=adviser.user)
        plain = ChildUserGrant.objects.get(user=world.own.user(Role.LEAD_WORKER))
    client = world.client(Role.PERSONAL_ADVISER)
    tab = body(client.get(url("child_access", world.own)))
    address = url("child_share_withdraw", world.own, "person", grant.pk)
    assert address in tab
    assert url("child_share_end", world.own, "person", grant.pk) not in tab
    assert client.get(url("child_share_withdraw", world.own, "person", plain.pk)).status_code == 404
    assert world.client(Role.FOSTER_CARER).post(address).status_code == 403
    assert client.post(address).status_code == 302
    assert signed_in(adviser).get(url("child", world.own)).status_code == 404


@pytest.mark.req("PRIV-03", "PRIV-18")
def test_carers_do_not_even_read_that_there_may_be_disagreements(world: World) -> None:
    words = str(FACET_WORDS[Facet.DISPUTES])
    assert words in body(world.client(Role.SOCIAL_WORKER).get(url("child_access", world.own)))
    for role in (Role.FOSTER_CARER, Role.PARENT):
        assert words not in body(world.client(role).get(url("child_access", world.own)))


@pytest.mark.req("PRIV-20")
def test_the_family_of_an_adopted_child_asks_for_support(world: World) -> None:
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        end_care(by=system, episode=world.own.episode, on=TODAY(), reason=EndReason.ADOPTED)
    client, parent = world.client(Role.LACE_COORDINATOR), person(Role.ADOPTIVE_PARENT, world.own.row)
    for role in (Role.DESIGNATED_MANAGER, Role.PEP_REVIEWER, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON):
        assert world.client(role).get(url("child", world.own)).status_code == 404
    assert client.get(url("child_plan", world.own)).status_code == 404
    assert client.get(url("child_share_with", world.own, "advocate")).status_code == 404
    address = url("child_share_with", world.own, "adoptive_parent")
    typed = share(email=parent.user.email, facets=["identity", "targets"], agreement="")
    assert "Record first that the family asked" in body(client.post(address, typed))
    assert client.post(url("child_support", world.own), {"agreed": "yes"}).status_code == 302
    assert client.post(address, typed).status_code == 302
    assert client.get(url("child_plan", world.own)).status_code == 200
    assert signed_in(parent).get(url("child", world.own)).status_code == 200


@pytest.mark.req("PRIV-04")
def test_the_address_is_hidden_on_the_page_once_marked(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    assert "Hidden Lane" in body(client.get(url("child", world.own)))
    assert client.post(url("child_address", world.own), {"sensitive": "yes"}).status_code == 302
    assert "Hidden Lane" not in body(client.get(url("child", world.own)))
    assert client.post(url("child_address", world.own), {"sensitive": "no"}).status_code == 302
    assert "Hidden Lane" in body(client.get(url("child", world.own)))


@pytest.mark.req("PRIV-04")
def test_a_case_system_marks_the_address(world: World) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    path = f"children/{child}/address/"
    assert caller.post(path, {"address_is_sensitive": "perhaps"}, headers=caller.version(child)).status_code == 400
    assert caller.post(path, {"address_is_sensitive": True}, headers=caller.version(child)).status_code == 201
    assert "Hidden Lane" not in body(world.client(Role.SOCIAL_WORKER).get(url("child", world.own)))
    assert "Hidden Lane" not in caller.get(f"children/{child}/").content.decode()
    assert Caller(world.other).post(path, {"address_is_sensitive": False}, headers={"If-Match": "*"}).status_code == 404
    assert caller.post(path, {"address_is_sensitive": False}, headers=caller.version(child)).status_code == 201
    assert "Hidden Lane" in body(world.client(Role.SOCIAL_WORKER).get(url("child", world.own)))


def proposal(world: World, **changes: Any) -> dict[str, Any]:
    days = boxes("takes_effect_on", TODAY()) | boxes("overlap_until", TODAY() + timedelta(days=60))
    return {"taker": world.other.row.pk, "reason": "The care order moved", **days} | changes


def propose(world: World) -> Handover:
    assert world.client(Role.LACE_COORDINATOR).post(url("handover_propose", world.own), proposal(world)).status_code == 302
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        return Handover.objects.visible_to(by).get()


@pytest.mark.req("XLA-12")
def test_a_hand_over_from_page_to_page(world: World) -> None:
    handover = propose(world)
    giver, taker = world.client(Role.LACE_COORDINATOR), world.client(Role.LACE_COORDINATOR, world.other)
    for client in (giver, taker):
        with CaptureQueriesContext(connection) as captured:
            assert "The care order moved" in body(client.get(reverse("handovers")))
        assert any('INSERT INTO "audit_read"' in query["sql"] for query in captured)
    overview = body(taker.get(url("child", world.own)))
    assert "Hidden Lane" not in overview
    assert taker.get(url("child_plan", world.own)).status_code == 404
    accept_at = url("handover_accept", world.own, handover.pk)
    assert giver.get(accept_at).status_code == 403
    assert taker.get(url("handover_withdraw", world.own, handover.pk)).status_code == 403
    wrong = taker.post(accept_at, {"reference": "", "social_worker": world.own.user(Role.SOCIAL_WORKER).pk})
    assert "Enter the child's reference in your own case system" in body(wrong)
    assert "Choose one of the list" in body(wrong)
    typed = {"reference": "GWN-1", "social_worker": world.other.user(Role.SOCIAL_WORKER).pk, "iro": ""}
    assert taker.post(accept_at, typed)["Location"] == url("child", world.own)
    assert taker.get(url("child_duties", world.own)).status_code == 200
    assert giver.get(url("child_duties", world.own)).status_code == 200  # it reads on until the end of the overlap
    assert giver.get(url("handover_propose", world.own)).status_code == 403
    assert "already, or withdrawn" in body(taker.post(accept_at, typed))


@pytest.mark.req("XLA-12")
def test_refused_and_withdrawn_on_the_pages(world: World) -> None:
    handover = propose(world)
    giver, taker = world.client(Role.LACE_COORDINATOR), world.client(Role.LACE_COORDINATOR, world.other)
    refuse_at = url("handover_refuse", world.own, handover.pk)
    assert "Say why your authority does not take the record" in body(taker.post(refuse_at, {"answer": " "}))
    assert taker.post(refuse_at, {"answer": "No order was made"}).status_code == 302
    assert taker.get(url("child", world.own)).status_code == 404
    assert "No order was made" in body(giver.get(reverse("handovers")))
    assert world.own.child.family_name not in body(taker.get(reverse("handovers")))
    assert giver.post(url("handover_propose", world.own), proposal(world)).status_code == 302
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        second = Handover.objects.get(state="proposed")
    assert giver.post(url("handover_withdraw", world.own, second.pk)).status_code == 302
    assert taker.get(url("child", world.own)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"taker": ""}, "Choose the authority that becomes responsible"),
        ({"reason": ""}, "Say why responsibility moves"),
        (boxes("takes_effect_on", TODAY() - timedelta(days=1)), "The day of the hand-over must be today or later"),
        (boxes("overlap_until", TODAY() + timedelta(days=300)), "Give a day from the day of the hand-over to six months after it"),
    ],
)
def test_a_bad_proposal_is_told_and_changes_nothing(world: World, changes: dict[str, Any], sentence: str) -> None:
    page = body(world.client(Role.LACE_COORDINATOR).post(url("handover_propose", world.own), proposal(world, **changes)))
    assert sentence in page
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not Handover.objects.exists()
        assert not ChildGroupGrant.objects.filter(permission__codename=Relation.GUEST).exists()


@pytest.mark.req("XLA-04", "SW-05")
def test_the_host_acknowledges_and_both_sides_list_whom_to_reach(world: World) -> None:
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
        notice = PlacementNotice.objects.get()
    host, giver = world.client(Role.LACE_COORDINATOR, world.other), world.client(Role.LACE_COORDINATOR)
    address = url("notice_acknowledge", world.own, notice.pk)
    assert address in body(host.get(reverse("handovers")))
    assert address not in body(giver.get(reverse("handovers")))
    assert giver.get(address).status_code == 403
    assert host.post(address).status_code == 302
    assert address not in body(host.get(reverse("handovers")))
    for client in (host, giver):
        people = body(client.get(url("child_people", world.own)))
        for email in (
            world.own.user(Role.SOCIAL_WORKER).email,
            world.own.user(Role.LACE_COORDINATOR).email,
            world.other.user(Role.LACE_COORDINATOR).email,
            world.own.user(Role.COUNTERPART).email,
        ):
            assert email in people
        assert world.own.user(Role.FOSTER_CARER).name not in people or client is giver


def test_pages_of_hand_overs_speak_welsh(world: World) -> None:
    propose(world)
    client = world.client(Role.LACE_COORDINATOR)
    client.cookies["django_language"] = "cy"
    for address in (reverse("handovers"), url("handover_propose", world.own), url("child_share", world.own), url("child_access", world.own)):
        assert 'lang="cy"' in client.get(address).content.decode()
    assert Child._meta.verbose_name
