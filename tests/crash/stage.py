"""What a crash run needs: servers of its own that may be killed, sinks that outlive it, a clock that moves on demand, processes of Lace.

Imported before Django is set up: `Moving` must be there before anything takes hold of `timezone.now`.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from django.utils import timezone

from lace.core.failpoint import ARMED
from lace.core.workdays import is_working_day
from lace.database.broker import Valkey
from lace.database.context import OWNER_ROLE, WORKER_ROLE
from lace.database.server import DATABASE, SUPERUSER, Postgres, postgres_binaries

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds after which a process that should have ended hangs
Act = Callable[[], object]


class Moving:
    """The time that every process here takes from `timezone.now`, moved for all of them at once. It begins at ten o'clock on a working day to
    come, so that the real time, which the database writes into `created_at`, is before the hour of that day's digests."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        day = (datetime.now(UTC) + timedelta(days=7)).date()
        while not is_working_day(day):
            day += timedelta(days=1)
        self.day = day
        self.reset()
        timezone.now = self.now

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", self._shared[:8])[0])

    def reset(self) -> None:
        start = datetime.combine(self.day, time_of_day(10), tzinfo=ZoneInfo("Europe/London"))
        self._shared[:8] = struct.pack("d", (start - datetime.now(UTC)).total_seconds())

    def on(self, by: timedelta) -> None:
        (offset,) = struct.unpack("d", self._shared[:8])
        self._shared[:8] = struct.pack("d", offset + by.total_seconds())


class Database(Postgres):
    """Here only processes are killed, never the machine: what they wrote is with the kernel, synced or not."""

    SETTINGS = {**Postgres.SETTINGS, "fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def _die_with_parent() -> None:
    """Whoever ends the tests by force leaves nobody behind who works for ever. Linux; elsewhere there is no such thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Sinks:
    """The provider's side, in its own process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.sinks"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ports: dict[str, int] = self._answer()

    def order(self, **what: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def still(self) -> None:
        """Wait until no call is under way: whoever made one may be dead."""
        while not self.order(idle=True):
            time.sleep(0.005)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Stage:
    """Everything of it. `dump` is a database of Lace's as SQL."""

    def __init__(self, state: Path, dump: Path) -> None:
        self.clock = Moving()
        self.log = state / "processes.log"
        self._connection: psycopg.Connection[Any] | None = None
        self.postgres, self.valkey = Database(state), Valkey(state)
        self.sinks = Sinks()
        self.postgres.start()
        self.valkey.start()
        psql = [str(postgres_binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump), self.postgres.url(SUPERUSER)]
        subprocess.run(psql, check=True, stdout=subprocess.DEVNULL)
        self.sql("VACUUM ANALYZE")
        self.sql("CHECKPOINT")  # so that a restart has little to read
        os.environ.update(
            DATABASE_URL=self.postgres.url(WORKER_ROLE),
            OWNER_DATABASE_URL=self.postgres.url(OWNER_ROLE),
            REDIS_URL=f"redis+socket://{self.valkey.socket}",
            CACHE_URL=f"unix://{self.valkey.socket}?db=2",
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=str(self.sinks.ports["smtp"]),
            NOTIFY_BASE_URL=f"http://127.0.0.1:{self.sinks.ports['notify']}",
            NOTIFY_TEMPLATE_ID=str(uuid4()),
            MAIL_KEEPS_HOURS="1",
            LACE_DEMO="1",
            LOG_LEVEL="WARNING",
        )
        self.counted = Counter[str]()  # what was killed, and what came of it
        self.children: set[int] = set()
        self.key = f"name-{uuid4()}-{uuid4()}"

    def close(self) -> None:
        self.sinks.close()
        self.valkey.stop()
        self.postgres.stop()

    def sql(self, query: Any, *parameters: Any) -> list[Any]:
        """As the superuser, past every policy."""
        if self._connection is None:
            self._connection = psycopg.connect(self.postgres.url(SUPERUSER, DATABASE), autocommit=True)
        found = self._connection.execute(query, parameters or None)
        return found.fetchall() if found.description else []

    # -- processes ---------------------------------------------------------------------------------------------------

    def fork(self, act: Act, arm: str = "") -> int:
        """A process of Lace that does this and ends. `arm`: the failpoint, as the environment names it."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()
                _die_with_parent()
                if arm:
                    os.environ[ARMED] = arm
                with self.log.open("ab", buffering=0) as log:
                    os.dup2(log.fileno(), 1)
                    os.dup2(log.fileno(), 2)
                act()
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(code)
        self.children.add(pid)
        return pid

    def wait(self, pid: int, seconds: float = PATIENCE) -> str:
        """Until it "stopped" or "ended". Raises TimeoutError, and kills it, when it hangs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                return "stopped"
            if found:
                self.children.discard(pid)
                return "ended"
            time.sleep(0.002)
        self.kill(pid)
        raise TimeoutError("a process hangs")

    def kill(self, *pids: int) -> None:
        """At once, with whatever they started, and reaped."""
        self.counted["processes killed"] += len(pids)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            with suppress(ProcessLookupError):  # before its setsid()
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
            self.children.discard(pid)
        self.sinks.still()

    # -- faults ------------------------------------------------------------------------------------------------------

    def kill_postgres(self) -> None:
        """Every process of it at once, and a restart that recovers."""
        self.counted["restarts of PostgreSQL"] += 1
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for pid in self.postgres._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.postgres.start()

    @contextmanager
    def without_valkey(self) -> Iterator[None]:
        """Killed and emptied; inside the block it is away."""
        self.counted["Valkeys emptied"] += 1
        for pid in self.valkey._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while self.valkey._processes():
            time.sleep(0.002)
        shutil.rmtree(self.valkey.data)
        try:
            yield
        finally:
            self.valkey.start()

    def flush_valkey(self) -> None:
        """Emptied under everybody's hands."""
        self.counted["Valkeys emptied"] += 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(self.valkey.socket))
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(16)

    @contextmanager
    def provider(self, mode: str) -> Iterator[None]:
        """The provider out of reach, or its answers, inside the block."""
        self.sinks.order(mode=mode)
        try:
            yield
        finally:
            self.sinks.order(mode="")
