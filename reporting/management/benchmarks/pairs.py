"""Comparing two ways of doing the same on a noisy machine: they take turns, and each turn gives one ratio.

A B A B …, at least 30 pairs (7 when a run takes over five seconds), the median of the pairs' ratios with a bootstrap 95% interval.
A goal must hold at the interval's unfavourable end. Statements are counted too: they do not wobble.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

PAIRS, PAIRS_OF_LONG, LONG = 30, 7, 5.0  # LONG in seconds
RESAMPLES = 4000


class Clock:
    """Adds up the seconds spent inside it: what a run must prepare and undo stays outside."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_error: object) -> None:
        self.seconds += perf_counter() - self._began


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ways: `act` does it once and times the part that counts; `on` is the connection it runs through."""

    name: str
    act: Callable[[Clock], object]
    on: BaseDatabaseWrapper


def whole(act: Callable[[], object]) -> Callable[[Clock], object]:
    """All of an act counts."""

    def timed(clock: Clock) -> object:
        with clock:
            return act()

    return timed


@dataclass(frozen=True, slots=True)
class Goal:
    """`ratio`: at most so many times the other side, or at least with `at_least`. `seconds`: and at most so long, by the median."""

    ratio: float
    at_least: bool = False
    seconds: float | None = None
    statements: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first side against the second. Times are medians in milliseconds."""

    subject: str
    children: int
    first: str
    second: str
    pairs: int
    ratio: float
    low: float
    high: float
    first_ms: float
    second_ms: float
    first_statements: int
    second_statements: int
    goal: Goal | None

    @property
    def met(self) -> bool | None:
        """Whether the goal holds at the unfavourable end of the interval; None without a goal."""
        goal = self.goal
        if goal is None:
            return None
        held = self.low >= goal.ratio if goal.at_least else self.high <= goal.ratio
        quick = goal.seconds is None or self.first_ms <= goal.seconds * 1000
        return held and quick and (goal.statements is None or self.first_statements <= goal.statements)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}


@contextmanager
def through(wrapper: BaseDatabaseWrapper) -> Iterator[None]:
    """Everything inside the block that asks Django for its connection gets this one."""
    before = connections["default"]
    connections["default"] = wrapper
    try:
        yield
    finally:
        connections["default"] = before


def compare(
    subject: str,
    first: Side,
    second: Side,
    *,
    children: int,
    goal: Goal | None = None,
    pairs: int | None = None,
    between: Callable[[], object] = lambda: None,
) -> Comparison:
    """Let the two sides take turns. `between` runs untimed before each turn, so that neither pays for what the other, or it, left behind.
    `pairs`: as many as the method asks, unless said.
    """
    counts = (_statements(first), _statements(second))  # the first run of each also warms caches
    gc.collect()
    gc.freeze()  # what exists already is not looked through again and again while the clock runs
    between()
    trial = (_seconds(first), _seconds(second))
    if pairs is None:
        pairs = PAIRS if max(trial) <= LONG else PAIRS_OF_LONG
    times = []
    for _pair in range(pairs):
        between()
        one = _seconds(first)
        between()
        times.append((one, _seconds(second)))
    gc.unfreeze()
    ratios = [one / other for one, other in times]
    low, high = interval(ratios)
    return Comparison(
        subject=subject,
        children=children,
        first=first.name,
        second=second.name,
        pairs=pairs,
        ratio=median(ratios),
        low=low,
        high=high,
        first_ms=1000 * median(one for one, _other in times),
        second_ms=1000 * median(other for _one, other in times),
        first_statements=counts[0],
        second_statements=counts[1],
        goal=goal,
    )


def interval(values: list[float]) -> tuple[float, float]:
    """The bootstrap 95% interval of the median. The same values give the same interval."""
    rng = Random(1)
    medians = sorted(median(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES) - 1]


def _seconds(side: Side) -> float:
    clock = Clock()
    with through(side.on):
        side.act(clock)
    return clock.seconds


def _statements(side: Side) -> int:
    """How many statements one run sends, as the tests count them: the backend's own BEGIN, COMMIT and context not among them."""
    count = 0

    def counted(execute: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    with through(side.on), side.on.execute_wrapper(counted):
        side.act(Clock())
    return count
