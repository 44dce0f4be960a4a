"""The matrix: every address, every method, every role, every standing to the object. What is expected comes from `policy`, and nowhere else.

A denied cell holds no canary, changes no row, and answers as it does for what does not exist. An allowed cell shows of each child
exactly what the policy says. Nothing here names a route or a role: both come from the application, and the policy must know them.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.html import escape

from lace.accounts.access import Role
from tests.access import oracle
from tests.access.cast import MISSING, Cast, Person
from tests.access.doors import Answer, Light
from tests.access.filled import bodies, known, messages
from tests.access.policy.fields import SECTIONS
from tests.access.policy.people import REACH
from tests.access.policy.routes import ROUTES, UNFILLED, Route
from tests.access.policy.shows import ABOVE_SECTION, SHOWS
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


# Every how many-th person is asked at each address: all of them; while working on something else, `MATRIX_EVERY=29` is a quick look.
EVERY = int(os.environ.get("MATRIX_EVERY", "1"))

ALL = list(addresses())


OWN = frozenset({"self", "public"})
NOBODYS = frozenset({"office", "everyone"})  # what names nothing stands in no relation to anybody


# Parameters that are called after what they name elsewhere, too.
CALLED = {
    "own_answer_readers": {"question": "of_my_page"},
    "emergency_review": {"access": "emergencyaccess"},
    "child_no_contact_change": {"person": "nocontactperson"},
    "child_no_contact_end": {"person": "nocontactperson"},
    "child_share_withdraw": {"share": "consented"},
    "invitation_again": {"invitation": "roleinvitation"},
    "invitation_withdraw": {"invitation": "roleinvitation"},
    "body_duty_done": {"duty": "bodyduty"},
    "body_duty_undo": {"duty": "bodyduty"},
    "body_duty_reason": {"duty": "bodyduty"},
}
# Shown or not, by which of several changes of one moment the page names: it may be there, and need not.
# A picture that stands in both texts is no difference; one that the child let only some see, in the draft alone, is.
SOMETIMES = {"child_changes": {"Duty.done_note"}, "child_plan_differences": {"Addition.description"}}
# What is one button has no page of its own: where it stands.
BUTTONS = {
    "invitation_again": "invitations",
    "invitation_withdraw": "invitations",
    "undelivered_again": "undelivered",
    "away_back": "away_others",
    "feed_new": "message_choices",
}
PLAIN: dict[str, Any] = {
    **{"uidb36": "x", "key": "x", "pk": 1, "token": "x", "session": 999999},
    **{"measure": "steps", "instrument": "observation", "wish": "next"},
}


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
    filled: bool = False  # a POST with what those who may would have sent


def cells(address: Address, made: Cast, every: int = EVERY) -> Iterator[Cell]:
    """Every method and role; in every standing GET, and the filled POST where the address takes one and names something.

    The rest, a POST with nothing in it too, is asked by each role twice: by those nearest to the child and by strangers; what is about
    no child at all, once.
    """
    route = ROUTES[address.name]
    for path, section in paths(address, made.parameters):
        for person in (None, *made.people[::every]):
            stranger = person is not None and person.standing == "unrelated" and route.about not in OWN | {"api about"}
            near = person is None or person.standing == nearest(person.role) or stranger
            for method in METHODS:
                if near or (method == "GET" and route.about not in OWN | {"api about"}):
                    yield Cell(address, route, path, section, method, person)
            if "POST" in route.methods and route.about not in OWN and (near or route.about not in NOBODYS):
                yield Cell(address, route, path, section, "POST", person, filled=True)


def nearest(role: str) -> str:
    """Where those of this role stand to whom the child is their own."""
    return "school" if role in SCHOOL_ROLES else "responsible"


def knock(light: Light, cell: Cell, made: Cast, path: str | None = None, body: Any = None) -> Answer:
    headers = {"Accept-Language": "en"}
    if cell.person is not None and cell.person.role == "case_system" and cell.route.about.startswith("api"):
        headers |= {"Authorization": f"Bearer {made.tokens[cell.person.standing]}", "Idempotency-Key": "k", "If-Match": "*"}
    membership = cell.person.membership if cell.person else None
    drawn = cell.method in {"GET", "POST"} and cell.route.about not in OWN
    return light.knock(cell.method, path or cell.path, membership, headers=headers, data=body, drawn=drawn)


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
    own = cell.person.membership.user_id  # everybody reads who they are themselves
    found = {planted.name for planted in made.canaries.found(answer.text) if planted.child == "A" and planted.account != own}
    if os.environ.get("MATRIX_LEARN"):
        with open(os.environ["MATRIX_LEARN"], "a") as out:
            print(cell.address.name, cell.section, cell.person.role, *sorted(found), file=out)
        return []
    kept = SHOWS.get(cell.address.name, frozenset()) | (
        {f"Section.{cell.section}", f"QualityReview.feedback.{cell.section}"} if cell.section else set()
    )
    kept |= ABOVE_SECTION.get(cell.section, frozenset())
    may = (planted for planted in made.canaries.all() if planted.name in kept and planted.account != own)
    must = {planted.name for planted in may if oracle.reads(cell.person, planted, made.facts["A"])} - SOMETIMES.get(cell.address.name, set())
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


# One address a test, so that they spread over the workers of a run; of the plan's sections, one section a test.
PARTS = [(address, section) for address in ALL for section in (SECTIONS if address.name == "child_plan_section" else ("",))]


def named(value: object) -> str:
    return f"{value}"


@pytest.mark.req(
    "PRIV-03", "PRIV-04", "PRIV-05", "PRIV-07", "PRIV-13", "PRIV-15", "PRIV-17", "PRIV-19", "XLA-01", "XLA-02", "SCH-20", "VOICE-15", "LA-01"
)
@pytest.mark.slow
@pytest.mark.parametrize(("address", "section"), PARTS, ids=named)
def test_address(stage: tuple[Cast, Light], address: Address, section: str, record_property: Any) -> None:
    made, light = stage
    asked = [cell for cell in cells(address, made) if cell.section == section]
    with light.remembering():
        problems, count = ask(asked, made, light)
    record_property("cells", count)
    if problems:
        pytest.fail(f"{len(problems)} wrong in {count} cells of {address}:\n" + "\n".join(problems[:60]), pytrace=False)


def is_same(cell: Cell) -> bool:
    """Is the answer the same each time it is asked for? A feed's secret address is made anew."""
    return cell.route.about not in OWN and not (cell.address.name == "feed_new" and cell.method == "POST")


