"""The offer to meet others with care experience: written down with the child's answer (VOICE-14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role
from lace.accounts.models import Language
from lace.children.models import Child, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, refuse
from peps.models import PeerOffer
from peps.rules.peers import LIMIT, PeerAnswer, last_day


@transaction.atomic
def record_offer(*, by: Actor, child: Child, facts: Mapping[str, Any]) -> PeerOffer:
    """Write down that the child was offered to meet others with care experience, what the child said, and when it is offered again.

    `facts`: what, offered_on, answer, words, language, next_on. An answer that comes later is written down as another offer, on its day.
    Raises NotAllowed, also to the child, who is offered it; BadInput naming the fields.
    """
    require_for(by=by, permission=Permission.TAKE_DOWN_STATEMENT, child=child)
    if by.user_id is None or by.role == Role.CHILD:
        raise NotAllowed
    refuse(_problems(by, child, facts))
    child = lock(child)
    row = PeerOffer(child=child, authority_id=child.authority_id, offered_by_id=by.user_id, offered_as=by.role, **facts)
    row.save(force_insert=True)
    return row


def _problems(by: Actor, child: Child, facts: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    on, again = facts.get("offered_on"), facts.get("next_on")
    if not isinstance(on, date) or not child.born_on <= on <= by.today:
        yield "offered_on", _("The day must be today or in the past")
    elif not isinstance(again, date) or not on < again <= last_day(on):
        yield "next_on", _("Enter the day of the next offer: after this one, within a year")
    for name in ("what", "words"):
        text = facts.get(name)
        if not isinstance(text, str) or "\0" in text or len(text) > LIMIT:
            yield name, _("Write this in up to %(limit)d characters") % {"limit": LIMIT}
        elif name == "what" and not text.strip():
            yield name, _("Write what was offered: a group, an event, or somebody to talk with")
    if facts.get("answer") not in PeerAnswer.values:
        yield "answer", _("Say what the child answered")
    if facts.get("language") not in Language.values:
        yield "language", _("Say in which language this is written: English or Welsh")
