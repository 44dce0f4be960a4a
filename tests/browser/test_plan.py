"""The plan as a browser shows it: accessible in both languages, saved while typing, and written without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Section
from tests.browser.axe import assert_accessible
from tests.peps.plans import acting, final, plan, started, written
from tests.world import World

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_pages_of_a_plan_are_accessible(open_page: Open, world: World, language: str) -> None:
    written(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    for part in ("", "read/", "sections/", "section/my_page/", "section/attainment/", "section/personal_development/", "targets/add/", "final/"):
        assert_accessible(open_page(plan(world, part), client=school, language=language))


def test_a_version_is_accessible(open_page: Open, world: World) -> None:
    version = final(world.own)
    assert_accessible(open_page(plan(world, f"versions/{version.pk}/"), client=world.client(Role.IRO), language="cy"))


def test_words_are_saved_while_they_are_typed(open_page: Open, world: World) -> None:
    started(world.own)
    page = open_page(plan(world, "section/history/"), client=world.client(Role.DESIGNATED_PERSON))
    page.locator("#id_needs").press_sequentially("None yet")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        assert Section.objects.get().answers["needs"] == "None yet"
    expect(page.locator("#id_version")).to_have_value("1")
    page.locator("#id_needs").press_sequentially(", says the school")
    page.locator("main form button[type=submit]").first.click()  # before the next autosave
    expect(page.locator("main h2").first).to_have_text("Personal Education Plan")
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        assert Section.objects.get().answers["needs"] == "None yet, says the school"


@pytest.mark.no_js
def test_a_section_is_written_without_scripts(open_page: Open, world: World) -> None:
    started(world.own)
    page = open_page(plan(world, "section/my_page/"), client=world.client(Role.FOSTER_CARER), language="cy")
    page.locator("#id_next").fill("Bod yn filfeddyg")
    page.locator("button[name=stay]").click()
    expect(page.locator("#id_next")).to_have_value("Bod yn filfeddyg")
    expect(page.locator("main h2").first).to_have_text("Fy nhudalen i")
