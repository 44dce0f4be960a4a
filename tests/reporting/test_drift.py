"""Where things drift for the children of one reviewing officer: each reason from its own facts, and words that name no child's worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from lace.accounts.access import REACH, Reach, Role
from lace.audit.models import Read
from lace.children.rules import PlacementType
from lace.children.services import PlacementFacts, place
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from peps import services as peps
from peps.services.evaluation import let_go_on
from reporting.queries.drift import Course, courses
from reporting.views.drift import DriftPage
from reviews.rules import Participation
from reviews.services import DecisionFacts, close, postpone, schedule
from schools.services.register import enrol, leave
from tests.peps.plans import acting, final
from tests.reporting.pages import body, cost
from tests.world import World, enter, make_school

pytestmark = pytest.mark.django_db


def course(world: World, *, days: int = 0) -> Course:
    """The own child's course, some days from now."""
    with acting(world.own, Role.IRO, days=days) as by:
        return next(found for found in courses(by) if found.child.pk == world.own.child.pk)


def sentences(found: Course, world: World, *, days: int) -> str:
    page = DriftPage()
    actor = world.own.actor(Role.IRO)
    page.actor = replace(actor, today=actor.today + timedelta(days=days))
    return " ".join(text for text, _route in page.reasons(found))


@pytest.mark.req("IRO-03")
def test_nothing_drifts_on_the_first_days(world: World) -> None:
    found = course(world)
    assert not [day for day in found.since() if day > timezone.localdate() - timedelta(days=1)]
    assert found.no_plan_since is found.review_late_since is found.no_school_since is None
    assert (found.school_moves, found.placement_moves, found.postponed) == (0, 0, 0)


@pytest.mark.req("IRO-03")
def test_no_plan_and_no_review_after_28_days(world: World) -> None:
    entered = world.own.episode.started_on
    late = course(world, days=40)
    assert late.no_plan_since == late.review_late_since == entered + timedelta(days=28)
    with acting(world.own, Role.IRO, days=40) as by:
        overdue = {duty.pk for duty in Duty.objects.filter(child=world.own.child).overdue_on(by.today)}
    assert {duty.pk for duty in late.overdue} == overdue != set()
    said = sentences(late, world, days=40)
    assert "no version of the plan is final" in said
    assert "no review has been held" in said
    assert "days late" in said


@pytest.mark.req("IRO-03")
def test_a_plan_that_stands_still(world: World) -> None:
    first = final(world.own)
    now = course(world)
    assert now.plan_final_on == first.finalised_on
    assert now.no_plan_since is now.unchanged_since is None
    assert now.targets == []
    with acting(world.own, Role.DESIGNATED_PERSON, days=3) as by:
        pep = peps.amend(by=by, pep=first.pep, reason="A new contact")
        let_go_on(by=by, pep=pep)
        peps.finalise(by=by, pep=pep, on=by.today)
    later = course(world, days=70)
    assert later.unchanged_since == first.finalised_on
    assert len(later.targets) == 2
    old = course(world, days=250)
    assert old.plan_old_since is not None
    said = sentences(old, world, days=250)
    assert "The targets have been the same since" in said
    assert "2 targets were to be looked at again" in said
    assert "has not been made final again since" in said


@pytest.mark.req("IRO-03")
def test_a_review_put_off_and_decisions_not_carried_out(world: World) -> None:
    with acting(world.own, Role.IRO) as by:
        at = timezone.make_aware(datetime.combine(by.today + timedelta(days=1), time(16)))
        review = schedule(by=by, child=world.own.child, scheduled_for=at, venue="School")
        for moved in (1, 2):
            assert course(world).postponed_since is None  # once is no pattern
            review = postpone(by=by, review=review, to=at + timedelta(days=moved), reason="Nobody came", version=review.version)
    twice = course(world)
    assert twice.postponed == 2
    assert twice.postponed_since == timezone.localdate(at)
    assert "moved 2 times" in sentences(twice, world, days=0)
    with acting(world.own, Role.IRO, days=5) as by:
        close(
            by=by, review=review, held_on=by.today, participation=Participation.ATTENDED, summary="", version=review.version,
            decisions=[DecisionFacts("A tutor", "Eleri", by.today + timedelta(days=5)), DecisionFacts("A bus pass", "Eleri", None)],
        )  # fmt: skip
    assert course(world, days=8).decisions == []
    later = course(world, days=20)
    assert later.decisions == [timezone.localdate() + timedelta(days=10)]
    assert later.review_late_since is None
    assert course(world, days=200).review_late_since is not None
    assert "1 decision of the last review" in sentences(later, world, days=20)


@pytest.mark.req("IRO-03")
def test_school_and_home(world: World) -> None:
    today = timezone.localdate()
    own = world.own
    with acting(own, Role.CASE_SYSTEM, days=2) as by:
        for days in (1, 2):
            place(
                by=by, episode=own.episode,
                facts=PlacementFacts(kind=PlacementType.FOSTER, started_on=today - timedelta(days=3 - days), host_authority=own.row),
            )  # fmt: skip
            enrol(by=by, child=own.child, school=make_school(own.row), on=today + timedelta(days=days - 1))
    moved = course(world, days=2)
    assert (moved.school_moves, moved.placement_moves) == (2, 2)
    assert moved.no_school_since is None
    with acting(own, Role.CASE_SYSTEM, days=4) as by:
        leave(by=by, child=own.child, on=by.today, reason="left_school")
    gone = course(world, days=10)
    assert gone.no_school_since == today + timedelta(days=4)
    said = sentences(gone, world, days=10)
    assert "No school place since" in said
    assert "Changed school 2 times" in said
    assert "Moved home 2 times" in said


@pytest.mark.req("IRO-03")
def test_what_has_waited_longest_stands_first_in_plain_words(world: World) -> None:
    today = timezone.localdate()
    order = [enter(world.own, entered_on=today - timedelta(days=days))[0] for days in (150, 300, 60)]
    client = world.client(Role.IRO)
    answer = client.get("/drift/")
    page = body(answer)
    names = [child["name"] for child in answer.context["children"]]
    assert names[:3] == [order[1].name, order[0].name, order[2].name]
    assert len(names) == 4
    assert "Something drifts for" in page
    for label in ("score", "risk", "rating", "RAG"):
        assert label not in page.split("<main")[1].split("</main>")[0]
    with serving(world.own.actor(Role.IRO)):
        (read,) = Read.objects.filter(door="drift")
        assert len(read.children) == 4


def test_only_the_childs_own_reviewing_officer(world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    theirs = body(world.client(Role.IRO, world.other).get("/drift/"))
    assert world.other.child.name in theirs
    assert world.own.child.family_name not in theirs
    for role in Role:
        if role not in {Role.IRO, Role.CASE_SYSTEM, Role.CHILD}:
            assert world.client(role).get("/drift/").status_code == 404, (role, REACH[role] == Reach.NONE)


def test_it_speaks_welsh_and_its_statements_do_not_grow(world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=60))
    client = world.client(Role.IRO)
    before = cost(client, "/drift/")
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=90))
    assert cost(client, "/drift/") == before <= 16
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get("/drift/"))
    for english in ("drift", "In care since", "Last review", "Not arranged", "days late", "None yet"):
        assert english not in page.split("<main")[1].split("</main>")[0].replace("/drift/", ""), english
