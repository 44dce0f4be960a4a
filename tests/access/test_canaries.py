"""Nothing personal in logs, in the queue, in the cache or in temporary files: words planted in records and typed into every door.

Forty canaries: names, identifiers, address, carer, free text, an e-mail address, a password, a token. They go through every route of the
resolver, refused, misread, failing in the database and failing altogether; through every task of Celery; and then they are looked for.
"""

from __future__ import annotations

import itertools
import logging
import pickle
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache.backends.locmem import _caches  # type: ignore[attr-defined]  # private, and the only way to read all of it
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu import Connection

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.celery import app
from lace.children.models import Child
from lace.children.rules import HeardFrom
from lace.deadlines.models import Duty
from lace.web.logs import Formatter
from lace.web.middleware import serving
from tests.lace.api.callers import Caller
from tests.lace.audit.addresses import Route, routes
from tests.world import World, enter, furnish

pytestmark = pytest.mark.slow

PLANTED = {
    "given_names": "Canarigiven Canarimiddle",
    "family_name": "Canarifamily",
    "preferred_name": "Canaripreferred",
    "reference": "CANARI-REF-7",
    "first_language": "Canarilanguage",
}
RECORDED = ["Canarigiven", "Canarimiddle", "Canarifamily", "Canaripreferred", "CANARI-REF-7", "Canarilanguage", "Hidden Lane", "Gofalwr Cudd"]
TYPED = [f"Canarityped{number:02d}" for number in range(28)]
SECRETS = ["Canaripassword-9-horse", "Canarisecret-client", "Canaribearertoken", "canari.person@family.example"]
CANARIES = [word.lower() for word in (*RECORDED, *TYPED, *SECRETS)]


class Logged:
    """Every record, as the log's formatter writes it and as it is: the text, the arguments, the exception's place."""

    def __init__(self) -> None:
        self.lines: list[str] = []


@pytest.fixture
def logged() -> Iterator[Logged]:
    """What the installation's own handler would write, of every logger."""
    found = Logged()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.lines.append(Formatter().format(record))

    handler = Keep()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield found
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go meanwhile."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def world(transactional_db: None) -> World:
    made = World(own=furnish("CRF"), other=furnish("GWN"))
    made.own.child, made.own.episode, made.own.placement, made.own.enrolment = enter(
        made.own, entered_on=timezone.localdate() - timedelta(days=40), **PLANTED
    )
    return made


def found_in(text: str) -> set[str]:
    small = text.lower()
    return {word for word in CANARIES if word in small}


def fields_of(client: Client, address: str) -> list[str]:
    """The names of the fields of the form behind an address."""
    page = client.get(address)
    form = (page.context or {}).get("form") if page.status_code == 200 else None
    return list(form.fields) if form is not None and hasattr(form, "fields") else []


def through_the_pages(world: World) -> int:
    """Every page with the canaries in its record, in the query, in every field of its form: answered, refused or broken."""
    words = itertools.cycle(TYPED)
    filled: dict[str, Any] = {"child": world.own.child.pk, "number": world.own.school.number}
    with serving(world.own.actor(Role.LACE_COORDINATOR)), transaction.atomic():
        duty = Duty.objects.filter(child=world.own.child).first()
        filled["duty"] = duty.pk if duty else None
    asked = 0
    every = [route for route in routes() if not route.is_of_the_api]
    for role in (Role.SOCIAL_WORKER, Role.ADMINISTRATOR):
        client = world.client(role)
        client.raise_request_exception = False
        for route in every:
            if route.name in {"account_logout", "sign_out_elsewhere"}:
                continue
            address = route.address(**{name: value for name, value in filled.items() if value})
            # allauth keeps a request to a page of one's own account while it asks for the password again; no child is in those
            own_account = route.pattern.startswith("accounts/")
            client.get(address if own_account else f"{address}?q={next(words)}&next={next(words)}")
            typed = {name: next(words) for name in fields_of(client, address)} or {"answer": next(words)}
            client.post(address, {} if own_account else typed)
            asked += 3
        client.get(f"/children/{next(words)}/")
        client.get(f"/{next(words)}?{next(words)}=1", headers={"Referer": f"http://{next(words)}/", "User-Agent": next(words)})
        if role == Role.SOCIAL_WORKER:  # the session ended while somebody wrote: what was typed is kept for them
            page = client.get(f"/children/{world.own.child.pk}/meetings/arrange/")
            token = page.context["form_token"]
            ended = Client(raise_request_exception=False)
            ended.post(page.request["PATH_INFO"], {"form_token": token, "venue": next(words)})
            assert ended.session["kept_form"]["owner"] == world.own.user(role).pk
    stranger = Client(raise_request_exception=False)
    stranger.post("/accounts/login/", {"login": SECRETS[3], "password": SECRETS[0]})
    for route in (route for route in every if not route.pattern.startswith("accounts/")):
        stranger.post(route.address(**{name: value for name, value in filled.items() if value}), {"answer": next(words)})
        asked += 1
    return asked


