"""What the policy says of one cell. Pure: from the policy's tables and the facts that were planted, never from the application."""

from __future__ import annotations

from tests.access.canaries import Planted
from tests.access.cast import Facts, Person
from tests.access.policy.fields import SECTIONS, WRITERS
from tests.access.policy.people import AUTHORITIES, BODIES, EMERGENCY, HOLDS_TOO, OFFICE, REACH, TABLE, Row
from tests.access.policy.routes import FOR_CHILD, Route
from tests.access.policy.words import words


def relations(person: Person, of: Facts) -> set[str]:
    """In which relations that the person's role may use stands the person to the child."""
    held, reach = person.membership, REACH[person.role]
    found = {relation for relation, users in of.named.items() if relation == reach and held.user_id in users}
    if reach == "authority":
        found |= {"responsible"} if held.authority_id == of.authority else set()
        found |= {relation for relation in AUTHORITIES if held.authority_id in of.groups.get(relation, ())}
    if reach in BODIES and held.organisation_id in of.groups.get(reach, ()):
        found.add(reach)
    if person.role in EMERGENCY and held.user_id in of.named.get("emergency", ()):
        found.add("emergency")
    return found


def rows(person: Person, of: Facts) -> list[tuple[str, Row]]:
    return [(relation, TABLE[relation, person.role]) for relation in relations(person, of) if (relation, person.role) in TABLE]


def facets(person: Person, of: Facts) -> frozenset[str]:
    """What the person may read of the child."""
    held: set[str] = set()
    for relation, row in rows(person, of):
        narrowed = of.narrowed.get(relation)
        held |= row.reads if narrowed is None else row.reads & (narrowed | {HOLDS_TOO[facet] for facet in narrowed & HOLDS_TOO.keys()})
    return frozenset(held)


def acts(person: Person, of: Facts) -> frozenset[str]:
    """What the person may do to the child."""
    return frozenset().union(*(row.does for _relation, row in rows(person, of)))


def reads(person: Person | None, planted: Planted, of: Facts) -> bool:
    """May the person meet this word? Their own name, always; an administrator, the names of the people of the authority (LA-01)."""
    if person is not None and planted.account is not None:
        own = planted.account == person.membership.user_id
        if own or (person.role == "administrator" and person.membership.authority_id == of.authority):
            return True
    if person is None or planted.facet not in facets(person, of):
        return False
    return planted.readers is None or person.role in planted.readers


# What an address answers. "open": whatever it is there for; the rest are the ways to say no.
OPEN, HIDDEN, FORBIDDEN, NO_METHOD, SIGN_IN, NO_TOKEN = "open", "hidden", "forbidden", "no method", "sign in", "no token"


def verdict(route: Route, name: str, method: str, person: Person | None, of: Facts, *, section: str = "", school: int = 0) -> str:
    """How this address must answer this person's method. `section` is the plan's section that the address names; `school` the school."""
    kind = route.about
    if kind == "nothing":
        return HIDDEN
    if kind.startswith("api"):
        return _api(route, method, person, of)
    if kind == "public" or (kind == "self" and person is not None):
        return OPEN
    if person is None:
        return SIGN_IN
    refused = _refused(route, name, method, person, of, section, school)
    if refused:
        return refused
    return OPEN if method in route.methods | {"OPTIONS"} else NO_METHOD


def _api(route: Route, method: str, person: Person | None, of: Facts) -> str:
    if route.about == "api about":
        if person is None:
            return SIGN_IN
        return OPEN if method in route.methods else NO_METHOD
    if person is None or person.role != "case_system":
        return NO_TOKEN
    if method not in route.methods:
        return NO_METHOD
    if route.about != "api child":
        return OPEN
    if not facets(person, of):
        return HIDDEN
    return FORBIDDEN if route.act and method == "POST" and route.act not in acts(person, of) else OPEN


def _refused(route: Route, name: str, method: str, person: Person, of: Facts, section: str, school: int) -> str:
    """The refusal that comes before the method is looked at; "" when there is none."""
    found = _refused_any(route, method, person, of, section, school)
    if not found and person.role == "child" and name not in FOR_CHILD and route.about != "self":
        return FORBIDDEN
    return found


def _refused_any(route: Route, method: str, person: Person, of: Facts, section: str, school: int) -> str:
    match route.about:
        case "child":
            return _refused_child(route, person, of, section)
        case "own":
            return "" if person.role == "child" else HIDDEN
        case "own child":
            return "" if person.role == "child" and facets(person, of) else HIDDEN
        case "children":
            return HIDDEN if REACH[person.role] == "" or (route.roles and person.role not in route.roles) else ""
        case "schools":
            return HIDDEN if method in route.methods and person.role not in SEES_SCHOOL | {"lace_coordinator", "child"} else ""
        case "school" | "school policy":
            return _refused_school(route, person, of, school)
        case "office":
            return "" if person.role in OFFICE[route.act] and (not route.roles or person.role in route.roles) else FORBIDDEN
        case "tenant":
            if person.role not in OFFICE[route.act]:
                return FORBIDDEN
            return "" if person.membership.authority_id == of.authority else HIDDEN
        case "body duty":
            if person.role not in OFFICE[route.act]:
                return FORBIDDEN
            ours = person.membership.authority_id == of.authority and person.membership.organisation_id is None
            return (FORBIDDEN if person.role not in route.roles else "") if ours else HIDDEN
        case "absence":
            office = person.role in route.roles and person.membership.authority_id == of.authority
            return "" if office or person.membership.user_id == of.absent else HIDDEN
        case "everyone":
            return FORBIDDEN if route.roles and person.role not in route.roles else ""
        case "report":
            if person.role not in OFFICE[route.act]:
                return FORBIDDEN
            return "" if _own_school(person, school) or _of_area(person, of) else HIDDEN
        case _:
            return ""


def _refused_child(route: Route, person: Person, of: Facts, section: str) -> str:
    held, may = facets(person, of), acts(person, of)
    if not held or (route.needs and not held & route.needs):
        return HIDDEN
    if section:
        if SECTIONS[section] not in held:
            return HIDDEN
        act, writers = WRITERS[section]
        return "" if person.role in writers and act in may else FORBIDDEN
    if route.side:
        office = person.role in OFFICE.get(route.act, ())
        column, body = of.sides[route.side]
        mine = getattr(person.membership, column) == body
        return "" if mine and (office or route.act in may) else FORBIDDEN
    if route.hidden_with in may and route.act not in may:
        return HIDDEN
    if route.roles and person.role not in route.roles:
        return FORBIDDEN
    return FORBIDDEN if route.act and not may.intersection(route.act.split()) else ""


# Whose school's page is their own school's. A LACE coordinator opens those of the authority and those that children within reach attend.
SEES_SCHOOL = words("designated_person headteacher governor link_governor")


def _own_school(person: Person, school: int) -> bool:
    return person.role in SEES_SCHOOL and person.membership.organisation_id == school


def _of_area(person: Person, of: Facts) -> bool:
    """Is the child's school one of this LACE coordinator's authority?"""
    return person.role == "lace_coordinator" and person.membership.authority_id in of.groups.get("school_authority", ())


def _refused_school(route: Route, person: Person, of: Facts, school: int) -> str:
    seen = _own_school(person, school) or _of_area(person, of) or (person.role == "lace_coordinator" and bool(facets(person, of)))
    if not seen:
        return HIDDEN
    if route.about == "school policy":
        return "" if _own_school(person, school) or _of_area(person, of) else HIDDEN
    if not route.act:
        return ""
    return "" if person.role in OFFICE[route.act] and _own_school(person, school) else FORBIDDEN
