"""Attainment and well-being, as a browser shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from tests.browser.axe import assert_accessible
from tests.peps.plans import acting, plan, written
from tests.peps.test_measures import address, day, result, sdq
from tests.world import World

Open = Callable[..., Page]


def a_course(world: World) -> None:
    """Two years of progression steps, GCSEs, and scores of two informants."""
    for days, step in ((500, "2"), (250, "3"), (20, "4")):
        for subject in ("languages", "numeracy", "science"):
            result(world.own, subject, step, days=days)
        for informant in ("teacher", "parent"):
            scores = {"emotional": int(step), "conduct": 2, "hyperactivity": 7, "peer": 3, "prosocial": 8}
            sdq(world.own, informant, days=days, scores=scores, follow_up="A key adult each morning")
    for subject in ("english", "mathematics", "science_double"):
        result(world.own, subject, "B", measure="gcse", days=90)


@pytest.mark.req("WB-02")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str) -> None:
    school = world.client(Role.DESIGNATED_PERSON)
    assert_accessible(open_page(address(world), client=school, language=language))
    written(world.own)
    a_course(world)
    entry, score = result(world.own, "arts", "3"), sdq(world.own, days=5)
    parts = ["", "attainment/add/qualification/", "well-being/add/sdq/", "well-being/add/boxall/", "well-being/add/observation/"]
    for part in [*parts, f"attainment/{entry.pk}/", f"well-being/{score.pk}/"]:
        assert_accessible(open_page(address(world, part), client=school, language=language))
    for part in ("read/", "section/attainment/", "section/personal_development/"):
        assert_accessible(open_page(plan(world, part), client=school, language=language))
    assert_accessible(open_page(f"/children/{world.own.child.pk}/", client=school, language=language))


@pytest.mark.req("WB-01")
@pytest.mark.no_js
def test_scores_are_recorded_without_scripts(open_page: Open, world: World) -> None:
    page = open_page(address(world), client=world.client(Role.SOCIAL_WORKER))
    page.get_by_text("Record a measure or an observation").click()
    page.get_by_role("link", name="Strengths and Difficulties Questionnaire (SDQ)").click()
    page.get_by_role("radio", name="For 4 to 17 years").check()
    page.get_by_role("radio", name="The teacher").check()
    page.get_by_label("Total of difficulties").fill("17")
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        for name, value in day(by.today - timedelta(days=3)).items():
            page.locator(f"[name={name}]").fill(value)
    page.get_by_role("radio", name="English").check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#wellbeing")).to_contain_text("Total of difficulties: 17 (high, outside the usual range)")
