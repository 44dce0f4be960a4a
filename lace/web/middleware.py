"""Who acts in this request, and the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership
from lace.accounts.signing_in import MEMBERSHIP
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.audit.track import acting
from lace.core.actor import Actor
from lace.database import context

# What somebody may open whose role in use has ended: the choice of another, the own account and the way out. The API asks a token, not a session.
WITHOUT_ROLE = ("change_role", "choose_role", "account", "mfa", "second_factor", "sign_out_elsewhere", "invitation", "api")

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActingRequest(HttpRequest):
    """A request of a person acting under one of their roles, as our middleware leaves it."""

    actor: Actor | None
    memberships: list[Membership]


class Headers:
    """Nothing personal stays in a browser's or a proxy's cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/static/") and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class Acting:
    """Find the membership in use, tell the database and the audit whom they serve, and keep GET from writing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = act_as(request)
        with serving(actor), _reading_only(request):
            response = self.get_response(request)
        if response.status_code in {403, 404}:
            _note_refusal(request, response.status_code)
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Nobody goes on under a role that they did not choose (SCH-06): whose role in use has ended is led to the choice of another."""
        match = request.resolver_match
        if request.actor is not None or not request.memberships or match.namespace == "web" or (match.url_name or "").startswith(WITHOUT_ROLE):
            return None
        return redirect("choose_role")


def _note_refusal(request: Any, status: int) -> None:
    """Record that somebody was turned away: from any page by 403, and by 404 where the address names a child, whether or not there is one.

    After the answer is made, in a transaction of its own: what was refused has been rolled back.
    """
    match, actor = request.resolver_match, request.actor  # the actor of the API stands there too, once its token was read
    asked = match.kwargs.get("child") if match else None
    if actor is None or match is None or (asked is None and status != 403):
        return
    with serving(actor), transaction.atomic():
        record_read(by=actor, children=[asked] if asked else [], facets=[], door=match.view_name or "", act=Read.Act.REFUSED)


def act_as(request: Any) -> Actor | None:
    """Put the open memberships and the actor of the one in use on the request: the one chosen, or the first of somebody who never chose.

    No actor when the role in use has ended meanwhile: `Acting.process_view` then asks which of the others is meant.
    """
    request.memberships = []
    request.actor = None
    if not request.user.is_authenticated:
        return None
    today = timezone.localdate()
    request.memberships = list(Membership.objects.open_on(today).filter(user=request.user).select_related("authority", "organisation").order_by("pk"))
    for held in request.memberships:
        held.user = request.user  # pages name the person: no second look-up
    chosen = request.session.get(MEMBERSHIP)
    membership = next((held for held in request.memberships if chosen in {None, held.pk}), None)
    request.membership = membership
    if membership is not None:
        request.actor = actor_for(membership, today=today)
    actor: Actor | None = request.actor
    return actor


@contextmanager
def serving(actor: Actor | None) -> Iterator[None]:
    """Database context and audit context of an actor; of nobody when there is none."""
    if actor is None:
        with context.use(context.NOBODY):
            yield
    else:
        with context.use(context_of(actor)), acting(actor):
            yield


# What a GET may write: the record of reads, the session, and the savepoints and settings around a query.
_MAY = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
    "FETCH",
    "CLOSE",
    "DECLARE",
    'INSERT INTO "AUDIT_READ"',
    'UPDATE "DJANGO_SESSION"',
    'INSERT INTO "DJANGO_SESSION"',
)


class WriteInGet(RuntimeError):
    """A GET tried to write: a defect in the door."""


def _refuse_writes(execute: Any, sql: str, params: Any, many: bool, extra: dict[str, Any]) -> Any:
    start = sql.lstrip("( \n").upper()
    # pghistory puts its context before a write as a SELECT: look behind it.
    statement = start.rsplit("; ", 1)[-1].lstrip("( \n") if start.startswith("SELECT SET_CONFIG") else start
    if not statement.startswith(_MAY):
        raise WriteInGet(f"A GET may not run: {sql[:60]}")
    return execute(sql, params, many, extra)


@contextmanager
def _reading_only(request: HttpRequest) -> Iterator[None]:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        with connection.execute_wrapper(_refuse_writes):
            yield
    else:
        yield
