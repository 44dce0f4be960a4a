"""Reviews through the doors: arranged, moved, held, and the duties they meet and open."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db.utils import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import Changed, NotAllowed
from lace.core.schooldays import in_school_hours
from lace.deadlines.models import Duty
from lace.deadlines.services.calendars import Lessons, set_lesson_times
from lace.notifications.models import Notification
from lace.web.middleware import serving
from reviews import services
from reviews.models import Decision, Postponement, Review
from reviews.rules import READY, ReviewState
from tests.lace.api.callers import Caller
from tests.world import Authority, World


def moment(days: int) -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=days), datetime.min.time().replace(hour=16)))


def arranged(authority: Authority, days: int = 20) -> Review:
    by = authority.actor(Role.IRO)
    with serving(by):
        return services.schedule(by=by, child=authority.child, scheduled_for=moment(days), venue="Ysgol y Bryn")


def url(name: str, authority: Authority, **more: Any) -> str:
    return reverse(name, kwargs={"child": authority.child.pk, **more})


def typed(days: int = 20, **more: Any) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=days)
    when = {"day_day": str(day.day), "day_month": str(day.month), "day_year": str(day.year), "time": "15:45"}
    return when | {"venue": "Hill School", "lessons": "outside", "lesson_reason": "", "private_room": ""} | more


def duty(authority: Authority, code: str) -> Duty:
    with serving(authority.actor(Role.LACE_COORDINATOR)):
        return Duty.objects.get(child=authority.child, code=code)


def close(authority: Authority, review: Review, *, held_on: date | None = None, participation: str = "attended") -> Review:
    by = authority.actor(Role.IRO)
    with serving(by):
        return services.close(
            by=by,
            review=review,
            held_on=held_on or timezone.localdate(),
            participation=participation,
            summary="Settled.",
            decisions=[services.DecisionFacts("Ask for a tutor", "LACE coordinator", timezone.localdate() + timedelta(days=14))],
            version=review.version,
        )


@pytest.mark.req("REV-01", "REV-08")
def test_a_review_is_arranged_through_the_page_and_the_iro_chairs(world: World) -> None:
    client = world.client(Role.SOCIAL_WORKER)
    answer = client.post(url("child_review_arrange", world.own), typed(people=[world.own.user(Role.IRO).pk]))
    assert answer.status_code == 302
    with serving(world.own.actor(Role.IRO)):
        review = Review.objects.get(child=world.own.child)
        assert (review.number, review.venue, review.chair_id) == (1, "Hill School", world.own.user(Role.IRO).pk)
        told = set(Notification.objects.values_list("recipient_id", flat=True))
    assert world.own.user(Role.IRO).pk in told
    page = client.get(url("child_meetings", world.own)).content.decode()
    assert "Hill School" in page
    assert "20 working days" in page  # both clocks are explained


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"time": "late"}, "Enter a time, like 14:30"),
        ({"venue": ""}, "Enter where the review will be held"),
        ({"lessons": "inside", "lesson_reason": "", "private_room": "Room 4"}, "Say why the meeting must be in lesson time"),
        ({"lessons": "inside", "lesson_reason": "Only then", "private_room": ""}, "Say which private room the meeting is in"),
        ({"people": []}, "Choose who is invited"),
        ({"day_day": "31", "day_month": "2"}, "real date"),
    ],
)
def test_bad_input_says_what_to_do_keeps_what_was_typed_and_changes_nothing(world: World, more: dict[str, Any], sentence: str) -> None:
    page = world.client(Role.IRO).post(
        url("child_review_arrange", world.own), typed(**({"venue": "Neuadd y Dref", "people": [world.own.user(Role.IRO).pk]} | more))
    )
    body = page.content.decode()
    assert page.status_code == 200
    assert sentence in body
    if "venue" not in more:
        assert "Neuadd y Dref" in body
    with serving(world.own.actor(Role.IRO)):
        assert not Review.objects.exists()


@pytest.mark.req("PRIV-01")
def test_lesson_time_needs_a_reason_and_a_private_room(world: World) -> None:
    client = world.client(Role.IRO)
    booked = {"lessons": "inside", "lesson_reason": "The interpreter can only come then", "private_room": "Room 4"}
    client.post(url("child_review_arrange", world.own), typed() | {"people": [world.own.user(Role.IRO).pk]} | booked)
    with serving(world.own.actor(Role.IRO)):
        review = Review.objects.get()
        assert (review.outside_lessons, review.lesson_reason, review.private_room) == (False, "The interpreter can only come then", "Room 4")
    page = client.get(url("child_meetings", world.own)).content.decode()
    assert "The interpreter can only come then" in page
    assert "Room 4" in page


@pytest.mark.req("PRIV-01")
def test_the_api_asks_for_a_reason_and_a_private_room_too(world: World) -> None:
    caller = Caller(world.own)
    body = {"scheduled_for": moment(20).isoformat(), "outside_lessons": False}
    refused = caller.post(f"children/{world.own.child.pk}/reviews/", body)
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"lesson_reason", "private_room"}
    made = caller.post(f"children/{world.own.child.pk}/reviews/", body | {"lesson_reason": "Only then", "private_room": "Room 4"})
    assert made.status_code == 201
    assert (made.json()["lesson_reason"], made.json()["private_room"]) == ("Only then", "Room 4")


def test_the_database_refuses_lesson_time_without_a_room(world: World) -> None:
    review = arranged(world.own)
    with serving(world.own.actor(Role.IRO)), pytest.raises(IntegrityError, match="in_lessons_with_reason_and_room"):
        Review.objects.filter(pk=review.pk).update(outside_lessons=False, lesson_reason="Only then")


@pytest.mark.req("PRIV-01")
def test_a_meeting_in_school_hours_that_claims_to_be_outside_lessons_is_asked_about(world: World) -> None:
    monday = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())
    by = world.own.actor(Role.IRO)
    with serving(by):
        at = timezone.make_aware(datetime.combine(monday, datetime.min.time().replace(hour=10)))
        services.schedule(by=by, child=world.own.child, scheduled_for=at, venue="x")
    assert "Check that the child has no lessons then" in world.client(Role.IRO).get(url("child_meetings", world.own)).content.decode()
    assert not in_school_hours(datetime.combine(monday, datetime.min.time().replace(hour=15, minute=30)))
    assert not in_school_hours(datetime.combine(monday - timedelta(days=1), datetime.min.time().replace(hour=10)))


@pytest.mark.req("REV-15", "PEP-04")
def test_moving_a_review_moves_no_duty_but_an_earlier_one_needs_the_plan_earlier(world: World) -> None:
    review = arranged(world.own, days=5)
    ready, first = duty(world.own, READY), duty(world.own, "review_first_guidance")
    assert ready.due_on == timezone.localdate() + timedelta(days=5)
    client = world.client(Role.IRO)
    answer = client.post(
        url("child_review_move", world.own, review=review.pk), typed(days=40) | {"reason": "The carer is ill", "version": str(review.version)}
    )
    assert answer.status_code == 302
    assert duty(world.own, READY).due_on == ready.due_on
    assert duty(world.own, "review_first_guidance").due_on == first.due_on
    with serving(world.own.actor(Role.IRO)):
        kept = Postponement.objects.get(review=review)
        assert (kept.reason, kept.postponed_by_id) == ("The carer is ill", world.own.user(Role.IRO).pk)
        assert Review.objects.get().scheduled_for != review.scheduled_for


@pytest.mark.req("REV-02", "REV-09", "REV-10")
def test_closing_meets_both_clocks_keeps_decisions_and_opens_the_next(world: World) -> None:
    review = arranged(world.own, days=0)
    client = world.client(Role.IRO)
    today = timezone.localdate()
    page = client.post(
        url("child_review_close", world.own, review=review.pk),
        {
            "held_on_day": str(today.day),
            "held_on_month": str(today.month),
            "held_on_year": str(today.year),
            "participation": "advocate",
            "summary": "Reads more.",
            "version": str(review.version),
            "text_1": "A tutor for maths",
            "owner_1": "Designated person",
            "text_3": "A laptop",
            "owner_3": "Carer",
            **{f"attendance_{number}": "attended" for number in range(1, 9)},
        },
    )
    assert page.status_code == 302
    with serving(world.own.actor(Role.IRO)):
        assert list(Decision.objects.values_list("position", "text", "owner")) == [
            (1, "A tutor for maths", "Designated person"),
            (2, "A laptop", "Carer"),
        ]
    assert duty(world.own, "review_first_guidance").outcome == duty(world.own, "review_first_regulation").outcome == Duty.Outcome.ON_TIME
    second = duty(world.own, "review_second")
    assert second.trigger_on == today
    assert second.closed_on is None
    body = client.get(url("child_meetings", world.own)).content.decode()
    assert "A tutor for maths" in body
    assert "Spoke through an advocate" in body


@pytest.mark.req("REV-09")
def test_more_rows_for_decisions_keep_what_was_typed_and_record_nothing(world: World) -> None:
    review = arranged(world.own, days=0)
    address = url("child_review_close", world.own, review=review.pk)
    client = world.client(Role.IRO)
    answer = client.post(f"{address}?rows=10", {"more": "1", "text_2": "Gwersi piano", "held_on_day": "x", "version": str(review.version)})
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "Gwersi piano" in body
    assert 'name="text_10"' in body
    assert "There is a problem" not in body
    with serving(world.own.actor(Role.IRO)):
        assert Review.objects.get().state == ReviewState.SCHEDULED


@pytest.mark.req("PRIV-01", "REV-15")
def test_a_review_moved_into_lesson_time_needs_a_reason_too_and_may_change_its_place(world: World) -> None:
    review = arranged(world.own)
    address = url("child_review_move", world.own, review=review.pk)
    client = world.client(Role.IRO)
    assert "Ysgol y Bryn" in client.get(address).content.decode()
    sent = typed(days=25, lessons="inside", venue="Canolfan y Dref", reason="The room is taken", version=str(review.version))
    refused = client.post(address, sent)
    assert "Say why the meeting must be in lesson time" in refused.content.decode()
    roomless = client.post(address, sent | {"lesson_reason": "Only then"})
    assert "Say which private room the meeting is in" in roomless.content.decode()
    assert client.post(address, sent | {"lesson_reason": "Only then", "private_room": "Room 4"}).status_code == 302
    with serving(world.own.actor(Role.IRO)):
        moved = Review.objects.get()
        assert (moved.venue, moved.outside_lessons, moved.lesson_reason, moved.private_room) == ("Canolfan y Dref", False, "Only then", "Room 4")


def test_a_second_review_opens_six_months(world: World) -> None:
    today = timezone.localdate()
    close(world.own, arranged(world.own, days=0), held_on=today - timedelta(days=2))
    close(world.own, arranged(world.own, days=0))
    assert duty(world.own, "review_second").outcome == Duty.Outcome.ON_TIME
    assert duty(world.own, "review_later").trigger_on == today


@pytest.mark.req("REV-10")
def test_a_child_who_was_not_asked_raises_a_notice(world: World) -> None:
    close(world.own, arranged(world.own, days=0), participation="not_asked")
    for role in (Role.LACE_COORDINATOR,):
        with serving(world.own.actor(role)):
            assert Notification.objects.filter(kind="child_not_asked", recipient=world.own.user(role)).exists()


def test_two_at_once_the_second_is_told(world: World) -> None:
    review = arranged(world.own, days=5)
    by = world.own.actor(Role.IRO)
    with serving(by):
        services.postpone(by=by, review=review, to=moment(8), reason="Illness", version=1)
        with pytest.raises(Changed):
            services.postpone(by=by, review=review, to=moment(9), reason="Holiday", version=1)
    body = world.client(Role.IRO).post(
        url("child_review_move", world.own, review=review.pk), typed(days=9) | {"reason": "Holiday in Ceredigion", "version": "1"}
    )
    assert body.status_code == 409
    assert "Holiday in Ceredigion" in body.content.decode()
    assert 'value="2"' in body.content.decode()


@pytest.mark.req("REV-18")
def test_the_calendar_entry_names_nobody(world: World) -> None:
    review = arranged(world.own)
    entry = world.client(Role.SOCIAL_WORKER).get(url("child_review_calendar", world.own, review=review.pk)).content.decode()
    assert "SUMMARY:Meeting" in entry
    assert world.own.child.family_name not in entry
    assert "review" not in entry.lower().replace("\r\n", "")


@pytest.mark.parametrize("role", [Role.IRO, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.FOSTER_CARER])
def test_strangers_of_the_same_role_find_nothing(world: World, role: Role) -> None:
    review = arranged(world.other)
    stranger: Client = world.client(role)
    for name in ("child_meetings", "child_review_arrange"):
        assert stranger.get(url(name, world.other)).status_code == 404
    for name in ("child_review_move", "child_review_close", "child_review_calendar", "child_review_cancel"):
        answer = stranger.get(url(name, world.other, review=review.pk))
        assert answer.status_code == 404
        assert world.other.child.family_name not in answer.content.decode()
    # another's review under an own child is no way in either
    assert stranger.get(url("child_review_calendar", world.own, review=review.pk)).status_code == 404


def test_a_carer_sees_the_meeting_and_may_not_arrange_one(world: World) -> None:
    arranged(world.own)
    carer = world.client(Role.FOSTER_CARER)
    assert "Ysgol y Bryn" in carer.get(url("child_meetings", world.own)).content.decode()
    assert carer.get(url("child_review_arrange", world.own)).status_code == 403
    by = world.own.actor(Role.FOSTER_CARER)
    with serving(by), pytest.raises(NotAllowed):
        services.schedule(by=by, child=world.own.child, scheduled_for=moment(3), venue="x")


def test_a_double_click_arranges_once(world: World) -> None:
    client = world.client(Role.IRO)
    form = client.get(url("child_review_arrange", world.own)).content.decode()
    token = form.split('name="form_token" value="')[1].split('"')[0]
    first = client.post(url("child_review_arrange", world.own), typed(form_token=token, people=[world.own.user(Role.IRO).pk]))
    second = client.post(url("child_review_arrange", world.own), typed(form_token=token, people=[world.own.user(Role.IRO).pk]))
    assert (first.status_code, second.status_code) == (302, 302)
    with serving(world.own.actor(Role.IRO)):
        assert Review.objects.filter(state=ReviewState.SCHEDULED).count() == 1


def test_what_was_typed_when_the_session_had_ended_is_kept(world: World) -> None:
    client = world.client(Role.IRO)
    form = client.get(url("child_review_arrange", world.own)).content.decode()
    token = form.split('name="form_token" value="')[1].split('"')[0]
    client.session.flush()
    client.cookies.pop("session", None)
    answer = client.post(url("child_review_arrange", world.own), typed(form_token=token, venue="Canolfan Gymuned"))
    assert answer.status_code == 302
    assert "login" in answer["Location"]
    client.force_login(world.own.user(Role.IRO), backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(url("child_review_arrange", world.own)).content.decode()
    assert "Canolfan Gymuned" in page
    assert "You were signed out" in page
    with serving(world.own.actor(Role.IRO)):
        assert not Review.objects.exists()


def test_the_tab_costs_the_same_with_many_reviews(world: World, statements: Any) -> None:
    client = world.client(Role.IRO)
    arranged(world.own)
    path = url("child_meetings", world.own)
    client.get(path)
    with statements(20):
        client.get(path)


@pytest.mark.req("PRIV-01", "DL-02")
def test_a_school_that_entered_its_lesson_times_is_asked_in_place_of_the_usual_hours(world: World) -> None:
    monday = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())
    with serving(world.own.actor(Role.HEADTEACHER)):
        week = {weekday: Lessons(time(8), time(14)) for weekday in range(5)}
        set_lesson_times(by=world.own.actor(Role.HEADTEACHER), school=world.own.school.organisation, times=week)
    by = world.own.actor(Role.IRO)
    page = world.client(Role.IRO).get(url("child_review_arrange", world.own)).content.decode()
    assert "Lessons at the school: Monday" in page
    with serving(by):
        at = timezone.make_aware(datetime.combine(monday, time(8, 15)))
        review = services.schedule(by=by, child=world.own.child, scheduled_for=at, venue="x")
    assert "The meeting begins in the school" in world.client(Role.IRO).get(url("child_meetings", world.own)).content.decode()
    with serving(by):
        later = timezone.make_aware(datetime.combine(monday, time(14, 30)))
        services.postpone(by=by, review=review, to=later, reason="After lessons", version=review.version)
    assert "Check that the child has no lessons then" not in world.client(Role.IRO).get(url("child_meetings", world.own)).content.decode()
