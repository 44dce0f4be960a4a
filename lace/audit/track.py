"""The audit of changes: every insert, update and delete of a tracked table is recorded by statement triggers.

Triggers, so that raw SQL and bulk writes are caught too; statement-level, so that a bulk change costs one insert. The event
tables are append-only by trigger and by grant, and carry who acted in `pgh_context`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pghistory
from django.db import models

from lace.core.actor import Actor

M = TypeVar("M", bound=type[models.Model])


def tracked(*, exclude: list[str] | None = None) -> Callable[[M], M]:
    """Class decorator: record every change of this model's rows. `exclude` leaves out columns (a password's hash)."""

    def decorate(model: M) -> M:
        decorated: M = pghistory.track(
            pghistory.InsertEvent(level=pghistory.Statement),
            pghistory.UpdateEvent(level=pghistory.Statement),
            pghistory.DeleteEvent(level=pghistory.Statement),
            context_field=pghistory.ContextJSONField(),
            obj_field=None,  # no foreign key: the trail outlives its subject
            append_only=True,
            exclude=exclude,
        )(model)
        return decorated

    return decorate


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Changes inside the block are recorded as this actor's."""
    with pghistory.context(actor=actor.label, user=actor.user_id, role=actor.role, membership=actor.membership_id, job=actor.job):
        yield
