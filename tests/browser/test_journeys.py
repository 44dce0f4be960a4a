"""The work that a plan asks of each person, from end to end, with a keyboard alone: in both languages with axe at every step, and without scripts.

What a person finds is looked for by address and field, so that both languages go the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from lace.accounts.access import Role
from peps.models import Contribution, Pep, QualityReview, Section, Version
from peps.rules import State
from peps.rules.contributions import token_for
from peps.rules.quality import Decision, ReviewState
from schools.rules import SchoolKind
from tests.browser.hands import Hands
from tests.conftest import owner_connection
from tests.peps.plans import acting, final, plan, started
from tests.world import World

Open = Callable[..., Page]
# (language, is every page looked at): without scripts axe cannot look
WAYS = [
    pytest.param("en-gb", True, id="english"),
    pytest.param("cy", True, id="welsh"),
    pytest.param("cy", False, id="no_scripts", marks=pytest.mark.no_js),
]


def current(world: World) -> Pep:
    with acting(world.own, Role.SOCIAL_WORKER), transaction.atomic():
        return Pep.objects.get(child=world.own.child)


def day(name: str, days: int) -> dict[str, str]:
    on = timezone.localdate() + timedelta(days=days)
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


@pytest.mark.req("PEP-14", "PEP-18", "CAR-02")
@pytest.mark.parametrize(("language", "looked_at"), WAYS)
def test_a_designated_person_and_a_carer_write_the_termly_plan(open_page: Open, world: World, language: str, looked_at: bool) -> None:
    version = final(world.own)
    school, carer = world.client(Role.DESIGNATED_PERSON), world.client(Role.FOSTER_CARER)
    hands = Hands(open_page(plan(world), client=school, language=language), looked_at=looked_at)
    hands.open("/plan/amend/")
    hands.type(reason="Tymor y gwanwyn")
    hands.send()
    for target in version.targets():
        hands.open(f"/plan/targets/{target['id']}/evaluate/")
        hands.choose("outcome", "met")
        hands.type(evidence="Naw o ddeg")
        hands.tick("strike")
        hands.send()
    for area in ("academic", "leisure"):
        hands.open("/plan/targets/add/")
        hands.choose("area", area)
        hands.type(need="Degolion", baseline="Pedwar", goal="Naw o ddeg", measure="Cwis", strategy="Ugain munud y dydd", **day("review_on", 60))
        hands.send()
    at_home = Hands(open_page(plan(world), client=carer, language=language), looked_at=looked_at)
    at_home.open("/plan/section/carer/")
    at_home.type(education="Darllen gyda'n gilydd")
    at_home.send()
    hands = Hands(open_page(plan(world), client=school, language=language), looked_at=looked_at)
    hands.open("/plan/final/")
    hands.send()
    done = current(world)
    assert (done.state, done.version) == (State.FINAL, 2)
    with acting(world.own, Role.SOCIAL_WORKER), transaction.atomic():
        content = Version.objects.get(pep=done, number=2).content
    assert content["sections"]["carer"]["answers"]["education"] == "Darllen gyda'n gilydd"
    assert [target["goal"] for target in content["targets"]] == ["Naw o ddeg", "Naw o ddeg"]
    assert {end["outcome"] for end in content["ended"]} == {"met"}


@pytest.mark.req("PEP-12", "PEP-13", "VOICE-01")
@pytest.mark.parametrize("years", [9, 15])
@pytest.mark.parametrize(("language", "looked_at"), WAYS)
def test_a_child_writes_their_own_page(open_page: Open, world: World, language: str, looked_at: bool, years: int) -> None:
    started(world.own)
    born = timezone.localdate() - timedelta(days=round(years * 365.25) + 10)
    with owner_connection() as owner:
        owner.execute("UPDATE children_child SET born_on = %s WHERE id = %s", [born, world.own.child.pk])
        kind = SchoolKind.PRIMARY if years == 9 else SchoolKind.SECONDARY
        owner.execute("UPDATE schools_school SET kind = %s WHERE organisation_id = %s", [kind, world.own.school.organisation_id])
    hands = Hands(open_page("/my/", client=world.client(Role.CHILD), language=language), looked_at=looked_at)
    hands.open("/plan/section/my_page/")
    asked = {("en-gb", 9): "When I grow up…", ("en-gb", 15): "What I hope to do or be"}.get((language, years))
    if asked:
        expect(hands.page.locator("label[for=id_hope]")).to_contain_text(asked)
    hands.choose("feeling", "happy")
    hands.type(next="Ci bach", helps="Amser")
    hands.choose("how", "said")
    hands.send()
    expect(hands.page.locator("main")).to_contain_text("Ci bach")
    with acting(world.own, Role.SOCIAL_WORKER), transaction.atomic():
        page = Section.objects.get(pep__child=world.own.child, key="my_page")
    assert (page.answers["feeling"], page.answers["next"], page.answers["how"], page.written_as) == ("happy", "Ci bach", "said", Role.CHILD)


@pytest.mark.req("PEP-10", "DP-20")
@pytest.mark.parametrize(("language", "looked_at"), WAYS)
def test_a_social_worker_and_a_teacher_contribute(open_page: Open, world: World, language: str, looked_at: bool) -> None:
    started(world.own)
    school, social_worker = world.client(Role.DESIGNATED_PERSON), world.client(Role.SOCIAL_WORKER)
    hands = Hands(open_page(plan(world), client=school, language=language), looked_at=looked_at)
    hands.open("/plan/contributions/ask/")
    hands.tick("roles", "social_worker")
    hands.type(**day("due_on", 5))
    hands.send()
    hands.open("/plan/contributions/e-mail/")
    hands.choose("role", "teacher")
    hands.type(subject="Maths", name="Ann Teacher", email="ann@school.example", **day("due_on", 5))
    hands.send()
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        mailed = Contribution.objects.get(pep__child=world.own.child, subject="Maths")
        asked = Contribution.objects.exclude(pk=mailed.pk).get(pep__child=world.own.child)
    theirs = Hands(open_page(plan(world), client=social_worker, language=language), looked_at=looked_at)
    theirs.open(f"/plan/contributions/{asked.pk}/")
    theirs.type(well="Yn canu drwy'r dydd")
    theirs.send()
    hands.page.context.clear_cookies()
    teacher = Hands(open_page(f"/words/{token_for(mailed.pk, mailed.sent)}/", language=language), looked_at=looked_at)
    teacher.type(well="Da gyda ffracsiynau")
    teacher.send()
    assert teacher.page.url.endswith("/words/thanks/")
    read = open_page(plan(world, "read/"), client=school, language=language)
    expect(read.locator("main")).to_contain_text("Yn canu drwy'r dydd")
    expect(read.locator("main")).to_contain_text("Da gyda ffracsiynau")


@pytest.mark.req("PEP-21")
@pytest.mark.parametrize(("language", "looked_at"), WAYS)
def test_a_reviewer_returns_a_plan_and_then_accepts_it(open_page: Open, world: World, language: str, looked_at: bool) -> None:
    version = final(world.own)
    office, school = world.client(Role.LACE_COORDINATOR), world.client(Role.DESIGNATED_PERSON)
    _look_at(open_page, office, language, looked_at, version, targets="red")
    hands = Hands(open_page(plan(world), client=school, language=language), looked_at=looked_at)
    assert current(world).state == State.AMENDING
    for target in version.targets():
        hands.open(f"/plan/targets/{target['id']}/evaluate/")
        hands.choose("outcome", "goes_on")
        hands.send()
    hands.open("/plan/section/history/")
    hands.type(achievements="Bathodyn nofio, mis Mai")
    hands.send()
    hands.open("/plan/final/")
    hands.send()
    with acting(world.own, Role.LACE_COORDINATOR), transaction.atomic():
        second = Version.objects.get(pep__child=world.own.child, number=2)
    _look_at(open_page, office, language, looked_at, second)
    with acting(world.own, Role.LACE_COORDINATOR), transaction.atomic():
        states = dict(QualityReview.objects.filter(pep__child=world.own.child).values_list("of_version__number", "state"))
    assert states == {1: ReviewState.RETURNED, 2: ReviewState.ACCEPTED}


def _look_at(open_page: Open, office: object, language: str, looked_at: bool, version: Version, **grades: str) -> None:
    """A reviewer takes a version from the queue, grades every area gold save for those named, and decides."""
    address = f"/plan/versions/{version.pk}/quality/"
    hands = Hands(open_page("/quality/", client=office, language=language), looked_at=looked_at)
    hands.open(address)
    hands.open(f"{address}take/")
    hands.send()
    areas = [str(box.get_attribute("name")) for box in hands.page.locator("main input[type=radio][value=gold]").all()]
    for name in areas:
        grade = grades.get(name.removesuffix("_grade"), "gold")
        hands.choose(name, grade)
        if grade != "gold":
            hands.type(**{name.replace("_grade", "_comment"): "Dywedwch pryd a ble"})
    hands.send()
    hands.open(f"{address}decide/")
    hands.choose("decision", Decision.RETURN if grades else Decision.ACCEPT)
    if grades:
        hands.type(reason="I'w gywiro")
    hands.send()
