"""Databases of the bench's own, on the server that DATABASE_URL names: made once, kept for the next run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from psycopg import sql

from lace.accounts.models import LocalAuthority
from lace.database.context import APP_ROLE, WORKER_ROLE
from reporting.management.benchmarks import scale
from reporting.management.benchmarks.pairs import through
from reporting.management.commands.seed import HOME
from reporting.management.commands.seed import Command as Seed
from reporting.management.population import make_population
from reporting.management.rows import Rows

Say = Callable[[str], None]


@dataclass(frozen=True)
class Database:
    """`owner` passes every policy; `served` is who serves the web and the workers, bound by them. `about`: what it was made from."""

    children: int
    owner: BaseDatabaseWrapper
    served: BaseDatabaseWrapper
    about: dict[str, Any]

    def close(self) -> None:
        self.owner.close()
        self.served.close()

    def vacuum(self, *tables: str) -> None:
        """Clear away what rolled-back runs left, so that a later run does not pay for an earlier one."""
        with through(self.owner), connection.cursor() as cursor:
            cursor.execute(f"VACUUM {', '.join(tables)}")


def seeded(children: int, *, fresh: bool, say: Say) -> Database:
    """The database with so many children looked after today, made by the functions of `seed`."""
    name = f"bench_{children}"
    kept = None if fresh else _kept(name)
    if kept is None:
        say(f"Seeding {name} …")
        _make(name)
        database = _open(name, children, {})
        with through(database.owner):
            call_command("migrate", verbosity=0, skip_checks=True)
            seed = Seed()
            seed.began = 0.0
            seed.say = lambda text: None  # type: ignore[method-assign]
            with transaction.atomic():
                seed.write(Rows(make_population(children, 20260331, timezone.localdate())))
            with transaction.atomic():
                kept = _made_from() | {"case_system": seed.case_system(LocalAuthority.objects.get(code=HOME))}
        _finish(name, database, kept)
    return _open(name, children, kept)


def grown(children: int, base: int, *, fresh: bool, say: Say) -> Database:
    """The seeded database of `base` children with whole clones of it added, until there are at least `children`."""
    name = f"bench_{children}"
    kept = None if fresh else _kept(name)
    if kept is None:
        say(f"Growing {name} from bench_{base} …")
        made_from = _kept(f"bench_{base}")
        _make(name, template=f"bench_{base}")
        database = _open(name, children, {})
        copies = -(-children // base) - 1
        with through(database.owner):
            scale.grow(copies, say)
        kept = _made_from() | {"case_system": made_from["case_system"] if made_from else {}}
        _finish(name, database, kept)
    return _open(name, -(-children // base) * base, kept)


@contextmanager
def copied(database: Database) -> Iterator[Database]:
    """A copy for what has to commit, gone afterwards. The connections to the original open again by themselves."""
    original = str(database.owner.settings_dict["NAME"])
    name = f"{original}_copy"
    database.close()
    _make(name, template=original)
    copy = _open(name, database.children, database.about)
    try:
        yield copy
    finally:
        copy.close()
        with _server() as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _finish(name: str, database: Database, about: dict[str, Any]) -> None:
    """Tidy, then say that it is whole: a database without this comment was interrupted, and is made again."""
    with through(database.owner), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(json.dumps(about))))
    database.close()


def _made_from() -> dict[str, Any]:
    """The day, and a fingerprint of everything that makes such a database: tables, invented people, clones."""
    root = Path(settings.BASE_DIR)
    sources = [
        path for pattern in ("*/migrations/0*.py", "lace/*/migrations/0*.py", "reporting/management/*.py") for path in sorted(root.glob(pattern))
    ]
    sources.append(Path(scale.__file__))
    return {"day": timezone.localdate().isoformat(), "code": hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()}


def _kept(name: str) -> dict[str, Any] | None:
    """What a whole database was made from, if it is there and today's code would make the same."""
    with _server() as server:
        found = server.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not found or not found[0]:
        return None
    about: dict[str, Any] = json.loads(found[0])
    return about if about["code"] == _made_from()["code"] else None


def _make(name: str, template: str = "template1") -> None:
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def _server() -> psycopg.Connection[Any]:
    """The owner's connection to the installation's own database, to make others from."""
    return psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True)


def _open(name: str, children: int, about: dict[str, Any]) -> Database:
    owner = dj_database_url.parse(os.environ["OWNER_DATABASE_URL"], engine="lace.database.backend")
    served = dj_database_url.parse(os.environ["DATABASE_URL"], engine="lace.database.backend")
    if served["USER"] == APP_ROLE and not served["PASSWORD"]:
        served["USER"] = WORKER_ROLE  # serves as the app in each transaction, and may also be the sweep
    return Database(children, _wrapper(owner, name), _wrapper(served, name), about)


def _wrapper(parameters: Mapping[str, Any], name: str) -> BaseDatabaseWrapper:
    """A connection that stays open: reopening is the pool's subject, not ours."""
    given = connections.settings["default"] | {"OPTIONS": {}} | dict(parameters) | {"NAME": name, "CONN_MAX_AGE": None, "ATOMIC_REQUESTS": True}
    wrapper: BaseDatabaseWrapper = type(connections["default"])(given, "default")
    return wrapper
