"""Whose calendar a secret address is."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import connection

from lace.accounts.models import User
from lace.notifications.rules import digest_of


class Found(NamedTuple):
    """An address that works, and the person whose duties it shows."""

    feed: UUID
    person: User


def find_feed(secret: str) -> Found | None:
    """The person whose calendar this address is; None for one that was revoked or never was, and of somebody who can no longer sign in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT feed, person FROM lace_feed_of(%s)", [digest_of(secret)])
        row = cursor.fetchone()
    person = User.objects.filter(pk=row[1], is_active=True).first() if row else None
    return Found(row[0], person) if person else None
