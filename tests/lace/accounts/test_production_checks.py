"""What `check --deploy` refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lace.database.context import OWNER_ROLE, WORKER_ROLE
from lace.web.checks import serving_role, settings_for_production

SAFE = {
    "DEMO": False,
    "DEBUG": False,
    "SECOND_FACTOR_REQUIRED": True,
    "SITE_URL": "https://lace.council.example",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECRET_KEY": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


def set_all(settings: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def test_a_safe_production_passes(settings: Any) -> None:
    set_all(settings, SAFE)
    assert settings_for_production(None) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"DEMO": True}, "lace.E001"),
        ({"SECOND_FACTOR_REQUIRED": False}, "lace.E002"),
        ({"SITE_URL": "http://lace.council.example"}, "lace.E003"),
        ({"SESSION_COOKIE_SECURE": False}, "lace.E004"),
        ({"SECURE_SSL_REDIRECT": False}, "lace.E004"),
        ({"SECRET_KEY": "short"}, "lace.E005"),
        ({"SECRET_KEY": "dev-secret-key-of-at-least-fifty-characters-0123456789abcdef"}, "lace.E005"),
        ({"SECRET_KEY": "ab" * 40}, "lace.E005"),
        ({"DEBUG": True}, "lace.E006"),
    ],
)
def test_each_danger_is_refused_by_name(settings: Any, change: dict[str, Any], refusal: str) -> None:
    set_all(settings, SAFE | change)
    assert [error.id for error in settings_for_production(None)] == [refusal]


def served_as(monkeypatch: pytest.MonkeyPatch, role: str) -> list[str | None]:
    import os

    url = re.sub(r"//[^@/]*@", f"//{role}@", os.environ["DATABASE_URL"])
    monkeypatch.setenv("DATABASE_URL", url)
    return [error.id for error in serving_role(None, databases=["default"])]


@pytest.mark.django_db
def test_the_serving_role_is_held_by_the_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served_as(monkeypatch, "lace_app") == []
    assert served_as(monkeypatch, WORKER_ROLE) == []
    assert {"lace.E013", "lace.E014"} <= set(served_as(monkeypatch, OWNER_ROLE))
    assert "lace.E012" in served_as(monkeypatch, "postgres") or served_as(monkeypatch, "postgres") == ["lace.E011"]
    assert served_as(monkeypatch, "nobody_here") == ["lace.E011"]


def test_nothing_is_asked_without_a_database() -> None:
    assert serving_role(None) == []
