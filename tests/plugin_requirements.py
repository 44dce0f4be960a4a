"""Ties tests to the requirements they show: `@pytest.mark.req("PEP-02", "T03")`.

An ID that `tests/requirements.md` does not hold is an error at collection. The last lines of a run count the
requirements that at least one passing test shows and no failing test denies. Works under pytest-xdist: the IDs
travel in each report's `user_properties`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parent / "requirements.md"
PRIORITIES = ("A", "B", "C")
PROPERTY = "requirement"

_REQUIREMENT = re.compile(r"^\| (?P<id>[A-Z][A-Z0-9]*-\d{2}) \|.*\| (?P<priority>[ABC]) \|$", re.MULTILINE)
_DEADLINE = re.compile(r"^\| (?P<id>T\d{2}) \|", re.MULTILINE)
_AMBIGUITY = re.compile(r"^\*\*(?P<id>AMB-\d{2}) ", re.MULTILINE)


@cache
def requirements() -> dict[str, str]:
    """Each requirement's ID with its priority (A, B or C), as the catalogue's tables give them."""
    return {row["id"]: row["priority"] for row in _REQUIREMENT.finditer(CATALOGUE.read_text(encoding="utf-8"))}


@cache
def deadlines() -> frozenset[str]:
    """The IDs of the catalogue's deadlines, T01 to T70."""
    return frozenset(row["id"] for row in _DEADLINE.finditer(CATALOGUE.read_text(encoding="utf-8")))


@cache
def known() -> frozenset[str]:
    """Every ID that a test may be marked with: requirements, deadlines and ambiguities."""
    ambiguities = (row["id"] for row in _AMBIGUITY.finditer(CATALOGUE.read_text(encoding="utf-8")))
    return frozenset({*requirements(), *deadlines(), *ambiguities})


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "req(id, ...): the test fails if the behaviour of these IDs of tests/requirements.md breaks")
    config.pluginmanager.register(Tally(), "requirements-tally")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Puts each test's IDs on it; a file or class with a wrong mark fails to collect, under pytest-xdist too."""
    report = yield
    wrong = [message for item in report.result or () if isinstance(item, pytest.Item) for message in _marked(item)]
    if wrong:
        report.outcome, report.longrepr, report.result = "failed", "\n".join(dict.fromkeys(wrong)), []
    return report


def _marked(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("req"):
        if not mark.args or mark.kwargs:
            yield f'{item.nodeid}: write the IDs as plain arguments, as in @pytest.mark.req("PEP-02").'
        for requirement in mark.args:
            if isinstance(requirement, str) and requirement in known():
                item.user_properties.append((PROPERTY, requirement))
            else:
                yield f"{item.nodeid}: {requirement!r} is not in tests/requirements.md. Correct the mark or add the row."


class Tally:
    """What the tests of this run showed."""

    def __init__(self) -> None:
        self.ended: dict[str, set[str]] = defaultdict(set)  # requirement -> "passed", "failed" ... of its tests

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = "excused" if hasattr(report, "wasxfail") else report.outcome
        if report.when == "call" or report.failed:
            for name, requirement in report.user_properties:
                if name == PROPERTY:
                    self.ended[str(requirement)].add(outcome)

    def shown(self) -> frozenset[str]:
        return frozenset(requirement for requirement, outcomes in self.ended.items() if "passed" in outcomes and "failed" not in outcomes)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.ended:
            return
        shown = self.shown()
        of = {priority: [requirement for requirement, own in requirements().items() if own == priority] for priority in PRIORITIES}
        counts = (f"{priority} {len(shown.intersection(of[priority]))} of {len(of[priority])}" for priority in PRIORITIES)
        terminalreporter.write_line(f"requirements shown: {', '.join(counts)}")
        terminalreporter.write_line(f"deadlines shown: {len(shown & deadlines())} of {len(deadlines())}")
