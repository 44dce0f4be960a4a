"""What the children of an authority asked for in their plans, what was replied, and whether they were told (VOICE-06)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.children.models import Child
from lace.children.rules import Phase, phase
from lace.core.actor import Actor
from peps.models import Reply, Section
from peps.rules import State
from peps.rules.replies import PAGE, Outcome, Wish, wishes


class Show(TextChoices):
    """Which wishes."""

    WAITING = "waiting", _("No reply yet")
    UNTOLD = "untold", _("Decided, child not told")
    OPEN = "open", _("Replied, still open")
    TOLD = "told", _("Child told")
    ALL = "all", _("All that children asked for")


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish of a child."""

    child: UUID
    phase: Phase
    wish: Wish

    def is_of(self, show: Show) -> bool:
        """Does it count there? Every wish counts in one of the first four, and among all."""
        match show:
            case Show.WAITING:
                return not self.wish.is_answered
            case Show.OPEN:
                return self.wish.is_answered and not self.wish.is_settled
            case Show.UNTOLD:
                return self.wish.is_settled and not self.wish.is_told
            case Show.TOLD:
                return self.wish.is_told
            case Show.ALL:
                return True


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """Of the children of a phase: how many asked for something, how many wishes, and what became of them."""

    phase: Phase
    children: int
    asked: int
    replied: int
    used: int
    not_used: int
    told: int


def asked(actor: Actor) -> list[Asked]:
    """Every wish in the current plans of the authority's own children, as far as the actor may read what they said. Two statements."""
    pages = (
        Section.objects.readable_by(actor, Facet.VOICE)
        .filter(authority__in=actor.authorities, key=PAGE)
        .exclude(pep__state=State.CLOSED)
        .order_by("child__sort_key", "child_id")
        .select_related("child")
        .only("key", "answers", "language", "pep_id", "child__born_on")
    )
    replies: dict[UUID, list[dict[str, object]]] = defaultdict(list)
    rows = Reply.objects.visible_to(actor).filter(authority__in=actor.authorities).exclude(pep__state=State.CLOSED)
    for row in rows:
        replies[row.pep_id].append(row.as_frozen())
    return [
        Asked(page.child_id, phase(page.child.born_on, actor.today), wish) for page in pages for wish in wishes(page.as_held(), replies[page.pep_id])
    ]


def by_phase(found: Iterable[Asked]) -> list[PhaseFigures]:
    """The figures of each phase in which a child asked for something, the youngest first."""
    groups: dict[Phase, list[Asked]] = defaultdict(list)
    for row in found:
        groups[row.phase].append(row)
    return [_figures(one, groups[one]) for one in Phase if one in groups]


def _figures(of: Phase, rows: list[Asked]) -> PhaseFigures:
    outcomes = [row.wish.reply["outcome"] for row in rows if row.wish.is_answered]
    return PhaseFigures(
        phase=of,
        children=len({row.child for row in rows}),
        asked=len(rows),
        replied=len(outcomes),
        used=outcomes.count(Outcome.USED),
        not_used=outcomes.count(Outcome.NOT_USED),
        told=sum(row.wish.is_told for row in rows),
    )


def children(actor: Actor, keys: Iterable[UUID]) -> dict[UUID, Child]:
    """These children, by id. One statement."""
    return {child.pk: child for child in Child.objects.visible_to(actor).filter(pk__in=list(keys))}
