"""Who may do and read what. One table, readable aloud; nothing else decides.

A person acts under one membership at a time. Its role says how far it reaches: over every child of the authority, over the
children with whom the organisation stands in a relation, over the children to whom the person is named, or over none.
What it may do to and read of a child it reaches is a row of `TABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from lace.core.actor import Actor
from lace.core.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(models.TextChoices):
    """Roles of requirements section 3 that Lace knows today; the rest are denied by not being here."""

    LACE_COORDINATOR = "lace_coordinator", _("LACE coordinator")
    DESIGNATED_MANAGER = "designated_manager", _("Designated manager")
    ADMINISTRATOR = "administrator", _("Authority administrator")
    CASE_SYSTEM = "case_system", _("Social care case system")
    SOCIAL_WORKER = "social_worker", _("Social worker")
    IRO = "iro", _("Independent reviewing officer")
    CARER = "carer", _("Carer")
    DESIGNATED_PERSON = "designated_person", _("Designated person")
    HEADTEACHER = "headteacher", _("Headteacher")
    GOVERNOR = "governor", _("Governor")


class Relation(StrEnum):
    """How someone stands to a child. The codename of a guardian grant, save for RESPONSIBLE, which the child's row says itself."""

    RESPONSIBLE = "responsible"
    HOST = "host"
    SCHOOL_AUTHORITY = "school_authority"
    SCHOOL = "school"
    SOCIAL_WORKER = "social_worker"
    IRO = "iro"
    CARER = "carer"


GROUP_RELATIONS = (Relation.HOST, Relation.SCHOOL_AUTHORITY, Relation.SCHOOL)
NAMED_RELATIONS = (Relation.SOCIAL_WORKER, Relation.IRO, Relation.CARER)


class Facet(StrEnum):
    """What may be read of a child, in parts."""

    IDENTITY = "identity"
    EDUCATION = "education"
    ATTENDANCE = "attendance"
    CARE = "care"
    ADDRESS = "address"  # of the placement, with the carer's identity: off unless a row gives it (goals A1)
    CONTACTS = "contacts"
    WELLBEING = "wellbeing"
    VOICE = "voice"  # the child's own statements


class Permission(StrEnum):
    """Acts."""

    RECORD_CARE = "record_care"
    RECORD_SCHOOL = "record_school"
    START_PEP = "start_pep"
    WRITE_PEP = "write_pep"
    FINALISE_PEP = "finalise_pep"
    CONTRIBUTE_TO_PEP = "contribute_to_pep"
    ARRANGE_REVIEW = "arrange_review"
    CLOSE_REVIEW = "close_review"
    EXPLAIN_LATENESS = "explain_lateness"
    # acts on no child
    SEE_DASHBOARD = "see_dashboard"
    DESIGNATE = "designate"  # record and end the designation of a school's designated person
    CONFIRM_REGISTER = "confirm_register"
    PREPARE_REPORT = "prepare_report"
    APPROVE_REPORT = "approve_report"
    READ_REPORT = "read_report"
    ADMINISTER = "administer"


class Reach(StrEnum):
    """How far a role reaches."""

    AUTHORITY = "authority"  # every child of the authority, and those granted to it
    ORGANISATION = "organisation"  # the children granted to the organisation
    NAMED = "named"  # the children to whom the person is named
    NONE = "none"  # no child at all: counted figures only, or settings


