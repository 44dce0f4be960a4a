"""A creating request that comes again is answered again, and creates nothing new.

After the IETF's draft "The Idempotency-Key HTTP Header Field": 400 without a key, 422 for a key used with another request. A
repeat that comes while the first is still at work waits for it. The answer is stored in the transaction of the act, so that
whoever was cut off between commit and answer gets it by asking again.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from lace.api.exceptions import refusal
from lace.api.models import Answer
from lace.api.renderers import to_json
from lace.core.errors import BadInput

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
Handler = Callable[..., Response]


def once(handler: Handler) -> Callable[..., Response | HttpResponse]:
    """Decorator of a door's method: the same key and request get the same answer."""

    @functools.wraps(handler)
    def answered(door: Any, request: Request, *args: Any, **kwargs: Any) -> Response | HttpResponse:
        system = door.system
        key, digest = _key(request), _digest(request)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(f"{system.pk} {key}")])
        known = Answer.objects.filter(case_system=system, key=key).first()
        if known is not None:
            return _again(known, digest)
        response = handler(door, request, *args, **kwargs)
        Answer.objects.create(
            case_system=system,
            authority_id=door.by.authority_id,
            key=key,
            request_sha256=digest,
            status=response.status_code,
            body=to_json(response.data).decode(),
            location=response.get("Location", ""),
        )
        return response

    return answered


def _again(known: Answer, digest: str) -> Response | HttpResponse:
    if known.request_sha256 != digest:
        return refusal(422, {HEADER: [_("This key was used for another request. Give each new request a key of its own")]})
    response = HttpResponse(known.body, status=known.status, content_type="application/json")
    response["Idempotency-Replayed"] = "true"
    if known.location:
        response["Location"] = known.location
    return response


def _key(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise BadInput(
            {HEADER: [_("Send a key of 1 to 100 letters, digits or signs, like a new UUID, and the same key when you repeat the request")]}
        )
    return key


def _digest(request: Request) -> str:
    http = request._request
    return hashlib.sha256(b"\0".join((str(http.method).encode(), http.get_full_path().encode(), http.body))).hexdigest()


def _number(text: str) -> int:
    """A lock's number, 64 bits with sign."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
