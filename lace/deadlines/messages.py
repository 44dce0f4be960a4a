"""What the sweep's messages say: a duty is coming up, due today, or late."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lace.accounts.access import Role
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES
from lace.notifications.kinds import Facts, Kind, declare, plain_facts


class DutyKind(StrEnum):
    """Chosen by the sweep from the due date and the day it sweeps."""

    SOON = "duty_soon"
    TODAY = "duty_today"
    LATE = "duty_late"


class BodyKind(StrEnum):
    """The same of a duty of a school or an authority."""

    SOON = "body_duty_soon"
    TODAY = "body_duty_today"
    LATE = "body_duty_late"


def _still_open(duties: Collection[UUID]) -> set[UUID]:
    """Those of the duties of which a reminder is still worth sending."""
    return set(Duty.objects.open().filter(pk__in=duties).values_list("pk", flat=True))


def _instead(facts: Facts) -> str:
    """Why somebody is told who does not hold the role (DL-10)."""
    if not facts.get("instead_of"):
        return ""
    role = {"role": Role(facts["instead_of"]).label}
    match facts.get("away"):
        case "stand_in":
            return _("You are told because you stand in for a colleague who is away: %(role)s.") % role
        case "coordinator":
            return _("You are told because a colleague is away and nobody stands in who may see the child: %(role)s.") % role
        case _:
            return _("You are told because nobody is recorded as: %(role)s.") % role


def _of_body(facts: Facts) -> Mapping[str, str]:
    return {**_words(facts), "body": facts["body_cy" if (get_language() or "").startswith("cy") else "body_en"]}


def _words(facts: Facts) -> Mapping[str, str]:
    rule = RULES[facts["code"]]
    return {
        **plain_facts(facts),
        "title": str(rule.title),
        "why": str(rule.why),
        "role": str(Role(facts["role"]).label),
        "instead": _instead(facts),
    }


declare(
    Kind(
        DutyKind.SOON,
        gettext_lazy("%(title)s: by %(due_on)s"),
        gettext_lazy("For %(initials)s this is due by %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "child_duties",
        _words,
        digest=True,
        stands=_still_open,
    ),
    Kind(
        DutyKind.TODAY,
        gettext_lazy("%(title)s: due today"),
        gettext_lazy("For %(initials)s this is due today, %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "child_duties",
        _words,
        digest=True,
        stands=_still_open,
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
        digest=True,
        stands=_still_open,
    ),
    Kind(
        BodyKind.SOON,
        gettext_lazy("%(title)s: by %(due_on)s"),
        gettext_lazy("For %(body)s this is due by %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "body_duties",
        _of_body,
        digest=True,
    ),
    Kind(
        BodyKind.TODAY,
        gettext_lazy("%(title)s: due today"),
        gettext_lazy("For %(body)s this is due today, %(due_on)s. Responsible: %(role)s.\n\n%(why)s\n\n%(instead)s"),
        "body_duties",
        _of_body,
        digest=True,
    ),
    Kind(
        BodyKind.LATE,
        gettext_lazy("%(title)s: late since %(due_on)s"),
        gettext_lazy(
            "For %(body)s this was due by %(due_on)s and is not recorded as done. Responsible: %(role)s."
            " If it is done, record it; if not, write in Lace why it is late.\n\n%(why)s\n\n%(instead)s"
        ),
        "body_duties",
        _of_body,
        digest=True,
    ),
    Kind(
        "lists_disagree",
        gettext_lazy("Your lists of children disagree"),
        gettext_lazy(
            "For %(count)s children of your authority, where they live or go to school does not agree with who may see their record."
            " Open the list of children, look at those who moved lately, and record their placement and school again."
        ),
        "children",
    ),
)
