"""The compliance grid and a school's own page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.web.middleware import serving
from schools.models import School
from schools.rules import SchoolKind
from schools.services.confirmation import confirm_register
from schools.services.designation import DesignationFacts, designate
from schools.services.register import enrol, leave
from tests.world import Authority, World, enter, make_school

COORDINATOR = Role.LACE_COORDINATOR


def grid(world: World, query: str = "") -> str:
    return world.client(COORDINATOR).get(f"/schools/{query}").content.decode()


def names(body: str) -> list[str]:
    """The schools listed, in order."""
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>([^<]+)</a>', body)


def row(body: str, school: School) -> str:
    """The grid's row of a school."""
    return next(part for part in body.split("<tr")[1:] if school.name in part)


def cells(body: str, school: School) -> list[str]:
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row(body, school), re.DOTALL)]


def page(world: World, role: Role, authority: Authority | None = None) -> str:
    school = (authority or world.own).school
    return world.client(role).get(reverse("school", kwargs={"number": school.number})).content.decode()


def designated(authority: Authority) -> None:
    by = authority.actor(Role.GOVERNOR)
    day = timezone.localdate() - timedelta(days=3)
    with serving(by):
        held = authority.members[Role.DESIGNATED_PERSON]
        designate(by=by, school=authority.school, facts=DesignationFacts(held, decided_on=day, started_on=day, headteacher_consulted=True))


@pytest.mark.req("SCH-02", "SCH-07")
def test_a_maintained_school_without_designation_is_missing_even_with_nobody_on_roll_and_a_pru_is_not(world: World) -> None:
    empty, pru = make_school(world.own.row, SchoolKind.PRIMARY), make_school(world.own.row, SchoolKind.PRU)
    designated(world.own)
    body = grid(world)
    assert "Missing" in row(body, empty)
    assert cells(body, empty)[3] == "0"
    assert "Missing" not in row(body, pru)
    assert "encouraged, not required" in row(body, pru)
    assert world.own.user(Role.DESIGNATED_PERSON).name in row(body, world.own.school)
    assert names(grid(world, "?designation=missing")) == [empty.name]
    assert "Missing (1)" in body


@pytest.mark.req("SCH-02")
@pytest.mark.parametrize("role", [Role.HEADTEACHER, Role.GOVERNOR, Role.DESIGNATED_PERSON, COORDINATOR])
def test_the_schools_own_page_warns_that_nobody_is_designated(world: World, role: Role) -> None:
    assert "This school has no designated person" in page(world, role)
    designated(world.own)
    assert "This school has no designated person" not in page(world, role)


