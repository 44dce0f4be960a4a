"""A passkey, from adding it to signing in with nothing else, on a virtual device of Chromium's; and sign-in pages that everyone can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from lace.accounts.access import Role
from lace.accounts.models import LocalAuthority, User
from tests.browser.axe import assert_accessible
from tests.world import person

PASSWORD = "correct horse battery 9"


@pytest.fixture(autouse=True)
def _doors(settings: Any, page: Page) -> None:
    settings.ROOT_URLCONF = "tests.lace.accounts.doors"
    page.route("**/favicon.ico", lambda asked: asked.fulfill(status=204))  # asked for by the stand-in pages: they name no icon
    cache.clear()


@pytest.fixture
def someone(live_server: LiveServer) -> User:
    user = person(Role.LACE_COORDINATOR, LocalAuthority.objects.get(code="CRF")).user
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def reader(page: Page) -> Iterator[None]:
    """A laptop with a fingerprint reader on which the right finger always lies."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    yield
    chromium.detach()


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(address)
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_person_is_led_to_a_passkey_and_then_needs_nothing_else(
    page: Page, live_server: LiveServer, someone: User, reader: None, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    sign_in(page, f"{live_server.url}/accounts/login/", someone)
    expect(page.get_by_role("heading", name="A second way to prove that it is you")).to_be_visible()
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()

    page.goto(f"{live_server.url}/accounts/login/?next=/children/")
    expect(page.get_by_text("Your device did not confirm the passkey")).to_be_hidden()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{live_server.url}/children/")
    expect(page.locator("body")).to_have_text("role: lace_coordinator")


def test_the_passkey_is_the_second_factor_after_a_password(page: Page, live_server: LiveServer, someone: User, reader: None) -> None:
    sign_in(page, f"{live_server.url}/accounts/login/?next=/accounts/second-factor/passkey/", someone)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.context.clear_cookies()
    sign_in(page, f"{live_server.url}/accounts/login/?next=/children/", someone)
    expect(page.get_by_label("Security code")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("body")).to_have_text("role: lace_coordinator")


def test_a_device_without_a_passkey_is_told_so(page: Page, live_server: LiveServer, reader: None) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Your device did not confirm the passkey")).to_be_visible()
    assert_accessible(page)


@pytest.mark.no_js
def test_without_javascript_a_password_is_enough_to_ask_for(page: Page, live_server: LiveServer, someone: User) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    sign_in(page, f"{live_server.url}/accounts/login/?next=/accounts/", someone)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_pages_of_signing_in_are_accessible(open_page: Callable[..., Page], someone: User, language: str) -> None:
    for path in ("login/", "password/reset/", "password/reset/done/"):
        assert_accessible(open_page(f"/accounts/{path}", language=language))
    client = Client()
    client.post("/accounts/login/", {"login": someone.email, "password": PASSWORD})
    for path in ("", "second-factor/", "second-factor/app/", "second-factor/passkey/", "password/change/"):
        assert_accessible(open_page(f"/accounts/{path}", client=client, language=language))
