"""The plan through the REST door."""

from __future__ import annotations

import pytest

from lace.accounts.access import Facet, Role
from lace.audit.models import Read
from peps import services
from peps.rules.sections import SECTIONS
from peps.services.evaluation import let_go_on
from tests.lace.api.callers import Caller
from tests.peps.plans import CANARIES, acting, add_action, final, started, written
from tests.world import World

pytestmark = pytest.mark.django_db


def address(world: World) -> str:
    return f"children/{world.own.child.pk}/pep/"


@pytest.mark.req("PEP-29", "PEP-01")
def test_from_not_started_to_final(world: World) -> None:
    caller = Caller(world.own)
    answer = caller.get(address(world)).json()
    assert (answer["state"], answer["id"]) == ("not_started", None)
    assert {duty["code"] for duty in answer["milestones"]} == {"pep_initiated_emergency", "pep_developed", "pep_for_first_review"}
    version = final(world.own)
    answer = caller.get(address(world)).json()
    assert (answer["state"], answer["version"], answer["school"]) == ("final", 1, world.own.school.number)
    assert answer["initiated_on"] == answer["finalised_on"] == version.finalised_on.isoformat()
    assert [row["sha256"] for row in answer["versions"]] == [version.sha256]
    assert all(duty["closed_on"] for duty in answer["milestones"])
    assert [target["goal"] for target in answer["targets"]] == ["Nine out of ten", "Play for the county"]


def test_what_the_case_system_holds_no_facet_of_is_not_there(world: World) -> None:
    written(world.own)
    response = Caller(world.own).get(address(world))
    told = [section["key"] for section in response.json()["sections"]]
    assert told == [key for key, section in SECTIONS.items() if section.facet in {Facet.EDUCATION, Facet.ATTENDANCE, Facet.CONTACTS}]
    page = response.content.decode()
    assert "written_by" not in page
    assert world.own.user(Role.FOSTER_CARER).name not in page
    assert "Bod yn filfeddyg" not in page
    assert "Good friends" not in page


def test_a_furnished_strangers_plan_is_not_found(world: World) -> None:
    final(world.own)
    caller = Caller(world.other)
    response = caller.get(address(world))
    assert response.status_code == 404
    assert not [word for word in CANARIES if word in response.content.decode()]
    assert caller.client.get(f"/api/v1/{address(world)}").status_code == 401


def test_the_answer_is_known_by_its_etag_until_it_changes(world: World) -> None:
    started(world.own)
    caller = Caller(world.own)
    tag = caller.get(address(world)).headers["ETag"]
    assert caller.get(address(world), headers={"If-None-Match": tag}).status_code == 304
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        from peps.models import Pep

        pep = Pep.objects.get(child=world.own.child)
        services.write_section(by=by, pep=pep, key="history", answers={"needs": "x"}, language="cy", version=0)
    assert caller.get(address(world), headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.req("PRIV-12")
def test_the_look_is_recorded(world: World) -> None:
    started(world.own)
    Caller(world.own).get(address(world))
    with acting(world.own, Role.LACE_COORDINATOR):
        look = Read.objects.filter(door="api_pep").get()
    assert (look.children, look.facets) == ([world.own.child.pk], ["contacts", "education"])


def test_both_languages(world: World) -> None:
    started(world.own)
    assert Caller(world.own, "cy").get(address(world)).json()["sections"][0]["title"] == "Addysg hyd yma"


@pytest.mark.req("PEP-08")
def test_actions_and_how_targets_ended_are_told_without_names(world: World) -> None:
    pep = written(world.own)
    add_action(world.own, pep, owner_id=world.own.user(Role.SOCIAL_WORKER).pk)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=pep, on=by.today)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=services.amend(by=by, pep=version.pep, reason="Review"))
    answer = Caller(world.own).get(address(world)).json()
    (action,) = answer["actions"]
    assert (action["what"], action["owner_role"], action["state"], action["overdue"]) == ("Order a dictionary", "social_worker", "open", False)
    assert "owner" not in action
    assert [row["outcome"] for row in answer["ended"]] == ["goes_on", "goes_on"]
    assert sorted(row["target"] for row in answer["ended"]) == sorted(row["id"] for row in answer["targets"])
