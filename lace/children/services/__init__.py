"""Every write to a child, the time in care, the placements and the relations to the child."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from lace.accounts.access import AFTER_CARE, GROUP_RELATIONS, NAMED_RELATIONS, Grant, Permission, Relation, require
from lace.accounts.models import LocalAuthority, Organisation, User
from lace.children import rules, upn
from lace.children.models import (
    CareEpisode,
    Child,
    ChildGroupGrant,
    ChildUserGrant,
    Placement,
    PlacementAddress,
    grants_of,
    lock,
    relation_code,
)
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse


def find_child(*, by: Actor, pk: UUID) -> tuple[Child, Grant]:
    """The child and what the actor may read and do. Raises Child.DoesNotExist when the actor may not see the child, or there is none."""
    child = Child.objects.visible_to(by).select_related("authority").get(pk=pk)
    return child, grants_of(by, [child])[child.pk]


def require_for(*, by: Actor, permission: Permission, child: Child) -> None:
    """Raise NotAllowed unless the actor's relation to this child gives the permission. A named job's bound is its database role."""
    if not by.job and permission not in grants_of(by, [child])[child.pk].permissions:
        raise NotAllowed


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """What is recorded of a child at entry to care (DATA-01)."""

    reference: str
    given_names: str
    family_name: str
    born_on: date
    sex: str
    preferred_name: str = ""
    ethnicity: str = rules.Ethnicity.NOT_KNOWN
    upn: str = ""
    first_language: str = ""
    disabled: bool = False
    additional_needs: bool = False
    free_school_meals: bool = False
    address_is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class PlacementFacts:
    """Where a child goes to live (DATA-03)."""

    kind: str
    started_on: date
    host_authority: LocalAuthority | None = None
    outside_wales: str = ""
    home: Organisation | None = None
    carer_name: str = ""
    address: str = ""
    postcode: str = ""
    carers: tuple[User, ...] = field(default=())


def check_child(*, by: Actor, facts: ChildFacts) -> list[tuple[str, Message]]:
    """What is wrong with a new child's facts, by field. Raises NotAllowed: whether a number is taken is not for everyone."""
    require(by, Permission.RECORD_CARE)
    if by.authority_id is None:
        raise NotAllowed
    problems: list[tuple[str, Message]] = list(rules.check_birth(facts.born_on, as_of=by.today))
    own = Child.objects.filter(authority=by.authority_id)
    try:
        if facts.upn and own.filter(upn=upn.parse(facts.upn)).exists():
            problems.append(("upn", _("Another child of your authority has this unique pupil number. Check it, or use that child's record")))
    except upn.InvalidUpn as error:
        problems.append(("upn", error.message))
    if own.filter(reference=facts.reference).exists():
        problems.append(("reference", _("Another child of your authority has this social care reference. Use that child's record")))
    return problems


@transaction.atomic
def add_child(*, by: Actor, facts: ChildFacts) -> Child:
    """Record a child of the actor's own authority. Raises BadInput naming each field, NotAllowed."""
    refuse(check_child(by=by, facts=facts))
    assert by.authority_id is not None  # check_child has seen to it
    child = Child(
        authority_id=by.authority_id,
        sort_key=rules.sort_key(f"{facts.family_name} {facts.given_names}"),
        upn=str(upn.parse(facts.upn)) if facts.upn else "",
        **{name: getattr(facts, name) for name in ChildFacts.__dataclass_fields__ if name != "upn"},
    )
    child.save(force_insert=True)
    return child


@transaction.atomic
def begin_care(*, by: Actor, child: Child, started_on: date, entry_type: str, reason: str, legal_status: str) -> CareEpisode:
    """Record that the child is looked after from a day. Raises BadInput (before birth, in the future for an emergency, overlap)."""
    require_for(by=by, permission=Permission.RECORD_CARE, child=child)
    lock(child)
    others = [rules.Period(episode.started_on, episode.ended_on) for episode in CareEpisode.objects.filter(child=child)]
    refuse(rules.check_care_episode(rules.Period(started_on), born=child.born_on, entry=rules.EntryType(entry_type), others=others, as_of=by.today))
    episode = CareEpisode(
        child=child, authority_id=child.authority_id, started_on=started_on, entry_type=entry_type, reason=reason, legal_status=legal_status
    )
    episode.save(force_insert=True)
    return episode


