"""Who is invited to a review, what they are told, and who was there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.utils import IntegrityError
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed
from lace.notifications.kinds import write
from lace.notifications.models import Notification
from lace.web.middleware import serving
from reviews import services
from reviews.models import Invitation, Review
from reviews.rules import Capacity
from reviews.services import Invitee
from tests.lace.api.callers import Caller
from tests.reviews.test_reviews import arranged, moment, typed, url
from tests.world import Authority, World, person

CARER = Role.FOSTER_CARER
CARERS = (CARER, Role.KINSHIP_CARER, Role.RESIDENTIAL_WORKER)  # the furnished world names one of each
EXPECTED = (Role.SOCIAL_WORKER, Role.IRO, *CARERS, Role.CHILD, Role.ADVOCATE)
LARGE = 8  # what an authority has unless it says otherwise


def told(world: World, kind: str) -> set[int]:
    """Past the policies: a person reads only their own messages."""
    with serving(Actor.named_job("test", today=timezone.localdate())):
        return set(Notification.objects.filter(kind=kind).values_list("recipient_id", flat=True))


def standing(authority: Authority) -> list[Invitation]:
    with serving(authority.actor(Role.IRO)):
        return list(Invitation.objects.filter(withdrawn_on__isnull=True).order_by("created_at"))


def ids(world: World, *roles: Role) -> list[int]:
    return [world.own.user(role).pk for role in roles]


def arrange(world: World, **more: Any) -> Any:
    return world.client(Role.IRO).post(url("child_review_arrange", world.own), typed(**more))


@pytest.mark.req("PRIV-02")
def test_without_a_list_those_around_the_child_are_invited_and_no_school_staff(world: World) -> None:
    arranged(world.own)
    assert {row.user_id for row in standing(world.own)} == set(ids(world, *EXPECTED))
    assert told(world, "review_arranged") == set(ids(world, *EXPECTED)) - {world.own.user(Role.IRO).pk}  # who arranges is not told of it
    assert world.own.user(Role.DESIGNATED_PERSON).pk not in told(world, "review_arranged")


@pytest.mark.req("PRIV-02")
def test_school_staff_are_offered_unticked_and_each_needs_a_reason(world: World) -> None:
    person_at_school = world.own.user(Role.DESIGNATED_PERSON)
    page = world.client(Role.IRO).get(url("child_review_arrange", world.own)).content.decode()
    assert f'value="{world.own.user(Role.SOCIAL_WORKER).pk}" checked' in page
    assert f'value="{person_at_school.pk}"' in page
    assert f'value="{person_at_school.pk}" checked' not in page
    refused = arrange(world, people=ids(world, Role.IRO), school=[person_at_school.pk], venue="Neuadd")
    body = refused.content.decode()
    assert refused.status_code == 200
    assert "Say why this person has to be there" in body
    assert f'value="{person_at_school.pk}" checked' in body  # what was chosen is kept
    assert not standing(world.own)
    reason = {f"reason_{person_at_school.pk}": "Knows how maths goes"}
    assert arrange(world, people=ids(world, Role.IRO), school=[person_at_school.pk], **reason).status_code == 302
    rows = {row.user_id: (row.capacity, row.reason) for row in standing(world.own)}
    assert rows == {world.own.user(Role.IRO).pk: ("iro", ""), person_at_school.pk: ("school", "Knows how maths goes")}
    assert told(world, "review_arranged") == {person_at_school.pk}
    assert "Knows how maths goes" in world.client(Role.IRO).get(url("child_meetings", world.own)).content.decode()


@pytest.mark.req("PRIV-02")
def test_the_service_and_the_database_ask_for_the_reason_themselves(world: World) -> None:
    by = world.own.actor(Role.IRO)
    at_school = Invitee("other", world.own.user(Role.DESIGNATED_PERSON))  # another capacity is no way round
    with serving(by):
        with pytest.raises(BadInput) as refused:
            services.schedule(by=by, child=world.own.child, scheduled_for=moment(9), venue="x", invitees=[at_school])
        assert set(refused.value.problems) == {"invitees"}
        typed_in = Invitee(Capacity.SCHOOL, name="Ms Prys")
        with pytest.raises(BadInput):
            services.schedule(by=by, child=world.own.child, scheduled_for=moment(9), venue="x", invitees=[typed_in])
        review = services.schedule(by=by, child=world.own.child, scheduled_for=moment(9), venue="x")
        row = Invitation(review=review, child=world.own.child, authority=world.own.row, capacity=Capacity.SCHOOL, name="Ms Prys")
        with pytest.raises(IntegrityError, match="school_staff_with_reason"):
            row.save()


@pytest.mark.req("PRIV-02", "PRIV-16")
def test_only_people_around_the_child_and_typed_names_are_invited(world: World) -> None:
    by = world.own.actor(Role.IRO)
    stranger, colleague = world.other.user(Role.IRO), person(Role.SOCIAL_WORKER, world.own.row).user
    with serving(by):
        for user in (stranger, colleague):
            with pytest.raises(BadInput):
                services.schedule(by=by, child=world.own.child, scheduled_for=moment(9), venue="x", invitees=[Invitee("other", user)])
    page = arrange(world, people=[colleague.pk], venue="Neuadd y Dref").content.decode()
    assert "Neuadd y Dref" in page
    assert colleague.name not in page
    assert not standing(world.own)
    assert arrange(world, name_1="Dr Elin Rees", capacity_1="health").status_code == 302
    assert [(row.name, row.capacity, row.user_id) for row in standing(world.own)] == [("Dr Elin Rees", "health", None)]
    assert not told(world, "review_arranged")  # nothing goes to somebody whose address nobody confirmed


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name_1": "Ms Prys", "capacity_1": ""}, "Choose as what this person is invited"),
        ({"name_1": "", "capacity_1": "health"}, "s name, or empty the row"),
        ({"name_1": "Ms Prys", "capacity_1": "school"}, "Say why this person has to be there"),
        ({"name_1": "Mam Maeth", "capacity_1": "carer"}, "Choose as what this person is invited"),
    ],
)
def test_a_typed_name_is_checked_and_kept(world: World, sent: dict[str, str], sentence: str) -> None:
    body = arrange(world, people=ids(world, Role.IRO), venue="Neuadd y Dref", **sent).content.decode()
    assert sentence in body or "Select a valid choice" in body
    assert "Neuadd y Dref" in body
    assert sent["name_1"] in body
    assert not standing(world.own)


@pytest.mark.req("PRIV-02")
def test_a_large_meeting_asks_whether_everybody_has_to_be_there(world: World) -> None:
    few = {"name_1": "Helper", "capacity_1": "other"}
    more = [person(Role.LACE_COORDINATOR, world.own.row).user.pk for _each in range(2)]
    sent = few | {"people": [*ids(world, *EXPECTED)[:6], *more]}  # nine
    page = arrange(world, **sent).content.decode()
    assert "9 people are invited, more than 8" in page
    assert "Everybody invited has to be there" in page
    assert not standing(world.own)
    assert arrange(world, **sent, large_is_needed="on").status_code == 302
    assert len(standing(world.own)) == LARGE + 1
    body = world.client(Role.IRO).get(url("child_meetings", world.own)).content.decode()
    assert "9 people are invited, more than 8" in body
    assert (
        "Everybody invited"
        not in world.client(Role.IRO).get(url("child_review_invited", world.own, review=standing(world.own)[0].review_id)).content.decode()
    )


@pytest.mark.req("PRIV-02")
def test_changing_the_list_invites_those_added_and_tells_those_left_out(world: World) -> None:
    review = arranged(world.own)
    address = url("child_review_invited", world.own, review=review.pk)
    client = world.client(Role.IRO)
    at_school = world.own.user(Role.DESIGNATED_PERSON)
    assert f'value="{world.own.user(CARER).pk}" checked' in client.get(address).content.decode()
    sent = {"people": ids(world, Role.IRO, Role.SOCIAL_WORKER), "school": [at_school.pk], f"reason_{at_school.pk}": "Sees her daily", "version": "1"}
    assert client.post(address, sent).status_code == 302
    assert {row.user_id for row in standing(world.own)} == {*ids(world, Role.IRO, Role.SOCIAL_WORKER), at_school.pk}
    assert told(world, "review_not_needed") == set(ids(world, *CARERS, Role.CHILD, Role.ADVOCATE))
    assert at_school.pk in told(world, "review_arranged")
    # resting on what is gone: told, and kept
    again = client.post(address, sent | {"name_1": "Dr Rees", "capacity_1": "health"})
    assert again.status_code == 409
    assert "Dr Rees" in again.content.decode()


@pytest.mark.req("PRIV-02", "REV-15")
def test_moving_and_calling_off_tell_those_invited_and_nobody_else(world: World) -> None:
    by = world.own.actor(Role.IRO)
    at_school = world.own.user(Role.DESIGNATED_PERSON)
    with serving(by):
        invitees = [Invitee("school", at_school, reason="Knows her"), Invitee("health", name="Dr Rees")]
        review = services.schedule(by=by, child=world.own.child, scheduled_for=moment(9), venue="x", invitees=invitees)
        review = services.postpone(by=by, review=review, to=moment(12), reason="Illness", version=review.version)
        services.cancel(by=by, review=review, version=review.version)
    assert told(world, "review_postponed") == told(world, "review_cancelled") == {at_school.pk}


@pytest.mark.req("PRIV-14", "REV-18")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_no_message_about_a_meeting_names_the_child_the_place_or_what_it_is_about(world: World, language: str) -> None:
    child = world.own.child
    facts = {"scheduled_at": moment(3).isoformat(), "held_on": timezone.localdate().isoformat()}
    for kind in ("review_arranged", "review_postponed", "review_cancelled", "review_not_needed", "review_closed"):
        text = write(kind, facts, language=language, initials=child.initials, child=child.pk)
        for word in (child.family_name, child.given_names, "Ysgol y Bryn", "looked", "care", "gofal", "review", "adolyg"):
            assert word.lower() not in f"{text.subject} {text.body}".lower(), (kind, word)
        assert child.initials not in text.subject
        assert child.initials in text.body
    review = arranged(world.own)
    answer = world.client(Role.IRO).get(url("child_review_calendar", world.own, review=review.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="meeting.ics"'
    entry = answer.content.decode()
    for word in (child.family_name, child.given_names, child.initials, str(child.pk), "review", "care"):
        assert word not in entry


@pytest.mark.req("PRIV-04")
def test_a_carer_is_named_to_those_who_may_know_where_the_child_lives(world: World) -> None:
    arranged(world.own)
    carer = world.own.user(CARER).name
    page = url("child_meetings", world.own)
    for role, sees in ((Role.SOCIAL_WORKER, True), (Role.IRO, True), (Role.DESIGNATED_PERSON, False), (Role.HEADTEACHER, False)):
        body = world.client(role).get(page).content.decode()
        assert (carer in body) == sees, role
        assert "Carer" in body
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        world.own.child.address_is_sensitive = True
        world.own.child.save()
    for role in (Role.SOCIAL_WORKER, Role.IRO):
        assert carer not in world.client(role).get(page).content.decode()
    with serving(world.own.actor(Role.IRO)), pytest.raises(IntegrityError, match="no_carers_name"):
        Invitation.objects.filter(user=world.own.user(CARER)).update(name=carer)


def closing(world: World, review: Review, **more: str) -> Any:
    today = timezone.localdate()
    when = {"held_on_day": str(today.day), "held_on_month": str(today.month), "held_on_year": str(today.year)}
    sent = when | {"participation": "attended", "version": str(review.version)} | more
    return world.client(Role.IRO).post(url("child_review_close", world.own, review=review.pk), sent)


@pytest.mark.req("REV-07")
def test_closing_asks_of_each_who_was_invited_how_they_took_part(world: World) -> None:
    by = world.own.actor(Role.IRO)
    with serving(by):
        people = [Invitee("iro", world.own.user(Role.IRO)), Invitee("school", world.own.user(Role.DESIGNATED_PERSON), reason="Knows her")]
        review = services.schedule(
            by=by, child=world.own.child, scheduled_for=moment(0), venue="x", invitees=[*people, Invitee("health", name="Dr Rees")]
        )
    refused = closing(world, review, attendance_1="attended", attendance_3="apologies").content.decode()
    name = world.own.user(Role.DESIGNATED_PERSON).name
    assert f"Choose how {name} (School staff) took part" in refused
    assert closing(world, review, attendance_1="attended", attendance_2="views_sent", attendance_3="apologies").status_code == 302
    assert [row.attendance for row in standing(world.own)] == ["attended", "views_sent", "apologies"]
    body = world.client(Role.SOCIAL_WORKER).get(url("child_meetings", world.own)).content.decode()
    for words in ("Sent views in writing", "Sent apologies", "Dr Rees (Health professional)", "The school was represented"):
        assert words in body
    shown = body.split("The school was represented")[1]
    assert "No" in shown.split("</dd>")[0]


def test_attendance_of_others_is_refused(world: World) -> None:
    review = arranged(world.own, days=0)
    by = world.own.actor(Role.IRO)
    with serving(by), pytest.raises(BadInput):
        services.close(
            by=by, review=review, held_on=by.today, participation="attended", summary="", decisions=[], version=review.version, attendance={}
        )


@pytest.mark.req("REV-09")
def test_those_entitled_and_those_invited_get_the_decisions(world: World) -> None:
    by = world.own.actor(Role.SOCIAL_WORKER)
    coordinator: User = world.own.user(Role.LACE_COORDINATOR)
    with serving(by):
        review = services.schedule(by=by, child=world.own.child, scheduled_for=moment(0), venue="x", invitees=[Invitee("coordinator", coordinator)])
        services.close(by=by, review=review, held_on=by.today, participation="attended", summary="", decisions=[], version=review.version)
    assert told(world, "review_closed") == {*ids(world, *EXPECTED, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR)} - {*ids(world, Role.SOCIAL_WORKER)}


@pytest.mark.req("PRIV-02")
def test_the_api_invites_by_address_or_name_and_says_who_was_invited(world: World) -> None:
    caller = Caller(world.own)
    address = f"children/{world.own.child.pk}/reviews/"
    body: dict[str, Any] = {"scheduled_for": moment(20).isoformat(), "venue": "Canolfan"}
    at_school = {"email": world.own.user(Role.DESIGNATED_PERSON).email}
    refused = caller.post(address, body | {"invitees": [at_school]})
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["invitees"]
    stranger = caller.post(address, body | {"invitees": [{"email": world.other.user(Role.IRO).email}]})
    assert list(stranger.json()["errors"]) == ["invitees.0.email"]
    assert caller.post(address, body | {"invitees": [{"name": "Dr Rees"}]}).status_code == 400
    crowd = [{"name": f"Helper {n}", "capacity": "other"} for n in range(LARGE + 1)]
    assert list(caller.post(address, body | {"invitees": crowd}).json()["errors"]) == ["large_is_needed"]
    invitees = [at_school | {"reason": "Knows her"}, {"name": "Dr Rees", "capacity": "health"}, {"email": world.own.user(CARER).email}]
    made = caller.post(address, body | {"invitees": invitees})
    assert made.status_code == 201
    rows = [(row["capacity"], row["name"], row["reason"]) for row in made.json()["invitations"]]
    assert (
        sorted(rows[:2], key=str)
        == sorted([("school", world.own.user(Role.DESIGNATED_PERSON).name, "Knows her"), ("health", "Dr Rees", None)], key=str)
        or len(rows) == 3
    )
    assert {row[0] for row in rows} == {"school", "health", "carer"}
    assert caller.get(address).json()["results"][0]["invitations"] == made.json()["invitations"]


def test_who_may_not_arrange_may_not_invite(world: World) -> None:
    review = arranged(world.own)
    for role in (CARER, Role.DESIGNATED_PERSON):
        assert world.client(role).get(url("child_review_invited", world.own, review=review.pk)).status_code == 403
        by = world.own.actor(role)
        with serving(by), pytest.raises(NotAllowed):
            services.invite(by=by, review=review, invitees=[Invitee("iro", world.own.user(Role.IRO))], version=review.version)
    stranger = world.client(Role.IRO, world.other)
    assert stranger.get(url("child_review_invited", world.own, review=review.pk)).status_code == 404
    by = world.own.actor(Role.IRO)
    with serving(by), pytest.raises(Changed):
        services.invite(by=by, review=review, invitees=[Invitee("iro", world.own.user(Role.IRO))], version=7)


def test_the_form_speaks_welsh(world: World) -> None:
    client = world.client(Role.IRO)
    client.cookies["language"] = "cy"
    body = client.get(reverse("child_review_arrange", args=[world.own.child.pk])).content.decode()
    assert "Who is invited" not in body
    assert "gwahodd" in body
