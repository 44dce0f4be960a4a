"""The plan on paper: what stands in each PDF, for whom, and that a screen reader can read it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from pdfua import Severity, validate

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import Child
from lace.documents.pdf import PrintingUnavailable
from peps import services
from peps.models import Version
from peps.views import printing
from tests.peps.plans import CANARIES, acting, final, plan, started, text, written
from tests.world import World

PARTS = ("plan-en.pdf", "plan-cy.pdf", "my-plan-en.pdf", "my-plan-cy.pdf")


def read(response: Any) -> str:
    """The words of a PDF, without line breaks."""
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(response.content)).pages).split())


def of_version(version: Version, part: str) -> str:
    return f"versions/{version.pk}/{part}"


@pytest.mark.req("PEP-36")
def test_the_whole_plan_on_paper(world: World) -> None:
    version = final(world.own)
    page = read(world.client(Role.IRO).get(plan(world, of_version(version, "plan-en.pdf"))))
    assert not [word for word in CANARIES if word not in page]
    assert page.index("Bod yn filfeddyg") < page.index("Swimming badge")  # the child's page first
    assert "Draft" not in page
    assert "Foster carer" in page  # who contributed, by role
    assert version.sha256[:8] in page
    assert world.own.user(Role.FOSTER_CARER).name not in page


@pytest.mark.req("PEP-36", "PEP-12")
def test_the_childs_own_format_begins_with_the_childs_words_and_labels_nobody(world: World) -> None:
    version = final(world.own)
    page = read(world.client(Role.FOSTER_CARER).get(plan(world, of_version(version, "my-plan-en.pdf"))))
    assert page.index("Bod yn filfeddyg") < page.index("Nine out of ten") < page.index("Play for the county")
    for word in (
        "looked",
        "carer",
        "Schedule 2",
        "Regulations",
        "Swimming badge",
        "Eleri",
        "social worker",
        world.own.row.name_en,
        version.sha256[:8],
    ):
        assert word not in page, word


@pytest.mark.req("PEP-12")
def test_the_child_prints_their_own_plan_and_not_the_adults(world: World) -> None:
    version = final(world.own)
    client = world.client(Role.CHILD)
    assert "Bod yn filfeddyg" in read(client.get(plan(world, "my-plan-cy.pdf")))
    assert "Fy nghynllun" in read(client.get(plan(world, of_version(version, "my-plan-cy.pdf"))))
    assert client.get(plan(world, "plan-cy.pdf")).status_code == 403
    page = text(client.get(plan(world, f"versions/{version.pk}/")))
    assert "my-plan-cy.pdf" in page
    assert "/plan-cy.pdf" not in page


def test_what_an_adult_wrote_is_not_printed_as_the_childs(world: World) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        answers = {"next": "Wants to be a vet", "how": "adult", "adult_note": "She smiled"}
        services.write_section(by=by, pep=pep, key="my_page", answers=answers, language="en-gb", version=0)
    page = read(world.client(Role.IRO).get(plan(world, "my-plan-en.pdf")))
    assert "These are not my own words" in page
    assert "She smiled" not in page


@pytest.mark.parametrize("part", PARTS)
def test_a_draft_says_so_and_its_version_does_not(world: World, part: str) -> None:
    written(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    draft = client.get(plan(world, part))
    assert any(word in read(draft).lower() for word in ("draft", "drafft"))
    assert "draft" in draft["Content-Disposition"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=started_plan(world), on=by.today)
    for page in (client.get(plan(world, part)), client.get(plan(world, of_version(version, part)))):
        assert not [word for word in ("draft", "drafft") if word in read(page).lower()]
        assert "-1-" in page["Content-Disposition"]


def started_plan(world: World) -> Any:
    from peps.models import Pep

    return Pep.objects.get(child=world.own.child)


@pytest.mark.req("PRIV-14")
@pytest.mark.parametrize("part", [*PARTS, "my-page-cy.pdf"])
def test_the_file_names_nobody(world: World, part: str) -> None:
    final(world.own)
    response = world.client(Role.IRO).get(plan(world, part))
    named = response["Content-Disposition"].lower()
    child = world.own.child
    assert not [word for word in (child.preferred_name, child.given_names, child.family_name, str(child.pk)) if word and word.lower() in named]
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("part", PARTS)
def test_a_headteacher_prints_neither_the_childs_words_nor_well_being(world: World, part: str) -> None:
    version = final(world.own)
    for address in (part, of_version(version, part)):
        page = read(world.client(Role.HEADTEACHER).get(plan(world, address)))
        assert "Nine out of ten" in page
        assert not [word for word in ("filfeddyg", "Rygbi", "Mam-gu", "Good friends", "Rugby club") if word in page]


@pytest.mark.parametrize("sensitive", [False, True])
def test_neither_format_names_the_carer_or_the_address(world: World, sensitive: bool) -> None:
    version = final(world.own)
    with acting(world.own, Role.CASE_SYSTEM):
        Child.objects.filter(pk=world.own.child.pk).update(address_is_sensitive=sensitive)
    name = world.own.user(Role.FOSTER_CARER).name
    for part in PARTS:
        assert name not in read(world.client(Role.SOCIAL_WORKER).get(plan(world, of_version(version, part))))


@pytest.mark.req("PRIV-12")
def test_each_print_is_recorded_as_an_export(world: World) -> None:
    version = final(world.own)
    world.client(Role.HEADTEACHER).get(plan(world, of_version(version, "plan-en.pdf")))
    with acting(world.own, Role.LACE_COORDINATOR):
        look = Read.objects.latest("id")
    assert (look.door, look.act, look.children) == ("child_plan_version_pdf", Read.Act.EXPORT, [world.own.child.pk])
    assert look.facets == ["attendance", "contacts", "education"]


def test_the_empty_page_holds_nothing_of_the_child(world: World) -> None:
    final(world.own)
    client = world.client(Role.FOSTER_CARER)
    english, welsh = (read(client.get(plan(world, f"my-page-{code}.pdf"))) for code in ("en", "cy"))
    assert "What I like" in english
    assert "Fy nhudalen i" in welsh
    for page in (english, welsh):
        assert not [word for word in (*CANARIES, world.own.child.name, world.own.child.family_name) if word in page]


def test_the_empty_page_is_offered_before_there_is_a_plan(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    assert "my-page-cy.pdf" in text(client.get(plan(world)))
    assert client.get(plan(world, "my-page-cy.pdf")).status_code == 200
    assert client.get(plan(world, "plan-cy.pdf")).status_code == 404


@pytest.mark.parametrize("part", [*PARTS, "my-page-en.pdf", "my-page-cy.pdf"])
def test_the_checker_of_pdf_ua_finds_nothing(world: World, tmp_path: Path, part: str) -> None:
    final(world.own)
    path = tmp_path / part
    path.write_bytes(world.client(Role.IRO).get(plan(world, part)).content)
    assert [finding.message for finding in validate(str(path)).findings if finding.severity is not Severity.INFO] == []
    with pikepdf.open(path) as file:
        assert str(file.Root.Lang) == part[-6:-4]


@pytest.mark.parametrize("part", ["plan-en.pdf", "my-plan-cy.pdf"])
def test_strangers_find_no_file(world: World, part: str) -> None:
    version = final(world.own)
    for role in (Role.LACE_COORDINATOR, Role.IRO, Role.FOSTER_CARER):
        client = world.client(role, world.other)
        assert client.get(plan(world, part)).status_code == client.get(plan(world, of_version(version, part))).status_code == 404


def test_a_version_that_was_tampered_with_is_not_printed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version = final(world.own)
    monkeypatch.setattr(Version, "is_intact", lambda _self: False)
    assert world.client(Role.IRO).get(plan(world, of_version(version, "plan-en.pdf"))).status_code == 404


def test_a_machine_that_cannot_print_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_kwargs: Any) -> bytes:
        raise PrintingUnavailable("no Pango")

    final(world.own)
    monkeypatch.setattr(printing, "render_pdf", none)
    response = world.client(Role.IRO).get(plan(world, "plan-en.pdf"))
    assert response.status_code == 503
    assert "cannot be printed now" in text(response)


def test_what_a_print_costs(world: World, statements: Callable[..., Any]) -> None:
    version = final(world.own)
    client, address = world.client(Role.IRO), plan(world, of_version(version, "plan-en.pdf"))
    client.get(address)
    with statements(14):
        client.get(address)
