"""The matrix: every address, every method, every role, every standing to the object. What is expected comes from `policy`, and nowhere else.

A denied cell holds no canary, changes no row, and answers as it does for what does not exist. An allowed cell shows of each child
exactly what the policy says. Nothing here names a route or a role: both come from the application, and the policy must know them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from lace.accounts.access import Role
from tests.access import oracle
from tests.access.cast import MISSING, Cast, Person
from tests.access.doors import Answer, Light
from tests.access.policy.fields import SECTIONS
from tests.access.policy.people import REACH
from tests.access.policy.routes import ROUTES, SHOWS, UNCOMPARED, Route
from tests.access.policy.standings import SCHOOL_ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plainly")]

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Address:
    """A route of the resolver: its name, and its pattern with the names of its parameters in braces."""

    name: str
    pattern: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.pattern)

    def __str__(self) -> str:
        return f"{self.name}:{self.pattern}"


def addresses(resolver: URLResolver | None = None, prefix: str = "/", space: str = "") -> Iterator[Address]:
    """Every route there is."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = entry.pattern
        if isinstance(pattern, RoutePattern):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern))
        elif isinstance(pattern, RegexPattern):
            path = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", str(pattern)).strip("^$")
        else:
            path = ""
        if isinstance(entry, URLPattern):
            yield Address(f"{space}{entry.name or ''}", prefix + path)
        else:
            yield from addresses(entry, prefix + path, f"{entry.namespace}:" if entry.namespace else space)


# Every how many-th person is asked at each address: all of them by night, `MATRIX_EVERY=1 python3 manage.py test tests/access/test_matrix.py`.
EVERY = int(os.environ.get("MATRIX_EVERY", "29"))

ALL = list(addresses())


OWN = frozenset({"self", "public"})


# Parameters that are called after what they name elsewhere, too.
CALLED = {
    "emergency_review": {"access": "emergencyaccess"},
    "child_no_contact_change": {"person": "nocontactperson"},
    "child_no_contact_end": {"person": "nocontactperson"},
    "child_share_withdraw": {"share": "consented"},
}
PLAIN: dict[str, Any] = {"uidb36": "x", "key": "x", "pk": 1, "token": "x", "session": 999999}


def paths(address: Address, parameters: dict[str, Any]) -> list[tuple[str, str]]:
    """The address with its parameters, and the section of the plan that it names."""
    given = PLAIN | dict.fromkeys(set(address.parameters) - set(PLAIN), MISSING) | parameters
    given |= {name: parameters[other] for name, other in CALLED.get(address.name, {}).items()}
    if address.name == "child_plan_section":
        return [(address.pattern.format(**{**given, "key": key}), key) for key in SECTIONS]
    return [(address.pattern.format(**given), "")]


@dataclass(frozen=True, slots=True)
class Cell:
    """One knock."""

    address: Address
    route: Route
    path: str
    section: str
    method: str
    person: Person | None


def cells(address: Address, made: Cast, every: int = EVERY) -> Iterator[Cell]:
    """Every method and role; in every standing GET, and POST where the address takes it and names an object.

    The rest is asked by each role twice: by those nearest to the child and by strangers; what is about no child at all, once.
    """
    route = ROUTES[address.name]
    for path, section in paths(address, made.parameters):
        for person in (None, *made.people[::every]):
            for method in METHODS:
                matters = route.about not in OWN and (method == "GET" or (bool(address.parameters) and method == "POST" and method in route.methods))
                near = person is None or person.standing == nearest(person.role)
                if matters or near or (person and person.standing == "unrelated" and route.about not in OWN):
                    yield Cell(address, route, path, section, method, person)


def nearest(role: str) -> str:
    """Where those of this role stand to whom the child is their own."""
    return "school" if role in SCHOOL_ROLES else "responsible"


def knock(light: Light, cell: Cell, made: Cast, path: str | None = None) -> Answer:
    headers = {"Accept-Language": "en"}
    if cell.person is not None and cell.person.role == "case_system" and cell.route.about.startswith("api"):
        headers |= {"Authorization": f"Bearer {made.tokens[cell.person.standing]}", "Idempotency-Key": "k", "If-Match": "*"}
    membership = cell.person.membership if cell.person else None
    return light.knock(cell.method, path or cell.path, membership, headers=headers, drawn=cell.method == "GET" and cell.route.about not in OWN)


def wrong(answer: Answer, verdict: str, cell: Cell) -> str:
    """What is wrong about the status; "" when it is as it must be."""
    status = answer.status
    match verdict:
        case oracle.OPEN:
            fine = status < 500 and status not in {401, 403, 404, 405} and not answer.leads_to_sign_in
            if cell.route.about in OWN:
                fine = status < 500 and status != 401
            fine = fine or (cell.route.may_miss and status == 404)
        case oracle.HIDDEN:
            fine = status == 404
        case oracle.FORBIDDEN:
            fine = status == 403
        case oracle.NO_METHOD:
            fine = status == 405 or (cell.route.may_miss and status == 404)
        case oracle.SIGN_IN:
            fine = answer.leads_to_sign_in or (status == 401 and cell.route.about == "api about")
            if cell.route.about == "self":  # allauth's pages answer OPTIONS before they look who asks, and count some tries
                fine = fine or status in {403, 405, 429} or (cell.method == "OPTIONS" and not answer.body)
        case _:
            fine = status == 401
    return "" if fine else f"must be {verdict}, answers {status}"


