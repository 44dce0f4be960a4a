"""The record of reads: who saw which child's record, under which role, which parts of it and through which door (PRIV-12).

And the seal over reads and changes (lace.audit.chain), and what the nightly look at the reads found (lace.audit.unusual).
"""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from lace.audit.track import tracked

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class Read(models.Model):
    """One look. No foreign keys: it outlives the child's record and the person's account."""

    class Act(models.TextChoices):
        READ = "read", _("Opened")
        LIST = "list", _("In a list")
        SEARCH = "search", _("Found by a search")
        EXPORT = "export", _("Taken out as a file")
        REFUSED = "refused", _("Turned away")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    act = models.CharField(max_length=8, choices=Act)
    authority_id = models.BigIntegerField()  # the reader's authority
    user_id = models.BigIntegerField()
    membership_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=40)
    door = models.CharField(max_length=100)
    children = ArrayField(models.UUIDField())  # of a refusal: the id that was asked for, whether or not there is such a child
    facets = ArrayField(models.CharField(max_length=20))

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [
            GinIndex(fields=["children"], name="audit_read_children"),  # who looked at a child; asked by lace_looks_at() only
            models.Index(fields=["authority_id", "at"], name="audit_read_authority_at"),
            BrinIndex(fields=["at"], name="audit_read_at"),  # the nightly look goes over a few days of everybody's
        ]


class Sealing(models.Model):
    """One run of the sealing job.

    `marks`: the highest id of each table then; `transactions`: the one that would have come next; `settled`: the run up to whose marks
    nothing is left to seal after this one.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    transactions = models.BigIntegerField()
    marks = models.JSONField()
    settled = models.BigIntegerField(null=True)
    seals = models.BigIntegerField()
    rows = models.BigIntegerField()

    class Meta:
        triggers = [APPEND_ONLY]


class Seal(models.Model):
    """A link of an authority's chain: rows of one table, a digest of each, and the digest over it all and the link before."""

    sealing = models.ForeignKey(Sealing, on_delete=models.PROTECT, related_name="+", db_constraint=False)  # written before its sealing
    authority_id = models.BigIntegerField()  # 0: the chain of what belongs to no authority
    number = models.BigIntegerField()
    table = models.CharField(max_length=63)
    columns = ArrayField(models.TextField())  # what the digests go over: a column added later leaves them true
    rows = ArrayField(models.BigIntegerField())
    digests = ArrayField(models.BinaryField())
    total = models.BigIntegerField()  # rows of this chain up to and with this seal
    chain = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        triggers = [APPEND_ONLY]
        constraints = [models.UniqueConstraint(fields=["authority_id", "number"], name="seal_number")]


class Verification(models.Model):
    """What reading one authority's part of the audit again gave, and when."""

    authority_id = models.BigIntegerField()
    at = models.DateTimeField()
    rows = models.BigIntegerField()
    faults = models.BigIntegerField()
    first = models.CharField(max_length=200, blank=True)  # the first fault: a table and a row's number, no values

    class Meta:
        triggers = [APPEND_ONLY]
        indexes = [models.Index(fields=["authority_id", "at"], name="audit_verification_at")]


class Rule(models.TextChoices):
    """What the nightly look at the reads reports. Each is a question to put to somebody, not a finding against them."""

    MANY = "many", _("Opened many different children's records in one hour")
    NIGHT = "night", _("Opened records at night")
    SEARCHES = "searches", _("Searched and then opened nothing")
    REFUSED = "refused", _("Turned away often")
    OUTSIDE = "outside", _("Opened many records of other authorities' children")
    EMERGENCY = "emergency", _("Opened a record in an emergency")


@tracked()
class Threshold(models.Model):
    """From which number on an authority wants to hear of a rule; where there is no row, the default of lace.audit.unusual."""

    authority_id = models.BigIntegerField()
    rule = models.CharField(max_length=10, choices=Rule)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority_id", "rule"], name="threshold_once")]


@tracked()
class Alert(models.Model):
    """Access that somebody should ask about. No child is named: an administrator has no case content (requirements section 3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    authority_id = models.BigIntegerField()
    user_id = models.BigIntegerField()
    role = models.CharField(max_length=40)
    rule = models.CharField(max_length=10, choices=Rule)
    day = models.DateField()
    number = models.PositiveIntegerField()
    threshold = models.PositiveIntegerField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.BigIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority_id", "user_id", "role", "rule", "day"], name="alert_once")]
