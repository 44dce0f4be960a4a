"""The duties of a school or of an authority as such, done outside Lace and recorded. They name no child."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role, require
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused, refuse
from lace.deadlines import services as duties
from lace.deadlines.ladders import look_again
from lace.deadlines.models import BodyDuty
from lace.deadlines.models.duty import Outcome
from lace.deadlines.recording import is_recorded, problems_of_reason, problems_of_record

# Who answers for what a school has to do, beside the role it is laid upon; for the authority's, the LACE coordinator alone.
_FOR_SCHOOL = (Role.HEADTEACHER, Role.DESIGNATED_PERSON)


def answers_for(*, by: Actor, duty: BodyDuty) -> bool:
    """Is the duty this person's to record: of their own school, or of their authority, under its role or as one who answers for it?"""
    if duty.authority_id != by.authority_id or (by.organisation_id is not None and duty.body_id != by.organisation_id):
        return False
    return by.role == duty.role or by.role == Role.LACE_COORDINATOR or (duty.body_id is not None and by.role in _FOR_SCHOOL)


def _standing(by: Actor, duty: BodyDuty) -> BodyDuty:
    """The duty as it stands, locked. Raises NotAllowed."""
    require(by, Permission.SEE_BODY_DUTIES)
    if not answers_for(by=by, duty=duty):
        raise NotAllowed
    return BodyDuty.objects.select_for_update(no_key=True, of=("self",)).get(pk=duty.pk)


@transaction.atomic
def record_body_done(*, by: Actor, duty: BodyDuty, on: date, what: str, reason: str = "") -> BodyDuty:
    """As `life.record_done`, for a duty of a school or an authority. Raises NotAllowed, BadInput, Refused."""
    duty = _standing(by, duty)
    if not is_recorded(duty):
        raise Refused(_("Lace sees by itself when this is done. Do it in Lace, and this is closed"))
    if duty.closed_on is not None:
        raise Refused(_("This is closed already"))
    refuse(problems_of_record(duty, on=on, what=what, reason=reason, today=by.today))
    duty.done_note = what.strip()
    duty.save(update_fields=["done_note"])
    duties.done(by=by, duty=duty, on=on, reason=reason.strip())
    return BodyDuty.objects.get(pk=duty.pk)


@transaction.atomic
def undo_body(*, by: Actor, duty: BodyDuty) -> BodyDuty:
    """Open a duty again that was recorded as done by mistake; the audit keeps what was recorded. Raises NotAllowed, Refused."""
    duty = _standing(by, duty)
    if not (is_recorded(duty) and duty.done_note and duty.outcome in {Outcome.ON_TIME, Outcome.LATE}):
        raise Refused(_("Only what somebody recorded as done can be opened again"))
    look_again(duty, by.today)
    duty.closed_on, duty.outcome, duty.done_note = None, "", ""
    duty.save(update_fields=["closed_on", "outcome", "done_note", "next_rung", "next_look_on", "ladder_round"])
    return duty


@transaction.atomic
def explain_body_lateness(*, by: Actor, duty: BodyDuty, reason: str) -> None:
    """Record why a duty of a school or an authority is or was late; its day stays (DL-07). Raises NotAllowed, BadInput, Refused."""
    duty = _standing(by, duty)
    refuse(problems_of_reason(reason))
    if not duty.days_late(by.today):
        raise Refused(_("This is not late, so there is nothing to explain. A due date cannot be moved"))
    duty.reason = reason.strip()
    duty.save(update_fields=["reason"])
