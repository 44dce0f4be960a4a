"""Every rule of access, deleted or widened one at a time, must be missed by a test (goals AZ2).

Each run of the tests tries a fixed sample of every family; `LACE_MUTANTS=all python3 manage.py test tests/access/mutation` tries every
mutant, and LACE_MUTANTS=<text> those with the text in their names, which are as they are printed.
"""

from __future__ import annotations

import os
import random
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

import lace.accounts.access
import lace.accounts.acting
import lace.children.models.child
import lace.children.seen
import reporting.models
import schools.models
from lace.accounts.access import Role
from lace.accounts.models import Membership, Organisation
from lace.database.context import OWNER_ROLE
from lace.notifications.models import Notification
from schools.models import PolicyCheck, SchoolPolicy
from tests.access.mutation import cases, guards, mutants, suite
from tests.access.mutation.mutants import Mutant
from tests.access.mutation.suite import Stage
from tests.access.random_queries.population import Population, connect, furnish_authorities
from tests.access.random_queries.test_random_queries import made_up
from tests.conftest import owner_connection

WHICH = os.environ.get("LACE_MUTANTS", "")
SAMPLE = 24  # of each kind, in CI
SEED = 20260101

pytestmark = [pytest.mark.slow, pytest.mark.req("PRIV-04", "PRIV-13", "LA-01")]

# Mutants that change nothing that anybody could see, and why.
SAME = {
    "_of_own_school: always Q(school=actor.organisation_id)": "without a school: school IS NULL, of a column that is never null",
    "visible_to: always self.filter(recipient=actor.user_id)": "a job: recipient IS NULL, of a column that is never null",
    "visible_to: always self.filter(user=actor.user_id)": "likewise",
    "children_childevent WITH CHECK: without (NOT (id = ANY (( SELECT lace_closed_children() AS lace_closed_children)::uuid[])))": "the"
    " authority may add what it may not read",
    "lace_closed_children of an authority: without authority_id = ANY(nullif(current_setting('app.authority_ids', true), '')::bigint[])": "it"
    " only saves work: who asks has bound the row to the authority already",
}


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """A database of its own, furnished; gone afterwards."""
    template = str(connection.settings_dict["NAME"])
    own, today = f"{template}_mutants_{secrets.token_hex(3)}", timezone.localdate()
    with django_db_blocker.unblock():
        connection.close()
        owner = connect(template, OWNER_ROLE)
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(own), sql.Identifier(template)))
        try:
            connection.settings_dict["NAME"] = own
            try:
                furnish_authorities()
                cases.found_apart(today)
                members = list(Membership.objects.select_related("user", "authority", "organisation").order_by("pk"))
                school = Organisation.objects.filter(kind=Organisation.Kind.SCHOOL).order_by("pk")[0]
            finally:
                connection.close()
                connection.settings_dict["NAME"] = template
            with suite.as_owner(own):
                cases.publish_figures(today)
            cases.make_cases(own, today)
            made = Population(own, SEED)
            try:
                cases.share_out(made)
                dice = random.Random(SEED)
                contexts = [(f"{member.role} {member.pk}", suite.expected_context(member, today)) for member in members]
                contexts += [(f"made up {number}", made_up(made, dice)) for number in range(60)]
                yield Stage(made, members, contexts, school)
            finally:
                made.close()
        finally:
            owner.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(own)))
            owner.close()


def chosen(of: list[Mutant]) -> list[Mutant]:
    """All of them, those that were asked for, or the sample."""
    if WHICH == "all":
        return of
    if WHICH:
        return [mutant for mutant in of if WHICH in mutant.name]
    return random.Random(SEED).sample(of, min(SAMPLE, len(of)))


@dataclass
class Tally:
    """How the mutants of one family fare against a check, which says what it missed, and nothing ("") of the application as it is."""

    family: str
    capsys: pytest.CaptureFixture[str]

    def all_die(self, found: list[Mutant], differs: Callable[[Mutant], str], whole: Callable[[list[Mutant]], str]) -> None:
        """Try those that are chosen. `whole` checks all that these touch, without a mutant, before and after them."""
        tried = [mutant for mutant in chosen(found) if not any(mutant.name.endswith(same) for same in SAME)]
        assert whole(tried) == ""
        alive = []
        for mutant in tried:
            with mutant.apply():
                try:
                    told = differs(mutant)
                except Exception as error:  # a mutant that breaks the application is missed at once
                    told = f"breaks: {error!r}"
            if not told:
                alive.append(mutant.name)
        same = sum(any(mutant.name.endswith(same) for same in SAME) for mutant in found)
        with self.capsys.disabled():
            said = f"{self.family}: {len(found)} mutants generated, {len(tried)} run, {len(tried) - len(alive)} killed; {same} change nothing"
            print(f"\n{said}", *(f"  lives: {name}" for name in alive), sep="\n")  # noqa: T201  # the count is part of the proof
        assert not alive, f"{said}. Add what tells them apart to a test, or remove the rule: {alive}"
        assert whole(tried) == "", "A mutant was not taken back"


@pytest.mark.django_db
def test_there_are_mutants_enough() -> None:
    """At least two hundred (goals AZ2), of every kind. And the mark has the test database made from which the others copy theirs."""
    with owner_connection() as owner:
        counts = [len(list(mutants.of_tables())), len(list(mutants.of_policies(owner))), len(list(mutants.of_functions(owner)))]
    assert sum(counts) >= 200
    assert all(counts)


