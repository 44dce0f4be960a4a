"""What a plan sets out to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models

from lace.accounts.access import Facet
from lace.accounts.models import Language
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules import TargetArea


@tracked()
class Target(ChildOwned):
    """What is to be reached, for which need, by when, and who does what (PEP-14)."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="targets")
    position = models.PositiveSmallIntegerField()
    area = models.CharField(max_length=20, choices=TargetArea)
    need = models.CharField(max_length=500)
    baseline = models.CharField(max_length=500)
    goal = models.CharField(max_length=500)
    measure = models.CharField(max_length=500)
    strategy = models.CharField(max_length=1000)
    carer_part = models.CharField(max_length=500, blank=True)
    review_on = models.DateField()
    child_agrees = models.BooleanField(default=False)
    teacher_agrees = models.BooleanField(default=False)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    # What helps in class is a facet of its own; from which need it comes belongs to the plan (PRIV-15).
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "pep", "position", "area", "goal", "measure", "strategy", "review_on", "language"), Facet.TARGETS
    ) | dict.fromkeys(("need", "baseline", "carer_part", "child_agrees", "teacher_agrees", "version"), Facet.EDUCATION)

    objects = ChildOwnedQuerySet["Target"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pep", "position"], name="targets_in_order")]
