"""The offer to meet others with care experience: written down with the answer, and whom it never reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, NotAllowed
from peps.models import PeerOffer
from peps.rules.peers import usual_day
from peps.services.peers import record_offer
from tests.peps.plans import acting, text
from tests.peps.test_ends_pages import day
from tests.peps.test_pages import field
from tests.world import World

pytestmark = pytest.mark.django_db


def offered(world: World, role: Role = Role.SOCIAL_WORKER, **other: Any) -> PeerOffer:
    with acting(world.own, role) as by:
        facts: dict[str, Any] = {"what": "Summer camp", "offered_on": by.today, "answer": "later", "words": "Wedi'r haf", "language": "cy"}
        return record_offer(by=by, child=world.own.child, facts=facts | {"next_on": usual_day(by.today)} | other)


@pytest.mark.req("VOICE-14")
def test_who_offers_and_what_is_refused(world: World) -> None:
    today = timezone.localdate()
    assert offered(world).offered_as == "social_worker"
    for role in (Role.CHILD, Role.HEADTEACHER, Role.RESIDENTIAL_WORKER):
        with pytest.raises(NotAllowed):
            offered(world, role)
    wrong: list[tuple[str, Any]] = [
        ("what", " "),
        ("words", "x" * 501),
        ("answer", ""),
        ("language", "fr"),
        ("offered_on", today + timedelta(days=1)),
        ("next_on", today),
        ("next_on", today + timedelta(days=400)),
        ("next_on", None),
    ]
    for name, value in wrong:
        with pytest.raises(BadInput) as refused:
            offered(world, **{name: value})
        assert set(refused.value.problems) == {name}


@pytest.mark.req("VOICE-14")
def test_it_is_listed_who_was_never_offered_and_to_whom_it_is_due_again(world: World) -> None:
    desk, worker = world.client(Role.LACE_COORDINATOR), world.client(Role.SOCIAL_WORKER)
    at, mine = reverse("peers"), reverse("child_peers", args=[world.own.child.pk])
    today = timezone.localdate()
    assert mine in text(desk.get(at))
    assert mine not in text(desk.get(at, {"show": "due"}))
    assert mine in text(worker.get(reverse("child_said", args=[world.own.child.pk])))
    form = reverse("child_peers_add", args=[world.own.child.pk])
    body = {"form_token": field(worker.get(form), "form_token"), "what": "Summer camp", "answer": "no", "words": "Dim nawr", "language": "cy"}
    again = day("offered_on", today) | day("next_on", today + timedelta(days=30))
    assert "Say what the child answered" in text(worker.post(form, body | again | {"answer": ""}))
    assert worker.post(form, body | again).status_code == 302
    page = text(worker.get(mine))
    assert "Dim nawr" in page
    assert world.own.user(Role.SOCIAL_WORKER).name not in page.split("<main", 1)[1]
    assert mine not in text(desk.get(at))
    assert mine in text(desk.get(at, {"show": "offered"}))
    offered(world, offered_on=today, next_on=today + timedelta(days=1))
    with acting(world.own, Role.SOCIAL_WORKER):
        assert PeerOffer.objects.filter(child=world.own.child).count() == 2  # a later answer is a row of its own
    assert world.client(Role.DESIGNATED_MANAGER).get(at).status_code == 403
    assert world.client(Role.HEADTEACHER).get(mine).status_code == 404
    assert mine not in text(world.client(Role.LACE_COORDINATOR, world.other).get(at))


@pytest.mark.req("VOICE-14")
def test_an_offer_whose_next_day_has_come_is_due_again(world: World) -> None:
    today = timezone.localdate()
    offered(world, offered_on=today - timedelta(days=200), next_on=today)
    desk = world.client(Role.LACE_COORDINATOR)
    assert reverse("child_peers", args=[world.own.child.pk]) in text(desk.get(reverse("peers"), {"show": "due"}))


@pytest.mark.req("PRIV-21")
def test_what_the_child_answered_binds_nobody_and_is_seen_by_nobody_else(world: World) -> None:
    """Each answer is the child's own and may be another next time; who does not read the child's words learns of no offer and no answer."""
    for answer in ("yes", "no"):
        offered(world, what="Nos Fawrth y grŵp", words="Cyfrinach", answer=answer)
    with acting(world.own, Role.SOCIAL_WORKER):
        assert set(PeerOffer.objects.filter(child=world.own.child).values_list("answer", flat=True)) == {"yes", "no"}
    child = [world.own.child.pk]
    pages = [
        "child",
        "child_plan",
        "child_plan_read",
        "child_timeline",
        "child_meetings",
        "child_people",
        "child_access",
        "child_said",
        "child_peers",
    ]
    outside = (Role.HEADTEACHER, Role.TEACHER, Role.DELEGATE, Role.ALNCO, Role.PARENT, Role.RESIDENTIAL_WORKER, Role.DESIGNATED_MANAGER)
    for role in outside:
        client = world.client(role)
        assert client.get(reverse("child_peers", args=child)).status_code == 404
        shown = "".join(text(client.get(reverse(page, args=child))) for page in pages)
        assert "Nos Fawrth y grŵp" not in shown
        assert "Cyfrinach" not in shown
    other = world.client(Role.CHILD, world.other)  # another child's own pages
    assert "Nos Fawrth" not in text(other.get(reverse("own")))
    assert other.get(reverse("child_peers", args=child)).status_code in {403, 404}
