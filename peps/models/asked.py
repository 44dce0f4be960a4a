"""What the secret link in an e-mail opens: the one form that it is for, and nothing of the record (DP-20)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.utils import timezone

from lace.database.context import Context, use
from lace.notifications.rules import digest_of
from peps.models.contribution import Contribution
from peps.rules.contributions import is_ours


@contextmanager
def serving_link(token: str) -> Iterator[None]:
    """Whoever holds a link of ours is served the one row that it is for in this block, and nothing more."""
    with use(Context(link=digest_of(token) if is_ours(token) else "", label="link", today=timezone.localdate())):
        yield


def find_asked(token: str) -> Contribution | None:
    """What a link asks for, while it works. To be asked inside `serving_link`."""
    row = Contribution.objects.filter(token_sha256=digest_of(token)).select_related("school__organisation").first()
    return row if row is not None and row.link_works(timezone.now()) else None


def was_answered(token: str, sitting: UUID) -> bool:
    """Has this very page answered by the link already? To be asked inside `serving_link`."""
    return Contribution.objects.filter(token_sha256=digest_of(token), sitting=sitting).exists()
