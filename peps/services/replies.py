"""What the adults did with what a child asked for, and when the child was told (VOICE-01, VOICE-06)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission
from lace.children.models import Child, grants_of, lock
from lace.core.actor import Actor
from lace.core.errors import Changed, Message, NotAllowed, Refused, refuse
from peps.models import AnswerReaders, Pep, Reply, Section
from peps.rules import Step
from peps.rules.replies import LIMIT, PAGE, SETTLED, Outcome, ToldHow, Wish, wishes
from peps.services import LANGUAGES, _stepped

ANSWER_FIELDS = ("outcome", "answer", "language")


@transaction.atomic
def answer_wish(*, by: Actor, pep: Pep, question: str, of: str, facts: Mapping[str, Any], version: int = 0) -> Reply:
    """Say what is done with a wish on the child's page, in place of `version` of the reply. `facts` holds the values of ANSWER_FIELDS.

    `of` is the fingerprint of the child's words that were read. Another answer takes away when the child was told of the one before. Plans
    that are final take replies too: the version stays as it is, and the child reads the new reply.
    Raises NotAllowed; BadInput naming the fields; Refused when the plan is closed or the child asks for no such thing; Changed with the
    wish as it stands when the child has said something else meanwhile, with the reply when somebody else replied first.
    """
    child = _allowed(by, pep)
    pep, _state = _stepped(pep, Step.TICK)
    wish, said = _wish(by, pep, question)
    refuse(_problems(facts))
    if wish.fingerprint != of:
        raise Changed(wish)
    row = said or Reply(pep=pep, child=child, authority_id=child.authority_id, question=question, version=0)
    standing = said is not None and wish.is_answered
    if standing and all(getattr(row, name) == facts[name] for name in ANSWER_FIELDS):
        return row
    if row.version != version:
        raise Changed(row)
    for name in ANSWER_FIELDS:
        setattr(row, name, facts[name])
    row.words, row.words_language = wish.words, wish.language
    row.answered_on, row.answered_by_id, row.answered_as = by.today, by.user_id, by.role
    row.told_on, row.told_how = None, ""
    row.version += 1
    row.save()
    return row


@transaction.atomic
def tell_child(*, by: Actor, pep: Pep, question: str, told_on: date | None, told_how: str, version: int) -> Reply:
    """Write down when and how the child was told what came of a wish.

    Raises NotAllowed; BadInput naming the fields; Refused when nothing is decided about the child's words as they stand, or the plan is
    closed; Changed with the reply when somebody else changed it first.
    """
    _allowed(by, pep)
    pep, _state = _stepped(pep, Step.TICK)
    wish, row = _wish(by, pep, question)
    if row is None or not wish.is_settled:
        raise Refused(_("First say what is done with it: whether it is used, or why it is not"))
    refuse(_told_problems(by, pep, told_on, told_how))
    if (row.told_on, row.told_how) == (told_on, told_how):
        return row
    if row.version != version:
        raise Changed(row)
    row.told_on, row.told_how = told_on, told_how
    row.version += 1
    row.save()
    return row


def _allowed(by: Actor, pep: Pep) -> Child:
    """The child, locked, for who may write the plan and read what the child said."""
    grant = grants_of(by, [pep.child])[pep.child_id]
    if Permission.WRITE_PEP not in grant.permissions or Facet.VOICE not in grant.facets:
        raise NotAllowed
    return lock(pep.child)


def _wish(by: Actor, pep: Pep, question: str) -> tuple[Wish, Reply | None]:
    """The wish, if the actor may read it, and what was replied."""
    page = Section.objects.filter(pep=pep, key=PAGE).first()
    if page is not None:
        page.keep(by.role, AnswerReaders.objects.choices_for(by, pep.child_id))
    row = Reply.objects.filter(pep=pep, question=question).first()
    held = {"answers": page.answers, "language": page.language} if page else None
    wish = next((one for one in wishes(held, [row.as_frozen()] if row else []) if one.question == question), None)
    if wish is None:
        raise Refused(_("The child's page does not ask for this any longer. Go back to the plan to see what it says"))
    return wish, row


def _problems(facts: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    outcome, answer = facts.get("outcome"), facts.get("answer")
    if outcome not in Outcome.values:
        yield "outcome", _("Say what is done with it")
    if not isinstance(answer, str) or "\0" in answer or len(answer) > LIMIT:
        yield "answer", _("Write this in up to 1,000 characters")
    elif outcome in SETTLED and not answer.strip():
        yield "answer", _("Write how it is used, or why it is not, in words that the child can read")
    if facts.get("language") not in LANGUAGES:
        yield "language", _("Say in which language this is written: English or Welsh")


def _told_problems(by: Actor, pep: Pep, told_on: date | None, told_how: str) -> Iterator[tuple[str, Message]]:
    if told_on is None:
        yield "told_on", _("Enter the day on which the child was told")
    elif told_on > by.today:
        yield "told_on", _("The day must be today or in the past")
    elif pep.initiated_on and told_on < pep.initiated_on:
        yield "told_on", _("The day cannot be before the plan was started")
    if told_how not in ToldHow.values:
        yield "told_how", _("Say how the child was told")
