"""Who may see which row, over rows in memory: written from the requirements, in plain Python, without `visible_to` or a policy.

- A row about a child belongs to the child's responsible authority. Its authority-wide roles see it (LA-01); so does whoever stands in
  an open relation to the child, in a relation that the role in use may use (XLA-02, PRIV-17): open from its first day to the day
  before its last.
- A record that was closed after an adoption is the authority's no longer: its LACE coordinators see the rows that no facet guards (PRIV-20).
- Guarded rows ask for more: a relation through which the role reads that facet (PRIV-04), and a relation that was narrowed must name it.
- A row of an authority about no child is seen in that authority (LA-01).
- A message is its recipient's (PRIV-14). What else has a rule of its own says so below.
- The set-based jobs' role sees the whole of the tables it is given, and nothing of others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from lace.database.context import JOB_ROLE, Context
from tests.access.random_queries.catalogue import Table
from tests.access.random_queries.pieces import PUBLISHED

Row = Mapping[str, Any]
Rows = Mapping[str, list[dict[str, Any]]]

# Rows about a child that ask for a facet. An audit event asks for what its row asked for.
GUARDED = {
    "children_nocontactperson": "no_contact",  # PRIV-05
    "children_risk": "safeguarding",  # SCH-20
    "children_referral": "referrals",
    "children_dispute": "disputes",  # PRIV-03
    "children_placementaddress": "address",
    "children_statement": "voice",  # VOICE-15
    "peps_wellbeing": "wellbeing",  # WB-01
    "peps_reply": "voice",  # VOICE-01
    "peps_addition": "voice",  # VOICE-15, PEP-12
    "peps_peeroffer": "voice",  # VOICE-14
    "peps_answerreaders": "voice",  # VOICE-15
}
CHOSEN = {"children_statement", "peps_addition"}  # of which the child chooses the readers
FIGURES_READERS = {
    *("elected_member", "senior_leader", "consortium_lead", "challenge_adviser", "government", "link_governor"),
    *("lace_coordinator", "designated_manager"),
}


@dataclass
class Sight:
    """What one context may see of these rows. `relations` names each of guardian's permissions."""

    context: Context
    rows: Rows
    relations: Mapping[int, str]
    sensitive: frozenset[UUID] = field(init=False)
    closed: frozenset[UUID] = field(init=False)
    _reached: dict[str | None, frozenset[UUID]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sensitive = frozenset(child["id"] for child in self.rows["children_child"] if child["address_is_sensitive"])
        day, ours = self.context.today, self.context.authority_ids
        closed = [child for child in self.rows["children_child"] if child["sealed_on"] and (day is None or child["sealed_on"] <= day)]
        self.closed = frozenset(child["id"] for child in closed if child["authority_id"] in ours)

    def reached(self, facet: str | None = None) -> frozenset[UUID]:
        """The children to whom somebody in this context stands in an open relation: one that gives this facet, where one is named."""
        if facet not in self._reached:
            self._reached[facet] = frozenset(self._children(facet))
        return self._reached[facet]

    def _children(self, facet: str | None) -> set[UUID]:
        context, found = self.context, set()
        for table, grantee, grantees, usable in (
            ("children_childusergrant", "user_id", {context.user_id} - {None}, context.user_relations),
            ("children_childgroupgrant", "group_id", set(context.group_ids), context.group_relations),
        ):
            for grant in self.rows[table]:
                relation = self.relations[grant["permission_id"]]
                gives = facet is None or (relation in self.giving(facet) and (grant["facets"] is None or facet in grant["facets"]))
                if grant[grantee] in grantees and relation in usable and gives and self._open(grant):
                    found.add(grant["content_object_id"])
        return found

    def _open(self, grant: Row) -> bool:
        day = self.context.today
        return day is not None and grant["starts_on"] <= day and (grant["ends_on"] is None or day < grant["ends_on"])

    def giving(self, facet: str) -> list[str]:
        """The relations through which the role in use reads the facet."""
        return list(json.loads(self.context.facet_relations or "{}").get(facet, []))

    def of_child(self, row: Row, child: UUID, facet: str | None) -> bool:
        at_home = row["authority_id"] in self.context.authority_ids and (facet is None or "responsible" in self.giving(facet))
        if child in self.closed and (facet is not None or self.context.app_role != "lace_coordinator"):
            at_home = False
        return at_home or child in self.reached(facet)

    def is_let(self, row: Row) -> bool:
        """The child, and those whom the child lets read it: nobody, or on the child's page of the plan everybody, when no role is named."""
        role = self.context.app_role
        return role == "child" or row["readers"] is None or (role != "" and role in row["readers"])


def _own(sight: Sight, row: Row) -> bool:
    return sight.context.user_id is not None and row["user_id"] == sight.context.user_id


def _asked(sight: Sight, row: Row) -> bool:
    """What is a child's, and the one row for which somebody holds the secret link; not its past."""
    by_link = sight.context.link != "" and row.get("token_sha256") == sight.context.link
    return by_link or sight.of_child(row, row["child_id"], None)


def _published(sight: Sight, row: Row) -> bool:
    """Holidays, terms and what an authority chose are read by everybody who is of some authority; who changed them, by its own."""
    return row["authority_id"] in sight.context.tenant_ids if "pgh_id" in row else bool(sight.context.tenant_ids)


def _administrators(sight: Sight, row: Row) -> bool:
    return row["authority_id"] in sight.context.tenant_ids and sight.context.app_role == "administrator"


def _coordinators(sight: Sight, row: Row) -> bool:
    return row["authority_id"] in sight.context.authority_ids and sight.context.app_role == "lace_coordinator"


# Tables that are neither a child's nor simply their authority's, and who sees a row of them; the same for their audit events.
OWN_RULE: dict[str, Callable[[Sight, Row], bool]] = {
    **dict.fromkeys(PUBLISHED, _published),
    **dict.fromkeys(("notifications_preference", "notifications_feed"), _own),
    "notifications_notification": lambda sight, row: sight.context.user_id is not None and row["recipient_id"] == sight.context.user_id,
    "reporting_termfigures": lambda sight, _row: sight.context.app_role in FIGURES_READERS,  # CPP-04, PDG-10
    "children_placedbyothers": _coordinators,
    "peps_contribution": _asked,
    **dict.fromkeys(("audit_seal", "audit_verification", "audit_alert", "audit_threshold"), _administrators),
}


def visible_rows(table: Table, sight: Sight) -> list[Any]:
    """The primary keys of the rows of a table that this context may see."""
    name = table.name.removesuffix("event") if table.is_event else table.name
    own, child, facet = OWN_RULE.get(name), table.child, GUARDED.get(name)
    now_standing = {row["id"]: row for row in sight.rows[name]} if name in CHOSEN else {}
    assert own or table.has("authority_id"), f"{table.name} has no authority: say in OWN_RULE whose its rows are"

    def sees(row: Row) -> bool:
        if sight.context.role == JOB_ROLE:
            return True  # of the tables it was granted at all: the others refuse it by name
        if own is not None:
            return own(sight, row)
        if child is None:
            return row["authority_id"] in sight.context.tenant_ids
        if name in CHOSEN and table.is_event:  # the trail goes with the row as it stands now: who lost it, lost its past too
            now = now_standing.get(row["id"])
            return now is not None and sight.of_child(now, now["child_id"], facet) and sight.is_let(now)
        if facet == "address" and row[child] in sight.sensitive:
            return False  # the flag beats every relation (goals A1)
        return sight.of_child(row, row[child], facet) and (name not in CHOSEN or sight.is_let(row))

    return [row[table.pk] for row in sight.rows[table.name] if sees(row)]
