"""What of a child's record may be shared by hand, and with whom: the relations that no fact opens, and what the access table gives in them."""

from __future__ import annotations

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, TABLE, Facet, Relation, Role
from lace.accounts.models import Organisation

_R = Relation
IN_SCHOOL = (_R.TEACHER, _R.DELEGATE)
PEOPLE = (
    *(_R.CHILD, _R.PARENT, _R.ADOPTIVE_PARENT, _R.GUARDIAN),
    *(_R.ADVOCATE, _R.INDEPENDENT_VISITOR, _R.PERSONAL_ADVISER, *IN_SCHOOL),
    *(_R.WELFARE_OFFICER, _R.PROGRESSION_COORDINATOR, _R.LEAD_WORKER, _R.CAREERS_ADVISER, _R.YOUTH_OFFENDING_WORKER, _R.SPECIALIST),
    *(_R.STUDENT_SUPPORT, _R.COUNTERPART),
)
BODIES = (_R.GUEST, _R.HOME, _R.LEAVING_CARE, _R.PROVIDER)
KIND_OF_BODY = {
    _R.HOME: Organisation.Kind.HOME,
    _R.LEAVING_CARE: Organisation.Kind.SERVICE,
    _R.PROVIDER: Organisation.Kind.PROVIDER,
}
# Shares beyond the family and the school are between departments or agencies, and need a data-sharing agreement (PRIV-11; 003 4.7).
WITHOUT_AGREEMENT = (*IN_SCHOOL, _R.CHILD, _R.PARENT, _R.ADOPTIVE_PARENT, _R.GUARDIAN, _R.INDEPENDENT_VISITOR)
LONGEST_MONTHS = 12  # of a relation that must have an end; it may be given again
HANDOVER = "handover:"  # before a hand-over's id, in place of a purpose: what its taker may read until it is decided


def facets_of(relation: Relation) -> frozenset[Facet]:
    """All that the access table gives in a relation, whichever role uses it."""
    return frozenset().union(*(grant.facets for (found, _role), grant in TABLE.items() if found == relation))


def roles_in(relation: Relation) -> list[Role]:
    """The roles that reach children through a relation."""
    named = [role for role, found in NAMED_RELATION.items() if found == relation]
    return named + [role for role, found in GROUP_RELATION.items() if relation in found]
