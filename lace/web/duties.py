"""A duty as the duty component takes it: once, for every page that lists duties."""

from __future__ import annotations

from datetime import date
from typing import Any

from lace.deadlines.explain import Explanation
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES, Force

SOON = 7  # days before its due date from which a duty is marked


def duty_status(duty: Duty, told: Explanation, today: date) -> str:
    """The component's status word. Only the strictest of several duties with one goal is red (AMB-01), and only what binds (AMB-07)."""
    if duty.closed_on is not None:
        return {Duty.Outcome.ON_TIME: "met", Duty.Outcome.LATE: "late"}.get(Duty.Outcome(duty.outcome), "waived")
    if duty.is_overdue(today) and told.strictest and RULES[duty.code].force in {Force.STATUTORY, Force.EXPECTED}:
        return "overdue"
    return "soon" if 0 <= (duty.due_on - today).days <= SOON else "due"


def duty_item(duty: Duty, told: Explanation, today: date, *, whom: str = "", href: str = "") -> dict[str, Any]:
    """What, why with its source, by when, for whom, and who is told next, of a duty explained on a day."""
    return {
        "what": told.title,
        "why": f"{told.why} ({told.source}) {told.fact} {told.count}",
        "due": duty.due_on,
        "whom": whom,
        "status": duty_status(duty, told, today),
        "next": " ".join(filter(None, (told.beside, told.next_told))),
        "href": href,
    }
