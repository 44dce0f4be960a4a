"""The world of the matrix and its doors, for the tests that knock at them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from lace.api.authentication import ClientThrottle
from tests.access import cast
from tests.access.cast import Cast
from tests.access.doors import MIDDLEWARE, Light


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Cast, Light]]:
    """The world, made once and undone at the end, and the light doors."""
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(MIDDLEWARE=MIDDLEWARE, CACHES=caches):
            made, light = cast.make(), Light()
        yield made, light
        transaction.set_rollback(True)


@pytest.fixture
def plainly(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fault of a view is a fault of the test; nobody counts how often a case system calls; nothing is logged a hundred thousand times."""
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    monkeypatch.setattr(ClientThrottle, "allow_request", lambda *_arguments: True)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
