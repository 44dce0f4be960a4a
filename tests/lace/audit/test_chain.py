"""The seal over the audit finds whatever somebody with the tables in hand does to it afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg import sql

from lace.accounts.access import Role
from lace.audit import chain
from lace.audit.models import Read, Seal
from lace.audit.services import record_read
from lace.children.models import Child
from lace.core.actor import Actor
from lace.web.middleware import serving
from tests.conftest import owner_connection
from tests.world import World, furnish

pytestmark = pytest.mark.django_db(transaction=True)
JOB = Actor.named_job("audit", today=date(2026, 11, 22))


@pytest.fixture
def world(transactional_db: None) -> World:
    """Committed: what is sealed is what other transactions left."""
    made = World(own=furnish("CRF"), other=furnish("GWN"))
    for authority in (made.own, made.other):
        by = authority.actor(Role.LACE_COORDINATOR)
        with serving(by), transaction.atomic():
            for _look in range(5):
                record_read(by=by, children=[authority.child.pk], facets=["identity", "education"], door="child")
    assert chain.seal(by=JOB)
    assert faults() == []
    return made


def faults(**more: Any) -> list[tuple[str, str, int | None]]:
    return [(fault.what, fault.table, fault.row) for fault in chain.verify(by=JOB, **more)[1]]


@contextmanager
def tampering() -> Iterator[psycopg.Connection[Any]]:
    """The owner with the append-only triggers off, in a transaction; the job verifies from inside it, and nothing of it stays."""
    with owner_connection() as owner:
        owner.autocommit = False
        yield owner
        owner.rollback()


def off(owner: psycopg.Connection[Any], table: str) -> None:
    owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))


def seen_by(owner: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """The faults as the owner's own transaction has them."""
    return owner.execute("SELECT what, table_name, row_id FROM lace_audit_faults() ORDER BY number, table_name, row_id").fetchall()


@pytest.mark.req("PRIV-12")
def test_every_event_table_and_the_record_of_reads_are_sealed(world: World) -> None:
    expected = {model._meta.db_table for model in apps.get_models() if hasattr(model, "pgh_tracked_model")} | {"audit_read"}
    with owner_connection() as owner:
        found = {name for (name,) in owner.execute("SELECT name FROM lace_audit_tables()")}
        assert found == expected
        for table in expected:
            key = "id" if table == "audit_read" else "pgh_id"
            query = sql.SQL('SELECT count(*) FROM {} t WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s."table" = {} AND t.{} = ANY(s.rows))')
            assert owner.execute(query.format(sql.Identifier(table), sql.Literal(table), sql.Identifier(key))).fetchone() == (0,)


def columns_of(owner: psycopg.Connection[Any], table: str) -> list[tuple[str, str]]:
    query = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' ORDER BY ordinal_position"
    )
    return [(name, kind) for name, kind in owner.execute(query, [table])]


def flip(owner: psycopg.Connection[Any], table: str, key: str, row: int, rng: random.Random) -> str:
    """Turn one bit of one column of a row; the column's name."""
    column, kind = rng.choice([(name, kind) for name, kind in columns_of(owner, table) if name != key])
    name = sql.Identifier(column)
    # the least that can be changed in a value of each kind
    least = {
        "boolean": "NOT {0}",
        "smallint": "({0} # 1::smallint)::smallint",
        "integer": "{0} # 1",
        "bigint": "{0} # 1",
        "date": "{0} + 1",
        "timestamp with time zone": "{0} + interval '1 microsecond'",
        "uuid": "encode(set_bit(uuid_send({0}), 0, 1 - get_bit(uuid_send({0}), 0)), 'hex')::uuid",
        "jsonb": "jsonb_build_object('was', {0}) || '{{\"x\": 1}}'",
        "ARRAY": "array_append({0}, NULL)",
    }
    text = "CASE WHEN {0} = '' THEN 'a' ELSE overlay({0} placing chr(ascii({0}) # 1) from 1 for 1) END"
    empty = {"boolean": "true", "uuid": "gen_random_uuid()", "date": "'2026-01-01'", "timestamp with time zone": "now()"}
    empty |= {"jsonb": "'1'", "ARRAY": "'{}'"}
    old = owner.execute(sql.SQL("SELECT {} IS NULL FROM {} WHERE {} = %s").format(name, sql.Identifier(table), sql.Identifier(key)), [row]).fetchone()
    assert old is not None
    value = sql.SQL(empty.get(kind, "'1'")) if old[0] else sql.SQL(least.get(kind, text)).format(name)
    statement = sql.SQL("UPDATE {} SET {} = {} WHERE {} = %s").format(sql.Identifier(table), name, value, sql.Identifier(key))
    assert owner.execute(statement, [row]).rowcount == 1
    return column


