"""The Personal Education Plan: its states, what a final plan must hold, the duties to write it in time, the messages about it. No database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.notifications.kinds import Kind, declare
from peps.rules.duties import DEVELOPED as DEVELOPED
from peps.rules.duties import INITIATED as INITIATED
from peps.rules.sections import SectionRule


class State(TextChoices):
    """Where a plan stands (PEP-29)."""

    INITIATED = "initiated", _("Initiated")
    DEVELOPING = "developing", _("Being developed")
    FINAL = "final", pgettext_lazy("plan", "Final")
    AMENDING = "amending", _("Being amended")
    CLOSED = "closed", pgettext_lazy("plan", "Closed")


class Step(StrEnum):
    """What moves a plan on."""

    WRITE = "write"
    TICK = "tick"  # an action off
    FINALISE = "finalise"
    AMEND = "amend"
    RETURN = "return"  # after the check of its quality
    CLOSE = "close"


# (state, step) -> the next state. What is not here is refused.
TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.INITIATED, Step.WRITE): State.DEVELOPING,
    (State.DEVELOPING, Step.WRITE): State.DEVELOPING,
    **{(state, Step.TICK): state for state in (State.INITIATED, State.DEVELOPING, State.FINAL, State.AMENDING)},
    (State.DEVELOPING, Step.FINALISE): State.FINAL,
    (State.FINAL, Step.AMEND): State.AMENDING,
    (State.FINAL, Step.RETURN): State.AMENDING,
    (State.AMENDING, Step.RETURN): State.AMENDING,
    (State.AMENDING, Step.WRITE): State.AMENDING,
    (State.AMENDING, Step.FINALISE): State.FINAL,
    (State.INITIATED, Step.CLOSE): State.CLOSED,
    (State.DEVELOPING, Step.CLOSE): State.CLOSED,
    (State.FINAL, Step.CLOSE): State.CLOSED,
    (State.AMENDING, Step.CLOSE): State.CLOSED,
}
# Why a step is refused, in the words of the one who reads it.
REFUSALS: dict[Step, Promise] = {
    Step.WRITE: _("This plan is final or closed, so it cannot be written in. Start an amendment first"),
    Step.TICK: _("This plan is closed"),
    Step.FINALISE: _("Only a plan that is being developed or amended can be made final"),
    Step.AMEND: _("Only a final plan can be amended"),
    Step.RETURN: _("Only a plan with a final version can be returned"),
    Step.CLOSE: _("This plan is closed already"),
}


class TargetArea(TextChoices):
    """Areas of a target (PEP-14)."""

    ACADEMIC = "academic", _("Academic")
    PERSONAL = "personal", _("Personal and social")
    EMOTIONAL = "emotional", _("Emotional")
    LEISURE = "leisure", _("Leisure and interests")
    ATTENDANCE = "attendance", _("Attendance")


# A final plan holds at least one target of each row (PEP-15; 002 4.55: personal development weighs as much as attainment).
NEEDED_AREAS: tuple[tuple[frozenset[TargetArea], Promise], ...] = (
    (frozenset({TargetArea.ACADEMIC}), _("Targets: add at least one academic target")),
    (
        frozenset({TargetArea.PERSONAL, TargetArea.EMOTIONAL, TargetArea.LEISURE}),
        _("Targets: add at least one target for personal development (personal and social, emotional, or leisure)"),
    ),
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between a plan and its final version: in which section ("targets" for the targets), and what to do."""

    key: str
    sentence: Promise


def gaps(asked: Iterable[SectionRule], answers: Mapping[str, Mapping[str, Any]], areas: Collection[str]) -> list[Gap]:
    """What a plan that asks these sections, with these answers by section and targets in these areas, still needs before it may be final;
    empty when nothing."""
    found = [
        Gap(section.key, format_lazy(_("{section}: answer “{question}”"), section=section.title, question=label))
        for section in asked
        for label in section.missing(answers.get(section.key, {}))
    ]
    return [*found, *(Gap("targets", sentence) for wanted, sentence in NEEDED_AREAS if not wanted.intersection(areas))]


declare(
    Kind(
        code="pep_final",
        subject=_("%(initials)s: the Personal Education Plan is final"),
        body=_("The Personal Education Plan for %(initials)s is final. Read it in Lace."),
        route="child_plan",
    ),
    Kind(
        code="pep_amended",
        subject=_("%(initials)s: the Personal Education Plan has been amended"),
        body=_("Version %(version)s of the Personal Education Plan for %(initials)s is final, and says why it was amended. Read it in Lace."),
        route="child_plan",
    ),
    Kind(
        code="pep_returned",
        subject=_("%(initials)s: the Personal Education Plan is returned"),
        body=_(
            "The education service has looked at version %(version)s of the plan for %(initials)s and returns it. Lace says what is to be put right."
        ),
        route="child_plan",
    ),
    Kind(
        code="pep_accepted",
        subject=_("%(initials)s: the Personal Education Plan is accepted"),
        body=_("The education service has looked at version %(version)s of the plan for %(initials)s and accepts it. Its feedback is in Lace."),
        route="child_plan",
    ),
)
