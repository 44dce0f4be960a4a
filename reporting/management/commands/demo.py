"""The whole of Lace on one machine, with invented people: database, broker, web, worker and beat.

Started through `manage.py`, which has built everything and named the embedded servers in the environment.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from lace.database.broker import Valkey
from lace.database.context import OWNER_ROLE, WORKER_ROLE
from lace.database.server import DATABASE, Postgres
from reporting.management import story

READY_SECONDS = 60
STOP_SECONDS = 10  # then they are killed
CHECK_CHILDREN = 300
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
# Made by a demo and by nothing else; the set-up's style sheet, key and catalogues stay.
MADE_HERE = ["sign-ins.json", "seeded", "seeding", "mail", "beat", "ready.json"]


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # `migrate` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="begin again: what was typed into the last demo is lost")
        parser.add_argument("--children", type=int, metavar="N", help="how many looked-after children to invent (default: as many as Wales has)")
        parser.add_argument("--port", type=int, default=8000, help="where the pages are (default 8000)")
        parser.add_argument("--check", action="store_true", help="play the main story over HTTP in a folder and on a port of its own, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: the demo shall outlive its terminal
            signal.signal(signal.SIGHUP, signal.default_int_handler)
        if options["children"] is not None and options["children"] < 1:
            raise CommandError("--children takes a number from 1 upwards.")
        if options["check"]:
            sys.exit(check(options["children"] or CHECK_CHILDREN))
        if not 1024 <= options["port"] <= 65535:
            raise CommandError("--port takes a number from 1024 to 65535; those below belong to the administrator.")
        Demo(settings.STATE_DIR, port=options["port"]).run(fresh=options["fresh"], children=options["children"])


class Demo:
    """One demo in one state folder: its servers, its processes, and their logs."""

    def __init__(self, state: Path, *, port: int) -> None:
        self.state = state
        self.port = port
        self.address = f"http://localhost:{port}"
        self.postgres, self.valkey = Postgres(state), Valkey(state)
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *, fresh: bool, children: int | None) -> None:
        """Start everything, say where it is, and stay until Ctrl-C, SIGTERM or the end of one of the parts."""
        began = time.monotonic()
        with self.alone():
            end_leftovers(self.state / "demo.pids")
            self.demand_free_port()
            try:
                if fresh:
                    self.begin_again()
                self.start_servers()
                self.fill(children)
                self.start_parts()
                self.await_page()
                say(f"\nLace is ready ({time.monotonic() - began:.1f} s).")
                self.introduce()
                self.watch()
            except KeyboardInterrupt:
                say("\nStopping.")
            finally:
                self.stop()

    @contextmanager
    def alone(self) -> Iterator[None]:
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                where = read_json(self.state / "ready.json").get("address", "starting")
                raise CommandError(
                    f"A demo already runs here ({where}). Stop it with Ctrl-C, or give another its own folder by LACE_STATE."
                ) from None
            yield

    def demand_free_port(self) -> None:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", self.port))
            except OSError:
                raise CommandError(f"Port {self.port} is in use. Choose another: python3 manage.py demo --port {self.port + 1}") from None

    def begin_again(self) -> None:
        say("Removing the last demo's data")
        self.postgres.discard()
        self.valkey.discard()
        for name in MADE_HERE:
            path = self.state / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def start_servers(self) -> None:
        with step("Starting PostgreSQL and Valkey"):
            self.postgres.acquire()
            self.valkey.acquire()

    def fill(self, children: int | None) -> None:
        """Bring the tables up to date, and invent people when there are none. A seeding that was killed begins again."""
        seeded, seeding = self.state / "seeded", self.state / "seeding"
        if seeding.exists():
            say("The last start was stopped while it invented people; beginning again.")
            self.postgres.psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            self.postgres.psql(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
        if self.migrations_wait():
            with step("Migrating the database"):
                self.manage("migrate", "--verbosity=0")
        if not seeded.exists():
            say("Inventing schools, people and children")
            seeding.touch()
            began = time.monotonic()
            self.manage("seed", *([] if children is None else [f"--children={children}"]), shown=True)
            seeding.replace(seeded)
            seeded.write_text(json.dumps({"children": children}))
            say(f"  {time.monotonic() - began:.1f} s")
        elif children not in (None, read_json(seeded).get("children")):
            say(f"The data is kept from an earlier start. To have {children} children, begin again with --fresh.")

    def migrations_wait(self) -> bool:
        """Asked of the tables' owner, because the role of the web need not see what was migrated."""
        applied = ""
        if self.postgres.psql("SELECT to_regclass('django_migrations')", role=OWNER_ROLE, database=DATABASE):
            applied = self.postgres.psql("SELECT app || '.' || name FROM django_migrations", role=OWNER_ROLE, database=DATABASE)
        return not {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations} <= set(applied.split())

    def manage(self, *arguments: str, shown: bool = False) -> None:
        """Run a command of ours in a process of its own: these two connect as the owner of the tables."""
        log = self.log(arguments[0])
        if shown:
            done = subprocess.run([*MANAGE, *arguments], stdin=subprocess.DEVNULL, check=False)
        else:
            with log.open("wb") as output:
                done = subprocess.run([*MANAGE, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
        if done.returncode:
            raise CommandError(f"`manage.py {arguments[0]}` failed.{'' if shown else last_lines(log)}")

    def log(self, name: str) -> Path:
        (self.state / "logs").mkdir(exist_ok=True)
        return self.state / "logs" / f"{name}.log"

    def start_parts(self) -> None:
        """Web, worker and beat, each in a session of its own, so that Ctrl-C reaches only this process."""
        web = [
            *("gunicorn", "lace.wsgi", f"--bind=127.0.0.1:{self.port}", "--workers=2"),
            # Threads keep a browser's parallel and idle connections from holding one of only two workers.
            *("--worker-class=gthread", "--threads=4"),
            "--preload",  # the code is loaded once and its memory shared
            *("--no-control-socket", "--graceful-timeout=5", "--log-level=warning"),
        ]
        worker = ["celery", "-A", "lace", "worker", "--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
        (self.state / "beat").mkdir(exist_ok=True)
        beat = ["celery", "-A", "lace", "beat", f"--schedule={self.state / 'beat' / 'schedule'}", "--pidfile=", "--loglevel=INFO"]
        as_worker = {"DATABASE_URL": self.postgres.url(WORKER_ROLE)}
        for name, command, environment in (("web", web, {}), ("worker", worker, as_worker), ("beat", beat, as_worker)):
            self.start_part(name, command, environment)
        (self.state / "demo.pids").write_text("".join(f"{part.pid}\n" for part in self.parts.values()))

    def start_part(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        mail = {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}
        with self.log(name).open("wb") as output:
            self.parts[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={"MAIL_KEEPS_HOURS": "0", **os.environ, **mail, "SITE_URL": self.address, **environment},
            )

    def await_page(self) -> None:
        with step("Starting web, worker and beat"):
            deadline = time.monotonic() + READY_SECONDS
            while not is_well(said := health(self.port)):
                self.demand_alive()
                if time.monotonic() > deadline:
                    raise CommandError(f"The web process does not answer well (/health/ says: {said or 'nothing'}).{last_lines(self.log('web'))}")
                time.sleep(0.1)
        (self.state / "ready.json").write_text(json.dumps({"address": self.address}))

    def demand_alive(self) -> None:
        for name, part in self.parts.items():
            if part.poll() is not None:
                raise CommandError(f"The {name} process ended by itself (code {part.returncode}).{last_lines(self.log(name))}")

    def introduce(self) -> None:
        say(f"\n  {self.address}\n")
        sign_ins = read_json(self.state / "sign-ins.json")
        if not sign_ins:
            say("The sign-ins were removed from the state folder; --fresh makes new ones.")
        rows = [(str(row.get("role", key)), row.get("email", "") and [row["email"], row["password"]]) for key, row in sign_ins.items()]
        width = max((len(role) for role, _ in rows), default=0)
        for role, shown in rows:
            say(f"  {role:<{width}}  {'  '.join(shown) if shown else 'by API: the client id and secret are in ' + str(self.state / 'sign-ins.json')}")
        say(f"\nLogs: {self.state / 'logs'}. Ctrl-C stops everything; the data stays for the next start.")

    def watch(self) -> None:
        while True:
            self.demand_alive()
            time.sleep(0.5)

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # being stopped twice must not leave half of it running
        (self.state / "ready.json").unlink(missing_ok=True)
        end_groups([part.pid for part in self.parts.values()], reap=list(self.parts.values()))
        (self.state / "demo.pids").unlink(missing_ok=True)
        self.valkey.release()
        self.postgres.release()


def check(children: int) -> int:
    """Start a demo of its own, play the main story against it from outside, stop it, and return the exit code."""
    state = settings.STATE_DIR / "check"
    end_leftovers(state / "demo.pids")
    Postgres(state).discard()
    Valkey(state).discard()
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    (state / "build").symlink_to(settings.STATE_DIR / "build")  # style sheet and fonts: made a moment ago, and no part of the story
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [*MANAGE, "demo", f"--port={port}", f"--children={children}"]
    demo = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "LACE_STATE": str(state)})
    code = 1
    try:
        while not (state / "ready.json").exists():
            if demo.poll() is not None:
                raise CommandError("The demo did not start; its lines above say why.")
            time.sleep(0.1)
        code = story.play(f"http://localhost:{port}", read_json(state / "sign-ins.json"), state / "mail")
    except KeyboardInterrupt:
        code = 130
    finally:
        demo.send_signal(signal.SIGTERM)
        stopped = demo.wait(timeout=120)
    if code == 0 and stopped == 0:
        shutil.rmtree(state, ignore_errors=True)
        return 0
    say(f"The check failed. Its data and logs are kept in {state} until the next check.")
    return code or 1


def health(port: int) -> str:
    """What the health page says, or nothing when nobody listens."""
    page = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        page.request("GET", "/health/", headers={"Host": f"localhost:{port}"})
        return page.getresponse().read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        page.close()


def is_well(said: str) -> bool:
    """Database and broker are up. A sweep may be missing: the last start may be days ago, and beat makes up for it now."""
    with suppress(ValueError, AttributeError):
        parts = json.loads(said)
        return bool(parts.get("database") == parts.get("broker") == "up")
    return False


def end_leftovers(pids: Path) -> None:
    """End what a demo left behind that was killed with no chance to stop its parts."""
    with suppress(FileNotFoundError):
        ours = [int(line) for line in pids.read_text().split() if is_part(int(line))]
        if ours:
            say("Stopping what an earlier demo left running")
            end_groups(ours)
        pids.unlink()


def is_part(pid: int) -> bool:
    """Is this still gunicorn or celery of ours? A number may have gone to another program since."""
    try:
        shown = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        if sys.platform.startswith("linux"):
            return False
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return "lace" in shown and (" -m gunicorn " in shown or " -m celery " in shown)


def end_groups(leaders: list[int], reap: list[subprocess.Popen[bytes]] | None = None) -> None:
    """Ask each process group to stop, and kill those that hang."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        for pid in leaders:
            with suppress(ProcessLookupError):
                # gunicorn's and celery's masters stop their own children, unless they hang or have died
                os.kill(pid, number) if number == signal.SIGTERM and runs(pid) else os.killpg(pid, number)
        deadline = time.monotonic() + seconds
        while leaders and time.monotonic() < deadline:
            for process in reap or []:
                process.poll()
            leaders = [pid for pid in leaders if runs(pid, os.killpg)]
            time.sleep(0.02)


def runs(pid: int, signal_to: Callable[[int, int], None] = os.kill) -> bool:
    try:
        signal_to(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def step(what: str) -> Iterator[None]:
    say(what)
    began = time.monotonic()
    yield
    say(f"  {time.monotonic() - began:.1f} s")


def read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-12:]
    return "\n" + "\n".join(f"  | {line}" for line in lines) + f"\nThe whole log: {log}"


def say(text: str) -> None:
    print(text, flush=True)
