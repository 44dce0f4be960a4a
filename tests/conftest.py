"""Fixtures of the whole suite: the database as the app sees it, a strict Django, no network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as examples
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from lace.database.context import OWNER_ROLE, WORKER_ROLE

pytest_plugins = ["tests.plugin_requirements", "tests.world", "tests.access.plugin_matrix"]

# How fast a machine makes examples says nothing of what they show.
examples.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("untimed")

# What migrations put in and a truncating test must leave there.
_KEPT = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "accounts_localauthority", "deadlines_workingday")


def _connect_as(role: str) -> None:
    connection.close()
    connection.settings_dict["USER"] = role
    settings.DATABASES["default"]["USER"] = role


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Made and migrated by the owner; tested as the worker, which owns nothing, passes no policy and may ask to be a job."""
    with django_db_blocker.unblock():
        _connect_as(WORKER_ROLE)
    operations = type(connection.ops)
    by_django = operations.execute_sql_flush
    operations.execute_sql_flush = _flush_as_owner  # type: ignore[method-assign,assignment]  # transactional tests end with a flush
    yield
    operations.execute_sql_flush = by_django  # type: ignore[method-assign]
    with django_db_blocker.unblock():
        _connect_as(OWNER_ROLE)


def _flush_as_owner(_operations: Any, _sql: list[str]) -> None:
    """Empty every table but what migrations put in; the app's role may not truncate."""
    with owner_connection() as owner:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY(%s)"
        tables = [name for (name,) in owner.execute(query, [list(_KEPT)])]
        owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        owner.execute("DELETE FROM auth_group WHERE name NOT LIKE 'authority:%'")


def owner_connection() -> psycopg.Connection[Any]:
    """A connection of its own as the owner, for what a test must put in place past the policies."""
    parameters = connection.get_connection_params()
    keys = ("dbname", "host", "port", "password")
    return psycopg.connect(user=OWNER_ROLE, autocommit=True, **{key: parameters[key] for key in keys if parameters.get(key)})


@pytest.fixture(autouse=True)
def _plain(settings: Any) -> None:
    """Static files by their own names, mail kept in memory, a cache of the test's own."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture(autouse=True)
def _english() -> None:
    """A page opened in Welsh leaves its language in the thread."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback and Unix sockets only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise RuntimeError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def statements(django_assert_num_queries: Callable[..., Any]) -> Callable[..., Any]:
    """`with statements(8): …` pins what a page costs."""
    return django_assert_num_queries
