"""Sections that a writer adds, what is asked when a plan is made final, and a plan that is out of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from lace.accounts.access import Facet, Relation, Role
from lace.children.models import ChildUserGrant, Placement
from lace.core.errors import BadInput, NotAllowed, Refused
from peps import services
from peps.models import Pep, Section, Version, digest
from peps.rules.outdated import Change, Changed
from peps.rules.sections import SECTIONS, phase_on
from schools.models import Enrolment, EotasPlace, TermRecord
from schools.rules import EotasKind, SchoolKind
from tests.peps.plans import ANSWERS, acting, final, plan, started, text, typed, with_every_section, written
from tests.world import World, make_school


def held(world: World) -> Pep:
    with acting(world.own, Role.IRO):
        return Pep.objects.get(child=world.own.child)


# -- asked for ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-13")
def test_a_writer_adds_a_section_and_takes_it_off_again(world: World) -> None:
    started(world.own)
    client = world.client(Role.SOCIAL_WORKER)
    assert "section/aln/" not in text(client.get(plan(world)))
    assert client.get(plan(world, "section/aln/")).status_code == 404
    page = text(client.get(plan(world, "sections/")))
    assert "The child has additional learning needs." in page
    assert client.post(plan(world, "sections/"), {"keys": ["aln"]}).status_code == 302
    assert held(world).asked_for == ["aln"]
    assert "section/aln/" in text(client.get(plan(world)))
    assert "The plan for additional learning needs: answer “Which plan there is”" in text(
        world.client(Role.DESIGNATED_PERSON).get(plan(world, "final/"))
    )
    assert client.post(plan(world, "sections/"), {}).status_code == 302
    assert held(world).asked_for == []


def test_what_is_written_in_an_added_section_stays(world: World) -> None:
    pep = started(world.own)
    with_every_section(world.own, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.write_section(by=by, pep=pep, key="aln", answers=ANSWERS["aln"], language="en-gb", version=0)
        services.ask_for(by=by, pep=pep, keys=[])
    page = text(world.client(Role.IRO).get(plan(world, "read/")))
    assert "A visual timetable" in page
    assert "An individual development plan, kept by the school" in page
    assert "Moving on" not in page


def test_a_fact_asks_for_a_section_and_the_page_says_which(world: World) -> None:
    started(world.own)
    with acting(world.own, Role.CASE_SYSTEM) as by:
        place = {"child": world.own.child, "authority_id": world.own.row.pk, "kind": EotasKind.TUITION, "started_on": by.today}
        EotasPlace(provider="Tutors", **place).save(force_insert=True)
        record = {"school": world.own.school, "year": by.today.year - (by.today.month < 9), "term": "autumn", "days_excluded": 2}
        TermRecord(child=world.own.child, authority_id=world.own.row.pk, **record).save(force_insert=True)
    page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world)))
    assert "Education other than at school" in page
    assert "section/exclusions/" in page
    asking = text(world.client(Role.DESIGNATED_PERSON).get(plan(world, "sections/")))
    assert "Exclusions: The child was excluded in this school year." in asking
    assert 'value="exclusions"' not in asking
    assert "section/exclusions/" not in text(world.client(Role.SOCIAL_WORKER).get(plan(world)))  # read by them, written by the school


@pytest.mark.parametrize("keys", [["history"], ["diary"], ["aln", ""]])
def test_what_cannot_be_added_changes_nothing(world: World, keys: list[str]) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput):
        services.ask_for(by=by, pep=pep, keys=keys)
    assert world.client(Role.DESIGNATED_PERSON).post(plan(world, "sections/"), {"keys": keys}).status_code == 200
    assert held(world).asked_for == []


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER])
def test_who_may_not_write_adds_nothing(world: World, role: Role) -> None:
    pep = started(world.own)
    with acting(world.own, role) as by, pytest.raises(NotAllowed):
        services.ask_for(by=by, pep=pep, keys=["aln"])
    assert world.client(role).post(plan(world, "sections/"), {"keys": ["aln"]}).status_code in {403, 404}
    assert world.client(role, world.other).post(plan(world, "sections/"), {"keys": ["aln"]}).status_code == 404
    assert held(world).asked_for == []


def test_a_final_plan_takes_no_more_sections(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        services.ask_for(by=by, pep=version.pep, keys=["aln"])
    assert world.client(Role.DESIGNATED_PERSON).get(plan(world, "sections/")).status_code == 302


# -- frozen ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-11")
def test_a_version_says_its_phase_and_what_it_was_asked(world: World) -> None:
    content = final(world.own).content
    assert content["form"] == 2
    assert content["phase"] == phase_on(world.own.child.born_on, timezone.localdate(), SchoolKind.SECONDARY)
    assert [part["section"] for part in content["asked"]][:2] == ["my_page", "history"]
    assert content["asked"][1]["questions"] == ["institutions", "attendance", "achievements", "needs"]


@pytest.mark.req("PEP-11")
def test_a_version_of_the_first_edition_still_reads(world: World) -> None:
    """As it was frozen before there were phases: no phase, no list of questions."""
    version = final(world.own)
    first = {"form": 1, "targets": version.content["targets"]}
    first["sections"] = {
        key: {"answers": {"home": "A desk"} if key == "carer" else ANSWERS[key], "language": "en-gb", "written_as": "", "written_on": "2026-01-05"}
        for key in ("my_page", "history", "arrangements", "attainment", "personal_development", "carer", "contacts")
    }
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        owned = {"child_id": version.child_id, "authority_id": version.authority_id, "pep": version.pep}
        old = Version(number=2, content=first, sha256=digest(first), finalised_on=by.today, **owned)
        old.save(force_insert=True)
    page = text(world.client(Role.IRO).get(plan(world, f"versions/{old.pk}/")))
    assert "Learning at home" in page
    assert "A desk" in page
    assert "Swimming badge" in page
    assert "Hopes and expectations" not in page
    assert "How I feel" not in page


# -- pages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-12", "VOICE-13")
def test_feelings_are_chosen_by_picture_and_word(world: World) -> None:
    started(world.own)
    client = world.client(Role.FOSTER_CARER)
    page = client.get(plan(world, "section/my_page/"))
    body = page.content.decode()
    assert body.count('class="app-feeling__face"') == 6
    assert body.count('<svg class="app-feeling__face"') == body.count('name="feeling"')
    assert (
        client.post(
            plan(world, "section/my_page/"), {"feeling": "worried", "how": "own", "language": "cy", "version": "0", "sitting": str(uuid4())}
        ).status_code
        == 302
    )
    read = text(world.client(Role.IRO).get(plan(world, "read/")))
    assert "Worried" in read
    refused = text(
        client.post(
            plan(world, "section/my_page/"), {"feeling": "furious", "like": "Kept", "language": "cy", "version": "1", "sitting": str(uuid4())}
        )
    )
    assert "Kept" in refused
    assert "There is a problem" in refused


@pytest.mark.req("PEP-13")
@pytest.mark.parametrize(("years", "heading"), [(8, "I like…"), (13, "What I like")])
def test_the_childs_page_is_the_edition_of_the_childs_age(world: World, years: int, heading: str) -> None:
    started(world.own)
    with acting(world.own, Role.CASE_SYSTEM) as by:
        Enrolment.objects.filter(child=world.own.child).update(ended_on=by.today)
        child = world.own.child
        child.born_on = date(by.today.year - years, 3, 2)
        child.save()
    assert heading in text(world.client(Role.FOSTER_CARER).get(plan(world, "section/my_page/")))


@pytest.mark.req("PEP-33", "PEP-34", "WB-04")
def test_rows_with_choices_are_kept_and_read_in_the_readers_language(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    rows = {"felt-0-need": "trust", "felt-0-met": "no", "felt-0-strategy": "The same adult each morning", "felt-1-need": "safe", "felt-1-met": "yes"}
    data = {"leisure": "Rugby", "wellbeing": "Friends", "language": "en-gb", "version": "0", "sitting": str(uuid4()), **rows}
    assert client.post(plan(world, "section/personal_development/"), data).status_code == 302
    supplied = {
        "missing-0-item": "A desk",
        "missing-0-supplier": "authority",
        "place": "none",
        "language": "en-gb",
        "version": "0",
        "sitting": str(uuid4()),
    }
    assert client.post(plan(world, "section/carer/"), supplied).status_code == 302
    page = text(client.get(plan(world)))
    assert "still needs from the adults at school" in page
    assert "The same adult each morning" in page
    assert "To feel safe" not in page
    read = text(client.get(plan(world, "read/")))
    assert "The local authority" in read
    assert "No place yet" in read
    hidden = text(world.client(Role.HEADTEACHER).get(plan(world))) if Facet.WELLBEING not in grant(world, Role.HEADTEACHER) else ""
    assert "The same adult each morning" not in hidden


def grant(world: World, role: Role) -> frozenset[Facet]:
    from lace.children.models import grants_of

    with acting(world.own, role) as by:
        return grants_of(by, [world.own.child])[world.own.child.pk].facets


# -- out of date -----------------------------------------------------------------------------------------------------------


def change_everything(world: World, pep: Pep) -> None:
    """Another school, placement, carer and social worker, three days after the version; and figures of a term."""
    day = pep.finalised_on
    assert day is not None
    later, owned = day + timedelta(days=3), {"child": world.own.child, "authority_id": world.own.row.pk}
    with acting(world.own, Role.CASE_SYSTEM):
        Enrolment.objects.filter(child=world.own.child).update(ended_on=later)
        Enrolment(school=make_school(world.own.row), started_on=later, **owned).save(force_insert=True)
        Placement.objects.filter(pk=world.own.placement.pk).update(ended_on=later)
        Placement(episode=world.own.episode, kind="kinship", started_on=later, **owned).save(force_insert=True)
        for grant in ChildUserGrant.objects.filter(
            content_object=world.own.child, permission__codename__in=[Relation.CARER, Relation.SOCIAL_WORKER]
        ).order_by("user_id"):
            ChildUserGrant.objects.filter(pk=grant.pk).update(starts_on=later)
        TermRecord(school=world.own.school, year=2026, term="autumn", **owned).save(force_insert=True)


@pytest.mark.req("PEP-28")
def test_what_changed_since_the_version_is_told_with_its_day(world: World, statements: Callable[..., Any]) -> None:
    version = final(world.own)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert services.changes_since(by=by, pep=held(world), facets=set(Facet)) == []
    pep = held(world)
    change_everything(world, pep)
    assert pep.finalised_on is not None
    later = pep.finalised_on + timedelta(days=3)
    with acting(world.own, Role.LACE_COORDINATOR, days=2) as by:
        assert services.changes_since(by=by, pep=pep, facets=set(Facet) - {Facet.EDUCATION}) == []  # not yet
    with acting(world.own, Role.LACE_COORDINATOR, days=3) as by, statements(1):
        told = services.changes_since(by=by, pep=pep, facets=set(Facet))
    assert told == [Change(what, later) for what in (Changed.CARER, Changed.PLACEMENT, Changed.SCHOOL, Changed.SOCIAL_WORKER)]
    with acting(world.own, Role.LACE_COORDINATOR, days=3) as by:
        assert {change.what for change in services.changes_since(by=by, pep=pep, facets={Facet.EDUCATION})} == {Changed.SCHOOL}
        assert services.changes_since(by=by, pep=pep, facets=set()) == []
    assert version.number == 1


@pytest.mark.req("PEP-28")
def test_the_plan_page_says_what_changed_and_offers_the_amendment(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.CASE_SYSTEM):
        Pep.objects.filter(pk=version.pep_id).update(finalised_on=version.finalised_on - timedelta(days=1))
        today = version.finalised_on
        Enrolment.objects.filter(child=world.own.child).update(started_on=today)
        TermRecord(school=world.own.school, year=2026, term="autumn", child=world.own.child, authority_id=world.own.row.pk).save(force_insert=True)
    page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world)))
    assert "The child goes to another school" in page
    assert "New figures of attendance and progress arrived" in page
    assert "Amend it, so that it says what holds now." in page
    assert "another placement" not in page
    reader = text(world.client(Role.IRO).get(plan(world)))
    assert "The child goes to another school" in reader
    assert "Amend it" not in reader


def test_a_plan_without_a_final_version_is_never_out_of_date(world: World) -> None:
    written(world.own)
    assert "may be out of date" not in text(world.client(Role.DESIGNATED_PERSON).get(plan(world)))
    with acting(world.own, Role.IRO):
        assert Section.objects.filter(child=world.own.child).count() == len(SECTIONS)


@pytest.mark.req("VOICE-01", "VOICE-10", "PEP-12")
def test_the_child_writes_their_own_page_from_the_first_draft_and_nothing_else(world: World) -> None:
    started(world.own)
    client = world.client(Role.CHILD)
    assert plan(world, "section/my_page/") in text(client.get("/my/"))
    data = typed(client, plan(world, "section/my_page/"), feeling="happy", next="A puppy")
    assert data["how"] == "own"
    done = client.post(plan(world, "section/my_page/"), data)
    assert (done.status_code, done["Location"]) == (302, "/my/")
    home = text(client.get("/my/"))
    assert "A puppy" in home
    page = text(world.client(Role.SOCIAL_WORKER).get(plan(world, "section/my_page/")))
    assert "A puppy" in page
    assert f"Last saved by {world.own.user(Role.CHILD).name}" in page
    assert client.get(plan(world, "section/history/")).status_code == 403
    assert client.get(plan(world)).status_code == 403
    stranger = world.client(Role.CHILD, world.other)
    assert stranger.get(plan(world, "section/my_page/")).status_code == 404
    assert stranger.post(plan(world, "section/my_page/"), data).status_code == 404
