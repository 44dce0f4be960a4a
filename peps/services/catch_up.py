"""Catch-up for gaps in what a child has learnt: arranged, changed, said how it went (SCH-23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children.models import lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, Refused, refuse
from peps.models import CATCH_UP_FIELDS, CatchUp, Pep
from peps.rules import Step
from peps.services import _move, _stepped

MOST_SESSIONS = 500


@transaction.atomic
def save_catch_up(*, by: Actor, pep: Pep, facts: Mapping[str, Any], catch_up: UUID | None = None, version: int = 0) -> CatchUp:
    """Add an arrangement, or save one in place of its `version`. `facts` holds the values of CATCH_UP_FIELDS; with its outcome it is over.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open, the arrangement is gone, or a version has reported its
    outcome; Changed with the arrangement as it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    if catch_up is None:
        saved = CatchUp(pep=pep, child=child, authority_id=child.authority_id, since=pep.version + 1, version=0)
    else:
        saved = _standing(pep, catch_up)
        if saved.until is not None and saved.until <= pep.version:
            raise Refused(_("A final version holds how this went. Add a new one if more is arranged"))
    if catch_up is not None and all(getattr(saved, name) == facts[name] for name in CATCH_UP_FIELDS):
        return saved
    if saved.version != version:
        raise Changed(saved)
    refuse(_problems(facts))
    for name in CATCH_UP_FIELDS:
        setattr(saved, name, facts[name])
    saved.until = pep.version + 1 if saved.outcome.strip() else None
    try:
        saved.clean_fields(exclude={"pep", "child", "authority"})
    except ValidationError as error:
        raise BadInput({field: [str(message) for message in messages] for field, messages in error.message_dict.items()}) from None
    saved.version += 1
    saved.save()
    _move(by, pep, state)
    return saved


@transaction.atomic
def remove_catch_up(*, by: Actor, pep: Pep, catch_up: UUID, version: int) -> None:
    """Strike out an arrangement that no final version holds. Raises as `save_catch_up`; Refused for one that a version holds."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing(pep, catch_up)
    if standing.version != version:
        raise Changed(standing)
    if standing.since <= pep.version:
        raise Refused(_("A final version holds this, so it is not removed. Say how it went"))
    standing.delete()
    _move(by, pep, state)


def _standing(pep: Pep, catch_up: UUID) -> CatchUp:
    standing = CatchUp.objects.filter(pep=pep, pk=catch_up).first()
    if standing is None:
        raise Refused(_("Somebody has removed this. Go back to the plan, and add it again if it is needed"))
    return standing


def _problems(facts: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    starts, ends, sessions = facts["starts_on"], facts["ends_on"], facts["sessions"]
    if starts is not None and ends is not None and ends < starts:
        yield "ends_on", _("The last day cannot be before the first")
    if sessions is None or not 1 <= sessions <= MOST_SESSIONS:
        yield "sessions", _("Enter how many sessions there are, from 1 to %(most)s") % {"most": MOST_SESSIONS}
    if facts["outcome"] and not facts["outcome"].strip():
        yield "outcome", _("Write how it went, or leave this empty")
