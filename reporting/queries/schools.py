"""Schools as an authority and their own people look at them: the compliance grid and the register. What a school holds of children
joins their enrolments, plans and duties, each counted from what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, DateField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from lace.children.models import CareEpisode
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import Pep
from peps.rules import DEVELOPED, INITIATED
from reporting.queries.children import NONE
from schools.models import Designation, Enrolment, RegisterCheck, School

PLAN = (*INITIATED, *DEVELOPED)  # the duties whose delay makes a child's plan overdue


@dataclass(frozen=True, slots=True)
class OnRoll:
    """Looked-after children at a school whom the actor may see, and how many of their plans are overdue."""

    children: int = 0
    overdue: int = 0


def grid(actor: Actor, *, elsewhere: bool = False) -> list[Any]:
    """The authority's schools, or those of other authorities that children within reach attend (LA-04). Each with `designated` (the
    name of the designated person today), `designated_on` and `confirmed_on` (of the newest confirmation of the register)."""
    own = Q(organisation__authority__in=actor.authorities)
    held = Designation.objects.current_on(actor.today).filter(school=OuterRef("pk")).order_by("-started_on", "-created_at")
    confirmed = RegisterCheck.objects.filter(school=OuterRef("pk")).order_by("-created_at")
    return list(
        School.objects.visible_to(actor)
        .filter(~own if elsewhere else own)
        .select_related("organisation__authority")
        .annotate(
            designated=Subquery(held.values("membership__user__name")[:1], output_field=CharField()),
            designated_on=Subquery(held.values("started_on")[:1], output_field=DateField()),
            confirmed_on=Subquery(confirmed.values("confirmed_on")[:1], output_field=DateField()),
        )
        .order_by("number")
    )


def _on_roll(actor: Actor) -> QuerySet[Enrolment]:
    """Today's enrolments of the children within reach who are looked after."""
    reached: Any = Enrolment.objects.visible_to(actor)
    in_care = CareEpisode.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=actor.today), child=OuterRef("child"), started_on__lte=actor.today)
    found: QuerySet[Enrolment] = reached.on_roll(actor.today).filter(Exists(in_care))
    return found.annotate(late=Exists(Duty.objects.overdue_on(actor.today).filter(child=OuterRef("child"), code__in=PLAN)))


def on_roll(actor: Actor) -> dict[int, OnRoll]:
    """Looked-after children by the id of their school. One statement."""
    counted = _on_roll(actor).order_by().values("school").annotate(children=Count("child", distinct=True))
    rows = counted.annotate(overdue=Count("child", distinct=True, filter=Q(late=True))).values_list("school", "children", "overdue")
    return {school: OnRoll(children, overdue) for school, children, overdue in rows}


def register(actor: Actor, school: School) -> list[Any]:
    """The school's register of looked-after children (DP-01), in Welsh alphabetical order: enrolments, each with its `child`, `plan`
    (the state of the current plan, or NONE), `plan_due` (the first open duty's day), `late`, and `legal_status`. To be shown by the
    facets of each child's grant."""
    due = Duty.objects.open().filter(child=OuterRef("child"), code__in=PLAN).order_by("due_on").values("due_on")[:1]
    legal = CareEpisode.objects.filter(child=OuterRef("child"), ended_on__isnull=True).order_by("-started_on").values("legal_status")[:1]
    plan = Pep.objects.current().filter(child=OuterRef("child")).values("state")[:1]
    rows = _on_roll(actor).filter(school=school).select_related("child__authority")
    return list(
        rows.annotate(
            plan=Coalesce(Subquery(plan, output_field=CharField()), Value(NONE)),
            plan_due=Subquery(due, output_field=DateField()),
            legal_status=Subquery(legal, output_field=CharField()),
        ).order_by("child__sort_key", "pk")
    )


def designations(school: School) -> list[Designation]:
    """All of a school's designations, the newest first."""
    return list(Designation.objects.filter(school=school).select_related("membership__user").order_by("-started_on", "-created_at"))


def confirmation(school: School) -> RegisterCheck | None:
    """The newest confirmation of the register."""
    return RegisterCheck.objects.filter(school=school).select_related("confirmed_by").order_by("-created_at").first()
