"""What is computed from results: the Core Subject Indicator, Level 2 inclusive, the bands of scores. The rest of a definition is data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peps.rules.measures import (
    FIVE,
    GCSE,
    GCSE_9_1,
    KS2,
    KS3,
    MEASURES,
    OTHER,
    QUALIFICATION,
    STAGES,
    Measure,
    Result,
    check_result,
    csi,
    level_2_inclusive,
)
from peps.rules.wellbeing import (
    BOXALL,
    FOUR_BANDS,
    FOUR_BANDS_DOWN,
    INSTRUMENTS,
    SDQ,
    THREE_BANDS,
    TOTAL,
    Informant,
    band,
    check_entry,
    check_scores,
    with_totals,
)

OLDER = "sdq_4_17"


def gcse(subject: str, value: str = "C", *, named: str = "") -> Result:
    return Result("gcse", subject, value, named)


@st.composite
def _entries(draw: st.DrawFn) -> Result:
    measure = draw(st.sampled_from(list(MEASURES.values())))
    subject = draw(st.sampled_from([code for code, _label in measure.subjects] or [""]))
    named = draw(st.sampled_from(["Art", "art ", "Sport"])) if subject in {"", OTHER} else ""
    volume = draw(st.sampled_from([Decimal("0.5"), Decimal(2), Decimal(4)])) if measure.asks_volume else None
    return Result(measure.code, subject, draw(st.sampled_from([value for value, _label in measure.scale])), named, volume)


ENTRIES = st.lists(_entries(), max_size=14)
STAGE = st.sampled_from([measures for _title, measures in STAGES])


@pytest.mark.req("DATA-06")
@pytest.mark.parametrize(
    ("measure", "enough", "short"), [(KS2, "4", "3"), (KS3, "5", "4"), (GCSE, "C", "D"), (GCSE_9_1, "4", "3")], ids=lambda one: str(one)[:20]
)
def test_the_core_subject_indicator_needs_a_language_mathematics_and_science_together(measure: Measure, enough: str, short: str) -> None:
    code = measure.code
    all_three = [Result(code, subject, enough) for subject in ("welsh", "mathematics", "science")]
    assert csi(all_three, {code}) is True
    assert csi([*all_three, Result(code, "english", short)], {code}) is True  # one of the two languages is enough
    for place, result in enumerate(all_three):
        lower = [*all_three[:place], replace(result, value=short), *all_three[place + 1 :]]
        assert csi(lower, {code}) is False
        assert csi([one for one in all_three if one is not result], {code}) is None  # not known is not "not reached"
    assert csi(all_three, {"ks1"}) is None


@pytest.mark.req("DATA-07")
def test_level_2_inclusive_is_five_gcses_with_mathematics_and_a_first_language() -> None:
    five = [gcse("english"), gcse("mathematics", "A*"), gcse("science_double"), gcse("physics")]  # the double award is worth two
    found = level_2_inclusive(five)
    assert found is not None
    assert found.reached
    assert found.volume == FIVE
    for missing in five:
        less = level_2_inclusive([one for one in five if one is not missing])
        assert less is not None
        assert not less.reached
    without_language = [gcse("english_literature"), gcse("welsh_second"), *five[1:]]
    found = level_2_inclusive(without_language)
    assert found is not None
    assert (found.volume, found.language, found.reached) == (Decimal(6), False, False)
    assert level_2_inclusive([Result("ks3", "english", "7")]) is None


@pytest.mark.req("DATA-07")
@pytest.mark.req("DATA-11")
def test_other_qualifications_count_by_their_volume_and_both_scales_of_grades_count_once() -> None:
    core = [gcse("welsh", "B"), Result("gcse_9_1", "mathematics", "4")]
    sport = Result("qualification", "", "2", "Level 2 Sport", Decimal(3))
    found = level_2_inclusive([*core, sport])
    assert found is not None
    assert found.reached
    below = level_2_inclusive([*core, replace(sport, value="1")])
    assert below is not None
    assert below.volume == 2
    again = level_2_inclusive([*core, gcse("mathematics", "A"), replace(sport, named=" level 2  SPORT", volume=Decimal(1))])
    assert again is not None
    assert again.volume == 3  # one mathematics, on whichever scale


@pytest.mark.req("DATA-06")
@given(entries=ENTRIES, more=_entries(), measures=STAGE)
def test_another_result_never_takes_the_indicators_away(entries: list[Result], more: Result, measures: frozenset[str]) -> None:
    if csi(entries, measures):
        assert csi([*entries, more], measures)
    before, after = level_2_inclusive(entries), level_2_inclusive([*entries, more])
    if before is not None:
        assert after is not None
        assert after.volume >= before.volume
        assert after.reached >= before.reached


@pytest.mark.req("DATA-07")
@given(entries=ENTRIES, measures=STAGE, dice=st.randoms(use_true_random=False))
def test_the_order_and_repeats_of_results_say_nothing(entries: list[Result], measures: frozenset[str], dice: Random) -> None:
    shuffled = entries * 2
    dice.shuffle(shuffled)
    assert csi(shuffled, measures) == csi(entries, measures)
    assert level_2_inclusive(shuffled) == level_2_inclusive(entries)


@pytest.mark.req("DATA-06")
@given(entries=ENTRIES, measures=STAGE)
def test_the_indicator_is_what_the_definition_says(entries: list[Result], measures: frozenset[str]) -> None:
    """In other words than the code: no counted set of three subjects is at the expected level, unless the indicator is reached."""
    good = {one.subject for one in entries if one.measure in measures and MEASURES[one.measure].reaches(one.value)}
    together = (
        bool(good & {"english", "welsh"})
        and bool(good & {"mathematics", "numeracy"})
        and bool(good & {"science", "science_double", "biology", "chemistry", "physics"})
    )
    assert (csi(entries, measures) is True) == together


def test_the_definitions_hold_together() -> None:
    for measure in MEASURES.values():
        values = [value for value, _label in measure.scale]
        assert len(values) == len(set(values))
        assert max(len(value) for value in (*values, *(code for code, _label in measure.subjects), measure.code)) <= 20
        assert not measure.expected or measure.place(measure.expected) > 0
        assert (measure.volume is not None) <= bool(measure.expected)
    assert [MEASURES[code].expected for code in ("foundation", "ks2", "ks3")] == ["5", "4", "5"]
    assert not any(measure.verified for measure in MEASURES.values())  # a definition that somebody checked says so in its own line


@pytest.mark.req("DATA-05")
def test_an_entry_is_refused_field_by_field() -> None:
    fine: dict[str, Any] = {
        "measure": GCSE, "subject": "english", "named": "", "value": "B", "volume": None, "basis": "exam",
        "on": date(2026, 8, 20), "born": date(2010, 5, 1), "today": date(2026, 11, 23),
    }  # fmt: skip
    assert not list(check_result(**fine))
    changes: dict[str, dict[str, Any]] = {
        "subject": {"subject": "alchemy"},
        "named": {"named": "Latin"},
        "value": {"value": "Z"},
        "volume": {"volume": Decimal(2)},
        "basis": {"basis": "guess"},
        "measured_on": {"on": date(2026, 11, 24)},
    }
    for field, wrong in changes.items():
        assert [name for name, _said in check_result(**fine | wrong)] == [field]
    assert [name for name, _said in check_result(**fine | {"subject": OTHER})] == ["named"]
    late = fine | {"measure": KS2, "value": "4", "basis": "teacher"}
    assert [name for name, _said in check_result(**late)] == ["measured_on"]
    other = fine | {"measure": QUALIFICATION, "subject": "", "named": "Sport", "value": "2"}
    for volume in (None, Decimal(0), Decimal(5), Decimal("0.7")):
        assert [name for name, _said in check_result(**other | {"volume": volume})] == ["volume"]


# ---- well-being ----


@pytest.mark.req("WB-01")
def test_teachers_bands_are_the_published_ones() -> None:
    """Four bands of teachers' answers: PMC4830858, table 1; three of parents' totals: the original scoring."""
    published = {
        TOTAL: (11, 15, 18, 40),
        "emotional": (3, 4, 5, 10),
        "conduct": (2, 3, 4, 10),
        "hyperactivity": (5, 7, 8, 10),
        "peer": (2, 4, 5, 10),
    }
    for score, lasts in published.items():
        first = 0
        for name, last in zip(FOUR_BANDS, lasts, strict=True):
            assert {band(SDQ, OLDER, "teacher", score, value) for value in range(first, last + 1)} == {name}
            first = last + 1
    kind = [band(SDQ, OLDER, "teacher", "prosocial", value) for value in range(11)]
    assert kind == [*[FOUR_BANDS_DOWN[3]] * 4, FOUR_BANDS_DOWN[2], FOUR_BANDS_DOWN[1], *[FOUR_BANDS_DOWN[0]] * 5]
    three = [band(SDQ, OLDER, "parent", TOTAL, value, of=3) for value in range(41)]
    assert three == [*[THREE_BANDS[0]] * 14, *[THREE_BANDS[1]] * 3, *[THREE_BANDS[2]] * 24]


@pytest.mark.req("WB-01")
def test_every_score_of_every_informant_has_bands_that_get_worse_one_way() -> None:
    for (edition, informant, count), cuts in SDQ.bands.items():
        assert edition == OLDER
        assert set(cuts) == {score.code for score in SDQ.scores}
        for score in SDQ.scores:
            places = [cuts[score.code].band(value) for value in range(score.high + 1)]
            assert set(places) == set(range(count)), (informant, count, score.code)
            assert all(a >= b if score.code == "prosocial" else a <= b for a, b in pairwise(places))
    assert {informant for _edition, informant, _count in SDQ.bands} == set(Informant)
    read = {(key[1], key[2], code) for key, cuts in SDQ.bands.items() for code, cut in cuts.items() if cut.verified}
    assert read == {("teacher", 4, score.code) for score in SDQ.scores} | {("parent", 3, TOTAL)}
    assert band(SDQ, "sdq_2_4", "parent", TOTAL, 12) is None
    assert band(BOXALL, "boxall_children", "teacher", "a", 12) is None


@pytest.mark.req("WB-01")
@given(scores=st.fixed_dictionaries({score.code: st.integers(0, score.high) for score in SDQ.scores if score.code != TOTAL}))
def test_the_total_is_the_four_difficulties_and_not_kindness(scores: dict[str, int]) -> None:
    assert not list(check_scores(SDQ, scores))
    total = with_totals(SDQ, scores)[TOTAL]
    assert total == sum(value for code, value in scores.items() if code != "prosocial")
    assert 0 <= total <= 40
    assert [code for code, _said in check_scores(SDQ, scores | {TOTAL: total - 1 if total else 1})] == [TOTAL]


@pytest.mark.req("WB-01")
def test_scores_out_of_range_or_half_told_are_refused() -> None:
    assert not list(check_scores(SDQ, {TOTAL: 17}))  # known from elsewhere without its parts
    assert [code for code, _said in check_scores(SDQ, {TOTAL: 41})] == [TOTAL]
    assert next(code for code, _said in check_scores(SDQ, {"emotional": -1, TOTAL: 1})) == "emotional"
    assert [code for code, _said in check_scores(SDQ, {"emotional": 3})] == ["conduct"]
    assert next(code for code, _said in check_scores(SDQ, {"conduct": True, TOTAL: 3})) == "conduct"
    assert [code for code, _said in check_scores(SDQ, {})] == ["emotional"]
    assert [code for code, _said in check_scores(SDQ, {TOTAL: 3, "item_1": 2})] == ["scores"]  # an item is no score
    assert not list(check_scores(BOXALL, {"a": 7}))
    assert with_totals(BOXALL, dict.fromkeys("abcdefghij", 2))["developmental"] == 20


@pytest.mark.req("WB-01")
def test_whose_answers_they_are_fits_the_version_and_the_age() -> None:
    born, today = date(2016, 5, 1), date(2026, 11, 23)

    def wrong(code: str, **other: Any) -> list[str]:
        fine: dict[str, Any] = {"edition": "", "informant": "", "named": "", "words": "", "on": today, "born": born, "today": today} | other
        return [name for name, _said in check_entry(instrument=INSTRUMENTS[code], **fine)]

    assert wrong("sdq", edition=OLDER, informant="teacher") == []
    assert wrong("sdq", edition=OLDER, informant="child") == ["edition"]  # ten years old: from eleven on
    assert wrong("sdq", edition=OLDER, informant="child", on=date(2027, 5, 1), today=date(2027, 5, 1)) == []
    assert wrong("sdq", edition="sdq_2_4", informant="parent") == ["edition"]
    assert wrong("sdq", edition="sdq_9", informant="parent") == ["edition"]
    assert wrong("sdq", edition=OLDER) == ["informant"]
    assert wrong("boxall", edition="boxall_children", informant="parent") == ["informant"]
    assert wrong("another", informant="child") == ["named"]
    assert wrong("observation") == ["words"]
    assert wrong("observation", words="Alone at break", on=date(2026, 11, 24)) == ["measured_on"]
