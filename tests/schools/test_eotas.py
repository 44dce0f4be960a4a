"""Education other than at school, and who then answers for the child's safety (SCH-10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.web.middleware import serving
from schools.models import EotasPlace
from schools.rules import Answerable, answers_for_safety
from schools.services.eotas import EotasFacts, end_eotas, record_eotas, safety_of
from schools.services.register import leave
from tests.lace.api.callers import Caller
from tests.schools.test_api import ago, entry
from tests.world import Authority, World

SCHOOL, AUTHORITY = Answerable.SCHOOL, Answerable.AUTHORITY


@pytest.mark.req("SCH-10")
@pytest.mark.parametrize(
    ("on_roll", "eotas", "in_care", "of_school_age", "who"),
    [
        (True, True, True, True, SCHOOL),
        (True, True, False, True, SCHOOL),
        (True, False, True, True, None),  # a pupil at school: no question
        (False, True, True, True, AUTHORITY),
        (False, True, True, False, AUTHORITY),
        (False, False, True, True, AUTHORITY),  # no school at all
        (False, False, True, False, None),
        (False, True, False, True, None),  # nobody's corporate parent
    ],
)
def test_who_answers(on_roll: bool, eotas: bool, in_care: bool, of_school_age: bool, who: Answerable | None) -> None:
    found = answers_for_safety(on_roll=on_roll, eotas=eotas, in_care=in_care, of_school_age=of_school_age)
    assert (found.who if found else None) == who
    assert found is None or "Making a difference" in str(found.source)


def url(name: str, authority: Authority, **more: Any) -> str:
    return reverse(name, kwargs={"child": authority.child.pk, **more})


def typed(**changes: str) -> dict[str, str]:
    day = timezone.localdate() - timedelta(days=1)
    when = {"started_on_day": str(day.day), "started_on_month": str(day.month), "started_on_year": str(day.year)}
    return when | {"provider": "Canolfan Dysgu", "kind": "pru"} | changes


def place(authority: Authority, provider: str = "Canolfan Dysgu", *, on: date | None = None) -> EotasPlace:
    by = authority.actor(Role.CASE_SYSTEM)
    with serving(by):
        return record_eotas(by=by, child=authority.child, facts=EotasFacts(provider, "tuition", on or timezone.localdate()))


def off_roll(authority: Authority) -> None:
    by = authority.actor(Role.CASE_SYSTEM)
    with serving(by):
        leave(by=by, child=authority.child, on=timezone.localdate(), reason="moved")


@pytest.mark.req("SCH-10")
@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER])
def test_it_is_recorded_through_the_page_and_the_tab_says_who_answers(world: World, role: Role) -> None:
    client = world.client(role)
    tab = url("child_school", world.own)
    assert "Who answers" not in client.get(tab).content.decode()
    assert client.post(url("child_eotas", world.own), typed()).status_code == 302
    for reader in (role, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.FOSTER_CARER):
        body = world.client(reader).get(tab).content.decode()
        assert "Canolfan Dysgu" in body
        answer = body.split("Who answers for the child")[1].split("<h2")[0]
        assert f"The school: {world.own.school.name}" in answer
        assert "Making a difference" in answer
    off_roll(world.own)
    answer = client.get(tab).content.decode().split("Who answers for the child")[1]
    assert f"The local authority, as corporate parent: {world.own.row.name_en}" in answer


@pytest.mark.req("SCH-10")
def test_its_end_is_recorded_and_the_question_goes(world: World) -> None:
    row = place(world.own, on=timezone.localdate() - timedelta(days=5))
    today = timezone.localdate()
    client = world.client(Role.LACE_COORDINATOR)
    address = url("child_eotas_end", world.own, place=row.pk)
    before = today - timedelta(days=9)
    wrong = client.post(address, {"ended_on_day": before.day, "ended_on_month": before.month, "ended_on_year": before.year})
    assert "The end must be on or after the start" in wrong.content.decode()
    assert client.post(address, {"ended_on_day": today.day, "ended_on_month": today.month, "ended_on_year": today.year}).status_code == 302
    assert "Who answers" not in client.get(url("child_school", world.own)).content.decode()
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), pytest.raises(Refused):
        end_eotas(by=by, place=EotasPlace.objects.select_related("child").get(), on=today)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"provider": " "}, "Enter the provider"),
        ({"kind": ""}, "Choose the kind of education"),
        ({"started_on_year": "1990"}, "The first day cannot be before the date of birth"),
    ],
)
def test_bad_input_says_what_to_do_and_changes_nothing(world: World, changes: dict[str, str], sentence: str) -> None:
    body = world.client(Role.LACE_COORDINATOR).post(url("child_eotas", world.own), typed(**changes)).content.decode()
    assert sentence in body
    if "provider" not in changes:
        assert "Canolfan Dysgu" in body
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not EotasPlace.objects.exists()


def test_the_same_provider_twice_is_refused_and_another_is_not(world: World) -> None:
    place(world.own)
    body = world.client(Role.LACE_COORDINATOR).post(url("child_eotas", world.own), typed(provider="canolfan  dysgu")).content.decode()
    assert "taught by this provider already" in body
    place(world.own, "Tiwtor")


@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.FOSTER_CARER, Role.IRO, Role.CHILD])
def test_those_who_see_the_child_and_may_not_record_are_refused(world: World, role: Role) -> None:
    assert world.client(role).get(url("child_eotas", world.own)).status_code == 403
    assert url("child_eotas", world.own) not in world.client(role).get(url("child_school", world.own)).content.decode()
    by = world.own.actor(role)
    with serving(by), pytest.raises(NotAllowed):
        record_eotas(by=by, child=world.own.child, facts=EotasFacts("x", "pru", by.today))


def test_strangers_find_nothing(world: World) -> None:
    row = place(world.own)
    stranger = world.client(Role.LACE_COORDINATOR, world.other)
    assert stranger.get(url("child_eotas", world.own)).status_code == 404
    assert stranger.get(url("child_eotas_end", world.own, place=row.pk)).status_code == 404
    assert stranger.get(url("child_eotas_end", world.other, place=row.pk)).status_code == 404
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        assert not EotasPlace.objects.exists()


@pytest.mark.req("SCH-10")
def test_the_api_records_ends_and_tells_who_answers(world: World) -> None:
    caller = Caller(world.own)
    path = f"children/{world.own.child.pk}/"
    assert caller.get(path).json()["safety"] is None
    assert caller.post(f"{path}eotas/", {"provider": "x", "kind": "moon", "started_on": ago(1)}).status_code == 400
    made = caller.post(f"{path}eotas/", {"provider": "Canolfan Dysgu", "kind": "pru", "started_on": ago(1)})
    assert made.status_code == 201
    record = caller.get(path).json()
    assert record["eotas"] == [made.json()]
    assert (record["safety"]["who"], record["safety"]["name"]) == ("school", world.own.school.organisation.name_en)
    off_roll(world.own)
    assert caller.get(path).json()["safety"]["who"] == "authority"
    ended = caller.post(f"{path}eotas/{made.json()['id']}/end/", {"ended_on": ago(0)})
    assert ended.json()["ended_on"] == ago(0)
    elsewhere = Caller(world.other)
    assert elsewhere.post(f"{path}eotas/", {"provider": "x", "kind": "pru", "started_on": ago(1)}).status_code == 404
    assert elsewhere.post(f"{path}eotas/{made.json()['id']}/end/", {"ended_on": ago(0)}).status_code == 404


@pytest.mark.req("SCH-10")
def test_an_entry_to_care_may_say_it_at_once(world: World) -> None:
    caller = Caller(world.own)
    wrong = caller.post("entries/", entry(world.own, eotas={"provider": "Tiwtor", "kind": "tuition", "started_on": "1999-01-01"}))
    assert list(wrong.json()["errors"]) == ["eotas.started_on"]
    body = entry(world.own, school=None, eotas={"provider": "Tiwtor", "kind": "tuition", "started_on": ago(2)})
    made = caller.post("entries/", body)
    assert made.status_code == 201
    record = caller.get(f"children/{made.json()['child']['id']}/").json()
    assert [row["provider"] for row in record["eotas"]] == ["Tiwtor"]
    assert record["safety"]["who"] == "authority"


def test_it_holds_before_the_first_day_and_after_the_last(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    place(world.own, on=timezone.localdate() + timedelta(days=3))
    with serving(by):
        assert safety_of(by=by, child=world.own.child) is None
        with pytest.raises(BadInput):
            record_eotas(by=by, child=world.own.child, facts=EotasFacts(" ", "pru", by.today))
