"""The plan through its pages: the way to a final version, what a form keeps, and what a page costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from lace.accounts.access import Role
from peps import services
from peps.models import Pep, Section, Target
from peps.rules import State
from tests.peps.plans import ANSWERS, acting, add_target, facts, final, plan, started, text, with_every_section, written
from tests.world import World


def field(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', response.content.decode())
    assert found, f"no {name} on the page"
    return unescape(found[1])


def section_data(page: Any, **answers: str) -> dict[str, str]:
    """What a browser sends from a section's page after these answers were typed."""
    hidden = {name: field(page, name) for name in ("version", "sitting", "form_token")}
    return {**hidden, "language": "en-gb", **answers}


def target_data(page: Any, **other: str) -> dict[str, str]:
    day = timezone.localdate() + timedelta(days=60)
    return {
        "form_token": field(page, "form_token"),
        "version": field(page, "version"),
        "area": "academic",
        "need": "Fractions",
        "baseline": "6",
        "goal": "Nine out of ten",
        "measure": "Quiz",
        "strategy": "Daily",
        "review_on_day": str(day.day),
        "review_on_month": str(day.month),
        "review_on_year": str(day.year),
        "language": "en-gb",
    } | other


def stored(world: World, key: str) -> Section:
    with acting(world.own, Role.IRO):
        return Section.objects.get(child=world.own.child, key=key)


# -- the path from nothing to a final version ------------------------------------------------------------------------


@pytest.mark.req("PEP-29")
def test_the_tab_from_no_plan_to_final_and_amended(world: World) -> None:
    social_worker, school = world.client(Role.SOCIAL_WORKER), world.client(Role.DESIGNATED_PERSON)
    assert "There is no plan yet" in text(school.get(plan(world)))
    today = timezone.localdate()
    day = {"on_day": str(today.day), "on_month": str(today.month), "on_year": str(today.year)}
    assert social_worker.post(plan(world, "start/"), day).status_code == 302
    assert "Initiated" in text(school.get(plan(world)))
    with acting(world.own, Role.IRO):
        pep = Pep.objects.get(child=world.own.child)
    with_every_section(world.own, pep)
    for key, answers in ANSWERS.items():
        data = {"language": "en-gb", "version": "0", "sitting": str(uuid4())}
        for name, answer in answers.items():
            if isinstance(answer, list):
                data |= {f"{name}-{number}-{column}": cell for number, row in enumerate(answer) for column, cell in row.items()}
            else:
                data[name] = answer
        assert school.post(plan(world, f"section/{key}/"), data).status_code == 302
    check = text(school.get(plan(world, "final/")))
    assert "add at least one academic target" in check
    assert 'name="on_day"' not in check
    add_target(world.own, pep)
    add_target(world.own, pep, area="personal")
    assert "Nothing is missing" in text(school.get(plan(world, "final/")))
    assert school.post(plan(world, "final/"), day, follow=True).status_code == 200
    page = text(school.get(plan(world)))
    assert "Version 1" in page
    assert "Amend the plan" in page
    assert school.post(plan(world, "amend/"), {"reason": "Moved school"}).status_code == 302
    assert "Being amended since" in text(school.get(plan(world)))


@pytest.mark.req("PEP-15")
def test_a_plan_with_gaps_is_refused_with_every_gap(world: World) -> None:
    started(world.own)
    today = timezone.localdate()
    school = world.client(Role.DESIGNATED_PERSON)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.write_section(by=by, pep=Pep.objects.get(child=world.own.child), key="history", answers=ANSWERS["history"], language="cy", version=0)
    page = school.post(plan(world, "final/"), {"on_day": str(today.day), "on_month": str(today.month), "on_year": str(today.year)})
    assert "There is a problem" in text(page)
    assert "Present arrangements: answer “Named adult at school”" in text(page)


