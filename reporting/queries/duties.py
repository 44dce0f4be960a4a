"""Duties across all the children of whom the reader may know them, and those of schools and authorities: what every number of them counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, TABLE, Facet, Permission, Reach, Relation, Role, may
from lace.accounts.models import Membership, Organisation
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, Placement
from lace.core.actor import Actor
from lace.deadlines.models import BodyDuty, Duty, Waiver
from lace.deadlines.rules import RULES, About, Force, not_binding
from peps.rules import INITIATED
from reporting.queries.children import NONE, Placed
from reviews.rules import FOLLOWING
from schools.models import Enrolment, School

# Who has duties about children to keep: lists of them are work, and tell who is looked after, by whom (PRIV-15).
KEEPERS = frozenset(role for (_relation, role), grant in TABLE.items() if grant.permissions & {Permission.RECORD_DUTY, Permission.EXPLAIN_LATENESS})


class Timeliness(TextChoices):
    """How a duty stands to its due date."""

    ON_TIME = "on_time", pgettext_lazy("timeliness", "On time")
    LATE = "late", pgettext_lazy("timeliness", "Late")
    OVERDUE = "overdue", pgettext_lazy("timeliness", "Overdue")
    MISSED = "missed", pgettext_lazy("timeliness", "Never done")
    WAITING = "waiting", pgettext_lazy("timeliness", "Not due yet")
    NOT_NEEDED = "not_needed", pgettext_lazy("timeliness", "Not needed")


JUDGED = (Timeliness.ON_TIME, Timeliness.LATE, Timeliness.OVERDUE, Timeliness.MISSED)  # what "in time" is a share of
MISSES = (Timeliness.OVERDUE, Timeliness.LATE, Timeliness.MISSED)
OPEN, CLOSED = "open", "closed"  # states beside timeliness and outcome
GIVEN, MISSING = "given", "missing"  # of a reason
ENDS = (Duty.Outcome.WAIVED, Duty.Outcome.NOT_APPLICABLE, Duty.Outcome.TRANSFERRED, Duty.Outcome.CARE_ENDED)  # outcomes that timeliness does not name


class Measure(TextChoices):
    """Plans initiated, developed and reviewed in time: separate measures (PEP-35)."""

    INITIATED = "initiated", _("Plans started")
    DEVELOPED = "developed", _("Plans developed")
    REVIEWED = "reviewed", _("Plans reviewed")

    @property
    def codes(self) -> tuple[str, ...]:
        """The duties it counts. A plan is reviewed with the child's statutory review; of two duties with one goal the one that is the measure."""
        return {
            Measure.INITIATED: INITIATED,
            Measure.DEVELOPED: ("pep_developed", "pep_developed_new_school"),
            Measure.REVIEWED: ("review_first_regulation", *FOLLOWING),
        }[self]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which duties: everything empty means all that the reader may know of."""

    codes: tuple[str, ...] | None = None  # None: every kind; (): none
    state: str = ""  # OPEN, CLOSED, a Timeliness or one of ENDS
    force: str = ""
    role: str = ""  # responsible
    due_from: date | None = None
    due_to: date | None = None  # the last day, itself included
    late_from: int | None = None
    late_to: int | None = None
    school: str = ""  # number, of the day it was due; or NONE
    worker: str = ""  # id of the social worker today, or of somebody else named to the child; or NONE
    placed: str = ""
    ours: bool = False  # of the authority's own children alone
    reason: str = ""  # GIVEN or MISSING, of lateness or a waiver (SW-14)
    unheld: bool = False  # nobody holds the responsible role for the child today (LA-24)
    sort: str = ""


# What a list may be sorted by; every order ends in the row's id, so that pages never overlap.
SORTS: dict[str, tuple[str, ...]] = {
    "due": ("due_on", "code", "pk"),
    "-due": ("-due_on", "code", "pk"),
    "late": ("late_days", "due_on", "pk"),
    "-late": ("-late_days", "due_on", "pk"),
    "child": ("child__sort_key", "due_on", "pk"),
    "-child": ("-child__sort_key", "due_on", "pk"),
    "kind": ("code", "due_on", "pk"),
    "-kind": ("-code", "due_on", "pk"),
}
# Named to a child, and asked what they have to do: by these a list of duties can be narrowed to one person's work.
WORKERS = (Relation.IRO, Relation.PERSONAL_ADVISER, Relation.PROGRESSION_COORDINATOR, Relation.WELFARE_OFFICER)


def of_children(actor: Actor, asked: Asked) -> QuerySet[Duty]:
    """Duties of the children of whom the reader holds the education facet, each with `timeliness` and `late_days`; in no order."""
    found: QuerySet[Duty] = Duty.objects.readable_by(actor, Facet.EDUCATION).exclude(child__in=_closed_to(actor))
    if asked.ours:
        found = found.filter(authority__in=actor.authorities)
    found = _narrowed(found, asked, actor.today)
    if asked.school:
        found = found.annotate(school=school_then()).filter(school=asked.school)
    if asked.worker:
        found = found.annotate(worker=worker_now(actor)).filter(_of_worker(actor, asked.worker))
    if asked.placed:
        found = found.filter(_placed(actor, asked.placed))
    return _without_holder(found, actor) if asked.unheld else found


def of_bodies(actor: Actor, asked: Asked) -> QuerySet[BodyDuty]:
    """Duties of the reader's school, or of the authority and its schools, with `timeliness` and `late_days`; in no order.

    Of what is asked, kind, state, force, role, days and the school's number count.
    """
    found = _narrowed(BodyDuty.objects.visible_to(actor), asked, actor.today)
    if asked.school:
        of_school = School.objects.filter(number=asked.school).values("organisation")
        found = found.filter(body__isnull=True) if asked.school == NONE else found.filter(body__in=of_school)
    return found


def by_state(found: QuerySet[Any]) -> dict[str, int]:
    """How many there are of each timeliness. One statement."""
    return {str(row["timeliness"]): row["number"] for row in found.order_by().values("timeliness").annotate(number=Count("pk"))}


def sorted_by(found: QuerySet[Any], sort: str) -> QuerySet[Any]:
    return found.order_by(*SORTS.get(sort, SORTS["due"]))


def _closed_to(actor: Actor) -> QuerySet[Child, Any]:
    """The authority's former children whose record an adoption closed to the reader (PRIV-20), as `open_of_closed` says it."""
    closed = Child.objects.filter(authority__in=actor.authorities, sealed_on__lte=actor.today)
    if actor.role == Role.LACE_COORDINATOR:
        closed = closed.filter(support_agreed=False)
    return closed.values("pk")


