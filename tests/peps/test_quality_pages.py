"""The check of a plan's quality through its pages: taken, graded beside the plan, returned with feedback pinned, put right, accepted."""

from __future__ import annotations

from typing import Any

import pytest

from lace.accounts.access import Role
from peps import services
from peps.models import Pep, QualityReview, Version
from peps.rules.quality import standing
from peps.services.evaluation import let_go_on
from peps.services.quality import decide
from tests.peps.plans import ANSWERS, acting, amended, final, plan, text, written
from tests.peps.reviewing import colleague, decided, graded, grades, rated_again, taken
from tests.peps.test_pages import field
from tests.reporting.pages import cost
from tests.world import World, signed_in

COORDINATOR = Role.LACE_COORDINATOR


def address(world: World, version: Version, part: str = "") -> str:
    return plan(world, f"versions/{version.pk}/quality/{part}")


def graded_data(page: Any, version: Version, given: dict[str, dict[str, str]]) -> dict[str, str]:
    """What a browser sends from the page of grades."""
    data = {name: field(page, name) for name in ("form_token", "version")} | {"language": "en-gb"}
    for area in standing(version.content):
        data |= {f"{area.key}_grade": given[area.key]["grade"], f"{area.key}_comment": given[area.key]["comment"]}
    return data


@pytest.mark.req("PEP-20", "PEP-21")
def test_from_the_queue_to_returned_and_put_right(world: World) -> None:
    version = final(world.own)
    office, school = world.client(COORDINATOR), world.client(Role.DESIGNATED_PERSON)
    assert "Not looked at yet" in text(school.get(plan(world)))
    assert "Nobody has looked at it yet" in text(office.get(address(world, version)))
    taking = office.post(address(world, version, "take/"), {"form_token": field(office.get(address(world, version, "take/")), "form_token")})
    assert taking.headers["Location"] == address(world, version, "grade/")
    page = office.get(taking.headers["Location"])
    beside = text(page)
    assert "Swimming badge" in beside
    assert "Nine out of ten" in beside
    assert "Mathemateg" in beside
    assert "Bod yn filfeddyg" in beside
    assert "it does not say when, where, by whom, how often." in beside  # what is remarked
    half = graded_data(page, version, grades(version, targets="red"))
    half["carer_grade"] = ""
    assert office.post(address(world, version, "grade/"), half).status_code == 302
    gaps = text(office.get(address(world, version, "decide/")))
    assert "Give a grade for “The carer's part”" in gaps
    assert "What happens with the plan?" not in gaps
    whole = graded_data(office.get(address(world, version, "grade/")), version, grades(version, targets="red"))
    assert office.post(address(world, version, "grade/"), whole).status_code == 302
    note = address(world, version, "feedback/history/achievements/")
    assert "Education so far: Achievements" in text(office.get(note))
    office.post(note, {"text": "Which badge,\nand when?"})
    deciding = office.get(address(world, version, "decide/"))
    assert "A plan of this grade goes back." in text(deciding)
    assert "Red" in text(deciding)
    hidden = {name: field(deciding, name) for name in ("form_token", "version")}
    refused = office.post(address(world, version, "decide/"), {**hidden, "decision": "accept"})
    assert "A plan of this grade goes back. Return it to be put right" in text(refused)
    hidden = {name: field(refused, name) for name in ("form_token", "version")}
    assert office.post(address(world, version, "decide/"), {**hidden, "decision": "return", "reason": "Targets"}).status_code == 302

    tab = text(school.get(plan(world)))
    assert "Being amended" in tab
    assert "Returned" in tab
    found = text(school.get(address(world, version)))
    assert all(words in found for words in ("Education so far: Achievements", "Which badge,", "Say more of targets", "All areas gold"))
    section = text(school.get(plan(world, "section/history/")))
    assert "Feedback of the education service" in section
    assert "and when?" in section
    assert "Which badge" not in text(school.get(plan(world, "section/arrangements/")))
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = Pep.objects.get(pk=version.pep_id)
        let_go_on(by=by, pep=pep)
        newer = services.finalise(by=by, pep=pep, on=by.today)
    amended(world.own, newer)
    assert "Which badge" not in text(school.get(plan(world, "section/history/")))
    assert "Not looked at yet" in text(school.get(plan(world)))


@pytest.mark.req("PEP-21")
def test_feedback_on_a_target_is_pinned_to_the_target(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version, "green")
    goal = version.targets()[0]["id"]
    office = world.client(COORDINATOR)
    assert office.post(address(world, version, f"feedback/targets/{goal}/"), {"text": "By which day?"}).status_code == 302
    with acting(world.own, COORDINATOR) as by:
        review.refresh_from_db()
        decide(by=by, review=review, decision="return", reason="Days", version=review.version)
    with acting(world.own, Role.DESIGNATED_PERSON):
        rows = {str(row.key): row.pk for row in Pep.objects.get(pk=version.pep_id).targets.all()}
    school = world.client(Role.DESIGNATED_PERSON)
    assert "By which day?" in text(school.get(plan(world, f"targets/{rows[goal]}/")))
    other = next(pk for key, pk in rows.items() if key != goal)
    assert "By which day?" not in text(school.get(plan(world, f"targets/{other}/")))


@pytest.mark.parametrize("part", ["feedback/history/no_such/", "feedback/no_such/all/", "feedback/targets/x/"])
def test_feedback_has_no_page_where_the_plan_has_no_place(world: World, part: str) -> None:
    version = final(world.own)
    taken(world.own, version)
    assert world.client(COORDINATOR).get(address(world, version, part)).status_code == 404


