"""Figures of a term for those who may see no child: what is counted, and what of it may be published. No database.

Published are authorities, the consortia of several authorities, and Wales. What is guaranteed against somebody who reads every number of
every one of them, knows these rules, and takes one number from another:

1. No line stands for fewer children than the minimum; a table with a smaller line is told with coarser lines, or not at all. None counts as small.
2. What is left of a body when everything else that is published is taken from it is nothing, or at least two authorities whose every line
   reaches the minimum. Where it would be less, the smallest of the other authorities is held back too, or the sum, if that is half of it.
3. Each number is rounded to the nearest 5 from the exact one by itself, and no total stands beside its parts (AMB-10). Where roundings that all
   go one way would give an exact number away through the sums, the sum is held back.
4. A term is published once. Counting it anew after a correction would show the correction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reporting.rules import ROUND_TO, Group, rounded, term_days
from schools.rules import Term, term_of

WALES = "wales"
TERMS_BACK = 3  # ended terms that an installation publishes when it starts: a year, so that a change can be seen
DAYS_TO_RECORD = 14  # schools' records of a term and late entries arrive in the first two weeks of the next (our choice: no source sets it)


class BodyKind(TextChoices):
    """Of whom the figures are."""

    AUTHORITY = "authority", _("Local authority")
    REGION = "region", _("Regional consortium")
    WALES = "wales", _("Wales")
    SCHOOL = "school", _("School")


@dataclass(frozen=True, slots=True)
class Table:
    """Something counted. `levels`, from fine to coarse: each holds every cell once. Tables of one `cohort` divide the same children."""

    code: str
    title: Promise
    meaning: Promise  # who and what is counted (AMB-10)
    cohort: str
    levels: tuple[tuple[Group, ...], ...]

    def label(self, code: str) -> Promise:
        return next(group.label for level in self.levels for group in level if group.code == code)


def _one(code: str, label: Promise) -> Group:
    return Group(code, label, (code,))


def _in_time(code: str, title: Promise, meaning: Promise) -> Table:
    return Table(
        code,
        title,
        meaning,
        code,
        (
            (_one("on_time", _("In time")), _one("late", _("Late or not done"))),
            (Group("due", _("Due in the term"), ("on_time", "late")),),
        ),
    )


TABLES: dict[str, Table] = {
    table.code: table
    for table in (
        Table(
            "own",
            _("Children looked after"),
            _("children whom the authority looked after on the last day of the term, by whether they lived in its area."),
            "own",
            (
                (_one("own_in", _("Living in the authority's area")), _one("own_out", _("Living elsewhere"))),
                (Group("own", _("Wherever they live"), ("own_in", "own_out")),),
            ),
        ),
        Table(
            "hosted",
            _("Children of other authorities living in the area"),
            _("children whom another Welsh authority looked after on the last day of the term and who lived in this authority's area."),
            "hosted",
            ((_one("hosted", _("Looked after by another authority")),),),
        ),
        _in_time(
            "initiated",
            _("Personal Education Plans started"),
            _("children whose plan had to be started by a day in the term; in time when all that was due was done by its day."),
        ),
        _in_time(
            "developed",
            _("Personal Education Plans developed"),
            _("children whose plan had to be final by a day in the term; in time when all that was due was done by its day."),
        ),
        _in_time(
            "reviewed",
            _("Statutory reviews held"),
            _("children whose review, which reviews the plan too, had to be held by a day in the term; in time when each was held by its day."),
        ),
        Table(
            "attendance",
            _("Attendance"),
            _("children looked after on the last day of the term with attendance recorded for it: sessions attended of those possible."),
            "recorded",
            (
                (_one("high", _("95% or more")), _one("middle", _("More than 90%, less than 95%")), _one("low", _("90% or less"))),
                (Group("above", _("More than 90%"), ("high", "middle")), _one("low", _("90% or less"))),
            ),
        ),
        Table(
            "exclusion",
            _("Exclusions"),
            _("the children of the table “Attendance”: excluded from school for half a day or more in the term, or not."),
            "recorded",
            ((_one("excluded", _("Excluded for half a day or more")), _one("not_excluded", _("Not excluded"))),),
        ),
    )
}
# Of one school, for its link governor (002 4.31). Neither is summed up for authorities, so no school can be taken from another number.
SCHOOL_TABLES: dict[str, Table] = {
    table.code: table
    for table in (
        Table(
            "agreed",
            _("Targets agreed with the child"),
            _("looked-after children on the school's roll on the term's last day whose plan has targets: the child agreed to all, or not."),
            "targets",
            ((_one("all_agreed", _("The child agreed to every target")), _one("not_agreed", _("Not yet to every target"))),),
        ),
        Table(
            "current",
            _("Targets looked at again by their day"),
            _("the same children: no target past the day on which it was to be looked at again, or some."),
            "targets",
            ((_one("none_past", _("No target past its day")), _one("some_past", _("Some past their day"))),),
        ),
    )
}


def ended_terms(today: date) -> list[tuple[int, Term]]:
    """The terms to be published by a day, newest first: ended, and the time for recording over."""
    found = []
    year, term = term_of(today - timedelta(days=DAYS_TO_RECORD))
    for _number in range(TERMS_BACK):
        first, _last = term_days(year, term)
        year, term = term_of(first - timedelta(days=1))
        found.append((year, term))
    return found


# ---- what may be published -----------------------------------------------------------------

Cells = Mapping[str, int]
Counts = Mapping[str, Mapping[str, Cells]]  # authority -> table -> cell -> children
Shown = dict[str, Any]  # {"level": 0, "lines": [["on_time", 40], …]}


def finest(cells: Cells, table: Table, least: int) -> int:
    """The finest level of the table on which every line counts at least `least` children; len(levels) when none does."""
    return next((place for place in range(len(table.levels)) if _reaches(cells, table, place, least)), len(table.levels))


def _reaches(cells: Cells, table: Table, level: int, least: int) -> bool:
    return all(sum(cells.get(cell, 0) for cell in group.cells) >= least for group in table.levels[level])


def _shown(cells: Cells, table: Table, level: int) -> Shown | None:
    if level == len(table.levels):
        return None
    return {"level": level, "lines": [[group.code, rounded(sum(cells.get(cell, 0) for cell in group.cells))] for group in table.levels[level]]}


def shown_alone(cells: Mapping[str, Cells], least: int, tables: Mapping[str, Table]) -> dict[str, Shown | None]:
    """The tables of a body that is part of no sum: table -> what is shown of it, None where it is held back."""
    levels = _alone(cells, least, tables)
    return {code: _shown(cells.get(code, {}), table, levels[code]) for code, table in tables.items()}


def _alone(cells: Mapping[str, Cells], least: int, tables: Mapping[str, Table]) -> dict[str, int]:
    """The level of each table of one body; coarser where the tables of one cohort, taken together, would give a number away."""
    levels = {code: len(table.levels) for code, table in tables.items()}
    for code, table in tables.items():
        levels[code] = finest(cells.get(code, {}), table, least)
        while levels[code] < len(table.levels) and gives_away(_Published(tables, {"": cells}, {"": least}, {}, {"": levels}).reading(table.cohort)):
            levels[code] += 1
    return levels


def shown_together(counts: Counts, least: Mapping[str, int], bodies: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Shown | None]]:
    """What is shown of each authority and of each body: body -> table -> level and rounded lines, None where it is held back.

    `counts` and `least` have one entry an authority; `bodies` name their authorities, smaller bodies first, each either inside a later one or apart
    from it. A body of fewer than two authorities shows nothing: it would be that authority's figures again.
    """
    held = _Published(TABLES, counts, least, bodies, {authority: _alone(counts[authority], least[authority], TABLES) for authority in counts})
    for body in bodies:
        held.add(body)
    return {who: {code: _shown(held.cells(who, code), table, held.levels[who][code]) for code, table in TABLES.items()} for who in [*counts, *bodies]}


@dataclass(slots=True)
class _Published:
    """A publication as it grows: the level at which each table of each authority and body is shown."""

    tables: Mapping[str, Table]
    counts: Counts
    least: Mapping[str, int]
    bodies: Mapping[str, Sequence[str]]
    levels: dict[str, dict[str, int]] = field(default_factory=dict)

    def members(self, who: str) -> Sequence[str]:
        return self.bodies.get(who, (who,))

    def cells(self, who: str, code: str) -> Counter[str]:
        return _together(self.counts[authority].get(code, {}) for authority in self.members(who))

    def minimum(self, authorities: Iterable[str]) -> int:
        """Of several authorities the strictest."""
        return max((self.least[authority] for authority in authorities), default=ROUND_TO)

    def knows(self, who: str, code: str, level: int) -> bool:
        """Can the lines of this level be read, or added up from finer ones?"""
        return who in self.levels and self.levels[who][code] <= level

    def parts(self, body: str, code: str, level: int) -> tuple[list[str], list[str]]:
        """The widest parts of a body whose lines can be read, and the authorities in none of them: the rest."""
        inside = [other for other in self.bodies if other != body and set(self.bodies[other]) < set(self.bodies[body])]
        known = [other for other in inside if self.knows(other, code, level)]
        known = [one for one in known if not any(set(self.bodies[one]) < set(self.bodies[other]) for other in known)]
        covered = {authority for other in known for authority in self.bodies[other]}
        apart = [authority for authority in self.bodies[body] if authority not in covered]
        rest = [authority for authority in apart if not self.knows(authority, code, level)]
        return [*known, *(authority for authority in apart if authority not in rest)], rest

    def add(self, body: str) -> None:
        """Show of this body what can be shown beside what is shown already."""
        everyone = self.bodies[body]
        self.levels[body] = {code: len(table.levels) for code, table in self.tables.items()}
        for code, table in self.tables.items():
            if len(everyone) < 2:
                continue
            self.levels[body][code] = finest(self.cells(body, code), table, self.minimum(everyone))
            for level in range(self.levels[body][code], len(table.levels)):
                self.widen_rest(body, table, level)
            while self.levels[body][code] < len(table.levels) and gives_away(self.reading(table.cohort)):
                self.levels[body][code] += 1

    def widen_rest(self, body: str, table: Table, level: int) -> None:
        """Hold back the smallest further authority, then the smallest body inside, until what is left is nothing or large enough.

        The body's own line instead, where that would be half of it or more: an authority's own panel comes before a sum that hardly says more.
        """
        before = {who: held[table.code] for who, held in self.levels.items()}
        while True:
            known, rest = self.parts(body, table.code, level)
            left = _together(self.counts[one].get(table.code, {}) for one in rest)
            if not rest or (len(rest) > 1 and _reaches(left, table, level, self.minimum(rest))):
                return
            size = {one: sum(self.cells(one, table.code).values()) for one in [body, *known]}
            smallest = min(known, key=lambda one: (one in self.bodies, size[one], one), default=body)
            if 2 * size[smallest] >= size[body]:
                for who, shown in before.items():
                    self.levels[who][table.code] = shown
                self.levels[body][table.code] = max(before[body], level + 1)
                return
            self.levels[smallest][table.code] = level + 1

    # ---- what a reader can work out ----

    def reading(self, cohort: str) -> Reading:
        """What the publication says of the tables of one cohort, as bounds and sums."""
        reading = Reading({}, [])
        tables = [table for table in self.tables.values() if table.cohort == cohort]
        for who in [*self.counts, *self.bodies]:
            for table in tables:
                self.read_table(reading, who, table)
            for table in tables[1:]:  # tables of one cohort divide the same children
                for other in tables[:1]:
                    reading.sums.append(((who, other.code, "*"), tuple((who, table.code, cell) for cell in _cells_of(table))))
        for body in self.bodies:
            for table in tables:
                self.read_parts(reading, body, table)
        return reading

    def read_table(self, reading: Reading, who: str, table: Table) -> None:
        cells = _cells_of(table)
        level = self.levels[who][table.code] if who in self.levels else len(table.levels)
        reading.learn((who, table.code, "*"))
        reading.sums.append(((who, table.code, "*"), tuple((who, table.code, cell) for cell in cells)))
        for cell in cells:
            reading.learn((who, table.code, cell))
        if level < len(table.levels):
            least = self.minimum(self.members(who))
            for group in table.levels[level]:
                number = rounded(sum(self.cells(who, table.code)[cell] for cell in group.cells))
                name = (who, table.code, group.code)
                reading.learn(name, max(least, number - ROUND_TO // 2), number + ROUND_TO // 2)
                if group.cells != (group.code,):
                    reading.sums.append((name, tuple((who, table.code, cell) for cell in group.cells)))

    def read_parts(self, reading: Reading, body: str, table: Table) -> None:
        """Every body's cells are its authorities'; and the rest, on each level, is known to reach the minimum."""
        for cell in _cells_of(table):
            whole = (body, table.code, cell)
            reading.sums.append((whole, tuple((one, table.code, cell) for one in self.bodies[body])))
            for inner in self.bodies:
                if inner != body and set(self.bodies[inner]) < set(self.bodies[body]):
                    others = [one for one in self.bodies[body] if one not in self.bodies[inner]]
                    reading.sums.append((whole, tuple((one, table.code, cell) for one in (inner, *others))))
        for level in range(self.levels[body][table.code] if body in self.levels else len(table.levels), len(table.levels)):
            _known, rest = self.parts(body, table.code, level)
            for group in table.levels[level]:
                if rest:
                    name = (f"{body} less", table.code, f"{level}:{group.code}")
                    reading.learn(name, self.minimum(rest))
                    reading.sums.append((name, tuple((one, table.code, cell) for one in rest for cell in group.cells)))


def _together(several: Iterable[Cells]) -> Counter[str]:
    total: Counter[str] = Counter()
    for cells in several:
        total.update(cells)
    return total


def _cells_of(table: Table) -> list[str]:
    return [cell for group in table.levels[0] for cell in group.cells]


Name = tuple[str, str, str]  # body, table, cell or line; "*" is all of them
_MANY = 10**9


@dataclass(slots=True)
class Reading:
    """What a reader knows: each number's least and greatest value, and which numbers are sums of others."""

    bounds: dict[Name, tuple[int, int]]
    sums: list[tuple[Name, tuple[Name, ...]]]

    def learn(self, name: Name, low: int = 0, high: int = _MANY) -> None:
        old = self.bounds.get(name, (0, _MANY))
        self.bounds[name] = max(old[0], low), min(old[1], high)

    def worked_out(self) -> dict[Name, tuple[int, int]]:
        """The bounds, each narrowed through every sum that it stands in until nothing narrows further. Raises ValueError for a contradiction."""
        bounds = dict(self.bounds)
        narrowing = True
        while narrowing:
            narrowing = False
            for whole, parts in self.sums:
                for name, low, high in _narrower(bounds, whole, parts):
                    if low > high:
                        raise ValueError(f"The figures of {name} contradict one another.")
                    if (low, high) != bounds[name]:
                        bounds[name] = low, high
                        narrowing = True
        return bounds


def _narrower(bounds: Mapping[Name, tuple[int, int]], whole: Name, parts: tuple[Name, ...]) -> Iterator[tuple[Name, int, int]]:
    least, most = sum(bounds[part][0] for part in parts), sum(bounds[part][1] for part in parts)
    low, high = bounds[whole]
    low, high = max(low, least), min(high, most)
    yield whole, low, high
    for part in parts:
        below, above = bounds[part]
        yield part, max(below, low - (most - above)), min(above, high - (least - below))


def gives_away(reading: Reading) -> bool:
    """Can a reader work out a number exactly?"""
    return any(low == high for low, high in reading.worked_out().values())
