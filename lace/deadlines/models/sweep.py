"""The sweep's finished runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q


class SweepRunQuerySet(models.QuerySet["SweepRun"]):
    def last_finished_at(self) -> datetime | None:
        """When the newest sweep ended; None before the first."""
        return self.order_by("-finished_at").values_list("finished_at", flat=True).first()

    def ladders(self) -> Any:
        """The ladders by which the newest sweep told; None before the first."""
        return self.filter(ladders__isnull=False).order_by("-pk").values_list("ladders", flat=True).first()


class SweepRun(models.Model):
    """A finished sweep, written in the sweep's own transaction: the dead-man check reads the newest."""

    as_of = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    reminders = models.PositiveIntegerField()
    unheard = models.PositiveIntegerField()  # duties with nobody to tell, not even a LACE coordinator; looked at again the next day

    ladders = models.JSONField(null=True)  # by which it told, where they are others than those of the sweep before

    objects = SweepRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(F("finished_at").desc(), name="sweep_newest"),
            models.Index(fields=["as_of"], name="sweep_by_day"),
            models.Index(fields=["id"], condition=Q(ladders__isnull=False), name="sweep_ladders"),
        ]
