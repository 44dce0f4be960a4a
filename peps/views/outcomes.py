"""How targets ended and what became of actions, laid out for reading: the draft's and a frozen version's alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Role
from peps.models import ACTION_FIELDS, Action
from peps.rules import TargetArea
from peps.rules.actions import ActionState, Owner, is_overdue
from peps.rules.targets import Outcome
from peps.views.content import LANG, day_of
from peps.views.frame import written

OUTCOME_TAGS = {Outcome.MET: "met", Outcome.PARTLY: "doing", Outcome.NOT_MET: "warning", Outcome.NO_LONGER: "none", Outcome.GOES_ON: "todo"}
ACTION_TAGS = {ActionState.OPEN: "todo", ActionState.DONE: "done", ActionState.DROPPED: "none"}


def ends_laid_out(ended: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How targets ended: {target, goal, lang, area, outcome, kind, evidence, evidence_lang, day, by}; "" for who says nothing yet."""
    return [
        {
            "target": end["target"],
            "goal": end["goal"],
            "lang": LANG.get(end["goal_language"], ""),
            "area": TargetArea(end["area"]).label,
            "outcome": Outcome(end["outcome"]).label if end["outcome"] else _("Nothing said yet"),
            "kind": OUTCOME_TAGS[Outcome(end["outcome"])] if end["outcome"] else "soon",
            "evidence": end["evidence"],
            "evidence_lang": LANG.get(end["language"], ""),
            "day": written(day_of(end["evaluated_on"])) if end["evaluated_on"] else "",
            "by": Role(end["written_as"]).label if end["written_as"] else "",
        }
        for end in ended
    ]


def live_actions(actions: Iterable[Action], grant: Grant, today: date) -> list[dict[str, Any]]:
    """Actions of the plan as it stands; who is named is shown to those only who may reach the people around the child."""
    return [
        laid_out_action({name: getattr(action, name) for name in ACTION_FIELDS})
        | {
            "pk": action.pk,
            "overdue": is_overdue(action, today),
            "who": f"{action.owner.name} ({action.get_owner_role_display()})"
            if action.owner and Facet.CONTACTS in grant.facets
            else action.get_owner_role_display(),
            "owner": action.owner_role,
            "open": action.state == ActionState.OPEN,
            "in_a_version": action.since <= action.pep.version,
            "reported": action.until is not None and action.until <= action.pep.version,
        }
        for action in actions
    ]


def laid_out_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """{what, lang, state, kind, who, rows} of an action, from a frozen version's content or from a row put into the same shape."""
    lang = LANG.get(action["language"], "")
    carried = action["carried_from"]
    rows = [
        {"key": _("By which day"), "value": written(day_of(action["due_on"]))},
        {"key": _("What it needs"), "value": action["resource"], "lang": lang},
        {"key": _("Done on"), "value": written(day_of(action["done_on"])) if action["done_on"] else ""},
        {"key": _("What shows that it is done"), "value": action["evidence"], "lang": lang},
        {"key": _why(action["state"], carried), "value": action["reason"] if action["state"] != ActionState.DONE else "", "lang": lang},
    ]
    return {
        "what": action["what"],
        "lang": lang,
        "state": ActionState(action["state"]).label,
        "kind": ACTION_TAGS[ActionState(action["state"])],
        "who": Owner(action["owner_role"]).label,
        "rows": [row for row in rows if row["value"]],
    }


def _why(state: str, carried_from: int | None) -> Any:
    if state == ActionState.DROPPED:
        return _("Why it is dropped")
    return gettext("Carried forward from version %(number)d because") % {"number": carried_from} if carried_from else _("Why the day was moved")
