"""E-mails that could not be delivered: what GOV.UK Notify says of them, who sees it, and the try that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.notifications import delivery
from lace.notifications.channels import Down, Mail, Notify, Rejected
from lace.notifications.delivery import deliver, hear_back
from lace.notifications.models import Notification, Undelivered
from lace.notifications.services import notify, try_again
from lace.notifications.undelivered import undelivered_of
from lace.web.middleware import serving
from tests.lace.notifications.providers import NotifyServer, running
from tests.lace.notifications.test_delivery import Killed, Post
from tests.lace.notifications.test_digest import MONDAY, at, remind
from tests.world import World

JOB = Actor.named_job("delivery", today=MONDAY)


@pytest.fixture
def server(settings: Any) -> Iterator[NotifyServer]:
    with running(NotifyServer()) as found:
        settings.NOTIFY_API_KEY = f"name-{uuid4()}-{uuid4()}"
        settings.NOTIFY_TEMPLATE_ID = str(uuid4())
        settings.NOTIFY_BASE_URL = "http://{}:{}".format(*found.server_address)
        yield found


def run(out: Any, minute: int = 0) -> delivery.Delivered:
    return deliver(by=JOB, through=out, clock=lambda: at(MONDAY, 8, minute))


def back(minute: int = 10) -> int:
    return hear_back(by=JOB, through=Notify(), clock=lambda: at(MONDAY, 9, minute))


def emails() -> list[Notification]:
    with serving(JOB), transaction.atomic():
        return list(Notification.objects.filter(channel="email").order_by("created_at", "pk"))


def listed(world: World, *, other: bool = False) -> list[Undelivered]:
    by = (world.other if other else world.own).actor(Role.ADMINISTRATOR)
    with serving(by), transaction.atomic():
        return list(undelivered_of(by))


def again(world: World, row: Undelivered) -> None:
    by = world.own.actor(Role.ADMINISTRATOR)
    with serving(by):
        try_again(by=by, undelivered=row)


def test_a_refused_digest_is_told_and_goes_when_tried_again(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.before = Rejected(550)
    assert run(post).failed == 1
    assert {row.delivery for row in emails()} == {"failed"}
    (told,) = listed(world)
    assert (told.recipient_id, told.kind) == (world.own.user(Role.SOCIAL_WORKER).pk, "digest")
    assert listed(world, other=True) == []
    post.before = None
    assert run(post, 5).sent == 0
    again(world, told)
    assert listed(world) == []
    assert run(post, 6).sent == 1
    assert post.asked == []  # it was plainly not taken
    assert {row.delivery for row in emails()} == {"sent"}
    assert len(post.taken) == 1


def test_a_letter_of_unknown_end_is_looked_up_before_another_try(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.after = TimeoutError()
    now = at(MONDAY, 8)
    deliver(by=JOB, through=post, clock=lambda: now)
    with serving(JOB), transaction.atomic():
        Notification.objects.filter(kind="digest").update(attempts=len(delivery.WAITS) + 1, leased_until=None)
    post.took = lambda reference: False  # type: ignore[method-assign]  # a provider that never heard of it
    deliver(by=JOB, through=post, clock=lambda: now + timedelta(minutes=1))
    (told,) = listed(world)
    again(world, told)
    del post.took
    post.after = None
    taken = len(post.taken)
    assert deliver(by=JOB, through=post, clock=lambda: now + timedelta(minutes=2)).sent == 1
    assert len(post.taken) == taken
    assert listed(world) == []


def test_notify_says_later_that_a_letter_never_arrived(world: World, server: NotifyServer) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    remind(world, Role.DESIGNATED_PERSON, came=at(MONDAY, 0, 1))
    assert run(Notify()).sent == 2
    assert back() == 0
    lost = next(sent for sent in server.taken if sent["email_address"] == world.own.user(Role.SOCIAL_WORKER).email)
    lost["status"] = "permanent-failure"
    assert back() == 1
    assert back() == 0
    mine = [row for row in emails() if row.recipient_id == world.own.user(Role.SOCIAL_WORKER).pk]
    assert {row.delivery for row in mine} == {"failed"}
    assert len(mine) == 2  # the digest and its part
    (told,) = listed(world)
    again(world, told)
    assert run(Notify(), 30).sent == 1
    assert len(server.taken) == 3
    assert back(30) == 0, "the newer message is on its way: the older one's failure says nothing of it"
    assert listed(world) == []
    server.taken[-1]["status"] = "temporary-failure"
    assert back(40) == 1
    assert len(listed(world)) == 1


def test_a_letter_tried_again_is_not_doubled_when_the_worker_dies(world: World, server: NotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    run(Notify())
    server.taken[0]["status"] = "technical-failure"
    back()
    again(world, listed(world)[0])
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_accept", lambda *_a: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            run(Notify(), 20)
    assert len(server.taken) == 2
    assert run(Notify(), 40).sent == 1
    assert len(server.taken) == 2


def test_failures_are_read_page_after_page(world: World, server: NotifyServer) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    run(Notify())
    server.taken[0]["status"] = "permanent-failure"
    for number in range(1, 8):  # newer ones, of others who use the same key
        server.taken.append(
            {"id": f"{number:08d}-0000-4000-8000-000000000000", "status": "permanent-failure", "reference": None, "email_address": "a@b.wales"}
        )
    server.page_size = 3
    assert back() == 1
    server.behave = lambda _verb: 500
    with pytest.raises(Down):
        back()


def test_an_smtp_server_has_nothing_to_say(world: World) -> None:
    assert hear_back(by=JOB, through=Mail()) == 0


@pytest.mark.req("LA-01")
def test_it_is_the_recipients_authority_that_is_told(world: World) -> None:
    """A person of a school elsewhere is another administrator's to help; somebody with no role any more is the message's authority's."""
    teller, reader = world.own.actor(Role.IRO), world.other.user(Role.DESIGNATED_PERSON)
    with serving(teller):
        notify(by=teller, kind="access_review_due", source=uuid4(), child=None, recipients=[reader], facts={"due_on": MONDAY.isoformat()})
    post = Post()
    post.before = Rejected(550)
    with serving(JOB), transaction.atomic():
        Notification.objects.update(created_at=at(MONDAY, 0, 1))
    run(post)
    assert len(listed(world, other=True)) == 1
    assert listed(world) == []


