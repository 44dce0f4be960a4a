"""One shared record: who of social care, education, the family and the school may write which part of it, through every door (SW-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Relation, Role
from lace.children.models import CareEpisode
from lace.children.services import PlacementFacts, assign, begin_care, end_care, place
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused
from lace.web.middleware import serving
from tests.peps.plans import ANSWERS, with_every_section, written
from tests.reviews.test_reviews import arranged
from tests.world import Authority, World

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
_R = Role
CARE = {_R.SOCIAL_WORKER, _R.CASE_SYSTEM}
SCHOOL = {_R.DESIGNATED_PERSON, _R.LACE_COORDINATOR}
PLAN = SCHOOL | {_R.SOCIAL_WORKER}
ARRANGE = {_R.SOCIAL_WORKER, _R.LACE_COORDINATOR, _R.IRO, _R.CASE_SYSTEM}

# Part of the record: who may write it. By hand from requirements section 3, never from the access table.
DOORS: dict[str, set[Role]] = {
    "child_eotas": {_R.SOCIAL_WORKER, _R.LACE_COORDINATOR, _R.CASE_SYSTEM},
    "child_plan_target_add": PLAN,
    "child_plan_ask": PLAN,
    "child_review_arrange": ARRANGE,
    "child_no_contact_add": {_R.SOCIAL_WORKER},
    "child_risk_add": {_R.SOCIAL_WORKER, _R.CHILD_PROTECTION_LEAD},
    "child_referral_add": {_R.SOCIAL_WORKER, _R.CHILD_PROTECTION_LEAD, _R.DESIGNATED_PERSON},
    "child_dispute_add": {_R.SOCIAL_WORKER, _R.LACE_COORDINATOR, _R.DESIGNATED_MANAGER},
    "child_said_add": {_R.SOCIAL_WORKER, _R.IRO, _R.DESIGNATED_PERSON, _R.ADVOCATE, _R.FOSTER_CARER, _R.KINSHIP_CARER},
    "own_said_add": {_R.CHILD},
}
SECTIONS: dict[str, set[Role]] = {
    "my_page": {_R.CHILD, _R.DESIGNATED_PERSON, _R.SOCIAL_WORKER, _R.FOSTER_CARER, _R.KINSHIP_CARER},
    "history": PLAN,
    "arrangements": SCHOOL,
    "attainment": SCHOOL,
    "personal_development": SCHOOL,
    "carer": {_R.FOSTER_CARER, _R.KINSHIP_CARER, _R.RESIDENTIAL_WORKER, _R.DESIGNATED_PERSON, _R.SOCIAL_WORKER},
    "contacts": PLAN,
    "elsewhere": SCHOOL,
    "aln": PLAN,
    "exclusions": SCHOOL,
    "aspirations": SCHOOL,
    "post_16": SCHOOL,
    "transition": PLAN,
    "pathway": PLAN,
}


def address(world: World, route: str, **more: Any) -> str:
    return reverse(route, kwargs=({} if route.startswith("own") else {"child": world.own.child.pk}) | more)


@pytest.mark.req("SW-11")
@pytest.mark.parametrize("role", list(Role))
def test_every_page_that_writes_is_open_to_its_writers_only(world: World, role: Role) -> None:
    with_every_section(world.own, written(world.own))
    client, stranger = world.client(role), world.client(role, world.other)
    for route, roles in DOORS.items():
        for method in ("get", "post"):
            answer = getattr(client, method)(address(world, route), {"keys": "unknown"})  # nothing that any of these forms accepts
            assert (answer.status_code == 200) == (role in roles), f"{method} {route}: {answer.status_code}"
            assert answer.status_code in {200, 403, 404}
        if not route.startswith("own"):
            assert stranger.post(address(world, route)).status_code == 404, route
    for key, roles in SECTIONS.items():
        answer = client.post(address(world, "child_plan_section", key=key), {})
        assert (answer.status_code in {200, 302}) == (role in roles), f"{key}: {answer.status_code}"
        assert stranger.post(address(world, "child_plan_section", key=key), {}).status_code == 404


def test_the_sections_are_all_of_the_plans() -> None:
    assert set(SECTIONS) == set(ANSWERS)


# The care record has no page of its own: the case system and the services behind it.
def _placed(by: Actor, at: Authority) -> object:
    return place(by=by, episode=_episode(at), facts=PlacementFacts(kind="foster", started_on=TODAY, host_authority=at.row))


def _episode(at: Authority) -> CareEpisode:
    return CareEpisode.objects.select_related("child").get(pk=at.episode.pk)


CARE_ACTS: dict[str, Callable[[Actor, Authority], object]] = {
    "entry": lambda by, at: begin_care(
        by=by, child=at.child, started_on=TODAY - timedelta(days=900), entry_type="planned", reason="other", legal_status="other"
    ),
    "placement": _placed,
    "worker": lambda by, at: assign(by=by, child=at.child, user=at.user(_R.SOCIAL_WORKER), relation=Relation.SOCIAL_WORKER, on=TODAY),
    "end": lambda by, at: end_care(by=by, episode=_episode(at), on=TODAY, reason="returned_home"),
}


@pytest.mark.req("SW-11")
@pytest.mark.parametrize("act", CARE_ACTS)
def test_the_care_record_is_written_by_social_care_only(world: World, act: str) -> None:
    for role in Role:
        if role in CARE:
            continue
        by = world.own.actor(role)
        with serving(by), pytest.raises((NotAllowed, CareEpisode.DoesNotExist)):
            CARE_ACTS[act](by, world.own)
    for role in CARE:
        stranger = world.other.actor(role)
        with serving(stranger), pytest.raises((NotAllowed, CareEpisode.DoesNotExist)):
            CARE_ACTS[act](stranger, world.own)
    by = world.own.actor(_R.CASE_SYSTEM)
    with serving(by):
        try:
            CARE_ACTS[act](by, world.own)
        except Refused:
            assert act == "entry"  # allowed; that the dates overlap is another matter


@pytest.mark.req("SW-11")
def test_a_review_is_closed_by_those_who_hold_it(world: World) -> None:
    review = arranged(world.own)
    for role in Role:
        answer = world.client(role).get(address(world, "child_review_close", review=review.pk))
        assert (answer.status_code == 200) == (role in {_R.SOCIAL_WORKER, _R.IRO, _R.CASE_SYSTEM}), role
