"""Signing in with a password: equal answers, delays, where one lands, what is kept of it."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.test import Client

from lace.accounts.models import Language, Membership, User
from lace.accounts.signing_in import client_ip, delay
from tests.lace.accounts.acts import LOGIN, PASSWORD, sign_in

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_person_signs_in_and_lands_on_their_work(client: Client, user: User, coordinator: Membership) -> None:
    answer = sign_in(client, user)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").content == b"role: lace_coordinator"
    assert list(coordinator.pgh_event_model.objects.filter(id=coordinator.pk).values_list("pgh_label", flat=True))[-1] == "signed_in"  # type: ignore[attr-defined]


def test_the_address_may_be_typed_in_capitals(client: Client, user: User) -> None:
    assert client.post(LOGIN, {"login": f" {user.email.upper()} ", "password": PASSWORD}).status_code == 302


def test_passwords_are_kept_as_argon2id(settings: Any, user: User) -> None:
    from lace import settings as ours

    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    user.set_password(PASSWORD)
    assert user.password.startswith("argon2$argon2id$")
    assert check_password(PASSWORD, user.password)


def plain(answer: Any, *names: str) -> bytes:
    """The answer without what differs each time: the form's token, and the address that was typed."""
    content = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)
    for name in names:
        content = content.replace(name.encode(), b"typed")
    return bytes(content)


def test_wrong_password_unknown_address_and_closed_account_answer_alike(client: Client, user: User, authority: Any) -> None:
    closed = User.objects.create_user(email="closed@lace.example", name="Gone", password=PASSWORD)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    wrong = sign_in(client, user, "wrong")
    unknown = client.post(LOGIN, {"login": "nobody@lace.example", "password": "wrong"})
    gone = sign_in(client, closed)
    assert b"The e-mail address or the password is not right" in wrong.content
    assert wrong.status_code == unknown.status_code == gone.status_code == 200
    assert plain(wrong, user.email) == plain(unknown, "nobody@lace.example") == plain(gone, closed.email)
    strip = {"Content-Length", "Content-Type", "Vary", "Expires"}  # the last is the moment of the answer
    assert {name: wrong[name] for name in wrong.headers if name not in strip} == {
        name: unknown[name] for name in unknown.headers if name not in strip
    }


