"""The life of a duty through its services: recorded, opened again, handed on, waived, ended with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from lace.accounts.access import Role
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership
from lace.children.models import Child
from lace.children.rules import EndReason
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.database.context import use
from lace.deadlines.history import history
from lace.deadlines.models import Duty, Waiver
from lace.deadlines.rules import RULES, Fact, Force
from lace.deadlines.services import bring_forward, correct_fact, open_duties
from lace.deadlines.services.life import close_past_age, colleagues, hand_to, record_done, undo
from lace.deadlines.services.waivers import ask_waiver, decide_waiver
from lace.notifications.kinds import KINDS
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.services.entry import leave_care
from tests.schools.test_handover import proposed, taken
from tests.world import World, enter, person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOTE = "Care and support plan, signed; case system, document 12"


def duty_of(world: World, code: str, child: Child | None = None) -> Duty:
    """The child's duty of this code, as the LACE coordinator sees it."""
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        return Duty.objects.select_related("child__authority").filter(child=child or world.own.child, code=code).order_by("due_on")[0]


def made_late(world: World, code: str = "care_plan") -> Duty:
    """The duty of a child who came into care long ago."""
    child = enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))[0]
    return duty_of(world, code, child)


def is_told(kind: str, membership: Membership) -> bool:
    """Does this person find a message of the kind? Only its recipient does."""
    with serving(actor_for(membership, today=timezone.localdate())):
        return Notification.objects.filter(kind=kind, recipient=membership.user).exists()


# -- done outside Lace ------------------------------------------------------------------------------------------------------


@pytest.mark.req("DL-01", "DL-09")
def test_what_is_done_outside_is_recorded_with_its_day_and_document(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    with serving(by):
        closed = record_done(by=by, duty=duty, on=by.today, what=f" {NOTE} ")
    assert (closed.outcome, closed.closed_on, closed.done_note, closed.next_look_on) == ("on_time", by.today, NOTE, None)
    with serving(by), pytest.raises(Refused):
        record_done(by=by, duty=duty, on=by.today, what=NOTE)


@pytest.mark.req("DL-07", "DL-09", "SW-14")
def test_what_is_recorded_late_asks_why(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), made_late(world)
    with serving(by):
        with pytest.raises(BadInput) as refused:
            record_done(by=by, duty=duty, on=by.today, what=NOTE)
        assert set(refused.value.problems) == {"reason"}
        closed = record_done(by=by, duty=duty, on=by.today, what=NOTE, reason="The placement broke down")
    assert (closed.outcome, closed.reason, closed.due_on) == ("late", "The placement broke down", duty.due_on)


def test_the_day_is_no_day_to_come_and_none_before_the_clock(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    for wrong in ({"on": by.today + DAY}, {"on": duty.trigger_on - DAY}, {"what": "  "}, {"what": "x" * 501}):
        with serving(by), pytest.raises(BadInput):
            record_done(**{"by": by, "duty": duty, "on": by.today, "what": NOTE} | wrong)  # type: ignore[arg-type]  # wrong on purpose
    assert duty_of(world, "care_plan").closed_on is None


def test_what_lace_sees_by_itself_is_not_recorded(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "pep_initiated_emergency")
    with serving(by), pytest.raises(Refused):
        record_done(by=by, duty=duty, on=by.today, what=NOTE)
    assert duty_of(world, "pep_initiated_emergency").closed_on is None


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER])
def test_who_answers_for_it_may_record_it(world: World, role: Role) -> None:
    by = world.own.actor(role)
    with serving(by):
        assert record_done(by=by, duty=duty_of(world, "care_plan"), on=by.today, what=NOTE).outcome == "on_time"


@pytest.mark.parametrize("role", [Role.IRO, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.FOSTER_CARER, Role.CHILD, Role.PEP_REVIEWER])
def test_others_around_the_child_may_not(world: World, role: Role) -> None:
    by, duty = world.own.actor(role), duty_of(world, "care_plan")
    for act in (
        lambda: record_done(by=by, duty=duty, on=by.today, what=NOTE),
        lambda: hand_to(by=by, duty=duty, colleague=None),
        lambda: ask_waiver(by=by, duty=duty, reason="No"),
        lambda: undo(by=by, duty=duty),
    ):
        with serving(by), pytest.raises(NotAllowed):
            act()
    assert duty_of(world, "care_plan").closed_on is None


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER])
def test_strangers_with_children_of_their_own_may_do_nothing(world: World, role: Role) -> None:
    duty, stranger = duty_of(world, "care_plan"), world.other.actor(role)
    with serving(stranger), pytest.raises(NotAllowed):
        record_done(by=stranger, duty=duty, on=stranger.today, what=NOTE)
    with serving(stranger), pytest.raises(NotAllowed):
        ask_waiver(by=stranger, duty=duty, reason="No")
    assert duty_of(world, "care_plan").closed_on is None


