"""Governors challenge what a report shows of the school's plans, and the school replies; neither names a child."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.notifications.models import Notification
from reporting.models import ReportChallenge, TermlyReport
from reporting.services import raise_challenge, reply_to_challenge
from tests.peps.plans import text
from tests.peps.test_pages import field
from tests.reporting.test_reports import acting, prepared, published
from tests.world import Authority, World

pytestmark = pytest.mark.django_db
QUESTION = "Why are plans still late, as in spring?"


def challenged(authority: Authority, report: TermlyReport, role: Role = Role.LINK_GOVERNOR, **other: Any) -> ReportChallenge:
    with acting(authority, role) as by:
        return raise_challenge(by=by, report=report, **{"text": QUESTION, "language": "en-gb"} | other)


def answered(authority: Authority, row: ReportChallenge, role: Role = Role.DESIGNATED_PERSON, **other: Any) -> ReportChallenge:
    with acting(authority, role) as by:
        return reply_to_challenge(by=by, challenge=row, **{"text": "Mae amser wedi'i neilltuo", "language": "cy"} | other)


def told(authority: Authority, kind: str, *roles: Role) -> set[Role]:
    found = set()
    for role in roles:
        with acting(authority, role) as by:
            if Notification.objects.visible_to(by).filter(kind=kind).exists():
                found.add(role)
    return found


@pytest.mark.req("PEP-31")
def test_a_governor_asks_and_the_school_replies(world: World) -> None:
    row = challenged(world.own, published(world.own))
    assert row.reply_due_on == row.raised_on + timedelta(days=14)
    school = (Role.HEADTEACHER, Role.DESIGNATED_PERSON)
    assert told(world.own, "report_challenged", *school, Role.TEACHER) == set(school)
    row = answered(world.own, row)
    assert told(world.own, "report_challenge_replied", Role.LINK_GOVERNOR, Role.GOVERNOR) == {Role.LINK_GOVERNOR}
    with pytest.raises(Refused):
        answered(world.own, row)
    for change in ({"text": "No"}, {"reply": "No"}):
        with acting(world.own, Role.HEADTEACHER), pytest.raises(DatabaseError), transaction.atomic():
            ReportChallenge.objects.filter(pk=row.pk).update(**change)


@pytest.mark.req("PEP-31")
def test_a_reply_names_and_counts_no_child_and_a_question_tells_nobody_who_is_looked_after(world: World) -> None:
    child = world.own.child
    report = published(world.own)
    row = challenged(world.own, report, text=f"How is {child.preferred_name or child.given_names} {child.family_name} doing?")  # taken as any other
    for words in (f"{child.family_name} moved", "Two children have no plan", " ", "x" * 2001):
        with pytest.raises(BadInput) as refused:
            answered(world.own, row, text=words)
        assert set(refused.value.problems) == {"text"}
    assert answered(world.own, row).replied_on


@pytest.mark.req("PEP-31")
def test_who_may_ask_and_who_may_reply(world: World) -> None:
    report = published(world.own)
    for role in (Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR, Role.TEACHER):
        with pytest.raises(NotAllowed):
            challenged(world.own, report, role)
    for role in (Role.LINK_GOVERNOR, Role.GOVERNOR):
        with acting(world.other, role) as by, pytest.raises(NotAllowed):
            raise_challenge(by=by, report=report, text=QUESTION, language="cy")
    row = challenged(world.own, report, Role.GOVERNOR)
    for role in (Role.LINK_GOVERNOR, Role.LACE_COORDINATOR, Role.SOCIAL_WORKER):
        with pytest.raises(NotAllowed):
            answered(world.own, row, role)
    with acting(world.other, Role.DESIGNATED_PERSON) as by, pytest.raises(NotAllowed):
        reply_to_challenge(by=by, challenge=row, text="No", language="cy")
    for wrong in ({"text": " "}, {"text": "x" * 2001}, {"language": "fr"}):
        with pytest.raises(BadInput):
            challenged(world.own, report, Role.LINK_GOVERNOR, **wrong)


@pytest.mark.req("PEP-31")
def test_the_pages_in_turn(world: World) -> None:
    report = published(world.own)
    governor, school = world.client(Role.LINK_GOVERNOR), world.client(Role.HEADTEACHER)
    at, ask = reverse("report", args=[report.pk]), reverse("report_challenge", args=[report.pk])
    assert ask in text(governor.get(at))
    assert ask not in text(school.get(at))
    body = {"form_token": field(governor.get(ask), "form_token"), "text": QUESTION, "language": "en-gb"}
    assert "Write what you want to say" in text(governor.post(ask, body | {"text": " "}))
    assert governor.post(ask, body).headers["Location"] == at
    with acting(world.own, Role.HEADTEACHER):
        row = ReportChallenge.objects.get()
    reply = reverse("report_challenge_reply", args=[report.pk, row.pk])
    assert reply in text(school.get(at))
    assert f'<p class="govuk-body" lang="en">{QUESTION}</p>' in text(school.get(reply))  # in the language it was asked in
    said = {"form_token": field(school.get(reply), "form_token"), "text": "Time is set aside", "language": "en-gb"}
    page = text(school.post(reply, said | {"text": f"{world.own.child.family_name} waits"}))
    assert f"{world.own.child.family_name} waits" in page  # what was typed is kept
    assert school.post(reply, said).headers["Location"] == at
    assert school.get(reply).headers["Location"] == at
    assert "Time is set aside" in text(governor.get(at))
    governor.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    assert "Yr hyn y mae llywodraethwyr yn ei ofyn" in text(governor.get(at))
    for client in (world.client(Role.LINK_GOVERNOR, world.other), world.client(Role.DESIGNATED_PERSON, world.other)):
        assert client.get(at).status_code == 404
        assert client.get(reply).status_code in {403, 404}


def test_a_draft_cannot_be_challenged(world: World) -> None:
    draft = prepared(world.own)
    with pytest.raises(NotAllowed):
        challenged(world.own, draft)
    assert world.client(Role.LINK_GOVERNOR).get(reverse("report_challenge", args=[draft.pk])).status_code == 404
