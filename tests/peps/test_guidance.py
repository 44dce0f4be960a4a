"""What an authority tells those who write its children's plans: beside the sections, on a page, on paper (PEP-27)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.db import transaction
from django.test import Client

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed
from peps.models import Guidance
from peps.services.guidance import write_guidance
from tests.peps.plans import acting, plan, started, text, typed
from tests.world import Authority, World

pytestmark = pytest.mark.django_db
WORDS = {"en": "Say what works", "cy": "Dywedwch beth sy'n gweithio", "example_en": "Ten minutes a day", "example_cy": "Deng munud y dydd"}
NOTHING = dict.fromkeys(WORDS, "")


def wrote(authority: Authority, part: str = "history", **other: str) -> Guidance:
    with acting(authority, Role.LACE_COORDINATOR) as by:
        return write_guidance(by=by, authority=authority.row, part=part, texts=WORDS | other)


def rows(authority: Authority) -> int:
    with acting(authority, Role.LACE_COORDINATOR), transaction.atomic():
        return Guidance.objects.filter(authority=authority.row).count()


@pytest.mark.req("PEP-27")
def test_it_stands_beside_the_part_in_the_readers_language_and_is_downloaded(world: World) -> None:
    started(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    assert "Guidance from" not in text(school.get(plan(world, "section/history/")))
    wrote(world.own)
    wrote(world.other, en="Theirs")
    page = text(school.get(plan(world, "section/history/")))
    assert "Say what works" in page
    assert "Ten minutes a day" in page
    assert "Theirs" not in page
    assert "Guidance from" not in text(school.get(plan(world, "section/attainment/")))
    welsh = text(school.get(plan(world, "section/history/"), headers={"Accept-Language": "cy"}))
    assert "Deng munud y dydd" in welsh
    wrote(world.own, "targets")
    assert "Say what works" in text(school.get(plan(world, "targets/add/")))
    answer = school.get(f"/plan-guidance/guidance-cy.pdf?authority={world.own.row.code}")
    paper = " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(answer.content)).pages)
    assert "Dywedwch beth sy'n gweithio" in " ".join(paper.split())
    assert "Theirs" not in paper


@pytest.mark.req("PEP-27")
def test_a_school_of_another_authority_reads_the_guidance_of_the_childs(world: World) -> None:
    wrote(world.own)
    theirs = world.client(Role.DESIGNATED_PERSON, world.other)
    assert "Say what works" in text(theirs.get(f"/plan-guidance/?authority={world.own.row.code}"))
    assert "Say what works" not in text(theirs.get("/plan-guidance/"))


def change(client: Client, part: str = "history", **texts: str) -> Any:
    address = f"/plan-guidance/{part}/change/"
    return client.post(address, typed(client, address, **texts))


@pytest.mark.req("PEP-27")
def test_coordinators_write_it_and_take_it_back(world: World) -> None:
    office = world.client(Role.LACE_COORDINATOR)
    assert change(office, **WORDS).status_code == 302
    assert "Say what works" in text(office.get("/plan-guidance/"))
    assert change(office, **WORDS).status_code == 302
    assert rows(world.own) == 1  # the same words again are no new row
    assert change(office, **NOTHING).status_code == 302
    assert "Say what works" not in text(office.get("/plan-guidance/"))
    assert "Nothing is said of this yet" in text(office.get("/plan-guidance/"))


def test_what_is_missing_is_asked_for_and_what_was_typed_stays(world: World) -> None:
    office = world.client(Role.LACE_COORDINATOR)
    refused = text(change(office, en="Kept words"))
    assert "Write it in Welsh as well" in refused
    assert "Kept words" in refused
    assert "Say how to write this part" in text(change(office, example_en="One", example_cy="Un"))
    assert "3000 characters" in text(change(office, **WORDS | {"en": "x" * 3001})).replace(",", "")
    assert rows(world.own) == 0
    with pytest.raises(BadInput):
        wrote(world.own, "no_such_part")


def test_nobody_else_writes_it(world: World) -> None:
    school = world.client(Role.DESIGNATED_PERSON)
    assert school.get("/plan-guidance/history/change/").status_code == 403
    assert "/change/" not in text(school.get("/plan-guidance/"))
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(NotAllowed):
        write_guidance(by=by, authority=world.own.row, part="history", texts=WORDS)
    with acting(world.own, Role.LACE_COORDINATOR) as by, pytest.raises(NotAllowed):
        write_guidance(by=by, authority=world.other.row, part="history", texts=WORDS)
    assert world.client(Role.LACE_COORDINATOR).get("/plan-guidance/nothing/change/").status_code == 404
