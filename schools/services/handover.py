"""A record's way from one responsible authority to another: one proposes, the other accepts (XLA-12; 003 2.3).

Two keys: the giver's LACE coordinator turns the first, the taker's the second, on the day said or later. Until then the giver is
corporate parent and every duty is its own; with the second key everything changes in one transaction, so that nothing is between two.
"""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission, Relation, Role, require
from lace.accounts.acting import context_of
from lace.accounts.models import LocalAuthority, Membership, User
from lace.children.models import Child, ChildGroupGrant, Handover, Placement, lock, relation_code
from lace.children.rules import HandoverState
from lace.children.services import close_group_relations, close_relations, open_relation, require_for
from lace.children.shares import HANDOVER
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.core.workdays import add_months
from lace.database.context import Context, use
from lace.deadlines.services.life import transferred
from lace.notifications.services import notify
from schools.models import Enrolment

OVERLAP_MONTHS = 6  # the longest for which the giver may still read, to answer what the taker asks
ANSWER_MONTHS = 3  # after the day of the hand-over, within which the taker may answer; then the giver proposes anew
# Those whom the responsible authority appoints (Social Services and Well-being (Wales) Act 2014 ss.99, 106): the taker appoints its own.
APPOINTED = (Relation.SOCIAL_WORKER, Relation.IRO, Relation.PERSONAL_ADVISER)


def _coordinators(authority_id: int, on: date) -> list[User]:
    held = Membership.objects.open_on(on).filter(authority=authority_id, role=Role.LACE_COORDINATOR).select_related("user")
    return [membership.user for membership in held]


def _tell(by: Actor, handover: Handover, kind: str, authority_id: int) -> None:
    notify(by=by, kind=kind, source=handover.pk, child=handover.child, recipients=_coordinators(authority_id, by.today), facts={})


@transaction.atomic
def propose(*, by: Actor, child: Child, taker: LocalAuthority, takes_effect_on: date, overlap_until: date, reason: str) -> Handover:
    """Turn the first key. The taker's LACE coordinators are told, and see who the child is until they have decided.

    Raises NotAllowed, BadInput, Refused (a hand-over is open already; the record was closed after an adoption).
    """
    require_for(by=by, permission=Permission.HAND_OVER, child=child)
    assert by.user_id is not None  # a job holds no key
    child = lock(child)
    if child.sealed_on is not None:
        raise Refused(_("The record was closed after an adoption. It stays where it is"))
    if Handover.objects.filter(child=child, state=HandoverState.PROPOSED).exists():
        raise Refused(_("A hand-over of this record is open already. Withdraw it before you propose another"))
    refuse(_problems(by, child, taker, takes_effect_on, overlap_until, reason))
    handover = Handover(
        child=child,
        authority_id=child.authority_id,
        giver_id=child.authority_id,
        taker=taker,
        reason=reason.strip(),
        takes_effect_on=takes_effect_on,
        overlap_until=overlap_until,
        proposed_by_id=by.user_id,
        proposed_on=by.today,
    )
    handover.save(force_insert=True)
    guests = ChildGroupGrant.objects.filter(content_object=child, permission=relation_code(Relation.GUEST), group=taker.group_id)
    if not guests.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=by.today)).exists():  # one who is let in already reads more than this
        ChildGroupGrant(
            content_object=child,
            group_id=taker.group_id,
            permission=relation_code(Relation.GUEST),
            authority_id=child.authority_id,
            starts_on=by.today,
            ends_on=add_months(takes_effect_on, ANSWER_MONTHS),
            facets=[Facet.IDENTITY],
            purpose=f"{HANDOVER}{handover.pk}",
            given_by_id=by.user_id,
        ).save(force_insert=True)
    _tell(by, handover, "handover_proposed", taker.pk)
    return handover


