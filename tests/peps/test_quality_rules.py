"""By what the quality of plans is judged: thresholds, samples, agreement, and what is remarked by rule."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from peps.rules import TRANSITIONS, State, Step
from peps.rules.checks import Remark, remarks
from peps.rules.quality import (
    AREAS,
    DECISIONS,
    NATIONAL,
    Decision,
    Grade,
    ReviewState,
    Standard,
    agreement,
    goes_back,
    overall,
    paired,
    sampled,
    thresholds,
    turnaround,
    unfinished,
)
from peps.rules.sections import SECTIONS

GRADES = st.sampled_from([str(grade) for grade in Grade])
TODAY = date(2026, 3, 2)
OTHER_PAGE = {"next": "I want to read more books about space", "how": "own"}


# -- thresholds --------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-20")
@pytest.mark.parametrize(
    ("given_grades", "whole"),
    [
        ("gold gold gold gold", Grade.GOLD),
        ("gold gold gold green", Grade.GOLD),
        ("gold gold green green", Grade.GREEN),
        ("gold gold gold amber", Grade.GREEN),
        ("green green green green", Grade.GREEN),
        ("green green green amber", Grade.GREEN),
        ("gold gold amber amber", Grade.AMBER),
        ("gold gold gold red", Grade.RED),
        ("red amber amber amber", Grade.RED),
    ],
)
def test_the_whole_is_reckoned_as_st_helens_does(given_grades: str, whole: Grade) -> None:
    assert overall(given_grades.split(), NATIONAL) == whole


@given(st.lists(GRADES, min_size=1, max_size=10), st.integers(0, 9))
def test_a_better_area_never_makes_a_worse_plan_and_the_order_says_nothing(grades: list[str], at: int) -> None:
    order = list(Grade.values)
    before = overall(grades, NATIONAL)
    assert overall(sorted(grades), NATIONAL) == overall(reversed(grades), NATIONAL) == before
    better = list(grades)
    place = at % len(grades)
    better[place] = order[max(order.index(better[place]) - 1, 0)]
    assert order.index(overall(better, NATIONAL)) <= order.index(before)


@given(st.lists(GRADES, min_size=1, max_size=10), st.integers(0, 1), st.integers(0, 1))
def test_an_authority_is_stricter_and_never_laxer(grades: list[str], below_gold: int, ambers: int) -> None:
    order = list(Grade.values)
    own = Standard(below_gold=below_gold, ambers=ambers)
    assert order.index(overall(grades, own)) >= order.index(overall(grades, NATIONAL))


def test_red_goes_back_and_amber_where_the_authority_says_so() -> None:
    strict = Standard(amber_goes_back=True)
    assert [grade for grade in Grade if goes_back(grade, NATIONAL)] == [Grade.RED]
    assert [grade for grade in Grade if goes_back(grade, strict)] == [Grade.AMBER, Grade.RED]


def test_the_thresholds_are_published_with_their_numbers() -> None:
    with translation.override("en-gb"):
        said = {grade: str(sentence) for grade, sentence in thresholds(Standard(below_gold=0, ambers=1, amber_goes_back=True))}
    assert said[Grade.GOLD] == "All areas gold; green in up to 0 of them."
    assert "up to 1" in said[Grade.GREEN]
    assert said[Grade.AMBER].endswith("It goes back.")


def test_every_area_says_what_it_asks_and_where_that_comes_from() -> None:
    parts = [part for area in AREAS.values() for part in area.parts]
    assert len(parts) == len(set(parts)), "A part of the plan is judged in one area."
    assert set(SECTIONS) <= set(parts), "Every section is judged in some area."
    for area in AREAS.values():
        assert all(str(text) for text in (area.title, area.asks, area.best, area.poor, area.source))
        assert {SECTIONS[part].facet for part in area.parts[:1] if part in SECTIONS} <= {area.facet}


def test_a_review_and_a_returned_plan_move_by_their_tables() -> None:
    assert DECISIONS == {
        (ReviewState.TAKEN, Decision.ACCEPT): ReviewState.ACCEPTED,
        (ReviewState.TAKEN, Decision.RETURN): ReviewState.RETURNED,
    }
    assert {state for state, step in TRANSITIONS if step == Step.RETURN} == {State.FINAL, State.AMENDING}


def test_a_grade_that_asks_for_work_asks_for_a_comment() -> None:
    areas = [AREAS["targets"], AREAS["whole"]]
    assert [key for key, _sentence in unfinished(areas, {})] == ["targets", "whole"]
    half = {"targets": {"grade": "amber", "comment": ""}, "whole": {"grade": "gold", "comment": ""}}
    assert [key for key, _sentence in unfinished(areas, half)] == ["targets"]
    assert not unfinished(areas, half | {"targets": {"grade": "amber", "comment": "By when?"}})


# -- samples, time, agreement ------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-21")
def test_the_sample_is_of_the_plan_and_the_term_and_of_nothing_else() -> None:
    plans = [UUID(int=number) for number in range(4000)]
    drawn = {plan for plan in plans if sampled(plan, date(2026, 1, 12), 25)}
    assert 0.22 < len(drawn) / len(plans) < 0.28
    assert drawn == {plan for plan in plans if sampled(plan, date(2026, 3, 30), 25)}  # the same term
    assert drawn != {plan for plan in plans if sampled(plan, date(2026, 5, 4), 25)}  # the next one
    assert drawn < {plan for plan in plans if sampled(plan, date(2026, 1, 12), 50)}  # a larger share takes in the smaller
    assert drawn != {plan for plan in plans if sampled(plan, date(2026, 1, 12), 25, "second")}


@given(st.uuids(), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_all_are_in_the_whole_and_none_in_nothing(plan: UUID, on: date) -> None:
    assert sampled(plan, on, 100)
    assert not sampled(plan, on, 0)


def test_time_is_counted_in_working_days() -> None:
    friday = date(2026, 3, 6)
    assert [turnaround(friday, friday + timedelta(days=days)) for days in (0, 1, 2, 3, 10)] == [0, 0, 0, 1, 6]
    assert turnaround(date(2026, 4, 2), date(2026, 4, 7)) == 1  # over Easter


@pytest.mark.req("PEP-21")
def test_agreement_is_per_cent_and_cohens_kappa() -> None:
    # Two raters, 50 things: 20 both green, 15 both amber, 5 green then amber, 10 amber then green. Kappa by hand: (0.7 - 0.5) / (1 - 0.5).
    pairs = [("green", "green")] * 20 + [("amber", "amber")] * 15 + [("green", "amber")] * 5 + [("amber", "green")] * 10
    found = agreement(pairs)
    assert (found.pairs, found.same, found.percent) == (50, 35, 70)
    assert found.kappa == pytest.approx(0.4)


def test_kappa_is_not_made_up_where_it_is_not_defined() -> None:
    assert agreement([]).kappa is None
    assert agreement([]).percent is None
    alike = agreement([("gold", "gold")] * 3)
    assert (alike.percent, alike.kappa) == (100, None)


@given(st.lists(st.tuples(GRADES, GRADES), min_size=1))
def test_kappa_is_1_when_all_agree_and_never_more(pairs: list[tuple[str, str]]) -> None:
    found = agreement(pairs)
    if found.kappa is not None:
        assert found.kappa <= 1 + 1e-9
        assert (found.kappa == pytest.approx(1)) == (found.same == found.pairs)
    turned = agreement([(second, first) for first, second in pairs])
    assert turned.kappa == (pytest.approx(found.kappa) if found.kappa is not None else None)


def test_only_areas_that_both_graded_are_compared() -> None:
    first = {"targets": {"grade": "gold"}, "voice": {"grade": "red"}}
    assert paired(first, {"targets": {"grade": "amber"}}) == [("gold", "amber")]


# -- remarks -----------------------------------------------------------------------------------------------------------


def target(**other: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "area": "academic",
        "need": "Fractions",
        "baseline": "Six out of ten",
        "goal": "Nine out of ten",
        "measure": "Quiz in May",
        "strategy": "Twenty minutes a day",
        "when_done": "After lunch",
        "where_done": "The library",
        "done_by": "Mr Rees",
        "how_often": "Daily",
        "carer_part": "Asks about it",
        "review_on": "2026-06-01",
        "child_agrees": True,
        "teacher_agrees": True,
        "language": "en-gb",
    } | other


def content(*targets: dict[str, Any], **sections: dict[str, Any]) -> dict[str, Any]:
    """A plan of which nothing is to be remarked, save for what is given otherwise."""
    answers: dict[str, dict[str, Any]] = {
        "my_page": {"next": "I want to be a vet and look after horses", "how": "own"},
        "history": {"attendance": "96% this year"},
        "attainment": {"progress": "Reads fluently now"},
    } | sections
    return {
        "form": 2,
        "phase": "secondary",
        "asked": [{"section": key, "questions": list(held)} for key, held in answers.items()],
        "sections": {key: {"answers": held, "language": "en-gb"} for key, held in answers.items()},
        "targets": list(targets) or [target()],
        "ended": [],
        "actions": [{"what": "Order books", "owner_role": "social_worker", "due_on": "2026-04-01", "carried_from": None}],
    }


def said(found: list[Remark]) -> Counter[tuple[str, str]]:
    return Counter((remark.part, remark.question) for remark in found)


@pytest.mark.req("PEP-20")
def test_nothing_is_remarked_of_a_plan_that_is_whole() -> None:
    assert not remarks(content(), on=TODAY)


@pytest.mark.parametrize("how", ["declined", "adult"])
def test_a_page_without_the_childs_own_words_is_remarked(how: str) -> None:
    assert said(remarks(content(my_page={"next": "Somebody says all of this", "how": how}), on=TODAY)) == {("my_page", "how"): 1}


def test_few_words_of_the_childs_are_remarked() -> None:
    assert said(remarks(content(my_page={"next": "A vet", "how": "own"}), on=TODAY)) == {("my_page", ""): 1}


@pytest.mark.parametrize(
    "facts",
    [
        *({name: ""} for name in ("when_done", "where_done", "done_by", "how_often", "strategy")),
        {"measure": "NINE out of ten "},
        {"baseline": "Nine out of ten"},
        {"review_on": "2026-03-02"},
        {"review_on": "2027-01-01"},
        {"child_agrees": False},
    ],
)
def test_what_a_target_lacks_is_remarked_with_the_target(facts: dict[str, Any]) -> None:
    weak = target(**facts)
    (remark,) = remarks(content(weak), on=TODAY)
    assert (remark.part, remark.question) == ("targets", weak["id"])
    assert "Nine out of ten" in str(remark.sentence)


def test_all_that_a_strategy_lacks_stands_in_one_sentence() -> None:
    with translation.override("en-gb"):
        (remark,) = remarks(content(target(when_done="", how_often="")), on=TODAY)
        assert str(remark.sentence) == "Target “Nine out of ten”: it does not say when, how often."


def test_targets_in_which_the_carer_has_no_part_are_remarked_once() -> None:
    found = remarks(content(target(carer_part=""), target(carer_part="")), on=TODAY)
    assert said(found) == {("targets", ""): 1}


def test_attendance_without_a_figure_is_remarked_but_for_the_youngest() -> None:
    plan = content(history={"attendance": "Good"})
    assert said(remarks(plan, on=TODAY)) == {("history", "attendance"): 1}
    assert not remarks(plan | {"phase": "early_years"}, on=TODAY)


def test_sentences_copied_on_from_the_last_version_are_remarked_where_they_stand() -> None:
    copied = "She works hard in every lesson and likes most of her teachers."
    before = content(
        personal_development={"wellbeing": f"{copied} New friends.", "leisure": "Rugby"}, attainment={"progress": "Other"}, my_page=OTHER_PAGE
    )
    now = content(personal_development={"wellbeing": f"Other words. {copied}", "leisure": "Rugby"})
    assert said(remarks(now, on=TODAY, last=before)) == {("personal_development", "wellbeing"): 1}


def test_attainment_as_in_the_last_version_is_remarked() -> None:
    assert said(remarks(content(), on=TODAY, last=content(my_page=OTHER_PAGE))) == {("attainment", ""): 1}


def test_words_of_the_childs_as_in_the_last_version_are_remarked() -> None:
    page = {"next": "I want to be a vet and look after horses on a farm", "how": "own"}
    found = remarks(content(my_page=page), on=TODAY, last=content(my_page=page, attainment={"progress": "Other"}))
    assert said(found) == {("my_page", "next"): 1}


def test_last_targets_that_are_not_evaluated_or_hardly_are_remarked() -> None:
    ends = [
        {"target": "a", "goal": "One", "outcome": "", "evidence": ""},
        {"target": "b", "goal": "Two", "outcome": "met", "evidence": "Yes"},
        {"target": "c", "goal": "Three", "outcome": "met", "evidence": "Nine of ten in the quiz in May"},
        {"target": "d", "goal": "Four", "outcome": "goes_on", "evidence": ""},
    ]
    assert said(remarks(content() | {"ended": ends}, on=TODAY)) == {("last_targets", "a"): 1, ("last_targets", "b"): 1}


def test_no_action_and_one_without_owner_are_remarked() -> None:
    assert said(remarks(content() | {"actions": []}, on=TODAY)) == {("actions", ""): 1}
    loose = [{"what": "Order books", "owner_role": "", "due_on": "2026-04-01", "carried_from": None}]
    assert said(remarks(content() | {"actions": loose}, on=TODAY)) == {("actions", ""): 1}


def test_hopes_and_needs_without_an_answer_are_remarked() -> None:
    plan = content(aspirations={"gap": "child", "bridge": ""}, personal_development={"felt": [{"need": "safe", "met": "no", "strategy": ""}]})
    assert said(remarks(plan, on=TODAY)) == {("aspirations", "bridge"): 1, ("personal_development", "felt"): 1}
