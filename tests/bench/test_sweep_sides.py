"""What the sweep is measured against writes the very rows that the sweep writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from lace.core.actor import Actor
from lace.deadlines.models import Duty
from lace.deadlines.sweep import sweep
from lace.notifications.models import Notification
from reporting.management.benchmarks.sweep import loop


def written(act: Any) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """The messages and the duties after an act, which is undone."""
    with transaction.atomic():
        act()
        messages = set(Notification.objects.values_list("kind", "source", "step", "recipient", "channel"))
        duties = set(Duty.objects.values_list("pk", "next_rung"))
        transaction.set_rollback(True)
    return messages, duties


def test_the_loop_tells_whom_the_sweep_tells(country):
    first = Duty.objects.filter(next_look_on__isnull=False).order_by("next_look_on").values_list("next_look_on", flat=True)[0]
    assert first is not None
    night = first + timedelta(days=10)  # so that soon, today and late are among them
    by = Actor.named_job("sweep", today=night)
    messages, duties = written(lambda: sweep(by=by))
    assert len(messages) > 10
    assert written(lambda: loop(night)) == (messages, duties)
