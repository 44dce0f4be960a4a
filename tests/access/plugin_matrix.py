"""Counts the cells of the access matrix over all workers of a run, and prints the count with the last lines."""

from __future__ import annotations

import pytest


class Count:
    """How many knocks the tests of this run reported, and at how many addresses."""

    def __init__(self) -> None:
        self.cells = self.addresses = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, number in report.user_properties:
                if name == "cells":
                    self.cells += int(str(number))
                    self.addresses += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.cells:
            terminalreporter.write_line(f"access matrix: {self.cells:,} cells at {self.addresses} addresses")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Count(), "access-matrix")
