"""Meetings about the plan: arranged, moved, called off, held; the advocate asked by the child's wish; the second one missing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Relation, Role
from lace.children.models import ChildUserGrant, relation_code
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.notifications.models import Notification
from lace.web.middleware import serving
from peps import services
from peps.models import MeetingInvitation, Pep, PlanMeeting
from peps.rules.duties import FIRST_WITH_CARER, SECOND_WITH_CARER
from peps.rules.meetings import Who
from peps.services.meetings import MeetingFacts, arrange, cancel, guests, hold, move
from tests.peps.plans import acting, events_of, plan, text
from tests.peps.test_ends_pages import day
from tests.peps.test_pages import field
from tests.world import World

pytestmark = pytest.mark.django_db

BY_DEFAULT = {Role.CHILD, Role.FOSTER_CARER, Role.KINSHIP_CARER, Role.RESIDENTIAL_WORKER, Role.SOCIAL_WORKER, Role.ADVOCATE}


def saturday(weeks: int = 1) -> date:
    """A day without lessons, some weeks from now."""
    today = timezone.localdate()
    return today + timedelta(days=(5 - today.weekday()) % 7 + 7 * weeks)


def at(on: date, **other: Any) -> MeetingFacts:
    return MeetingFacts(
        starts_at=timezone.make_aware(datetime.combine(on, time(16, 30))), **{"place": "Ystafell 4", "purpose": "Spring targets"} | other
    )


def started(world: World) -> Pep:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return services.start_pep(by=by, child=world.own.child, on=by.today)


def arranged(world: World, pep: Pep, on: date | None = None, **other: Any) -> PlanMeeting:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return arrange(by=by, pep=pep, facts=at(on or saturday()), **other)


def asked(world: World, meeting: PlanMeeting) -> set[str]:
    with acting(world.own, Role.DESIGNATED_PERSON):
        return set(MeetingInvitation.objects.standing().filter(meeting=meeting).values_list("who", flat=True))


def told(world: World, kind: str) -> list[int]:
    """Whom a message in Lace went to, each as often as it did."""
    with serving(Actor.named_job("test", today=timezone.localdate())):  # a person reads only their own messages
        rows = Notification.objects.filter(kind=kind, channel=Notification.Channel.INBOX)
        return sorted(rows.values_list("recipient_id", flat=True))


def ids(world: World, roles: Collection[Role]) -> list[int]:
    return sorted(world.own.user(role).pk for role in roles)


def duty(world: World, code: str, due_on: date, since: date) -> Duty:
    with acting(world.own, Role.LACE_COORDINATOR):
        return Duty.objects.create(
            child=world.own.child,
            authority_id=world.own.row.pk,
            code=code,
            rule_version=1,
            fact="school_year",
            clock="month",
            trigger_on=since,
            subject=uuid4(),
            due_on=due_on,
            role=Role.DESIGNATED_PERSON,
        )


def outcome(world: World, code: str) -> str:
    with acting(world.own, Role.LACE_COORDINATOR):
        return Duty.objects.get(child=world.own.child, code=code).outcome


@pytest.mark.req("PEP-19")
@pytest.mark.req("ADV-03")
def test_those_who_belong_there_are_asked_and_told_once_the_advocate_among_them(world: World) -> None:
    pep = started(world)
    meeting = arranged(world, pep)
    assert asked(world, meeting) == {Who.CHILD, Who.CARER, Who.SOCIAL_WORKER, Who.ADVOCATE, Who.DESIGNATED_PERSON}
    assert (meeting.advocate, meeting.advocate_asked_on) == ("yes", None)
    assert told(world, "plan_meeting_arranged") == ids(world, BY_DEFAULT)  # who arranges is not told of it
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        arrange(by=by, pep=pep, facts=at(saturday()))
    assert told(world, "plan_meeting_arranged") == ids(world, BY_DEFAULT)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        names = {guest.who: guest.name for guest in guests(by=by, child=world.own.child)}
        assert names[Who.CARER] == ""  # it goes with the address
        assert not MeetingInvitation.objects.filter(who__in=[Who.CARER, Who.CHILD]).exclude(name="").exists()


@pytest.mark.req("PEP-19")
def test_the_aln_coordinator_is_asked_where_there_are_additional_needs(world: World) -> None:
    pep = started(world)
    assert Who.ALNCO not in asked(world, arranged(world, pep))
    with acting(world.own, Role.CASE_SYSTEM):
        type(world.own.child).objects.filter(pk=world.own.child.pk).update(additional_needs=True)
    assert Who.ALNCO in asked(world, arranged(world, pep, saturday(2)))


@pytest.mark.req("ADV-03")
def test_the_child_who_says_no_has_no_advocate_there_and_the_answer_is_kept_with_its_day(world: World) -> None:
    pep = started(world)
    meeting = arranged(world, pep, wants_advocate=False)
    assert Who.ADVOCATE not in asked(world, meeting)
    assert (meeting.advocate, meeting.advocate_asked_on) == ("no", timezone.localdate())
    form = text(world.client(Role.DESIGNATED_PERSON).get(plan(world, "meetings/add/")))
    assert "the child said no" in form  # and is asked again
    again = arranged(world, pep, saturday(2), wants_advocate=True)
    assert Who.ADVOCATE in asked(world, again)
    with acting(world.own, Role.DESIGNATED_PERSON, days=1) as by:
        meeting = move(by=by, meeting=meeting, facts=at(saturday(), place="Neuadd"), version=1, wants_advocate=False)
        assert meeting.advocate_asked_on == timezone.localdate()  # the same answer keeps its day
        meeting = move(by=by, meeting=meeting, facts=at(saturday(), place="Neuadd"), version=2, wants_advocate=True)
    assert Who.ADVOCATE in asked(world, meeting)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        move(by=by, meeting=again, facts=at(saturday(2)), version=1, wants_advocate=False)
        assert events_of(PlanMeeting).filter(id=meeting.pk, advocate="no").exists()
    assert told(world, "plan_meeting_not_needed") == ids(world, [Role.ADVOCATE])
    assert set(told(world, "plan_meeting_moved")) == set(ids(world, BY_DEFAULT - {Role.ADVOCATE}))  # once: the place changed once
    assert len(told(world, "plan_meeting_moved")) == len(BY_DEFAULT) - 1


@pytest.mark.req("ADV-03")
def test_without_an_advocate_nothing_is_asked_but_how_to_have_one_is_said(world: World) -> None:
    pep = started(world)
    with acting(world.own, Role.CASE_SYSTEM) as by:
        ChildUserGrant.objects.filter(content_object=world.own.child, permission=relation_code(Relation.ADVOCATE)).update(ends_on=by.today)
    meeting = arranged(world, pep, wants_advocate=False)
    assert (meeting.advocate, meeting.advocate_asked_on) == ("", None)
    page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world, "meetings/add/")))
    assert "advocacy service" in page
    assert "Does the child wish the advocate" not in page


@pytest.mark.req("PEP-19")
def test_what_is_wrong_is_said_and_nothing_changes(world: World) -> None:
    pep = started(world)
    monday = saturday() + timedelta(days=2)
    lesson = replace(at(monday), starts_at=timezone.make_aware(datetime.combine(monday, time(10))))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"facts": at(timezone.localdate() - timedelta(days=1))}, "day"),
        ({"facts": at(saturday(), place=" ")}, "place"),
        ({"facts": at(saturday(), purpose="x" * 501)}, "purpose"),
        ({"facts": at(saturday(), language="fr")}, "language"),
        ({"facts": lesson}, "lesson_reason"),
        ({"facts": at(saturday()), "invited": []}, "invited"),
        ({"facts": at(saturday()), "invited": [str(world.other.user(Role.FOSTER_CARER).pk)]}, "invited"),
        ({"facts": at(saturday()), "invited": [str(world.own.user(Role.ADVOCATE).pk)]}, "invited"),  # by the child's wish alone
    ]
    for given, name in wrong:
        with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refused:
            arrange(by=by, pep=pep, **given)
        assert set(refused.value.problems) == {name}
    for role in (Role.FOSTER_CARER, Role.CHILD, Role.IRO, Role.HEADTEACHER):
        with acting(world.own, role) as by, pytest.raises(NotAllowed):
            arrange(by=by, pep=pep, facts=at(saturday()))
    with acting(world.other, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(NotAllowed):
            arrange(by=by, pep=pep, facts=at(saturday()))
        assert not PlanMeeting.objects.exists()
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert arrange(by=by, pep=pep, facts=replace(lesson, lesson_reason="The doctor comes then; room 2")).lesson_reason
        assert arrange(by=by, pep=pep, facts=at(saturday(), lesson_reason="None")).lesson_reason == ""  # it is no lesson time


@pytest.mark.req("PEP-19")
def test_it_is_moved_and_called_off_and_nobody_is_told_twice(world: World) -> None:
    pep = started(world)
    meeting = arranged(world, pep)
    keys = [str(key) for key in ids(world, BY_DEFAULT - {Role.SOCIAL_WORKER, Role.ADVOCATE} | {Role.IRO})]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        moved = move(by=by, meeting=meeting, facts=at(saturday(2)), version=1, invited=keys)
        with pytest.raises(Changed):
            move(by=by, meeting=meeting, facts=at(saturday(3)), version=1)
    assert told(world, "plan_meeting_moved") == ids(world, BY_DEFAULT - {Role.SOCIAL_WORKER})
    assert told(world, "plan_meeting_not_needed") == ids(world, [Role.SOCIAL_WORKER])
    assert set(told(world, "plan_meeting_arranged")) == set(ids(world, BY_DEFAULT | {Role.IRO}))
    assert len(told(world, "plan_meeting_arranged")) == len(BY_DEFAULT) + 1
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        with pytest.raises(BadInput):
            cancel(by=by, meeting=moved, reason=" ", version=2)
        off = cancel(by=by, meeting=moved, reason="The carer is ill", version=2)
        with pytest.raises(Refused):
            hold(by=by, meeting=off, held_on=by.today, present=[Who.CARER], version=3)
    assert told(world, "plan_meeting_cancelled") == sorted([*ids(world, BY_DEFAULT - {Role.SOCIAL_WORKER} | {Role.IRO})])
    with serving(Actor.named_job("test", today=timezone.localdate())):
        for row in Notification.objects.filter(kind__startswith="plan_meeting"):
            assert set(row.facts) == {"scheduled_at"}  # no name, no place


@pytest.mark.req("PEP-19")
@pytest.mark.req("T10")
def test_a_meeting_with_the_carer_meets_the_next_duty_of_its_school_year(world: World) -> None:
    pep, today = started(world), timezone.localdate()
    duty(world, FIRST_WITH_CARER, today + timedelta(days=100), today - timedelta(days=80))
    second = duty(world, SECOND_WITH_CARER, today + timedelta(days=250), today - timedelta(days=80))

    def held(weeks: int, present: list[str]) -> PlanMeeting:
        meeting = arranged(world, pep, saturday(weeks))
        with acting(world.own, Role.DESIGNATED_PERSON) as by:
            return hold(by=by, meeting=meeting, held_on=by.today, present=present, version=1)

    held(1, [Who.SOCIAL_WORKER])
    assert outcome(world, FIRST_WITH_CARER) == ""  # the carer was not there
    held(2, [Who.CARER])
    assert (outcome(world, FIRST_WITH_CARER), outcome(world, SECOND_WITH_CARER)) == ("on_time", "")
    last = held(3, [Who.CARER, Who.CHILD])
    assert outcome(world, SECOND_WITH_CARER) == "on_time"
    with acting(world.own, Role.LACE_COORDINATOR):
        assert Duty.objects.get(pk=second.pk).evidence == last.pk
    meeting = arranged(world, pep, saturday(4))
    day_before, day_after = today - timedelta(days=1), today + timedelta(days=1)
    for held_on, present, name in ((day_after, [Who.CARER], "held_on"), (day_before, [Who.CARER], "held_on"), (today, [], "present")):
        with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refused:
            hold(by=by, meeting=meeting, version=1, held_on=held_on, present=present)
        assert set(refused.value.problems) == {name}


@pytest.mark.req("PEP-19")
def test_a_meeting_of_this_year_does_not_make_good_what_was_missed_the_year_before(world: World) -> None:
    pep, today = started(world), timezone.localdate()
    duty(world, SECOND_WITH_CARER, today - timedelta(days=40), today - timedelta(days=370))
    duty(world, FIRST_WITH_CARER, today + timedelta(days=170), today)
    for week in (1, 2):
        meeting = arranged(world, pep, saturday(week))
        with acting(world.own, Role.DESIGNATED_PERSON) as by:
            hold(by=by, meeting=meeting, held_on=today, present=[Who.CARER], version=1)
        assert (outcome(world, FIRST_WITH_CARER), outcome(world, SECOND_WITH_CARER)) == ("on_time", "")


@pytest.mark.req("PEP-19")
@pytest.mark.req("T10")
def test_a_child_whose_second_meeting_is_not_in_sight_is_flagged_and_the_number_opens_the_list(world: World) -> None:
    pep, today = started(world), timezone.localdate()
    desk, at_home = world.client(Role.LACE_COORDINATOR), reverse("child", args=[world.own.child.pk])
    listed, warning = reverse("children") + "?meeting=missing", "neither held nor booked in time"

    def flagged() -> bool:
        dashboard = text(desk.get(reverse("dashboard")))
        figure = dashboard.split("?meeting=missing", 1)[0].rsplit("app-figure__number", 1)[1]
        page = text(desk.get(listed))
        shown = at_home in page
        assert (warning in text(desk.get(at_home))) == shown == (warning in text(desk.get(plan(world))))
        assert (">1<" in figure) == shown
        return shown

    second = duty(world, SECOND_WITH_CARER, today + timedelta(days=200), today - timedelta(days=130))
    assert not flagged()  # there is time
    with acting(world.own, Role.LACE_COORDINATOR):
        Duty.objects.filter(pk=second.pk).update(due_on=today + timedelta(days=80))
    assert flagged()
    meeting = arranged(world, pep, saturday(30))
    assert flagged()  # booked too late
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        meeting = move(by=by, meeting=meeting, facts=at(saturday(2)), version=1)
    assert not flagged()
    first = duty(world, FIRST_WITH_CARER, today - timedelta(days=1), today - timedelta(days=130))
    assert flagged()  # the one booked is the first
    with acting(world.own, Role.LACE_COORDINATOR):
        Duty.objects.filter(pk=first.pk).update(closed_on=today, outcome="late")
    assert not flagged()
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        cancel(by=by, meeting=meeting, reason="Snow", version=2)
    assert flagged()
    assert at_home not in text(world.client(Role.LACE_COORDINATOR, world.other).get(listed))


@pytest.mark.req("PEP-19")
def test_the_pages_arrange_move_record_and_call_off(world: World) -> None:
    started(world)
    client, on = world.client(Role.DESIGNATED_PERSON), saturday()
    form = plan(world, "meetings/add/")
    page = client.get(form)
    assert world.own.user(Role.FOSTER_CARER).name not in text(page)
    body: dict[str, Any] = {"form_token": field(page, "form_token"), "place": "Ystafell 4", "time": "16:30", "purpose": "Targedau", "version": "0"}
    body |= day("day", on) | {"language": "cy", "lesson_reason": "", "invited": ["carer", str(world.own.user(Role.CHILD).pk)], "advocate": "yes"}
    assert "Enter where the meeting will be" in text(client.post(form, body | {"place": ""}))
    assert "Choose today or a day to come" in text(client.post(form, body | day("day", timezone.localdate() - timedelta(days=3))))
    assert client.post(form, body).status_code == 302
    with acting(world.own, Role.DESIGNATED_PERSON):
        meeting = PlanMeeting.objects.get()
    with acting(world.own, Role.DESIGNATED_PERSON):
        standing = MeetingInvitation.objects.standing().filter(meeting=meeting)
        carers = (Role.FOSTER_CARER, Role.KINSHIP_CARER, Role.RESIDENTIAL_WORKER)
        assert sorted(row.user_id for row in standing if row.user_id) == ids(world, {*carers, Role.CHILD, Role.ADVOCATE})
    shown = text(client.get(plan(world)))
    for words in ("Ystafell 4", "Targedau", "Advocate", "Carer", "Yes, the child wishes it"):
        assert words in shown
    assert world.own.user(Role.FOSTER_CARER).name not in shown.split("<main", 1)[1]
    assert world.own.user(Role.FOSTER_CARER).name in text(world.client(Role.SOCIAL_WORKER).get(plan(world))).split("<main", 1)[1]
    assert "Yes, the child wishes it" not in text(world.client(Role.HEADTEACHER).get(plan(world)))  # the child's own word
    one = plan(world, f"meetings/{meeting.pk}/")
    page = client.get(one)
    assert field(page, "version") == "1"
    change = body | {"form_token": field(page, "form_token"), "version": "1"} | {"place": "Neuadd"}
    assert client.post(one, change).status_code == 302
    stale = client.post(one, change | {"form_token": "", "place": "Ystafell 9"})
    assert stale.status_code == 409
    assert "Ystafell 9" in text(stale)
    held = plan(world, f"meetings/{meeting.pk}/held/")
    assert client.post(held, day("held_on", timezone.localdate()) | {"present": ["carer", "child"], "version": "2"}).status_code == 302
    assert "Carer" in text(client.get(plan(world))).split("Meetings that were held", 1)[1]
    assert client.get(one).status_code == 302  # it was held: there is nothing to move
    assert world.client(Role.FOSTER_CARER).get(form).status_code == 403
    assert world.client(Role.DESIGNATED_PERSON, world.other).get(one).status_code == 404


@pytest.mark.req("PEP-19")
def test_the_child_reads_when_it_is_and_who_comes(world: World) -> None:
    pep = started(world)
    client = world.client(Role.CHILD)
    assert "A meeting about your plan" not in text(client.get(reverse("own")))
    meeting = arranged(world, pep)
    page = text(client.get(reverse("own")))
    for words in ("A meeting about your plan", "Ystafell 4", "16:30", "Your advocate, who speaks up for you", "The people you live with"):
        assert words in page
    assert world.own.user(Role.FOSTER_CARER).name not in page
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        cancel(by=by, meeting=meeting, reason="Snow", version=1)
    assert "A meeting about your plan" not in text(client.get(reverse("own")))


@pytest.mark.req("PEP-19")
def test_it_stands_in_the_queue_of_those_who_are_asked_and_then_of_who_records_it(world: World) -> None:
    pep = started(world)
    meeting = arranged(world, pep)
    for role in (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.ADVOCATE):
        page = text(world.client(role).get(reverse("work"), {"what": "meetings"}))
        assert "Go to the meeting about the plan" in page, role
        assert "Ystafell 4" in page
    assert "Go to the meeting about the plan" not in text(world.client(Role.IRO).get(reverse("work")))  # nobody asked them
    with acting(world.own, Role.DESIGNATED_PERSON):
        PlanMeeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now() - timedelta(days=2))
    assert "Record the meeting about the plan" in text(world.client(Role.DESIGNATED_PERSON).get(reverse("work")))
    assert "meeting about the plan" not in text(world.client(Role.FOSTER_CARER).get(reverse("work")))


def test_the_page_costs_the_same_however_many(world: World, statements: Callable[..., Any]) -> None:
    pep = started(world)
    client = world.client(Role.DESIGNATED_PERSON)
    for week in range(1, 5):
        arranged(world, pep, saturday(week))
    client.get(plan(world))
    with statements(27):
        client.get(plan(world))
