"""The development plan inside the plan: switched on by the authority, its headings in their order, its provisions, a move of school."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lace.accounts.access import Role
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import CombinedPlan, Pep, Provision, Version, digest
from peps.rules.exchange import misfits, schema
from peps.rules.idp import ELEMENTS, HEADINGS
from peps.rules.sections import FORM
from peps.services.exchange import export_plan
from peps.services.provisions import choose_combined, end_provision, remove_provision, save_provision
from schools.models import Enrolment
from tests.peps.plans import acting, amended, plan, text, written
from tests.world import Authority, World

pytestmark = pytest.mark.django_db
IDP = {"kind": "idp_authority", "where": "", "contact": "The ALNCo", "need": "Reads at the level of a child of seven", "record": "Report of May"}
ORDER = [f"{number}. " for number in ("1A", "1B", "1C", "2A", "2B", "2C", "2D", "3A", "3B", "3C")]


def provision(by: Actor, **other: Any) -> dict[str, Any]:
    """A provision's values."""
    return {
        "need": "Reading",
        "outcome": "Reads a page aloud by July",
        "what": "Phonics with a trained assistant",
        "how_much": "30 minutes",
        "how_often": "Three times a week",
        "in_welsh": "yes",
        "provider": "The school",
        "from_on": by.today,
        "review_on": by.today + timedelta(days=90),
        "last_on": None,
        "why": "The report of May shows it",
        "goes_on": False,
        "secured_by": "",
        "language": "en-gb",
    } | other


def switch(authority: Authority, combined: bool = True, days: int = 0) -> CombinedPlan:
    with acting(authority, Role.LACE_COORDINATOR) as by:
        day = by.today + timedelta(days=days)
        return choose_combined(by=by, authority=authority.row, combined=combined, effective_from=day, approved_by="Cabinet, 3 May")


def need(authority: Authority) -> None:
    with acting(authority, Role.SOCIAL_WORKER), transaction.atomic():
        assert Child.objects.filter(pk=authority.child.pk).update(additional_needs=True)
    authority.child.additional_needs = True


def needing(authority: Authority) -> Pep:
    """A plan of a child with additional learning needs, in an authority that has the development plan inside it."""
    need(authority)
    switch(authority)
    pep = written(authority)
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        services.write_section(by=by, pep=pep, key="aln", answers=IDP, language="en-gb", version=1)
    return pep


def add(authority: Authority, pep: Pep, **other: Any) -> Provision:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return save_provision(by=by, pep=pep, facts=provision(by, **other))


def final(authority: Authority, pep: Pep) -> Version:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today)


@pytest.mark.req("PEP-22")
def test_the_authority_switches_the_combined_plan_on_from_a_day(world: World) -> None:
    own = world.own
    need(own)
    pep = written(own)
    client = world.client(Role.DESIGNATED_PERSON)
    assert "2A." not in text(client.get(plan(world, "section/aln/")))
    switch(own, days=1)
    assert "2A." not in text(client.get(plan(world, "section/aln/")))  # it holds from tomorrow
    switch(own)
    page = text(client.get(plan(world, "section/aln/")))
    assert "2A." in page
    assert own.child.family_name in page.split("2A.")[0]  # 1A is drawn from the record
    with acting(own, Role.DESIGNATED_PERSON) as by, pytest.raises(NotAllowed):
        choose_combined(by=by, authority=own.row, combined=False, effective_from=by.today, approved_by="Me")
    with acting(own, Role.LACE_COORDINATOR) as by, pytest.raises(BadInput):
        choose_combined(by=by, authority=own.row, combined=False, effective_from=by.today - timedelta(days=1), approved_by="Cabinet")
    assert pep.versions.count() == 0


@pytest.mark.req("PEP-22")
def test_the_headings_stand_only_where_the_child_has_additional_learning_needs(world: World) -> None:
    switch(world.own)
    pep = written(world.own)
    page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world)))
    assert 'id="provisions"' not in page
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        save_provision(by=by, pep=pep, facts=provision(by))


