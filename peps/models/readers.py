"""Whom the child lets read an answer of the child's page, and rows that hold the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, JSONObject

from lace.accounts.access import Facet, Role
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.children.rules import READERS
from lace.core.actor import Actor
from peps.rules.readers import Choices

M = TypeVar("M", bound=models.Model)
Rows = TypeVar("Rows", bound="PageQuerySet[Any]")


class AnswerReadersQuerySet(ChildOwnedQuerySet["AnswerReaders"]):
    def choices_of(self, child: Any) -> Choices:
        """A child's choices by question. One statement."""
        return dict(self.filter(child=child).values_list("question", "readers"))

    def choices_for(self, by: Actor, child: Any) -> Choices | None:
        """A child's choices by question; None for the child and for jobs, from whom nothing is kept. At most one statement."""
        return None if by.job or by.role == Role.CHILD else self.choices_of(child)


@tracked()
class AnswerReaders(ChildOwned):
    """The child's choice who may read the answer to one question of the child's page (VOICE-15; 002 4.59, 4.83).

    It belongs to the question: it holds for the draft and for every frozen version from the moment it is chosen.
    """

    question = models.CharField(max_length=20)  # of peps.rules.readers.QUESTIONS
    readers = ArrayField(models.CharField(max_length=30, choices=Role), null=True, blank=True)  # none: everybody who reads the page
    chosen_on = models.DateField()

    GUARDED_BY = Facet.VOICE
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(("id", "created_at", "child", "authority", "question", "readers", "chosen_on"), Facet.VOICE)

    objects = AnswerReadersQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["child", "authority", "question"], name="one_choice_of_readers")]
        indexes = [models.Index(fields=["child"])]


class PageQuerySet(ChildOwnedQuerySet[M]):
    """Rows that hold answers of the child's page. A door gets them without those that the child keeps from who asks.

    The choices come with the rows, in the same statement, to the row's `choices`. A job gets the rows whole, as services do that start
    at no door.
    """

    def visible_to(self, actor: Actor) -> Self:
        return self._chosen(super().visible_to(actor), actor)

    def readable_by(self, actor: Actor, facet: Facet) -> Self:
        return self._chosen(super().readable_by(actor, facet), actor)

    @staticmethod
    def _chosen(rows: Rows, actor: Actor) -> Rows:
        if actor.job or actor.role == Role.CHILD:
            return rows
        of_child = AnswerReaders.objects.filter(child=OuterRef("child_id"))
        found = ArraySubquery(of_child.values(data=JSONObject(question="question", readers="readers")))
        return rows.annotate(choices=JSONObject(role=Cast(Value(actor.role), TextField()), of_child=found))


class RepliesQuerySet(ChildOwnedQuerySet[M]):
    def visible_to(self, actor: Actor) -> Self:
        """Without replies to what the child keeps from who asks: they repeat it."""
        rows = super().visible_to(actor)
        if actor.job or actor.role == Role.CHILD:
            return rows
        if actor.role not in READERS:
            return rows.none()
        kept = AnswerReaders.objects.filter(child=OuterRef("child_id"), question=OuterRef("question"), readers__isnull=False)
        return rows.exclude(Exists(kept.filter(~Q(readers__contains=[actor.role]))))


def choices_in(found: Mapping[str, Any]) -> Choices:
    """The choices that came with a row."""
    return {choice["question"]: choice["readers"] for choice in found["of_child"]}
