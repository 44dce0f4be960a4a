"""The nightly reconciliation: what the calendar starts, asked by hand; asked again it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from lace.accounts.access import Relation, Role
from lace.children.models import CareEpisode, Child, ChildGroupGrant, relation_code
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.deadlines.models import BodyDuty, Duty, TermDates
from lace.deadlines.rules import Fact, subject_of
from lace.deadlines.services.reconcile import Reconciled, reconcile
from lace.deadlines.services.recount import recount
from lace.notifications.models import Notification
from lace.web.middleware import serving
from schools.models import Enrolment
from tests.world import Authority, World

DAY = timedelta(days=1)


def night(day: date) -> Reconciled:
    found = reconcile(by=Actor.named_job("reconcile", today=day))
    assert found is not None
    return found


def long_ago(side: Authority, *, born: date, since: date) -> Child:
    """The authority's child as one who has been in care and at the school for long, with no duty yet."""
    by = side.actor(Role.CASE_SYSTEM)
    with serving(by):
        Duty.objects.filter(child=side.child).update(closed_on=since, outcome="on_time", next_look_on=None)
        Child.objects.filter(pk=side.child.pk).update(born_on=born)
        CareEpisode.objects.filter(pk=side.episode.pk).update(started_on=since)
        Enrolment.objects.filter(pk=side.enrolment.pk).update(started_on=since)
        ChildGroupGrant.objects.filter(content_object=side.child).update(starts_on=since)
    return side.child


def of(side: Authority, facts: Iterable[Fact]) -> dict[str, date]:
    with serving(side.actor(Role.CASE_SYSTEM)):
        return {duty.code: duty.due_on for duty in Duty.objects.open().filter(child=side.child, fact__in=list(facts))}


def of_bodies(side: Authority, *, body: bool = True) -> dict[str, date]:
    with serving(side.actor(Role.LACE_COORDINATOR)):
        rows = BodyDuty.objects.open().filter(authority=side.row, body=side.school.organisation if body else None)
        return {duty.code: duty.due_on for duty in rows}


@pytest.mark.req("T42", "T43")
def test_a_sixteenth_birthday_is_seen_three_months_ahead(world: World) -> None:
    long_ago(world.own, born=date(2009, 3, 3), since=date(2020, 1, 6))
    night(date(2024, 11, 30))
    assert of(world.own, [Fact.BIRTHDAY]) == {}
    found = night(date(2024, 12, 1))
    expected = {"pathway_plan": date(2025, 3, 3), "pathway_assessed": date(2025, 6, 3), "pep_at_16": date(2025, 4, 3)}
    assert of(world.own, [Fact.BIRTHDAY]) == expected
    assert found.opened >= len(expected)
    again = night(date(2024, 12, 2))
    assert (again.opened, of(world.own, [Fact.BIRTHDAY])) == (0, expected)
    night(date(2025, 8, 20))
    assert of(world.own, [Fact.HALF_BIRTHDAY]) == {"pathway_reviewed": date(2025, 9, 3)}


def test_a_birthday_on_29_february(world: World) -> None:
    long_ago(world.own, born=date(2012, 2, 29), since=date(2020, 1, 6))
    night(date(2028, 1, 5))
    assert of(world.own, [Fact.BIRTHDAY])["pathway_plan"] == date(2028, 2, 29)
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        Child.objects.filter(pk=world.own.child.pk).update(born_on=date(2012, 3, 2))
    assert night(date(2028, 1, 6)).moved == 3  # a corrected date of birth moves what rests on it (DL-05)
    assert of(world.own, [Fact.BIRTHDAY])["pathway_plan"] == date(2028, 3, 2)


