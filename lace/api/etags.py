"""The version of a child's record, for ETag, If-None-Match and If-Match (goals CC1).

It stands for the rows themselves (PostgreSQL's `xmin`: the transaction that wrote each), not for the bytes of one answer: it is
the same in every language and for every reader who may know the address, and changes with the child, the times in care, the
placements and the relations.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from lace.core.errors import Changed

# Every one of these is an index scan on the child's id.
_ROWS = " UNION ALL ".join(
    f"SELECT concat('{number}', id, xmin) AS version FROM {table} WHERE {column} = %(child)s"  # noqa: S608  # constants of this module
    for number, (table, column) in enumerate(
        (
            ("children_child", "id"),
            ("children_careepisode", "child_id"),
            ("children_placement", "child_id"),
            ("children_placementaddress", "child_id"),
            ("children_childusergrant", "content_object_id"),
            ("children_childgroupgrant", "content_object_id"),
        )
    )
)
_VERSION = f"SELECT md5(string_agg(version, ' ' ORDER BY version)) FROM ({_ROWS}) AS rows"  # noqa: S608


def version_of(child: UUID) -> str:
    """The record's version as the database has it in this transaction; empty for one that is closed to the caller. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, {"child": child})
        row = cursor.fetchone()
    return str(row[0] or "")


def etag(version: str) -> str:
    return f'"{version}"'


def is_known(request: Request, version: str) -> bool:
    """Does the caller have this version already (If-None-Match)?"""
    return etag(version) in _listed(request, "If-None-Match")


class VersionRequired(APIException):
    """428: a change without saying which version it is a change of."""

    status_code = 428


def demand_version(request: Request, child: UUID) -> None:
    """Raises VersionRequired when the caller does not say which version they saw, and Changed (412) when it is no longer the current one.

    To be asked with the child's row locked, so that nothing can change between the check and the act.
    """
    seen = _listed(request, "If-Match")
    if not seen:
        raise VersionRequired
    current = version_of(child)
    if etag(current) not in seen and "*" not in seen:
        raise Changed(current)


def _listed(request: Request, header: str) -> set[str]:
    # Proxies that compress mark an ETag as weak.
    return {part.strip().removeprefix("W/") for part in request.headers.get(header, "").split(",") if part.strip()}
