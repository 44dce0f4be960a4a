"""Write the record of reads."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from lace.audit.models import Read
from lace.core.actor import Actor


def record_read(*, by: Actor, children: Iterable[UUID], facets: Iterable[str], door: str, act: str = Read.Act.READ) -> None:
    """Record that the actor saw these facets of these children's records through a door (a route's name).

    In the caller's transaction: if it cannot be recorded, it is not shown. A named job reads no record for anyone's eyes and
    records nothing.
    """
    if by.user_id is None or by.authority_id is None:
        return
    Read.objects.create(
        act=act,
        authority_id=by.authority_id,
        user_id=by.user_id,
        membership_id=by.membership_id,
        role=by.role,
        door=door,
        children=sorted(children),
        facets=sorted(facets),
    )
