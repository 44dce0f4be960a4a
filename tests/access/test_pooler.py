"""Behind PgBouncer in transaction mode: many clients on one server connection, and nobody served under another's context."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.database import context
from lace.database.context import APP_ROLE, OWNER_ROLE, WORKER_ROLE, Context
from lace.database.server import unprivileged
from tests.world import World

PORT = 6432
START_SECONDS = 20
ADMIN = "pooler"
CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
pool_mode = transaction
default_pool_size = {size}
listen_addr =
unix_socket_dir = {home}
listen_port = {port}
auth_type = trust
auth_file = {home}/users.txt
admin_users = {admin}
ignore_startup_parameters = extra_float_digits
logfile = {home}/pgbouncer.log
pidfile = {home}/pgbouncer.pid
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Pooler:
    home: Path

    def connect(self, role: str = WORKER_ROLE, database: str | None = None) -> psycopg.Connection[Any]:
        """A client of its own that does not know Lace's backend. It prepares nothing: this PgBouncer keeps no prepared statements."""
        return psycopg.connect(
            dbname=database or str(connection.settings_dict["NAME"]),
            user=role,
            host=str(self.home),
            port=PORT,
            autocommit=True,
            prepare_threshold=None,
            cursor_factory=psycopg.ClientCursor,
        )

    def transactions(self) -> int:
        """How many it has passed on, over all databases."""
        with self.connect(ADMIN, "pgbouncer") as admin:
            cursor = admin.execute("SHOW STATS_TOTALS")
            assert cursor.description is not None
            column = [described.name for described in cursor.description].index("xact_count")
            return sum(int(row[column]) for row in cursor)


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail("CI shows Lace behind PgBouncer: apt-get install pgbouncer")
    return found or pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")


