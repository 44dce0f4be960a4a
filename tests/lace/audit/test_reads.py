"""Whoever sees a child's record is in the record of reads, once; whoever is turned away from it is there too."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Max
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.core.actor import Actor
from lace.web.middleware import serving
from peps.models import Pep, Section, Target
from peps.services import start_pep
from reviews.models import Review
from tests.lace.api.callers import Caller
from tests.lace.audit.addresses import routes
from tests.world import World

CHILD_ROUTES = [route for route in routes() if route.is_about_a_child]
PAGES = [route for route in CHILD_ROUTES if not route.is_of_the_api]
OPERATIONS = [route for route in CHILD_ROUTES if route.is_of_the_api]
OTHERS = [route for route in routes() if not route.is_about_a_child and not route.is_of_the_api]
LOOKS = {Read.Act.READ, Read.Act.EXPORT}
# One of each kind; who sees what is the access matrix's subject, here it is that each look leaves its row.
ROLES = [
    *(Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.TEACHER, Role.CHILD, Role.FOSTER_CARER),
    *(Role.INDEPENDENT_VISITOR, Role.ADMINISTRATOR, Role.GOVERNOR),
]


def reads(after: int = 0) -> list[Read]:
    """Everybody's, as the audit's own job sees them."""
    with serving(Actor.named_job("audit", today=timezone.localdate())), transaction.atomic():
        return list(Read.objects.filter(pk__gt=after).order_by("pk"))


def newest() -> int:
    with serving(Actor.named_job("audit", today=timezone.localdate())), transaction.atomic():
        return int(Read.objects.aggregate(newest=Max("pk"))["newest"] or 0)


def known(world: World, what: Any) -> dict[str, Any]:
    """Ids of things that the child has, so that the addresses below the tabs lead somewhere."""
    found: dict[str, Any] = {"child": what.child.pk, "number": what.school.number}
    with serving(what.actor(Role.LACE_COORDINATOR)), transaction.atomic():
        for name, model in (("review", Review), ("target", Target)):
            row = model.objects.filter(child=what.child).first()
            if row is not None:
                found[name] = row.pk
        section = Section.objects.filter(child=what.child).first()
        found["key"] = section.key if section else "aspirations"
    return found


def answer(client: Client, address: str) -> tuple[Any, list[Read]]:
    """What the address answers and what was written down meanwhile."""
    before = newest()
    response = client.get(address)
    return response, reads(before)


def wrong_with(response: Any, rows: list[Read], child: uuid.UUID) -> str:
    """Why what was written down does not fit the answer; "" when it fits."""
    looks = [row for row in rows if row.act in LOOKS and row.children == [child]]
    refusals = [row for row in rows if row.act == Read.Act.REFUSED and row.children == [child]]
    if response.status_code == 200:
        return "" if len(looks) == len(rows) == 1 else f"200 and {[(row.act, row.door) for row in rows]}"
    if response.status_code in {403, 404}:
        return "" if len(refusals) == len(rows) == 1 else f"{response.status_code} and {[(row.act, row.door) for row in rows]}"
    return "" if not looks and response.status_code in {302, 405} else f"{response.status_code} and {[(row.act, row.door) for row in rows]}"


@pytest.mark.req("PRIV-12")
def test_every_page_of_a_child_is_recorded_once_shown_or_refused(world: World) -> None:
    plan_by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(plan_by), transaction.atomic():
        if not Pep.objects.filter(child=world.own.child).exists():
            start_pep(by=plan_by, child=world.own.child, on=timezone.localdate())
    filled = known(world, world.own)
    wrong, answers = [], Counter[int]()
    for role in ROLES:
        client = world.client(role)
        for route in PAGES:
            response, rows = answer(client, route.address(**filled))
            answers[response.status_code] += 1
            if words := wrong_with(response, rows, world.own.child.pk):
                wrong.append(f"{role} GET {route.pattern}: {words}")
    assert not wrong, "\n".join(wrong)
    assert len(PAGES) >= 20
    assert answers[200] > 50
    assert answers[404] > 50
    assert answers[403] > 5


@pytest.mark.req("PRIV-12", "PRIV-13")
def test_a_stranger_and_a_guess_are_turned_away_alike_and_recorded_alike(world: World) -> None:
    """The id asked for is kept, the reader's authority too; whether there is such a child is not said, and not stored."""
    clients = {role: world.client(role) for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.ADMINISTRATOR, Role.GOVERNOR)}
    for (role, client), route in itertools.product(clients.items(), PAGES):
        there, not_there = world.other.child.pk, uuid.uuid4()
        first, one = answer(client, route.address(**known(world, world.other)))
        second, two = answer(client, route.address(child=not_there))
        assert first.status_code == second.status_code in {403, 404}, route.pattern
        for rows, asked in ((one, there), (two, not_there)):
            [row] = rows
            kept = (row.act, row.children, row.facets, row.door, row.role, row.authority_id)
            assert kept == (Read.Act.REFUSED, [asked], [], route.name, role, world.own.row.pk), route.pattern


