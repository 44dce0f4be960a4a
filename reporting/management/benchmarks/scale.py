"""A seeded database grown to many times its size: each further tenant is a clone of a seeded one.

Clones get keys of their own, worked out from the original's (md5 of key and number for UUIDs, a step for numbers), and relate to each
other only. So whoever could see a row before sees exactly the same rows after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, NoContactPerson, Placement, PlacementAddress, Statement
from lace.deadlines.models import ClosedDay, Duty, ExtraHoliday, LessonTimes, TermDates
from peps.models import Pep, Section, Target, Version
from reporting.models import TermFigures
from reviews.models import Review
from schools.models import Designation, Enrolment, School, TermRecord

# What `seed` writes, in an order in which each refers to those before it.
CLONED: tuple[type[models.Model], ...] = (
    Group, LocalAuthority, Organisation, School, User, Membership, Designation, Child, CareEpisode, Placement, PlacementAddress, Enrolment,
    ChildUserGrant, ChildGroupGrant, NoContactPerson, Statement, TermRecord, Review, Pep, Section, Target, Version, Duty,
)  # fmt: skip
# One for all tenants; and the calendars of the seeded country: what is measured is counted already, so clones need none.
SHARED = (Permission, ContentType, TermFigures, TermDates, ClosedDay, LessonTimes, ExtraHoliday)
STEP = 1_000_000  # between the numeric keys of one clone and the next: more than a table of a seeded country has rows

# Columns that are unique: one letter of its own for each authority, one for each clone of the country.
LETTER = "chr(1000 + k * 100 + id::int)"
UNIQUE: dict[tuple[type[models.Model], str], str] = {
    (Group, "name"): "name || ' ' || k",
    (LocalAuthority, "code"): LETTER,
    (LocalAuthority, "gss"): LETTER,
    (LocalAuthority, "la_number"): LETTER,
    (School, "number"): "chr(1000 + k) || right(number, 6)",
    (User, "email"): "k || '.' || email",
}


def grow(copies: int, say: Callable[[str], None]) -> None:
    """Add so many clones of all tenants. As the owner of the tables, outside a transaction.

    The audit's triggers and the foreign keys are off meanwhile: the clones' events would double the work, and a key that is put back is
    checked over all rows at once.
    """
    tables = [model._meta.db_table for model in CLONED]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%%s', conrelid::regclass), conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        keys = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for model in CLONED:
            with transaction.atomic():
                cursor.execute(clone_sql(model), [copies])
                say(f"{model._meta.verbose_name_plural}: {cursor.rowcount:,} more")
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for model in CLONED:
            if isinstance(model._meta.pk, models.AutoField):
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608  # our own table


def clone_sql(model: type[models.Model]) -> str:
    """INSERT … SELECT of every row once for each clone k."""
    columns = {f'"{field.column}"': _cloned(model, field) for field in model._meta.concrete_fields}
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608  # names of our own models
        f" SELECT {', '.join(columns.values())} FROM generate_series(1, %s) AS k CROSS JOIN {table}"
    )


def _cloned(model: type[models.Model], field: models.Field[Any, Any]) -> str:
    """The SQL of a column's value in clone k. Raises ValueError for a reference to a table that is neither cloned nor shared."""
    column = f'"{field.column}"'
    if (model, field.name) in UNIQUE:
        return UNIQUE[model, field.name]
    kind: Any = field
    while kind.is_relation:
        if kind.related_model in SHARED:
            return column
        if kind.related_model not in CLONED:
            raise ValueError(f"{model.__name__}.{field.name} refers to {kind.related_model.__name__}, which is not cloned.")
        kind = kind.target_field
    if isinstance(kind, models.UUIDField):
        return f"md5({column}::text || k)::uuid"
    if field.primary_key or field.is_relation:
        return f"{column} + k * {STEP}"
    return column
