"""Whom the child lets read an answer of the child's page: the child's own choice, at any time (VOICE-15; 002 4.59, 4.83)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children.models import Child, lock
from lace.children.rules import READERS
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import refuse
from peps.models import AnswerReaders
from peps.rules.readers import QUESTIONS


@transaction.atomic
def choose_answer_readers(*, by: Actor, child: Child, question: str, readers: Collection[str] | None) -> AnswerReaders:
    """Let these roles read the answer, or with None everybody who reads the plan: at once, in the draft and in every version.

    Raises NotAllowed; BadInput for a question whose answer is not the child's, or a role that cannot be let.
    """
    require_for(by=by, permission=Permission.CHOOSE_READERS, child=child)
    problems = [] if question in QUESTIONS else [("question", _("The child's page has no such answer"))]
    if readers is not None and not READERS.issuperset(readers):
        problems.append(("readers", _("Choose from those who may be let read it")))
    refuse(problems)
    child = lock(child)
    chosen = None if readers is None else sorted(readers)
    row = AnswerReaders.objects.filter(child=child, question=question).first()
    if row is None:
        row = AnswerReaders(child=child, authority_id=child.authority_id, question=question)
    elif row.readers == chosen:
        return row
    row.readers, row.chosen_on = chosen, by.today
    row.save()
    return row
