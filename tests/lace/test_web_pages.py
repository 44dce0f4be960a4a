"""The frame of every page: language, colours, errors, the neutral page, and nothing that a strict policy would refuse."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.utils.translation import override
from lxml import html

from lace.web import views
from lace.web.views import on_brand

pytestmark = pytest.mark.django_db
PAGES = ["/gallery/", "/gallery/form/", "/cookies/", "/accessibility/", "/times-tables/", "/no-such-page/"]


@pytest.fixture(autouse=True)
def _plain_http(settings: Any) -> None:
    settings.DEMO = True
    settings.SECURE_SSL_REDIRECT = False


def seen(client: Client, path: str, language: str = "en-gb") -> html.HtmlElement:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return html.fromstring(client.get(path).content.decode())


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_every_page_says_its_language_and_its_title_and_has_one_heading(client: Client, path: str, language: str) -> None:
    page = seen(client, path, language)
    assert page.get("lang") == language[:2]
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("string(//title)").strip() not in {"", "– Lace"}
    idents = page.xpath("//@id")
    assert len(idents) == len(set(idents))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_anything_inline(client: Client, path: str) -> None:
    page = seen(client, path)
    assert not page.xpath("//style|//@style|//script[not(@src)]|//*[starts-with(@href, 'javascript:')]")
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    for address in page.xpath("//link/@href|//script/@src|//img/@src"):
        assert address.startswith("/"), f"{address}: a third party"


def test_no_template_has_anything_inline() -> None:
    for path in Path(settings.BASE_DIR / "templates").rglob("*.html"):
        if {"pdf", "emails"} & set(path.parts):
            continue
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script>|javascript:", path.read_text()), path


def test_a_post_form_always_says_where_it_goes() -> None:
    # without an action a form reached over the skip link posts to "#main-content", and the summary of errors loses focus
    for path in Path(settings.BASE_DIR / "templates").rglob("*.html"):
        for tag in re.findall(r"<form\b[^>]*", path.read_text()):
            assert "action=" in tag, f"{path}: {tag}"


def test_the_language_switch_stays_on_the_page(client: Client) -> None:
    page = seen(client, "/gallery/?page=3")
    form = page.xpath("//header//form")[0]
    back = form.xpath(".//input[@name='next']/@value")[0]
    assert back == "/gallery/?page=3"
    answer = client.post(form.get("action"), {"next": back, "language": form.xpath(".//button/@value")[0]})
    assert (answer.status_code, answer["Location"]) == (302, "/gallery/?page=3")
    assert html.fromstring(client.get(back).content.decode()).get("lang") == "cy"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_language_switch_never_leads_away(client: Client, back: str) -> None:
    assert client.post("/language/", {"next": back, "language": "cy"})["Location"] == "/"


def test_an_unknown_language_changes_nothing(client: Client) -> None:
    assert settings.LANGUAGE_COOKIE_NAME not in client.post("/language/", {"next": "/", "language": "xx"}).cookies


def test_languages_are_named_in_themselves(client: Client) -> None:
    assert seen(client, "/cookies/").xpath("//header//button[@lang='cy']/text()") == ["Cymraeg"]
    assert seen(client, "/cookies/", "cy").xpath("//header//button[@lang='en']/text()") == ["English"]


def test_a_page_with_errors_says_so_in_its_title(client: Client) -> None:
    assert html.fromstring(client.post("/gallery/form/", {}).content.decode()).xpath("string(//title)").startswith("Error: ")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    assert html.fromstring(client.post("/gallery/form/", {}).content.decode()).xpath("string(//title)").startswith("Gwall: ")


def test_the_neutral_page_names_nothing(client: Client) -> None:
    text = client.get("/times-tables/").content.decode().lower()
    assert "144" in text
    for word in ("lace", "care", "child", "plan", "authority", "sign out"):
        assert word not in re.sub(r"<link[^>]*>|<meta[^>]*>", "", text), word


# ---- colours ----


def test_theme_is_a_style_sheet_of_two_colours(client: Client) -> None:
    answer = client.get("/theme.css?brand=ffd700")
    assert answer["Content-Type"].startswith("text/css")
    assert answer.content.decode() == ":root{--govuk-brand-colour:#ffd700;--app-on-brand:#000000}\n"
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.parametrize("brand", ["", "red", "ffd70", "ffd7000", "ffd70g", "ffd700;}body{display:none", "ｆｆｄ７００", "ffd700\n"])
def test_theme_takes_six_digits_and_nothing_else(client: Client, brand: str) -> None:
    answer = client.get("/theme.css", {"brand": brand})
    assert answer.status_code == 400
    assert b"{" not in answer.content


def test_text_on_every_brand_colour_can_be_read() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    levels = ("00", "33", "66", "75", "80", "99", "cc", "ff")
    for colour in (red + green + blue for red in levels for green in levels for blue in levels):
        dark, light = sorted((luminance(colour), luminance(on_brand(colour))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


# ---- errors ----


@pytest.mark.parametrize(("view", "status"), [(views.denied, 403), (views.not_found, 404), (views.bad_request, 400), (views.csrf_failure, 403)])
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_error_pages_in_both_languages(view: Any, status: int, language: str) -> None:
    with override(language):
        answer = view(RequestFactory().get("/"))
    assert answer.status_code == status
    assert html.fromstring(answer.content.decode()).get("lang") == language[:2]


def test_the_last_error_page_needs_nothing_and_speaks_both_languages(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0), override_settings(TEMPLATES=[{**settings.TEMPLATES[0], "OPTIONS": {"context_processors": []}}]):
        answer = views.server_error(RequestFactory().get("/"))
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "Sorry, there is a problem" in text
    assert "Mae'n ddrwg gennym" in text


def test_the_gallery_is_for_demonstrations_only(client: Client, settings: Any) -> None:
    settings.DEMO = False
    assert client.get("/gallery/").status_code == 404
    assert client.get("/gallery/form/").status_code == 404
