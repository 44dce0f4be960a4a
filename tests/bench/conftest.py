"""A small seeded country, as its owner sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from lace.database.context import OWNER_ROLE, WORKER_ROLE
from reporting.management.commands.seed import Command
from reporting.management.population import make_population
from reporting.management.rows import Rows
from tests.conftest import _connect_as


@pytest.fixture
def as_owner(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Seeding and growing are the owner's work."""
    with django_db_blocker.unblock():
        _connect_as(OWNER_ROLE)
    yield
    with django_db_blocker.unblock():
        _connect_as(WORKER_ROLE)


@pytest.fixture
def country(as_owner: None, request: pytest.FixtureRequest) -> Rows:
    """Thirty children looked after today; what `seed` wrote."""
    request.getfixturevalue("db")  # opens its transaction, now as the owner
    seed = Command()
    seed.say = lambda text: None  # type: ignore[method-assign]
    rows = Rows(make_population(30, 7, timezone.localdate()))
    seed.write(rows)
    return rows
