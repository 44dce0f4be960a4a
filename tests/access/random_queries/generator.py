"""Queries thrown by dice over the catalogue, about tables that hold children's data."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.access.random_queries.catalogue import Table
from tests.access.random_queries.pieces import Query
from tests.access.random_queries.reading import Reading
from tests.access.random_queries.writing import Writing


class Generator(Reading, Writing):
    """Throws queries of every shape."""

    def __init__(self, tables: Mapping[str, Table], rows: Mapping[str, list[dict[str, Any]]], dice: random.Random) -> None:
        super().__init__(tables, rows, dice)
        self.shapes: dict[str, Callable[[], Query]] = {
            name.removeprefix("_shape_"): getattr(self, name) for name in sorted(dir(self)) if name.startswith("_shape_")
        }

    def query(self) -> Query:
        """One more."""
        self._aliases = 0
        return self.dice.choice(list(self.shapes.values()))()
