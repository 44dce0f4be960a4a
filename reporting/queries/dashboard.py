"""What an authority's dashboard counts, and the lists behind the numbers: both stand on the same rows and the same words for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, DateField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import Coalesce, TruncMonth
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Relation, Role
from lace.accounts.models import Membership, User
from lace.children.models import Child, ChildUserGrant
from lace.core.actor import Actor
from lace.core.workdays import add_months
from lace.deadlines.models import Duty
from lace.deadlines.rules import not_binding
from peps.rules import INITIATED
from reporting.queries.children import NONE, placed, plan_state
from reviews.rules import FOLLOWING
from schools.models import Designation, Enrolment, School
from schools.rules import BOUND

MONTHS = 12  # of timeliness shown


class Timeliness(TextChoices):
    """How a duty stands to its due date."""

    ON_TIME = "on_time", pgettext_lazy("timeliness", "On time")
    LATE = "late", pgettext_lazy("timeliness", "Late")
    OVERDUE = "overdue", pgettext_lazy("timeliness", "Overdue")
    MISSED = "missed", pgettext_lazy("timeliness", "Never done")
    WAITING = "waiting", pgettext_lazy("timeliness", "Not due yet")
    NOT_NEEDED = "not_needed", pgettext_lazy("timeliness", "Not needed")


JUDGED = (Timeliness.ON_TIME, Timeliness.LATE, Timeliness.OVERDUE, Timeliness.MISSED)  # what "in time" is a share of


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


class By(TextChoices):
    MONTH = "month", _("Month")
    SCHOOL = "school", _("School")
    WORKER = "worker", _("Social worker")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which duties: everything empty means all of the authority's own children."""

    codes: tuple[str, ...] = ()
    timeliness: str = ""
    month: date | None = None  # its first day
    recent: bool = False  # due in the months that the dashboard shows
    school: str = ""  # number, of the day it was due; or NONE
    worker: str = ""  # the social worker's id today; or NONE


def first_month(today: date) -> date:
    """The first of the months that the dashboard shows, the last being this one."""
    return add_months(today.replace(day=1), 1 - MONTHS)


def duties(actor: Actor, asked: Asked) -> QuerySet[Duty]:
    """Duties of the authority's own children, each with its `timeliness`: what every number about duties counts."""
    found: QuerySet[Duty] = Duty.objects.visible_to(actor).filter(authority__in=actor.authorities)
    found = found.annotate(timeliness=_timeliness(actor.today))
    if asked.codes:
        found = found.filter(code__in=asked.codes)
    if asked.timeliness:
        found = found.filter(timeliness=asked.timeliness)
    if asked.timeliness == Timeliness.OVERDUE:
        found = found.filter(closed_on__isnull=True, due_on__lt=actor.today)  # the index of open duties
    if asked.month:
        found = found.filter(due_on__gte=asked.month, due_on__lt=add_months(asked.month, 1))
    if asked.recent:
        found = found.filter(due_on__gte=first_month(actor.today), due_on__lt=add_months(actor.today.replace(day=1), 1))
    if asked.school:
        found = found.annotate(school=_school()).filter(school=asked.school)
    if asked.worker:
        found = found.annotate(worker=_worker(actor)).filter(**_of_worker(asked.worker))
    return found


def _of_worker(worker: str) -> dict[str, Any]:
    return {"worker__isnull": True} if worker == NONE else {"worker": int(worker)}


def _timeliness(today: date) -> Case:
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


def _school() -> Coalesce:
    """The number of the school on whose register the child was on the day the duty fell due."""
    then = Enrolment.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=OuterRef("due_on")), child=OuterRef("child"), started_on__lte=OuterRef("due_on")
    )
    return Coalesce(Subquery(then.order_by("-started_on").values("school__number")[:1], output_field=CharField()), Value(NONE))


def _worker(actor: Actor) -> Subquery:
    """The account of the child's social worker today."""
    named = ChildUserGrant.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today),
        content_object=OuterRef("child"),
        permission__codename=str(Relation.SOCIAL_WORKER),
        starts_on__lte=actor.today,
    )
    return Subquery(named.order_by("-starts_on", "pk").values("user")[:1], output_field=IntegerField())


def by_place_and_plan(actor: Actor) -> list[dict[str, Any]]:
    """Children looked after now, counted by where they stand to the authority (`where`) and the state of their plan (`plan`)."""
    children = Child.objects.visible_to(actor).in_care_on(actor.today).order_by()
    return [dict(row) for row in children.annotate(where=placed(actor), plan=plan_state()).values("where", "plan").annotate(number=Count("pk"))]


def overdue_by_kind(actor: Actor) -> list[dict[str, Any]]:
    """Overdue duties by `code`."""
    late = duties(actor, Asked(timeliness=Timeliness.OVERDUE))
    return [dict(row) for row in late.order_by().values("code").annotate(number=Count("pk")).order_by("-number", "code")]


def overdue_by_worker(actor: Actor) -> list[dict[str, Any]]:
    """Overdue duties by the child's social worker today (`worker`, None where nobody is named)."""
    late = duties(actor, Asked(timeliness=Timeliness.OVERDUE)).annotate(worker=_worker(actor))
    return [
        dict(row)
        for row in late.order_by().values("worker").annotate(number=Count("pk"), children=Count("child", distinct=True)).order_by("-number", "worker")
    ]


def in_time(actor: Actor, by: By) -> list[dict[str, Any]]:
    """Duties due in the months shown, by `code`, `timeliness` and `by` (the month's first day, the school's number, the worker's id)."""
    group = {By.MONTH: TruncMonth("due_on", output_field=DateField()), By.SCHOOL: _school(), By.WORKER: _worker(actor)}[by]
    counted = tuple(code for measure in Measure for code in measure.codes)
    rows = duties(actor, Asked(codes=counted, recent=True)).annotate(by=group).order_by()
    return [dict(row) for row in rows.values("code", "timeliness", "by").annotate(number=Count("pk"))]


def without_designated_person(actor: Actor) -> int:
    """Schools of the authority that must have a designated person and have none today (SCH-02)."""
    current = Designation.objects.current_on(actor.today).filter(school=OuterRef("pk"))
    return School.objects.filter(~Exists(current), organisation__authority__in=actor.authorities, kind__in=BOUND).count()


def school_names(numbers: set[str]) -> dict[str, School]:
    return {school.number: school for school in School.objects.filter(number__in=numbers).select_related("organisation")}


def worker(actor: Actor, user: int) -> User | None:
    """A social worker of the authority."""
    held = Membership.objects.filter(authority__in=actor.authorities, role=Role.SOCIAL_WORKER, user=user)
    return User.objects.filter(Exists(held), pk=user).first()
