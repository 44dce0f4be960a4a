"""Who can see a child's record, in plain words, from the relation rows and the access table (PRIV-18)."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from lace.accounts.access import AT_HOME, Facet, Relation, Role
from reporting.queries.child import Reader, readers
from reporting.views.access_words import FACET_WORDS, SAYS_MORE, WHY
from reporting.views.child import Tab
from reporting.views.sharing import share_context

FEW = 5  # names told one by one; beyond, how many there are


class AccessPage(Tab):
    route, title, template_name = "child_access", pgettext_lazy("tab", "Who can see"), "reporting/access.html"
    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.IDENTITY})

    def context(self) -> dict[str, Any]:
        rows = readers(self.actor, self.child)
        everyone = set.intersection(*(set(row.facets) for row in rows)) if rows else set()
        return {
            "readers": [self.reader(row) for row in rows],
            "everyone": self.words(everyone),
            "sensitive": self.child.address_is_sensitive,
            **share_context(self),
        }

    def words(self, facets: Set[Facet]) -> list[Promise]:
        return [FACET_WORDS[facet] for facet in self.told(facets)]

    def told(self, facets: Set[Facet]) -> list[Facet]:
        """The parts to name to this reader, in the order of the facets."""
        unsaid = {facet for facet, wider in SAYS_MORE.items() if wider in facets}
        if self.child.address_is_sensitive:
            unsaid.add(Facet.ADDRESS)
        if self.actor.role in AT_HOME:  # not even that there may be any (PRIV-03)
            unsaid.add(Facet.DISPUTES)
        return [facet for facet in Facet if facet in facets and facet not in unsaid]

    def reader(self, row: Reader) -> dict[str, Any]:
        return {
            "role": Role(row.role).label,
            "body": row.body,
            "why": WHY[row.relation],
            "people": self.people(row),
            "parts": self.words(row.facets),
            "until": row.until,
        }

    def people(self, row: Reader) -> str:
        """Their names; of carers only to those who may know where the child lives."""
        if row.relation == Relation.CARER and self.carer_is_hidden():
            return ""
        if len(row.people) > FEW:
            return gettext("%(count)d people") % {"count": len(row.people)}
        return ", ".join(row.people)