def _problems(by: Actor, child: Child, taker: LocalAuthority, takes_effect_on: date, overlap_until: date, reason: str) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    if taker.pk == child.authority_id:
        problems.append(("taker", _("The child is your authority's already. Choose the authority that becomes responsible")))
    elif not _coordinators(taker.pk, by.today):
        problems.append(("taker", _("This authority has no LACE coordinator in Lace who could accept. Ask them to have one invited first")))
    if takes_effect_on < by.today:
        problems.append(("takes_effect_on", _("The day of the hand-over must be today or later")))
    if not takes_effect_on <= overlap_until <= add_months(takes_effect_on, OVERLAP_MONTHS):
        problems.append(("overlap_until", _("Give a day from the day of the hand-over to six months after it")))
    longest = Handover._meta.get_field("reason").max_length or 0
    if not reason.strip():
        problems.append(("reason", _("Say why responsibility moves")))
    elif len(reason.strip()) > longest:
        problems.append(("reason", _("Shorten the reason to %(longest)s characters or fewer") % {"longest": longest}))
    return problems


def _held(handover: Handover) -> Handover:
    """The row as it stands, locked with its child. Raises Refused once it is decided."""
    lock(handover.child)
    now = Handover.objects.select_for_update(of=("self",), no_key=True).select_related("child", "giver", "taker").get(pk=handover.pk)
    if now.state != HandoverState.PROPOSED:
        raise Refused(_("This hand-over was decided already, or withdrawn"))
    return now


def _decide(by: Actor, handover: Handover, state: HandoverState, answer: str = "") -> None:
    handover.state, handover.decided_by_id, handover.decided_on, handover.answer = state, by.user_id, by.today, answer
    handover.save(update_fields=["state", "decided_by_id", "decided_on", "answer"])


def _shut(by: Actor, handover: Handover) -> None:
    """End what the taker was let see for the decision.

    In the context of the authority whose row it is: the taker could not write down the end of its own sight. The audit names who acted.
    """
    asker = context_of(by)
    owner = Context(authority_ids=(handover.giver_id,), today=by.today, label=asker.label)
    with use(owner):
        for row in ChildGroupGrant.objects.filter(content_object=handover.child, purpose=f"{HANDOVER}{handover.pk}", ends_on__gt=by.today):
            row.ends_on = max(by.today, row.starts_on)
            row.save(update_fields=["ends_on"])


@transaction.atomic
def withdraw(*, by: Actor, handover: Handover) -> None:
    """Take back the first key. Raises NotAllowed, Refused once it is decided."""
    require_for(by=by, permission=Permission.HAND_OVER, child=handover.child)
    handover = _held(handover)
    _decide(by, handover, HandoverState.WITHDRAWN)
    _tell(by, handover, "handover_withdrawn", handover.taker_id)
    _shut(by, handover)


def _require_taker(by: Actor, handover: Handover) -> None:
    require(by, Permission.TAKE_OVER)
    if by.authority_id != handover.taker_id:
        raise NotAllowed


@transaction.atomic
def refuse_handover(*, by: Actor, handover: Handover, answer: str) -> None:
    """Do not take the record, and say why; the giver stays responsible. Raises NotAllowed, BadInput, Refused once it is decided."""
    _require_taker(by, handover)
    handover = _held(handover)
    longest = Handover._meta.get_field("answer").max_length or 0
    if not answer.strip():
        refuse([("answer", _("Say why your authority does not take the record"))])
    if len(answer.strip()) > longest:
        refuse([("answer", _("Shorten the reason to %(longest)s characters or fewer") % {"longest": longest})])
    _decide(by, handover, HandoverState.REFUSED, answer.strip())
    _tell(by, handover, "handover_refused", handover.giver_id)
    _shut(by, handover)


