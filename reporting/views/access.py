"""Who can see a child's record, in plain words, from the relation rows and the access table (PRIV-18)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Relation, Role
from reporting.queries.child import Reader, readers
from reporting.views.child import Tab

FACET_WORDS: dict[Facet, Promise] = {
    Facet.IDENTITY: _("name, date of birth and language"),
    Facet.EDUCATION: _("school, plan, meetings and progress"),
    Facet.ATTENDANCE: _("attendance and exclusions"),
    Facet.CARE: _("time in care and the area of the placement"),
    Facet.ADDRESS: _("address and carer"),
    Facet.CONTACTS: _("people around the child and how to reach them"),
    Facet.WELLBEING: _("health and well-being"),
    Facet.VOICE: _("what the child said"),
}
WHY: dict[Relation, Promise] = {
    Relation.RESPONSIBLE: _("The authority is the child's corporate parent."),
    Relation.HOST: _("The child lives in the authority's area."),
    Relation.SCHOOL_AUTHORITY: _("The child goes to a school of the authority."),
    Relation.SCHOOL: _("The child goes to the school."),
    Relation.SOCIAL_WORKER: _("Named as the child's social worker."),
    Relation.IRO: _("Named as the child's independent reviewing officer."),
    Relation.CARER: _("The child lives with them."),
}
FEW = 5  # names told one by one; beyond, how many there are


class AccessPage(Tab):
    route, title, template_name = "child_access", pgettext_lazy("tab", "Who can see"), "reporting/access.html"
    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.IDENTITY})

    def context(self) -> dict[str, Any]:
        rows = readers(self.actor, self.child)
        everyone = set.intersection(*(set(row.facets) for row in rows)) if rows else set()
        return {
            "readers": [self.reader(row) for row in rows],
            "everyone": [FACET_WORDS[facet] for facet in Facet if facet in everyone],
            "sensitive": self.child.address_is_sensitive,
        }

    def reader(self, row: Reader) -> dict[str, Any]:
        parts = [facet for facet in Facet if facet in row.facets and not (facet == Facet.ADDRESS and self.child.address_is_sensitive)]
        return {
            "role": Role(row.role).label,
            "body": row.body,
            "why": WHY[row.relation],
            "people": self.people(row),
            "parts": [FACET_WORDS[facet] for facet in parts],
        }

    def people(self, row: Reader) -> str:
        """Their names; of carers only to those who may know where the child lives."""
        if row.relation == Relation.CARER and self.carer_is_hidden():
            return ""
        if len(row.people) > FEW:
            return gettext("%(count)d people") % {"count": len(row.people)}
        return ", ".join(row.people)
