"""The design system as a browser shows it: every component and every kind of question, in both languages, with and without JavaScript."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.browser.axe import assert_accessible, assert_error_links, assert_keyboard, assert_reflow, violations

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
@pytest.mark.parametrize("path", ["/gallery/", "/gallery/form/", "/cookies/", "/accessibility/", "/times-tables/", "/no-such-page/"])
def test_pages_are_accessible(open_page: Open, path: str, language: str) -> None:
    assert_accessible(open_page(path, language=language))


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_a_form_with_errors_is_accessible_and_the_summary_takes_focus(open_page: Open, language: str) -> None:
    page = open_page("/gallery/form/", language=language)
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    assert page.title().startswith("Gwall: " if language == "cy" else "Error: ")
    page.locator("input[name=agreed][value=no]").check()
    assert_accessible(page)
    page.locator(".govuk-error-summary a").first.click()
    expect(page.locator("#id_name")).to_be_focused()


def test_keyboard_alone(open_page: Open) -> None:
    page = open_page("/gallery/form/")
    assert_keyboard(page)
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("main form button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".govuk-error-summary")).to_be_focused()  # the form's own address carries no #main-content


def test_keyboard_over_every_component(open_page: Open) -> None:
    assert_keyboard(open_page("/gallery/"), stops=90)


@pytest.mark.no_js
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_without_javascript(open_page: Open, language: str) -> None:
    page = open_page("/gallery/form/", language=language)
    expect(page.locator("#id_reason")).to_be_hidden()
    page.locator("input[name=agreed][value=no]").check()
    expect(page.locator("#id_reason")).to_be_visible()
    page.locator("#id_name").fill("Ffion")
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Ffion")
    other = page.locator("header button[name=language]")
    other.click()
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "cy" else "cy")
    assert page.url.endswith("/gallery/form/")


def test_a_choice_reveals_its_question(open_page: Open) -> None:
    page = open_page("/gallery/form/")
    expect(page.locator("#id_reason")).to_be_hidden()
    page.locator("input[name=agreed][value=no]").check()
    expect(page.locator("#id_reason")).to_be_visible()


def test_the_counter_counts_in_welsh(open_page: Open) -> None:
    page = open_page("/gallery/form/", language="cy")
    page.locator("#id_views").fill("x" * 498)
    expect(page.locator(".govuk-character-count__status")).to_have_text("Mae gennych chi 2 nod ar ôl")


def test_the_password_can_be_shown(open_page: Open) -> None:
    page = open_page("/gallery/form/", language="cy")
    page.get_by_role("button", name="Dangos y cyfrinair").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "text")


@pytest.mark.parametrize("way", ["link", "escape"])
def test_hide_this_screen_leaves_no_way_back(open_page: Open, way: str) -> None:
    page = open_page("/cookies/")
    page.goto(page.url.replace("/cookies/", "/gallery/"))
    if way == "link":
        page.get_by_role("link", name="Hide this screen").click()
    else:
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/times-tables/$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/cookies/$"))  # the gallery is gone from the history


def test_one_escape_hides_nothing(open_page: Open) -> None:
    page = open_page("/gallery/")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1200)
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert page.url.endswith("/gallery/")


@pytest.mark.no_js
def test_hide_this_screen_is_a_plain_link(open_page: Open) -> None:
    page = open_page("/gallery/")
    page.get_by_role("link", name="Hide this screen").click()
    assert page.url.endswith("/times-tables/")


def test_welsh_letters_are_drawn_by_the_page_s_own_font(open_page: Open) -> None:
    page = open_page("/gallery/", language="cy")
    loaded = page.evaluate(
        "async () => { await Promise.all([document.fonts.load('16px \"Atkinson Hyperlegible Next\"', 'ŵŷŴŶ'), document.fonts.ready]);"
        " return document.fonts.check('16px \"Atkinson Hyperlegible Next\"', 'ŵŷŴŶâêîôû') }"
    )
    assert loaded


def test_the_first_view_is_small_and_alone(open_page: Open) -> None:
    sizes: dict[str, int] = {}

    def received(response: Any) -> None:
        sizes[response.url] = len(brotli.compress(response.body())) if not response.url.endswith(".woff2") else len(response.body())

    page = open_page("/times-tables/")
    page.on("response", received)
    page.goto(page.url.replace("/times-tables/", "/accessibility/"), wait_until="networkidle")
    assert all("127.0.0.1" in url or "localhost" in url for url in sizes), "a third party"
    text = sum(size for url, size in sizes.items() if url.endswith((".css", ".js")))
    assert text <= 45 * 1024
    assert sum(sizes.values()) <= 60 * 1024, sizes


def test_on_paper_the_text_stays_and_the_controls_go(open_page: Open) -> None:
    page = open_page("/gallery/")
    page.emulate_media(media="print")
    expect(page.locator(".app-header__tools")).to_be_hidden()
    expect(page.locator("main .govuk-button").first).to_be_hidden()
    expect(page.locator(".app-identity__name")).to_be_visible()


def test_dark_and_light_brand_colours_keep_their_contrast(open_page: Open) -> None:
    page = open_page("/gallery/")
    for colour in ("ffd700", "7a0019", "767676"):
        page.evaluate(
            "href => new Promise(done => { const l = document.createElement('link');"
            " l.rel = 'stylesheet'; l.href = href; l.onload = done; document.head.append(l) })",
            f"/theme.css?brand={colour}",
        )
        assert not violations(page), colour


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_errors_reflow_too(open_page: Open, language: str) -> None:
    page = open_page("/gallery/form/", language=language)
    page.locator("main form button[type=submit]").click()
    assert_error_links(page)
    assert_reflow(page)


def test_what_was_built_names_no_protected_typeface_or_crown() -> None:
    built = Path(settings.STATICFILES_DIRS[0])
    text = (built / "app.css").read_text()
    for word in ("GDS Transport", "crown", "crest", "#1d70b8"):
        assert word not in text, word
    assert not [path for path in built.rglob("*") if "crown" in path.name or "crest" in path.name]
