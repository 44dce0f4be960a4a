"""A change of school in Years 10 and 11 waits for the nominated officer (regulation 11; T70)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.children.models import Child
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from schools.models import Enrolment, MoveApproval
from schools.services.moves import approve_move
from schools.services.register import enrol
from tests.reporting.pages import body
from tests.world import World, enter, make_school

pytestmark = pytest.mark.django_db
THREE = {
    "heard": "Seen alone on 3 May",
    "shaped": "A later start, as she asked",
    "promoted": "The same options are taught",
    "fits": "As target 2 has it",
}


@pytest.fixture
def moved(world: World) -> Enrolment:
    """A child in Year 10 starts at another school today."""
    today = timezone.localdate()
    ten = today.year - 15 if today.month >= 9 else today.year - 16  # fourteen on 31 August, and in Year 10 since
    child = enter(world.own, entered_on=today - timedelta(days=9), born_on=date(ten, 10, 1))[0]
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        return enrol(by=by, child=child, school=make_school(world.own.row), on=today)


def open_duty(world: World, move: Enrolment) -> Duty | None:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        return Duty.objects.open().filter(subject=move.pk, code="ks4_move_approved").first()


@pytest.mark.req("T70", "VOICE-03")
def test_the_officer_approves_with_the_three_statements(world: World, moved: Enrolment) -> None:
    assert open_duty(world, moved) is not None
    by = world.own.actor(Role.DESIGNATED_MANAGER)
    with serving(by):
        for missing in THREE:
            with pytest.raises(BadInput) as refused:
                approve_move(by=by, enrolment=moved, **THREE | {missing: " "})
            assert set(refused.value.problems) == {missing}
        approval = approve_move(by=by, enrolment=moved, **THREE)
        duty = Duty.objects.get(subject=moved.pk, code="ks4_move_approved")
        assert (duty.outcome, duty.evidence) == ("on_time", approval.pk)
        with pytest.raises(Refused):
            approve_move(by=by, enrolment=moved, **THREE)


@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON, Role.CASE_SYSTEM])
def test_nobody_else_approves(world: World, moved: Enrolment, role: Role) -> None:
    for by in (world.own.actor(role), world.other.actor(Role.DESIGNATED_MANAGER)):
        with serving(by), pytest.raises(NotAllowed):
            approve_move(by=by, enrolment=moved, **THREE)
    assert open_duty(world, moved) is not None


@pytest.mark.req("T70")
def test_a_move_of_a_younger_child_needs_no_approval(world: World) -> None:
    by, manager = world.own.actor(Role.CASE_SYSTEM), world.own.actor(Role.DESIGNATED_MANAGER)
    child = enter(world.own, entered_on=by.today - timedelta(days=9), born_on=date(by.today.year - 9, 1, 1))[0]
    with serving(by):
        move = enrol(by=by, child=child, school=make_school(world.own.row), on=by.today)
    assert open_duty(world, move) is None
    with serving(manager), pytest.raises(Refused):
        approve_move(by=manager, enrolment=move, **THREE)


@pytest.mark.req("T70")
def test_the_list_says_what_took_effect_unapproved_and_leads_to_the_form(world: World, moved: Enrolment) -> None:
    manager = world.client(Role.DESIGNATED_MANAGER)
    address = reverse("child_move_approve", args=[moved.child_id, moved.pk])
    page = body(manager.get(reverse("moves")))
    assert address in page
    assert "Not approved, and it took effect" in page
    seen = body(world.client(Role.LACE_COORDINATOR).get(reverse("moves")))
    assert "Not approved" in seen
    assert address not in seen
    assert "No move waits" in body(world.client(Role.DESIGNATED_MANAGER, world.other).get(reverse("moves")))
    assert world.client(Role.SOCIAL_WORKER).get(reverse("moves")).status_code == 403
    assert world.client(Role.LACE_COORDINATOR).post(address, THREE).status_code == 403
    assert world.client(Role.DESIGNATED_MANAGER, world.other).post(address, THREE).status_code == 404
    wrong = body(manager.post(address, THREE | {"fits": ""}))
    assert "Say how the move fits" in wrong
    assert "Seen alone on 3 May" in wrong
    assert manager.post(address, THREE).status_code == 302
    assert "No move waits" in body(manager.get(reverse("moves")))
    with serving(world.own.actor(Role.DESIGNATED_MANAGER)):
        assert MoveApproval.objects.get(enrolment=moved).heard == "Seen alone on 3 May"


@pytest.mark.req("VOICE-03")
def test_no_move_is_approved_without_the_childs_views_and_what_they_changed_and_both_can_be_read(world: World, moved: Enrolment) -> None:
    manager = world.client(Role.DESIGNATED_MANAGER)
    address = reverse("child_move_approve", args=[moved.child_id, moved.pk])
    for missing in ("heard", "shaped"):
        assert manager.post(address, THREE | {missing: " "}).status_code == 200
        assert open_duty(world, moved) is not None
    assert "If it goes against them, say why" in body(manager.post(address, THREE | {"shaped": ""}))
    assert manager.post(address, THREE).status_code == 302
    page = body(world.client(Role.LACE_COORDINATOR).get(reverse("child_school", args=[moved.child_id])))
    assert page.index("Seen alone on 3 May") < page.index("A later start, as she asked")


@pytest.mark.req("PRIV-17")
def test_teachers_and_form_tutors_of_the_school_before_see_nothing_from_the_day(world: World) -> None:
    child, by = world.own.child, world.own.actor(Role.CASE_SYSTEM)
    there = [world.own.actor(role) for role in (Role.TEACHER, Role.DELEGATE)]

    def seeing() -> list[str]:
        found = []
        for reader in there:
            with serving(reader):
                found += [str(reader.role)] * Child.objects.visible_to(reader).filter(pk=child.pk).exists()
        return found

    assert seeing() == ["teacher", "delegate"]
    with serving(by):
        enrol(by=by, child=child, school=make_school(world.own.row), on=by.today)
    assert seeing() == []
