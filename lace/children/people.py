"""Who is around a child by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lace.accounts.access import NAMED_RELATIONS, Relation
from lace.children.models import Child, ChildUserGrant


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody around the child: who, in which relation, how to reach them."""

    relation: Relation
    user_id: int
    name: str
    email: str


def people_around(*, child: Child, on: date) -> list[Person]:
    """The named people in open relations to the child on a day, in the order social worker, IRO, carer. One query."""
    grants = (
        ChildUserGrant.objects.filter(content_object=child, starts_on__lte=on)
        .exclude(ends_on__lte=on)
        .select_related("user", "permission")
        .order_by("user__name")
    )
    people = [Person(Relation(grant.permission.codename), grant.user_id, grant.user.name, grant.user.email) for grant in grants]
    return sorted(people, key=lambda person: NAMED_RELATIONS.index(person.relation))