@pytest.mark.req("PEP-09")
def test_a_statement_is_named_and_summed_up_and_not_written_again(world: World) -> None:
    pep = needing(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        held = {"kind": "statement", "where": "File 12", "summary": "A visual timetable"}
        services.write_section(by=by, pep=pep, key="aln", answers=held, language="en-gb", version=2)
    assert final(world.own, pep).content["sections"]["aln"]["answers"]["where"] == "File 12"  # nothing of 2A or 2B is missing


@pytest.mark.req("PEP-22")
def test_a_development_plan_without_a_provision_cannot_be_final(world: World) -> None:
    pep = needing(world.own)
    with pytest.raises(Refused) as told:
        final(world.own, pep)
    assert ["2B" in str(sentence) for sentence in told.value.problems[""]] == [True]
    assert "add at least one provision" in text(world.client(Role.DESIGNATED_PERSON).get(plan(world, "final/")))
    add(world.own, pep)
    assert final(world.own, pep).number == 1


@pytest.mark.req("PEP-22")
def test_a_version_holds_the_headings_in_their_order_and_each_element(world: World) -> None:
    pep = needing(world.own)
    add(world.own, pep)
    version = final(world.own, pep)
    for address in (f"versions/{version.pk}/", "read/"):
        page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world, address)))
        places = [page.index(f">{start}") for start in ORDER]
        assert places == sorted(places)
        assert [number for number, _title in ELEMENTS] == [f"2B.{place}" for place in range(1, 8)]
        assert all(f"{number} " in page for number, _title in ELEMENTS)
        for words in ("Reads a page aloud by July", "30 minutes", "In Welsh", "Report of May", "The ALNCo", IDP["need"]):
            assert words in page
    assert [heading.number for heading in HEADINGS] == [start[:2] for start in ORDER]


