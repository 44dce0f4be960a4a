"""The lists of duties, of misses and of what drifts, and what if: each page at every width, in both languages, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from lace.accounts.access import Role
from tests.browser.axe import assert_accessible
from tests.world import World, enter

PAGES = [
    (Role.LACE_COORDINATOR, "/duties/"),
    (Role.LACE_COORDINATOR, "/duties/?late_from=x"),
    (Role.DESIGNATED_MANAGER, "/misses/"),
    (Role.DESIGNATED_MANAGER, "/dashboard/timeliness/"),
    (Role.IRO, "/drift/"),
    (Role.SOCIAL_WORKER, "/what-if/?what=emergency_entry&on_day=18&on_month=12&on_year=2026"),
]


def test_each_page_is_accessible(open_page: Callable[..., Page], world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    for number, (role, path) in enumerate(PAGES):
        assert_accessible(open_page(path, client=world.client(role), language="cy" if number % 2 else "en-gb"))


@pytest.mark.no_js
def test_the_list_is_narrowed_without_scripts(open_page: Callable[..., Page], world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    page = open_page("/duties/", client=world.client(Role.LACE_COORDINATOR))
    page.get_by_text("Narrow the list").click()
    page.get_by_role("combobox", name="How it stands").select_option("overdue")
    page.get_by_label("Days late, at least").fill("1")
    page.get_by_role("button", name="Show").click()
    assert "state=overdue" in page.url
    assert page.get_by_text("Overdue", exact=False).count() > 1
    page.get_by_role("link", name="Show all duties").click()
    assert page.url.endswith("/duties/")
