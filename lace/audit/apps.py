from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

# Functions of triggers that lay a statement's old and new rows beside each other.
_BESIDE = """
SELECT DISTINCT p.oid::regprocedure::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgoldtable IS NOT NULL AND t.tgnewtable IS NOT NULL AND p.proconfig IS NULL
"""


class AuditConfig(AppConfig):
    name = "lace.audit"
    label = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        post_migrate.connect(hash_old_and_new, sender=self)


def hash_old_and_new(*, using: str, **_signal: Any) -> None:
    """Keep the triggers of updates from comparing every old row with every new one.

    A session plans a trigger's statement once, at its first use. When that was an update of one row, the plan is a nested loop, and an
    update of 5,000 rows later in the same session took 14 s in place of half a second (measured). Without nested loops the plan is a hash
    join, right for one row and for many. After each migration, because making a trigger anew forgets it.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_BESIDE)
        for (function,) in cursor.fetchall():
            cursor.execute(f"ALTER FUNCTION {function} SET enable_nestloop = off")
