"""Answers as JSON: orjson, twice as fast as the standard library on a page of children."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def to_json(data: Any) -> bytes:
    """Dates, UUIDs, decimals and translated texts included. Raises TypeError for anything else that JSON does not know."""
    return orjson.dumps(data, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


class JSONRenderer(BaseRenderer):
    """Always UTF-8, as RFC 8259 has it."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> bytes:
        return b"" if data is None else to_json(data)