def check_place(*, by: Actor, facts: PlacementFacts, care: rules.Period, others: Iterable[rules.Period] = ()) -> list[tuple[str, Message]]:
    """What is wrong with a new placement's facts in a time in care, by field; `others` are the child's ended placements."""
    problems: list[tuple[str, Message]] = list(rules.check_placement(rules.Period(facts.started_on), care=care, others=others, as_of=by.today))
    if bool(facts.host_authority) == bool(facts.outside_wales):
        problems.append(("host_authority", _("Give either the authority in Wales where the child will live, or the place outside Wales")))
    return problems


@transaction.atomic
def place(*, by: Actor, episode: CareEpisode, facts: PlacementFacts) -> Placement:
    """Record where the child lives, ending the placement before it on the day this one starts.

    Opens the relations that follow: the host authority's, the carers'; ends those of the placement before. Raises BadInput.
    """
    child = episode.child
    require_for(by=by, permission=Permission.RECORD_CARE, child=child)
    lock(child)
    earlier = list(Placement.objects.filter(child=child).order_by("started_on"))
    current = next((placement for placement in earlier if placement.ended_on is None), None)
    others = [rules.Period(placement.started_on, placement.ended_on) for placement in earlier if placement is not current]
    problems = check_place(by=by, facts=facts, care=rules.Period(episode.started_on, episode.ended_on), others=others)
    if current is not None and facts.started_on < current.started_on:
        problems.append(("started_on", _("The child moved to the present placement later than that. Give a day after it began")))
    refuse(problems)
    if current is not None:
        _end_placement(by, current, facts.started_on, rules.PlacementEndReason.PLANNED)
    where = ("home", "carer_name", "address", "postcode")
    values = {name: getattr(facts, name) for name in PlacementFacts.__dataclass_fields__ if name not in {*where, "carers"}}
    placement = Placement(child=child, authority_id=child.authority_id, episode=episode, **values)
    placement.save(force_insert=True)
    PlacementAddress(child=child, authority_id=child.authority_id, placement=placement, **{name: getattr(facts, name) for name in where}).save(
        force_insert=True
    )
    if facts.host_authority is not None and facts.host_authority.pk != child.authority_id:
        open_group_relation(by=by, child=child, group_id=facts.host_authority.group_id, relation=Relation.HOST, on=facts.started_on)
    if facts.home is not None:
        open_group_relation(by=by, child=child, group_id=facts.home.group_id, relation=Relation.HOME, on=facts.started_on)
    for carer in facts.carers:
        open_relation(by=by, child=child, user=carer, relation=Relation.CARER, on=facts.started_on)
    return placement


def _end_placement(by: Actor, placement: Placement, on: date, reason: str) -> None:
    placement.ended_on, placement.end_reason = on, reason
    placement.save(update_fields=["ended_on", "end_reason"])
    for relation in (Relation.HOST, Relation.HOME):
        close_group_relations(by=by, child=placement.child, relation=relation, on=on)
    close_relations(by=by, child=placement.child, relation=Relation.CARER, on=on)
    if placement.host_authority is not None:  # what it was let see for the placement ends with it (XLA-02)
        group = placement.host_authority.group_id
        close_group_relations(by=by, child=placement.child, relation=Relation.GUEST, on=on, group_id=group)


