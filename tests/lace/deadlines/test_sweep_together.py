"""Sweeps that meet one another, services, and death."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.deadlines import sweep as sweeping
from lace.deadlines import tasks
from lace.deadlines.models import Duty, SweepRun
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet, open_duties
from lace.deadlines.sweep import MISSING_AFTER, is_missing, sweep
from lace.notifications import bell
from lace.notifications.models import Notification
from lace.web.middleware import serving
from tests.world import World

DAY = timedelta(days=1)
TODAY = timezone.localdate()
JOB = Actor.named_job("sweep", today=TODAY)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "_ringers", [])


def open_many(world: World, count: int = 20) -> None:
    """Duties whose first look is due, through the service."""
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        for _ in range(count):
            open_duties(by=by, child=world.own.child, fact=Fact.PLANNED_ENTRY, on=TODAY, subject=uuid4())


def due() -> int:
    with serving(JOB), transaction.atomic():
        return Duty.objects.filter(next_look_on__lte=TODAY).count()


def reminders() -> int:
    with serving(JOB), transaction.atomic():
        return Notification.objects.count()


def together(*works: Callable[[], Any]) -> list[Any]:
    """Each in a thread and a connection of its own, all let go at one moment; what each gave or raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[place] = work()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.req("DL-04")
@pytest.mark.django_db(transaction=True)
def test_of_two_sweepers_one_steps_back_and_nothing_is_told_twice(world: World) -> None:
    open_many(world)
    waiting = due()
    assert waiting
    results = together(*[lambda: sweep(by=JOB)] * 3)
    runs = [run for run in results if run is not None]
    assert all(isinstance(run, SweepRun) for run in runs), results
    assert sum(run.reminders for run in runs) == reminders() >= 2 * waiting > 0
    assert due() == 0


@pytest.mark.django_db(transaction=True)
def test_a_sweep_steps_back_while_another_holds_the_lock(world: World) -> None:
    open_many(world, 1)
    held, done = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sweeping._LOCK])
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(10)
    try:
        assert sweep(by=JOB) is None
    finally:
        done.set()
        thread.join()
    assert sweep(by=JOB) is not None


@pytest.mark.req("DL-04")
@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_people_at_work_do_not_trip_over_each_other(world: World) -> None:
    """Duties met while the sweep runs: none is lost, none is looked at again, no deadlock."""
    open_many(world, 40)
    by = world.own.actor(Role.SOCIAL_WORKER)
    codes = ["pep_initiated_planned", "pep_developed", "review_first_guidance"]

    def work() -> int:
        with serving(by), transaction.atomic():
            return sum(meet(by=by, child=world.own.child, codes=[code], on=TODAY) for code in codes)

    results = together(lambda: sweep(by=JOB), work)
    assert isinstance(results[0], SweepRun), results
    assert results[1] >= 40 * len(codes), results
    with serving(JOB), transaction.atomic():
        assert Duty.objects.filter(code__in=codes, child=world.own.child, closed_on=TODAY).count() >= 40 * len(codes)
        assert not Duty.objects.filter(code__in=codes, child=world.own.child, closed_on__isnull=True).exists()
        assert not Duty.objects.filter(closed_on__isnull=False, next_look_on__isnull=False).exists()
    assert due() == 0


@pytest.mark.req("DL-04")
def test_a_sweep_that_dies_leaves_nothing_and_the_next_does_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    open_many(world)
    waiting = due()
    with monkeypatch.context() as patched:
        patched.setattr(SweepRun.objects, "create", lambda **_: (_ for _ in ()).throw(MemoryError()))
        with pytest.raises(MemoryError):
            sweep(by=JOB)
    assert (due(), reminders(), SweepRun.objects.count()) == (waiting, 0, 0)
    run = sweep(by=JOB)
    assert run is not None
    assert run.reminders == reminders() > 0


def test_the_task_sweeps_once_a_day(world: World) -> None:
    open_many(world, 1)
    tasks.ring_sweep()
    tasks.ring_sweep()
    assert SweepRun.objects.filter(as_of=timezone.localdate()).count() == 1
    open_many(world, 1)
    tasks.ring_sweep()
    assert SweepRun.objects.count() == 2


@pytest.mark.django_db
def test_the_dead_man_shouts_after_26_hours() -> None:
    now = timezone.now()
    assert not is_missing(now=now, installed_at=now - MISSING_AFTER)
    assert is_missing(now=now, installed_at=now - MISSING_AFTER - timedelta(seconds=1))
    SweepRun.objects.create(as_of=date(2025, 1, 1), started_at=now, finished_at=now, reminders=0, unheard=0)
    assert not is_missing(now=now + MISSING_AFTER, installed_at=now - 99 * DAY)
    assert is_missing(now=now + MISSING_AFTER + timedelta(seconds=1), installed_at=now)


def test_a_sweep_works_as_the_jobs_role_only(world: World) -> None:
    """A person's context cannot sweep: the policies let it see a part, and the sweep must see all."""
    open_many(world, 1)
    with serving(world.own.actor(Role.LACE_COORDINATOR)), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM children_child")
        assert cursor.fetchone() == (1,)
    assert sweep(by=JOB) is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT count(*) FROM deadlines_duty)")
        assert cursor.fetchone() == ("lace_app", 0)
