"""Targets for those who need no more of the plan (PRIV-15)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.web.middleware import serving
from tests.peps.plans import CANARIES, text, written
from tests.world import World

HELPS = ("Nine out of ten", "Quiz in May", "Twenty minutes a day with Mr Rees", "Play for the county")
NOT_IN_CLASS = ("Fractions", "Six out of ten", "Asks about it")
CLASS = (Role.TEACHER, Role.DELEGATE)


@pytest.mark.req("PRIV-15")
@pytest.mark.parametrize("role", [*CLASS, Role.LEAD_WORKER, Role.PROVIDER_LEAD, Role.GUARDIAN, Role.ADOPTIVE_PARENT])
def test_targets_and_strategies_are_shown_without_the_need_they_come_from(world: World, role: Role) -> None:
    written(world.own)
    child, client = world.own.child, world.client(role)
    page = text(client.get(reverse("child_targets", args=[child.pk])))
    assert all(words in page for words in HELPS)
    hidden = {*NOT_IN_CLASS, *CANARIES} - {"Nine out of ten", "Mr Rees"}
    assert not [words for words in hidden if words in page]
    if role in CLASS:  # a first name, and nothing by which the child is known elsewhere
        assert child.called in page
        assert child.family_name not in page
        assert str(child.born_on.year) not in page
    assert client.get(reverse("child_plan", args=[child.pk])).status_code == 404
    with serving(world.own.actor(role)):
        assert list(Read.objects.filter(door="child_targets").values_list("role", "facets")) == [(role, ["targets"])]


@pytest.mark.req("PRIV-15", "PRIV-13")
def test_a_teacher_elsewhere_and_those_without_the_facet_find_no_such_page(world: World) -> None:
    written(world.own)
    address = reverse("child_targets", args=[world.own.child.pk])
    assert world.client(Role.TEACHER, world.other).get(address).status_code == 404
    for role in (Role.DATA_OFFICER, Role.INDEPENDENT_VISITOR, Role.EDUCATION_WELFARE_OFFICER, Role.CHILD_PROTECTION_LEAD):
        assert world.client(role).get(address).status_code == 404


@pytest.mark.req("PRIV-15")
def test_a_teacher_finds_nobody_by_a_name_or_number_that_teachers_do_not_read(world: World) -> None:
    client, child = world.client(Role.TEACHER), world.own.child
    everyone = text(client.get(reverse("children")))
    assert child.called in everyone
    for words in (child.family_name, child.upn, "Nobody-Of-That-Name"):
        found = text(client.get(reverse("children"), {"q": words}))
        assert child.called in found  # the search says neither yes nor no
        assert child.family_name not in found.replace(f'value="{words}"', "").replace(f"q={words}", "")
