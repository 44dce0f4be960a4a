"""Your work: what stands in whose queue, in which order, and where it opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES
from lace.notifications.models import Notification
from lace.notifications.services import notify
from lace.web.middleware import serving
from peps.services import start_pep
from reporting.queries import work
from reporting.views.work import route_of
from reviews.services import schedule
from tests.reporting.pages import body, cost
from tests.world import World, enter

pytestmark = pytest.mark.django_db


def entries(world: World, role: Role) -> list[work.Entry]:
    actor = world.own.actor(role)
    with serving(actor):
        return work.entries(actor)


def was_due(world: World, *, days_ago: int) -> None:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        moved = Duty.objects.filter(code="pep_developed").update(due_on=timezone.localdate() - timedelta(days=days_ago))
    assert moved == 1


@pytest.mark.req("DP-10")
def test_the_designated_persons_queue_is_sorted_with_what_is_overdue_on_top(world: World) -> None:
    today = timezone.localdate()
    late, *_rest = enter(world.own, entered_on=today - timedelta(days=60))
    found = entries(world, Role.DESIGNATED_PERSON)
    assert [entry.due for entry in found] == sorted(entry.due for entry in found if entry.due)
    assert found[0].child_id == late.pk
    assert {(entry.child_id, entry.what) for entry in found} == {
        (child.pk, code) for child in (late, world.own.child) for code in ("pep_developed", "pep_for_first_review")
    }
    page = body(world.client(Role.DESIGNATED_PERSON).get("/"))
    assert page.index("Overdue</h2>") < page.index(late.name) < page.index("Later</h2>") < page.rindex(world.own.child.name)
    assert reverse("child_plan", args=[late.pk]) in page
    assert "paragraph 1.16" in page  # why


@pytest.mark.req("DP-10")
def test_the_filters_narrow_and_say_how_many(world: World) -> None:
    late, *_rest = enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    client = world.client(Role.DESIGNATED_PERSON)
    assert "Overdue (2)" in body(client.get("/"))
    overdue = body(client.get("/?when=overdue"))
    assert late.name in overdue
    assert world.own.child.name not in overdue
    nothing = body(client.get("/?what=meetings"))
    assert "Nothing in your list fits the filters" in nothing
    assert late.name not in nothing
    assert late.name in body(client.get("/?when=nonsense&what=%00&page=99"))


def test_a_stranger_finds_nothing_of_ours(world: World) -> None:
    for role in (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.LACE_COORDINATOR, Role.HEADTEACHER):
        page = body(world.client(role, world.other).get("/"))
        assert world.own.child.family_name not in page
        assert str(world.own.child.pk) not in page


def test_those_further_up_see_a_duty_when_the_ladder_has_told_them(world: World) -> None:
    """The designated person's plan comes to the social worker a day late, to the coordinator three days late."""
    assert not [entry for entry in entries(world, Role.LACE_COORDINATOR) if entry.kind == "duty"]
    was_due(world, days_ago=2)
    assert "pep_developed" in {entry.what for entry in entries(world, Role.SOCIAL_WORKER)}
    assert "pep_developed" in {entry.what for entry in entries(world, Role.HEADTEACHER)}
    assert not entries(world, Role.LACE_COORDINATOR)
    was_due(world, days_ago=3)
    assert {entry.what for entry in entries(world, Role.LACE_COORDINATOR)} == {"pep_developed"}


def test_the_strictest_of_two_duties_alone_is_red(world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    page = body(world.client(Role.DESIGNATED_PERSON).get("/?when=overdue"))
    assert page.count("app-duty--overdue") == 1


def test_a_carer_is_asked_for_the_parts_that_are_empty(world: World) -> None:
    assert not entries(world, Role.FOSTER_CARER)
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        start_pep(by=by, child=world.own.child, on=by.today)
    (asked,) = entries(world, Role.FOSTER_CARER)
    assert asked.kind == "part"
    assert "my_page" in asked.what.split(",")
    assert "Write your part of the plan" in body(world.client(Role.FOSTER_CARER).get("/"))


def test_a_meeting_that_is_arranged_stands_in_the_queue_of_those_who_are_told(world: World) -> None:
    by = world.own.actor(Role.IRO)
    with serving(by):
        schedule(by=by, child=world.own.child, scheduled_for=timezone.now() + timedelta(days=5), venue="Hill School")
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.DESIGNATED_PERSON):
        page = body(world.client(role).get("/?what=meetings"))
        assert "Go to the review" in page
        assert "Hill School" in page
    assert "meeting" not in {entry.kind for entry in entries(world, Role.LACE_COORDINATOR)}


def test_every_declared_duty_opens_somewhere() -> None:
    for code in RULES:
        assert reverse(route_of(code), args=["00000000-0000-0000-0000-000000000000"])


def test_the_look_is_recorded_with_the_children_on_the_page(world: World) -> None:
    world.client(Role.DESIGNATED_PERSON).get("/")
    with serving(world.own.actor(Role.DESIGNATED_PERSON)):
        seen = Read.objects.get(door="work")
    assert seen.children == [world.own.child.pk]
    assert seen.act == Read.Act.LIST
    assert "education" in seen.facets


def test_it_speaks_welsh(world: World) -> None:
    client = world.client(Role.DESIGNATED_PERSON)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get("/"))
    assert "Eich gwaith" in page
    assert "Datblygu'r cynllun addysg personol" in page
    assert "Your work" not in page
    assert "In 7 days" not in page


def test_governors_and_administrators_have_no_queue(world: World) -> None:
    for role in (Role.GOVERNOR, Role.ADMINISTRATOR):
        page = body(world.client(role).get("/"))
        assert "app-duties" not in page
        assert world.own.child.name not in page


def test_the_queues_cost_does_not_grow_with_it(world: World) -> None:
    for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.IRO, Role.LACE_COORDINATOR):
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
        few = cost(world.client(role), "/")
        for _number in range(4):
            enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
        assert cost(world.client(role), "/") == few <= 14


def tell(world: World, authority: Any) -> Notification:
    by = authority.actor(Role.SOCIAL_WORKER)
    with serving(by):
        notify(
            by=by,
            kind="pep_final",
            source=authority.child.pk,
            child=authority.child,
            recipients=[authority.user(Role.DESIGNATED_PERSON)],
            facts={},
        )
    reader = authority.actor(Role.DESIGNATED_PERSON)
    with serving(reader):
        return Notification.objects.visible_to(reader).get(channel="inbox")


def test_messages_are_shown_until_they_are_marked_as_read(world: World) -> None:
    told = tell(world, world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    assert "the Personal Education Plan is final" in body(client.get("/"))
    answer = client.post("/messages/?from=work", {"read": str(told.pk)})
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert "the Personal Education Plan is final" not in body(client.get("/"))
    assert "the Personal Education Plan is final" in body(client.get("/messages/"))


def test_nobody_marks_anothers_messages(world: World) -> None:
    told = tell(world, world.other)
    client = world.client(Role.DESIGNATED_PERSON)
    for chosen in (str(told.pk), "all", "nonsense", ""):
        assert client.post("/messages/", {"read": chosen}).status_code == 302
    reader = world.other.actor(Role.DESIGNATED_PERSON)
    with serving(reader):
        assert Notification.objects.get(pk=told.pk).read_at is None


def test_mark_all_as_read(world: World) -> None:
    tell(world, world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    assert "Mark all as read" in body(client.get("/messages/"))
    client.post("/messages/", {"read": "all"})
    assert "Mark all as read" not in body(client.get("/messages/"))
