"""PostgreSQL, with the context of row-level security as the first statement of every transaction.

The settings are local to the transaction, so a pooled connection (ours or PgBouncer's) carries nothing over to the next one.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from lace.database import context


class DatabaseWrapper(base.DatabaseWrapper):
    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # private, and missing from the stubs
        if not autocommit:
            self.apply_context()

    def apply_context(self) -> None:
        """Send who is served. The owner (migrations) has policies of its own and needs none."""
        if self.settings_dict["USER"] == context.OWNER_ROLE or self.connection.info.transaction_status == TransactionStatus.INERROR:
            return
        serving = context.current()
        pairs: list[Any] = ["role", serving.role]
        for name, value in serving.settings().items():
            pairs += [name, value]
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(["set_config(%s, %s, true)"] * (len(pairs) // 2)), pairs)
