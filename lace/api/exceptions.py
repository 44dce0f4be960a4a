"""Every "no" as JSON in one shape: {"errors": {"field": ["sentence"]}}, the field "" for the request as a whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg import errors as postgres
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from lace.core.errors import BadInput, Changed, Message, Refused

_log = logging.getLogger("django.request")

# One sentence for each status, whatever caused it: what exists and may not be seen must not differ from what does not exist.
_SENTENCES: dict[int, Promise] = {
    400: gettext_lazy("The request cannot be read. Send JSON as the documentation of the API describes it"),
    401: gettext_lazy("Send a valid access token in the Authorization header, as “Bearer …”"),
    403: gettext_lazy("You may see this, but not do that to it"),
    404: gettext_lazy("There is nothing here, or nothing that you may see"),
    405: gettext_lazy("This address does not take that method. The Allow header names those it takes"),
    406: gettext_lazy("The answer comes as application/json only. Ask for that in the Accept header"),
    413: gettext_lazy("The body is larger than 1 MB. Send less at a time"),
    415: gettext_lazy("Send the body as application/json, and say so in the Content-Type header"),
    428: gettext_lazy("Send the version that you read in the If-Match header: the child's ETag, in quotation marks"),
    429: gettext_lazy("Too many requests in a minute. Wait as many seconds as the Retry-After header says"),
    500: gettext_lazy("Something went wrong on our side. Nothing was stored. Try again later"),
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to an exception. Everything of the request is rolled back."""
    set_rollback()
    match error:
        case BadInput():
            return refusal(400, error.problems)
        case Refused():
            return refusal(409, error.problems)
        case Changed():
            return refusal(412, _("Somebody changed this since you read it. Read it again, and then decide"))
        case exceptions.ValidationError():
            return refusal(400, dict(_flat(error.detail)))
        case Http404():
            return refusal(404)
        case PermissionDenied():
            return refusal(403)
        case RequestDataTooBig():
            return refusal(413)
        case SuspiciousOperation():
            return refusal(400)
        case IntegrityError() if isinstance(error.__cause__, postgres.UniqueViolation | postgres.ExclusionViolation):
            return refusal(409, _sentence_of(error.__cause__.diag.constraint_name or ""))
        case exceptions.APIException():
            return _of_framework(error)
    request = context["request"]
    _log.error("Internal Server Error: %s", request.path, exc_info=error, extra={"status_code": 500, "request": request})
    return refusal(500)


def refusal(code: int, problems: Mapping[str, list[Message]] | Message | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says no, with sentences of its own or the status's."""
    if problems is None:
        problems = _SENTENCES[code]
    if isinstance(problems, str | Promise):
        problems = {"": [problems]}
    errors = {field: [str(sentence) for sentence in sentences] for field, sentences in problems.items()}
    return Response({"errors": errors}, status=code, headers=dict(headers or {}))


def _of_framework(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    code = error.status_code
    return refusal(code if code in _SENTENCES else status.HTTP_400_BAD_REQUEST, headers=headers)


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[Message]]]:
    """Nested errors with the fields' names joined: "placement.started_on", "placement.carers.0"."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(inner, ".".join(filter(None, (path, str(name)))))
    elif isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        for place, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{place}")
    else:
        yield path, [str(sentence) for sentence in (detail if isinstance(detail, list) else [detail])]


def _sentence_of(constraint: str) -> Message:
    """What a constraint of ours says to the reader: two requests raced, and the database let one through."""
    for found in (found for model in apps.get_models() for found in model._meta.constraints):
        if found.name == constraint and found.violation_error_message not in (None, found.default_violation_error_message):
            return str(found.violation_error_message)
    return _("Somebody else recorded the same thing just now. Read the child's record before you try again")
