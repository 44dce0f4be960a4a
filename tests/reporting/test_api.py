"""What a case system may read, that it is recorded, and that it costs the same for every page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import Membership
from lace.audit.models import Read
from lace.children.models import Child, Placement, PlacementAddress
from lace.children.people import AROUND
from lace.children.services import PlacementFacts, place
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from tests.lace.api.callers import Caller
from tests.world import World, enter, person

CANARIES = ("Hidden Lane", "Gofalwr Cudd", "LL55 1AA")  # where the child lives


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.req("SW-16", "PRIV-13")
def test_the_list_holds_the_callers_children_and_no_address(world: World) -> None:
    answer = Caller(world.own).get("children/")
    assert ids(answer) == [str(world.own.child.pk)]
    row = answer.json()["results"][0]
    assert (row["reference"], row["school"], row["host_authority"]) == (world.own.child.reference, world.own.school.number, world.own.row.gss)
    assert not [canary for canary in CANARIES if canary in answer.content.decode()]
    assert world.other.child.family_name not in answer.content.decode()


@pytest.mark.req("PRIV-13")
def test_a_child_hosted_or_at_school_here_is_another_systems(world: World) -> None:
    """The host's coordinator sees the child, the host's case system does not: it answers for its own authority's children."""
    by = world.other.actor(Role.CASE_SYSTEM)
    with serving(by):
        place(by=by, episode=world.other.episode, facts=PlacementFacts(kind="foster", started_on=timezone.localdate(), host_authority=world.own.row))
    caller = Caller(world.own)
    assert ids(caller.get("children/")) == [str(world.own.child.pk)]
    assert caller.get(f"children/{world.other.child.pk}/").status_code == 404


def test_the_list_can_be_narrowed(world: World) -> None:
    caller = Caller(world.own)
    away, *_rest = enter(world.own, entered_on=timezone.localdate() - timedelta(days=2))
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        episode = Placement.objects.select_related("episode__child__authority").get(child=away).episode
        place(by=by, episode=episode, facts=PlacementFacts(kind="foster", started_on=timezone.localdate(), outside_wales="Bristol"))
    own = str(world.own.child.pk)
    assert ids(caller.get(f"children/?reference={away.reference}")) == [str(away.pk)]
    assert ids(caller.get("children/?lives=in")) == [own]
    assert ids(caller.get("children/?lives=out")) == [str(away.pk)]
    assert sorted(ids(caller.get("children/?changed_since=2020-01-01T00:00:00Z"))) == sorted([own, str(away.pk)])
    assert ids(caller.get(f"children/?changed_since={(timezone.now() + timedelta(days=1)).isoformat().replace('+', '%2B')}")) == []
    for wrong in ("lives=nowhere", "changed_since=yesterday", "cursor=x", "page=2", f"cursor={world.other.child.pk}", "reference=%00"):
        assert caller.get(f"children/?{wrong}").status_code == 400, wrong


def test_pages_follow_each_other_whatever_comes_in_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lace.api.pagination.SIZE", 3)
    everyone = {str(world.own.child.pk)} | {str(enter(world.own, entered_on=timezone.localdate())[0].pk) for _one in range(6)}
    caller = Caller(world.own)
    found: list[str] = []
    address: str | None = "children/"
    while address:
        answer = caller.get(address)
        found += ids(answer)
        following = answer.json()["next"]
        address = following and following.removeprefix("http://testserver/api/v1/")
        assert not following or "Llwyd" not in following
    assert len(found) == len(set(found)) == 7
    assert set(found) == everyone


@pytest.mark.req("SW-16", "PRIV-12")
def test_the_record_holds_what_the_facets_give_and_is_recorded(world: World) -> None:
    caller = Caller(world.own)
    answer = caller.get(f"children/{world.own.child.pk}/")
    record = answer.json()
    assert record["placements"][0]["address"].endswith("Hidden Lane")
    assert {one["relation"] for one in record["people"]} == set(map(str, AROUND))
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        read = Read.objects.latest("pk")
    assert (read.children, read.door, read.role, read.authority_id) == ([world.own.child.pk], "api_child", "case_system", world.own.row.pk)
    assert "address" in read.facets


def test_a_sensitive_address_beats_the_facet(world: World) -> None:
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        Child.objects.filter(pk=world.own.child.pk).update(address_is_sensitive=True)
    answer = Caller(world.own).get(f"children/{world.own.child.pk}/")
    assert answer.status_code == 200
    assert not [canary for canary in CANARIES if canary in answer.content.decode()]
    assert "carer" not in {one["relation"] for one in answer.json()["people"]}


