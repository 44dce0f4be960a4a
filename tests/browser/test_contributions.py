"""Contributions to the plan, and the short form of a teacher, as a browser shows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Contribution, Pep
from peps.rules.contributions import token_for
from peps.services.contributions import ask, ask_by_email, give
from tests.browser.axe import assert_accessible
from tests.peps.plans import acting, plan, started
from tests.peps.test_contributions import letter
from tests.world import World

Open = Callable[..., Page]


def asking(world: World) -> tuple[Pep, Contribution, str]:
    """A plan for which three are asked, one of them by e-mail: the carer's contribution, and the address of the teacher's form."""
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, transaction.atomic():
        rows = ask(by=by, pep=pep, roles=["carer", "social_worker"], due_on=by.today)
        mailed = ask_by_email(by=by, pep=pep, facts=letter(by))
    with acting(world.own, Role.SOCIAL_WORKER) as by, transaction.atomic():
        give(by=by, pep=pep, contribution=rows[1].pk, answers={"well": "Sings all day"}, language="en-gb", version=1)
    return pep, rows[0], f"/words/{token_for(mailed.pk, mailed.sent)}/"


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str) -> None:
    _pep, row, form = asking(world)
    school = world.client(Role.DESIGNATED_PERSON)
    at = f"contributions/{row.pk}/"
    for part in ("", "read/", "contributions/ask/", "contributions/e-mail/", f"{at}again/", f"{at}withdraw/"):
        assert_accessible(open_page(plan(world, part), client=school, language=language))
    for part in (at, f"{at}decline/"):
        assert_accessible(open_page(plan(world, part), client=world.client(Role.FOSTER_CARER), language=language))
    for path in (f"{form}?language={language}", "/words/thanks/"):
        assert_accessible(open_page(path, language=language))


@pytest.mark.no_js
def test_a_teacher_answers_without_scripts(open_page: Open, world: World) -> None:
    _pep, _row, form = asking(world)
    page = open_page(form)
    page.get_by_label("What goes well?").fill("Quick at fractions")
    page.get_by_role("button", name="Send my words").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
