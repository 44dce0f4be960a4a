"""People who can sign in, and a browser that does it through the door."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from tests.lace.accounts.acts import sign_in, with_password
from tests.world import make_school, person


@pytest.fixture(autouse=True)
def _by_itself(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.lace.accounts.doors"
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",  # the hash's cost is not what is tested
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ]
    cache.clear()


@pytest.fixture
def authority(db: None) -> LocalAuthority:
    return LocalAuthority.objects.get(code="CRF")


@pytest.fixture
def other_authority(db: None) -> LocalAuthority:
    return LocalAuthority.objects.get(code="GWN")


@pytest.fixture
def school(authority: LocalAuthority) -> Organisation:
    return make_school(authority).organisation


@pytest.fixture
def coordinator(authority: LocalAuthority) -> Membership:
    return with_password(person(Role.LACE_COORDINATOR, authority))


@pytest.fixture
def user(coordinator: Membership) -> User:
    return coordinator.user


@pytest.fixture
def second_role(user: User, authority: LocalAuthority) -> Membership:
    return Membership.objects.create(user=user, role=Role.DESIGNATED_MANAGER, authority=authority, starts_on=timezone.localdate() - timedelta(days=9))


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    answer = sign_in(client, user)
    assert answer.status_code == 302, answer.content.decode()
    return client


@pytest.fixture
def app_code(user: User) -> Callable[[], str]:
    """The person has an authenticator app; each call is the code it shows now."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return lambda: str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.fixture
def recovery_code(user: User) -> str:
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes[0]
