"""The link of an invitation: signed, so that the database alone cannot make one; its digest kept, so that it can be withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from lace.accounts.access import Permission, require
from lace.accounts.models import RoleInvitation, RoleInvitationQuerySet
from lace.core.actor import Actor
from lace.database.context import Context, use

_SIGNER = "lace.accounts.invitation"


def token_for(invitation: UUID, authority_id: int, number: int) -> str:
    """The link's own part. Made anew from what the message knows when it is sent, so that no queue and no row ever holds it."""
    return Signer(salt=_SIGNER).sign_object([str(invitation), authority_id, number])


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def authority_in(token: str) -> int | None:
    """The authority whose invitation a link is, or None for a link that is not ours."""
    try:
        _invitation, authority, _number = Signer(salt=_SIGNER).unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(authority)


@contextmanager
def serving_invited(token: str, user_id: int | None = None) -> Iterator[None]:
    """Whoever holds a link of ours is served that authority's invitations in this block, and nothing more: the tables of people who are
    nobody yet stay closed otherwise."""
    authority = authority_in(token)
    with use(Context(tenant_ids=(authority,) if authority is not None else (), user_id=user_id, label="invited", today=timezone.localdate())):
        yield


def find(token: str) -> RoleInvitation | None:
    """The invitation whose link this is, while it works. To be asked inside `serving_invited`."""
    if authority_in(token) is None:
        return None
    working = RoleInvitation.objects.open_at(timezone.now()).select_related("user", "authority", "organisation")
    return working.filter(token_sha256=digest(token)).first()


def invitations_of(actor: Actor) -> RoleInvitationQuerySet:
    """The invitations of the administrator's authority. Raises NotAllowed."""
    require(actor, Permission.ADMINISTER)
    return RoleInvitation.objects.filter(authority_id=actor.authority_id or 0)
