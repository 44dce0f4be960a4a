"""Which children were never offered to meet others with care experience, and to whom it is due again (VOICE-14)."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextChoices
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.children.models import Child
from lace.core.actor import Actor
from peps.models import PeerOffer


class Show(TextChoices):
    """Which children."""

    NEVER = "never", _("Never offered")
    DUE = "due", _("To be offered again")
    OFFERED = "offered", _("Offered, next day to come")


def children(actor: Actor) -> QuerySet[Any]:
    """The authority's own children in care today, each a Child with the day of the newest offer and of the next one."""
    offers = PeerOffer.objects.visible_to(actor).filter(child=OuterRef("pk")).order_by("-offered_on", "-created_at")
    found = Child.objects.readable_by(actor, Facet.VOICE).filter(authority__in=actor.authorities).in_care_on(actor.today)
    return found.annotate(offered_on=Subquery(offers.values("offered_on")[:1]), next_on=Subquery(offers.values("next_on")[:1]))


def which(actor: Actor, show: Show) -> Q:
    """Of `children`: every child is in exactly one."""
    match show:
        case Show.NEVER:
            return Q(offered_on__isnull=True)
        case Show.DUE:
            return Q(next_on__lte=actor.today)
        case Show.OFFERED:
            return Q(next_on__gt=actor.today)


def counted(actor: Actor) -> dict[Show, int]:
    """How many children are in each. One statement."""
    days: Any = list(children(actor).order_by().values_list("next_on", flat=True))
    never, due = sum(day is None for day in days), sum(day is not None and day <= actor.today for day in days)
    return {Show.NEVER: never, Show.DUE: due, Show.OFFERED: len(days) - never - due}
