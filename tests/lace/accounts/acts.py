"""What a person does at the door."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from lace.accounts.models import Membership, User

PASSWORD = "correct horse battery 9"
LOGIN = "/accounts/login/"


def with_password(membership: Membership) -> Membership:
    membership.user.set_password(PASSWORD)
    membership.user.save()
    return membership


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": password}, **more)


def factors(user: User) -> set[str]:
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
