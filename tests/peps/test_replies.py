"""What the child asked for and what the adults did with it: replied to, told, frozen, given away, and seen by the child."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import Pep, Reply, Section, Version
from peps.rules.checks import remarks
from peps.rules.replies import WISHES, fingerprint, wishes
from peps.rules.sections import SECTIONS
from peps.services.exchange import export_plan
from peps.services.replies import answer_wish, tell_child
from reporting.queries.wishes import asked, by_phase
from tests.peps.plans import ANSWERS, acting, plan, text, written
from tests.peps.test_ends_pages import day
from tests.peps.test_exchange import exported, for_other, taken_over, wrong
from tests.peps.test_pages import field
from tests.peps.test_printing import of_version, read
from tests.world import World

NEXT = ANSWERS["my_page"]["next"]


def replied(world: World, pep: Pep, role: Role = Role.DESIGNATED_PERSON, **other: Any) -> Reply:
    facts: dict[str, Any] = {"outcome": "used", "answer": "Mae dy wers gwyddoniaeth yn y fferm nawr", "language": "cy"}
    how: dict[str, Any] = {"question": "next", "of": fingerprint(NEXT), "version": 0}
    how |= {name: other.pop(name) for name in ("question", "of", "version") if name in other}
    with acting(world.own, role) as by:
        return answer_wish(by=by, pep=pep, facts=facts | other, **how)


def told(world: World, pep: Pep, version: int = 1, **other: Any) -> Reply:
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        facts: dict[str, Any] = {"told_on": by.today, "told_how": "talked"} | other
        return tell_child(by=by, pep=pep, question="next", version=version, **facts)


def says(world: World, pep: Pep, **words: str) -> Section:
    """The child says something else."""
    with acting(world.own, Role.FOSTER_CARER) as by:
        page = Section.objects.get(pep=pep, key="my_page")
        return services.write_section(by=by, pep=pep, key="my_page", answers=page.answers | words, language=page.language, version=page.version)


@pytest.mark.req("VOICE-01")
def test_a_wish_is_what_the_child_said_in_their_own_words_and_asks_for_something() -> None:
    assert set(WISHES) <= {question.key for question in SECTIONS["my_page"].questions}
    page: dict[str, Any] = {"answers": {"how": "own", "next": "A vet", "like": "Dogs", "hard": " "}, "language": "cy"}
    assert [(wish.question, wish.words, wish.is_answered) for wish in wishes(page, [])] == [("next", "A vet", False)]
    for how in ("adult", "declined", ""):
        assert wishes({"answers": page["answers"] | {"how": how}, "language": "cy"}, []) == []
    assert wishes(None, []) == []


@pytest.mark.req("VOICE-01", "VOICE-06")
def test_replied_told_and_asked_anew_when_the_child_says_something_else(world: World) -> None:
    pep = written(world.own)
    row = replied(world, pep)
    assert (row.words, row.words_language, row.answered_as, row.version) == (NEXT, "cy", "designated_person", 1)
    assert replied(world, pep).version == 1  # sent twice
    row = told(world, pep)
    assert (row.told_on, row.told_how, row.version) == (timezone.localdate(), "talked", 2)
    row = replied(world, pep, version=2, outcome="not_used", answer="Nid oes lle ar y fferm")
    assert (row.told_on, row.told_how) == (None, "")  # the child was told something else
    says(world, pep, next="Bod yn nyrs")
    with acting(world.own, Role.SOCIAL_WORKER):
        page = Section.objects.get(pep=pep, key="my_page")
        (wish,) = wishes({"answers": page.answers, "language": page.language}, [Reply.objects.get(pep=pep).as_frozen()])
        assert wish.of_older_words
        assert not wish.is_answered
    with pytest.raises(Refused):  # of the older words
        told(world, pep, version=3)
    row = replied(world, pep, of=fingerprint("Bod yn nyrs"), version=3)
    assert (row.words, row.version) == ("Bod yn nyrs", 4)


@pytest.mark.req("VOICE-01")
def test_who_replies_and_what_is_refused(world: World) -> None:
    pep = written(world.own)
    for role in (Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER, Role.CHILD):
        with pytest.raises(NotAllowed):
            replied(world, pep, role)
    wrong: list[tuple[str, Any]] = [
        ("answer", " "),
        ("answer", "x" * 1001),
        ("answer", "a\0"),
        ("outcome", "maybe"),
        ("language", "fr"),
    ]
    for name, value in wrong:
        with pytest.raises(BadInput) as refused:
            replied(world, pep, **{name: value})
        assert set(refused.value.problems) == {name}
    with pytest.raises(Refused):
        replied(world, pep, question="like")
    with pytest.raises(Refused):
        told(world, pep)
    replied(world, pep, outcome="open", answer="")
    with pytest.raises(Refused):  # nothing is decided of which the child could be told
        told(world, pep)
    replied(world, pep, version=1)
    for fault in ({"told_on": None}, {"told_on": timezone.localdate() + timedelta(days=1)}, {"told_how": ""}):
        with pytest.raises(BadInput):
            told(world, pep, version=2, **fault)
    with pytest.raises(Changed):
        replied(world, pep, version=1, answer="Another")
    with pytest.raises(Changed):
        told(world, pep, version=1)


@pytest.mark.req("VOICE-01")
def test_a_reply_never_goes_to_words_that_nobody_read(world: World) -> None:
    pep = written(world.own)
    says(world, pep, next="Bod yn nyrs")
    with pytest.raises(Changed):
        replied(world, pep)
    school = world.client(Role.DESIGNATED_PERSON)
    page = school.get(plan(world, "wishes/next/"))
    body = {name: field(page, name) for name in ("form_token", "of", "version")}
    says(world, pep, next="Bod yn beilot")
    body |= {"outcome": "used", "answer": "Kept as typed", "language": "en-gb"}
    answer = school.post(plan(world, "wishes/next/"), body)
    assert answer.status_code == 409
    assert "Kept as typed" in text(answer)
    assert "Bod yn beilot" in text(answer)
    again = {name: field(answer, name) for name in ("form_token", "of", "version")}
    assert school.post(plan(world, "wishes/next/"), body | again).status_code == 302
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert Reply.objects.get(pep=pep).words == "Bod yn beilot"


@pytest.mark.req("VOICE-01", "VOICE-06")
def test_from_the_list_to_the_child(world: World) -> None:
    pep = written(world.own)
    school, child = world.client(Role.DESIGNATED_PERSON), world.client(Role.CHILD)
    tab = text(school.get(plan(world)))
    assert plan(world, "wishes/next/") in tab
    assert "No reply yet" in tab
    assert "Nobody has answered this yet" in text(child.get(reverse("own")))
    page = school.get(plan(world, "wishes/next/"))
    assert NEXT in text(page)
    body = {name: field(page, name) for name in ("form_token", "of", "version")} | {"language": "en-gb"}
    refused = text(school.post(plan(world, "wishes/next/"), body | {"outcome": "not_used", "answer": ""}))
    assert "Write how it is used, or why it is not" in refused
    assert school.post(plan(world, "wishes/next/"), body | {"outcome": "used", "answer": "You spend Fridays at the vet's"}).status_code == 302
    assert "child not told" in text(school.get(plan(world)))
    for address in (reverse("own"), plan(world, "read/")):
        said = text(child.get(address))
        assert said.index(NEXT) < said.index("Yes, we used this") < said.index("You spend Fridays")
    at = plan(world, "wishes/next/told/")
    page = school.get(at)
    body = {name: field(page, name) for name in ("form_token", "version")} | {"told_how": "signs"} | day("told_on", timezone.localdate())
    assert school.post(at, body).status_code == 302
    assert "child not told" not in text(school.get(plan(world)))
    assert "Somebody told you on" in text(child.get(reverse("own")))
    assert "With pictures or signs" in text(world.client(Role.IRO).get(plan(world, "read/")))
    assert school.get(plan(world, "wishes/like/")).status_code == 404
    assert "You spend Fridays" not in text(world.client(Role.HEADTEACHER).get(plan(world, "read/")))
    says(world, pep, next="Bod yn nyrs")
    assert "The child has said something else since" in text(school.get(plan(world)))
    assert "This is about what you said before:" in text(child.get(reverse("own")))
    assert school.get(at).status_code == 302  # of the new words nothing is decided


@pytest.mark.req("VOICE-01", "VOICE-06")
def test_a_version_keeps_the_replies_and_the_plan_takes_later_ones(world: World) -> None:
    pep = written(world.own)
    replied(world, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        version = services.finalise(by=by, pep=pep, on=by.today)
    (kept,) = version.content["replies"]
    assert (kept["question"], kept["words"], kept["outcome"], kept["told_on"]) == ("next", NEXT, "used", None)
    assert world.own.user(Role.DESIGNATED_PERSON).name not in str(kept)
    told(world, pep)
    with acting(world.own, Role.DESIGNATED_PERSON):
        version = Version.objects.get(pk=version.pk)
    assert version.is_intact()
    child = world.client(Role.CHILD)
    assert "Somebody told you" not in text(child.get(plan(world, f"versions/{version.pk}/")))
    assert "Somebody told you" in text(child.get(plan(world, "read/")))
    page = read(child.get(plan(world, of_version(version, "my-plan-en.pdf"))))
    assert page.index(NEXT) < page.index("Yes, we used this") < page.index("Mae dy wers")
    assert "What the adults did with it: Used" in read(world.client(Role.IRO).get(plan(world, of_version(version, "plan-en.pdf"))))
    assert "Mae dy wers" not in read(world.client(Role.HEADTEACHER).get(plan(world, of_version(version, "plan-en.pdf"))))
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        found = export_plan(by=by, pep=Pep.objects.get(pk=pep.pk))
    assert found["plan"]["replies"][0]["told_how"] == "talked"
    assert found["versions"][0]["content"]["replies"] == [kept]


@pytest.mark.req("VOICE-01", "VOICE-06")
def test_what_has_no_reply_is_remarked_and_holds_nothing_up(world: World) -> None:
    pep = written(world.own)
    check = plan(world, "final/")
    school = world.client(Role.DESIGNATED_PERSON)
    assert "nothing says what the adults did with it" in text(school.get(check))
    replied(world, pep)
    assert "nothing says that the child was told" in text(school.get(check))
    told(world, pep)
    assert "nothing says that the child was told" not in text(school.get(check))
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        content = services.finalise(by=by, pep=pep, on=by.today).content
    without = {name: part for name, part in content.items() if name != "replies"}
    assert not [row for row in remarks(without, on=timezone.localdate()) if row.question == "next"]  # an older version kept none


@pytest.mark.req("VOICE-06")
def test_counted_for_the_coordinators_with_the_list_behind_each_number(world: World) -> None:
    pep = written(world.own)
    says(world, pep, hard="Gormod o sŵn")
    replied(world, pep)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        found = asked(by)
        (figures,) = by_phase(found)
    assert [row.wish.question for row in found] == ["next", "hard"]
    assert (figures.children, figures.asked, figures.replied, figures.used, figures.told) == (1, 2, 1, 1, 0)
    desk = world.client(Role.LACE_COORDINATOR)
    at = reverse("wishes")
    assert at in text(desk.get(reverse("dashboard")))
    assert "Gormod o sŵn" in text(desk.get(at))
    assert NEXT not in text(desk.get(at))
    assert NEXT in text(desk.get(at, {"show": "untold"}))
    told(world, pep)
    assert NEXT in text(desk.get(at, {"show": "told"}))
    assert "No child's page in a current plan asks" in text(desk.get(at, {"show": "open"}))
    manager = world.client(Role.DESIGNATED_MANAGER)
    assert manager.get(at).status_code == 403
    assert at not in text(manager.get(reverse("dashboard")))
    assert "Gormod" not in text(world.client(Role.LACE_COORDINATOR, world.other).get(at))


@pytest.mark.req("VOICE-06")
def test_the_replies_go_with_the_plan_to_another_authority(world: World) -> None:
    pep = written(world.own)
    replied(world, pep)
    told(world, pep)
    first = for_other(world, exported(world, pep))
    copy = taken_over(world, first)
    with acting(world.other, Role.LACE_COORDINATOR) as by:
        second = export_plan(by=by, pep=copy)
        row = Reply.objects.get(pep=copy)
    assert (row.words, row.told_how, row.answered_by_id) == (NEXT, "talked", None)
    assert second["plan"]["replies"] == first["plan"]["replies"]
    assert second["plan"]["content"] == first["plan"]["content"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"answer": " "}, "answer"),
        ({"told_on": None}, "told_on"),
        ({"outcome": "open"}, "told_on"),
        ({"question": "like"}, "question"),
        ({"answered_as": "wizard"}, "answered_as"),
    ],
)
def test_a_reply_that_does_not_fit_is_named(world: World, change: dict[str, Any], pointer: str) -> None:
    pep = written(world.own)
    replied(world, pep)
    told(world, pep)
    found = for_other(world, exported(world, pep))
    found["plan"]["replies"][0] |= change
    said = wrong(world, found)
    assert said[0].startswith(f"/plan/replies/0/{pointer}:"), said


@pytest.mark.req("VOICE-06")
def test_what_became_of_a_reply_stands_among_the_differences(world: World) -> None:
    pep = written(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.finalise(by=by, pep=pep, on=by.today)
        services.amend(by=by, pep=pep, reason="New school")
    replied(world, pep, answer="You spend Fridays at the vet's", language="en-gb")
    page = text(world.client(Role.IRO).get(plan(world, "differences/")))
    assert "What the child asked for, and what adults did" in page
    assert "You spend Fridays" in page
    assert "You spend Fridays" not in text(world.client(Role.HEADTEACHER).get(plan(world, "differences/")))
