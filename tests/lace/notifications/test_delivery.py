"""Delivery: nothing lost, nothing sent twice where the provider can be asked, at every point where a worker may die."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.core.actor import Actor
from lace.core.workdays import is_working_day
from lace.notifications import delivery, kinds
from lace.notifications.channels import Down, Later, Letter, Mail, Notify, Rejected, Returned
from lace.notifications.delivery import LEASE, WAITS, Delivered, deliver
from lace.notifications.models import Notification
from lace.notifications.services import notify
from lace.web.middleware import serving
from tests.lace.notifications.providers import NotifyServer, Smtp, running
from tests.world import World

NOW = timezone.now()
JOB = Actor.named_job("delivery", today=NOW.date())
KIND = "told_at_once"  # no reminder: those wait for the digest (test_digest.py)
FACTS = {"code": "pep_initiated_emergency", "due_on": "2025-01-06", "role": "social_worker", "instead_of": None}


class Killed(BaseException):
    """The worker's process is gone."""


class Post:
    """A provider in memory. `trouble` is raised in place of an answer, before or after the letter is taken."""

    def __init__(self, *, can_be_asked: bool = True) -> None:
        self.can_be_asked = can_be_asked
        self.taken: list[Letter] = []
        self.before: BaseException | None = None
        self.after: BaseException | None = None
        self.asked: list[UUID] = []

    def send(self, letter: Letter) -> None:
        if self.before:
            raise self.before
        self.taken.append(letter)
        if self.after:
            raise self.after

    def took(self, reference: UUID) -> bool:
        self.asked.append(reference)
        return reference in {letter.reference for letter in self.taken}

    def returned(self) -> Iterable[Returned]:
        return ()

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(autouse=True)
def _pages(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = "tests.lace.notifications.pages"
    monkeypatch.setitem(kinds.KINDS, KIND, replace(kinds.KINDS["duty_late"], code=KIND, digest=False, stands=None, at_once=True))


def tell(world: World, *roles: Role, source: UUID | None = None) -> None:
    by = world.own.actor(Role.IRO)
    with serving(by):
        notify(by=by, kind=KIND, source=source or uuid4(), child=world.own.child, recipients=[world.own.user(role) for role in roles], facts=FACTS)


def row() -> Notification:
    with serving(JOB):
        return Notification.objects.get(channel="email")


def run(post: Any, now: datetime = NOW) -> delivery.Delivered:
    return deliver(by=JOB, through=post, clock=lambda: now)


def run_until_killed(post: Post, now: datetime = NOW) -> None:
    with pytest.raises(Killed):
        run(post, now)


@pytest.mark.req("PRIV-14", "DL-04")
def test_the_email_names_no_child_and_leads_to_the_page(world: World) -> None:
    User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(language="cy")
    world.own.members[Role.SOCIAL_WORKER].user.refresh_from_db()
    tell(world, Role.SOCIAL_WORKER)
    tell(world, Role.FOSTER_CARER)
    assert run(Mail()).sent == 2
    welsh, english = sorted(mail.outbox, key=lambda sent: sent.extra_headers["Content-Language"])
    child = world.own.child
    for sent in (welsh, english):
        whole = f"{sent.subject}\n{sent.body}\n{sent.message()}"
        assert not any(part in whole for part in (child.given_names, child.family_name, child.upn, child.reference))
        assert child.initials in sent.body
        assert f"/children/{child.pk}/duties/" in sent.body
        assert "None" not in sent.body
    assert "6 January 2025" in english.body
    assert "6 Ionawr 2025" in welsh.body
    assert english.to == [f"{world.own.user(Role.FOSTER_CARER).name} <{world.own.user(Role.FOSTER_CARER).email}>"]
    assert run(Mail()).sent == 0
    assert len(mail.outbox) == 2


def test_the_inbox_needs_no_delivery(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    run(Post())
    with serving(JOB):
        inside = Notification.objects.get(channel="inbox")
    assert (inside.attempts, inside.accepted_at, inside.delivery) == (0, None, "sent")


def test_the_reference_is_the_messages_and_not_the_rows(world: World) -> None:
    source = uuid4()
    tell(world, Role.SOCIAL_WORKER, source=source)
    before = row().reference
    again = Notification(source=source, kind=KIND, step=0, recipient=world.own.user(Role.SOCIAL_WORKER), channel="email")
    assert again.pk != row().pk
    assert again.reference == before
    again.step = 1
    assert again.reference != before


@pytest.mark.req("DL-04")
def test_killed_after_the_provider_took_it_it_is_looked_up_and_not_sent_again(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    post.after = Killed()
    run_until_killed(post)
    assert (row().attempts, row().accepted_at, row().delivery) == (1, None, "waiting")
    post.after = None
    assert run(post, NOW + LEASE / 2).sent == 0  # the lease still runs
    assert run(post, NOW + LEASE).sent == 1
    assert (len(post.taken), post.asked) == (1, [row().reference])
    assert (row().delivery, row().attempts) == ("sent", 1)


def test_killed_before_the_provider_took_it_it_is_looked_up_and_then_sent(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    post.before = Killed()
    run_until_killed(post)
    post.before = None
    assert run(post, NOW + LEASE).sent == 1
    assert (len(post.taken), len(post.asked)) == (1, 1)
    assert (row().delivery, row().attempts) == ("sent", 2)


def test_killed_before_the_attempt_was_recorded_it_is_sent_without_asking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_attempt", lambda *_a, **_k: (_ for _ in ()).throw(Killed()))
        run_until_killed(post)
    assert (row().attempts, row().attempted_at) == (0, None)
    assert run(post, NOW + LEASE).sent == 1
    assert (len(post.taken), post.asked) == (1, [])


@pytest.mark.req("DL-04")
def test_smtp_cannot_be_asked_and_says_that_it_may_have_repeated_itself(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post(can_be_asked=False)
    post.after = Killed()
    run_until_killed(post)
    post.after = None
    assert run(post, NOW + LEASE).sent == 1
    assert len(post.taken) == 2
    assert len({letter.reference for letter in post.taken}) == 1
    assert row().delivery == "possibly_repeated"


def test_a_provider_that_will_not_say_is_not_sent_to(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    post.after = Killed()
    run_until_killed(post)
    post.after = None
    post.took = lambda reference: (_ for _ in ()).throw(Down())  # type: ignore[method-assign]
    assert run(post, NOW + LEASE).postponed == 1
    assert len(post.taken) == 1
    del post.took
    assert run(post, NOW + LEASE + timedelta(minutes=2)).sent == 1
    assert len(post.taken) == 1


def test_a_worker_that_slept_past_its_lease_sends_nothing(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    moments = iter([NOW, NOW + 2 * LEASE, NOW + 2 * LEASE, NOW + 2 * LEASE, NOW + 2 * LEASE])
    with serving(JOB):
        batch = delivery._lease(next(moments), is_working_day)
        taken_over = delivery._lease(NOW + LEASE, is_working_day)
        delivery._deliver(batch[0], post, lambda: NOW + LEASE + timedelta(seconds=1), delivery.Delivered())
        assert post.taken == []
        delivery._deliver(taken_over[0], post, lambda: NOW + LEASE + timedelta(seconds=2), delivery.Delivered())
    assert len(post.taken) == 1
    assert row().attempts == 1


def test_a_refused_address_fails_at_once_and_visibly(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post()
    post.before = Rejected(550)
    assert run(post).failed == 1
    post.before = None
    assert run(post, NOW + timedelta(days=30)).sent == 0
    assert row().delivery == "failed"


@pytest.mark.parametrize("trouble", [Later(451), TimeoutError()])
def test_other_trouble_is_tried_again_ever_more_slowly_and_then_given_up(world: World, trouble: Exception) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post = Post(can_be_asked=False)
    post.before = trouble
    now = NOW
    for wait in WAITS:
        assert run(post, now).postponed == 1
        assert run(post, now + wait - timedelta(seconds=1)).postponed == 0
        now += wait
    assert run(post, now).failed == 1
    assert (row().attempts, row().delivery) == (len(WAITS) + 1, "failed")


def test_a_provider_that_is_down_costs_no_message_an_attempt(world: World) -> None:
    for _ in range(3):
        tell(world, Role.SOCIAL_WORKER)
    post = Post()
    post.before = Down()
    now = NOW
    for _ in range(50):
        assert run(post, now).postponed == 3
        now += timedelta(minutes=2)
    with serving(JOB):
        assert set(Notification.objects.filter(channel="email").values_list("attempts", "attempted_at")) == {(0, None)}
    post.before = None
    assert run(post, now).sent == 3
    assert post.asked == []


def test_who_can_no_longer_sign_in_is_sent_nothing(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(is_active=False)
    post = Post()
    assert run(post).failed == 1
    assert post.taken == []


def test_without_the_jobs_role_there_is_nothing_to_send(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    with serving(None):
        assert delivery._lease(NOW, is_working_day) == []


@pytest.mark.req("DL-04")
@pytest.mark.req("DL-04")
@pytest.mark.django_db(transaction=True)
def test_a_worker_stopped_in_the_call_past_its_lease_is_not_overtaken(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    post, calls = Post(), []

    class Sleeper(Post):
        def send(self, letter: Letter) -> None:
            other = threading.Thread(target=overtake)
            other.start()
            other.join()
            post.send(letter)

    def overtake() -> None:
        try:
            calls.append(deliver(by=JOB, through=post, clock=lambda: timezone.now() + LEASE * 2))
        finally:
            connection.close()

    assert deliver(by=JOB, through=Sleeper()).sent == 1
    assert calls == [Delivered()]
    assert len(post.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_share_the_work_and_repeat_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 4)
    for _ in range(30):
        tell(world, Role.SOCIAL_WORKER)
    post, start, by_thread = Post(), threading.Barrier(2), Counter[int]()
    send = post.send

    def slowly(letter: Letter) -> None:
        by_thread[threading.get_ident()] += 1
        time.sleep(0.005)
        send(letter)

    post.send = slowly  # type: ignore[method-assign]

    def work() -> None:
        start.wait()
        try:
            run(post)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post.taken) == len({letter.reference for letter in post.taken}) == 30
    assert len(by_thread) == 2
    assert min(by_thread.values()) >= 4


@pytest.mark.parametrize(
    ("step", "reply", "state", "taken"),
    [
        ("", "", "sent", 1),
        ("RCPT", "550 no such person", "failed", 0),
        ("RCPT", "450 mailbox busy", "waiting", 0),
        ("DATA", "554 never", "failed", 0),
        ("END", "451 try later", "waiting", 0),
        ("END", "drop", "waiting", 1),
    ],
)
def test_smtp_replies(world: World, settings: Any, step: str, reply: str, state: str, taken: int) -> None:
    tell(world, Role.SOCIAL_WORKER)
    with running(Smtp()) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        server.behave = lambda at: reply if at == step else ""
        run(Mail())
        assert (row().delivery, len(server.taken)) == (state, taken)
        server.behave = lambda _at: ""
        run(Mail(), NOW + timedelta(days=1))
        assert row().delivery == {"sent": "sent", "failed": "failed"}.get(state, "possibly_repeated" if reply == "drop" else "sent")
        assert len({message["Message-ID"] for message in server.taken}) == (0 if state == "failed" else 1)
        assert len(server.taken) == (0 if state == "failed" else 1 + (reply == "drop"))


def test_no_smtp_server_at_all_is_down(world: World, settings: Any) -> None:
    tell(world, Role.SOCIAL_WORKER)
    with running(Smtp()) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert run(Mail()).postponed == 1
    assert (row().attempts, row().delivery) == (0, "waiting")


@pytest.mark.parametrize(
    ("trouble", "state", "taken_in_the_end"),
    [(0, "sent", 1), ("drop", "waiting", 1), (500, "waiting", 1), (400, "failed", 0), (403, "waiting", 1), (429, "waiting", 1)],
)
def test_govuk_notify(world: World, settings: Any, trouble: int | str, state: str, taken_in_the_end: int) -> None:
    """Through its own client: whatever happens on the way, the message is there once."""
    tell(world, Role.SOCIAL_WORKER)
    with running(NotifyServer()) as server:
        settings.NOTIFY_API_KEY = f"name-{uuid4()}-{uuid4()}"
        settings.NOTIFY_TEMPLATE_ID = str(uuid4())
        settings.NOTIFY_BASE_URL = "http://{}:{}".format(*server.server_address)
        server.behave = lambda verb: trouble if verb == "POST" else 0
        run(Notify())
        assert row().delivery == state
        server.behave = lambda _verb: 0
        run(Notify(), NOW + timedelta(days=1))
        assert len(server.taken) == taken_in_the_end
        if taken_in_the_end:
            assert row().delivery == "sent"
            assert server.taken[0]["reference"] == str(row().reference)
            assert server.taken[0]["email_address"] == world.own.user(Role.SOCIAL_WORKER).email
            assert world.own.child.family_name not in str(server.taken[0])
        for answer in (500, "<html>a proxy's own page", '{"message": "not here"}', '["not here"]'):
            server.behave = lambda _verb, answer=answer: answer
            with pytest.raises(Down):
                Notify().took(row().reference)


def test_the_settings_choose_the_provider(settings: Any) -> None:
    from lace.notifications.channels import provider

    settings.NOTIFY_API_KEY = ""
    assert isinstance(provider(), Mail)
    settings.NOTIFY_API_KEY = f"name-{uuid4()}-{uuid4()}"
    assert isinstance(provider(), Notify)


def test_a_demo_keeps_its_mail_in_files(world: World, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    tell(world, Role.SOCIAL_WORKER, Role.FOSTER_CARER)
    assert run(Mail()).sent == 2
    assert "/duties/" in "".join(path.read_text() for path in tmp_path.iterdir())
