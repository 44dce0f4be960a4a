"""Every duty explains itself, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation

from lace.children.models import Child
from lace.deadlines import explain
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES, Fact, opening

ENTERED = date(2024, 12, 18)
CHILD = Child(id=uuid4())


def duty(code: str, *, on: date = ENTERED, fact: Fact = Fact.EMERGENCY_ENTRY, child: Child = CHILD, **facts: object) -> Duty:
    made = opening(RULES[code], fact, on)
    values = {name: getattr(made, name) for name in type(made).__dataclass_fields__}
    return Duty(**(values | {"child": child, "subject": uuid4()} | facts))


def by_the_law(_on: date) -> Any:
    return lambda duty: RULES[duty.code]


def explanation(duty: Duty, *, on: date) -> explain.Explanation:
    return explain.explanation(duty, on=on, rules=by_the_law(on))


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "rules_held", by_the_law)
    for code in ("review_first_guidance", "review_first_regulation"):
        monkeypatch.setitem(RULES, code, replace(RULES[code], goal="first_review"))


@pytest.mark.req("DL-12")
def test_it_says_what_why_by_which_document_and_from_which_fact() -> None:
    said = explanation(duty("review_first_regulation"), on=date(2025, 1, 2))
    assert said.title == "Hold the first review (regulation: 20 working days)"
    assert "regulation 39(1)" in said.source
    assert said.why
    assert said.fact == "The clock started with entry to care in an emergency on 18 December 2024, which is day 0."
    assert said.count == "It runs for 20 working days. Weekends and bank holidays do not count."
    assert (said.due_on, said.days_late, said.state) == (date(2025, 1, 20), 0, "Due on 20 January 2025.")
    assert (said.force, said.responsible) == ("Statutory", "Independent reviewing officer")
    assert said.next_told == "Told next, on 13 January 2025: Independent reviewing officer, Social worker."
    assert (said.beside, said.strictest) == ("", True)


@pytest.mark.req("DL-12")
@pytest.mark.parametrize("code", sorted(RULES))
def test_every_declared_duty_can_be_explained(code: str) -> None:
    for on in (ENTERED, date(2026, 1, 1)):
        said = explanation(duty(code, fact=RULES[code].facts[0]), on=on)
        assert all((said.title, said.why, said.source, said.fact, said.count, said.state, said.force, said.responsible, said.next_told))


@pytest.mark.req("DL-03")
def test_it_says_how_late_and_who_hears_next() -> None:
    late = duty("pep_initiated_emergency", next_rung=3, next_look_on=date(2025, 1, 8))
    said = explanation(late, on=date(2025, 1, 7))
    assert said.state == "1 day late."
    assert said.next_told == "Told next, on 8 January 2025: Designated manager, LACE coordinator."
    assert explanation(late, on=date(2025, 1, 9)).next_told.startswith("Told next, on 9 January 2025")
    told = duty("pep_initiated_emergency", next_rung=4, next_look_on=None)
    assert explanation(told, on=date(2025, 2, 1)).next_told == "Everyone who is to be told has been told."


@pytest.mark.req("DL-08")
def test_a_length_of_the_authoritys_own_is_told_from_the_sources() -> None:
    def count(**chosen: Any) -> str:
        rule = replace(RULES["pep_initiated_emergency"], verified=True, **chosen)
        return explain.explanation(duty(rule.code), on=ENTERED, rules=lambda _duty: rule).count

    assert count().endswith("bank holidays do not count.")
    assert count(length=6).startswith("It runs for 6 working days.")
    assert count(length=6).endswith("The authority chose this; the source says 10.")
    assert count(local=True).endswith("The source gives no number; this one is local.")
    assert count(length=6, local=True).endswith("The authority chose this; the source gives no number.")


def test_a_closed_duty_says_how_it_ended() -> None:
    closed = duty("pep_developed", closed_on=date(2025, 1, 9), outcome=Duty.Outcome.LATE, next_look_on=None)
    said = explanation(closed, on=date(2025, 6, 1))
    assert (said.state, said.days_late, said.next_told) == ("Closed on 9 January 2025: Late. 2 days late.", 2, "")


@pytest.mark.req("AMB-02")
def test_a_duty_brought_forward_says_so() -> None:
    said = explanation(duty("pep_for_first_review", due_on=date(2025, 1, 10), brought_to=date(2025, 1, 10)), on=ENTERED)
    assert said.count == "It is needed on 10 January 2025 already, which is earlier than the clock alone would give."


@pytest.mark.req("DL-12", "PEP-04", "AMB-01")
@pytest.mark.usefixtures("side_by_side")
def test_side_by_side_it_says_which_source_is_stricter() -> None:
    guidance, regulation, other = explain.explanations(
        [duty("review_first_guidance"), duty("review_first_regulation"), duty("review_first_guidance", child=Child(id=uuid4()))], on=ENTERED
    )
    assert guidance.strictest
    assert guidance.beside == "This is the stricter one: “Hold the first review (regulation: 20 working days)” is due on 20 January 2025."
    assert not regulation.strictest
    assert regulation.beside == "“Hold the first review (guidance: 28 days)” is stricter: it is due on 15 January 2025."
    assert (other.beside, other.strictest) == ("", True)
    same, _ = explain.explanations([duty(code, on=date(2024, 2, 1)) for code in ("review_first_guidance", "review_first_regulation")], on=ENTERED)
    assert same.beside.endswith("is due on the same day.")
    assert same.strictest


@pytest.mark.usefixtures("side_by_side")
def test_a_closed_duty_is_no_longer_compared() -> None:
    closed = duty("review_first_guidance", closed_on=ENTERED, outcome=Duty.Outcome.ON_TIME, next_look_on=None)
    both = explain.explanations([closed, duty("review_first_regulation")], on=ENTERED)
    assert [said.beside for said in both] == ["", ""]
    assert [said.strictest for said in both] == [True, True]


@pytest.mark.req("DL-12")
def test_in_welsh() -> None:
    with translation.override("cy"):
        said = explanation(duty("review_first_regulation"), on=date(2025, 1, 2))
    assert "18 Rhagfyr 2024" in said.fact
