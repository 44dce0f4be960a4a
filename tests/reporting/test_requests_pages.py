"""Pages of data asked of others and of children placed here: offered, answered, told when wrong, and closed to strangers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import DataRequest, PlacedByOthers
from lace.children.services import PlacementFacts
from lace.web.middleware import serving
from schools.services.placing import place_child
from tests.reporting.pages import body
from tests.world import World

TODAY = timezone.localdate


def boxes(field: str, day: date) -> dict[str, str]:
    return {f"{field}_day": str(day.day), f"{field}_month": str(day.month), f"{field}_year": str(day.year)}


def url(route: str, world: World, *more: Any) -> str:
    return reverse(route, args=[world.own.child.pk, *more])


@pytest.fixture
def abroad(world: World) -> World:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        place_child(by=by, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
    return world


def question(world: World, **changes: Any) -> dict[str, Any]:
    due = boxes("due_on", TODAY() + timedelta(days=9))
    return {"of": world.other.row.group_id, "kinds": ["attendance", "exclusion"], "question": "Since the move?", **due} | changes


def posted(world: World) -> DataRequest:
    assert world.client(Role.LACE_COORDINATOR).post(url("child_data_ask", world), question(world)).status_code == 302
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        return DataRequest.objects.visible_to(by).get()


ANSWER = {"answer": "Present for 98 of 100 sessions", **boxes("data_as_of", timezone.localdate() - timedelta(days=1))}


@pytest.mark.req("XLA-06", "XLA-10")
def test_asked_answered_and_read_with_where_it_is_from(abroad: World) -> None:
    owner, host = abroad.client(Role.LACE_COORDINATOR), abroad.client(Role.LACE_COORDINATOR, abroad.other)
    assert url("child_data", abroad) in body(owner.get(url("child_school", abroad)))
    request = posted(abroad)
    answer_at = url("child_data_answer", abroad, request.pk)
    work = body(host.get("/?what=data"))
    assert answer_at in work
    assert "attendance, exclusions" in work
    for client in (owner, host):
        with CaptureQueriesContext(connection) as captured:
            page = body(client.get(reverse("data_requests")))
        assert "Since the move?" in page
        assert "Not received yet" in page
        recorded = [query["sql"] for query in captured if 'INSERT INTO "audit_read"' in query["sql"]]
        assert abroad.own.child.pk.hex in "".join(recorded).replace("-", "")
    assert owner.get(answer_at).status_code == 403
    assert host.get(url("child_data_record", abroad, request.pk)).status_code == 403
    assert "Write the answer" in body(host.post(answer_at, ANSWER | {"answer": " "}))
    assert host.post(answer_at, ANSWER).status_code == 302
    for address in (reverse("data_requests"), url("child_data", abroad)):
        page = body(owner.get(address))
        assert "Present for 98 of 100 sessions" in page
        assert f"{abroad.other.user(Role.LACE_COORDINATOR).name}, {abroad.other.row.name}" in page
        assert "The data are of" in page
    assert answer_at not in body(host.get("/"))
    assert "was answered already" in body(host.post(answer_at, ANSWER))


@pytest.mark.req("XLA-06")
def test_what_is_overdue_says_so_and_an_answer_by_letter_is_recorded(abroad: World) -> None:
    request, owner = posted(abroad), abroad.client(Role.LACE_COORDINATOR)
    by = abroad.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        DataRequest.objects.filter(pk=request.pk).update(asked_on=TODAY() - timedelta(days=20), due_on=TODAY() - timedelta(days=3))
    assert ", overdue" in body(owner.get(reverse("data_requests")))
    assert owner.post(url("child_data_record", abroad, request.pk), ANSWER).status_code == 302
    assert "written down by" in body(owner.get(url("child_data", abroad)))


@pytest.mark.req("XLA-06")
def test_a_question_that_is_no_longer_needed_is_withdrawn(abroad: World) -> None:
    request, owner, host = posted(abroad), abroad.client(Role.LACE_COORDINATOR), abroad.client(Role.LACE_COORDINATOR, abroad.other)
    address, answer_at = url("child_data_withdraw", abroad, request.pk), url("child_data_answer", abroad, request.pk)
    assert address in body(owner.get(reverse("data_requests")))
    assert host.get(address).status_code == host.post(address).status_code == 403
    assert "Withdraw the question" in body(owner.get(address))
    assert owner.post(address).status_code == 302
    for client in (owner, host):
        page = body(client.get(url("child_data", abroad)))
        assert "Withdrawn on" in page
        assert "Not received yet" not in page
        assert address not in page
    assert answer_at not in body(host.get("/?what=data"))
    assert "This was withdrawn" in body(host.post(answer_at, ANSWER))
    assert "This was withdrawn" in body(owner.post(address))


@pytest.mark.req("XLA-05")
def test_details_go_both_ways(abroad: World) -> None:
    owner, host = abroad.client(Role.LACE_COORDINATOR), abroad.client(Role.LACE_COORDINATOR, abroad.other)
    typed = {"kinds": ["transition"], **ANSWER, "answer": "Year 7 at Ysgol y Bryn"}
    assert owner.post(url("child_data_send", abroad), typed | {"to": abroad.other.row.group_id}).status_code == 302
    assert host.post(url("child_data_send", abroad), typed | {"answer": "A tutor on Tuesdays"}).status_code == 302
    for client in (owner, host):
        page = body(client.get(url("child_data", abroad)))
        assert f"{abroad.own.row.name} to {abroad.other.row.name}" in page
        assert f"{abroad.other.row.name} to {abroad.own.row.name}" in page
        assert "A tutor on Tuesdays" in page
    assert "Choose to whom you send it" in body(owner.post(url("child_data_send", abroad), typed))


@pytest.mark.req("XLA-06")
def test_the_pages_are_not_for_others(abroad: World) -> None:
    request = posted(abroad)
    answer_at = url("child_data_answer", abroad, request.pk)
    for role in Role:
        near, far = abroad.client(role), abroad.client(role, abroad.other)
        if role != Role.LACE_COORDINATOR:
            assert near.get(reverse("data_requests")).status_code == 403
            assert near.get(reverse("placed")).status_code == 403
            assert far.get(answer_at).status_code == 404
            assert near.get(answer_at).status_code in {403, 404}
            assert near.post(answer_at, ANSWER).status_code in {403, 404}
            assert near.post(url("child_data_ask", abroad), question(abroad)).status_code in {403, 404}
            shown = near.get(url("child_data", abroad))
            assert shown.status_code in {403, 404} or role in {Role.DESIGNATED_PERSON, Role.COUNTERPART}
            assert "Since the move?" not in body(shown)
    assert abroad.client(Role.LACE_COORDINATOR).get(url("child_data_record", abroad, uuid4())).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"of": ""}, "Choose whom you ask"),
        ({"of": "999999"}, "Choose one of the list"),
        ({"kinds": []}, "Choose what it is about"),
        (boxes("due_on", timezone.localdate()), "Give a day from tomorrow to six months from now"),
    ],
)
def test_a_bad_question_is_told_kept_and_asks_nothing(abroad: World, changes: dict[str, Any], sentence: str) -> None:
    page = body(abroad.client(Role.LACE_COORDINATOR).post(url("child_data_ask", abroad), question(abroad, **changes)))
    assert sentence in page
    assert "Since the move?" in page
    with serving(abroad.own.actor(Role.LACE_COORDINATOR)):
        assert not DataRequest.objects.exists()


def uploaded(text: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("list.csv", text.encode()), "heard_from": "counterpart", **boxes("heard_on", TODAY())}


@pytest.mark.req("XLA-13")
def test_the_host_holds_a_list_beside_what_it_knows(abroad: World) -> None:
    host, child = abroad.client(Role.LACE_COORDINATOR, abroad.other), abroad.own.child
    head = "placing authority,name,date of birth\n"
    wrong = host.post(reverse("placed_list"), uploaded(f"{head}Leeds,Good One,2012-01-01\nLeeds,Bad One,soon\n"))
    assert "Line 3: Write the date of birth" in body(wrong)
    with serving(abroad.other.actor(Role.LACE_COORDINATOR)):
        assert not PlacedByOthers.objects.exists()
    rows = f"Conwy,{child.given_names} {child.family_name},{child.born_on}\nLeeds,<b>Bold</b> Child,2012-01-01\n"
    assert host.post(reverse("placed_list"), uploaded(head + rows)).status_code == 302
    typed = {"name": "Typed Child", "placed_by": "York", "heard_from": "admission"} | boxes("born_on", date(2013, 2, 1)) | boxes("heard_on", TODAY())
    assert "Enter the child's name" in body(host.post(reverse("placed_add"), typed | {"name": ""}))
    assert host.post(reverse("placed_add"), typed).status_code == 302
    answer = host.get(reverse("placed"))
    assert b"<b>Bold" not in answer.content
    page = body(answer)
    waiting, known = page.split("Known in Lace")[0], page.split("Known in Lace")[-1]
    assert "Typed Child" in waiting
    assert child.family_name not in waiting
    assert child.family_name in known
    assert "Notice to acknowledge" in known
    assert "Hidden Lane" not in page
    with serving(abroad.other.actor(Role.LACE_COORDINATOR)):
        row = PlacedByOthers.objects.get(name="Typed Child")
    heard = PlacedByOthers.objects.exclude(name__startswith=child.given_names)
    looks = Read.objects.filter(door="placed", authority_id=abroad.other.row.pk)
    with serving(abroad.other.actor(Role.LACE_COORDINATOR)):
        assert set(looks.get().children) == {child.pk, *heard.values_list("pk", flat=True)}  # who has no record is named by the line
    address = reverse("placed_settle", args=[row.pk])
    assert "Typed Child" in body(host.get(address))
    with serving(abroad.other.actor(Role.LACE_COORDINATOR)):
        assert [look.children for look in looks.filter(act=Read.Act.READ)] == [[row.pk]]
    assert abroad.client(Role.LACE_COORDINATOR).get(address).status_code == 404
    assert abroad.client(Role.HEADTEACHER, abroad.other).get(address).status_code == 403
    assert host.post(address, {"finding": "Went home in October"}).status_code == 302
    assert "Went home in October" in body(host.get(reverse("placed"))).split("Settled")[-1]
    own = body(abroad.client(Role.LACE_COORDINATOR).get(reverse("placed")))
    assert "Bold" not in own
    assert child.family_name not in own


def test_the_pages_speak_welsh(abroad: World) -> None:
    posted(abroad)
    client = abroad.client(Role.LACE_COORDINATOR)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    for address, words in (
        (reverse("data_requests"), "Disgwylir ar"),
        (url("child_data", abroad), "Heb ei dderbyn eto"),
        (url("child_data_ask", abroad), "Erbyn pryd"),
        (reverse("placed"), "Plant a leolwyd yma"),
    ):
        assert words in body(client.get(address))
