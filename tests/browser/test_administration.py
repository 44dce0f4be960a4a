"""The administrator's pages and the change of role as people use them: axe, keyboard, 320 px, both languages, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from lace.accounts.invitations import token_for
from lace.accounts.models import Language, Membership
from lace.core.actor import Actor
from lace.notifications.administration import invite, remind_of_access_reviews
from lace.web.middleware import serving
from tests.browser.axe import assert_accessible, assert_keyboard
from tests.world import World

OpenPage = Callable[..., Page]


def invitation(world: World) -> str:
    """An invitation's link."""
    from django.db import transaction

    by = world.own.actor(Role.ADMINISTRATOR)
    with serving(by), transaction.atomic():
        made = invite(by=by, authority=world.own.row, email="sian@ysgol.example", name="Siân Rees", language=Language.WELSH, role=Role.IRO)
    return reverse("invitation", args=[token_for(made.pk, made.authority_id, made.sent)])


@pytest.mark.slow
def test_every_page_of_the_administrator_is_accessible_in_both_languages(world: World, open_page: OpenPage) -> None:
    remind_of_access_reviews(by=Actor.named_job("access_review", today=timezone.localdate()))
    link, client, held = invitation(world), world.client(Role.ADMINISTRATOR), world.own.members[Role.DESIGNATED_PERSON]
    world.client(Role.DESIGNATED_PERSON)
    review = client.get(reverse("access_review"))["Location"]
    there = [
        reverse("people"),
        reverse("invite"),
        reverse("invite_as", args=[Role.TEACHER]),
        reverse("invitations"),
        review,
        reverse("person", args=[held.user_id]),
        reverse("person_roles", args=[held.user_id]),
        reverse("person_role_add", args=[held.user_id, Role.GOVERNOR]),
        reverse("person_role_end", args=[held.user_id, held.pk]),
        reverse("person_suspend", args=[held.user_id]),
    ]
    for path in there:
        for language in ("en-gb", "cy"):
            assert_accessible(open_page(path, client=client, language=language))
    for path in (link, reverse("invitation", args=["x"])):
        for language in ("en-gb", "cy"):
            assert_accessible(open_page(path, language=language))


@pytest.mark.no_js
def test_roles_are_confirmed_without_javascript_and_the_error_leads_to_the_first_box(world: World, open_page: OpenPage) -> None:
    remind_of_access_reviews(by=Actor.named_job("access_review", today=timezone.localdate()))
    client = world.client(Role.ADMINISTRATOR)
    page = open_page(client.get(reverse("access_review"))["Location"], client=client)
    page.get_by_role("button", name="Confirm the chosen roles").click()
    expect(page.get_by_role("link", name="Choose the roles that you want to confirm or end")).to_have_attribute("href", "#id_roles")
    page.get_by_label(f"Choose {world.own.user(Role.TEACHER).name}").check()
    page.get_by_role("button", name="Confirm the chosen roles").click()
    page.get_by_role("link", name="Confirmed").click()
    expect(page.get_by_role("link", name=world.own.user(Role.TEACHER).name)).to_be_visible()


@pytest.mark.no_js
@pytest.mark.req("SCH-06")
def test_the_role_is_changed_in_one_click_by_keyboard_and_without_javascript(world: World, open_page: OpenPage) -> None:
    first = world.own.members[Role.LACE_COORDINATOR]
    Membership.objects.create(
        user=first.user, role=Role.GOVERNOR, authority=world.own.row, organisation=world.own.school.organisation, starts_on=timezone.localdate()
    )
    page = open_page("/", client=world.client(Role.LACE_COORDINATOR))
    expect(page.locator(".app-person")).to_contain_text("LACE coordinator")
    button = page.get_by_role("button", name="Work as: Governor")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".app-person p")).to_contain_text("Governor")
    expect(page.get_by_role("button", name="Work as: LACE coordinator")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(world.own.child.family_name)


def test_several_roles_open_by_keyboard_and_fit_a_telephone(world: World, open_page: OpenPage) -> None:
    first = world.own.members[Role.HEADTEACHER]
    for role in (Role.GOVERNOR, Role.DESIGNATED_PERSON):
        Membership.objects.create(
            user=first.user, role=role, authority=world.own.row, organisation=world.own.school.organisation, starts_on=timezone.localdate()
        )
    page = open_page("/", client=world.client(Role.HEADTEACHER), language="cy")
    page.locator(".app-roles > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Gweithiwch fel")).to_have_count(2)
    assert_accessible(page)
    page.reload()
    assert_keyboard(page)
