"""Sharing by hand: whom, which parts, for what, until when; and what ends it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.utils import timezone

from lace.accounts.access import NAMED_RELATION, REACH, Facet, Reach, Relation, Role
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import User
from lace.children.models import Child, ChildGroupGrant, ChildOwned, ChildUserGrant, PlacementAddress, Risk, grants_of
from lace.children.rules import EndReason, LegalBasis
from lace.children.services import PlacementFacts, end_care, find_child, place
from lace.children.services.sharing import (
    ShareFacts,
    agree_support,
    change_end,
    let_in,
    mark_address,
    name_person,
    shares_of,
    withdraw_consent,
)
from lace.children.shares import PEOPLE, facets_of
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.database.context import use
from lace.web.middleware import serving
from schools.services.entry import leave_care
from tests.world import Authority, World, enter, make_body, person, signed_in

TODAY = timezone.localdate
NAMING_ROLE = {relation: role for role, relation in NAMED_RELATION.items()}


def facts(relation: Relation, **changes: Any) -> ShareFacts:
    plain = ShareFacts(
        facets=facets_of(relation),
        purpose="To prepare the review",
        legal_basis=LegalBasis.CONSENT,
        starts_on=TODAY(),
        ends_on=TODAY() + timedelta(days=30),
        agreement="WASPI 12",
        consented_on=TODAY(),
    )
    return replace(plain, **changes)


def signed_in_once(user: User) -> User:
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    return user


def newcomer(world: World, role: Role, authority: Authority | None = None) -> Any:
    """Another person in a role than the one who stands to the child already."""
    where = authority or world.own
    organisation = where.school.organisation if role in {Role.TEACHER, Role.DELEGATE} else None
    return person(role, where.row, organisation)


def actor(membership: Any) -> Actor:
    return actor_for(membership, today=TODAY())


def sees(by: Actor, child: Child) -> Set[Facet] | None:
    with serving(by):
        found = Child.objects.visible_to(by).filter(pk=child.pk).first()
        past = Child.objects.filter(pk=child.pk).exists()  # the policies alone
        assert past == (found is not None)
        return grants_of(by, [found])[found.pk].facets if found else None


@pytest.mark.req("PRIV-04", "PRIV-11", "CAR-10", "ADV-05")
@pytest.mark.parametrize("relation", [relation for relation in PEOPLE if relation != Relation.CHILD])
def test_naming_opens_exactly_the_rows_facets_and_says_why(world: World, relation: Relation) -> None:
    membership = newcomer(world, NAMING_ROLE[relation])
    by = world.own.actor(Role.SOCIAL_WORKER)
    assert sees(actor(membership), world.own.child) is None
    with serving(by):
        grant = name_person(by=by, child=world.own.child, relation=relation, email=membership.user.email.upper(), facts=facts(relation))
        assert grant in shares_of(by=by, child=world.own.child)
    assert (grant.purpose, grant.legal_basis, grant.agreement, grant.given_by_id) == ("To prepare the review", "consent", "WASPI 12", by.user_id)
    assert sees(actor(membership), world.own.child) == facets_of(relation)
    assert sees(actor(membership), world.other.child) is None


@pytest.mark.req("PRIV-04")
def test_a_share_may_be_narrower_than_the_table_and_never_wider(world: World) -> None:
    membership = newcomer(world, Role.ADVOCATE)
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), pytest.raises(BadInput) as refusal:
        name_person(
            by=by,
            child=world.own.child,
            relation=Relation.ADVOCATE,
            email=membership.user.email,
            facts=facts(Relation.ADVOCATE, facets=frozenset({Facet.IDENTITY, Facet.SAFEGUARDING})),
        )
    assert list(refusal.value.problems) == ["facets"]
    with serving(by):
        name_person(
            by=by,
            child=world.own.child,
            relation=Relation.ADVOCATE,
            email=membership.user.email,
            facts=facts(Relation.ADVOCATE, facets=frozenset({Facet.IDENTITY})),
        )
    assert sees(actor(membership), world.own.child) == {Facet.CALLED, Facet.IDENTITY}


@pytest.mark.req("PRIV-17", "ADV-04")
def test_what_ends_today_is_gone_today_and_what_has_an_end_goes_by_itself(world: World) -> None:
    membership = newcomer(world, Role.ADVOCATE)
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        grant = name_person(by=by, child=world.own.child, relation=Relation.ADVOCATE, email=membership.user.email, facts=facts(Relation.ADVOCATE))
    assert sees(replace(actor(membership), today=TODAY() + timedelta(days=29)), world.own.child)
    assert sees(replace(actor(membership), today=TODAY() + timedelta(days=30)), world.own.child) is None
    with serving(by):
        change_end(by=by, grant=grant, ends_on=TODAY() + timedelta(days=60))
    assert sees(replace(actor(membership), today=TODAY() + timedelta(days=59)), world.own.child)
    with serving(by):
        change_end(by=by, grant=grant, ends_on=TODAY())
    assert sees(actor(membership), world.own.child) is None
    with serving(by), pytest.raises(Refused):
        change_end(by=by, grant=grant, ends_on=TODAY() + timedelta(days=60))


@pytest.mark.req("ADV-04", "PRIV-10", "PRIV-11")
@pytest.mark.parametrize(
    ("relation", "changes", "field"),
    [
        (Relation.ADVOCATE, {"ends_on": None}, "ends_on"),
        (Relation.ADVOCATE, {"ends_on": TODAY() + timedelta(days=400)}, "ends_on"),
        (Relation.PARENT, {"ends_on": TODAY()}, "ends_on"),
        (Relation.PARENT, {"starts_on": TODAY() - timedelta(days=1)}, "starts_on"),
        (Relation.PARENT, {"purpose": "  "}, "purpose"),
        (Relation.PARENT, {"purpose": "handover:1"}, "purpose"),
        (Relation.PARENT, {"facets": frozenset()}, "facets"),
        (Relation.PARENT, {"legal_basis": ""}, "legal_basis"),
        (Relation.LEAD_WORKER, {"agreement": ""}, "agreement"),
        (Relation.CAREERS_ADVISER, {"legal_basis": LegalBasis.PUBLIC_TASK}, "legal_basis"),
        (Relation.CAREERS_ADVISER, {"consented_on": None}, "consented_on"),
        (Relation.STUDENT_SUPPORT, {"consented_on": TODAY() + timedelta(days=1)}, "consented_on"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(world: World, relation: Relation, changes: dict[str, Any], field: str) -> None:
    membership = newcomer(world, NAMING_ROLE[relation])
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        before = ChildUserGrant.objects.count()
        with pytest.raises(BadInput) as refusal:
            name_person(by=by, child=world.own.child, relation=relation, email=membership.user.email, facts=facts(relation, **changes))
        assert list(refusal.value.problems) == [field]
        assert ChildUserGrant.objects.count() == before


@pytest.mark.req("PRIV-15")
def test_a_designated_person_shares_with_staff_of_the_own_school_and_with_nobody_else(world: World) -> None:
    by = world.own.actor(Role.DESIGNATED_PERSON)
    teacher, stranger, advocate = (
        newcomer(world, Role.TEACHER),
        newcomer(world, Role.TEACHER, world.other),
        newcomer(world, Role.ADVOCATE),
    )
    child = world.own.child
    with serving(by):
        name_person(by=by, child=child, relation=Relation.TEACHER, email=teacher.user.email, facts=facts(Relation.TEACHER))
        with pytest.raises(BadInput) as refusal:
            name_person(by=by, child=child, relation=Relation.TEACHER, email=stranger.user.email, facts=facts(Relation.TEACHER))
        assert list(refusal.value.problems) == ["email"]
        with pytest.raises(NotAllowed):
            name_person(by=by, child=child, relation=Relation.ADVOCATE, email=advocate.user.email, facts=facts(Relation.ADVOCATE))
    assert sees(actor(teacher), child) == facets_of(Relation.TEACHER)
    assert Facet.EDUCATION not in facets_of(Relation.TEACHER)
    coordinator = world.own.actor(Role.LACE_COORDINATOR)
    with serving(coordinator), pytest.raises(BadInput):  # nor does the authority let another school's teacher in
        name_person(by=coordinator, child=child, relation=Relation.TEACHER, email=stranger.user.email, facts=facts(Relation.TEACHER))


@pytest.mark.req("PRIV-04")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.SOCIAL_WORKER, Role.LACE_COORDINATOR}])
def test_nobody_else_shares(world: World, role: Role) -> None:
    by = world.own.actor(role)
    membership = newcomer(world, Role.ADVOCATE)
    with serving(by), pytest.raises(NotAllowed):
        name_person(by=by, child=world.own.child, relation=Relation.ADVOCATE, email=membership.user.email, facts=facts(Relation.ADVOCATE))
    stranger = world.other.actor(Role.LACE_COORDINATOR)
    with serving(stranger), pytest.raises(NotAllowed):
        name_person(by=stranger, child=world.own.child, relation=Relation.ADVOCATE, email=membership.user.email, facts=facts(Relation.ADVOCATE))


@pytest.mark.req("PRIV-16")
def test_a_recipient_outside_the_authority_must_have_signed_in(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    outside = newcomer(world, Role.COUNTERPART, world.other)
    guests = facts(Relation.GUEST, legal_basis=LegalBasis.PUBLIC_TASK)
    with serving(by):
        for call in (
            lambda: name_person(
                by=by, child=world.own.child, relation=Relation.COUNTERPART, email=outside.user.email, facts=facts(Relation.COUNTERPART)
            ),
            lambda: let_in(by=by, child=world.own.child, relation=Relation.GUEST, body=world.other.row, facts=guests),
        ):
            with pytest.raises(BadInput):
                call()
    signed_in_once(outside.user)
    signed_in_once(world.other.user(Role.LACE_COORDINATOR))
    with serving(by):
        name_person(by=by, child=world.own.child, relation=Relation.COUNTERPART, email=outside.user.email, facts=facts(Relation.COUNTERPART))
        let_in(by=by, child=world.own.child, relation=Relation.GUEST, body=world.other.row, facts=guests)
    assert sees(actor(outside), world.own.child) == facets_of(Relation.COUNTERPART)
    assert sees(world.other.actor(Role.LACE_COORDINATOR), world.own.child) == facets_of(Relation.GUEST)
    assert sees(world.other.actor(Role.DESIGNATED_MANAGER), world.own.child) is None


def guest(world: World) -> None:
    signed_in_once(world.other.user(Role.LACE_COORDINATOR))
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        let_in(by=by, child=world.own.child, relation=Relation.GUEST, body=world.other.row, facts=facts(Relation.GUEST))


def moved(world: World, host: Authority) -> None:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        place(by=by, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=host.row))


@pytest.mark.req("XLA-02", "XLA-01")
def test_a_guest_where_the_child_lives_goes_with_the_placement(world: World) -> None:
    reader = world.other.actor(Role.LACE_COORDINATOR)
    moved(world, world.other)
    guest(world)
    assert sees(reader, world.own.child) == facets_of(Relation.GUEST) | facets_of(Relation.HOST)
    moved(world, world.own)
    assert sees(reader, world.own.child) is None


@pytest.mark.req("XLA-02")
def test_a_guest_who_does_not_host_stays_until_the_end_said(world: World) -> None:
    guest(world)
    moved(world, world.own)
    assert sees(world.other.actor(Role.LACE_COORDINATOR), world.own.child) == facets_of(Relation.GUEST)


@pytest.mark.req("PRIV-10", "PRIV-17")
@pytest.mark.parametrize("role", [Role.CHILD, Role.PERSONAL_ADVISER, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR])
def test_withdrawn_consent_ends_the_share_that_day(world: World, role: Role) -> None:
    by, adviser = world.own.actor(Role.SOCIAL_WORKER), newcomer(world, Role.CAREERS_ADVISER)
    with serving(by):
        grant = name_person(
            by=by, child=world.own.child, relation=Relation.CAREERS_ADVISER, email=adviser.user.email, facts=facts(Relation.CAREERS_ADVISER)
        )
    assert sees(actor(adviser), world.own.child)
    who = world.own.actor(role)
    with serving(who):
        withdraw_consent(by=who, grant=grant)
    assert sees(actor(adviser), world.own.child) is None
    carer = world.own.actor(Role.FOSTER_CARER)
    with serving(carer), pytest.raises(NotAllowed):
        withdraw_consent(by=carer, grant=grant)


@pytest.mark.req("PRIV-17")
def test_the_end_of_care_ends_shares_that_had_a_later_end(world: World) -> None:
    advocate = newcomer(world, Role.ADVOCATE)
    by, system = world.own.actor(Role.SOCIAL_WORKER), world.own.actor(Role.CASE_SYSTEM)
    guest(world)
    with serving(by):
        name_person(by=by, child=world.own.child, relation=Relation.ADVOCATE, email=advocate.user.email, facts=facts(Relation.ADVOCATE))
    with serving(system):
        end_care(by=system, episode=world.own.episode, on=TODAY(), reason=EndReason.RETURNED_HOME)
    assert sees(actor(advocate), world.own.child) is None
    assert sees(world.other.actor(Role.LACE_COORDINATOR), world.own.child) is None


def test_what_follows_from_a_fact_is_not_ended_by_hand(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by):
        worker = ChildUserGrant.objects.get(content_object=world.own.child, permission__codename=Relation.SOCIAL_WORKER)
        school = ChildGroupGrant.objects.get(content_object=world.own.child, permission__codename=Relation.SCHOOL)
        for row in (worker, school):
            with pytest.raises((Refused, NotAllowed)):
                change_end(by=by, grant=row, ends_on=TODAY())


@pytest.mark.req("CAR-10")
def test_an_account_is_one_childs(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    second, *_rest = enter(world.own, entered_on=TODAY() - timedelta(days=1))
    account = world.own.user(Role.CHILD)
    plain = facts(Relation.CHILD, ends_on=None)
    with serving(by), pytest.raises(BadInput):
        name_person(by=by, child=second, relation=Relation.CHILD, email=account.email, facts=plain)
    own, foreign = newcomer(world, Role.CHILD), newcomer(world, Role.CHILD, world.other)
    signed_in_once(foreign.user)
    with serving(by):
        with pytest.raises(BadInput):
            name_person(by=by, child=second, relation=Relation.CHILD, email=foreign.user.email, facts=plain)
        name_person(by=by, child=second, relation=Relation.CHILD, email=own.user.email, facts=plain)
        with pytest.raises(BadInput):
            name_person(by=by, child=second, relation=Relation.CHILD, email=newcomer(world, Role.CHILD).user.email, facts=plain)
    worker = world.own.actor(Role.SOCIAL_WORKER)
    with serving(worker), pytest.raises(NotAllowed):  # who cannot see every child cannot check it
        name_person(by=worker, child=world.own.child, relation=Relation.CHILD, email=own.user.email, facts=plain)


def test_a_home_of_the_list_and_no_other_body(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    home, college = make_body(world.own.row, "home"), make_body(world.own.row, "provider")
    with serving(by):
        let_in(by=by, child=world.own.child, relation=Relation.HOME, body=home, facts=facts(Relation.HOME))
        for relation, body in ((Relation.HOME, college), (Relation.GUEST, world.own.row), (Relation.GUEST, college), (Relation.HOME, home)):
            with pytest.raises(BadInput) as refusal:
                let_in(by=by, child=world.own.child, relation=relation, body=body, facts=facts(relation))
            assert list(refusal.value.problems) == ["body"]


@pytest.mark.req("PRIV-04")
@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.CASE_SYSTEM])
def test_a_sensitive_address_is_shown_to_nobody_until_that_is_lifted(world: World, role: Role) -> None:
    by, reader = world.own.actor(role), world.own.actor(Role.LACE_COORDINATOR)

    def addresses() -> tuple[bool, bool]:
        with serving(reader):
            return PlacementAddress.objects.visible_to(reader).exists(), PlacementAddress.objects.exists()

    assert addresses() == (True, True)
    with serving(by):
        mark_address(by=by, child=world.own.child, sensitive=True)
    assert addresses() == (False, False)
    with serving(by):
        mark_address(by=by, child=world.own.child, sensitive=False)
    assert addresses() == (True, True)
    with serving(reader), pytest.raises(NotAllowed):
        mark_address(by=reader, child=world.own.child, sensitive=True)


def rows_of(by: Actor, child: Child) -> tuple[set[str], set[str]]:
    """The tables in which there are rows about the child for this person: by `visible_to` alone, and by the policies alone."""
    mine: dict[Any, str] = {
        model: "pk" if model is Child else "child" for model in apps.get_models() if model is Child or issubclass(model, ChildOwned)
    }
    with use(replace(context_of(by), today=by.today - timedelta(days=1))):  # the policies as they were before the record was closed
        asked = {model.__name__ for model, key in mine.items() if model._default_manager.visible_to(by).filter(**{key: child.pk}).exists()}
    with serving(by):
        passed = {model.__name__ for model, key in mine.items() if model._default_manager.filter(**{key: child.pk}).exists()}
    return asked, passed


@pytest.mark.req("PRIV-20")
def test_a_closed_record_has_no_rows_for_its_authority_but_who_the_child_is(world: World) -> None:
    child, system = world.own.child, world.own.actor(Role.CASE_SYSTEM)
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        Risk.objects.create(child=child, authority=world.own.row, text="Runs", noted_on=TODAY(), noted_by=world.own.user(Role.SOCIAL_WORKER))
    wide = [world.own.actor(role) for role in Role if REACH[role] == Reach.AUTHORITY]
    before = {by.role: rows_of(by, child) for by in wide}
    assert all({"Child", "CareEpisode", "Enrolment"} <= asked == passed for asked, passed in before.values())
    assert {"Risk", "PlacementAddress"} <= before[Role.LACE_COORDINATOR][0]
    with serving(system):
        leave_care(by=system, episode=world.own.episode, on=TODAY(), reason=EndReason.ADOPTED)
    for by in wide:
        asked, passed = rows_of(by, child)
        assert asked == passed, by.role
        assert asked == (before[by.role][0] - {"Risk", "PlacementAddress"} if by.role == Role.LACE_COORDINATOR else set()), by.role
    with serving(system), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM children_childevent WHERE id = %s", [child.pk])
        assert cursor.fetchone() == (0,)


@pytest.mark.req("PRIV-20")
def test_after_an_adoption_the_record_is_closed_but_for_what_the_family_asked_for(world: World) -> None:
    child, parent = world.own.child, newcomer(world, Role.ADOPTIVE_PARENT)
    system, coordinator = world.own.actor(Role.CASE_SYSTEM), world.own.actor(Role.LACE_COORDINATOR)
    with serving(system):
        end_care(by=system, episode=world.own.episode, on=TODAY(), reason=EndReason.ADOPTED)
    assert sees(coordinator, child) == {Facet.CALLED, Facet.IDENTITY}
    for role in (Role.DESIGNATED_MANAGER, Role.CASE_SYSTEM, Role.PEP_REVIEWER, Role.DATA_OFFICER):
        assert sees(world.own.actor(role), child) is None
    for role in (Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.FOSTER_CARER, Role.PARENT):
        assert sees(world.own.actor(role), child) is None
    plain = facts(Relation.ADOPTIVE_PARENT, ends_on=None)
    with serving(coordinator):
        fresh, _grant = find_child(by=coordinator, pk=child.pk)
        with pytest.raises(BadInput):  # the family has asked for nothing yet
            name_person(by=coordinator, child=fresh, relation=Relation.ADOPTIVE_PARENT, email=parent.user.email, facts=plain)
        agree_support(by=coordinator, child=fresh, agreed=True)
        name_person(by=coordinator, child=fresh, relation=Relation.ADOPTIVE_PARENT, email=parent.user.email, facts=plain)
        with pytest.raises(NotAllowed):
            name_person(
                by=coordinator,
                child=fresh,
                relation=Relation.LEAD_WORKER,
                email=newcomer(world, Role.LEAD_WORKER).user.email,
                facts=facts(Relation.LEAD_WORKER),
            )
    assert sees(actor(parent), child) == facets_of(Relation.ADOPTIVE_PARENT)
    assert sees(coordinator, child) == {Facet.CALLED, Facet.IDENTITY, Facet.TARGETS, Facet.EDUCATION}
    with serving(coordinator):
        agree_support(by=coordinator, child=fresh, agreed=False)
    assert sees(actor(parent), child) is None
    assert sees(coordinator, child) == {Facet.CALLED, Facet.IDENTITY}


def test_support_is_recorded_only_of_a_closed_record(world: World) -> None:
    by = world.own.actor(Role.LACE_COORDINATOR)
    with serving(by), pytest.raises(Refused):
        agree_support(by=by, child=world.own.child, agreed=True)


@pytest.mark.req("PRIV-17")
def test_a_share_that_expires_today_gives_nothing_in_the_same_request(world: World) -> None:
    advocate = newcomer(world, Role.ADVOCATE)
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        name_person(
            by=by,
            child=world.own.child,
            relation=Relation.ADVOCATE,
            email=advocate.user.email,
            facts=facts(Relation.ADVOCATE, ends_on=TODAY() + timedelta(days=1)),
        )
    address = f"/children/{world.own.child.pk}/"
    assert signed_in(advocate).get(address).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert signed_in(advocate).get(address).status_code == 404
