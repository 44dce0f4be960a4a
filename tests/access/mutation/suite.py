"""The suite that must kill every mutant, quick enough to be run against each. What is right comes from `policy` and the oracle of rows.

Each check stops at the first difference and says which; "" means that the mutant lives.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from lace.accounts import access
from lace.accounts.access import Facet, Held, Permission, Relation, Role, may
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership
from lace.children.models import Child, grants_of
from lace.children.seen import Seen
from lace.core.actor import Actor
from lace.database.context import OWNER_ROLE, Context
from tests.access.policy import people
from tests.access.policy.fields import MODELS
from tests.access.random_queries.catalogue import Table
from tests.access.random_queries.differences import _begin
from tests.access.random_queries.oracle import GUARDED, Sight, visible_rows
from tests.access.random_queries.population import Population

Key = tuple[str, str]


@dataclass(repr=False)
class Stage:
    """The furnished database, its people, and what each may see there."""

    population: Population
    memberships: list[Membership]
    contexts: list[tuple[str, Context]]
    seen: dict[tuple[str, str], set[Any]] = field(default_factory=dict)  # who, table: the keys of the rows
    sights: dict[str, Sight] = field(default_factory=dict)
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)  # table: its policy's two conditions, unchanged

    def __post_init__(self) -> None:
        for table, qual, check in self.population.owner.execute("SELECT tablename, qual, with_check FROM pg_policies WHERE policyname = 'visible'"):
            self.rules[table] = (qual, check)

    def may_see(self, who: str, context: Context, table: Table) -> set[Any]:
        if (who, table.name) not in self.seen:
            self.seen[who, table.name] = set(visible_rows(table, self.sight(who, context)))
        return self.seen[who, table.name]

    def sight(self, who: str, context: Context) -> Sight:
        if who not in self.sights:
            self.sights[who] = Sight(context, self.population.rows, self.population.relations)
        return self.sights[who]


def expected_context(member: Membership, today: date) -> Context:
    """What the database must be told of somebody, from the policy's tables."""
    reach = people.REACH[member.role]
    organisation = member.organisation
    wide = reach == "authority"
    groups: tuple[int, ...] = (member.authority.group_id,) if wide else ()
    relations = people.AUTHORITIES if member.role == "lace_coordinator" else frozenset[str]()
    if reach in people.BODIES and organisation is not None:
        groups, relations = (organisation.group_id,), frozenset({reach})
    own = ({reach} if reach not in people.BODIES | {"authority", ""} else set()) | ({"emergency"} if member.role in people.EMERGENCY else set())
    usable = {*relations, *own} | ({"responsible"} if wide else set())
    giving = {
        facet: sorted(relation for relation in usable if (row := people.TABLE.get((relation, member.role))) and facet in row.reads)
        for facet in GUARDED.values()
    }
    return Context(
        authority_ids=(member.authority_id,) if wide else (),
        tenant_ids=(member.authority_id,),
        group_ids=groups,
        group_relations=tuple(sorted(relations)),
        user_id=member.user_id,
        user_relations=tuple(sorted(own)),
        app_role=member.role,
        facet_relations=json.dumps(giving),
        today=today,
    )


# -- the table, without a database --------------------------------------------------------------------------------------


def table_differs(about: str = "") -> str:
    """What each role may read and do in each relation, narrowed or not; and the acts on no child. Roles named in `about` come first."""
    day = date(2026, 1, 1)
    for role in sorted(Role, key=lambda role: role not in about):
        actor = Actor(
            "user:1", day, user_id=1, role=role, authorities=(1,), own_relations=frozenset(map(str, set(Relation) - {Relation.RESPONSIBLE}))
        )
        for relation in Relation:
            row = people.TABLE.get((str(relation), str(role)))
            given = access.grant_of(actor, [Held(relation)])
            if set(given.facets) != (row.reads if row else set()) or set(given.permissions) != (row.does if row else set()):
                return f"{relation} {role}: {sorted(given.facets)} {sorted(given.permissions)}"
            for facet in Facet:
                kept = {str(facet)} | ({people.HOLDS_TOO[facet]} if facet in people.HOLDS_TOO else set())
                narrowed = access.grant_of(actor, [Held(relation, frozenset({facet}))])
                if set(narrowed.facets) != (set(row.reads) & kept if row else set()):
                    return f"{relation} {role} narrowed to {facet}: {sorted(narrowed.facets)}"
                through = str(relation) in access.relations_giving(actor, facet)
                if through != bool(row and facet in row.reads):
                    return f"relations_giving {role} {facet}: {relation} {through}"
        for permission in Permission:
            if may(actor, permission) != (str(role) in people.OFFICE.get(permission, ())):
                return f"{role}: {permission}"
        if Relation.RESPONSIBLE in access.relations_giving(replace(actor, authorities=()), Facet.ADDRESS):
            return f"{role} is responsible without an authority"
    nobody = Actor("user:1", day, user_id=1)
    if any(may(nobody, permission) for permission in Permission) or access.row(Relation.RESPONSIBLE, "") is not None:
        return "a person without a role"
    job = Actor.named_job("sweep", today=day)
    return "" if may(job, Permission.ADMINISTER) and context_of(job).role == "lace_job" else "a job"


