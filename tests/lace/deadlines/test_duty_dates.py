"""Due dates against hand-counted ones, and what a rule may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lace.accounts.access import Role
from lace.deadlines.rules import RULES, Fact, Force, Rung, declare, not_binding, opening, openings

CALENDAR = {"developed_clock": "calendar"}


def due(code: str, on: date, clocks: dict[str, str] = CALENDAR) -> date:
    fact = RULES[code].facts[0]
    return {made.code: made.due_on for made in openings(fact, on, clocks=clocks)}[code]


@pytest.mark.req("PEP-02", "DL-02")
@pytest.mark.parametrize(
    ("entered", "by"),
    [
        (date(2025, 3, 3), date(2025, 3, 17)),  # no holiday
        (date(2025, 1, 4), date(2025, 1, 17)),  # a Saturday: Monday is the first day counted
        (date(2024, 12, 18), date(2025, 1, 6)),  # Christmas Day, Boxing Day, New Year's Day
        (date(2025, 4, 10), date(2025, 4, 28)),  # Good Friday, Easter Monday
        (date(2021, 12, 20), date(2022, 1, 6)),  # three substitute days: 27 and 28 December, 3 January
        (date(2022, 5, 27), date(2022, 6, 14)),  # the spring holiday moved, and the Jubilee
        (date(2022, 9, 12), date(2022, 9, 27)),  # the state funeral
    ],
)
def test_an_emergency_gives_ten_working_days_to_start_the_plan(entered: date, by: date) -> None:
    assert due("pep_initiated_emergency", entered) == by


@pytest.mark.req("PEP-03")
def test_a_planned_entry_wants_the_plan_started_by_that_day() -> None:
    assert due("pep_initiated_planned", date(2025, 12, 25)) == date(2025, 12, 25)


@pytest.mark.req("PEP-05", "AMB-01")
@pytest.mark.parametrize(("clock", "by"), [("calendar", date(2025, 3, 21)), ("working", date(2025, 3, 28))])
@pytest.mark.parametrize("code", ["pep_developed", "pep_developed_new_school"])
def test_twenty_days_to_develop_the_plan_in_the_authoritys_unit(code: str, clock: str, by: date) -> None:
    assert due(code, date(2025, 3, 1), {"developed_clock": clock}) == by


@pytest.mark.req("PEP-04", "REV-01")
@pytest.mark.parametrize(
    ("entered", "guidance", "regulation"),
    [
        (date(2025, 3, 1), date(2025, 3, 29), date(2025, 3, 28)),  # the regulation is a day stricter
        (date(2024, 12, 18), date(2025, 1, 15), date(2025, 1, 20)),  # over Christmas the guidance is
        (date(2024, 2, 1), date(2024, 2, 29), date(2024, 2, 29)),
    ],
)
def test_the_first_review_by_guidance_and_by_regulation(entered: date, guidance: date, regulation: date) -> None:
    assert due("review_first_guidance", entered) == guidance
    assert due("review_first_regulation", entered) == regulation
    assert due("pep_for_first_review", entered) == guidance


@pytest.mark.parametrize(
    ("code", "held", "by"),
    [("review_second", date(2024, 11, 30), date(2025, 2, 28)), ("review_later", date(2023, 8, 31), date(2024, 2, 29))],
)
def test_later_reviews_count_in_months(code: str, held: date, by: date) -> None:
    assert due(code, held) == by


def test_each_fact_opens_its_own_duties() -> None:
    codes = {fact: {made.code for made in openings(fact, date(2025, 3, 3), clocks=CALENDAR)} for fact in Fact}
    shared = {"entry_recorded", "pep_developed", "pep_for_first_review", "review_first_guidance", "review_first_regulation"}
    expected = {
        Fact.EMERGENCY_ENTRY: {"pep_initiated_emergency"} | shared,
        Fact.PLANNED_ENTRY: {"pep_initiated_planned"} | shared,
        Fact.FIRST_PLACEMENT: {"care_plan"},
        Fact.PLACEMENT_START: {"placement_plan", "visit_first"},
        Fact.SCHOOL_START: {"pep_developed_new_school", "information_meeting"},
        Fact.PLACEMENT_MOVE_KS4: {"ks4_move_approved"},
        Fact.PLAN_FINAL: {"carer_has_plan", "iro_has_plan", "pep_quality_checked"},
        Fact.FIRST_REVIEW: {"review_second"},
        Fact.LATER_REVIEW: {"review_later"},
    }
    assert {fact: codes[fact] for fact in expected} == expected
    assert all(codes.values()), "a fact that starts no clock"


@pytest.mark.req("DL-08")
def test_a_rule_is_not_applied_before_it_was_in_force() -> None:
    assert openings(Fact.EMERGENCY_ENTRY, date(2016, 4, 5), clocks=CALENDAR) == []


@given(st.sampled_from(sorted(RULES)), st.dates(date(2016, 4, 6), date(2058, 1, 1)), st.one_of(st.none(), st.integers(-30, 60)))
def test_an_opening_looks_at_the_first_rung_not_yet_told(code: str, on: date, told_after: int | None) -> None:
    rule = RULES[code]
    told_to = None if told_after is None else date.fromordinal(on.toordinal() + told_after)
    made = opening(rule, rule.facts[0], on, told_to=told_to)
    assert made.due_on >= on
    looks = [date.fromordinal(made.due_on.toordinal() + rung.days) for rung in rule.ladder]
    left = [look for look in looks if told_to is None or look > told_to]
    assert made.next_look_on == (left[0] if left else None)
    assert made.next_rung == len(looks) - len(left)


@pytest.mark.req("SW-04")
def test_every_ladder_of_a_binding_duty_tells_somebody_else_after_its_owner() -> None:
    for rule in (rule for rule in RULES.values() if not rule.waits_for):
        after = [rung for rung in rule.ladder if rung.days > 0]
        assert rule.role in {role for rung in rule.ladder for role in rung.roles if rung.days <= 1}, rule.code
        assert Role.LACE_COORDINATOR in after[-1].roles, rule.code
        if rule.role in {Role.SOCIAL_WORKER, Role.IRO}:
            assert Role.DESIGNATED_MANAGER in after[-1].roles, rule.code
            assert Role.DESIGNATED_MANAGER not in after[0].roles, rule.code


def test_crooked_rules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lace.deadlines.rules.RULES", {})
    good = replace(RULES["pep_developed"], code="good")
    for wrong in (
        replace(good, code="order", ladder=(Rung(1, (Role.IRO,)), Rung(0, (Role.IRO,)))),
        replace(good, code="twice", ladder=(Rung(1, (Role.IRO,)), Rung(1, (Role.FOSTER_CARER,)))),
        replace(good, code="leak", ladder=(Rung(1, (Role.GOVERNOR,)),)),
    ):
        with pytest.raises(ValueError):
            declare(wrong)
    declare(good)
    with pytest.raises(ValueError, match="twice"):
        declare(good)


@pytest.mark.req("AMB-07")
def test_what_only_encourages_is_not_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(RULES["pep_developed"], code="kind_words", force=Force.ENCOURAGED)
    monkeypatch.setattr("lace.deadlines.rules.RULES", {"kind_words": rule, "law": replace(rule, code="law", force=Force.STATUTORY)})
    assert not_binding() == ["kind_words"]
