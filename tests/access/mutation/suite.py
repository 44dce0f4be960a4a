"""The suite that must kill every mutant, quick enough to be run against each. What is right comes from `policy` and the oracle of rows.

Each check stops at the first difference and says which; "" means that the mutant lives.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from copy import copy
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
from lace.accounts.access import Facet, Held, Permission, Reach, Relation, Role, may
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Membership, Organisation
from lace.children.models import CareEpisode, Child, NoContactPerson, PlacementAddress, grants_of
from lace.children.seen import Seen
from lace.core.actor import Actor
from lace.database.context import OWNER_ROLE, Context
from tests.access.mutation.scopes import shown
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
    school: Organisation
    seen: dict[tuple[str, str], set[Any]] = field(default_factory=dict)  # who, table: the keys of the rows
    sights: dict[str, Sight] = field(default_factory=dict)
    privileges: set[tuple[str, str]] = field(default_factory=set)  # table, verb: what the app's role may do at all
    split: set[str] = field(default_factory=set)  # tables with a policy for reading and others for writing: all read, an authority writes

    def __post_init__(self) -> None:
        owner = self.population.owner
        for table in self.population.protected:
            for verb in ("INSERT", "UPDATE", "DELETE"):
                if owner.execute("SELECT 1 WHERE has_table_privilege('lace_app', %s, %s)", [table.name, verb]).fetchone():
                    self.privileges.add((table.name, verb))
        self.split = {name for (name,) in owner.execute("SELECT tablename FROM pg_policies WHERE cmd = 'SELECT' AND 'lace_app' = ANY(roles)")}

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
        reach = people.REACH[role]
        kind = reach if reach == "authority" else "organisation" if reach in people.BODIES else "named" if reach else "none"
        if access.REACH[role] != Reach(kind):
            return f"{role} reaches {access.REACH[role]}"
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
    if context_of(nobody).tenant_ids != ():
        return "a person of no authority"
    job = Actor.named_job("sweep", today=day)
    return "" if may(job, Permission.ADMINISTER) and context_of(job).role == "lace_job" else "a job"


# -- the database alone -------------------------------------------------------------------------------------------------

People = list[tuple[str, Context]]


def policy_differs(stage: Stage, where: str, order: People, *, adds_first: bool = False) -> str:
    """Whose rows a table shows, lets be changed and removed, and takes. `where`: the table, or a function on which many stand."""
    tables = [table for table in stage.population.protected if table.name == where]
    guarded = [table for table in stage.population.protected if table.name in GUARDED]
    checks = (_adds, _changes, _reads) if adds_first else (_reads, _changes, _adds)
    for check in checks:
        for table in tables or (guarded if where.endswith("_with") else [stage.population.tables["children_child"]]):
            for who, context in order:
                told = check(stage, table, who, context) if context.role == "lace_app" else ""
                if told:
                    return told
    return ""


def _reads(stage: Stage, table: Table, who: str, context: Context) -> str:
    found = _answered(stage, context, sql.SQL("SELECT {} FROM {}").format(sql.Identifier(table.pk), sql.Identifier(table.name)))
    return "" if found == stage.may_see(who, context, table) else f"{who} reads other rows of {table.name}"


def _changes(stage: Stage, table: Table, who: str, context: Context) -> str:
    """Every row set to what it is, and every row removed: just those that the context sees, of a published table those of its authority."""
    seen = stage.may_see(who, context, table)
    if table.name in stage.split:
        seen = seen & {row[table.pk] for row in stage.population.rows[table.name] if row["authority_id"] in context.tenant_ids}
    name, pk = sql.Identifier(table.name), sql.Identifier(table.pk)
    column = sql.Identifier("pgh_label" if table.is_event else "authority_id" if table.has("authority_id") else table.pk)
    for verb, statement in (("UPDATE", "UPDATE {0} SET {2} = {2} RETURNING {1}"), ("DELETE", "DELETE FROM {0} RETURNING {1}")):
        if (table.name, verb) not in stage.privileges:
            continue
        try:
            if _answered(stage, context, sql.SQL(statement).format(name, pk, column)) != seen:
                return f"{who} may {verb} other rows of {table.name}"
        except psycopg.errors.InsufficientPrivilege:
            return f"{who} may not {verb} own rows of {table.name}"
    if table.name in stage.split and seen:
        theirs = next(row["authority_id"] for row in stage.population.rows["children_child"] if row["authority_id"] not in context.tenant_ids)
        try:
            _answered(stage, context, sql.SQL("UPDATE {} SET authority_id = {} RETURNING {}").format(name, sql.Literal(theirs), pk))
        except psycopg.errors.InsufficientPrivilege:
            return ""
        return f"{who} may make rows of {table.name} another authority's"
    return ""


def _answered(stage: Stage, context: Context, query: sql.Composed) -> set[Any]:
    app = stage.population.app
    try:
        _begin(app, context)
        return {key for (key,) in app.execute(query)}
    finally:
        app.rollback()


def _adds(stage: Stage, table: Table, who: str, context: Context) -> str:
    """A row of every kind that there is in this context's eyes, added once more."""
    if (table.name, "INSERT") not in stage.privileges:
        return ""
    sight, tried = stage.sight(who, context), set()
    for row in stage.population.rows[table.name]:
        kind, may_add = _kind(stage, table, who, sight, row), _may_add(stage, table, who, sight, row)
        if (kind, may_add) in tried:
            continue
        tried.add((kind, may_add))
        if (_answer_to_adding(stage, context, table, row) != "42501") != may_add:
            return f"{who} adds {'no' if may_add else 'hidden'} rows to {table.name}"
    return ""


