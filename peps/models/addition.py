"""What a child adds to the child's page beside words: a drawing, a photo, a recording."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.core.actor import Actor
from peps.rules.additions import ADDITION_FIELDS, LIMIT, AdditionKind


class AdditionQuerySet(ChildOwnedQuerySet["Addition"]):
    def visible_to(self, actor: Actor) -> Self:
        """The child's own, and of others those that the child lets this role see (VOICE-15). Without the bytes: `data` is fetched when asked for."""
        rows = super().visible_to(actor).defer("data")
        return rows if actor.role == Role.CHILD else rows.filter(Q(readers__isnull=True) | Q(readers__contains=[actor.role]))

    def standing(self) -> Self:
        """Those that are on the page now."""
        return self.filter(removed_on__isnull=True)

    def with_file(self) -> Self:
        """With `has_file`: are the bytes here?"""
        return self.annotate(has_file=models.ExpressionWrapper(~Q(data=b""), output_field=models.BooleanField()))


# Its events leave the bytes out: the row keeps them as long as a version holds them, and their digest for good.
@tracked(exclude=["data"])
class Addition(ChildOwned):
    """A picture or a recording on the child's page, with its description in words (PEP-12). The child decides who sees it (VOICE-15)."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="additions")
    key = models.UUIDField(default=uuid.uuid4)  # by which versions and files know it
    kind = models.CharField(max_length=10, choices=AdditionKind)
    media_type = models.CharField(max_length=30)
    data = models.BinaryField()  # empty where another authority keeps it, and when it was taken away before a version held it
    sha256 = models.CharField(max_length=64)
    description = models.CharField(max_length=LIMIT)  # in the child's words, for who does not see or hear it
    language = models.CharField(max_length=5, choices=Language)  # of the description
    added_on = models.DateField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_as = models.CharField(max_length=30, choices=Role, blank=True)
    readers = ArrayField(models.CharField(max_length=30, choices=Role), null=True)  # none: everybody who may read the child's page
    held_since = models.PositiveSmallIntegerField(null=True)  # the first version that holds it
    removed_on = models.DateField(null=True)

    GUARDED_BY = Facet.VOICE
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "pep", "key", "data", *ADDITION_FIELDS, "added_by", "held_since", "removed_on"), Facet.VOICE
    )

    objects = AdditionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pep", "key"], name="one_addition_of_a_key")]
        indexes = [models.Index(fields=["child"])]
        triggers = [
            # What a version holds stays as it was: the child may take it from the page, and decide who sees it.
            pgtrigger.Protect(
                name="held",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.held_since IS NOT NULL AND (OLD.data, OLD.sha256, OLD.kind, OLD.media_type, OLD.description, OLD.language, OLD.key,"
                    " OLD.held_since) IS DISTINCT FROM (NEW.data, NEW.sha256, NEW.kind, NEW.media_type, NEW.description, NEW.language, NEW.key,"
                    " NEW.held_since)"
                ),
            ),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete, condition=pgtrigger.Condition("OLD.held_since IS NOT NULL")),
        ]

    def as_frozen(self) -> dict[str, Any]:
        """What a version keeps of it: never the bytes, no name of a person, and no words of one that is for few.

        A version is read by many, and goes to other authorities as it is; who may see this one is asked of this row each time.
        """
        kept = {name: getattr(self, name) for name in ADDITION_FIELDS}
        kept["description"] = self.description if self.readers is None else ""
        return {"id": str(self.key)} | kept | {"added_on": self.added_on.isoformat()}