def flipped(times: int, seed: int) -> list[str]:
    """Turn a bit in so many random rows, one after another; those that were not found."""
    rng, unfound = random.Random(seed), []
    with owner_connection() as owner:
        owner.autocommit = False
        rows = owner.execute('SELECT s."table", unnest(s.rows) FROM audit_seal s').fetchall()
        for table in {table for table, _row in rows}:
            off(owner, table)
        for _time in range(times):
            table, row = rng.choice(rows)
            key = "id" if table == "audit_read" else "pgh_id"
            owner.execute("SAVEPOINT whole")
            column = flip(owner, table, key, row, rng)
            if not any((what, name, number) == ("changed", table, row) for what, name, number in seen_by(owner)):
                unfound.append(f"{table}.{column} of row {row} (seed {seed})")
            owner.execute("ROLLBACK TO whole")
        owner.rollback()
    return unfound


@pytest.mark.req("PRIV-12")
def test_a_bit_turned_in_any_of_a_hundred_rows_is_found(world: World) -> None:
    assert flipped(100, seed=20261122) == []


@pytest.mark.slow
@pytest.mark.req("PRIV-12")
def test_a_bit_turned_in_any_of_a_thousand_rows_is_found(world: World) -> None:
    assert flipped(1000, seed=random.SystemRandom().randrange(10**9)) == []


def test_a_row_taken_out_is_missed(world: World) -> None:
    with tampering() as owner:
        off(owner, "audit_read")
        row = owner.execute("DELETE FROM audit_read WHERE id = (SELECT max(id) - 3 FROM audit_read) RETURNING id").fetchone()
        assert row is not None
        assert seen_by(owner) == [("missing", "audit_read", row[0])]


def test_the_newest_rows_taken_out_are_missed(world: World) -> None:
    with tampering() as owner:
        off(owner, "audit_read")
        rows = owner.execute("DELETE FROM audit_read WHERE id > (SELECT max(id) - 3 FROM audit_read) RETURNING id").fetchall()
        assert sorted(seen_by(owner)) == [("missing", "audit_read", row) for (row,) in sorted(rows)]


def test_two_rows_that_changed_places_are_found(world: World) -> None:
    with tampering() as owner:
        off(owner, "audit_read")
        owner.execute("UPDATE audit_read SET id = -id WHERE id IN (SELECT id FROM audit_read ORDER BY id DESC LIMIT 2)")
        owner.execute("UPDATE audit_read SET id = (SELECT -sum(id) FROM audit_read WHERE id < 0) + id WHERE id < 0")
        assert [what for what, _table, _row in seen_by(owner)] == ["changed", "changed"]


def test_a_row_slipped_in_between_is_found(world: World) -> None:
    chain.seal(by=JOB)  # the sealing after: now nobody can still be writing below its marks
    with tampering() as owner:
        copied = "act, authority_id, user_id, membership_id, role, door, children, facets"
        owner.execute(f"INSERT INTO audit_read (id, at, {copied}) SELECT 0, at, {copied} FROM audit_read LIMIT 1")
        assert seen_by(owner) == [("added", "audit_read", 0)]


def test_a_row_written_for_a_day_long_past_is_found(world: World) -> None:
    with owner_connection() as owner:
        copied = "act, authority_id, user_id, membership_id, role, door, children, facets"
        owner.execute(f"INSERT INTO audit_read (at, {copied}) SELECT at - interval '9 days', {copied} FROM audit_read LIMIT 1")
    chain.seal(by=JOB)
    assert [what for what, _table, _row in faults()] == ["late"]


