"""docker-compose's `roles` step against a real server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from lace.database.context import APP_ROLE, OWNER_ROLE, WORKER_ROLE
from lace.database.server import DATABASE, Postgres
from lace.docker.create_roles import create_roles

PASSWORDS = {OWNER_ROLE: "first", APP_ROLE: "it's second", WORKER_ROLE: "third"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    postgres = Postgres(tmp_path_factory.mktemp("roles"))
    postgres.acquire()
    yield postgres
    postgres.release()


def admin(server: Postgres, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(server.url("postgres", database), autocommit=True)


def test_roles_get_their_passwords_and_the_database_its_owner(server: Postgres) -> None:
    with admin(server) as connection:
        connection.execute(f"DROP DATABASE {DATABASE}")  # the embedded server made it; a fresh one of production has none
    create_roles(server.url("postgres", "postgres"), PASSWORDS)
    with admin(server) as connection:
        secrets = connection.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY(%s)", [list(PASSWORDS)])
        stored: dict[str, str] = dict(secrets.fetchall())
        owner = connection.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    assert set(stored) == set(PASSWORDS)
    assert all(secret.startswith("SCRAM-SHA-256$") for secret in stored.values())
    assert owner == (OWNER_ROLE,)


def test_it_may_run_again_and_change_a_password(server: Postgres) -> None:
    query = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
    create_roles(server.url("postgres", "postgres"), PASSWORDS)
    with admin(server) as connection:
        before = connection.execute(query, [APP_ROLE]).fetchone()
        create_roles(server.url("postgres", "postgres"), {**PASSWORDS, APP_ROLE: "another"})
        assert connection.execute(query, [APP_ROLE]).fetchone() != before


def test_only_our_roles_may_connect(server: Postgres) -> None:
    create_roles(server.url("postgres", "postgres"), PASSWORDS)
    with admin(server) as connection:
        connection.execute("DROP ROLE IF EXISTS passer_by")
        connection.execute("CREATE ROLE passer_by LOGIN")
        rights = connection.execute(
            "SELECT r, has_database_privilege(r, %s, 'CONNECT') FROM unnest(%s::text[]) r", [DATABASE, [*PASSWORDS, "passer_by"]]
        ).fetchall()
    assert dict(rights) == {OWNER_ROLE: True, APP_ROLE: True, WORKER_ROLE: True, "passer_by": False}


def test_a_role_that_looks_past_row_level_security_stops_everything(server: Postgres) -> None:
    create_roles(server.url("postgres", "postgres"), PASSWORDS)
    with admin(server) as connection:
        connection.execute(f"ALTER ROLE {APP_ROLE} BYPASSRLS")
        try:
            with pytest.raises(psycopg.errors.RaiseException, match="row-level security"):
                create_roles(server.url("postgres", "postgres"), PASSWORDS)
        finally:
            connection.execute(f"ALTER ROLE {APP_ROLE} NOBYPASSRLS")
