"""/health/ says what works, and nothing about anybody."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import RequestFactory
from django.utils import timezone

from lace.deadlines.models import SweepRun
from lace.web import health as page
from lace.web.health import health
from tests.conftest import owner_connection

REQUEST = RequestFactory().get("/health/")


def ask() -> tuple[int, dict[str, Any]]:
    answer = health(REQUEST)
    return answer.status_code, json.loads(answer.content)


def swept(hours: float) -> None:
    at = timezone.now() - timedelta(hours=hours)
    SweepRun.objects.create(as_of=at.date(), started_at=at, finished_at=at, reminders=0, unheard=0)


@pytest.mark.django_db
def test_all_is_well_after_a_sweep() -> None:
    swept(25)
    status, parts = ask()
    assert (status, parts["database"], parts["broker"], parts["sweep"]) == (200, "up", "up", "up")
    assert set(parts) == {"database", "broker", "sweep", "last_sweep"}


@pytest.mark.django_db
def test_a_sweep_too_long_ago_is_an_alarm() -> None:
    swept(27)
    status, parts = ask()
    assert (status, parts["sweep"]) == (503, "missing")


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "status", "sweep"), [(1, 200, "not due yet"), (27, 503, "missing")])
def test_before_the_first_sweep_it_depends_on_when_lace_was_installed(monkeypatch: pytest.MonkeyPatch, hours: int, status: int, sweep: str) -> None:
    monkeypatch.setattr(page, "_installed_at", lambda: timezone.now() - timedelta(hours=hours))
    answered, parts = ask()
    assert (answered, parts["sweep"], parts["last_sweep"]) == (status, sweep, None)


@pytest.mark.django_db
def test_the_day_of_installation_is_that_of_the_migrations() -> None:
    with owner_connection() as owner:
        (applied,) = owner.execute("SELECT min(applied) FROM django_migrations WHERE app = 'deadlines'").fetchone() or (None,)
    assert page._installed_at() == applied
    assert MigrationRecorder.Migration.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["unix:///nowhere/valkey.sock", "redis://127.0.0.1:1/0", "redis+socket:///nowhere"])
def test_a_broker_that_is_away(settings: Any, url: str) -> None:
    swept(1)
    settings.REDIS_URL = url
    status, parts = ask()
    assert (status, parts["broker"], parts["database"]) == (503, "down", "up")


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_and_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_installed_at", lambda: (_ for _ in ()).throw(OperationalError("secret host name")))
    status, parts = ask()
    assert (status, parts["database"], parts["sweep"]) == (503, "down", "unknown")
    assert "secret" not in json.dumps(parts)


def test_the_page_is_open_to_all_and_only_read() -> None:
    assert getattr(health, "login_required") is False  # noqa: B009 - the decorator sets it
    assert health(RequestFactory().post("/health/")).status_code == 405
