"""A challenge to a plan or to its delivery, which must be answered (PEP-31; 002 4.21). No database."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.notifications.kinds import Kind, declare

LIMIT = 2000  # characters
USUAL_DAYS = 14  # until the reply, unless the challenger names another day
LONGEST_DAYS = 56


class About(TextChoices):
    PLAN = "plan", _("What the plan says")
    DELIVERY = "delivery", _("What is done of what the plan says")


class Ending(TextChoices):
    SETTLED = "settled", _("The reply settles it")
    NOT_SETTLED = "not_settled", _("The reply does not settle it")


class Standing(TextChoices):
    """Where a challenge stands; a reply waits for the challenger to say whether it settles the matter."""

    AWAITED = "awaited", pgettext_lazy("challenge", "Reply awaited")
    REPLIED = "replied", pgettext_lazy("challenge", "Replied")
    SETTLED = "settled", pgettext_lazy("challenge", "Settled")
    NOT_SETTLED = "not_settled", pgettext_lazy("challenge", "Not settled")


def usual_day(raised_on: date) -> date:
    """The day by which a reply is due, unless the challenger chooses another."""
    return raised_on + timedelta(days=USUAL_DAYS)


def last_day(raised_on: date) -> date:
    return raised_on + timedelta(days=LONGEST_DAYS)


declare(
    Kind(
        code="pep_challenged",
        subject=_("%(initials)s: a challenge to the Personal Education Plan"),
        body=_(
            "The Personal Education Plan for %(initials)s, or its delivery, is challenged. A reply is due by %(due_on)s. Read and answer it in Lace."
        ),
        route="child_plan_challenges",
    ),
    Kind(
        code="pep_challenge_replied",
        subject=_("%(initials)s: a reply to your challenge"),
        body=_(
            "Your challenge about the Personal Education Plan for %(initials)s has a reply. Read it in Lace, and say whether it settles the matter."
        ),
        route="child_plan_challenges",
    ),
    Kind(
        code="pep_challenge_open",
        subject=_("%(initials)s: a challenge that is not settled"),
        body=_("A challenge about the Personal Education Plan for %(initials)s has a reply that does not settle it. It is passed to you."),
        route="child_plan_challenges",
    ),
)
