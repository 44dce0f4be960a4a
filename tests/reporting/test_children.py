"""The list of children and a child's record: found, filtered, shown by facet, and closed to strangers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Facet, Relation, Role
from lace.audit.models import Read
from lace.children.models import Child, Placement
from lace.children.rules import PlacementType
from lace.children.services import PlacementFacts, assign, find_child, place
from lace.deadlines.models import Duty
from lace.web.child_tabs import TABS
from lace.web.middleware import serving
from schools.models import TermRecord
from tests.reporting.pages import body, cost
from tests.world import World, enter, person, signed_in

pytestmark = pytest.mark.django_db

READERS = (
    Role.LACE_COORDINATOR,
    Role.DESIGNATED_MANAGER,
    Role.SOCIAL_WORKER,
    Role.IRO,
    Role.FOSTER_CARER,
    Role.DESIGNATED_PERSON,
    Role.HEADTEACHER,
)
OURS = ("child", "child_duties", "child_school", "child_people", "child_timeline", "child_access")


def names(client: Client, query: str = "") -> list[str]:
    """Who is listed, in order."""
    response = client.get(f"/children/{query}")
    assert response.status_code == 200
    return [row[0]["text"] for row in response.context["rows"]]


def long_ago(world: World, **facts: Any) -> Child:
    return enter(world.own, entered_on=timezone.localdate() - timedelta(days=60), **facts)[0]


# -- the list ----------------------------------------------------------------------------------------------------------


def test_each_sees_their_own_and_a_stranger_none(world: World) -> None:
    for role in READERS:
        assert names(world.client(role)) == [world.own.child.name]
        assert names(world.client(role, world.other)) == [world.other.child.name]
    for role in (Role.GOVERNOR, Role.ADMINISTRATOR):
        assert world.client(role).get("/children/").status_code == 404


def test_a_colleague_who_is_not_named_sees_nobody(world: World) -> None:
    colleague = signed_in(person(Role.SOCIAL_WORKER, world.own.row))
    assert names(colleague) == []
    assert "No children yet" in body(colleague.get("/children/"))


def test_welsh_alphabetical_order(world: World) -> None:
    for family in ("Llwyd", "Lewis", "Chapman", "Cynan", "Ng", "Griffiths", "Hughes"):
        long_ago(world, family_name=family, given_names="Non")
    listed = [name.split(" ", 1)[1] for name in names(world.client(Role.LACE_COORDINATOR)) if name.startswith("Non ")]
    assert listed == ["Cynan", "Chapman", "Griffiths", "Ng", "Hughes", "Lewis", "Llwyd"]


@pytest.mark.parametrize(
    "words",
    ["siân", "SIAN", "sian obrien", "O'Brien", "o’brien", "obrien-rees", "rees sian", "nel", "Nel O'Brien", "si", "  rees  ", "ang", "an"],
)
def test_a_child_is_found_whatever_the_accents_and_apostrophes(world: World, words: str) -> None:
    long_ago(world, given_names="Siân Angharad", family_name="O'Brien-Rees", preferred_name="Nel")
    assert names(world.client(Role.LACE_COORDINATOR), f"?q={words}") == ["Nel O'Brien-Rees"]


@pytest.mark.parametrize("words", ["brien rees sian jones", "ian", "%25", "_", "\\", "x%00", "'", "x" * 5000, "(("])
def test_what_fits_nobody_finds_nobody(world: World, words: str) -> None:
    long_ago(world, given_names="Siân", family_name="O'Brien-Rees")
    client = world.client(Role.LACE_COORDINATOR)
    assert names(client, f"?q={words}") == []
    assert "Nobody found" in body(client.get(f"/children/?q={words}"))


def test_a_child_is_found_by_the_unique_pupil_number(world: World) -> None:
    assert names(world.client(Role.LACE_COORDINATOR), f"?q={world.own.child.upn.lower()}") == [world.own.child.name]
    assert names(world.client(Role.LACE_COORDINATOR), f"?q={world.other.child.upn}") == []


@pytest.mark.req("XLA-01", "XLA-11")
def test_own_in_own_out_and_hosted_part_the_children(world: World) -> None:
    away = enter(world.own, entered_on=timezone.localdate() - timedelta(days=9))
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        place(by=by, episode=away[1], facts=PlacementFacts(kind=PlacementType.FOSTER, started_on=by.today, host_authority=world.other.row))
        assert Placement.objects.filter(child=away[0]).count() == 2
    coordinator, host = world.client(Role.LACE_COORDINATOR), world.client(Role.LACE_COORDINATOR, world.other)
    assert names(coordinator, "?placed=own_out") == [away[0].name]
    assert names(coordinator, "?placed=own_in") == [world.own.child.name]
    assert names(coordinator, "?placed=hosted") == []
    assert names(host, "?placed=hosted") == [away[0].name]
    assert "Ours, living elsewhere (1)" in body(coordinator.get("/children/"))
    record = host.get(reverse("child", args=[away[0].pk]))
    assert record.status_code == 200
    assert "Care order" not in body(record)  # the time in care is not the host's to read


def test_filters_by_duty_year_plan_and_school(world: World) -> None:
    late = long_ago(world, born_on=date(timezone.localdate().year - 4, 1, 1))
    client = world.client(Role.LACE_COORDINATOR)
    assert names(client, "?overdue=1") == [late.name]
    assert sorted(names(client, "?plan=none")) == sorted([late.name, world.own.child.name])
    assert names(client, "?plan=final") == []
    assert len(names(client, f"?school={world.own.school.number}")) == 2
    assert names(client, "?school=9999999") == []
    assert names(client, "?care=left") == []
    assert len(names(client, "?placed=x&plan=y&year=z&school=%00&care=q&page=-1")) == 2
    year = {row[0]["text"]: row[1] for row in client.get("/children/").context["rows"]}
    for value in range(-2, 14):
        for name in names(client, f"?year={value}"):
            assert str(year[name]).split(",")[0] in body(client.get(f"/children/?year={value}"))
    assert sum(len(names(client, f"?year={value}")) for value in range(-2, 14)) == 2


def test_the_list_comes_in_pages_and_costs_the_same_however_long(world: World) -> None:
    client = world.client(Role.LACE_COORDINATOR)
    few = cost(client, "/children/")
    assert few <= 8
    for _number in range(27):
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    assert cost(client, "/children/") == few
    first = client.get("/children/")
    assert len(first.context["rows"]) == 25
    assert first.context["page"].paginator.count == 28
    assert len(names(client, "?page=2")) == 3


def test_a_search_is_recorded_as_one(world: World) -> None:
    world.client(Role.LACE_COORDINATOR).get("/children/?q=mabli")
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        seen = Read.objects.get(door="children")
    assert seen.act == Read.Act.SEARCH
    assert seen.children == [world.own.child.pk]


# -- the record --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", OURS)
def test_strangers_find_no_such_child(world: World, route: str) -> None:
    address = reverse(route, args=[world.own.child.pk])
    for role in Role:
        if role != Role.CASE_SYSTEM:
            assert world.client(role, world.other).get(address).status_code == 404, role
    for role in (Role.GOVERNOR, Role.ADMINISTRATOR):
        assert world.client(role).get(address).status_code == 404
    assert signed_in(person(Role.SOCIAL_WORKER, world.own.row)).get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("role", READERS)
def test_tabs_are_those_with_a_facet_held_and_each_opens(world: World, role: Role) -> None:
    actor = world.own.actor(role)
    with serving(actor):
        _child, grant = find_child(by=actor, pk=world.own.child.pk)
    client = world.client(role)
    overview = body(client.get(reverse("child", args=[world.own.child.pk])))
    for route, _text, facets in TABS:
        address = reverse(route, args=[world.own.child.pk])
        held = bool(facets & grant.facets)
        if route == "child_targets" and Facet.EDUCATION in grant.facets:
            assert f'href="{address}"' not in overview  # who reads the plan finds the targets there
            continue
        assert (f'href="{address}"' in overview) == held, route
        assert client.get(address).status_code == (200 if held else 404), route


HIDDEN = {"carer": "Gofalwr Cudd", "address": "Hidden Lane", "postcode": "LL55 1AA"}


@pytest.mark.parametrize("role", READERS)
def test_the_address_and_carer_are_for_those_who_hold_the_facet(world: World, role: Role) -> None:
    may = role in {Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.IRO}
    client, carer = world.client(role), world.own.user(Role.FOSTER_CARER)
    everything = "".join(body(client.get(reverse(route, args=[world.own.child.pk]))) for route in OURS)
    for word in HIDDEN.values():
        assert (word in everything) == may, word
    if role != Role.FOSTER_CARER:
        assert (carer.name in everything) == may
        assert (carer.email in everything) == may


@pytest.mark.parametrize("role", READERS)
def test_a_sensitive_address_beats_every_grant(world: World, role: Role) -> None:
    child = enter(world.own, entered_on=timezone.localdate(), address_is_sensitive=True)[0]
    client, carer = world.client(role), world.own.user(Role.FOSTER_CARER)
    pages = [client.get(reverse(route, args=[child.pk])) for route in OURS]
    everything = "".join(body(page) for page in pages)
    assert pages[0].status_code == 200
    for word in HIDDEN.values():
        assert word not in everything
    if role != Role.FOSTER_CARER:
        assert carer.email not in everything
    assert "Do not tell anyone where the child lives" in everything


def test_who_holds_no_care_facet_reads_nothing_of_care(world: World) -> None:
    client = world.client(Role.HEADTEACHER)
    shown = [route for route in OURS if route != "child_access"]  # which names the roles, the foster carer's among them
    everything = "".join(body(client.get(reverse(route, args=[world.own.child.pk]))) for route in shown)
    for word in ("Care order", "Foster carer", "Came into care", world.own.child.reference):
        assert word not in everything


@pytest.mark.req("ATT-06")
@pytest.mark.parametrize(("role", "reads"), [(Role.FOSTER_CARER, True), (Role.PARENT, False)])
def test_a_carer_reads_how_their_child_attends(world: World, role: Role, reads: bool) -> None:
    """The reading right only: a reason for an absence is reported to the school, which keeps the register."""
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        TermRecord.objects.create(
            child=world.own.child, authority=world.own.row, school=world.own.school, year=2025, term="spring",
            sessions_possible=120, sessions_attended=114, sessions_unauthorised=3,
        )  # fmt: skip
    url = reverse("child_school", args=[world.own.child.pk])
    assert ("95%" in body(world.client(role).get(url))) == reads
    assert world.client(role, world.other).get(url).status_code == 404


def test_each_tab_is_recorded_with_the_facets_it_shows(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    for route in OURS:
        client.get(reverse(route, args=[world.own.child.pk]))
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        recorded = {seen.door: set(seen.facets) for seen in Read.objects.filter(act=Read.Act.READ)}
    assert set(recorded) == set(OURS)
    assert recorded["child_people"] == {Facet.CONTACTS, Facet.ADDRESS}
    assert Facet.EDUCATION in recorded["child"]


@pytest.mark.req("DL-12")
def test_every_duty_says_what_why_from_which_fact_and_by_which_document(world: World) -> None:
    page = body(world.client(Role.SOCIAL_WORKER).get(reverse("child_duties", args=[world.own.child.pk])))
    for words in (
        "within 20 days of coming into care",
        "paragraph 1.16",
        "entry to care in an emergency",
        "which is day 0",
        "Told next",
        "20 calendar days",
    ):
        assert words in page


def late_duty(world: World) -> tuple[Child, Duty]:
    child = long_ago(world)
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        return child, Duty.objects.get(child=child, code="pep_developed")


def test_a_reason_for_lateness_is_written_and_moves_no_date(world: World) -> None:
    child, duty = late_duty(world)
    client = world.client(Role.DESIGNATED_PERSON)
    address = reverse("child_duty_reason", args=[child.pk, duty.pk])
    assert address in body(client.get(reverse("child_duties", args=[child.pk])))
    assert "days late" in body(client.get(address))
    answer = client.post(address, {"reason": "The school was closed by snow"})
    assert answer["Location"] == f"{reverse('child_duties', args=[child.pk])}#duty-{duty.pk}"
    assert "The school was closed by snow" in body(client.get(answer["Location"]))
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert Duty.objects.get(pk=duty.pk).due_on == duty.due_on


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_an_unusable_reason_is_refused_and_kept_on_the_page(world: World, reason: str) -> None:
    child, duty = late_duty(world)
    page = world.client(Role.DESIGNATED_PERSON).post(reverse("child_duty_reason", args=[child.pk, duty.pk]), {"reason": reason})
    assert page.status_code == 200
    assert "There is a problem" in body(page)
    assert reason in body(page)
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert Duty.objects.get(pk=duty.pk).reason == ""


def test_who_may_not_explain_is_told_so_and_a_stranger_finds_nothing(world: World) -> None:
    child, duty = late_duty(world)
    address = reverse("child_duty_reason", args=[child.pk, duty.pk])
    assert world.client(Role.IRO).post(address, {"reason": "x"}).status_code == 403
    assert address not in body(world.client(Role.IRO).get(reverse("child_duties", args=[child.pk])))
    assert world.client(Role.DESIGNATED_PERSON, world.other).post(address, {"reason": "x"}).status_code == 404
    other = reverse("child_duty_reason", args=[world.other.child.pk, duty.pk])
    assert world.client(Role.DESIGNATED_PERSON, world.other).post(other, {"reason": "x"}).status_code == 404


@pytest.mark.req("ADM-16")
def test_the_timeline_holds_care_placements_schools_plans_and_reviews(world: World) -> None:
    page = body(world.client(Role.SOCIAL_WORKER).get(reverse("child_timeline", args=[world.own.child.pk])))
    for words in ("Came into care", "Moved to a placement", "Started at a school", world.own.school.name, "Placements and schools", "<svg"):
        assert words in page


@pytest.mark.req("PRIV-18")
def test_who_can_see_is_who_can_open_the_record(world: World) -> None:
    """The page names exactly those for whom the record opens; checked against every member of both authorities."""
    page = body(world.client(Role.LACE_COORDINATOR).get(reverse("child_access", args=[world.own.child.pk])))
    address = reverse("child", args=[world.own.child.pk])
    for authority in (world.own, world.other):
        for role, membership in authority.members.items():
            elsewhere = authority is world.own and role in {Role.CASE_SYSTEM, Role.CHILD}  # by API, and on pages of their own
            opens = elsewhere or signed_in(membership).get(address).status_code == 200
            assert (f">{membership.user.name}<" in page) == opens, (role, authority.row.code)
    for words in ("name, date of birth and language", "The child goes to the school.", "Named as the child's social worker."):
        assert words in page


@pytest.mark.req("PRIV-18")
def test_who_can_see_follows_the_relations(world: World) -> None:
    by, next_one = world.own.actor(Role.CASE_SYSTEM), person(Role.SOCIAL_WORKER, world.own.row)
    with serving(by):
        assign(by=by, child=world.own.child, user=next_one.user, relation=Relation.SOCIAL_WORKER, on=by.today)
    page = body(world.client(Role.LACE_COORDINATOR).get(reverse("child_access", args=[world.own.child.pk])))
    assert next_one.user.name in page
    assert world.own.user(Role.SOCIAL_WORKER).name not in page


@pytest.mark.parametrize("route", OURS)
def test_the_record_speaks_welsh(world: World, route: str) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get(reverse(route, args=[world.own.child.pk])))
    assert "Pwy all weld" in page
    for english in ("Overview", "Timeline", "Who can see", "Designated person", "Looked after", "Nothing", "No longer"):
        assert english not in page


def test_the_records_cost_is_bounded(world: World) -> None:
    for role in READERS:
        client = world.client(role)
        for route in OURS:
            if client.get(reverse(route, args=[world.own.child.pk])).status_code == 200:
                assert cost(client, reverse(route, args=[world.own.child.pk])) <= 19, (role, route)