def _narrowed(found: QuerySet[Any], asked: Asked, today: date) -> QuerySet[Any]:
    found = found.annotate(timeliness=timeliness_on(today), late_days=late_days(today))
    if asked.codes is not None:
        found = found.filter(code__in=asked.codes)
    if asked.force:
        found = found.filter(code__in=[rule.code for rule in RULES.values() if rule.force == asked.force])
    if asked.role:
        found = found.filter(role=asked.role)
    if asked.due_from:
        found = found.filter(due_on__gte=asked.due_from)
    if asked.due_to:
        found = found.filter(due_on__lte=asked.due_to)
    if asked.late_from is not None:
        found = found.filter(late_days__gte=asked.late_from)
    if asked.late_to is not None:
        found = found.filter(late_days__lte=asked.late_to)
    if asked.reason:
        found = found.exclude(reason="") if asked.reason == GIVEN else found.filter(reason="")
    return _in_state(found, asked.state, today)


def _in_state(found: QuerySet[Any], state: str, today: date) -> QuerySet[Any]:
    match state:
        case "":
            return found
        case "open" | "closed":
            return found.filter(closed_on__isnull=state == OPEN)
        case Timeliness.OVERDUE:
            return found.filter(timeliness=state, closed_on__isnull=True, due_on__lt=today)  # the index of open duties
        case _ if state in Timeliness.values:
            return found.filter(timeliness=state)
        case _:
            return found.filter(outcome=state)


