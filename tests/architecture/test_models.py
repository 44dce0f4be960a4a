"""Tables: whose they are, who passes their policies, and that no foreign key points upward."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from lace.children.models import Child
from lace.database.context import APP_ROLE, JOB_ROLE, WORKER_ROLE
from tests.architecture.tree import OURS, app_of

# Lower knows nothing of higher. web and api stand on one step and know nothing of each other.
ORDER = (
    *("lace.core", "lace.database", "lace.audit", "lace.accounts", "lace.children", "lace.notifications", "lace.deadlines", "lace.documents"),
    *("lace.web", "lace.api", "schools", "peps", "reviews", "reporting"),
)

# Tables with an authority that are not under row-level security, and why. None of them holds a child's data.
NO_POLICY: dict[str, str] = {
    "accounts.Organisation": "schools and homes are public bodies, looked up across authorities (SCH-01)",
    "accounts.Membership": "read before there is a context: it is what the context is made from",
    "accounts.MembershipEvent": "as Membership; who held which role is the audit's own material and names no child",
    "schools.Designation": "who is a school's designated person is known to every authority whose child goes there (LA-04)",
    "schools.DesignationEvent": "as Designation",
}
# Rows that lead to a child without being about one, and why they need no `visible_to`.
NO_VISIBLE_TO: dict[str, str] = {
    "children.ChildUserGrant": "the relation itself: `visible_to` is built on it",
    "children.ChildGroupGrant": "the relation itself: `visible_to` is built on it",
}


@cache
def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model.__module__.split(".")[0] in OURS and not model._meta.proxy]


def foreign_keys(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    return [field for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]


def with_authority() -> list[type[models.Model]]:
    return [model for model in our_models() if any(field.column == "authority_id" for field in model._meta.concrete_fields)]


def is_event(model: type[models.Model]) -> bool:
    """The audit's copy of a table: read through the audit's own pages."""
    return hasattr(model, "pgh_tracked_model")


@cache
def about_children() -> list[type[models.Model]]:
    """Child, and every table of ours from which foreign keys lead to it."""
    found: set[type[models.Model]] = {Child}
    grown = True
    while grown:
        more = {model for model in our_models() if model not in found and any(key.related_model in found for key in foreign_keys(model))}
        grown = bool(more)
        found |= more
    return sorted(found, key=lambda model: model._meta.label)


def test_no_foreign_key_points_upward() -> None:
    wrong = []
    for model in our_models():
        own = app_of(model.__module__)
        for key in foreign_keys(model):
            other = app_of(key.related_model.__module__)
            if other.split(".")[0] in OURS and other != own and ORDER.index(other) >= ORDER.index(own):
                wrong.append(f"{model._meta.label}.{key.name}: {own} may not know {other}; keep the key on the upper side")
    assert not wrong, "\n".join(wrong)


def test_every_app_of_ours_has_its_place_in_the_order() -> None:
    missing = {app_of(config.name) for config in apps.get_app_configs() if config.name.split(".")[0] in OURS} - set(ORDER)
    assert not missing, f"{missing}: give it a place in ORDER, in design and in pyproject's import contracts."


def test_tables_about_children_carry_their_authority() -> None:
    wrong = [model._meta.label for model in about_children() if model not in with_authority()]
    assert not wrong, f"{wrong}: add `authority` (row-level security and sharding stand on it; a policy through a join reads the whole table)."


def test_tables_about_children_are_read_through_the_person() -> None:
    wrong = [
        model._meta.label
        for model in about_children()
        if not is_event(model) and model._meta.label not in NO_VISIBLE_TO and not hasattr(model._default_manager.all(), "visible_to")
    ]
    assert not wrong, f"{wrong}: give the queryset `visible_to(actor)`; doors start every query there."


@pytest.mark.django_db
def test_tables_with_an_authority_are_under_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,"
            " ARRAY(SELECT r FROM pg_policies p, unnest(p.roles) r WHERE p.schemaname = 'public' AND p.tablename = c.relname)::text[]"
            " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        )
        state = {name: (enabled, forced, set(roles)) for name, enabled, forced, roles in cursor.fetchall()}
    wrong = []
    for model in sorted({*with_authority(), *about_children()}, key=lambda model: model._meta.label):
        if model._meta.label in NO_POLICY:
            continue
        enabled, forced, roles = state[model._meta.db_table]
        if not (enabled and forced and APP_ROLE in roles):
            wrong.append(f"{model._meta.label}: enabled {enabled}, forced {forced}, policies for {sorted(roles)}; add ProtectChild or ProtectTenant")
        if "public" in roles:
            wrong.append(f"{model._meta.label}: a policy TO PUBLIC lets every role in; name the role")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_no_view_looks_past_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
            " AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)"
        )
        wrong = [name for (name,) in cursor.fetchall()]
    assert not wrong, f"{wrong}: make it WITH (security_invoker = true); a plain view shows every row, a materialised one always does."


@pytest.mark.django_db
def test_serving_roles_own_nothing_and_bypass_nothing() -> None:
    serving = [APP_ROLE, JOB_ROLE, WORKER_ROLE]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
            [serving],
        )
        mighty = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT c.relname, r.rolname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = ANY(%s)", [serving])
        owned = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [serving])
        assert cursor.fetchone() == (len(serving),)
    assert not mighty, f"{mighty} may do too much; see lace.database.server.bootstrap_sql()"
    assert not owned, f"{owned}: tables belong to the owner's role, which migrates and serves nobody"


def test_exemptions_name_models_that_exist() -> None:
    labels = {model._meta.label for model in our_models()}
    assert not {*NO_POLICY, *NO_VISIBLE_TO} - labels, "An exemption for a model that is gone: strike it from the list."
    assert not set(NO_POLICY) & {model._meta.label for model in about_children()}, "No exemption for a table that leads to a child."
