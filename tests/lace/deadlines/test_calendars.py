"""Calendars through services and pages: kept by those whose they are, read by all, and never taken for known where they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.core.schooldays import KnownTerm
from lace.core.workdays import add_working_days
from lace.deadlines.calendars import Calendars, in_lessons, school_calendar
from lace.deadlines.models import ClosedDay, Duty, ExtraHoliday, LessonTimes, TermDates
from lace.deadlines.rules import RULES, Clock, Fact
from lace.deadlines.services import calendars as services
from lace.deadlines.services import open_duties
from lace.deadlines.services.calendars import Lessons
from lace.web.middleware import serving
from tests.world import Authority, World, make_school

AUTUMN = KnownTerm(2026, "autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
SPRING = KnownTerm(2026, "spring", date(2027, 1, 4), date(2027, 3, 19), date(2027, 2, 8), date(2027, 2, 12))
SUMMER = KnownTerm(2026, "summer", date(2027, 4, 5), date(2027, 7, 20), date(2027, 5, 31), date(2027, 6, 4))
KEEPERS = {Role.ADMINISTRATOR, Role.LACE_COORDINATOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON}


@contextmanager
def acting(authority: Authority, role: Role) -> Iterator[Actor]:
    by = authority.actor(role)
    with serving(by), transaction.atomic():
        yield by


def enter(authority: Authority, *terms: KnownTerm, role: Role = Role.ADMINISTRATOR, own: bool = False, **more: Any) -> int:
    with acting(authority, role) as by:
        return services.enter_dates(by=by, authority=authority.row, school=authority.school.organisation if own else None, terms=terms, **more)


def held(authority: Authority, model: type[Any]) -> list[Any]:
    """The rows of a table as somebody who is signed in reads them."""
    with acting(authority, Role.SOCIAL_WORKER):
        return list(model.objects.order_by("created_at"))


def calendar_seen(authority: Authority, role: Role = Role.SOCIAL_WORKER, *, own: bool = True) -> Any:
    with acting(authority, role):
        return school_calendar(authority.row, authority.school.organisation if own else None)


@pytest.mark.req("DL-02")
def test_a_school_counts_by_its_own_terms_and_else_by_the_authoritys(world: World) -> None:
    enter(world.own, AUTUMN, SPRING, closed={date(2026, 9, 2): "inset"})
    later = KnownTerm(2026, "autumn", date(2026, 9, 3), date(2026, 12, 18))
    enter(world.own, later, role=Role.HEADTEACHER, own=True, closed={date(2026, 11, 2): "inset"})
    own = calendar_seen(world.own)
    assert own.add(date(2026, 9, 2), 1) == date(2026, 9, 3)
    assert own.is_school_day(date(2026, 10, 27)) is True  # the school's own term has no half-term entered
    assert own.is_school_day(date(2026, 11, 2)) is False
    assert own.is_school_day(date(2027, 2, 9)) is False  # the authority's spring term holds
    wide = calendar_seen(world.own, own=False)
    assert wide.is_school_day(date(2026, 10, 27)) is False
    assert wide.is_school_day(date(2026, 11, 2)) is True


def test_everybody_reads_the_calendar_of_another_authority_and_nobody_writes_it(world: World) -> None:
    enter(world.other, AUTUMN)
    with acting(world.own, Role.SOCIAL_WORKER):
        assert school_calendar(world.other.row, world.other.school.organisation).is_school_day(date(2026, 9, 7)) is True
    with acting(world.own, Role.ADMINISTRATOR) as by, pytest.raises(NotAllowed):
        services.enter_dates(by=by, authority=world.other.row, terms=[SPRING])
    with acting(world.own, Role.ADMINISTRATOR):
        assert TermDates.objects.filter(authority=world.other.row).update(ends_on=date(2026, 12, 19)) == 0  # past the service, the policy


@pytest.mark.parametrize("role", [Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.GOVERNOR, Role.SOCIAL_WORKER, Role.TEACHER, Role.CHILD])
def test_nobody_of_a_school_changes_the_authoritys_calendar_or_another_schools(world: World, role: Role) -> None:
    sibling = make_school(world.own.row).organisation
    with acting(world.own, role) as by:
        for school in (None, sibling):
            with pytest.raises(NotAllowed):
                services.enter_dates(by=by, authority=world.own.row, school=school, terms=[AUTUMN])
            with pytest.raises(NotAllowed):
                services.remove_term(by=by, authority=world.own.row, school=school, year=2026, term="autumn")
            with pytest.raises(NotAllowed):
                services.remove_closed_day(by=by, authority=world.own.row, school=school, day=date(2026, 9, 2))
        with pytest.raises(NotAllowed):
            services.add_holiday(by=by, authority=world.own.row, day=date(2026, 9, 2), name="Day of mourning")
        with pytest.raises(NotAllowed):
            services.remove_holiday(by=by, authority=world.own.row, day=date(2026, 9, 2))
        with pytest.raises(NotAllowed):
            services.set_lesson_times(by=by, school=sibling, times={})
    assert not held(world.own, TermDates)


def test_a_school_is_not_kept_under_an_authority_that_is_not_its_own(world: World) -> None:
    with acting(world.own, Role.ADMINISTRATOR) as by, pytest.raises(NotAllowed):
        services.enter_dates(by=by, authority=world.own.row, school=world.other.school.organisation, terms=[AUTUMN])


def changed(term: KnownTerm, **parts: Any) -> KnownTerm:
    names = ("year", "term", "starts_on", "ends_on", "break_from", "break_to")
    return KnownTerm(**({name: getattr(term, name) for name in names} | parts))


@pytest.mark.parametrize(
    ("term", "name", "says"),
    [
        (changed(SPRING, starts_on=date(2026, 12, 17)), "starts_on", "overlap the autumn term"),
        (changed(SPRING, starts_on=date(2026, 8, 31)), "starts_on", "not in the school year 2026/27"),
        (changed(SPRING, ends_on=date(2027, 9, 3)), "ends_on", "not in the school year 2026/27"),
        (changed(SPRING, ends_on=date(2027, 1, 4)), "ends_on", "must be after the first"),
        (changed(SPRING, starts_on=date(2027, 1, 2)), "starts_on", "weekend"),
        (changed(SPRING, break_from=date(2027, 1, 1)), "break_from", "inside the term"),
        (changed(SPRING, break_to=date(2027, 3, 22)), "break_from", "inside the term"),
        (changed(SPRING, break_to=date(2027, 2, 5)), "break_to", "before the first"),
        (changed(SPRING, break_to=None), "break_to", "or neither"),
        (changed(SPRING, break_from=None), "break_from", "or neither"),
        (KnownTerm(2026, "summer", date(2026, 9, 1), date(2026, 9, 4)), "starts_on", "overlap"),
        (KnownTerm(2026, "autumn", date(2027, 4, 5), date(2027, 7, 20)), "starts_on", "wrong side"),
    ],
)
def test_dates_that_cannot_be_are_refused_with_a_sentence_and_nothing_changes(world: World, term: KnownTerm, name: str, says: str) -> None:
    enter(world.own, AUTUMN, SPRING)
    before = [(row.term, row.starts_on, row.ends_on, row.break_to) for row in held(world.own, TermDates)]
    with acting(world.own, Role.ADMINISTRATOR) as by, pytest.raises(BadInput) as refused:
        services.enter_dates(by=by, authority=world.own.row, terms=[term])
    assert any(says in str(sentence) for sentence in refused.value.problems[name])
    assert [(row.term, row.starts_on, row.ends_on, row.break_to) for row in held(world.own, TermDates)] == before


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2026, 9, 5), "Saturday"),
        (date(2026, 10, 27), "holidays"),
        (date(2026, 12, 28), "bank holiday"),
        (date(2026, 12, 22), "No term dates"),
        (date(2026, 9, 7), "entered already"),
    ],
)
def test_a_day_on_which_no_pupil_comes_anyway_is_no_day_without_pupils(world: World, day: date, says: str) -> None:
    enter(world.own, AUTUMN, closed={date(2026, 9, 7): "inset"})
    with acting(world.own, Role.ADMINISTRATOR) as by, pytest.raises(BadInput) as refused:
        services.enter_dates(by=by, authority=world.own.row, closed={day: "closed"})
    assert says in str(refused.value.problems["day"][0])
    assert len(held(world.own, ClosedDay)) == 1


def test_the_authoritys_new_dates_may_not_run_into_what_a_school_keeps_for_itself(world: World) -> None:
    enter(world.own, changed(SPRING, starts_on=date(2026, 12, 21)), own=True)
    with acting(world.own, Role.ADMINISTRATOR) as by, pytest.raises(BadInput) as refused:
        services.enter_dates(by=by, authority=world.own.row, terms=[changed(AUTUMN, ends_on=date(2026, 12, 22))])
    assert world.own.school.organisation.name_en in str(refused.value.problems["starts_on"][0])


def test_entering_the_same_again_changes_nothing_and_a_change_is_in_the_audit(world: World) -> None:
    assert enter(world.own, AUTUMN) == 1
    assert enter(world.own, AUTUMN) == 0
    assert enter(world.own, changed(AUTUMN, ends_on=date(2026, 12, 17))) == 1
    with connection.cursor() as cursor, transaction.atomic(), serving(world.own.actor(Role.ADMINISTRATOR)):
        cursor.execute("SELECT pgh_label, ends_on FROM deadlines_termdatesevent ORDER BY pgh_id")
        assert cursor.fetchall() == [("insert", date(2026, 12, 18)), ("update", date(2026, 12, 17))]


def test_what_is_taken_away_is_not_known_any_more_or_the_authoritys_again(world: World) -> None:
    enter(world.own, AUTUMN)
    enter(world.own, changed(AUTUMN, starts_on=date(2026, 9, 3)), own=True)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert services.remove_term(by=by, authority=world.own.row, school=world.own.school.organisation, year=2026, term="autumn")
    assert calendar_seen(world.own).is_school_day(date(2026, 9, 1)) is True
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert services.remove_term(by=by, authority=world.own.row, school=None, year=2026, term="autumn")
        assert not services.remove_term(by=by, authority=world.own.row, school=None, year=2026, term="autumn")
    assert calendar_seen(world.own).is_school_day(date(2026, 9, 1)) is None


@pytest.mark.req("DL-02")
def test_a_bank_holiday_for_once_is_no_working_day_and_no_school_day(world: World) -> None:
    enter(world.own, AUTUMN)
    with acting(world.own, Role.ADMINISTRATOR) as by:
        services.add_holiday(by=by, authority=world.own.row, day=date(2026, 9, 21), name="Gŵyl banc arbennig")
        calendars = Calendars.read([world.own.row.pk, world.other.row.pk])
        assert calendars.of(world.own.row.pk).is_working(date(2026, 9, 21)) is False
        assert calendars.of(world.own.row.pk).is_school_day(date(2026, 9, 21)) is False
        assert calendars.of(world.other.row.pk).is_working(date(2026, 9, 21)) is True
        for day, says in (
            (date(2026, 9, 21), "already"),
            (date(2026, 12, 25), "already"),
            (date(2026, 9, 19), "Saturday"),
            (date(1999, 1, 4), "between"),
        ):
            with pytest.raises(BadInput) as refused:
                services.add_holiday(by=by, authority=world.own.row, day=day, name="Once")
            assert says in str(refused.value.problems["day"][0])
        with pytest.raises(BadInput):
            services.add_holiday(by=by, authority=world.own.row, day=date(2026, 9, 22), name="  ")
        assert services.remove_holiday(by=by, authority=world.own.row, day=date(2026, 9, 21))
    assert not held(world.own, ExtraHoliday)


def test_all_authorities_are_read_in_three_statements_however_many_there_are(world: World, statements: Callable[..., Any]) -> None:
    for authority in (world.own, world.other):
        enter(authority, AUTUMN, SPRING, SUMMER)
        enter(authority, role=Role.HEADTEACHER, own=True, closed={date(2026, 9, 2): "inset"})
    with acting(world.own, Role.ADMINISTRATOR), statements(3):
        calendars = Calendars.read()
        for authority in (world.own, world.other):
            assert calendars.of(authority.row.pk, authority.school.pk).add(date(2026, 9, 1), 1) == date(2026, 9, 3)
            assert calendars.of(authority.row.pk).add(date(2026, 9, 1), 1) == date(2026, 9, 2)


@pytest.mark.req("DL-02")
def test_lessons_are_what_the_school_says_and_unknown_where_it_says_nothing(world: World) -> None:
    school = world.own.school.organisation
    monday, holiday = date(2026, 9, 7), date(2026, 10, 26)

    def lessons(day: date, hour: int, minute: int = 0) -> bool | None:
        with acting(world.own, Role.SOCIAL_WORKER):
            return in_lessons(school, datetime.combine(day, time(hour, minute)))

    assert lessons(monday, 10) is None
    assert lessons(date(2026, 9, 5), 10) is False  # a Saturday
    enter(world.own, AUTUMN)
    assert lessons(holiday, 10) is False
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        week = {0: Lessons(time(8, 50), time(15, 20), time(12, 30), time(13, 20)), 4: Lessons(time(8, 50), time(13))}
        assert services.set_lesson_times(by=by, school=school, times=week) == 2
        assert services.set_lesson_times(by=by, school=school, times=week) == 0
    assert [lessons(monday, *at) for at in ((8, 49), (8, 50), (12, 29), (12, 30), (13, 20), (15, 19), (15, 20))] == [
        *(False, True, True, False, True, True, False)
    ]
    assert lessons(date(2026, 9, 8), 10) is False  # no lessons on a Tuesday, says the school
    assert lessons(date(2026, 9, 11), 14) is False
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        for wrong, name in (
            (Lessons(time(15), time(9)), "ends_at_0"),
            (Lessons(time(9), time(15), time(12)), "break_to_0"),
            (Lessons(time(9), time(15), time(8), time(8, 30)), "break_from_0"),
        ):
            with pytest.raises(BadInput) as refused:
                services.set_lesson_times(by=by, school=school, times={0: wrong})
            assert name in refused.value.problems
        assert services.set_lesson_times(by=by, school=school, times={}) == 2
    assert not held(world.own, LessonTimes)


# ---- pages ----


def days(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


TYPED = {"year": "2026", "term": "autumn", **days("starts_on", AUTUMN.starts_on), **days("ends_on", AUTUMN.ends_on)}


def uploaded(text: str, name: str = "terms.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode())}


@pytest.mark.parametrize("role", sorted(KEEPERS))
def test_keepers_enter_a_term_on_a_page_each_in_the_calendar_that_is_theirs(world: World, role: Role) -> None:
    client = world.client(role)
    assert client.post(reverse("calendar_term"), TYPED).status_code == 302
    [row] = held(world.own, TermDates)
    of_school = role in {Role.HEADTEACHER, Role.DESIGNATED_PERSON}
    assert (row.authority_id, row.school_id) == (world.own.row.pk, world.own.school.pk if of_school else None)
    page = client.get(reverse("calendars")).content.decode()
    assert "1 September 2026" in page


def test_the_authority_keeps_a_schools_calendar_by_its_address_and_no_other_authoritys(world: World) -> None:
    client = world.client(Role.LACE_COORDINATOR)
    mine = f"{reverse('calendar_term')}?school={world.own.school.pk}"
    assert client.post(mine, TYPED).headers["Location"] == f"{reverse('calendars')}?school={world.own.school.pk}"
    assert held(world.own, TermDates)[0].school_id == world.own.school.pk
    for wrong in (world.other.school.pk, "x", 10**12, ""):
        expected = 200 if wrong == "" else 404
        assert client.get(f"{reverse('calendars')}?school={wrong}").status_code == expected
    sibling = make_school(world.own.row).pk
    assert world.client(Role.HEADTEACHER).get(f"{reverse('calendars')}?school={sibling}").status_code == 404


def test_what_was_typed_stays_when_it_is_refused(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    answer = client.post(reverse("calendar_term"), TYPED | days("ends_on", date(2026, 8, 31)))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "The last day of term must be after the first" in page
    assert 'value="31"' in page
    assert not held(world.own, TermDates)


def test_a_term_that_stands_is_shown_in_its_form(world: World) -> None:
    enter(world.own, AUTUMN)
    page = world.client(Role.ADMINISTRATOR).get(f"{reverse('calendar_term')}?year=2026&term=autumn").content.decode()
    for value in ("18", "26", "30"):
        assert f'value="{value}"' in page
    assert world.client(Role.ADMINISTRATOR).get(f"{reverse('calendar_term')}?year=x&term=%00").status_code == 200


def test_nothing_is_entered_from_a_file_before_it_is_confirmed(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    text = "What,From,To\nAutumn term,01/09/2026,18/12/2026\nTraining day,02/09/2026,\nParents' evening,03/09/2026,\n"
    preview = client.post(reverse("calendar_file"), uploaded(text))
    assert preview.status_code == 200
    assert "Parents" in preview.content.decode()
    assert not held(world.own, TermDates)
    content = preview.context["content"]
    assert client.post(reverse("calendar_file"), {"content": content}).status_code == 302
    assert held(world.own, TermDates)[0].ends_on == date(2026, 12, 18)
    assert held(world.own, ClosedDay)[0].day == date(2026, 9, 2)
    again = client.post(reverse("calendar_file"), {"content": content})
    assert again.status_code == 200
    assert "meanwhile" in again.content.decode()
    for bad in ("\x00", "PK", "What,From,To\nAutumn term,01/09/2026,01/08/2026\n"):
        assert client.post(reverse("calendar_file"), {"content": bad}).status_code == 200
    assert client.post(reverse("calendar_file"), {}).status_code == 200


def test_a_file_that_cannot_be_read_says_so_by_its_field(world: World) -> None:
    answer = world.client(Role.HEADTEACHER).post(reverse("calendar_file"), uploaded("nothing,of,the\nsort,is,here\n"))
    assert "The first line must name the columns" in answer.content.decode()


@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_the_calendar_that_is_downloaded_is_read_in_again_elsewhere(world: World, language: str) -> None:
    enter(world.own, AUTUMN, SPRING, closed={date(2026, 9, 2): "inset"})
    client = world.client(Role.ADMINISTRATOR)
    client.cookies["django_language"] = language
    text = client.get(reverse("calendar_csv")).content.decode("utf-8-sig")
    stranger = world.client(Role.ADMINISTRATOR, world.other)
    preview = stranger.post(reverse("calendar_file"), uploaded(text))
    assert preview.context["wrong"] == []
    stranger.post(reverse("calendar_file"), {"content": preview.context["content"]})
    with acting(world.other, Role.ADMINISTRATOR):
        assert school_calendar(world.other.row) == school_calendar(world.own.row)


def test_ticked_days_and_terms_are_taken_away(world: World) -> None:
    enter(world.own, AUTUMN, SPRING, closed={date(2026, 9, 2): "inset", date(2026, 9, 3): "closed"})
    client = world.client(Role.LACE_COORDINATOR)
    assert client.post(reverse("calendar_closed_remove"), {"chosen": ["2026-09-02"]}).status_code == 302
    assert client.post(reverse("calendar_term_remove"), {"chosen": ["2026-spring"]}).status_code == 302
    assert [row.day for row in held(world.own, ClosedDay)] == [date(2026, 9, 3)]
    assert [row.term for row in held(world.own, TermDates)] == ["autumn"]
    for wrong in ({}, {"chosen": ["2026-09-09"]}):
        assert client.post(reverse("calendar_closed_remove"), wrong).status_code == 200
    assert client.post(reverse("calendar_holiday_add"), {**days("day", date(2026, 9, 21)), "name": "Once"}).status_code == 302
    assert client.post(reverse("calendar_holiday_remove"), {"chosen": ["2026-09-21"]}).status_code == 302
    assert not held(world.own, ExtraHoliday)


def test_lesson_times_are_typed_by_the_week(world: World) -> None:
    client = world.client(Role.HEADTEACHER)
    typed = {
        "starts_at_0": "8:50",
        "ends_at_0": "3.20pm",
        "break_from_0": "12:30",
        "break_to_0": "13:20",
        "starts_at_1": "9:00",
        "ends_at_1": "15:00",
    }
    assert client.post(reverse("calendar_lessons"), typed).status_code == 302
    assert {row.weekday: row.ends_at for row in held(world.own, LessonTimes)}[0] == time(15, 20)
    answer = client.post(reverse("calendar_lessons"), {"starts_at_2": "9:00", "ends_at_0": "soon"})
    page = answer.content.decode()
    assert "Enter when the last lesson ends" in page
    assert "Enter a time, like 14:30" in page
    assert len(held(world.own, LessonTimes)) == 2
    assert world.client(Role.ADMINISTRATOR).post(reverse("calendar_lessons"), typed).status_code == 302  # no school: to the list of schools
    assert len(held(world.own, LessonTimes)) == 2


@pytest.mark.parametrize("role", [Role.GOVERNOR, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR])
def test_whoever_may_see_a_school_reads_its_calendar(world: World, role: Role) -> None:
    enter(world.own, AUTUMN)
    page = world.client(role).get(reverse("school_calendar", args=[world.own.school.number])).content.decode()
    assert "18 December 2026" in page
    assert ("Change this calendar" in page) == (role in KEEPERS)
    assert world.client(role).get(reverse("school_calendar", args=[world.other.school.number])).status_code == 404


def test_what_is_missing_is_said_with_what_waits_for_it(world: World) -> None:
    page = world.client(Role.ADMINISTRATOR).get(reverse("calendars")).content.decode()
    assert "These term dates are not entered" in page


def test_the_schools_are_listed_and_found(world: World) -> None:
    client: Client = world.client(Role.ADMINISTRATOR)
    name = world.own.school.organisation.name_en
    assert name in client.get(reverse("calendar_schools")).content.decode()
    assert name not in client.get(f"{reverse('calendar_schools')}?q=zzz").content.decode()
    assert world.client(Role.HEADTEACHER).get(reverse("calendar_schools")).status_code == 403


# ---- what is counted by the calendars ----

COUNTED = next(rule.code for rule in RULES.values() if rule.clock == Clock.SCHOOL and Fact.SCHOOL_CHANGED in rule.facts and not rule.waits_for)
NEXT_TERM = KnownTerm(2026, "spring", date(2027, 1, 4), date(2027, 3, 19), date(2027, 2, 8), date(2027, 2, 12))


@pytest.mark.req("DL-02", "DL-05")
def test_what_waits_for_term_dates_is_counted_anew_when_they_are_entered(world: World) -> None:
    start = date(2026, 12, 16)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        open_duties(by=by, child=world.own.child, fact=Fact.SCHOOL_CHANGED, on=start, subject=world.own.enrolment.pk)

    def due() -> tuple[date, bool]:
        with acting(world.own, Role.SOCIAL_WORKER):
            duty = Duty.objects.get(code=COUNTED, subject=world.own.enrolment.pk)
            return duty.due_on, duty.provisional

    length = RULES[COUNTED].length
    earliest = add_working_days(start, length)
    assert due() == (earliest, True)
    enter(world.own, AUTUMN)
    assert due() == (earliest, True)  # the count still runs into days of which nothing is known
    enter(world.own, NEXT_TERM)
    calendar = calendar_seen(world.own)
    counted = calendar.add(start, length)
    assert counted is not None
    assert due() == (counted, False)
    assert counted > earliest
    enter(world.own, role=Role.HEADTEACHER, own=True, closed={date(2027, 1, 4): "inset"})
    assert due() == (calendar_seen(world.own).add(start, length), False)
    assert due()[0] > counted
    with acting(world.own, Role.ADMINISTRATOR) as by:
        services.remove_term(by=by, authority=world.own.row, school=None, year=2026, term="spring")
    assert due() == (earliest, True)


@pytest.mark.req("DL-02")
def test_a_bank_holiday_for_once_moves_what_is_counted_in_working_days(world: World) -> None:
    with acting(world.own, Role.SOCIAL_WORKER):
        duty = Duty.objects.filter(child=world.own.child, clock=Clock.WORKING, closed_on=None).order_by("due_on")[0]
    day = duty.due_on
    with acting(world.own, Role.ADMINISTRATOR) as by:
        services.add_holiday(by=by, authority=world.own.row, day=day, name="Once")
    with acting(world.own, Role.SOCIAL_WORKER):
        assert Duty.objects.get(pk=duty.pk).due_on == add_working_days(day, 1)
