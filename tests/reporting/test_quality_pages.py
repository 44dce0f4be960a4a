"""The queue of final plans, the figures by term, and the published standard."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from peps.models import QualityReview, QualityStandard
from peps.rules import quality as rules
from reporting.queries import quality
from reporting.queries.quality import Show
from tests.peps.plans import acting, amended, final
from tests.peps.reviewing import decided, grades, rated_again, taken
from tests.peps.test_quality import chosen
from tests.reporting.pages import body, cost
from tests.world import World, enter

COORDINATOR = Role.LACE_COORDINATOR


@pytest.mark.req("PEP-21")
def test_final_plans_wait_the_oldest_first_and_go_when_they_are_taken(world: World) -> None:
    office = world.client(COORDINATOR)
    assert "No plans here" in body(office.get("/quality/"))
    version = final(world.own)
    final(world.other)
    page = body(office.get("/quality/"))
    assert f"/plan/versions/{version.pk}/quality/" in page
    assert world.own.child.family_name in page
    assert world.other.child.family_name not in page
    with acting(world.own, COORDINATOR):
        assert Read.objects.filter(door="quality", act=Read.Act.LIST).exists()
    amended(world.own, version)  # that somebody goes on writing takes nothing out
    assert world.own.child.family_name in body(office.get("/quality/"))
    taken(world.own, version)
    assert world.own.child.family_name not in body(office.get("/quality/"))
    assert world.own.child.family_name in body(office.get("/quality/?show=taken"))


@pytest.mark.req("PEP-21")
def test_what_waits_too_long_is_counted_by_working_days(world: World) -> None:
    version = final(world.own)
    with acting(world.own, COORDINATOR, days=16) as by:
        (row,) = quality.waiting(by)
        assert (row.version, row.final_on) == (version.pk, version.finalised_on)
        assert rules.turnaround(row.final_on, by.today) > quality.LATE_AFTER


def test_the_queue_holds_what_each_filter_says(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version, "return", "gold", targets="amber")
    with acting(world.own, COORDINATOR):
        QualityReview.objects.filter(pk=review.pk).update(moderated=True)
    office = world.client(COORDINATOR)
    shown = {show for show in Show if world.own.child.family_name in body(office.get(f"/quality/?show={show}"))}
    assert shown == {Show.DONE}  # the first rater is no second rater
    reviewer = world.client(Role.PEP_REVIEWER)
    shown = {show for show in Show if world.own.child.family_name in body(reviewer.get(f"/quality/?show={show}"))}
    assert shown == {Show.DONE, Show.SECOND}
    assert "Amber" not in body(reviewer.get("/quality/?show=done"))  # no grades before the own ones


@pytest.mark.req("PEP-21")
def test_an_authoritys_share_is_drawn_and_the_rest_is_there_to_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(world, share=25)
    final(world.own)
    asked: list[int] = []

    def drawn(_plan: Any, _on: date, share: int, purpose: str = "first") -> bool:
        asked.append(share)
        return False

    monkeypatch.setattr(quality, "sampled", drawn)
    office = world.client(COORDINATOR)
    assert world.own.child.family_name not in body(office.get("/quality/"))
    assert world.own.child.family_name in body(office.get("/quality/?show=all"))
    assert set(asked) == {25}


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.DESIGNATED_MANAGER, Role.ADMINISTRATOR, Role.GOVERNOR])
@pytest.mark.parametrize("path", ["/quality/", "/quality/figures/"])
def test_the_queue_is_the_education_services(world: World, role: Role, path: str) -> None:
    assert world.client(role).get(path).status_code == 403


@pytest.mark.req("PEP-21")
def test_figures_by_term_say_how_many_and_how_far_two_agree(world: World) -> None:
    office = world.client(COORDINATOR)
    assert "No figures yet" in body(office.get("/quality/figures/"))
    version = final(world.own)
    review = decided(world.own, version, "return", "gold", targets="amber", carer="red")
    rated_again(world.own, review, grades(version, "gold", targets="amber"))
    with acting(world.own, COORDINATOR) as by:
        (found,) = quality.by_term(by)
    assert (found.decided, found.returned, found.grades[rules.Grade.RED], found.twice) == (1, 1, 1, 1)
    areas = len(rules.standing(version.content))
    assert (found.agree.pairs, found.agree.same) == (areas, areas - 1)
    assert found.agree.kappa is not None
    assert 0 < found.agree.kappa < 1
    page = body(office.get("/quality/figures/"))
    assert f"{found.agree.percent}%" in page
    assert f"{found.agree.kappa:.2f}" in page
    assert world.own.child.family_name not in page
    with acting(world.other, COORDINATOR) as by:
        assert quality.by_term(by) == []


@pytest.mark.req("PEP-20")
def test_the_standard_is_published_to_everybody_with_its_numbers(world: World) -> None:
    for role in (Role.DESIGNATED_PERSON, Role.FOSTER_CARER, Role.IRO, COORDINATOR):
        page = body(world.client(role).get("/quality/standard/"))
        assert "The national default, edition 1." in page
        assert "All areas gold; green in up to 1 of them." in page
        assert "Lancashire virtual school" in page
    words = {"targets": {"en": "A photograph of the work", "cy": "Ffotograff o'r gwaith"}}
    chosen(world, besides=words)
    page = body(world.client(Role.DESIGNATED_PERSON).get("/quality/standard/"))
    assert "Version 1 of the authority" in page
    assert "green in up to 0 of them" in page
    assert "A photograph of the work" in page
    elsewhere = world.client(Role.DESIGNATED_PERSON, world.other)
    assert "A photograph" not in body(elsewhere.get("/quality/standard/"))
    assert "A photograph" in body(elsewhere.get(f"/quality/standard/?authority={world.own.row.code}"))
    assert "The national default" in body(elsewhere.get("/quality/standard/?authority=%00%27"))


def fields(**other: str) -> dict[str, str]:
    day = {"effective_from_day": "1", "effective_from_month": "1", "effective_from_year": "2040"}
    numbers = {"below_gold": "0", "ambers": "1", "share": "50", "second_share": "25", "approved_by": "Cabinet"}
    return {**day, **numbers, **other}


@pytest.mark.req("PEP-20")
@pytest.mark.parametrize("role", [COORDINATOR, Role.ADMINISTRATOR])
def test_the_standard_is_chosen_on_its_page(world: World, role: Role) -> None:
    client = world.client(role)
    assert "Change the standard" in body(client.get("/quality/standard/"))
    assert client.post("/quality/standard/change/", fields(targets_en="A photograph", targets_cy="Ffotograff")).status_code == 302
    with acting(world.own, COORDINATOR):
        row = QualityStandard.objects.get(authority=world.own.row)
    assert (row.below_gold, row.ambers, row.share, row.second_share, row.approved_by) == (0, 1, 50, 25, "Cabinet")
    assert row.besides == {"targets": {"en": "A photograph", "cy": "Ffotograff"}}
    assert "Version 1 holds from 1 January 2040." in body(client.get("/quality/standard/"))


def test_what_is_wrong_with_a_standard_is_said_and_kept(world: World) -> None:
    client = world.client(COORDINATOR)
    half = body(client.post("/quality/standard/change/", fields(targets_en="A photograph")))
    assert "Write this in both languages" in half
    assert "A photograph" in half
    past = body(client.post("/quality/standard/change/", fields(effective_from_year="2001")))
    assert "Enter today or a later day" in past
    lax = body(client.post("/quality/standard/change/", fields(ambers="3")))
    assert "Select a valid choice" in lax or "Choose" in lax
    with acting(world.own, COORDINATOR):
        assert not QualityStandard.objects.exists()
    assert world.client(Role.DESIGNATED_PERSON).get("/quality/standard/change/").status_code == 403


def test_the_queue_costs_the_same_however_many_wait(world: World) -> None:
    office = world.client(COORDINATOR)
    version = final(world.own)
    before = cost(office, "/quality/")
    first = world.own.child
    world.own.child = enter(world.own, entered_on=timezone.localdate())[0]
    second = final(world.own)
    assert cost(office, "/quality/") == before
    decided(world.own, second)
    done = cost(office, "/quality/?show=done")
    world.own.child = first
    decided(world.own, version)
    assert cost(office, "/quality/?show=done") == done


def test_the_menu_leads_there(world: World) -> None:
    for role in (COORDINATOR, Role.PEP_REVIEWER):
        assert 'href="/quality/"' in body(world.client(role).get("/"))
    assert 'href="/quality/"' not in body(world.client(Role.SOCIAL_WORKER).get("/"))
    assert 'href="/quality/standard/"' in body(world.client(Role.ADMINISTRATOR).get("/administration/people/"))
