"""The dashboard against a bare view, whole requests with and without their guards, and every page in a small and a grown database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from unittest.mock import patch

from django.db import transaction

from lace.accounts.access import Role
from lace.accounts.acting import context_of
from lace.audit.models import Read
from lace.children.rules import folded
from lace.core.actor import Actor
from lace.database.context import use
from reporting.management.benchmarks import bare
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare, through, whole
from reporting.management.benchmarks.people import People, getting
from reporting.queries import children as listing
from reporting.queries.children import Search


def measure(database: Database, people: People) -> Iterator[Comparison]:
    children = database.children
    floor = Side("bare view, one indexed query", whole(getting(bare.client(), "/one/")), database.served)
    dashboard = people.page(Role.LACE_COORDINATOR, "/dashboard/", "dashboard, signed in")
    yield compare("dashboard", dashboard, floor, children=children, goal=Goal(10, statements=8))
    caseload = people.page(Role.SOCIAL_WORKER, "/children/", "caseload")
    yield compare("caseload", caseload, floor, children=children, goal=Goal(9))
    record = people.page(Role.SOCIAL_WORKER, f"/children/{people.child.pk}/", "child's record")
    yield compare("record", record, floor, children=children, goal=Goal(14, statements=14))
    yield _list_behind_policies(database, people)
    for name, side in (("dashboard", dashboard), ("caseload", caseload), ("record", record)):
        yield compare(f"guards: {name}", side, _unguarded(side, database), children=children, goal=Goal(1.35))


def _list_behind_policies(database: Database, people: People) -> Comparison:
    """The list's query alone: the same transaction and filter, with the policies and as the owner, whom they let pass."""
    actor = people.actor(Role.LACE_COORDINATOR)

    def page() -> None:
        list(listing.with_facts(listing.listed(actor, Search()), actor)[:25])

    return compare(
        "row-level security: list",
        Side("list of 25", _inside(actor, page), database.served),
        Side("policies off", _inside(actor, page), database.owner),
        children=database.children,
        goal=Goal(1.15),
    )


def _inside(actor: Actor, act: Callable[[], None]) -> Callable[[Clock], None]:
    def once(clock: Clock) -> None:
        with use(context_of(actor)), transaction.atomic(), clock:
            act()

    return once


def _unguarded(side: Side, database: Database) -> Side:
    """The same request with policies, context and the record of reads off: as the owner, who is sent no context."""

    def once(clock: Clock) -> object:
        with patch.object(Read.objects, "create"):
            return side.act(clock)

    return Side("policies, context and read audit off", once, database.owner)


def growth(small: Database, large: Database) -> Iterator[Comparison]:
    """The same pages of the same people with the same rows in sight, among others' rows many times as many."""
    here, there = People(small), People(large)
    if here.child.pk != there.child.pk:
        raise RuntimeError("The two databases do not show the same people: build them again with --fresh.")
    name = folded(here.child.family_name).split()[0]
    record = f"/children/{here.child.pk}/"
    pages = [
        ("dashboard", Role.LACE_COORDINATOR, "/dashboard/"),
        ("caseload", Role.SOCIAL_WORKER, "/children/"),
        ("authority's children", Role.LACE_COORDINATOR, "/children/"),
        ("record", Role.SOCIAL_WORKER, record),
        ("search", Role.LACE_COORDINATOR, f"/children/?q={name}"),
        ("queue", Role.DESIGNATED_PERSON, "/"),
        ("authority's queue", Role.LACE_COORDINATOR, "/"),
    ]
    for what, role, path in pages:
        first = there.page(role, path, f"{what} among {large.children:,}")
        second = here.page(role, path, f"among {small.children:,}")
        _must_be_alike(what, first, second)
        yield compare(f"growth: {what}", first, second, children=large.children, goal=Goal(1.25))
    path = "/api/v1/children/"
    first = Side(f"API list among {large.children:,}", whole(getting(there.case_system(), path)), large.served)
    second = Side(f"among {small.children:,}", whole(getting(here.case_system(), path)), small.served)
    _must_be_alike("API list", first, second)
    yield compare("growth: API list", first, second, children=large.children, goal=Goal(1.25))


_OWN = re.compile(rb'value="[^"]*"|nonce="[^"]*"')  # a form's tokens


def _must_be_alike(what: str, first: Side, second: Side) -> None:
    """Raises RuntimeError unless both show the same."""
    shown = []
    for side in (first, second):
        with through(side.on):
            shown.append(_OWN.sub(b"", side.act(Clock()).content))  # type: ignore[attr-defined]
    if shown[0] != shown[1]:
        raise RuntimeError(f"The {what} does not show the same in both databases.")
