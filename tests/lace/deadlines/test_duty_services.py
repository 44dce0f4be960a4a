"""Duties through the services, as people of an authority and as strangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES, Fact, Force
from lace.deadlines.services import bring_forward, close_all, correct_fact, explain_lateness, meet, open_duties
from lace.web.middleware import serving
from tests.world import World

ENTERED = date(2024, 12, 18)  # 10 working days: 6 January; 20 days: 7 January; 28 days: 15 January; 20 working days: 20 January
FIRST = {
    "entry_recorded": date(2024, 12, 19),
    "pep_initiated_emergency": date(2025, 1, 6),
    "pep_developed": date(2025, 1, 7),
    "pep_for_first_review": date(2025, 1, 15),
    "review_first_guidance": date(2025, 1, 15),
    "review_first_regulation": date(2025, 1, 20),
}


@pytest.fixture
def subject(world: World) -> Iterator[UUID]:
    """A second entry of the child, long ago, with its duties open; everything is done as the case system."""
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        key = uuid4()
        open_duties(by=by, child=world.own.child, fact=Fact.EMERGENCY_ENTRY, on=ENTERED, subject=key)
        yield key


def of(subject: UUID) -> dict[str, Duty]:
    return {duty.code: duty for duty in Duty.objects.filter(subject=subject)}


@pytest.mark.req("DL-01", "PEP-02", "PEP-04", "REV-01")
def test_an_entry_opens_every_duty_with_its_facts(world: World, subject: UUID) -> None:
    duties = of(subject)
    assert {code: duty.due_on for code, duty in duties.items()} == FIRST
    started = duties["pep_initiated_emergency"]
    assert (started.fact, started.clock, started.trigger_on, started.rule_version, started.role) == (
        Fact.EMERGENCY_ENTRY,
        "working",
        ENTERED,
        1,
        Role.SOCIAL_WORKER,
    )
    assert (started.next_rung, started.next_look_on) == (0, date(2025, 1, 3))  # three days before
    assert started.authority_id == world.own.child.authority_id


def test_opening_again_changes_nothing(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    before = {duty.pk: duty.due_on for duty in of(subject).values()}
    again = open_duties(by=by, child=world.own.child, fact=Fact.EMERGENCY_ENTRY, on=ENTERED + timedelta(days=9), subject=subject)
    assert {duty.pk: duty.due_on for duty in again} == before
    assert [duty.due_on for duty in again] == sorted(before.values())


@pytest.mark.req("PEP-05", "AMB-01", "DL-11")
def test_the_authoritys_clock_is_honoured(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    child = world.own.child
    with serving(by):
        child.authority.developed_clock = "working"
        key = uuid4()
        open_duties(by=by, child=child, fact=Fact.SCHOOL_START, on=date(2025, 3, 1), subject=key)
        duty = of(key)["pep_developed_new_school"]
    assert (duty.due_on, duty.clock) == (date(2025, 3, 28), "working")


@pytest.mark.req("DL-09")
@pytest.mark.parametrize(("on", "outcome"), [(date(2025, 1, 6), "on_time"), (date(2025, 1, 7), "late")])
def test_a_met_duty_is_on_time_up_to_its_due_date(world: World, subject: UUID, on: date, outcome: str) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    evidence = uuid4()
    with serving(by):
        assert meet(by=by, child=world.own.child, codes=["pep_initiated_emergency", "pep_initiated_planned"], on=on, evidence=evidence) >= 1
        duty = of(subject)["pep_initiated_emergency"]
        assert (duty.outcome, duty.closed_on, duty.next_look_on, duty.evidence) == (outcome, on, None, evidence)
        assert meet(by=by, child=world.own.child, codes=["pep_initiated_emergency"], on=on) == 0


@pytest.mark.req("PEP-03")
def test_a_planned_entry_is_late_from_the_next_day(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        key = uuid4()
        open_duties(by=by, child=world.own.child, fact=Fact.PLANNED_ENTRY, on=ENTERED, subject=key)
        duty = of(key)["pep_initiated_planned"]
        assert not duty.is_overdue(ENTERED)
        assert duty.is_overdue(ENTERED + timedelta(days=1))
        assert duty.days_late(ENTERED + timedelta(days=3)) == 3
        assert duty in Duty.objects.overdue_on(ENTERED + timedelta(days=1))
        assert duty not in Duty.objects.overdue_on(ENTERED)


@pytest.mark.req("AMB-07")
def test_what_is_only_encouraged_is_never_overdue(subject: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "pep_developed", replace(RULES["pep_developed"], force=Force.ENCOURAGED))
    duty = of(subject)["pep_developed"]
    assert not duty.is_overdue(date(2025, 6, 1))
    assert duty not in Duty.objects.overdue_on(date(2025, 6, 1))
    assert duty.days_late(date(2025, 1, 8)) == 1


@pytest.mark.req("AMB-02", "REV-15", "PEP-04")
def test_an_earlier_review_brings_the_plan_forward_and_a_later_one_moves_nothing(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        move: dict[str, Any] = {"by": by, "child": world.own.child, "code": "pep_for_first_review"}
        Duty.objects.exclude(subject=subject).update(closed_on=ENTERED, outcome="on_time", next_look_on=None)
        assert bring_forward(**move, due_on=date(2025, 1, 10)) == 1
        duty = of(subject)["pep_for_first_review"]
        assert (duty.due_on, duty.brought_to, duty.ladder_round) == (date(2025, 1, 10), date(2025, 1, 10), 1)
        assert (duty.next_rung, duty.next_look_on) == (0, date(2025, 1, 3))
        assert bring_forward(**move, due_on=date(2025, 1, 20)) == 0
        assert bring_forward(**move, due_on=date(2025, 1, 10)) == 0
        assert of(subject)["pep_for_first_review"].due_on == date(2025, 1, 10)


@pytest.mark.req("DL-05")
def test_a_corrected_entry_recomputes_open_and_closed_duties_and_the_audit_keeps_the_old_day(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    child = world.own.child
    with serving(by):
        meet(by=by, child=child, codes=["pep_initiated_emergency"], on=date(2025, 1, 6), reason="Snow closed the office")
        assert of(subject)["pep_initiated_emergency"].outcome == "on_time"
        assert correct_fact(by=by, child=child, subject=subject, on=date(2024, 12, 11)) == len(FIRST)
        duties = of(subject)
        assert {code: duty.due_on for code, duty in duties.items()} == {
            "entry_recorded": date(2024, 12, 12),
            "pep_initiated_emergency": date(2024, 12, 27),
            "pep_developed": date(2024, 12, 31),
            "pep_for_first_review": date(2025, 1, 8),
            "review_first_guidance": date(2025, 1, 8),
            "review_first_regulation": date(2025, 1, 13),
        }
        met = duties["pep_initiated_emergency"]
        assert (met.outcome, met.closed_on, met.reason, met.next_look_on) == ("late", date(2025, 1, 6), "Snow closed the office", None)
        assert (duties["pep_developed"].ladder_round, duties["pep_developed"].next_look_on) == (1, date(2024, 12, 24))
        kept = apps.get_model("deadlines", "DutyEvent").objects.filter(id=met.pk).order_by("pgh_id").values_list("due_on", "outcome")
        assert list(kept) == [(date(2025, 1, 6), ""), (date(2025, 1, 6), "on_time"), (date(2024, 12, 27), "late")]
        assert correct_fact(by=by, child=child, subject=subject, on=date(2024, 12, 11)) == 0


@pytest.mark.req("DL-05", "AMB-02")
def test_a_correction_does_not_undo_what_the_review_brought_forward(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        bring_forward(by=by, child=world.own.child, code="pep_for_first_review", due_on=date(2025, 1, 3))
        correct_fact(by=by, child=world.own.child, subject=subject, on=ENTERED + timedelta(days=1))
        assert of(subject)["pep_for_first_review"].due_on == date(2025, 1, 3)
        correct_fact(by=by, child=world.own.child, subject=subject, on=date(2024, 12, 2))
        assert of(subject)["pep_for_first_review"].due_on == date(2024, 12, 30)


@pytest.mark.req("DL-05")
def test_an_entry_that_was_planned_after_all_and_back_again(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    correct: dict[str, Any] = {"by": by, "child": world.own.child, "subject": subject, "on": ENTERED}
    with serving(by):
        correct_fact(**correct, fact=Fact.PLANNED_ENTRY)
        duties = of(subject)
        assert duties["pep_initiated_emergency"].outcome == "not_applicable"
        assert (duties["pep_initiated_planned"].due_on, duties["pep_initiated_planned"].outcome) == (ENTERED, "")
        assert duties["pep_developed"].fact == Fact.PLANNED_ENTRY
        correct_fact(**correct, fact=Fact.EMERGENCY_ENTRY)
        duties = of(subject)
        assert (duties["pep_initiated_emergency"].outcome, duties["pep_initiated_emergency"].closed_on) == ("", None)
        assert duties["pep_initiated_emergency"].next_look_on == date(2025, 1, 3)
        assert duties["pep_initiated_planned"].outcome == "not_applicable"


@pytest.mark.req("DL-06", "DL-09")
def test_the_end_of_care_closes_every_open_duty_and_says_which_were_missed(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    child = world.own.child
    with serving(by):
        meet(by=by, child=child, codes=["pep_initiated_emergency"], on=ENTERED)
        close_all(by=by, child=child, on=date(2025, 1, 10), outcome=Duty.Outcome.CARE_ENDED, reason="Went home")
        assert not Duty.objects.open().filter(child=child).exists()
        duties = of(subject)
    assert duties["pep_initiated_emergency"].outcome == "on_time"
    assert {code for code, duty in duties.items() if duty.was_missed} == {"entry_recorded", "pep_developed"}
    assert duties["pep_developed"].reason == "Went home"
    assert duties["pep_developed"].next_look_on is None


def test_done_duties_are_not_closed_in_bulk(world: World) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by), pytest.raises(ValueError):
        close_all(by=by, child=world.own.child, on=ENTERED, outcome=Duty.Outcome.ON_TIME)


@pytest.mark.req("DL-07")
def test_lateness_takes_a_reason_and_no_other_day(world: World, subject: UUID) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        duty = of(subject)["pep_initiated_emergency"]
        for wrong in ("", "  ", "x" * 501):
            with pytest.raises(BadInput) as refused:
                explain_lateness(by=by, duty=duty, reason=wrong)
            assert list(refused.value.problems) == ["reason"]
        explain_lateness(by=by, duty=duty, reason=" The placement broke down twice ")
        after = of(subject)["pep_initiated_emergency"]
        assert (after.reason, after.due_on, after.next_look_on) == ("The placement broke down twice", duty.due_on, duty.next_look_on)
        meet(by=by, child=world.own.child, codes=["pep_initiated_emergency"], on=by.today)
        assert of(subject)["pep_initiated_emergency"].reason == "The placement broke down twice"


@pytest.mark.req("DL-07")
def test_what_is_not_late_needs_no_excuse(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        duty = Duty.objects.get(child=world.own.child, code="review_first_guidance")
        assert duty.due_on > timezone.localdate()
        with pytest.raises(Refused):
            explain_lateness(by=by, duty=duty, reason="In case")
        duty.refresh_from_db()
    assert duty.reason == ""


@pytest.mark.req("DL-07")
@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.CASE_SYSTEM])
def test_only_those_who_answer_for_it_explain(world: World, subject: UUID, role: Role) -> None:
    by = world.own.actor(role)
    with serving(by):
        duty = of(subject)["pep_initiated_emergency"]
        with pytest.raises(NotAllowed):
            explain_lateness(by=by, duty=duty, reason="Busy")


@pytest.mark.parametrize("role", list(Role))
def test_a_stranger_of_the_other_authority_finds_and_changes_nothing(world: World, subject: UUID, role: Role) -> None:
    stranger = world.other.actor(role)
    child = world.own.child
    with serving(stranger):
        assert not Duty.objects.filter(child=child).exists()
        assert not Duty.objects.all().visible_to(stranger).filter(child=child).exists()
        assert meet(by=stranger, child=child, codes=list(FIRST), on=ENTERED) == 0
        assert close_all(by=stranger, child=child, on=ENTERED, outcome=Duty.Outcome.WAIVED) == 0
        assert bring_forward(by=stranger, child=child, code="pep_developed", due_on=ENTERED) == 0
        assert correct_fact(by=stranger, child=child, subject=subject, on=date(2024, 1, 1)) == 0
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            open_duties(by=stranger, child=child, fact=Fact.SCHOOL_START, on=ENTERED, subject=uuid4())
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        assert {code: duty.due_on for code, duty in of(subject).items()} == FIRST


def test_nobody_sees_no_duty(world: World, subject: UUID) -> None:
    with serving(None):
        assert Duty.objects.count() == 0
