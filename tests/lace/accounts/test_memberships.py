"""Accounts and roles: who may give and end them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lace.accounts import services
from lace.accounts.access import Role
from lace.accounts.acting import actor_for
from lace.accounts.models import Membership, User
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from tests.world import make_school, person

TODAY = timezone.localdate()


@pytest.fixture
def administrator(authority: Any) -> Actor:
    return actor_for(person(Role.ADMINISTRATOR, authority), today=TODAY)


def test_an_administrator_adds_a_person_who_has_no_access_yet(administrator: Actor) -> None:
    added = services.add_person(by=administrator, email=" Sian@Ysgol.Example ", name="  Siân   Rees ", language="cy")
    assert (added.email, added.name, added.language, added.has_usable_password()) == ("sian@ysgol.example", "Siân Rees", "cy", False)
    assert not added.memberships.exists()


def test_every_mistake_is_told_at_once_and_nothing_is_added(administrator: Actor, user: User) -> None:
    count = User.objects.count()
    with pytest.raises(BadInput) as refusal:
        services.add_person(by=administrator, email="no address", name=" ", language="fr")
    assert set(refusal.value.problems) == {"email", "name", "language"}
    with pytest.raises(BadInput) as refusal:
        services.add_person(by=administrator, email=user.email.upper(), name="Twin")
    assert set(refusal.value.problems) == {"email"}
    assert User.objects.count() == count


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_adds_people_or_gives_roles(authority: Any, school: Any, user: User, role: Role) -> None:
    in_school = role in {Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR}
    by = actor_for(person(role, authority, school if in_school else None), today=TODAY)
    with pytest.raises(NotAllowed):
        services.add_person(by=by, email="a@b.example", name="A")
    with pytest.raises(NotAllowed):
        services.open_membership(by=by, user=user, role=Role.IRO, authority=authority)
    with pytest.raises(NotAllowed):
        services.end_membership(by=by, membership=user.memberships.get())
    with pytest.raises(NotAllowed):
        services.end_access(by=by, user=user)


def test_an_administrator_stays_in_their_authority(authority: Any, other_authority: Any, user: User) -> None:
    stranger = actor_for(person(Role.ADMINISTRATOR, other_authority), today=TODAY)
    with pytest.raises(NotAllowed):
        services.open_membership(by=stranger, user=user, role=Role.IRO, authority=authority)
    with pytest.raises(NotAllowed):
        services.end_membership(by=stranger, membership=user.memberships.get())
    services.end_access(by=stranger, user=user)
    user.refresh_from_db()
    assert user.is_active
    assert user.memberships.open_on(TODAY).exists()


def test_nobody_gives_themselves_a_role(administrator: Actor, authority: Any) -> None:
    own = Membership.objects.get(user_id=administrator.user_id or 0)
    with pytest.raises(Refused):
        services.open_membership(by=administrator, user=own.user, role=Role.LACE_COORDINATOR, authority=authority)
    with pytest.raises(Refused):
        services.end_membership(by=administrator, membership=own)


@pytest.mark.req("SCH-06")
def test_one_account_holds_several_roles_each_given_by_itself(administrator: Actor, authority: Any, school: Any, user: User) -> None:
    services.open_membership(by=administrator, user=user, role=Role.DESIGNATED_PERSON, authority=authority, organisation=school)
    services.open_membership(by=administrator, user=user, role=Role.HEADTEACHER, authority=authority, organisation=school)
    assert set(user.memberships.values_list("role", flat=True)) == {"lace_coordinator", "designated_person", "headteacher"}
    with pytest.raises(BadInput):
        services.open_membership(by=administrator, user=user, role=Role.HEADTEACHER, authority=authority, organisation=school)


def test_a_role_is_held_where_it_can_be(administrator: Actor, authority: Any, other_authority: Any, school: Any, user: User) -> None:
    for role, organisation in (
        (Role.DESIGNATED_PERSON, None),
        (Role.GOVERNOR, None),
        (Role.IRO, school),
        (Role.HEADTEACHER, make_school(other_authority).organisation),
    ):
        with pytest.raises(BadInput) as refusal:
            services.open_membership(by=administrator, user=user, role=role, authority=authority, organisation=organisation)
        assert set(refusal.value.problems) == {"organisation"}
    assert user.memberships.count() == 1


@pytest.mark.req("PRIV-17")
def test_a_role_ends_on_its_day_and_ends_once(administrator: Actor, coordinator: Membership) -> None:
    ahead = services.end_membership(by=administrator, membership=coordinator, on=TODAY + timedelta(days=7))
    assert list(Membership.objects.open_on(TODAY + timedelta(days=6)).filter(pk=ahead.pk)) == [ahead]
    assert not Membership.objects.open_on(TODAY + timedelta(days=7)).filter(pk=ahead.pk).exists()
    services.end_membership(by=administrator, membership=coordinator)
    assert not Membership.objects.open_on(TODAY).filter(pk=coordinator.pk).exists()
    with pytest.raises(Refused):
        services.end_membership(by=administrator, membership=coordinator)


def test_a_role_cannot_end_before_it_starts(administrator: Actor, coordinator: Membership) -> None:
    with pytest.raises(BadInput):
        services.end_membership(by=administrator, membership=coordinator, on=coordinator.starts_on - timedelta(days=1))
    coordinator.refresh_from_db()
    assert coordinator.ends_on is None


@pytest.mark.req("PRIV-17")
def test_the_account_closes_with_the_last_role(administrator: Actor, other_authority: Any, user: User) -> None:
    elsewhere = Membership.objects.create(user=user, role=Role.IRO, authority=other_authority, starts_on=TODAY)
    services.end_access(by=administrator, user=user)
    user.refresh_from_db()
    assert user.is_active  # still at work for the other authority
    services.end_access(by=actor_for(person(Role.ADMINISTRATOR, other_authority), today=TODAY), user=user)
    user.refresh_from_db()
    assert not user.is_active
    assert not Membership.objects.open_on(TODAY).filter(pk=elsewhere.pk).exists()


def test_every_change_of_a_role_stands_in_the_trail(administrator: Actor, authority: Any, user: User) -> None:
    given = services.open_membership(by=administrator, user=user, role=Role.IRO, authority=authority)
    services.end_membership(by=administrator, membership=given)
    labels = given.pgh_event_model.objects.filter(id=given.pk).order_by("pgh_id").values_list("pgh_label", flat=True)  # type: ignore[attr-defined]
    assert list(labels) == ["insert", "update"]