@pytest.mark.req("PEP-22")
def test_a_provision_is_changed_ended_and_reported_once(world: World) -> None:
    pep = needing(world.own)
    held = add(world.own, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        changed = save_provision(by=by, pep=pep, facts=provision(by, how_often="Daily"), provision=held.pk, version=1)
        with pytest.raises(Changed):
            save_provision(by=by, pep=pep, facts=provision(by, how_often="Weekly"), provision=held.pk, version=1)
        again = save_provision(by=by, pep=pep, facts=provision(by, how_often="Daily"), provision=held.pk, version=1)
    assert (changed.version, again.version) == (2, 2)  # sent twice, changed once
    second = add(world.own, pep, what="A visual timetable")
    pep = amended(world.own, final(world.own, pep))
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(Refused):
            remove_provision(by=by, pep=pep, provision=held.pk, version=2)
        with pytest.raises(BadInput):
            end_provision(by=by, pep=pep, provision=held.pk, on=by.today + timedelta(days=1), reason="", version=2)
        end_provision(by=by, pep=pep, provision=held.pk, on=by.today, reason="Reads well", version=2)
        with pytest.raises(Refused):
            save_provision(by=by, pep=pep, facts=provision(by), provision=held.pk, version=3)
        assert {found.pk for found in Provision.objects.filter(pep=pep).for_version(2)} == {held.pk, second.pk}
        assert {found.pk for found in Provision.objects.filter(pep=pep).for_version(3)} == {second.pk}


@pytest.mark.req("PEP-22")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"review_on": None}, "review_on"),
        ({"goes_on": True}, "secured_by"),
        ({"in_welsh": ""}, "in_welsh"),
        ({"how_much": ""}, "how_much"),
        ({"last_on": "before"}, "last_on"),
    ],
)
def test_a_provision_says_what_is_wrong_with_it(world: World, wrong: dict[str, Any], field: str) -> None:
    pep = needing(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        if wrong.get("last_on"):
            wrong = {"last_on": by.today - timedelta(days=1)}
        with pytest.raises(BadInput) as told:
            save_provision(by=by, pep=pep, facts=provision(by, **wrong))
    assert set(told.value.problems) == {field}


@pytest.mark.req("PEP-32")
def test_a_provision_that_goes_on_stands_first_in_the_plan_at_the_new_school(world: World) -> None:
    own = world.own
    pep = needing(own)
    add(own, pep, what="A visual timetable")
    add(own, pep, what="Speech therapy", goes_on=True, secured_by="The health board", from_on=own.actor(Role.DESIGNATED_PERSON).today)
    with acting(own, Role.SOCIAL_WORKER):
        assert Enrolment.objects.filter(child=own.child).update(school=world.other.school)
    page = text(world.client(Role.SOCIAL_WORKER).get(plan(world)))
    block = page.split('id="provisions"')[1]
    assert "Secured by: The health board" in block
    assert f"Agreed at {own.school.name}" in block
    assert "Say whether it goes on here, changes or ends" in block


def test_the_provisions_travel_with_the_plan(world: World) -> None:
    pep = needing(world.own)
    add(world.own, pep, goes_on=True, secured_by="The school")
    version = final(world.own, pep)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        document = export_plan(by=by, pep=Pep.objects.get(pk=pep.pk))
        assert not misfits(document, today=by.today, digest=digest, edition=FORM)
        found = document["versions"][0]["content"]["provisions"]
        found[0] |= {"secured_by": ""}
        document["plan"]["content"]["provisions"] = found
        said = [wrong.pointer for wrong in misfits(document, today=by.today, digest=lambda _content: version.sha256, edition=FORM)]
    assert "/versions/0/content/provisions/0/secured_by" in said
    assert set(schema()["$defs"]["provision"]["required"]) == set(version.content["provisions"][0])


@pytest.mark.req("PEP-22")
def test_the_pages_of_a_provision_work_without_scripts(world: World) -> None:
    pep = needing(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "provisions/add/"))
    assert page.status_code == 200
    day = world.own.actor(Role.DESIGNATED_PERSON).today
    days = (("from_on", day), ("review_on", day + timedelta(days=60)))
    dates = {f"{name}_{part}": str(getattr(at, part)) for name, at in days for part in ("day", "month", "year")}
    words = {name: f"Words of {name}" for name in ("need", "outcome", "what", "how_much", "how_often", "provider", "why")}
    answer = client.post(plan(world, "provisions/add/"), {**words, **dates, "in_welsh": "no", "language": "en-gb", "version": "0"})
    assert answer.status_code == 302, text(answer)
    assert "Words of what" in text(client.get(plan(world)))
    with acting(world.own, Role.DESIGNATED_PERSON):
        held = Provision.objects.get(pep=pep)
    end = {"on_day": str(day.day), "on_month": str(day.month), "on_year": str(day.year), "reason": "", "version": "1"}
    assert "Say why the provision ends" in text(client.post(plan(world, f"provisions/{held.pk}/end/"), end))
    assert client.post(plan(world, f"provisions/{held.pk}/remove/"), {"version": "1"}).status_code == 302
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert not Provision.objects.exists()


@pytest.mark.req("PEP-22")
def test_the_page_of_the_plan_costs_the_same_however_many_provisions(world: World) -> None:
    pep = needing(world.own)
    client: Client = world.client(Role.DESIGNATED_PERSON)
    add(world.own, pep)
    counts = []
    for _round in range(2):
        client.get(plan(world))
        with CaptureQueriesContext(connection) as caught:
            client.get(plan(world))
        counts.append(len(caught))
        for number in range(5):
            add(world.own, pep, what=f"Provision {number}")
    assert counts[0] == counts[1]


@pytest.mark.req("PEP-22")
def test_where_the_development_plan_is_written_is_published_and_chosen(world: World) -> None:
    switch(world.own)
    assert "Inside the Personal Education Plan" in text(world.client(Role.DESIGNATED_PERSON).get("/combined-plan/"))
    assert world.client(Role.DESIGNATED_PERSON).get("/combined-plan/change/").status_code in {403, 404}
    client, day = world.client(Role.LACE_COORDINATOR), world.own.actor(Role.LACE_COORDINATOR).today
    body = {"combined": "no", "approved_by": "Cabinet"} | {f"effective_from_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    assert client.post("/combined-plan/change/", body).status_code == 302
    assert "In a document of its own" in text(client.get("/combined-plan/"))
