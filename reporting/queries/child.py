"""One child's record, read together from every app. The caller has found the child through visible_to and shows rows through Seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.db.models import Q

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, TABLE, Facet, Held, Reach, Relation, Role, grant_of
from lace.accounts.models import Membership
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Placement, PlacementAddress, open_of_closed
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import Attainment, MeetingInvitation, Pep, PlanMeeting, Version, Wellbeing, measures, second_is_missing
from peps.rules import State
from peps.rules.meetings import MeetingState, Who
from reviews.models import Review
from reviews.rules import ReviewState
from schools.models import Enrolment, EotasPlace, TermRecord
from schools.rules import Term

TERMS = list(Term)


def episodes(actor: Actor, child: Child) -> list[CareEpisode]:
    return list(CareEpisode.objects.visible_to(actor).filter(child=child).order_by("-started_on"))


def placements(actor: Actor, child: Child) -> list[Placement]:
    found = Placement.objects.visible_to(actor).filter(child=child).select_related("host_authority", "episode").order_by("-started_on")
    return list(found)


def address(actor: Actor, placement: Placement) -> PlacementAddress | None:
    """With whom and where, for those who may know."""
    return PlacementAddress.objects.visible_to(actor).filter(placement=placement).select_related("home", "child").first()


def enrolments(actor: Actor, child: Child) -> list[Enrolment]:
    found = Enrolment.objects.visible_to(actor).filter(child=child).select_related("school__organisation__authority", "approval")
    return list(found.order_by("-started_on"))


def eotas_places(actor: Actor, child: Child) -> list[EotasPlace]:
    """Where the child is and was taught elsewhere than at school, the newest first."""
    return list(EotasPlace.objects.visible_to(actor).filter(child=child).order_by("-started_on", "pk"))


def reviews(actor: Actor, child: Child) -> list[Review]:
    """All that are arranged or were held, the newest first."""
    return list(Review.objects.visible_to(actor).filter(child=child).exclude(state=ReviewState.CANCELLED).order_by("-scheduled_for"))


def next_review(actor: Actor, child: Child) -> Review | None:
    return Review.objects.visible_to(actor).filter(child=child, state=ReviewState.SCHEDULED).order_by("scheduled_for").first()


def next_plan_meeting(actor: Actor, child: Child) -> PlanMeeting | None:
    """The next meeting about the current plan whose day has not passed."""
    arranged = PlanMeeting.objects.visible_to(actor).filter(child=child, state=MeetingState.SCHEDULED, starts_at__date__gte=actor.today)
    return arranged.exclude(pep__state=State.CLOSED).order_by("starts_at").first()


def asked_to(actor: Actor, meeting: PlanMeeting) -> list[Who]:
    """As what people are asked to a meeting about the plan, each once."""
    rows: Any = MeetingInvitation.objects.visible_to(actor)
    found = set(rows.standing().filter(meeting=meeting).values_list("who", flat=True))
    return [who for who in Who if who in found]


def second_meeting_is_missing(actor: Actor, child: Child) -> bool:
    """PEP-19."""
    return Child.objects.visible_to(actor).in_care_on(actor.today).filter(second_is_missing(actor.today), pk=child.pk).exists()


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


def attainment(actor: Actor, child: Child) -> list[dict[str, Any]]:
    """The newest level or grade of each subject, the newest first."""
    return measures(Attainment.objects.visible_to(actor).filter(child=child), None)["attainment"]


def wellbeing(actor: Actor, child: Child) -> list[dict[str, Any]]:
    """The newest measure of well-being by each informant, the newest first."""
    return measures(None, Wellbeing.objects.visible_to(actor).filter(child=child))["wellbeing"]


def terms(actor: Actor, child: Child) -> list[TermRecord]:
    """Term by term, the oldest first."""
    rows = TermRecord.objects.visible_to(actor).filter(child=child).select_related("school__organisation")
    return sorted(rows, key=lambda row: (row.year, TERMS.index(Term(row.term)), row.school.number))


def designated_people(actor: Actor, enrolment: Enrolment) -> list[Membership]:
    """Who the school's designated person is today."""
    held = Membership.objects.open_on(actor.today).filter(organisation=enrolment.school_id, role=Role.DESIGNATED_PERSON)
    return list(held.select_related("user").order_by("user__name"))


