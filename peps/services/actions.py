"""What was agreed to be done: written down, ticked off, carried forward with a reason (PEP-08, PEP-18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children.models import Child, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, Refused, refuse
from peps.models import Action, Pep
from peps.rules import Step
from peps.rules.actions import NAMED, ActionState
from peps.services import _move, _stepped

FIELDS = ("what", "owner_role", "owner_id", "due_on", "resource", "language")
TWO_YEARS = 731  # days


@transaction.atomic
def save_action(*, by: Actor, pep: Pep, facts: Mapping[str, Any], action: UUID | None = None, version: int = 0) -> Action:
    """Add an action, or save one in place of its `version`. `facts` holds the values of FIELDS; `owner_id` is one around the child, or none.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open, the action is gone or settled; Changed with the
    action as it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.KEEP_ACTIONS, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    if action is None:
        saved = Action(pep=pep, child=child, authority_id=child.authority_id, since=pep.version + 1, version=0)
    else:
        saved = _standing(pep, action)
        if saved.state != ActionState.OPEN:
            raise Refused(_("This action is done or dropped. Say first that it is open after all"))
    if action is not None and all(getattr(saved, name) == facts.get(name) for name in FIELDS):
        return saved
    if saved.version != version:
        raise Changed(saved)
    refuse(_problems(saved, facts, child, by))
    for name in FIELDS:
        setattr(saved, name, facts.get(name))
    _save(saved)
    _move(by, pep, state)
    return saved


@transaction.atomic
def remove_action(*, by: Actor, pep: Pep, action: UUID, version: int) -> None:
    """Strike out an action that no final version holds. Raises as `save_action`; Refused for one that a version holds: that is dropped."""
    require_for(by=by, permission=Permission.KEEP_ACTIONS, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing(pep, action)
    if standing.version != version:
        raise Changed(standing)
    if standing.since <= pep.version:
        raise Refused(_("A final version holds this action, so it is not removed. Say that it is dropped, and why"))
    standing.delete()
    _move(by, pep, state)


@transaction.atomic
def settle(
    *, by: Actor, pep: Pep, action: UUID, state: str, version: int, evidence: str = "", done_on: date | None = None, reason: str = ""
) -> Action:
    """Say that an action is done, with evidence and its day, or dropped, with a reason; or that one is open after all. A final plan's too.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is closed or a version has reported the action; Changed with the
    action as it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.KEEP_ACTIONS, child=pep.child)
    lock(pep.child)
    pep, _state = _stepped(pep, Step.TICK)
    standing = _standing(pep, action)
    if standing.until is not None and standing.until <= pep.version:
        raise Refused(_("A final version holds how this action ended"))
    wanted = (state, evidence, done_on, reason) if state != ActionState.OPEN else (state, "", None, standing.reason)
    if (standing.state, standing.evidence, standing.done_on, standing.reason) == wanted:
        return standing
    if standing.version != version:
        raise Changed(standing)
    refuse(_unsaid(state, evidence, done_on, reason, by))
    standing.state, standing.until = state, None if state == ActionState.OPEN else pep.version + 1
    standing.evidence = evidence if state == ActionState.DONE else ""
    standing.done_on = done_on if state == ActionState.DONE else None
    if state == ActionState.DROPPED:
        standing.reason = reason
    _save(standing)
    return standing


@transaction.atomic
def carry(*, by: Actor, pep: Pep, action: UUID, due_on: date | None, reason: str, version: int) -> Action:
    """Carry an open action forward to a new day, with the reason why it is not done yet (PEP-18).

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open or the action is settled; Changed with the action as
    it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.KEEP_ACTIONS, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing(pep, action)
    if standing.state != ActionState.OPEN:
        raise Refused(_("This action is done or dropped. Say first that it is open after all"))
    if (standing.due_on, standing.reason) == (due_on, reason):
        return standing
    if standing.version != version:
        raise Changed(standing)
    problems = list(_day(due_on, by))
    if not reason.strip():
        problems.append(("reason", _("Say why it is not done yet")))
    refuse(problems)
    assert due_on is not None
    standing.due_on, standing.reason, standing.carried_from = due_on, reason, pep.version or None
    _save(standing)
    _move(by, pep, state)
    return standing


def _standing(pep: Pep, action: UUID) -> Action:
    standing = Action.objects.filter(pep=pep, pk=action).first()
    if standing is None:
        raise Refused(_("Somebody has removed this action. Go back to the plan, and add it again if it is needed"))
    return standing


def _save(action: Action) -> None:
    """Raises BadInput naming the fields that do not fit their columns."""
    try:
        action.clean_fields(exclude={"pep", "child", "authority", "owner"})
    except ValidationError as error:
        raise BadInput({field: [str(message) for message in messages] for field, messages in error.message_dict.items()}) from None
    action.version += 1
    action.save()


def _problems(action: Action, facts: Mapping[str, Any], child: Child, by: Actor) -> Iterator[tuple[str, Message]]:
    day = facts.get("due_on")
    if action.version == 0 or day != action.due_on:
        if action.version and action.since <= action.pep.version:
            yield "due_on", _("A final version holds this action: carry it forward, with a reason, to change its day")
        else:
            yield from _day(day, by)
    owner, role = facts.get("owner_id"), facts.get("owner_role")
    if owner is not None and (owner, action.owner_role) != (action.owner_id, role):
        around = {(person.user_id, NAMED[person.relation]) for person in people_around(child=child, on=by.today) if person.relation in NAMED}
        if (owner, role) not in around:
            yield "owner_role", _("Choose somebody who is around the child now")


def _day(day: date | None, by: Actor) -> Iterator[tuple[str, Message]]:
    if day is None:
        yield "due_on", _("Enter the day by which it is done")
    elif not by.today <= day <= by.today + timedelta(days=TWO_YEARS):
        yield "due_on", _("The day must be today or later, within two years")


def _unsaid(state: str, evidence: str, done_on: date | None, reason: str, by: Actor) -> Iterator[tuple[str, Message]]:
    if state not in ActionState.values:
        yield "state", _("Say whether it is done or dropped")
    if state == ActionState.DONE:
        if not evidence.strip():
            yield "evidence", _("Write what shows that it is done")
        if done_on is None or done_on > by.today:
            yield "done_on", _("The day must be today or in the past")
    if state == ActionState.DROPPED and not reason.strip():
        yield "reason", _("Say why it is dropped")
