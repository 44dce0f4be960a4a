"""The pages of one child's duties, of a body's, and of who is away: what they offer to whom, what they refuse and keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import Organisation
from lace.children.models import Child
from lace.deadlines.models import Absence, BodyDuty, Duty, RuleChoice, Waiver
from lace.deadlines.rules import Fact
from lace.deadlines.services import correct_fact, open_body_duties, open_duties
from lace.deadlines.services.life import record_done
from lace.deadlines.services.waivers import ask_waiver
from lace.web.middleware import serving
from schools.services.entry import leave_care
from tests.lace.api.callers import Caller
from tests.reporting.pages import body, cost
from tests.world import World, enter, make_school, person, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def typed(name: str, day: date) -> dict[str, Any]:
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def duty_of(world: World, code: str, child: Child | None = None) -> Duty:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        return Duty.objects.select_related("child__authority").filter(child=child or world.own.child, code=code).order_by("due_on")[0]


def url(name: str, duty: Duty) -> str:
    return reverse(name, args=[duty.child_id, duty.pk])


def page(world: World, role: Role, child: Child | None = None) -> str:
    return body(world.client(role).get(reverse("child_duties", args=[(child or world.own.child).pk])))


@pytest.mark.req("DL-08", "DL-12")
def test_a_duty_is_explained_by_the_length_that_the_authority_chose(world: World) -> None:
    code, today = "pep_initiated_emergency", timezone.localdate()
    before = enter(world.own, entered_on=today - 9 * DAY)[0]
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        RuleChoice.objects.create(
            authority=world.own.row, code=code, length=6, effective_from=today - 3 * DAY, approved_by="Cabinet",
            decided_by=world.own.user(Role.ADMINISTRATOR),
        )  # fmt: skip
    child = enter(world.own, entered_on=today - DAY)[0]
    chosen = "It runs for 6 working days. Weekends and bank holidays do not count. The authority chose this; the source says 10."
    assert page(world, Role.LACE_COORDINATOR, child).count(chosen) == 1
    assert "It runs for 10 working days. Weekends and bank holidays do not count.</p>" in page(world, Role.LACE_COORDINATOR, before)
    assert "Yr awdurdod a ddewisodd hyn; 10 a ddywed y ffynhonnell." in body(
        world.client(Role.LACE_COORDINATOR).get(reverse("child_duties", args=[child.pk]), HTTP_ACCEPT_LANGUAGE="cy")
    )
    told = Caller(world.own).get(f"children/{child.pk}/duties/").json()["results"]
    assert [duty["clock_words"] for duty in told if duty["code"] == code] == [chosen]


@pytest.mark.req("DL-01", "DL-09")
def test_a_duty_is_recorded_as_done_from_its_card_and_opened_again(world: World) -> None:
    duty, client = duty_of(world, "care_plan"), world.client(Role.SOCIAL_WORKER)
    address = url("child_duty_done", duty)
    assert address in page(world, Role.SOCIAL_WORKER)
    wrong = body(client.post(address, {**typed("on", timezone.localdate() + DAY), "what": "Signed, document 12"}))
    assert "The day must be today or in the past" in wrong
    assert "Signed, document 12" in wrong
    answer = client.post(address, {**typed("on", timezone.localdate()), "what": "Signed, document 12"})
    assert answer["Location"].endswith(f"#duty-{duty.pk}")
    shown = page(world, Role.SOCIAL_WORKER)
    assert "Signed, document 12" in shown
    assert address not in shown
    again = url("child_duty_undo", duty)
    assert again in shown
    assert "Signed, document 12" in body(client.get(again))
    assert client.post(again).status_code == 302
    assert duty_of(world, "care_plan").closed_on is None
    shown = page(world, Role.SOCIAL_WORKER)
    assert "opened again" in shown
    assert "Signed, document 12" not in shown


@pytest.mark.req("DL-07")
def test_late_it_asks_why_and_keeps_what_was_typed(world: World) -> None:
    child = enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))[0]
    duty = duty_of(world, "care_plan", child)
    client, sent = world.client(Role.SOCIAL_WORKER), {**typed("on", timezone.localdate()), "what": "Signed"}
    refused = body(client.post(url("child_duty_done", duty), sent))
    assert "Write why it is late. The due date stays the same" in refused
    assert "Signed" in refused
    assert client.post(url("child_duty_done", duty), sent | {"reason": "Waited for the court"}).status_code == 302
    shown = page(world, Role.SOCIAL_WORKER, child)
    assert "Waited for the court" in shown
    assert duty_of(world, "care_plan", child).due_on == duty.due_on


def test_the_groups_and_what_each_reader_is_offered(world: World) -> None:
    child = enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))[0]
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "placement_plan", child)
    with serving(by):
        record_done(by=by, duty=duty, on=duty.trigger_on, what="Signed")
    shown = page(world, Role.SOCIAL_WORKER, child)
    assert shown.index("Overdue</h3>") < shown.index("Done and closed</h3>")
    for role, offered in ((Role.LACE_COORDINATOR, True), (Role.DESIGNATED_MANAGER, True), (Role.IRO, False), (Role.FOSTER_CARER, False)):
        assert (url("child_duty_done", duty_of(world, "care_plan", child)) in page(world, role, child)) == offered


@pytest.mark.parametrize("name", ["child_duty_done", "child_duty_undo", "child_duty_hand", "child_duty_waive"])
def test_who_may_not_is_told_so_and_a_stranger_finds_nothing(world: World, name: str) -> None:
    address = url(name, duty_of(world, "care_plan"))
    sent = {**typed("on", timezone.localdate()), "what": "x", "colleague": "1", "reason": "x"}
    for role in (Role.IRO, Role.DESIGNATED_PERSON, Role.FOSTER_CARER, Role.HEADTEACHER):
        assert world.client(role).get(address).status_code == 403
        assert world.client(role).post(address, sent).status_code == 403
    for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER):
        assert world.client(role, world.other).post(address, sent).status_code == 404
    theirs = reverse(name, args=[world.other.child.pk, duty_of(world, "care_plan").pk])
    assert world.client(Role.SOCIAL_WORKER, world.other).get(theirs).status_code == 404
    assert duty_of(world, "care_plan").closed_on is None


@pytest.mark.req("DL-07")
def test_what_the_law_requires_is_not_offered_for_dropping(world: World) -> None:
    duty = duty_of(world, "review_first_regulation")
    client = world.client(Role.LACE_COORDINATOR)
    assert url("child_duty_waive", duty) not in page(world, Role.LACE_COORDINATOR)
    assert "Nobody can extend it or drop it" in body(client.get(url("child_duty_waive", duty)))
    assert client.post(url("child_duty_waive", duty), {"reason": "Busy", "exemption": "short_breaks"}).status_code == 200
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not Waiver.objects.exists()


@pytest.mark.req("DL-09", "SW-14")
def test_asked_by_one_decided_by_another(world: World) -> None:
    duty = duty_of(world, "care_plan")
    worker, manager = world.client(Role.SOCIAL_WORKER), world.client(Role.DESIGNATED_MANAGER)
    address = url("child_duty_waive", duty)
    assert address in page(world, Role.SOCIAL_WORKER)
    refused = body(worker.post(address, {"reason": "The court made an order"}))
    assert "Choose the provision" in refused
    assert "The court made an order" in refused
    assert worker.post(address, {"reason": "The court made an order", "exemption": "care_order"}).status_code == 302
    assert address not in page(world, Role.SOCIAL_WORKER)
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        waiver = Waiver.objects.get(duty=duty)
    decide = reverse("child_duty_decide", args=[duty.child_id, waiver.pk])
    for role in (Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.FOSTER_CARER):
        assert decide not in page(world, role)
        assert world.client(role).post(decide, {"agreed": "yes", "answer": "x"}).status_code == 403
    assert world.client(Role.DESIGNATED_MANAGER, world.other).get(decide).status_code == 404
    assert decide in page(world, Role.DESIGNATED_MANAGER)
    assert "The court made an order" in body(manager.get(decide))
    assert "Say why you decide so" in body(manager.post(decide, {"agreed": "yes"}))
    assert manager.post(decide, {"agreed": "yes", "answer": "Order of 3 June"}).status_code == 302
    shown = page(world, Role.SOCIAL_WORKER)
    assert "Not applicable" in shown
    assert "Order of 3 June" in shown


def test_handed_to_a_colleague_and_taken_back(world: World) -> None:
    colleague = person(Role.DESIGNATED_PERSON, world.own.row, world.own.school.organisation)
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        open_duties(by=world.own.actor(Role.CASE_SYSTEM), child=world.own.child, fact=Fact.TERM_START, on=timezone.localdate(), subject=uuid4())
    duty = duty_of(world, "contacts_checked")
    client, address = world.client(Role.DESIGNATED_PERSON), url("child_duty_hand", duty)
    assert colleague.user.name in body(client.get(address))
    assert "Choose who looks after it from now on" in body(client.post(address, {}))
    outsider = world.own.user(Role.SOCIAL_WORKER).pk
    assert client.post(address, {"colleague": outsider}).status_code == 200
    assert client.post(address, {"colleague": colleague.user_id}).status_code == 302
    assert f"Handed to {colleague.user.name}" in page(world, Role.FOSTER_CARER)
    assert signed_in(colleague).post(address, {"colleague": "back"}).status_code == 302
    assert duty_of(world, "contacts_checked").handed_to_id is None


@pytest.mark.req("DL-05", "DL-06")
def test_the_card_tells_what_became_of_it(world: World) -> None:
    by, duty = world.own.actor(Role.CASE_SYSTEM), duty_of(world, "pep_initiated_emergency")
    with serving(by):
        correct_fact(by=by, child=world.own.child, subject=duty.subject, on=duty.trigger_on - DAY)
    shown = page(world, Role.SOCIAL_WORKER)
    assert "Was due on" in shown
    assert world.own.user(Role.CASE_SYSTEM).name in shown
    with serving(by):
        leave_care(by=by, episode=world.own.episode, on=by.today, reason="died")
    ended = page(world, Role.LACE_COORDINATOR)
    assert "Died" in ended
    assert "Nothing is open" in ended


def test_a_page_costs_no_more_statements_with_more_duties(world: World) -> None:
    client, address = world.client(Role.SOCIAL_WORKER), reverse("child_duties", args=[world.own.child.pk])
    before = cost(client, address)
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        for code in ("care_plan", "placement_plan"):
            ask_waiver(by=by, duty=duty_of(world, code), reason="Short breaks", exemption="short_breaks")
    assert cost(client, address) <= before + 1  # the names of those who changed something


# -- duties of a body --------------------------------------------------------------------------------------------------------


def body_duty(world: World, authority: Any, school: Organisation | None, fact: Fact, code: str, ago: int = 0) -> BodyDuty:
    by = authority.actor(Role.LACE_COORDINATOR)
    on = timezone.localdate() - timedelta(days=ago)
    with serving(by):
        open_body_duties(by=by, authority=authority.row, body=school, fact=fact, on=on, subject=uuid4())
        return BodyDuty.objects.select_related("body", "authority").filter(authority=authority.row, body=school, code=code)[0]


def test_a_school_records_its_own_and_sees_no_others(world: World) -> None:
    mine = body_duty(world, world.own, world.own.school.organisation, Fact.PUPIL_LEFT, "pupil_left_told")
    next_door = body_duty(world, world.own, make_school(world.own.row).organisation, Fact.PUPIL_LEFT, "pupil_left_told")
    client, address = world.client(Role.HEADTEACHER), reverse("body_duty_done", args=[mine.pk])
    shown = body(client.get(reverse("body_duties")))
    assert address in shown
    assert next_door.body is not None
    assert next_door.body.name not in shown
    assert client.post(reverse("body_duty_done", args=[next_door.pk]), {}).status_code == 404
    assert "Say what was done" in body(client.post(address, typed("on", timezone.localdate())))
    assert client.post(address, {**typed("on", timezone.localdate()), "what": "Letter of today"}).status_code == 302
    assert "Letter of today" in body(client.get(reverse("body_duties")))
    again = reverse("body_duty_undo", args=[mine.pk])
    assert again in body(client.get(reverse("body_duties")))
    assert "Letter of today" in body(client.get(again))
    assert client.post(again).status_code == 302
    assert address in body(client.get(reverse("body_duties")))
    assert client.post(again).status_code == 200  # nothing is left to open again
    assert client.post(address, {**typed("on", timezone.localdate()), "what": "Letter of today"}).status_code == 302
    everything = body(world.client(Role.LACE_COORDINATOR).get(reverse("body_duties")))
    assert next_door.body.name in everything
    assert reverse("body_duty_done", args=[next_door.pk]) in everything
    governor = body(world.client(Role.GOVERNOR).get(reverse("body_duties")))
    assert "Letter of today" in governor
    for role in (Role.HEADTEACHER, Role.LACE_COORDINATOR):
        assert world.client(role, world.other).get(address).status_code == 404
    for role in (Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.ADMINISTRATOR):
        assert world.client(role).get(reverse("body_duties")).status_code == 403
        assert world.client(role).get(address).status_code == 403


def test_an_authority_says_why_it_is_late(world: World) -> None:
    duty = body_duty(world, world.own, None, Fact.QUARTER, "members_informed", ago=200)
    leader = world.client(Role.SENIOR_LEADER)
    assert duty.authority.name in body(leader.get(reverse("body_duties")))
    address = reverse("body_duty_reason", args=[duty.pk])
    assert leader.get(address).status_code == 403  # the LACE coordinator's
    client = world.client(Role.LACE_COORDINATOR)
    assert "Write why it is late" in body(client.post(address, {"reason": " "}))
    assert client.post(address, {"reason": "The panel did not meet"}).status_code == 302
    assert "The panel did not meet" in body(client.get(reverse("body_duties")))
    late = {**typed("on", timezone.localdate()), "what": "Told"}
    assert client.post(reverse("body_duty_done", args=[duty.pk]), late).status_code == 302  # the reason stands already
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert BodyDuty.objects.get(pk=duty.pk).outcome == "late"


# -- who is away -------------------------------------------------------------------------------------------------------------


@pytest.mark.req("DL-10")
def test_i_am_away_and_somebody_stands_in(world: World) -> None:
    colleague = person(Role.SOCIAL_WORKER, world.own.row).user
    client, today = world.client(Role.SOCIAL_WORKER), timezone.localdate()
    assert reverse("away") in body(client.get(reverse("account")))
    assert colleague.name in body(client.get(reverse("away")))
    wrong = body(client.post(reverse("away"), {**typed("starts_on", today), **typed("ends_on", today)}))
    assert "The day back must be after the first day away" in wrong
    sent = {**typed("starts_on", today), **typed("ends_on", today + 3 * DAY), "stand_in": colleague.pk}
    assert client.post(reverse("away"), sent).status_code == 302
    assert f"{colleague.name} stands in" in body(client.get(reverse("away")))
    assert "overlap an absence" in body(client.post(reverse("away"), sent))
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        row = Absence.objects.get()
    back = reverse("away_back", args=[row.pk])
    assert world.client(Role.IRO).post(back).status_code == 404
    assert world.client(Role.ADMINISTRATOR, world.other).post(back).status_code == 404
    assert client.get(back).status_code == 405
    assert client.post(back).status_code == 302
    assert "No absence is entered" in body(client.get(reverse("away")))
    for role in (Role.CHILD, Role.FOSTER_CARER, Role.RESIDENTIAL_WORKER, Role.ADMINISTRATOR):  # no duties; no carer is told of another
        assert world.client(role).get(reverse("away")).status_code == 403
        assert reverse("away") not in body(world.client(role).get(reverse("account")))


def test_for_others_by_their_address(world: World) -> None:
    client, today = world.client(Role.LACE_COORDINATOR), timezone.localdate()
    sent = {**typed("starts_on", today), **typed("ends_on", today + 3 * DAY)}
    stranger = world.other.user(Role.SOCIAL_WORKER).email
    refused = body(client.post(reverse("away_others"), sent | {"person": stranger}))
    assert "Nobody who works with Lace in your authority" in refused
    assert stranger in refused
    worker = world.own.user(Role.SOCIAL_WORKER)
    assert client.post(reverse("away_others"), sent | {"person": worker.email.upper()}).status_code == 302
    assert worker.name in body(client.get(reverse("away_others")))
    assert worker.name not in body(world.client(Role.LACE_COORDINATOR, world.other).get(reverse("away_others")))
    assert world.client(Role.IRO).get(reverse("away_others")).status_code == 403
