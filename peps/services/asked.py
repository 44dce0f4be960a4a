"""The words of somebody without an account, given by the link in an e-mail: it opens this one form, once, and nothing of the record (DP-20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused, refuse
from lace.notifications.rules import digest_of
from peps.models import Contribution
from peps.services.contributions import _problems_of, _say


class Gone(Refused):
    """The link works no longer."""


@transaction.atomic
def answer(*, by: Actor, token: str, answers: Mapping[str, Any] | None, language: str, sitting: UUID) -> Contribution:
    """The asked person's words; None: there is nothing to add. A page that is sent twice answers once.

    `by` is the asked person, and the database serves the link. Raises NotAllowed for somebody else; Gone for a link that works no
    longer; BadInput naming the questions.
    """
    row = Contribution.objects.select_for_update(of=("self",), no_key=True).filter(token_sha256=digest_of(token)).first()
    if row is None:
        raise Gone(_("This page is no longer there"))
    if row.person_id != by.user_id:
        raise NotAllowed
    if row.sitting == sitting:
        return row
    if not row.link_works(timezone.now()):
        raise Gone(_("This page is no longer there"))
    if answers is not None:
        refuse(_problems_of(row, answers, language))
    _say(row, answers or {}, language, by=by, role=row.role, sitting=sitting)
    return row