def test_what_is_remembered_is_what_would_be_answered(stage: tuple[Cast, Light]) -> None:
    """The memory of `Light.remembering` changes no answer: the same cells, asked with it and without."""
    made, light = stage
    asked = random.Random(3).sample([cell for address in ALL for cell in cells(address, made, every=7) if is_same(cell)], 250)
    with light.remembering():
        for cell in asked:
            knock(light, cell, made)  # so that there is something to remember
        remembered = [knock(light, cell, made) for cell in asked]
    for cell, answer in zip(asked, remembered, strict=True):
        anew = knock(light, cell, made)
        assert (answer.status, plain(answer, cell), answer.records) == (anew.status, plain(anew, cell), anew.records), f"{cell.method} {cell.path}"
        assert [write[:40] for write in answer.writes] == [write[:40] for write in anew.writes], f"{cell.method} {cell.path}"


def ask(asked: list[Cell], made: Cast, light: Light) -> tuple[list[str], int]:
    """What is wrong at one address, and how many times it was knocked."""
    problems: list[str] = []
    missing: dict[tuple[Any, ...], tuple[Answer, Cell]] = {}
    address, route, section = asked[0].address, asked[0].route, asked[0].section
    school = made.sets["school"].school.organisation_id
    nothing = {name: MISSING if isinstance(value, UUID) else 999999 for name, value in made.parameters.items()} | {"number": "9999999"}
    nothing |= {name: made.parameters[name] for name in ("kind", "relation", "role", "code", "rule")}
    gone = next(path for path, other in paths(address, nothing) if other == section)

    def expected(person: Person | None, method: str) -> str:
        return oracle.verdict(route, address.name, method, person, made.facts["A"], section=section, school=school)

    body = None
    if any(cell.filled for cell in asked):
        may = [person for person in made.people if expected(person, "POST") == oracle.OPEN]
        body, accepted = filled(light, asked[0], may, made)
        if may and accepted == (address.name in UNFILLED):
            problems.append(f"{address.name}: what was filled in is {'accepted, though' if accepted else 'refused, and not'} in UNFILLED")
    rows = light.changed_rows()
    count = 0
    for cell in asked:
        verdict = expected(cell.person, cell.method)
        if verdict == oracle.OPEN and cell.filled:
            continue  # some of those who may have posted it; what they write is their own matter
        sent = body if cell.filled else None
        answer = knock(light, cell, made, body=sent)
        count += 1
        told = [problem for problem in (wrong(answer, verdict, cell),) if problem]
        told += [f"leaks {leak}" for leak in leaks(answer, cell.person, made)]
        if cell.method == "GET" and verdict == oracle.OPEN and answer.status == 200 and route.about in {"child", "api child"}:
            told += shown(answer, cell, made)
        if route.about not in OWN:
            if verdict == oracle.OPEN and cell.method == "POST":
                rows = light.changed_rows()
            else:
                told += [f"writes {write[:80]}" for write in answer.writes]
        if verdict in {oracle.HIDDEN, oracle.FORBIDDEN} and cell.person is not None and answer.records != recorded(cell, verdict):
            told.append(f"is recorded {answer.records} times among the refusals")
        if verdict == oracle.HIDDEN and address.parameters:
            key = (cell.method, cell.filled, cell.person and cell.person.role)
            if key not in missing:
                missing[key] = knock(light, cell, made, gone, sent), replace(cell, path=gone)
                count += 1
            told += different(answer, cell, missing[key])
        problems += [f"{cell.method}{' (filled)' if cell.filled else ''} {address.name} as {cell.person}: {problem}" for problem in told]
    changed = light.changed_rows()
    if route.about not in OWN and changed != rows:
        problems.append(f"{address.name}: rows changed, says the database itself: {sorted(set(changed.items()) - set(rows.items()))}")
    return problems, count


