"""The bell's answer: chase the data that were asked for and have not come."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from lace.core.actor import Actor
from schools.services.requests import chase


@shared_task
def ring_requests() -> None:
    chase(by=Actor.named_job("requests", today=timezone.localdate()))
