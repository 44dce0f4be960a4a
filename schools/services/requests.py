"""Data asked of another authority or of a school about a child, answered and chased; details sent unasked (XLA-05, XLA-06, XLA-10).

Whom a request concerns: the child's responsible authority, which asks, and the one body that is asked. A counterpart outside Wales
has no body in Lace: what is asked of the child's counterparts is asked of the responsible authority's own group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from lace.accounts.access import TABLE, Facet, Permission, Relation, Role
from lace.accounts.acting import context_of
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.audit.track import acting
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, DataRequest, lock, relation_code
from lace.children.rules import DataKind
from lace.children.services import require_for
from lace.children.shares import HANDOVER
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.core.workdays import add_months, add_working_days
from lace.database.context import Context, use
from lace.notifications.services import notify

ANSWER_WORKING_DAYS = 10  # unless the asker says otherwise: the statutory documents give no number
RUNGS = (0, 5, 10)  # working days from the due day on which an open request is chased
LONGEST_MONTHS = 6
ANSWERING = frozenset(role for (_relation, role), grant in TABLE.items() if Permission.ANSWER_FOR_DATA in grant.permissions)
ASKED_BODIES = (Relation.HOST, Relation.SCHOOL_AUTHORITY, Relation.GUEST, Relation.SCHOOL)


class Party(NamedTuple):
    """Somebody who may be asked about a child. `relation` says how they stand to the child."""

    group_id: int
    relation: Relation
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer is from (XLA-10): `body` is empty where the asking authority wrote down what it got by another way."""

    who: str
    body: str


