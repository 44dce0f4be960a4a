"""The tables under row-level security, as PostgreSQL's own catalogue describes them: a new table comes in by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg

# A table about a child names the child in one of these columns; `id` is the child's own in the first two.
CHILD_COLUMNS = {"children_child": "id", "children_childevent": "id"}
CHILD_NAMES = ("child_id", "content_object_id")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str  # as format_type says it, without length: "character varying", "uuid[]"
    length: int | None
    required: bool
    identity: bool
    keyed: bool  # part of a unique index or an exclusion constraint


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    pk: str
    columns: tuple[Column, ...]
    protected: bool
    changeable: bool  # by the app, like the next
    deletable: bool
    links: tuple[tuple[str, str, str], ...]  # foreign keys of one column: own column, table, its column

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def child(self) -> str | None:
        """The column with the child's id."""
        if self.name in CHILD_COLUMNS:
            return CHILD_COLUMNS[self.name]
        return next((name for name in CHILD_NAMES if self.has(name)), None)

    @property
    def is_event(self) -> bool:
        return self.has("pgh_id")


# Public bodies that rows point at: joined to, never changed.
BESIDE = ("accounts_localauthority", "accounts_organisation", "schools_school", "auth_permission")

_TABLES = """
SELECT c.relname, c.relrowsecurity, has_table_privilege('lace_app', c.oid, 'UPDATE'), has_table_privilege('lace_app', c.oid, 'DELETE'),
       a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity <> '',
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion) AND
               (a.attnum = ANY(i.indkey) OR pg_get_indexdef(i.indexrelid) ~ ('\\m' || a.attname || '\\M'))),
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY(i.indkey))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND (c.relrowsecurity OR c.relname = ANY(%s))
ORDER BY c.relname, a.attnum
"""
_LINKS = """
SELECT c.relname, a.attname, f.relname, b.attname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = k.confkey[1]
WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND c.relnamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


def read_tables(owner: psycopg.Connection[Any]) -> dict[str, Table]:
    """Every table under row-level security, and those beside them. Foreign keys must still be there."""
    links: dict[str, list[tuple[str, str, str]]] = {}
    for table, column, other, key in owner.execute(_LINKS):
        links.setdefault(table, []).append((column, other, key))
    columns: dict[str, list[Column]] = {}
    keys: dict[str, str] = {}
    flags: dict[str, tuple[bool, bool, bool]] = {}
    for table, guarded, changeable, deletable, name, kind, required, identity, keyed, primary in owner.execute(_TABLES, [list(BESIDE)]):
        found = re.fullmatch(r"([a-z ]+?)(?:\((\d+)[^)]*\))?(\[\])?( with time zone)?", kind)
        if found is None:
            raise AssertionError(f"{table}.{name}: teach this file the type {kind}")
        plain = found[1] + (found[4] or "") + (found[3] or "")
        length = int(found[2]) if found[2] and found[1] == "character varying" else None
        columns.setdefault(table, []).append(Column(name, plain, length, required, identity, keyed))
        flags[table] = (guarded, changeable, deletable)
        if primary:
            keys[table] = name
    return {name: Table(name, keys[name], tuple(columns[name]), *flags[name], tuple(links.get(name, ()))) for name in columns}
