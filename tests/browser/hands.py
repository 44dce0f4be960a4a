"""Somebody at a page with a keyboard and no mouse."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.browser.axe import assert_accessible

MOST_STOPS = 500  # presses of Tab after which something is said not to be reached
FOCUSED = "e => e === document.activeElement"


class Hands:
    """`looked_at`: every page that a press leads to is checked for accessibility."""

    def __init__(self, page: Page, *, looked_at: bool) -> None:
        self.page, self.looked_at = page, looked_at
        self.look()

    def look(self) -> None:
        if self.looked_at:
            assert_accessible(self.page)

    def to(self, target: Locator) -> None:
        """Go on with Tab until this has the focus."""
        for _stop in range(MOST_STOPS):
            if target.evaluate(FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached on {self.page.url}")

    def open(self, address: str) -> None:
        """Follow the first link whose address ends so."""
        self.to(self.page.locator(f"main a[href$='{address}']").first)
        self._press()

    def send(self, name: str = "") -> None:
        """Press the page's first button that sends the form, or the one with this name."""
        self.to(self.page.locator(f"main form button[name='{name}']" if name else "main form button.govuk-button[type=submit]").first)
        self._press()

    def _press(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.look()

    def type(self, **answers: str) -> None:
        """Into the boxes of these names, in place of what stands there."""
        for name, words in answers.items():
            self.to(self.page.locator(f"main [name='{name}']"))
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(words)

    def choose(self, name: str, value: str) -> None:
        """One of several: Tab leads to the one that is chosen, or to the first or last; the arrows go on from there."""
        wanted = self.page.locator(f"main input[name='{name}'][value='{value}']")
        for _stop in range(MOST_STOPS):
            if wanted.evaluate("e => document.activeElement.name === e.name"):
                break
            self.page.keyboard.press("Tab")
        for _other in range(40):
            if wanted.evaluate(FOCUSED):
                self.page.keyboard.press("Space")
                assert wanted.is_checked()
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name}={value} cannot be chosen on {self.page.url}")

    def tick(self, name: str, value: str = "") -> None:
        box = self.page.locator(f"main input[name='{name}']" + (f"[value='{value}']" if value else ""))
        self.to(box)
        if not box.is_checked():
            self.page.keyboard.press("Space")
        assert box.is_checked()