def _kind(stage: Stage, table: Table, who: str, sight: Sight, row: dict[str, Any]) -> tuple[bool, ...]:
    """All that a policy may ask of a row: two rows that answer alike are one to it."""
    context, child = sight.context, row[table.child] if table.child else None
    return (
        row.get("authority_id") in context.authority_ids,
        row.get("authority_id") in context.tenant_ids,
        child is None,
        child in sight.reached(),
        child in sight.reached(GUARDED.get(table.name.removesuffix("event"))),
        child in sight.sensitive,
        row.get("readers", ()) is None,
        context.app_role in (row.get("readers") or ()),
        context.user_id in {row.get("user_id"), row.get("recipient_id")},
        context.link != "",
        row[table.pk] in stage.may_see(who, sight.context, table),
    )


def _may_add(stage: Stage, table: Table, who: str, sight: Sight, row: dict[str, Any]) -> bool:
    """Whoever may see a row may write one like it. Said here: who else, and who not."""
    context, name = sight.context, table.name.removesuffix("event")
    if table.name in stage.split:  # published: read by all, its own authority's to write
        return row["authority_id"] in context.tenant_ids
    if table.name == "children_child":  # a new child has no relations yet
        return row["authority_id"] in context.authority_ids
    if table.name == "children_childevent" and row["authority_id"] in context.authority_ids:  # who seals a record may not see it any more
        return True
    if table.name == "peps_contributionevent" and context.link != "":  # whoever answers by a link leaves a trail that they cannot read
        return True
    if table.name == "audit_read":  # one's own reading, and nobody else's
        return row["authority_id"] in context.tenant_ids and row["user_id"] == context.user_id
    if table.name == "notifications_notification":  # an act tells others
        mine = context.user_id is not None and row["recipient_id"] == context.user_id
        return mine or row["child_id"] is None or sight.of_child(row, row["child_id"], None)
    if table.child is not None and name in GUARDED:  # written by those, too, who may not read this one back
        return sight.of_child(row, row[table.child], GUARDED[name])
    return row[table.pk] in stage.may_see(who, context, table)


def _answer_to_adding(stage: Stage, context: Context, table: Table, row: dict[str, Any]) -> str:
    """How the database answers: "42501" when the policy refuses; row security comes before keys and checks."""
    app, values = stage.population.app, dict(row)
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


def models(stage: Stage) -> list[Any]:
    """A model for each way to its rows that the oracle of rows knows: each `visible_to`, and each facet that guards a table."""
    found: dict[Any, Any] = {}
    for model in apps.get_models():
        rows: Any = model._default_manager.none()
        if hasattr(rows, "visible_to") and model._meta.db_table in stage.population.tables:
            found.setdefault((type(rows).visible_to, getattr(model, "GUARDED_BY", None)), model)
    return list(found.values())


def application_differs(stage: Stage, members: Iterable[Membership], narrow: Set[str] | None = None, days: Iterable[int] = (0, -20, 200)) -> str:
    """`actor_for`, `context_of`, `visible_to` and `grants_of` of these people, against the policy's tables and the oracle of rows.

    `narrow`: only these models' rows. `days` from today on which they are asked.
    """
    today = stage.contexts[0][1].today or timezone.localdate()
    for member in members:
        who = f"{member.role} of {member.authority.code} {member.pk}"
        for place in (member.organisation, None, stage.school):
            told = _context_differs(_moved_to(member, place), today)
            if told:
                return f"{who} at {place and place.pk}: {told}"
        wanted, actor = expected_context(member, today), actor_for(member, today=today)
        for moved in days:
            day = today + timedelta(days=moved)
            problem = _rows_differ(stage, f"{who} on {moved}", member, replace(actor, today=day), replace(wanted, today=day), narrow)
            if problem:
                return problem
    return ""


