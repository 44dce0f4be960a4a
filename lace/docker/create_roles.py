"""Make the database's roles with their passwords, and the database itself: once, as a superuser, before the first migration.

Runs again at every start of the stack and changes nothing then, save for passwords that were changed in the environment.
The statements are those of the embedded server, so that every mode has the same roles.
"""

from __future__ import annotations

import os
import sys

import psycopg
from psycopg import sql

from lace.database.context import APP_ROLE, OWNER_ROLE, WORKER_ROLE
from lace.database.server import DATABASE, bootstrap_sql

PASSWORDS = {OWNER_ROLE: "LACE_OWNER_PASSWORD", APP_ROLE: "LACE_APP_PASSWORD", WORKER_ROLE: "LACE_WORKER_PASSWORD"}


def create_roles(admin_url: str, passwords: dict[str, str]) -> None:
    """Create or confirm the roles, set their passwords, create the database if it is not there.

    `admin_url` is a superuser's; `passwords` maps a role's name to its password. Raises psycopg.Error when a role of that
    name may look past row-level security, or the server cannot be reached.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        with admin.transaction():
            admin.execute("SELECT pg_advisory_xact_lock(hashtext('lace roles'))")  # two stacks may start at once
            for statement in bootstrap_sql():
                admin.execute(statement.encode())
            for role, password in passwords.items():
                admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))
        # PostgreSQL lets every role into a new database unless told otherwise.
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(DATABASE), sql.SQL(", ").join(map(sql.Identifier, (APP_ROLE, WORKER_ROLE)))
            )
        )


def main() -> int:
    missing = [name for name in ("ADMIN_DATABASE_URL", *PASSWORDS.values()) if not os.environ.get(name)]
    if missing:
        print(f"Set {', '.join(missing)} in the environment (see docker-compose.yml).", file=sys.stderr)  # noqa: T201 - a command
        return 2
    create_roles(os.environ["ADMIN_DATABASE_URL"], {role: os.environ[name] for role, name in PASSWORDS.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
