"""/health/: does Lace work, for load balancers and for whoever is on call? Says nothing about anybody."""

from __future__ import annotations

import socket
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from lace.deadlines.models import SweepRun
from lace.deadlines.sweep import is_missing

SECONDS = 2.0


@login_not_required
@require_safe
@transaction.non_atomic_requests
def health(_request: HttpRequest) -> JsonResponse:
    """200 while the database and the broker answer and a sweep has finished in the last 26 hours, else 503; each part by name."""
    parts: dict[str, str | None] = {"broker": "up" if _broker_answers(settings.REDIS_URL) else "down"}
    try:
        with transaction.atomic():
            last = SweepRun.objects.last_finished_at()
            missing = is_missing(now=timezone.now(), installed_at=_installed_at())
        parts |= {
            "database": "up",
            "sweep": "missing" if missing else "up" if last else "not due yet",
            "last_sweep": last.isoformat() if last else None,
        }
    except DatabaseError:
        parts |= {"database": "down", "sweep": "unknown", "last_sweep": None}
    well = parts["database"] == parts["broker"] == "up" and parts["sweep"] != "missing"
    return JsonResponse(parts, status=200 if well else 503)


def _installed_at() -> datetime:
    """When the duties' tables were made: the first sweep is due within 26 hours of it."""
    applied: datetime = MigrationRecorder.Migration.objects.filter(app="deadlines").earliest("applied").applied
    return applied


def _broker_answers(url: str) -> bool:
    """PING. An answer that asks for a password is an answer; a broker that speaks TLS is asked no more than to take the connection."""
    place = urlsplit(url)
    on_this_machine = place.scheme in {"unix", "redis+socket"}
    try:
        if on_this_machine:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            line = socket.create_connection((place.hostname or "localhost", place.port or 6379), SECONDS)
        with line:
            line.settimeout(SECONDS)
            if on_this_machine:
                line.connect(place.path)
            if place.scheme == "rediss":
                return True
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False
