"""What a change of the calendars, or of an authority's choices, moves: open duties counted anew (DL-02, DL-05)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from lace.accounts.acting import context_of
from lace.accounts.models import LocalAuthority, Organisation
from lace.core.actor import Actor
from lace.database.context import Context, use
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.reckoning import Reckoner, places_of
from lace.deadlines.rules import RULES, Clock, Fact
from lace.deadlines.services import recompute

# What term dates, closed days and bank holidays move.
_BY_CALENDAR = Q(clock__in=(Clock.SCHOOL, Clock.WORKING)) | Q(code__in=[rule.code for rule in RULES.values() if rule.clock_setting])


@transaction.atomic
def recount(*, by: Actor, authority: LocalAuthority, school: Organisation | None = None, which: Q = _BY_CALENDAR) -> int:
    """Count the open duties of the authority's children and bodies anew; with `school`, of that school and its pupils. How many moved.

    `which`: a condition on duties of either kind. The caller has asked whether `by` may keep the calendar, or choose. Whoever does so
    need not see a child: the rows are those of the authority, and the audit names who acted. Children whom other authorities placed at
    its schools follow in the night.
    """
    whose = Context(authority_ids=(authority.pk,), tenant_ids=(authority.pk,), today=by.today, label=context_of(by).label)
    with use(whose):
        return _recount(by, authority, school, which)


def _recount(by: Actor, authority: LocalAuthority, school: Organisation | None, which: Q) -> int:
    duties = list(Duty.objects.open().filter(which, authority=authority, code__in=list(RULES)).order_by("pk").select_for_update(no_key=True))
    bodies = list(BodyDuty.objects.open().filter(which, authority=authority, code__in=list(RULES)).order_by("pk").select_for_update(no_key=True))
    places = places_of({duty.child_id for duty in duties})
    if school is not None:
        duties = [duty for duty in duties if any(place[1] == school.pk for _since, place in places.get(duty.child_id, ()))]
        bodies = [duty for duty in bodies if duty.body_id == school.pk]
    since = min((duty.trigger_on for duty in (*duties, *bodies)), default=by.today)
    reckoner = Reckoner(since=since, today=by.today, authorities=[authority])
    moved = 0
    rows: list[Duty | BodyDuty] = [*duties, *bodies]
    for duty in rows:
        before = (duty.due_on, duty.provisional, duty.clock)
        if isinstance(duty, Duty):
            there = [place for starts_on, place in places.get(duty.child_id, ()) if starts_on <= duty.trigger_on]
            place = there[-1] if there else None
        else:
            place = (authority.pk, duty.body_id) if duty.body_id else None
        recompute(by=by, duty=duty, made=reckoner.opening(duty.code, Fact(duty.fact), duty.trigger_on, authority.pk, place))
        if (duty.due_on, duty.provisional, duty.clock) != before:
            duty.save()
            moved += 1
    return moved