def recorded(cell: Cell, verdict: str) -> int:
    """How often a refusal stands among the refusals: once, when it is of a person's page, or of an address that names a child."""
    return 1 if verdict == oracle.FORBIDDEN or "child" in cell.address.parameters else 0


def filled(light: Light, cell: Cell, may: list[Person], made: Cast) -> tuple[Any, bool]:
    """A body for this address that one of those who may has sent and that was accepted; else one that is at least filled in, and False."""
    name, first = cell.address.name, None
    for person in {person.role: person for person in reversed(may)}.values():
        asking = replace(cell, person=person)
        if cell.route.about.startswith("api"):
            ways: Iterator[Any] = iter([messages(made)[name]])
        else:
            shows = reverse(BUTTONS[name]) if name in BUTTONS else cell.path
            page = knock(light, replace(asking, method="GET"), made, shows)
            ways = bodies(page.body, cell.path, shows) if page.status == 200 else iter(())
        for way in ways:
            body = way | known(made).get(name, {})
            first = first or body
            if name in UNFILLED:
                break
            before = light.changed_rows()
            answer = knock(light, replace(asking, method="POST"), made, body=body)
            written = {table for table, _rows in set(light.changed_rows().items()) - set(before.items())}
            if answer.status in {201, 302} and written - {"web_usedtoken"}:
                return body, True
    return first, False


def different(answer: Answer, cell: Cell, gone: tuple[Answer, Cell]) -> list[str]:
    """Does the answer differ from the one for what does not exist, asked by this person or by another in the same role?"""
    if answer.status != gone[0].status:
        return [f"answers {answer.status}, and {gone[0].status} for what does not exist"]
    if plain(answer, cell) != plain(*gone):
        return ["answers otherwise for what does not exist"]
    return []


def plain(answer: Answer, cell: Cell) -> tuple[str, list[tuple[str, str]]]:
    """Body and headers, without the parts of the address that were asked for, whose page it is, and tokens made anew for each page."""
    said = [cell.path, *(part for part in cell.path.split("/") if len(part) > 4 and any(letter.isdigit() for letter in part))]
    if cell.person is not None:
        held = cell.person.membership
        said += [held.user.name, held.authority.name, held.authority.brand_colour, held.authority.brand_colour[1:]]
        said += [held.organisation.name] if held.organisation else []

    def blotted(text: str) -> str:
        for part in said:
            text = text.replace(escape(part), "…")
        return re.sub(r'(?<=csrfmiddlewaretoken" value=")\w+|(?<=form_token" value=")[^"]+|<link [^>]*brand=[^>]*>\n', "", text)

    headers = {name: blotted(value) for name, value in answer.headers.items() if name != "Content-Length"}  # names differ in length
    return blotted(answer.body.decode(errors="replace")), sorted(headers.items())
