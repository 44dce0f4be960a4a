"""Pages by a cursor: a row that comes in between shifts no other, and the last page costs what the first does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from lace.core.errors import BadInput

SIZE = 50


def page(rows: QuerySet[Any, Any], request: Request, *, order: str, cursor: UUID | None) -> tuple[str | None, list[Any]]:
    """The next page's address, or None at the end, and up to 50 rows, in the order of one column and the id.

    The cursor is the id of the last row seen: unlike the column's value it says nothing of whom it stands for. `rows` starts at
    `visible_to` and yields models or dicts. Raises BadInput for a cursor that no row of the caller's stands behind.
    """
    if cursor is not None:
        rows = rows.filter(_after(rows, cursor, order))
    found = list(rows.order_by(order, "pk")[: SIZE + 1])
    if len(found) <= SIZE:
        return None, found
    last = found[SIZE - 1]
    key = last["id"] if isinstance(last, dict) else last.pk
    return replace_query_param(request.build_absolute_uri(), "cursor", str(key)), found[:SIZE]


def _after(rows: QuerySet[Any, Any], cursor: UUID, order: str) -> Q:
    place = rows.model._default_manager.filter(pk=cursor).values_list(order, flat=True).first()
    if place is None:
        raise BadInput({"cursor": [_("This is no page of the list. Begin again without a cursor")]})
    return Q(**{f"{order}__gte": place}) & (Q(**{f"{order}__gt": place}) | Q(pk__gt=cursor))
