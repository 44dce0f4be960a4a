"""A child's record shared by hand: with named people, and with other authorities and bodies, for a purpose and a time.

What follows from a fact (a placement, a register, an assignment) is opened and ended by the service of that fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lace.accounts.access import BY_CONSENT, TIME_LIMITED, Facet, Permission, Relation
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, grants_of, lock, relation_code
from lace.children.rules import LegalBasis
from lace.children.services import require_for
from lace.children.shares import (
    BODIES,
    HANDOVER,
    IN_SCHOOL,
    KIND_OF_BODY,
    LONGEST_MONTHS,
    PEOPLE,
    WITHOUT_AGREEMENT,
    facets_of,
    roles_in,
)
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.core.workdays import add_months

_R = Relation
G = TypeVar("G", ChildUserGrant, ChildGroupGrant)


@dataclass(frozen=True, slots=True)
class ShareFacts:
    """What a share says of itself (PRIV-04, PRIV-11); `facets` are the parts it gives, at most those of the access table."""

    facets: frozenset[Facet]
    purpose: str
    legal_basis: str
    starts_on: date
    ends_on: date | None = None
    agreement: str = ""
    consented_on: date | None = None


def _require_share(by: Actor, child: Child, relation: Relation) -> None:
    """Who may share in this relation: the designated person with the teachers of their own school only."""
    held = grants_of(by, [child])[child.pk].permissions
    if relation == _R.CHILD and not by.authorities:
        raise NotAllowed  # whose an account is, only those can check who see every child of the authority
    if Permission.SHARE_RECORD in held and (not _is_sealed(child, by.today) or relation == _R.ADOPTIVE_PARENT):
        return
    if not (relation in IN_SCHOOL and Permission.SHARE_IN_SCHOOL in held):
        raise NotAllowed


def _is_sealed(child: Child, on: date) -> bool:
    return child.sealed_on is not None and child.sealed_on <= on


def find_person(*, by: Actor, child: Child, relation: Relation, email: str) -> User:
    """The person with exactly this e-mail address who may stand to the child in the relation. Nobody is ever listed.

    A recipient outside the child's authority must have signed in once: only then is it sure who reads there (PRIV-16).
    Raises NotAllowed, BadInput on "email".
    """
    _require_share(by, child, relation)
    open_now = Membership.objects.open_on(by.today).filter(user__email=email.strip().lower(), user__is_active=True, role__in=roles_in(relation))
    if relation in IN_SCHOOL:
        schools = ChildGroupGrant.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=by.today), content_object=child, permission=relation_code(_R.SCHOOL), starts_on__lte=by.today
        )
        open_now = open_now.filter(organisation__group__in=schools.values("group"))
    if relation == _R.CHILD:
        open_now = open_now.filter(authority=child.authority_id)
    held = open_now.select_related("user").order_by("pk").first()
    if held is None:
        words = _(
            "Nobody with this e-mail address has the role in Lace that this needs. Check the address,"
            " or ask the administrator where the person works to invite them"
        )
        refuse([("email", words)])
    assert held is not None
    if held.authority_id != child.authority_id and held.user.last_login is None:
        refuse([("email", _("This person works outside your authority and has not signed in to Lace yet. Ask them to sign in once, then share"))])
    return held.user


@transaction.atomic
def name_person(*, by: Actor, child: Child, relation: Relation, email: str, facts: ShareFacts) -> ChildUserGrant:
    """Name somebody in a relation to the child, for a purpose and a time. Raises NotAllowed, BadInput, Refused when named already."""
    if relation not in PEOPLE:
        raise ValueError(f"{relation} is not given to a person by hand.")
    _require_share(by, child, relation)
    child = lock(child)
    problems = _problems(by, child, relation, facts)
    user = None
    try:
        user = find_person(by=by, child=child, relation=relation, email=email)
    except Refused as refusal:
        problems += [(field, sentence) for field, sentences in refusal.problems.items() for sentence in sentences]
    refuse(problems)
    assert user is not None
    rows = ChildUserGrant.objects.filter(content_object=child, permission=relation_code(relation))
    if rows.filter(_overlaps(facts), user=user).exists():
        refuse([("email", _("This person is named in that way already in these days. End that first, or change its end"))])
    if relation == _R.CHILD:  # a child has one account, and an account is one child's
        accounts = ChildUserGrant.objects.filter(_overlaps(facts), permission=relation_code(_R.CHILD))
        if accounts.filter(Q(user=user) | Q(content_object=child)).exists():
            refuse([("email", _("An account belongs to one child, and a child has one account. End the other first"))])
    grant = ChildUserGrant(user=user, **_values(by, child, relation, facts))
    grant.save(force_insert=True)
    return grant


@transaction.atomic
def let_in(*, by: Actor, child: Child, relation: Relation, body: LocalAuthority | Organisation, facts: ShareFacts) -> ChildGroupGrant:
    """Let another authority, a home, a service or a provider read parts of the record, for a purpose and a time (XLA-02).

    Raises NotAllowed, BadInput, Refused when the body is let in already.
    """
    if relation not in BODIES:
        raise ValueError(f"{relation} is not given to a body by hand.")
    _require_share(by, child, relation)
    child = lock(child)
    refuse([*_problems(by, child, relation, facts), *_problems_of_body(by, child, relation, body)])
    rows = ChildGroupGrant.objects.filter(content_object=child, permission=relation_code(relation), group=body.group_id)
    if rows.filter(_overlaps(facts)).exists():
        refuse([("body", _("The record is shared with them already in these days. End that first, or change its end"))])
    grant = ChildGroupGrant(group_id=body.group_id, **_values(by, child, relation, facts))
    grant.save(force_insert=True)
    return grant


def _problems_of_body(by: Actor, child: Child, relation: Relation, body: LocalAuthority | Organisation) -> list[tuple[str, Message]]:
    if isinstance(body, Organisation):
        return [] if body.kind == KIND_OF_BODY.get(relation) else [("body", _("Choose one of the list"))]
    if relation != _R.GUEST or body.pk == child.authority_id:
        return [("body", _("Choose another authority than the child's own"))]
    readers = Membership.objects.open_on(by.today).filter(authority=body, role__in=roles_in(relation), user__is_active=True)
    if not readers.filter(user__last_login__isnull=False).exists():  # PRIV-16
        return [("body", _("No LACE coordinator of this authority has signed in to Lace yet. Ask them to sign in once, then share"))]
    return []


def _problems(by: Actor, child: Child, relation: Relation, facts: ShareFacts) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    if not facts.purpose.strip() or facts.purpose.strip().startswith(HANDOVER):  # the latter is how a hand-over marks its own row
        problems.append(("purpose", _("Say what they need the record for")))
    if not facts.facets:
        problems.append(("facets", _("Choose at least one part of the record")))
    elif facts.facets - facets_of(relation):
        problems.append(("facets", _("Choose only parts that are offered here")))
    if facts.legal_basis not in LegalBasis.values:
        problems.append(("legal_basis", _("Choose the legal basis")))
    if not facts.agreement.strip() and relation not in WITHOUT_AGREEMENT:
        problems.append(("agreement", _("Name the data-sharing agreement under which the record is shared")))
    if facts.starts_on < by.today:
        problems.append(("starts_on", _("The first day must be today or later")))
    if relation == _R.ADOPTIVE_PARENT and _is_sealed(child, by.today) and not child.support_agreed:
        problems.append(("", _("The record is closed after the adoption. Record first that the family asked for support in education")))
    return problems + _problems_of_end(relation, facts.starts_on, facts.ends_on) + _problems_of_consent(by, relation, facts)


def _problems_of_end(relation: Relation, starts_on: date, ends_on: date | None) -> list[tuple[str, Message]]:
    if ends_on is None:
        return [("ends_on", _("Give the day on which this ends: it may not stay open"))] if relation in TIME_LIMITED else []
    if ends_on <= starts_on:
        return [("ends_on", _("The end must be after the first day"))]
    if relation in TIME_LIMITED and ends_on > add_months(starts_on, LONGEST_MONTHS):
        return [("ends_on", _("This may last a year at most. It can be given again when it ends"))]
    return []


def _problems_of_consent(by: Actor, relation: Relation, facts: ShareFacts) -> list[tuple[str, Message]]:
    """A learner's status goes to these only after consent (PRIV-10; 002 3.22, 4.49)."""
    if relation in BY_CONSENT and facts.legal_basis in LegalBasis.values and facts.legal_basis != LegalBasis.CONSENT:
        return [("legal_basis", _("This is shared by consent only. Choose consent, or do not share"))]
    if facts.legal_basis != LegalBasis.CONSENT:
        return []
    if facts.consented_on is None:
        return [("consented_on", _("Enter the day on which consent was given"))]
    return [("consented_on", _("Consent must have been given already"))] if facts.consented_on > by.today else []