@pytest.mark.req("LA-28")
def test_each_number_opens_a_list_with_exactly_that_number(world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    body = grid(world)
    school = world.own.school
    _name, _kind, _person, children, overdue, _register = cells(body, school)
    assert (children, overdue) == ("2", "1")
    client = world.client(COORDINATOR)
    links = re.findall(r'href="([^"]+)"', row(body, school))
    listed = client.get(links[1]).content.decode()
    assert len(names(listed)) == 2
    late = client.get(links[2]).content.decode()
    assert len(names(late)) == 1


def test_filters_narrow_and_what_is_no_filter_narrows_nothing(world: World) -> None:
    empty = make_school(world.own.row)
    assert set(names(grid(world))) == {empty.name, world.own.school.name}
    assert names(grid(world, "?children=none")) == [empty.name]
    assert names(grid(world, "?children=some")) == [world.own.school.name]
    assert names(grid(world, "?register=unconfirmed")) == [world.own.school.name]
    assert names(grid(world, "?plans=overdue")) == []
    assert "No school answers to these filters" in grid(world, "?plans=overdue")
    assert len(names(grid(world, "?designation=everything&children='&area=moon&page=x"))) == 2
    by = world.own.actor(Role.DESIGNATED_PERSON)
    with serving(by):
        confirm_register(by=by, school=world.own.school)
    assert names(grid(world, "?register=unconfirmed")) == []


def test_schools_stand_in_welsh_alphabetical_order(world: World) -> None:
    wanted = ["Ysgol Cadog", "Ysgol Chwilog", "Ysgol Dewi", "Ysgol Lewis", "Ysgol Llanfair"]
    for name in reversed(wanted):
        organisation = make_school(world.own.row).organisation
        organisation.name_cy = organisation.name_en = name
        organisation.save()
    found = [name for name in names(grid(world)) if name in wanted]
    assert found == wanted


@pytest.mark.req("LA-04")
def test_schools_of_other_authorities_that_own_children_attend_are_listed_apart(world: World) -> None:
    designated(world.other)
    by = world.own.actor(Role.CASE_SYSTEM)
    assert world.other.school.name not in names(grid(world, "?area=elsewhere"))
    with serving(by):
        enrol(by=by, child=world.own.child, school=world.other.school, on=timezone.localdate())
    body = grid(world, "?area=elsewhere")
    assert names(body) == [world.other.school.name]
    assert "Not confirmed this term" not in body
    assert world.other.user(Role.DESIGNATED_PERSON).name in body
    assert cells(body, world.other.school)[3] == "1"  # the own child, not those of the other authority
    assert world.other.school.name not in names(grid(world))
    register = page(world, COORDINATOR, world.other)
    assert world.own.child.family_name in register
    assert world.other.child.family_name not in register
    # and the school's authority sees the newcomer beside its own
    theirs = world.client(COORDINATOR, world.other).get("/schools/").content.decode()
    assert cells(theirs, world.other.school)[3] == "2"


@pytest.mark.req("DP-01")
def test_the_register_shows_dates_authority_year_and_plan(world: World) -> None:
    body = page(world, Role.DESIGNATED_PERSON)
    child = world.own.child
    for words in (child.name, "Year ", "from ", world.own.row.name_en, "Care order", "No plan"):
        assert words in body
    assert reverse("child", args=[child.pk]) in body
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        reads = Read.objects.filter(door="school")
        assert [(read.children, read.role, read.act) for read in reads] == [([child.pk], Role.DESIGNATED_PERSON, Read.Act.LIST)]


@pytest.mark.req("DP-01")
def test_a_headteacher_sees_no_legal_status(world: World) -> None:
    body = page(world, Role.HEADTEACHER)
    assert world.own.child.name in body
    assert "Legal status" not in body
    assert "Care order" not in body


def test_an_overdue_plan_is_marked(world: World) -> None:
    late, *_rest = enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    body = world.client(Role.DESIGNATED_PERSON).get(reverse("school", kwargs={"number": world.own.school.number}), {"plan": "overdue"})
    listed = names(body.content.decode())
    assert listed == [late.name]


def test_who_left_the_school_is_off_the_register(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        leave(by=by, child=world.own.child, on=timezone.localdate(), reason="moved")
    assert world.own.child.family_name not in page(world, Role.DESIGNATED_PERSON)
    assert "No looked-after child is on the register" in page(world, COORDINATOR)


def test_who_left_care_is_off_the_register_though_on_roll(world: World) -> None:
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        episode = world.own.episode
        episode.ended_on, episode.end_reason = timezone.localdate(), "returned_home"
        episode.save()
    assert cells(grid(world), world.own.school)[3] == "0"
    assert world.own.child.family_name not in page(world, Role.DESIGNATED_PERSON)


@pytest.mark.req("SCH-02")
def test_a_governor_sees_the_school_and_no_child_and_no_number(world: World) -> None:
    for _each in range(2):
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    designated(world.own)
    by = world.own.actor(Role.DESIGNATED_PERSON)
    with serving(by):
        confirm_register(by=by, school=world.own.school)
    body = page(world, Role.GOVERNOR)
    main = body.split('id="main-content"')[1].split("</main>")[0]
    assert world.own.user(Role.DESIGNATED_PERSON).name in main
    assert "Llwyd" not in main
    assert "Mabli" not in main
    assert "egister" not in main
    assert not re.search(r"\b[0-9]\b(?! [A-Z][a-z]+ \d{4})", re.sub(r"<[^>]+>", " ", main))
    assert 'href="/children/' not in body


@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR])
def test_people_of_a_school_are_led_to_their_own_and_find_no_other(world: World, role: Role) -> None:
    client = world.client(role)
    assert client.get("/schools/")["Location"] == reverse("school", kwargs={"number": world.own.school.number})
    neighbour = make_school(world.own.row)
    for other in (world.other.school, neighbour):
        answer = client.get(reverse("school", kwargs={"number": other.number}))
        assert answer.status_code == 404
        assert other.organisation.name_en not in answer.content.decode()


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.ADMINISTRATOR, Role.DESIGNATED_MANAGER, Role.CASE_SYSTEM])
def test_others_find_no_schools(world: World, role: Role) -> None:
    client = world.client(role)
    assert client.get("/schools/").status_code == 404
    assert client.get(reverse("school", kwargs={"number": world.own.school.number})).status_code == 404


def test_a_coordinator_elsewhere_finds_neither_school_nor_number(world: World) -> None:
    stranger = world.client(COORDINATOR, world.other)
    assert world.own.school.name not in stranger.get("/schools/").content.decode()
    assert stranger.get(reverse("school", kwargs={"number": world.own.school.number})).status_code == 404


def test_both_pages_speak_welsh(world: World) -> None:
    for role, path in ((COORDINATOR, "/schools/"), (Role.HEADTEACHER, reverse("school", kwargs={"number": world.own.school.number}))):
        client = world.client(role)
        client.cookies["language"] = "cy"
        body = client.get(path).content.decode()
        assert 'lang="cy"' in body
        assert world.own.school.organisation.name_cy in body
        assert "erson dynodedig" in body
        assert "Designated person" not in body


def test_the_pages_cost_the_same_with_many_schools_and_children(world: World, statements: Any) -> None:
    coordinator, school = world.client(COORDINATOR), world.client(Role.DESIGNATED_PERSON)
    own = reverse("school", kwargs={"number": world.own.school.number})
    for path, client in (("/schools/", coordinator), (own, school)):
        client.get(path)
    for _each in range(3):
        make_school(world.own.row)
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=30))
    with statements(9):
        coordinator.get("/schools/")
    with statements(14):
        school.get(own)
