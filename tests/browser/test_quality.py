"""The check of a plan's quality, as a browser shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Version
from tests.browser.axe import assert_accessible, assert_keyboard
from tests.peps.plans import final, plan
from tests.peps.reviewing import decided, graded, grades, rated_again
from tests.world import World

Open = Callable[..., Page]


def rated(world: World) -> Version:
    """A plan that was returned with feedback and rated twice."""
    version = final(world.own)
    review = decided(world.own, version, "return", "gold", targets="amber", carer="red")
    rated_again(world.own, review, grades(version, "green", targets="amber"))
    return version


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_pages_before_a_decision_are_accessible(open_page: Open, world: World, language: str) -> None:
    version = final(world.own)
    office = world.client(Role.LACE_COORDINATOR)
    address = f"versions/{version.pk}/quality/"
    for path in ("/quality/", "/quality/standard/", "/quality/standard/change/", plan(world, address), plan(world, f"{address}take/")):
        assert_accessible(open_page(path, client=office, language=language))
    graded(world.own, version, "gold", targets="amber")
    for part in ("grade/", "decide/", "feedback/history/achievements/"):
        assert_accessible(open_page(plan(world, f"{address}{part}"), client=office, language=language))


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_pages_after_a_decision_are_accessible(open_page: Open, world: World, language: str) -> None:
    version = rated(world)
    office, school = world.client(Role.LACE_COORDINATOR), world.client(Role.DESIGNATED_PERSON)
    assert_accessible(open_page("/quality/?show=done", client=office, language=language))
    assert_accessible(open_page("/quality/figures/", client=office, language=language))
    assert_accessible(open_page(plan(world, f"versions/{version.pk}/quality/"), client=office, language=language))
    assert_accessible(open_page(plan(world), client=school, language=language))
    assert_accessible(open_page(plan(world, "section/history/"), client=school, language=language))


@pytest.mark.no_js
def test_a_plan_is_graded_and_returned_without_scripts(open_page: Open, world: World) -> None:
    version = final(world.own)
    page = open_page("/quality/", client=world.client(Role.LACE_COORDINATOR))
    page.locator("main table a").first.click()
    page.get_by_role("button", name="Look at this version").click()
    page.locator("main form button[type=submit]").click()
    for group in page.locator("fieldset").filter(has=page.get_by_role("radio", name="Gold")).all():
        group.get_by_role("radio", name="Gold").check()
    page.get_by_role("group", name="Grade: Targets").get_by_role("radio", name="Red").check()
    page.get_by_label("Comment: Targets").fill("Say when and where")
    page.locator("main form button[type=submit]").click()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("radio", name="Return it to be put right").check()
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_text("It is decided.")).to_be_visible()
    school = open_page(plan(world, f"versions/{version.pk}/quality/"), client=world.client(Role.DESIGNATED_PERSON))
    expect(school.get_by_text("Say when and where")).to_be_visible()


def test_grading_goes_by_keyboard(open_page: Open, world: World) -> None:
    version = final(world.own)
    graded(world.own, version)
    page = open_page(plan(world, f"versions/{version.pk}/quality/grade/"), client=world.client(Role.LACE_COORDINATOR))
    assert_keyboard(page)
