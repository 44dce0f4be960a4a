"""How the matrix knocks: the application's own views, middleware of access and error pages, without what only costs time.

`Light` leaves out signing in, compression and the session's table: it puts a signed-in person on the request as the session middleware
would. What that leaves out is shown by the pass that goes through the whole stack (test_matrix.py).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.test import RequestFactory
from django.utils.html import escape
from django.utils.translation import get_language

from lace.accounts.models import Membership
from lace.accounts.signing_in import MEMBERSHIP, SECOND_FACTOR, SIGNED_IN_AT, now
from lace.api import views
from lace.audit.services import record_read
from lace.children.models import Child
from lace.children.services import find_child
from lace.core.actor import Actor
from lace.web import middleware, pages
from lace.web.context import _navigation
from tests.access.recall import Recall

MIDDLEWARE = [
    "tests.access.doors.signed_in",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lace.accounts.signing_in.SessionRules",
    "lace.web.middleware.Acting",
    "django_htmx.middleware.HtmxMiddleware",
]
REFUSALS = frozenset({"403.html", "404.html"})
_draw = Template.render
_act_as = middleware.act_as
# Of a request, what says only how it was asked. `path`, and what is made of it, stands in the page's form that changes the language.
PER_REQUEST = frozenset({"META", "environ", "_stream", "_read_started", "method", "path", "path_info"})


@cache
def _menu(actor: Actor | None) -> list[str]:
    return [item["href"] for item in _navigation(actor, "")] if actor else []


def _told(value: Any) -> str:
    """What of a value could stand in a page: itself, when it is plain; else what it is."""
    return repr(value) if isinstance(value, str | int | UUID | None | dict | list | tuple) else type(value).__name__


@dataclass
class Answer:
    """What came back, and what it did to the database."""

    status: int
    body: bytes
    headers: dict[str, str]
    writes: list[str]
    records: int = 0  # rows for the record of reads and refusals

    @property
    def leads_to_sign_in(self) -> bool:
        return self.status == 302 and self.headers.get("Location", "").startswith("/accounts/login/")

    @property
    def text(self) -> str:
        """All of it that a canary could be in."""
        return "\n".join([self.body.decode(errors="replace"), *(f"{name}: {value}" for name, value in self.headers.items())])


def signed_in(get_response: Any) -> Any:
    """Middleware: the person whom the knock names, as signing in would leave them."""

    def entering(request: HttpRequest) -> HttpResponse:
        membership: Membership | None = request.META.get("matrix.membership")
        request.session = SessionStore()
        request.user = membership.user if membership else AnonymousUser()
        if membership is not None:
            request.session.update({MEMBERSHIP: membership.pk, SECOND_FACTOR: True, SIGNED_IN_AT: now()})
        request._messages = default_storage(request)  # type: ignore[attr-defined]  # where the messages framework looks
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # as the test client asks it
        response: HttpResponse = get_response(request)
        return response

    return entering


_Memory = tuple[Recall, dict[int, dict[str, Any]], dict[Any, str], dict[tuple[Actor, UUID], tuple[Child, Any] | None], set[Any]]


def _memory() -> _Memory:
    return Recall(), {}, {}, {}, set()


class Light:
    """The handler, loaded once."""

    def __init__(self) -> None:
        self.handler = BaseHandler()
        self.handler.load_middleware()
        self.factory = RequestFactory()
        self.recall: Recall | None = None
        self.records: list[str] = []
        self._memory = _memory()

    def in_another_world(self) -> Light:
        """The same doors with nothing remembered: for after a change of the world."""
        other = copy(self)
        other._memory = _memory()
        return other

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """For a world that stays as it is: what was asked of the database, who acts, which child a door finds, how a refusal is recorded and
        looks, is found out once.
        """
        recall, actors, refusals, children, known = self._memory

        def act_as(request: Any) -> Any:
            membership: Membership | None = request.META["matrix.membership"]
            if membership is None or membership.pk not in actors:
                acting = _act_as(request)
                if membership is not None:
                    actors[membership.pk] = {name: getattr(request, name) for name in ("memberships", "membership", "actor")}
                return acting
            for name, value in actors[membership.pk].items():
                setattr(request, name, value)
            return request.actor

        def find_once(*, by: Actor, pk: UUID) -> tuple[Child, Any]:
            if recall.written:
                return find_child(by=by, pk=pk)
            if (by, pk) not in children:
                try:
                    children[by, pk] = find_child(by=by, pk=pk)
                except Child.DoesNotExist:
                    children[by, pk] = None
            found = children[by, pk]
            if found is None:
                raise Child.DoesNotExist
            return copy(found[0]), found[1]  # a row of its own: views hang things on it

        def record_once(**refusal: Any) -> None:
            key = repr(sorted(refusal.items()))
            if key in known:
                self.records.append(key)
                return
            known.add(key)
            record_read(**refusal)

        def drawn_once(self: Template, context: Any = None, request: Any = None) -> Any:
            if self.template.name not in REFUSALS or request is None or getattr(request._messages, "_queued_messages", []):
                return _draw(self, context, request)
            # All that the page could be made of: who asks, in which language, what the view gave it and what it hung on the request.
            given = {name: value for name, value in request.__dict__.items() if name not in PER_REQUEST}
            place = [href for href in _menu(request.actor) if request.path.startswith(href)]  # what the navigation marks
            hung = repr(sorted((name, _told(value)) for name, value in given.items()))
            key = (self.template.name, *place, request.path in place, get_language(), repr(context), hung)
            if key not in refusals:
                refusals[key] = _draw(self, context, request).replace(escape(request.path), "\0")
            return refusals[key].replace("\0", escape(request.path))

        gc.freeze()  # the world and all modules stay: nothing of them is looked through again and again
        with ExitStack() as stack:
            stack.enter_context(recall.on())
            for holder, name, once in (
                (middleware, "act_as", act_as),
                (middleware, "record_read", record_once),
                (pages, "find_child", find_once),
                (views, "find_child", find_once),
                (Template, "render", drawn_once),
            ):
                stack.enter_context(patch.object(holder, name, once))
            self.recall = recall
            try:
                yield
            finally:
                self.recall = None

    def changed_rows(self) -> dict[str, int]:
        """How many rows of each table this transaction has written so far, what was undone included; the record of reads and sessions left out."""
        assert self.recall is not None
        query = (
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname NOT IN ('audit_read', 'django_session')"
        )
        self.recall.say()
        return dict(connection.connection.execute(query).fetchall())

    def knock(
        self, method: str, path: str, membership: Membership | None, *, headers: dict[str, str] | None = None, data: Any = None, drawn: bool = False
    ) -> Answer:
        """One request; whatever it wrote is undone."""
        extra: dict[str, Any] = {"matrix.membership": membership, "secure": True}
        if method == "POST" and ((headers or {}).get("Authorization") or (data and path.startswith("/api/"))):
            request = self.factory.post(path, data or {}, content_type="application/json", headers=headers, **extra)
        elif method == "POST":
            request = self.factory.post(path, data or {}, headers=headers, **extra)
        else:
            request = self.factory.generic(method, path, headers=headers, **extra)
        writes: list[str] = []
        self.records = records = list[str]()
        if self.recall is not None:
            self.recall.begin()
        with transaction.atomic(), connection.execute_wrapper(_noting(writes, records)), _drawing(drawn):
            response: Any = self.handler.get_response(request)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        return Answer(response.status_code, body, dict(response.items()), writes, len(records))


# Not changes of what is kept: the record of reads and of refusals, the session, and the context of the audit's triggers.
_RECORDS = ('INSERT INTO "AUDIT_', 'INSERT INTO "DJANGO_SESSION"', 'UPDATE "DJANGO_SESSION"')


def _noting(writes: list[str], records: list[str]) -> Any:
    """Notes every statement that may change a row, outside the audit; and those of the record of reads apart."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        start = sql.lstrip("( \n").upper()
        if start.startswith("SELECT SET_CONFIG") and "; " in start:
            start = start.rsplit("; ", 1)[-1].lstrip("( \n")
        if start.startswith(("INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "COPY", "TRUNCATE")) and not start.startswith(_RECORDS):
            writes.append(sql[:200])
        elif start.startswith('INSERT INTO "AUDIT_READ"'):
            records.append(start)
        return execute(sql, params, many, context)

    return wrapper


@contextmanager
def _drawing(drawn: bool) -> Iterator[None]:
    if drawn:
        yield
        return

    draw = Template.render

    def name_only(self: Template, context: Any = None, request: Any = None) -> Any:
        return draw(self, context, request) if self.template.name in REFUSALS else str(self.template.name)

    Template.render = name_only  # type: ignore[method-assign,assignment]  # drawing is most of the time, and not what is asked
    try:
        yield
    finally:
        Template.render = draw  # type: ignore[method-assign]  # put back