@pytest.mark.req("T19", "T58", "T10")
def test_a_term_starts_by_the_schools_dates_or_provisionally_by_the_usual_ones(world: World) -> None:
    long_ago(world.own, born=date(2012, 3, 3), since=date(2020, 1, 6))
    long_ago(world.other, born=date(2012, 3, 3), since=date(2020, 1, 6))
    terms = {"authority": world.own.row, "year": 2025, "term": "autumn"}
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        TermDates.objects.create(**terms, starts_on=date(2025, 9, 3), ends_on=date(2025, 12, 19))
        TermDates.objects.create(
            **terms,
            school=world.own.school.organisation,
            starts_on=date(2025, 9, 2),
            ends_on=date(2025, 12, 18),
            break_from=date(2025, 10, 27),
            break_to=date(2025, 10, 31),
        )
    night(date(2025, 9, 1))
    assert of(world.own, [Fact.TERM_START]) == {}
    night(date(2025, 9, 2))
    # 30 school days from 2 September: the 3rd to the 30th are 20, 1 to 14 October ten more.
    assert of(world.own, [Fact.TERM_START]) == {"contacts_checked": date(2025, 9, 30), "child_talked_with": date(2025, 10, 14)}
    assert of(world.own, [Fact.SCHOOL_YEAR]) == {"carer_meeting_first": date(2026, 3, 2), "carer_meeting_second": date(2026, 8, 2)}
    assert of(world.other, [Fact.TERM_START])["contacts_checked"] == date(2025, 9, 29)  # the usual 1 September
    with serving(world.other.actor(Role.CASE_SYSTEM)):
        rows = Duty.objects.open().filter(child=world.other.child, fact=Fact.TERM_START)
        assert {duty.code: duty.provisional for duty in rows} == {"contacts_checked": True, "child_talked_with": True}
    with serving(world.other.actor(Role.ADMINISTRATOR)):
        TermDates.objects.create(**(terms | {"authority": world.other.row}), starts_on=date(2025, 9, 4), ends_on=date(2025, 12, 19))
    assert night(date(2025, 9, 4)).moved >= 2
    with serving(world.other.actor(Role.CASE_SYSTEM)):
        found = {duty.code: (duty.due_on, duty.provisional) for duty in Duty.objects.open().filter(child=world.other.child, fact=Fact.TERM_START)}
    assert found == {"contacts_checked": (date(2025, 10, 2), False), "child_talked_with": (date(2025, 10, 16), False)}
    night(date(2025, 11, 3))
    assert "child_talked_with" in of(world.own, [Fact.HALF_TERM])


def test_who_comes_into_care_in_a_term_is_not_late_from_the_first_day(world: World) -> None:
    long_ago(world.own, born=date(2012, 3, 3), since=date(2025, 9, 25))
    night(date(2025, 9, 26))
    assert of(world.own, [Fact.TERM_START])["contacts_checked"] == date(2025, 10, 23)


@pytest.mark.req("T17", "T18")
def test_a_school_has_its_own_duties_and_another_kind_has_none(world: World) -> None:
    night(date(2025, 9, 1))
    found = of_bodies(world.own)
    assert found["register_confirmed"] == date(2025, 9, 29)
    assert found["governors_report"] == date(2025, 12, 31)
    assert found["joint_policy_checked"] == date(2026, 9, 1)
    assert not [code for code in found if code.endswith("_pru")]


@pytest.mark.req("T50", "T51", "T52", "T53", "T54", "T61", "T63", "T66", "T68")
def test_an_authority_at_work_has_its_own(world: World) -> None:
    night(date(2026, 2, 10))
    assert of_bodies(world.own, body=False) == {
        "census_taken": date(2026, 3, 31),
        "strategy_reviewed": date(2027, 1, 1),
        "annual_report": date(2027, 1, 1),
        "averages_refreshed": date(2027, 1, 1),
        "outcomes_published": date(2027, 1, 1),
        "directors_met": date(2026, 3, 1),
        "members_informed": date(2026, 4, 1),
        "staff_supervised": date(2026, 4, 1),
        "grant_reported": date(2026, 4, 1),
    }
    before = BodyDuty.objects.count()
    assert night(date(2026, 2, 11)).opened == 0
    assert BodyDuty.objects.count() == before


@pytest.mark.req("T13")
def test_a_missed_statutory_timescale_is_to_be_reported_and_counts_as_reported_when_the_manager_is_told(world: World) -> None:
    from lace.deadlines.sweep import sweep

    side, today = world.own, timezone.localdate()
    with serving(side.actor(Role.CASE_SYSTEM)):
        missed = Duty.objects.get(child=side.child, code="pep_initiated_emergency")
        Duty.objects.filter(child=side.child).exclude(pk=missed.pk).update(closed_on=today, outcome="on_time", next_look_on=None)
        Duty.objects.filter(pk=missed.pk).update(due_on=today - DAY, next_look_on=today - 4 * DAY)
    night(today)
    with serving(side.actor(Role.CASE_SYSTEM)):
        report = Duty.objects.get(child=side.child, code="miss_reported")
    assert (report.subject, report.trigger_on, report.closed_on) == (missed.pk, today - DAY, None)
    for day in range(6):
        sweep(by=Actor.named_job("sweep", today=today + day * DAY))
    with serving(Actor.named_job("sweep", today=today)):
        told = Notification.objects.filter(source=missed.pk, recipient=side.user(Role.DESIGNATED_MANAGER)).exists()
    assert told
    assert night(today + DAY).settled >= 1
    with serving(side.actor(Role.CASE_SYSTEM)):
        assert Duty.objects.get(pk=report.pk).closed_on is not None