class Reader(NamedTuple):
    """Who can open the child's record: in which role and relation, for which body ("" for a named person), which people, which parts, until when."""

    role: Role
    relation: Relation
    body: str
    people: list[str]
    facets: frozenset[Facet]
    until: date | None = None


Limits = tuple[frozenset[Facet] | None, date | None]  # the parts to which a relation was narrowed by hand (None: it was not), its end
Row = tuple[str, list[str], Limits]


def readers(actor: Actor, child: Child) -> list[Reader]:
    """Everyone whom the relation rows and the access table let see the child today, as visible_to would (PRIV-18). Three statements."""
    bodies, named = _relations(actor, child)
    memberships = _holders(
        actor, child, [group for found in bodies.values() for group, _limits in found], [user for found in named.values() for user in found]
    )
    found = []
    for relation, role in TABLE:
        for body, names, (narrowed, until) in _rows(actor, child, relation, role, memberships, bodies, named):
            facets = grant_of(replace(actor, role=role), [Held(relation, narrowed)]).facets
            if names and facets:
                found.append(Reader(role, relation, body, names, facets, until))
    return found


def _rows(
    actor: Actor,
    child: Child,
    relation: Relation,
    role: Role,
    memberships: list[Membership],
    bodies: dict[str, list[tuple[Group, Limits]]],
    named: dict[str, dict[int, Limits]],
) -> list[Row]:
    if relation == Relation.RESPONSIBLE:
        names = [held.user.name for held in memberships if held.role == role and held.authority_id == child.authority_id]
        return [(child.authority.name, names, (open_of_closed(child, role, actor.today), None))]
    if relation in GROUP_RELATION.get(role, ()):
        return [(_body(group), _of_body(memberships, role, group), limits) for group, limits in bodies[relation]]
    together: dict[Limits, list[str]] = defaultdict(list)
    if relation == Relation.EMERGENCY or NAMED_RELATION.get(role) == relation:
        for held in memberships:
            if held.role == role and held.user_id in named[relation]:
                together[named[relation][held.user_id]].append(held.user.name)
    return [("", names, limits) for limits, names in together.items()]


def _relations(actor: Actor, child: Child) -> tuple[dict[str, list[tuple[Group, Limits]]], dict[str, dict[int, Limits]]]:
    today = Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today)
    bodies: dict[str, list[tuple[Group, Limits]]] = defaultdict(list)
    granted = ChildGroupGrant.objects.filter(today, content_object=child, starts_on__lte=actor.today)
    for row in granted.select_related("group__authority", "group__organisation", "permission").order_by("pk"):
        bodies[row.permission.codename].append((row.group, _limits(row)))
    named: dict[str, dict[int, Limits]] = defaultdict(dict)
    people = ChildUserGrant.objects.filter(today, content_object=child, starts_on__lte=actor.today)
    for held in people.select_related("permission"):
        named[held.permission.codename][held.user_id] = _limits(held)
    return bodies, named


def _limits(row: ChildGroupGrant | ChildUserGrant) -> Limits:
    return None if row.facets is None else frozenset(map(Facet, row.facets)), row.ends_on


def _holders(actor: Actor, child: Child, groups: list[Group], people: list[int]) -> list[Membership]:
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


class Counterpart(NamedTuple):
    """Whom to reach in an authority about the child: the LACE coordinator, or outside Wales the virtual school head (XLA-04)."""

    authority: str
    name: str
    email: str


def counterparts(actor: Actor, child: Child) -> list[Counterpart]:
    """Of the responsible authority, of those where the child lives and goes to school, and outside Wales. Two statements."""
    bodies, named = _relations(actor, child)
    groups = [child.authority.group_id, *(group.pk for relation in (Relation.HOST, Relation.SCHOOL_AUTHORITY) for group, _limits in bodies[relation])]
    held = Membership.objects.open_on(actor.today).filter(
        Q(role=Role.LACE_COORDINATOR, authority__group__in=groups) | Q(role=Role.COUNTERPART, user__in=list(named[Relation.COUNTERPART])),
        user__is_active=True,
    )
    rows = held.select_related("user", "authority").order_by("authority__code", "user__name")
    return [Counterpart("" if row.role == Role.COUNTERPART else row.authority.name, row.user.name, row.user.email) for row in rows]
