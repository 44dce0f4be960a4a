"""The record of reads: who saw which child's record, under which role, which parts of it and through which door (PRIV-12)."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Read(models.Model):
    """One look. No foreign keys: it outlives the child's record and the person's account."""

    class Act(models.TextChoices):
        READ = "read"
        LIST = "list"
        SEARCH = "search"
        EXPORT = "export"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    act = models.CharField(max_length=8, choices=Act)
    authority_id = models.BigIntegerField(db_index=True)  # the reader's authority
    user_id = models.BigIntegerField()
    membership_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=20)
    door = models.CharField(max_length=100)
    children = ArrayField(models.UUIDField())
    facets = ArrayField(models.CharField(max_length=20))

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