@pytest.mark.req("LA-06")
def test_lists_that_disagree_are_counted_and_told_once_a_week(world: World) -> None:
    side, today = world.own, timezone.localdate()
    assert night(today).disagree == {}
    with serving(side.actor(Role.CASE_SYSTEM)):
        ChildGroupGrant.objects.filter(content_object=side.child, permission=relation_code(Relation.SCHOOL)).update(ends_on=today)
    assert night(today).disagree == {side.row.pk: 1}
    assert night(today).disagree == {side.row.pk: 1}
    with serving(Actor.named_job("sweep", today=today)):
        rows = Notification.objects.filter(kind="lists_disagree", channel="inbox")
        assert [(row.recipient_id, row.child_id) for row in rows] == [(side.user(Role.LACE_COORDINATOR).pk, None)]


def test_only_a_job_reconciles(world: World) -> None:
    with pytest.raises(NotAllowed):
        reconcile(by=world.own.actor(Role.LACE_COORDINATOR))


def test_the_database_and_python_name_a_fact_alike(world: World) -> None:
    long_ago(world.own, born=date(2012, 3, 3), since=date(2020, 1, 6))
    night(date(2025, 9, 1))
    with serving(world.own.actor(Role.CASE_SYSTEM)):
        duty = Duty.objects.get(child=world.own.child, code="contacts_checked")
    assert duty.subject == subject_of(world.own.child.pk, Fact.TERM_START, date(2025, 9, 1))


@pytest.mark.req("DL-02", "DL-05")
def test_term_dates_that_are_entered_move_what_waits_for_them(world: World) -> None:
    side = world.own
    long_ago(side, born=date(2012, 3, 3), since=date(2020, 1, 6))
    night(date(2025, 9, 1))
    assert of(side, [Fact.TERM_START])["child_talked_with"] == date(2025, 10, 13)  # thirty working days: the earliest it can be
    admin = side.actor(Role.ADMINISTRATOR)
    with serving(admin):
        TermDates.objects.create(authority=side.row, year=2025, term="autumn", starts_on=date(2025, 9, 1), ends_on=date(2025, 12, 19),
                                 break_from=date(2025, 9, 8), break_to=date(2025, 9, 12))  # fmt: skip
        assert recount(by=admin, authority=side.row) == 1
    assert of(side, [Fact.TERM_START])["child_talked_with"] == date(2025, 10, 20)


@pytest.mark.req("DL-02", "DL-05")
def test_term_dates_that_another_authority_changes_move_the_children_placed_at_its_schools(world: World) -> None:
    side, host = world.own, world.other
    long_ago(side, born=date(2012, 3, 3), since=date(2020, 1, 6))
    with serving(side.actor(Role.CASE_SYSTEM)):
        Enrolment.objects.filter(pk=side.enrolment.pk).update(school=host.school)
        grants = ChildGroupGrant.objects.filter(content_object=side.child, permission=relation_code(Relation.SCHOOL))
        grants.update(group=host.school.organisation.group)
    admin = host.actor(Role.ADMINISTRATOR)
    with serving(admin):
        autumn = TermDates.objects.create(authority=host.row, year=2025, term="autumn", starts_on=date(2025, 9, 1), ends_on=date(2025, 12, 19))
    night(date(2025, 9, 1))
    assert of(side, [Fact.TERM_START])["child_talked_with"] == date(2025, 10, 13)
    with serving(admin):
        autumn.break_from, autumn.break_to = date(2025, 9, 8), date(2025, 9, 12)
        autumn.save()
        recount(by=admin, authority=host.row)
    assert of(side, [Fact.TERM_START])["child_talked_with"] == date(2025, 10, 13), "the host may not touch another authority's duties"
    assert night(date(2025, 9, 2)).moved == 1
    assert of(side, [Fact.TERM_START])["child_talked_with"] == date(2025, 10, 20)
    assert night(date(2025, 9, 3)).moved == 0
