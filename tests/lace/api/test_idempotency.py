"""A request that comes again: the same answer, and nothing new."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from lace.api.models import Answer
from lace.children.models import Child
from lace.web.middleware import serving
from tests.conftest import owner_connection
from tests.lace.api.callers import Caller
from tests.schools.test_api import entry
from tests.world import World, furnish


def children_of(caller: Caller) -> int:
    actor = caller.authority.actor(caller.authority.members[next(iter(caller.authority.members))].role)  # type: ignore[arg-type]
    with serving(actor):
        return Child.objects.filter(authority=caller.authority.row).count()


@pytest.mark.req("SW-01")
def test_a_repeat_gets_the_same_bytes_and_creates_nothing(world: World) -> None:
    caller = Caller(world.own)
    body, before = entry(world.own), children_of(caller)
    first = caller.post("entries/", body, key="once")
    again = caller.post("entries/", body, key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert children_of(caller) == before + 1


def test_the_same_key_for_another_request_is_refused(world: World) -> None:
    caller = Caller(world.own)
    assert caller.post("entries/", entry(world.own), key="once").status_code == 201
    answer = caller.post("entries/", entry(world.own, child__reference="SC-OTHER"), key="once")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["", "with space", "x" * 101, "ŵ"])
def test_without_a_usable_key_nothing_is_created(world: World, key: str) -> None:
    caller = Caller(world.own)
    answer = caller.post("entries/", entry(world.own), key=key.encode().decode("latin-1"))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


def test_a_refused_request_may_be_put_right_under_its_key(world: World) -> None:
    caller = Caller(world.own)
    assert caller.post("entries/", entry(world.own, child__sex="none"), key="once").status_code == 400
    assert caller.post("entries/", entry(world.own), key="once").status_code == 201


def test_a_key_is_the_callers_own(world: World) -> None:
    own, other = Caller(world.own), Caller(world.other)
    assert own.post("entries/", entry(world.own), key="once").status_code == 201
    assert other.post("entries/", entry(world.other), key="once").status_code == 201
    with serving(world.own.actor(own.system.membership.role)):  # type: ignore[arg-type]
        assert Answer.objects.count() == 1


@pytest.mark.req("SW-01")
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_create_one(caller_alone: Caller) -> None:
    body = entry(caller_alone.authority)

    def send(_number: int) -> Any:
        try:
            return caller_alone.post("entries/", body, key="at-once")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    with owner_connection() as owner:
        assert owner.execute("SELECT count(*) FROM children_child WHERE reference = %s", [body["child"]["reference"]]).fetchone() == (1,)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_keys_for_one_reference_create_one(caller_alone: Caller) -> None:
    """Two systems, or two people, send the same child at once: the database lets one through, and the others are told."""

    def send(_number: int) -> Any:
        try:
            return caller_alone.post("entries/", entry(caller_alone.authority))
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        statuses = [answer.status_code for answer in pool.map(send, range(20))]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 400, 409}


@pytest.fixture
def caller_alone(transactional_db: None) -> Caller:
    return Caller(furnish("CRF"))
