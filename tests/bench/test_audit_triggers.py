"""The audit's triggers stay quick in a session that first changed one row and then many."""

from __future__ import annotations

from django.db import connection


def test_no_update_trigger_may_compare_every_old_row_with_every_new_one(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, p.proconfig FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgoldtable IS NOT NULL AND t.tgnewtable IS NOT NULL"
        )
        found = dict(cursor.fetchall())
    assert "deadlines_duty" in found
    assert not [table for table, settings in found.items() if settings != ["enable_nestloop=off"]]
