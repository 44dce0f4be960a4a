"""The bell's answer: publish the figures of the terms that have ended, each once."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from lace.core.actor import Actor
from reporting.rules.figures import ended_terms
from reporting.services import publish_figures

logger = logging.getLogger(__name__)


@shared_task
def ring_figures() -> None:
    by = Actor.named_job("figures", today=timezone.localdate())
    for year, term in ended_terms(by.today):
        if publish_figures(by=by, year=year, term=term):
            logger.info("The figures of term %s %s are published", year, term)
