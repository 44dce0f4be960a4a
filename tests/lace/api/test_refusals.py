"""How the API says no: one shape, both languages, nothing leaked."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lace.children.models import Child
from tests.lace.api.callers import Caller
from tests.world import World

PATH = "entries/"


@pytest.fixture
def caller(world: World) -> Caller:
    return Caller(world.own)


def sentences(answer: Any) -> list[str]:
    return [sentence for found in answer.json()["errors"].values() for sentence in found]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"child": {"family_name": "Hidden\xff"}}', "byte 34"),
        (b'{"child": {"family_name": "Hidden",}}', "line 1, column 35"),
        (b'{"family_name": "Hidden\\ud800"}', "line 1"),
        (b'{"family_name": NaN}', "line 1"),
        (b"[" * 100_000, "line 1"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(caller: Caller, body: bytes, where: str) -> None:
    answer = caller.post(PATH, body)
    assert answer.status_code == 400
    assert where in sentences(answer)[0]
    assert b"Hidden" not in answer.content


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"1", b"{}"])
def test_json_that_is_no_entry_is_refused(caller: Caller, body: bytes) -> None:
    assert caller.post(PATH, body).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "status"), [("text/plain", 415), ("application/xml", 415), ("multipart/form-data; boundary=x", 415), ("", 415)]
)
def test_another_content_type_is_refused(caller: Caller, content_type: str, status: int) -> None:
    assert caller.post(PATH, b"{}", content_type=content_type).status_code == status


def test_a_body_over_a_megabyte_is_refused(caller: Caller) -> None:
    assert caller.post(PATH, b'{"x": "' + b"x" * 1024 * 1024 + b'"}').status_code == 413


def test_other_methods_are_refused(caller: Caller) -> None:
    for method in ("put", "patch", "delete", "options"):
        answer = getattr(caller.client, method)("/api/v1/entries/", headers={"Authorization": f"Bearer {caller.token}"})
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"


def test_only_json_is_given(caller: Caller) -> None:
    assert caller.get("children/", headers={"Accept": "text/xml"}).status_code == 406


@pytest.mark.req("PRIV-13")
def test_a_child_of_another_authority_is_as_one_who_does_not_exist(caller: Caller, world: World) -> None:
    other, nobody = world.other.child.pk, uuid.uuid4()
    for address in ("", "duties/", "reviews/", "pep/"):
        hidden, missing = caller.get(f"children/{other}/{address}"), caller.get(f"children/{nobody}/{address}")
        assert (hidden.status_code, hidden.content) == (404, missing.content)
        assert hidden.headers.keys() == missing.headers.keys()
    for address in ("placements/", "social-worker/", "end-of-care/", "reviews/"):
        hidden = caller.post(f"children/{other}/{address}", {}, headers={"If-Match": '"x"'})
        missing = caller.post(f"children/{nobody}/{address}", {}, headers={"If-Match": '"x"'})
        assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_an_address_that_is_none_answers_in_the_same_shape(caller: Caller) -> None:
    answer = caller.client.get("/api/v1/no-such-thing/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert caller.client.post("/api/v2/").status_code == 404


def test_a_fault_of_ours_says_nothing_of_itself(caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("Hidden detail")

    monkeypatch.setattr(type(Child.objects.all()), "visible_to", fail)
    answer = caller.get("children/")
    assert answer.status_code == 500
    assert b"Hidden" not in answer.content
    assert any(record.levelname == "ERROR" and record.name == "django.request" for record in caplog.records)


def test_answers_come_in_the_language_asked_for(caller: Caller) -> None:
    caller.language = "cy"
    answer = caller.get("no-such-thing/")
    assert answer.headers["Content-Language"] == "cy"
    assert sentences(answer) == ["Nid oes dim yma, neu ddim y cewch chi ei weld"]
