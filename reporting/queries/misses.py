"""Missed statutory timescales of the authority's own children, with the designated manager's answers, and how timely every kind of duty is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, DateField, F, Q, QuerySet, TextChoices
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import User
from lace.accounts.role_groups import SOCIAL_CARE
from lace.core.actor import Actor
from lace.core.workdays import add_months
from lace.deadlines.models import Duty
from lace.deadlines.rules import Force
from reporting.queries.duties import MISSES, Asked, of_children, school_then, with_people, worker_now

REPEATED = 2  # misses of one worker or school, from which it is said


class Period(TextChoices):
    """Months back from today in which the duty was due."""

    QUARTER = "3", _("3 months")
    YEAR = "12", _("12 months")
    THREE_YEARS = "36", _("3 years")


class Whose(TextChoices):
    """Whose step was missed."""

    CARE = "care", _("Social care's steps")
    OTHERS = "others", _("Schools' and the education service's steps")
    ALL = "all", pgettext_lazy("filter", "All")


class Answer(TextChoices):
    NONE = "none", _("Not answered")
    GIVEN = "given", _("Answered")
    LATE = "late", _("Remedy is late")


class GroupBy(TextChoices):
    WORKER = "worker", _("Social worker")
    ROLE = "role", _("Responsible role")
    SCHOOL = "school", pgettext_lazy("tab", "School")
    KIND = "kind", pgettext_lazy("duties", "Duty")


@dataclass(frozen=True, slots=True)
class Missed:
    """Which misses: everything empty means all of the authority's own children's."""

    period: Period = Period.YEAR
    whose: Whose = Whose.ALL
    answer: str = ""
    role: str = ""
    kind: str = ""
    school: str = ""
    worker: str = ""


def first_day(period: Period, today: date) -> date:
    return add_months(today, -int(period))


def misses(actor: Actor, missed: Missed) -> QuerySet[Duty]:
    """Duties with force of law that are overdue, were done late or were never done; in no order."""
    asked = Asked(
        codes=(missed.kind,) if missed.kind else None,
        force=Force.STATUTORY,
        role=missed.role,
        school=missed.school,
        worker=missed.worker,
        due_from=first_day(missed.period, actor.today),
        due_to=actor.today,
        ours=True,
    )
    found: QuerySet[Any] = of_children(actor, asked)
    found = found.filter(timeliness__in=MISSES)
    if missed.whose != Whose.ALL:
        of_care = Q(role__in=SOCIAL_CARE)
        found = found.filter(of_care if missed.whose == Whose.CARE else ~of_care)
    return found.filter(_answered(actor, missed.answer)) if missed.answer else found


def _answered(actor: Actor, answer: str) -> Q:
    return {
        Answer.NONE: Q(miss_answer__isnull=True),
        Answer.GIVEN: Q(miss_answer__isnull=False),
        Answer.LATE: Q(miss_answer__remedy_by__lt=actor.today, closed_on__isnull=True),
    }[Answer(answer)]


def in_order(found: QuerySet[Duty], actor: Actor) -> QuerySet[Duty]:
    """What nobody has answered first, the oldest before the newer; with the answers and who is responsible."""
    rows = with_people(found, actor).select_related("child", "handed_to", "miss_answer__acknowledged_by")
    return rows.order_by(F("miss_answer__acknowledged_on").asc(nulls_first=True), "due_on", "pk")


def counted(actor: Actor, missed: Missed) -> dict[str, int]:
    """All of these misses (`number`), those still open, those nobody answered, and those whose remedy is late. One statement."""
    found = misses(actor, replace(missed, answer=""))
    return dict(
        found.order_by().aggregate(
            number=Count("pk"),
            open=Count("pk", filter=Q(closed_on__isnull=True)),
            none=Count("pk", filter=_answered(actor, Answer.NONE)),
            late=Count("pk", filter=_answered(actor, Answer.LATE)),
        )
    )


def grouped(actor: Actor, missed: Missed, by: GroupBy) -> list[dict[str, Any]]:
    """By `key` (the worker's id, a role, a school's number, a duty's code): number, open, none (unanswered) and children; most first."""
    found: QuerySet[Any] = misses(actor, missed)
    match by:
        case GroupBy.WORKER:
            found = found.annotate(key=worker_now(actor))
        case GroupBy.SCHOOL:
            found = found.annotate(key=school_then())
        case GroupBy.ROLE:
            found = found.annotate(key=F("role"))
        case GroupBy.KIND:
            found = found.annotate(key=F("code"))
    rows = found.order_by().values("key")
    return [
        dict(row)
        for row in rows.annotate(
            number=Count("pk"),
            open=Count("pk", filter=Q(closed_on__isnull=True)),
            none=Count("pk", filter=_answered(actor, Answer.NONE)),
            children=Count("child", distinct=True),
        ).order_by("-number", "key")
    ]


def worker_names(users: set[int]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=users).values_list("pk", "name"))


def timely(actor: Actor, *, due_from: date, due_to: date, role: str = "") -> list[dict[str, Any]]:
    """Duties of the authority's own children due in these days: `number` by `code`, `month`, `timeliness` and `outcome`, and of those
    with a reason (`reasoned`). One statement."""
    found = of_children(actor, Asked(ours=True, due_from=due_from, due_to=due_to, role=role))
    rows = found.annotate(month=TruncMonth("due_on", output_field=DateField())).order_by().values("code", "month", "timeliness", "outcome")
    return [dict(row) for row in rows.annotate(number=Count("pk"), reasoned=Count("pk", filter=~Q(reason="")))]