def test_the_page_lists_counts_and_tries_again(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.before = Rejected(550)
    run(post)
    client = world.client(Role.ADMINISTRATOR)
    page = client.get(reverse("undelivered")).content.decode()
    assert "Undelivered messages (1)" in page
    assert world.own.user(Role.SOCIAL_WORKER).email in page
    assert "Daily e-mail of reminders" in page
    assert world.own.child.initials not in page
    (told,) = listed(world)
    assert world.client(Role.ADMINISTRATOR, world.other).post(reverse("undelivered_again", args=[told.pk])).status_code == 404
    assert world.client(Role.LACE_COORDINATOR).get(reverse("undelivered")).status_code == 403
    assert client.post(reverse("undelivered_again", args=[told.pk]), follow=True).status_code == 200
    assert client.post(reverse("undelivered_again", args=[told.pk])).status_code == 404
    assert "Every message has been delivered" in client.get(reverse("undelivered")).content.decode()
    post.before = None
    assert run(post, 5).sent == 1


def test_only_an_administrator_of_the_authority_tries_again(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.before = Rejected(550)
    run(post)
    (told,) = listed(world)
    for by in (world.own.actor(Role.LACE_COORDINATOR), world.other.actor(Role.ADMINISTRATOR)):
        with serving(by), pytest.raises(NotAllowed):
            try_again(by=by, undelivered=told)
    again(world, told)
    first = told.again_at
    again(world, told)
    assert told.again_at == first
