"""Who is around a child by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lace.accounts.access import Relation
from lace.children.models import Child, ChildUserGrant

# Whom everybody who works with the child may reach, in this order. Relatives, and those who opened a record in an emergency, are not told.
AROUND = (
    Relation.SOCIAL_WORKER,
    Relation.IRO,
    Relation.CARER,
    Relation.PERSONAL_ADVISER,
    Relation.ADVOCATE,
    Relation.INDEPENDENT_VISITOR,
    Relation.LEAD_WORKER,
    Relation.WELFARE_OFFICER,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody around the child: who, in which relation, how to reach them."""

    relation: Relation
    user_id: int
    name: str
    email: str


def people_around(*, child: Child, on: date) -> list[Person]:
    """The named people in open relations to the child on a day, in the order of `AROUND`. One query."""
    grants = (
        ChildUserGrant.objects.filter(content_object=child, starts_on__lte=on, permission__codename__in=AROUND)
        .exclude(ends_on__lte=on)
        .select_related("user", "permission")
        .order_by("user__name")
    )
    people = [Person(Relation(grant.permission.codename), grant.user_id, grant.user.name, grant.user.email) for grant in grants]
    return sorted(people, key=lambda person: AROUND.index(person.relation))
