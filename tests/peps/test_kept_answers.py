"""The child decides, answer by answer, who reads the child's page: in the draft, in every version, in every format (VOICE-15)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lace.accounts.access import Role
from lace.children.rules import READERS
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import AnswerReaders, Pep, Reply, Section, Target, Version
from peps.rules.checks import remarks
from peps.rules.readers import QUESTIONS, content_without, for_fewer, kept_from, readable, with_kept
from peps.rules.replies import fingerprint
from peps.rules.sections import SECTIONS
from peps.services.exchange import export_plan
from peps.services.readers import choose_answer_readers
from peps.services.replies import answer_wish
from reporting.queries.wishes import asked
from tests.peps.plans import ANSWERS, acting, amended, events_of, plan, text, typed, written
from tests.peps.test_exchange import exported, for_other, taken_over
from tests.peps.test_printing import of_version, read
from tests.world import World

KEPT = "Zwalu wrth y bont"  # nowhere but in the kept answer
REPLY = "Zwcar yn y te"  # and nowhere but in the reply to it
LET = Role.IRO
NOT_LET = sorted(set(READERS) - {LET})


def keeps(world: World, question: str = "adults", readers: tuple[str, ...] | None = (LET,)) -> AnswerReaders:
    with acting(world.own, Role.CHILD) as by:
        return choose_answer_readers(by=by, child=world.own.child, question=question, readers=readers)


def page(world: World) -> Section:
    with acting(world.own, Role.CHILD):
        return Section.objects.get(child=world.own.child, key="my_page")


def writes(world: World, role: Role, pep: Pep, sitting: Any = None, version: int | None = None, **words: str) -> Section:
    held = page(world)
    answers = {key: answer for key, answer in held.answers.items() if role == Role.CHILD or key != "adults"} | words
    with acting(world.own, role) as by:
        return services.write_section(
            by=by, pep=pep, key="my_page", answers=answers, language="cy", version=held.version if version is None else version, sitting=sitting
        )


def said(world: World) -> Pep:
    """A plan in which the child says something to adults, which an adult has replied to."""
    pep = written(world.own)
    writes(world, Role.CHILD, pep, adults=KEPT)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        facts = {"outcome": "used", "answer": REPLY, "language": "cy"}
        answer_wish(by=by, pep=pep, question="adults", of=fingerprint(KEPT), facts=facts)
    return pep


def made_final(world: World, pep: Pep) -> Version:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today)


# -- the rule ------------------------------------------------------------------------------------------------------------

_ANSWERS = st.dictionaries(st.sampled_from([*QUESTIONS, "how", "helper", "adult_note"]), st.text(min_size=1, max_size=5))
_CHOICES = st.dictionaries(st.sampled_from(QUESTIONS), st.none() | st.frozensets(st.sampled_from(sorted(map(str, READERS)))))


@pytest.mark.req("VOICE-15")
@settings(suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(role=st.sampled_from(Role.values), choices=_CHOICES, answers=_ANSWERS, sent=_ANSWERS)
def test_every_role_reads_what_the_child_lets_it_and_writes_nothing_else(role: str, choices: Any, answers: Any, sent: Any) -> None:
    kept = kept_from(role, choices)
    left = readable(answers, kept)
    for question, answer in answers.items():
        theirs = question not in QUESTIONS  # whose words they are, who helped
        open_to_all = choices.get(question) is None
        may = role == Role.CHILD or theirs or (role in READERS and (open_to_all or role in choices[question]))
        assert (left.get(question) == answer) == may
    assert kept <= set(QUESTIONS)
    stands = with_kept(sent, answers, kept)
    assert {question: stands.get(question) for question in kept} == {question: answers.get(question) for question in kept}
    assert readable(stands, kept) == readable(sent, kept)
    content: dict[str, Any] = {"sections": {"my_page": {"answers": answers}}, "replies": [{"question": question} for question in QUESTIONS]}
    given_away = content_without(content, for_fewer(choices))
    assert not {row["question"] for row in given_away["replies"]} & for_fewer(choices)
    assert not set(given_away["sections"]["my_page"]["answers"]) & for_fewer(choices)
    assert content["sections"]["my_page"]["answers"] == answers  # what was frozen stays


# -- the child's choice --------------------------------------------------------------------------------------------------


@pytest.mark.req("VOICE-15")
def test_the_child_alone_chooses_and_every_choice_is_in_the_trail(world: World) -> None:
    said(world)
    row = keeps(world)
    assert (row.readers, row.question) == ([LET], "adults")
    assert keeps(world).pk == row.pk  # sent twice
    assert keeps(world, readers=None).readers is None
    with acting(world.own, Role.CHILD):
        assert AnswerReaders.objects.count() == 1
        assert [event.readers for event in events_of(AnswerReaders).order_by("pgh_id")] == [[LET], None]
    for role in READERS:
        with acting(world.own, Role(role)) as by, pytest.raises(NotAllowed):
            choose_answer_readers(by=by, child=world.own.child, question="adults", readers=None)
    for question, readers in (("adult_note", ()), ("how", None), ("adults", (Role.HEADTEACHER,)), ("adults", (Role.CHILD,))):
        with pytest.raises(BadInput):
            keeps(world, question, readers)
    with acting(world.other, Role.CHILD) as by, pytest.raises(NotAllowed):
        choose_answer_readers(by=by, child=world.own.child, question="adults", readers=())


@pytest.mark.req("VOICE-15")
def test_the_child_chooses_on_their_page_beside_each_answer(world: World) -> None:
    said(world)
    child = world.client(Role.CHILD)
    at = reverse("own_answer_readers", args=["adults"])
    assert at in text(child.get(reverse("own")))
    form = plan(world, "section/my_page/")
    body = typed(child, form, like="Rygbi a nofio")
    assert text(child.get(form)).count('name="readers"') == len(QUESTIONS)
    answer = child.post(form, body | {"readers": "adults"})  # saves what was typed, then asks
    assert answer["Location"] == at
    assert page(world).answers["like"] == "Rygbi a nofio"
    shown = text(child.get(at))
    assert KEPT in shown
    assert "Everybody who reads my plan" in shown
    body = typed(child, at) | {"who": "chosen", "readers": LET}
    assert child.post(at, body)["Location"] == form
    assert "Only the people you chose can read this." in text(child.get(form))
    assert KEPT not in text(world.client(Role.SOCIAL_WORKER).get(plan(world, "read/")))
    child.post(at, {key: value for key, value in typed(child, at).items() if key != "readers"} | {"who": "chosen"})
    assert "Only you can read this." in text(child.get(reverse("own")))
    child.post(at, typed(child, at) | {"who": "everybody"})
    assert KEPT in text(world.client(Role.SOCIAL_WORKER).get(plan(world, "read/")))
    refused = text(child.post(at, {"form_token": typed(child, at)["form_token"]}))
    assert "Choose who can read this" in refused
    assert child.get(reverse("own_answer_readers", args=["how"])).status_code == 404
    assert {world.client(Role(role)).get(at).status_code for role in READERS} == {404}


# -- nobody else meets it ------------------------------------------------------------------------------------------------


def _patterns(found: list[URLPattern | URLResolver]) -> Iterator[tuple[str, URLPattern]]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, pattern


def _addresses(world: World, versions: list[Version]) -> Iterator[str]:
    """Every address of Lace that names the child, or nothing, with all that the record has for it."""
    with acting(world.own, LET):
        target = str(Target.objects.filter(child=world.own.child)[0].pk)
    names: dict[str, list[Any]] = {
        "child": [world.own.child.pk],
        "version": [version.pk for version in versions],
        "target": [target],
        "key": ["my_page"],
        "wish": ["adults"],
        "part": ["my_page"],
        "question": ["adults"],
    }
    for name, pattern in _patterns(get_resolver().url_patterns):
        parameters = set(pattern.pattern.converters) - {"language"}
        if name.startswith(("account", "mfa", "web:")) or not parameters <= set(names):
            continue
        sets: list[dict[str, Any]] = [{}]
        for parameter in parameters:
            sets = [given | {parameter: value} for given in sets for value in names[parameter]]
        for given_ in sets:
            with suppress(NoReverseMatch):  # of an address in a namespace; none of them is about a child
                yield reverse(name, kwargs={**pattern.default_args, **given_})


def _content(client: Client, address: str) -> str:
    response = client.get(address)
    if response.get("Content-Type", "").startswith("application/pdf"):
        return read(response)
    return text(response) if not response.streaming else ""


@pytest.mark.slow
@pytest.mark.req("VOICE-15", "VOICE-11", "PEP-12")
def test_no_address_tells_a_kept_answer_to_who_is_not_let(world: World) -> None:
    pep = said(world)
    versions = [made_final(world, pep)]
    amended(world.own, versions[0])
    writes(world, Role.CHILD, pep, like="Nofio", adults=f"{KEPT} nawr")
    compared = f"{reverse('child_plan_differences', args=[world.own.child.pk])}?older={versions[0].pk}&newer=draft"
    addresses = [*_addresses(world, versions), compared]
    assert len(addresses) > 60
    coordinator = world.client(Role.LACE_COORDINATOR)
    before = [address for address in addresses if KEPT in _content(coordinator, address)]
    assert len(before) >= 8, before  # the walk goes where the words are
    keeps(world)
    told = []
    for role in (*NOT_LET, Role.HEADTEACHER, Role.PEP_REVIEWER, Role.DESIGNATED_MANAGER):
        client = world.client(Role(role))
        for address in before:
            if role == Role.LACE_COORDINATOR or not address.endswith(".pdf"):  # a PDF says what its page says
                found = _content(client, address)
                told += [f"{role}: {address}"] if KEPT in found or REPLY in found else []
    assert not told, "\n".join(told)
    let = world.client(LET)
    for address in (plan(world, "read/"), plan(world, f"versions/{versions[0].pk}/")):
        assert KEPT in text(let.get(address))
        assert "Some answers here are for fewer people." in text(let.get(address))
    assert KEPT in read(let.get(plan(world, of_version(versions[0], "plan-cy.pdf"))))
    with acting(world.own, Role.SOCIAL_WORKER):
        assert all(version.is_intact() for version in Version.objects.visible_to(world.own.actor(Role.SOCIAL_WORKER)))
    assert KEPT in text(world.client(Role.CHILD).get(plan(world, "read/")))


@pytest.mark.req("VOICE-15")
@pytest.mark.parametrize("role", NOT_LET)
def test_each_page_of_the_plan_says_only_that_some_answers_are_for_fewer(world: World, role: str) -> None:
    pep = said(world)
    version = made_final(world, pep)
    keeps(world)
    client = world.client(Role(role))
    for address in (plan(world, "read/"), plan(world, f"versions/{version.pk}/")):
        shown = text(client.get(address))
        assert "Bod yn filfeddyg" in shown  # the rest stands
        assert "Some answers here are for fewer people." in shown
        assert KEPT not in shown
        assert REPLY not in shown
    keeps(world, readers=None)
    assert "fewer people" not in text(client.get(plan(world, "read/")))


@pytest.mark.req("VOICE-15")
def test_a_page_asks_the_database_no_more_for_it(world: World) -> None:
    pep = said(world)
    made_final(world, pep)
    client = world.client(Role.SOCIAL_WORKER)

    def statements() -> list[int]:
        counted = []
        for address in (plan(world), plan(world, "read/"), reverse("wishes")):
            client.get(address)
            with CaptureQueriesContext(connection) as caught:
                client.get(address)
            counted.append(len(caught))
        return counted

    before = statements()
    for question in QUESTIONS:
        keeps(world, question)
    assert statements() == before


# -- who writes it down --------------------------------------------------------------------------------------------------


@pytest.mark.req("VOICE-15", "VOICE-11")
def test_who_writes_the_page_down_leaves_a_kept_answer_as_it_is(world: World) -> None:
    pep = said(world)
    keeps(world)
    carer = world.client(Role.FOSTER_CARER)
    form = plan(world, "section/my_page/")
    shown = text(carer.get(form))
    assert "The child keeps this answer." in shown
    assert KEPT not in shown
    assert 'name="adults"' not in shown
    assert 'name="readers"' not in shown
    body = typed(carer, form, good_at="Coginio") | {"adults": "Written over"}
    assert carer.post(form, body).status_code == 302
    assert (page(world).answers["adults"], page(world).answers["good_at"]) == (KEPT, "Coginio")
    saved = carer.post(form, typed(carer, form, good_at="Pobi") | {"adults": ""}, headers={"HX-Request": "true"})
    assert "Saved at" in text(saved)
    assert KEPT not in text(saved)
    assert (page(world).answers["adults"], page(world).answers["good_at"]) == (KEPT, "Pobi")
    assert KEPT not in str(writes(world, Role.FOSTER_CARER, pep, adults="Over").answers)  # sent by another door
    assert page(world).answers["adults"] == KEPT


@pytest.mark.req("VOICE-15")
def test_the_merge_page_shows_and_loses_nothing_that_is_kept(world: World) -> None:
    pep = said(world)
    carer = world.client(Role.FOSTER_CARER)
    form = plan(world, "section/my_page/")
    mine = typed(carer, form, good_at="Coginio")  # while the answer was there to read
    keeps(world)
    writes(world, Role.CHILD, pep, good_at="Nofio", adults=f"{KEPT} eto")
    merge = carer.post(form, mine | {"adults": "Written over"})
    assert merge.status_code == 409
    assert "Nofio" in text(merge)
    assert KEPT not in text(merge)
    with acting(world.own, Role.FOSTER_CARER) as by:
        held = Section.objects.visible_to(by).get(pep=pep, key="my_page")
        assert KEPT not in str(services.answers_at(by=by, section=held, version=held.version - 1))
        assert held.kept == {"adults"}
        with pytest.raises(AssertionError):
            held.save()
    with pytest.raises(Changed) as changed:
        writes(world, Role.FOSTER_CARER, pep, sitting=uuid4(), version=1, good_at="Dim")
    assert isinstance(changed.value.current, Section)
    assert KEPT not in str(changed.value.current.answers)
    assert page(world).answers["adults"] == f"{KEPT} eto"


@pytest.mark.req("VOICE-15")
def test_before_anybody_has_written_there_a_kept_question_is_not_asked_of_an_adult(world: World) -> None:
    keeps(world)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        services.start_pep(by=by, child=world.own.child, on=by.today)
    carer = world.client(Role.FOSTER_CARER)
    form = plan(world, "section/my_page/")
    assert "The child keeps this answer." in text(carer.get(form))
    carer.post(form, typed(carer, form, like="Rygbi", how="said") | {"adults": "Mine"})
    assert "adults" not in page(world).answers


# -- what rests on the answers -------------------------------------------------------------------------------------------


@pytest.mark.req("VOICE-15", "PEP-15")
def test_a_plan_whose_only_words_are_kept_is_whole_and_no_check_tells_them(world: World) -> None:
    pep = said(world)
    with acting(world.own, Role.CHILD) as by:
        services.write_section(by=by, pep=pep, key="my_page", answers={"how": "own", "adults": KEPT}, language="cy", version=page(world).version)
    keeps(world)
    school = world.client(Role.DESIGNATED_PERSON)
    check = text(school.get(plan(world, "final/")))
    assert "Make the plan final" in check
    assert "fewer than" not in check  # how much the child says cannot be said of what is kept
    assert KEPT not in check
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        held = Section.objects.visible_to(by).get(pep=pep, key="my_page")
        assert held.answers == {"how": "own"}
        assert not SECTIONS["my_page"].missing(held.weighed)
        assert KEPT not in str(held.weighed)
    version = made_final(world, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert Version.objects.get(pk=version.pk).content["sections"]["my_page"]["answers"]["adults"] == KEPT  # frozen whole
        theirs = Version.objects.visible_to(by).get(pk=version.pk)
        assert KEPT not in str(theirs.content)
        assert REPLY not in str(theirs.content)
        assert theirs.is_intact()
        assert KEPT not in str([row.sentence for row in remarks(theirs.content, on=by.today)])
    keeps(world, readers=None)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert KEPT in str(Version.objects.visible_to(by).get(pk=version.pk).content)  # the choice holds for old versions both ways


@pytest.mark.req("VOICE-15", "VOICE-06")
def test_replies_follow_the_wish(world: World) -> None:
    pep = said(world)
    keeps(world, readers=(Role.SOCIAL_WORKER,))
    school, social = world.client(Role.DESIGNATED_PERSON), world.client(Role.SOCIAL_WORKER)
    assert KEPT in text(social.get(plan(world)))
    assert KEPT not in text(school.get(plan(world)))
    assert school.get(plan(world, "wishes/adults/")).status_code == 404
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert not Reply.objects.visible_to(by).filter(question="adults").exists()
        facts = {"outcome": "used", "answer": "Blind", "language": "cy"}
        with pytest.raises(Refused):
            answer_wish(by=by, pep=pep, question="adults", of=fingerprint(KEPT), facts=facts, version=1)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert [row.wish.question for row in asked(by)] == ["next"]
    assert REPLY in text(world.client(Role.CHILD).get(reverse("own")))


@pytest.mark.req("VOICE-15", "XLA-07")
@pytest.mark.parametrize("let", [(), (Role.LACE_COORDINATOR, Role.SOCIAL_WORKER)])
def test_a_file_for_another_authority_leaves_it_out_and_can_be_taken_over(world: World, let: tuple[str, ...]) -> None:
    pep = said(world)
    version = made_final(world, pep)
    amended(world.own, version)
    keeps(world, readers=let)
    found = exported(world, pep)
    assert KEPT not in str(found)
    assert REPLY not in str(found)
    assert ANSWERS["my_page"]["next"] in str(found)
    copy = taken_over(world, for_other(world, found))
    with acting(world.other, Role.LACE_COORDINATOR) as by:
        taken = Version.objects.get(pep=copy)
        assert taken.is_intact()
        assert taken.content["sections"]["my_page"]["kept"] == ["adults"]
        assert export_plan(by=by, pep=copy)["versions"][0]["sha256"] == taken.sha256
    shown = world.client(Role.IRO, world.other).get(f"/children/{world.other.child.pk}/plan/versions/{taken.pk}/")
    assert "Some answers here are for fewer people." in text(shown)
