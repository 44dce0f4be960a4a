"""The API's description: every address in it, every status said, and what the doors do is what it says."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import URLResolver, get_resolver
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from lace.accounts.access import Role
from tests.lace.api.callers import Caller
from tests.world import World

UNDESCRIBED = {"api/v1/schema/", "api/v1/docs/", "^api/"}  # about the API, and what answers where there is nothing


def described(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(caller.get("schema/").content)
    return found


def test_every_address_of_the_api_is_described(world: World) -> None:
    schema = described(Caller(world.own))
    assert schema["openapi"] == "3.1.0"
    known = {re.sub(r"\{\w+\}", "X", path) for path in schema["paths"]}
    ours = {re.sub(r"<[^>]+>", "X", f"/{path}") for path in addresses(get_resolver()) if path.startswith("api/") and path not in UNDESCRIBED}
    assert ours == known


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from addresses(found, path)
        else:
            yield path


def test_every_operation_says_how_it_refuses_and_who_may_ask(world: World) -> None:
    for path, methods in described(Caller(world.own))["paths"].items():
        for method, operation in methods.items():
            assert "401" in operation["responses"], path
            assert operation["security"], path
            assert operation["summary"], path
            if method == "post" and path != "/api/v1/token/":
                assert {"400", "409", "413", "415", "422"} <= operation["responses"].keys()
                assert any(given["name"] == "Idempotency-Key" and given["required"] for given in operation["parameters"])


def test_the_description_is_for_case_systems_and_people_who_signed_in(world: World) -> None:
    caller = Caller(world.own)
    person = world.client(Role.ADMINISTRATOR)
    for address in ("/api/v1/schema/", "/api/v1/docs/"):
        assert person.get(address).status_code == 200
        assert caller.get(address.removeprefix("/api/v1/")).status_code == 200
    assert caller.client.get("/api/v1/schema/").status_code == 401
    assert caller.client.get("/api/v1/docs/").status_code == 302


def test_the_page_names_every_address_and_needs_no_script_of_others(world: World) -> None:
    caller = Caller(world.own)
    page = world.client(Role.LACE_COORDINATOR).get("/api/v1/docs/").content.decode()
    assert all(path in page for path in described(caller)["paths"])
    assert "child.born_on" in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


CHECKS = (
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.response_schema_conformance,
    checks.content_type_conformance,
)


@contextmanager
def served() -> Iterator[WSGIHandler]:
    """Lace as a server runs it, save that a request keeps the test's connection to the database."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
def test_what_the_description_allows_is_answered_as_it_says(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """schemathesis: requests made from the description, whatever they hold, get no 5xx and no status that it does not name."""
    monkeypatch.setattr("lace.api.authentication.ClientThrottle.THROTTLE_RATES", {"client": "1000000/minute"})
    caller = Caller(world.own)
    headers = {"Authorization": f"Bearer {caller.token}", "If-Match": "*"}
    results = list(schemathesis.openapi.from_dict(described(caller)).get_all_operations())
    operations = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(operations) == len(results), "The description holds an operation that schemathesis cannot read."
    with served() as application:
        for operation in operations:
            fuzz(operation, application, headers | {"Accept": "application/json"}, str(world.own.child.pk))


def fuzz(operation: Any, application: WSGIHandler, headers: dict[str, str], child: str) -> None:
    @settings(max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def examples(case: Any) -> None:
        if "child" in (case.path_parameters or {}):
            case.path_parameters["child"] = child
        own = {} if "token" in case.path else headers | {"Idempotency-Key": str(uuid.uuid4())}
        response = case.call(app=application, base_url="http://localhost", headers=own)
        case.validate_response(response, checks=CHECKS)

    examples()
