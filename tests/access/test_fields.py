"""No field without a line in the policy: of a table with a child's data, of what the API tells; and the roles, relations and acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lace.accounts.access import TABLE as APPS_TABLE
from lace.accounts.access import Facet, Permission, Relation, Role
from lace.api.views import description
from tests.access.canaries import child_models
from tests.access.policy import fields, people
from tests.access.policy.routes import ROUTES


@pytest.mark.req("PRIV-04", "PRIV-07")
def test_every_field_of_a_childs_record_has_the_facet_of_the_policy() -> None:
    wrong = []
    for model in child_models():
        known = fields.MODELS.get(model.__name__, {})
        columns = {column.name for column in model._meta.concrete_fields}
        wrong += [f"{model.__name__}.{name} has no line" for name in sorted(columns - set(known))]
        wrong += [f"{model.__name__}.{name} is no field" for name in sorted(set(known) - columns)]
        wrong += [
            f"{model.__name__}.{name} is {model.FACETS.get(name)}, the policy says {known[name]}"
            for name in sorted(columns & set(known))
            if str(model.FACETS.get(name)) != known[name]
        ]
    assert not wrong, "tests/access/policy/fields.py and the models' FACETS differ:\n" + "\n".join(wrong)


def test_the_policy_knows_every_word() -> None:
    """A role, relation, facet or act that the policy does not know has no row there, and is therefore not signed off."""
    relations = {relation for relation, _role in people.TABLE}
    acts = set().union(*(row.does for row in people.TABLE.values()), people.OFFICE)
    assert {str(role) for role in Role} == set(people.REACH)
    assert {str(facet) for facet in Facet} == set(people.FACETS)
    assert {str(relation) for relation in Relation} == relations
    assert {str(act) for act in Permission} == acts


@pytest.mark.req("PRIV-03", "PRIV-04", "PRIV-05", "PRIV-07", "PRIV-15", "PRIV-19", "SCH-20", "ADV-05")
def test_the_applications_table_is_the_one_that_was_signed_off() -> None:
    """Row by row. The matrix shows that doors keep to it; this shows it for rows whose facet no door shows yet."""
    apps = {(str(relation), str(role)): ({*map(str, row.facets)}, {*map(str, row.permissions)}) for (relation, role), row in APPS_TABLE.items()}
    ours = {key: (set(row.reads), set(row.does)) for key, row in people.TABLE.items()}
    wrong = [f"{relation} {role}: the application has {apps.get((relation, role))}, the policy {ours.get((relation, role))}"
             for relation, role in sorted(apps.keys() | ours.keys()) if apps.get((relation, role)) != ours.get((relation, role))]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def properties(schema: dict[str, Any], whole: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every field that an answer of the API may hold, by its path."""
    if "$ref" in schema:
        found = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        yield from properties(found, whole, path)
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from properties(part, whole, path)
    if "items" in schema:
        yield from properties(schema["items"], whole, path)
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from properties(inner, whole, f"{path}{name}.")


def answers() -> Iterator[tuple[str, str, set[str]]]:
    """(path, method, fields of its good answers) of every operation of the API's description."""
    whole = description()
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            told: set[str] = set()
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    for content in answer.get("content", {}).values():
                        told |= set(properties(content.get("schema", {}), whole))
            yield path, method.upper(), told


def test_every_field_that_the_api_tells_has_a_line() -> None:
    told = {(path, method): names for path, method, names in answers()}
    wrong = [f"{method} {path}: {sorted(names - set(fields.API.get((path, method), ())))} have no line" for (path, method), names in told.items()
             if names - set(fields.API.get((path, method), ()))]  # fmt: skip
    wrong += [f"{method} {path}: no such operation" for path, method in fields.API if (path, method) not in told]
    wrong += [f"{method} {path}: {sorted(set(names) - told[path, method])} are not told" for (path, method), names in fields.API.items()
              if (path, method) in told and set(names) - told[path, method]]  # fmt: skip
    assert not wrong, "tests/access/policy/fields.py, API:\n" + "\n".join(wrong)


def test_every_operation_of_the_api_is_a_method_of_a_route() -> None:
    methods: dict[str, set[str]] = {}
    for path, method, _names in answers():
        methods.setdefault(path, set()).add(method)
    from tests.access.test_matrix import ALL

    by_path = {address.pattern: ROUTES[address.name].methods for address in ALL if address.name in ROUTES}
    wrong = [f"{path}: described {sorted(found)}, policy {sorted(by_path.get(path, ()))}" for path, found in methods.items()
             if found != set(by_path.get(path, ())) - {"HEAD"}]  # fmt: skip
    assert not wrong, "\n".join(wrong)