@transaction.atomic
def end_care(*, by: Actor, episode: CareEpisode, on: date, reason: str) -> None:
    """Record that the child stopped being looked after: ends the placement and, that day, every relation that rested on care.

    An adoption closes the former record to the authority too, but for what the family asks for (PRIV-20; 002 4.73).

    Raises Refused when care has ended already, BadInput for a day to come, before care or before the present placement.
    """
    child = episode.child
    require_for(by=by, permission=Permission.RECORD_CARE, child=child)
    lock(child)
    if episode.ended_on is not None:
        raise Refused(_("The child's time in care has ended already"))
    problems: list[tuple[str, Message]] = list(
        rules.check_care_episode(rules.Period(episode.started_on, on), born=child.born_on, entry=rules.EntryType(episode.entry_type), as_of=by.today)
    )
    present = list(Placement.objects.filter(episode=episode, ended_on__isnull=True).select_related("child"))
    if any(on < placement.started_on for placement in present):
        problems.append(("ended_on", _("The child's present placement began later than that. Give that day, or one after it")))
    refuse(problems)
    for placement in present:
        _end_placement(by, placement, on, rules.PlacementEndReason.LEFT_CARE)
    for relation in set(GROUP_RELATIONS) - set(AFTER_CARE):
        close_group_relations(by=by, child=child, relation=relation, on=on)
    for relation in set(NAMED_RELATIONS) - set(AFTER_CARE):
        close_relations(by=by, child=child, relation=relation, on=on)
    episode.ended_on, episode.end_reason = on, reason
    episode.save(update_fields=["ended_on", "end_reason"])
    if reason == rules.EndReason.ADOPTED:  # last: from here on most of the authority sees the record no longer
        Child.objects.filter(pk=child.pk).update(sealed_on=on)


@transaction.atomic
def assign(*, by: Actor, child: Child, user: User, relation: Relation, on: date) -> None:
    """Name the child's social worker or IRO from a day; the one before ends that day, so that one is always named (SW-10).

    Raises BadInput for a day before the one from which the present holder is named.
    """
    require_for(by=by, permission=Permission.RECORD_CARE, child=child)
    if relation not in {Relation.SOCIAL_WORKER, Relation.IRO}:
        raise ValueError(f"{relation} is not assigned by name.")
    lock(child)
    present = ChildUserGrant.objects.filter(content_object=child, permission=relation_code(relation), ends_on__isnull=True)
    if present.filter(user=user).exists():
        return
    if present.filter(starts_on__gt=on).exists():
        refuse([("started_on", _("The person named now is named from a later day. Give that day, or one after it"))])
    close_relations(by=by, child=child, relation=relation, on=on)
    open_relation(by=by, child=child, user=user, relation=relation, on=on)


def open_relation(*, by: Actor, child: Child, user: User, relation: Relation, on: date) -> None:
    """A named person's relation from a day. Called by the service whose fact it follows, in its transaction."""
    if relation not in NAMED_RELATIONS:
        raise ValueError(f"{relation} is not held by a person.")
    ChildUserGrant.objects.create(content_object=child, user=user, permission=relation_code(relation), authority_id=child.authority_id, starts_on=on)


def open_group_relation(*, by: Actor, child: Child, group_id: int, relation: Relation, on: date) -> None:
    """A school's or an authority's relation from a day. Called by the service whose fact it follows, in its transaction."""
    if relation not in GROUP_RELATIONS:
        raise ValueError(f"{relation} is not held by a body.")
    ChildGroupGrant.objects.create(
        content_object=child, group_id=group_id, permission=relation_code(relation), authority_id=child.authority_id, starts_on=on
    )


def close_relations(*, by: Actor, child: Child, relation: Relation, on: date) -> None:
    """End every relation of this kind on a day, whatever end it had; its holder sees nothing from that day on (PRIV-17).

    One that began later, because the end was recorded late, never held.
    """
    ChildUserGrant.objects.filter(_lasting(on), content_object=child, permission=relation_code(relation)).update(
        ends_on=Greatest(F("starts_on"), Value(on))
    )


def close_group_relations(*, by: Actor, child: Child, relation: Relation, on: date, group_id: int | None = None) -> None:
    """As `close_relations`, for bodies; of one body where its group is given."""
    rows = ChildGroupGrant.objects.filter(_lasting(on), content_object=child, permission=relation_code(relation))
    if group_id is not None:
        rows = rows.filter(group=group_id)
    rows.update(ends_on=Greatest(F("starts_on"), Value(on)))


def _lasting(on: date) -> Q:
    return Q(ends_on__isnull=True) | Q(ends_on__gt=on)
