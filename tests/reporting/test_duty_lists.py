"""One list of every duty a person may know of: what stands in it for whom, how it is narrowed and sorted, and the same as a file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Facet, Relation, Role
from lace.accounts.models import Membership
from lace.audit.models import Read
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, Placement, grants_of, relation_code
from lace.children.rules import PlacementType
from lace.children.services import PlacementFacts, place
from lace.core.actor import Actor
from lace.deadlines.models import BodyDuty, Duty, Waiver
from lace.deadlines.rules import RULES, Clock, Fact, Force
from lace.deadlines.services import meet
from lace.web.middleware import serving
from schools.models import Enrolment
from tests.reporting.pages import body, cost
from tests.world import World, enter

pytestmark = pytest.mark.django_db
# Who keeps duties about children: section 3 of the requirements, "does".
LISTED = [
    Role.LACE_COORDINATOR,
    Role.DESIGNATED_MANAGER,
    Role.SOCIAL_WORKER,
    Role.IRO,
    Role.PERSONAL_ADVISER,
    Role.DESIGNATED_PERSON,
    Role.HEADTEACHER,
]


@pytest.fixture
def furnished(world: World) -> World:
    """Children here and away, with duties done in time and late, with and without a reason, overdue and to come; and another authority's."""
    today = timezone.localdate()
    by = world.own.actor(Role.CASE_SYSTEM)
    for days in (40, 75, 200):
        child, episode, *_rest = enter(world.own, entered_on=today - timedelta(days=days))
        with serving(by):
            if days == 75:
                place(by=by, episode=episode, facts=PlacementFacts(kind=PlacementType.FOSTER, started_on=today, host_authority=world.other.row))
                meet(by=by, child=child, codes=["pep_developed"], on=today - timedelta(days=10), reason="=the school was closed")
            if days == 200:
                meet(by=by, child=child, codes=["pep_initiated_emergency"], on=today - timedelta(days=198))
                meet(by=by, child=child, codes=["review_first_regulation"], on=today - timedelta(days=100))
    enter(world.other, entered_on=today - timedelta(days=70))
    return world


def listed(client: Client, query: str = "") -> list[Any]:
    """The ids of every duty in the list, over all its pages, in its order."""
    found: list[Any] = []
    number = 1
    while True:
        answer = client.get(f"/duties/?page={number}&{query}")
        assert answer.status_code == 200
        found += [duty.pk for duty in answer.context["page"].object_list]
        if not answer.context["page"].has_next():
            return found
        number += 1


def known(actor: Actor) -> list[Duty]:
    """Every duty the actor may know of, worked out one child at a time."""
    with serving(actor):
        children = list(Child.objects.visible_to(actor))
        may_read = [pk for pk, grant in grants_of(actor, children).items() if Facet.EDUCATION in grant.facets]
        return list(Duty.objects.filter(child__in=may_read).select_related("child"))


def test_everybody_finds_the_duties_they_may_read_of_and_no_other(furnished: World) -> None:
    some = set()
    for role in LISTED:
        expected = {duty.pk for duty in known(furnished.own.actor(role))}
        found = listed(furnished.client(role))
        assert len(found) == len(set(found)), role
        assert set(found) == expected, role
        some |= {role} if expected else set()
    assert set(LISTED) - some <= {Role.PERSONAL_ADVISER}, "each of them has something to find"


def test_who_keeps_no_duties_finds_no_list(furnished: World) -> None:
    for role in set(Role) - set(LISTED):
        for page in ("/duties/", "/duties/list.csv"):
            assert furnished.client(role).get(page).status_code == 404, (role, page)


def test_a_relation_narrowed_by_hand_gives_no_duty_of_that_child(furnished: World) -> None:
    client = furnished.client(Role.SOCIAL_WORKER)
    before = listed(client)
    with serving(furnished.own.actor(Role.CASE_SYSTEM)):
        mine = Duty.objects.filter(child=furnished.own.child).values_list("pk", flat=True)
        theirs = set(mine)
        named = ChildUserGrant.objects.filter(
            content_object=furnished.own.child, user=furnished.own.user(Role.SOCIAL_WORKER), permission=relation_code(Relation.SOCIAL_WORKER)
        )
        assert named.update(facets=[str(Facet.CARE)]) == 1
    assert set(before) - set(listed(client)) == theirs != set()


@pytest.mark.req("PRIV-20")
def test_a_closed_record_shows_no_duty(furnished: World) -> None:
    theirs = {duty.pk for duty in known(furnished.own.actor(Role.LACE_COORDINATOR)) if duty.child_id == furnished.own.child.pk}
    with serving(furnished.own.actor(Role.CASE_SYSTEM)):
        Child.objects.filter(pk=furnished.own.child.pk).update(sealed_on=timezone.localdate())
    for role in (Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER):
        assert theirs
        assert not theirs & set(listed(furnished.client(role)))


