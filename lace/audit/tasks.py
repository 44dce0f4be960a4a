"""The bell's answer: seal what was written, read all of it again each night, and look at who looked."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from lace.audit import chain, unusual
from lace.core.actor import Actor

logger = logging.getLogger(__name__)


def _job() -> Actor:
    return Actor.named_job("audit", today=timezone.localdate())


@shared_task
def ring_sealing() -> None:
    chain.seal(by=_job())


@shared_task
def ring_verification() -> None:
    """Every head goes to the log, which is kept elsewhere: who makes the chain anew cannot make that anew too."""
    by = _job()
    chain.seal(by=by)
    for head in chain.heads(by=by):
        logger.info("Audit head of authority %d: seal %d over %d rows, %s", head.authority_id, head.number, head.total, head.chain)
    _checked, faults = chain.verify(by=by)
    for fault in faults[:100]:
        logger.error("The audit of authority %d does not agree: %s", fault.authority_id, fault)
    if len(faults) > 100:
        logger.error("The audit does not agree in %d places", len(faults))


@shared_task
def ring_unusual() -> None:
    unusual.look(by=_job())
