"""Final plans that wait for the education service, and what came of those that were looked at (PEP-21, R06)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from lace.core.actor import Actor
from peps.models import QualityReview, QualityStandard, Version
from peps.rules import State
from peps.rules.quality import NATIONAL, Agreement, Grade, ReviewState, Standard, agreement, paired, sampled, turnaround
from schools.rules import Term, term_of

TERMS_BACK = timedelta(days=2 * 366)  # of figures
LATE_AFTER = 10  # working days (T67)


class Show(TextChoices):
    """Which plans of the queue."""

    SAMPLE = "sample", _("Waiting, in the sample")
    LATE = "late", _("Waiting for more than 10 working days")
    ALL = "all", _("Waiting, all")
    TAKEN = "taken", _("Being looked at")
    SECOND = "second", _("For a second rating")
    DONE = "done", _("Looked at")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A final version that nobody has looked at yet."""

    version: UUID
    final_on: date
    in_sample: bool


def waiting(actor: Actor) -> list[Waiting]:
    """The newest final versions of the authority's own children's current plans, the oldest first. Those that another authority made final
    were that one's to look at. Two statements."""
    held = standards(actor)
    rows = (
        Version.objects.visible_to(actor)
        .filter(authority__in=actor.authorities, number=F("pep__version"), origin="", quality_review__isnull=True)
        .exclude(pep__state=State.CLOSED)
        .order_by("finalised_on", "created_at", "pk")
    )
    return [
        Waiting(pk, final_on, sampled(plan, final_on, in_force(held.get(authority, []), final_on).share))
        for pk, plan, final_on, authority in rows.values_list("pk", "pep", "finalised_on", "authority")
    ]


def standards(actor: Actor) -> dict[int, list[tuple[date, Standard]]]:
    """What the actor's authorities chose, by id, with the day from which it holds, in order."""
    found: dict[int, list[tuple[date, Standard]]] = defaultdict(list)
    for row in QualityStandard.objects.filter(authority__in=actor.authorities).order_by("effective_from", "number"):
        found[row.authority_id].append((row.effective_from, row.as_standard()))
    return found


def in_force(chosen: list[tuple[date, Standard]], on: date) -> Standard:
    return next((standard for since, standard in reversed(chosen) if since <= on), NATIONAL)


def versions(actor: Actor, keys: list[UUID]) -> list[Version]:
    """These versions in this order, with their children and schools, without their content."""
    rows = Version.objects.visible_to(actor).filter(pk__in=keys).select_related("child", "pep__school__organisation").defer("content")
    found = {row.pk: row for row in rows}
    return [found[key] for key in keys if key in found]


def _reviews(actor: Actor) -> QuerySet[QualityReview]:
    return QualityReview.objects.visible_to(actor).filter(authority__in=actor.authorities)


def reviews(actor: Actor, show: Show) -> QuerySet[QualityReview]:
    """Checks in this state, the oldest first; those that are done, the newest first."""
    rows = _reviews(actor).select_related("child", "reviewer", "of_version", "pep__school__organisation").defer("of_version__content")
    if show == Show.TAKEN:
        return rows.filter(state=ReviewState.TAKEN).order_by("of_version__finalised_on", "pk")
    if show == Show.SECOND:
        return rows.filter(_for_second(actor)).order_by("decided_on", "pk")
    return rows.exclude(state=ReviewState.TAKEN).order_by("-decided_on", "pk")


def _for_second(actor: Actor) -> Q:
    return ~Q(state=ReviewState.TAKEN) & ~Q(reviewer=actor.user_id) & Q(moderated=True, second_rater__isnull=True)


def counted(actor: Actor) -> dict[Show, int]:
    """How many checks are in each state. One statement."""
    rows = _reviews(actor).order_by().values_list("state", "reviewer", "moderated", "second_rater")
    found = dict.fromkeys((Show.TAKEN, Show.SECOND, Show.DONE), 0)
    for state, reviewer, moderated, second in rows:
        if state == ReviewState.TAKEN:
            found[Show.TAKEN] += 1
            continue
        found[Show.DONE] += 1
        found[Show.SECOND] += moderated and second is None and reviewer != actor.user_id
    return found


@dataclass(frozen=True, slots=True)
class TermFigures:
    """What came of the plans that were made final in a term: how they were decided, in how many working days, how far two raters agree."""

    year: int
    term: Term
    decided: int
    returned: int
    grades: dict[Grade, int]
    middle: float
    longest: int
    late: int
    twice: int  # plans that two raters graded
    agree: Agreement


def by_term(actor: Actor) -> list[TermFigures]:
    """The newest term first. One statement."""
    rows = _reviews(actor).filter(~Q(state=ReviewState.TAKEN), of_version__finalised_on__gt=actor.today - TERMS_BACK).order_by()
    groups: dict[tuple[int, Term], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows.values("state", "overall", "decided_on", "grades", "second_grades", final=F("of_version__finalised_on")):
        groups[term_of(row["final"])].append(dict(row))
    order = list(Term)
    return [_figures(*key, groups[key]) for key in sorted(groups, key=lambda key: (key[0], order.index(key[1])), reverse=True)]


def _figures(year: int, term: Term, rows: list[Mapping[str, Any]]) -> TermFigures:
    days = [turnaround(row["final"], row["decided_on"]) for row in rows]
    pairs = [pair for row in rows for pair in paired(row["grades"], row["second_grades"])]
    return TermFigures(
        year=year,
        term=term,
        decided=len(rows),
        returned=sum(row["state"] == ReviewState.RETURNED for row in rows),
        grades={grade: sum(row["overall"] == grade for row in rows) for grade in Grade},
        middle=median(days),
        longest=max(days),
        late=sum(number > LATE_AFTER for number in days),
        twice=sum(bool(row["second_grades"]) for row in rows),
        agree=agreement(pairs),
    )
