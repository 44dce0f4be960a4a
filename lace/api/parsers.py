"""Requests as JSON. What cannot be read is refused with its position, never with its content: that may name a child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from lace.core.errors import BadInput


class JSONParser(BaseParser):
    """JSON in UTF-8, no other encoding, no NaN or Infinity."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body: bytes = stream.read()
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(_("The body is not UTF-8: byte %(position)d cannot be read. Send JSON in UTF-8") % {"position": error.start + 1}) from None
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            place = {"line": error.lineno, "column": error.colno}
            raise BadInput(_("The body is not JSON: look at line %(line)d, column %(column)d") % place) from None
