"""Two ways to say one thing: what the queries count in SQL is what the models and rules say in Python; what can be seen is what is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db.models import Value
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lace.accounts.access import REACH, Reach, Role
from lace.accounts.models import LocalAuthority
from lace.children.models import Child
from lace.children.rules import YearGroup, folded, year_group
from lace.deadlines.models import Duty
from lace.web.middleware import serving
from reporting.queries import children, dashboard
from reporting.queries.child import readers
from reporting.queries.children import Folded, Placed, Search, born_in_year
from reporting.queries.dashboard import MONTHS, By
from reporting.queries.duties import Asked, Measure, Timeliness, of_children
from tests.world import World, enter


@given(born=st.dates(date(2000, 1, 1), date(2026, 1, 1)), on=st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_year_group_is_the_birthdays_that_rules_put_in_it(born: date, on: date) -> None:
    group = year_group(born, on)
    inside = [year for year in YearGroup if born_in_year(year, on)[0] <= born <= born_in_year(year, on)[1]]
    assert inside == ([group] if group is not None else [])


@given(day=st.dates(date(2020, 1, 1), date(2060, 1, 1)))
def test_twelve_months_end_with_this_one(day: date) -> None:
    first = dashboard.first_month(day)
    assert first.day == 1
    assert (day.year - first.year) * 12 + day.month - first.month == MONTHS - 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Siân", "D'Arcy", "O’Brien–Rees", "Łukasz Æthelø", "Straße", "Zażółć", "  Ann   Marie ", "N'Golo", "Ŵyn", "J.R."])
def test_the_database_folds_names_as_the_rules_do(name: str) -> None:
    kept = LocalAuthority.objects.annotate(kept=Folded(Value(name))).values_list("kept", flat=True).first()
    assert kept is not None
    assert kept.strip() == folded(name)


@pytest.mark.django_db
def test_timeliness_in_sql_is_what_a_duty_says_of_itself(world: World) -> None:
    today = timezone.localdate()
    actor = world.own.actor(Role.LACE_COORDINATOR)
    child = enter(world.own, entered_on=today - timedelta(days=90))[0]
    with serving(actor):
        mine = list(Duty.objects.filter(child=child).order_by("code"))
        outcomes = [("", None), *((outcome, today - timedelta(days=days)) for outcome in Duty.Outcome for days in (0, 200))]
        seen = set()
        for outcome, closed in outcomes:
            for due in (today - timedelta(days=100), today, today + timedelta(days=5)):
                Duty.objects.filter(pk=mine[0].pk).update(outcome=outcome, closed_on=closed, due_on=due, next_look_on=None)
                duty = Duty.objects.get(pk=mine[0].pk)
                row = of_children(actor, Asked()).get(pk=duty.pk)
                said = row.timeliness  # type: ignore[attr-defined]  # annotated
                assert row.late_days == duty.days_late(today)  # type: ignore[attr-defined]  # annotated
                assert (said == Timeliness.OVERDUE) == duty.is_overdue(today)
                assert (said == Timeliness.MISSED) == duty.was_missed
                assert (said in {Timeliness.OVERDUE, Timeliness.WAITING}) == (duty.closed_on is None)
                seen.add(said)
    assert seen == set(Timeliness.values)


@pytest.mark.django_db
def test_what_the_list_counts_is_what_can_be_seen(world: World) -> None:
    for days in (5, 60, 90):
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=days))
    roles = (
        Role.LACE_COORDINATOR,
        Role.DESIGNATED_MANAGER,
        Role.SOCIAL_WORKER,
        Role.IRO,
        Role.FOSTER_CARER,
        Role.DESIGNATED_PERSON,
        Role.HEADTEACHER,
    )
    for role in roles:
        actor = world.own.actor(role)
        with serving(actor):
            counted = children.tally(actor)
            everyone = children.listed(actor, Search())
            assert sum(row["number"] for row in counted) == everyone.count() == Child.objects.visible_to(actor).count()
            late = sum(row["number"] for row in counted if row["late"])
            assert late == children.listed(actor, Search(overdue=True)).count() == 2
            if actor.authorities:
                where = Counter({place: children.listed(actor, Search(placed=place)).count() for place in Placed})
                assert sum(where.values()) == everyone.count()


@pytest.mark.django_db
@pytest.mark.parametrize("by", list(By))
def test_each_way_to_group_gives_the_same_total(world: World, by: By) -> None:
    for days in (60, 90, 150):
        enter(world.own, entered_on=timezone.localdate() - timedelta(days=days))
    actor = world.own.actor(Role.LACE_COORDINATOR)
    with serving(actor):
        total = sum(row["number"] for row in dashboard.in_time(actor, by))
        codes = tuple(code for measure in Measure for code in measure.codes)
        assert total == of_children(actor, replace(dashboard.shown(actor), codes=codes)).count() > 0


@pytest.mark.django_db
def test_nobody_outside_row_level_security_is_counted(world: World) -> None:
    """A context of nobody sees nothing, whatever the query says."""
    actor = world.own.actor(Role.LACE_COORDINATOR)
    assert children.tally(actor) == []
    assert dashboard.by_place_and_plan(actor) == []
    assert dashboard.in_time(actor, By.MONTH) == []


@pytest.mark.django_db
def test_readers_are_the_holders_of_open_relations_only(world: World) -> None:
    actor = world.own.actor(Role.LACE_COORDINATOR)
    with serving(actor):
        found = {(row.role, name) for row in readers(actor, world.own.child) for name in row.people}
    assert found == {(role, world.own.user(role).name) for role in Role if REACH[role] != Reach.NONE}
