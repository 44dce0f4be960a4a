"""What a plan sets out to reach, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID, uuid4, uuid5

from django.db import models
from django.db.models import Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules import TargetArea
from peps.rules.targets import Funding, Outcome


@tracked()
class Target(ChildOwned):
    """What is to be reached, for which need, by when, and who does what (PEP-14)."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="targets")
    key = models.UUIDField(default=uuid4, editable=False)  # its id in every version, kept when another authority takes the plan over
    position = models.PositiveSmallIntegerField()
    area = models.CharField(max_length=20, choices=TargetArea)
    need = models.CharField(max_length=500)
    baseline = models.CharField(max_length=500)
    goal = models.CharField(max_length=500)
    measure = models.CharField(max_length=500)
    identified_with = models.CharField(max_length=120, blank=True)  # the teacher with whom the need was identified (DP-09)
    # What will be done, when, where, by whom and how often: the five facts of a strategy.
    strategy = models.CharField(max_length=1000)
    when_done = models.CharField(max_length=200, blank=True)
    where_done = models.CharField(max_length=200, blank=True)
    done_by = models.CharField(max_length=200, blank=True)
    how_often = models.CharField(max_length=200, blank=True)
    cost = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)  # pounds
    funding = models.CharField(max_length=10, choices=Funding, blank=True)
    carer_part = models.CharField(max_length=500, blank=True)
    review_on = models.DateField()
    child_agrees = models.BooleanField(default=False)
    teacher_agrees = models.BooleanField(default=False)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    # What helps in class is a facet of its own; from which need it comes belongs to the plan (PRIV-15).
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "key", "position", "area", "goal", "measure", "review_on", "language"),
            *("strategy", "when_done", "where_done", "done_by", "how_often"),
        ),
        Facet.TARGETS,
    ) | dict.fromkeys(
        ("need", "identified_with", "baseline", "cost", "funding", "carer_part", "child_agrees", "teacher_agrees", "version"), Facet.EDUCATION
    )

    objects = ChildOwnedQuerySet["Target"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "position"], name="targets_in_order"),
            models.UniqueConstraint(fields=["pep", "key"], name="one_target_of_a_key"),
            models.CheckConstraint(condition=Q(cost__isnull=True) | (Q(cost__gte=0) & ~Q(funding="")), name="cost_with_its_funding"),
        ]


def with_ids(version: UUID, targets: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The targets frozen in a version, each with an id: of the first edition's, which kept none, one made from their place."""
    return [{**target, "id": target.get("id") or str(uuid5(version, str(place)))} for place, target in enumerate(targets)]


@tracked()
class Evaluation(ChildOwned):
    """What became of a target of a final version, said while the next one is written."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="evaluations")
    of_version = models.ForeignKey("peps.Version", on_delete=models.PROTECT, related_name="evaluations")
    target = models.UUIDField()  # its key: the target itself may be struck out of the plan
    outcome = models.CharField(max_length=10, choices=Outcome)
    evidence = models.CharField(max_length=1000, blank=True)
    evaluated_on = models.DateField()
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of the evidence
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_as = models.CharField(max_length=30, choices=Role, blank=True)
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "of_version", "target", "outcome", "evidence", "evaluated_on", "language"),
            *("written_by", "written_as", "version"),
        ),
        Facet.EDUCATION,
    )

    objects = ChildOwnedQuerySet["Evaluation"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of_version", "target"], name="evaluated_once"),
            models.CheckConstraint(condition=Q(outcome=Outcome.GOES_ON) | ~Q(evidence=""), name="outcome_with_evidence"),
        ]


EVALUATION_FIELDS = ("outcome", "evidence", "evaluated_on", "written_as", "language")


def ended(targets: Iterable[Mapping[str, Any]], evaluations: Iterable[Evaluation]) -> list[dict[str, Any]]:
    """How each target of a version ended, in their order; one of which nobody has said so has no outcome."""
    said = {str(row.target): row for row in evaluations}
    return [
        {"target": target["id"], "goal": target["goal"], "goal_language": target["language"], "area": target["area"]}
        | {name: getattr(said.get(target["id"]), name, "") for name in EVALUATION_FIELDS}
        for target in targets
    ]
