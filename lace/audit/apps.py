from typing import Any

import pgtrigger
from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from lace.database.context import OWNER_ROLE

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
        post_migrate.connect(install, sender=self)
        post_migrate.connect(hash_old_and_new, sender=self)
        post_migrate.connect(shorten, sender=self)


def _owns(using: str) -> bool:
    """Only who migrates may change functions; Django sends the signal after a test's flush too."""
    return bool(connections[using].settings_dict["USER"] == OWNER_ROLE)


def install(*, using: str, **_signal: Any) -> None:
    """Make the triggers that the models declare, and drop those they no longer do; once every table is there."""
    if not _owns(using):
        return
    with connections[using].cursor() as cursor:
        there = set(connections[using].introspection.table_names(cursor))
    if all(model._meta.db_table in there for model, _trigger in pgtrigger.registered()):
        pgtrigger.install(database=using)


def hash_old_and_new(*, using: str, **_signal: Any) -> None:
    """Keep the triggers of updates from comparing every old row with every new one.

    A session plans a trigger's statement once, at its first use. When that was an update of one row, the plan is a nested loop, and an
    update of 5,000 rows later in the same session took 14 s in place of half a second (measured). Without nested loops the plan is a hash
    join, right for one row and for many. After each migration, because making a trigger anew forgets it.
    """
    if not _owns(using):
        return
    with connections[using].cursor() as cursor:
        cursor.execute(_BESIDE)
        for (function,) in cursor.fetchall():
            cursor.execute(f"ALTER FUNCTION {function} SET enable_nestloop = off")


# What the libraries' functions ask at every write is answered once and for all. `_pgtrigger_should_ignore` let any session switch the audit off
# by a setting of its own, and cost a subtransaction; `_pgh_attach_context` kept who acted in a table beside, although each event
# carries it. Together a fifth of what a trigger costs (measured), and one way around the audit.
_SHORT = (
    "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'",
    "CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT NULL::uuid'",
)


def shorten(*, using: str, **_signal: Any) -> None:
    """Triggers ask nobody whether to record. After each migration, because making a trigger brings the library's function back."""
    if not _owns(using):
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname IN ('_pgtrigger_should_ignore', '_pgh_attach_context')")
        if cursor.fetchone()[0] == len(_SHORT):
            for statement in _SHORT:
                cursor.execute(statement)
