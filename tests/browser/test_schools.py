"""The schools' and the reviews' pages in a browser: accessible in both languages, at 320 px, with and without errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from lace.accounts.access import Role
from lace.web.middleware import serving
from reviews import services
from tests.browser.axe import assert_accessible, assert_error_links
from tests.world import World, enter

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_grid_and_a_schools_page(world: World, open_page: Open, language: str) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    assert_accessible(open_page("/schools/", client=world.client(Role.LACE_COORDINATOR), language=language))
    for role in (Role.DESIGNATED_PERSON, Role.GOVERNOR):
        assert_accessible(open_page("/schools/", client=world.client(role), language=language))


def test_the_forms_of_a_designation(world: World, open_page: Open) -> None:
    page = open_page(reverse("school_designate", args=[world.own.school.number]), client=world.client(Role.HEADTEACHER), language="cy")
    assert_accessible(page)
    page.get_by_role("button", name="Cofnodwch y dynodiad").click()
    assert_error_links(page)


def test_a_review_recorded_with_more_rows(world: World, open_page: Open) -> None:
    by = world.own.actor(Role.IRO)
    with serving(by):
        review = services.schedule(by=by, child=world.own.child, scheduled_for=timezone.now() + timedelta(hours=1), venue="Ysgol y Bryn")
    client = world.client(Role.IRO)
    meetings = reverse("child_meetings", args=[world.own.child.pk])
    assert_accessible(open_page(meetings, client=client))
    page = open_page(reverse("child_review_close", args=[world.own.child.pk, review.pk]), client=client)
    page.get_by_label("Decision 5 (optional)", exact=True).fill("A place in the choir")
    page.get_by_role("button", name="Add rows for more decisions").click()
    assert page.get_by_label("Decision 5 (optional)", exact=True).input_value() == "A place in the choir"
    page.get_by_label("Decision 10: who does it (optional)").wait_for()
    assert_accessible(page)
