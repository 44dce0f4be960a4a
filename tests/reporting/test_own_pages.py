"""The child's own pages: what is planned, what I said and who reads it, who can see my information; and none of the adults' matters."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from lace.accounts.access import NAMED_RELATION, TABLE, Facet, Relation, Role
from lace.audit.models import Read
from lace.children.models import ChildUserGrant, Statement
from lace.children.services import open_relation
from lace.children.services.statements import StatementFacts, take_down
from lace.web.middleware import serving
from lace.web.pages import Page
from peps.models import Pep
from peps.rules import State
from reporting.views.own_words import FACET_WORDS, PLAN_WORDS, ROLE_WORDS, WHY
from tests.lace.children.test_statements import MAY_BE_LET
from tests.peps.plans import final, started
from tests.reporting.pages import body
from tests.reviews.test_reviews import arranged
from tests.world import World, person, signed_in

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
OWN = ("own", "own_said", "own_said_add", "own_who")


def said(world: World, text: str = "Dwi'n licio celf", role: Role = Role.CHILD, **other: Any) -> Statement:
    by = world.own.actor(role)
    with serving(by):
        return take_down(by=by, child=world.own.child, facts=StatementFacts(text=text, language="cy", said_on=TODAY, **other))


# -- words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PRIV-18", "PRIV-03")
def test_everything_that_can_be_told_has_words_for_a_child() -> None:
    assert {role for _relation, role in TABLE} <= set(ROLE_WORDS)
    assert set(WHY) == set(Relation)
    assert set(FACET_WORDS) == set(Facet) - {Facet.DISPUTES}  # not the child's to carry
    assert set(PLAN_WORDS) == set(State) - {State.CLOSED}


# -- the own page --------------------------------------------------------------------------------------------------------


def test_a_child_who_signs_in_comes_to_their_own_page(world: World) -> None:
    client = world.client(Role.CHILD)
    assert client.get("/")["Location"] == reverse("own")
    page = body(client.get(reverse("own")))
    assert f"Hello, {world.own.child.called}" in page
    assert "You do not have a plan yet" in page
    assert "No meeting is planned yet" in page
    assert world.own.user(Role.SOCIAL_WORKER).name.split(" ")[0] in page
    assert world.own.user(Role.FOSTER_CARER).name not in page
    assert "Child or young person" not in page  # no label


def test_the_plan_the_meeting_and_the_childs_own_words_stand_on_it(world: World) -> None:
    final(world.own)
    review = arranged(world.own)
    client = world.client(Role.CHILD)
    page = body(client.get(reverse("own")))
    for words in ("Your plan is ready", "Bod yn filfeddyg", "Nine out of ten", "Play for the county", review.venue):
        assert words in page
    whole = client.get(reverse("child_plan_read", args=[world.own.child.pk]))
    assert whole.status_code == 200
    assert "Swimming badge" in body(whole)
    assert "moj-sub-navigation" not in body(whole)  # no tabs of the adults
    assert f'href="{reverse("own")}" class="govuk-back-link"' in body(whole)


def test_a_plan_just_started_says_so(world: World) -> None:
    started(world.own)
    assert "Your plan has been started" in body(world.client(Role.CHILD).get(reverse("own")))
    with serving(world.own.actor(Role.CHILD)):
        assert Pep.objects.count() == 1


def test_each_look_of_the_child_is_recorded_too(world: World) -> None:
    world.client(Role.CHILD).get(reverse("own_who"))
    by = world.own.actor(Role.CHILD)
    with serving(by):
        assert Read.objects.get(role=by.role, door="own_who").children == [world.own.child.pk]


# -- nothing of the adults' matters --------------------------------------------------------------------------------------


def _views(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        found += _views(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


FOR_CHILD = {
    "work",
    "own",
    "own_said",
    "own_said_add",
    "own_said_readers",
    "own_answer_readers",
    "own_meeting_sooner",
    "own_who",
    "own_addition_readers",
    "child_plan_additions",
    "child_plan_addition",
    "child_plan_addition_remove",
    "child_plan_read",
    "child_plan_section",  # the child's own page; of the others, those who write them
    "child_plan_version",
    "child_plan_progress",
    "child_plan_own_pdf",
    "child_plan_version_own_pdf",
    "child_plan_blank_pdf",
}


@pytest.mark.req("PRIV-03")
def test_only_pages_made_for_the_child_are_open_to_the_child(world: World) -> None:
    final(world.own)
    client, closed = world.client(Role.CHILD), 0
    for pattern in _views(get_resolver().url_patterns):
        view = getattr(pattern.callback, "view_class", None)
        if view is None or not issubclass(view, Page):
            continue
        assert view.for_child == (pattern.name in FOR_CHILD), pattern.name
        if pattern.name in FOR_CHILD or not set(pattern.pattern.regex.groupindex) <= {"child"}:
            continue
        address = reverse(str(pattern.name), kwargs={"child": world.own.child.pk} if pattern.pattern.converters else None)
        for method in ("get", "post"):
            assert getattr(client, method)(address).status_code in {403, 404}, f"{method} {address}"
        closed += 1
    assert closed > 20


@pytest.mark.parametrize("route", OWN)
@pytest.mark.parametrize("role", [role for role in Role if role != Role.CHILD])
def test_the_childs_pages_are_no_adults(world: World, role: Role, route: str) -> None:
    assert world.client(role).get(reverse(route)).status_code == 404


def test_the_menu_holds_the_childs_places_only(world: World) -> None:
    page = world.client(Role.CHILD).get(reverse("own"))
    assert [item["href"] for item in page.context["navigation"]] == [reverse("own"), reverse("own_said"), reverse("own_who")]


def test_an_account_that_is_joined_to_no_child_or_to_two_shows_none(world: World) -> None:
    nobody = signed_in(person(Role.CHILD, world.own.row))
    for route in OWN:
        assert "Your page is not ready yet" in body(nobody.get(reverse(route)))
    by = world.other.actor(Role.CASE_SYSTEM)
    with serving(by):
        open_relation(by=by, child=world.other.child, user=world.own.user(Role.CHILD), relation=Relation.CHILD, on=TODAY)
    client = world.client(Role.CHILD)
    for route in OWN:
        page = body(client.get(reverse(route)))
        assert "Your page is not ready yet" in page
        assert world.own.child.called not in page.replace(world.own.user(Role.CHILD).name, "")


def test_another_childs_plan_and_statements_are_not_found(world: World) -> None:
    version = final(world.other)
    client = world.client(Role.CHILD)
    child = world.other.child.pk
    for route, keys in (("child_plan_read", [child]), ("child_plan_version", [child, version.pk]), ("child", [child])):
        assert client.get(reverse(route, args=keys)).status_code == 404
    by = world.other.actor(Role.CHILD)
    with serving(by):
        other = take_down(by=by, child=world.other.child, facts=StatementFacts(text="Zq", language="cy", said_on=TODAY))
    address = reverse("own_said_readers", args=[other.pk])
    assert client.get(address).status_code == client.post(address, {"readers": ["social_worker"]}).status_code == 404
    with serving(by):
        assert Statement.objects.get().readers == []


# -- what I said ---------------------------------------------------------------------------------------------------------


def readers_offered(client: Client, address: str) -> set[str]:
    return {value for value, _words in client.get(address).context["form"].fields["readers"].choices}


@pytest.mark.req("VOICE-15")
def test_the_child_writes_chooses_and_changes_their_mind(world: World) -> None:
    client, worker = world.client(Role.CHILD), world.client(Role.SOCIAL_WORKER)
    add = reverse("own_said_add")
    assert readers_offered(client, add) == {str(role) for role in MAY_BE_LET}
    words = "Dwi isio gweld Nain.\nBob wythnos!!"
    assert client.post(add, {"text": words, "language": "cy"}).status_code == 302
    page = client.get(reverse("own_said"))
    assert "Only you can read it." in body(page)
    assert 'lang="cy"' in body(page)
    theirs = reverse("child_said", args=[world.own.child.pk])
    assert "Nain" not in body(worker.get(theirs))
    with serving(world.own.actor(Role.CHILD)):
        statement = Statement.objects.get()
    assert statement.text == words.replace("\n", "\r\n") or statement.text == words
    change = reverse("own_said_readers", args=[statement.pk])
    assert client.post(change, {"readers": ["social_worker", "iro"]}).status_code == 302
    assert "Nain" in body(worker.get(theirs))
    assert "Your social worker" in body(client.get(reverse("own_said")))
    assert "Nain" not in body(world.client(Role.DESIGNATED_PERSON).get(theirs))
    assert client.post(change, {}).status_code == 302
    assert "Nain" not in body(worker.get(theirs))


def test_what_others_wrote_down_stands_there_with_who_did(world: World) -> None:
    said(world, "Trwy'r gofalwr", Role.FOSTER_CARER)
    said(world, "Trwy'r eiriolwr", Role.ADVOCATE, kind="advocate")
    page = body(world.client(Role.CHILD).get(reverse("own_said")))
    assert "You said it, and it was written down by: Your foster carer." in page
    assert "Your advocate wrote this for you." in page


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_bad_input_is_said_kindly_kept_and_changes_nothing(world: World, language: str) -> None:
    client = world.client(Role.CHILD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for data in (
        {},
        {"text": "  ", "language": "cy"},
        {"text": "Helo", "language": "xx"},
        {"text": "Helo", "language": "cy", "readers": ["governor"]},
    ):
        answer = client.post(reverse("own_said_add"), data)
        assert answer.status_code == 200
        assert ("Mae problem" if language == "cy" else "There is a problem") in body(answer)
        assert "Helo" not in data.values() or "Helo" in body(answer)
    with serving(world.own.actor(Role.CHILD)):
        assert not Statement.objects.exists()
    statement = said(world)
    answer = client.post(reverse("own_said_readers", args=[statement.pk]), {"readers": ["parent"]})
    assert answer.status_code == 200
    with serving(world.own.actor(Role.CHILD)):
        assert Statement.objects.get().readers == []


def test_a_reader_who_is_no_longer_around_is_not_offered(world: World) -> None:
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        ChildUserGrant.objects.filter(permission__codename=NAMED_RELATION[Role.ADVOCATE]).update(ends_on=TODAY)
    assert readers_offered(world.client(Role.CHILD), reverse("own_said_add")) == {str(role) for role in MAY_BE_LET - {Role.ADVOCATE}}


# -- who can see ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("PRIV-18")
def test_who_can_see_names_everyone_around_with_what_why_and_no_disagreements(world: World) -> None:
    page = body(world.client(Role.CHILD).get(reverse("own_who")))
    for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR, Role.TEACHER, Role.PARENT, Role.ADVOCATE):
        assert f">{ROLE_WORDS[role]}<" in page
        assert world.own.user(role).name in page
    assert "They work at your school." in page
    assert world.own.user(Role.FOSTER_CARER).name not in page
    assert f">{ROLE_WORDS[Role.CHILD]}<" not in page
    assert "isagree" not in page
    assert world.other.user(Role.SOCIAL_WORKER).name not in page


@pytest.mark.req("PRIV-18", "PRIV-17")
def test_whose_relation_ended_is_gone_from_the_page_that_day(world: World) -> None:
    client = world.client(Role.CHILD)
    assert "Your advocate" in body(client.get(reverse("own_who")))
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        ChildUserGrant.objects.filter(permission__codename=NAMED_RELATION[Role.ADVOCATE]).update(ends_on=TODAY)
    page = body(client.get(reverse("own_who")))
    assert f">{ROLE_WORDS[Role.ADVOCATE]}<" not in page


@pytest.mark.parametrize("route", OWN)
def test_the_childs_pages_speak_welsh_and_say_ti(world: World, route: str) -> None:
    said(world)
    client = world.client(Role.CHILD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get(reverse(route)))
    assert 'lang="cy"' in page
    main = page.split("<main", 1)[1].split("</main>")[0]
    for english in ("Your", "Who can", "What I", "They ", "Say something", "Save"):
        assert english not in main
    for polite in (" eich ", "Eich ", "Rhowch", "Dewiswch", "Cadwch"):
        assert polite not in main
