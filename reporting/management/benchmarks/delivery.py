"""The way of a reminder, whole: a bell rung through the broker, the sweep, the outbox, the worker's letters at a provider. By Celery's own
worker in processes of its own, against the same letters handed to the provider by its bare client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from lace.celery import app
from lace.core.actor import Actor
from lace.database.context import APP_ROLE, WORKER_ROLE
from lace.deadlines.sweep import sweep
from lace.notifications.channels import Letter, Notify
from reporting.management.benchmarks.databases import Database, copied
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare, through, whole
from reporting.management.benchmarks.people import People
from reporting.management.benchmarks.sweep import undone

REMINDERS = 700
SECONDS = 30.0
PATIENCE = 120.0  # seconds after which no more letters will come
NOBODY_WAS_TOLD = "TRUNCATE notifications_notification, deadlines_sweeprun"
BROKER_DATABASE = 9  # Redis and Valkey number theirs; workers of the installation listen at another


def measure(database: Database, people: People) -> Iterator[Comparison]:
    with copied(database) as copy, sink() as taken:
        expected = make_due(copy)
        address = f"http://127.0.0.1:{taken.server_address[1]}"
        to_the_sink = {"NOTIFY_API_KEY": f"bench-{uuid4()}-{uuid4()}", "NOTIFY_TEMPLATE_ID": str(uuid4()), "NOTIFY_BASE_URL": address}

        def by_celery(clock: Clock) -> None:
            as_before(copy)
            taken.letters.clear()
            with clock:
                with app.connection_for_write(broker()) as to_broker:
                    app.send_task("lace.deadlines.tasks.ring_sweep", connection=to_broker)
                wait_for(taken, expected)

        with worker(copy, to_the_sink), override_settings(**to_the_sink):
            by_celery(Clock())  # the worker starts meanwhile
            letters = [as_letter(sent) for sent in taken.letters]

            def bare() -> None:
                client = Notify()
                for letter in letters:
                    client.send(letter)
                client.close()

            yield compare(
                "reminders by Celery",
                Side(f"{expected:,} reminders, from the sweep to the provider", by_celery, copy.owner),
                Side("the same letters by the provider's client", whole(bare), copy.owner),
                children=copy.children,
                goal=Goal(8.0, seconds=SECONDS),
                pairs=5,
            )


class Sink(ThreadingHTTPServer):
    """Takes what GOV.UK Notify would."""

    daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Taking)


class _Taking(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        self.server.letters.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = b"{}"
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not among the results."""


@contextmanager
def sink() -> Iterator[Sink]:
    server = Sink()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def as_letter(sent: dict[str, Any]) -> Letter:
    return Letter(UUID(sent["reference"]), "", sent["email_address"], "en-gb", **sent["personalisation"])


def wait_for(taken: Sink, expected: int) -> None:
    until = monotonic() + PATIENCE
    while len(taken.letters) < expected:
        if monotonic() > until:
            raise RuntimeError(f"{len(taken.letters)} of {expected} reminders came in {PATIENCE:.0f} s.")
        sleep(0.002)


def make_due(copy: Database) -> int:
    """So many duties due that about REMINDERS e-mails go out today, and nothing else to send. How many e-mails that will be."""
    by = Actor.named_job("sweep", today=timezone.localdate())
    with through(copy.owner), connection.cursor() as cursor:
        cursor.execute(NOBODY_WAS_TOLD)
        cursor.execute("UPDATE deadlines_duty SET next_rung = 0, next_look_on = %s WHERE closed_on IS NULL AND due_on <= %s", [by.today, by.today])
    with through(copy.served), undone(by), connection.cursor() as cursor:
        sweep(by=by)
        cursor.execute(
            "SELECT source, count(*) FROM notifications_notification WHERE channel = 'email' AND child_id IS NOT NULL GROUP BY source ORDER BY source"
        )
        told = cursor.fetchall()
    chosen: list[UUID] = []
    expected = 0
    for source, count in told:
        if expected < REMINDERS:
            chosen.append(source)
            expected += count
    with through(copy.owner), connection.cursor() as cursor:
        cursor.execute("UPDATE deadlines_duty SET next_look_on = NULL WHERE next_look_on IS NOT NULL AND NOT id = ANY(%s)", [chosen])
        cursor.execute("UPDATE deadlines_bodyduty SET next_look_on = NULL WHERE next_look_on IS NOT NULL")
        cursor.execute("CREATE TABLE bench_due AS SELECT id, next_rung, next_look_on FROM deadlines_duty WHERE id = ANY(%s)", [chosen])
    return expected


def as_before(copy: Database) -> None:
    """Nobody was told yet."""
    with through(copy.owner), connection.cursor() as cursor:
        cursor.execute(NOBODY_WAS_TOLD)
        cursor.execute("UPDATE deadlines_duty d SET next_rung = b.next_rung, next_look_on = b.next_look_on FROM bench_due b WHERE d.id = b.id")


@contextmanager
def worker(copy: Database, to_the_sink: dict[str, str]) -> Iterator[None]:
    """Celery's worker as in lace/docker/entrypoint, on the copy. Each reminder goes by itself, so that there are so many letters."""
    command = [sys.executable, "-m", "celery", "-A", "lace", "worker", "--loglevel", "ERROR", "--concurrency", "2"]
    environment = {"DATABASE_URL": served_url(copy), "REDIS_URL": broker(), "MAIL_KEEPS_HOURS": "0", "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        env={**os.environ, **environment, **to_the_sink, "PYTHONWARNINGS": "ignore"},  # Celery warns of being root
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def served_url(copy: Database) -> str:
    """DATABASE_URL with the copy's name, as the role that workers have."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(netloc=url.netloc.replace(f"{APP_ROLE}@", f"{WORKER_ROLE}@"), path=f"/{copy.served.settings_dict['NAME']}").geturl()


def broker() -> str:
    """REDIS_URL with another number."""
    if "+socket:" in settings.REDIS_URL:
        return f"{settings.REDIS_URL}?virtual_host={BROKER_DATABASE}"
    return urlsplit(settings.REDIS_URL)._replace(path=f"/{BROKER_DATABASE}").geturl()
