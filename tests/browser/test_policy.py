"""The policy of a school, and who is invited to a review: in both languages, by axe, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from lace.accounts.access import Role
from tests.browser.axe import assert_accessible, assert_error_links
from tests.reviews.test_reviews import arranged
from tests.schools.test_policy import adopted, check, signed
from tests.world import World

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_pages_of_a_policy(world: World, open_page: Open, language: str) -> None:
    adopted(world.own)
    check(world.own)
    signed(world.own)
    number = [world.own.school.number]
    for role, names in (
        (Role.GOVERNOR, ("school_policy", "school_policy_adopt", "school_policy_check")),
        (Role.HEADTEACHER, ("school", "school_policy_write")),
    ):
        client = world.client(role)
        for name in names:
            assert_accessible(open_page(reverse(name, args=number), client=client, language=language))


@pytest.mark.no_js
def test_a_reason_is_asked_for_each_member_of_school_staff(world: World, open_page: Open) -> None:
    review = arranged(world.own)
    address = reverse("child_review_invited", args=[world.own.child.pk, review.pk])
    page = open_page(address, client=world.client(Role.IRO))
    name = world.own.user(Role.DESIGNATED_PERSON).name
    page.get_by_role("checkbox", name=f"{name} (Designated person)", exact=True).check()
    page.get_by_role("button", name="Save and continue").click()
    assert page.get_by_text("Say why this person has to be there").first.is_visible()
    page.get_by_label(f"Why does {name} (Designated person) have to be there?").fill("Knows how maths goes")
    page.get_by_role("button", name="Save and continue").click()
    assert page.get_by_text("Knows how maths goes").is_visible()


def test_the_list_of_invited_is_accessible_with_its_errors(world: World, open_page: Open) -> None:
    review = arranged(world.own)
    address = reverse("child_review_invited", args=[world.own.child.pk, review.pk])
    page = open_page(address, client=world.client(Role.IRO), language="cy")
    assert_accessible(page)
    page.get_by_label("Rhywun arall 1: enw").fill("Ms Prys")
    page.get_by_role("button", name="Cadwch a pharhewch").click()
    assert_error_links(page)