def test_without_the_facet_there_is_no_address(world: World) -> None:
    caller = Caller(world.own)
    Membership.objects.filter(pk=caller.system.membership_id).update(role=Role.DESIGNATED_MANAGER)  # identity, care, education
    answer = caller.get(f"children/{world.own.child.pk}/")
    assert answer.json()["placements"][0]["address"] is None
    assert answer.json()["people"] == []
    assert not [canary for canary in CANARIES if canary in answer.content.decode()]


def test_what_is_known_is_not_sent_again(world: World) -> None:
    caller, path = Caller(world.own), f"children/{world.own.child.pk}/"
    known = caller.get(path).headers["ETag"]
    assert caller.get(path, headers={"If-None-Match": known}).status_code == 304
    caller.language = "cy"
    assert caller.get(path, headers={"If-None-Match": known}).status_code == 304  # the record has no sentences
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        PlacementAddress.objects.filter(placement=world.own.placement.pk).update(postcode="CF10 1AA")
    assert caller.get(path, headers={"If-None-Match": known}).status_code == 200


@pytest.mark.req("SW-03", "SW-16", "DL-12")
def test_duties_explain_themselves_in_the_language_asked_for(world: World) -> None:
    caller = Caller(world.own)
    english = caller.get(f"children/{world.own.child.pk}/duties/").json()["results"]
    caller.language = "cy"
    welsh = caller.get(f"children/{world.own.child.pk}/duties/").json()["results"]
    assert [duty["due_on"] for duty in english] == sorted(duty["due_on"] for duty in english)
    assert len(english) == len(welsh) == 9
    for one, other in zip(english, welsh, strict=True):
        assert one["id"] == other["id"]
        assert one["trigger_words"] != other["trigger_words"]


@pytest.mark.req("SW-03")
def test_a_social_workers_duties_by_state(world: World) -> None:
    caller = Caller(world.own)
    colleague = person(Role.SOCIAL_WORKER, world.own.row)
    worker = world.own.user(Role.SOCIAL_WORKER).email
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        recorded = Duty.objects.get(child=world.own.child, code="entry_recorded")  # done by the entry itself
        late, done = Duty.objects.open().filter(child=world.own.child).order_by("code")[:2]
        Duty.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=2))
        Duty.objects.filter(pk=done.pk).update(closed_on=timezone.localdate(), outcome="on_time", next_look_on=None)
    assert len(ids(caller.get(f"duties/?worker={worker}"))) == 7
    overdue = caller.get(f"duties/?worker={worker}&state=overdue").json()["results"]
    assert [(duty["id"], duty["overdue"], duty["days_late"]) for duty in overdue] == [(str(late.pk), True, 2)]
    assert ids(caller.get(f"duties/?worker={worker}&state=closed")) == [str(recorded.pk), str(done.pk)]
    assert ids(caller.get(f"duties/?worker={colleague.user.email}")) == []
    assert ids(caller.get("duties/?state=overdue")) == [str(late.pk)]
    for unknown in (world.other.user(Role.SOCIAL_WORKER).email, "nobody@lace.example"):
        assert set(caller.get(f"duties/?worker={unknown}").json()["errors"]) == {"worker"}


@pytest.mark.req("SW-16", "REV-01")
def test_a_review_is_arranged_and_read(world: World) -> None:
    caller, path = Caller(world.own), f"children/{world.own.child.pk}/reviews/"
    when = (timezone.now() + timedelta(days=10)).replace(microsecond=0).isoformat()
    body = {"scheduled_for": when, "venue": "Ysgol y Bryn"}
    made = caller.post(path, body)
    assert made.status_code == 201, made.content
    assert ids(caller.get(path)) == [made.json()["id"]]
    assert caller.post(path, body).status_code == 409
    for wrong in ({"venue": "x"}, body | {"scheduled_for": "2026-12-01 14:00"}, body | {"scheduled_for": "2026-12-01T14:00:00"}):
        assert set(caller.post(path, wrong).json()["errors"]) == {"scheduled_for"}


@pytest.mark.parametrize(
    ("path", "count"),
    [("children/", 5), ("children/{child}/", 16), ("children/{child}/duties/", 9), ("duties/", 8), ("children/{child}/reviews/", 6)],
)
def test_every_page_costs_the_same_statements(world: World, statements: Callable[..., Any], path: str, count: int) -> None:
    caller = Caller(world.own)
    for _one in range(4):
        enter(world.own, entered_on=timezone.localdate())
    caller.get(path.format(child=world.own.child.pk))
    with statements(count):
        assert caller.get(path.format(child=world.own.child.pk)).status_code == 200
