"""The form of somebody without an account: it opens by its link alone, once, and tells nothing of the child's care (DP-20)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.core.actor import Actor
from lace.database.context import Context, use
from lace.notifications.delivery import deliver
from lace.notifications.kinds import write
from lace.notifications.models import Notification
from peps import services
from peps.models import Contribution, Pep
from peps.rules.contributions import token_for
from peps.services.contributions import ask_again, ask_by_email, withdraw
from peps.views import asked
from tests.peps.plans import acting, started, text, written
from tests.peps.test_contributions import letter
from tests.peps.test_pages import field
from tests.world import World

# Words that tell what a teacher need not know; the plan's are in test_contributions.
TELLING = re.compile(
    r"looked.after|in care|\bcare\b|carer|foster|placement|\bplan\b|social|\bLACE?\b|authority|council|education plan|"
    r"gofal|maeth|lleoliad|\bcynllun|cymdeithasol|awdurdod|cyngor",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def sent(world: World, pep: Pep | None = None, **other: Any) -> Contribution:
    pep = pep or started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return ask_by_email(by=by, pep=pep, facts=letter(by, **other))


def address(row: Contribution) -> str:
    return f"/words/{token_for(row.pk, row.sent)}/"


def stored(world: World, row: Contribution) -> Contribution:
    with acting(world.own, Role.DESIGNATED_PERSON):
        return Contribution.objects.get(pk=row.pk)


def body(page: Any, **answers: str) -> dict[str, str]:
    return {name: field(page, name) for name in ("version", "sitting")} | {"language": "en-gb"} | answers


@pytest.mark.req("DP-20", "PEP-10")
def test_a_teacher_gives_a_few_words_by_the_link(world: World) -> None:
    row = sent(world)
    page = Client().get(address(row))
    assert page.status_code == 200
    assert "A few words about Al" in text(page)
    assert "Mathematics" in text(page)
    done = Client().post(address(row), body(page, well="Quick at fractions", help="", now="B, works hard"))
    assert (done.status_code, done["Location"]) == (302, "/words/thanks/")
    assert "Thank you" in text(Client().get("/words/thanks/"))
    said = stored(world, row)
    assert said.answers == {"well": "Quick at fractions", "help": "", "now": "B, works hard"}
    assert (said.state.value, said.given_as, said.given_by_id) == ("given", "teacher", said.person_id)
    read = text(world.client(Role.DESIGNATED_PERSON).get(f"/children/{world.own.child.pk}/plan/read/"))
    assert "Quick at fractions" in read
    assert "Lloyd" not in read


@pytest.mark.req("DP-20")
def test_nothing_to_add_is_an_answer(world: World) -> None:
    row = sent(world)
    page = Client().get(address(row))
    assert Client().post(address(row), body(page, nothing="1")).status_code == 302
    assert stored(world, row).state.value == "declined"


@pytest.mark.req("DP-20")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_neither_the_letter_nor_the_form_tells_of_care(world: World, language: str) -> None:
    pep = written(world.own)
    row = sent(world, pep, language=language)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.write_section(by=by, pep=pep, key="history", answers={"needs": "Secret"}, language="en-gb", version=1)
        child = world.own.child
        names = [child.family_name, str(child.pk), child.upn, child.reference, world.own.user(Role.SOCIAL_WORKER).name, world.own.row.name_en]
    mail.outbox.clear()
    deliver(by=Actor.named_job("delivery", today=timezone.localdate()))
    (message,) = [message for message in mail.outbox if "m.lloyd@school.example" in str(message.to)]
    page = Client().get(address(row))
    gone = Client().get("/words/nothing/")
    thanks = Client().get("/words/thanks/")
    shown = re.sub(r"<link [^>]*>|<script[^>]*></script>", "", "\n".join(text(answer) for answer in (page, gone, thanks)))
    letter_said = re.sub(r"https?://\S+", "", f"{message.subject}\n{message.body}")
    for said in (shown, letter_said):
        assert not TELLING.findall(said), TELLING.findall(said)
        assert not [name for name in [*names, "Secret", "Swimming", "Mr Rees"] if name and name in said]
    assert address(row) in message.body
    assert not TELLING.findall(address(row).split("/")[1])
    assert child.initials in message.subject


@pytest.mark.req("DP-20")
def test_a_used_an_expired_a_withdrawn_and_an_invented_link_answer_alike(world: World) -> None:
    pep = written(world.own)
    used, late, withdrawn, renewed = (sent(world, pep, email=f"t{number}@school.example", subject=f"S{number}") for number in range(4))
    page = Client().get(address(used))
    Client().post(address(used), body(page, well="Yes"))
    old = address(renewed)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        Contribution.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        withdraw(by=by, pep=pep, contribution=withdrawn.pk)
        ask_again(by=by, pep=pep, contribution=renewed.pk, due_on=by.today)
        lapsed = ask_by_email(by=by, pep=pep, facts=letter(by, subject="History"))
        services.finalise(by=by, pep=pep, on=by.today)
    links = [address(used), address(late), address(withdrawn), old, address(lapsed), "/words/invented/", f"/words/{token_for(used.pk, 99)}/"]
    answers = [Client().get(link) for link in links] + [Client().post(link, body(page, well="Mine")) for link in links[1:]]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert stored(world, late).state.value == "withdrawn"  # with the plan made final
    assert stored(world, used).answers == {"well": "Yes", "help": "", "now": ""}


def test_a_double_click_answers_once_and_says_thank_you(world: World) -> None:
    row = sent(world)
    page = Client().get(address(row))
    first = Client().post(address(row), body(page, well="Once"))
    second = Client().post(address(row), body(page, well="Twice"))
    assert first.status_code == second.status_code == 302
    assert stored(world, row).answers["well"] == "Once"
    assert stored(world, row).version == 2


def test_what_was_typed_is_kept_when_it_cannot_be_taken(world: World) -> None:
    row = sent(world)
    page = Client().get(address(row))
    for answers, sentence in (
        ({"well": " ", "help": ""}, "Answer at least one question"),
        ({"well": "x" * 2001, "help": "Kept as typed"}, "Shorten this"),
    ):
        answer = Client().post(address(row), body(page, **answers))
        assert answer.status_code == 200
        assert sentence in text(answer)
    assert "Kept as typed" in text(answer)
    assert stored(world, row).state.value == "awaited"


@pytest.mark.req("PRIV-14")
def test_the_page_keeps_its_address_to_itself(world: World) -> None:
    row = sent(world)
    page = Client().get(address(row))
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert 'name="referrer" content="no-referrer"' in page.content.decode()
    assert not page.cookies
    outward = [link for link in re.findall(r'<a [^>]*href="([^"]+)"', page.content.decode()) if not link.startswith(("?", "#"))]
    assert outward == []


def test_it_speaks_the_language_of_the_letter_and_the_other_on_demand(world: World) -> None:
    row = sent(world, language="cy")
    assert 'lang="cy"' in Client().get(address(row)).content.decode()[:200]
    english = Client().get(f"{address(row)}?language=en-gb")
    assert "A few words about Al" in text(english)
    assert f'action="{address(row)}?language=en-gb"' in english.content.decode()
    kept = Client().post(f"{address(row)}?language=en-gb", body(english, well=" "))
    assert "Answer at least one question" in text(kept)


def test_one_link_and_one_place_knock_so_often_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "OPENINGS", 3)
    monkeypatch.setattr(asked, "MISSES", 2)
    row = sent(world)
    for _time in range(3):
        assert Client().get(address(row)).status_code == 200
    assert Client().get(address(row)).status_code == 429
    cache.clear()
    for _time in range(2):
        assert Client().get("/words/guess/").status_code == 404
    assert Client().get("/words/guess/").status_code == 429
    assert Client().get(address(row)).status_code == 429


def test_the_link_reaches_its_one_row_and_writes_no_other(world: World) -> None:
    pep = started(world.own)
    one, two = sent(world, pep), sent(world, pep, email="other@school.example")
    with use(Context(link=one.token_sha256, today=timezone.localdate())):
        assert [row.pk for row in Contribution.objects.all()] == [one.pk]
        assert not Pep.objects.exists()
        assert Contribution.objects.filter(pk=two.pk).update(name="x") == 0
    with use(Context(link="", today=timezone.localdate())):
        assert not Contribution.objects.exists()


def test_the_asked_person_gets_no_role_and_an_account_stays_as_it_is(world: World) -> None:
    known = world.own.user(Role.TEACHER)
    before = (known.name, known.password)
    row = sent(world, email=known.email)
    other = sent(world, Pep.objects.model(pk=row.pep_id, child=world.own.child), email="New.Person@School.example", subject="Art")
    assert row.person_id == known.pk
    known.refresh_from_db()
    assert (known.name, known.password) == before
    made = User.objects.get(email="new.person@school.example")
    assert other.person_id == made.pk
    assert not made.has_usable_password()
    assert not Membership.objects.filter(user=made).exists()
    with acting(world.own, Role.TEACHER) as by:
        assert not Notification.objects.visible_to(by).filter(channel="inbox", kind="asked").exists()


def test_somebody_suspended_is_not_written_to_and_nothing_is_left_behind(world: World) -> None:
    user = world.own.user(Role.TEACHER)
    user.is_active = False
    user.save()
    pep = started(world.own)
    client = world.client(Role.DESIGNATED_PERSON)
    at = f"/children/{world.own.child.pk}/plan/contributions/e-mail/"
    day = timezone.localdate() + timedelta(days=5)
    typed = {"role": "teacher", "subject": "Art", "name": "A", "email": user.email, "pupil": "Al", "language": "en-gb"}
    dated = {"due_on_day": str(day.day), "due_on_month": str(day.month), "due_on_year": str(day.year)}
    answer = client.post(at, typed | dated | {"form_token": field(client.get(at), "form_token")})
    assert "Lace cannot write to this address" in text(answer)
    assert user.email in text(answer)
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert not Contribution.objects.filter(pep=pep).exists()


def test_the_letter_without_a_school_says_so_in_words(world: World) -> None:
    facts = {"asked": "x", "number": 1, "school": "", "due_on": "2027-03-01", "expires_on": "2027-03-02"}
    assert write("asked", facts, language="en-gb", initials="A.B.").body.startswith("The school asks you")
