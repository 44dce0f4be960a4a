"""What was agreed to be done: by whom, and how it can end. No database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from django.db.models import TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import CARERS, Relation, Role
from peps.rules import Gap


class ActionState(TextChoices):
    """Where an action stands (PEP-08)."""

    OPEN = "open", pgettext_lazy("action", "Open")
    DONE = "done", pgettext_lazy("action", "Done")
    DROPPED = "dropped", pgettext_lazy("action", "Dropped")


class Owner(TextChoices):
    """Who sees to an action."""

    CHILD = "child", _("The child or young person")
    CARER = "carer", _("The carer")
    PARENT = "parent", _("The parent")
    DESIGNATED_PERSON = "designated_person", Role.DESIGNATED_PERSON.label
    TEACHER = "teacher", Role.TEACHER.label
    ALNCO = "alnco", Role.ALNCO.label
    HEADTEACHER = "headteacher", Role.HEADTEACHER.label
    SOCIAL_WORKER = "social_worker", Role.SOCIAL_WORKER.label
    IRO = "iro", Role.IRO.label
    LACE_COORDINATOR = "lace_coordinator", Role.LACE_COORDINATOR.label
    PERSONAL_ADVISER = "personal_adviser", Role.PERSONAL_ADVISER.label
    ADVOCATE = "advocate", Role.ADVOCATE.label
    SPECIALIST = "specialist", Role.SPECIALIST.label


# Who may be named besides: those around the child. A carer's name goes with the address, a relative's with the family (PRIV-05).
NAMED: dict[Relation, Owner] = {
    Relation.SOCIAL_WORKER: Owner.SOCIAL_WORKER,
    Relation.IRO: Owner.IRO,
    Relation.PERSONAL_ADVISER: Owner.PERSONAL_ADVISER,
    Relation.ADVOCATE: Owner.ADVOCATE,
}


def owner_of(role: str) -> str:
    """What an action's owner is called when it is for people in this role; empty when none is theirs."""
    if role in CARERS:
        return Owner.CARER
    return role if role in Owner.values else ""


class Due(Protocol):
    """What an action says of itself here."""

    what: str
    state: str
    due_on: date


def is_overdue(action: Due, on: date) -> bool:
    return action.state == ActionState.OPEN and action.due_on < on


def unsettled(actions: Iterable[Due], on: date) -> list[Gap]:
    """What stands in the way of a final version: each open action whose day has passed (PEP-18)."""
    sentence = _("Actions: “{what}” is overdue. Say that it is done or dropped, or carry it forward with a reason and a new day")
    return [Gap("actions", format_lazy(sentence, what=action.what)) for action in actions if is_overdue(action, on)]
