"""Who the database serves in this transaction: sent as the first statement of each one by `lace.database.backend`.

Row-level security reads these settings. No context means no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

from django.db import connection

APP_ROLE = "lace_app"
JOB_ROLE = "lace_job"
OWNER_ROLE = "lace_owner"
WORKER_ROLE = "lace_worker"


@dataclass(frozen=True, slots=True)
class Context:
    """What the policies may know of the one who asks.

    `authority_ids`: authorities whose every child they see; `tenant_ids`: authorities whose tables without children's data
    they see; `group_ids` and `user_id`, with `group_relations` and `user_relations` (codenames): the relations they may use;
    `app_role`: the role in use; `facet_relations`: as JSON, for each guarded facet the relations through which that role reads it;
    `link`: the digest of the secret link that somebody without an account holds; `today`: the day on which relations must be open; `label`: who,
    for the audit.
    """

    authority_ids: tuple[int, ...] = ()
    tenant_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    group_relations: tuple[str, ...] = ()
    user_id: int | None = None
    user_relations: tuple[str, ...] = ()
    app_role: str = ""
    facet_relations: str = ""
    link: str = ""
    today: date | None = None
    role: str = APP_ROLE
    label: str = ""

    def settings(self) -> dict[str, str]:
        """The settings as PostgreSQL text; an empty text stands for "not set" in every policy."""
        return {
            "app.authority_ids": _array(self.authority_ids),
            "app.tenant_ids": _array(self.tenant_ids),
            "app.group_ids": _array(self.group_ids),
            "app.group_relations": _array(self.group_relations),
            "app.user_id": "" if self.user_id is None else str(self.user_id),
            "app.user_relations": _array(self.user_relations),
            "app.role": self.app_role,
            "app.facet_relations": self.facet_relations,
            "app.link": self.link,
            "app.today": "" if self.today is None else self.today.isoformat(),
        }


def _array(items: tuple[int, ...] | tuple[str, ...]) -> str:
    return "{" + ",".join(map(str, items)) + "}" if items else ""  # ids and codenames: nothing that needs quoting


NOBODY = Context()
_current: ContextVar[Context] = ContextVar("database_context", default=NOBODY)


def current() -> Context:
    return _current.get()


@contextmanager
def use(context: Context) -> Iterator[None]:
    """Serve this context inside the block; inside an open transaction at once, and restored at its end."""
    token = _current.set(context)
    try:
        _apply()
        yield
    finally:
        _current.reset(token)
        _apply()


def _apply() -> None:
    if connection.connection is not None and connection.in_atomic_block and not connection.needs_rollback:
        connection.apply_context()  # type: ignore[attr-defined]  # our backend's