REACH: dict[Role, Reach] = {
    Role.LACE_COORDINATOR: Reach.AUTHORITY,
    Role.DESIGNATED_MANAGER: Reach.AUTHORITY,
    Role.CASE_SYSTEM: Reach.AUTHORITY,
    Role.DESIGNATED_PERSON: Reach.ORGANISATION,
    Role.HEADTEACHER: Reach.ORGANISATION,
    Role.SOCIAL_WORKER: Reach.NAMED,
    Role.IRO: Reach.NAMED,
    Role.CARER: Reach.NAMED,
    Role.ADMINISTRATOR: Reach.NONE,
    Role.GOVERNOR: Reach.NONE,
}
# The relation through which a named role reaches its children.
NAMED_RELATION: dict[Role, Relation] = {Role.SOCIAL_WORKER: Relation.SOCIAL_WORKER, Role.IRO: Relation.IRO, Role.CARER: Relation.CARER}
# Relations that an organisation's or an authority's group may hold, by the role that uses them. The designated manager and the
# case system answer for their own authority's children only.
GROUP_RELATION: dict[Role, tuple[Relation, ...]] = {
    Role.LACE_COORDINATOR: (Relation.HOST, Relation.SCHOOL_AUTHORITY),
    Role.DESIGNATED_PERSON: (Relation.SCHOOL,),
    Role.HEADTEACHER: (Relation.SCHOOL,),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A row of the table."""

    facets: frozenset[Facet]
    permissions: frozenset[Permission] = frozenset()


def _grant(facets: Iterable[Facet], permissions: Iterable[Permission] = ()) -> Grant:
    return Grant(frozenset(facets), frozenset(permissions))


_F, _P = Facet, Permission
_EVERYTHING = tuple(Facet)
_SCHOOL_FACETS = (_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CARE, _F.CONTACTS, _F.WELLBEING, _F.VOICE)

# relation x role -> what may be read, what may be done. Absent = nothing.
TABLE: dict[tuple[Relation, Role], Grant] = {
    (Relation.RESPONSIBLE, Role.LACE_COORDINATOR): _grant(
        _EVERYTHING,
        (_P.START_PEP, _P.WRITE_PEP, _P.CONTRIBUTE_TO_PEP, _P.ARRANGE_REVIEW, _P.EXPLAIN_LATENESS, _P.RECORD_SCHOOL),
    ),
    (Relation.RESPONSIBLE, Role.DESIGNATED_MANAGER): _grant((_F.IDENTITY, _F.CARE, _F.EDUCATION), (_P.EXPLAIN_LATENESS,)),
    (Relation.RESPONSIBLE, Role.CASE_SYSTEM): _grant(
        (_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CARE, _F.ADDRESS, _F.CONTACTS),
        (_P.RECORD_CARE, _P.RECORD_SCHOOL, _P.START_PEP, _P.ARRANGE_REVIEW, _P.CLOSE_REVIEW),
    ),
    (Relation.HOST, Role.LACE_COORDINATOR): _grant((_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CONTACTS)),
    (Relation.SCHOOL_AUTHORITY, Role.LACE_COORDINATOR): _grant((_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CONTACTS)),
    (Relation.SCHOOL, Role.DESIGNATED_PERSON): _grant(
        _SCHOOL_FACETS, (_P.START_PEP, _P.WRITE_PEP, _P.FINALISE_PEP, _P.CONTRIBUTE_TO_PEP, _P.EXPLAIN_LATENESS)
    ),
    (Relation.SCHOOL, Role.HEADTEACHER): _grant((_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CONTACTS), (_P.EXPLAIN_LATENESS,)),
    (Relation.SOCIAL_WORKER, Role.SOCIAL_WORKER): _grant(
        _EVERYTHING,
        (_P.RECORD_CARE, _P.START_PEP, _P.WRITE_PEP, _P.CONTRIBUTE_TO_PEP, _P.ARRANGE_REVIEW, _P.CLOSE_REVIEW, _P.EXPLAIN_LATENESS),
    ),
    (Relation.IRO, Role.IRO): _grant(_EVERYTHING, (_P.ARRANGE_REVIEW, _P.CLOSE_REVIEW)),
    (Relation.CARER, Role.CARER): _grant(
        (_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CONTACTS, _F.WELLBEING, _F.VOICE, _F.ADDRESS), (_P.CONTRIBUTE_TO_PEP,)
    ),
}

# Acts on no child.
OFFICE: dict[Permission, frozenset[Role]] = {
    Permission.SEE_DASHBOARD: frozenset({Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER}),
    Permission.RECORD_CARE: frozenset({Role.CASE_SYSTEM}),  # the first record of a child, before there is one to stand in a relation to
    Permission.DESIGNATE: frozenset({Role.HEADTEACHER, Role.GOVERNOR}),
    Permission.CONFIRM_REGISTER: frozenset({Role.DESIGNATED_PERSON, Role.HEADTEACHER}),
    Permission.PREPARE_REPORT: frozenset({Role.DESIGNATED_PERSON, Role.HEADTEACHER}),
    Permission.APPROVE_REPORT: frozenset({Role.HEADTEACHER}),
    Permission.READ_REPORT: frozenset({Role.GOVERNOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR}),
    Permission.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
}


def grant_of(actor: Actor, relations: Iterable[Relation]) -> Grant:
    """What the actor may read and do, standing to a child in these relations: the union of the table's rows for the role in use."""
    facets: set[Facet] = set()
    permissions: set[Permission] = set()
    for relation in relations:
        row = TABLE.get((relation, Role(actor.role))) if actor.role else None
        if row:
            facets |= row.facets
            permissions |= row.permissions
    return Grant(frozenset(facets), frozenset(permissions))


def may(actor: Actor, permission: Permission) -> bool:
    """May the actor do this act, which concerns no one child? A named job may: its database role is its bound."""
    return bool(actor.job) or (actor.role != "" and Role(actor.role) in OFFICE.get(permission, frozenset()))


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless `may`."""
    if not may(actor, permission):
        raise NotAllowed
