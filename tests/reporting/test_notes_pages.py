"""The pages of what few may read: who opens them, that every look is written down, and that nothing of them stands anywhere else."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import Dispute, NoContactPerson, Referral, Risk, Statement
from lace.children.services import notes
from lace.children.services.statements import StatementFacts, take_down
from lace.web.middleware import serving
from tests.lace.api.callers import Caller
from tests.lace.children.test_notes import READ, WRITE
from tests.peps.plans import final
from tests.reporting.pages import body
from tests.world import Authority, World

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGE: dict[type[Any], str] = {NoContactPerson: "child_no_contact", Risk: "child_safety", Referral: "child_safety", Dispute: "child_disputes"}
WORD: dict[type[Any], str] = {NoContactPerson: "Zqkeep", Risk: "Zqrisk", Referral: "Zqrefer", Dispute: "Zqdispute", Statement: "Zqsaid"}
DATE = {"{}_day": str(TODAY.day), "{}_month": str(TODAY.month), "{}_year": str(TODAY.year)}


def day(name: str) -> dict[str, str]:
    """Today in the three boxes of a date."""
    return {key.format(name): value for key, value in DATE.items()}


def plant(at: Authority) -> None:
    """A word of its own in each kind of note, and in a statement that the social worker may read."""
    by = at.actor(Role.SOCIAL_WORKER)
    with serving(by):
        notes.keep_away(
            by=by, child=at.child, facts=notes.NoContactFacts(name=WORD[NoContactPerson], limit="none", starts_on=TODAY, detail=WORD[NoContactPerson])
        )
        notes.note_risk(by=by, child=at.child, text=WORD[Risk], noted_on=TODAY)
        notes.log_referral(by=by, child=at.child, made_on=TODAY, made_to=WORD[Referral], about=WORD[Referral])
        notes.open_dispute(by=by, child=at.child, about="money", text=WORD[Dispute], opened_on=TODAY)
        facts = StatementFacts(text=WORD[Statement], language="cy", said_on=TODAY, readers=[Role.SOCIAL_WORKER])
        take_down(by=by, child=at.child, facts=facts)


@pytest.fixture
def noted(world: World) -> World:
    for at in (world.own, world.other):
        plant(at)
    return world


def url(world: World, route: str, *keys: Any) -> str:
    return reverse(route, args=[world.own.child.pk, *keys])


def only(at: Authority, model: type[Any]) -> Any:
    """The one row there is of the authority's child."""
    with serving(at.actor(Role.SOCIAL_WORKER)):
        return model.objects.get()


# -- who opens them ------------------------------------------------------------------------------------------------------


@pytest.mark.req("PRIV-03", "PRIV-05", "PRIV-07", "SCH-20")
@pytest.mark.parametrize("role", list(Role))
def test_each_page_is_its_readers_and_a_strangers_never(noted: World, role: Role) -> None:
    client, stranger = noted.client(role), noted.client(role, noted.other)
    for model, route in PAGE.items():
        answer = client.get(url(noted, route))
        readers = READ[Risk] | READ[Referral] if route == "child_safety" else READ[model]
        assert answer.status_code == (200 if role in readers else 404), route
        assert (WORD[model] in body(answer)) == (role in READ[model]), model.__name__
        assert stranger.get(url(noted, route)).status_code == 404
    overview = body(client.get(url(noted, "child")))
    assert ("There are people who must be kept away from this child." in overview) == (role in READ[NoContactPerson])


