"""What random SQL is put together from.

Each answer is determined: rows come back as a set, or ordered by all that is shown before any LIMIT; errors are asked for where one
value at a time can raise them. What PostgreSQL tells anybody of every table (its size, a plan's estimates) is no answer and not asked;
nor is whether a random key of 122 bits is taken, which a unique index would tell whoever already knew it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from tests.access.random_queries.catalogue import Column, Table

NUMBERS = {"smallint", "integer", "bigint", "numeric"}
TEXTS = {"character varying", "text"}
LIMIT = 40
# Holidays, terms, what an authority chose and its standard for plans: read by everybody who is of some authority, written by its own.
PUBLISHED = {f"deadlines_{name}" for name in ("extraholiday", "termdates", "closedday", "lessontimes", "rulechoice")} | {
    "peps_qualitystandard",
    "peps_combinedplan",
    "peps_guidance",
}


@dataclass(frozen=True, slots=True)
class Query:
    shape: str
    text: str
    parameters: tuple[Any, ...] | None = None
    copy: bool = False
    prepare: bool = False
    undo: bool = False  # leaves something in the transaction, or may raise


@dataclass(frozen=True, slots=True)
class Source:
    """A table under its alias."""

    alias: str
    table: Table

    def __call__(self, column: str) -> str:
        return f'{self.alias}."{column}"'

    def __str__(self) -> str:
        return f"{self.table.name} {self.alias}"


class Pieces:
    """Sources, columns, conditions and values. `rows` are all rows there are: values are taken from them, the hidden ones' too."""

    def __init__(self, tables: Mapping[str, Table], rows: Mapping[str, list[dict[str, Any]]], dice: random.Random) -> None:
        self.tables, self.dice = tables, dice
        self.protected = [table for table in tables.values() if table.protected]
        self._samples = {
            (table.name, column.name): [row[column.name] for row in rows[table.name] if row[column.name] is not None]
            for table in self.protected
            for column in table.columns
        }
        self._aliases = 0
        self.only: Table | None = None  # ask about this one table first

    def _source(self, *, child: bool = False) -> Source:
        self._aliases += 1
        table = self.only or self.dice.choice([table for table in self.protected if not child or table.child])
        return Source(f"t{self._aliases}", table)

    def _writable(self) -> Source:
        """A source that whoever sees it may change or lock."""
        while (source := self._source()).table.name in PUBLISHED and self.only is None:
            pass
        return source

    def _beside(self, source: Source) -> tuple[Source, str]:
        """Another table and how it is joined: by a foreign key, the child, or the authority."""
        self._aliases += 1
        alias = f"t{self._aliases}"
        ways: list[tuple[Table, str]] = []
        for column, other, key in source.table.links:
            if other in self.tables:
                ways.append((self.tables[other], f'{source(column)} = {alias}."{key}"'))
        if source.table.child is not None:
            of_child = self.dice.choice([table for table in self.protected if table.child])
            ways += [(of_child, f'{source(source.table.child)} = {alias}."{of_child.child}"')] * 3
        else:
            of_authority = self.dice.choice([table for table in self.protected if table.has("authority_id")])
            mine = "authority_id" if source.table.has("authority_id") else source.table.pk
            ways.append((of_authority, f'{source(mine)}::text = {alias}."authority_id"::text'))
        table, condition = self.dice.choice(ways)
        return Source(alias, table), condition

    def _column(self, source: Source, kinds: set[str] | None = None) -> Column | None:
        found = [column for column in source.table.columns if kinds is None or column.kind in kinds]
        return self.dice.choice(found) if found else None

    def _shown(self, *sources: Source, most: int = 4) -> list[str]:
        every = [source(column.name) for source in sources for column in source.table.columns]
        return self.dice.sample(every, min(len(every), self.dice.randrange(1, most + 1)))

    def _literal(self, table: Table, column: Column) -> str:
        found = self._samples.get((table.name, column.name))
        return literal(self.dice.choice(found), column) if found else f"NULL::{column.kind}"

    def _condition(self, source: Source, depth: int = 0) -> str:
        dice = self.dice
        turn = dice.random()
        if depth < 2 and turn < 0.25:
            return f"({self._condition(source, depth + 1)} {dice.choice(('AND', 'OR'))} {self._condition(source, depth + 1)})"
        if turn < 0.32:
            return f"NOT ({self._condition(source, depth + 1)})" if depth < 2 else "true"
        if turn < 0.40:
            return self._within(source)
        column = dice.choice(source.table.columns)
        name = source(column.name)
        if turn < 0.48:
            return f"{name} IS {dice.choice(('', 'NOT '))}NULL"
        if column.kind in TEXTS and turn < 0.75:
            return self._like(source, column)
        if column.kind.endswith("[]"):
            return f"cardinality({name}) {dice.choice(('=', '>'))} {dice.randrange(3)}"
        if column.kind == "jsonb":
            return dice.choice((f"{name} ? 'a'", f"({name} ->> 'a') > '3'", f"{name} @> '{{\"a\": {dice.randrange(9)}}}'"))
        if column.kind == "boolean":
            return name
        if column.kind == "date" and turn < 0.6:
            return f"{name} BETWEEN {self._literal(source.table, column)} AND {self._literal(source.table, column)}"
        if turn < 0.7:
            several = ", ".join(self._literal(source.table, column) for _ in range(dice.randrange(1, 5)))
            return dice.choice((f"{name} IN ({several})", f"{name} = ANY(ARRAY[{several}])", f"{name} NOT IN ({several})"))
        return f"{name} {dice.choice(('=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM'))} {self._literal(source.table, column)}"

    def _like(self, source: Source, column: Column) -> str:
        words = [word for word in map(str, self._samples.get((source.table.name, column.name), [])) if word]
        word = self.dice.choice(words) if words else "a"
        cut = word[: self.dice.randrange(1, 4)]
        pattern = self.dice.choice((f"{cut}%", f"%{cut}%", f"%{word[-2:]}", word, "%", f"_{cut[1:]}%"))
        operator = self.dice.choice(("LIKE", "ILIKE", "NOT LIKE"))
        return self.dice.choice(
            (
                f"{source(column.name)} {operator} {quoted(pattern)}",
                f"lower({source(column.name)}) = lower({quoted(word)})",
                f"starts_with({source(column.name)}, {quoted(cut)})",
                f"position({quoted(cut)} IN {source(column.name)}) > 0",
            )
        )

    def _within(self, source: Source) -> str:
        """A condition that looks into another table."""
        other, joined = self._beside(source)
        where = f"FROM {other} WHERE {joined}"
        if self.dice.random() < 0.4:
            where += f" AND {self._plain_condition(other)}"
        key = other(other.table.pk)
        return self.dice.choice(
            (
                f"EXISTS (SELECT {where})",
                f"NOT EXISTS (SELECT 1 {where})",
                f"(SELECT count(*) {where}) {self.dice.choice(('>', '=', '<'))} {self.dice.randrange(4)}",
                f"(SELECT min({key}::text) {where}) IS NOT NULL",
                f"cardinality(ARRAY(SELECT {key} {where})) > {self.dice.randrange(3)}",
            )
        )

    def _plain_condition(self, source: Source) -> str:
        column = self.dice.choice(source.table.columns)
        if column.kind.endswith("[]") or column.kind in {"jsonb", "boolean"}:
            return f"{source(column.name)} IS NOT NULL"
        return f"{source(column.name)} {self.dice.choice(('=', '<>', '>', '<'))} {self._literal(source.table, column)}"

    def _where(self, source: Source, chance: float = 0.6) -> str:
        return f" WHERE {self._condition(source)}" if self.dice.random() < chance else ""

    def _top(self, shown: list[str]) -> str:
        """Ordered by all that is shown, so that LIMIT cuts at a determined place."""
        order = ", ".join(f"{number + 1}{self.dice.choice(('', ' DESC', ' NULLS FIRST'))}" for number in range(len(shown)))
        return f" ORDER BY {order} LIMIT {self.dice.randrange(1, LIMIT)}" + (f" OFFSET {self.dice.randrange(5)}" if self.dice.random() < 0.3 else "")

    def _aggregate(self, source: Source) -> str:
        column = self.dice.choice(source.table.columns)
        name = source(column.name)
        filtered = f" FILTER (WHERE {self._plain_condition(source)})" if self.dice.random() < 0.3 else ""
        choices = ["count(*)", f"count({name})", f"count(DISTINCT {name})", f"string_agg({name}::text, ',' ORDER BY {name}::text)"]
        choices += [f"(array_agg({name} ORDER BY {name}))[1:5]", f"jsonb_agg({name} ORDER BY {name}::text)", f"min({name}::text)"]
        if column.kind in NUMBERS:
            choices += [f"sum({name})", f"avg({name}::numeric)", f"max({name})", f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {name})"]
        if column.kind == "boolean":
            choices += [f"bool_or({name})", f"every({name})"]
        if column.kind == "date":
            choices += [f"max({name}) - min({name})"]
        chosen = self.dice.choice(choices)
        # FILTER stands behind the aggregate itself, so only where nothing follows it
        return chosen + filtered if not chosen.endswith("]") and " - " not in chosen else chosen

    def _select(self, shown: Sequence[str], source: Source, chance: float = 0.6) -> str:
        return f"SELECT {', '.join(shown)} FROM {source}{self._where(source, chance)}"

    def _plain_query(self, *, most: int = 3) -> tuple[str, list[str]]:
        source = self._source()
        shown = self._shown(source, most=most)
        return f"{self._select(shown, source)}", shown


def quoted(value: str) -> str:
    return sql.Literal(value).as_string(None)


def literal(value: Any, column: Column) -> str:
    """The value as SQL."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, UUID | date | datetime):
        return f"'{value}'::{column.kind}"
    if isinstance(value, int):
        return str(value)
    if column.kind.endswith("[]") or column.kind in {"jsonb", "bytea"}:
        return f"NULL::{column.kind}"
    return f"{quoted(str(value))}::{column.kind}"
