"""The words of somebody without an account, given by the link in an e-mail: it opens this one form, once, and nothing of the record (DP-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused, refuse
from lace.database.context import Context, use
from lace.notifications.rules import digest_of
from peps.models import Contribution
from peps.rules.contributions import is_ours
from peps.services.contributions import problems_of, say


class Gone(Refused):
    """The link works no longer."""


@contextmanager
def serving_link(token: str) -> Iterator[None]:
    """Whoever holds a link of ours is served the one row that it is for in this block, and nothing more."""
    with use(Context(link=digest_of(token) if is_ours(token) else "", label="link", today=timezone.localdate())):
        yield


def find_asked(token: str) -> Contribution | None:
    """What a link asks for, while it works. To be asked inside `serving_link`."""
    row = Contribution.objects.filter(token_sha256=digest_of(token)).select_related("school__organisation").first()
    return row if row is not None and _works(row) else None


def answered(token: str, sitting: UUID) -> bool:
    """Has this very page answered by the link already? To be asked inside `serving_link`."""
    return Contribution.objects.filter(token_sha256=digest_of(token), sitting=sitting).exists()


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
    if not _works(row):
        raise Gone(_("This page is no longer there"))
    if answers is not None:
        refuse(problems_of(row, answers, language))
    say(row, answers or {}, language, by=by, role=row.role, sitting=sitting)
    return row


def _works(row: Contribution) -> bool:
    said = row.given_at or row.declined_at or row.withdrawn_at
    return said is None and row.expires_at is not None and row.expires_at > timezone.now()