# ---- narrowing: each filter against the same said in Python ----


def late(duty: Duty) -> int:
    return duty.days_late(timezone.localdate())


TODAY = timezone.localdate
CASES: list[tuple[str, Callable[[Duty], bool]]] = [
    ("when=past", lambda duty: duty.due_on < TODAY()),
    ("when=upcoming", lambda duty: duty.due_on >= TODAY()),
    ("state=open", lambda duty: duty.closed_on is None),
    ("state=closed", lambda duty: duty.closed_on is not None),
    ("state=overdue", lambda duty: duty.is_overdue(TODAY())),
    ("state=on_time", lambda duty: duty.outcome == "on_time"),
    ("state=late", lambda duty: duty.outcome == "late"),
    ("state=care_ended", lambda duty: duty.outcome == "care_ended"),
    ("kind=pep_developed", lambda duty: duty.code == "pep_developed"),
    ("kind=developed", lambda duty: duty.code in {"pep_developed", "pep_developed_new_school"}),
    ("force=statutory", lambda duty: RULES[duty.code].force == Force.STATUTORY),
    ("role=iro", lambda duty: duty.role == Role.IRO),
    ("late_from=1", lambda duty: late(duty) >= 1),
    ("late_from=10&late_to=60", lambda duty: 10 <= late(duty) <= 60),
    ("late_to=0&when=past", lambda duty: late(duty) == 0 and duty.due_on < TODAY()),
    ("reason=given", lambda duty: bool(duty.reason)),
    ("reason=missing&state=late", lambda duty: not duty.reason and duty.outcome == "late"),
    ("placed=own_in", lambda duty: not _away(duty)),
    ("placed=own_out", lambda duty: _away(duty)),
]


def _away(duty: Duty) -> bool:
    now = Placement.objects.filter(child=duty.child, ended_on__isnull=True).get()
    return now.host_authority_id != duty.authority_id


@pytest.mark.req("DL-09", "DP-10")
def test_each_filter_keeps_what_it_says(furnished: World) -> None:
    actor = furnished.own.actor(Role.LACE_COORDINATOR)
    everything = known(actor)
    client = furnished.client(Role.LACE_COORDINATOR)
    for query, fits in CASES:
        with serving(actor):
            expected = {duty.pk for duty in everything if fits(duty)}
        assert set(listed(client, query)) == expected, query
        if "care_ended" not in query:
            assert 0 < len(expected) < len(everything), query


def test_the_days_are_the_first_and_the_last_one_included(furnished: World) -> None:
    everything = known(furnished.own.actor(Role.LACE_COORDINATOR))
    days = sorted({duty.due_on for duty in everything})
    first, last = days[2], days[-3]
    query = "&".join(
        f"{name}_{part}={getattr(day, part)}" for name, day in (("due_from", first), ("due_to", last)) for part in ("day", "month", "year")
    )
    expected = {duty.pk for duty in everything if first <= duty.due_on <= last}
    assert set(listed(furnished.client(Role.LACE_COORDINATOR), query)) == expected
    assert any(duty.due_on == first for duty in everything if duty.pk in expected)