@contextmanager
def _running(home: Path, size: int) -> Iterator[Pooler]:
    program = _program()
    parameters = connection.get_connection_params()
    server = " ".join(f"{key}='{parameters[key]}'" for key in ("host", "port", "password") if parameters.get(key))
    (home / "pgbouncer.ini").write_text(CONFIGURATION.format(server=server, home=home, port=PORT, admin=ADMIN, size=size))
    (home / "users.txt").write_text("".join(f'"{role}" ""\n' for role in (APP_ROLE, WORKER_ROLE, OWNER_ROLE, ADMIN)))
    prefix, identity = unprivileged(home)  # like PostgreSQL it refuses to be root
    process = subprocess.Popen(
        [*prefix, program, "-q", str(home / "pgbouncer.ini")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **identity
    )
    try:
        pooler = Pooler(home)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                pooler.connect().close()
                break
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > until:
                    log = home / "pgbouncer.log"
                    raise AssertionError(f"PgBouncer: {error}\n{log.read_text() if log.exists() else ''}") from error
                time.sleep(0.1)
        yield pooler
    finally:
        process.terminate()
        process.communicate(timeout=START_SECONDS)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder with a short name: a socket's path has a limit."""
    made = Path(tempfile.mkdtemp(prefix="lace-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def pooler(transactional_db: None, home: Path) -> Iterator[Pooler]:
    """PgBouncer with one server connection for each role, so that every two clients share one."""
    with _running(home, size=1) as running:
        yield running


class Client:
    """A process of Lace's behind the pooler: Django's connection, under our backend."""

    def __init__(self, pooler: Pooler) -> None:
        self.wrapper: Any = connection.copy()
        self.wrapper.settings_dict |= {"HOST": str(pooler.home), "PORT": str(PORT), "USER": WORKER_ROLE}

    def ask(self, serving: Context, *queries: str) -> list[Any]:
        """The first column of the first row of each, in one transaction that serves this context."""
        found = []
        with context.use(serving):
            self.wrapper.set_autocommit(False)
            try:
                with self.wrapper.cursor() as cursor:
                    for query in queries:
                        cursor.execute(query)
                        found.append(cursor.fetchone()[0])
                self.wrapper.commit()
            except Exception:
                self.wrapper.rollback()
                raise
            finally:
                self.wrapper.set_autocommit(True)
        return found


@pytest.fixture
def make_client(pooler: Pooler) -> Iterator[Callable[[], Client]]:
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(pooler))
        return made[-1]

    yield make
    for client in made:
        client.wrapper.close()


CHILDREN = "SELECT array_agg(id ORDER BY id) FROM children_child"
BACKEND = "SELECT pg_backend_pid()"
SETTINGS = "SELECT concat_ws('|', current_user, " + ", ".join(f"nullif(current_setting('{name}', true), '')" for name in Context().settings()) + ")"


@pytest.mark.req("PRIV-13", "LA-01")
def test_clients_on_one_server_connection_see_each_their_own(make_client: Callable[[], Client], world: World) -> None:
    own, other = make_client(), make_client()
    serving = {
        own: [
            (context_of(world.own.actor(role)), [world.own.child.pk]) for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON)
        ],
        other: [(context_of(world.other.actor(role)), [world.other.child.pk]) for role in (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER)],
    }
    for client in serving:
        serving[client] += [(context.NOBODY, None)]  # type: ignore[list-item]  # array_agg of nothing
    both = sorted([world.own.child.pk, world.other.child.pk])
    serving[other] += [(context_of(Actor.named_job("test", today=timezone.localdate())), both)]
    dice = random.Random(7)
    backends = set()
    for _ in range(150):
        client = dice.choice([own, other])
        asked, sees = dice.choice(serving[client])
        found, backend = client.ask(asked, CHILDREN, BACKEND)
        assert found == sees
        backends.add(backend)
    assert len(backends) == 1, "they did not share a server connection, so nothing was shown"


@pytest.mark.req("PRIV-13")
def test_nothing_of_a_transaction_stays_on_the_server_connection(pooler: Pooler, make_client: Callable[[], Client], world: World) -> None:
    """A client that sends no context, straight after those that do: committed, failed, rolled back, gone in the middle."""
    served = context_of(world.own.actor(Role.LACE_COORDINATOR))
    client = make_client()

    def committed() -> None:
        client.ask(served, CHILDREN)

    def as_a_job() -> None:
        client.ask(context_of(Actor.named_job("test", today=timezone.localdate())), CHILDREN)

    def failed() -> None:
        with pytest.raises(Exception, match="division by zero"):
            client.ask(served, "SELECT 1 / 0")

    def gone() -> None:
        lost = make_client()
        with context.use(served):
            lost.wrapper.set_autocommit(False)
        lost.wrapper.connection.close()

    for before in (committed, as_a_job, failed, gone):
        before()
        with pooler.connect() as stranger:
            row = stranger.execute(f"{SETTINGS}, (SELECT count(*) FROM children_child), (SELECT count(*) FROM deadlines_duty)").fetchone()
        assert row == (WORKER_ROLE, 0, 0), before.__name__


def test_no_statement_is_prepared_on_a_connection_that_is_not_ours(pooler: Pooler, make_client: Callable[[], Client], world: World) -> None:
    """Named statements live in a server connection that serves the next client too; psycopg would make them from the fifth run on."""
    served = context_of(world.own.actor(Role.LACE_COORDINATOR))
    clients = [make_client(), make_client()]
    for turn in range(24):
        clients[turn % 2].ask(served, CHILDREN)
    assert [client.wrapper.connection.prepare_threshold for client in clients] == [None, None]
    with pooler.connect() as stranger:
        assert stranger.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)


@pytest.mark.django_db
@pytest.mark.req("PRIV-13", "LA-01")
def test_the_access_tests_pass_through_it(home: Path) -> None:
    """The rows, the errors and the guards of this folder, once more with PgBouncer between Django and the database."""
    here = Path(__file__)
    inside = ("test_rows.py", "test_jobs.py", "test_get_writes_nothing.py", "test_errors_tell_nothing.py")
    name = str(connection.settings_dict["NAME"])
    assert name.startswith("test_lace_")
    with _running(home, size=20) as pooler:
        address = f"@{str(home).replace('/', '%2F')}:{PORT}/lace"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        environment |= {
            "DATABASE_URL": f"postgresql://{WORKER_ROLE}{address}",
            "OWNER_DATABASE_URL": f"postgresql://{OWNER_ROLE}{address}",
            "LACE_TEST_NAME": name.removeprefix("test_lace_"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *(str(here.with_name(test)) for test in inside)],
            cwd=here.parents[2],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        passed = pooler.transactions()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    dots = len(re.findall(r"\.", done.stdout.split("[100%]")[0]))
    assert dots > 30, done.stdout
    assert passed > dots, "it did not go through the pooler"
