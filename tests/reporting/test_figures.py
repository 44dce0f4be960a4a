"""What published figures give away: a reader who has every number of every area, knows the rules, and takes one from another."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from reporting.rules.figures import SCHOOL_TABLES, TABLES, Table, ended_terms, shown_alone, shown_together
from schools.rules import Term

# The lines of each table, from fine to coarse, as the page explains them. Written here by hand, apart from the rules.
LINES: dict[str, list[dict[str, set[str]]]] = {
    "own": [{"own_in": {"own_in"}, "own_out": {"own_out"}}, {"own": {"own_in", "own_out"}}],
    "hosted": [{"hosted": {"hosted"}}],
    **{code: [{"on_time": {"on_time"}, "late": {"late"}}, {"due": {"on_time", "late"}}] for code in ("initiated", "developed", "reviewed")},
    "attendance": [
        {"high": {"high"}, "middle": {"middle"}, "low": {"low"}},
        {"above": {"high", "middle"}, "low": {"low"}},
    ],
    "exclusion": [{"excluded": {"excluded"}, "not_excluded": {"not_excluded"}}],
}
REGION = ("A", "B", "C")
BODIES = {"R": REGION, "wales": (*REGION, "D", "E")}
AREAS = BODIES["wales"]
LEAST = dict.fromkeys(AREAS, 5)
MOST = 91  # no number of these small countries is larger: three of thirty are recorded at most
attacked = settings(deadline=None, max_examples=120, phases=[Phase.explicit, Phase.generate])

# Small numbers and numbers around them, where everything is decided; zero often.
numbers = st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 22, 23)) | st.integers(0, 30)
Country = dict[str, dict[str, dict[str, int]]]
Shown = dict[str, dict[str, Any]]


@st.composite
def countries(draw: st.DrawFn) -> Country:
    country: Country = {}
    for area in AREAS:
        cells = {code: {cell: draw(numbers) for cell in sorted(set().union(*levels[0].values()))} for code, levels in LINES.items()}
        recorded = sum(cells["attendance"].values())
        cells["exclusion"]["excluded"] = min(cells["exclusion"]["excluded"], recorded)
        cells["exclusion"]["not_excluded"] = recorded - cells["exclusion"]["excluded"]  # the same children
        country[area] = cells
    return country


def truth(country: Country, who: str, code: str, cells: Iterable[str]) -> int:
    return sum(country[area][code].get(cell, 0) for area in BODIES.get(who, (who,)) for cell in cells)


def published(country: Country) -> Shown:
    return shown_together(country, LEAST, BODIES)


def known(shown: Shown, who: str, code: str, level: int) -> bool:
    return shown[who][code] is not None and shown[who][code]["level"] <= level


def rest(shown: Shown, body: str, code: str, level: int) -> list[str]:
    """The areas left when from a body everything published inside it is taken."""
    left = [area for area in BODIES[body] if not known(shown, area, code, level)]
    if body == "wales" and known(shown, "R", code, level):
        left = [area for area in left if area not in REGION]
    return left


# -- the guarantees ------------------------------------------------------------------------------------------------


def test_the_attackers_tables_are_those_of_the_figures() -> None:
    assert {code: [{group.code: set(group.cells) for group in level} for level in table.levels] for code, table in TABLES.items()} == LINES


@pytest.mark.req("PRIV-08", "PRIV-09", "CPP-04")
@settings(attacked)
@given(country=countries())
def test_every_number_is_rounded_by_itself_and_stands_for_enough(country: Country) -> None:
    for who, tables in published(country).items():
        for code, shown in tables.items():
            if shown is None:
                continue
            groups = LINES[code][shown["level"]]
            assert [name for name, _number in shown["lines"]] == list(groups)
            for name, number in shown["lines"]:
                exact = truth(country, who, code, groups[name])
                assert exact >= 5
                assert number % 5 == 0
                assert abs(number - exact) <= 2


@pytest.mark.req("PRIV-09", "PDG-10", "PRIV-19")
@settings(attacked)
@given(country=countries())
def test_what_is_left_of_a_body_is_nothing_or_large_enough(country: Country) -> None:
    """Consortium less its authorities, Wales less consortium and authorities: nobody is left alone, and no small number."""
    shown = published(country)
    for body, (code, levels) in itertools.product(BODIES, LINES.items()):
        if shown[body][code] is None:
            continue
        for level in range(shown[body][code]["level"], len(levels)):
            left = rest(shown, body, code, level)
            assert len(left) != 1
            for cells in levels[level].values():
                assert not left or sum(truth(country, area, code, cells) for area in left) >= 5


def possible(shown: Shown, who: str, code: str, cell: str) -> set[int]:
    """What a line's number can be for somebody who reads this row alone."""
    row = shown[who][code]
    lines = dict(row["lines"]) if row else {}
    if cell in lines:
        return set(range(max(5, lines[cell] - 2), lines[cell] + 3))
    if row and row["level"]:  # one line over all the cells, or over some
        over = next(name for name, cells in LINES[code][row["level"]].items() if cell in cells)
        return set(range(lines[over] + 3))
    return set(range(MOST))


