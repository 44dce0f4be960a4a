"""What the sweep's messages say: a duty is coming up, due today, or late."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lace.accounts.access import Role
from lace.deadlines.rules import RULES
from lace.notifications.kinds import Facts, Kind, declare, plain_facts


class DutyKind(StrEnum):
    """Chosen by the sweep from the due date and the day it sweeps."""

    SOON = "duty_soon"
    TODAY = "duty_today"
    LATE = "duty_late"


def _words(facts: Facts) -> Mapping[str, str]:
    rule = RULES[facts["code"]]
    instead = ""
    if facts.get("instead_of"):
        instead = _("You are told because nobody is recorded as: %(role)s.") % {"role": Role(facts["instead_of"]).label}
    return {
        **plain_facts(facts),
        "title": str(rule.title),
        "why": str(rule.why),
        "role": str(Role(facts["role"]).label),
        "instead": instead,
    }


declare(
    Kind(
        DutyKind.SOON,
        gettext_lazy("%(title)s: by %(due_on)s"),
        gettext_lazy("For %(initials)s this is due by %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "child_duties",
        _words,
    ),
    Kind(
        DutyKind.TODAY,
        gettext_lazy("%(title)s: due today"),
        gettext_lazy("For %(initials)s this is due today, %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "child_duties",
        _words,
    ),
    Kind(
        DutyKind.LATE,
        gettext_lazy("%(title)s: late since %(due_on)s"),
        gettext_lazy(
            "For %(initials)s this was due by %(due_on)s and is not recorded as done. Responsible: %(role)s."
            " If it is done, record it; if not, write in Lace why it is late.\n\n%(why)s\n\n%(instead)s"
        ),
        "child_duties",
        _words,
    ),
)
