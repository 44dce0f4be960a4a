"""A database for the random queries alone: three furnished authorities, every protected table filled, and its plain copies.

`public` is under the policies. `whole` holds plain copies of every row, from which the others are made. `shadow` holds plain copies of
just the rows that one context may see: a query must answer there as it does in `public`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from lace.accounts.access import Facet, Role
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership
from lace.core.actor import Actor
from lace.database.context import APP_ROLE, JOB_ROLE, OWNER_ROLE, WORKER_ROLE, Context
from tests.access.random_queries.catalogue import Column, Table, read_tables
from tests.access.random_queries.oracle import Sight, visible_rows
from tests.world import enter, furnish

AUTHORITIES = ("CRF", "GWN", "CMN")
CHILDREN = 5  # of each authority
ROWS_A_CHILD = 3
ROWS_AN_AUTHORITY = 12
DAY = date(2026, 1, 15)  # of the invented rows: their dates lie on both sides of it
LONGEST = "20s"  # a query that takes longer is a mistake of the dice; ordinary ones take a millisecond
HIDDEN = "¤"  # put into every text of a row that the context may not see
WORDS = ("maths", "darllen", "reading", "Ysgol", "foster", "care", "100%", "a_b", "true", "7", "Wŷr", "meeting", "x", "")
# Columns on which a policy looks: values that it knows.
CHOSEN = {"readers": sorted(map(str, Role)), "facets": sorted(map(str, Facet))}

# What the roles were given on a table, and on single columns of it.
_GIVEN = """
SELECT privilege_type, attname, grantee::regrole::text
FROM (SELECT oid, NULL AS attname, relacl AS acl FROM pg_class UNION ALL SELECT attrelid, attname, attacl FROM pg_attribute) given, aclexplode(acl)
WHERE oid = %s::regclass AND grantee <> 0 AND grantee::regrole::text = ANY(%s)
"""


class Population:
    """The database's connections and what is in it."""

    def __init__(self, database: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.database = database
        self.owner = connect(database, OWNER_ROLE)
        self.tables = read_tables(self.owner)
        self.protected = [table for table in self.tables.values() if table.protected]
        self._strip()
        with self.owner.transaction():
            self._fill()
        self.rows = {table.name: self._read(table) for table in self.tables.values()}
        self._copy()
        self._copied = {table.name: self._copies(table) for table in self.protected}
        self._others = {table.name: ", ".join(filter(None, (_other(table, column) for column in table.columns))) for table in self.protected}
        self.relations: dict[int, str] = dict(self.owner.execute("SELECT id, codename FROM auth_permission").fetchall())
        self.app = self._serving("public")
        self.plain = self._serving("shadow, public")

    def close(self) -> None:
        for open_one in (self.app, self.plain, self.owner):
            open_one.close()

    def _serving(self, path: str) -> psycopg.Connection[Any]:
        """A connection as the app has it: as the worker, who owns nothing and may ask to be the app or a job."""
        opened = connect(self.database, WORKER_ROLE)
        opened.execute(sql.SQL("SET search_path = {}").format(sql.SQL(path)))
        opened.execute(sql.SQL("SET statement_timeout = {}").format(sql.Literal(LONGEST)))
        opened.autocommit = False
        return opened

    def _strip(self) -> None:
        """No foreign keys, checks, exclusions and triggers here, so that hidden rows can be changed and removed at will. They decide no read."""
        found = self.owner.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype IN ('f', 'c', 'x') AND connamespace = 'public'::regnamespace ORDER BY contype DESC"
        ).fetchall()
        for table, name in found:
            self.owner.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
        for guarded in self.protected:
            self.owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(guarded.name)))

    def _read(self, table: Table) -> list[dict[str, Any]]:
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        found = self.owner.execute(sql.SQL("SELECT {} FROM {} ORDER BY {}").format(names, sql.Identifier(table.name), sql.Identifier(table.pk)))
        keys = [column.name for column in table.columns]
        return [dict(zip(keys, row, strict=True)) for row in found]

    # filling

    def _fill(self) -> None:
        self._ids = {
            name: [row[0] for row in self.owner.execute(sql.SQL("SELECT {} FROM {} ORDER BY 1").format(*map(sql.Identifier, (table.pk, name))))]
            for name, table in self.tables.items()
        }
        self._ids |= {name: [row[0] for row in self.owner.execute(f"SELECT id FROM {name} ORDER BY 1")] for name in ("accounts_user", "auth_group")}
        self._ids["auth_permission"] = [
            row[0] for row in self.owner.execute("SELECT id FROM auth_permission WHERE name LIKE 'stands to%' ORDER BY 1")
        ]
        children = self.owner.execute("SELECT id, authority_id FROM children_child ORDER BY id").fetchall()
        authorities = sorted({authority for _child, authority in children})
        for table in sorted(self.protected, key=lambda table: table.is_event):
            if table.name == "children_child":
                continue  # made by the service; a child out of nothing would have no relations
            if table.child is not None:
                owners: list[tuple[UUID | None, int]] = [pair for pair in children for _ in range(ROWS_A_CHILD)]
            else:
                owners = [(None, authority) for authority in authorities for _ in range(ROWS_AN_AUTHORITY)]
            for child, authority in owners:
                self._add(table, child, authority)

    def _add(self, table: Table, child: UUID | None, authority: int) -> None:
        values: dict[str, Any] = {}
        day = DAY + timedelta(days=self.random.randrange(-900, 300))
        for column in table.columns:
            if column.name == table.child and child is not None:
                values[column.name] = child
            elif column.name == "authority_id":
                values[column.name] = authority
            elif not column.identity:
                day += timedelta(days=self.random.randrange(1, 200)) if column.kind == "date" else timedelta()
                values[column.name] = self._value(table, column, day)
        names, marks = zip(*((sql.Identifier(name), sql.Placeholder()) for name in values), strict=True)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING {}").format(
            sql.Identifier(table.name), sql.SQL(", ").join(names), sql.SQL(", ").join(marks), sql.Identifier(table.pk)
        )
        made = self.owner.execute(statement, list(values.values())).fetchone()
        if made:
            self._ids[table.name].append(made[0])

    def _value(self, table: Table, column: Column, day: date) -> Any:
        dice = self.random
        if table.is_event and column.name == "id":  # the trail of a row that is there: some policies ask the row itself
            return dice.choice(self._ids[table.name.removesuffix("event")])
        links = self.tables.get(table.name.removesuffix("event"), table).links  # a trail has no keys of its own
        target = next((other for name, other, _key in links if name == column.name), "")
        if not column.required and dice.random() < 0.3:
            return None
        if self._ids.get(target):
            return dice.choice(self._ids[target])
        if column.name in CHOSEN:
            return dice.sample(CHOSEN[column.name], dice.randrange(3))
        word = dice.choice(WORDS)
        kind, several = column.kind.removesuffix("[]"), column.kind.endswith("[]")
        values: dict[str, Any] = {
            "uuid": UUID(int=dice.getrandbits(128), version=4),
            "character varying": (word if not column.keyed else f"{dice.randrange(10**6)}{word}")[: column.length],
            "text": word,
            "date": day,
            "timestamp with time zone": datetime(day.year, day.month, day.day, dice.randrange(24), tzinfo=UTC),
            "time without time zone": time(dice.randrange(24)),
            "boolean": dice.random() < 0.5,
            "smallint": dice.randrange(9) if not column.keyed else dice.randrange(30_000),
            "integer": dice.randrange(9) if not column.keyed else dice.randrange(10**9),
            "bigint": dice.randrange(9) if not column.keyed else dice.randrange(10**9),
            "numeric": dice.randrange(99),
            "jsonb": Jsonb({"a": dice.randrange(9), "b": [word]}),
            "bytea": word.encode(),
            "inet": "127.0.0.1",
        }
        if kind not in values:
            raise AssertionError(f"{table.name}.{column.name}: teach this file to fill the type {column.kind}")
        return [values[kind]] * dice.randrange(3) if several else values[kind]

    # the copies

    def _copy(self) -> None:
        for schema in ("whole", "shadow"):
            self.owner.execute(f"CREATE SCHEMA {schema}".encode())
        self.owner.execute(f"GRANT USAGE ON SCHEMA shadow TO {APP_ROLE}, {JOB_ROLE}".encode())
        for table in self.protected:
            name = sql.Identifier(table.name)
            self.owner.execute(sql.SQL("CREATE TABLE whole.{0} AS SELECT * FROM public.{0}").format(name))
            self.owner.execute(sql.SQL("CREATE TABLE shadow.{0} (LIKE public.{0} INCLUDING ALL)").format(name))
            for column in (column for column in table.columns if column.identity):  # numbers that no row here has
                self.owner.execute(sql.SQL("ALTER TABLE shadow.{} ALTER COLUMN {} RESTART WITH 1000000000").format(name, sql.Identifier(column.name)))
            self.owner.execute(sql.SQL("REVOKE ALL ON shadow.{} FROM {}, {}").format(name, *map(sql.Identifier, (APP_ROLE, JOB_ROLE))))
            for privilege, column, grantee in self.owner.execute(_GIVEN, [f"public.{table.name}", [APP_ROLE, JOB_ROLE]]).fetchall():
                what = sql.SQL(privilege) + (sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL(""))
                self.owner.execute(sql.SQL("GRANT {} ON shadow.{} TO {}").format(what, name, sql.Identifier(grantee)))
        self.owner.execute("ANALYZE")

    def visible(self, context: Context) -> dict[str, list[Any]]:
        """By the oracle: the primary keys of the rows this context may see, table by table."""
        sight = Sight(context, self.rows, self.relations)
        return {table.name: visible_rows(table, sight) for table in self.protected}

    def show_only(self, visible: dict[str, list[Any]]) -> None:
        """Fill `shadow` with just these rows."""
        with self.owner.transaction(), self.owner.pipeline():
            for table in self.protected:
                self.owner.execute(f"DELETE FROM shadow.{table.name}".encode())
                if visible[table.name]:
                    self.owner.execute(self._copied[table.name]["shadow", "= ANY"], [visible[table.name]])

    def _copies(self, table: Table) -> dict[tuple[str, str], bytes]:
        """Statements that copy rows of a table from `whole` into a schema: those whose key is one of a list, or is none of it."""
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        return {
            (schema, which): (
                f"INSERT INTO {schema}.{table.name} ({columns}) OVERRIDING SYSTEM VALUE"
                f' SELECT {columns} FROM whole.{table.name} WHERE "{table.pk}" {which}(%s)'
            ).encode()
            for schema, which in (("shadow", "= ANY"), ("public", "<> ALL"))
        }

    @contextmanager
    def policies_lifted(self, table: Table) -> Iterator[None]:
        """Inside the block the app sees every row of this table."""
        name = sql.Identifier(table.name)
        found = self.owner.execute(
            "SELECT policyname, qual FROM pg_policies WHERE schemaname = 'public' AND tablename = %s AND %s = ANY(roles) AND qual IS NOT NULL",
            [table.name, APP_ROLE],
        ).fetchall()
        assert found, f"{table.name} has no policy for {APP_ROLE}"
        try:
            for policy, _condition in found:
                self.owner.execute(sql.SQL("ALTER POLICY {} ON {} USING (true)").format(sql.Identifier(policy), name))
            yield
        finally:
            for policy, condition in found:
                self.owner.execute(sql.SQL("ALTER POLICY {} ON {} USING ({})").format(sql.Identifier(policy), name, sql.SQL(condition)))

    @contextmanager
    def hidden_rows_changed(self, visible: dict[str, list[Any]], context: Context) -> Iterator[None]:
        """Inside the block every row that this context may not see is another: every third is gone, the rest say something else."""
        hiding = [table for table in self.protected if len(visible[table.name]) < len(self.rows[table.name])]
        with self.owner.transaction(), self.owner.pipeline():
            for table in hiding:
                self._disturb(table, visible[table.name], context)
        try:
            yield
        finally:
            with self.owner.transaction(), self.owner.pipeline():
                for table in hiding:
                    self.owner.execute(f'DELETE FROM {table.name} WHERE "{table.pk}" <> ALL(%s)'.encode(), [visible[table.name]])
                    self.owner.execute(self._copied[table.name]["public", "<> ALL"], [visible[table.name]])

    def _disturb(self, table: Table, visible: list[Any], context: Context) -> None:
        hidden, values = f'"{table.pk}" <> ALL(%s)', [visible]
        # The asker's own relations are what their rights are made of: changing those would change what they may see.
        for name, column, mine in (
            ("children_childusergrant", "user_id", [context.user_id or 0]),
            ("children_childgroupgrant", "group_id", list(context.group_ids)),
        ):
            if table.name == name:
                hidden += f" AND {column} <> ALL(%s::bigint[])"
                values.append(mine)
        self.owner.execute(f'DELETE FROM {table.name} WHERE {hidden} AND hashtext("{table.pk}"::text) %% 3 = 0'.encode(), values)
        self.owner.execute(f"UPDATE {table.name} SET {self._others[table.name]} WHERE {hidden}".encode(), values)