# -- the database alone -------------------------------------------------------------------------------------------------


def policy_differs(stage: Stage, where: str, order: list[tuple[str, Context]], *, reads: bool = True, writes: bool = True) -> str:
    """Whose rows a table shows, and which it takes. `where`: the table, or a function on which all stand."""
    tables = [table for table in stage.population.protected if table.name == where]
    guarded = [table for table in stage.population.protected if table.name in GUARDED]
    for table in tables or (guarded if where.endswith("_with") else [stage.population.tables["children_child"]]):
        for who, context in order:
            told = (_reads(stage, table, who, context) if reads else "") or (_writes(stage, table, who, context) if writes else "")
            if told:
                return told
    return ""


def _reads(stage: Stage, table: Table, who: str, context: Context) -> str:
    app = stage.population.app
    if context.role != "lace_app":
        return ""
    try:
        _begin(app, context)
        query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(table.pk), sql.Identifier(table.name))
        found = {key for (key,) in app.execute(query)}
    finally:
        app.rollback()
    return "" if found == stage.may_see(who, context, table) else f"{who} reads other rows of {table.name}"


def _writes(stage: Stage, table: Table, who: str, context: Context) -> str:
    """One row that the context may add, and two that it may not."""
    app, sight = stage.population.app, stage.sight(who, context)
    if context.role != "lace_app" or not _may_insert(stage, table):
        return ""
    refused = added = 0
    for row in stage.population.rows[table.name]:
        may_add = _may_add(stage, table, sight, row)
        if (may_add and added >= 2) or (not may_add and refused >= 3):
            continue
        added, refused = added + may_add, refused + (not may_add)
        if (_adds(app, context, table, row) != "42501") != may_add:
            return f"{who} adds {'no' if may_add else 'hidden'} rows to {table.name}"
    return ""


_INSERTS: dict[str, bool] = {}


def _may_insert(stage: Stage, table: Table) -> bool:
    if table.name not in _INSERTS:
        found = stage.population.owner.execute("SELECT has_table_privilege('lace_app', %s, 'INSERT')", [table.name]).fetchone()
        _INSERTS[table.name] = bool(found and found[0])
    return _INSERTS[table.name]


def _may_add(stage: Stage, table: Table, sight: Sight, row: dict[str, Any]) -> bool:
    qual, check = stage.rules[table.name]
    name = table.name.removesuffix("event")
    if qual != check and table.child is not None and name in GUARDED:  # written by those who may not read it back
        return sight.of_child(row, row[table.child], GUARDED[name])
    if name == "children_child" and table.name == name:  # a new child has no relations yet
        return row["authority_id"] in sight.context.authority_ids
    only = Sight(sight.context, {**stage.population.rows, table.name: [row]}, stage.population.relations)
    only._reached = sight._reached
    return bool(visible_rows(table, only))


def _adds(app: psycopg.Connection[Any], context: Context, table: Table, row: dict[str, Any]) -> str:
    """How the database answers: "42501" when the policy refuses; row security comes before keys and checks."""
    values = dict(row)
    values[table.pk] = uuid.uuid4() if isinstance(row[table.pk], uuid.UUID) else secrets.randbelow(10**9)
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
    given = [Jsonb(value) if table.column(name).kind == "jsonb" and value is not None else value for name, value in values.items()]
    try:
        _begin(app, context)
        app.execute(sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(sql.Identifier(table.name), names, marks), given)
    except psycopg.Error as error:
        return error.sqlstate or ""
    finally:
        app.rollback()
    return ""


# -- the application, with no policy to help it ------------------------------------------------------------------------------


@contextmanager
def as_owner(database: str) -> Iterator[None]:
    """Django's own connection in that database, as the owner: what a query finds there, its own conditions found."""
    before = {key: connection.settings_dict[key] for key in ("NAME", "USER")}
    connection.close()
    connection.settings_dict.update(NAME=database, USER=OWNER_ROLE)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def models() -> list[Any]:
    """Every model with a door of its own to its rows that the oracle of rows knows."""
    return [model for model in apps.get_models() if hasattr(model._default_manager, "visible_to") and model.__name__ in {*MODELS, "PlacedByOthers"}]