@transaction.atomic
def accept(*, by: Actor, handover: Handover, reference: str, social_worker: User, iro: User | None = None) -> Child:
    """Turn the second key: the taker is responsible from now on.

    The child's row and, through it, every row about the child change hands; due dates stay as they are (XLA-03). The giver may read
    a part until the end of the overlap; who stood to the child by a placement or a school goes on doing so.

    Raises NotAllowed, BadInput, Refused (decided already; before the day; another child of the taker has the pupil number).
    """
    _require_taker(by, handover)
    handover = _held(handover)
    child, today = handover.child, by.today
    if today < handover.takes_effect_on:
        raise Refused(_("This can be accepted from the day of the hand-over on. Until then the present authority stays responsible"))
    refuse(_problems_of_taking(handover, reference.strip(), social_worker, iro, today))
    if child.upn and Child.objects.filter(authority=handover.taker_id, upn=child.upn).exists():
        raise Refused(_taken())
    try:
        with transaction.atomic():
            Child.objects.filter(pk=child.pk).update(authority_id=handover.taker_id, reference=reference.strip())
    except IntegrityError:
        raise Refused(_taken()) from None
    child = lock(child)
    _recast(by, child, handover)
    transferred(by=by, child=child)
    open_relation(by=by, child=child, user=social_worker, relation=Relation.SOCIAL_WORKER, on=today)
    if iro is not None:
        open_relation(by=by, child=child, user=iro, relation=Relation.IRO, on=today)
    handover.child = child
    _decide(by, handover, HandoverState.ACCEPTED)
    _tell(by, handover, "handover_accepted", handover.giver_id)
    return child


def _taken() -> str:
    return _(
        "The record cannot be taken over as it stands: its pupil number or reference is used in your authority already."
        " Ask the present authority to check the pupil number, and check the reference"
    )


def _problems_of_taking(handover: Handover, reference: str, social_worker: User, iro: User | None, on: date) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    longest = Child._meta.get_field("reference").max_length or 0
    if not reference:
        problems.append(("reference", _("Enter the child's reference in your own case system")))
    elif len(reference) > longest:
        problems.append(("reference", _("Shorten the reference to %(longest)s characters or fewer") % {"longest": longest}))
    elif Child.objects.filter(authority=handover.taker_id, reference=reference).exists():
        problems.append(("reference", _("Another child of your authority has this social care reference. Check it")))
    for field, user, role in (("social_worker", social_worker, Role.SOCIAL_WORKER), ("iro", iro, Role.IRO)):
        held = Membership.objects.open_on(on).filter(user=user, role=role, authority=handover.taker_id, user__is_active=True)
        if user is not None and not held.exists():
            problems.append((field, _("Choose somebody who has this role in your authority")))
    return problems


def _recast(by: Actor, child: Child, handover: Handover) -> None:
    """Who stands how to the child from today: what rested on the giver's responsibility ends, what rests on a place or a school is put right."""
    today, giver, taker = by.today, handover.giver, handover.taker
    for relation in APPOINTED:
        close_relations(by=by, child=child, relation=relation, on=today)
    for relation in (Relation.LEAVING_CARE, Relation.GUEST):  # the giver's own service, and those whom the giver let in
        close_group_relations(by=by, child=child, relation=relation, on=today)
    for relation in (Relation.HOST, Relation.SCHOOL_AUTHORITY, Relation.PREVIOUS):  # the taker is responsible now
        close_group_relations(by=by, child=child, relation=relation, on=today, group_id=taker.group_id)
    lasting = Q(ended_on__isnull=True) | Q(ended_on__gt=today)
    for placement in Placement.objects.filter(lasting, child=child, host_authority=giver).order_by("started_on"):
        _stands(child, giver, Relation.HOST, max(today, placement.started_on), placement.ended_on)
    for enrolment in Enrolment.objects.filter(lasting, child=child, school__organisation__authority=giver).order_by("started_on"):
        _stands(child, giver, Relation.SCHOOL_AUTHORITY, max(today, enrolment.started_on), enrolment.ended_on)
    if handover.overlap_until > today:
        _stands(child, giver, Relation.PREVIOUS, today, handover.overlap_until)


def _stands(child: Child, authority: LocalAuthority, relation: Relation, starts_on: date, ends_on: date | None) -> None:
    ChildGroupGrant(
        content_object=child,
        group_id=authority.group_id,
        permission=relation_code(relation),
        authority_id=child.authority_id,
        starts_on=starts_on,
        ends_on=ends_on,
    ).save(force_insert=True)