def _overlaps(facts: ShareFacts) -> Q:
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gt=facts.starts_on)
    return lasting & Q(starts_on__lt=facts.ends_on) if facts.ends_on else lasting


def _values(by: Actor, child: Child, relation: Relation, facts: ShareFacts) -> dict[str, object]:
    return {
        "content_object": child,
        "permission": relation_code(relation),
        "authority_id": child.authority_id,
        "facets": None if facts.facets == facets_of(relation) else sorted(facts.facets),
        "purpose": facts.purpose.strip(),
        "legal_basis": facts.legal_basis,
        "agreement": facts.agreement.strip(),
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "consented_on": facts.consented_on if facts.legal_basis == LegalBasis.CONSENT else None,
        "given_by_id": by.user_id,
    }


def shares_of(*, by: Actor, child: Child) -> list[ChildUserGrant | ChildGroupGrant]:
    """What was shared by hand and has not ended, for those who may share: people first, then bodies."""
    people = ChildUserGrant.objects.filter(permission__codename__in=PEOPLE).select_related("user")
    bodies = ChildGroupGrant.objects.filter(permission__codename__in=BODIES).select_related("group__authority", "group__organisation")
    found: list[ChildUserGrant | ChildGroupGrant] = []
    for rows in (people, bodies):
        lasting = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=by.today), content_object=child)
        found += lasting.select_related("permission", "given_by").order_by("starts_on", "pk")
    return found


