"""Entry to care and the acts that follow, through the REST door."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import Membership
from lace.children import upn
from lace.children.models import CareEpisode, Child, ChildUserGrant, Placement, PlacementAddress
from lace.core.workdays import add_working_days
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from tests.conftest import owner_connection
from tests.lace.api.callers import Caller
from tests.world import Authority, World, furnish, person


def ago(days: int) -> str:
    """A day before today (after it when negative), as JSON has it."""
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def entry(authority: Authority, **changes: Any) -> dict[str, Any]:
    """An emergency entry of three days ago. `changes` are put in by name, "child__born_on"; None takes the field out."""
    body: dict[str, Any] = {
        "child": {
            "reference": "SC-2026-77",
            "given_names": "Gwen Ann",
            "family_name": "Llwyd",
            "born_on": "2013-02-11",
            "sex": "female",
            "ethnicity": "WBRI",
            "first_language": "Cymraeg",
        },
        "care_episode": {"started_on": ago(3), "entry_type": "emergency", "reason": "family_difficulty", "legal_status": "accommodated"},
        "placement": {
            "kind": "foster",
            "started_on": ago(3),
            "host_authority": authority.row.gss,
            "carer_name": "Ann Gofalwr",
            "address": "1 Stryd Fawr",
            "postcode": "CF10 1AA",
            "carers": [authority.user(Role.FOSTER_CARER).email],
        },
        "school": {"number": authority.school.number},
        "social_worker": authority.user(Role.SOCIAL_WORKER).email,
        "iro": authority.user(Role.IRO).email,
    }
    for name, value in changes.items():
        *parts, last = name.split("__")
        holder = body
        for part in parts:
            holder = holder[part]
        if value is None:
            holder.pop(last)
        else:
            holder[last] = value
    return body


@pytest.mark.req("SW-01", "DL-01", "DL-12", "PEP-02", "REV-01")
def test_an_entry_to_care_makes_the_child_and_every_duty(world: World) -> None:
    caller = Caller(world.own)
    answer = caller.post("entries/", entry(world.own))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert answer.headers["Location"] == f"/api/v1/children/{made['child']['id']}/"
    day = timezone.localdate() - timedelta(days=3)
    due = {duty["code"]: duty["due_on"] for duty in made["duties"]}
    assert due == {
        "pep_initiated_emergency": add_working_days(day, 10).isoformat(),
        "pep_developed": (day + timedelta(days=20)).isoformat(),
        "pep_for_first_review": (day + timedelta(days=28)).isoformat(),
        "review_first_guidance": (day + timedelta(days=28)).isoformat(),
        "review_first_regulation": add_working_days(day, 20).isoformat(),
        "care_plan": add_working_days(day, 10).isoformat(),
        "placement_plan": add_working_days(day, 5).isoformat(),
        "visit_first": (day + timedelta(days=7)).isoformat(),
    }
    for duty in made["duties"]:
        assert all(duty[name] for name in ("title", "why", "source", "trigger_words", "clock_words", "role", "role_words", "next_told"))
        assert duty["trigger_on"] == day.isoformat()
        assert duty["trigger"] in {"emergency_entry", "first_placement", "placement_start"}
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        child = Child.objects.get(pk=made["child"]["id"])
        assert (child.authority, child.name, child.sort_key) == (world.own.row, "Gwen Llwyd", "l1w0y0d000g0w0e0n000a0n0n0")
        assert PlacementAddress.objects.get(placement=made["placement"]["id"]).postcode == "CF10 1AA"
        named = {grant.permission.codename: grant.user for grant in ChildUserGrant.objects.filter(content_object=child)}
        expected = {"social_worker": Role.SOCIAL_WORKER, "iro": Role.IRO, "carer": Role.FOSTER_CARER}
        assert named == {relation: world.own.user(role) for relation, role in expected.items()}
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR):
        with serving(world.own.actor(role)):
            assert Child.objects.filter(pk=child.pk).exists(), role
        with serving(world.other.actor(role)):
            assert not Child.objects.filter(pk=child.pk).exists(), role


@pytest.mark.req("PEP-02")
def test_a_planned_entry_to_come_starts_the_planned_clocks(world: World) -> None:
    body = entry(world.own, care_episode__entry_type="planned", care_episode__started_on=ago(-14), placement__started_on=ago(-14))
    made = Caller(world.own).post("entries/", body).json()
    assert {duty["trigger"] for duty in made["duties"]} == {"planned_entry", "first_placement", "placement_start"}
    assert min(duty["due_on"] for duty in made["duties"]) <= ago(-14)


def test_what_may_be_left_out_may_be_left_out(world: World) -> None:
    body = entry(world.own, school=None, iro=None, placement__carers=None, placement__address=None, child__ethnicity=None)
    answer = Caller(world.own).post("entries/", body)
    assert answer.status_code == 201
    assert answer.json()["enrolment"] is None


@pytest.mark.req("XLA-01")
def test_a_placement_and_a_school_across_borders(world: World) -> None:
    body = entry(world.own, placement__host_authority=world.other.row.gss, school__number=world.other.school.number)
    made = Caller(world.own).post("entries/", body).json()
    for role in (Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON):
        with serving(world.other.actor(role)):
            assert Child.objects.filter(pk=made["child"]["id"]).exists()
    outside = entry(world.own, child__reference="SC-2", placement__host_authority=None, placement__outside_wales="Bristol")
    assert Caller.post(Caller(world.other), "entries/", outside).status_code == 400  # the workers are another authority's


# What is wrong -> the field that must be named. "own" and "other" are the two authorities.
Change = Callable[[Authority, Authority], dict[str, Any]]
BAD: dict[str, tuple[Change, set[str]]] = {
    "no child": (lambda own, other: {"child": None}, {"child"}),
    "child no object": (lambda own, other: {"child": "Gwen"}, {"child"}),
    "unknown field": (lambda own, other: {"placement__carer_nmae": "Ann"}, {"placement.carer_nmae"}),
    "number for text": (lambda own, other: {"child__given_names": 7}, {"child.given_names"}),
    "blank name": (lambda own, other: {"child__family_name": "  "}, {"child.family_name"}),
    "text too long": (
        lambda own, other: {"child__given_names": "x" * 101, "placement__address": "x" * 301},
        {"child.given_names", "placement.address"},
    ),
    "control character": (lambda own, other: {"child__given_names": "Gw\x00en"}, {"child.given_names"}),
    "unknown code": (
        lambda own, other: {"child__sex": "x", "child__ethnicity": "WELS", "care_episode__reason": "naughty", "placement__kind": "tent"},
        {"child.sex", "child.ethnicity", "care_episode.reason", "placement.kind"},
    ),
    "no date": (
        lambda own, other: {"child__born_on": "11/02/2013", "care_episode__started_on": "2026-02-30"},
        {"child.born_on", "care_episode.started_on"},
    ),
    "text for truth": (lambda own, other: {"child__disabled": "yes"}, {"child.disabled"}),
    "no list": (lambda own, other: {"placement__carers": "carer@lace.example"}, {"placement.carers"}),
    "unknown authority": (lambda own, other: {"placement__host_authority": "W06000099"}, {"placement.host_authority"}),
    "neither in nor outside Wales": (lambda own, other: {"placement__host_authority": None}, {"placement.host_authority"}),
    "in and outside Wales": (lambda own, other: {"placement__outside_wales": "Bristol"}, {"placement.host_authority"}),
    "unknown school": (lambda own, other: {"school__number": "9999999"}, {"school.number"}),
    "unknown worker": (lambda own, other: {"social_worker": "nobody@lace.example"}, {"social_worker"}),
    "no address of a worker": (lambda own, other: {"social_worker": "Ann Jones"}, {"social_worker"}),
    "worker of another authority": (lambda own, other: {"social_worker": other.user(Role.SOCIAL_WORKER).email}, {"social_worker"}),
    "IRO named as worker": (lambda own, other: {"social_worker": own.user(Role.IRO).email}, {"social_worker"}),
    "carer of another authority": (lambda own, other: {"placement__carers": [other.user(Role.FOSTER_CARER).email]}, {"placement.carers.0"}),
    "UPN with a wrong check letter": (lambda own, other: {"child__upn": "A" + own.child.upn[1:]}, {"child.upn"}),
    "UPN used already": (lambda own, other: {"child__upn": own.child.upn}, {"child.upn"}),
    "reference used already": (lambda own, other: {"child__reference": own.child.reference}, {"child.reference"}),
    "birth in the future": (lambda own, other: {"child__born_on": ago(-1)}, {"child.born_on", "care_episode.started_on", "school.started_on"}),
    "care before birth": (
        lambda own, other: {"care_episode__started_on": "2013-02-10", "placement__started_on": "2013-02-10"},
        {"care_episode.started_on", "school.started_on"},
    ),
    "care past eighteen": (lambda own, other: {"child__born_on": "2005-02-11"}, {"care_episode.started_on"}),
    "emergency to come": (lambda own, other: {"care_episode__started_on": ago(-3), "placement__started_on": ago(-3)}, {"care_episode.started_on"}),
    "placement before care": (lambda own, other: {"placement__started_on": ago(4)}, {"placement.started_on"}),
    "much at once": (
        lambda own, other: {"child__upn": own.child.upn, "placement__started_on": ago(4), "school__started_on": "2013-02-10"},
        {"child.upn", "placement.started_on", "school.started_on"},
    ),
}


@pytest.mark.req("SW-01", "PRIV-13")
@pytest.mark.django_db(transaction=True)
def test_bad_input_names_each_field_in_both_languages_and_stores_nothing(transactional_db: None) -> None:
    own, other = furnish("CRF"), furnish("GWN")
    caller = Caller(own)
    before = rows()
    for what, (change, fields) in BAD.items():
        said: dict[str, Any] = {}
        for language in ("en", "cy"):
            caller.language = language
            answer = caller.post("entries/", entry(own, **change(own, other)))
            assert answer.status_code == 400, f"{what}: {answer.content!r}"
            said[language] = answer.json()["errors"]
            assert set(said[language]) == fields, f"{what}: {said[language]}"
        for field in fields:
            assert said["en"][field] != said["cy"][field], f"{what}: no Welsh for {said['en'][field]}"
    assert rows() == before


def rows() -> dict[str, int]:
    """How many rows each table has, seen by the owner, past every policy."""
    with owner_connection() as owner:
        tables = [row[0] for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        counted = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)
        return dict(owner.execute(counted).fetchall())


@pytest.mark.req("PRIV-13")
def test_numbers_and_people_of_another_authority_are_not_given_away(world: World) -> None:
    caller = Caller(world.own)
    taken = entry(world.own, child__upn=world.other.child.upn, child__reference=world.other.child.reference)
    assert caller.post("entries/", taken).status_code == 201  # that they exist elsewhere is not for this authority to know
    answers = [
        caller.post("entries/", entry(world.own, social_worker=address)).json()["errors"]["social_worker"]
        for address in (world.other.user(Role.SOCIAL_WORKER).email, "nobody@lace.example", world.own.user(Role.FOSTER_CARER).email)
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_worker_whose_role_has_ended_is_unknown(world: World) -> None:
    Membership.objects.filter(pk=world.own.members[Role.SOCIAL_WORKER].pk).update(ends_on=timezone.localdate())
    assert set(Caller(world.own).post("entries/", entry(world.own)).json()["errors"]) == {"social_worker"}


def test_a_welsh_pupil_number_is_valid_however_it_is_written(world: World) -> None:
    number = upn.generate(authority="661", school="4001", year=2019, serial=77)
    made = Caller(world.own).post("entries/", entry(world.own, child__upn=f" {number.lower()[:5]} {number[5:]} ")).json()
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert Child.objects.get(pk=made["child"]["id"]).upn == number


def test_only_roles_that_record_care_may(world: World) -> None:
    caller = Caller(world.own)
    Membership.objects.filter(pk=caller.system.membership_id).update(role=Role.DESIGNATED_MANAGER)
    assert caller.post("entries/", entry(world.own)).status_code == 403
    answer = caller.post(f"children/{world.own.child.pk}/placements/", {}, headers={"If-Match": "*"})
    assert answer.status_code == 403


# -- acts about a child that is known --------------------------------------------------------------------------------


@pytest.mark.req("SW-01", "XLA-01")
def test_a_move_ends_the_placement_before(world: World) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    body = {"kind": "kinship", "started_on": ago(1), "host_authority": world.other.row.gss}
    answer = caller.post(f"children/{child}/placements/", body, headers=caller.version(child))
    assert answer.status_code == 201, answer.content
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"' == caller.version(child)["If-Match"]
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert Placement.objects.get(pk=world.own.placement.pk).ended_on == timezone.localdate() - timedelta(days=1)
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        assert Child.objects.filter(pk=child).exists()
    with serving(world.own.actor(Role.FOSTER_CARER)):
        assert not Child.objects.filter(pk=child).exists()
    overlapping = body | {"started_on": ago(2)}
    refused = caller.post(f"children/{child}/placements/", overlapping, headers=caller.version(child))
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"started_on"})


@pytest.mark.req("SW-10", "SW-05", "PRIV-17")
def test_another_social_worker_takes_over(world: World) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    successor = person(Role.SOCIAL_WORKER, world.own.row)
    body = {"social_worker": successor.user.email, "started_on": ago(0)}
    assert caller.post(f"children/{child}/social-worker/", body, headers=caller.version(child)).status_code == 201
    assert [one["email"] for one in caller.get(f"children/{child}/").json()["people"] if one["relation"] == "social_worker"] == [successor.user.email]
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        assert not Child.objects.filter(pk=child).exists()
    earlier = {"social_worker": world.own.user(Role.SOCIAL_WORKER).email, "started_on": ago(1)}
    refused = caller.post(f"children/{child}/social-worker/", earlier, headers=caller.version(child))
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"started_on"})


@pytest.mark.req("DL-06", "PRIV-17")
def test_the_end_of_care_closes_duties_and_access(world: World) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    for bad in (ago(-1), ago(4)):
        refused = caller.post(f"children/{child}/end-of-care/", {"ended_on": bad, "reason": "returned_home"}, headers=caller.version(child))
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {"ended_on"})
    body = {"ended_on": ago(0), "reason": "returned_home"}
    assert caller.post(f"children/{child}/end-of-care/", body, headers=caller.version(child)).status_code == 201
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert CareEpisode.objects.get(pk=world.own.episode.pk).end_reason == "returned_home"
        assert set(Duty.objects.filter(child=child).exclude(code="entry_recorded").values_list("outcome", flat=True)) == {"care_ended"}
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.DESIGNATED_PERSON):
        with serving(world.own.actor(role)):
            assert not Child.objects.filter(pk=child).exists(), role
    again = caller.post(f"children/{child}/end-of-care/", body, headers=caller.version(child))
    assert again.status_code == 409


def test_the_end_of_care_may_be_recorded_after_a_later_change_of_worker(world: World) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    successor = person(Role.SOCIAL_WORKER, world.own.row)
    caller.post(f"children/{child}/social-worker/", {"social_worker": successor.user.email, "started_on": ago(0)}, headers=caller.version(child))
    body = {"ended_on": ago(1), "reason": "returned_home"}
    assert caller.post(f"children/{child}/end-of-care/", body, headers=caller.version(child)).status_code == 201


@pytest.mark.req("SW-01")
@pytest.mark.parametrize("act", ["placements", "social-worker", "end-of-care"])
def test_a_change_says_of_which_version_it_is(world: World, act: str) -> None:
    caller, child = Caller(world.own), world.own.child.pk
    bodies: dict[str, dict[str, Any]] = {
        "placements": {"kind": "foster", "started_on": ago(0), "outside_wales": "Bristol"},
        "social-worker": {"social_worker": person(Role.SOCIAL_WORKER, world.own.row).user.email, "started_on": ago(0)},
        "end-of-care": {"ended_on": ago(0), "reason": "returned_home"},  # an adoption would close the record to the case system
    }
    seen = caller.version(child)
    assert caller.post(f"children/{child}/{act}/", bodies[act]).status_code == 428
    assert caller.post(f"children/{child}/{act}/", bodies[act], headers={"If-Match": '"old"'}).status_code == 412
    first = caller.post(f"children/{child}/{act}/", bodies[act], headers=seen, key="act")
    assert first.status_code == 201
    assert caller.post(f"children/{child}/{act}/", copy.deepcopy(bodies[act]), headers=seen, key="act").content == first.content
    assert caller.post(f"children/{child}/{act}/", bodies[act], headers=seen).status_code == 412
