"""The server is killed while somebody's words are on their way: the press of the same button again loses nothing and does nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.notifications.models import Notification
from peps.models import Action, Pep, Section, Target, Version
from tests.peps.plans import acting, plan, started, typed, written
from tests.world import World


def killed(client: Client, moment: str, path: str, data: dict[str, str]) -> None:
    """Press the button in a server that dies of it."""
    order = {
        "moment": moment,
        "path": path,
        "data": data,
        "cookies": client.cookies.output(header="", sep=";"),
        "database": connection.settings_dict["NAME"],
    }
    command = [sys.executable, "-m", "tests.peps.killed"]
    done = subprocess.run(command, input=json.dumps(order), cwd=settings.BASE_DIR, env=os.environ, text=True, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def counts(world: World) -> dict[str, Any]:
    """What there is of a plan, with the trail of every change."""
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        models: tuple[Any, ...] = (Pep, Section, Target, Action)
        events = {model.__name__: model.pgh_event_model.objects.count() for model in models}
        return {**events, "versions": Version.objects.count(), "told": Notification.objects.count()}


def ready(world: World, act: str) -> tuple[str, dict[str, str]]:
    """A plan at the point of this act: where the form stands, and what is typed into it."""
    day = timezone.localdate() + timedelta(days=60 if act == "target" else 0)
    if act == "section":
        started(world.own)
        return plan(world, "section/history/"), {"needs": "None yet", "achievements": "Swimming badge"}
    written(world.own)
    if act == "final":
        return plan(world, "final/"), {"on_day": str(day.day), "on_month": str(day.month), "on_year": str(day.year)}
    words = {"area": "academic", "need": "Fractions", "baseline": "6", "goal": "Nine", "measure": "Quiz", "strategy": "Daily", "language": "en-gb"}
    return plan(world, "targets/add/"), words | {"review_on_day": str(day.day), "review_on_month": str(day.month), "review_on_year": str(day.year)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("act", ["section", "target", "final"])
def test_the_same_press_again_does_it_once(world: World, act: str, moment: str) -> None:
    path, words = ready(world, act)
    client = world.client(Role.DESIGNATED_PERSON)
    data = typed(client, path, **words)
    was = counts(world)
    killed(client, moment, path, data)
    found = counts(world)
    assert (found == was) == (moment == "before"), "killed before the commit: nothing of it is there; after it: all"
    assert client.post(path, data).status_code == 302
    done = counts(world)
    assert done != was
    if moment == "after":
        assert done == found, "the second press changed something again"
    assert client.post(path, data).status_code == 302
    assert counts(world) == done
