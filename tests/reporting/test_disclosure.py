"""What a report gives away: an attacker who knows the rules and reads every number, and what a text may not say."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reporting.rules import (
    SPLITS,
    Group,
    Pupil,
    Standing,
    band,
    held_back,
    minimum,
    names_in,
    problems_of,
    reportable,
    rounded,
    shown_of,
    small_counts_in,
    standing,
    term_days,
)
from schools.rules import SchoolKind, Term, term_of

KIND = SchoolKind.SECONDARY
# What the attacker reads in the definitions: the lines of each table, from fine to coarse. Written here by hand, apart from the rules.
LINES: dict[str, list[list[set[str]]]] = {
    "stage": [[{"lower"}, {"exams"}, {"sixth"}], [{"lower"}, {"exams", "sixth"}]],
    "authority": [[{"own"}, {"other"}]],
    "needs": [[{"with"}, {"without"}]],
    "plan": [[{"final"}, {"written"}, {"none"}], [{"final"}, {"written", "none"}]],
    "timely": [[{"on_time"}, {"late"}, {"not_due"}], [{"on_time", "not_due"}, {"late"}]],
    "attendance": [[{"high"}, {"middle"}, {"low"}, {"unrecorded"}], [{"high", "middle"}, {"low", "unrecorded"}]],
    "exclusion": [[{"excluded"}, {"not_excluded"}]],
    "progress": [[{"all"}, {"half"}, {"fewer"}, {"unassessed"}], [{"all", "half"}, {"fewer", "unassessed"}]],
}
NO_NUMBER = {"attendance": "unrecorded", "progress": "unassessed"}  # a printed rate says that enough children have one

children = st.builds(
    Pupil,
    year=st.integers(7, 13),
    own_authority=st.booleans(),
    additional_needs=st.booleans(),
    plan=st.sampled_from(("final", "final", "written", "none")),
    timely=st.sampled_from(("on_time", "late", "not_due")),
    sessions_possible=st.sampled_from((0, 100, 100)),
    sessions_attended=st.sampled_from((0, 85, 92, 97)),
    excluded=st.booleans(),
    subjects_assessed=st.sampled_from((0, 4)),
    subjects_on_track=st.integers(0, 4),
).map(lambda child: child if child.sessions_possible else Pupil(**{**_fields(child), "sessions_attended": 0}))
children = children.map(lambda child: child if child.subjects_assessed else Pupil(**{**_fields(child), "subjects_on_track": 0}))
# A failing cohort is not made smaller: each step would ask the attacker anew.
attacked = settings(deadline=None, phases=[Phase.explicit, Phase.generate])
cohorts = st.lists(children, max_size=19) | st.lists(children, min_size=10, max_size=19)


def _fields(child: Pupil) -> dict[str, Any]:
    return {name: getattr(child, name) for name in Pupil.__dataclass_fields__}


# -- the attacker --------------------------------------------------------------------------------------------------


@cache
def ways(total: int, parts: int) -> list[tuple[int, ...]]:
    """Every way to divide a number of children among so many lines."""
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in ways(total - first, parts - 1)]


@cache
def worlds(code: str, lines: tuple[tuple[str, int], ...] | None, total: int, *, least: int, rate: bool) -> list[dict[str, int]]:
    """Every division of `total` children that would have been printed as this one was; `rate`: one was printed, so enough have a number."""
    levels = LINES[code]
    cells = sorted(set().union(*levels[0]))
    found = []
    for counts in ways(total, len(cells)):
        world = dict(zip(cells, counts, strict=True))
        sums = [[sum(world[cell] for cell in group) for group in level] for level in levels]
        printable = [all(count >= least for count in level) for level in sums]
        if lines is None:
            if any(printable):
                continue
        else:
            level = next(place for place, groups in enumerate(levels) if len(groups) == len(lines))
            if any(printable[:level]) or not printable[level]:
                continue
            if any(abs(count - printed) > 2 for count, (_code, printed) in zip(sums[level], lines, strict=True)):
                continue
        if rate and total - world[NO_NUMBER[code]] < least:
            continue
        found.append(world)
    return found


def known(shown: dict[str, Any]) -> dict[str, set[int]]:
    """For every number behind a report, the values that it can still have for somebody who has read all of it."""
    least = shown["least"]
    if shown["cohort"] == "nil":
        return {"on_roll": {0}}
    if shown["cohort"] == "small":
        return {"on_roll": set(range(1, least))}
    totals = {total for total in range(least, shown["on_roll"] + 3) if abs(total - shown["on_roll"]) <= 2}
    found = {
        (code, total): worlds(code, lines and tuple(lines), total, least=least, rate=bool(shown["rates"].get(code)))
        for code, lines in shown["splits"].items()
        for total in totals
    }
    totals = {total for total in totals if all(found[code, total] for code in shown["splits"])}
    values = {"on_roll": totals}
    for code in shown["splits"]:
        for level in LINES[code]:
            for group in level:
                name = f"{code}:{'+'.join(sorted(group))}"
                values[name] = {sum(world[cell] for cell in group) for total in totals for world in found[code, total]}
    return values


def truth(pupils: list[Pupil]) -> dict[str, int]:
    cells = {
        "stage": ["lower" if child.year < 10 else "exams" if child.year < 12 else "sixth" for child in pupils],
        "authority": ["own" if child.own_authority else "other" for child in pupils],
        "needs": ["with" if child.additional_needs else "without" for child in pupils],
        "plan": [child.plan for child in pupils],
        "timely": [child.timely for child in pupils],
        "attendance": [child.attendance for child in pupils],
        "exclusion": ["excluded" if child.excluded else "not_excluded" for child in pupils],
        "progress": [child.progress for child in pupils],
    }
    counts = {"on_roll": len(pupils)}
    for code, levels in LINES.items():
        for level in levels:
            for group in level:
                counts[f"{code}:{'+'.join(sorted(group))}"] = sum(cell in group for cell in cells[code])
    return counts


@pytest.mark.req("PRIV-08", "PRIV-09", "GOV-02")
@settings(attacked, max_examples=150)
@given(pupils=cohorts, least=st.sampled_from((5, 5, 10)))
def test_no_small_number_can_be_worked_out(pupils: list[Pupil], least: int) -> None:
    shown = shown_of(pupils, kind=KIND, least=least)
    counts, values = truth(pupils), known(shown)
    for name, possible in values.items():
        assert counts[name] in possible, f"the attacker is wrong about {name}"
        if shown["cohort"] == "nil":
            continue
        assert len(possible) >= 2, f"{name} is {possible}"
        if counts[name] < least:
            assert len(possible) >= 3, f"{name} is one of {possible}"
            if name != "on_roll" and name.partition(":")[2] not in NO_NUMBER.values():
                assert max(possible) >= least, f"{name} is known to be small"


@pytest.mark.req("PRIV-09", "GOV-02")
@settings(attacked, max_examples=80)
@given(before=cohorts, joined=st.lists(children, max_size=2), left=st.integers(0, 2))
def test_nor_from_two_terms_how_many_changed(before: list[Pupil], joined: list[Pupil], left: int) -> None:
    after = [*before[left:], *joined]
    first, second = (shown_of(pupils, kind=KIND, least=5) for pupils in (before, after))
    one, two = known(first), known(second)
    for name in one.keys() & two.keys():
        changes = {later - earlier for earlier in one[name] for later in two[name]}
        assert truth(after)[name] - truth(before)[name] in changes
        assert "nil" in {first["cohort"], second["cohort"]} or len(changes) >= 3, f"{name} changed by one of {changes}"


@pytest.mark.req("PRIV-09", "GOV-02")
@settings(max_examples=200, deadline=None)
@given(pupils=cohorts, least=st.sampled_from((5, 10, 15)))
def test_what_is_printed_is_rounded_and_never_small(pupils: list[Pupil], least: int) -> None:
    shown = shown_of(pupils, kind=KIND, least=least)
    if 0 < len(pupils) < least:
        assert shown == {"cohort": "small", "least": least}
    if len(pupils) < least:
        assert "splits" not in shown
        assert "rates" not in shown
        return
    printed = [shown["on_roll"], *(count for lines in shown["splits"].values() if lines for _code, count in lines)]
    assert all(number % 5 == 0 and number >= least for number in printed)


def test_the_attackers_tables_are_those_of_the_report() -> None:
    for code, split in SPLITS.items():
        if code != "stage":
            assert [[set(group.cells) for group in level] for level in split.levels] == LINES[code]
    levels = shown_of([_pupil() for _ in range(40)], kind=KIND, least=5)["splits"]
    assert set(levels) == set(LINES)


def _pupil(**other: Any) -> Pupil:
    return Pupil(**{"year": 8, "own_authority": True, "additional_needs": False, "plan": "final", "timely": "on_time", **other})


# -- the rules one by one ------------------------------------------------------------------------------------------


@pytest.mark.req("PRIV-08")
@pytest.mark.parametrize(("count", "printed"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15), (5617, 5615)])
def test_rounding_to_the_nearest_five(count: int, printed: int) -> None:
    assert rounded(count) == printed


@pytest.mark.req("PRIV-09")
@pytest.mark.parametrize(("setting", "least"), [(0, 5), (1, 5), (5, 5), (6, 10), (7, 10), (10, 10), (11, 15)])
def test_an_authority_may_only_raise_the_minimum(setting: int, least: int) -> None:
    assert minimum(setting) == least


@pytest.mark.req("AMB-10")
def test_parts_and_total_are_rounded_each_by_itself() -> None:
    pupils = [_pupil(additional_needs=number < 7) for number in range(14)]
    shown = shown_of(pupils, kind=KIND, least=5)
    assert shown["on_roll"] == 15
    assert shown["splits"]["needs"] == [("with", 5), ("without", 5)]


@pytest.mark.req("GOV-02")
def test_lines_are_put_together_before_a_table_is_held_back() -> None:
    three = [_pupil(plan="final")] * 8 + [_pupil(plan="written")] * 4 + [_pupil(plan="none")] * 2
    assert shown_of(three, kind=KIND, least=5)["splits"]["plan"] == [("final", 10), ("open", 5)]
    assert shown_of(three[:9], kind=KIND, least=5)["splits"]["plan"] is None


def test_a_table_of_one_line_is_none() -> None:
    one = Group("all", SPLITS["plan"].title, ("all",))
    assert held_back(Counter(all=20), [[one]], 5) is None
    assert "stage" not in shown_of([_pupil(year=-1)] * 9, kind=SchoolKind.NURSERY, least=5)["splits"]


@pytest.mark.req("PRIV-09")
@settings(max_examples=200, deadline=None)
@given(parts=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda two: (min(two), max(two))), max_size=12))
def test_a_rate_is_a_band_of_five_around_the_true_one(parts: list[tuple[int, int]]) -> None:
    found = band(parts, 5)
    counted = [whole for _part, whole in parts if whole]
    if len(counted) < 5 or max(counted) * 2 >= sum(counted):
        assert found is None
        return
    assert found is not None
    low, high = found
    true = 100 * sum(part for part, whole in parts if whole) / sum(counted)
    assert low <= true < high + 1
    assert high - low >= 4


@settings(max_examples=300, deadline=None)
@given(day=st.dates(date(2000, 1, 1), date(2060, 12, 31)))
def test_every_day_lies_in_its_term(day: date) -> None:
    year, term = term_of(day)
    first, last = term_days(year, term)
    assert first <= day <= last
    assert term_of(first) == term_of(last) == (year, term)
    (present, before) = reportable(day)
    assert present == (year, term)
    assert term_days(*before)[1] == first - timedelta(days=1)


@pytest.mark.req("GOV-13")
def test_a_report_is_due_on_its_terms_last_day() -> None:
    last = date(2026, 12, 31)
    assert standing(2026, Term.AUTUMN, published_on=None, as_of=last) == Standing.DUE
    assert standing(2026, Term.AUTUMN, published_on=None, as_of=date(2027, 1, 1)) == Standing.LATE
    assert standing(2026, Term.AUTUMN, published_on=last, as_of=date(2027, 2, 1)) == Standing.PUBLISHED
    assert standing(2026, Term.AUTUMN, published_on=date(2027, 1, 1), as_of=date(2027, 2, 1)) == Standing.LATE_PUBLISHED


# -- the text ------------------------------------------------------------------------------------------------------

NAMES = ["Siân", "Will", "ap Rhys", "Llŷr", "Anne-Marie", "May"]


@pytest.mark.req("GOV-02")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We are proud of Siân.", ["Siân"]),
        ("SIAN's reading has come on", ["Siân"]),
        ("Gwaith Llyr a'r lleill", ["Llŷr"]),
        ("Will has settled well", ["Will"]),
        ("The school will go on", []),
        ("It may be so", []),
        ("Rhys Jones", []),
        ("Mr ap Rhys", ["ap Rhys"]),
        ("Anne Marie and others", ["Anne-Marie"]),
        ("The Siânology club", []),
    ],
)
def test_names_are_found_in_a_text(text: str, found: list[str]) -> None:
    assert names_in(text, NAMES) == found


@pytest.mark.req("GOV-02")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two of our pupils joined the choir", ["Two of our pupils"]),
        ("1 child was excluded", ["1 child"]),
        ("Mae dau blentyn yn y côr", ["dau blentyn"]),
        ("tair merch", ["tair merch"]),
        ("The club is open to all pupils on three afternoons", []),
        ("All 30 children of the year", []),
        ("Every child has a tutor", []),
    ],
)
def test_small_counts_are_found_in_a_text(text: str, found: list[str]) -> None:
    assert small_counts_in(text) == found


def test_each_problem_says_what_to_take_out() -> None:
    sentences = problems_of("Siân and two children", NAMES)
    assert len(sentences) == 2
    assert "Siân" in sentences[0]
    assert "two children" in sentences[1]