def leaks(answer: Answer, person: Person | None, made: Cast) -> list[str]:
    """Canaries in the answer that this person may not meet."""
    found = made.canaries.found(answer.text)
    return sorted(
        f"{planted.child}:{planted.name} ({planted.facet})" for planted in found if not oracle.reads(person, planted, made.facts[planted.child])
    )


def shown(answer: Answer, cell: Cell, made: Cast) -> list[str]:
    """Where the fields of the child that came out are not exactly those that the policy says, of the facets that the person holds."""
    assert cell.person is not None
    found = {planted.name for planted in made.canaries.found(answer.text) if planted.child == "A"}
    if os.environ.get("MATRIX_LEARN"):
        with open(os.environ["MATRIX_LEARN"], "a") as out:
            print(cell.address.name, cell.section, cell.person.role, *sorted(found), file=out)
        return []
    kept = SHOWS.get(cell.address.name, frozenset()) | ({f"Section.{cell.section}"} if cell.section else set())
    must = {planted.name for planted in made.canaries.all() if planted.name in kept and oracle.reads(cell.person, planted, made.facts["A"])}
    return [f"shows {name}, which has no line" for name in sorted(found - kept)] + [f"does not show {name}" for name in sorted(must - found)]


def test_every_address_has_a_line_and_every_line_an_address() -> None:
    names = {address.name for address in ALL}
    assert not names - set(ROUTES), (
        f"No line in tests/access/policy/routes.py: {sorted(names - set(ROUTES))}. Say what they are about and what opens them."
    )
    assert not set(ROUTES) - names, f"Lines of tests/access/policy/routes.py without an address: {sorted(set(ROUTES) - names)}"


def test_every_role_has_a_reach() -> None:
    roles = {str(role) for role in Role}
    assert not roles - set(REACH), f"Roles that tests/access/policy/people.py does not know: {sorted(roles - set(REACH))}"


FLOOR = 50_000  # cells (goal AZ1)


def test_the_matrix_is_large(stage: tuple[Cast, Light]) -> None:
    made, _light = stage
    assert sum(1 for address in ALL for _cell in cells(address, made, every=1)) >= FLOOR


@pytest.mark.req(
    "PRIV-03", "PRIV-04", "PRIV-05", "PRIV-07", "PRIV-13", "PRIV-15", "PRIV-17", "PRIV-19", "XLA-01", "XLA-02", "SCH-20", "VOICE-15", "LA-01"
)
@pytest.mark.slow
@pytest.mark.parametrize("address", ALL, ids=str)
def test_address(stage: tuple[Cast, Light], address: Address, record_property: Any) -> None:
    made, light = stage
    problems: list[str] = []
    missing: dict[tuple[Any, ...], Answer] = {}
    nothing = {name: MISSING if isinstance(value, UUID) else 999999 for name, value in made.parameters.items()} | {"number": "9999999"}
    nothing |= {name: made.parameters[name] for name in ("kind", "relation", "role", "code", "rule")}
    school = made.sets["school"].school.organisation_id
    count = 0
    for cell in cells(address, made):
        count += 1
        verdict = oracle.verdict(cell.route, address.name, cell.method, cell.person, made.facts["A"], section=cell.section, school=school)
        answer = knock(light, cell, made)
        told = [problem for problem in (wrong(answer, verdict, cell),) if problem]
        told += [f"leaks {leak}" for leak in leaks(answer, cell.person, made)]
        if (
            cell.method == "GET"
            and verdict == oracle.OPEN
            and answer.status == 200
            and cell.route.about in {"child", "api child"}
            and address.name not in UNCOMPARED
        ):
            told += shown(answer, cell, made)
        if verdict != oracle.OPEN or cell.method not in {"POST"}:
            told += [f"writes {write[:80]}" for write in answer.writes if cell.route.about not in OWN]
        if verdict == oracle.HIDDEN and address.parameters:
            key = (cell.method, cell.person and cell.person.role, cell.section)
            if key not in missing:
                gone = dict(paths(address, nothing)).items()
                path = next(path for path, section in gone if section == cell.section)
                missing[key] = knock(light, cell, made, path)
                count += 1
            told += different(answer, missing[key], cell, made)
        problems += [f"{cell.method} {address.name}{'#' + cell.section if cell.section else ''} as {cell.person}: {problem}" for problem in told]
    record_property("cells", count)
    if problems:
        pytest.fail(f"{len(problems)} of {count} cells of {address}:\n" + "\n".join(problems[:60]), pytrace=False)


def different(answer: Answer, gone: Answer, cell: Cell, made: Cast) -> list[str]:
    """Does the answer differ from the one for what does not exist?"""
    if answer.status != gone.status:
        return [f"answers {answer.status}, and {gone.status} for what does not exist"]
    if cell.method != "GET" and (answer.body, sorted(answer.headers)) != (gone.body, sorted(gone.headers)):
        return ["answers otherwise for what does not exist"]
    return []