def test_by_school_and_by_worker(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    actor = furnished.own.actor(Role.LACE_COORDINATOR)
    everything = known(actor)
    with serving(actor):
        enrolled = {row.child_id: row.started_on for row in Enrolment.objects.filter(school=furnished.own.school)}
    of_school = {duty.pk for duty in everything if duty.child_id in enrolled and enrolled[duty.child_id] <= duty.due_on}
    assert set(listed(client, f"school={furnished.own.school.number}")) == of_school != set()
    for role in (Role.SOCIAL_WORKER, Role.IRO):
        assert set(listed(client, f"worker={furnished.own.user(role).pk}")) == {duty.pk for duty in everything}
    assert listed(client, "worker=none") == []


LATE, FIRST, LAST = "late_from=9&late_to=3", "due_from_day=3&due_from_month=3&due_from_year=2026", "due_to_day=2&due_to_month=3&due_to_year=2026"
WRONG = {
    "late_from=many": "Enter a whole number of days, like 10",
    "late_from=-3": "Enter a whole number of days, like 10",
    LATE: "The larger number of days must come second",
    "due_from_day=31&due_from_month=2&due_from_year=2026": "Enter a real date, like 27 3 2026",
    "due_from_day=3&due_from_year=2026": "The date must include a month",
    f"{FIRST}&{LAST}": "The last day must be on or after the first",
    "state=nonsense": "Choose one of the list",
    "worker=999999": "Choose one of the list",
}


def test_what_cannot_be_asked_is_said_and_what_was_typed_stays(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    for query, sentence in WRONG.items():
        answer = client.get(f"/duties/?{query}")
        page = body(answer)
        assert answer.status_code == 200
        assert sentence in page, query
        assert answer.context["rows"] == []
        for part in query.split("&"):
            name, _equals, value = part.partition("=")
            assert name.startswith(("state", "worker")) or f'value="{value}"' in page, part
        assert client.get(f"/duties/list.csv?{query}").status_code == 404


def test_it_is_sorted_and_pages_never_overlap(furnished: World) -> None:
    by_id = {duty.pk: duty for duty in known(furnished.own.actor(Role.LACE_COORDINATOR))}
    keys: dict[str, Callable[[Duty], Any]] = {
        "due": lambda duty: duty.due_on,
        "late": late,
        "child": lambda duty: duty.child.sort_key,
        "kind": lambda duty: duty.code,
    }
    for sort in (*keys, *(f"-{name}" for name in keys)):
        found = [by_id[pk] for pk in listed(furnished.client(Role.LACE_COORDINATOR), f"sort={sort}")]
        values = [keys[sort.lstrip("-")](duty) for duty in found]
        assert len(found) == len({duty.pk for duty in found}) == len(by_id) > 25
        assert values == sorted(values, reverse=sort.startswith("-")), sort


def test_the_counts_beside_the_filters_are_the_lists(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    for item in client.get("/duties/?when=past").context["filters"][0]["items"]:
        assert item["count"] == client.get(item["href"]).context["page"].paginator.count
        assert "when=past" in item["href"]


# ---- who is responsible (LA-24), and reasons (SW-14) ----


@pytest.mark.req("LA-24")
def test_each_duty_names_who_holds_it_and_gaps_are_found(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    page = body(client.get("/duties/?role=social_worker"))
    assert f"Social worker: {furnished.own.user(Role.SOCIAL_WORKER).name}" in page
    assert f"Designated person: {furnished.own.user(Role.DESIGNATED_PERSON).name}" in body(client.get("/duties/?role=designated_person"))
    before = listed(client, "unheld=on&role=social_worker")
    Membership.objects.filter(pk=furnished.own.members[Role.SOCIAL_WORKER].pk).update(ends_on=timezone.localdate())
    gaps = listed(client, "unheld=on&role=social_worker")
    expected = {duty.pk for duty in known(furnished.own.actor(Role.LACE_COORDINATOR)) if duty.role == Role.SOCIAL_WORKER and duty.closed_on is None}
    assert before == []
    assert set(gaps) == expected != set()
    assert "Social worker: nobody" in body(client.get("/duties/?unheld=on&role=social_worker"))


def test_names_are_for_those_who_may_know_the_people_around_the_child(furnished: World) -> None:
    client, relation = furnished.client(Role.IRO), relation_code(Relation.IRO)
    name = furnished.own.user(Role.SOCIAL_WORKER).name
    assert name in body(client.get("/duties/"))
    with serving(furnished.own.actor(Role.CASE_SYSTEM)):
        named = ChildUserGrant.objects.filter(user=furnished.own.user(Role.IRO), permission=relation)
        assert named.update(facets=[str(Facet.IDENTITY), str(Facet.EDUCATION)]) > 0
    page = body(client.get("/duties/"))
    assert ">Social worker<" in page
    assert name not in page


@pytest.mark.req("SW-14")
def test_reasons_stand_in_the_list_and_who_agreed_to_a_waiver(furnished: World) -> None:
    actor = furnished.own.actor(Role.LACE_COORDINATOR)
    manager = furnished.own.user(Role.DESIGNATED_MANAGER)
    today = timezone.localdate()
    with serving(actor):
        duty = Duty.objects.open().filter(child=furnished.own.child).order_by("due_on")[0]
        Waiver.objects.create(
            child=duty.child, authority_id=duty.authority_id, duty=duty, reason="Short breaks only", asked_by=furnished.own.user(Role.SOCIAL_WORKER),
            asked_on=today, decided_by=manager, decided_on=today, agreed=True,
        )  # fmt: skip
        Duty.objects.filter(pk=duty.pk).update(outcome="waived", closed_on=today, next_look_on=None)
    client = furnished.client(Role.LACE_COORDINATOR)
    assert f"Short breaks only (agreed by {manager.name})" in body(client.get("/duties/?state=waived"))
    assert "=the school was closed" in body(client.get("/duties/?state=late&reason=given"))
    rows = table(client.get("/duties/list.csv?state=waived"))
    assert rows[1][rows[0].index("Waived by")] == manager.name


# ---- the file ----


def table(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.req("SW-14")
def test_the_file_has_the_list_and_no_formula(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    rows = table(client.get("/duties/list.csv?when=past&sort=-late"))
    head, lines = rows[0], rows[1:]
    assert len(lines) == len(listed(client, "when=past"))
    lateness = [int(line[head.index("Days late")]) for line in lines]
    assert lateness == sorted(lateness, reverse=True)
    reasons = {line[head.index("Reason")] for line in lines}
    assert "'=the school was closed" in reasons
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line)
    with serving(furnished.own.actor(Role.LACE_COORDINATOR)):
        taken = Read.objects.filter(act=Read.Act.EXPORT).get()
    assert taken.door == "duties_csv"
    assert len(taken.children) == len({line[0] for line in lines})


def test_the_file_speaks_welsh(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    head = table(client.get("/duties/list.csv"))[0]
    assert head[0] == "Plentyn"
    assert not {"Due", "Days late", "How binding", "Reason", "Responsible", "Waived by"} & set(head)
    page = body(client.get("/duties/"))
    for english in (
        "Narrow the list",
        "Download as a file",
        "Due today or later",
        "Only where nobody",
        "Who works with the child",
        "Show all duties",
    ):
        assert english not in page


# ---- duties of schools and authorities ----


@pytest.fixture
def of_bodies(furnished: World) -> World:
    """The school and the authority owe something, and so does the other authority."""
    today = timezone.localdate()
    for place_ in (furnished.own, furnished.other):
        with serving(place_.actor(Role.LACE_COORDINATOR)):
            for organisation in (place_.school.organisation, None):
                BodyDuty.objects.create(
                    authority=place_.row, body=organisation, code="pep_developed", rule_version=1, fact=Fact.SCHOOL_START, clock=Clock.CALENDAR,
                    trigger_on=today - timedelta(days=60), subject=place_.child.pk, due_on=today - timedelta(days=20), role=Role.DESIGNATED_PERSON,
                )  # fmt: skip
    return furnished


def test_each_sees_the_duties_of_their_own_bodies(of_bodies: World) -> None:
    def names(role: Role) -> set[str]:
        return {row[0] for row in of_bodies.client(role).get("/duties/bodies/").context["rows"]}

    school, authority = of_bodies.own.school.name, of_bodies.own.row.name
    assert names(Role.LACE_COORDINATOR) == {school, authority}
    assert names(Role.DESIGNATED_PERSON) == names(Role.GOVERNOR) == {school}
    for role in (Role.SOCIAL_WORKER, Role.TEACHER, Role.PARENT, Role.ADMINISTRATOR):
        for page in ("/duties/bodies/", "/duties/bodies/list.csv"):
            assert of_bodies.client(role).get(page).status_code == 403
    rows = table(of_bodies.client(Role.LACE_COORDINATOR).get("/duties/bodies/list.csv"))
    assert {row[0] for row in rows[1:]} == {school, authority}
    chosen = of_bodies.client(Role.LACE_COORDINATOR).get(f"/duties/bodies/?school={of_bodies.own.school.number}").context["rows"]
    assert [row[0] for row in chosen] == [school]
    assert of_bodies.client(Role.LACE_COORDINATOR).get("/duties/bodies/?late_from=21").context["rows"] == []


def test_the_two_lists_lead_to_each_other_for_those_who_have_both(of_bodies: World) -> None:
    assert 'href="/duties/bodies/"' in body(of_bodies.client(Role.LACE_COORDINATOR).get("/duties/"))
    assert 'href="/duties/bodies/"' not in body(of_bodies.client(Role.SOCIAL_WORKER).get("/duties/"))
    assert 'href="/duties/"' in body(of_bodies.client(Role.LACE_COORDINATOR).get("/"))


def test_its_statements_do_not_grow_with_the_duties(furnished: World) -> None:
    pages = {"/duties/": 9, "/duties/?unheld=on": 10, "/duties/list.csv": 9, "/duties/bodies/": 6}
    client = furnished.client(Role.LACE_COORDINATOR)
    before = {page: cost(client, page) for page in pages}
    for days in (50, 51, 52):
        enter(furnished.own, entered_on=timezone.localdate() - timedelta(days=days))
    assert {page: cost(client, page) for page in pages} == before
    assert all(before[page] <= most for page, most in pages.items()), before


def test_a_group_grant_narrowed_gives_a_school_nothing(furnished: World) -> None:
    client = furnished.client(Role.HEADTEACHER)
    assert listed(client)
    with serving(furnished.own.actor(Role.CASE_SYSTEM)):
        held = ChildGroupGrant.objects.filter(group=furnished.own.school.organisation.group)
        held.update(facets=[str(Facet.ATTENDANCE)])
    assert listed(client) == []