def _held(grant: G) -> tuple[G, Relation]:
    """The row as it stands now, locked with its child, and its relation."""
    lock(grant.content_object)
    now = type(grant).objects.select_related("content_object", "permission").get(pk=grant.pk)
    return now, Relation(now.permission.codename)


@transaction.atomic
def change_end(*, by: Actor, grant: G, ends_on: date | None) -> G:
    """End a share on a day, today at once, or let it last longer; None: without an end. Nothing of the past is changed.

    Raises NotAllowed, BadInput, Refused for a share that has ended or that follows from a fact.
    """
    grant, relation = _held(grant)
    _require_share(by, grant.content_object, relation)
    if relation not in (*PEOPLE, *BODIES) or (relation == _R.HOME and grant.given_by_id is None):
        raise Refused(_("This follows from a placement, a school or an assignment. It ends when that does"))
    if grant.purpose.startswith(HANDOVER):
        raise Refused(_("This lasts until the hand-over is decided. Withdraw the hand-over to end it"))
    if grant.ends_on is not None and grant.ends_on <= by.today:
        raise Refused(_("This has ended already. Share the record again if it is needed"))
    if ends_on is not None and ends_on < by.today:
        refuse([("ends_on", _("The end must be today or later"))])
    if ends_on is not None and ends_on <= grant.starts_on:
        ends_on = grant.starts_on  # never begun
    else:
        refuse(_problems_of_end(relation, grant.starts_on, ends_on))
    return _end(grant, ends_on)


@transaction.atomic
def withdraw_consent(*, by: Actor, grant: G) -> G:
    """End today what was shared by the young person's consent (PRIV-10). Raises NotAllowed, Refused when it does not rest on consent."""
    grant, relation = _held(grant)
    require_for(by=by, permission=Permission.CONSENT, child=grant.content_object)
    if relation not in BY_CONSENT and grant.legal_basis != LegalBasis.CONSENT:
        raise Refused(_("This does not rest on consent. Ask the social worker if it should end"))
    if grant.ends_on is not None and grant.ends_on <= by.today:
        raise Refused(_("This has ended already. Share the record again if it is needed"))
    return _end(grant, max(by.today, grant.starts_on))


def _end(grant: G, ends_on: date | None) -> G:
    grant.ends_on = ends_on
    grant.save(update_fields=["ends_on"])
    return grant


@transaction.atomic
def mark_address(*, by: Actor, child: Child, sensitive: bool) -> None:
    """Set or lift "the address must not be shown", which beats every relation (goals A1). Raises NotAllowed."""
    require_for(by=by, permission=Permission.RECORD_CARE, child=child)
    lock(child)
    Child.objects.filter(pk=child.pk).update(address_is_sensitive=sensitive)
    child.address_is_sensitive = sensitive


@transaction.atomic
def agree_support(*, by: Actor, child: Child, agreed: bool) -> None:
    """Record that an adoptive family asked for support in education, or asks for it no longer (PRIV-20; 002 4.73).

    The education part of the closed record opens to the LACE coordinators and to an adoptive parent whom they name; it closes with
    the wish. Raises NotAllowed, Refused when the record is not closed after an adoption.
    """
    require_for(by=by, permission=Permission.SHARE_RECORD, child=child)
    child = lock(child)
    if not _is_sealed(child, by.today):
        raise Refused(_("The record was not closed after an adoption"))
    Child.objects.filter(pk=child.pk).update(support_agreed=agreed)
    if not agreed:
        named = ChildUserGrant.objects.filter(content_object=child, permission=relation_code(_R.ADOPTIVE_PARENT))
        for grant in named.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=by.today)):
            _end(grant, max(by.today, grant.starts_on))
