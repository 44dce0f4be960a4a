"""Hand-over of a record between authorities with two keys, and notices of placements (XLA-01 to XLA-04, XLA-12, SW-05, SW-10)."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from lace.accounts.access import Facet, Permission, Relation, Role
from lace.accounts.models import LocalAuthority
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, Handover, Placement, PlacementNotice, grants_of
from lace.children.people import people_around
from lace.children.rules import HandoverState
from lace.children.services import PlacementFacts
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.core.workdays import add_months
from lace.deadlines.models import Duty
from lace.deadlines.rules import RULES
from lace.deadlines.sweep import sweep
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.models import Enrolment
from schools.services.handover import accept, propose, refuse_handover, withdraw
from schools.services.placing import acknowledge, place_child
from schools.services.register import enrol
from tests.world import World, enter, make_school

TODAY = timezone.localdate


def proposed(world: World, *, on: date | None = None, overlap: int = 3, child: Child | None = None) -> Handover:
    by, day = world.own.actor(Role.LACE_COORDINATOR), on or TODAY()
    with serving(by):
        return propose(
            by=by,
            child=child or world.own.child,
            taker=world.other.row,
            takes_effect_on=day,
            overlap_until=add_months(day, overlap),
            reason="The family moved, and the care order was transferred",
        )


def taken(world: World, handover: Handover, **changes: Any) -> Child:
    by = world.other.actor(Role.LACE_COORDINATOR)
    facts: dict[str, Any] = {
        "reference": "GWN-77",
        "social_worker": world.other.user(Role.SOCIAL_WORKER),
        "iro": world.other.user(Role.IRO),
    }
    with serving(by):
        return accept(by=by, handover=fresh(by, handover), **(facts | changes))


def fresh(by: Actor, handover: Handover) -> Handover:
    return Handover.objects.visible_to(by).select_related("child__authority").get(pk=handover.pk)


def facets(by: Actor, child: Child) -> Set[Facet] | None:
    with serving(by):
        found = Child.objects.visible_to(by).filter(pk=child.pk).first()
        assert Child.objects.filter(pk=child.pk).exists() == (found is not None)
        return grants_of(by, [found])[found.pk].facets if found else None


def told(world: World, kind: str) -> set[str]:
    found = set()
    for authority in (world.own, world.other):
        for role in (Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, Role.SOCIAL_WORKER):
            by = authority.actor(role)
            with serving(by):
                if Notification.objects.visible_to(by).filter(kind=kind, channel="inbox").exists():
                    found.add(f"{authority.row.code} {role}")
    return found


@pytest.mark.req("XLA-12")
def test_the_taker_sees_who_the_child_is_and_no_more_until_it_has_decided(world: World) -> None:
    taker = world.other.actor(Role.LACE_COORDINATOR)
    assert facets(taker, world.own.child) is None
    handover = proposed(world)
    assert facets(taker, world.own.child) == {Facet.CALLED, Facet.IDENTITY}
    for role in (Role.DESIGNATED_MANAGER, Role.SOCIAL_WORKER, Role.CASE_SYSTEM, Role.PEP_REVIEWER):
        assert facets(world.other.actor(role), world.own.child) is None
    assert told(world, "handover_proposed") == {"GWN lace_coordinator"}
    with serving(taker):
        refuse_handover(by=taker, handover=fresh(taker, handover), answer="The order was not transferred")
    assert facets(taker, world.own.child) is None
    assert told(world, "handover_refused") == {"CRF lace_coordinator"}
    giver = world.own.actor(Role.LACE_COORDINATOR)
    with serving(giver):
        row = fresh(giver, handover)
        assert (row.state, row.answer, row.decided_by_id) == (HandoverState.REFUSED, "The order was not transferred", taker.user_id)
        assert row.child.authority_id == world.own.row.pk
        again = propose(by=giver, child=row.child, taker=world.other.row, takes_effect_on=TODAY(), overlap_until=TODAY(), reason="Transferred now")
        withdraw(by=giver, handover=again)
    assert facets(taker, world.own.child) is None
    assert told(world, "handover_withdrawn") == {"GWN lace_coordinator"}


@pytest.mark.req("XLA-12", "XLA-03", "SW-10")
def test_with_the_second_key_everything_changes_hands_at_once(world: World) -> None:
    child = world.own.child
    giver, taker = world.own.actor(Role.LACE_COORDINATOR), world.other.actor(Role.LACE_COORDINATOR)
    with serving(giver):
        before = set(Duty.objects.filter(child=child).values_list("code", "due_on", "closed_on", "next_look_on", "next_rung"))
    assert before
    taken(world, proposed(world))
    assert facets(taker, child) == set(Facet)
    assert facets(world.other.actor(Role.SOCIAL_WORKER), child) == set(Facet)
    assert facets(world.other.actor(Role.IRO), child) == set(Facet)
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.PERSONAL_ADVISER, Role.LEAVING_CARE_MANAGER, Role.DESIGNATED_MANAGER, Role.CASE_SYSTEM):
        assert facets(world.own.actor(role), child) is None
    # The child still lives and goes to school in the giver's area, and its carer and school go on.
    assert facets(giver, child) == {Facet.CALLED, Facet.IDENTITY, Facet.EDUCATION, Facet.TARGETS, Facet.ATTENDANCE, Facet.CONTACTS}
    for role in (Role.FOSTER_CARER, Role.DESIGNATED_PERSON, Role.CHILD, Role.ADVOCATE):
        assert facets(world.own.actor(role), child)
    with serving(taker):
        row = Child.objects.get(pk=child.pk)
        assert (row.authority_id, row.reference) == (world.other.row.pk, "GWN-77")
        duties = Duty.objects.visible_to(taker).filter(child=child)
        assert set(duties.values_list("code", "due_on", "closed_on", "next_look_on", "next_rung")) == before
        assert [person.user_id for person in people_around(child=row, on=TODAY()) if person.relation == Relation.SOCIAL_WORKER] == [
            world.other.user(Role.SOCIAL_WORKER).pk
        ]
    with serving(giver):
        assert Permission.HAND_OVER not in grants_of(giver, [Child.objects.get(pk=child.pk)])[child.pk].permissions
    assert told(world, "handover_accepted") == {"CRF lace_coordinator"}


@pytest.mark.req("XLA-12")
def test_the_giver_reads_a_part_until_the_end_of_the_overlap_and_not_a_day_longer(world: World) -> None:
    child, giver = world.own.child, world.own.actor(Role.LACE_COORDINATOR)
    elsewhere = make_school(LocalAuthority.objects.get(code="POW"))
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):  # neither lives nor goes to school with the giver
        place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
        enrol(by=system, child=child, school=elsewhere, on=TODAY())
    taken(world, proposed(world, overlap=1))
    assert facets(giver, child) == {Facet.CALLED, Facet.IDENTITY, Facet.EDUCATION, Facet.TARGETS, Facet.CONTACTS}
    end = add_months(TODAY(), 1)
    assert facets(replace(giver, today=end - timedelta(days=1)), child)
    assert facets(replace(giver, today=end), child) is None
    # A third authority's school and its authority go on; the host is responsible now.
    taker = world.other.actor(Role.LACE_COORDINATOR)
    with serving(taker):
        lasting = ChildGroupGrant.objects.filter(content_object=child).exclude(ends_on__lte=TODAY())
        bodies = set(lasting.values_list("permission__codename", "group"))
    assert ("school", elsewhere.organisation.group_id) in bodies
    assert ("school_authority", elsewhere.organisation.authority.group_id) in bodies
    assert not [name for name, group in bodies if group == world.other.row.group_id]


KEEP = {
    "notifications_notification": "a message sent stays as it was sent, and is its recipient's alone",
    "children_handover": "giver and taker stay; its authority is the child's",
}


@pytest.mark.req("XLA-12", "PRIV-12")
def test_no_row_about_the_child_stays_behind_but_the_audit_does(world: World) -> None:
    child = world.own.child
    taken(world, proposed(world))
    left, followed, events, since = [], 0, 0, 0
    with connection.cursor() as cursor, serving(world.own.actor(Role.LACE_COORDINATOR)):
        cursor.execute(
            "SELECT table_name, max(column_name) FILTER (WHERE column_name IN ('child_id', 'content_object_id')) FROM information_schema.columns"
            " WHERE table_schema = 'public' GROUP BY table_name"
            " HAVING bool_or(column_name = 'authority_id') AND bool_or(column_name IN ('child_id', 'content_object_id'))"
        )
        tables = cursor.fetchall()
    for authority in (world.own, world.other):
        by = authority.actor(Role.LACE_COORDINATOR)
        with serving(by), connection.cursor() as cursor:
            for table, column in tables:
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s AND authority_id = %s", [child.pk, world.own.row.pk])
                stayed = cursor.fetchone()[0]
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s AND authority_id = %s", [child.pk, world.other.row.pk])
                moved = cursor.fetchone()[0]
                if table.endswith("event"):
                    if authority is world.own:
                        events += stayed
                    else:
                        assert not stayed, table  # what was done before stays the giver's to read
                        since += moved
                elif table not in KEEP:
                    left += [table] if stayed else []
                    followed += bool(moved)
    assert not left
    assert followed > 5
    assert events  # the giver keeps what was done while it was responsible
    assert since  # the taker has the hand-over itself and all that follows


@pytest.mark.req("XLA-12", "XLA-03")
def test_no_reminder_is_lost_and_all_go_to_those_responsible_now(world: World) -> None:
    child = world.own.child
    taken(world, proposed(world))
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        late = max(Duty.objects.filter(child=child).values_list("due_on", flat=True)) + timedelta(days=30)
    sweep(by=Actor.named_job("sweep", today=late))
    heard = {}
    for authority in (world.own, world.other):
        for role in (Role.SOCIAL_WORKER, Role.IRO, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, Role.DESIGNATED_PERSON):
            by = authority.actor(role)
            with serving(by):
                about = Notification.objects.visible_to(by).filter(child=child, kind__startswith="duty_")
                heard[authority.row.code, role] = set(about.values_list("source", flat=True))
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        binding = {duty.pk for duty in Duty.objects.open().filter(child=child) if RULES[duty.code].ladder}
    assert set().union(*heard.values()) == binding
    assert heard["GWN", Role.SOCIAL_WORKER] == binding
    assert heard["GWN", Role.IRO]
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER):
        assert not heard["CRF", role], role
    assert heard["CRF", Role.DESIGNATED_PERSON]  # of the child's school, which stays


@pytest.mark.req("XLA-12")
def test_before_the_day_and_twice_it_cannot_be_accepted(world: World) -> None:
    later = TODAY() + timedelta(days=5)
    handover = proposed(world, on=later)
    with pytest.raises(Refused):
        taken(world, handover)
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        taken(world, handover)
        with pytest.raises(Refused):
            taken(world, handover, reference="GWN-78")


@pytest.mark.req("XLA-12")
@pytest.mark.parametrize(
    ("changes", "field"),
    [({"reference": " "}, "reference"), ({"reference": "x" * 41}, "reference"), ({"social_worker": "own"}, "social_worker"), ({"iro": "own"}, "iro")],
)
def test_bad_input_at_taking_over_changes_nothing(world: World, changes: dict[str, Any], field: str) -> None:
    handover = proposed(world)
    people = {"social_worker": world.own.user(Role.SOCIAL_WORKER), "iro": world.own.user(Role.IRO)}
    given = {name: people[name] if value == "own" else value for name, value in changes.items()}
    with pytest.raises(BadInput) as refusal:
        taken(world, handover, **given)
    assert list(refusal.value.problems) == [field]
    giver = world.own.actor(Role.LACE_COORDINATOR)
    with serving(giver):
        assert fresh(giver, handover).state == HandoverState.PROPOSED


@pytest.mark.req("XLA-12", "PRIV-13")
def test_a_number_taken_is_refused_without_a_word_about_the_other_child(world: World) -> None:
    double, *_rest = enter(world.other, entered_on=TODAY(), upn=world.own.child.upn)
    handover = proposed(world)
    with pytest.raises(BadInput):
        taken(world, handover, reference=double.reference)
    with pytest.raises(Refused) as refusal:
        taken(world, handover)
    said = str(refusal.value.problems)
    assert double.family_name not in said
    assert double.upn not in said
    assert double.reference not in said


@pytest.mark.req("XLA-12")
@pytest.mark.parametrize("role", [role for role in Role if role != Role.LACE_COORDINATOR])
def test_nobody_else_holds_a_key(world: World, role: Role) -> None:
    by = world.own.actor(role)
    with serving(by), pytest.raises(NotAllowed):
        propose(by=by, child=world.own.child, taker=world.other.row, takes_effect_on=TODAY(), overlap_until=TODAY(), reason="Moved")
    handover = proposed(world)
    taker = world.other.actor(role)
    with serving(taker):
        with pytest.raises(NotAllowed):
            accept(by=taker, handover=handover, reference="1", social_worker=world.other.user(Role.SOCIAL_WORKER))
        with pytest.raises(NotAllowed):
            refuse_handover(by=taker, handover=handover, answer="No")


@pytest.mark.req("XLA-12")
def test_each_side_has_its_own_key_only(world: World) -> None:
    handover = proposed(world)
    giver, taker = world.own.actor(Role.LACE_COORDINATOR), world.other.actor(Role.LACE_COORDINATOR)
    with serving(giver):
        with pytest.raises(NotAllowed):
            accept(by=giver, handover=handover, reference="1", social_worker=world.own.user(Role.SOCIAL_WORKER))
        with pytest.raises(Refused):
            proposed(world)
    with serving(taker), pytest.raises(NotAllowed):
        withdraw(by=taker, handover=handover)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"taker": "own"}, "taker"),
        ({"taker": "POW"}, "taker"),
        ({"takes_effect_on": TODAY() - timedelta(days=1)}, "takes_effect_on"),
        ({"overlap_until": TODAY() - timedelta(days=1)}, "overlap_until"),
        ({"overlap_until": add_months(TODAY(), 6) + timedelta(days=1)}, "overlap_until"),
        ({"reason": ""}, "reason"),
    ],
)
def test_bad_input_at_proposing_changes_nothing(world: World, changes: dict[str, Any], field: str) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    facts: dict[str, Any] = {"taker": world.other.row, "takes_effect_on": TODAY(), "overlap_until": TODAY(), "reason": "Moved"} | changes
    if facts["taker"] in {"own", "POW"}:
        facts["taker"] = world.own.row if facts["taker"] == "own" else LocalAuthority.objects.get(code="POW")
    with serving(by):
        with pytest.raises(BadInput) as refusal:
            propose(by=by, child=world.own.child, **facts)
        assert field in refusal.value.problems
        assert not Handover.objects.exists()


@pytest.mark.req("XLA-04", "SW-05", "XLA-01", "XLA-03")
def test_the_host_is_told_acknowledges_and_knows_the_responsible_social_worker(world: World) -> None:
    child, system, host = world.own.child, world.own.actor(Role.CASE_SYSTEM), world.other.actor(Role.LACE_COORDINATOR)
    with serving(system):
        placement = place_child(
            by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row)
        )
        assert Child.objects.get(pk=child.pk).authority_id == world.own.row.pk
    assert told(world, "placement_notice") == {"GWN lace_coordinator"}
    with serving(host):
        message = Notification.objects.visible_to(host).get(kind="placement_notice", channel="email")
        assert child.family_name not in str(message.facts)
        notice = PlacementNotice.objects.visible_to(host).select_related("child").get(placement=placement)
        acknowledge(by=host, notice=notice)
        with pytest.raises(Refused):
            acknowledge(by=host, notice=notice)
    giver = world.own.actor(Role.LACE_COORDINATOR)
    for by in (giver, host):
        with serving(by):
            assert PlacementNotice.objects.visible_to(by).get().acknowledged_on == TODAY()
            around = {person.relation: person.user_id for person in people_around(child=child, on=TODAY())}
            assert around[Relation.SOCIAL_WORKER] == world.own.user(Role.SOCIAL_WORKER).pk
            assert Duty.objects.visible_to(by).filter(child=child, authority=world.own.row).exists()
    with serving(giver), pytest.raises(NotAllowed):
        acknowledge(by=giver, notice=notice)


def test_a_placement_at_home_or_outside_wales_tells_no_coordinator(world: World) -> None:
    system = world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        for where in ({"host_authority": world.own.row}, {"outside_wales": "Bristol"}):
            place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), **where))
        assert not PlacementNotice.objects.exists()
        assert Placement.objects.filter(child=world.own.child).count() == 3
    assert told(world, "placement_notice") == set()


@pytest.mark.req("XLA-01")
def test_three_authorities_stand_to_one_child_each_in_its_own_way(world: World) -> None:
    third = LocalAuthority.objects.get(code="POW")
    school, system = make_school(third), world.own.actor(Role.CASE_SYSTEM)
    with serving(system):
        place_child(by=system, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
        enrol(by=system, child=world.own.child, school=school, on=TODAY())
        lasting = ChildGroupGrant.objects.filter(content_object=world.own.child, ends_on__isnull=True)
        stands = dict(lasting.filter(permission__codename__in=["host", "school_authority"]).values_list("permission__codename", "group"))
        assert stands == {"host": world.other.row.group_id, "school_authority": third.group_id}
        assert Enrolment.objects.get(child=world.own.child, ended_on__isnull=True).authority_id == world.own.row.pk
        workers = ChildUserGrant.objects.filter(content_object=world.own.child, permission__codename="social_worker", ends_on__isnull=True)
        assert workers.count() == 1