def test_an_unknown_address_costs_the_same_hash(client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: Any, password: str, salt: str) -> str:
        made.append(password)
        return str(encode(hasher, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(client, user, "wrong")
    known = made.copy()
    made.clear()
    client.post(LOGIN, {"login": "nobody@lace.example", "password": "wrong"})
    assert known == made == ["wrong"]


def test_empty_boxes_say_what_to_do_in_both_languages(client: Client, db: None) -> None:
    english = client.post(LOGIN, {"login": "", "password": ""}).content.decode()
    assert "Enter your e-mail address" in english
    assert "Enter your password" in english
    welsh = client.post(LOGIN, {"login": "", "password": ""}, headers={"accept-language": "cy"}).content.decode()
    assert '<html lang="cy"' in welsh
    assert "Rhowch eich cyfeiriad e-bost" in welsh
    assert "Rhowch eich cyfrinair" in welsh


# ---- how often ----


def test_the_wait_doubles_and_ends_at_an_hour() -> None:
    minutes = [int(delay(failures).total_seconds() / 60) for failures in range(4, 15)]
    assert minutes == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert delay(10**9) == timedelta(hours=1)


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_tries_and_the_sixth_waits(client: Client, user: User, known: bool) -> None:
    """For an address with an account and for one without, alike."""
    address = user.email if known else "nobody@lace.example"
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(4):
            assert client.post(LOGIN, {"login": address, "password": "wrong"}).status_code == 200
        fifth = client.post(LOGIN, {"login": address, "password": "wrong"})
        assert (fifth.status_code, fifth["Retry-After"]) == (429, "60")
        assert "Wait 1 minute, then try again: at 12:01" in fifth.content.decode().replace("12.01", "12:01").replace("12:01pm", "12:01")
        clock.shift(59)
        sixth = client.post(LOGIN, {"login": address, "password": PASSWORD})
        assert (sixth.status_code, sixth["Retry-After"]) == (429, "1")
        assert AccessAttempt.objects.get().failures_since_start == 5  # a try that is not taken does not lengthen the wait
        clock.shift(2)
        seventh = client.post(LOGIN, {"login": address, "password": "wrong"})
        assert (seventh.status_code, seventh["Retry-After"]) == (429, "120")


def test_the_right_password_after_the_wait_begins_anew(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            sign_in(client, user, "wrong")
        clock.shift(61)
        assert sign_in(client, user).status_code == 302
        assert not AccessAttempt.objects.exists()


def test_another_address_of_the_network_is_not_locked_out(client: Client, user: User) -> None:
    for _ in range(5):
        sign_in(client, user, "wrong")
    assert sign_in(client, user).status_code == 429
    assert sign_in(client, user, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_another_person_at_the_same_address_is_not_locked_out(client: Client, user: User) -> None:
    for _ in range(5):
        client.post(LOGIN, {"login": "nobody@lace.example", "password": "wrong"})
    assert sign_in(client, user).status_code == 302


def test_a_day_later_failures_are_forgotten(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(4):
            sign_in(client, user, "wrong")
        clock.shift(timedelta(hours=25))
        assert sign_in(client, user, "wrong").status_code == 200


def test_the_wait_is_told_in_welsh(client: Client, user: User) -> None:
    for _ in range(4):
        sign_in(client, user, "wrong")
    locked = sign_in(client, user, "wrong", headers={"accept-language": "cy"})
    assert "Arhoswch 1 funud, yna rhowch gynnig arall arni" in locked.content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", "127.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),  # what a caller wrote before our proxy's entry counts for nothing
        (2, "198.51.100.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (1, "", "127.0.0.1"),
        (1, "<script>", "127.0.0.1"),
    ],
)
def test_tries_are_counted_for_the_address_our_own_proxy_saw(rf: Any, settings: Any, proxies: int, forwarded: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_ip(rf.get("/", HTTP_X_FORWARDED_FOR=forwarded)) == address


def test_no_password_is_kept_or_logged(client: Client, user: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_in(client, user, "a-secret-word-mistyped")
        sign_in(client, user)
        client.post("/accounts/password/change/", {"oldpassword": "a-secret-word-mistyped", "password1": "another-secret-word-1"})
    kept = [str(row) for model in (AccessAttempt, AccessLog) for row in model.objects.values()]
    everything = " ".join([caplog.text, *kept])
    assert "secret-word" not in everything
    assert PASSWORD not in everything


# ---- where one lands ----


@pytest.mark.parametrize(
    "bad", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example", " //evil.example"]
)
def test_a_bad_next_leads_to_ones_work(client: Client, user: User, bad: str) -> None:
    answer = client.post(f"{LOGIN}?next={bad}", {"login": user.email, "password": PASSWORD, "next": bad})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_good_next_is_kept_over_a_mistake(client: Client, user: User) -> None:
    page = client.get(f"{LOGIN}?next=/children/%3Fq%3Da").content.decode()
    assert 'action="/accounts/login/?next=/children/%3Fq%3Da"' in page
    address = f"{LOGIN}?next=/children/%3Fq%3Da"
    assert client.post(address, {"login": user.email, "password": "wrong"}).status_code == 200
    assert client.post(address, {"login": user.email, "password": PASSWORD})["Location"] == "/children/?q=a"


def test_the_language_cookie_becomes_the_persons(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(language=Language.WELSH)
    assert sign_in(client, user).cookies["language"].value == "cy"
    assert '<html lang="cy"' in client.get("/accounts/").content.decode()


def test_the_language_switch_is_remembered_for_the_person(signed_in: Client, user: User) -> None:
    signed_in.post("/language/", {"language": "cy", "next": "/accounts/"})
    user.refresh_from_db()
    assert user.language == "cy"
    signed_in.post("/language/", {"language": "xx", "next": "/accounts/"})
    user.refresh_from_db()
    assert user.language == "cy"


def test_signing_up_has_no_door(client: Client, db: None) -> None:
    for path in ("signup/", "email/", "inactive/", "login/code/confirm/", "second-factor/codes/download/", "3rdparty/"):
        assert client.get(f"/accounts/{path}").status_code == 404


# ---- the forgotten password ----


def link_in(message: Any) -> str:
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", message.body)
    assert found, message.body
    return found[1]


def test_a_forgotten_password_is_replaced_by_e_mail(client: Client, user: User, settings: Any) -> None:
    settings.SITE_URL = "https://lace.example"
    asked = client.post("/accounts/password/reset/", {"email": user.email.upper()})
    assert asked["Location"] == "/accounts/password/reset/done/"
    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "https://lace.example/accounts/password/reset/key/" in message.body
    assert "\n* * *\n" in message.body  # both languages
    form = client.get(link_in(message))["Location"]
    short = client.post(form, {"password1": "short"})
    assert short.status_code == 200
    assert "govuk-error-summary" in short.content.decode()
    saved = client.post(form, {"password1": "three new words 44"})
    assert saved["Location"] == "/accounts/password/reset/key/done/"
    assert "_auth_user_id" not in client.session  # a new password is not yet a sign-in
    assert sign_in(client, user, "three new words 44").status_code == 302
    assert [told.to for told in mail.outbox[1:]] == [[user.email]]
    again = client.get(link_in(message), follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_unknown_address_gets_the_same_answer_and_one_message(client: Client, user: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": user.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@lace.example"})
    assert (known.status_code, known.content, known["Location"]) == (unknown.status_code, unknown.content, unknown["Location"])
    assert [message.to for message in mail.outbox] == [[user.email], ["nobody@lace.example"]]
    assert "There is no account with it" in mail.outbox[1].body


def test_a_closed_account_gets_no_link(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    client.post("/accounts/password/reset/", {"email": user.email})
    assert "reset/key" not in mail.outbox[0].body


def test_the_welsh_reader_reads_welsh_first(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(language=Language.WELSH)
    client.post("/accounts/password/reset/", {"email": user.email})
    assert mail.outbox[0].subject == "Dewiswch gyfrinair newydd ar gyfer Lace / Choose a new password for Lace"
    welsh, english = mail.outbox[0].body.split("* * *")
    assert link_in(mail.outbox[0]) in welsh
    assert link_in(mail.outbox[0]) in english
