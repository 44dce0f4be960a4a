"""How a target ends, and who pays for it. No database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from peps.rules import Gap


class Funding(TextChoices):
    """Who pays for what a target needs."""

    PDG = "pdg", _("Pupil Development Grant for looked-after children")
    SCHOOL = "school", _("The school's own budget")
    AUTHORITY = "authority", _("The local authority")
    CARE = "care", _("Social services")
    OTHER = "other", _("Another grant or fund")


class Outcome(TextChoices):
    """What became of a target of the last final version."""

    MET = "met", pgettext_lazy("target", "Met")
    PARTLY = "partly", pgettext_lazy("target", "Partly met")
    NOT_MET = "not_met", pgettext_lazy("target", "Not met")
    NO_LONGER = "no_longer", pgettext_lazy("target", "No longer right for the child")
    GOES_ON = "goes_on", pgettext_lazy("target", "Goes on: its review date is still to come")


# After these a target may be taken out of the plan that is being written; what was not reached is carried on, or removed for itself.
ENDS = frozenset({Outcome.MET, Outcome.NO_LONGER})


def may_go_on(target: Mapping[str, Any], on: date) -> bool:
    """Is the review date of this frozen target still to come?"""
    return date.fromisoformat(target["review_on"]) > on


def unevaluated(targets: Iterable[Mapping[str, Any]], outcomes: Mapping[str, str], on: date) -> list[Gap]:
    """What stands in the way of the next final version: each target of the last one of which nobody has said how it ended.

    `outcomes` by the target's id. That a target goes on is enough as long as its review date is to come.
    """
    sentence = _("Targets of the last plan: say how “{goal}” ended, or that it goes on")
    return [
        Gap("last_targets", format_lazy(sentence, goal=target["goal"]))
        for target in targets
        if target["id"] not in outcomes or (outcomes[target["id"]] == Outcome.GOES_ON and not may_go_on(target, on))
    ]
