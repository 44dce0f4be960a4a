"""What a child asked for and what the adults did, and the offers to meet others, as a browser shows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Pep
from peps.rules.peers import usual_day
from peps.rules.replies import fingerprint
from peps.services.peers import record_offer
from peps.services.replies import answer_wish, tell_child
from tests.browser.axe import assert_accessible
from tests.peps.plans import ANSWERS, acting, plan, written
from tests.world import World

Open = Callable[..., Page]
NEXT = ANSWERS["my_page"]["next"]


def replied(world: World) -> Pep:
    """A wish that is replied to and told, and an offer to meet others."""
    pep = written(world.own)
    facts = {"outcome": "used", "answer": "You spend Fridays at the vet's", "language": "en-gb"}
    with acting(world.own, Role.SOCIAL_WORKER) as by, transaction.atomic():
        answer_wish(by=by, pep=pep, question="next", of=fingerprint(NEXT), facts=facts)
        tell_child(by=by, pep=pep, question="next", told_on=timezone.localdate(), told_how="talked", version=1)
        said = {"what": "Summer camp", "offered_on": by.today, "answer": "later", "words": "Wedi'r haf", "language": "cy"}
        record_offer(by=by, child=world.own.child, facts=said | {"next_on": usual_day(by.today)})
    return pep


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_these_pages_are_accessible(open_page: Open, world: World, language: str) -> None:
    replied(world)
    school, desk, child = (world.client(role) for role in (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR, Role.CHILD))
    for part in ("", "read/", "wishes/next/", "wishes/next/told/"):
        assert_accessible(open_page(plan(world, part), client=school, language=language))
    for path in ("/my/", plan(world, "read/")):
        assert_accessible(open_page(path, client=child, language=language))
    offers = f"/children/{world.own.child.pk}/words/meeting-others/"
    for path in ("/wishes/?show=told", "/meeting-others/?show=offered", offers):
        assert_accessible(open_page(path, client=desk, language=language))
    assert_accessible(open_page(f"{offers}add/", client=world.client(Role.SOCIAL_WORKER), language=language))


@pytest.mark.no_js
def test_a_wish_is_answered_without_scripts(open_page: Open, world: World) -> None:
    written(world.own)
    page = open_page(plan(world), client=world.client(Role.DESIGNATED_PERSON))
    page.get_by_role("link", name="What I want next", exact=True).click()
    page.get_by_label("It is not used").check()
    page.get_by_label("How it is used, or why it is not").fill("No vet here takes anybody under sixteen")
    page.get_by_label("English").check()
    page.get_by_role("button", name="Save the reply").click()
    expect(page.get_by_role("list").filter(has_text="What I want next").first).to_contain_text("Not used, child not told")