def test_a_seal_changed_taken_out_or_cut_off_is_found(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), transaction.atomic():
        record_read(by=by, children=[], facets=[], door="dashboard")
    chain.seal(by=JOB)
    with tampering() as owner:
        off(owner, "audit_seal")
        owner.execute("UPDATE audit_seal SET chain = set_byte(chain, 0, get_byte(chain, 0) # 1) WHERE number = 2")
        assert {what for what, _table, _row in seen_by(owner)} == {"chain"}
    with tampering() as owner:
        off(owner, "audit_seal")
        owner.execute("DELETE FROM audit_seal WHERE number = 2 AND authority_id = %s", [world.own.row.pk])
        assert "gap" in {what for what, _table, _row in seen_by(owner)}
    with tampering() as owner:  # the last seal of a chain
        off(owner, "audit_seal")
        owner.execute("DELETE FROM audit_seal WHERE sealing_id = (SELECT max(id) FROM audit_sealing)")
        assert ("gap", "audit_sealing", 2) in seen_by(owner)


def test_a_chain_made_anew_no_longer_has_the_heads_that_were_taken_away(world: World) -> None:
    """Whoever owns the tables can make everything agree again; the heads that left the database stay what they were."""
    kept = [(head.authority_id, head.number, head.chain) for head in chain.heads(by=JOB)]
    assert faults(kept=kept) == []
    with owner_connection() as owner:
        for table in ("audit_read", "audit_seal", "audit_sealing"):
            off(owner, table)
        owner.execute("DELETE FROM audit_read WHERE id = (SELECT max(id) FROM audit_read)")
        owner.execute("DELETE FROM audit_seal")
        owner.execute("DELETE FROM audit_sealing")
        for table in ("audit_read", "audit_seal", "audit_sealing"):
            owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
    chain.seal(by=JOB)
    assert faults() == []
    assert {what for what, _table, _row in faults(kept=kept)} == {"head"}


def test_a_transaction_that_ends_after_a_later_one_is_sealed_all_the_same(world: World) -> None:
    """Its rows have lower numbers than rows that are sealed already: no order of numbers is taken for the order of commits."""
    by = world.own.actor(Role.LACE_COORDINATOR)
    with owner_connection() as slow:
        slow.autocommit = False
        slow.execute("UPDATE accounts_user SET name = 'Slow' WHERE id = %s", [by.user_id])
        with serving(world.other.actor(Role.LACE_COORDINATOR)), transaction.atomic():
            Child.objects.filter(pk=world.other.child.pk).update(first_language="Saesneg")
        with owner_connection() as quick:
            quick.execute("UPDATE accounts_user SET name = 'Quick' WHERE id = %s", [world.other.user(Role.IRO).pk])
        assert chain.seal(by=JOB) == 2
        assert chain.seal(by=JOB) == 0  # the marks stay below what is still under way
        slow.commit()
    assert chain.seal(by=JOB) == 1
    assert chain.seal(by=JOB) == 0
    assert faults() == []


def test_seals_survive_a_column_that_is_added(world: World) -> None:
    with tampering() as owner:
        owner.execute("ALTER TABLE audit_read ADD COLUMN reason text NOT NULL DEFAULT 'x'")
        assert seen_by(owner) == []
    with tampering() as owner:
        owner.execute("ALTER TABLE audit_read DROP COLUMN facets")
        assert {what for what, _table, _row in seen_by(owner)} == {"unreadable"}


@pytest.mark.req("PRIV-12")
def test_nobody_who_serves_may_touch_the_audit(world: World) -> None:
    refused = [
        "UPDATE audit_read SET door = 'x'",
        "DELETE FROM audit_read",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_read",
        "INSERT INTO audit_seal (authority_id) VALUES (1)",
        "INSERT INTO audit_sealing (id) VALUES (9)",
        "DELETE FROM children_childevent",
        "UPDATE children_childevent SET given_names = 'x'",
        "SELECT lace_seal_audit()",
        "SELECT * FROM lace_audit_faults()",
    ]
    for statement in refused:
        with serving(world.own.actor(Role.ADMINISTRATOR)), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
    for statement in ("UPDATE audit_read SET door = 'x'", "DELETE FROM audit_seal", "DELETE FROM audit_sealing", "DELETE FROM children_childevent"):
        with owner_connection() as owner, pytest.raises(psycopg.errors.RaiseException, match="Cannot update or delete"):
            owner.execute(statement)


def test_an_authority_sees_its_own_seals_only(world: World) -> None:
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        assert set(Seal.objects.values_list("authority_id", flat=True)) == {world.own.row.pk}
        assert set(Read.objects.values_list("authority_id", flat=True)) == {world.own.row.pk}
