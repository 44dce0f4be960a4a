"""What few may read of a child, and whom the child can let read a statement. Each row by visible_to, which asks for its facet."""

from __future__ import annotations

from django.db.models import F, Q

from lace.accounts.access import Role
from lace.children.models import Child, Dispute, NoContactPerson, Referral, Risk, Statement
from lace.children.rules import READERS
from lace.core.actor import Actor
from reporting.queries.child import readers


def is_kept_from_somebody(actor: Actor, child: Child) -> bool:
    """Must somebody be kept away from the child today, or from a day to come?"""
    reached = NoContactPerson.objects.visible_to(actor).filter(child=child)
    return reached.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=actor.today)).exists()


def kept_away(actor: Actor, child: Child) -> list[NoContactPerson]:
    """Those to be kept away, then those who need no longer be."""
    found = NoContactPerson.objects.visible_to(actor).filter(child=child).select_related("recorded_by")
    return list(found.order_by(F("ends_on").desc(nulls_first=True), "starts_on", "pk"))


def risks(actor: Actor, child: Child) -> list[Risk]:
    """Present ones first, the newest first."""
    found = Risk.objects.visible_to(actor).filter(child=child).select_related("noted_by")
    return list(found.order_by(F("ended_on").desc(nulls_first=True), "-noted_on", "pk"))


def referrals(actor: Actor, child: Child) -> list[Referral]:
    """The newest first."""
    return list(Referral.objects.visible_to(actor).filter(child=child).select_related("made_by").order_by("-made_on", "-created_at"))


def disputes(actor: Actor, child: Child) -> list[Dispute]:
    """Open ones first, the newest first."""
    found = Dispute.objects.visible_to(actor).filter(child=child).select_related("opened_by")
    return list(found.order_by(F("closed_on").desc(nulls_first=True), "-opened_on", "pk"))


def statements(actor: Actor, child: Child) -> list[Statement]:
    """The child's own to the child; to others what the child lets them read. The newest first."""
    return list(Statement.objects.visible_to(actor).filter(child=child).order_by("-said_on", "-created_at"))


def possible_readers(actor: Actor, child: Child) -> list[Role]:
    """Roles around the child today that may be let read a statement, in the order of the access table."""
    return list(dict.fromkeys(row.role for row in readers(actor, child) if row.role in READERS))
