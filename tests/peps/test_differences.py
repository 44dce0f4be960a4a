"""What changed between two texts of a plan: the comparison itself, and the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from lace.accounts.access import Facet, Role
from peps import services
from peps.models import Version
from peps.rules.differences import MOST, Change, Piece, Row, pieces, sections, targets
from peps.rules.sections import SECTIONS, Kind
from peps.services.evaluation import let_go_on
from tests.peps.plans import ANSWERS, acting, facts, final, plan, started, text
from tests.world import World, enter

words = st.lists(st.sampled_from(["mae", "Mabli", "yn", "hoffi", "rygbi", "ŵyn", " ", "\n", "  ", ".", ",", "-"]), max_size=25).map("".join)
texts = st.one_of(words, st.text(max_size=60))


def side(found: tuple[Piece, ...], without: Change) -> str:
    return "".join(piece.text for piece in found if piece.change != without)


# -- the comparison ------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-11")
@given(old=texts, new=texts, languages=st.sampled_from([("cy", "cy"), ("cy", "en-gb")]))
def test_applied_to_the_older_text_the_difference_gives_the_newer(old: str, new: str, languages: tuple[str, str]) -> None:
    found = pieces(old, new, old_language=languages[0], new_language=languages[1])
    assert side(found, Change.REMOVED) == new
    assert side(found, Change.ADDED) == old
    assert all(piece.text for piece in found)
    if old == new and languages[0] == languages[1]:
        assert {piece.change for piece in found} <= {Change.SAME}


def test_words_are_marked_and_not_letters() -> None:
    found = pieces("Mabli likes rugby.", "Mabli likes ruby.", old_language="en-gb", new_language="en-gb")
    assert [(piece.change, piece.text) for piece in found] == [
        (Change.SAME, "Mabli likes "),
        (Change.REMOVED, "rugby"),
        (Change.ADDED, "ruby"),
        (Change.SAME, "."),
    ]


def test_a_text_in_the_other_language_stands_whole_and_keeps_its_language() -> None:
    found = pieces("Rygbi a chi", "Rygbi and dogs", old_language="cy", new_language="en-gb")
    assert found == (Piece(Change.REMOVED, "Rygbi a chi", "cy"), Piece(Change.ADDED, "Rygbi and dogs", "en-gb"))


def test_texts_too_long_to_compare_word_by_word_stand_whole() -> None:
    old, new = "a " * MOST, "b " * MOST
    assert [piece.change for piece in pieces(old, new)] == [Change.REMOVED, Change.ADDED]


def frozen_sections(draw_answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {key: {"answers": answers, "language": "en-gb"} for key, answers in draw_answers.items()}


answers_of_a_plan = st.fixed_dictionaries(
    {},
    optional={
        section.key: st.fixed_dictionaries(
            {},
            optional={
                question.key: (
                    st.lists(st.fixed_dictionaries({column.key: words for column in question.columns}), max_size=4)
                    if question.kind == Kind.ROWS
                    else st.sampled_from([key for key, _label in question.choices])
                    if question.choices
                    else words.map(lambda text, key=section.key: f"<{key}>{text}")  # type: ignore[misc]
                )
                for question in section.questions
            },
        )
        for section in SECTIONS.values()
    },
)


@pytest.mark.req("PEP-11")
@given(old=answers_of_a_plan, new=answers_of_a_plan, facets=st.sets(st.sampled_from(sorted({section.facet for section in SECTIONS.values()}))))
def test_nothing_of_a_facet_that_the_reader_does_not_hold(old: Any, new: Any, facets: set[Facet]) -> None:
    found = sections(frozen_sections(old), frozen_sections(new), rules=SECTIONS.values(), facets=facets)
    assert {difference.section.facet for difference in found} <= facets
    hidden = [f"<{section.key}>" for section in SECTIONS.values() if section.facet not in facets]
    said = "".join(piece.text for difference in found for answer in difference.answers for piece in answer.pieces)
    assert not [mark for mark in hidden if mark in said]


@given(old=answers_of_a_plan, new=answers_of_a_plan)
def test_every_answer_that_differs_is_told_and_no_other(old: Any, new: Any) -> None:
    found = sections(frozen_sections(old), frozen_sections(new), rules=SECTIONS.values(), facets=set(Facet))
    told = {(difference.section.key, answer.key) for difference in found for answer in difference.answers}
    assert told == {
        (section.key, question.key)
        for section in SECTIONS.values()
        for question in section.questions
        if (old.get(section.key, {}).get(question.key) or "") != (new.get(section.key, {}).get(question.key) or "")
    }


rows_of_targets = st.lists(
    st.fixed_dictionaries({"goal": words, "measure": words, "area": st.sampled_from(["A", "B"]), "language": st.sampled_from(["en", "cy"])}),
    max_size=5,
)


@given(old=rows_of_targets, new=rows_of_targets)
def test_each_target_stands_once_on_either_side(old: list[dict[str, str]], new: list[dict[str, str]]) -> None:
    found = targets(old, new, fields=["goal", "measure", "area"], written={"goal", "measure"})
    changed = [row for row in found if row.change == Change.CHANGED]
    added, gone = ([row for row in found if row.change == change] for change in (Change.ADDED, Change.REMOVED))
    assert len(new) - len(added) == len(old) - len(gone) >= len(changed)  # the rest stand on both sides


def test_a_target_that_was_sharpened_is_the_same_target() -> None:
    old = [{"goal": "Nine out of ten", "measure": "Quiz", "language": "en"}, {"goal": "Play chess", "measure": "Club", "language": "en"}]
    new = [{"goal": "Swim a length", "measure": "Pool", "language": "en"}, {"goal": "Ten out of ten", "measure": "Quiz", "language": "en"}]
    found = targets(old, new, fields=["goal", "measure"], written={"goal", "measure"})
    assert [row.change for row in found] == [Change.ADDED, Change.CHANGED, Change.REMOVED]
    assert [cell.key for cell in found[1].cells if cell.change != Change.SAME] == ["goal"]


@pytest.mark.parametrize("marks", [("PS3", "PS4"), ("B", "A*")])
def test_a_subject_is_matched_by_its_name(marks: tuple[str, str]) -> None:
    old = {"attainment": {"answers": {"subjects": [{"subject": "Mathemateg", "current": marks[0], "expected": "x"}]}, "language": "cy"}}
    new = {"attainment": {"answers": {"subjects": [{"subject": "Mathemateg", "current": marks[1], "expected": "y"}]}, "language": "cy"}}
    (section,) = sections(old, new, rules=SECTIONS.values(), facets=set(Facet))
    row: Row = section.answers[0].rows[0]
    assert row.change == Change.CHANGED
    assert {cell.key for cell in row.cells if cell.change == Change.CHANGED} == {"current", "expected"}


# -- the page ------------------------------------------------------------------------------------------------------------


def amended(world: World) -> tuple[Version, Version]:
    """Two final versions: another need, another wish of the child, one target sharpened, one gone."""
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as school:
        pep = services.amend(by=school, pep=version.pep, reason="New need")
        services.write_section(
            by=school, pep=pep, key="history", answers={**ANSWERS["history"], "needs": "A plan for reading"}, language="en-gb", version=1
        )
        services.write_section(
            by=school, pep=pep, key="my_page", answers={**ANSWERS["my_page"], "next": "Bod yn filfeddyg da"}, language="cy", version=1
        )
        with transaction.atomic():  # the policies' context lasts as long as a transaction
            first, second = pep.targets.order_by("position")
        services.save_target(by=school, pep=pep, facts=facts(school, goal="Ten out of ten"), target=first.pk, version=first.version)
        services.remove_target(by=school, pep=pep, target=second.pk, version=second.version)
        services.save_target(by=school, pep=pep, facts=facts(school, area="personal", goal="Join the choir", need="Friends"))
        let_go_on(by=school, pep=pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as school:
        return version, services.finalise(by=school, pep=pep, on=school.today)


def between(older: Any, newer: Any) -> str:
    return f"differences/?older={older}&newer={newer}"


@pytest.mark.req("PEP-11")
def test_the_page_marks_what_was_added_and_removed(world: World) -> None:
    first, second = amended(world)
    page = text(world.client(Role.IRO).get(plan(world, between(first.pk, second.pk))))
    assert '<span lang="en">A plan for reading</span>' in page.split("<ins>", 1)[1]
    assert '<span lang="en">None</span>' in page
    assert '<span lang="cy"> da</span>' in page  # the child's Welsh stays Welsh
    assert "Ten" in page
    assert "Join the choir" in page
    assert "Play for the county" in page
    assert "Swimming badge" not in page  # what is the same is left out
    assert page.count("Added:") == page.count("(end of what was added)") > 0


def test_the_plan_links_to_it_as_soon_as_there_are_two_texts(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    assert "differences/" not in text(client.get(plan(world)))
    assert "nothing to compare yet" in text(client.get(plan(world, "differences/")))


def test_without_a_choice_the_draft_is_compared_with_the_newest_version(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = services.amend(by=by, pep=version.pep, reason="New need")
        answers = {**ANSWERS["history"], "needs": "Written later"}
        services.write_section(by=by, pep=pep, key="history", answers=answers, language="en-gb", version=1)
    client = world.client(Role.IRO)
    assert "differences/" in text(client.get(plan(world)))
    page = text(client.get(plan(world, "differences/")))
    assert "Written later" in page
    assert "Mr Rees" not in page


def test_nothing_differs_between_a_version_and_its_untouched_amendment(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.amend(by=by, pep=version.pep, reason="New need")
    assert "Nothing differs" in text(world.client(Role.IRO).get(plan(world, "differences/")))


@pytest.mark.parametrize("part", ["differences/?older=draft&newer=draft", "differences/?older=x&newer=y", "differences/?older="])
def test_a_bad_choice_is_said_and_shows_nothing(world: World, part: str) -> None:
    amended(world)
    response = world.client(Role.IRO).get(plan(world, part))
    assert response.status_code == 200
    assert "There is a problem" in text(response)
    assert "<ins>" not in text(response)


def test_a_headteacher_finds_no_change_of_the_childs_words(world: World) -> None:
    first, second = amended(world)
    page = text(world.client(Role.HEADTEACHER).get(plan(world, between(first.pk, second.pk))))
    assert "A plan for reading" in page
    assert not [word for word in ("filfeddyg", " da<", "My page") if word in page]


def test_the_texts_of_another_child_cannot_be_chosen(world: World) -> None:
    first, second = amended(world)
    sibling, *_rest = enter(world.own, entered_on=first.finalised_on - timedelta(days=1))
    page = text(world.client(Role.LACE_COORDINATOR).get(f"/children/{sibling.pk}/plan/{between(first.pk, second.pk)}"))
    assert "A plan for reading" not in page


def test_both_languages(world: World) -> None:
    first, second = amended(world)
    client = world.client(Role.IRO)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = text(client.get(plan(world, between(first.pk, second.pk))))
    assert "Beth a newidiodd" in page
    assert "Added" not in page


def test_what_the_page_costs(world: World, statements: Callable[..., Any]) -> None:
    first, second = amended(world)
    client, address = world.client(Role.DESIGNATED_PERSON), plan(world, between(first.pk, second.pk))
    client.get(address)
    with statements(15):
        client.get(address)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = services.amend(by=by, pep=first.pep, reason="More")
        for number in range(3):
            services.save_target(by=by, pep=pep, facts=facts(by, goal=f"Goal {number}"))
        let_go_on(by=by, pep=pep)
        services.finalise(by=by, pep=pep, on=by.today)
    with statements(15):
        client.get(address)
