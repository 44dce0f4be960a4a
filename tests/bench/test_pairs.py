"""The harness: turns, ratios, intervals, goals. No clock is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, connections

from lace.accounts.models import LocalAuthority
from reporting.management.benchmarks import pairs
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare, interval, through, whole
from reporting.management.commands.bench import as_json, line


def taking(seconds: list[float], log: list[str], name: str) -> Callable[[Clock], None]:
    """A run that says it took so long, in turn."""
    left = iter(seconds)

    def act(clock: Clock) -> None:
        log.append(name)
        clock.seconds += next(left)

    return act


def comparison(goal: Goal | None, **values: Any) -> Comparison:
    given = {"ratio": 1.5, "low": 1.2, "high": 1.9, "first_ms": 90.0, "second_ms": 60.0, "first_statements": 8, "second_statements": 1} | values
    return Comparison(subject="page", children=7200, first="ours", second="floor", pairs=30, goal=goal, **given)


def test_sides_take_turns_and_the_ratio_is_the_median_of_the_pairs(db):
    log: list[str] = []
    first = Side("ours", taking([0, 0, 2, 30, 6], log, "A"), connections["default"])
    second = Side("floor", taking([0, 0, 1, 3, 2], log, "B"), connections["default"])
    found = compare("page", first, second, children=5, pairs=3, between=lambda: log.append("-"))
    assert "".join(log) == "AB" + "-AB" + "-A-B" * 3
    assert (found.ratio, found.first_ms, found.second_ms, found.pairs) == (3, 6000, 2000, 3)
    assert 2 <= found.low <= found.ratio <= found.high <= 10


@pytest.mark.parametrize(("seconds", "expected"), [(0.1, pairs.PAIRS), (pairs.LONG + 1, pairs.PAIRS_OF_LONG)])
def test_long_runs_are_compared_less_often(db, seconds, expected):
    side = Side("side", taking([seconds] * 100, [], ""), connections["default"])
    assert compare("page", side, side, children=5).pairs == expected


def test_only_what_is_inside_the_clock_counts():
    clock, outside = Clock(), []
    whole(lambda: outside.append(1))(clock)
    once = clock.seconds
    assert once > 0
    whole(lambda: outside.append(1))(clock)
    assert clock.seconds > once


def test_statements_are_counted(db):
    two = Side("two", whole(lambda: [LocalAuthority.objects.count(), LocalAuthority.objects.count()]), connections["default"])
    none = Side("none", whole(lambda: sum(range(10))), connections["default"])
    found = compare("page", two, none, children=5, pairs=1)
    assert (found.first_statements, found.second_statements) == (2, 0)


def test_the_interval_holds_the_median_and_is_the_same_each_time():
    values = [1.0, 1.1, 1.2, 1.3, 9.0]
    low, high = interval(values)
    assert low <= 1.2 <= high
    assert (low, high) == interval(values)
    assert interval([2.0] * 30) == (2.0, 2.0)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (None, None),
        (Goal(1.9), True),
        (Goal(1.8), False),  # the median would do, the interval's upper end does not
        (Goal(1.2, at_least=True), True),
        (Goal(1.3, at_least=True), False),
        (Goal(2, seconds=0.09), True),
        (Goal(2, seconds=0.08), False),
        (Goal(2, statements=8), True),
        (Goal(2, statements=7), False),
    ],
)
def test_a_goal_must_hold_at_the_unfavourable_end(goal, met):
    assert comparison(goal).met is met


def test_the_connection_comes_back_after_an_error(db):
    before = connections["default"]
    other = type(before)({**before.settings_dict, "NAME": "elsewhere"}, "default")
    with suppress(ZeroDivisionError), through(other):
        assert connection.settings_dict["NAME"] == "elsewhere"
        raise ZeroDivisionError
    assert connections["default"] is before


def test_table_and_json_say_what_was_found():
    found = comparison(Goal(1.8))
    assert "1.20 to 1.90" in line(found)
    assert "MISS" in line(found)
    (told,) = json.loads(as_json([found]))["comparisons"]
    assert (told["ratio"], told["met"], told["goal"]["ratio"]) == (1.5, False, 1.8)
