"""What the database has answered once, it answers again without being asked: for the matrix, in whose world nothing changes.

Every knock is undone, so the same question of the same asker has the same answer. `Recall` stands where Django opens a cursor: the same
SELECT with the same parameters under the same context of row-level security is answered from memory, until the knock writes; savepoints
and contexts go to the server together with the next statement that does. All that the execute wrappers see stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import sql as text
from psycopg.pq import TransactionStatus

from lace.database import context
from lace.database.context import Context

KEPT = 40_000  # answers; the oldest go first
# What is asked every time: what takes a lock or a number, or reads the record of reads.
_NEVER = ("FOR UPDATE", "FOR NO KEY", "SET_CONFIG", "ADVISORY", "NEXTVAL", "AUDIT_", "RANDOM", "CLOCK_TIMESTAMP")


@dataclass(slots=True)
class Rows:
    """One answer."""

    rows: list[Any]
    count: int
    description: Any
    lists: bool  # some values could be changed in place by who reads them


class Recall:
    """The memory of one connection."""

    def __init__(self) -> None:
        self.known: dict[Any, Rows] = {}
        self.written = False  # by the present knock
        self.told: Context | None = None  # which context the server has; None: it may be another after a rollback
        self._waiting: list[tuple[str, str]] = []  # savepoint statements that the server has not had yet
        self._contexts: dict[Context, str] = {}
        self._open = connection.create_cursor

    @contextmanager
    def on(self) -> Iterator[None]:
        """Stand before the connection inside the block."""
        names = ("create_cursor", "apply_context")
        self.told = None
        connection.create_cursor = lambda name=None: Asked(self, name)  # type: ignore[method-assign]  # this connection's alone
        connection.apply_context = lambda: None  # type: ignore[attr-defined]  # our backend's
        try:
            yield
        finally:
            for name in names:
                delattr(connection, name)
            if self._waiting:
                with connection.cursor() as cursor:
                    cursor.execute(self._before("SELECT 1"))
            connection.apply_context()  # type: ignore[attr-defined]  # our backend's

    def begin(self) -> None:
        """A new knock: all is as it was."""
        self.written = False

    def savepoint(self, statement: str) -> bool:
        """Keep a savepoint's statement until the server needs it; False when it must be sent at once."""
        word, _space, name = statement.rpartition(" ")
        at = next((at for at, waiting in enumerate(self._waiting) if waiting == ("SAVEPOINT", name)), None)
        if word == "SAVEPOINT":
            self._waiting.append((word, name))
        elif at is not None:  # the server never heard of it, nor of what stands inside it
            del self._waiting[at + word.startswith("ROLLBACK") :]
        elif word.startswith("ROLLBACK"):
            self._waiting, self.told = [(word, name)], None  # settings go back with it
            return bool(connection.connection.info.transaction_status != TransactionStatus.INERROR)
        else:
            self._waiting.append((word, name))
        return True

    def _before(self, statement: str, *, with_parameters: bool = False) -> str:
        """The statement behind what has to be said first."""
        first = [" ".join(waiting) for waiting in self._waiting]
        self._waiting = []
        serving = context.current()
        if self.told != serving:
            first.append(self._context(serving))
            self.told = serving
        before = "".join(f"{one}; " for one in first)
        return (before.replace("%", "%%") if with_parameters else before) + statement

    def _context(self, serving: Context) -> str:
        if serving not in self._contexts:
            pairs = {"role": serving.role} | serving.settings()
            made = text.SQL(", ").join(text.SQL("set_config({}, {}, true)").format(name, value) for name, value in pairs.items())
            self._contexts[serving] = text.SQL("SELECT {}").format(made).as_string(connection.connection)
        return self._contexts[serving]

    def ask(self, statement: str, params: Any, name: str | None) -> Any:
        """The server's cursor, which has run the statement and stands at its answer."""
        cursor = self._open(name) if name else self._open()
        if name:  # DECLARE takes nothing before it
            self.say()
            cursor.execute(statement, params)
            return cursor
        cursor.execute(self._before(statement, with_parameters=params is not None), params)
        while cursor.nextset():
            pass
        return cursor

    def say(self) -> None:
        """Say what waits."""
        if self._waiting or self.told != context.current():
            self._open().execute(self._before("SELECT 1"))

    def keep(self, key: Any, rows: Rows) -> None:
        while len(self.known) >= KEPT:
            del self.known[next(iter(self.known))]
        self.known[key] = rows


