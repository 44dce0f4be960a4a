"""What may be recorded about a duty: that it was done outside Lace, why it is late, that the law does not ask it. Judged, not written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lace.core.errors import Message
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.rules import RULES, Clock, Done, Exempt, Force

LONGEST = Duty._meta.get_field("done_note").max_length or 0
_BEFORE_AN_EVENT = timedelta(days=366)  # what is to be done before an event was hardly done longer before it: rather a wrong year


def is_recorded(duty: Duty | BodyDuty) -> bool:
    """Is it done outside Lace, so that somebody has to say that it was?"""
    rule = RULES.get(duty.code)
    return rule is not None and rule.done == Done.RECORD


def problems_of_record(duty: Duty | BodyDuty, *, on: date, what: str, reason: str, today: date) -> Iterator[tuple[str, Message]]:
    """What is wrong with saying that a duty was done on a day, by field."""
    rule = RULES[duty.code]
    if on > today:
        yield "on", _("The day must be today or in the past")
    if rule.clock != Clock.EVENT and on < duty.trigger_on:
        yield "on", _("The clock started on %(day)s. Give that day, or one after it") % {"day": date_format(duty.trigger_on, "DATE_FORMAT")}
    if on < duty.trigger_on - _BEFORE_AN_EVENT:
        yield "on", _("That is more than a year before. Check the year")
    if not what.strip():
        yield "what", _("Say what was done, and where it is written down")
    if len(what.strip()) > LONGEST:
        yield "what", _("Shorten this to %(longest)s characters or fewer") % {"longest": LONGEST}
    if on > duty.due_on and rule.force.binds and not (reason.strip() or duty.reason):
        due = {"day": date_format(duty.due_on, "DATE_FORMAT")}
        yield "reason", _("This was due on %(day)s. Write why it is late. The due date stays the same") % due
    elif reason.strip():
        yield from problems_of_reason(reason)


def problems_of_reason(reason: str) -> Iterator[tuple[str, Message]]:
    """What is wrong with a reason for lateness."""
    longest = Duty._meta.get_field("reason").max_length or 0
    if not reason.strip():
        yield "reason", _("Write why it is late. The due date stays the same")
    elif len(reason.strip()) > longest:
        yield "reason", _("Shorten the reason to %(longest)s characters or fewer") % {"longest": longest}


def exemptions(duty: Duty) -> tuple[Exempt, ...] | None:
    """By which provisions a statutory duty may not apply to a child, often none; None for a duty that is not statutory."""
    rule = RULES.get(duty.code)
    if rule is None or rule.force != Force.STATUTORY:
        return None if rule is not None else ()
    return rule.exempt


def can_be_waived(duty: Duty) -> bool:
    """Is there anything to ask: an open duty that is not statutory, or one from which the law exempts some children?"""
    return duty.closed_on is None and exemptions(duty) != ()
