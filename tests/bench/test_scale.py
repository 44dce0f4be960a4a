"""A grown database: everything of the seeded one, so many times, and nobody sees more than before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import F
from django.utils import timezone

from lace.accounts.access import REACH, Reach
from lace.accounts.acting import actor_for
from lace.accounts.models import Membership
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant
from lace.deadlines.models import Duty
from peps.models import Version
from reporting.management.benchmarks.scale import CLONED, SHARED, clone_sql, grow


def rows_of(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def keys() -> set[tuple[Any, ...]]:
    return set(rows_of("SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE contype = 'f'"))


def counts() -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in CLONED}


def in_sight(members: list[Membership]) -> list[set[UUID]]:
    """Whom each of them sees."""
    actors = [actor_for(member, today=timezone.localdate()) for member in members]
    return [set(Child.objects.visible_to(actor).values_list("pk", flat=True)) for actor in actors]


def test_clones_are_whole_and_out_of_sight(country):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    reaching = [role for role, reach in REACH.items() if reach != Reach.NONE]
    members = list(Membership.objects.filter(role__in=reaching).select_related("authority", "organisation"))
    before, relations, seen = counts(), keys(), in_sight(members)
    assert sum(map(bool, seen)) > 10
    grow(2, lambda text: None)
    assert counts() == {name: 3 * number for name, number in before.items()}
    assert keys() == relations
    assert in_sight(members) == seen
    assert not rows_of("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'")
    for grants in (ChildUserGrant, ChildGroupGrant):
        astray = grants.objects.exclude(authority=F("content_object__authority"))
        assert not astray.exists()


def test_a_clones_duty_rests_on_the_clones_own_fact(country):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    dangling = """
    SELECT count(*) FROM deadlines_duty d WHERE NOT EXISTS (
        SELECT FROM children_careepisode e WHERE e.id = d.subject AND e.child_id = d.child_id UNION ALL
        SELECT FROM reviews_review r WHERE r.id = d.subject AND r.child_id = d.child_id UNION ALL
        SELECT FROM schools_enrolment n WHERE n.id = d.subject AND n.child_id = d.child_id)
    """
    assert rows_of(dangling) == [(0,)]
    grow(1, lambda text: None)
    assert rows_of(dangling) == [(0,)]
    assert Duty.objects.exists()


def test_a_row_made_afterwards_gets_a_key_of_its_own(country):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    grow(1, lambda text: None)
    last = Membership.objects.order_by("-pk").first()
    assert last is not None
    made = Membership.objects.create(user=last.user, role="governor", authority=last.authority, starts_on=last.starts_on)
    assert made.pk > last.pk


def test_every_table_that_the_seed_fills_is_cloned_or_shared(country):
    named = set(CLONED) | set(SHARED)
    for model in apps.get_models():
        by_migrations = model._meta.label in {"deadlines.WorkingDay", "pghistory.Events", "pghistory.MiddlewareEvents"}
        if model in named or by_migrations or not model._meta.managed or hasattr(model, "pgh_tracked_model"):
            continue
        assert not model._base_manager.exists(), f"{model._meta.label} has rows: should the bench clone them?"


def test_every_reference_of_a_cloned_table_is_understood():
    for model in CLONED:
        assert clone_sql(model).startswith("INSERT INTO")


def test_the_seed_leaves_a_trail_and_frozen_versions_intact(country):
    assert Version.objects.exists()
    assert all(version.is_intact() for version in Version.objects.all())
    for model in (Child, Duty, Version, ChildGroupGrant):
        events: Any = model.pgh_event_model  # type: ignore[union-attr]  # made by pghistory
        assert events.objects.count() == model._base_manager.count()
    assert "content" not in {field.name for field in apps.get_model("peps", "VersionEvent")._meta.fields}  # the row keeps it, and cannot lose it