def timeliness_on(today: date) -> Case:
    """As Duty.is_overdue and Duty.was_missed say it, in SQL."""
    outcome = Duty.Outcome
    return Case(
        When(Q(closed_on__isnull=True, due_on__lt=today) & ~Q(code__in=not_binding()), then=Value(Timeliness.OVERDUE)),
        When(closed_on__isnull=True, then=Value(Timeliness.WAITING)),
        When(outcome=outcome.ON_TIME, then=Value(Timeliness.ON_TIME)),
        When(outcome=outcome.LATE, then=Value(Timeliness.LATE)),
        When(outcome__in=(outcome.CARE_ENDED, outcome.TRANSFERRED), due_on__lt=F("closed_on"), then=Value(Timeliness.MISSED)),
        default=Value(Timeliness.NOT_NEEDED),
        output_field=CharField(),
    )


def late_days(today: date) -> Greatest:
    """As Duty.days_late says it, in SQL. PostgreSQL's difference of two dates is a whole number of days."""
    until = Coalesce(F("closed_on"), Value(today, output_field=DateField()), output_field=IntegerField())
    return Greatest(ExpressionWrapper(until - Cast(F("due_on"), DateField()), output_field=IntegerField()), Value(0))


def school_then() -> Coalesce:
    """The number of the school on whose register the child was on the day the duty fell due."""
    then = Enrolment.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=OuterRef("due_on")), child=OuterRef("child"), started_on__lte=OuterRef("due_on")
    )
    return Coalesce(Subquery(then.order_by("-started_on").values("school__number")[:1], output_field=CharField()), Value(NONE))


def _named(actor: Actor, child: str = "child") -> QuerySet[ChildUserGrant]:
    """Who is named today to the child of the outer query."""
    return ChildUserGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today), content_object=OuterRef(child), starts_on__lte=actor.today
    )


def worker_now(actor: Actor) -> Subquery:
    """The account of the child's social worker today."""
    named = _named(actor).filter(permission__codename=str(Relation.SOCIAL_WORKER))
    return Subquery(named.order_by("-starts_on", "pk").values("user")[:1], output_field=IntegerField())


def _of_worker(actor: Actor, worker: str) -> Q:
    if worker == NONE:
        return Q(worker__isnull=True)
    otherwise = _named(actor).filter(permission__codename__in=[str(relation) for relation in WORKERS], user=int(worker))
    return Q(worker=int(worker)) | Q(Exists(otherwise))


def _placed(actor: Actor, placed: str) -> Q:
    """Where the child stands to the reader's authority today, as `queries.children.placed` says it."""
    away = Placement.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=actor.today),
        Q(host_authority__isnull=True) | ~Q(host_authority=F("authority")),
        child=OuterRef("child"),
        started_on__lte=actor.today,
    )
    hosted = ChildGroupGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object=OuterRef("child"),
        group__in=actor.groups,
        permission__codename=str(Relation.HOST),
        starts_on__lte=actor.today,
    )
    ours = Q(authority__in=actor.authorities)
    return {
        Placed.OWN_OUT: ours & Q(Exists(away)),
        Placed.OWN_IN: ours & ~Q(Exists(away)),
        Placed.HOSTED: ~ours & Q(Exists(hosted)),
        Placed.LEARNER: ~ours & ~Q(Exists(hosted)),
    }[Placed(placed)]


# ---- who is responsible (LA-24): the people whom the ladder would find, as the sweep finds them ----


def _relation() -> Case:
    """The relation through which the holder of the duty's role comes to the child."""
    ways = {role: NAMED_RELATION[role] for role in NAMED_RELATION} | {
        role: GROUP_RELATION[role][0] for role in Role if REACH[role] == Reach.ORGANISATION
    }
    return Case(*(When(role=role, then=Value(str(way))) for role, way in ways.items()), default=Value(""), output_field=CharField())


def _holding(actor: Actor) -> QuerySet[Membership]:
    return Membership.objects.open_on(actor.today).filter(role=OuterRef("role"), user__is_active=True)


def _held_by(actor: Actor) -> tuple[QuerySet[ChildUserGrant], QuerySet[Membership], QuerySet[Membership]]:
    """Who holds the duty's role for its child: by name, in a body, in the authority. For a duty with its `relation`."""
    still = Membership.objects.open_on(actor.today).filter(role=OuterRef(OuterRef("role")), user=OuterRef("user"))
    named = _named(actor).filter(Exists(still), permission__codename=OuterRef("relation"), user__is_active=True)
    bodies = ChildGroupGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object=OuterRef(OuterRef("child")),
        permission__codename=OuterRef(OuterRef("relation")),
        starts_on__lte=actor.today,
    )
    in_body = _holding(actor).filter(organisation__group__in=bodies.values("group"))
    in_authority = _holding(actor).filter(authority=OuterRef("authority"), organisation__isnull=True)
    return named, in_body, in_authority


