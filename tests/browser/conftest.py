"""Chromium for the browser tests: every page object here also fails its test on a script error or a blocked resource."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, Playwright
from pytest_django.live_server_helper import LiveServer

# Playwright's sync API runs an event loop in the test's thread; Django refuses database calls there unless told.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "no_js: the page is opened with JavaScript switched off")
    # pytest-base-url's own fixture, which pytest-playwright brings
    config.addinivalue_line("filterwarnings", "ignore:Session-scoped fixtures defined as instance methods:pytest.PytestRemovedIn10Warning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        if os.environ.get("CI"):
            pytest.fail("the browser tests need chromium: apt-get install chromium")
        pytest.skip("no chromium found: apt-get install chromium, or set CHROMIUM to a browser's path")
    return {"executable_path": path, "args": FLAGS}


@pytest.fixture(scope="session")
def playwright(request: pytest.FixtureRequest) -> Iterator[Playwright]:
    """Playwright keeps an event loop running in this thread, and there Django holds another set of connections (asgiref.local):
    what is open when the loop begins or ends would stay open, and a database in use can be neither copied nor dropped."""
    connection.close()
    yield request.getfixturevalue("playwright")
    connection.close()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    with_script = request.node.get_closest_marker("no_js") is None
    return {**browser_context_args, "java_script_enabled": with_script, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # the page itself may be a 404 or a 403 on purpose; what it loads may not
        if message.type == "error" and message.location["url"] != page.url:
            problems.append(f"{message.text} ({message.location['url']})")

    page.set_default_timeout(10_000)
    page.on("console", heard)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    assert not problems, problems


@pytest.fixture
def open_page(page: Page, live_server: LiveServer) -> Callable[..., Page]:
    """`open_page("/children/", client=world.client(role), language="cy")`: the page as that client's person sees it.

    The client's session is taken over; the sign-in form has its own test.
    """

    def opened(path: str, *, client: Client | None = None, language: str = "en-gb") -> Page:
        cookies = [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}]
        if client is not None:
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookies.append({"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url})
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.goto(live_server.url + path)
        return page

    return opened