def test_the_columns_of_mutants_that_change_nothing_are_never_null() -> None:
    columns = [(SchoolPolicy, "school"), (PolicyCheck, "school"), (Notification, "recipient")]
    assert not [name for model, name in columns if model._meta.get_field(name).null]


def test_tables(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row, facet and act of the access table, each role of an act, each reach and relation of a role: taken away, and given to all."""
    by_role: dict[str, Membership] = {}
    for member in stage.memberships:
        by_role.setdefault(member.role, member)

    def differs(mutant: Mutant) -> str:
        people = sorted(by_role.values(), key=lambda member: member.role not in mutant.name)
        return suite.table_differs(mutant.name) or suite.application_differs(stage, people, set(), (0,))

    with suite.as_owner(stage.population.database):
        Tally("tables", capsys).all_die(
            list(mutants.of_tables()),
            differs,
            lambda _tried: suite.table_differs() or suite.application_differs(stage, by_role.values(), set(), (0,)),
        )


# Functions that decide beside every `visible_to`, which is found by itself.
BESIDE: dict[Any, Callable[[str], bool]] = {
    lace.children.models.child: lambda name: name in {"_visible", "_granted_to_groups", "_granted_to_person", "grants_of", "open_of_closed"},
    lace.accounts.access: lambda name: name in {"row", "grant_of", "relations_giving", "may"},
    lace.accounts.acting: lambda name: name in {"actor_for", "context_of"},
    lace.children.seen: lambda name: name.startswith("Seen."),
    schools.models: lambda name: name == "_of_own_school",
    reporting.models: lambda name: name == "_number",
}


def conditions(stage: Stage) -> dict[str, tuple[Mutant, set[str]]]:
    """Every condition of every queryset scope and of what they stand on; with the models whose rows it decides."""
    homes: dict[Any, set[str]] = {module: set() for module in BESIDE}
    for model in suite.models(stage):
        for kind in type(model.objects.all()).__mro__:
            if "visible_to" in vars(kind):
                homes.setdefault(sys.modules[kind.__module__], set()).add(model.__name__)
    found = {}
    for module, decides in homes.items():
        beside = BESIDE.get(module)
        names = partial(_decides, beside) if beside else _is_scope
        for mutant in mutants.of_source(module, names):
            found[mutant.name] = (mutant, decides)
    return found


def _is_scope(name: str) -> bool:
    return name.endswith(("visible_to", "readable_by"))


def _decides(beside: Callable[[str], bool], name: str) -> bool:
    return _is_scope(name) or beside(name)


def test_conditions(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each condition of the application's own queries, and of what applies the table and the facets."""
    found = conditions(stage)
    once, people = set[str](), list[Membership]()
    for member in stage.memberships:
        if member.role not in once or member.role in {Role.LACE_COORDINATOR, Role.CONSORTIUM_LEAD}:
            once.add(member.role)
            people.append(member)

    def differs(mutant: Mutant) -> str:
        if "lace.children.seen" in mutant.name:
            return suite.seen_differs(stage)
        told = suite.table_differs() if "accounts.access" in mutant.name or "accounts.acting" in mutant.name else ""
        decides = found[mutant.name][1]
        told = told or (suite.application_differs(stage, people, decides) if decides else "") or suite.application_differs(stage, people)
        forward(people, lambda member: told.startswith(f"{member.role} of {member.authority.code} {member.pk}"))
        return told

    with suite.as_owner(stage.population.database):
        Tally("conditions", capsys).all_die(
            [mutant for mutant, _decides in found.values()],
            differs,
            lambda _tried: suite.seen_differs(stage) or suite.application_differs(stage, people),
        )


def forward(people: list[Any], found: Callable[[Any], bool]) -> None:
    """Whoever found this fault finds the next one soon."""
    who = next((one for one in people if found(one)), None)
    if who is not None:
        people.remove(who)
        people.insert(0, who)


def test_policies(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each condition of each policy of the database, and of the functions on which they stand, with no application to help."""
    order = list(stage.contexts)
    some = order[::12]

    def differs(mutant: Mutant) -> str:
        told = suite.policy_differs(stage, mutant.where, order, adds_first="WITH CHECK" in mutant.name)
        forward(order, lambda one: told.startswith(f"{one[0]} "))
        return told

    def whole(tried: list[Mutant]) -> str:
        return next(filter(None, (suite.policy_differs(stage, where, some) for where in sorted({mutant.where for mutant in tried}))), "")

    Tally("policies", capsys).all_die([*mutants.of_policies(stage.population.owner), *mutants.of_functions(stage.population.owner)], differs, whole)


def test_guards(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Each `require` and the like in a service: with it taken out, somebody whom it refused is refused no longer."""
    functions: dict[str, Any] = {}
    found, before = [], dict[str, list[list[int]]]()
    for module in guards.services():
        for mutant in mutants.of_source(module, lambda _name: True, guards=True):
            functions[mutant.name] = getattr(module, mutant.where)
            found.append(mutant)
    with suite.as_owner(stage.population.database):
        askers = guards.askers()

        def refused(mutant: Mutant) -> list[list[int]]:
            return [guards.refused_with(functions[mutant.name], asker) for asker in askers]

        def whole(tried: list[Mutant]) -> str:
            for mutant in tried:
                if before.setdefault(mutant.name, refused(mutant)) != refused(mutant) or not any(before[mutant.name]):
                    return f"{mutant.where} refuses neither a stranger nor a colleague"
            return ""

        Tally("guards", capsys).all_die(found, lambda mutant: "" if refused(mutant) == before[mutant.name] else "not refused", whole)
