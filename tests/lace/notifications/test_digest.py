"""The daily digest: one e-mail a person and day, quiet on days off, and nothing lost or doubled whatever dies."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.formats import date_format

from lace.accounts.access import Role
from lace.accounts.models import User
from lace.children.services import assign
from lace.core.actor import Actor
from lace.core.workdays import is_working_day
from lace.notifications import delivery, digest, kinds
from lace.notifications.delivery import LEASE, deliver
from lace.notifications.models import Notification, Preference
from lace.notifications.rules import LONDON, Goes, How, goes, times
from lace.notifications.services import choose_telling, notify
from lace.web.middleware import serving
from tests.lace.notifications.test_delivery import Killed, Post, run_until_killed
from tests.world import World, person


def a_week() -> date:
    """The next Monday with which two working days begin."""
    day = timezone.localdate() + timedelta(days=1)
    while day.weekday() or not all(is_working_day(day + timedelta(days=ahead)) for ahead in range(2)):
        day += timedelta(days=1)
    return day


MONDAY = a_week()
JOB = Actor.named_job("delivery", today=MONDAY)


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.lace.notifications.pages"


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON)


def written(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def remind(world: World, *roles: Role, came: datetime, due_on: date = MONDAY + timedelta(days=2), kind: str = "duty_soon", **changes: Any) -> UUID:
    """A reminder as the sweep makes it, put in at a moment; the id of its duty."""
    by = world.own.actor(Role.DATA_OFFICER)
    source: UUID = changes.pop("source", None) or uuid4()
    facts = {"code": "pep_initiated_emergency", "due_on": due_on.isoformat(), "role": "social_worker", "instead_of": None}
    users = [world.own.user(role) for role in roles or (Role.SOCIAL_WORKER,)]
    with serving(by):
        notify(by=by, kind=kind, source=source, child=world.own.child, recipients=users, facts=facts, **changes)
    with serving(JOB), transaction.atomic():
        Notification.objects.filter(source=source).update(created_at=came)
    return source


def run(post: Any, now: datetime, **more: Any) -> delivery.Delivered:
    return deliver(by=JOB, through=post, clock=lambda: now, **more)


def rows(**where: Any) -> list[Notification]:
    with serving(JOB), transaction.atomic():
        return list(Notification.objects.filter(channel="email", **where).order_by("created_at", "pk"))


def choose(world: World, role: Role = Role.SOCIAL_WORKER, **chosen: Any) -> None:
    by = world.own.actor(role)
    choice: dict[str, Any] = {"how": How.DIGEST, "at": time(8), "answering": []}
    with serving(by):
        choose_telling(by=by, **(choice | chosen))


@pytest.mark.req("DL-04", "PRIV-14")
def test_what_waits_goes_as_one_email_at_eight(world: World) -> None:
    night = at(MONDAY, 0, 1)
    remind(world, came=night, due_on=MONDAY - timedelta(days=3), kind="duty_late")
    remind(world, came=night, due_on=MONDAY, kind="duty_today")
    remind(world, came=night)
    post = Post()
    assert run(post, at(MONDAY, 7, 59)).sent == 0
    assert run(post, at(MONDAY, 8)).sent == 1
    assert run(post, at(MONDAY, 8, 1)).sent == 0
    (letter,) = post.taken
    assert letter.subject == "Lace: 3 reminders, 1 late"
    late, today, coming = (letter.body.index(f"\n{title}\n") for title in ("Late", "Due today", "Coming"))
    assert late < today < coming
    child = world.own.child
    assert letter.body.count(f"- {child.initials}: Start the Personal Education Plan") == 3
    assert f"by {written(MONDAY + timedelta(days=2))}" in letter.body
    assert letter.body.count(f"/children/{child.pk}/duties/") == 3
    assert not any(part in letter.subject + letter.body for part in (child.given_names, child.family_name, child.upn, child.reference))
    parts = rows(digest__isnull=False)
    assert {row.delivery for row in parts} == {"sent"}
    assert len({row.accepted_at for row in parts}) == 1
    assert len(rows(kind="digest")) == 1


def test_each_person_gets_theirs_in_their_language_at_their_hour(world: World) -> None:
    User.objects.filter(pk=world.own.user(Role.SOCIAL_WORKER).pk).update(language="cy")
    choose(world, Role.FOSTER_CARER, at=time(17, 45))
    remind(world, Role.SOCIAL_WORKER, Role.FOSTER_CARER, came=at(MONDAY, 0, 1))
    post = Post()
    run(post, at(MONDAY, 9))
    (welsh,) = post.taken
    assert welsh.language == "cy"
    with translation.override("cy"):
        assert written(MONDAY + timedelta(days=2)) in welsh.body
    assert run(post, at(MONDAY, 17, 44)).sent == 0
    assert run(post, at(MONDAY, 17, 45)).sent == 1
    assert post.taken[1].address == world.own.user(Role.FOSTER_CARER).email


def test_what_comes_after_the_digest_waits_unless_it_is_due_today(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    run(post, at(MONDAY, 8))
    remind(world, came=at(MONDAY, 11))
    assert run(post, at(MONDAY, 11, 1)).sent == 0
    remind(world, came=at(MONDAY, 12), due_on=MONDAY, kind="duty_today")
    assert run(post, at(MONDAY, 12, 1)).sent == 1
    assert post.taken[1].subject == "Lace: 1 reminder"
    remind(world, came=at(MONDAY, 15), due_on=MONDAY, kind="duty_today")
    assert run(post, at(MONDAY, 15, 1)).sent == 1
    assert run(post, at(MONDAY, 23, 59)).sent == 0
    tuesday = MONDAY + timedelta(days=1)
    assert run(post, at(tuesday, 8)).sent == 1
    assert len(post.taken) == len({letter.reference for letter in post.taken}) == 4


def test_one_digest_a_day_even_when_the_hour_is_moved(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    run(post, at(MONDAY, 8))
    remind(world, came=at(MONDAY, 9))
    choose(world, at=time(10))
    assert run(post, at(MONDAY, 10)).sent == 0


def test_days_off_are_quiet_but_for_what_is_due(world: World) -> None:
    saturday, sunday = MONDAY - timedelta(days=2), MONDAY - timedelta(days=1)
    remind(world, came=at(saturday, 0, 1))
    remind(world, came=at(saturday, 0, 1), due_on=saturday, kind="duty_today")
    post = Post()
    assert run(post, at(saturday, 7)).sent == 0
    assert run(post, at(saturday, 8)).sent == 1
    assert post.taken[0].subject == "Lace: 1 reminder"
    assert run(post, at(sunday, 12)).sent == 0
    assert run(post, at(MONDAY, 12), working=lambda day: day != MONDAY).sent == 0  # a one-off bank holiday
    assert run(post, at(MONDAY, 12)).sent == 1


def test_other_messages_go_at_once_and_wait_on_days_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(kinds.KINDS, "final", replace(kinds.KINDS["duty_late"], code="final", digest=False))
    monkeypatch.setitem(kinds.KINDS, "alarm", replace(kinds.KINDS["duty_late"], code="alarm", digest=False, at_once=True))
    sunday = MONDAY - timedelta(days=1)
    remind(world, came=at(sunday, 20), kind="final", due_on=MONDAY)
    remind(world, came=at(sunday, 20), kind="alarm")
    post = Post()
    assert run(post, at(sunday, 20)).sent == 1
    assert run(post, at(MONDAY, 0, 1)).sent == 1
    remind(world, came=at(MONDAY, 22), kind="final")
    assert run(post, at(MONDAY, 22)).sent == 1


def test_who_wants_each_by_itself_gets_that_from_their_hour(world: World) -> None:
    choose(world, how=How.SINGLE, at=time(9))
    remind(world, came=at(MONDAY, 0, 1))
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    assert run(post, at(MONDAY, 8, 59)).sent == 0
    assert run(post, at(MONDAY, 9)).sent == 2
    remind(world, came=at(MONDAY, 14))
    assert run(post, at(MONDAY, 14)).sent == 1
    assert {letter.subject for letter in post.taken} == {f"Start the Personal Education Plan: by {written(MONDAY + timedelta(days=2))}"}
    assert rows(kind="digest") == []


@pytest.mark.req("DL-10")
def test_who_reads_in_lace_only_gets_no_email_but_for_their_own_duties(world: World) -> None:
    choose(world, Role.FOSTER_CARER, how=How.LACE)
    choose(world, Role.SOCIAL_WORKER, how=How.LACE)  # became responsible after the choice
    source = remind(world, Role.FOSTER_CARER, Role.SOCIAL_WORKER, came=at(MONDAY, 0, 1))
    post = Post()
    assert run(post, at(MONDAY, 8)).sent == 1
    assert post.taken[0].address == world.own.user(Role.SOCIAL_WORKER).email
    (spared,) = rows(source=source, recipient=world.own.user(Role.FOSTER_CARER))
    assert spared.delivery == "spared"
    remind(world, Role.FOSTER_CARER, came=at(MONDAY, 9), channels=["email"])  # nowhere else to read it
    choose(world, Role.FOSTER_CARER)
    assert run(post, at(MONDAY + timedelta(days=1), 8)).sent == 1


def test_what_was_done_meanwhile_is_not_chased(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    done, still = remind(world, came=at(MONDAY, 0, 1)), remind(world, came=at(MONDAY, 0, 1))
    monkeypatch.setitem(kinds.KINDS, "duty_soon", replace(kinds.KINDS["duty_soon"], stands=lambda sources: {still} & set(sources)))
    post = Post()
    run(post, at(MONDAY, 8))
    assert post.taken[0].subject == "Lace: 1 reminder"
    assert [row.delivery for row in rows(source=done)] == ["spared"]


@pytest.mark.req("PRIV-14", "SW-05")
def test_who_lost_the_child_is_not_told_of_it(world: World) -> None:
    came = at(MONDAY, 0, 1)
    remind(world, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR, came=came)
    by, successor = world.own.actor(Role.CASE_SYSTEM), person(Role.SOCIAL_WORKER, world.own.row)
    with serving(by):
        assign(by=by, child=world.own.child, user=successor.user, relation="social_worker", on=by.today)  # type: ignore[arg-type]  # a relation by its name
    post = Post()
    run(post, at(MONDAY, 8))
    assert {letter.address for letter in post.taken} == {world.own.user(Role.DESIGNATED_PERSON).email, world.own.user(Role.LACE_COORDINATOR).email}


def next_working(day: date) -> date:
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def test_of_several_reminders_of_a_duty_the_newest_stands(world: World) -> None:
    source = remind(world, came=at(MONDAY, 0, 1), due_on=MONDAY - timedelta(days=2))
    remind(world, came=at(MONDAY, 0, 2), due_on=MONDAY - timedelta(days=2), kind="duty_late", step=3, source=source)
    post = Post()
    run(post, at(MONDAY, 8))
    assert post.taken[0].subject == "Lace: 1 reminder, 1 late"
    assert f"late since {written(MONDAY - timedelta(days=2))}" in post.taken[0].body
    assert {row.delivery for row in rows(source=source)} == {"sent"}


def test_a_long_digest_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lace.notifications.letters.SHOWN", 2)
    for _ in range(5):
        remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    run(post, at(MONDAY, 8))
    assert "And 3 more, in Lace." in post.taken[0].body
    assert {row.delivery for row in rows()} == {"sent"}


# ---- whatever dies ----


@pytest.mark.req("DL-04")
@pytest.mark.parametrize("taken", [True, False])
def test_a_digest_is_looked_up_whole(world: World, taken: bool) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.after, post.before = (Killed(), None) if taken else (None, Killed())
    run_until_killed(post, at(MONDAY, 8))
    assert {row.delivery for row in rows()} == {"waiting"}
    post.after = post.before = None
    remind(world, came=at(MONDAY, 7))  # came while nobody was at work: not in the frozen set
    assert run(post, at(MONDAY, 8) + LEASE).sent == 1
    assert len(post.taken) == 1
    assert post.asked == [post.taken[0].reference]
    frozen = rows(digest__isnull=False)
    assert [row.delivery for row in frozen] == ["sent", "sent"]


@pytest.mark.req("DL-04")
def test_a_digest_by_smtp_that_may_have_gone_twice_says_so_on_every_part(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    remind(world, came=at(MONDAY, 0, 1))
    post = Post(can_be_asked=False)
    post.after = Killed()
    run_until_killed(post, at(MONDAY, 8))
    post.after = None
    run(post, at(MONDAY, 8) + LEASE)
    assert len(post.taken) == 2
    assert len({letter.reference for letter in post.taken}) == 1
    assert {row.delivery for row in rows()} == {"possibly_repeated"}


def test_killed_between_binding_and_sending_the_set_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_lease", lambda *_a: (_ for _ in ()).throw(Killed()))
        run_until_killed(post, at(MONDAY, 8))
    (letter,) = rows(kind="digest")
    assert run(post, at(MONDAY, 8, 5)).sent == 1
    assert post.taken[0].reference == letter.reference
    assert post.asked == []


def test_killed_while_binding_nothing_is_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    with monkeypatch.context() as patched:
        patched.setattr(digest, "_newest", lambda *_a: (_ for _ in ()).throw(Killed()))
        run_until_killed(post, at(MONDAY, 8))
    assert rows(kind="digest") == rows(digest__isnull=False) == []
    assert run(post, at(MONDAY, 8, 5)).sent == 1


def test_the_reference_is_the_days_and_the_persons(world: World) -> None:
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    run(post, at(MONDAY, 8))
    before = post.taken[0].reference
    with serving(JOB), transaction.atomic():
        letter = Notification.objects.get(kind="digest")
        again = Notification(kind="digest", source=digest.source_of(letter.recipient_id, MONDAY), step=0, recipient=letter.recipient, channel="email")
    assert again.reference == before


def test_who_tries_a_single_letter_and_turns_to_digests_gets_it_once(world: World) -> None:
    choose(world, how=How.SINGLE)
    remind(world, came=at(MONDAY, 0, 1))
    post = Post()
    post.after = Killed()
    run_until_killed(post, at(MONDAY, 8))
    post.after = None
    choose(world, how=How.DIGEST)
    assert run(post, at(MONDAY, 8) + LEASE).sent == 1
    assert len(post.taken) == 1
    assert rows(kind="digest") == []


@pytest.mark.req("DL-04")
@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_make_one_digest_each(world: World) -> None:
    roles = [Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON]
    for _ in range(6):
        remind(world, *roles, came=at(MONDAY, 0, 1))
    post, start = Post(), threading.Barrier(3)

    def work() -> None:
        start.wait()
        try:
            run(post, at(MONDAY, 8))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post.taken) == len({letter.address for letter in post.taken}) == 4
    assert {letter.subject for letter in post.taken} == {"Lace: 6 reminders"}


# ---- the hour, against an oracle of its own ----


def test_the_times_to_choose_from() -> None:
    assert times()[0] == time(6)
    assert times()[-1] == time(18)
    assert len(times()) == 49


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26), date(2028, 2, 29), date(2026, 12, 28)])
def test_the_hour_is_local_on_every_day_of_the_year(day: date) -> None:
    """Eight o'clock by the clock on the wall, before and after both clock changes; day off or not told by the calendar."""
    opens = datetime.combine(day, time(8), tzinfo=LONDON).astimezone(tz=LONDON)
    came = opens - timedelta(hours=9)
    before, after = opens - timedelta(seconds=1), opens
    assert goes(came_at=came, due_on=None, now=before, at=time(8), working=is_working_day) == Goes.NOT_YET
    expected = Goes.WITH_THE_DAY if is_working_day(day) else Goes.NOT_YET
    assert goes(came_at=came, due_on=None, now=after, at=time(8), working=is_working_day) == expected
    assert after.strftime("%H:%M") == "08:00"


