"""The school's policy for looked-after children: written, signed, adopted, monitored, and read by its own people only."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.utils import ProgrammingError
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.core.workdays import add_months
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.models import PolicyCheck, SchoolPolicy
from schools.rules import PolicyPart, missing_parts, next_policy_check
from schools.services import policy
from tests.world import Authority, World, make_school

TEXTS = {str(part): f"What we do about {part.value}." for part in PolicyPart}
PAGES = ("school_policy", "school_policy_write", "school_policy_sign", "school_policy_adopt", "school_policy_check")


def today() -> date:
    return timezone.localdate()


def url(name: str, authority: Authority) -> str:
    return reverse(name, kwargs={"number": authority.school.number})


def boxes(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def written(authority: Authority, texts: dict[str, str] | None = None, *, kept_at: str = "On the school's website") -> SchoolPolicy:
    by = authority.actor(Role.DESIGNATED_PERSON)
    with serving(by):
        state = policy.policy_of(by=by, school=authority.school)
        version = state.draft.version if state.draft else 0
        return policy.write_policy(by=by, school=authority.school, texts=TEXTS if texts is None else texts, kept_at=kept_at, version=version)


def signed(authority: Authority) -> SchoolPolicy:
    draft = written(authority)
    by = authority.actor(Role.HEADTEACHER)
    with serving(by):
        return policy.sign_policy(by=by, school=authority.school, version=draft.version)


def adopted(authority: Authority, *, on: date | None = None) -> SchoolPolicy:
    draft = signed(authority)
    by = authority.actor(Role.GOVERNOR)
    with serving(by):
        return policy.adopt_policy(
            by=by, school=authority.school, adopted_on=on or today(), review_on=today() + timedelta(days=365), version=draft.version
        )


def check(authority: Authority, *, on: date | None = None, by: Role = Role.GOVERNOR) -> PolicyCheck:
    actor = authority.actor(by)
    with serving(actor):
        return policy.record_policy_check(
            by=actor,
            school=authority.school,
            checked_on=on or today(),
            aspects=["practice"],
            looked_at="Part 6",
            found="Plans are done in time",
            action="Tell all staff",
        )


@pytest.mark.req("GOV-12")
def test_a_policy_is_written_signed_adopted_and_monitored_through_the_pages(world: World) -> None:
    writer, head, governor = (world.client(role) for role in (Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR))
    fields = {f"part_{part}": text for part, text in TEXTS.items()}
    assert writer.post(url("school_policy_write", world.own), fields | {"kept_at": "www.hill.example", "version": "0"}).status_code == 302
    assert "The headteacher has not signed it yet" in governor.get(url("school_policy", world.own)).content.decode()
    assert head.post(url("school_policy_sign", world.own), {"version": "1"}).status_code == 302
    when = boxes("adopted_on", today()) | boxes("review_on", today() + timedelta(days=365))
    assert governor.post(url("school_policy_adopt", world.own), when | {"version": "2"}).status_code == 302
    looked = boxes("checked_on", today()) | {
        "aspects": ["policy", "practice"],
        "looked_at": "Part 3",
        "found": "Catch-up works",
        "action": "Buy books",
    }
    assert governor.post(url("school_policy_check", world.own), looked).status_code == 302
    name = world.own.user(Role.GOVERNOR).name
    for role in (Role.GOVERNOR, Role.LINK_GOVERNOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR):
        body = world.client(role).get(url("school_policy", world.own)).content.decode()
        for words in ("www.hill.example", "What we do about 7.", "11 of 11 parts have text", "Catch-up works", "Buy books", name, "Part 3"):
            assert words in body, (role, words)
        assert "www.hill.example" in world.client(role).get(url("school", world.own)).content.decode()


@pytest.mark.req("GOV-12", "PRIV-13")
def test_a_governor_of_another_school_finds_nothing(world: World) -> None:
    adopted(world.own)
    check(world.own)
    neighbour = make_school(world.other.row)
    stranger = world.client(Role.GOVERNOR, world.other)
    for name in PAGES:
        answer = stranger.get(url(name, world.own))
        assert answer.status_code == 404
        assert "What we do about" not in answer.content.decode()
        assert stranger.get(reverse(name, kwargs={"number": neighbour.number})).status_code == 404
    by = world.other.actor(Role.GOVERNOR)
    with serving(by):
        assert not SchoolPolicy.objects.exists()
        assert not PolicyCheck.objects.exists()
        with pytest.raises(NotAllowed):
            policy.record_policy_check(by=by, school=world.own.school, checked_on=today(), aspects=["policy"], looked_at="x", found="y")


@pytest.mark.req("GOV-12")
def test_within_an_authority_a_policy_is_its_own_schools(world: World) -> None:
    """Row-level security goes by authority here; `visible_to` by school."""
    adopted(world.own)
    elsewhere = make_school(world.own.row)
    by = world.own.actor(Role.GOVERNOR)
    moved = Actor(**{name: getattr(by, name) for name in by.__dataclass_fields__} | {"organisation_id": elsewhere.pk})
    with serving(moved):
        assert SchoolPolicy.objects.exists()
        assert not SchoolPolicy.objects.visible_to(moved).exists()
        assert policy.policy_of(by=moved, school=world.own.school).shown is None


@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.IRO, Role.FOSTER_CARER, Role.CHILD, Role.ADMINISTRATOR, Role.ELECTED_MEMBER, Role.TEACHER])
def test_others_find_no_policy(world: World, role: Role) -> None:
    adopted(world.own)
    for name in PAGES:
        assert world.client(role).get(url(name, world.own)).status_code == 404


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("school_policy_write", {Role.DESIGNATED_PERSON, Role.HEADTEACHER}),
        ("school_policy_sign", {Role.HEADTEACHER}),
        ("school_policy_adopt", {Role.GOVERNOR, Role.LINK_GOVERNOR}),
        ("school_policy_check", {Role.GOVERNOR, Role.LINK_GOVERNOR}),
    ],
)
def test_each_act_is_some_peoples(world: World, name: str, may: set[Role]) -> None:
    for role in (Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR, Role.LINK_GOVERNOR, Role.LACE_COORDINATOR):
        for method in ("get", "post"):
            answer = getattr(world.client(role), method)(url(name, world.own))
            assert answer.status_code == (200 if role in may else 403), (role, method)


@pytest.mark.req("SCH-12")
def test_missing_parts_are_named_by_number_and_nothing_is_signed_or_adopted(world: World) -> None:
    draft = written(world.own, TEXTS | {"b": " ", "7": ""})
    assert draft.missing == missing_parts(draft.texts) == [PolicyPart.TRAINING, PolicyPart.EXCLUSION]
    answer = world.client(Role.HEADTEACHER).post(url("school_policy_sign", world.own), {"version": str(draft.version)})
    assert "These parts have no text yet: b, 7." in answer.content.decode()
    body = world.client(Role.GOVERNOR).get(url("school_policy", world.own)).content.decode()
    assert "9 of 11 parts have text" in body
    assert "Without text: b, 7." in body
    by = world.own.actor(Role.GOVERNOR)
    with serving(by):
        SchoolPolicy.objects.update(signed_on=today(), signed_by=world.own.user(Role.HEADTEACHER))
        with pytest.raises(Refused):
            policy.adopt_policy(by=by, school=world.own.school, adopted_on=today(), review_on=today() + timedelta(days=1), version=draft.version)
        assert SchoolPolicy.objects.get().adopted_on is None
    without_place = written(world.own, kept_at="")
    answer = world.client(Role.HEADTEACHER).post(url("school_policy_sign", world.own), {"version": str(without_place.version)})
    assert "Say first where the whole policy is kept" in answer.content.decode()


def test_governing_body_and_headteacher_own_it_together(world: World) -> None:
    draft = written(world.own)
    when = boxes("adopted_on", today()) | boxes("review_on", today() + timedelta(days=300))
    refused = world.client(Role.GOVERNOR).post(url("school_policy_adopt", world.own), when | {"version": str(draft.version)})
    assert "The headteacher has not signed this version yet" in refused.content.decode()
    sealed = signed(world.own)
    assert sealed.signed_on == today()
    changed = written(world.own, TEXTS | {"3": "Otherwise"})
    assert changed.signed_on is None  # what was signed is not what stands
    assert signed(world.own).number == 1


def test_an_adopted_version_stays_and_the_next_begins_with_it(world: World) -> None:
    first = adopted(world.own)
    client = world.client(Role.HEADTEACHER)
    body = client.get(url("school_policy_write", world.own)).content.decode()
    assert "What we do about 4." in body
    fields = {f"part_{part}": text for part, text in TEXTS.items()} | {"part_4": "More clubs", "kept_at": "Office", "version": "0"}
    assert client.post(url("school_policy_write", world.own), fields).status_code == 302
    with serving(world.own.actor(Role.HEADTEACHER)):
        assert [row.number for row in SchoolPolicy.objects.order_by("number")] == [1, 2]
        assert SchoolPolicy.objects.get(pk=first.pk).texts["4"] == "What we do about 4."
    assert "More clubs" not in world.client(Role.LACE_COORDINATOR).get(url("school_policy", world.own)).content.decode()  # a draft is the school's
    assert "More clubs" in world.client(Role.GOVERNOR).get(url("school_policy", world.own)).content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"adopted_on": 1}, "must be today or in the past"),
        ({"adopted_on": -1}, "The headteacher signed this version on"),
        ({"review_on": 0}, "The review must be after the day the policy was adopted"),
    ],
)
def test_bad_days_of_an_adoption_are_refused(world: World, sent: dict[str, int], sentence: str) -> None:
    draft = signed(world.own)
    days = {"adopted_on": 0, "review_on": 400} | sent
    typed: dict[str, str] = {"version": str(draft.version)}
    for name, offset in days.items():
        typed |= boxes(name, today() + timedelta(days=offset))
    assert sentence in world.client(Role.GOVERNOR).post(url("school_policy_adopt", world.own), typed).content.decode()
    with serving(world.own.actor(Role.GOVERNOR)):
        assert SchoolPolicy.objects.get().adopted_on is None


def test_two_at_once_the_second_is_told_and_keeps_what_was_typed(world: World) -> None:
    written(world.own)
    sent = {"part_1": "Mine", "version": "0"}
    answer = world.client(Role.HEADTEACHER).post(url("school_policy_write", world.own), sent)
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "Mine" in body
    assert 'name="version" value="1"' in body


@pytest.mark.req("SCH-13")
def test_a_check_that_is_overdue_is_flagged_at_the_authoritys_interval(world: World) -> None:
    adopted(world.own)
    long_ago = add_months(today(), -13)
    with serving(world.own.actor(Role.GOVERNOR)):
        SchoolPolicy.objects.update(adopted_on=long_ago, signed_on=long_ago)
    page = url("school", world.own)
    readers = [world.client(role) for role in (Role.GOVERNOR, Role.HEADTEACHER, Role.LACE_COORDINATOR)]
    assert all("Overdue" in reader.get(page).content.decode().split('id="policy"')[1].split('id="register"')[0] for reader in readers)
    check(world.own)
    assert all("Overdue" not in reader.get(page).content.decode().split('id="policy"')[1].split('id="register"')[0] for reader in readers)
    assert next_policy_check(date(2026, 1, 31), None, months=12) == date(2027, 1, 31)
    assert next_policy_check(date(2026, 1, 31), date(2026, 3, 1), months=6) == date(2026, 9, 1)


@pytest.mark.req("SCH-13")
def test_a_check_says_what_was_looked_at_and_found_and_stays(world: World) -> None:
    client = world.client(Role.GOVERNOR)
    empty = client.post(url("school_policy_check", world.own), boxes("checked_on", today() + timedelta(days=2)) | {"looked_at": "Part 1"})
    body = empty.content.decode()
    assert "Say what was looked at" in body
    assert "Say what was found" in body
    assert "Part 1" in body
    by = world.own.actor(Role.GOVERNOR)
    with serving(by), pytest.raises(Refused):
        check(world.own)
    adopted(world.own)
    with serving(by), pytest.raises(BadInput):
        policy.record_policy_check(by=by, school=world.own.school, checked_on=today() + timedelta(days=1), aspects=[], looked_at="", found=" ")
    row = check(world.own)
    with serving(by), pytest.raises(ProgrammingError, match="permission denied"):
        PolicyCheck.objects.filter(pk=row.pk).update(found="Something else")


def test_governors_are_told_of_a_signature_and_coordinators_of_an_adoption(world: World) -> None:
    adopted(world.own)
    with serving(Actor.named_job("test", today=today())):
        told = set(Notification.objects.filter(kind__startswith="policy_").values_list("kind", "recipient_id"))
    own = world.own
    governors = {("policy_signed", own.user(role).pk) for role in (Role.GOVERNOR, Role.LINK_GOVERNOR)}
    assert told == governors | {("policy_adopted", own.user(Role.LACE_COORDINATOR).pk)}


def test_the_policy_speaks_welsh(world: World) -> None:
    adopted(world.own)
    client = world.client(Role.GOVERNOR)
    client.cookies["language"] = "cy"
    body = client.get(url("school_policy", world.own)).content.decode()
    assert "Polisi" in body
    assert "Checks by governors" not in body
    assert 'lang="en"' in body  # what was written in English stays English
