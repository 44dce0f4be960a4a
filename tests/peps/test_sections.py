"""Which sections and questions stand in a plan, in which phase, and how much they ask of whom."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from lace.accounts.access import Facet, Role
from lace.children.rules import Phase
from peps.rules.sections import FELT, SCHEDULE_2, SECTIONS, SOMETIMES, Circumstances, Question, asked, asked_as_frozen, phase_on, rules_of
from peps.rules.sections.editions import FORM_1
from peps.rules.sections.kinds import Kind
from schools.rules import SchoolKind
from tests.peps.plans import ANSWERS

NOVEMBER = date(2026, 11, 23)
# A child in the middle of each phase, of whom nothing else is known.
CLEAN = {
    Phase.EARLY_YEARS: Circumstances(NOVEMBER, Phase.EARLY_YEARS, year=-2, age=2),
    Phase.PRIMARY: Circumstances(NOVEMBER, Phase.PRIMARY, year=4, age=8),
    Phase.SECONDARY: Circumstances(NOVEMBER, Phase.SECONDARY, year=10, age=14),
    Phase.POST_16: Circumstances(NOVEMBER, Phase.POST_16, year=12, age=16),
}
AT_MOST = 25


def questions(of: Circumstances, key: str) -> set[str]:
    return {question.key for question in asked(of)[key].questions}


# -- phases ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-13")
@pytest.mark.parametrize(
    ("born", "kind", "phase"),
    [
        (date(2024, 1, 9), None, Phase.EARLY_YEARS),
        (date(2022, 9, 1), None, Phase.EARLY_YEARS),  # four on the day after the year's last
        (date(2022, 8, 31), None, Phase.PRIMARY),
        (date(2015, 9, 1), None, Phase.PRIMARY),
        (date(2015, 8, 31), None, Phase.SECONDARY),
        (date(2010, 8, 31), None, Phase.POST_16),
        (date(2015, 8, 31), SchoolKind.PRIMARY, Phase.PRIMARY),  # taught a year below
        (date(2015, 9, 1), SchoolKind.SECONDARY, Phase.SECONDARY),  # taught a year above
        (date(2022, 9, 1), SchoolKind.PRIMARY, Phase.EARLY_YEARS),  # the school's nursery class
        (date(2010, 8, 31), SchoolKind.SECONDARY, Phase.POST_16),  # the sixth form
        (date(2011, 5, 1), SchoolKind.FE_COLLEGE, Phase.POST_16),
        (date(2022, 8, 31), SchoolKind.NURSERY, Phase.EARLY_YEARS),
        *((date(2015, 8, 31), kind, Phase.SECONDARY) for kind in (SchoolKind.MIDDLE, SchoolKind.SPECIAL, SchoolKind.PRU, SchoolKind.INDEPENDENT)),
    ],
)
def test_the_phase_is_that_of_the_school_and_by_age_without_one(born: date, kind: SchoolKind | None, phase: Phase) -> None:
    assert phase_on(born, NOVEMBER, kind) == phase


@pytest.mark.req("PEP-08", "PEP-13")
@pytest.mark.parametrize("phase", Phase)
def test_the_questions_of_each_phase_cover_schedule_2_paragraph_2(phase: Phase) -> None:
    rules = asked(CLEAN[phase]).values()
    covered = [part for section in rules for question in section.questions for part in question.covers if question.required]
    assert sorted(covered) == sorted(SCHEDULE_2)


@pytest.mark.req("PEP-13")
def test_each_phase_has_a_form_of_its_own() -> None:
    forms = {phase: {key: [question.key for question in rule.questions] for key, rule in asked(of).items()} for phase, of in CLEAN.items()}
    assert "development" in forms[Phase.EARLY_YEARS]["attainment"]
    assert "subjects" not in forms[Phase.EARLY_YEARS]["attainment"]
    assert "qualifications" in forms[Phase.SECONDARY]["attainment"]
    assert "qualifications" not in forms[Phase.PRIMARY]["attainment"]
    assert [phase for phase in Phase if "post_16" in forms[phase]] == [Phase.POST_16]
    assert len({str(form) for form in forms.values()}) == len(Phase)


def required(question: Question) -> int:
    """Answers that a final plan needs of this question; of a table one row."""
    columns = sum(column.required for column in question.columns) if question.kind == Kind.ROWS else 1
    return columns if question.required else 0


@pytest.mark.req("PEP-13")
def test_a_clean_plan_asks_little(capsys: pytest.CaptureFixture[str]) -> None:
    """Each answer counts for each role that may give it, though one of them will; what Lace fills in counts too. The targets come on top."""
    lines = []
    for phase, of in CLEAN.items():
        counts: dict[Role, int] = {}
        for section in asked(of).values():
            for role in section.roles:
                counts[role] = counts.get(role, 0) + sum(required(question) for question in section.questions)
        lines += [f"{phase}: {', '.join(f'{role} {count}' for role, count in sorted(counts.items()))}"]
        assert max(counts.values()) == counts[Role.DESIGNATED_PERSON] <= AT_MOST, lines[-1]
    with capsys.disabled():
        sys.stdout.write("\n  ".join(["\nRequired answers of a clean plan, by phase and role:", *lines]) + "\n")


# -- sections that stand sometimes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        *(("transition", {"year": year}) for year in (-1, 6, 9, 11, 13)),
        ("elsewhere", {"elsewhere": True}),
        ("aln", {"needs": True}),
        ("exclusions", {"excluded": True}),
        ("post_16", {"phase": Phase.POST_16}),
        ("pathway", {"age": 16}),
    ],
)
def test_a_section_appears_by_its_fact_and_only_by_it(key: str, facts: dict[str, Any]) -> None:
    plain = replace(CLEAN[Phase.SECONDARY], year=8, age=12)
    assert not SOMETIMES.keys() & asked(plain).keys()
    assert SOMETIMES.keys() & asked(replace(plain, **facts)).keys() == {key}


@pytest.mark.parametrize("key", SOMETIMES)
def test_a_section_appears_where_a_writer_adds_it(key: str) -> None:
    plain = replace(CLEAN[Phase.PRIMARY], asked_for=frozenset({key}))
    assert SOMETIMES.keys() & asked(plain).keys() == {key}
    assert asked(plain)[key].missing({})


def test_what_is_written_stays_when_its_fact_is_gone() -> None:
    plain = CLEAN[Phase.PRIMARY]
    assert "aln" in asked(plain, {"aln": ANSWERS["aln"]})
    later = asked(CLEAN[Phase.SECONDARY], {"attainment": {"development": "Sings"}})["attainment"]
    assert "development" in {question.key for question in later.questions}
    assert "aln" not in asked(plain, {"aln": {}})


@pytest.mark.req("PEP-25")
@pytest.mark.parametrize(
    ("year", "on", "expected"),
    [(8, date(2026, 7, 1), False), (9, date(2026, 5, 31), False), (9, date(2026, 6, 1), True), (9, date(2026, 10, 1), False), (10, NOVEMBER, True)],
)
def test_careers_are_asked_from_the_end_of_year_9(year: int, on: date, expected: bool) -> None:
    of = replace(CLEAN[Phase.SECONDARY], year=year, on=on)
    assert ("careers" in questions(of, "aspirations")) is expected
    assert ("still" in questions(of, "aspirations")) is expected


@pytest.mark.req("PEP-26")
def test_after_16_the_plan_says_what_passes_into_the_pathway_plan() -> None:
    rules = asked(CLEAN[Phase.POST_16])
    assert [str(label) for label in rules["pathway"].missing({})] == ["What passes from this plan into the pathway plan"]
    assert len(rules["post_16"].missing({})) == 3


# -- what the requirements name -----------------------------------------------------------------------------------------


@pytest.mark.req("DP-15", "VOICE-12")
def test_hopes_are_the_childs_first_and_the_gap_is_said() -> None:
    of = CLEAN[Phase.SECONDARY]
    assert "hope" in questions(of, "my_page")
    assert len(asked(of)["aspirations"].missing({"careers": "x"})) == 2  # what adults expect, and how the two stand to each other
    assert "gap" not in questions(CLEAN[Phase.EARLY_YEARS], "aspirations")
    assert SECTIONS["my_page"].facet == Facet.VOICE


@pytest.mark.req("PEP-16")
@pytest.mark.parametrize("phase", Phase)
def test_the_headings_are_the_persons_own(phase: Phase) -> None:
    assert {"matters", "helps", "hard", "next"} <= questions(CLEAN[phase], "my_page")


@pytest.mark.req("CAR-04", "PEP-33")
def test_learning_at_home_and_who_supplies_what_is_missing() -> None:
    assert {"place", "computer", "reading", "home", "missing"} <= questions(CLEAN[Phase.PRIMARY], "carer")
    missing = next(question for question in SECTIONS["carer"].questions if question.key == "missing")
    assert {column.key for column in missing.columns if column.required} == {"item", "supplier"}


@pytest.mark.req("PEP-34")
def test_strengths_and_strategies_stand_in_fields_of_their_own() -> None:
    support = next(question for question in SECTIONS["personal_development"].questions if question.key == "support")
    assert [column.key for column in support.columns] == ["area", "strength", "difficulty", "strategy"]
    assert {key for key, _label in support.columns[0].choices} == {"social", "emotional", "behaviour"}


@pytest.mark.req("WB-04")
def test_needs_are_said_with_what_helps_and_without_a_history() -> None:
    felt = next(question for question in SECTIONS["personal_development"].questions if question.key == "felt")
    assert [column.key for column in felt.columns] == ["need", "met", "strategy"]
    assert felt.columns[0].choices == FELT
    assert "nothing of what happened" in str(felt.hint)


# -- editions ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-11")
def test_a_version_of_the_first_edition_has_the_questions_of_its_time() -> None:
    rules = {rule.key: rule for rule in rules_of({"form": 1, "sections": {}})}
    assert {key: tuple(question.key for question in rule.questions) for key, rule in rules.items()} == FORM_1
    words = {question.key: str(question.label) for question in rules["carer"].questions}
    assert words["home"] == "Learning at home"


@pytest.mark.req("PEP-11")
@pytest.mark.parametrize("phase", Phase)
def test_a_version_keeps_what_it_was_asked(phase: Phase) -> None:
    rules = asked(CLEAN[phase])
    content = {"form": 2, "phase": phase, "asked": asked_as_frozen(rules.values())}
    assert rules_of(content) == list(rules.values())


# -- the child's page, in two editions ------------------------------------------------------------------------------------


def sentences(asked: tuple[Question, ...]) -> list[list[str]]:
    """The words of each sentence that speaks to the child; what is asked of the adult who helps is left out."""
    own = [question for question in asked if question.key not in {"how", "helper", "adult_note"}]
    texts = [str(text) for question in own for text in (question.label, question.hint or "")]
    split = [re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", sentence) for text in texts for sentence in re.split(r"[.?!…]", text)]
    return [words for words in split if words]


@pytest.mark.req("PEP-12", "PEP-13", "VOICE-13")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
@pytest.mark.parametrize(("phase", "longest", "letters", "average"), [(Phase.PRIMARY, 9, 8, 4.2), (Phase.SECONDARY, 12, 10, 4.6)])
def test_the_childs_page_is_in_words_for_the_childs_age(language: str, phase: Phase, longest: int, letters: int, average: float) -> None:
    with translation.override(language):
        found = sentences(asked(CLEAN[phase])["my_page"].questions)
    words = [word for sentence in found for word in sentence]
    assert max(map(len, found)) <= longest, max(found, key=len)
    assert max(map(len, words)) <= letters, max(words, key=len)
    assert sum(map(len, words)) / len(words) <= average


@pytest.mark.req("PEP-13")
def test_both_editions_of_the_childs_page_ask_the_same() -> None:
    page = SECTIONS["my_page"]
    assert [question.key for question in page.younger] == [question.key for question in page.questions]
    assert not any(question.required for question in page.younger if question.key != "how")
    assert str(asked(CLEAN[Phase.PRIMARY])["my_page"].questions[1].label) == "I like…"
    assert str(asked(CLEAN[Phase.SECONDARY])["my_page"].questions[1].label) == "What I like"
