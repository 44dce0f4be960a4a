"""Measures of attainment and well-being: recorded, corrected, and shown side by side to those who hold each facet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from peps.models import Attainment, Wellbeing
from peps.services.measures import (
    AttainmentFacts,
    WellbeingFacts,
    correct_attainment,
    correct_wellbeing,
    record_attainment,
    record_wellbeing,
)
from tests.peps.plans import acting, text
from tests.peps.test_pages import field
from tests.world import Authority, World

SDQ = {"emotional": 3, "conduct": 2, "hyperactivity": 7, "peer": 4, "prosocial": 8}


def result(authority: Authority, subject: str = "english", value: str = "3", *, days: int = 10, measure: str = "steps", **other: Any) -> Attainment:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        basis = other.pop("basis", "exam" if measure == "gcse" else "teacher")
        facts = AttainmentFacts(measure=measure, subject=subject, value=value, basis=basis, measured_on=by.today - timedelta(days=days), **other)
        return record_attainment(by=by, child=authority.child, facts=facts)


def sdq(authority: Authority, informant: str = "teacher", *, days: int = 10, role: Role = Role.DESIGNATED_PERSON, **other: Any) -> Wellbeing:
    with acting(authority, role) as by:
        given: dict[str, Any] = {"edition": "sdq_4_17", "scores": SDQ, "measured_on": by.today - timedelta(days=days)} | other
        return record_wellbeing(by=by, child=authority.child, facts=WellbeingFacts(instrument="sdq", informant=informant, **given))


def address(world: World, part: str = "") -> str:
    return f"/children/{world.own.child.pk}/measures/{part}"


def day(value: date) -> dict[str, str]:
    return {"measured_on_day": str(value.day), "measured_on_month": str(value.month), "measured_on_year": str(value.year)}


# -- the record --------------------------------------------------------------------------------------------------------


@pytest.mark.req("DATA-05", "DATA-11", "DATA-12")
def test_a_level_or_grade_stands_with_its_day_and_how_it_was_assessed(world: World) -> None:
    result(world.own, "languages", "3", days=400)
    result(world.own, "languages", "4", days=30)
    result(world.own, "mathematics", "A", measure="gcse", days=90)
    result(world.own, "", "2", measure="qualification", basis="exam", named="Sport  award", volume=Decimal("1.5"))
    rows = Attainment.objects.filter(child=world.own.child)
    with acting(world.own, Role.IRO):
        found = [(row.measure, row.subject, row.value, row.basis, row.named, row.volume, row.recorded_as) for row in rows.standing()]
    assert found == [
        ("qualification", "", "2", "exam", "Sport award", Decimal("1.5"), "designated_person"),
        ("steps", "languages", "4", "teacher", "", None, "designated_person"),
        ("gcse", "mathematics", "A", "exam", "", None, "designated_person"),
        ("steps", "languages", "3", "teacher", "", None, "designated_person"),
    ]


@pytest.mark.req("WB-01")
def test_scores_stand_with_version_day_and_whose_answers_they_are_and_the_total_is_added_up(world: World) -> None:
    entry = sdq(world.own, words="Restless since the move", follow_up="Key adult each morning")
    assert entry.scores == SDQ | {"total": 16}
    assert (entry.edition, entry.informant, entry.follow_up) == ("sdq_4_17", "teacher", "Key adult each morning")


@pytest.mark.req("DP-16")
def test_an_observation_says_what_was_seen_and_what_is_done_about_it(world: World) -> None:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        seen = WellbeingFacts(instrument="observation", words="Alone at break", follow_up="A friend at the club", measured_on=by.today)
        entry = record_wellbeing(by=by, child=world.own.child, facts=seen)
        assert (entry.words, entry.follow_up, entry.scores) == ("Alone at break", "A friend at the club", {})


@pytest.mark.req("DATA-05", "WB-01")
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_kept(world: World) -> None:
    results: list[tuple[dict[str, Any], str]] = [
        ({"value": "9"}, "value"),
        ({"subject": "magic"}, "subject"),
        ({"measure": "levels"}, "measure"),
        ({"days": -1}, "measured_on"),
    ]
    for wrong, name in results:
        with pytest.raises(BadInput) as refusal:
            result(world.own, **({"subject": "languages"} | wrong))
        assert list(refusal.value.problems) == [name]
    scores: list[tuple[dict[str, Any], str]] = [
        ({"scores": {"emotional": 11, **dict.fromkeys(("conduct", "hyperactivity", "peer"), 1)}}, "emotional"),
        ({"informant": "neighbour"}, "informant"),
        ({"words": "x" * 1001}, "words"),
        ({"language": "fr"}, "language"),
        ({"named": "SDQ"}, "named"),
    ]
    for wrong, name in scores:
        with pytest.raises(BadInput) as refusal:
            sdq(world.own, **wrong)
        assert list(refusal.value.problems) == [name]
    with acting(world.own, Role.IRO):
        assert not Attainment.objects.exists()
        assert not Wellbeing.objects.exists()


@pytest.mark.req("DATA-05", "WB-01")
def test_a_wrong_entry_is_corrected_with_a_reason_and_both_stay(world: World) -> None:
    wrong, score = result(world.own, "languages", "5"), sdq(world.own)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        child, facts = world.own.child, AttainmentFacts("steps", "2", "teacher", wrong.measured_on, subject="languages")
        with pytest.raises(BadInput):
            correct_attainment(by=by, child=child, entry=wrong.pk, facts=facts, reason=" ")
        right = correct_attainment(by=by, child=child, entry=wrong.pk, facts=facts, reason="Another child's")
        with pytest.raises(Refused):  # by somebody who still had the old page open
            correct_attainment(by=by, child=child, entry=wrong.pk, facts=facts, reason="Again")
        assert [row.pk for row in Attainment.objects.standing()] == [right.pk]
        assert Attainment.objects.get(pk=wrong.pk).value == "5"
        gone = correct_wellbeing(by=by, child=child, entry=score.pk, facts=None, reason="Entered twice")
        assert not Wellbeing.objects.standing().exists()
        assert (gone.corrects_id, gone.scores, gone.withdrawn) == (score.pk, score.scores, True)
        with pytest.raises(Refused):
            correct_wellbeing(by=by, child=child, entry=gone.pk, facts=None, reason="Once more")


def test_nothing_is_written_over_or_deleted_not_even_past_the_services(world: World) -> None:
    entry, score = result(world.own, "languages", "5"), sdq(world.own)
    with acting(world.own, Role.LACE_COORDINATOR):
        for act in (
            lambda: Attainment.objects.filter(pk=entry.pk).update(value="1"),
            lambda: Attainment.objects.filter(pk=entry.pk).delete(),
            lambda: Wellbeing.objects.filter(pk=score.pk).update(words=""),
            lambda: Wellbeing.objects.filter(pk=score.pk).delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()


def test_another_childs_entry_is_not_corrected_under_this_child(world: World) -> None:
    theirs = result(world.other, "languages", "5")
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        correct_attainment(by=by, child=world.own.child, entry=theirs.pk, facts=None, reason="Not mine")


@pytest.mark.parametrize("role", [Role.IRO, Role.FOSTER_CARER, Role.HEADTEACHER, Role.CHILD], ids=str)
def test_who_does_not_write_the_plan_records_no_measure(world: World, role: Role) -> None:
    with acting(world.own, role) as by:
        with pytest.raises(NotAllowed):
            record_attainment(by=by, child=world.own.child, facts=AttainmentFacts("steps", "2", "teacher", by.today, subject="languages"))
        with pytest.raises(NotAllowed):
            record_wellbeing(by=by, child=world.own.child, facts=WellbeingFacts("observation", by.today, words="Seen"))


@pytest.mark.req("WB-01")
def test_the_table_of_well_being_is_closed_to_who_does_not_hold_the_facet(world: World) -> None:
    sdq(world.own)
    result(world.own, "languages", "5")
    for role, found in ((Role.IRO, 1), (Role.FOSTER_CARER, 1), (Role.HEADTEACHER, 0), (Role.ALNCO, 0), (Role.CHILD, 0)):
        with acting(world.own, role):
            assert Wellbeing.objects.count() == found, role
            assert Attainment.objects.count() <= 1
    with acting(world.other, Role.LACE_COORDINATOR):
        assert not Wellbeing.objects.filter(child=world.own.child).exists()
        assert not Attainment.objects.filter(child=world.own.child).exists()


# -- the pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("WB-02", "DATA-06", "DATA-07")
def test_attainment_and_well_being_stand_side_by_side_with_what_is_computed(world: World) -> None:
    for subject in ("welsh", "mathematics", "science_double", "physics"):
        result(world.own, subject, "B", measure="gcse")
    sdq(world.own, days=200, scores={"total": 12})
    sdq(world.own, "parent", days=200, scores={"total": 20})
    sdq(world.own, follow_up="Key adult each morning")
    page = text(world.client(Role.IRO).get(address(world)))
    assert "Core Subject Indicator, Key Stage 4" in page
    assert "Reached. Worth 5 GCSEs; mathematics: yes; English or Welsh: yes" in page
    assert "Total of difficulties: 16 (high, outside the usual range)" in page
    assert "Key adult each morning" in page
    assert "Total of difficulties (SDQ), from" in page
    assert "/measures/attainment/add/" not in page  # the IRO records nothing


@pytest.mark.req("WB-01", "WB-02")
def test_each_half_is_there_for_its_own_facet(world: World) -> None:
    result(world.own, "languages", "4")
    sdq(world.own, words="Restless since the move")
    head = text(world.client(Role.HEADTEACHER).get(address(world)))
    assert "Progression step 4" in head
    assert not [word for word in ("Restless", "SDQ", "Total of difficulties") if word in head]
    assert world.client(Role.TEACHER).get(address(world)).status_code == 404
    assert world.client(Role.HEADTEACHER).get(address(world, "well-being/add/sdq/")).status_code == 404
    assert world.client(Role.HEADTEACHER).get(address(world, "attainment/add/gcse/")).status_code == 403


@pytest.mark.req("DATA-05")
def test_a_page_asks_only_what_its_measure_needs_and_keeps_what_was_typed(world: World) -> None:
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(address(world, "attainment/add/steps/"))
    assert not [name for name in ("volume", "named", "basis", "reason") if f'name="{name}"' in text(page)]
    assert all(f'name="{name}"' in text(client.get(address(world, "attainment/add/qualification/"))) for name in ("volume", "named", "basis"))
    today = world.own.actor(Role.DESIGNATED_PERSON).today
    data = {"form_token": field(page, "form_token"), "subject": "health", "value": "2", **day(today + timedelta(days=1))}
    wrong = client.post(address(world, "attainment/add/steps/"), data)
    assert "today or in the past" in text(wrong)
    assert '<option value="health" selected>' in text(wrong)
    fine = data | day(today)
    assert client.post(address(world, "attainment/add/steps/"), fine).status_code == 302
    assert client.post(address(world, "attainment/add/steps/"), fine).status_code == 302  # a double click
    with acting(world.own, Role.IRO):
        assert Attainment.objects.get().subject == "health"
    assert client.get(address(world, "attainment/add/levels/")).status_code == 404


@pytest.mark.req("WB-01")
def test_scores_are_entered_and_corrected_on_their_page_and_no_item_is_asked(world: World) -> None:
    client, today = world.client(Role.SOCIAL_WORKER), world.own.actor(Role.SOCIAL_WORKER).today
    page = client.get(address(world, "well-being/add/sdq/"))
    scores = {name: str(value) for name, value in SDQ.items()}
    data = {"edition": "sdq_4_17", "informant": "parent", "language": "en-gb", "words": "", "follow_up": "", "total": "", **scores, **day(today)}
    missing = client.post(address(world, "well-being/add/sdq/"), data | {"peer": ""})
    assert "or the total alone" in text(missing)
    assert client.post(address(world, "well-being/add/sdq/"), data | {"form_token": field(page, "form_token")}).status_code == 302
    with acting(world.own, Role.SOCIAL_WORKER):
        entry = Wellbeing.objects.get()
        assert entry.scores["total"] == 16
    correct = address(world, f"well-being/{entry.pk}/")
    page = client.get(correct)
    assert field(page, "peer") == "4"
    assert field(page, "total") == ""
    again = data | {"form_token": field(page, "form_token"), "peer": "1", "reason": "Misread", "withdraw": ""}
    assert "Say why the entry is corrected" in text(client.post(correct, again | {"reason": ""}))
    assert client.post(correct, again).status_code == 302
    shown = text(client.get(address(world)))
    assert "Total of difficulties: 13" in shown
    assert "Entries that were corrected" in shown
    assert "Misread" in shown
    assert client.get(correct).status_code == 404


@pytest.mark.parametrize("many", [1, 9])
def test_the_page_costs_the_same_however_many_entries(world: World, statements: Callable[..., Any], many: int) -> None:
    for number in range(many):
        result(world.own, "languages", "4", days=number * 30 + 1)
        sdq(world.own, days=number * 30 + 1)
    client = world.client(Role.DESIGNATED_PERSON)
    client.get(address(world))
    with statements(14):
        assert client.get(address(world)).status_code == 200
