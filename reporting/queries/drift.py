"""Where the children of one independent reviewing officer drift: what is late, put off, unchanged or missing, and since when (IRO-03).

No sum and no score: every reason stands for itself, with its day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.utils import timezone

from lace.accounts.access import Facet, Grant, Relation
from lace.children.models import CareEpisode, Child, ChildUserGrant, Placement, grants_of
from lace.children.rules import of_compulsory_school_age
from lace.core.actor import Actor
from lace.core.workdays import add_months
from lace.deadlines.models import Duty
from peps.models import Pep, Target, Version
from peps.rules import State
from reviews.models import Decision, Postponement, Review
from reviews.rules import ReviewState
from schools.models import Enrolment, EotasPlace

FIRST_REVIEW_DAYS = 28  # after entry to care, by guidance
REVIEW_MONTHS = 6  # between reviews at most (regulation 39(2))
PLAN_MONTHS = 6  # a plan is looked at again with each review
POSTPONED = 2  # times, from which it is repeated
MOVES = 2  # of school or placement within twelve months, from which they are said
_T = TypeVar("_T")


@dataclass(slots=True)
class Course:
    """How things stand for a child, and what drifts since which day. A day of None: that does not drift."""

    child: Child
    grant: Grant
    in_care_since: date
    plan: Pep | None = None
    plan_final_on: date | None = None  # the newest final version
    reviewed_on: date | None = None  # the last review held
    arranged: Review | None = None  # the next one
    overdue: list[Duty] = field(default_factory=list)
    no_plan_since: date | None = None
    plan_old_since: date | None = None
    review_late_since: date | None = None
    postponed: int = 0
    postponed_since: date | None = None
    decisions: list[date] = field(default_factory=list)  # days of decisions of the last review that have passed
    targets: list[date] = field(default_factory=list)  # days on which targets were to be looked at, passed
    unchanged_since: date | None = None  # the same targets in two final versions, since the first of them
    no_school_since: date | None = None
    school_moves: int = 0
    placement_moves: int = 0

    def since(self) -> list[date]:
        """The days since which something drifts."""
        days = [self.no_plan_since, self.plan_old_since, self.review_late_since, self.postponed_since, self.unchanged_since, self.no_school_since]
        return [day for day in (*days, *self.decisions, *self.targets, *(duty.due_on for duty in self.overdue)) if day is not None]

    @property
    def drifts(self) -> bool:
        return bool(self.since()) or self.school_moves >= MOVES or self.placement_moves >= MOVES


def courses(actor: Actor) -> list[Course]:
    """Of every looked-after child to whom the actor is named as reviewing officer, what has drifted longest first. Its statements are counted."""
    named = ChildUserGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object=OuterRef("pk"),
        user=actor.user_id,
        permission__codename=str(Relation.IRO),
        starts_on__lte=actor.today,
    )
    mine: Any = Child.objects.visible_to(actor)
    children = list(mine.filter(Exists(named)).in_care_on(actor.today).order_by("sort_key", "pk"))
    grants = grants_of(actor, children)
    found = {child.pk: child for child in children if Facet.EDUCATION in grants[child.pk].facets}
    since = _in_care(actor, found)
    made = {pk: Course(child, grants[pk], since[pk]) for pk, child in found.items()}
    for fill in (_duties, _plans, _reviews, _targets, _schools, _placements):
        fill(actor, made)
    longest = sorted(made.values(), key=lambda course: (min(course.since(), default=date.max), course.child.sort_key))
    return [course for course in longest if course.drifts] + [course for course in longest if not course.drifts]


def _of(children: Iterable[UUID], rows: Iterable[_T]) -> dict[UUID, list[_T]]:
    by_child: dict[UUID, list[_T]] = {child: [] for child in children}
    for row in rows:
        by_child[row.child_id].append(row)  # type: ignore[attr-defined]  # of either model, both with a child
    return by_child


def _in_care(actor: Actor, children: Iterable[UUID]) -> dict[UUID, date]:
    episodes = CareEpisode.objects.visible_to(actor).filter(child__in=list(children), started_on__lte=actor.today)
    return dict(episodes.order_by().values("child").annotate(since=Max("started_on")).values_list("child", "since"))


def _duties(actor: Actor, made: dict[UUID, Course]) -> None:
    reached: Any = Duty.objects.readable_by(actor, Facet.EDUCATION)
    for child, rows in _of(made, reached.overdue_on(actor.today).filter(child__in=list(made)).order_by("due_on", "code")).items():
        made[child].overdue = rows


def _plans(actor: Actor, made: dict[UUID, Course]) -> None:
    plans = _of(made, Pep.objects.visible_to(actor).filter(child__in=list(made)).exclude(state=State.CLOSED))
    versions = Version.objects.visible_to(actor).filter(child__in=list(made)).order_by("-finalised_on", "-number")
    finals: dict[UUID, list[tuple[date, Any]]] = defaultdict(list)
    for child, day, targets in versions.values_list("child", "finalised_on", "content__targets"):
        finals[child].append((day, targets))
    for child, course in made.items():
        course.plan = next(iter(plans[child]), None)
        final = finals[child]
        if final:
            course.plan_final_on = final[0][0]
            again = add_months(final[0][0], PLAN_MONTHS)
            course.plan_old_since = again if again < actor.today else None
            course.unchanged_since = _unchanged(final)
        elif course.in_care_since + timedelta(days=FIRST_REVIEW_DAYS) < actor.today:
            course.no_plan_since = course.in_care_since + timedelta(days=FIRST_REVIEW_DAYS)


def _unchanged(final: list[tuple[date, Any]]) -> date | None:
    """Since when the targets of the newest version are the same, if they were in the one before it too."""
    newest = _aims(final[0][1])
    since = None
    for day, targets in final[1:]:
        if not newest or _aims(targets) != newest:
            break
        since = day
    return since


def _aims(targets: Any) -> list[tuple[Any, ...]]:
    """What targets are about, whatever day they are next looked at."""
    return [tuple(target.get(name) for name in ("area", "goal", "measure", "strategy")) for target in targets or []]


def _reviews(actor: Actor, made: dict[UUID, Course]) -> None:
    rows = _of(made, Review.objects.visible_to(actor).filter(child__in=list(made)).exclude(state=ReviewState.CANCELLED).order_by("scheduled_for"))
    last: dict[UUID, Course] = {}
    standing: dict[UUID, Course] = {}
    for child, course in made.items():
        held = [review for review in rows[child] if review.state == ReviewState.HELD and review.held_on and review.held_on >= course.in_care_since]
        arranged = [review for review in rows[child] if review.state == ReviewState.SCHEDULED]
        if held:
            newest = max(held, key=lambda review: review.held_on or date.min)
            course.reviewed_on = newest.held_on
            last[newest.pk] = course
        if arranged:
            course.arranged = arranged[0]
            standing[arranged[0].pk] = course
        due = add_months(course.reviewed_on, REVIEW_MONTHS) if course.reviewed_on else course.in_care_since + timedelta(days=FIRST_REVIEW_DAYS)
        course.review_late_since = due if due < actor.today else None
    decided = Decision.objects.visible_to(actor).filter(review__in=list(last), due_on__lt=actor.today).order_by("due_on")
    for review, day in decided.values_list("review", "due_on"):
        last[review].decisions.append(day)  # type: ignore[arg-type]  # filtered: it has a day
    moved = Postponement.objects.visible_to(actor).filter(review__in=list(standing)).order_by("created_at")
    for review, was in moved.values_list("review", "was_scheduled_for"):
        course = standing[review]
        course.postponed += 1
        course.postponed_since = course.postponed_since or timezone.localdate(was)
    for course in standing.values():
        if course.postponed < POSTPONED:
            course.postponed_since = None


def _targets(actor: Actor, made: dict[UUID, Course]) -> None:
    plans = {course.plan.pk: course for course in made.values() if course.plan is not None}
    late = Target.objects.visible_to(actor).filter(pep__in=list(plans), review_on__lt=actor.today).order_by("review_on")
    for plan, day in late.values_list("pep", "review_on"):
        plans[plan].targets.append(day)


def _schools(actor: Actor, made: dict[UUID, Course]) -> None:
    rows = _of(made, Enrolment.objects.visible_to(actor).filter(child__in=list(made)).order_by("started_on"))
    elsewhere = EotasPlace.objects.visible_to(actor).open_on(actor.today)
    taught = set(elsewhere.filter(child__in=list(made)).values_list("child", flat=True))
    for child, course in made.items():
        enrolled = rows[child]
        course.school_moves = sum(row.started_on > add_months(actor.today, -12) for row in enrolled[1:])
        on_roll = any(row.started_on <= actor.today and (row.ended_on is None or row.ended_on > actor.today) for row in enrolled)
        if not on_roll and child not in taught and of_compulsory_school_age(course.child.born_on, actor.today):
            left = [row.ended_on for row in enrolled if row.ended_on is not None and row.ended_on <= actor.today]
            course.no_school_since = max(left, default=course.in_care_since)


def _placements(actor: Actor, made: dict[UUID, Course]) -> None:
    """Moves of home, where the reader may read of care: the first placement of a time in care is none."""
    may_read = [child for child, course in made.items() if Facet.CARE in course.grant.facets]
    recent = Placement.objects.visible_to(actor).filter(child__in=may_read, started_on__gt=add_months(actor.today, -12))
    moved = recent.filter(started_on__gt=F("episode__started_on")).order_by().values("child").annotate(number=Count("pk"))
    for child, number in moved.values_list("child", "number"):
        made[child].placement_moves = number
