"""Contributions through the pages: asked for from the plan, given by whoever is asked, read with the plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from peps import services
from peps.models import Contribution
from peps.services.contributions import ask_by_email
from peps.services.evaluation import let_go_on
from tests.peps.plans import acting, amended, plan, started, text, written
from tests.peps.test_contributions import asked, given, letter
from tests.peps.test_ends_pages import day
from tests.peps.test_pages import field, section_data
from tests.world import World

SOON = timedelta(days=10)


def words(world: World, row: Contribution, part: str = "") -> str:
    return plan(world, f"contributions/{row.pk}/{part}")


def token(page: Any) -> dict[str, str]:
    return {"form_token": field(page, "form_token")}


@pytest.mark.req("PEP-10", "CAR-02")
def test_from_the_plan_to_the_carer_and_back(world: World) -> None:
    started(world.own)
    school, carer = world.client(Role.DESIGNATED_PERSON), world.client(Role.FOSTER_CARER)
    assert "Nobody has been asked for a contribution yet" in text(school.get(plan(world)))
    at = plan(world, "contributions/ask/")
    page = school.get(at)
    body = {"roles": ["carer", "social_worker"], **day("due_on", timezone.localdate() + SOON)}
    assert school.post(at, body | token(page)).status_code == 302
    tab = text(school.get(plan(world)))
    assert tab.count("Awaited") == 2
    assert "contribution, by" in tab  # what is left, and whose
    with acting(world.own, Role.FOSTER_CARER) as by:
        row = Contribution.objects.visible_to(by).get(role="carer")
    work = text(carer.get(reverse("work")))
    assert "Give your contribution to the plan" in work
    assert words(world, row) in work
    assert words(world, row) in text(carer.get(plan(world)))
    page = carer.get(words(world, row))
    assert carer.post(words(world, row), section_data(page, well="Sings all day", help="", more="")).status_code == 302
    assert "Given" in text(carer.get(plan(world)))
    assert "Give your contribution" not in text(carer.get(reverse("work")))
    assert "Sings all day" in text(world.client(Role.IRO).get(plan(world, "read/")))
    assert 'value="Sings' not in text(school.get(plan(world)))
    page = carer.get(words(world, row))
    assert "Sings all day" in text(page)
    assert carer.post(words(world, row), section_data(page, well="Sings and dances")).status_code == 302
    assert "Sings and dances" in text(world.client(Role.IRO).get(plan(world, "read/")))


def test_bad_input_keeps_what_was_typed(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, "carer")["carer"]
    carer = world.client(Role.FOSTER_CARER)
    page = carer.get(words(world, row))
    answer = text(carer.post(words(world, row), section_data(page, well="x" * 2001, help="Kept as typed")))
    assert "Shorten this to 2000 characters or fewer" in answer
    assert "Kept as typed" in answer
    assert "Answer at least one question" in text(carer.post(words(world, row), section_data(page, well=" ")))
    school = world.client(Role.DESIGNATED_PERSON)
    at = plan(world, "contributions/e-mail/")
    typed = {"role": "teacher", "subject": "", "name": "Mrs Lloyd", "email": "m@school", "pupil": "Al", "language": "cy"}
    answer = text(school.post(at, typed | day("due_on", timezone.localdate() + SOON) | token(school.get(at))))
    assert "Enter an e-mail address" in answer
    assert 'value="Mrs Lloyd"' in answer
    answer = text(school.post(at, typed | {"email": "m@school.example"} | day("due_on", timezone.localdate() + SOON) | token(school.get(at))))
    assert "Enter the subject that the teacher teaches" in answer


def test_a_double_click_asks_and_gives_once(world: World) -> None:
    pep = started(world.own)
    school, carer = world.client(Role.DESIGNATED_PERSON), world.client(Role.FOSTER_CARER)
    at = plan(world, "contributions/e-mail/")
    typed = {"role": "teacher", "subject": "Art", "name": "Mrs Lloyd", "email": "m@school.example", "pupil": "Al", "language": "cy"}
    body = typed | day("due_on", timezone.localdate() + SOON) | token(school.get(at))
    assert [school.post(at, body).status_code for _click in range(2)] == [302, 302]
    row = asked(world, pep, "carer")["carer"]
    body = section_data(carer.get(words(world, row)), well="Once")
    assert [carer.post(words(world, row), body).status_code for _click in range(2)] == [302, 302]
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert Contribution.objects.filter(pep=pep).count() == 2
        assert Contribution.objects.get(pk=row.pk).version == 2


def test_two_carers_at_once_get_a_merge_page(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, "carer")["carer"]
    one, two = world.client(Role.FOSTER_CARER), world.client(Role.KINSHIP_CARER)
    first, second = one.get(words(world, row)), two.get(words(world, row))
    assert one.post(words(world, row), section_data(first, well="From one")).status_code == 302
    clash = two.post(words(world, row), section_data(second, well="From two"))
    assert clash.status_code == 409
    assert "From one" in text(clash)
    assert "From two" in text(clash)
    assert two.post(words(world, row), section_data(clash, well="From both")).status_code == 302


def test_nothing_to_add_is_told_with_its_reason(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, "iro")["iro"]
    iro = world.client(Role.IRO)
    at = words(world, row, "decline/")
    page = iro.get(at)
    assert iro.post(at, {"reason": "Met the child last week", "version": field(page, "version")} | token(page)).status_code == 302
    assert "Declined" in text(iro.get(plan(world)))
    assert "Met the child last week" in text(iro.get(plan(world, "read/")))


def test_asked_again_and_no_longer(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, "carer")["carer"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        mailed = ask_by_email(by=by, pep=pep, facts=letter(by))
    school = world.client(Role.DESIGNATED_PERSON)
    tab = text(school.get(plan(world)))
    assert "Teacher (Mathematics)" in tab
    assert "Lloyd" not in tab
    page = school.get(words(world, mailed, "again/"))
    assert "Mrs Lloyd" in text(page)
    later = day("due_on", timezone.localdate() + timedelta(days=20))
    assert school.post(words(world, mailed, "again/"), later | token(page)).status_code == 302
    assert school.post(words(world, row, "withdraw/"), token(school.get(words(world, row, "withdraw/")))).status_code == 302
    tab = text(school.get(plan(world)))
    assert tab.count("Awaited") == 1
    assert school.get(words(world, row, "again/")).status_code == 302  # nothing is awaited there
    assert world.client(Role.FOSTER_CARER).get(words(world, row)).status_code == 302


@pytest.mark.req("ADV-04")
def test_what_the_advocate_says_is_not_shown_without_the_childs_voice(world: World) -> None:
    pep = written(world.own)
    row = asked(world, pep, "advocate")["advocate"]
    given(world, pep, Role.ADVOCATE, row, answers={"views": "To stay at this school"})
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=pep, on=by.today)
    for part in ("read/", f"versions/{version.pk}/"):
        assert "To stay at this school" in text(world.client(Role.IRO).get(plan(world, part)))
        page = text(world.client(Role.HEADTEACHER).get(plan(world, part)))
        assert "Advocate" in page
        assert "To stay at this school" not in page


@pytest.mark.req("PEP-11")
def test_what_was_said_stands_in_the_version_and_its_differences(world: World) -> None:
    pep = written(world.own)
    given(world, pep, Role.FOSTER_CARER, asked(world, pep, "carer")["carer"], answers={"well": "Sings all day"})
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        first = services.finalise(by=by, pep=pep, on=by.today)
    iro = world.client(Role.IRO)
    assert "Sings all day" in text(iro.get(plan(world, f"versions/{first.pk}/")))
    assert "Sings all day" in text(iro.get(plan(world, "read/")))  # a final plan's, too
    amended(world.own, first)
    given(world, pep, Role.FOSTER_CARER, asked(world, pep, "carer")["carer"], answers={"well": "Sings all night"})
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=pep)
        services.finalise(by=by, pep=pep, on=by.today)
    page = text(iro.get(plan(world, "differences/")))
    assert "day</span>" in page
    assert "night</span>" in page


def test_what_is_left_is_said_until_the_plan_is_whole(world: World) -> None:
    started(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    before = text(school.get(plan(world)))
    assert "What is left, and whose it is" in before
    assert "Education so far (4)" in before


def test_what_is_left_goes_away(world: World) -> None:
    written(world.own)
    assert "What is left, and whose it is" not in text(world.client(Role.DESIGNATED_PERSON).get(plan(world)))


def test_a_version_from_before_contributions_still_reads(world: World) -> None:
    pep = written(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=pep, on=by.today)
        content = {name: part for name, part in version.content.items() if name != "contributions"}
        old = type(version)(pep=pep, child=version.child, authority_id=version.authority_id, number=2, content=content, sha256="0" * 64)
        old.finalised_on = by.today
        old.save(force_insert=True)
    assert "Nine out of ten" in text(world.client(Role.IRO).get(plan(world, f"versions/{old.pk}/")))
