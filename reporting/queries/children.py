"""The children a person may see: found by name, narrowed by links, counted for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, JSONObject
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Relation
from lace.children.models import CareEpisode, Child, ChildGroupGrant, Placement
from lace.children.rules import academic_year, folded
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import Pep, second_is_missing
from peps.rules import State
from schools.models import Enrolment

NONE = "none"  # stands for the school or the state of the plan where there is none


class Placed(TextChoices):
    """Where a child stands to the authority of the reader (XLA-01, XLA-11). Every child in reach is in exactly one."""

    OWN_IN = "own_in", _("Ours, living in our area")
    OWN_OUT = "own_out", _("Ours, living elsewhere")
    HOSTED = "hosted", _("Other authorities', living in our area")
    LEARNER = "learner", _("Other authorities', at our schools")


@dataclass(frozen=True, slots=True)
class Search:
    """What narrows the list; everything empty: all who are looked after now."""

    words: str = ""
    placed: str = ""
    overdue: bool = False
    year: int | None = None
    school: str = ""  # a school's number, or NONE
    plan: str = ""  # a state of the plan, or NONE
    left: bool = False  # no longer looked after
    meeting: bool = False  # whose second meeting with the carer is neither held nor booked in time (PEP-19)


class Folded(Func):
    """A name as lace.children.rules.folded makes it: lower case, no accents, no apostrophes, spaces between words."""

    template = (
        "regexp_replace(regexp_replace(translate(replace(replace(replace(lower(normalize(%(expressions)s, NFKD)),"
        " 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), 'øłđðı', 'olddi'), '[\\u0300-\\u036f''’‘ʼ`]', '', 'g'), '[-_.,‐‑–[:space:]]+', ' ', 'g')"
    )
    output_field = CharField()


def placed(actor: Actor) -> Case:
    """Where each child stands to the actor's authority; a child of ours with no placement today counts as living in our area."""
    away = Placement.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=actor.today),
        Q(host_authority__isnull=True) | ~Q(host_authority=F("authority")),
        child=OuterRef("pk"),
        started_on__lte=actor.today,
    )
    hosted = ChildGroupGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object=OuterRef("pk"),
        group__in=actor.groups,
        permission__codename=str(Relation.HOST),
        starts_on__lte=actor.today,
    )
    ours = Q(authority__in=actor.authorities)
    return Case(
        When(ours & Exists(away), then=Value(Placed.OWN_OUT)),
        When(ours, then=Value(Placed.OWN_IN)),
        When(Exists(hosted), then=Value(Placed.HOSTED)),
        default=Value(Placed.LEARNER),
        output_field=CharField(),
    )


def on_roll(actor: Actor) -> QuerySet[Enrolment]:
    """The enrolment today of the child in the outer query."""
    return Enrolment.objects.on_roll(actor.today).filter(child=OuterRef("pk")).order_by("-started_on")


def plan_state() -> Coalesce:
    """The state of the child's current plan, or NONE."""
    current = Pep.objects.filter(child=OuterRef("pk")).exclude(state=State.CLOSED)
    return Coalesce(Subquery(current.values("state")[:1], output_field=CharField()), Value(NONE))


def overdue(actor: Actor) -> QuerySet[Duty]:
    """The overdue duties of the child in the outer query."""
    return Duty.objects.overdue_on(actor.today).filter(child=OuterRef("pk"))


def listed(actor: Actor, search: Search) -> QuerySet[Child]:
    """The children the actor may see and asks for, in Welsh alphabetical order."""
    found = Child.objects.visible_to(actor)
    in_care = Exists(
        CareEpisode.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=actor.today), child=OuterRef("pk"), started_on__lte=actor.today)
    )
    found = found.exclude(in_care) if search.left else found.filter(in_care)
    if search.words:
        found = found.filter(_named(search.words))
    if search.placed:
        found = found.annotate(placed=placed(actor)).filter(placed=search.placed)
    if search.overdue:
        found = found.filter(Exists(overdue(actor)))
    if search.year is not None:
        found = found.filter(born_on__range=born_in_year(search.year, actor.today))
    if search.school:
        enrolled = on_roll(actor)
        found = found.exclude(Exists(enrolled)) if search.school == NONE else found.filter(Exists(enrolled.filter(school__number=search.school)))
    if search.plan:
        found = found.annotate(plan=plan_state()).filter(plan=search.plan)
    if search.meeting:
        found = found.filter(second_is_missing(actor.today))
    return found.order_by("sort_key", "pk")


def _named(words: str) -> Q:
    """Each word begins a word of the child's names, whatever its accents or apostrophes; or it is the unique pupil number."""
    names = Concat(Value(" "), "given_names", Value(" "), "family_name", Value(" "), "preferred_name", output_field=CharField())
    number = Q(upn="".join(words.split()).upper())
    wanted = folded(words).split()
    match = Q(*(_Like(Folded(names), Value(f"% {word}%")) for word in wanted))
    return match | number if wanted else number


class _Like(Func):
    """The words are folded, so that they hold no sign of a pattern."""

    template = "(%(expressions)s)"
    arg_joiner = " LIKE "
    output_field = BooleanField()
    conditional = True


def born_in_year(year: int, on: date) -> tuple[date, date]:
    """First and last birthday of the children whose age puts them in a year group (Reception 0) on a day."""
    start = academic_year(on) - year - 5
    return date(start, 9, 1), date(start + 1, 8, 31)


def with_facts(found: QuerySet[Child], actor: Actor) -> QuerySet[Child]:
    """The list's columns: at_school and living (JSON with both names), where, overdue_duties. To be shown by the facets of each child's grant."""
    school = on_roll(actor).values(
        data=JSONObject(en="school__organisation__name_en", cy="school__organisation__name_cy", number="school__number"),
    )[:1]
    living = (
        Placement.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=actor.today), child=OuterRef("pk"), started_on__lte=actor.today)
        .order_by("-started_on")
        .values(data=JSONObject(en="host_authority__name_en", cy="host_authority__name_cy", outside="outside_wales"))[:1]
    )
    late = overdue(actor).order_by().values("child").annotate(number=Count("pk")).values("number")
    return found.select_related("authority").annotate(
        at_school=Subquery(school, output_field=JSONField()),
        living=Subquery(living, output_field=JSONField()),
        where=placed(actor),
        overdue_duties=Coalesce(Subquery(late, output_field=IntegerField()), Value(0)),
    )


def tally(actor: Actor) -> list[dict[str, Any]]:
    """How many children looked after now, by school, placed and overdue: what the filters' links say. One statement."""
    school = on_roll(actor).values(
        data=JSONObject(en="school__organisation__name_en", cy="school__organisation__name_cy", number="school__number"),
    )[:1]
    rows = (
        Child.objects.visible_to(actor)
        .in_care_on(actor.today)
        .order_by()
        .annotate(at_school=Subquery(school, output_field=JSONField()), where=placed(actor), late=Exists(overdue(actor)))
    )
    return [dict(row) for row in rows.values("at_school", "where", "late").annotate(number=Count("pk"))]
