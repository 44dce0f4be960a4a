"""The next review brought forward for a cause of regulation 39, by those who plan it and at the child's own asking."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.notifications.models import Notification
from lace.web.middleware import serving
from reviews.models import EarlierReview
from reviews.rules import MOVABLE
from reviews.services.earlier import answer_child, ask_for_review, bring_review_forward
from schools.services.entry import leave_care
from tests.reporting.pages import body
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def due(world: World) -> set[date]:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        return set(Duty.objects.open().filter(child=world.own.child, code__in=MOVABLE).values_list("due_on", flat=True))


def is_told(world: World, kind: str, role: Role) -> bool:
    with serving(world.own.actor(role)):
        return Notification.objects.filter(kind=kind, recipient=world.own.user(role)).exists()


@pytest.mark.req("DL-05", "T08")
def test_a_cause_makes_the_review_due_sooner_and_the_officer_hears(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    needed = by.today + 5 * DAY
    with serving(by):
        bring_review_forward(by=by, child=world.own.child, cause="risk", needed_by=needed, words="A report of the carer")
    assert due(world) == {needed}
    assert is_told(world, "review_wanted_earlier", Role.IRO)
    with serving(by), pytest.raises(BadInput):  # never later
        bring_review_forward(by=by, child=world.own.child, cause="risk", needed_by=needed + DAY)
    assert due(world) == {needed}


def test_what_cannot_be_is_refused(world: World) -> None:
    by = world.own.actor(Role.IRO)
    for wrong in ({"cause": "boredom"}, {"needed_by": by.today - DAY}, {"words": "x" * 501}, {"needed_by": by.today + 400 * DAY}):
        with serving(by), pytest.raises(BadInput):
            bring_review_forward(**{"by": by, "child": world.own.child, "cause": "iro_asks", "needed_by": by.today + DAY} | wrong)  # type: ignore[arg-type]  # wrong on purpose
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        leave_care(by=system, episode=world.own.episode, on=system.today, reason="returned_home")
    coordinator = world.own.actor(Role.LACE_COORDINATOR)
    with serving(coordinator), pytest.raises(Refused):
        bring_review_forward(by=coordinator, child=world.own.child, cause="risk", needed_by=by.today + DAY)


@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.FOSTER_CARER, Role.CHILD, Role.DESIGNATED_MANAGER])
def test_others_and_strangers_bring_nothing_forward(world: World, role: Role) -> None:
    before = due(world)
    for by in (world.own.actor(role), world.other.actor(Role.IRO), world.other.actor(Role.LACE_COORDINATOR)):
        with serving(by), pytest.raises(NotAllowed):
            bring_review_forward(by=by, child=world.own.child, cause="risk", needed_by=by.today + DAY)
    assert due(world) == before


@pytest.mark.req("T08")
def test_the_child_asks_and_the_officer_names_a_day(world: World) -> None:
    child, officer = world.own.actor(Role.CHILD), world.own.actor(Role.IRO)
    before = due(world)
    with serving(child):
        request = ask_for_review(by=child, child=world.own.child, words="I want to move")
        with pytest.raises(Refused):
            ask_for_review(by=child, child=world.own.child)
    assert due(world) == before
    assert is_told(world, "child_asks_review", Role.IRO)
    for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR):  # an officer is named, so it is theirs
        by = world.own.actor(role)
        with serving(by), pytest.raises(NotAllowed):
            answer_child(by=by, request=request, needed_by=by.today + DAY, answer="Yes")
    with serving(officer):
        with pytest.raises(BadInput):
            answer_child(by=officer, request=request, needed_by=officer.today + DAY, answer=" ")
        answer_child(by=officer, request=request, needed_by=officer.today + DAY, answer="We meet on Monday")
        with pytest.raises(Refused):
            answer_child(by=officer, request=request, needed_by=None, answer="No")
    assert due(world) == {officer.today + DAY}


def test_what_is_not_justified_moves_nothing_and_is_answered(world: World) -> None:
    child, officer = world.own.actor(Role.CHILD), world.own.actor(Role.IRO)
    before = due(world)
    with serving(child):
        request = ask_for_review(by=child, child=world.own.child)
    with serving(officer):
        answer_child(by=officer, request=request, needed_by=None, answer="Your review is next week")
    assert due(world) == before
    page = body(world.client(Role.CHILD).get(reverse("own")))
    assert "Your review is next week" in page
    assert "It will not be sooner" in page
    assert reverse("own_meeting_sooner") in page


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.LACE_COORDINATOR])
def test_nobody_asks_in_the_childs_place_by_that_way(world: World, role: Role) -> None:
    by = world.own.actor(role)
    with serving(by), pytest.raises(NotAllowed):
        ask_for_review(by=by, child=world.own.child)
    stranger = world.other.actor(Role.CHILD)
    with serving(stranger), pytest.raises(NotAllowed):
        ask_for_review(by=stranger, child=world.own.child)


# -- the pages ---------------------------------------------------------------------------------------------------------------


def test_from_the_meetings_tab(world: World) -> None:
    client, child = world.client(Role.SOCIAL_WORKER), world.own.child
    address = reverse("child_review_sooner", args=[child.pk])
    assert address in body(client.get(reverse("child_meetings", args=[child.pk])))
    assert "Choose why the review is brought forward" in body(client.post(address, {"words": "kept text"}))
    assert "kept text" in body(client.post(address, {"words": "kept text"}))
    day = timezone.localdate() + 3 * DAY
    asked = {"cause": "absent", "needed_by_day": day.day, "needed_by_month": day.month, "needed_by_year": day.year, "words": "Three nights"}
    assert client.post(address, asked).status_code == 302
    assert due(world) == {day}
    page = body(client.get(reverse("child_meetings", args=[child.pk])))
    assert "Three nights" in page
    assert "absent from the placement" in page
    carer = body(world.client(Role.FOSTER_CARER).get(reverse("child_meetings", args=[child.pk])))
    assert "Three nights" not in carer  # why is part of the care record
    assert "absent from the placement" not in carer
    assert address not in carer
    assert world.client(Role.FOSTER_CARER).post(address, asked).status_code == 403
    assert world.client(Role.SOCIAL_WORKER, world.other).post(address, asked).status_code == 404


def test_the_child_asks_on_a_page_of_their_own_and_is_answered_on_the_tab(world: World) -> None:
    client = world.client(Role.CHILD)
    assert client.get(reverse("own_meeting_sooner")).status_code == 200
    assert client.post(reverse("own_meeting_sooner"), {"words": "Please soon"}).status_code == 302
    assert "You have no answer yet" in body(client.get(reverse("own")))
    with serving(world.own.actor(Role.IRO)):
        request = EarlierReview.objects.get(child=world.own.child)
    address = reverse("child_review_answer", args=[world.own.child.pk, request.pk])
    officer = world.client(Role.IRO)
    assert address in body(officer.get(reverse("child_meetings", args=[world.own.child.pk])))
    assert "Please soon" in body(officer.get(address))
    assert "Enter the day by which the review is needed" in body(officer.post(address, {"justified": "yes", "answer": "Yes"}))
    day = timezone.localdate() + DAY
    answer = {"justified": "yes", "answer": "On Monday", "needed_by_day": day.day, "needed_by_month": day.month, "needed_by_year": day.year}
    assert world.client(Role.SOCIAL_WORKER).post(address, answer).status_code == 403
    assert world.client(Role.IRO, world.other).post(address, answer).status_code == 404
    assert officer.post(address, answer).status_code == 302
    assert "On Monday" in body(client.get(reverse("own")))
    assert world.client(Role.SOCIAL_WORKER).get(reverse("own_meeting_sooner")).status_code == 404
