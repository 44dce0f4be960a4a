"""From a membership to the actor, and from the actor to what the database is told."""

from __future__ import annotations

import json
from datetime import date

from lace.accounts.access import EMERGENCY_ROLES, GROUP_RELATION, GUARDED_FACETS, NAMED_RELATION, REACH, Reach, Relation, Role, relations_giving
from lace.accounts.models import Membership
from lace.core.actor import Actor
from lace.database.context import JOB_ROLE, Context


def actor_for(membership: Membership, *, today: date) -> Actor:
    """The person acting under this membership. `membership` comes with its authority and organisation fetched."""
    role = Role(membership.role)
    reach = REACH[role]
    organisation = membership.organisation
    own = {str(NAMED_RELATION[role])} if role in NAMED_RELATION else set()
    if role in EMERGENCY_ROLES:
        own.add(str(Relation.EMERGENCY))
    groups: tuple[int, ...] = ()
    if reach == Reach.AUTHORITY:
        groups = (membership.authority.group_id,)
    elif reach == Reach.ORGANISATION and organisation is not None:
        groups = (organisation.group_id,)
    return Actor(
        label=f"user:{membership.user_id}",
        today=today,
        user_id=membership.user_id,
        membership_id=membership.pk,
        role=role,
        authority_id=membership.authority_id,
        organisation_id=membership.organisation_id,
        authorities=(membership.authority_id,) if reach == Reach.AUTHORITY else (),
        groups=groups,
        relations=frozenset(map(str, GROUP_RELATION.get(role, ()))) if groups else frozenset(),
        own_relations=frozenset(own),
    )


def context_of(actor: Actor) -> Context:
    """What row-level security is told of this actor."""
    if actor.job:
        return Context(role=JOB_ROLE, label=actor.label, today=actor.today)
    return Context(
        authority_ids=actor.authorities,
        tenant_ids=(actor.authority_id,) if actor.authority_id else (),
        group_ids=actor.groups,
        group_relations=tuple(sorted(actor.relations)),
        user_id=actor.user_id,
        user_relations=tuple(sorted(actor.own_relations)),
        app_role=actor.role,
        facet_relations=json.dumps({facet: sorted(relations_giving(actor, facet)) for facet in GUARDED_FACETS}),
        today=actor.today,
        label=actor.label,
    )
