"""What production must not run with: `manage.py check --deploy --database default` refuses, naming the setting to change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from lace.database.context import OWNER_ROLE

KNOWN_SECRETS = ("dev", "demo", "change", "secret", "insecure", "example", "test")  # how secrets begin that stand in some file


@register(Tags.security, deploy=True)
def settings_for_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """No demo, no password alone, no plain http, no secret that others know."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(Error("LACE_DEMO is on: anybody could sign in.", hint="Unset LACE_DEMO.", id="lace.E001"))
    if not settings.SECOND_FACTOR_REQUIRED:
        found.append(Error("Children's records would open with a password alone.", hint="SECOND_FACTOR_REQUIRED must be on.", id="lace.E002"))
    if not settings.SITE_URL.startswith("https://"):
        found.append(Error("SITE_URL does not begin with https://.", hint="Set SITE_URL to the address that people type.", id="lace.E003"))
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_SSL_REDIRECT):
        found.append(Error("Cookies or pages would travel over plain http.", hint="Unset LACE_DEMO.", id="lace.E004"))
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 12 or settings.SECRET_KEY.lower().startswith(KNOWN_SECRETS):
        found.append(Error("SECRET_KEY is short, or stands in a file that others have.", hint="Make one: openssl rand -hex 32.", id="lace.E005"))
    if settings.DEBUG:
        found.append(Error("DEBUG is on: error pages would show what was typed.", id="lace.E006"))
    return found


@register(Tags.database, deploy=True)
def serving_role(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The role of DATABASE_URL, under which pages are served, is held by row-level security: it owns no table and passes no policy.

    Asked of the database under whichever role this command runs. Without `--database default` nothing is asked.
    """
    if not databases or "default" not in databases:
        return []
    url = os.environ.get("DATABASE_URL", "")
    role = dj_database_url.parse(url).get("USER", "") if url else ""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT role.rolsuper OR role.rolbypassrls,"
                " EXISTS (SELECT FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p', 'v', 'm')),"
                " EXISTS (SELECT FROM pg_roles AS owner WHERE owner.rolname = %s AND pg_has_role(role.oid, owner.oid, 'MEMBER'))"
                " FROM pg_roles AS role WHERE role.rolname = %s",
                [OWNER_ROLE, role],
            )
            row = cursor.fetchone()
    except DatabaseError as error:
        return [Error(f"The database did not answer ({type(error).__name__}).", hint="Is DATABASE_URL right?", id="lace.E010")]
    if row is None:
        return [Error("DATABASE_URL names no role of this database.", hint="See docker-compose.yml.", id="lace.E011")]
    faults = ("is a superuser or passes row-level security", "owns tables, whose rows it could then all see", f"may become {OWNER_ROLE}")
    return [
        Error(f"The role of DATABASE_URL {fault}.", hint="Serve as lace_app; only migrations run as the owner.", id=f"lace.E0{number}")
        for number, (fault, at_fault) in enumerate(zip(faults, row, strict=True), 12)
        if at_fault
    ]
