"""The role in use: whoever holds several chooses, and nobody goes on under one that they did not choose."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lace.accounts import services
from lace.accounts.access import Role
from lace.accounts.models import Membership
from tests.lace.accounts.acts import sign_in, with_password
from tests.world import World


@pytest.fixture(autouse=True)
def _every_door(_by_itself: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "lace.urls"  # sign-in's own pages are tested by themselves, these with all others


@pytest.mark.req("SCH-06")
@pytest.mark.parametrize("chosen", [True, False], ids=["after choosing", "after signing in"])
def test_whose_role_in_use_has_ended_chooses_another_and_falls_into_none(world: World, chosen: bool) -> None:
    first = with_password(world.own.members[Role.LACE_COORDINATOR])
    organisation = world.own.school.organisation
    second = Membership.objects.create(
        user=first.user, role=Role.GOVERNOR, authority=world.own.row, organisation=organisation, starts_on=timezone.localdate()
    )
    client = Client()
    sign_in(client, first.user)
    if chosen:
        client.post(reverse("change_role"), {"role": first.pk})
    assert client.get(reverse("dashboard")).status_code == 200
    services.end_membership(by=world.own.actor(Role.ADMINISTRATOR), membership=first)
    for address in ("/", reverse("child", args=[world.own.child.pk]), reverse("reports")):
        assert client.get(address).headers["Location"] == reverse("choose_role"), address
    written = client.post(reverse("reports") + "prepare/", {"narrative": "x"})
    assert (written.status_code, written.headers["Location"]) == (302, reverse("choose_role"))
    page = client.get(reverse("choose_role")).content.decode()
    assert "The role in which you worked has ended" in page
    assert "Sign out" in page
    assert "app-roles" not in page
    client.post(reverse("change_role"), {"role": first.pk})
    assert client.get("/").status_code == 302  # the ended one is not to be had
    client.post(reverse("change_role"), {"role": second.pk})
    assert client.get("/").status_code == 200
    assert client.get(reverse("account")).status_code == 200
