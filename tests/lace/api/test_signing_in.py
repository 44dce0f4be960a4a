"""Who gets in: tokens, their end, the membership behind them, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from oauth2_provider.models import AccessToken

from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.database import context
from tests.lace.api.callers import Caller, ask_token
from tests.world import World


def test_a_token_is_given_for_the_secret_only(world: World) -> None:
    caller = Caller(world.own)
    given = ask_token(caller.client, caller.system)
    assert given.status_code == 200
    assert given.json()["token_type"] == "Bearer"
    assert given.json()["expires_in"] == 900
    wrong = ask_token(caller.client, caller.system, secret="guessed")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert caller.client.get("/api/v1/token/").status_code == 405
    nul = caller.client.post("/api/v1/token/", {"grant_type": "client_credentials", "client_id": "a\0", "client_secret": "b"})
    assert nul.status_code == 401
    assert not AccessToken.objects.filter(token=caller.token).exists()  # its checksum is kept, not the token


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer no-such-token", "Basic abc", "Bearer ŵ"])
def test_without_a_valid_token_nothing_is_shown(world: World, header: str) -> None:
    caller = Caller(world.own)
    answer = caller.client.get("/api/v1/children/", headers={"Authorization": header.encode().decode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert list(answer.json()) == ["errors"]


def test_a_session_opens_no_door_of_the_api(world: World) -> None:
    assert world.client(Role.LACE_COORDINATOR).get("/api/v1/children/").status_code == 401


@pytest.mark.req("PRIV-17")
def test_access_ends_at_once_with_token_membership_and_account(world: World) -> None:
    caller = Caller(world.own)
    membership = world.own.members[Role.CASE_SYSTEM]
    today = timezone.localdate()

    def status() -> int:
        return int(caller.get("children/").status_code)

    assert status() == 200
    Membership.objects.filter(pk=membership.pk).update(ends_on=today)
    assert status() == 401
    Membership.objects.filter(pk=membership.pk).update(ends_on=None, starts_on=today + timedelta(days=1))
    assert status() == 401
    Membership.objects.filter(pk=membership.pk).update(starts_on=today)
    assert status() == 200
    User.objects.filter(pk=membership.user_id).update(is_active=False)
    assert status() == 401
    User.objects.filter(pk=membership.user_id).update(is_active=True)
    AccessToken.objects.update(expires=timezone.now())
    assert status() == 401


def test_what_is_served_ends_with_the_request(world: World) -> None:
    caller = Caller(world.own)
    for path in ("children/", f"children/{world.other.child.pk}/", "children/?lives=nowhere"):
        caller.get(path)
        assert context.current() == context.NOBODY


def test_a_caller_who_asks_too_often_waits(world: World, monkeypatch: Any) -> None:
    cache.clear()
    monkeypatch.setattr("lace.api.authentication.ClientThrottle.THROTTLE_RATES", {"client": "2/minute"})
    caller, other = Caller(world.own), Caller(world.other)
    assert [caller.get("children/").status_code for _time in range(3)] == [200, 200, 429]
    assert int(caller.get("children/").headers["Retry-After"]) > 0
    assert other.get("children/").status_code == 200
