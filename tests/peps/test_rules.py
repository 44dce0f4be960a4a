"""The tables of the plan: what the law asks, what a final plan needs, and which steps lead where."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from lace.accounts.access import CARERS, TABLE, Facet, Permission, Relation, Role
from lace.children.rules import Phase
from peps.rules import TRANSITIONS, State, Step, TargetArea, gaps
from peps.rules.sections import BY_AN_ADULT, DECLINED, SECTIONS, SOMETIMES, WORDS, Circumstances, Kind, asked, check_answers
from tests.peps.plans import ANSWERS

BOTH = {TargetArea.ACADEMIC, TargetArea.LEISURE}
# Every section, where the development plan for additional learning needs stands apart from the plan.
WHOLE = tuple(asked(Circumstances(date(2026, 11, 2), Phase.SECONDARY, year=10, age=14, asked_for=frozenset(SOMETIMES))).values())


@pytest.mark.req("PEP-12")
def test_the_childs_page_comes_first() -> None:
    assert next(iter(SECTIONS)) == "my_page"
    assert SECTIONS["my_page"].facet == Facet.VOICE


def test_every_section_has_a_writer_whose_grant_lets_them_write() -> None:
    named = {Role.CHILD: Relation.CHILD, Role.DESIGNATED_PERSON: Relation.SCHOOL, Role.SOCIAL_WORKER: Relation.SOCIAL_WORKER}
    relations = named | dict.fromkeys(CARERS, Relation.CARER)
    for section in SECTIONS.values():
        for role in section.roles:
            grant = TABLE[relations.get(role, Relation.RESPONSIBLE), role]
            if role == Role.RESIDENTIAL_WORKER and section.facet == Facet.VOICE:
                continue  # a worker of the home has a part of the plan, and the child's own page is not theirs
            assert section.may_be_written(role, grant), f"{section.key}: {role} is named and may not"


@pytest.mark.req("CAR-02")
def test_a_carer_writes_the_childs_page_and_their_own_part_only() -> None:
    grant = TABLE[Relation.CARER, Role.FOSTER_CARER]
    assert {key for key, section in SECTIONS.items() if section.may_be_written(Role.FOSTER_CARER, grant)} == {"my_page", "carer"}


def test_a_whole_plan_has_no_gaps_and_an_empty_one_has_them_all() -> None:
    rules = WHOLE
    assert gaps(rules, ANSWERS, BOTH) == []
    missing = gaps(rules, {}, set())
    required = sum(question.required for section in rules for question in section.questions)
    assert len(missing) == required + 2  # the questions, and a target of each kind


@pytest.mark.req("PEP-15")
@pytest.mark.parametrize("areas", [set(), {TargetArea.ACADEMIC}, {TargetArea.ACADEMIC, TargetArea.ATTENDANCE}])
def test_personal_development_needs_a_target_of_its_own(areas: set[TargetArea]) -> None:
    assert any("personal development" in str(gap.sentence) for gap in gaps(WHOLE, ANSWERS, areas))


@pytest.mark.req("PEP-15")
@pytest.mark.parametrize("area", [TargetArea.PERSONAL, TargetArea.EMOTIONAL, TargetArea.LEISURE])
def test_any_personal_area_serves(area: TargetArea) -> None:
    assert gaps(WHOLE, ANSWERS, {TargetArea.ACADEMIC, area}) == []


@pytest.mark.req("PEP-15")
def test_an_empty_personal_development_section_is_a_gap() -> None:
    empty = {**ANSWERS, "personal_development": {"leisure": " ", "wellbeing": "\n"}}
    assert [gap.key for gap in gaps(WHOLE, empty, BOTH)] == ["personal_development", "personal_development"]


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"how": DECLINED}, 0),
        ({"how": "own"}, 1),
        ({"like": "Football"}, 1),
        *(({"how": BY_AN_ADULT, word: "x"}, 0) for word in WORDS),
        ({"how": "own", "adult_note": "An adult's words are not the child's"}, 1),
    ],
)
def test_the_childs_page_needs_words_or_the_childs_no(answers: dict[str, str], missing: int) -> None:
    assert len(SECTIONS["my_page"].missing(answers)) == missing


@pytest.mark.parametrize(
    ("key", "answers"),
    [
        ("history", {"secret": "x"}),
        ("history", {"needs": "x" * 3001}),
        ("history", {"needs": ["x"]}),
        ("history", {"needs": "nul\0"}),
        ("my_page", {"how": "somebody"}),
        ("attainment", {"subjects": "Maths"}),
        ("attainment", {"subjects": [{"grade": "A"}]}),
        ("attainment", {"subjects": [{"subject": "x" * 81}]}),
        ("attainment", {"subjects": [{"subject": "x"}] * 41}),
    ],
)
def test_what_cannot_be_stored_is_named(key: str, answers: dict[str, object]) -> None:
    assert len(list(check_answers(SECTIONS[key], answers))) == 1


def test_what_the_table_of_steps_does_not_hold() -> None:
    assert (State.INITIATED, Step.FINALISE) not in TRANSITIONS
    assert not any(state == State.CLOSED for state, _step in TRANSITIONS)
    assert not any(step == Step.WRITE and state == State.FINAL for state, step in TRANSITIONS)


@pytest.mark.req("PEP-12", "VOICE-09")
def test_the_childs_page_speaks_to_the_child_and_labels_nobody() -> None:
    section = SECTIONS["my_page"]
    for language in ("en-gb", "cy"):
        with translation.override(language):
            questions = (*section.questions, *section.younger)
            texts = [section.title, section.intro, *(text for question in questions for text in (question.label, question.hint or ""))]
            words = " ".join(map(str, texts)).casefold()
        assert not any(label in words for label in ("looked after", "looked-after", "in care", "derbyn gofal", "pupil", "client"))


def test_permissions_of_sections_are_those_of_plans() -> None:
    assert {section.permission for section in SECTIONS.values()} == {Permission.WRITE_PEP, Permission.CONTRIBUTE_TO_PEP}
    assert all(question.columns for section in SECTIONS.values() for question in section.questions if question.kind == Kind.ROWS)
