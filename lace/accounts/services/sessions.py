"""Sessions ended by somebody else than their person."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from lace.accounts.access import Permission, require
from lace.accounts.models import Membership, User
from lace.core.actor import Actor
from lace.core.errors import NotAllowed


@transaction.atomic
def end_session(*, by: Actor, user: User, session_id: int) -> None:
    """End one session of a person who holds a role in the administrator's authority; one that is over already stays over.

    Raises NotAllowed for anybody else's.
    """
    require(by, Permission.ADMINISTER)
    if by.is_person and not Membership.objects.open_on(by.today).filter(user=user, authority_id=by.authority_id).exists():
        raise NotAllowed
    _end(UserSession.objects.filter(user_id=user.pk, pk=session_id))


def _end(sessions: Any) -> None:
    """Out of the database with this transaction; out of the cache now and once more after the commit, because a request that runs
    in between finds the row still there and puts it back."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in sessions:
        session.end()
        transaction.on_commit(partial(store.delete, session.session_key))
