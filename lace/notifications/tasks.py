"""The bell's answer: send what waits. The task carries nothing; the rows say what there is to do."""

from __future__ import annotations

from celery import current_app, shared_task
from django.utils import timezone

from lace.core.actor import Actor
from lace.core.failpoint import failpoint
from lace.notifications.administration import remind_of_access_reviews
from lace.notifications.delivery import deliver, hear_back


@shared_task
def ring_delivery() -> None:
    failpoint("delivery.heard")
    deliver(by=Actor.named_job("delivery", today=timezone.localdate()))


@shared_task
def ring_hear_back() -> None:
    hear_back(by=Actor.named_job("delivery", today=timezone.localdate()))


def ring() -> None:
    """Wake a worker now. Raises what the broker's client raises, after one short try: no request waits for a broker that is away."""
    with current_app.connection_for_write(transport_options={"max_retries": 1, "interval_start": 0, "socket_connect_timeout": 1}) as connection:
        ring_delivery.apply_async(connection=connection, retry=False, expires=60)  # type: ignore[call-arg]  # the stubs do not know `connection`


@shared_task
def ring_access_reviews() -> None:
    remind_of_access_reviews(by=Actor.named_job("access_review", today=timezone.localdate()))
