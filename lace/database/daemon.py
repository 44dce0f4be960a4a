# ruff: noqa: S603 - every program started here is named by this code, never by input
"""What the embedded servers do alike: start once, be shared, survive kill -9, stop with the last user."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

START_SECONDS = 60.0
RECOVERY_SECONDS = 900.0  # for a server that says it is reading its logs after a crash
STOP_SECONDS = 30.0
STUCK_SECONDS = 10.0  # for a server that is there and does not answer
LONGEST_SOCKET = 100  # bytes; macOS allows 103, Linux 107
LOG_KEPT = 5_000_000  # bytes, after which a start begins a new log


class ServerError(RuntimeError):
    """A server could not be started or stopped; the message says what to do."""


Condition = Literal["up", "busy", "silent"]  # busy: it answers, but does not serve yet


class Daemon(ABC):
    """A server that runs beside its users and stops with the last of them.

    Each user holds a shared lock on the server's folder, which the kernel frees however that user ends. Everything below
    `state` belongs to this class: nothing there is edited by hand.
    """

    name: str
    socket_name: str
    ask_to_end = signal.SIGTERM
    make_end = signal.SIGKILL

    def __init__(self, state: Path) -> None:
        self.state = state.resolve()
        self.home = self.state / self.name
        self.data = self.home / "data"
        self.log = self.state / "logs" / f"{self.name}.log"
        self._held: int | None = None

    @abstractmethod
    def condition(self) -> Condition:
        """Ask the server at its socket how it is."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder ready for the first or next start."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def pid_file(self) -> Path: ...

    def started(self) -> None:  # noqa: B027 - not every server needs it
        """Called when a server of ours has just begun to answer."""

    def run_as(self) -> tuple[list[str], dict[str, Any]]:
        """A command prefix and arguments for `subprocess` under which the server runs."""
        return [], {}

    def may_pass(self, words: str) -> bool:
        """Is the failure in these last lines of the log one that goes away by itself?"""
        return False

    @property
    def socket_dir(self) -> Path:
        """Where the socket is: in the data's own folder, or under a short plain name.

        A socket's path has a limit, and in an address it is read in several ways when it holds more than plain characters.
        """
        wanted = self.home / "run"
        if len(os.fsencode(wanted / self.socket_name)) <= LONGEST_SOCKET and re.fullmatch(r"[A-Za-z0-9/._-]+", str(wanted)):
            return wanted
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        # the folder for temporary files may itself have a long name (macOS, test runners)
        short = min((tempfile.gettempdir(), "/tmp"), key=len)  # noqa: S108 - checked by _own_socket_dir
        return Path(short) / f"lace-{os.geteuid()}-{digest}"

    @property
    def socket(self) -> Path:
        return self.socket_dir / self.socket_name

    def answers(self) -> bool:
        return self.condition() == "up"

    def acquire(self) -> None:
        """Start the server if it is not up, and keep it up until `release()` or the end of this process."""
        with self._starting():
            if self._held is None:
                self._held = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._held, fcntl.LOCK_SH)
            self._ensure_running()

    def release(self) -> None:
        """Let go; whoever lets go last stops the server."""
        if self._held is None:
            return
        with self._starting():
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else is still at work
            else:
                self._stop()
            os.close(self._held)
            self._held = None

    def start(self) -> None:
        """Start the server if it is not up. It stays up until somebody stops it."""
        with self._starting():
            self._ensure_running()

    def stop(self) -> None:
        """Stop the server, whoever uses it."""
        if self.home.is_dir():
            with self._starting():
                self._stop()

    def discard(self) -> None:
        """Stop the server and remove its data. Raises ServerError while somebody else uses it."""
        if not self.home.is_dir():
            return
        with self._starting():
            users = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ServerError(f"{self.name} in {self.state} is in use by another command. Stop that first.") from None
            else:
                self._stop()
                for name in [entry for entry in self.home.iterdir() if not entry.name.endswith(".lock")]:
                    shutil.rmtree(name) if name.is_dir() else name.unlink()
            finally:
                os.close(users)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.home / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _ensure_running(self) -> None:
        self._own_socket_dir()
        if not self.answers():
            self.prepare()
            deadline = time.monotonic() + START_SECONDS
            while not self._up_after_another_try():
                if time.monotonic() > deadline:
                    raise ServerError(f"{self.name} did not start within {START_SECONDS:.0f} seconds. {self._last_words()}")
        self.started()

    def _up_after_another_try(self) -> bool:
        """Wait for a server that is there already, else spawn one. False: look again."""
        if not self._wait_while(lambda: bool(self._processes()), STUCK_SECONDS):
            _end(self._processes(), self.make_end, 5.0)  # there, but stuck or ending
            for stale in (self.pid_file(), self.socket.with_name(f"{self.socket_name}.lock")):
                stale.unlink(missing_ok=True)  # its number may by now be another program's
            pid = self._spawn()
            if not self._wait_while(lambda: _alive(pid), START_SECONDS):
                if _alive(pid) or not self.may_pass(self._last_words()):
                    raise ServerError(f"{self.name} did not start. {self._last_words()}")
                time.sleep(0.25)  # a server killed a moment ago still holds its memory: about 2 s at worst
                return False
        return True

    def _wait_while(self, there: Callable[[], bool], patience: float) -> bool:
        """Wait for the server to be up, as long as somebody is there and does not stay silent for longer than `patience`."""
        now = time.monotonic()
        silent_until, busy_until = now + patience, now + RECOVERY_SECONDS
        while (condition := self.condition()) != "up":
            if not there() or time.monotonic() > (busy_until if condition == "busy" else silent_until):
                return False
            time.sleep(0.02)
        return True

    def _spawn(self) -> int:
        """Start the server detached from this process and its terminal, and say its pid."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))
        prefix, identity = self.run_as()
        with self.log.open("ab") as log:
            # The shell leaves at once, so that init and not this process is the server's parent.
            launched = subprocess.run(
                ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh", *prefix, *self.command()],
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                check=True,
                cwd=self.home,
                env=environment(),
                **identity,
            )
        return int(launched.stdout)

    def _stop(self) -> None:
        processes = self._processes()
        recorded = self._recorded_pid()
        main = [recorded] if recorded in processes else processes
        _end(main, self.ask_to_end, STOP_SECONDS)
        _end(self._processes(), self.make_end, 5.0)
        if self.socket_dir.parent != self.home:
            with suppress(OSError):  # something of the server's is still in it
                self.socket_dir.rmdir()

    def _recorded_pid(self) -> int | None:
        try:
            return int(self.pid_file().read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _processes(self) -> list[int]:
        """The live processes of this server. They all work in its data folder; a pid file alone may lie after a reboot."""
        if sys.platform.startswith("linux"):
            found = []
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        where = os.readlink(entry / "cwd")
                    except OSError:  # ended, or another person's
                        continue
                    if where == str(self.data):
                        found.append(int(entry.name))
            return found
        pid = self._recorded_pid()
        if pid is None:
            return []
        shown = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
        return [pid] if Path(self.command()[0]).name in shown else []

    def _own_socket_dir(self) -> None:
        """Make the socket's folder, closed to others, and refuse one that somebody else put there."""
        folder = self.socket_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _, identity = self.run_as()
        ours = {os.geteuid()} if os.geteuid() else {0, pwd.getpwnam("nobody").pw_uid}
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise ServerError(f"{folder} belongs to somebody else. Remove it, or choose another folder for the state with LACE_STATE.")
        owner = identity.get("user", os.geteuid())
        if found.st_uid != owner:
            os.chown(folder, owner, -1, follow_symlinks=False)
        folder.chmod(0o700)

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-8:]
        except FileNotFoundError:
            return "It left no log."
        return "Its log ends:\n  " + "\n  ".join(lines) + f"\n(the whole log: {self.log})"


def environment() -> dict[str, str]:
    """This process's environment without anything that would steer PostgreSQL's programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"  # dead, but not yet reaped
    except OSError:
        return not sys.platform.startswith("linux")


def _end(pids: Iterable[int], first: signal.Signals, patience: float) -> None:
    """Ask the processes to end, wait, and kill those that do not."""
    pids = list(pids)
    for number, wait in ((first, patience), (signal.SIGKILL, 5.0)):
        for pid in filter(_alive, pids):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + wait
        while any(map(_alive, pids)):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        else:
            return
    raise ServerError(f"The processes {pids} do not end, not even when killed.")
