"""The two oracles: the same query over only what is visible, and over other hidden rows, must answer the same."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from lace.database.context import Context
from tests.access.random_queries.pieces import Query
from tests.access.random_queries.population import HIDDEN, Population

Answer = tuple[Any, ...]
# Errors that say that the generator wrote no SQL: unknown names, wrong types, bad grammar; or that it takes for ever.
NO_QUERY = {"", "57014", "42P19", "42601", "42703", "42P01", "42804", "42883", "42P18", "42803"}


@dataclass
class Tally:
    """What was asked, how it went, and every difference."""

    asked: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    with_rows: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)


def compare(population: Population, name: str, context: Context, queries: Iterable[Query], tally: Tally) -> None:
    """Ask each query under the policies, over the plain copies of the visible rows, and again with every hidden row changed."""
    asked = list(queries)
    visible = population.visible(context)
    population.show_only(visible)
    by_policy = answers(population.app, context, asked)
    by_oracle = answers(population.plain, context, asked)
    with population.hidden_rows_changed(visible, context):
        again = answers(population.app, context, asked)
    for query, first, oracle, second in zip(asked, by_policy, by_oracle, again, strict=True):
        tally.asked += 1
        tally.shapes[query.shape] += 1
        tally.with_rows[query.shape] += first[0] == "rows" and bool(first[1])
        if first[0] == "error":
            tally.errors[first[1]] += 1
        for which, other in (("visible rows only", oracle), ("other hidden rows", second)):
            if first != other:
                tally.differences.append(f"{name}: {query.text!r} {query.parameters or ''}\n  answers    {_short(first)}\n  {which}: {_short(other)}")
        if HIDDEN in repr(second):
            tally.differences.append(f"{name}: {query.text!r} shows a hidden row: {_short(second)}")


def answers(connection: psycopg.Connection[Any], context: Context, queries: list[Query]) -> list[Answer]:
    """What the database says to each, in transactions that serve this context and leave nothing."""
    found: list[Answer] = []
    _begin(connection, context)
    for query in queries:
        try:
            found.append(("rows", _ask(connection, query)))
            spoilt = query.undo
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if state in NO_QUERY:
                raise AssertionError(f"No query at all: {query}\n{error}") from error
            # Which of two values cannot be read is found first hangs on the order of rows: the class of the error is the answer.
            state = "22" if state[:2] in {"22", "54"} else state
            found.append(("error", state, HIDDEN) if HIDDEN in str(error) else ("error", state))
            spoilt = True
        if spoilt:
            connection.rollback()
            _forget_prepared(connection)
            _begin(connection, context)
    connection.rollback()
    return found


def _forget_prepared(connection: psycopg.Connection[Any]) -> None:
    """What was prepared by SQL outlives the transaction that failed before its DEALLOCATE."""
    for (name,) in connection.execute("SELECT name FROM pg_prepared_statements WHERE from_sql").fetchall():
        connection.execute(SQL("DEALLOCATE {}").format(Identifier(name)))
    connection.rollback()


def _begin(connection: psycopg.Connection[Any], context: Context) -> None:
    """As lace.database.backend begins every transaction."""
    pairs = ["role", context.role]
    for setting, value in context.settings().items():
        pairs += [setting, value]
    connection.execute("SELECT " + ", ".join(["set_config(%s, %s, true)"] * (len(pairs) // 2)), pairs)


def _ask(connection: psycopg.Connection[Any], query: Query) -> list[str]:
    """The answer's rows as text, as a set that keeps count."""
    with connection.cursor() as cursor:
        if query.copy:
            with cursor.copy(query.text.encode()) as copy:
                return sorted(bytes(block).decode() for block in copy)
        cursor.execute(query.text.encode(), query.parameters, prepare=query.prepare)
        rows: list[str] = []
        while True:
            if cursor.description is not None:
                rows += sorted(map(repr, cursor.fetchall()))
            else:
                rows.append(f"changed {cursor.rowcount}")
            if not cursor.nextset():
                return rows


def _short(answer: Answer) -> str:
    text = repr(answer)
    return text if len(text) < 400 else f"{text[:400]}… ({len(answer[1])} rows)"
