"""A placement in another authority's area: that authority is told, and says that it knows (XLA-04; 000 LACE.3, LACE.5)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role
from lace.accounts.models import Membership
from lace.children.models import CareEpisode, Placement, PlacementNotice, lock
from lace.children.services import PlacementFacts, place, require_for
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused
from lace.deadlines.rules import Fact
from lace.deadlines.services import open_duties
from lace.notifications.services import notify


@transaction.atomic
def place_child(*, by: Actor, episode: CareEpisode, facts: PlacementFacts) -> Placement:
    """Record where the child lives, and open the duties of a placement's start, those of the first one in a time in care too.

    The LACE coordinators of another authority in whose area it is are told. Raises as `place`.
    """
    is_first = not Placement.objects.filter(episode=episode).exists()
    placement = place(by=by, episode=episode, facts=facts)
    for fact in (Fact.FIRST_PLACEMENT, Fact.PLACEMENT_START) if is_first else (Fact.PLACEMENT_START,):
        open_duties(by=by, child=episode.child, fact=fact, on=facts.started_on, subject=placement.pk)
    host = facts.host_authority
    if host is None or host.pk == placement.authority_id:
        return placement
    notice = PlacementNotice(child=episode.child, authority_id=placement.authority_id, placement=placement, host=host, sent_on=by.today)
    notice.save(force_insert=True)
    held = Membership.objects.open_on(by.today).filter(authority=host, role=Role.LACE_COORDINATOR).select_related("user")
    notify(
        by=by,
        kind="placement_notice",
        source=notice.pk,
        child=episode.child,
        recipients=[membership.user for membership in held],
        facts={"started_on": facts.started_on.isoformat()},
    )
    return placement


@transaction.atomic
def acknowledge(*, by: Actor, notice: PlacementNotice) -> None:
    """Say for the host authority that the notice arrived; the responsible authority sees the day. Raises NotAllowed, Refused the second time."""
    require_for(by=by, permission=Permission.ANSWER_FOR_DATA, child=notice.child)
    if by.authority_id != notice.host_id:
        raise NotAllowed
    lock(notice.child)
    now = PlacementNotice.objects.get(pk=notice.pk)
    if now.acknowledged_on is not None:
        raise Refused(_("This notice was acknowledged already"))
    now.acknowledged_on, now.acknowledged_by_id = by.today, by.user_id
    now.save(update_fields=["acknowledged_on", "acknowledged_by_id"])
