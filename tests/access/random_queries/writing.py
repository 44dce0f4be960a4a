"""Writes of every shape that say what they found; the asker undoes them."""

from __future__ import annotations

from tests.access.random_queries.catalogue import Column, Table
from tests.access.random_queries.pieces import NUMBERS, PUBLISHED, TEXTS, Pieces, Query, Source

# Read by more than may write, and the plain copies know no such rule: what every authority reads (asked by a test of its own), and
# the looks, of which nobody writes down somebody else's.
ADDED_BY_FEWER = {"audit_read", *PUBLISHED}


class Writing(Pieces):
    """Throws queries that write."""

    def _settable(self, table: Table) -> list[Column]:
        """Columns whose change moves no row out of sight and collides with nothing."""
        linked = {name for name, _other, _key in table.links} | {"authority_id", table.child, table.pk}
        return [
            column
            for column in table.columns
            if column.name not in linked and not column.keyed and column.kind in NUMBERS | TEXTS | {"boolean", "date"}
        ]

    def _changed(self, table: Table, alias: str) -> str:
        found = self._settable(table)
        if not found:
            return f'"{table.pk}" = {alias}."{table.pk}"'
        column = self.dice.choice(found)
        name = f'{alias}."{column.name}"'
        forms = {"boolean": f"NOT {name}", "date": f"{name} + 1"} | dict.fromkeys(NUMBERS, f"{name} / 2") | dict.fromkeys(TEXTS, f"left({name}, 3)")
        return f'"{column.name}" = {forms[column.kind]}'

    def _shape_update(self) -> Query:
        source = self._writable()
        returned = f" RETURNING {', '.join(self._shown(source))}"
        if self.dice.random() < 0.3:
            other, joined = self._beside(source)
            return Query(
                "update",
                f"UPDATE {source} SET {self._changed(source.table, source.alias)} FROM {other} WHERE {joined} RETURNING {source(source.table.pk)}",
                undo=True,
            )
        return Query(
            "update",
            f"UPDATE {source} SET {self._changed(source.table, source.alias)}{self._where(source)}{returned}",
            undo=True,
        )

    def _shape_delete(self) -> Query:
        source = self._writable()
        if self.only is None and self.dice.random() < 0.7:  # few tables let the app delete
            deletable = [table for table in self.protected if table.deletable and table.name not in PUBLISHED]
            source = Source(source.alias, self.dice.choice(deletable))
        return Query("delete", f"DELETE FROM {source}{self._where(source)} RETURNING {', '.join(self._shown(source))}", undo=True)

    def _shape_writing_cte(self) -> Query:
        source = self._writable()
        word = f"UPDATE {source} SET {self._changed(source.table, source.alias)}{self._where(source)} RETURNING {source.alias}.*"
        return Query("writing_cte", f"WITH w AS ({word}) SELECT count(*), min(w::text) FROM w", undo=True)

    def _addable(self) -> Source:
        while (source := self._source()).table.name in ADDED_BY_FEWER and self.only is None:
            pass
        return source

    def _inserted(self, source: Source) -> tuple[str, str, str]:
        """Columns, their values from a row that is there, and the condition that finds it."""
        columns = [column for column in source.table.columns if not (column.identity and column.name != source.table.pk)]
        names = ", ".join(f'"{column.name}"' for column in columns)
        values = ", ".join(source(column.name) for column in columns)
        key = self._literal(source.table, source.table.column(source.table.pk))
        return names, values, f"{source(source.table.pk)} = {key}"

    def _shape_on_conflict(self) -> Query:
        source = self._addable()
        names, values, found = self._inserted(source)
        where = found if self.dice.random() < 0.5 else self._condition(source)
        table = source.table
        act = self.dice.choice(("DO NOTHING", f"DO UPDATE SET {self._changed(table, 'mine')}"))
        target = f' ("{table.pk}")' if "UPDATE" in act or self.dice.random() < 0.5 else ""
        returned = self.dice.choice((f'mine."{table.pk}"', "mine.*", "1"))
        return Query(
            "on_conflict",
            f"INSERT INTO {table.name} AS mine ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table.name} {source.alias} WHERE {where}"
            f" ON CONFLICT{target} {act} RETURNING {returned}",
            undo=True,
        )

    def _shape_insert(self) -> Query:
        """A row like one that is there, under a key of its own."""
        source = self._addable()
        table = source.table
        if table.child == table.pk or not any(column.name == table.pk and (column.identity or column.kind == "uuid") for column in table.columns):
            return self._shape_on_conflict()
        columns = [column for column in table.columns if column.name != table.pk and not column.identity]
        key = table.column(table.pk)
        names = [f'"{column.name}"' for column in columns] + ([] if key.identity else [f'"{table.pk}"'])
        values = [source(column.name) for column in columns] + ([] if key.identity else ["gen_random_uuid()"])
        shown = ", ".join(f'mine."{column.name}"' for column in self.dice.sample(columns, min(3, len(columns))))
        return Query(
            "insert",
            f"INSERT INTO {table.name} AS mine ({', '.join(names)}) SELECT {', '.join(values)} FROM {table.name} {source.alias}{self._where(source)}"
            f" ON CONFLICT DO NOTHING RETURNING {shown}",
            undo=True,
        )

    def _shape_merge(self) -> Query:
        source = self._writable()
        table = source.table
        listed = ", ".join(f"({self._literal(table, table.column(table.pk))})" for _ in range(3))
        return Query(
            "merge",
            f"WITH w AS (SELECT DISTINCT v.k FROM (VALUES {listed}) v(k)) MERGE INTO {table.name} {source.alias} USING w ON {source(table.pk)} = w.k"
            f" WHEN MATCHED THEN UPDATE SET {self._changed(table, source.alias)} WHEN NOT MATCHED THEN DO NOTHING",
            undo=True,
        )