@pytest.mark.req("PRIV-12")
def test_the_api_records_each_read_and_each_refusal_once(world: World) -> None:
    caller = Caller(world.own)
    headers = {"Authorization": f"Bearer {caller.token}"}
    shown = 0
    for route in OPERATIONS:
        for whose in (world.own, world.other):
            before = newest()
            response = caller.client.get(route.address(**known(world, whose)), headers=headers)
            rows = reads(before)
            if response.status_code == 405:  # nothing to read there
                assert rows == []
                continue
            shown += response.status_code == 200
            assert response.status_code == (200 if whose is world.own else 404), route.pattern
            assert not wrong_with(response, rows, whose.child.pk), f"{route.pattern}: {wrong_with(response, rows, whose.child.pk)}"
            assert {row.role for row in rows} == {Role.CASE_SYSTEM}
    assert shown >= 4


@pytest.mark.req("PRIV-12")
def test_a_child_named_on_any_other_page_is_recorded(world: World) -> None:
    """Lists, queues, searches, messages: where the answer holds the child's id or name, the record of reads holds the child."""
    words = (str(world.own.child.pk).encode(), world.own.child.family_name.encode())
    wrong, named = [], Counter[str]()
    addresses = [(route, route.address(number=world.own.school.number)) for route in OTHERS]
    addresses += [(route, route.address() + f"?q={world.own.child.family_name}") for route in OTHERS if route.name == "children"]
    clients = {role: world.client(role) for role in ROLES}
    for (role, client), (_route, address) in itertools.product(clients.items(), addresses):
        response, rows = answer(client, address)
        holds = response.status_code == 200 and any(word in response.content.replace(b"?q=" + words[1], b"") for word in words)
        recorded = [row for row in rows if world.own.child.pk in row.children]
        named[role] += holds
        if holds and len(recorded) != 1:
            wrong.append(f"{role} GET {address}: shows the child; {len(recorded)} rows")
        if response.status_code == 403 and not any(row.act == Read.Act.REFUSED for row in rows):
            wrong.append(f"{role} GET {address}: refused, and nobody wrote it down")
    assert not wrong, "\n".join(wrong)
    assert all(named[role] for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON))


@pytest.mark.req("PRIV-12")
def test_a_search_that_finds_nobody_is_recorded(world: World) -> None:
    _response, [row] = answer(world.client(Role.LACE_COORDINATOR), "/children/?q=Nobodyhere")
    assert (row.act, row.children, row.door) == (Read.Act.SEARCH, [], "children")


def test_a_record_that_cannot_be_noted_is_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one transaction: the audit is not a wish."""

    def broken(**_row: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(Read.objects, "create", broken)
    client = Client(raise_request_exception=False)
    client.cookies = world.client(Role.LACE_COORDINATOR).cookies
    response = client.get(f"/children/{world.own.child.pk}/")
    assert response.status_code == 500
    assert world.own.child.family_name.encode() not in response.content
