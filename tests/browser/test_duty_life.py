"""The life of a duty as a browser shows it: cards, forms and lists, accessible in both languages and at every width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from lace.accounts.access import Role
from lace.deadlines.models import Duty
from lace.deadlines.rules import Fact
from lace.deadlines.services import correct_fact, open_body_duties
from lace.deadlines.services.absences import be_away
from lace.deadlines.services.life import record_done
from lace.deadlines.services.waivers import ask_waiver
from lace.web.middleware import serving
from reviews.services.earlier import ask_for_review
from schools.services.register import enrol
from tests.browser.axe import assert_accessible
from tests.world import World, enter, make_school

Open = Callable[..., Page]


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_pages_of_duties_are_accessible(open_page: Open, world: World, language: str) -> None:
    today = timezone.localdate()
    child = enter(world.own, entered_on=today - timedelta(days=30), born_on=date(today.year - 15, 1, 1))[0]
    worker, system, young = (world.own.actor(role) for role in (Role.SOCIAL_WORKER, Role.CASE_SYSTEM, Role.CHILD))
    with serving(system), transaction.atomic():
        move = enrol(by=system, child=child, school=make_school(world.own.row), on=today)
        care, placed, first = (Duty.objects.get(child=child, code=code) for code in ("care_plan", "placement_plan", "pep_initiated_emergency"))
        correct_fact(by=system, child=child, subject=first.subject, on=first.trigger_on - timedelta(days=2))
    with serving(worker), transaction.atomic():
        record_done(by=worker, duty=placed, on=placed.trigger_on, what="Signed by all; document 12")
        waiver = ask_waiver(by=worker, duty=care, reason="Two nights a month", exemption="short_breaks")
        be_away(by=worker, user=world.own.user(Role.SOCIAL_WORKER), starts_on=today, ends_on=today + timedelta(days=9))
    with serving(young), transaction.atomic():
        asked = ask_for_review(by=young, child=world.own.child, words="I would like to talk about the move")
    coordinator = world.own.actor(Role.LACE_COORDINATOR)
    with serving(coordinator), transaction.atomic():
        school = world.own.school.organisation
        open_body_duties(by=coordinator, authority=world.own.row, body=school, fact=Fact.PUPIL_LEFT, on=today - timedelta(days=40), subject=uuid4())
    of = [child.pk, care.pk]
    for role, address in (
        (Role.SOCIAL_WORKER, reverse("child_duties", args=[child.pk])),
        (Role.SOCIAL_WORKER, reverse("child_duty_done", args=of)),
        (Role.SOCIAL_WORKER, reverse("child_duty_undo", args=[child.pk, placed.pk])),
        (Role.SOCIAL_WORKER, reverse("child_duty_hand", args=of)),
        (Role.SOCIAL_WORKER, reverse("child_duty_waive", args=of)),
        (Role.DESIGNATED_MANAGER, reverse("child_duty_decide", args=[child.pk, waiver.pk])),
        (Role.SOCIAL_WORKER, reverse("child_duty_reason", args=of)),
        (Role.IRO, reverse("child_meetings", args=[world.own.child.pk])),
        (Role.IRO, reverse("child_review_sooner", args=[child.pk])),
        (Role.IRO, reverse("child_review_answer", args=[world.own.child.pk, asked.pk])),
        (Role.DESIGNATED_MANAGER, reverse("moves")),
        (Role.DESIGNATED_MANAGER, reverse("child_move_approve", args=[child.pk, move.pk])),
        (Role.HEADTEACHER, reverse("body_duties")),
        (Role.SOCIAL_WORKER, reverse("away")),
        (Role.LACE_COORDINATOR, reverse("away_others")),
        (Role.CHILD, reverse("own")),
    ):
        assert_accessible(open_page(address, client=world.client(role), language=language))


def test_what_is_wrong_leads_to_its_field(open_page: Open, world: World) -> None:
    with serving(world.own.actor(Role.SOCIAL_WORKER)), transaction.atomic():
        care = Duty.objects.get(child=world.own.child, code="care_plan")
    page = open_page(reverse("child_duty_done", args=[world.own.child.pk, care.pk]), client=world.client(Role.SOCIAL_WORKER))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Say what was done, and where it is written down").click()
    page.keyboard.type("Signed; document 12")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Recorded as done").first.is_visible()
    assert page.get_by_text("Signed; document 12").is_visible()


@pytest.mark.no_js
def test_an_absence_without_javascript(open_page: Open, world: World) -> None:
    page = open_page(reverse("away"), client=world.client(Role.IRO))
    back = timezone.localdate() + timedelta(days=7)
    for name, day in (("First day away", timezone.localdate()), ("Back on", back)):
        group = page.get_by_role("group", name=name)
        for label, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            group.get_by_label(label).fill(str(value))
    page.get_by_role("button", name="Save and continue").click()
    assert page.get_by_text("Nobody stands in.").is_visible()
    page.get_by_role("button", name="Not away after all").click()
    assert page.get_by_text("No absence is entered").is_visible()
