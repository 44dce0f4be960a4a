"""Catch-up for gaps: arranged, changed, said how it went; in versions, on paper, on its way to another authority."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import CATCH_UP_FIELDS, CatchUp, Pep, Version
from peps.rules.exchange import schema
from peps.services.catch_up import remove_catch_up, save_catch_up
from tests.peps.plans import acting, amended, plan, text, written
from tests.peps.test_exchange import exported, for_other, taken_over
from tests.world import Authority, World

pytestmark = pytest.mark.django_db


def arranged(by: Actor, **other: Any) -> dict[str, Any]:
    """An arrangement's values."""
    return {
        "subject": "Mathematics",
        "gap": "Fractions, missed in a move of school",
        "provider": "The school",
        "sessions": 12,
        "starts_on": by.today,
        "ends_on": by.today + timedelta(days=40),
        "funding": "pdg",
        "outcome": "",
        "language": "en-gb",
    } | other


def add(authority: Authority, pep: Pep, **other: Any) -> CatchUp:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return save_catch_up(by=by, pep=pep, facts=arranged(by, **other))


def final(authority: Authority, pep: Pep) -> Version:
    with acting(authority, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today)


@pytest.mark.req("SCH-23")
def test_an_arrangement_says_subject_gap_provider_sessions_days_money_and_outcome(world: World) -> None:
    pep = written(world.own)
    held = add(world.own, pep)
    version = final(world.own, pep)
    assert version.content["catch_up"][0]["id"] == str(held.key)
    client = world.client(Role.IRO)
    for part in ("", "read/", f"versions/{version.pk}/"):
        page = text(client.get(plan(world, part)))
        for words in ("Mathematics", "Fractions, missed in a move of school", "12 sessions", "Pupil Development Grant"):
            assert words in page, part
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(Refused):
            remove_catch_up(by=by, pep=pep, catch_up=held.pk, version=1)
        over = save_catch_up(by=by, pep=pep, facts=arranged(by, outcome="Adds fractions alone"), catch_up=held.pk, version=1)
        with pytest.raises(Changed):
            save_catch_up(by=by, pep=pep, facts=arranged(by, sessions=3), catch_up=held.pk, version=1)
        assert list(CatchUp.objects.filter(pep=pep).for_version(2)) == [over]
        assert not CatchUp.objects.filter(pep=pep).for_version(3).exists()
    compared = text(client.get(plan(world, f"differences/?older={version.pk}&newer=draft")))
    assert "Adds fractions alone" in compared


@pytest.mark.req("SCH-23")
@pytest.mark.parametrize(
    ("wrong", "field"), [({"sessions": 0}, "sessions"), ({"funding": ""}, "funding"), ({"gap": ""}, "gap"), ({"days": -1}, "ends_on")]
)
def test_what_is_wrong_is_said_and_nothing_changes(world: World, wrong: dict[str, Any], field: str) -> None:
    pep = written(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        facts = arranged(by, **{name: value for name, value in wrong.items() if name != "days"})
        facts["ends_on"] += timedelta(days=-80 if "days" in wrong else 0)
        with pytest.raises(BadInput) as told:
            save_catch_up(by=by, pep=pep, facts=facts)
        assert set(told.value.problems) == {field}
        assert not CatchUp.objects.exists()
    with acting(world.own, Role.IRO) as by, pytest.raises(NotAllowed):
        save_catch_up(by=by, pep=pep, facts=arranged(by))


@pytest.mark.req("SCH-23")
def test_the_pages_work_without_scripts(world: World) -> None:
    written(world.own)
    client, today = world.client(Role.DESIGNATED_PERSON), world.own.actor(Role.DESIGNATED_PERSON).today
    days = (("starts_on", today), ("ends_on", today + timedelta(days=30)))
    body = {f"{name}_{part}": str(getattr(at, part)) for name, at in days for part in ("day", "month", "year")}
    body |= {"subject": "Welsh", "gap": "Mutations", "provider": "A tutor", "sessions": "ten", "funding": "school", "language": "cy", "version": "0"}
    assert "Enter how many sessions there are" in text(client.post(plan(world, "catch-up/add/"), body))
    assert client.post(plan(world, "catch-up/add/"), body | {"sessions": "10"}).status_code == 302
    with acting(world.own, Role.DESIGNATED_PERSON):
        held = CatchUp.objects.get()
    assert "Mutations" in text(client.get(plan(world, f"catch-up/{held.pk}/")))
    assert client.post(plan(world, f"catch-up/{held.pk}/remove/"), {"version": "1"}).status_code == 302
    assert "Mutations" not in text(client.get(plan(world)))


@pytest.mark.req("SCH-23")
def test_it_goes_along_to_another_authority(world: World) -> None:
    pep = written(world.own)
    held = add(world.own, pep)
    final(world.own, pep)
    taken = taken_over(world, for_other(world, exported(world, pep)))
    with acting(world.other, Role.SOCIAL_WORKER):
        found = CatchUp.objects.get(pep=taken)
    assert (found.key, found.since, found.until, found.sessions) == (held.key, 1, None, 12)
    assert set(schema()["$defs"]["catch_up"]["properties"]) == {"id", *CATCH_UP_FIELDS}


def test_the_page_costs_the_same_however_many(world: World, statements: Callable[..., Any]) -> None:
    pep = written(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    for number in range(4):
        add(world.own, pep, gap=f"Gap {number}")
    client.get(plan(world))
    with statements(28):
        client.get(plan(world))
