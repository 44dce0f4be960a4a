"""The termly access review: opened and told by a job, decided by administrators, kept; who was not confirmed stands there."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from lace.accounts import services
from lace.accounts.access import Role
from lace.accounts.acting import actor_for
from lace.accounts.models import AccessReview, Membership, ReviewedRole
from lace.accounts.rules import Decision, term_start
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.notifications.administration import remind_of_access_reviews
from lace.notifications.models import Notification
from lace.web.administration.views.review import inert
from lace.web.middleware import serving
from tests.world import Authority, World, person

TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _every_door(_by_itself: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "lace.urls"


def job(day: date = TODAY) -> Actor:
    return Actor.named_job("access_review", today=day)


def review_of(authority: Authority) -> AccessReview:
    with serving(authority.actor(Role.ADMINISTRATOR)):
        return AccessReview.objects.get(authority=authority.row)


def rows(authority: Authority) -> dict[str, ReviewedRole]:
    with serving(authority.actor(Role.ADMINISTRATOR)):
        return {row.membership.role: row for row in ReviewedRole.objects.select_related("membership", "decided_by").order_by("pk")}


def told(authority: Authority) -> list[tuple[str, str]]:
    with serving(authority.actor(Role.ADMINISTRATOR)):
        return sorted(Notification.objects.filter(kind__startswith="access_review").values_list("kind", "channel"))


def page_of(authority: Authority) -> str:
    return reverse("access_review_of", args=[review_of(authority).pk])


@pytest.mark.req("PRIV-17")
def test_a_term_has_one_review_and_its_administrators_hear_of_it_once(world: World) -> None:
    assert remind_of_access_reviews(by=job()) == 2  # one administrator in each authority
    assert remind_of_access_reviews(by=job()) == 0
    assert told(world.own) == [("access_review_opened", "email"), ("access_review_opened", "inbox")]
    review = review_of(world.own)
    assert review.term_starts_on == term_start(TODAY)
    assert review.due_on > TODAY
    assert set(rows(world.own)) == {str(role) for role in Role}
    assert all(row.decision == "" for row in rows(world.own).values())
    assert "The access review of this term has begun" in world.client(Role.ADMINISTRATOR).get(reverse("messages")).content.decode()


def test_what_was_not_decided_by_the_day_is_told_once_more_and_listed(world: World) -> None:
    remind_of_access_reviews(by=job())
    late = review_of(world.own).due_on
    if term_start(late) == term_start(TODAY):
        remind_of_access_reviews(by=job(late - timedelta(days=1)))
        assert len(told(world.own)) == 2
        remind_of_access_reviews(by=job(late))
        remind_of_access_reviews(by=job(late))
        assert [kind for kind, _channel in told(world.own)] == ["access_review_due"] * 2 + ["access_review_opened"] * 2
    with time_machine.travel(timezone.now() + (late - TODAY), tick=False):
        page = world.client(Role.ADMINISTRATOR).get(page_of(world.own)).content.decode()
    assert "The day has passed" in page
    assert world.own.user(Role.HEADTEACHER).name in page


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 8, 31), date(2026, 4, 16)),
        (date(2026, 9, 1), date(2026, 9, 1)),
        (date(2026, 12, 31), date(2026, 9, 1)),
        (date(2027, 1, 1), date(2027, 1, 1)),
        (date(2027, 4, 15), date(2027, 1, 1)),
        (date(2027, 4, 16), date(2027, 4, 16)),
    ],
)
def test_the_first_day_of_a_term(day: date, start: date) -> None:
    assert term_start(day) == start


def test_it_says_which_roles_were_never_used_and_which_have_no_child_left(world: World) -> None:
    services.record_sign_in(by=world.own.actor(Role.SOCIAL_WORKER))
    idle = person(Role.IRO, world.own.row)
    remind_of_access_reviews(by=job())
    seen = rows(world.own)
    assert seen[Role.SOCIAL_WORKER].last_used_at is not None
    assert seen[Role.HEADTEACHER].last_used_at is None
    assert (seen[Role.SOCIAL_WORKER].has_children, seen[Role.PROVIDER_LEAD].has_children) == (True, True)
    assert (seen[Role.LACE_COORDINATOR].has_children, seen[Role.DESIGNATED_PERSON].has_children) == (None, None)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        assert ReviewedRole.objects.get(membership=idle).has_children is False
    client, address = world.client(Role.ADMINISTRATOR), page_of(world.own)
    childless = client.get(address, {"sign": "childless"}).content.decode()
    assert idle.user.name in childless
    assert world.own.user(Role.SOCIAL_WORKER).name not in childless
    unused = client.get(address, {"sign": "unused", "body": world.own.school.pk}).content.decode()
    assert world.own.user(Role.HEADTEACHER).name in unused
    assert idle.user.name not in unused


@pytest.mark.req("PRIV-17")
def test_roles_are_confirmed_or_ended_and_it_is_kept_who_said_so(world: World) -> None:
    remind_of_access_reviews(by=job())
    client, address, seen = world.client(Role.ADMINISTRATOR), page_of(world.own), rows(world.own)
    keep, stop = seen[Role.HEADTEACHER], seen[Role.GOVERNOR]
    assert client.post(address, {"roles": [keep.pk], "decision": "confirmed"})["Location"] == address
    client.post(address, {"roles": [stop.pk], "decision": "ended"})
    seen = rows(world.own)
    administrator = world.own.user(Role.ADMINISTRATOR)
    assert (seen[Role.HEADTEACHER].decision, seen[Role.HEADTEACHER].decided_by) == (Decision.CONFIRMED, administrator)
    assert seen[Role.HEADTEACHER].decided_at is not None
    assert seen[Role.GOVERNOR].decision == Decision.ENDED
    assert not Membership.objects.open_on(TODAY).filter(pk=world.own.members[Role.GOVERNOR].pk).exists()
    assert Membership.objects.open_on(TODAY).filter(pk=world.own.members[Role.HEADTEACHER].pk).exists()
    page = client.get(address, {"state": "confirmed"}).content.decode()
    assert world.own.user(Role.HEADTEACHER).name in page
    assert f"Confirmed by {administrator.name}" in page
    again = client.post(f"{address}?state=all", {"roles": [keep.pk], "decision": "ended"})
    assert "Somebody decided one of these roles meanwhile" in again.content.decode()
    assert Membership.objects.open_on(TODAY).filter(pk=world.own.members[Role.HEADTEACHER].pk).exists()


def test_nothing_chosen_is_told_and_changes_nothing(world: World) -> None:
    remind_of_access_reviews(by=job())
    client, address = world.client(Role.ADMINISTRATOR), page_of(world.own)
    page = client.post(address, {"decision": "ended"}).content.decode()
    assert "Choose the roles that you want to confirm or end" in page
    assert 'href="#id_roles"' in page
    assert 'id="id_roles"' in page
    chosen = rows(world.own)[Role.GOVERNOR].pk
    kept = client.post(address, {"roles": [chosen], "decision": "destroyed"}).content.decode()
    assert f'value="{chosen}" checked' in kept
    assert not any(row.decision for row in rows(world.own).values())


def test_ones_own_role_is_for_another_to_confirm(world: World) -> None:
    remind_of_access_reviews(by=job())
    own, by = rows(world.own)[Role.ADMINISTRATOR], world.own.actor(Role.ADMINISTRATOR)
    client = world.client(Role.ADMINISTRATOR)
    assert f'value="{own.pk}"' not in client.get(page_of(world.own)).content.decode()
    client.post(page_of(world.own), {"roles": [own.pk], "decision": "confirmed"})
    with serving(by), pytest.raises(BadInput):
        services.decide_roles(by=by, review=review_of(world.own), roles=[own.pk], decision=Decision.CONFIRMED)
    assert rows(world.own)[Role.ADMINISTRATOR].decision == ""
    second = actor_for(person(Role.ADMINISTRATOR, world.own.row), today=TODAY)
    with serving(second):
        assert services.decide_roles(by=second, review=review_of(world.own), roles=[own.pk], decision=Decision.CONFIRMED) == 1


def test_a_role_that_ended_meanwhile_is_out_of_the_way(world: World) -> None:
    remind_of_access_reviews(by=job())
    services.end_membership(by=world.own.actor(Role.ADMINISTRATOR), membership=world.own.members[Role.FOSTER_CARER])
    client, address = world.client(Role.ADMINISTRATOR), page_of(world.own)
    carer = world.own.user(Role.FOSTER_CARER).name
    assert carer not in client.get(address).content.decode()
    assert "Ended outside the review" in client.get(address, {"state": "ended"}).content.decode()


@pytest.mark.req("LA-01")
def test_another_authoritys_review_is_not_there(world: World) -> None:
    remind_of_access_reviews(by=job())
    stranger = world.client(Role.ADMINISTRATOR, world.other)
    theirs, row = page_of(world.own), rows(world.own)[Role.HEADTEACHER]
    for address in (theirs, reverse("access_review_file", args=[review_of(world.own).pk])):
        assert stranger.get(address).status_code == 404
    assert stranger.post(theirs, {"roles": [row.pk], "decision": "ended"}).status_code == 404
    stranger.post(page_of(world.other), {"roles": [row.pk], "decision": "ended"})
    by = world.other.actor(Role.ADMINISTRATOR)
    with serving(by):
        assert not ReviewedRole.objects.filter(pk=row.pk).exists()
        with pytest.raises(NotAllowed):
            services.decide_roles(by=by, review=AccessReview(pk=row.review_id, authority=world.own.row), roles=[row.pk], decision=Decision.ENDED)
    with serving(by), pytest.raises(NotAllowed):
        services.open_access_review(by=by, authority=world.own.row)
    assert rows(world.own)[Role.HEADTEACHER].decision == ""
    for role in Role:
        if role != Role.ADMINISTRATOR:
            assert world.client(role).get(theirs).status_code == 403


def test_an_administrator_begins_it_where_the_job_has_not(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    assert "It has not begun this term" in client.get(reverse("access_review")).content.decode()
    answer = client.post(reverse("access_review"))
    assert answer["Location"] == page_of(world.own)
    assert client.get(reverse("access_review"))["Location"] == page_of(world.own)
    assert client.post(reverse("access_review"))["Location"] == page_of(world.own)
    assert len(rows(world.own)) == len(Role)


def test_the_file_holds_the_whole_review_and_no_formula(world: World) -> None:
    head = world.own.user(Role.HEADTEACHER)
    services.correct_name(by=world.own.actor(Role.ADMINISTRATOR), user=head, name="=HYPERLINK(1)")
    remind_of_access_reviews(by=job())
    answer = world.client(Role.ADMINISTRATOR).get(reverse("access_review_file", args=[review_of(world.own).pk]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    written = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(written) == 1 + len(Role)
    assert len({len(line) for line in written}) == 1
    assert next(line for line in written if line[1] == head.email)[0] == "'=HYPERLINK(1)"
    assert world.other.user(Role.HEADTEACHER).email not in answer.content.decode()
    assert world.own.child.family_name not in answer.content.decode()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert inert(text) == f"'{text}"
