"""Data asked of others, and children placed here, as a browser shows them: accessible in both languages and at every width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from lace.accounts.access import Role
from lace.children.models import PlacedByOthers
from lace.children.services import PlacementFacts
from lace.web.middleware import serving
from schools.services.placed import Heard, add_heard
from schools.services.placing import place_child
from schools.services.requests import answer_request, ask, send_details
from tests.browser.axe import assert_accessible
from tests.world import World

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_pages_of_data_and_of_children_placed_here_are_accessible(open_page: Open, world: World, language: str) -> None:
    child, today = world.own.child, timezone.localdate()
    system, owner, host = world.own.actor(Role.CASE_SYSTEM), world.own.actor(Role.LACE_COORDINATOR), world.other.actor(Role.LACE_COORDINATOR)
    group, due = world.other.row.group_id, today + timedelta(days=9)
    with serving(system), transaction.atomic():
        place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=today, host_authority=world.other.row))
    with serving(owner), transaction.atomic():
        waiting = ask(by=owner, child=child, of=group, kinds=["attendance", "exclusion"], question="Since the move?", due_on=due)
        came = ask(by=owner, child=child, of=group, kinds=["progress"], question="", due_on=due)
        send_details(by=owner, child=child, to=group, kinds=["transition"], answer="Year 7 from September", data_as_of=today)
        answer_request(by=owner, request=came, answer="By letter: on course", data_as_of=today)
    with serving(host), transaction.atomic():
        heard = [Heard("Llundain", "Nobody Known", date(2012, 1, 1)), Heard("Conwy", f"{child.given_names} {child.family_name}", child.born_on)]
        add_heard(by=host, heard=heard, heard_from="counterpart", heard_on=today)
        placed = PlacedByOthers.objects.get(name="Nobody Known")
    ours, theirs = world.client(Role.LACE_COORDINATOR), world.client(Role.LACE_COORDINATOR, world.other)
    of_child = [child.pk]
    for client, address in (
        (ours, reverse("data_requests")),
        (ours, reverse("child_data", args=of_child)),
        (ours, reverse("child_data_ask", args=of_child)),
        (ours, reverse("child_data_send", args=of_child)),
        (ours, reverse("child_data_record", args=[child.pk, waiting.pk])),
        (theirs, reverse("child_data_answer", args=[child.pk, waiting.pk])),
        (theirs, reverse("work")),
        (theirs, reverse("placed")),
        (theirs, reverse("placed_add")),
        (theirs, reverse("placed_list")),
        (theirs, reverse("placed_settle", args=[placed.pk])),
    ):
        page = open_page(address, client=client, language=language)
        assert_accessible(page)
