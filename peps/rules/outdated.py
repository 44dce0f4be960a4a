"""What makes a final plan out of date (PEP-28). No database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet


class Changed(TextChoices):
    """What changed around the child since a version."""

    SCHOOL = "school", _("The child goes to another school")
    PLACEMENT = "placement", _("The child lives in another placement")
    CARER = "carer", _("The child has another carer")
    SOCIAL_WORKER = "social_worker", _("The child has another social worker")
    PROGRESS = "progress", _("New figures of attendance and progress arrived")
    ATTAINMENT = "attainment", _("New levels or grades were recorded")


# Under which facet a reader may know of it. Another carer is another placement, which is not everybody's to know.
FACETS: dict[Changed, Facet] = {
    Changed.SCHOOL: Facet.EDUCATION,
    Changed.PLACEMENT: Facet.CARE,
    Changed.CARER: Facet.CARE,
    Changed.SOCIAL_WORKER: Facet.CONTACTS,
    Changed.PROGRESS: Facet.EDUCATION,
    Changed.ATTAINMENT: Facet.EDUCATION,
}


@dataclass(frozen=True, slots=True)
class Change:
    what: Changed
    on: date