def test_pages_whose_time_is_past_lead_back_to_the_plan(world: World) -> None:
    final(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    for part in ("start/", "final/", "targets/add/", "section/history/"):
        assert school.get(plan(world, part)).status_code == 302, part


def test_an_open_page_of_a_plan_made_final_meanwhile_keeps_what_was_typed(world: World) -> None:
    pep = written(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    page = school.get(plan(world, "section/history/"))
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.finalise(by=by, pep=pep, on=by.today)
    answer = school.post(plan(world, "section/history/"), section_data(page, needs="A long text of mine"))
    assert "Start an amendment first" in text(answer)
    assert "A long text of mine" in text(answer)


# -- forms keep what was typed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_bad_input_keeps_what_was_typed_and_changes_nothing(world: World, language: str) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.get(plan(world, "section/history/"))
    answer = client.post(plan(world, "section/history/"), section_data(page, needs="y" * 3001, achievements="Kept as typed"))
    assert answer.status_code == 200
    assert {"en-gb": "Shorten this to 3000 characters or fewer", "cy": "Byrhewch hwn i 3000 nod neu lai"}[language] in text(answer)
    assert "Kept as typed" in text(answer)
    assert 'href="#id_needs"' in text(answer)
    with acting(world.own, Role.IRO):
        assert not Section.objects.filter(child=world.own.child).exists()


def test_a_target_form_names_each_field_and_keeps_the_rest(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "targets/add/"))
    answer = text(client.post(plan(world, "targets/add/"), target_data(page, goal="", review_on_year="1999", need="Kept need")))
    assert "Write the target" in answer
    assert "Kept need" in answer
    answer = text(client.post(plan(world, "targets/add/"), target_data(page, review_on_year="1999", need="Kept need")))
    assert "The review date must be in the future" in answer
    assert "Kept need" in answer


def test_a_double_click_adds_one_target(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    data = target_data(client.get(plan(world, "targets/add/")))
    for _click in range(2):
        assert client.post(plan(world, "targets/add/"), data).status_code == 302
    with acting(world.own, Role.IRO):
        assert Target.objects.filter(child=world.own.child).count() == 1


def test_a_target_is_changed_and_removed_by_its_pages(world: World) -> None:
    pep = started(world.own)
    target = add_target(world.own, pep)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, f"targets/{target.pk}/"))
    assert client.post(plan(world, f"targets/{target.pk}/"), target_data(page, goal="Ten")).status_code == 302
    late = client.post(plan(world, f"targets/{target.pk}/"), target_data(page, form_token="", goal="Eleven"))
    assert late.status_code == 409
    assert "Eleven" in text(late)
    assert ">Ten<" in text(late).replace("\n", "").replace("  ", "")
    assert field(late, "version") == "2"
    remove = client.get(plan(world, f"targets/{target.pk}/remove/"))
    data = {"version": field(remove, "version"), "form_token": field(remove, "form_token")}
    assert client.post(plan(world, f"targets/{target.pk}/remove/"), data).status_code == 302
    assert client.get(plan(world, f"targets/{target.pk}/")).status_code == 404


def test_rows_come_back_and_more_are_offered(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "section/attainment/"))
    rows = {
        "subjects-0-subject": "Maths",
        "subjects-0-current": "1",
        "subjects-0-expected": "2",
        "subjects-1-subject": " ",
        "subjects-2-subject": "Art",
    }
    answer = client.post(plan(world, "section/attainment/"), section_data(page, stay="1", **rows))
    assert answer.headers["Location"] == plan(world, "section/attainment/")
    assert [row["subject"] for row in stored(world, "attainment").answers["subjects"]] == ["Maths", "Art"]
    again = text(client.get(plan(world, "section/attainment/")))
    assert "subjects-3-subject" in again
    assert "subjects-4-subject" not in again


@pytest.mark.req("PEP-08")
def test_a_new_section_comes_filled_in_with_what_is_known_and_is_not_saved_by_looking(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    assert world.own.school.name in text(client.get(plan(world, "section/history/")))
    assert "Lace has filled in" in text(client.get(plan(world, "section/arrangements/")))
    contacts = text(client.get(plan(world, "section/contacts/")))
    assert world.own.user(Role.SOCIAL_WORKER).name in contacts
    assert world.own.user(Role.IRO).email in contacts
    assert world.own.user(Role.FOSTER_CARER).name not in contacts
    assert "Gofalwr Cudd" not in contacts
    with acting(world.own, Role.IRO):
        assert not Section.objects.filter(child=world.own.child).exists()


# -- autosave and merge --------------------------------------------------------------------------------------------------


def test_autosave_keeps_the_words_and_the_button_still_saves(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "section/history/"))
    data = section_data(page, needs="Non", institutions="A", attendance="B", achievements="C")
    saved = client.post(plan(world, "section/history/"), data, headers={"HX-Request": "true"})
    assert "Saved at" in text(saved)
    assert field(saved, "version") == "1"
    assert client.post(plan(world, "section/history/"), data | {"needs": "None"}).status_code == 302  # though the page still says version 0
    assert stored(world, "history").answers["needs"] == "None"


def test_autosave_says_what_it_cannot_do(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "section/history/"))
    headers = {"HX-Request": "true"}
    assert "Not saved yet" in text(client.post(plan(world, "section/history/"), section_data(page, needs="x" * 3001), headers=headers))
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        services.write_section(by=by, pep=Pep.objects.get(child=world.own.child), key="history", answers={"needs": "x"}, language="cy", version=0)
    assert "somebody else" in text(client.post(plan(world, "section/history/"), section_data(page, needs="y"), headers=headers))
    assert stored(world, "history").answers == {"needs": "x"}


