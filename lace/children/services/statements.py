"""Every write to what the child said, and who opens the child's own pages. The child decides who reads each statement (VOICE-15; 002 4.59, 4.83)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role
from lace.children.models import Child, Statement, lock
from lace.children.rules import READERS as READERS
from lace.children.rules import StatementKind
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, refuse


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What was said, word for word, in which language and when, and whom the child lets read it."""

    text: str
    language: str
    said_on: date
    readers: Collection[str] = ()
    kind: str = StatementKind.OWN


@transaction.atomic
def take_down(*, by: Actor, child: Child, facts: StatementFacts) -> Statement:
    """Keep what the child said. Written by the child, or by an adult word for word; an advocate may speak for the child (ADV-04).

    Who takes it down reads it afterwards only if the child lets them. Raises NotAllowed, BadInput.
    """
    require_for(by=by, permission=Permission.TAKE_DOWN_STATEMENT, child=child)
    if by.user_id is None or (facts.kind == StatementKind.ADVOCATE and by.role != Role.ADVOCATE):
        raise NotAllowed
    problems = _wrong_readers(facts.readers)
    if facts.said_on > by.today:
        problems.append(("said_on", _("The day must be today or in the past")))
    if facts.said_on < child.born_on:
        problems.append(("said_on", _("The day cannot be before the date of birth")))
    refuse(problems)
    child = lock(child)
    statement = Statement(
        child=child,
        authority_id=child.authority_id,
        kind=facts.kind,
        text=facts.text,
        language=facts.language,
        said_on=facts.said_on,
        readers=sorted(facts.readers),
        taken_down_by_id=by.user_id,
        taken_down_as=by.role,
    )
    statement.save(force_insert=True)
    return statement


@transaction.atomic
def choose_readers(*, by: Actor, statement: Statement, readers: Collection[str]) -> Statement:
    """Let these roles, and nobody else, read a statement from now on: the child's own choice, at any time. Raises NotAllowed, BadInput."""
    require_for(by=by, permission=Permission.CHOOSE_READERS, child=statement.child)
    refuse(_wrong_readers(readers))
    statement.readers = sorted(readers)
    statement.save(update_fields=["readers"])
    return statement


def _wrong_readers(readers: Collection[str]) -> list[tuple[str, Message]]:
    return [] if READERS.issuperset(readers) else [("readers", _("Choose from those who may be let read it"))]
