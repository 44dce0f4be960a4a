"""The child's choice who may read an answer, as a browser shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Section
from peps.services.readers import choose_answer_readers
from tests.browser.axe import assert_accessible
from tests.conftest import owner_connection
from tests.peps.plans import acting, plan, written
from tests.world import World

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
@pytest.mark.parametrize("years", [9, 15])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str, years: int) -> None:
    written(world.own)
    born = timezone.localdate() - timedelta(days=round(years * 365.25) + 10)
    with owner_connection() as owner:
        owner.execute("UPDATE children_child SET born_on = %s WHERE id = %s", [born, world.own.child.pk])
    with acting(world.own, Role.CHILD) as by, transaction.atomic():
        choose_answer_readers(by=by, child=world.own.child, question="next", readers=[Role.IRO])
    child, carer = world.client(Role.CHILD), world.client(Role.FOSTER_CARER)
    for path in ("/my/page/next/readers/", plan(world, "section/my_page/"), "/my/"):
        assert_accessible(open_page(path, client=child, language=language))
    for part in ("section/my_page/", "read/"):
        assert_accessible(open_page(plan(world, part), client=carer, language=language))


@pytest.mark.no_js
@pytest.mark.req("VOICE-15")
def test_a_child_chooses_without_scripts_and_loses_no_word(open_page: Open, world: World) -> None:
    written(world.own)
    page = open_page(plan(world, "section/my_page/"), client=world.client(Role.CHILD))
    page.get_by_label("What I want adults to know").fill("Tawelwch")
    page.get_by_label("Who helped me").press("Enter")  # saves the page, and asks nothing
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    page.get_by_role("link", name=re.compile("Who may read this.*What I want adults to know")).click()
    page.get_by_label("Only the people I choose").check()
    page.get_by_label("Your reviewing officer").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_label("What does not work for me").fill("Y sŵn")
    page.get_by_role("button", name=re.compile("Who may read this.*What does not work for me")).click()
    expect(page.get_by_role("blockquote")).to_contain_text("Y sŵn")
    with acting(world.own, Role.FOSTER_CARER) as by, transaction.atomic():
        assert Section.objects.visible_to(by).get(child=world.own.child, key="my_page").kept == {"adults"}
