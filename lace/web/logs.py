"""One JSON object a log line, without personal data: exception texts and arguments stay out, places and types stay in."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from pythonjsonlogger.json import JsonFormatter


class Formatter(JsonFormatter):
    """Of an exception only the type and the lines of code: its text may hold what somebody typed or a row's values."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields={"asctime": "at", "levelname": "level", "name": "logger"})

    def formatException(self, ei: Any) -> str:  # the standard library's name
        kind, _value, trace = ei
        places = "".join(f"{frame.filename}:{frame.lineno} {frame.name}\n" for frame in traceback.extract_tb(trace))
        return f"{places}{kind.__name__ if kind else 'exception'}"

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        log_data.pop("request", None)
        return log_data

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # made by another formatter, with the exception's text in it
        return str(super().format(_without_address(record)))


def _without_address(record: logging.LogRecord) -> logging.LogRecord:
    """The record with the route in place of the address: people write names into addresses, and a child's id stands in ours."""
    request = getattr(record, "request", None)
    if request is None or not isinstance(record.args, tuple):
        return record
    match = getattr(request, "resolver_match", None)
    route = match.route if match else "an address that does not exist"
    copy = logging.makeLogRecord(record.__dict__)
    copy.args = tuple(route if given in (request.path, request.get_full_path()) else given for given in record.args)
    return copy
