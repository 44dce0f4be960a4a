"""What every page must stand: axe-core's WCAG 2.2 A and AA rules, and what axe does not see."""

from functools import cache
from itertools import pairwise
from typing import Any

from django.conf import settings
from playwright.sync_api import Page, expect

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# WCAG 1.4.12: no loss of content with these
SPACING = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }"


@cache
def _source() -> str:
    return (settings.BASE_DIR / "static" / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """The rules that axe finds broken, each with the elements. The source is evaluated: the page's policy forbids adding a script."""
    page.evaluate(_source())
    result: dict[str, Any] = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in result["violations"]]


def assert_accessible(page: Page) -> None:
    """Everything below, for a page that is open with JavaScript on. The page's width is put back afterwards."""
    found = violations(page)
    assert not found, f"{page.url}: {found}"
    assert_frame(page)
    assert_error_links(page)
    assert_spacing(page)
    assert_reflow(page)


def assert_frame(page: Page) -> None:
    """A language, a title, one main heading, no level left out on the way down."""
    assert page.evaluate("document.documentElement.lang") in {"en", "cy"}
    assert page.title().strip() not in {"", "– Lace"}
    levels = page.eval_on_selector_all(
        "h1,h2,h3,h4,h5,h6", "hs => hs.filter(h => !h.closest('[role=alert],.govuk-notification-banner')).map(h => +h.tagName[1])"
    )
    assert levels.count(1) == 1, levels
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


def assert_error_links(page: Page) -> None:
    """Every error of the summary leads to a control; axe does not see a dead one."""
    dead = page.eval_on_selector_all(
        ".govuk-error-summary a", "as => as.filter(a => !document.querySelector(a.hash)?.matches('input,select,textarea')).map(a => a.outerHTML)"
    )
    assert not dead, f"{page.url}: {dead}"


def assert_reflow(page: Page, width: int = 320) -> None:
    """No sideways scrolling of the page at 320 px, which is 400 % of zoom (WCAG 1.4.10); wide tables scroll in their own box."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    found = page.evaluate("document.documentElement.scrollWidth")
    if before:
        page.set_viewport_size(before)
    assert found <= width, f"{page.url} is {found} px wide on a screen of {width} px"


def assert_spacing(page: Page) -> None:
    """With the text spacing of WCAG 1.4.12 nothing is cut off and the page does not scroll sideways."""
    page.evaluate("css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s] }", SPACING)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    cut = page.eval_on_selector_all(
        "main *, header *, nav *",
        "es => es.filter(e => e.checkVisibility() && getComputedStyle(e).overflow === 'hidden' && !e.closest('.govuk-visually-hidden,svg')"
        " && !e.matches('.moj-timeline')"
        " && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map(e => e.outerHTML.slice(0, 120))",
    )
    page.evaluate("document.adoptedStyleSheets = []")
    assert wide <= 0, f"{page.url} is {wide} px too wide with text spacing"
    assert not cut, f"{page.url}: {cut}"


def assert_keyboard(page: Page, stops: int = 60) -> None:
    """Tab reaches the skip link first (unless a message took the focus on opening), and every stop shows where it is."""
    if page.locator("[role=alert]").count():
        page.locator(".govuk-skip-link").focus()
    else:
        page.keyboard.press("Tab")
    expect(page.locator(".govuk-skip-link")).to_be_focused()
    for _stop in range(stops):
        shown = page.evaluate(
            "() => { const e = document.activeElement; if (!e || e === document.body) return null;"
            " const before = getComputedStyle(e), sibling = e.nextElementSibling ? getComputedStyle(e.nextElementSibling, '::before') : null;"
            " const seen = s => s && ((s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none');"
            " return seen(before) || seen(sibling) || e.outerHTML.slice(0, 160) }"
        )
        if shown is None:
            return
        assert shown is True, f"focus cannot be seen on {shown}"
        page.keyboard.press("Tab")