def test_the_designated_manager_answers_for_social_care_only(world: World) -> None:
    by = world.own.actor(Role.DESIGNATED_MANAGER)
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        open_duties(by=by, child=world.own.child, fact=Fact.TERM_START, on=by.today, subject=uuid4())
    with serving(by), pytest.raises(NotAllowed):
        record_done(by=by, duty=duty_of(world, "contacts_checked"), on=by.today, what=NOTE)


def test_a_wrong_record_is_opened_again_with_its_old_day(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    with serving(by):
        record_done(by=by, duty=duty, on=by.today, what=NOTE)
        opened = undo(by=by, duty=duty)
        assert (opened.closed_on, opened.outcome, opened.done_note, opened.due_on) == (None, "", "", duty.due_on)
        assert opened.next_look_on == duty.next_look_on
        assert "opened again" in history(world.own.child, [duty])[duty.pk][-1]
        with pytest.raises(Refused):
            undo(by=by, duty=duty)
    notes = Duty.pgh_event_model.objects.filter(id=duty.pk).values_list("done_note", flat=True)  # type: ignore[attr-defined]  # made by pghistory
    with serving(by):
        assert NOTE in notes


def test_what_followed_from_a_wrong_record_goes_and_comes_back(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "visit_first")
    with serving(by):
        record_done(by=by, duty=duty, on=by.today, what="Visited")
        after = Duty.objects.get(subject=duty.pk)
        undo(by=by, duty=duty)
        assert Duty.objects.get(pk=after.pk).outcome == "not_applicable"
        record_done(by=by, duty=duty, on=by.today - DAY, what="Visited")
        again = Duty.objects.get(pk=after.pk)
    assert (again.closed_on, again.trigger_on, again.due_on) == (None, by.today - DAY, after.due_on - DAY)


# -- handed to a colleague ---------------------------------------------------------------------------------------------------


@pytest.mark.req("DL-10")
def test_a_duty_is_handed_to_a_colleague_who_then_looks_after_it(world: World) -> None:
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        open_duties(by=world.own.actor(Role.CASE_SYSTEM), child=world.own.child, fact=Fact.TERM_START, on=timezone.localdate(), subject=uuid4())
    duty = duty_of(world, "contacts_checked")
    by, member = world.own.actor(Role.DESIGNATED_PERSON), person(Role.DESIGNATED_PERSON, world.own.row, world.own.school.organisation)
    colleague = member.user
    with serving(by):
        assert colleagues(by=by, duty=duty) == [colleague]
        assert hand_to(by=by, duty=duty, colleague=colleague).handed_to == colleague
        assert any(colleague.name in line for line in history(world.own.child, [duty])[duty.pk])
        hand_to(by=by, duty=duty, colleague=None)
    assert duty_of(world, "contacts_checked").handed_to is None
    assert is_told("duty_handed", member)
    assert not is_told("duty_handed", world.own.members[Role.DESIGNATED_PERSON])


def test_nobody_gets_a_duty_who_may_not_see_the_child_or_has_another_role(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    unnamed = person(Role.SOCIAL_WORKER, world.own.row).user
    for wrong in (unnamed, world.own.user(Role.IRO), world.other.user(Role.SOCIAL_WORKER)):
        with serving(by), pytest.raises(BadInput):
            hand_to(by=by, duty=duty, colleague=wrong)
    assert duty_of(world, "care_plan").handed_to is None


# -- need it be done? --------------------------------------------------------------------------------------------------------


@pytest.mark.req("DL-07")
@pytest.mark.parametrize("code", ["review_first_regulation", "visit_first"])
def test_nobody_drops_what_the_law_requires(world: World, code: str) -> None:
    duty = duty_of(world, code)
    for role in (Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER):
        by = world.own.actor(role)
        with serving(by), pytest.raises(Refused) as refused:
            ask_waiver(by=by, duty=duty, reason="We are busy", exemption="short_breaks")
        assert "Nobody can extend it or drop it" in str(refused.value.problems[""][0])


@pytest.mark.req("DL-07", "DL-09", "SW-14")
def test_by_law_not_applicable_is_the_designated_managers_to_decide(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    with serving(by):
        for wrong in ("", "no_pep", "busy"):
            with pytest.raises(BadInput):
                ask_waiver(by=by, duty=duty, reason="A care order", exemption=wrong)
        waiver = ask_waiver(by=by, duty=duty, reason="A care order", exemption="care_order")
        with pytest.raises(Refused):
            ask_waiver(by=by, duty=duty, reason="Again", exemption="care_order")
        assert duty_of(world, "care_plan").closed_on is None
    assert is_told("waiver_asked", world.own.members[Role.DESIGNATED_MANAGER])
    assert not is_told("waiver_asked", world.own.members[Role.LACE_COORDINATOR])
    for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON):
        with serving(world.own.actor(role)), pytest.raises(NotAllowed):
            decide_waiver(by=world.own.actor(role), waiver=waiver, agreed=True, answer="Yes")
    manager = world.own.actor(Role.DESIGNATED_MANAGER)
    with serving(manager):
        with pytest.raises(BadInput):
            decide_waiver(by=manager, waiver=waiver, agreed=True, answer=" ")
        decide_waiver(by=manager, waiver=waiver, agreed=True, answer="The order is of 3 June")
        with pytest.raises(Refused):
            decide_waiver(by=manager, waiver=waiver, agreed=False, answer="No")
    closed = duty_of(world, "care_plan")
    assert (closed.outcome, closed.due_on, closed.reason) == ("not_applicable", duty.due_on, "A care order")
    with serving(manager):  # a corrected entry does not open it again
        correct_fact(by=manager, child=world.own.child, subject=closed.subject, on=closed.trigger_on - DAY)
    assert duty_of(world, "care_plan").outcome == "not_applicable"


@pytest.mark.req("DL-09")
def test_another_agrees_that_guidance_need_not_be_followed(world: World) -> None:
    by, duty = world.own.actor(Role.LACE_COORDINATOR), duty_of(world, "information_meeting", new_school(world))
    with serving(by):
        waiver = ask_waiver(by=by, duty=duty, reason="The same site")
        assert waiver.exemption == ""
        with pytest.raises(NotAllowed):  # not one's own
            decide_waiver(by=by, waiver=waiver, agreed=True, answer="Yes")
    stranger = world.other.actor(Role.DESIGNATED_MANAGER)
    with serving(stranger), pytest.raises(NotAllowed):
        decide_waiver(by=stranger, waiver=waiver, agreed=True, answer="Yes")
    manager = world.own.actor(Role.DESIGNATED_MANAGER)
    with serving(manager):
        decide_waiver(by=manager, waiver=waiver, agreed=True, answer="Agreed")
        assert Duty.objects.get(pk=duty.pk).outcome == "waived"
    assert is_told("waiver_agreed", world.own.members[Role.LACE_COORDINATOR])


def new_school(world: World) -> Child:
    """The child, with the duties of a start at a new school."""
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        open_duties(by=world.own.actor(Role.CASE_SYSTEM), child=world.own.child, fact=Fact.SCHOOL_START, on=timezone.localdate(), subject=uuid4())
    return world.own.child


def test_refused_it_stays_due(world: World) -> None:
    by, duty = world.own.actor(Role.SOCIAL_WORKER), duty_of(world, "care_plan")
    with serving(by):
        waiver = ask_waiver(by=by, duty=duty, reason="Short breaks", exemption="short_breaks")
    manager = world.own.actor(Role.DESIGNATED_MANAGER)
    with serving(manager):
        decide_waiver(by=manager, waiver=waiver, agreed=False, answer="More than 120 days")
        assert Waiver.objects.get(pk=waiver.pk).answer == "More than 120 days"
    kept = duty_of(world, "care_plan")
    assert (kept.closed_on, kept.due_on, kept.next_look_on) == (None, duty.due_on, duty.next_look_on)


# -- the other ends (DL-06), and what was corrected (DL-05) ------------------------------------------------------------------


@pytest.mark.req("DL-06")
@pytest.mark.parametrize(
    ("reason", "outcome", "because"),
    [
        (EndReason.ADOPTED, "care_ended", "adopted"),
        (EndReason.DIED, "care_ended", "died"),
        (EndReason.OTHER_AUTHORITY, "transferred", "other_authority"),
        (EndReason.RETURNED_HOME, "care_ended", "care_ended"),
    ],
)
def test_the_end_of_care_closes_what_is_open_with_its_reason(world: World, reason: str, outcome: str, because: str) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        open_before = set(Duty.objects.open().filter(child=world.own.child).values_list("pk", flat=True))
        leave_care(by=by, episode=world.own.episode, on=by.today, reason=reason)
    with serving(world.own.actor(Role.LACE_COORDINATOR)):  # after an adoption nobody else of the authority
        ended = Duty.objects.filter(pk__in=open_before)
        assert {(duty.outcome, duty.ended_because, duty.closed_on) for duty in ended} == {(outcome, because, by.today)}
        assert open_before


def test_of_a_duty_that_is_closed_no_reminder_goes_out(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        still, done = Duty.objects.open().filter(child=world.own.child).order_by("pk")[:2]
        Duty.objects.filter(pk=done.pk).update(closed_on=by.today, outcome="on_time", next_look_on=None)
        for code in ("duty_soon", "duty_today", "duty_late"):
            stands = KINDS[code].stands
            assert stands is not None
            assert stands({still.pk, done.pk, uuid4()}) == {still.pk}


@pytest.mark.req("DL-06")
def test_at_eighteen_what_is_owed_to_children_ends_and_what_is_owed_to_leavers_goes_on(world: World) -> None:
    today = timezone.localdate()
    born = date(today.year - 18, today.month, 1)
    by = world.own.actor(Role.CASE_SYSTEM)
    grown = enter(world.own, entered_on=today - timedelta(days=400), born_on=born)[0]
    with serving(by):
        open_duties(by=by, child=grown, fact=Fact.HALF_BIRTHDAY, on=born.replace(year=born.year + 17), subject=uuid4())
    job = Actor.named_job("reconcile", today=today)
    with transaction.atomic(), use(context_of(job)):
        assert close_past_age(by=job) > 0
        assert close_past_age(by=job) == 0
    with serving(by):
        left = set(Duty.objects.open().filter(child=grown).values_list("code", flat=True))
        ended = Duty.objects.filter(child=grown, ended_because="age_limit")
        assert {(duty.outcome, duty.closed_on) for duty in ended} == {("care_ended", date(today.year, today.month, 1))}
        assert "review_first_regulation" in {duty.code for duty in ended}
        assert left == {"pathway_reviewed"}
        assert not Duty.objects.filter(child=world.own.child, ended_because="age_limit").exists()


@pytest.mark.req("DL-05")
def test_a_corrected_fact_shows_the_old_day_and_who_corrected_it(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    duty = duty_of(world, "pep_initiated_emergency")
    with serving(by):
        correct_fact(by=by, child=world.own.child, subject=duty.subject, on=duty.trigger_on - 7 * DAY)
        bring_forward(by=by, child=world.own.child, code="pep_developed", due_on=by.today)
        lines = history(world.own.child, Duty.objects.filter(child=world.own.child))
    (line,) = lines[duty.pk]
    assert date_format(duty.due_on, "DATE_FORMAT") in line
    assert "was corrected on" in line
    assert world.own.user(Role.CASE_SYSTEM).name in line
    brought = duty_of(world, "pep_developed")
    assert any("brought forward" in text for text in lines[brought.pk])


def test_an_encouraged_duty_is_recorded_late_without_a_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "care_plan", replace(RULES["care_plan"], force=Force.ENCOURAGED))
    by, duty = world.own.actor(Role.SOCIAL_WORKER), made_late(world)
    with serving(by):
        assert record_done(by=by, duty=duty, on=by.today, what=NOTE).outcome == "late"


@pytest.mark.req("DL-06")
def test_a_hand_over_leaves_the_days_and_takes_the_colleague_away(world: World) -> None:
    by, duty = world.own.actor(Role.DESIGNATED_MANAGER), duty_of(world, "care_plan")
    with serving(by):
        hand_to(by=by, duty=duty, colleague=world.own.user(Role.SOCIAL_WORKER))
    taken(world, proposed(world))
    taker = world.other.actor(Role.LACE_COORDINATOR)
    with serving(taker):
        now = Duty.objects.get(pk=duty.pk)
        assert (now.authority_id, now.due_on, now.closed_on, now.handed_to) == (world.other.row.pk, duty.due_on, None, None)
    worker = world.other.actor(Role.SOCIAL_WORKER)
    with serving(worker):
        assert any("another authority" in line for line in history(world.own.child, [duty])[duty.pk])
