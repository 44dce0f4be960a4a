"""The seal over the audit: a hash chain per authority, so that a changed, missing, added or reordered row of the audit is found.

A job seals every few minutes what has been written since; writing itself pays nothing. One seal holds, for one table and one
authority, the ids of the rows and a SHA-256 of each, and its own SHA-256 continues the authority's chain. What belongs to no
authority (accounts of people) is in a chain of its own, number 0. The last seal of each chain, its head, is written to the log each
day and can be taken away as a file: who owns the database could make the whole chain anew, but not the heads that left it.

The functions run as the owner of the tables and are open to the named jobs only: neither the web nor any job can write a seal of
its own making, and a table of the audit that is added tomorrow is sealed without anybody's doing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from lace.audit.models import Verification
from lace.core.actor import Actor
from lace.database.context import JOB_ROLE, Context, use

HOUSE = 0  # the chain of what belongs to no authority


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal of one authority's chain: how many rows it stands for in all, and the digest that stands for them."""

    authority_id: int
    number: int
    total: int
    chain: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not agree. `what`: changed, missing, added, twice, late (written long after its own time), chain, gap, unreadable, head."""

    authority_id: int
    what: str
    number: int | None = None
    table: str = ""
    row: int | None = None

    def __str__(self) -> str:
        place = f"{self.table} row {self.row}" if self.row is not None else self.table
        return " ".join(filter(None, (self.what, f"seal {self.number}" if self.number is not None else "", place)))


@contextmanager
def _as_job(by: Actor) -> Iterator[CursorWrapper]:
    if not by.job:
        raise ValueError("The audit is sealed and verified by a named job.")
    with use(Context(role=JOB_ROLE, label=by.label, today=by.today)), transaction.atomic(), connection.cursor() as cursor:
        yield cursor


def seal(*, by: Actor) -> int | None:
    """Seal what was written since the last time; how many rows. None when another job is sealing. `by` is a named job."""
    with _as_job(by) as cursor:
        cursor.execute("SELECT lace_seal_audit()")
        found: tuple[int | None] = cursor.fetchone()
        return found[0]


def heads(*, by: Actor) -> list[Head]:
    """The head of every chain."""
    with _as_job(by) as cursor:
        cursor.execute("SELECT authority_id, number, total, encode(chain, 'hex'), sealed_at FROM lace_audit_heads() ORDER BY authority_id")
        return [Head(*row) for row in cursor.fetchall()]


def verify(*, by: Actor, kept: Iterable[tuple[int, int, str]] = ()) -> tuple[dict[int, int], list[Fault]]:
    """Read every row of the audit again and compare: the rows checked by authority, and the faults, the earliest seals first.

    `kept`: heads that were taken away, as (authority, number, chain); a chain that was cut off or made anew no longer has them.
    """
    with _as_job(by) as cursor:
        cursor.execute("SELECT authority_id, rows FROM lace_audit_rows()")
        checked = dict(cursor.fetchall())
        cursor.execute("SELECT authority_id, what, number, table_name, row_id FROM lace_audit_faults() ORDER BY 1, 3 NULLS LAST, 4, 5")
        faults = [Fault(authority, what, number, table or "", row) for authority, what, number, table, row in cursor.fetchall()]
        for authority, number, chain in kept:
            cursor.execute("SELECT encode(lace_audit_seal(%s, %s), 'hex')", [authority, number])
            stands = cursor.fetchone()[0]
            if stands is None or not hmac.compare_digest(stands, chain):
                faults.append(Fault(authority, "head", number))
        _keep(checked, faults)
    return checked, faults


def _keep(checked: dict[int, int], faults: list[Fault]) -> None:
    """What was found, for each authority's own page."""
    by_authority: dict[int, list[Fault]] = {authority: [] for authority in checked}
    for fault in faults:
        by_authority.setdefault(fault.authority_id, []).append(fault)
    now = timezone.now()
    Verification.objects.bulk_create(
        Verification(authority_id=authority, at=now, rows=checked.get(authority, 0), faults=len(found), first=str(found[0]) if found else "")
        for authority, found in by_authority.items()
    )
