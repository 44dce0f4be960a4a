"""Designations recorded and ended, by whom, with what the LACE coordinator is told; and the register confirmed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from lace.accounts.access import Role
from lace.accounts.models import Membership
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.notifications.kinds import write
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.models import Designation, RegisterCheck
from schools.rules import BOUND, SchoolKind, Standing, standing, term_of
from schools.services.confirmation import confirm_register
from schools.services.designation import DesignationFacts, designate, end_designation
from tests.world import Authority, World, person

TODAY = timezone.localdate


def facts(membership: Membership, **changes: Any) -> DesignationFacts:
    today = TODAY()
    values: dict[str, Any] = {"decided_on": today - timedelta(days=9), "started_on": today - timedelta(days=2), "headteacher_consulted": True}
    return DesignationFacts(membership=membership, **(values | changes))


def designated(authority: Authority, by: Role = Role.GOVERNOR, **changes: Any) -> Designation:
    actor = authority.actor(by)
    with serving(actor):
        return designate(by=actor, school=authority.school, facts=facts(authority.members[Role.DESIGNATED_PERSON], **changes))


def colleague(authority: Authority) -> Membership:
    return person(Role.DESIGNATED_PERSON, authority.row, authority.school.organisation)


def typed(held: Membership, **changes: str) -> dict[str, Any]:
    def boxes(name: str, day: date) -> dict[str, str]:
        return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}

    today = TODAY()
    values = boxes("decided_on", today - timedelta(days=9)) | boxes("started_on", today - timedelta(days=2))
    chosen: dict[str, Any] = {"membership": str(held.pk), "headteacher_consulted": "yes", "other_roles": "ALNCo", "standing": ["pastoral"]}
    return values | chosen | {"factors": ["cohort_needs"]} | changes


def url(name: str, authority: Authority, **more: Any) -> str:
    return reverse(name, kwargs={"number": authority.school.number, **more})


@pytest.mark.req("SCH-03")
@pytest.mark.parametrize("role", [Role.GOVERNOR, Role.HEADTEACHER])
def test_a_designation_is_recorded_through_the_page_with_all_it_rests_on(world: World, role: Role) -> None:
    held = world.own.members[Role.DESIGNATED_PERSON]
    client = world.client(role)
    assert client.get(url("school_designate", world.own)).status_code == 200
    answer = client.post(url("school_designate", world.own), typed(held))
    assert answer.status_code == 302
    made = Designation.objects.get()
    assert (made.membership, made.headteacher_consulted, made.other_roles) == (held, True, "ALNCo")
    assert (made.leadership_team, made.pastoral, made.factors) == (False, True, ["cohort_needs"])
    assert (made.decided_on, made.started_on) == (TODAY() - timedelta(days=9), TODAY() - timedelta(days=2))
    page = client.get(answer["Location"]).content.decode()
    for words in (held.user.name, "ALNCo", "Has a pastoral background", "What those children need"):
        assert words in page


@pytest.mark.req("SCH-04")
def test_the_coordinator_of_the_schools_authority_is_told_and_the_notice_stays_until_read(world: World) -> None:
    made = designated(world.own)
    coordinator = world.own.actor(Role.LACE_COORDINATOR)
    with serving(coordinator):
        notice = Notification.objects.visible_to(coordinator).unread().get(source=made.pk)
    english = write(notice.kind, notice.facts, language="en-gb")
    welsh = write(notice.kind, notice.facts, language="cy")
    assert world.own.school.organisation.name_en in english.body
    assert world.own.school.organisation.name_cy in welsh.body
    assert made.membership.user.name not in english.body
    stranger = world.other.actor(Role.LACE_COORDINATOR)
    with serving(stranger):
        assert not Notification.objects.visible_to(stranger).filter(source=made.pk).exists()


@pytest.mark.req("SCH-04")
def test_the_end_is_told_to_coordinator_and_administrator(world: World) -> None:
    made = designated(world.own)
    answer = world.client(Role.HEADTEACHER).post(
        url("school_designation_end", world.own, designation=made.pk),
        {"ended_on_day": str(TODAY().day), "ended_on_month": str(TODAY().month), "ended_on_year": str(TODAY().year)},
    )
    assert answer.status_code == 302
    made.refresh_from_db()
    assert made.ended_on == TODAY()
    assert not Designation.objects.current_on(TODAY()).exists()
    for role in (Role.LACE_COORDINATOR, Role.ADMINISTRATOR):
        actor = world.own.actor(role)
        with serving(actor):
            assert Notification.objects.visible_to(actor).unread().filter(kind="designation_ended").exists()


@pytest.mark.req("SCH-03", "SCH-04")
def test_the_next_designation_ends_the_one_before_without_a_day_between(world: World) -> None:
    first = designated(world.own, decided_on=TODAY() - timedelta(days=90), started_on=TODAY() - timedelta(days=80))
    actor = world.own.actor(Role.GOVERNOR)
    with serving(actor):
        second = designate(by=actor, school=world.own.school, facts=facts(colleague(world.own)))
    first.refresh_from_db()
    assert first.ended_on == second.started_on
    assert [row.pk for row in Designation.objects.current_on(second.started_on)] == [second.pk]
    assert [row.pk for row in Designation.objects.current_on(second.started_on - timedelta(days=1))] == [first.pk]


@pytest.mark.req("SCH-03")
def test_nobody_records_or_ends_their_own_designation(world: World) -> None:
    head = world.own.members[Role.HEADTEACHER]
    both = Membership.objects.create(
        user=head.user,
        role=Role.DESIGNATED_PERSON,
        authority=world.own.row,
        organisation=world.own.school.organisation,
        starts_on=TODAY() - timedelta(days=30),
    )
    by = world.own.actor(Role.HEADTEACHER)
    with serving(by), pytest.raises(BadInput, match="membership"):
        designate(by=by, school=world.own.school, facts=facts(both))
    governor = world.own.actor(Role.GOVERNOR)
    with serving(governor):
        made = designate(by=governor, school=world.own.school, facts=facts(both))
    with serving(by), pytest.raises(Refused):
        end_designation(by=by, designation=made, on=TODAY())
    person_designated = world.own.actor(Role.DESIGNATED_PERSON)
    with serving(person_designated), pytest.raises(NotAllowed):
        designate(by=person_designated, school=world.own.school, facts=facts(colleague(world.own)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"membership": "0"}, "Choose who is designated"),
        ({"decided_on_year": "2099"}, "must be today or in the past"),
        ({"started_on_year": "2001"}, "cannot start before the governing body decided"),
        ({"started_on_day": "31", "started_on_month": "2"}, "Enter a real date"),
        ({"headteacher_consulted": ""}, "Say whether the headteacher was consulted"),
    ],
)
def test_bad_input_says_what_to_do_keeps_what_was_typed_and_changes_nothing(world: World, changes: dict[str, str], sentence: str) -> None:
    sent = typed(world.own.members[Role.DESIGNATED_PERSON], **({"other_roles": "Pennaeth blwyddyn"} | changes))
    answer = world.client(Role.GOVERNOR).post(url("school_designate", world.own), sent)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in body
    assert "Pennaeth blwyddyn" in body
    assert not Designation.objects.exists()


def test_days_out_of_order_are_refused(world: World) -> None:
    first = designated(world.own)
    actor = world.own.actor(Role.GOVERNOR)
    with serving(actor):
        with pytest.raises(BadInput, match="started_on"):
            designate(by=actor, school=world.own.school, facts=facts(colleague(world.own), started_on=first.started_on))
        with pytest.raises(Refused):
            designate(by=actor, school=world.own.school, facts=facts(world.own.members[Role.DESIGNATED_PERSON]))
        with pytest.raises(BadInput, match="ended_on"):
            end_designation(by=actor, designation=first, on=first.started_on - timedelta(days=1))
        end_designation(by=actor, designation=first, on=TODAY() + timedelta(days=5))
        with pytest.raises(Refused):
            end_designation(by=actor, designation=first, on=TODAY())
        with pytest.raises(BadInput, match="started_on"):
            designate(by=actor, school=world.own.school, facts=facts(colleague(world.own), started_on=TODAY()))


def test_only_somebody_with_the_role_there_can_be_designated(world: World) -> None:
    actor = world.own.actor(Role.GOVERNOR)
    past = colleague(world.own)
    Membership.objects.filter(pk=past.pk).update(ends_on=TODAY())
    past.refresh_from_db()
    with serving(actor):
        for wrong in (past, world.other.members[Role.DESIGNATED_PERSON], world.own.members[Role.HEADTEACHER]):
            with pytest.raises(BadInput, match="membership"):
                designate(by=actor, school=world.own.school, facts=facts(wrong))
    Membership.objects.filter(organisation=world.own.school.pk, role=Role.DESIGNATED_PERSON).update(ends_on=TODAY())
    page = world.client(Role.GOVERNOR).get(url("school_designate", world.own)).content.decode()
    assert "There is nobody to choose" in page


@pytest.mark.parametrize("role", [Role.GOVERNOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR])
def test_strangers_of_the_same_role_change_nothing(world: World, role: Role) -> None:
    made = designated(world.other)
    client = world.client(role)
    pages = [url("school_designate", world.other)]
    pages += [url("school_designation_end", world.other, designation=made.pk), url("school_confirm", world.other)]
    for page in pages:
        for answer in (client.get(page), client.post(page, typed(world.other.members[Role.DESIGNATED_PERSON]))):
            assert answer.status_code == 404
            assert world.other.school.organisation.name_en not in answer.content.decode()
    # another school's designation under one's own school is no way in either
    if role in {Role.GOVERNOR, Role.HEADTEACHER}:
        assert client.get(url("school_designation_end", world.own, designation=made.pk)).status_code == 404
    by = world.own.actor(role)
    with serving(by), pytest.raises(NotAllowed):
        designate(by=by, school=world.other.school, facts=facts(world.other.members[Role.DESIGNATED_PERSON]))
    made.refresh_from_db()
    assert made.ended_on is None


def test_who_may_not_is_told_so(world: World) -> None:
    made = designated(world.own)
    for role in (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR):
        client = world.client(role)
        assert client.get(url("school_designate", world.own)).status_code == 403
        assert client.get(url("school_designation_end", world.own, designation=made.pk)).status_code == 403
    for role in (Role.GOVERNOR, Role.LACE_COORDINATOR):
        assert world.client(role).post(url("school_confirm", world.own)).status_code == 403
    for role in (Role.FOSTER_CARER, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_MANAGER, Role.ADMINISTRATOR):
        assert world.client(role).get(url("school_designate", world.own)).status_code == 404


@pytest.mark.req("DP-01")
@pytest.mark.parametrize("role", [Role.DESIGNATED_PERSON, Role.HEADTEACHER])
def test_the_register_is_confirmed_with_who_and_when(world: World, role: Role) -> None:
    client = world.client(role)
    page = client.get(url("school", world.own)).content.decode()
    assert "Not confirmed this term" in page
    token = page.split('name="form_token" value="')[1].split('"')[0]
    for _click in range(2):
        assert client.post(url("school_confirm", world.own), {"form_token": token}).status_code == 302
    with serving(world.own.actor(role)):
        check = RegisterCheck.objects.get()
    assert (check.confirmed_by, check.confirmed_on) == (world.own.user(role), TODAY())
    page = client.get(url("school", world.own)).content.decode()
    assert "Not confirmed this term" not in page
    assert f"Last confirmed by {world.own.user(role).name}" in page


def test_confirmations_are_the_schools_and_its_authoritys_and_stay_as_they_are(world: World) -> None:
    by = world.other.actor(Role.DESIGNATED_PERSON)
    with serving(by):
        confirm_register(by=by, school=world.other.school)
        with pytest.raises(NotAllowed):
            confirm_register(by=by, school=world.own.school)
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        assert not RegisterCheck.objects.exists()
    with serving(world.other.actor(Role.LACE_COORDINATOR)):
        assert RegisterCheck.objects.count() == 1


@pytest.mark.req("SCH-01", "SCH-07")
def test_the_kind_of_school_says_what_is_missing() -> None:
    for kind in SchoolKind:
        assert standing(kind, designated=True) == Standing.IN_PLACE
        assert (standing(kind, designated=False) == Standing.MISSING) == (kind in BOUND)
    assert standing(SchoolKind.PRU, designated=False) == Standing.ENCOURAGED
    assert standing(SchoolKind.INDEPENDENT, designated=False) == Standing.NOT_REQUIRED


def test_a_term_is_not_another() -> None:
    assert term_of(date(2026, 12, 31)) != term_of(date(2027, 1, 1))
    assert term_of(date(2026, 9, 1)) == term_of(date(2026, 12, 31))


def test_the_form_speaks_welsh(world: World) -> None:
    client = world.client(Role.GOVERNOR)
    client.cookies["language"] = "cy"
    body = client.post(url("school_designate", world.own), {}).content.decode()
    assert "Dewiswch pwy sydd wedi'i ddynodi" in body.replace("&#x27;", "'").replace("&#39;", "'")
    with translation.override("en-gb"):
        assert "Choose who is designated" not in body