def through_the_api(world: World) -> int:
    words = itertools.cycle(TYPED)
    caller = Caller(world.own)
    caller.client.raise_request_exception = False
    caller.client.post("/api/v1/token/", {"grant_type": "client_credentials", "client_id": next(words), "client_secret": SECRETS[1]})
    caller.client.get("/api/v1/children/", headers={"Authorization": f"Bearer {SECRETS[2]}"})
    asked = 2
    every: list[Route] = [route for route in routes() if route.is_of_the_api]
    for route in every:
        path = route.address(child=world.own.child.pk).removeprefix("/api/v1/")
        caller.get(f"{path}?reference={next(words)}&cursor={next(words)}")
        caller.post(path, {"child": {"given_names": next(words), "upn": next(words)}, "reason": next(words)})
        caller.client.post(
            f"/api/v1/{path}",
            f'{{"broken": "{next(words)}"',
            content_type="application/json",
            headers={"Authorization": f"Bearer {caller.token}", "Idempotency-Key": next(words)},
        )
        asked += 3
    return asked


def broken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that fails with a canary in the exception, in the database and in Python."""
    client = world.client(Role.LACE_COORDINATOR)
    client.raise_request_exception = False

    def raising(**_row: Any) -> None:
        raise RuntimeError(f"{PLANTED['family_name']} {SECRETS[3]}")

    def in_the_database(**_row: Any) -> None:
        Child.objects.create(
            authority=world.own.row, given_names=TYPED[0], family_name=TYPED[1], born_on=timezone.localdate(), reference="CANARI-REF-7"
        )

    def by_the_checks_of_postgresql(**_row: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::date", [TYPED[2]])

    for failure in (raising, in_the_database, by_the_checks_of_postgresql):
        with monkeypatch.context() as patched:
            patched.setattr(Read.objects, "create", failure)
            for address in (f"/children/{world.own.child.pk}/", f"/children/?q={TYPED[3]}"):
                answer = client.get(address)
                assert answer.status_code == 500
                assert found_in(answer.content.decode()) == set()


def through_the_tasks() -> int:
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    for task in ours:
        task.apply(throw=False)
        task.apply_async(ignore_result=True)
    return len(ours)


def queued() -> str:
    """Everything that lies in the broker, as it lies there."""
    with Connection(settings.REDIS_URL) as broker:
        client: Any = broker.channel().client  # type: ignore[attr-defined]  # of the transport for Redis
        texts = []
        for key in client.keys("*"):
            kind = client.type(key)
            texts.append(repr(key))
            match kind:
                case b"list":
                    texts += [repr(item) for item in client.lrange(key, 0, -1)]
                case b"hash":
                    texts += [repr(item) for item in client.hgetall(key).items()]
                case b"string":
                    texts.append(repr(client.get(key)))
                case _:
                    texts.append(repr(client.dump(key)))
        return "\n".join(texts)


def decoded_messages(text: str) -> str:
    """Celery writes a task's arguments in base64: as they read."""
    import base64
    import re

    return text + "\n".join(
        base64.b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace") for part in re.findall(r'"body": "([A-Za-z0-9+/=]+)"', text)
    )


def cached() -> str:
    """Everything in the cache: sessions among it."""
    entries = [pickle.loads(value) for cache in _caches.values() for value in cache.values()]
    return "\n".join([*map(repr, entries), *(repr(key) for cache in _caches.values() for key in cache)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PRIV-14")
def test_no_canary_in_logs_queue_cache_or_files(world: World, logged: Logged, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert through_the_pages(world) > 250
    assert through_the_api(world) > 20
    broken(world, monkeypatch)
    assert through_the_tasks() >= 5
    client = world.client(Role.LACE_COORDINATOR)
    assert PLANTED["family_name"] in client.get(reverse("child", args=[world.own.child.pk])).content.decode()  # it is there to be leaked
    assert len(logged.lines) > 20
    places = {
        "log": "\n".join(logged.lines),
        "queue": decoded_messages(queued()),
        "cache": cached(),
        "files": "\n".join(path.read_bytes().decode("utf-8", "replace") for path in scratch.rglob("*") if path.is_file()),
    }
    leaked = {place: sorted(found) for place, text in places.items() if (found := found_in(text))}
    assert leaked == {}, examples(places)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PRIV-14")
@pytest.mark.parametrize("megabytes", [0, 1, 4])
def test_a_file_that_is_sent_touches_no_disk(world: World, scratch: Path, megabytes: int) -> None:
    """With nowhere to put a temporary file: what is too large is refused in a sentence, and what is not is read."""
    scratch.rmdir()
    today = timezone.localdate()
    rows = f"placing authority,name,date of birth\nGwynedd,{TYPED[0]},2015-03-02\n".encode()
    sent = {
        "file": SimpleUploadedFile("list.csv", rows + b"\n" * megabytes * 1024 * 1024),
        "heard_from": HeardFrom.COUNTERPART,
        **{f"heard_on_{part}": getattr(today, part) for part in ("day", "month", "year")},
    }
    answer = world.client(Role.LACE_COORDINATOR).post(reverse("placed_list"), sent)
    if megabytes:
        assert "The file is too large. Use a file of up to 200 kB" in answer.content.decode()
    else:
        assert answer.headers["Location"] == reverse("placed")
    assert not scratch.exists()


def examples(places: dict[str, str]) -> str:
    """What stands around each leak."""
    lines = []
    for place, text in places.items():
        small = text.lower()
        lines += [f"{place}: …{text[max(0, small.index(word) - 200) : small.index(word) + 60]}" for word in sorted(found_in(text))]
    return "\n".join(lines[:12])


def test_the_search_for_canaries_finds_them() -> None:
    """A check that cannot fail would be worth nothing."""
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "Failed for %s", ("Canarifamily",), None)
    assert found_in(Formatter().format(record)) == {"canarifamily"}
    try:
        raise ValueError("Canarifamily")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "Failed", (), (type(error), error, error.__traceback__))
    assert found_in(Formatter().format(record)) == set()
