"""The designated manager's answer to a missed statutory timescale (SW-13). Nothing it says moves a due date (DL-07)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children.models import lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, Refused, refuse
from lace.deadlines.models import Duty, MissAnswer
from lace.deadlines.services import done

REPORTED = "miss_reported"  # the duty to look at a miss; its subject is the duty that was missed
LONGEST = timedelta(days=366)  # a remedy further away is none


@transaction.atomic
def answer_miss(*, by: Actor, duty: Duty, remedy: str = "", remedy_by: date | None = None) -> MissAnswer:
    """Record that the designated manager has seen the miss, and what is to be done about it by when; again to change the remedy.

    Who saw it first and when stays. Raises NotAllowed, Refused when nothing was missed, BadInput for a day without a remedy, a day
    that has passed, or a remedy that nobody has to do by any day while the duty is still open.
    """
    require_for(by=by, permission=Permission.ANSWER_MISS, child=duty.child)
    lock(duty.child)
    duty = Duty.objects.select_related("child").get(pk=duty.pk)
    if not duty.is_miss(by.today):
        raise Refused(_("This was not missed, so there is nothing to answer"))
    known = MissAnswer.objects.filter(duty=duty).first()
    remedy = remedy.strip()
    refuse(_problems(by, duty, remedy, remedy_by, known))
    if known is None:
        assert by.user_id is not None  # require_for lets jobs through; no job answers
        known = MissAnswer(duty=duty, child_id=duty.child_id, authority_id=duty.authority_id, acknowledged_by_id=by.user_id, acknowledged_on=by.today)
        known.remedy, known.remedy_by = remedy, remedy_by
        known.save(force_insert=True)
        for reported in Duty.objects.open().filter(child=duty.child, code=REPORTED, subject=duty.pk):
            done(by=by, duty=reported, on=by.today, evidence=known.pk)
    else:
        known.remedy, known.remedy_by = remedy, remedy_by
        known.save(update_fields=["remedy", "remedy_by"])
    return known


def _problems(by: Actor, duty: Duty, remedy: str, remedy_by: date | None, known: MissAnswer | None) -> list[tuple[str, Message]]:
    longest = MissAnswer._meta.get_field("remedy").max_length or 0
    found: list[tuple[str, Message]] = []
    if len(remedy) > longest:
        found.append(("remedy", _("Shorten the remedy to %(longest)s characters or fewer") % {"longest": longest}))
    if remedy_by and not remedy:
        found.append(("remedy", _("Say what is done about it, or take the day away")))
    if remedy and remedy_by is None and duty.closed_on is None:
        found.append(("remedy_by", _("Enter the day by which it is done")))
    unchanged = known is not None and known.remedy_by == remedy_by
    if remedy_by and not unchanged and not by.today <= remedy_by <= by.today + LONGEST:
        found.append(("remedy_by", _("Choose today or a day within the coming year")))
    return found
