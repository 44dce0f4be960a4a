"""Measure Lace against the least that could do the same, on databases of its own. Prints a table and can write JSON."""

from __future__ import annotations

import json as plain_json
import logging
import platform
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reporting.management.benchmarks import api_list, audit, databases, delivery, pages, report, sweep
from reporting.management.benchmarks.pairs import Comparison
from reporting.management.benchmarks.people import People

SUBJECTS = {
    "sweep": sweep.measure,
    "delivery": delivery.measure,
    "pages": pages.measure,
    "api_list": api_list.measure,
    "report": report.measure,
    "audit": audit.measure,
}
GROWTH = "growth"
SEEDED = 7200  # children of Wales; what is larger grows from it


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--children", type=int, default=SEEDED, help="how many children, at least; above --seeded by clones of whole countries")
        parser.add_argument("--seeded", type=int, default=SEEDED, help="how many are seeded before clones are made (default 7,200)")
        parser.add_argument("--json", type=Path, help="write the results here")
        parser.add_argument("--only", choices=[*SUBJECTS, GROWTH], help="one subject")
        parser.add_argument("--fresh", action="store_true", help="make the databases anew")

    def handle(self, *args: Any, children: int, seeded: int, json: Path | None, only: str | None, fresh: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The bench signs in without passwords: run it where LACE_DEMO=1, never on an installation that serves anyone.")
        logging.getLogger().setLevel(logging.WARNING)  # libraries tell each of their steps
        self.began = monotonic()
        found: list[Comparison] = []
        try:
            for comparison in self.comparisons(children, seeded, only, fresh):
                self.stdout.write(line(comparison))
                self.stdout.flush()
                found.append(comparison)
        finally:
            if json:
                json.write_text(as_json(found))  # what was found before an error counts too
        missed = [comparison for comparison in found if comparison.met is False]
        self.say(f"{len(found)} comparisons, {len(missed)} past their goal.")

    def comparisons(self, children: int, seeded: int, only: str | None, fresh: bool) -> Iterator[Comparison]:
        small = databases.seeded(min(children, seeded), fresh=fresh, say=self.say)
        large = databases.grown(children, seeded, fresh=fresh, say=self.say) if children > seeded else None
        self.stdout.write(TITLES)
        database = large or small
        people = People(database)
        for name, measure in SUBJECTS.items():
            if only in {None, name}:
                yield from measure(database, people)
        if large and only in {None, GROWTH}:
            yield from pages.growth(small, large)
        small.close()
        if large:
            large.close()

    def say(self, text: str) -> None:
        self.stdout.write(f"[{monotonic() - self.began:6.1f} s] {text}")
        self.stdout.flush()


TITLES = f"{'':26} {'ratio':>7} {'95% interval':>17} {'goal':>8} {'':4} {'ms':>9} {'ms':>9} {'statements':>10} {'pairs':>5}"


def line(found: Comparison) -> str:
    """A comparison as a line of the table."""
    goal = f"{'>=' if found.goal.at_least else '<='} {found.goal.ratio:g}" if found.goal else ""
    met = {True: "met", False: "MISS", None: ""}[found.met]
    return (
        f"{found.subject:26} {found.ratio:7.2f} {f'{found.low:.2f} to {found.high:.2f}':>17} {goal:>8} {met:4}"
        f" {found.first_ms:9.2f} {found.second_ms:9.2f} {f'{found.first_statements} / {found.second_statements}':>10} {found.pairs:5}"
        f"  {found.first} / {found.second}"
    )


def as_json(found: list[Comparison]) -> str:
    """The results with what they were measured on."""
    machine = {"at": timezone.now().isoformat(), "python": platform.python_version(), "machine": platform.machine()}
    return plain_json.dumps({"machine": machine, "comparisons": [comparison.as_json() for comparison in found]}, indent=1)