def _open_on(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


def _readable() -> Q:
    """Grants that were not narrowed to less than what a request is about."""
    return Q(facets__isnull=True) | Q(facets__contains=[Facet.EDUCATION])


def asked_of_me(*, by: Actor) -> Q:
    """The requests that this person, under the role in use, is asked to answer."""
    if by.role not in ANSWERING:
        return Q(pk__in=[])
    if by.role == Role.COUNTERPART:
        return Q(asked_of=F("authority__group"))
    return Q(asked_of__in=by.groups) & ~Q(authority__in=by.authorities)


def concerning(*, by: Actor) -> Q:
    """The requests of one's own authority's children, and those that one is asked to answer."""
    return (Q(authority__in=by.authorities) if by.role == Role.LACE_COORDINATOR else Q(pk__in=[])) | asked_of_me(by=by)


def is_asked(*, by: Actor, request: DataRequest) -> bool:
    """As `asked_of_me`, of one request."""
    if by.role not in ANSWERING:
        return False
    if by.role == Role.COUNTERPART:
        return request.asked_of_id == request.authority.group_id
    return request.asked_of_id in by.groups and request.authority_id not in by.authorities


def parties(*, by: Actor, child: Child) -> list[Party]:
    """Whom the responsible authority may ask about this child today, authorities first."""
    codes = {relation_code(relation).pk: relation for relation in ASKED_BODIES}
    bodies = ChildGroupGrant.objects.filter(_open_on(by.today), _readable(), content_object=child, permission__in=codes)
    groups = {row.group_id: codes[row.permission_id] for row in bodies.exclude(purpose__startswith=HANDOVER)}
    groups.pop(child.authority.group_id, None)
    names = names_of(by=by, groups=groups)
    found = [Party(group, relation, names.get(group, "")) for group, relation in groups.items()]
    found.sort(key=lambda party: (ASKED_BODIES.index(party.relation), party.name))
    if _counterparts(child, by.today).exists():
        found.append(Party(child.authority.group_id, Relation.COUNTERPART, str(Role.COUNTERPART.label)))
    return found


def names_of(*, by: Actor, groups: Iterable[int]) -> dict[int, str]:
    """The names of authorities and schools by their groups, a school with its authority."""
    wanted = list(groups)
    names = {authority.group_id: authority.name for authority in LocalAuthority.objects.filter(group__in=wanted)}
    for body in Organisation.objects.filter(group__in=wanted).select_related("authority"):
        names[body.group_id] = f"{body.name}, {body.authority.name}"
    return names


def _counterparts(child: Child, day: date) -> QuerySet[User]:
    grants = ChildUserGrant.objects.filter(_open_on(day), _readable(), content_object=child, permission=relation_code(Relation.COUNTERPART))
    return User.objects.filter(pk__in=grants.values("user"))


def _coordinators(authority_id: int, day: date) -> QuerySet[User]:
    held = Membership.objects.open_on(day).filter(authority=authority_id, role=Role.LACE_COORDINATOR)
    return User.objects.filter(pk__in=held.values("user"))


def _reached(child: Child, group_id: int, day: date) -> QuerySet[User]:
    """Who answers for the asked body."""
    if group_id == child.authority.group_id:
        return _counterparts(child, day)
    held = Membership.objects.open_on(day).filter(
        Q(authority__group=group_id, role=Role.LACE_COORDINATOR) | Q(organisation__group=group_id, role=Role.DESIGNATED_PERSON)
    )
    return User.objects.filter(pk__in=held.values("user"))


def _problems(kinds: Sequence[str], party: Party | None, field: str) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    if party is None:
        problems.append((field, _("Choose one of the list")))
    if not kinds or set(kinds) - set(DataKind.values):
        problems.append(("kinds", _("Choose what it is about")))
    return problems


def _problems_of_answer(child: Child, answer: str, data_as_of: date, on: date) -> list[tuple[str, Message]]:
    longest = DataRequest._meta.get_field("answer").max_length or 0
    problems: list[tuple[str, Message]] = []
    if not answer.strip():
        problems.append(("answer", _("Write the answer. If there is nothing to say, say so")))
    elif len(answer.strip()) > longest:
        problems.append(("answer", _("Shorten the answer to %(longest)s characters or fewer") % {"longest": longest}))
    if not child.born_on <= data_as_of <= on:
        problems.append(("data_as_of", _("Give the day on which the data were right: today or in the past, after the date of birth")))
    return problems


@transaction.atomic
def ask(*, by: Actor, child: Child, of: int, kinds: Sequence[str], question: str, due_on: date) -> DataRequest:
    """Ask one of `parties` (its group) for data about the child; those who answer there are told. Nothing reaches the child's page by itself.

    Raises NotAllowed, BadInput, Refused when the same was asked of them and waits.
    """
    require_for(by=by, permission=Permission.ASK_FOR_DATA, child=child)
    assert by.user_id is not None  # a job asks nothing
    child = lock(child)
    party = next((party for party in parties(by=by, child=child) if party.group_id == of), None)
    problems = _problems(kinds, party, "of")
    if not by.today < due_on <= add_months(by.today, LONGEST_MONTHS):
        problems.append(("due_on", _("Give a day from tomorrow to six months from now")))
    longest = DataRequest._meta.get_field("question").max_length or 0
    if len(question.strip()) > longest:
        problems.append(("question", _("Shorten the question to %(longest)s characters or fewer") % {"longest": longest}))
    refuse(problems)
    if DataRequest.objects.waiting().filter(child=child, asked_of=of, kinds__contains=list(kinds)).exists():
        raise Refused(_("This was asked of them already, and the answer is still to come. It is chased by itself"))
    request = DataRequest(
        child=child,
        authority_id=child.authority_id,
        asked_of_id=of,
        kinds=list(kinds),
        question=question.strip(),
        asked_by_id=by.user_id,
        asked_on=by.today,
        due_on=due_on,
    )
    request.save(force_insert=True)
    facts = {"due_on": due_on.isoformat()}
    notify(by=by, kind="data_asked", source=request.pk, child=child, recipients=_reached(child, of, by.today), facts=facts)
    return request


@transaction.atomic
def answer_request(*, by: Actor, request: DataRequest, answer: str, data_as_of: date) -> DataRequest:
    """Answer for the body that was asked; or, for the authority that asked, write down what came by another way.

    `data_as_of` is the day on which the data were right. Raises NotAllowed, BadInput, Refused when it is answered.
    """
    asked = is_asked(by=by, request=request)
    if not asked and request.authority_id not in by.authorities:
        raise NotAllowed
    require_for(by=by, permission=Permission.ANSWER_FOR_DATA if asked else Permission.ASK_FOR_DATA, child=request.child)
    child, request = _locked(request)
    refuse(_problems_of_answer(child, answer, data_as_of, by.today))
    request.answer, request.data_as_of = answer.strip(), data_as_of
    request.answered_by_id, request.received_on = by.user_id, by.today
    request.save(update_fields=["answer", "data_as_of", "answered_by", "received_on"])
    notify(by=by, kind="data_answered", source=request.pk, child=child, recipients=_coordinators(child.authority_id, by.today), facts={})
    return request


@transaction.atomic
def withdraw_request(*, by: Actor, request: DataRequest) -> DataRequest:
    """Take back, for the authority that asked, what waits for an answer: it is no longer chased, and those who were asked are told.

    Raises NotAllowed, Refused when it is answered or withdrawn.
    """
    if request.authority_id not in by.authorities:
        raise NotAllowed
    require_for(by=by, permission=Permission.ASK_FOR_DATA, child=request.child)
    child, request = _locked(request)
    request.withdrawn_on = by.today
    request.save(update_fields=["withdrawn_on"])
    recipients = _reached(child, request.asked_of_id, by.today)
    notify(by=by, kind="data_withdrawn", source=request.pk, child=child, recipients=recipients, facts={})
    return request


def _locked(request: DataRequest) -> tuple[Child, DataRequest]:
    """The child and the request as they stand. Raises Refused when no answer is to come."""
    child = lock(request.child)
    request = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if request.received_on is not None:
        raise Refused(_("This was answered already"))
    if request.withdrawn_on is not None:
        raise Refused(_("This was withdrawn: an answer is no longer needed"))
    return child, request


@transaction.atomic
def send_details(*, by: Actor, child: Child, to: int | None, kinds: Sequence[str], answer: str, data_as_of: date) -> DataRequest:
    """Send details of the child's schooling unasked (XLA-05): the responsible authority to one of `parties`, each of them to it (`to` None).

    Raises NotAllowed, BadInput.
    """
    ours = child.authority_id in by.authorities
    require_for(by=by, permission=Permission.ASK_FOR_DATA if ours else Permission.ANSWER_FOR_DATA, child=child)
    assert by.user_id is not None  # a job sends nothing
    child = lock(child)
    of = to if ours else by.groups[0] if by.groups else child.authority.group_id
    known = not ours or of in {party.group_id for party in parties(by=by, child=child)}
    party = Party(of, Relation.RESPONSIBLE, "") if of is not None and known else None
    refuse(_problems(kinds, party, "to") + _problems_of_answer(child, answer, data_as_of, by.today))
    assert of is not None  # asked above
    request = DataRequest(
        child=child,
        authority_id=child.authority_id,
        asked_of_id=of,
        kinds=list(kinds),
        asked_by_id=by.user_id,
        asked_on=by.today,
        due_on=by.today,
        received_on=by.today,
        answered_by_id=by.user_id,
        answer=answer.strip(),
        data_as_of=data_as_of,
    )
    request.save(force_insert=True)
    recipients = _reached(child, of, by.today) if ours else _coordinators(child.authority_id, by.today)
    notify(by=by, kind="data_sent", source=request.pk, child=child, recipients=recipients, facts={})
    return request


def sources(*, by: Actor, requests: Iterable[DataRequest]) -> dict[UUID, Source]:
    """Who answered each answered request, and for which authority or school. Two or three statements however many there are."""
    answered = [request for request in requests if request.answered_by_id is not None]
    names = names_of(by=by, groups={request.asked_of_id for request in answered})
    people = {request.answered_by_id for request in answered}
    held: dict[int, set[int | Role]] = {}
    for membership in Membership.objects.filter(user__in=people).select_related("authority", "organisation", "user"):
        bodies = held.setdefault(membership.user_id, set())
        if membership.role == Role.COUNTERPART:
            bodies.add(Role.COUNTERPART)
        elif membership.role == Role.LACE_COORDINATOR:
            bodies.add(membership.authority.group_id)
        elif membership.organisation is not None:
            bodies.add(membership.organisation.group_id)
    users = User.objects.in_bulk(list(people))
    found: dict[UUID, Source] = {}
    for request in answered:
        assert request.answered_by_id is not None
        bodies, own = held.get(request.answered_by_id, set()), request.authority.group_id
        if request.asked_of_id == own:
            body = str(Role.COUNTERPART.label) if Role.COUNTERPART in bodies else ""
        else:
            body = names.get(request.asked_of_id, "") if request.asked_of_id in bodies else ""
        found[request.pk] = Source(users[request.answered_by_id].name, body)
    return found


def chase(*, by: Actor) -> int:
    """As a named job: remind those who were asked, on the due day and five and ten working days after it, and from the second time on
    tell those who asked. Running it again adds nothing; a day that was missed is caught up with once. Returns how many were addressed.

    Each authority's requests are read as that authority reads them: the job itself is given no answer and no child's words.
    """
    told = 0
    with use(context_of(by)), acting(by), transaction.atomic():
        held = Membership.objects.open_on(by.today).filter(role=Role.LACE_COORDINATOR)
        asking = list(LocalAuthority.objects.filter(pk__in=held.values("authority")).order_by("pk"))
    for authority in asking:
        own = Context(authority_ids=(authority.pk,), tenant_ids=(authority.pk,), today=by.today, label=by.label)
        with use(own), acting(by), transaction.atomic():
            late = DataRequest.objects.waiting().filter(authority=authority, due_on__lte=by.today)
            for request in late.select_related("child__authority"):
                told += _remind(by, request)
    return told


def _remind(by: Actor, request: DataRequest) -> int:
    step = max(number for number, days in enumerate(RUNGS) if days == 0 or add_working_days(request.due_on, days) <= by.today)
    child, facts = request.child, {"due_on": request.due_on.isoformat()}
    asked = _reached(child, request.asked_of_id, by.today)
    told = notify(by=by, kind="data_due", source=request.pk, step=step, child=child, recipients=asked, facts=facts)
    if step > 0:
        askers = _coordinators(child.authority_id, by.today)
        told += notify(by=by, kind="data_overdue", source=request.pk, step=step, child=child, recipients=askers, facts=facts)
    return told
