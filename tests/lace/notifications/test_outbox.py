"""Messages put into the outbox, told in two languages, read by their own reader only."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.core.actor import Actor
from lace.notifications import bell
from lace.notifications.inbox import inbox, items
from lace.notifications.kinds import KINDS, Kind, declare, write
from lace.notifications.models import Notification
from lace.notifications.services import mark_read, notify
from lace.web.middleware import serving
from tests.world import World

FACTS = {"code": "pep_initiated_emergency", "due_on": "2025-01-06", "role": "social_worker", "instead_of": None}


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.lace.notifications.pages"


def tell(world: World, *roles: Role, **changes: Any) -> int:
    """A message about the world's child by its IRO."""
    by = world.own.actor(Role.IRO)
    message: dict[str, Any] = {"kind": "duty_late", "source": uuid4(), "child": world.own.child, "facts": FACTS}
    with serving(by):
        return notify(by=by, recipients=[world.own.user(role) for role in roles], **(message | changes))


def rows(**where: Any) -> list[Notification]:
    with serving(Actor.named_job("test", today=timezone.localdate())), transaction.atomic():
        return list(Notification.objects.filter(**where).order_by("recipient", "channel"))


@pytest.mark.req("DL-04")
def test_each_recipient_gets_one_message_by_each_channel(world: World) -> None:
    source = uuid4()
    assert tell(world, Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.SOCIAL_WORKER, source=source) == 2
    assert tell(world, Role.SOCIAL_WORKER, source=source) == 1  # a repeated job
    made = rows(source=source)
    assert [(row.recipient_id, row.channel) for row in made] == [
        (world.own.user(role).pk, channel)
        for role in sorted((Role.SOCIAL_WORKER, Role.FOSTER_CARER), key=lambda role: world.own.user(role).pk)
        for channel in ("email", "inbox")
    ]
    assert {row.authority_id for row in made} == {world.own.row.pk}
    tell(world, Role.SOCIAL_WORKER, source=source, step=1)
    assert len(rows(source=source)) == 6


def test_one_is_not_told_of_ones_own_act_nor_when_gone(world: World) -> None:
    source = uuid4()
    User.objects.filter(pk=world.own.user(Role.FOSTER_CARER).pk).update(is_active=False)
    world.own.members[Role.FOSTER_CARER].user.refresh_from_db()
    assert tell(world, Role.IRO, Role.FOSTER_CARER, source=source) == 0
    assert rows(source=source) == []


def test_an_unknown_kind_is_a_mistake_of_ours(world: World) -> None:
    with pytest.raises(ValueError, match="declare"):
        tell(world, Role.FOSTER_CARER, kind="gossip")


def test_a_stranger_tells_nobody_of_a_child_out_of_reach(world: World) -> None:
    by = world.other.actor(Role.LACE_COORDINATOR)
    with serving(by), pytest.raises(Exception, match="row-level security"), transaction.atomic():
        notify(by=by, kind="duty_late", source=uuid4(), child=world.own.child, recipients=[world.other.user(Role.FOSTER_CARER)], facts=FACTS)


@pytest.mark.req("PRIV-14")
def test_each_reads_only_their_own(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER)
    reader, other = world.own.actor(Role.SOCIAL_WORKER), world.own.actor(Role.LACE_COORDINATOR)
    with serving(other):
        assert not inbox(other).exists()
        assert Notification.objects.count() == 0
    with serving(None):
        assert Notification.objects.count() == 0
    with serving(reader):
        assert inbox(reader).count() == 1
        assert Notification.objects.visible_to(Actor.named_job("x", today=reader.today)).count() == 0


def test_reading_marks_ones_own_and_no_others(world: World) -> None:
    tell(world, Role.SOCIAL_WORKER, Role.FOSTER_CARER)
    keys = [row.pk for row in rows(kind="duty_late")]
    reader = world.own.actor(Role.SOCIAL_WORKER)
    with serving(reader):
        assert mark_read(by=reader, notifications=keys) == 1
        assert mark_read(by=reader, notifications=keys) == 0
        assert Notification.objects.visible_to(reader).unread().count() == 0
    assert len(rows(channel="inbox", read_at__isnull=True)) == 1


def test_the_inbox_shows_initials_only_while_the_reader_may_see_the_child(world: World, statements: Any) -> None:
    tell(world, Role.SOCIAL_WORKER)
    reader = world.own.actor(Role.SOCIAL_WORKER)
    with serving(reader):
        shown = list(inbox(reader)[:20])
        with statements(2):
            (item,) = items(reader, shown)
        assert world.own.child.initials in item.text.body
        assert world.own.child.family_name not in item.text.subject + item.text.body
        assert item.text.path == f"/children/{world.own.child.pk}/duties/"
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        world.own.child.user_grants.all().update(ends_on=reader.today)
    with serving(reader):
        (item,) = items(reader, list(inbox(reader)))
    assert "For a child this was due" in item.text.body


def test_the_text_follows_the_language() -> None:
    english = write("duty_late", FACTS, language="en-gb", initials="S.Ll.", child=uuid4())
    assert english.subject == "Start the Personal Education Plan: late since 6 January 2025"
    assert "For S.Ll. this was due by 6 January 2025" in english.body
    welsh = write("duty_late", FACTS, language="cy", initials="S.Ll.", child=uuid4())
    assert "6 Ionawr 2025" in welsh.subject
    assert translation.get_language() == "en-gb"


@pytest.mark.req("DL-10")
def test_the_stand_in_reads_why_it_is_they_who_are_told() -> None:
    text = write("duty_soon", FACTS | {"instead_of": "social_worker"}, language="en-gb", child=uuid4())
    assert "You are told because nobody is recorded as: Social worker." in text.body


def test_a_kind_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        declare(KINDS["duty_soon"])


def test_facts_are_written_as_dates_and_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind("meeting", subject=_lazy("On %(held_on)s"), body=_lazy("At %(starts_at)s in %(place)s"), route="child_duties")
    monkeypatch.setitem(KINDS, "meeting", kind)
    facts = {"held_on": "2025-07-01", "starts_at": "2025-07-01T13:30:00+00:00", "place": "Neuadd"}
    text = write("meeting", facts, language="en-gb", child=uuid4())
    assert text.subject == "On 1 July 2025"
    assert "14:30" in text.body or "2:30 p.m." in text.body
    assert text.body.endswith("in Neuadd")


def _lazy(text: str) -> Any:
    return translation.gettext_lazy(text)


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit_once_it_is_there_and_its_failure_harms_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []

    def ring() -> None:
        rung.append(len(rows(kind="duty_late")))
        raise ConnectionError("no broker")

    monkeypatch.setattr(bell, "_ringers", [ring])
    with transaction.atomic():
        tell(world, Role.SOCIAL_WORKER)
        assert rung == []
    assert rung == [2]
    with transaction.atomic():
        tell(world, Role.SOCIAL_WORKER)
        transaction.set_rollback(True)
    assert rung == [2]


def test_every_message_opens_a_page_that_there_is(settings: Any) -> None:
    settings.ROOT_URLCONF = "lace.urls"
    for kind in KINDS.values():
        assert reverse(kind.route, args=[uuid4()] if kind.route.startswith("child_") else None)
