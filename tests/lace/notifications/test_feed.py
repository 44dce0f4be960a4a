"""The calendar under a secret address: how many duties, on which day, for the person alone, and for nobody once revoked."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from lace.accounts.access import Role
from lace.accounts.models import Membership, User
from lace.accounts.services import suspend
from lace.audit.models import Read
from lace.deadlines.models import Duty
from lace.notifications.models import Feed
from lace.notifications.services import close_feed, open_feed
from lace.web.middleware import serving
from tests.conftest import owner_connection
from tests.world import Authority, World


def address_of(authority: Authority, role: Role) -> str:
    by = authority.actor(role)
    with serving(by):
        return reverse("feed", args=[open_feed(by=by)])


def read(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers)


def days(answer: Any) -> dict[date, str]:
    assert answer.status_code == 200
    events: Any = Calendar.from_ical(answer.content).walk("VEVENT")
    return {event["dtstart"].dt: str(event["summary"]) for event in events}


def duties(authority: Authority, role: Role) -> dict[date, int]:
    """What the role answers for of the authority's one child, counted past the application."""
    found: dict[date, int] = {}
    with serving(authority.actor(Role.LACE_COORDINATOR)):
        for duty in Duty.objects.filter(child=authority.child, role=role, closed_on__isnull=True):
            found[duty.due_on] = found.get(duty.due_on, 0) + 1
    return found


@pytest.mark.req("REV-18", "PRIV-14")
@pytest.mark.parametrize("role", [Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.IRO])
def test_it_counts_the_duties_that_are_the_persons(world: World, role: Role) -> None:
    answer = read(address_of(world.own, role))
    expected = duties(world.own, role)
    assert expected, "the world has duties of this role"
    words = {1: "Lace: 1 duty due"}
    assert days(answer) == {day: words.get(number, f"Lace: {number} duties due") for day, number in expected.items()}
    text = answer.content.decode()
    child = world.own.child
    told = (child.given_names, child.family_name, child.initials, str(child.pk), child.reference, world.own.school.organisation.name_en)
    assert not any(word in text for word in told)
    assert answer["Content-Type"].startswith("text/calendar")
    assert answer["Cache-Control"] == "private, no-cache"


def test_it_is_a_calendar_by_the_book(world: World) -> None:
    text = read(address_of(world.own, Role.SOCIAL_WORKER)).content
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert b"\n" not in text.replace(b"\r\n", b"")
    event: Any = next(iter(Calendar.from_ical(text).walk("VEVENT")))
    assert (event["dtend"].dt - event["dtstart"].dt).days == 1
    assert {"UID", "DTSTAMP", "SUMMARY"} <= set(event)
    assert b"DTSTART;VALUE=DATE:" in text


def test_who_answers_for_nothing_has_an_empty_calendar(world: World) -> None:
    for role in (Role.GOVERNOR, Role.ADMINISTRATOR, Role.FOSTER_CARER):
        assert days(read(address_of(world.own, role))) == {}


def test_each_role_of_a_person_counts_once(world: World) -> None:
    worker = world.own.user(Role.SOCIAL_WORKER)
    since = timezone.localdate()
    school = world.own.school.organisation
    Membership.objects.create(user=worker, role=Role.DESIGNATED_PERSON, authority=world.own.row, organisation=school, starts_on=since)
    both = set(duties(world.own, Role.SOCIAL_WORKER)) | set(duties(world.own, Role.DESIGNATED_PERSON))
    assert set(days(read(address_of(world.own, Role.SOCIAL_WORKER)))) == both


def test_it_is_in_the_persons_language(world: World) -> None:
    User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(language="cy")
    path = address_of(world.own, Role.SOCIAL_WORKER)
    from django.utils import translation

    days(read(path, Accept_Language="en"))
    assert translation.get_language() == django_settings.LANGUAGE_CODE


def test_nothing_new_is_not_sent_again(world: World) -> None:
    path = address_of(world.own, Role.SOCIAL_WORKER)
    first = read(path)
    again = read(path, If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        Duty.objects.filter(role="social_worker", closed_on__isnull=True).update(due_on=timezone.localdate())
    assert read(path, If_None_Match=first["ETag"]).status_code == 200


@pytest.mark.req("PRIV-17")
def test_revoked_wrong_and_suspended_are_alike_not_found(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    renewed, revoked, suspended = address_of(world.own, Role.SOCIAL_WORKER), "", address_of(world.own, Role.DESIGNATED_PERSON)
    revoked = address_of(world.own, Role.SOCIAL_WORKER)
    assert read(renewed).status_code == 404, "a new address ends the old one"
    assert read(revoked).status_code == read(suspended).status_code == 200
    with serving(by):
        close_feed(by=by)
    administrator = world.own.actor(Role.ADMINISTRATOR)
    with serving(administrator):
        suspend(by=administrator, user=world.own.user(Role.DESIGNATED_PERSON))
    answers = [read(path) for path in (renewed, revoked, suspended, reverse("feed", args=["x" * 43]), reverse("feed", args=["é"]))]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub(rb'value="[^"]{20,}"|/calendar/[^"]+', b"", answer.content) for answer in answers}
    assert len(bodies) == 1


def test_a_role_that_ended_shows_nothing_more(world: World) -> None:
    path = address_of(world.own, Role.SOCIAL_WORKER)
    Membership.objects.filter(pk=world.own.members[Role.SOCIAL_WORKER].pk).update(ends_on=timezone.localdate())
    assert read(path).status_code == 404


@pytest.mark.req("PRIV-12")
def test_a_reading_is_recorded(world: World) -> None:
    read(address_of(world.own, Role.SOCIAL_WORKER))
    with owner_connection() as _owner, serving(world.own.actor(Role.ADMINISTRATOR)):
        (row,) = Read.objects.filter(door="feed")
    assert (row.user_id, row.act, row.children) == (world.own.user(Role.SOCIAL_WORKER).pk, "export", [])


@pytest.mark.usefixtures("world")
def test_guessing_is_slowed_down(world: World) -> None:
    cache.clear()
    good = address_of(world.own, Role.SOCIAL_WORKER)
    codes = [read(reverse("feed", args=[f"guess{number}"])).status_code for number in range(31)]
    assert codes == [404] * 30 + [429]
    assert read(good).status_code == 429, "the answer tells the guesser nothing"
    cache.clear()
    assert [read(good).status_code for _ in range(61)].count(200) == 60


def test_the_secret_is_kept_nowhere(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by), transaction.atomic():
        secret = open_feed(by=by)
        row = Feed.objects.visible_to(by).open().get()
    assert len(secret) == 43
    assert secret not in (row.secret_sha256, str(row.pk))
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        assert Feed.objects.count() == 0


def test_the_page_makes_shows_once_and_ends(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    page = client.get(reverse("message_choices")).content.decode()
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    shown = client.post(reverse("feed_new"), {"form_token": token[1]}).content.decode()
    found = re.search(r'value="(http[^"]+\.ics)"', shown)
    assert found
    path = found[1].removeprefix(django_settings.SITE_URL)
    assert read(path).status_code == 200
    twice = client.post(reverse("feed_new"), {"form_token": token[1]})
    assert (twice.status_code, twice["Location"]) == (302, reverse("message_choices")), "a double click does not end the first address"
    assert read(path).status_code == 200
    page = client.get(reverse("message_choices")).content.decode()
    assert path not in page
    assert "End the address" in page
    assert client.get(reverse("feed_new")).status_code == 405
    assert client.post(reverse("feed_end")).status_code == 302
    assert read(path).status_code == 404
