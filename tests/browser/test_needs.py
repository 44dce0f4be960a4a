"""The development plan inside the plan, needs and catch-up, as a browser shows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from lace.accounts.access import Role
from tests.browser.axe import assert_accessible
from tests.peps.plans import plan
from tests.peps.test_catch_up import add as arrange
from tests.peps.test_provisions import add, needing
from tests.world import World

Open = Callable[..., Page]


@pytest.mark.req("PEP-22", "PEP-17", "SCH-23")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str) -> None:
    school = world.client(Role.DESIGNATED_PERSON)
    pep = needing(world.own)
    held, gap = add(world.own, pep, goes_on=True, secured_by="The health board"), arrange(world.own, pep)
    one = f"provisions/{held.pk}/"
    parts = ["", "read/", "section/aln/", "needs/", "provisions/add/", one, f"{one}end/", f"{one}remove/", "catch-up/add/", f"catch-up/{gap.pk}/"]
    for part in parts:
        assert_accessible(open_page(plan(world, part), client=school, language=language))
    for address in ("/combined-plan/", "/combined-plan/change/"):
        assert_accessible(open_page(address, client=world.client(Role.LACE_COORDINATOR), language=language))
