"""Actions, how targets ended and targets over time, as a browser shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps import services
from peps.models import Action, Pep
from peps.services.evaluation import evaluate
from tests.browser.axe import assert_accessible
from tests.peps.plans import acting, add_action, amended, plan, written
from tests.world import World

Open = Callable[..., Page]


def amending(world: World) -> tuple[Pep, str]:
    """A plan whose first version is final, with an overdue action, one target evaluated and one not; the other target's id."""
    pep = written(world.own)
    late = add_action(world.own, pep, owner_id=world.own.user(Role.SOCIAL_WORKER).pk)
    add_action(world.own, pep, what="Ask the club for a place", owner_role="carer")
    with acting(world.own, Role.DESIGNATED_PERSON) as by, transaction.atomic():
        version = services.finalise(by=by, pep=pep, on=by.today)
        Action.objects.filter(pk=late.pk).update(due_on=by.today - timedelta(days=1))
    pep = amended(world.own, version)
    first, second = (target["id"] for target in version.targets())
    with acting(world.own, Role.DESIGNATED_PERSON) as by, transaction.atomic():
        said = {"outcome": "partly", "evidence": "Seven in the quiz", "evaluated_on": by.today, "language": "en-gb"}
        evaluate(by=by, pep=pep, target=first, facts=said)
    return pep, second


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str) -> None:
    pep, target = amending(world)
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        action = Action.objects.filter(pep=pep).order_by("due_on")[0]
    school = world.client(Role.DESIGNATED_PERSON)
    parts = ["", "read/", "progress/", "targets/go-on/", f"targets/{target}/evaluate/", "actions/add/"]
    for part in [*parts, *(f"actions/{action.pk}/{act}" for act in ("", "settle/", "carry/"))]:
        assert_accessible(open_page(plan(world, part), client=school, language=language))
    assert_accessible(open_page(plan(world, "progress/"), client=world.client(Role.CHILD), language=language))
    assert_accessible(open_page(plan(world), client=world.client(Role.FOSTER_CARER), language=language))


@pytest.mark.no_js
def test_an_action_is_ticked_off_without_scripts(open_page: Open, world: World) -> None:
    pep, _target = amending(world)
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        action = Action.objects.filter(pep=pep).order_by("due_on")[0]
    page = open_page(plan(world, f"actions/{action.pk}/settle/"), client=world.client(Role.DESIGNATED_PERSON))
    page.get_by_role("radio", name="It is done").check()
    page.get_by_label("What shows that it is done").fill("The receipt")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main h2").first).to_have_text("Personal Education Plan")
    expect(page.locator("main")).to_contain_text("The receipt")