def _moved_to(member: Membership, place: Organisation | None) -> Membership:
    """The same person with the role held there, or in the authority as a whole."""
    other = copy(member)
    other.organisation = place
    return other


def _context_differs(member: Membership, today: date) -> str:
    wanted, told = expected_context(member, today), context_of(actor_for(member, today=today))
    for name in ("authority_ids", "tenant_ids", "group_ids", "group_relations", "user_id", "user_relations", "app_role", "today"):
        if getattr(told, name) != getattr(wanted, name):
            return f"the database is told {name} = {getattr(told, name)}"
    if json.loads(told.facet_relations) != json.loads(wanted.facet_relations):
        return "the database is told other facets"
    return "" if told.label == f"user:{member.user_id}" else f"the audit is told {told.label}"


def _rows_differ(stage: Stage, who: str, member: Membership, actor: Actor, wanted: Context, narrow: Set[str] | None) -> str:
    sight = stage.sight(who, wanted)
    for model in models(stage):
        if narrow is not None and model.__name__ not in narrow:
            continue
        table = stage.population.tables[model._meta.db_table]
        less = shown(table.name, table.pk, member, sight)
        found = set(model.objects.visible_to(actor).values_list("pk", flat=True))
        if found != (stage.may_see(who, wanted, table) if less is None else less):
            return f"{who}: visible_to finds other rows of {table.name}"
    children, held = list(Child.objects.order_by("pk")), dict[Any, set[str]]()
    for few in (children, children[:1]):  # of a page of a list, of one child
        for pk, grant in grants_of(actor, few).items():
            held[pk], acts = _granted(sight, pk, actor.role)
            if (set(grant.facets), set(grant.permissions)) != (held[pk], acts):
                return f"{who}: grants_of gives {sorted(grant.facets)} of a child, and {sorted(held[pk])} was meant"
    closed = {child.pk for child in children if child.sealed_on is not None and child.sealed_on <= actor.today}
    for facet in (Facet.EDUCATION, Facet.VOICE):
        found = set(CareEpisode.objects.readable_by(actor, facet).values_list("child", flat=True))
        if found - closed != {pk for pk, facets in held.items() if facet in facets} - closed:
            return f"{who}: readable_by finds rows of other children for {facet}"
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
    assert child is not None
    flagged = copy(child)
    flagged.address_is_sensitive = True
    for facet in Facet:
        grant = access.Grant(frozenset({facet}))
        reader, of_flagged = Seen(child, grant), Seen(flagged, grant)
        for name, opens in MODELS["Child"].items():
            value = getattr(reader, name)
            if (value != "") and str(facet) != opens:
                return f"{facet} shows Child.{name}"
            if value == "" and str(facet) == opens and getattr(child, name) != "":
                return f"{facet} does not show Child.{name}"
            if getattr(of_flagged, name) != ("" if opens == "address" else value):
                return f"{facet}: Child.{name} of a child whose address must not be shown"
        if reader.authority_id != (child.authority_id if facet == Facet.IDENTITY else ""):
            return f"{facet} and a key"
        called = facet == Facet.CALLED
        if (reader.called, reader.name, reader.pk, reader.initials) != (
            (child.called, child.called, child.pk, child.initials) if called else ("",) * 4
        ):
            return f"{facet} and the name"
        if not all(reader.holds(str(one)) == (one == facet) for one in Facet):
            return f"{facet}: holds"
        if reader.get_sex_display != "" and facet != Facet.IDENTITY:
            return f"{facet} shows a label"
        if Seen(NoContactPerson(name="x"), grant).name != ("x" if facet == Facet.NO_CONTACT else ""):
            return f"{facet} and the name of somebody else"
        for whose, shows in ((child, facet == Facet.ADDRESS), (flagged, False)):
            if Seen(PlacementAddress(child=whose, address="x"), grant).address != ("x" if shows else ""):
                return f"{facet} and an address"
    if Seen(child, access.Grant(frozenset({Facet.CALLED, Facet.IDENTITY}))).name != child.name:
        return "not the whole name"
    try:
        Seen(child, access.Grant(frozenset(Facet))).save  # noqa: B018  # reading it is what must fail
    except AttributeError:
        return ""
    return "what has no facet is shown"
