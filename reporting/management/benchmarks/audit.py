"""What the audit's triggers cost a write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection, transaction

from lace.children.models import Child
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare
from reporting.management.benchmarks.people import People

BULK = 100_000


def measure(database: Database, people: People) -> Iterator[Comparison]:
    """Both sides as the owner, who alone may switch a trigger off; undone each time."""

    def single() -> None:
        Child.objects.filter(pk=people.child.pk).update(first_language="Cymraeg")

    def bulk() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE deadlines_duty SET reason = 'x' WHERE id IN (SELECT id FROM deadlines_duty LIMIT {BULK})")  # noqa: S608

    for name, table, act, goal in (("single", "children_child", single, 1.3), ("bulk", "deadlines_duty", bulk, 1.8)):
        yield compare(
            f"audit trigger: {name} write",
            Side("trigger on", _written(act, table, off=False), database.owner),
            Side("trigger off", _written(act, table, off=True), database.owner),
            children=database.children,
            goal=Goal(goal),
            between=partial(database.vacuum, table, f"{table}event"),
        )


def _written(act: Callable[[], None], table: str, *, off: bool) -> Callable[[Clock], None]:
    def once(clock: Clock) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # both sides alter, so that both pay for reading the table's description anew
            cursor.execute(f"ALTER TABLE {table} {'DISABLE' if off else 'ENABLE'} TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET id = id WHERE false")  # noqa: S608
            with clock:
                act()
            transaction.set_rollback(True)

    return once
