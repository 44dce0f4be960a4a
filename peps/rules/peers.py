"""The offer to meet others with care experience, made regularly (VOICE-14). No database."""

from __future__ import annotations

from datetime import date

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from lace.core.workdays import add_months

USUAL_MONTHS = 6  # until the next offer, unless the child's answer says otherwise: with every review
LONGEST_MONTHS = 12  # "regularly": no offer lies further away, whatever the answer
LIMIT = 500  # characters


class PeerAnswer(TextChoices):
    """What the child said to the offer."""

    YES = "yes", pgettext_lazy("offer", "Yes")
    NO = "no", pgettext_lazy("offer", "No")
    LATER = "later", pgettext_lazy("offer", "Not now")
    THINKING = "thinking", pgettext_lazy("offer", "Not answered yet")


def usual_day(offered_on: date) -> date:
    """The day of the next offer, unless somebody chooses another."""
    return add_months(offered_on, USUAL_MONTHS)


def last_day(offered_on: date) -> date:
    return add_months(offered_on, LONGEST_MONTHS)
