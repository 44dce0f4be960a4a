"""Who finds what on the pages of a plan, and who finds nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import Child
from peps import services
from peps.models import Pep, Target, Version
from tests.peps.plans import ANSWERS, CANARIES, acting, final, plan, text, written
from tests.world import World, enter

READERS = (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON, Role.FOSTER_CARER)


def addresses(world: World, pep: Pep, version: Version | None = None) -> list[str]:
    with acting(world.own, Role.IRO):
        target = Target.objects.filter(pep=pep).first()
    parts = ["", "start/", "read/", "section/my_page/", "section/history/", "targets/add/", "final/", "amend/", "close/"]
    parts += [f"targets/{target.pk}/", f"targets/{target.pk}/remove/"] if target else []
    parts += [f"versions/{version.pk}/"] if version else []
    return [plan(world, part) for part in parts]


@pytest.mark.req("PRIV-01")
@pytest.mark.parametrize("role", [*READERS, Role.HEADTEACHER, Role.DESIGNATED_MANAGER, Role.GOVERNOR, Role.ADMINISTRATOR])
def test_a_furnished_stranger_finds_no_page_and_no_word(world: World, role: Role) -> None:
    version, _other = final(world.own), final(world.other)
    client = world.client(role, world.other)
    for address in addresses(world, version.pep, version):
        for response in (client.get(address), client.post(address, {"reason": "x", "language": "cy", "version": "1"})):
            assert response.status_code == 404, address
            assert not [word for word in (*CANARIES, world.own.child.name) if word in text(response)]


@pytest.mark.parametrize("role", [Role.GOVERNOR, Role.ADMINISTRATOR])
def test_who_stands_in_no_relation_finds_nothing_in_the_own_authority(world: World, role: Role) -> None:
    version = final(world.own)
    client = world.client(role)
    assert {client.get(address).status_code for address in addresses(world, version.pep, version)} == {404}


def test_nobody_is_led_to_sign_in(world: World) -> None:
    version = final(world.own)
    for address in addresses(world, version.pep, version):
        assert Client().get(address).status_code == 302


@pytest.mark.req("PEP-12")
@pytest.mark.parametrize("role", READERS)
def test_those_around_the_child_read_the_whole_plan_and_its_version(world: World, role: Role) -> None:
    version = final(world.own)
    client = world.client(role)
    for address in (plan(world, "read/"), plan(world, f"versions/{version.pk}/")):
        page = text(client.get(address))
        assert not [word for word in CANARIES if word not in page]
        assert page.index("Bod yn filfeddyg") < page.index("Swimming badge")  # the child's page first


@pytest.mark.parametrize("part", ["", "read/", "version"])
def test_a_headteacher_reads_neither_the_childs_words_nor_well_being(world: World, part: str) -> None:
    version = final(world.own)
    page = text(world.client(Role.HEADTEACHER).get(plan(world, part.replace("version", f"versions/{version.pk}/"))))
    assert "Nine out of ten" in page
    assert not [word for word in ("Bod yn filfeddyg", "Rygbi", "Mam-gu", "Good friends", "Rugby club", "My page") if word in page]


@pytest.mark.req("CAR-01")
def test_a_carer_opens_their_part_and_the_childs_page_and_changes_nothing_else(world: World) -> None:
    pep = written(world.own)
    client = world.client(Role.FOSTER_CARER)
    page = text(client.get(plan(world)))
    assert "Nine out of ten" in page
    assert "What Mabli" in page
    assert [key for key in ANSWERS if client.get(plan(world, f"section/{key}/")).status_code == 200] == ["my_page", "carer"]
    refused = [address for address in addresses(world, pep) if client.get(address).status_code == 403]
    assert len(refused) == 8  # all but the tab, the reading page and the child's page
    assert client.post(plan(world, "final/"), {}).status_code == 403


def test_a_denied_page_says_nothing_of_the_child(world: World) -> None:
    written(world.own)
    for method in ("get", "post"):
        page = getattr(world.client(Role.FOSTER_CARER), method)(plan(world, "section/history/"))
        assert page.status_code == 403
        assert not [word for word in (*CANARIES, world.own.child.name) if word in text(page)]


@pytest.mark.parametrize(
    ("role", "sensitive", "shown"), [(Role.DESIGNATED_PERSON, False, False), (Role.SOCIAL_WORKER, False, True), (Role.IRO, True, False)]
)
def test_the_carer_is_named_to_those_only_who_may_know_the_address(world: World, role: Role, sensitive: bool, shown: bool) -> None:
    version = final(world.own)
    with acting(world.own, Role.CASE_SYSTEM):
        Child.objects.filter(pk=world.own.child.pk).update(address_is_sensitive=sensitive)
    client = world.client(role)
    name = world.own.user(Role.FOSTER_CARER).name
    pages = [text(client.get(address)) for address in addresses(world, version.pep, version)]
    assert any(name in page for page in pages) is shown


@pytest.mark.req("PRIV-12")
def test_every_look_is_recorded_with_what_was_shown(world: World) -> None:
    version = final(world.own)
    client = world.client(Role.HEADTEACHER)
    client.get(plan(world, f"versions/{version.pk}/"))
    with acting(world.own, Role.LACE_COORDINATOR):
        look = Read.objects.latest("id")
    assert (look.door, look.children, look.role) == ("child_plan_version", [world.own.child.pk], Role.HEADTEACHER)
    assert look.facets == ["attendance", "contacts", "education"]


@pytest.mark.parametrize(("language", "words"), [("en-gb", ("Education so far", "Targets")), ("cy", ("Addysg hyd yma", "Targedau", "Fy nhudalen i"))])
def test_both_languages(world: World, language: str, words: tuple[str, ...]) -> None:
    version = final(world.own)
    client = world.client(Role.IRO)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = text(client.get(plan(world, f"versions/{version.pk}/")))
    assert all(word in page for word in words)
    assert 'lang="cy"><p' in page or 'lang="cy">  Rygbi' in page  # the child's Welsh stays Welsh on either page


def test_one_childs_version_or_target_is_not_found_under_another_child(world: World) -> None:
    version = final(world.own)
    sibling, *_rest = enter(world.own, entered_on=timezone.localdate() - timedelta(days=1))
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        services.start_pep(by=by, child=sibling, on=by.today)
        target = Target.objects.filter(child=world.own.child).first()
    assert target is not None
    client = world.client(Role.DESIGNATED_PERSON)
    for part in (f"versions/{version.pk}/", f"targets/{target.pk}/", f"targets/{target.pk}/remove/"):
        assert client.get(f"/children/{sibling.pk}/plan/{part}").status_code == 404, part