def test_twenty_one_years_of_nights_and_mornings() -> None:
    """Nothing leaves in the night, twice as long or not (both folds of the clock change); in the morning once, on working days."""
    night = [(23, 30), (0, 30), (1, 30), (2, 30), (5, 59)]
    first, last = date(2015, 1, 1), date(2035, 12, 31)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        came = datetime.combine(day, time(), tzinfo=LONDON)
        for hour, minute in night[1:]:
            for fold in (0, 1):
                now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON, fold=fold)
                assert goes(came_at=came, due_on=day, now=now, at=time(6), working=is_working_day) == Goes.NOT_YET, now
        opens = datetime.combine(day, time(8), tzinfo=LONDON)
        reckoned = Goes.WITH_THE_DAY if is_working_day(day) else Goes.NOT_YET
        assert goes(came_at=came, due_on=None, now=opens, at=time(8), working=is_working_day) == reckoned, day
        late = datetime.combine(day, time(*night[0]), tzinfo=LONDON)
        assert goes(came_at=late, due_on=None, now=late, at=time(18), working=is_working_day) == Goes.NOT_YET, day
        assert goes(came_at=late, due_on=day, now=late, at=time(18), working=is_working_day) == Goes.AT_ONCE, day


def test_a_year_of_reminders_each_goes_once_on_the_right_day() -> None:
    """Every quarter of an hour of a year: each reminder leaves once, on the day that a plain reckoning gives."""
    start = datetime(2026, 1, 1, tzinfo=LONDON)
    came = [start + timedelta(hours=7 * number) for number in range(1200)]
    left: dict[int, list[date]] = defaultdict(list)
    for number, moment in enumerate(came):
        day = moment.date()
        if moment > datetime.combine(day, time(8), tzinfo=LONDON):
            day += timedelta(days=1)
        day = next_working(day)
        for ahead in range(-1, 6):
            when = datetime.combine(moment.date() + timedelta(days=ahead), time(8), tzinfo=LONDON)
            if (
                when >= moment
                and not left[number]
                and goes(came_at=moment, due_on=None, now=when, at=time(8), working=is_working_day) != Goes.NOT_YET
            ):
                left[number].append(when.date())
        assert left[number] == [day], moment


def test_nobody_else_reads_what_a_person_chose(world: World) -> None:
    choose(world, how=How.SINGLE)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        assert Preference.objects.count() == 0
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        assert Preference.of(world.own.actor(Role.SOCIAL_WORKER)).how == How.SINGLE
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        assert Preference.of(world.own.actor(Role.ADMINISTRATOR)).at == time(8)