def sums(sets: Iterable[set[int]]) -> set[int]:
    total = {0}
    for one in sets:
        total = {first + second for first in total for second in one}
    return total


def worked_out(shown: Shown, code: str, cell: str) -> dict[str, set[int]]:
    """What each area's number can still be for somebody who reads every area, the region and Wales: by trying everything."""
    own = {area: possible(shown, area, code, cell) for area in AREAS}
    everything = set(range(len(AREAS) * MOST))
    whole = {body: possible(shown, body, code, cell) if shown[body][code] and not shown[body][code]["level"] else everything for body in BODIES}
    found = {}
    for area in AREAS:
        values = set()
        others = [other for other in (REGION if area in REGION else ("D", "E")) if other != area]
        beside = sums(own[other] for other in others)
        outside = sums(own[other] for other in (("D", "E") if area in REGION else REGION))
        if area not in REGION:
            outside = outside & whole["R"]
        for value in own[area]:
            near = {value + more for more in beside}
            if area in REGION:
                near &= whole["R"]
            if any(first + second in whole["wales"] for first in near for second in outside):
                values.add(value)
        found[area] = values
    return found


@pytest.mark.req("PRIV-08", "PRIV-09", "XLA-11", "PDG-10")
@settings(attacked, max_examples=60)
@given(country=countries(), code=st.sampled_from(("own", "hosted", "developed", "exclusion")))
def test_no_number_can_be_worked_out(country: Country, code: str) -> None:
    shown = published(country)
    for cell in sorted(set().union(*LINES[code][0].values())):
        for area, values in worked_out(shown, code, cell).items():
            exact = truth(country, area, code, {cell})
            assert exact in values, "the attacker is wrong"
            assert len(values) >= 2, f"{area}'s {cell} is {values}"
            if exact < 5:
                assert len(values) >= 3, f"{area}'s {cell} is one of {values}"
                assert max(values) >= 5, f"{area}'s {cell} is known to be small"


@pytest.mark.req("PRIV-09", "PRIV-19")
@settings(attacked)
@given(country=countries(), code=st.sampled_from(sorted(set(LINES) - {"attendance", "exclusion"})), area=st.sampled_from(AREAS))
def test_one_child_more_in_a_small_group_shows_nowhere_alone(country: Country, code: str, area: str) -> None:
    cell = next(iter(LINES[code][0].values())).copy().pop()
    more = {**country, area: {**country[area], code: {**country[area][code], cell: country[area][code][cell] + 1}}}
    before, after = published(country), published(more)
    assume(before[area][code] is None and after[area][code] is None)
    for who, tables in before.items():
        for other in LINES:
            one, two = tables[other], after[who][other]
            if one == two:
                continue
            assert other == code, f"{who}'s {other} has nothing to do with it"
            if one is None or two is None or one["level"] != two["level"]:
                continue  # held back in one of the two: which, no number says
            assert who in BODIES, f"{who} is another area"
            assert len(rest(before, who, code, one["level"])) >= 2 or known(before, "R", code, one["level"])


@pytest.mark.req("PRIV-09", "GOV-07")
@settings(attacked)
@given(cells=st.fixed_dictionaries({"all_agreed": st.integers(0, 4), "not_agreed": st.integers(0, 12)}))
def test_a_school_with_few_children_publishes_the_same_whatever_they_agreed(cells: dict[str, int]) -> None:
    shown = shown_alone({"agreed": cells}, 5, SCHOOL_TABLES)
    assert shown == {"agreed": None, "current": None}


