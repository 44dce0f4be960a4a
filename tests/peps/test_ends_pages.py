"""The pages of actions, of how targets ended, and of targets over time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from peps import services
from peps.models import Action, Evaluation, Target, Version
from peps.rules.sections.editions import FORM_1
from peps.services.actions import settle
from peps.services.evaluation import evaluate, let_go_on
from tests.peps.plans import CANARIES, acting, add_action, add_target, amended, facts, final, plan, started, text, written
from tests.peps.test_pages import field, target_data
from tests.world import World


def day(name: str, value: date) -> dict[str, str]:
    return {f"{name}_day": str(value.day), f"{name}_month": str(value.month), f"{name}_year": str(value.year)}


def sent(page: Any, **other: str) -> dict[str, str]:
    """What a browser sends from this page after these fields were filled in."""
    return {name: field(page, name) for name in ("form_token", "version")} | {"language": "en-gb"} | other


def an_action(world: World, *, overdue: bool = False) -> tuple[Version, Action]:
    """A final plan with one action."""
    pep = written(world.own)
    action = add_action(world.own, pep, owner_id=world.own.user(Role.SOCIAL_WORKER).pk)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=pep, on=by.today)
        if overdue:
            Action.objects.filter(pk=action.pk).update(due_on=by.today - timedelta(days=1))
    return version, action


# -- targets -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-14", "DP-09")
def test_a_target_tells_who_found_the_need_and_what_when_where_who_and_how_often(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "targets/add/"))
    more = {"identified_with": "Mrs Lloyd", "when_done": "Tuesdays", "where_done": "The library", "done_by": "Mr Rees", "how_often": "Weekly"}
    costs = client.post(plan(world, "targets/add/"), target_data(page, **more, cost="12.50"))
    assert "Choose who pays for it" in text(costs)
    assert "Tuesdays" in text(costs)
    assert client.post(plan(world, "targets/add/"), target_data(page, **more, cost="12.50", funding="pdg")).status_code == 302
    read = text(world.client(Role.IRO).get(plan(world, "read/")))
    assert all(words in read for words in ("Mrs Lloyd", "Fractions", "Tuesdays", "The library", "Mr Rees", "Weekly", "£12.50"))
    in_class = text(world.client(Role.TEACHER).get(f"/children/{world.own.child.pk}/targets/"))
    assert all(words in in_class for words in ("Tuesdays", "The library", "Mr Rees", "Weekly"))
    assert not [words for words in ("Mrs Lloyd", "Fractions", "12.50", "Grant") if words in in_class]


@pytest.mark.parametrize("cost", ["twelve", "-1", "1.234"])
def test_a_cost_that_is_no_money_is_named_and_kept(world: World, cost: str) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    answer = text(client.post(plan(world, "targets/add/"), target_data(client.get(plan(world, "targets/add/")), cost=cost, funding="pdg")))
    assert "Enter the cost in pounds" in answer
    assert f'value="{cost}"' in answer


def test_a_version_of_the_first_edition_still_reads(world: World) -> None:
    version = final(world.own)
    names = ("area", "need", "baseline", "goal", "measure", "strategy", "carer_part", "review_on", "child_agrees", "teacher_agrees", "language")
    targets = [{name: target[name] for name in names} for target in version.content["targets"]]
    old = {"form": 1, "sections": {key: version.content["sections"][key] for key in FORM_1}, "targets": targets}
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        first = Version(pep=version.pep, child=version.child, authority_id=version.authority_id, number=2, content=old, sha256="0" * 64)
        first.finalised_on = by.today
        first.save(force_insert=True)
    page = world.client(Role.IRO).get(plan(world, f"versions/{first.pk}/"))
    asked_then = [word for word in CANARIES if word in json.dumps(old)]
    assert len(asked_then) == 8
    assert not [word for word in asked_then if word not in text(page)]
    assert "Twenty minutes a day" in text(page)


# -- how they ended ----------------------------------------------------------------------------------------------------


def test_the_plan_leads_to_each_target_of_the_last_and_the_check_waits(world: World) -> None:
    version = final(world.own)
    amended(world.own, version)
    client = world.client(Role.DESIGNATED_PERSON)
    tab = text(client.get(plan(world)))
    assert tab.count("Nothing said yet") == 2
    check = text(client.get(plan(world, "final/")))
    assert "say how “Nine out of ten” ended" in check
    assert 'name="on_day"' not in check
    address = plan(world, f"targets/{version.targets()[0]['id']}/evaluate/")
    page = client.get(address)
    bad = text(client.post(address, sent(page, outcome="partly", evidence=" ", **day("evaluated_on", timezone.localdate()))))
    assert "Write what shows it" in bad
    given = sent(page, outcome="partly", evidence="Seven in the quiz", **day("evaluated_on", timezone.localdate()))
    assert client.post(address, given).status_code == 302
    assert (
        client.post(plan(world, "targets/go-on/"), {"form_token": field(client.get(plan(world, "targets/go-on/")), "form_token")}).status_code == 302
    )
    tab = text(client.get(plan(world)))
    assert "Partly met" in tab
    assert "Seven in the quiz" in tab
    assert "Nothing is missing" in text(client.get(plan(world, "final/")))
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        second = services.finalise(by=by, pep=version.pep, on=by.today)
    read = text(world.client(Role.IRO).get(plan(world, f"versions/{second.pk}/")))
    assert "Seven in the quiz" in read
    assert "Targets of the last plan" in read


def test_who_saved_later_sees_the_warning_and_keeps_the_words(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    target = version.targets()[0]["id"]
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, f"targets/{target}/evaluate/"))
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        said = {"outcome": "met", "evidence": "Theirs", "evaluated_on": by.today, "language": "en-gb"}
        evaluate(by=by, pep=pep, target=target, facts=said)
    mine = sent(page, outcome="partly", evidence="Mine", **day("evaluated_on", timezone.localdate()))
    late = client.post(plan(world, f"targets/{target}/evaluate/"), mine)
    assert late.status_code == 409
    assert "Mine" in text(late)
    assert client.post(plan(world, f"targets/{target}/evaluate/"), sent(late, **{**mine, "version": field(late, "version")})).status_code == 302
    with acting(world.own, Role.IRO):
        assert Evaluation.objects.get(target=target).evidence == "Mine"


# -- actions -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-08")
def test_an_action_from_writing_it_to_its_evidence(world: World) -> None:
    started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.get(plan(world, "actions/add/"))
    name = world.own.user(Role.SOCIAL_WORKER).name
    assert f"{name} (Social worker)" in text(page)
    assert world.own.user(Role.FOSTER_CARER).name not in text(page)
    due = timezone.localdate() + timedelta(days=9)
    wrong = text(client.post(plan(world, "actions/add/"), sent(page, what="Buy the kit", **day("due_on", due))))
    assert "Choose who sees to it" in wrong
    assert "Buy the kit" in wrong
    owner = f"social_worker:{world.own.user(Role.SOCIAL_WORKER).pk}"
    assert client.post(plan(world, "actions/add/"), sent(page, what="Buy the kit", owner=owner, **day("due_on", due))).status_code == 302
    tab = text(client.get(plan(world)))
    assert "Buy the kit" in tab
    assert f"{name} (Social worker)" in tab
    with acting(world.own, Role.IRO):
        action = Action.objects.get(child=world.own.child)
    settle_page = plan(world, f"actions/{action.pk}/settle/")
    page = client.get(settle_page)
    today = day("done_on", timezone.localdate())
    assert "Write what shows that it is done" in text(client.post(settle_page, sent(page, state="done", **today)))
    assert client.post(settle_page, sent(page, state="done", evidence="Receipt", **today)).status_code == 302
    tab = text(client.get(plan(world)))
    assert "Receipt" in tab
    assert "It is still open" in text(client.get(settle_page))
    assert client.post(settle_page, sent(client.get(settle_page), state="open", **today)).status_code == 302
    assert client.post(plan(world, f"actions/{action.pk}/remove/"), sent(client.get(plan(world, f"actions/{action.pk}/remove/")))).status_code == 302
    assert "No actions yet" in text(client.get(plan(world)))


@pytest.mark.req("PEP-18")
def test_an_overdue_action_is_marked_and_carried_with_a_reason(world: World) -> None:
    version, action = an_action(world, overdue=True)
    for role in (Role.IRO, Role.SOCIAL_WORKER, Role.FOSTER_CARER):
        assert re.search(r"govuk-tag--red[^>]*>Overdue", text(world.client(role).get(plan(world)))), role
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=pep)
    client = world.client(Role.DESIGNATED_PERSON)
    assert "“Order a dictionary” is overdue" in text(client.get(plan(world, "final/")))
    address = plan(world, f"actions/{action.pk}/carry/")
    page = client.get(address)
    later = day("due_on", timezone.localdate() + timedelta(days=30))
    assert "Say why it is not done yet" in text(client.post(address, sent(page, reason="", **later)))
    assert client.post(address, sent(page, reason="Out of print", **later)).status_code == 302
    tab = text(client.get(plan(world)))
    assert "Out of print" in tab
    assert "Carried forward from version 1 because" in tab
    assert "Nothing is missing" in text(client.get(plan(world, "final/")))


def test_only_those_who_may_reach_the_people_read_who_is_named(world: World) -> None:
    an_action(world)
    name = world.own.user(Role.SOCIAL_WORKER).name
    assert f"{name} (Social worker)" in text(world.client(Role.IRO).get(plan(world)))
    parent = world.client(Role.PARENT).get(plan(world))
    if parent.status_code == 200:
        assert f"{name} (Social worker)" not in text(parent)


@pytest.mark.req("CAR-01")
def test_a_carer_finds_what_they_can_help_with(world: World) -> None:
    pep = written(world.own)
    add_target(world.own, pep, goal="No part for the carer", carer_part="")
    add_action(world.own, pep, what="Find the bus times", owner_role="carer")
    page = text(world.client(Role.FOSTER_CARER).get(plan(world)))
    part = page[page.index("What you can help with") : page.index('id="targets"')]
    assert all(words in part for words in ("Nine out of ten", "Play for the county", "Asks about it", "Find the bus times", "Rugby club"))
    assert "No part for the carer" not in part
    assert "What you can help with" not in text(world.client(Role.IRO).get(plan(world)))


# -- over time ---------------------------------------------------------------------------------------------------------


def two_versions(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        said = {"outcome": "met", "evidence": "Nine in May", "evaluated_on": by.today, "language": "en-gb"}
        evaluate(by=by, pep=pep, target=version.targets()[0]["id"], facts=said, strike=True)
        let_go_on(by=by, pep=pep)
        services.save_target(by=by, pep=pep, facts=facts(by, goal="Times tables"))
        services.finalise(by=by, pep=pep, on=by.today)


@pytest.mark.req("PEP-24")
@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR])
def test_targets_over_the_versions_are_charted_by_area(world: World, role: Role) -> None:
    two_versions(world)
    page = text(world.client(role).get(plan(world, "progress/")))
    academic = page[page.index(">Academic<") : page.index(">Leisure and interests<")]
    assert "Met: 1 of 2" in academic
    assert "<svg" in academic
    assert all(words in academic for words in ("Nine out of ten", "Times tables", "Nine in May", "Version 2"))
    assert ">Attendance<" not in page


@pytest.mark.req("PEP-24")
@pytest.mark.parametrize(("language", "words"), [("en-gb", "You did it"), ("cy", "Llwyddaist ti")])
def test_the_child_reads_it_in_plain_words(world: World, language: str, words: str) -> None:
    two_versions(world)
    client = world.client(Role.CHILD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    assert plan(world, "progress/") in text(client.get(reverse("own")))
    page = text(client.get(plan(world, "progress/")))
    assert words in page
    assert "Not met" not in page


def test_a_stranger_finds_none_of_these_pages(world: World) -> None:
    version, action = an_action(world)
    final(world.other)
    target = version.targets()[0]["id"]
    parts = [f"actions/{action.pk}/{part}" for part in ("", "settle/", "carry/", "remove/")]
    parts += ["actions/add/", "progress/", "targets/go-on/", f"targets/{target}/evaluate/"]
    for role in (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR):
        client = world.client(role, world.other)
        for part in parts:
            for answer in (client.get(plan(world, part)), client.post(plan(world, part), {"version": "1"})):
                assert answer.status_code == 404, part
                assert "Order a dictionary" not in text(answer)


# -- cost --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "count"), [("", 32), ("read/", 25), ("progress/", 15)])
def test_a_page_costs_the_same_however_many_rows(world: World, statements: Callable[..., Any], part: str, count: int) -> None:
    version, action = an_action(world)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=pep)
        settle(by=by, pep=pep, action=action.pk, state="done", version=1, evidence="It came", done_on=by.today)
    for number in range(5):
        add_action(world.own, pep, what=f"Action {number}", owner_id=world.own.user(Role.SOCIAL_WORKER).pk)
        add_target(world.own, pep, goal=f"Goal {number}")
    with acting(world.own, Role.IRO):
        assert Target.objects.filter(pep=pep).count() == 7
    client = world.client(Role.DESIGNATED_PERSON)
    client.get(plan(world, part))
    with statements(count):
        assert client.get(plan(world, part)).status_code == 200
