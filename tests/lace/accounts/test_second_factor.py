"""Codes, recovery codes, and that nobody passes without a second factor where one is required."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

from lace.accounts.models import User
from lace.accounts.signing_in import SecondFactors
from tests.lace.accounts.acts import LOGIN, PASSWORD, factors, sign_in

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CODE = "/accounts/login/code/"
Code = Callable[[], str]


def test_a_code_of_the_app_completes_the_sign_in(client: Client, user: User, app_code: Code) -> None:
    half = client.post(f"{LOGIN}?next=/children/", {"login": user.email, "password": PASSWORD})
    assert half["Location"].split("?")[0] == CODE
    assert client.get("/").status_code == 302  # the password alone opens nothing
    before = client.session.session_key
    whole = client.post(half["Location"], {"code": app_code()})
    assert whole["Location"] == "/children/"
    assert client.session.session_key != before
    assert client.get("/").content == b"role: lace_coordinator"


def test_a_wrong_code_is_told_and_tried_again(client: Client, user: User, app_code: Code) -> None:
    sign_in(client, user)
    wrong = client.post(CODE, {"code": "000000" if app_code() != "000000" else "000001"})
    assert "That is not the right code" in wrong.content.decode()
    assert client.get("/").status_code == 302
    assert client.post(CODE, {"code": app_code()}).status_code == 302


def test_codes_cannot_be_guessed_without_end(client: Client, user: User, app_code: Code) -> None:
    sign_in(client, user)
    right = app_code()
    for guess in range(5):
        client.post(CODE, {"code": f"{(int(right) + guess + 1) % 10**6:06}"})
    refused = client.post(CODE, {"code": app_code()})
    assert "Too many tries" in refused.content.decode()
    assert client.get("/").status_code == 302


def test_a_code_of_the_app_works_once_while_it_lives(client: Client, user: User, app_code: Code) -> None:
    """Also after the 30 seconds for which allauth remembers it: with tolerance it lives for 90."""
    with time_machine.travel(NOON, tick=False) as clock:
        code = app_code()
        sign_in(client, user)
        assert client.post(CODE, {"code": code}).status_code == 302
        clock.shift(31)
        thief = Client()
        sign_in(thief, user)
        assert "That is not the right code" in thief.post(CODE, {"code": code}).content.decode()


def test_a_recovery_code_works_once(client: Client, user: User, app_code: Code, recovery_code: str) -> None:
    sign_in(client, user)
    assert client.post(CODE, {"code": f" {recovery_code[:4]} {recovery_code[4:]} "}).status_code == 302
    assert client.get("/").status_code == 200
    again = Client()
    sign_in(again, user)
    assert "That is not the right code" in again.post(CODE, {"code": recovery_code}).content.decode()


def test_a_new_password_does_not_skip_the_code(client: Client, user: User, app_code: Code) -> None:
    client.post("/accounts/password/reset/", {"email": user.email})
    found = re.search(r"(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert found
    client.post(client.get(found[1])["Location"], {"password1": "three new words 44"})
    assert client.get("/").status_code == 302
    assert sign_in(client, user, "three new words 44")["Location"].split("?")[0] == CODE


def test_one_may_start_again_as_somebody_else(client: Client, user: User, app_code: Code) -> None:
    sign_in(client, user)
    assert client.get(LOGIN)["Location"] == CODE
    client.post("/accounts/logout/")
    assert client.get(LOGIN).status_code == 200


def test_secrets_lie_encrypted(user: User, app_code: Code, recovery_code: str, settings: Any) -> None:
    kept = {row.type: row.data for row in Authenticator.objects.filter(user=user)}
    secret = kept["totp"]["secret"]
    assert secret.startswith("gAAAA")
    assert re.fullmatch(r"[A-Z2-7]{32}", SecondFactors().decrypt(secret))
    assert kept["recovery_codes"]["seed"].startswith("gAAAA")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-of-more-than-fifty-characters-0123456789"
    assert SecondFactors().decrypt(secret)


# ---- setting one up ----


@pytest.fixture
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.mark.usefixtures("required")
def test_without_a_second_factor_every_door_leads_to_setting_one_up(signed_in: Client) -> None:
    for path in ("/", "/children/", "/accounts/", "/accounts/role/", "/accounts/password/change/", "/accounts/second-factor/codes/new/"):
        assert signed_in.get(path)["Location"] == "/accounts/second-factor/", path
    assert signed_in.post("/accounts/role/", {"role": 1})["Location"] == "/accounts/second-factor/"
    assert signed_in.get("/accounts/second-factor/").status_code == 200
    assert signed_in.get("/accounts/second-factor/passkey/").status_code == 200
    assert signed_in.post("/language/", {"language": "cy", "next": "/"}).status_code == 302


@pytest.mark.usefixtures("required")
def test_the_app_is_set_up_without_javascript_and_then_all_is_open(
    signed_in: Client, user: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    page = signed_in.get("/accounts/second-factor/app/").content.decode()
    found = re.search(r'translate="no">([A-Z2-7]{32})<', page)
    assert found
    assert "<svg viewBox" in page
    assert "style=" not in page
    wrong = signed_in.post("/accounts/second-factor/app/", {"code": "1"}).content.decode()
    assert "That is not the right code" in wrong
    assert found[1] in wrong  # the same key: what was scanned stays good
    import time

    code = format_hotp_value(hotp_value(found[1], int(time.time()) // 30))
    with django_capture_on_commit_callbacks(execute=True):
        saved = signed_in.post("/accounts/second-factor/app/", {"code": code})
    assert saved["Location"] == "/accounts/second-factor/codes/"
    codes = signed_in.get("/accounts/second-factor/codes/").content.decode()
    assert len(re.findall(r"<strong>\d{4} \d{4}</strong>", codes)) == 10
    assert signed_in.get("/").status_code == 200
    assert factors(user) == {"totp", "recovery_codes"}
    assert "An authenticator app was added" in mail.outbox[0].body


@pytest.mark.usefixtures("required")
def test_the_last_second_factor_stays_where_one_is_required(client: Client, user: User, app_code: Code) -> None:
    sign_in(client, user)
    client.post(CODE, {"code": app_code()})
    refused = client.post("/accounts/second-factor/app/remove/")
    assert "You need a second way to sign in" in refused.content.decode()
    assert "totp" in factors(user)
    passkey = Authenticator.objects.create(user=user, type="webauthn", data={"name": "work laptop"})
    assert client.post("/accounts/second-factor/app/remove/").status_code == 302
    assert factors(user) == {"webauthn"}
    assert client.post(f"/accounts/second-factor/passkey/{passkey.pk}/remove/", follow=False)["Location"] == "/accounts/"
    assert factors(user) == {"webauthn"}


def test_a_passkey_of_somebody_else_cannot_be_removed(signed_in: Client, authority: Any) -> None:
    from lace.accounts.access import Role
    from tests.world import person

    stranger = person(Role.LACE_COORDINATOR, authority).user
    passkey = Authenticator.objects.create(user=stranger, type="webauthn", data={"name": "theirs"})
    assert signed_in.get(f"/accounts/second-factor/passkey/{passkey.pk}/remove/").status_code == 404
    assert signed_in.post(f"/accounts/second-factor/passkey/{passkey.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_after_five_minutes_the_password_is_asked_again(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        clock.shift(timedelta(minutes=6))
        asked = client.get("/accounts/second-factor/app/")
        assert asked["Location"] == "/accounts/confirm/?next=%2Faccounts%2Fsecond-factor%2Fapp%2F"
        assert "That is not your password" in client.post(asked["Location"], {"password": "wrong"}).content.decode()
        assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == "/accounts/second-factor/app/"
        assert client.get("/accounts/second-factor/app/").status_code == 200


def test_new_recovery_codes_replace_the_old(client: Client, user: User, app_code: Code, recovery_code: str) -> None:
    sign_in(client, user)
    client.post(CODE, {"code": app_code()})
    assert client.post("/accounts/second-factor/codes/new/")["Location"] == "/accounts/second-factor/codes/"
    assert f"{recovery_code[:4]} {recovery_code[4:]}" not in client.get("/accounts/second-factor/codes/").content.decode()


def test_passkey_answers_that_are_nonsense_are_refused_kindly(client: Client, user: User, app_code: Code) -> None:
    options = client.get("/accounts/login/passkey/", headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["userVerification"] == "required"
    for credential in ("", "x", "[]", "{}", '{"id": "x"}'):
        refused = client.post("/accounts/login/passkey/", {"credential": credential})
        assert refused["Location"] == LOGIN, credential
    sign_in(client, user)
    for credential in ("", "x", "[]", "{}"):
        assert client.post(CODE, {"credential": credential}).status_code == 200, credential
    assert client.get("/").status_code == 302
