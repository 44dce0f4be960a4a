"""The database as backstop: whatever SQL is asked, a context learns nothing of rows that it may not see.

LACE_RANDOM_QUERIES says how many are asked (10,000; a nightly run asks 1,000,000) and LACE_RANDOM_SEED which.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import pytest
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from lace.accounts.access import Relation, Role
from lace.database.context import APP_ROLE, NOBODY, OWNER_ROLE, Context
from tests.access.random_queries.differences import Tally, answers, compare
from tests.access.random_queries.generator import Generator
from tests.access.random_queries.oracle import GUARDED
from tests.access.random_queries.orm import OrmGenerator
from tests.access.random_queries.pieces import PUBLISHED, Query
from tests.access.random_queries.population import DAY, Population, connect, furnish_authorities

QUERIES = int(os.environ.get("LACE_RANDOM_QUERIES", "10000"))
SEED = int(os.environ.get("LACE_RANDOM_SEED", "20161101"))  # the same queries in every run of CI: a red one can be looked into
T = TypeVar("T", int, str)
BATCH = 125  # queries asked under one context

pytestmark = pytest.mark.django_db  # so that the test database is there


@pytest.fixture(scope="module")
def population(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Population, list[tuple[str, Context]]]]:
    """A copy of the empty test database, furnished and filled; gone afterwards."""
    template = str(connection.settings_dict["NAME"])
    own = f"{template}_random_{secrets.token_hex(3)}"
    with django_db_blocker.unblock():
        connection.close()
        owner = connect(template, OWNER_ROLE)
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(own), sql.Identifier(template)))
        try:
            connection.settings_dict["NAME"] = own
            try:
                contexts = furnish_authorities()
            finally:
                connection.close()
                connection.settings_dict["NAME"] = template
            made = Population(own, SEED)
            try:
                yield made, contexts
            finally:
                made.close()
        finally:
            owner.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(own)))
            owner.close()


def made_up(population: Population, dice: random.Random) -> Context:
    """A context of no real person: ids and relations thrown together, on some day."""
    authorities = sorted({row["authority_id"] for row in population.rows["children_child"]})
    users = sorted({row["user_id"] for row in population.rows["children_childusergrant"]})
    groups = sorted({row["group_id"] for row in population.rows["children_childgroupgrant"]})
    relations = sorted(map(str, Relation))

    def some(of: Sequence[T], most: int) -> tuple[T, ...]:
        return tuple(dice.sample(of, min(len(of), dice.randrange(most + 1))))

    return Context(
        authority_ids=some(authorities, 1),
        tenant_ids=some(authorities, 2),
        group_ids=some(groups, 3),
        group_relations=some(relations, 3),
        user_id=dice.choice([None, *users]),
        user_relations=some(relations, 3),
        app_role=dice.choice(["", *Role]),
        facet_relations=dice.choice(["", json.dumps({facet: some([Relation.RESPONSIBLE, *relations], 9) for facet in GUARDED.values()})]),
        today=dice.choice([None, DAY, DAY, date.today() + timedelta(days=dice.randrange(-200, 200))]),
        role=APP_ROLE,
        link=dice.choice(["", "", *sorted({row["token_sha256"] for row in population.rows["peps_contribution"]})]),
    )


@pytest.mark.slow
@pytest.mark.req("PRIV-13", "LA-01")
def test_no_query_tells_of_a_row_that_is_not_visible(
    population: tuple[Population, list[tuple[str, Context]]], capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    database, people = population
    dice = random.Random(SEED)
    by_sql, by_orm = Generator(database.tables, database.rows, dice), OrmGenerator(database.tables, database.rows, dice)
    tally = Tally()
    veterans = [by_sql.shapes["prepared"]() for _ in range(8)]  # asked under every context: a plan kept from one must not serve the next
    waiting: list[tuple[str, Context]] = []
    while tally.asked < QUERIES and len(tally.differences) < 20:
        if not waiting:
            waiting = [("nobody", NOBODY), *people, *((f"made up {number}", made_up(database, dice)) for number in range(len(people) // 2))]
            dice.shuffle(waiting)
        name, context = waiting.pop()
        thrown: list[Query] = [by_orm.query() if dice.random() < 0.33 else by_sql.query() for _ in range(BATCH - len(veterans))]
        compare(database, name, context, veterans + thrown, tally)
    said = (
        f"{tally.asked} random queries (seed {SEED}) of {len(tally.shapes)} shapes over {len(database.protected)} tables:"
        f" {len(tally.differences)} differences; {sum(tally.with_rows.values())} answered with rows, {sum(tally.errors.values())} with an error"
    )
    record_property("random queries", tally.asked)
    with capsys.disabled():
        print(f"\n{said}")  # noqa: T201 - the count is part of the proof
    assert not tally.differences, f"{said}\n" + "\n".join(tally.differences[:20])
    assert sum(tally.with_rows.values()) > tally.asked * 0.3, f"Too many queries found nothing, which shows nothing: {tally.with_rows}"
    if QUERIES >= 5000:
        assert all(tally.with_rows[shape] for shape in tally.shapes), (
            f"No query of these shapes found a row: {set(tally.shapes) - set(+tally.with_rows)}"
        )


@pytest.mark.slow
def test_a_policy_that_lets_too_much_through_is_found_by_both_oracles(population: tuple[Population, list[tuple[str, Context]]]) -> None:
    """Each protected table in turn under a policy that shows every row: a handful of queries must tell."""
    database, people = population
    context = next(context for name, context in people if name.startswith("lace_coordinator"))
    visible = database.visible(context)
    queries = {}
    for table in database.protected:
        thrown = Generator(database.tables, database.rows, random.Random(SEED))
        thrown.only = table
        queries[table.name] = [thrown.shapes[shape]() for shape in ("everything", "count", "aggregate", "whole_row", "group", "window", "known_key")]

    def asked() -> dict[str, list[tuple[object, ...]]]:
        found = {}
        for table in database.protected:
            with database.policies_lifted(table):
                found[table.name] = answers(database.app, context, queries[table.name])
        return found

    first = asked()
    database.show_only(visible)
    by_oracle = {table.name: answers(database.plain, context, queries[table.name]) for table in database.protected}
    with database.hidden_rows_changed(visible, context):
        again = asked()
    hiding = [table.name for table in database.protected if len(visible[table.name]) < len(database.rows[table.name])]
    assert len(set(first) - set(hiding) - PUBLISHED) < 3, f"Tables that hide nothing from a coordinator show nothing here: {set(first) - set(hiding)}"
    assert not [name for name in hiding if first[name] == by_oracle[name]], "not found by the differential oracle"
    assert not [name for name in hiding if first[name] == again[name]], "not found by the non-interference oracle"


@pytest.mark.slow
def test_what_every_authority_reads_only_its_own_writes(population: tuple[Population, list[tuple[str, Context]]]) -> None:
    """The random queries ask these tables for reading: their plain copies know no rows that are seen and may not be written."""
    database, people = population
    context = next(context for name, context in people if name.startswith("lace_coordinator"))
    own = {str(authority) for authority in context.tenant_ids}
    for name in sorted(PUBLISHED):
        table = database.tables[name]
        everyone = {str(row["authority_id"]) for row in database.rows[name]}
        assert everyone - own, "another authority's row, to be read and not to be written"
        columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name != table.pk)
        written = [
            *([f'UPDATE {name} SET "{table.pk}" = "{table.pk}" RETURNING authority_id'] if table.changeable else []),
            *([f"SELECT authority_id FROM {name} FOR UPDATE"] if table.changeable else []),
            *([f"DELETE FROM {name} RETURNING authority_id"] if table.deletable else []),
        ]
        copied = f"INSERT INTO {name} ({table.pk}, {columns}) SELECT gen_random_uuid(), {columns} FROM {name} WHERE authority_id <> ALL(%s)"
        read, *changed = answers(
            database.app, context, [Query("read", f"SELECT authority_id FROM {name}"), *(Query("write", text, undo=True) for text in written)]
        )
        refused = answers(database.app, context, [Query("insert", copied, parameters=(list(context.tenant_ids),), undo=True)])
        assert _authorities(read) == everyone, name
        assert all(_authorities(found) == everyone & own for found in changed), name
        assert refused == [("error", "42501")], name


def _authorities(found: tuple[object, ...]) -> set[str]:
    kind, rows = found
    assert kind == "rows", found
    return {str(row).strip("(),") for row in rows}  # type: ignore[attr-defined]  # a list of rows as text
