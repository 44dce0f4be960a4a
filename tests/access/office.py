"""What else people of the child's authority act on, besides the child: invitations, absences, calendars, alerts, duties of bodies.

So that at each address there is something to refuse, and an answer for somebody else's that could differ from the one for nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.services.invitations import invite
from lace.accounts.services.reviews import open_access_review
from lace.audit.models import Alert, Rule
from lace.children.models import PlacedByOthers
from lace.children.rules import HeardFrom, academic_year
from lace.core.actor import Actor
from lace.core.schooldays import KnownTerm
from lace.deadlines.models import BodyDuty
from lace.deadlines.rules import Fact
from lace.deadlines.services import open_body_duties
from lace.deadlines.services.absences import be_away
from lace.deadlines.services.calendars import add_holiday, enter_dates
from lace.notifications.models import Undelivered
from lace.web.middleware import serving
from schools.services.placed import Heard, add_heard
from tests.world import Authority


def furnish(own: Authority) -> dict[str, Any]:
    """Make them; their ids by the names under which addresses ask for them."""
    today = timezone.localdate()
    administrator, coordinator = own.actor(Role.ADMINISTRATOR), own.actor(Role.LACE_COORDINATOR)
    worker = own.user(Role.SOCIAL_WORKER)
    with serving(administrator):
        invited = invite(by=administrator, authority=own.row, email="new.officer@lace.example", name="Swyddog Newydd", role=Role.DATA_OFFICER)
        review = open_access_review(by=administrator, authority=own.row)
        absence = be_away(by=administrator, user=worker, starts_on=today + timedelta(days=20), ends_on=today + timedelta(days=25))
        add_holiday(by=administrator, authority=own.row, day=_weekday(today + timedelta(days=200)), name="Dydd Gŵyl")
        year = academic_year(today)
        enter_dates(by=administrator, authority=own.row, terms=terms(year), closed={_weekday(date(year, 11, 9)): "inset"})
    with serving(Actor.named_job("delivery", today=today)):
        failed = Undelivered.objects.create(
            letter=uuid.uuid4(), authority=own.row, recipient=worker, kind="reminder", failed_at=timezone.now() - timedelta(hours=2)
        )
    with serving(Actor.named_job("audit", today=today)):
        alert = Alert(authority_id=own.row.pk, user_id=worker.pk, role=Role.SOCIAL_WORKER, rule=Rule.values[0], day=today, number=40, threshold=30)
        alert.save(force_insert=True)
    with serving(coordinator):
        add_heard(
            by=coordinator,
            heard=[Heard(placed_by="Bristol", name="Plentyn Arall", born_on=date(2013, 4, 5))],
            heard_from=HeardFrom.values[0],
            heard_on=today,
        )
        placed = PlacedByOthers.objects.visible_to(coordinator).order_by("-pk")[0]
        open_body_duties(by=coordinator, authority=own.row, body=None, fact=Fact.QUARTER, on=today - timedelta(days=200), subject=uuid.uuid4())
        duty = BodyDuty.objects.filter(authority=own.row, body=None, code="members_informed")[0]
    return {
        "roleinvitation": invited.pk,
        "access_review": review.pk,
        "undelivered": failed.pk,
        "absence": absence.pk,
        "alert": alert.pk,
        "placed": placed.pk,
        "bodyduty": duty.pk,
    }


def _weekday(day: date) -> date:
    """That day, or the Monday after it."""
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


def terms(year: int) -> Iterable[KnownTerm]:
    """The autumn term of a school year."""
    yield KnownTerm(
        year, "autumn", _weekday(date(year, 9, 2)), _weekday(date(year, 12, 16)), _weekday(date(year, 10, 25)), _weekday(date(year, 10, 28))
    )
