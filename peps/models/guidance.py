"""What an authority tells those who write its children's plans (PEP-27)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import LocalAuthority, User
from lace.audit.track import tracked
from lace.core.model import Row
from peps.rules.guidance import LIMIT


class GuidanceQuerySet(models.QuerySet["Guidance"]):
    def of(self, authority: int | None) -> QuerySet[Guidance]:
        """What an authority (id) says now: of each part of the plan what it wrote last."""
        return self.filter(authority=authority).order_by("part", "-created_at").distinct("part")


# Never changed: what is written later stands in place of it.
@tracked()
class Guidance(Row):
    """How to write one part of the plan, and an example of it, in both languages; empty where it was taken back."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=30)  # of peps.rules.guidance.PARTS
    en = models.TextField(max_length=LIMIT, blank=True)
    cy = models.TextField(max_length=LIMIT, blank=True)
    example_en = models.TextField(max_length=LIMIT, blank=True)
    example_cy = models.TextField(max_length=LIMIT, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("guidance on the plan")
        indexes = [models.Index(F("authority"), F("part"), F("created_at").desc(), name="guidance_newest")]

    @property
    def is_empty(self) -> bool:
        return not (self.en or self.example_en)

    def read_in(self, language: str) -> dict[str, str]:
        """Text and example in a language ("cy" or "en")."""
        return {"text": self.cy, "example": self.example_cy} if language == "cy" else {"text": self.en, "example": self.example_en}
