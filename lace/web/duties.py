"""A duty as the duty component takes it: once, for every page that lists duties."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.deadlines.explain import Explanation
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.rules import RULES, Force

SOON = 7  # days before its due date from which a duty is marked


def duty_status(duty: Duty | BodyDuty, told: Explanation, today: date) -> str:
    """The component's status word. Only the strictest of several duties with one goal is red (AMB-01), and only what binds (AMB-07)."""
    if duty.closed_on is not None:
        return {Duty.Outcome.ON_TIME: "met", Duty.Outcome.LATE: "late"}.get(Duty.Outcome(duty.outcome), "waived")
    if duty.is_overdue(today) and told.strictest and RULES[duty.code].force in {Force.STATUTORY, Force.EXPECTED}:
        return "overdue"
    return "soon" if 0 <= (duty.due_on - today).days <= SOON else "due"


def duty_item(duty: Duty | BodyDuty, told: Explanation, today: date, *, whom: str = "", href: str = "") -> dict[str, Any]:
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


# The groups of a page about one child or one body, in their order.
GROUPS: dict[str, Promise] = {
    "overdue": _("Overdue"),
    "soon": _("In the next 7 days"),
    "later": _("Later"),
    "closed": pgettext_lazy("duties", "Done and closed"),
}


def group_of(duty: Duty | BodyDuty, today: date) -> str:
    """The group in which a page shows a duty: past its day, within a week, later, closed."""
    if duty.closed_on is not None:
        return "closed"
    days = (duty.due_on - today).days
    return "overdue" if days < 0 else "soon" if days <= SOON else "later"


def groups(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Those groups that hold something, with their titles."""
    return [{"title": title, "duties": found[name]} for name, title in GROUPS.items() if found.get(name)]