def test_a_single_area_says_nothing_through_its_body() -> None:
    country = {"A": {"own": {"own_in": 40, "own_out": 12}}}
    shown: Shown = shown_together(country, {"A": 5}, {"R": ("A",), "wales": ("A",)})
    assert shown["A"]["own"] == {"level": 0, "lines": [["own_in", 40], ["own_out", 10]]}
    assert shown["R"]["own"] is shown["wales"]["own"] is None


@pytest.mark.req("PRIV-08")
def test_roundings_that_all_go_one_way_hold_the_sum_back() -> None:
    """Four times 22 prints 20, and their sum, 88, prints 90: which could only be four times 22."""
    four = ("A", "B", "C", "D")
    shown: Shown = shown_together({area: {"hosted": {"hosted": 22}} for area in four}, LEAST, {"R": four})
    assert [shown[area]["hosted"]["lines"] for area in four] == [[["hosted", 20]]] * 4
    assert shown["R"]["hosted"] is None
    other: Shown = shown_together(
        {area: {"hosted": {"hosted": number}} for area, number in zip(four, (22, 21, 20, 24), strict=True)}, LEAST, {"R": four}
    )
    assert other["R"]["hosted"]["lines"] == [["hosted", 85]]


@pytest.mark.req("PRIV-09")
def test_two_tables_of_the_same_children_are_looked_at_together() -> None:
    """Three times 7 prints 15 in all, 13 and 8 print 25: the same children, so each number would be known."""
    cells = {"attendance": {"high": 7, "middle": 7, "low": 7}, "exclusion": {"excluded": 8, "not_excluded": 13}}
    shown: Any = shown_together({"A": cells}, LEAST, {})["A"]
    assert shown["attendance"]["lines"] == [["high", 5], ["middle", 5], ["low", 5]]
    assert shown["exclusion"] is None


@pytest.mark.req("PRIV-09")
def test_the_smallest_further_area_is_held_back_with_a_small_one() -> None:
    country = {area: {"hosted": {"hosted": number}} for area, number in zip(AREAS, (2, 30, 18, 40, 50), strict=True)}
    shown = published(country)
    assert [area for area in AREAS if shown[area]["hosted"] is None] == ["A", "C"]
    assert shown["R"]["hosted"]["lines"] == [["hosted", 50]]
    assert shown["wales"]["hosted"]["lines"] == [["hosted", 140]]


@pytest.mark.req("PRIV-09", "CPP-04")
def test_an_authority_keeps_its_figures_where_the_sum_says_hardly_more() -> None:
    shown: Shown = shown_together({"A": {"hosted": {"hosted": 40}}, "B": {"hosted": {"hosted": 3}}}, LEAST, {"R": ("A", "B")})
    assert shown["A"]["hosted"] == {"level": 0, "lines": [["hosted", 40]]}
    assert shown["B"]["hosted"] is shown["R"]["hosted"] is None


@pytest.mark.req("PRIV-09")
def test_an_authority_may_ask_for_larger_groups() -> None:
    country = {area: {"hosted": {"hosted": 8}} for area in AREAS}
    assert shown_together(country, LEAST, {})["A"]["hosted"] == {"level": 0, "lines": [["hosted", 10]]}
    assert shown_together(country, {**LEAST, "A": 10}, {})["A"]["hosted"] is None


def test_the_terms_that_are_published() -> None:
    assert ended_terms(date(2026, 11, 22)) == [(2025, Term.SUMMER), (2025, Term.SPRING), (2025, Term.AUTUMN)]
    assert ended_terms(date(2027, 1, 14))[0] == (2025, Term.SUMMER), "two weeks to record"
    assert ended_terms(date(2027, 1, 15))[0] == (2026, Term.AUTUMN)


def test_each_table_names_its_cohort() -> None:
    tables: list[Table] = [*TABLES.values(), *SCHOOL_TABLES.values()]
    assert all(str(table.meaning).strip() and str(table.title).strip() for table in tables)