def test_a_reviewer_is_shown_only_what_they_may_read(world: World) -> None:
    version = final(world.own)
    taken(world.own, version, Role.PEP_REVIEWER)
    client = world.client(Role.PEP_REVIEWER)
    page = text(client.get(address(world, version, "grade/")))
    assert "Swimming badge" in page
    assert not [words for words in ("Bod yn filfeddyg", "Good friends", "Eleri", "Two days in March") if words in page]
    assert "A LACE coordinator grades them" in page
    assert client.get(address(world, version, "feedback/my_page/next/")).status_code == 404
    rest = text(world.client(COORDINATOR).get(address(world, version, "grade/")))
    assert "voice_grade" in rest
    assert "carer_grade" not in rest


@pytest.mark.req("PEP-21")
def test_a_second_rater_sees_the_first_grades_only_after_the_own(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version, "return", "gold", targets="amber", carer="red")
    with acting(world.own, COORDINATOR):
        QualityReview.objects.filter(pk=review.pk).update(moderated=True)
    other = colleague(world.own)
    client = signed_in(other)
    for part in ("", "second/"):
        before = text(client.get(address(world, version, part)))
        assert "Say more of targets" not in before
        assert "Which badge" in before or part
    assert "A second rating is asked for" in text(client.get(address(world, version)))
    assert client.get(address(world, version, "grade/")).status_code == 302
    own = world.client(COORDINATOR)
    assert "Say more of targets" in text(own.get(address(world, version)))
    assert own.get(address(world, version, "second/")).status_code == 302
    page = client.get(address(world, version, "second/"))
    data = {"form_token": field(page, "form_token")}
    for key, given in grades(version, "gold", targets="amber").items():
        data |= {f"{key}_grade": given["grade"], f"{key}_comment": given["comment"]}
    short = client.post(address(world, version, "second/"), {name: value for name, value in data.items() if name != "voice_grade"})
    assert "Choose a grade" in text(short)
    data["form_token"] = field(short, "form_token")
    assert client.post(address(world, version, "second/"), data).status_code == 302
    after = text(client.get(address(world, version)))
    assert "Say more of carer" in after
    areas = len(standing(version.content))
    assert f"Both gave the same grade in {areas - 1} of {areas} areas." in after


def test_grades_saved_meanwhile_are_not_overwritten_unseen(world: World) -> None:
    version = final(world.own)
    review = taken(world.own, version)
    office = world.client(COORDINATOR)
    page = office.get(address(world, version, "grade/"))
    graded(world.own, version, "green")
    answer = office.post(address(world, version, "grade/"), graded_data(page, version, grades(version, "red")))
    assert answer.status_code == 409
    assert "Say more of targets" in text(answer)  # what was typed
    with acting(world.own, COORDINATOR):
        assert QualityReview.objects.get(pk=review.pk).grades["targets"]["grade"] == "green"


def test_a_comment_too_long_is_said_at_its_field_and_kept(world: World) -> None:
    version = final(world.own)
    taken(world.own, version)
    office = world.client(COORDINATOR)
    given = grades(version) | {"targets": {"grade": "green", "comment": "x" * 1001}}
    answer = text(office.post(address(world, version, "grade/"), graded_data(office.get(address(world, version, "grade/")), version, given)))
    assert "Shorten this to 1000 characters or fewer" in answer
    assert "x" * 1001 in answer


@pytest.mark.parametrize("part", ["grade/", "decide/", "second/", "feedback/history/all/"])
def test_a_page_whose_time_is_not_leads_back(world: World, part: str) -> None:
    version = final(world.own)
    office = world.client(COORDINATOR)
    assert office.get(address(world, version, part)).headers["Location"] == address(world, version)
    assert office.post(address(world, version, part), {}).headers["Location"] == address(world, version)


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.CHILD, Role.IRO, Role.PARENT, Role.HEADTEACHER, Role.DESIGNATED_MANAGER])
def test_grades_are_for_those_who_write_or_look_at_plans(world: World, role: Role) -> None:
    version = final(world.own)
    decided(world.own, version, "return", "gold", targets="amber")
    client = world.client(role)
    assert client.get(address(world, version)).status_code == 403
    for part in ("", "read/", f"versions/{version.pk}/"):
        assert "Say more of targets" not in text(client.get(plan(world, part)))


@pytest.mark.req("PEP-20")
def test_what_is_remarked_is_advice_before_a_plan_is_final(world: World) -> None:
    written(world.own)
    school = world.client(Role.DESIGNATED_PERSON)
    page = text(school.get(plan(world, "final/")))
    assert "Worth a second look" in page
    assert "No action is agreed." in page
    assert "Make the plan final" in page  # it holds nothing up


def test_the_pages_cost_the_same_however_much_they_hold(world: World) -> None:
    version = final(world.own)
    taken(world.own, version)
    office = world.client(COORDINATOR)
    before = [cost(office, address(world, version, part)) for part in ("", "grade/")]
    with acting(world.own, COORDINATOR):
        review = QualityReview.objects.get()
        review.grades = grades(version, "amber")
        review.feedback = {key: dict.fromkeys(answers, "More") for key, answers in ANSWERS.items()}
        review.save()
    assert [cost(office, address(world, version, part)) for part in ("", "grade/")] == before


def test_a_second_rating_is_counted_for_the_pair(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version)
    again = rated_again(world.own, review, grades(version, "green"))
    page = text(world.client(COORDINATOR).get(address(world, version)))
    assert again.second_rater is not None
    assert again.second_rater.name in page
