"""How long a session lives, what ends it, and under which role it runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from lace.accounts import services
from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.accounts.signing_in import SIGNED_OUT
from lace.core.actor import Actor
from tests.lace.accounts.acts import LOGIN, sign_in
from tests.world import person

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SYSTEM = Actor.named_job("housekeeping", today=timezone.localdate())


def outside(client: Client, path: str = "/") -> bool:
    """The door leads to the sign-in page."""
    answer = client.get(path)
    return answer.status_code == 302 and answer["Location"] == f"{LOGIN}?next={path}"


def key(client: Client) -> str:
    from django.conf import settings

    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_the_session_key_changes_at_sign_in_and_what_was_kept_stays(client: Client, user: User) -> None:
    session = client.session
    session["kept_form"] = "what was typed"
    session.save()
    before = session.session_key
    sign_in(client, user)
    assert key(client) != before
    assert client.session["kept_form"] == "what was typed"
    assert not Session.objects.filter(pk=before).exists()


def test_idle_for_fifteen_minutes_ends_it(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        clock.shift(timedelta(minutes=14))
        assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=14))
        assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=16))
        assert outside(client)


def test_twelve_hours_end_it_however_busy(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        old = key(client)
        for _ in range(72):
            clock.shift(timedelta(minutes=10) - timedelta(seconds=1))
            assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=2))
        assert outside(client)
        assert not Session.objects.filter(pk=old).exists()


def test_an_ended_session_is_explained_and_next_is_kept(client: Client, user: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        clock.shift(timedelta(minutes=16))
        page = client.get("/children/?q=a", follow=True)
        assert page.redirect_chain == [(f"{LOGIN}?next=/children/%3Fq%3Da", 302)]
        assert str(SIGNED_OUT) in page.content.decode()
        answer = client.post(page.redirect_chain[0][0], {"login": user.email, "password": "correct horse battery 9"})
        assert answer["Location"] == "/children/?q=a"


def test_a_first_visit_is_not_told_of_a_session(client: Client, db: None) -> None:
    assert str(SIGNED_OUT) not in client.get("/", follow=True).content.decode()


def test_signing_out_ends_the_session_and_clears_the_browser(signed_in: Client) -> None:
    old = key(signed_in)
    answer = signed_in.post("/accounts/logout/")
    assert answer["Location"] == LOGIN
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(pk=old).exists()
    signed_in.cookies["session"] = old
    assert outside(signed_in)


def test_what_was_said_after_signing_out(signed_in: Client) -> None:
    assert "You have signed out" in signed_in.post("/accounts/logout/", follow=True).content.decode()


def test_a_get_signs_nobody_out(signed_in: Client) -> None:
    assert "Do you want to sign out?" in signed_in.get("/accounts/logout/").content.decode()
    assert signed_in.get("/").status_code == 200


def test_a_closed_account_is_out_at_the_next_request(signed_in: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert outside(signed_in)


@pytest.mark.req("PRIV-17")
def test_an_ended_role_is_gone_at_the_next_request(signed_in: Client, coordinator: Membership) -> None:
    assert signed_in.get("/").content == b"role: lace_coordinator"
    services.end_membership(by=SYSTEM, membership=coordinator)
    assert signed_in.get("/").content == b"role: none"


@pytest.mark.req("PRIV-17")
def test_ending_access_closes_the_account_at_the_next_request(signed_in: Client, user: User, second_role: Membership) -> None:
    services.end_access(by=SYSTEM, user=user)
    assert outside(signed_in)
    assert sign_in(Client(), user).status_code == 200  # the form again, with the usual error


def test_a_new_password_ends_the_other_sessions(signed_in: Client, user: User) -> None:
    other = Client()
    sign_in(other, user)
    answer = signed_in.post("/accounts/password/change/", {"oldpassword": "correct horse battery 9", "password1": "three new words 44"})
    assert answer["Location"] == "/accounts/"
    assert signed_in.get("/").status_code == 200
    assert outside(other)


# ---- your account ----


def test_the_account_page_lists_sessions_and_ends_the_others(signed_in: Client, user: User) -> None:
    other = Client(headers={"user-agent": "Lynx <b>"})
    sign_in(other, user)
    page = signed_in.get("/accounts/").content.decode()
    assert "Lynx &lt;b&gt;" in page
    assert "Sign out on every other device" in page
    signed_in.post("/accounts/sessions/end/")
    assert outside(other)
    page = signed_in.get("/accounts/").content.decode()
    assert "Lynx" not in page
    assert "Sign out on every other device" not in page


def test_the_account_page_keeps_the_language(signed_in: Client, user: User) -> None:
    answer = signed_in.post("/accounts/", {"language": "cy"})
    assert (answer["Location"], answer.cookies["language"].value) == ("/accounts/", "cy")
    user.refresh_from_db()
    assert user.language == "cy"


def test_an_unknown_language_changes_nothing(signed_in: Client, user: User) -> None:
    page = signed_in.post("/accounts/", {"language": "de"})
    assert page.status_code == 200
    assert "Choose English or Welsh" in page.content.decode()
    user.refresh_from_db()
    assert user.language == "en-gb"


@pytest.mark.parametrize("path", ["", "role/", "sessions/end/", "second-factor/", "second-factor/codes/", "second-factor/app/", "password/change/"])
def test_a_stranger_is_led_to_the_sign_in_page(client: Client, db: None, path: str) -> None:
    answer = client.post(f"/accounts/{path}")
    assert answer.status_code in {302, 405}
    assert client.get(f"/accounts/{path}")["Location"].startswith(LOGIN) if path != "sessions/end/" else True


# ---- the role in use ----


@pytest.mark.req("SCH-06")
@pytest.mark.parametrize("address", ["/accounts/role/", "/accounts/role/choose/"])
def test_a_person_changes_role_and_the_trail_says_so(signed_in: Client, coordinator: Membership, second_role: Membership, address: str) -> None:
    page = signed_in.get("/accounts/role/").content.decode()
    assert "LACE coordinator, " in page
    assert "Designated manager, " in page
    before = key(signed_in)
    answer = signed_in.post(address, {"role": second_role.pk})
    assert answer["Location"] == "/"
    assert key(signed_in) != before
    assert not Session.objects.filter(pk=before).exists()
    assert signed_in.get("/").content == b"role: designated_manager"
    entry = second_role.pgh_event_model.objects.filter(id=second_role.pk, pgh_label="role_chosen").get()  # type: ignore[attr-defined]
    assert entry.pgh_context["role"] == "lace_coordinator"  # whence; the entry's own row says whither
    assert entry.role == "designated_manager"
    assert "Sign out on every other device" not in signed_in.get("/accounts/").content.decode()  # still one session, under its new key


def test_a_role_of_somebody_else_is_not_to_be_had(signed_in: Client, second_role: Membership, authority: Any) -> None:
    for role in (person(Role.ADMINISTRATOR, authority).pk, "x", ""):
        page = signed_in.post("/accounts/role/", {"role": role})
        assert page.status_code == 200
        assert "Choose one of your roles" in page.content.decode()
    assert signed_in.get("/").content == b"role: lace_coordinator"


def test_an_ended_role_cannot_be_chosen(signed_in: Client, second_role: Membership) -> None:
    Membership.objects.filter(pk=second_role.pk).update(ends_on=timezone.localdate())
    assert signed_in.post("/accounts/role/", {"role": second_role.pk}).status_code == 200
    assert signed_in.get("/").content == b"role: lace_coordinator"


def test_without_a_role_the_account_page_still_opens(signed_in: Client, coordinator: Membership) -> None:
    services.end_membership(by=SYSTEM, membership=coordinator)
    assert "None today" in signed_in.get("/accounts/").content.decode()
    assert signed_in.get("/accounts/role/").status_code == 403
