"""How the matrix knocks: the application's own views, middleware of access and error pages, without what only costs time.

`Light` leaves out signing in, compression and the session's table: it puts a signed-in person on the request as the session middleware
would. What that leaves out is shown by the pass that goes through the whole stack (test_matrix.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template.backends.django import Template
from django.test import RequestFactory

from lace.accounts.models import Membership
from lace.accounts.signing_in import MEMBERSHIP, SECOND_FACTOR, SIGNED_IN_AT, now

MIDDLEWARE = [
    "tests.access.doors.signed_in",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lace.accounts.signing_in.SessionRules",
    "lace.web.middleware.Acting",
    "django_htmx.middleware.HtmxMiddleware",
]
# What refusals and forms look like is drawn once, in the pass that draws; elsewhere a page is its template's name and what it was given.
_draw = Template.render


@dataclass
class Answer:
    """What came back, and what it did to the database."""

    status: int
    body: bytes
    headers: dict[str, str]
    writes: list[str]

    @property
    def leads_to_sign_in(self) -> bool:
        return self.status == 302 and self.headers.get("Location", "").startswith("/accounts/login/")

    @property
    def text(self) -> str:
        """All of it that a canary could be in."""
        return "\n".join([self.body.decode(errors="replace"), *(f"{name}: {value}" for name, value in self.headers.items())])


def signed_in(get_response: Any) -> Any:
    """Middleware: the person whom the knock names, as signing in would leave them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        membership: Membership | None = request.META.get("matrix.membership")
        request.session = SessionStore()
        request.user = membership.user if membership else AnonymousUser()
        if membership is not None:
            request.session.update({MEMBERSHIP: membership.pk, SECOND_FACTOR: True, SIGNED_IN_AT: now()})
        request._messages = default_storage(request)  # type: ignore[attr-defined]  # where the messages framework looks
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # as the test client asks it
        response: HttpResponse = get_response(request)
        return response

    return middleware


class Light:
    """The handler, loaded once."""

    def __init__(self) -> None:
        self.handler = BaseHandler()
        self.handler.load_middleware()
        self.factory = RequestFactory()

    def knock(
        self, method: str, path: str, membership: Membership | None, *, headers: dict[str, str] | None = None, data: Any = None, drawn: bool = False
    ) -> Answer:
        """One request; whatever it wrote is undone."""
        extra: dict[str, Any] = {"matrix.membership": membership, "secure": True}
        if method == "POST" and (headers or {}).get("Authorization"):
            request = self.factory.post(path, data or {}, content_type="application/json", headers=headers, **extra)
        elif method == "POST":
            request = self.factory.post(path, data or {}, headers=headers, **extra)
        else:
            request = self.factory.generic(method, path, headers=headers, **extra)
        writes: list[str] = []
        with transaction.atomic(), connection.execute_wrapper(_noting(writes)), _drawing(drawn):
            response: Any = self.handler.get_response(request)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        return Answer(response.status_code, body, dict(response.items()), writes)


# Not changes of what is kept: the record of reads and of refusals, the session, and the context of the audit's triggers.
_RECORDS = ('INSERT INTO "AUDIT_', 'INSERT INTO "DJANGO_SESSION"', 'UPDATE "DJANGO_SESSION"')


def _noting(writes: list[str]) -> Any:
    """Notes every statement that may change a row, outside the audit."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        start = sql.lstrip("( \n").upper()
        if start.startswith("SELECT SET_CONFIG") and "; " in start:
            start = start.rsplit("; ", 1)[-1].lstrip("( \n")
        if start.startswith(("INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "COPY", "TRUNCATE")) and not start.startswith(_RECORDS):
            writes.append(sql[:200])
        return execute(sql, params, many, context)

    return wrapper


@contextmanager
def _drawing(drawn: bool) -> Iterator[None]:
    if drawn:
        yield
        return

    def name_only(self: Template, context: Any = None, request: Any = None) -> str:
        return str(self.template.name)

    Template.render = name_only  # type: ignore[method-assign,assignment]  # drawing is most of the time, and not what is asked
    try:
        yield
    finally:
        Template.render = _draw  # type: ignore[method-assign]  # put back
