"""The bell's answer: reconcile each night, and sweep, once a day and again when something fell due since."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from lace.core.actor import Actor
from lace.core.failpoint import failpoint
from lace.deadlines.services.reconcile import reconcile
from lace.deadlines.sweep import is_needed, sweep

logger = logging.getLogger(__name__)


@shared_task
def ring_sweep() -> None:
    failpoint("sweep.heard")
    by = Actor.named_job("sweep", today=timezone.localdate())
    if not is_needed(by=by):
        return
    run = sweep(by=by)
    failpoint("sweep.committed")
    if run is not None and run.unheard:
        logger.error("The sweep of %s found nobody to tell of %d duties: give their authorities a LACE coordinator", run.as_of, run.unheard)


@shared_task
def ring_reconciliation() -> None:
    done = reconcile(by=Actor.named_job("reconciliation", today=timezone.localdate()))
    if done is not None:
        logger.info("Reconciled: %d duties opened, %d moved, %d met, %d closed", done.opened, done.moved, done.settled, done.closed)