class Asked:
    """Stands for the driver's cursor."""

    def __init__(self, recall: Recall, name: str | None) -> None:
        self.recall, self.name = recall, name
        self._real: Any = None
        self._rows: Iterator[Any] = iter(())
        self._answer: Rows | None = None

    @property
    def connection(self) -> Any:
        return connection.connection

    def execute(self, statement: Any, params: Any = None) -> Any:
        recall = self.recall
        statement = statement if isinstance(statement, str) else statement.as_string(self.connection)
        self._answer = self._real = None
        last = statement.rpartition("; ")[2]  # the audit says who acts before a savepoint too, and again before each write
        if last.startswith(("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")):
            if not recall.savepoint(last):
                recall.say()
            return self
        if last.startswith('INSERT INTO "audit_read"'):
            return self._record(statement, last, params)
        key = (statement, repr(params), context.current())
        found = None if recall.written or self.name else recall.known.get(key)
        if found is None:
            start = statement.lstrip("( \n").upper()
            reads = start.startswith("SELECT") and "; " not in start
            if self.name or recall.written or not reads or "Json" in key[1] or any(word in start for word in _NEVER):
                recall.written = recall.written or not reads
                self._real = recall.ask(statement, params, self.name)
                return self
            cursor = recall.ask(statement, params, None)
            rows = cursor.fetchall()
            found = Rows(rows, cursor.rowcount, cursor.description, any(isinstance(value, list | dict) for row in rows for value in row))
            recall.keep(key, found)
        self._answer = found
        self._rows = iter(deepcopy(found.rows) if found.lists else found.rows)
        return self

    def _record(self, statement: str, last: str, params: Any) -> Asked:
        """The record of reads is written once for each reader, door, act and child. The same row again goes no further than the wrappers."""
        kept = [value for value in params[-last.count("%s") :] if not isinstance(value, datetime)]
        key = (last, repr(kept), context.current())
        found = self.recall.known.get(key)
        if found is None:
            cursor = self.recall.ask(statement, params, None)
            found = Rows(cursor.fetchall() if cursor.description else [], cursor.rowcount, cursor.description, lists=False)
            self.recall.keep(key, found)
        self._answer, self._rows = found, iter(found.rows)
        return self

    def nextset(self) -> bool | None:
        return None

    def fetchone(self) -> Any:
        return next(self._rows, None) if self._answer is not None else self._real.fetchone()

    def fetchmany(self, size: int = 1) -> list[Any]:
        if self._answer is None:
            return list(self._real.fetchmany(size))
        return [row for _number, row in zip(range(size), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        return list(self._rows) if self._answer is not None else list(self._real.fetchall())

    def __iter__(self) -> Iterator[Any]:
        return self._rows if self._answer is not None else iter(self._real)

    @property
    def rowcount(self) -> int:
        return self._answer.count if self._answer is not None else self._real.rowcount if self._real is not None else -1

    @property
    def description(self) -> Any:
        return self._answer.description if self._answer is not None else self._real.description

    def close(self) -> None:
        if self._real is not None:
            self._real.close()

    def __getattr__(self, name: str) -> Any:
        """Whatever else a cursor can: with the driver's own, after all that waits was said."""
        if self._real is None:
            self.recall.say()
            self._real = self.recall._open()
        return getattr(self._real, name)
