"""A challenge to the plan: raised by who watches over it, answered by who writes it, and standing as it was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.notifications.models import Notification
from peps.models import Challenge, Pep
from peps.services.challenges import end_challenge, raise_challenge, reply_to
from tests.peps.plans import acting, started, text
from tests.peps.test_ends_pages import day
from tests.peps.test_pages import field
from tests.world import World

pytestmark = pytest.mark.django_db
CANARY = "Nothing came of the reading help promised in May"


def raised(world: World, pep: Pep, role: Role = Role.IRO, **other: Any) -> Challenge:
    with acting(world.own, role) as by:
        facts: dict[str, Any] = {"about": "delivery", "text": CANARY, "language": "en-gb", "reply_due_on": by.today + timedelta(days=14)}
        return raise_challenge(by=by, pep=pep, **facts | other)


def replied(world: World, row: Challenge, role: Role = Role.DESIGNATED_PERSON, **other: Any) -> Challenge:
    with acting(world.own, role) as by:
        return reply_to(by=by, challenge=row, **{"reply": "Mae'r wers yn dechrau ddydd Llun", "language": "cy"} | other)


def ended(world: World, row: Challenge, role: Role = Role.IRO, **other: Any) -> Challenge:
    with acting(world.own, role) as by:
        return end_challenge(by=by, challenge=row, **{"ending": "settled", "left_open": "", "language": "en-gb"} | other)


def told(world: World, kind: str) -> set[Role]:
    """Who has a message of this kind; each person sees their own only."""
    found = set()
    for role in (Role.IRO, Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER, Role.FOSTER_CARER):
        with acting(world.own, role) as by:
            if Notification.objects.visible_to(by).filter(kind=kind).exists():
                found.add(role)
    return found


@pytest.mark.req("PEP-31")
def test_a_challenge_opens_a_duty_that_its_reply_meets(world: World) -> None:
    pep = started(world.own)
    row = raised(world, pep)
    assert told(world, "pep_challenged") == {Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR}
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        duty = Duty.objects.get(child=world.own.child, code="challenge_answered")
        assert (duty.subject, duty.due_on, duty.closed_on, duty.role) == (row.pk, by.today + timedelta(days=14), None, "designated_person")
    other = raised(world, pep, Role.LACE_COORDINATOR, about="plan")
    row = replied(world, row)
    assert told(world, "pep_challenge_replied") == {Role.IRO}
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        open_ones = Duty.objects.open().filter(child=world.own.child, code="challenge_answered")
        assert [duty.subject for duty in open_ones] == [other.pk]  # that of the other challenge waits on
        assert Duty.objects.get(subject=row.pk).outcome == "on_time"
    ended(world, row)
    assert told(world, "pep_challenge_open") == set()
    with pytest.raises(Refused):
        ended(world, row)


@pytest.mark.req("PEP-31")
def test_what_a_reply_does_not_settle_is_passed_to_the_designated_manager(world: World) -> None:
    row = raised(world, started(world.own))
    with pytest.raises(Refused):  # there is no reply yet
        ended(world, row)
    row = replied(world, row)
    with pytest.raises(BadInput) as refused:
        ended(world, row, ending="not_settled")
    assert set(refused.value.problems) == {"left_open"}
    row = ended(world, row, Role.LACE_COORDINATOR, ending="not_settled", left_open="Who teaches on Mondays?")
    assert (row.standing, row.left_open) == ("not_settled", "Who teaches on Mondays?")
    assert told(world, "pep_challenge_open") == {Role.DESIGNATED_MANAGER}
    page = text(world.client(Role.DESIGNATED_MANAGER).get(reverse("child_plan_challenges", args=[world.own.child.pk])))
    assert "Who teaches on Mondays?" in page


@pytest.mark.req("PEP-31")
def test_who_may_do_what(world: World) -> None:
    pep = started(world.own)
    for role in (Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.FOSTER_CARER, Role.CHILD, Role.DESIGNATED_MANAGER):
        with pytest.raises(NotAllowed):
            raised(world, pep, role)
    with acting(world.other, Role.IRO) as by, pytest.raises(NotAllowed):
        raise_challenge(by=by, pep=pep, about="plan", text="x", language="cy", reply_due_on=by.today)
    row = raised(world, pep, Role.LACE_COORDINATOR)
    with pytest.raises(Refused):  # nobody answers themselves
        replied(world, row, Role.LACE_COORDINATOR)
    for role in (Role.IRO, Role.HEADTEACHER, Role.FOSTER_CARER, Role.DESIGNATED_MANAGER):
        with pytest.raises(NotAllowed):
            replied(world, row, role)
    row = replied(world, row, Role.SOCIAL_WORKER)
    with pytest.raises(Refused):
        replied(world, row)
    for role in (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER):
        with pytest.raises(NotAllowed):
            ended(world, row, role)


@pytest.mark.req("PEP-31")
def test_neither_the_challenge_nor_the_reply_can_be_changed_or_taken_away(world: World) -> None:
    row = replied(world, raised(world, started(world.own)))
    mine = Challenge.objects.filter(pk=row.pk)
    for change in ({"text": "Nothing"}, {"about": "plan"}, {"reply": "Nothing"}, {"reply_due_on": timezone.localdate()}, {"raised_as": "iro!"}):
        with acting(world.own, Role.IRO), pytest.raises(DatabaseError), transaction.atomic():
            mine.update(**change)
    with acting(world.own, Role.IRO), pytest.raises(DatabaseError), transaction.atomic():
        mine.delete()


def test_what_is_refused(world: World) -> None:
    pep = started(world.own)
    today = timezone.localdate()
    wrong: list[tuple[str, Any]] = [
        *(("text", words) for words in (" ", "x" * 2001, "a\0b")),
        ("about", "weather"),
        ("language", "fr"),
        *(("reply_due_on", on) for on in (None, today - timedelta(days=1), today + timedelta(days=57))),
    ]
    for name, value in wrong:
        with pytest.raises(BadInput) as refused:
            raised(world, pep, **{name: value})
        assert set(refused.value.problems) == {name}
    with acting(world.own, Role.IRO):
        assert not Challenge.objects.exists()
    row = raised(world, pep)
    for name, given in (("reply", {"reply": "\n"}), ("reply_language", {"language": ""})):
        with pytest.raises(BadInput) as refused:
            replied(world, row, Role.SOCIAL_WORKER, **given)
        assert set(refused.value.problems) == {name}


def test_a_closed_plan_is_challenged_no_longer_and_what_was_raised_is_still_answered(world: World) -> None:
    pep = started(world.own)
    row = raised(world, pep)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        Pep.objects.filter(pk=pep.pk).update(state="closed", closed_on=by.today)
    with pytest.raises(Refused):
        raised(world, pep)
    assert replied(world, row).replied_on


@pytest.mark.req("PEP-31")
def test_the_pages_in_turn(world: World) -> None:
    started(world.own)
    officer, school, child = world.client(Role.IRO), world.client(Role.DESIGNATED_PERSON), world.own.child.pk
    listed, form = reverse("child_plan_challenges", args=[child]), reverse("child_plan_challenge_raise", args=[child])
    assert listed in text(officer.get(reverse("child_plan", args=[child])))
    assert "Nobody has challenged this plan" in text(officer.get(listed))
    body = {"form_token": field(officer.get(form), "form_token"), "about": "delivery", "text": CANARY, "language": "en-gb"}
    page = text(officer.post(form, body | day("reply_due_on", timezone.localdate() - timedelta(days=1))))
    assert "today or later, within eight weeks" in page
    assert CANARY in page  # what was typed is kept
    assert officer.post(form, body | day("reply_due_on", timezone.localdate())).headers["Location"] == listed
    assert CANARY in text(school.get(listed))
    with acting(world.own, Role.IRO):
        row = Challenge.objects.get()
    reply, end = (reverse(f"child_plan_challenge_{name}", args=[child, row.pk]) for name in ("reply", "end"))
    assert reply in text(school.get(listed))
    assert CANARY in text(school.get(reply))
    assert officer.get(end).headers["Location"] == listed  # it has no reply yet
    said = {"form_token": field(school.get(reply), "form_token"), "reply": "It starts on Monday", "reply_language": "en-gb"}
    assert "Write a reply" in text(school.post(reply, said | {"reply": ""}))
    assert school.post(reply, said).headers["Location"] == listed
    assert school.get(reply).headers["Location"] == listed
    assert end in text(officer.get(listed))
    settled = {"form_token": field(officer.get(end), "form_token"), "ending": "settled", "left_open": "", "language": "en-gb"}
    assert officer.post(end, settled).headers["Location"] == listed
    assert "Settled" in text(officer.get(listed))
    officer.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    assert "Heriau i'r cynllun" in text(officer.get(listed))


@pytest.mark.req("PEP-31")
def test_neither_those_at_home_nor_strangers_learn_of_it(world: World) -> None:
    pep = started(world.own)
    row = raised(world, pep)
    child = world.own.child.pk
    pages = [reverse("child_plan_challenges", args=[child]), reverse("child_plan_challenge_reply", args=[child, row.pk])]
    pages += [reverse(name, args=[child]) for name in ("child_plan", "child_plan_read")]
    for role in (Role.FOSTER_CARER, Role.PARENT, Role.HEADTEACHER, Role.ALNCO, Role.ADVOCATE):
        for page in pages:
            assert CANARY not in text(world.client(role).get(page))
        assert world.client(role).get(pages[0]).status_code in {403, 404}
        assert reverse("child_plan_challenges", args=[child]) not in text(world.client(role).get(pages[2]))
    for role in (Role.IRO, Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON):
        for page in pages:
            assert world.client(role, world.other).get(page).status_code == 404