def _wide() -> Q:
    return Q(role__in=[role for role in Role if REACH[role] == Reach.AUTHORITY])


def _without_holder(found: QuerySet[Duty], actor: Actor) -> QuerySet[Duty]:
    """Open ones whose role nobody holds for the child today: their reminders go to the LACE coordinator (DL-10)."""
    named, in_body, in_authority = _held_by(actor)
    held = Q(Exists(named)) | Q(Exists(in_body)) | _wide() & Q(Exists(in_authority))
    return found.annotate(relation=_relation()).filter(~held, closed_on__isnull=True)


def with_people(found: QuerySet[Duty], actor: Actor) -> QuerySet[Duty]:
    """With `people`: the names of those who hold the duty's role for its child today; [] where nobody does."""
    named, in_body, in_authority = _held_by(actor)
    return found.select_related("child", "handed_to").annotate(
        relation=_relation(),
        people=Case(
            When(_wide(), then=ArraySubquery(in_authority.order_by("user__name").values("user__name"))),
            When(role__in=list(NAMED_RELATION), then=ArraySubquery(named.order_by("user__name").values("user__name"))),
            default=ArraySubquery(in_body.order_by("user__name").values("user__name")),
        ),
    )


def with_waiver(found: QuerySet[Duty]) -> QuerySet[Duty]:
    """With `waived_by` and `waiver_reason`: who agreed that it need not be done, and why it was asked (SW-14)."""
    agreed = Waiver.objects.filter(duty=OuterRef("pk"), agreed=True).order_by("-decided_on")
    return found.annotate(
        waived_by=Subquery(agreed.values("decided_by__name")[:1], output_field=CharField()),
        waiver_reason=Subquery(agreed.values("reason")[:1], output_field=CharField()),
    )


# ---- what the filters offer ----


def workers(actor: Actor) -> list[tuple[int, str, str]]:
    """Who is named today to children within reach: account, name, relation. One statement.

    Of all of them for those who see the whole work; else only where the reader may know the people around the child.
    """
    whole = may(actor, Permission.SEE_DASHBOARD)
    reached = Child.objects.visible_to(actor) if whole else Child.objects.readable_by(actor, Facet.CONTACTS)
    relations = [str(relation) for relation in (Relation.SOCIAL_WORKER, *WORKERS)]
    named = ChildUserGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object__in=reached.values("pk"),
        permission__codename__in=relations,
        starts_on__lte=actor.today,
    )
    rows = named.order_by("user__name", "user").values_list("user", "user__name", "permission__codename").distinct()
    return [(user, name, relation) for user, name, relation in rows]


def schools(actor: Actor) -> list[School]:
    """The schools that children within reach attend or attended. One statement."""
    attended = Enrolment.objects.readable_by(actor, Facet.EDUCATION).values("school")
    return list(School.objects.filter(pk__in=attended).select_related("organisation"))


def bodies(actor: Actor) -> list[Organisation]:
    """Schools with duties of their own that the reader may see."""
    return list(Organisation.objects.filter(pk__in=BodyDuty.objects.visible_to(actor).values("body")).select_related("school"))


def kinds(about: About) -> list[str]:
    """Codes of the duties of a child, or of schools and authorities, that can be open."""
    return [rule.code for rule in RULES.values() if (rule.about == About.CHILD) == (about == About.CHILD) and not rule.waits_for]


def forces(about: About) -> list[Force]:
    return [force for force in Force if any(RULES[code].force == force for code in kinds(about))]


def roles(about: About) -> list[Role]:
    found = {RULES[code].role for code in kinds(about)}
    return [role for role in Role if role in found]


def with_days(asked: Asked, *, when: str, today: date) -> Asked:
    """Past or upcoming as days, inside the days asked for already."""
    yesterday = today - timedelta(days=1)
    if when == "past":
        return replace(asked, due_to=min(asked.due_to or yesterday, yesterday))
    if when == "upcoming":
        return replace(asked, due_from=max(asked.due_from or today, today))
    return asked
