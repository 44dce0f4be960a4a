"""Missed statutory timescales, the designated manager's answers, and the timeliness of every kind of duty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty, MissAnswer
from lace.deadlines.rules import RULES, Fact, Force
from lace.deadlines.services import meet, open_duties
from lace.deadlines.services.misses import answer_miss
from lace.web.middleware import serving
from tests.reporting.pages import body, cost
from tests.reporting.test_dashboard import numbers, rows_behind
from tests.reporting.test_duty_lists import table
from tests.world import World, enter

pytestmark = pytest.mark.django_db
MANAGER = Role.DESIGNATED_MANAGER


@pytest.fixture
def missed(world: World) -> World:
    """Two of our children with misses of social care, one done late with a reason; and the same in another authority."""
    today = timezone.localdate()
    for place in (world.own, world.other):
        for days in (60, 90):
            child, *_rest = enter(place, entered_on=today - timedelta(days=days))
            by = place.actor(Role.CASE_SYSTEM)
            with serving(by):
                if days == 90:
                    meet(by=by, child=child, codes=["review_first_regulation"], on=today - timedelta(days=5), reason="The IRO was ill")
    return world


def one(world: World, code: str = "review_first_regulation", *, is_open: bool = True) -> Duty:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        found = Duty.objects.filter(code=code, closed_on__isnull=is_open, authority=world.own.row, due_on__lt=timezone.localdate())
        return found.select_related("child__authority").order_by("due_on")[0]


def expected(world: World, *, of_care: bool) -> set[Any]:
    today = timezone.localdate()
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        found = [duty for duty in Duty.objects.filter(authority=world.own.row) if duty.is_miss(today)]
    schools = {Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.LACE_COORDINATOR, Role.ALNCO}
    return {duty.pk for duty in found if not of_care or duty.role not in schools}


def listed(client: Client, query: str = "") -> list[Any]:
    page = client.get(f"/misses/?{query}").context["page"]
    return [duty.pk for number in page.paginator.page_range for duty in client.get(f"/misses/?{query}&page={number}").context["page"].object_list]


@pytest.mark.req("SW-13")
def test_the_manager_finds_every_miss_of_social_care_and_the_coordinator_all(missed: World) -> None:
    assert set(listed(missed.client(MANAGER))) == expected(missed, of_care=True) != set()
    everything = expected(missed, of_care=False)
    assert set(listed(missed.client(Role.LACE_COORDINATOR))) == everything == set(listed(missed.client(MANAGER), "whose=all"))
    with serving(missed.own.actor(MANAGER)):
        assert all(RULES[duty.code].force == Force.STATUTORY for duty in Duty.objects.filter(pk__in=everything))


@pytest.mark.req("SW-13")
def test_they_are_counted_by_worker_role_school_and_kind_and_repeats_are_said(missed: World) -> None:
    client = missed.client(MANAGER)
    for by in ("worker", "role", "school", "kind"):
        answer = client.get(f"/misses/?by={by}&whose=all")
        groups = answer.context["groups"]
        assert sum(row[1]["text"] for row in groups) == answer.context["page"].paginator.count
        for row in groups:
            assert client.get(row[1]["href"]).context["page"].paginator.count == row[1]["text"]
            assert bool(row[5]) == (row[1]["text"] >= 2)
    (worker,) = client.get("/misses/?by=worker").context["groups"]
    assert worker[0] == missed.own.user(Role.SOCIAL_WORKER).name
    assert "Repeated" in body(client.get("/misses/"))


@pytest.mark.req("SW-13")
def test_an_answer_is_recorded_and_what_is_unanswered_stays_on_top(missed: World) -> None:
    client = missed.client(MANAGER)
    first = listed(client)[0]
    with serving(missed.own.actor(MANAGER)):
        address = f"/children/{Duty.objects.get(pk=first).child_id}/misses/{first}/"
    assert address in body(client.get("/misses/"))
    by = timezone.localdate() + timedelta(days=7)
    data = {"remedy": "A second worker takes it on", "remedy_by_day": by.day, "remedy_by_month": by.month, "remedy_by_year": by.year}
    answer = client.post(address, data, follow=True)
    page = body(answer)
    assert "Your answer is recorded" in page
    assert "A second worker takes it on" in body(client.get("/misses/?answer=given"))
    assert listed(client)[-1] == first
    assert listed(client, "answer=given") == [first]
    assert first not in listed(client, "answer=none")
    rows = table(client.get("/misses/list.csv"))
    assert rows[-1][rows[0].index("Seen by")] == missed.own.user(MANAGER).name
    assert rows[-1][rows[0].index("Remedy")] == "A second worker takes it on"
    with serving(missed.own.actor(Role.LACE_COORDINATOR)):
        assert {read.act for read in Read.objects.filter(door__startswith="misses")} == {Read.Act.LIST, Read.Act.EXPORT}


@pytest.mark.req("SW-13")
def test_a_remedy_that_is_late_is_said_until_the_duty_is_done(missed: World) -> None:
    today = timezone.localdate()
    actor = missed.own.actor(MANAGER)
    duty = one(missed)
    with serving(actor):
        answer = answer_miss(by=actor, duty=duty, remedy="Hold it", remedy_by=today)
        MissAnswer.objects.filter(pk=answer.pk).update(remedy_by=today - timedelta(days=1))
    client = missed.client(MANAGER)
    assert listed(client, "answer=late&whose=all") == [duty.pk]
    by = missed.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        meet(by=by, child=duty.child, codes=[duty.code], on=today)
    assert listed(client, "answer=late&whose=all") == []


def test_an_answer_is_refused_with_a_sentence_and_changes_nothing(missed: World) -> None:
    today = timezone.localdate()
    actor = missed.own.actor(MANAGER)
    open_, done = one(missed), one(missed, is_open=False)
    cases = {
        "Say what is done about it, or take the day away": {"remedy_by": today},
        "Enter the day by which it is done": {"remedy": "We talk"},
        "Choose today or a day within the coming year": {"remedy": "We talk", "remedy_by": today - timedelta(days=1)},
        "Shorten the remedy to 1000 characters or fewer": {"remedy": "x" * 1001, "remedy_by": today},
    }
    with serving(actor):
        for sentence, given in cases.items():
            with pytest.raises(BadInput) as refusal:
                answer_miss(by=actor, duty=open_, **given)  # type: ignore[arg-type]  # wrong on purpose
            assert sentence in [str(text) for texts in refusal.value.problems.values() for text in texts]
        not_missed = Duty.objects.open().filter(due_on__gt=today, authority=missed.own.row).select_related("child")[0]
        with pytest.raises(Refused, match="refused"):
            answer_miss(by=actor, duty=not_missed)
        assert not MissAnswer.objects.exists()
        assert answer_miss(by=actor, duty=done, remedy="The rota has changed").remedy_by is None  # done already: nothing is waited for
        again = answer_miss(by=actor, duty=done, remedy="The rota and the cover have changed")
        assert (again.remedy, MissAnswer.objects.count()) == ("The rota and the cover have changed", 1)
    page = body(missed.client(MANAGER).post(f"/children/{open_.child_id}/misses/{open_.pk}/", {"remedy": "We talk"}))
    assert "Enter the day by which it is done" in page
    assert "We talk" in page


def test_answering_meets_the_duty_to_look_at_the_miss(missed: World) -> None:
    actor = missed.own.actor(MANAGER)
    duty = one(missed)
    with serving(actor):
        open_duties(by=actor, child=duty.child, fact=Fact.DUTY_MISSED, on=duty.due_on + timedelta(days=1), subject=duty.pk)
        reported = Duty.objects.get(code="miss_reported", subject=duty.pk)
        answer = answer_miss(by=actor, duty=duty)
        reported.refresh_from_db()
        assert reported.closed_on == timezone.localdate()
        assert reported.evidence == answer.pk


@pytest.mark.req("SW-13")
def test_nobody_else_answers(missed: World) -> None:
    duty = one(missed)
    address = f"/children/{duty.child_id}/misses/{duty.pk}/"
    for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON):
        assert missed.client(role).get(address).status_code in {403, 404}, role
        assert missed.client(role).post(address, {"remedy": ""}).status_code in {403, 404}, role
        actor = missed.own.actor(role)
        with serving(actor), pytest.raises(NotAllowed):
            answer_miss(by=actor, duty=duty)
    assert missed.client(MANAGER, missed.other).get(address).status_code == 404
    for page in ("/misses/", "/misses/list.csv", "/dashboard/timeliness/"):
        assert missed.client(Role.SOCIAL_WORKER).get(page).status_code == 403
    assert address not in body(missed.client(Role.LACE_COORDINATOR).get("/misses/"))


@pytest.mark.req("SW-14", "DL-09")
def test_every_number_of_timeliness_is_the_length_of_its_list(missed: World) -> None:
    client = missed.client(Role.LACE_COORDINATOR)
    page = body(client.get("/dashboard/timeliness/"))
    found = [(number, href) for number, href in numbers(page) if number]
    assert len(found) > 10
    assert all(word in page for word in ("Without a reason", "Waived", "On time"))
    for number, href in sorted(found)[::4]:
        assert rows_behind(client, href) == number, href
    reviews = next(row for row in client.get("/dashboard/timeliness/").context["tables"][0]["rows"] if "regulation: 20" in row[0])
    assert [cell["text"] for cell in reviews[1:6]] == [0, 1, 1, 0, 0]
    assert reviews[7]["text"] == 0  # the one that was late says why


def test_it_speaks_welsh(missed: World) -> None:
    client = missed.client(MANAGER)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    text = "".join(body(client.get(page)) for page in ("/misses/", "/misses/?by=school&whose=all&period=36", "/dashboard/timeliness/"))
    for english in (
        "Missed",
        "Not answered",
        "Repeated",
        "Group by",
        "Whose step",
        "Remedy",
        "Timeliness",
        "Without a reason",
        "By kind",
        "Due in the",
    ):
        assert english not in text, english


def test_its_statements_do_not_grow(missed: World) -> None:
    client = missed.client(MANAGER)
    pages = ("/misses/", "/misses/?by=school", "/misses/list.csv", "/dashboard/timeliness/")
    before = [cost(client, page) for page in pages]
    enter(missed.own, entered_on=timezone.localdate() - timedelta(days=77))
    assert [cost(client, page) for page in pages] == before
    assert max(before) <= 11


def test_a_wrong_address_is_answered(world: World) -> None:
    client = world.client(MANAGER)
    for query in ("period=x", "by=y", "whose=z", "answer=%00", "school=%00", "worker=99999999999999", "role=x", "kind=x", "page=0"):
        assert client.get(f"/misses/?{query}").status_code == 200