def test_the_merge_page_shows_both_texts_and_the_next_save_stands(world: World) -> None:
    pep = started(world.own)
    base = ANSWERS["history"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.write_section(by=by, pep=pep, key="history", answers=base, language="en-gb", version=0)
    school, social_worker = world.client(Role.DESIGNATED_PERSON), world.client(Role.SOCIAL_WORKER)
    mine, theirs = school.get(plan(world, "section/history/")), social_worker.get(plan(world, "section/history/"))
    social_worker.post(plan(world, "section/history/"), section_data(theirs, **base | {"needs": "Their needs", "attendance": "97%"}))
    merge = school.post(plan(world, "section/history/"), section_data(mine, **base | {"needs": "My needs", "achievements": "Two badges"}))
    page = text(merge)
    assert merge.status_code == 409
    assert "Their needs" in page
    assert "My needs" in page
    assert "as saved by Social_Worker" in page
    assert "97%</textarea>" in page  # only they changed it
    assert "Two badges</textarea>" in page  # only I changed it
    assert page.count("as saved by") == 1
    assert stored(world, "history").answers["needs"] == "Their needs"
    agreed = base | {"needs": "Both", "attendance": "97%", "achievements": "Two badges"}
    assert school.post(plan(world, "section/history/"), section_data(merge, **agreed)).status_code == 302
    assert stored(world, "history").answers == agreed
    assert stored(world, "history").version == 3


@pytest.mark.req("VOICE-11")
def test_the_childs_exact_words_pass_through_the_page(world: World) -> None:
    started(world.own)
    client = world.client(Role.FOSTER_CARER)
    page = client.get(plan(world, "section/my_page/"))
    client.post(plan(world, "section/my_page/"), section_data(page, like="  I <3 dogs \r\n& cats  ", how="own", adult_note="She smiled"))
    assert stored(world, "my_page").answers["like"] == "  I <3 dogs \n& cats  "
    read = client.get(plan(world, "read/"))
    assert "These are the child's own words." in text(read)
    assert "I &lt;3 dogs" in read.content.decode()


@pytest.mark.req("VOICE-11")
def test_what_an_adult_wrote_is_never_shown_as_the_childs(world: World) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        answers = {"next": "Wants to be a vet", "how": "adult"}
        services.write_section(by=by, pep=pep, key="my_page", answers=answers, language="en-gb", version=0)
    client = world.client(Role.IRO)
    assert "Wants to be a vet" not in text(client.get(plan(world)))
    assert "These are not the child's own words" in text(client.get(plan(world, "read/")))


# -- versions and cost -------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-11")
def test_a_version_reads_as_it_stood(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = services.amend(by=by, pep=version.pep, reason="New target")
        services.save_target(by=by, pep=pep, facts=facts(by, goal="Written later"))
        services.write_section(by=by, pep=pep, key="history", answers={"needs": "Written later too"}, language="en-gb", version=1)
    client = world.client(Role.IRO)
    page = text(client.get(plan(world, f"versions/{version.pk}/")))
    assert "Written later" not in page
    assert "Swimming badge" in page
    assert "not those that were made final" not in page
    assert "Written later too" in text(client.get(plan(world, "read/")))


def test_a_closed_plan_leaves_its_versions_readable(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.LACE_COORDINATOR):
        Pep.objects.filter(pk=version.pep_id).update(state=State.CLOSED, closed_on=timezone.localdate())
    client = world.client(Role.LACE_COORDINATOR)
    assert "Version 1" in text(client.get(plan(world)))
    assert "Swimming badge" in text(client.get(plan(world, f"versions/{version.pk}/")))
    assert client.get(plan(world, "read/")).status_code == 404


@pytest.mark.parametrize(
    ("part", "count"),
    [("", 30), ("read/", 25), ("section/history/", 16), ("section/contacts/", 16), ("targets/add/", 14), ("final/", 19), ("version", 14)],
)
def test_what_a_page_costs(world: World, statements: Callable[..., Any], part: str, count: int) -> None:
    version = final(world.own)
    if part not in ("", "version"):
        with acting(world.own, Role.DESIGNATED_PERSON) as by:
            services.amend(by=by, pep=version.pep, reason="Cost")
    client = world.client(Role.DESIGNATED_PERSON)
    address = plan(world, part.replace("version", f"versions/{version.pk}/"))
    client.get(address)
    with statements(count):
        assert client.get(address).status_code == 200