def _other(table: Table, column: Column) -> str | None:
    """Another value for this column; None for keys, and for what says whose the row is."""
    if column.name in {table.pk, table.child, "authority_id", *(name for name, _table, _key in table.links)}:
        return None
    name, length = f'"{column.name}"', column.length or 40
    text = f"left('{HIDDEN}' || md5(\"{table.pk}\"::text), {length})"
    others = {
        "character varying": text,
        "text": text,
        "date": f"{name} + 4000",
        "timestamp with time zone": f"{name} + interval '4000 days'",
        "time without time zone": f"{name} + interval '1 hour'",
        "boolean": f"NOT {name}",
        "smallint": None if column.keyed else f"30 - {name} %% 30",
        "integer": f"{name} %% 1000000 + 1000",
        "bigint": f"{name} %% 1000000 + 1000",
        "numeric": f"99 - {name}",
        "jsonb": f"jsonb_build_object('{HIDDEN}', 1)",
        "uuid": None if column.keyed else "gen_random_uuid()",
        "character varying[]": f"ARRAY[left('{HIDDEN}', {length})]",
    }
    other = others.get(column.kind)
    return other and f"{name} = {other}"


def connect(database: str, role: str) -> psycopg.Connection[Any]:
    """A connection of its own to a database of the suite's server, under one of Lace's roles."""
    parameters = connection.get_connection_params()
    keys = ("host", "port", "password")
    return psycopg.connect(dbname=database, user=role, autocommit=True, **{key: parameters[key] for key in keys if parameters.get(key)})


def furnish_authorities() -> list[tuple[str, Context]]:
    """The authorities with people in every role and looked-after children; the context of each person, and of a job."""
    furnished = [furnish(code) for code in AUTHORITIES]
    today = timezone.localdate()
    for authority in furnished:
        for number in range(CHILDREN - 1):
            enter(authority, entered_on=today - timedelta(days=30 * number + 5))
    people = Membership.objects.select_related("user", "authority", "organisation").order_by("pk")
    contexts = [(f"{member.role} of {member.authority.code}", context_of(actor_for(member, today=today))) for member in people]
    assert {member.role for member in people} == set(Role)
    return [*contexts, ("a job", context_of(Actor.named_job("random", today=today)))]
