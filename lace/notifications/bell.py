"""The bell: wakes a worker after a commit so that nobody waits for the next half minute. Losing it loses nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from lace.core.failpoint import failpoint

_ringers: list[Callable[[], object]] = []


def answer_with(ring: Callable[[], object]) -> None:
    """Say who rings; done once, when the app starts. Without it the schedule alone wakes the workers."""
    _ringers[:] = [ring]


def ring_on_commit() -> None:
    """Ring once this transaction is committed. A bell that does not ring is logged and fails no request."""
    transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    failpoint("bell.before")
    for ring in _ringers:
        try:
            ring()
        except Exception as error:  # whatever the broker's client raises: the rows are committed, the schedule finds them
            logging.getLogger(__name__).warning("The bell did not ring: %s", type(error).__name__)
    failpoint("bell.after")
