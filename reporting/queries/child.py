"""One child's record, read together from every app. The caller has found the child through visible_to and shows rows through Seen."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.db.models import Q

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, TABLE, Facet, Reach, Relation, Role
from lace.accounts.models import Membership
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Placement
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import Pep, Version
from peps.rules import State
from reviews.models import Review
from reviews.rules import ReviewState
from schools.models import Enrolment, TermRecord
from schools.rules import Term

TERMS = list(Term)


def episodes(actor: Actor, child: Child) -> list[CareEpisode]:
    return list(CareEpisode.objects.visible_to(actor).filter(child=child).order_by("-started_on"))


def placements(actor: Actor, child: Child) -> list[Placement]:
    found = Placement.objects.visible_to(actor).filter(child=child).select_related("host_authority", "home", "episode").order_by("-started_on")
    rows = list(found)
    for row in rows:
        row.child = child  # Seen asks it whether the address may be shown
    return rows


def enrolments(actor: Actor, child: Child) -> list[Enrolment]:
    found = Enrolment.objects.visible_to(actor).filter(child=child).select_related("school__organisation__authority")
    return list(found.order_by("-started_on"))


def reviews(actor: Actor, child: Child) -> list[Review]:
    """All that are arranged or were held, the newest first."""
    return list(Review.objects.visible_to(actor).filter(child=child).exclude(state=ReviewState.CANCELLED).order_by("-scheduled_for"))


def next_review(actor: Actor, child: Child) -> Review | None:
    return Review.objects.visible_to(actor).filter(child=child, state=ReviewState.SCHEDULED).order_by("scheduled_for").first()


def current_plan(actor: Actor, child: Child) -> Pep | None:
    return Pep.objects.visible_to(actor).filter(child=child).exclude(state=State.CLOSED).first()


def plans(actor: Actor, child: Child) -> list[Pep]:
    return list(Pep.objects.visible_to(actor).filter(child=child))


def versions(actor: Actor, child: Child) -> list[Version]:
    return list(Version.objects.visible_to(actor).filter(child=child).defer("content"))


def duties(actor: Actor, child: Child) -> list[Duty]:
    """Open ones by due date, then closed ones, the newest first."""
    rows = list(Duty.objects.visible_to(actor).filter(child=child).order_by("due_on", "code"))
    for row in rows:
        row.child = child
    return [row for row in rows if row.closed_on is None] + [row for row in reversed(rows) if row.closed_on is not None]


def open_duties(actor: Actor, child: Child) -> list[Duty]:
    reached: Any = Duty.objects.visible_to(actor)
    return list(reached.open().filter(child=child).order_by("due_on", "code"))


def terms(actor: Actor, child: Child) -> list[TermRecord]:
    """Term by term, the oldest first."""
    rows = TermRecord.objects.visible_to(actor).filter(child=child).select_related("school__organisation")
    return sorted(rows, key=lambda row: (row.year, TERMS.index(Term(row.term)), row.school.number))


def designated_people(actor: Actor, enrolment: Enrolment) -> list[Membership]:
    """Who the school's designated person is today."""
    held = Membership.objects.open_on(actor.today).filter(organisation=enrolment.school_id, role=Role.DESIGNATED_PERSON)
    return list(held.select_related("user").order_by("user__name"))


class Reader(NamedTuple):
    """Who can open the child's record: in which role and relation, for which body ("" for a named person), which people, which parts."""

    role: Role
    relation: Relation
    body: str
    people: list[str]
    facets: frozenset[Facet]


def readers(actor: Actor, child: Child) -> list[Reader]:
    """Everyone whom the relation rows and the access table let see the child today, as visible_to would (PRIV-18). Three statements."""
    bodies, named = _relations(actor, child)
    memberships = _holders(actor, child, bodies, named)
    found = []
    for (relation, role), grant in TABLE.items():
        if not grant.facets:
            continue
        rows: list[tuple[str, list[str]]] = []
        if REACH[role] == Reach.NAMED:
            names = [held.user.name for held in memberships if held.role == role and held.user_id in named[relation]]
            rows = [("", names)] if NAMED_RELATION[role] == relation and names else []
        elif relation == Relation.RESPONSIBLE:
            names = [held.user.name for held in memberships if held.role == role and held.authority_id == child.authority_id]
            rows = [(child.authority.name, names)]
        elif relation in GROUP_RELATION.get(role, ()):
            rows = [(_body(group), _of_body(memberships, role, group)) for group in bodies[relation]]
        found += [Reader(role, relation, body, names, grant.facets) for body, names in rows if names]
    return found


def _relations(actor: Actor, child: Child) -> tuple[dict[str, list[Group]], dict[str, set[int]]]:
    today = Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today)
    bodies: dict[str, list[Group]] = defaultdict(list)
    granted = ChildGroupGrant.objects.filter(today, content_object=child, starts_on__lte=actor.today)
    for row in granted.select_related("group__authority", "group__organisation", "permission").order_by("pk"):
        bodies[row.permission.codename].append(row.group)
    named: dict[str, set[int]] = defaultdict(set)
    people = ChildUserGrant.objects.filter(today, content_object=child, starts_on__lte=actor.today)
    for codename, user in people.values_list("permission__codename", "user"):
        named[codename].add(user)
    return bodies, named


def _holders(actor: Actor, child: Child, bodies: dict[str, list[Group]], named: dict[str, set[int]]) -> list[Membership]:
    groups = [group.pk for found in bodies.values() for group in found]
    people = [user for found in named.values() for user in found]
    wide = [role for role in Role if REACH[role] == Reach.AUTHORITY]
    held = Membership.objects.open_on(actor.today).filter(
        Q(authority=child.authority_id, role__in=wide)
        | Q(authority__group__in=groups, role__in=wide)
        | Q(organisation__group__in=groups)
        | Q(user__in=people)
    )
    return list(held.filter(user__is_active=True).select_related("user", "authority", "organisation").order_by("user__name", "pk"))


def _body(group: Group) -> str:
    owner = getattr(group, "organisation", None) or getattr(group, "authority", None)
    return owner.name if owner else ""


def _of_body(memberships: list[Membership], role: Role, group: Group) -> list[str]:
    def of(held: Membership) -> bool:
        if REACH[role] == Reach.ORGANISATION:
            return held.organisation is not None and held.organisation.group_id == group.pk
        return held.authority.group_id == group.pk

    return [held.user.name for held in memberships if held.role == role and of(held)]