def _routes(patterns: list[URLPattern | URLResolver]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not pattern.namespace and not str(pattern.pattern).startswith("api/"):
                found += _routes(pattern.url_patterns)
        elif pattern.name and set(pattern.pattern.regex.groupindex) <= {"child"}:
            found.append((pattern.name, bool(pattern.pattern.converters)))
    return found


# Where each may stand. `child_changes` is the LACE coordinator's audit, which asks the same facets.
PLACES: dict[type[Any], set[str]] = {model: {route, "child_changes"} for model, route in PAGE.items()}
PLACES[Statement] = {"child_said", "own_said", "child_changes"}
ASKED = (
    *(Role.CHILD, Role.FOSTER_CARER, Role.KINSHIP_CARER, Role.RESIDENTIAL_WORKER, Role.PARENT, Role.GUARDIAN, Role.DESIGNATED_PERSON),
    *(Role.HEADTEACHER, Role.TEACHER, Role.CHILD_PROTECTION_LEAD, Role.ADMINISTRATOR, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.IRO),
)


@pytest.mark.slow
@pytest.mark.req("PRIV-03", "PRIV-07", "VOICE-15")
@pytest.mark.parametrize("role", ASKED)
def test_nothing_of_them_stands_on_any_other_page(noted: World, role: Role) -> None:
    """Plan and versions, meetings with their agendas and minutes, timeline, search, work, audit: every page that needs no more than the child."""
    version = final(noted.own)
    client, visited = noted.client(role), 0
    addresses = {
        (name, reverse(name, kwargs={"child": noted.own.child.pk} if of_a_child else None))
        for name, of_a_child in _routes(get_resolver().url_patterns)
    }
    addresses |= {("search", f"/children/?q={word}") for word in WORD.values()}
    addresses.add(("child_plan_version", url(noted, "child_plan_version", version.pk)))
    for name, address in sorted(addresses):
        answer = client.get(address)
        if answer.status_code != 200:
            continue
        visited += 1
        page = body(answer).replace(f'value="{WORD[NoContactPerson]}"', "") if name == "search" else body(answer)
        for model, word in WORD.items():
            found = word in page and not (name == "search" and word in address)
            assert not found or (name in PLACES[model] and role in READ.get(model, {Role.CHILD, Role.SOCIAL_WORKER})), (name, word)
    assert visited > 3


@pytest.mark.req("PRIV-07")
def test_the_plans_frozen_words_and_the_api_hold_none_of_them(noted: World) -> None:
    version = final(noted.own)
    caller, child = Caller(noted.own), noted.own.child.pk
    told = [str(version.content)]
    for path in (f"children/{child}/", f"children/{child}/pep/", f"children/{child}/duties/", f"children/{child}/reviews/", "children/", "duties/"):
        answer = caller.get(path)
        assert answer.status_code == 200, path
        told.append(answer.content.decode())
    assert not [word for word in WORD.values() if word in "".join(told)]


# -- every look is written down ------------------------------------------------------------------------------------------


@pytest.mark.req("PRIV-05")
def test_every_look_at_people_to_be_kept_away_is_recorded_as_such(noted: World) -> None:
    for role in (Role.FOSTER_CARER, Role.HEADTEACHER):
        client, by = noted.client(role), noted.own.actor(role)
        overview = client.get(url(noted, "child"))
        assert WORD[NoContactPerson] not in body(overview)
        with serving(by):
            assert not Read.objects.filter(role=by.role, facets__contains=["no_contact"]).exists()
        client.get(url(noted, "child_no_contact"))
        client.get(url(noted, "child_no_contact"))
        with serving(by):
            looks = Read.objects.filter(role=by.role, door="child_no_contact")
            assert [(look.facets, look.children, look.role) for look in looks] == [(["no_contact"], [noted.own.child.pk], role)] * 2


def test_the_safety_page_is_recorded_with_what_it_showed(noted: World) -> None:
    for role, facets in ((Role.DESIGNATED_PERSON, ["referrals"]), (Role.CHILD_PROTECTION_LEAD, ["referrals", "safeguarding"])):
        noted.client(role).get(url(noted, "child_safety"))
        by = noted.own.actor(role)
        with serving(by):
            assert Read.objects.get(role=by.role, door="child_safety").facets == facets


def test_without_anybody_to_be_kept_away_there_is_no_warning(world: World) -> None:
    assert "kept away from this child" not in body(world.client(Role.HEADTEACHER).get(url(world, "child")))
    assert "Nobody has to be kept away" in body(world.client(Role.HEADTEACHER).get(url(world, "child_no_contact")))


# -- the acts ------------------------------------------------------------------------------------------------------------

NEW: dict[type[Any], tuple[str, dict[str, str]]] = {
    NoContactPerson: ("child_no_contact_add", {"name": "Somebody <b>", "limit": "none", "detail": "Ring 999", **day("starts_on")}),
    Risk: ("child_risk_add", {"text": "Something\nand more", **day("noted_on")}),
    Referral: ("child_referral_add", {"made_to": "Children's services", "about": "A worry", **day("made_on")}),
    Dispute: ("child_dispute_add", {"about": "money", "text": "Transport", **day("opened_on")}),
}
ENDED: dict[type[Any], tuple[str, dict[str, str]]] = {
    NoContactPerson: ("child_no_contact_end", day("ended_on")),
    Risk: ("child_risk_end", day("ended_on")),
    Referral: ("child_referral_outcome", {"outcome": "No further action", **day("outcome_on")}),
    Dispute: ("child_dispute_settle", {"outcome": "Agreed", **day("closed_on")}),
}


def count(at: Authority, model: type[Any]) -> int:
    with serving(at.actor(Role.SOCIAL_WORKER)):
        return int(model.objects.count())


@pytest.mark.parametrize("model", NEW)
def test_written_and_ended_by_those_who_may(world: World, model: type[Any]) -> None:
    route, data = NEW[model]
    for role in sorted(WRITE[model]):
        client, before = world.client(role), count(world.own, model)
        assert client.get(url(world, route)).status_code == 200
        answer = client.post(url(world, route), data)
        assert (answer.status_code, answer["Location"]) == (302, url(world, PAGE[model]))
        assert count(world.own, model) == before + 1
    page = client.get(url(world, PAGE[model]))
    assert "&lt;b&gt;" in page.content.decode() if model is NoContactPerson else "<b>" not in body(page)
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        row = model.objects.order_by("pk").first()
    route, data = ENDED[model]
    for role in (READ[model] - WRITE[model]) | {Role.CHILD, Role.PARENT}:
        answer = world.client(role).post(url(world, route, row.pk), data)
        assert answer.status_code == (403 if role in READ[model] else 404), role
    assert world.client(sorted(WRITE[model])[0], world.other).post(url(world, route, row.pk), data).status_code == 404
    assert client.get(url(world, route, row.pk)).status_code == 200
    assert client.post(url(world, route, row.pk), data).status_code == 302
    again = client.post(url(world, route, row.pk), data)
    assert again.status_code == 200
    assert "already" in body(again)


@pytest.mark.parametrize("model", NEW)
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_bad_input_is_named_kept_and_changes_nothing(world: World, model: type[Any], language: str) -> None:
    route, data = NEW[model]
    client = world.client(sorted(WRITE[model])[0])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for broken in (*({**data, key: ""} for key in data if key not in {"detail"}), {**data, **dict.fromkeys(data, "x" * 6000)}, {}):
        answer = client.post(url(world, route), broken)
        assert answer.status_code == 200
        assert ("Mae problem" if language == "cy" else "There is a problem") in body(answer)
        for key, value in broken.items():
            assert not value or value[:50] in body(answer) or key in {"limit", "about"}
    assert count(world.own, model) == 0


def test_a_change_shows_what_stands_and_a_strangers_row_is_not_found(noted: World) -> None:
    client = noted.client(Role.SOCIAL_WORKER)
    own, other = only(noted.own, NoContactPerson), only(noted.other, NoContactPerson)
    page = client.get(url(noted, "child_no_contact_change", own.pk))
    assert WORD[NoContactPerson] in body(page)
    assert client.post(url(noted, "child_no_contact_change", own.pk), {"name": "Rhywun", "limit": "indirect", **day("starts_on")}).status_code == 302
    assert only(noted.own, NoContactPerson).name == "Rhywun"
    for route, model in (("child_no_contact_change", NoContactPerson), ("child_risk_end", Risk), ("child_dispute_settle", Dispute)):
        row = other if model is NoContactPerson else only(noted.other, model)
        assert client.get(url(noted, route, row.pk)).status_code == 404
        assert client.post(url(noted, route, row.pk), {}).status_code == 404


# -- what the child said, for adults -------------------------------------------------------------------------------------


def say(client: Client, world: World, **other: Any) -> Any:
    data = {"text": "Dwi'n licio celf", "language": "cy", **day("said_on")} | other
    return client.post(url(world, "child_said_add"), data)


@pytest.mark.req("VOICE-15")
def test_who_takes_it_down_asks_the_child_and_reads_it_only_if_named(world: World) -> None:
    carer, worker = world.client(Role.FOSTER_CARER), world.client(Role.SOCIAL_WORKER)
    form = body(carer.get(url(world, "child_said_add")))
    assert "Ask the child" in form
    assert " checked" not in form.split('name="readers"', 1)[1].split("</form>")[0]
    answer = carer.post(url(world, "child_said_add"), {"text": "Dwi'n licio celf", "language": "cy", "readers": ["social_worker"], **day("said_on")})
    assert answer.status_code == 302
    assert "Dwi'n licio celf" not in body(carer.get(url(world, "child_said")))
    read = body(worker.get(url(world, "child_said")))
    assert 'lang="cy"' in read
    assert "Dwi'n licio celf" in read
    assert "Foster carer" in read  # the role of who wrote it down
    assert world.own.user(Role.FOSTER_CARER).name not in read
    with serving(world.own.actor(Role.CHILD)):
        assert Statement.objects.get().text == "Dwi'n licio celf"


@pytest.mark.req("ADV-04")
def test_an_advocates_statement_says_so(world: World) -> None:
    advocate = world.client(Role.ADVOCATE)
    assert "By the advocate, for the child" in body(advocate.get(url(world, "child_said_add")))
    assert say(advocate, world, kind="advocate", readers=["iro", "advocate"]).status_code == 302
    assert "by the advocate, for the child" in body(world.client(Role.IRO).get(url(world, "child_said")))
    assert "Dwi'n licio celf" in body(advocate.get(url(world, "child_said")))
    assert "Dwi'n licio celf" not in body(world.client(Role.LACE_COORDINATOR).get(url(world, "child_said")))


def test_a_statement_that_cannot_be_is_refused_and_kept(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    for other in (
        {"text": " "},
        {"language": "fr"},
        {"readers": ["governor"]},
        {"readers": ["child"]},
        {"said_on_year": "3000"},
        {"text": "x" * 5001},
    ):
        answer = say(client, world, **other)
        assert answer.status_code == 200
        assert "There is a problem" in body(answer)
    with serving(world.own.actor(Role.CHILD)):
        assert not Statement.objects.exists()
    assert say(world.client(Role.HEADTEACHER), world).status_code == 404
    assert say(world.client(Role.LACE_COORDINATOR), world).status_code == 403
    assert say(world.client(Role.SOCIAL_WORKER, world.other), world).status_code == 404


@pytest.mark.parametrize("route", [*dict.fromkeys(PAGE.values()), "child_said"])
def test_the_pages_speak_welsh(noted: World, route: str) -> None:
    client = noted.client(Role.SOCIAL_WORKER)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get(url(noted, route)))
    assert 'lang="cy"' in page
    for english in ("Keep away", "Safety", "Disagreements", "Recorded by", "Record a", "Add a person", "Own words", "What is allowed"):
        assert f">{english}" not in page
