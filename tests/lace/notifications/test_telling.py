"""The page on which a person chooses how they are told, and what the service refuses."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.core.errors import BadInput, NotAllowed
from lace.notifications.models import Notification, Preference
from lace.notifications.rules import How
from lace.notifications.services import choose_telling, notify
from lace.web.middleware import serving
from tests.conftest import owner_connection
from tests.lace.notifications.test_digest import JOB
from tests.world import World

GOOD = {"how": "single", "at": "17:45", "language": "cy"}


def chosen(world: World, role: Role) -> Preference:
    by = world.own.actor(role)
    with serving(by):
        return Preference.of(by)


def test_the_page_saves_all_three_and_answers_in_the_new_language(world: World) -> None:
    client = world.client(Role.FOSTER_CARER)
    page = client.get(reverse("message_choices")).content.decode()
    assert 'value="digest" checked' in page
    assert '<option value="08:00" selected>' in page
    answer = client.post(reverse("message_choices"), GOOD)
    assert answer.status_code == 302
    assert answer.cookies["language"].value == "cy"
    kept = chosen(world, Role.FOSTER_CARER)
    assert (kept.how, kept.at) == (How.SINGLE, time(17, 45))
    assert User.objects.get(pk=world.own.user(Role.FOSTER_CARER).pk).language == "cy"
    client.post(reverse("message_choices"), GOOD | {"at": "06:00", "how": "lace"})
    assert chosen(world, Role.FOSTER_CARER).at == time(6)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"at": "05:45"}, "Choose a time between 06:00 and 18:00"),
        ({"at": "08:07"}, "Choose a time between 06:00 and 18:00"),
        ({"at": ""}, "Choose a time between 06:00 and 18:00"),
        ({"at": "noon"}, "Choose a time between 06:00 and 18:00"),
        ({"how": "pigeon"}, "Choose how you want to be told"),
        ({"how": ""}, "Choose how you want to be told"),
        ({"language": "fr"}, "Choose English or Welsh"),
    ],
)
def test_bad_input_is_explained_kept_and_changes_nothing(world: World, wrong: dict[str, str], sentence: str) -> None:
    client = world.client(Role.FOSTER_CARER)
    answer = client.post(reverse("message_choices"), GOOD | wrong)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    if "how" not in wrong:
        assert 'value="single" checked' in page
    if "at" not in wrong:
        assert '<option value="17:45" selected>' in page
    assert chosen(world, Role.FOSTER_CARER).how == How.DIGEST
    assert User.objects.get(pk=world.own.user(Role.FOSTER_CARER).pk).language == "en-gb"


def test_who_has_statutory_duties_keeps_email(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    page = client.get(reverse("message_choices")).content.decode()
    assert "e-mail cannot be switched off" in page
    assert 'value="lace"' not in page
    assert client.post(reverse("message_choices"), GOOD | {"how": "lace"}).status_code == 200
    assert chosen(world, Role.SOCIAL_WORKER).how == How.DIGEST
    by = world.own.actor(Role.SOCIAL_WORKER)
    with serving(by), pytest.raises(BadInput):
        choose_telling(by=by, how="lace", at=time(8), answering=["social_worker"])
    assert "cannot be switched off" not in world.client(Role.FOSTER_CARER).get(reverse("message_choices")).content.decode()


@pytest.mark.parametrize("wrong", [{"how": "x"}, {"at": time(8, 7)}, {"at": time(5)}, {"at": time(18, 15)}])
def test_the_service_refuses_what_is_not_offered(world: World, wrong: dict[str, Any]) -> None:
    by = world.own.actor(Role.FOSTER_CARER)
    choice: dict[str, Any] = {"how": "digest", "at": time(8), "answering": []}
    with serving(by), pytest.raises(BadInput):
        choose_telling(by=by, **(choice | wrong))


@pytest.mark.django_db
def test_a_job_chooses_nothing() -> None:
    with pytest.raises(NotAllowed):
        choose_telling(by=JOB, how="digest", at=time(8), answering=[])


@pytest.mark.django_db(transaction=True)
def test_a_choice_is_in_the_audit(world: World) -> None:
    world.client(Role.FOSTER_CARER).post(reverse("message_choices"), GOOD)
    with owner_connection() as owner:
        rows = owner.execute("SELECT pgh_label, how, pgh_context->>'user' FROM notifications_preferenceevent").fetchall()
    assert rows == [("insert", "single", str(world.own.user(Role.FOSTER_CARER).pk))]


def test_the_account_and_the_messages_lead_there(world: World) -> None:
    client = world.client(Role.GOVERNOR)
    for name in ("account", "messages"):
        assert f'href="{reverse("message_choices")}"' in client.get(reverse(name)).content.decode()
    child = world.client(Role.CHILD)
    assert reverse("message_choices") not in child.get(reverse("account")).content.decode()
    assert child.get(reverse("message_choices")).status_code == 403


def test_the_inbox_shows_all_or_what_is_unread(world: World) -> None:
    teller, told = world.own.actor(Role.IRO), [world.own.user(Role.SOCIAL_WORKER)]
    with serving(teller):
        for kind in ("pep_final", "duty_late"):
            facts = {"code": "pep_initiated_emergency", "due_on": "2025-01-06", "role": "social_worker", "instead_of": None}
            notify(by=teller, kind=kind, source=world.own.child.pk, child=world.own.child, recipients=told, facts=facts)
    client = world.client(Role.SOCIAL_WORKER)
    reader = world.own.actor(Role.SOCIAL_WORKER)
    with serving(reader):
        first = Notification.objects.visible_to(reader).inbox().get(kind="pep_final")
    client.post(reverse("messages"), {"read": str(first.pk)})
    page = client.get(reverse("messages")).content.decode()
    assert "Unread</a> (1)" in page.replace("\n", "") or "Unread (1)" in page
    unread = client.get(reverse("messages"), {"show": "unread"}).content.decode()
    assert "late since 6 January 2025" in unread
    assert "Plan is final" not in unread
    client.post(reverse("messages"), {"read": "all"})
    assert "You have read everything." in client.get(reverse("messages"), {"show": "unread"}).content.decode()


def test_nobody_chooses_for_another_nor_learns_that_they_chose(world: World) -> None:
    world.client(Role.FOSTER_CARER).post(reverse("message_choices"), GOOD)
    for role in (Role.FOSTER_CARER, Role.GOVERNOR):  # one who chose, one who did not: the same words
        with serving(world.own.actor(Role.SOCIAL_WORKER)), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Preference.objects.create(user=world.own.user(role))
