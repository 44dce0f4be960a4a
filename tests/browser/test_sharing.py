"""Sharing and handing over as a browser shows them: accessible in both languages, at every width, and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from lace.children.models import ChildUserGrant, Handover
from lace.web.middleware import serving
from tests.browser.axe import assert_accessible
from tests.world import World

Open = Callable[..., Page]


def proposed(world: World) -> Handover:
    day, end = timezone.localdate(), timezone.localdate() + timedelta(days=60)
    typed = {"taker": str(world.other.row.pk), "reason": "The care order moved"}
    typed |= {f"takes_effect_on_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    typed |= {f"overlap_until_{part}": str(getattr(end, part)) for part in ("day", "month", "year")}
    assert world.client(Role.LACE_COORDINATOR).post(reverse("handover_propose", args=[world.own.child.pk]), typed).status_code == 302
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), transaction.atomic():
        return Handover.objects.visible_to(by).get()


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_pages_between_authorities_are_accessible(open_page: Open, world: World, language: str) -> None:
    handover = proposed(world)
    child, giver, taker = world.own.child.pk, world.client(Role.LACE_COORDINATOR), world.client(Role.LACE_COORDINATOR, world.other)
    for route in ("child_access", "child_share", "handover_propose", "child_people"):
        assert_accessible(open_page(reverse(route, args=[child]), client=giver, language=language))
    for relation in ("advocate", "guest", "careers_adviser"):
        assert_accessible(open_page(reverse("child_share_with", args=[child, relation]), client=giver, language=language))
    assert_accessible(open_page(reverse("handovers"), client=giver, language=language))
    assert_accessible(open_page(reverse("handovers"), client=taker, language=language))
    for route in ("handover_accept", "handover_refuse"):
        assert_accessible(open_page(reverse(route, args=[child, handover.pk]), client=taker, language=language))


@pytest.mark.no_js
def test_a_share_is_ended_without_scripts(open_page: Open, world: World) -> None:
    advocate = world.own.user(Role.ADVOCATE)
    with serving(world.own.actor(Role.SOCIAL_WORKER)), transaction.atomic():
        grant = ChildUserGrant.objects.get(user=advocate)
    page = open_page(reverse("child_share_end", args=[world.own.child.pk, "person", grant.pk]), client=world.client(Role.SOCIAL_WORKER))
    for part in ("day", "month", "year"):
        page.locator(f"[name=ends_on_{part}]").fill(str(getattr(timezone.localdate(), part)))
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("#shared")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(advocate.name)
