"""The two statements of one set: `visible_to` and row-level security. And that they hold past the application."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError
from django.utils import timezone

from lace.accounts.access import REACH, Reach, Role
from lace.accounts.acting import actor_for
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, Placement, PlacementAddress
from lace.children.services import PlacementFacts, assign, end_care, place
from lace.core.actor import Actor
from lace.database import context
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from schools.models import Enrolment
from schools.services.register import enrol
from tests.world import World, enter, make_school, person

PROTECTED: list[Any] = [Child, CareEpisode, Placement, ChildUserGrant, ChildGroupGrant, Duty, Enrolment]
CHILD_ROLES = [role for role in Role if REACH[role] != Reach.NONE]


def past_the_policies() -> AbstractContextManager[None]:
    """The jobs' role reads every child: what a query finds there, its own conditions found, with no policy to make up for a missing one."""
    return serving(Actor.named_job("test", today=timezone.localdate()))


def test_without_context_there_are_no_rows(world: World) -> None:
    with context.use(context.NOBODY):
        assert [model.objects.count() for model in PROTECTED] == [0] * len(PROTECTED)


@pytest.mark.req("PRIV-13", "LA-01")
@pytest.mark.parametrize("role", list(Role))
def test_policy_and_visible_to_say_the_same(world: World, role: Role) -> None:
    actor = world.own.actor(role)
    with serving(actor):
        by_policy = set(Child.objects.values_list("pk", flat=True))
        duties_by_policy = set(Duty.objects.values_list("pk", flat=True))
    with past_the_policies():
        by_query = set(Child.objects.visible_to(actor).values_list("pk", flat=True))
        duties_by_query = set(Duty.objects.visible_to(actor).values_list("pk", flat=True))
    assert by_policy == by_query == ({world.own.child.pk} if role in CHILD_ROLES else set())
    assert duties_by_policy == duties_by_query
    assert bool(duties_by_query) == (role in CHILD_ROLES)


@pytest.mark.req("XLA-01", "PRIV-17")
def test_a_host_sees_the_child_while_the_placement_lasts(world: World) -> None:
    today = timezone.localdate()
    by = world.own.actor(Role.CASE_SYSTEM)
    host = world.other.actor(Role.LACE_COORDINATOR)
    with serving(by):
        place(
            by=by,
            episode=CareEpisode.objects.select_related("child").get(pk=world.own.episode.pk),
            facts=PlacementFacts(kind="foster", started_on=today, host_authority=world.other.row),
        )
    with serving(host):
        assert Child.objects.visible_to(host).filter(pk=world.own.child.pk).exists()
        assert Child.objects.filter(pk=world.own.child.pk).exists()
    with serving(by):
        end_care(by=by, episode=CareEpisode.objects.select_related("child").get(pk=world.own.episode.pk), on=today, reason="returned_home")
    with serving(host):
        assert not Child.objects.filter(pk=world.own.child.pk).exists()
    with past_the_policies():
        assert not Child.objects.visible_to(host).filter(pk=world.own.child.pk).exists()


@pytest.mark.req("PRIV-17")
def test_a_move_of_school_closes_the_old_and_opens_the_new_on_the_day(world: World) -> None:
    today = timezone.localdate()
    new = make_school(world.own.row)
    newcomer = actor_for(person(Role.DESIGNATED_PERSON, world.own.row, new.organisation), today=today)
    old = world.own.actor(Role.DESIGNATED_PERSON)
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        enrol(by=by, child=world.own.child, school=new, on=today)
    for actor, sees in ((old, False), (newcomer, True)):
        with serving(actor):
            assert Child.objects.filter(pk=world.own.child.pk).exists() == sees
        with past_the_policies():
            assert Child.objects.visible_to(actor).filter(pk=world.own.child.pk).exists() == sees


@pytest.mark.req("SW-05", "SW-10")
def test_a_new_social_worker_takes_over_on_the_day(world: World) -> None:
    today = timezone.localdate()
    successor = person(Role.SOCIAL_WORKER, world.own.row)
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        assign(by=by, child=world.own.child, user=successor.user, relation="social_worker", on=today)  # type: ignore[arg-type]  # a relation by its name
    for actor, sees in ((world.own.actor(Role.SOCIAL_WORKER), False), (actor_for(successor, today=today), True)):
        with serving(actor):
            assert Child.objects.filter(pk=world.own.child.pk).exists() == sees
        with past_the_policies():
            assert Child.objects.visible_to(actor).filter(pk=world.own.child.pk).exists() == sees


def test_a_relation_of_yesterday_opens_nothing(world: World) -> None:
    actor = world.own.actor(Role.SOCIAL_WORKER)
    before = replace(actor, today=world.own.episode.started_on - timedelta(days=1))
    with serving(before):
        assert not Child.objects.exists()
    with past_the_policies():
        assert Child.objects.exists()
        assert not Child.objects.visible_to(before).exists()


def test_a_row_cannot_be_moved_to_another_authority(world: World) -> None:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Placement.objects.filter(pk=world.own.placement.pk).update(authority=world.other.row)
        assert PlacementAddress.objects.filter(placement=world.other.placement.pk).update(carer_name="changed") == 0


def test_a_row_cannot_point_at_another_authoritys_child(world: World) -> None:
    row = CareEpisode(
        child_id=world.other.child.pk,
        authority=world.own.row,
        started_on=timezone.localdate() - timedelta(days=900),
        ended_on=timezone.localdate() - timedelta(days=800),
        end_reason="returned_home",
        entry_type="planned",
        reason="other",
        legal_status="other",
    )
    with serving(world.own.actor(Role.LACE_COORDINATOR)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="child_authority"), transaction.atomic():
            row.save(force_insert=True)


def test_the_app_may_not_truncate_or_own(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner IN ('lace_app', 'lace_worker', 'lace_job')")
        assert cursor.fetchone() == (0,)
    for statement in ("TRUNCATE children_child CASCADE", "ALTER TABLE children_child DISABLE ROW LEVEL SECURITY", "SET ROLE lace_owner"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.req("PRIV-12")
def test_every_change_is_recorded_with_who_made_it(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        PlacementAddress.objects.filter(placement=world.own.placement.pk).update(postcode="CF10 1AA")  # past every service, as raw SQL would be
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pgh_label, pgh_context->>'user', pgh_context->>'role', postcode FROM children_placementaddressevent"
                " WHERE placement_id = %s ORDER BY pgh_id DESC",
                [world.own.placement.pk],
            )
            row = cursor.fetchone()
            assert row == ("update", str(by.user_id), "lace_coordinator", "CF10 1AA")
        for statement in ("UPDATE children_placementaddressevent SET postcode = ''", "DELETE FROM children_placementaddressevent"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    with serving(world.other.actor(Role.LACE_COORDINATOR)), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM children_placementaddressevent WHERE placement_id = %s", [world.own.placement.pk])
        assert cursor.fetchone() == (0,)


def test_entry_of_one_authority_leaves_nothing_to_another(world: World) -> None:
    child, *_rest = enter(world.other, entered_on=timezone.localdate())
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not Duty.objects.filter(child=child).exists()
        assert not Enrolment.objects.filter(child_id=child.pk).exists()