def application_differs(stage: Stage, members: Iterable[Membership], narrow: set[str] | None = None) -> str:
    """`actor_for`, `context_of`, `visible_to` and `grants_of` of these people, against the policy's tables and the oracle of rows."""
    for member in members:
        who, today = f"{member.role} of {member.authority.code} {member.pk}", stage.contexts[0][1].today or timezone.localdate()
        wanted, actor = expected_context(member, today), actor_for(member, today=today)
        told = context_of(actor)
        for name in ("authority_ids", "tenant_ids", "group_ids", "group_relations", "user_id", "user_relations", "app_role", "today"):
            if getattr(told, name) != getattr(wanted, name) and not (name == "group_relations" and not wanted.group_ids):
                return f"{who}: the database is told {name} = {getattr(told, name)}"
        if json.loads(told.facet_relations) != json.loads(wanted.facet_relations):
            return f"{who}: the database is told other facets"
        if told.label != f"user:{member.user_id}":
            return f"{who}: the audit is told {told.label}"
        for moved in (0, -20, 200):
            day = today + timedelta(days=moved)
            problem = _rows_differ(stage, f"{who} on {moved}", replace(actor, today=day), replace(wanted, today=day), narrow)
            if problem:
                return problem
    return ""


def _rows_differ(stage: Stage, who: str, actor: Actor, wanted: Context, narrow: set[str] | None) -> str:
    for model in models():
        if narrow is not None and model.__name__ not in narrow:
            continue
        table = stage.population.tables[model._meta.db_table]
        found = set(model.objects.visible_to(actor).values_list("pk", flat=True))
        if found != stage.may_see(who, wanted, table):
            return f"{who}: visible_to finds other rows of {table.name}"
    sight = stage.sight(who, wanted)
    children = list(Child.objects.all())
    for pk, grant in grants_of(actor, children).items():
        facets, acts = _granted(sight, pk, actor.role)
        if (set(grant.facets), set(grant.permissions)) != (facets, acts):
            return f"{who}: grants_of gives {sorted(grant.facets)} of a child, and {sorted(facets)} was meant"
    return ""


def _granted(sight: Sight, child: Any, role: str) -> tuple[set[str], set[str]]:
    """The facets and acts that the open relations give, a closed record's only what the family left open."""
    context, facets, acts = sight.context, set[str](), set[str]()
    held: list[tuple[str, list[str] | None]] = []
    row = next(row for row in sight.rows["children_child"] if row["id"] == child)
    if row["authority_id"] in context.authority_ids:
        closed = row["sealed_on"] is not None and context.today is not None and row["sealed_on"] <= context.today
        if not closed:
            held.append(("responsible", None))
        elif role == "lace_coordinator":
            held.append(("responsible", ["identity", "education"] if row["support_agreed"] else ["identity"]))
    for table, mine, usable in (
        ("children_childusergrant", lambda grant: grant["user_id"] == context.user_id, context.user_relations),
        ("children_childgroupgrant", lambda grant: grant["group_id"] in context.group_ids, context.group_relations),
    ):
        for grant in sight.rows[table]:
            relation = sight.relations[grant["permission_id"]]
            if grant["content_object_id"] == child and mine(grant) and relation in usable and sight._open(grant):
                held.append((relation, grant["facets"]))
    for relation, narrowed in held:
        given = people.TABLE.get((relation, role))
        if given:
            acts |= given.does
            kept = None if narrowed is None else {*narrowed, *(people.HOLDS_TOO[facet] for facet in narrowed if facet in people.HOLDS_TOO)}
            facets |= given.reads if kept is None else given.reads & kept
    return facets, acts


def seen_differs(stage: Stage) -> str:
    """`Seen` gives a field to the holder of its facet, and to nobody else."""
    child = Child.objects.filter(address_is_sensitive=False).exclude(given_names="").first()
    flagged = Child.objects.filter(address_is_sensitive=True).first()
    assert child is not None
    if flagged is None:
        flagged = Child.objects.get(pk=child.pk)
        flagged.address_is_sensitive = True
    for facet in Facet:
        grant = access.Grant(frozenset({facet}))
        reader = Seen(child, grant)
        for name, opens in MODELS["Child"].items():
            if name.endswith("_id"):
                continue
            value = getattr(reader, name)
            if (value != "") and str(facet) != opens:
                return f"{facet} shows Child.{name}"
            if value == "" and str(facet) == opens and getattr(child, name) != "":
                return f"{facet} does not show Child.{name}"
        if (reader.called != "") != (facet == Facet.CALLED) or (reader.name != "") != (facet == Facet.CALLED):
            return f"{facet} and the name"
        if not all(reader.holds(str(one)) == (one == facet) for one in Facet):
            return f"{facet}: holds"
        if reader.get_sex_display != "" and facet != Facet.IDENTITY:
            return f"{facet} shows a label"
        if Seen(flagged, grant).address_is_sensitive != "":
            return "the flag of a sensitive address is shown"
    if Seen(child, access.Grant(frozenset({Facet.CALLED}))).name != child.called:
        return "more than the first name"
    if Seen(child, access.Grant(frozenset({Facet.CALLED, Facet.IDENTITY}))).name != child.name:
        return "not the whole name"
    try:
        Seen(child, access.Grant(frozenset(Facet))).save  # noqa: B018
    except AttributeError:
        return ""
    return "what has no facet is shown"
