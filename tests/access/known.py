"""What the state machine of test_state_machine.py knows by itself: relations with their days, and children with theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lace.children.models import Child


@dataclass
class Open:
    """A relation as the steps opened it: held by a person's or a group's id."""

    relation: str
    holder: tuple[str, int]
    starts: date
    ends: date | None = None
    facets: frozenset[str] | None = None

    def holds(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass
class Known:
    """What the steps did to a child."""

    child: Child
    authority: int
    opened: list[Open] = field(default_factory=list)
    episode: Any = None
    placed_with: int | None = None  # the host authority's id; none: outside Wales
    school: Any = None
    sealed: date | None = None
    waiting: tuple[Any, int, date] | None = None  # the hand-over, its taker, the end of the overlap

    def end(self, relations: Any, on: date, holder: tuple[str, int] | None = None) -> None:
        for row in self.opened:
            if row.relation in relations and (holder is None or row.holder == holder) and (row.ends is None or row.ends > on):
                row.ends = max(row.starts, on)
