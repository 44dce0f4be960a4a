"""The bell's answer: sweep, once a day and again when something fell due since."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from lace.core.actor import Actor
from lace.deadlines.sweep import is_needed, sweep

logger = logging.getLogger(__name__)


@shared_task
def ring_sweep() -> None:
    by = Actor.named_job("sweep", today=timezone.localdate())
    if not is_needed(by=by):
        return
    run = sweep(by=by)
    if run is not None and run.unheard:
        logger.error("The sweep of %s found nobody to tell of %d duties: give their authorities a LACE coordinator", run.as_of, run.unheard)
