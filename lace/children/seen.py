"""A row as one reader may see it: facets are applied here, where values leave.

Templates, serializers, CSV and PDFs get a `Seen`, never the row. A field whose facet the reader does not hold reads as
`WITHHELD`, which is empty and false, so that nothing has to remember to check.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

from lace.accounts.access import Facet, Grant

WITHHELD = ""


class Seen:
    """A row of a model with `FACETS`, read through a grant. Only declared fields, their labels and derived names pass."""

    __slots__ = ("_facets", "_row")

    # What is derived from fields of a facet, and says no more than they do.
    DERIVED = {"name": Facet.CALLED, "initials": Facet.CALLED, "pk": Facet.CALLED, "called": Facet.CALLED}

    def __init__(self, row: models.Model, grant: Grant) -> None:
        self._row = row
        self._facets = grant.facets

    def __getattr__(self, name: str) -> Any:
        field = name.removeprefix("get_").removesuffix("_display") if name.startswith("get_") else name.removesuffix("_id")
        facets = getattr(self._row, "FACETS", {})
        facet = facets.get(field) or self.DERIVED.get(field)
        if facet is None:
            raise AttributeError(f"{type(self._row).__name__}.{name} has no facet")
        if facet == Facet.ADDRESS and self._address_is_sensitive:
            return WITHHELD
        if name == "name" and Facet.IDENTITY not in self._facets and hasattr(self._row, "called"):
            name = "called"  # the first name and no more
        return getattr(self._row, name) if facet in self._facets else WITHHELD

    @property
    def _address_is_sensitive(self) -> bool:
        """The flag beats every grant (goals A1): the address is then read in the responsible authority's own system only."""
        row: Any = self._row
        return bool((row if hasattr(row, "address_is_sensitive") else row.child).address_is_sensitive)

    def holds(self, facet: str) -> bool:
        """Does the reader hold this facet of the child?"""
        return Facet(facet) in self._facets


def seen(rows: Iterable[models.Model], grant: Grant) -> list[Seen]:
    """Rows about one child, as the holder of this grant may see them."""
    return [Seen(row, grant) for row in rows]
