"""Measures in the plan: shown in their sections, frozen with a version, printed, compared, given away and taken over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lace.accounts.access import Facet, Role
from peps import services
from peps.models import Attainment, Pep, Version, Wellbeing
from peps.rules.outdated import Changed
from peps.services.measures import correct_attainment
from tests.peps.plans import acting, amended, final, plan, started, text, written
from tests.peps.test_exchange import exported, for_other, taken_over, wrong
from tests.peps.test_measures import result, sdq
from tests.peps.test_printing import of_version, read
from tests.world import World


def measured_version(world: World) -> Version:
    """A final version that holds a level, a qualification and scores."""
    result(world.own, "languages", "2", days=400)
    result(world.own, "languages", "3", days=30)
    result(world.own, "", "2", measure="qualification", basis="exam", named="Sport award", volume=Decimal("1.5"))
    sdq(world.own, "parent", words="Restless since the move")
    return final(world.own)


@pytest.mark.req("WB-01", "DATA-05")
def test_the_sections_show_the_newest_measures_and_say_so_when_there_are_none(world: World) -> None:
    written(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    for part in ("section/attainment/", "read/"):
        assert "No level or grade is recorded yet." in text(client.get(plan(world, part)))
    assert "No measure of well-being is recorded yet." in text(client.get(plan(world, "section/personal_development/")))
    assert "recorded yet" not in text(client.get(plan(world, "section/history/")))
    result(world.own, "languages", "2", days=400)
    result(world.own, "languages", "3", days=30)
    sdq(world.own)
    for part in ("section/attainment/", "read/"):
        page = text(client.get(plan(world, part)))
        assert "Progression step 3" in page
        assert "Progression step 2" not in page
    assert "Total of difficulties: 16" in text(client.get(plan(world, "section/personal_development/")))


@pytest.mark.req("WB-01", "PEP-11")
def test_a_version_freezes_the_newest_measures_and_later_ones_change_nothing(world: World) -> None:
    version = measured_version(world)
    assert [(row["measure"], row["value"], row["volume"]) for row in version.content["attainment"]] == [
        ("qualification", "2", "1.5"),
        ("steps", "3", None),
    ]
    assert [(row["informant"], row["scores"]["total"]) for row in version.content["wellbeing"]] == [("parent", 16)]
    result(world.own, "languages", "4", days=0)
    client = world.client(Role.DESIGNATED_PERSON)
    for part in (f"versions/{version.pk}/", "read/"):  # a final plan is what its version holds
        page = text(client.get(plan(world, part)))
        assert "Progression step 3" in page
        assert "Progression step 4" not in page
    printed = read(client.get(plan(world, of_version(version, "plan-en.pdf"))))
    assert "Sport award" in printed
    assert "Restless since the move" in printed


@pytest.mark.req("PEP-28")
def test_new_attainment_makes_a_final_plan_out_of_date(world: World) -> None:
    version = final(world.own)
    result(world.own, "languages", "4", days=0)
    with acting(world.own, Role.LACE_COORDINATOR, days=1) as by:
        assert not services.changes_since(by=by, pep=version.pep, facets={Facet.WELLBEING})
        Pep.objects.filter(pk=version.pep_id).update(finalised_on=version.finalised_on.replace(year=version.finalised_on.year - 1))
        changes = services.changes_since(by=by, pep=Pep.objects.get(pk=version.pep_id), facets={Facet.EDUCATION})
    assert Changed.ATTAINMENT in {change.what for change in changes}


@pytest.mark.req("WB-01")
def test_who_may_not_read_well_being_finds_none_of_it_in_any_text(world: World) -> None:
    version = measured_version(world)
    amended(world.own, version)
    sdq(world.own, "parent", days=1, words="Calmer now")
    head, carer = world.client(Role.HEADTEACHER), world.client(Role.FOSTER_CARER)
    for part in ("read/", f"versions/{version.pk}/", "differences/"):
        page = text(head.get(plan(world, part)))
        assert not [word for word in ("Restless", "Calmer", "Total of difficulties", "SDQ") if word in page], part
    assert "Restless" not in read(head.get(plan(world, of_version(version, "plan-en.pdf"))))
    assert "Restless since the move" in text(carer.get(plan(world, f"versions/{version.pk}/")))
    compared = text(carer.get(plan(world, "differences/")))
    assert "Newest measures of well-being" in compared
    assert "Calmer" in compared


@pytest.mark.req("PEP-23", "XLA-07")
def test_measures_go_out_with_the_plan_and_in_again_once(world: World) -> None:
    version = measured_version(world)
    amended(world.own, version)
    first = for_other(world, exported(world, version.pep))
    copy = taken_over(world, first)
    with acting(world.other, Role.SOCIAL_WORKER):
        assert [(row.measure, row.value, row.recorded_as, row.recorded_by_id) for row in Attainment.objects.standing()] == [
            ("qualification", "2", "designated_person", None),
            ("steps", "3", "designated_person", None),
        ]
        assert Wellbeing.objects.get().words == "Restless since the move"
        assert Version.objects.get(pep=copy).is_intact()


@pytest.mark.req("XLA-07")
@pytest.mark.parametrize(
    ("part", "change", "pointer"),
    [
        ("attainment", {"measure": "levels"}, "measure"),
        ("attainment", {"value": "99"}, "value"),
        ("attainment", {"subject": "magic"}, "subject"),
        ("attainment", {"recorded_as": "wizard"}, "recorded_as"),
        ("wellbeing", {"instrument": "quiz"}, "instrument"),
        ("wellbeing", {"scores": {"total": 41}}, "scores/total"),
        ("wellbeing", {"scores": {"item_1": 2}}, "scores/"),
    ],
    ids=str,
)
def test_a_file_with_measures_that_lace_does_not_know_is_refused_with_their_place(
    world: World, part: str, change: dict[str, Any], pointer: str
) -> None:
    measures: dict[str, list[dict[str, Any]]] = {"attainment": [], "wellbeing": []}
    result(world.own, "languages", "3")
    sdq(world.own)
    found = for_other(world, exported(world, started(world.own)))
    content = found["plan"]["content"]
    measures[part] = [content[part][0] | change]
    told = wrong(world, found | {"plan": found["plan"] | {"content": content | measures}})
    assert any(line.startswith(f"/plan/content/{part}/0/{pointer}") for line in told), told


def test_a_withdrawn_entry_is_in_no_text(world: World) -> None:
    entry = result(world.own, "languages", "5")
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        correct_attainment(by=by, child=world.own.child, entry=entry.pk, facts=None, reason="Another child's")
    assert final(world.own).content["attainment"] == []
