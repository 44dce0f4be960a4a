"""The PEP as a part of the care and support plan: what stands beside it, and what of it bears on which part."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from lace.accounts.access import Role
from lace.deadlines.models import Duty
from lace.deadlines.services.life import record_done
from peps.rules.care_plan import PARTS
from peps.rules.sections import SECTIONS
from tests.peps.plans import acting, started, text, written
from tests.world import World

pytestmark = pytest.mark.django_db


def test_every_section_bears_on_a_part_and_every_part_names_sections_that_there_are() -> None:
    assert {key for part in PARTS for key in part.sections} == set(SECTIONS)


@pytest.mark.req("PEP-07")
def test_it_stands_beside_the_other_plans_and_leads_to_each_part(world: World) -> None:
    written(world.own)
    at = reverse("child_plan_care_plan", args=[world.own.child.pk])
    worker = world.client(Role.SOCIAL_WORKER)
    assert at in text(worker.get(reverse("child_plan", args=[world.own.child.pk])))
    page = text(worker.get(at))
    assert "Due by" in page  # the placement plan
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        for duty in Duty.objects.open().filter(child=world.own.child, code__in=["care_plan", "placement_plan"]):
            duty.child = world.own.child
            record_done(by=by, duty=duty, on=by.today, what="Case system, document 4711", reason="Late: the first form was lost")
    page = text(worker.get(at))
    assert "Ready since" in page
    assert page.count("Case system, document 4711") == 2
    read = reverse("child_plan_read", args=[world.own.child.pk])
    for part in ("Health", "Behaviour and emotions", "Identity", "Family ties", "Friendships"):
        assert part in page
    assert f"{read}#my_page" in page
    assert f'id="{"my_page"}"' in text(worker.get(read))
    section = text(world.client(Role.DESIGNATED_PERSON).get(reverse("child_plan_section", args=[world.own.child.pk, "contacts"])))
    assert "Family ties" in section
    worker.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    assert "Cysylltiadau teuluol" in text(worker.get(at))


@pytest.mark.req("PEP-07")
def test_nobody_is_led_to_what_they_may_not_see(world: World) -> None:
    started(world.own)
    at, read = (reverse(name, args=[world.own.child.pk]) for name in ("child_plan_care_plan", "child_plan_read"))
    page = text(world.client(Role.HEADTEACHER).get(at))  # who may not read what the child said, nor scores
    assert f"{read}#my_page" not in page
    assert reverse("child_measures", args=[world.own.child.pk]) not in page.split("<main", 1)[1].split("<dl", 1)[1]
    assert f"{read}#history" in page
    assert world.client(Role.TEACHER).get(at).status_code == 404
    assert world.client(Role.LACE_COORDINATOR, world.other).get(at).status_code == 404
