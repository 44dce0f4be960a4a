"""What an authority's dashboard counts, and the lists behind the numbers: both stand on the same rows and the same words for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, DateField, Exists, OuterRef, TextChoices
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.workdays import add_months
from reporting.queries.children import Search, listed, placed, plan_state
from reporting.queries.duties import Asked, Measure, Timeliness, of_children, school_then, worker_now
from schools.models import Designation, School
from schools.rules import BOUND

MONTHS = 12  # of timeliness shown


class By(TextChoices):
    MONTH = "month", _("Month")
    SCHOOL = "school", _("School")
    WORKER = "worker", _("Social worker")


def first_month(today: date) -> date:
    """The first of the months that the dashboard shows, the last being this one."""
    return add_months(today.replace(day=1), 1 - MONTHS)


def shown(actor: Actor) -> Asked:
    """The duties of the authority's own children that were due in the months shown."""
    return Asked(ours=True, due_from=first_month(actor.today), due_to=last_day(actor.today))


def last_day(month: date) -> date:
    """The last day of the month in which a day is."""
    return add_months(month.replace(day=1), 1) - timedelta(days=1)


def by_place_and_plan(actor: Actor) -> list[dict[str, Any]]:
    """Children looked after now, counted by where they stand to the authority (`where`) and the state of their plan (`plan`)."""
    children = Child.objects.visible_to(actor).in_care_on(actor.today).order_by()
    return [dict(row) for row in children.annotate(where=placed(actor), plan=plan_state()).values("where", "plan").annotate(number=Count("pk"))]


def overdue_by_kind(actor: Actor) -> list[dict[str, Any]]:
    """Overdue duties by `code`."""
    late = of_children(actor, Asked(ours=True, state=Timeliness.OVERDUE))
    return [dict(row) for row in late.order_by().values("code").annotate(number=Count("pk")).order_by("-number", "code")]


def overdue_by_worker(actor: Actor) -> list[dict[str, Any]]:
    """Overdue duties by the child's social worker today (`worker`, None where nobody is named)."""
    late = of_children(actor, Asked(ours=True, state=Timeliness.OVERDUE)).annotate(worker=worker_now(actor))
    return [
        dict(row)
        for row in late.order_by().values("worker").annotate(number=Count("pk"), children=Count("child", distinct=True)).order_by("-number", "worker")
    ]


def in_time(actor: Actor, by: By) -> list[dict[str, Any]]:
    """Duties due in the months shown, by `code`, `timeliness` and `by` (the month's first day, the school's number, the worker's id)."""
    group = {By.MONTH: TruncMonth("due_on", output_field=DateField()), By.SCHOOL: school_then(), By.WORKER: worker_now(actor)}[by]
    counted = tuple(code for measure in Measure for code in measure.codes)
    rows = of_children(actor, replace(shown(actor), codes=counted)).annotate(by=group).order_by()
    return [dict(row) for row in rows.values("code", "timeliness", "by").annotate(number=Count("pk"))]


def without_designated_person(actor: Actor) -> int:
    """Schools of the authority that must have a designated person and have none today (SCH-02)."""
    current = Designation.objects.current_on(actor.today).filter(school=OuterRef("pk"))
    return School.objects.filter(~Exists(current), organisation__authority__in=actor.authorities, kind__in=BOUND).count()


def without_second_meeting(actor: Actor) -> int:
    """Children whose second meeting with the carer is neither held nor booked in time (PEP-19)."""
    return listed(actor, Search(meeting=True)).count()


def school_names(numbers: set[str]) -> dict[str, School]:
    return {school.number: school for school in School.objects.filter(number__in=numbers).select_related("organisation")}


def worker(actor: Actor, user: int) -> User | None:
    """A social worker of the authority."""
    held = Membership.objects.filter(authority__in=actor.authorities, role=Role.SOCIAL_WORKER, user=user)
    return User.objects.filter(Exists(held), pk=user).first()
