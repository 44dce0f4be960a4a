"""A plan that is being written, whole: what its next version freezes, and what it needs before that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from peps.models import (
    Action,
    Addition,
    Attainment,
    CatchUp,
    Contribution,
    Evaluation,
    Pep,
    Provision,
    Reply,
    Section,
    Target,
    Version,
    Wellbeing,
    ended,
    frozen,
    measures,
)
from peps.rules import Gap, gaps
from peps.rules.actions import unsettled
from peps.rules.idp import unprovided
from peps.rules.sections import SectionRule, asked
from peps.rules.targets import unevaluated


@dataclass(frozen=True, slots=True)
class Draft:
    """The rows of a plan as they stand. `last`: the newest final version, with what has been said of its targets."""

    sections: list[Section]
    targets: list[Target]
    actions: list[Action]
    last: Version | None
    evaluations: list[Evaluation]
    contributions: list[Contribution]
    replies: list[Reply]
    asked: list[SectionRule]
    phase: str
    measures: dict[str, list[dict[str, Any]]]
    provisions: list[Provision]
    catch_ups: list[CatchUp]
    additions: list[Addition]

    def content(self) -> dict[str, Any]:
        """What a version freezes."""
        ends = ended(self.last.targets(), self.evaluations) if self.last else []
        parts: dict[str, Any] = {"actions": self.actions, "contributions": self.contributions, "measures": self.measures}
        parts |= {"provisions": self.provisions, "catch_ups": self.catch_ups}
        parts |= {"replies": self.replies, "additions": self.additions}
        return frozen(self.sections, self.targets, self.asked, self.phase, ends=ends, **parts)

    def gaps(self, on: date) -> list[Gap]:
        """What stands between the plan and its next version on a day; empty when nothing."""
        answers = {section.key: section.answers for section in self.sections}
        said = {str(row.target): row.outcome for row in self.evaluations}
        return [
            *gaps(self.asked, answers, {target.area for target in self.targets}),
            *unevaluated(self.last.targets() if self.last else [], said, on),
            *unsettled(self.actions, on),
            *unprovided(self.asked, answers, sum(provision.ended_on is None for provision in self.provisions)),
        ]


def _draft(pep: Pep, on: date) -> Draft:
    """The plan as it stands on a day. The caller has asked whether all of it may be read."""
    sections = list(Section.objects.filter(pep=pep).order_by("key"))
    last = Version.objects.filter(pep=pep, number=pep.version).first()
    of = Pep.objects.with_facts(on).select_related("child").get(pk=pep.pk).circumstances(on)
    return Draft(
        sections=sections,
        targets=list(Target.objects.filter(pep=pep).order_by("position")),
        actions=list(Action.objects.filter(pep=pep).for_version(pep.version + 1).order_by("due_on", "created_at")),
        last=last,
        evaluations=list(Evaluation.objects.filter(of_version=last).order_by("created_at")) if last else [],
        contributions=list(Contribution.objects.filter(pep=pep).awaited_or_said(pep.version + 1).order_by("created_at", "pk")),
        replies=list(Reply.objects.filter(pep=pep).order_by("question")),
        asked=list(asked(of, {section.key: section.answers for section in sections}).values()),
        phase=of.phase,
        provisions=list(Provision.objects.filter(pep=pep).for_version(pep.version + 1).order_by("from_on", "created_at")),
        catch_ups=list(CatchUp.objects.filter(pep=pep).for_version(pep.version + 1).order_by("starts_on", "created_at")),
        additions=list(Addition.objects.filter(pep=pep).standing().defer("data").order_by("created_at")),
        measures=measures(Attainment.objects.filter(child=pep.child_id), Wellbeing.objects.filter(child=pep.child_id)),
    )
