"""A duty as the API says it: with everything that explains it (DL-12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from lace.api.schema import shape
from lace.deadlines.explain import explanation
from lace.deadlines.models import Duty
from lace.deadlines.reckoning import rules_held

DUTY = shape(
    id="id",
    child="id",
    code="text",
    title="text",
    why="text",
    source="text",
    force="text",
    trigger="text",
    trigger_on="day",
    trigger_words="text",
    clock="text",
    clock_words="text",
    due_on="day",
    role="text",
    role_words="text",
    overdue="flag",
    days_late="number",
    closed_on="day?",
    outcome="text?",
    reason="text",
    state_words="text",
    next_told="text",
    beside="text",
    strictest="flag",
)


def explained(duties: Iterable[Duty], *, on: date, beside: Iterable[Duty] | None = None) -> list[dict[str, Any]]:
    """The duties as they stand on a day, in the request's language, each compared with its child's duties among `beside` (all given unless said).

    For a reader who holds the education facet of each child.
    """
    rows, rules = list(duties), rules_held(on)
    of_child: dict[UUID, list[Duty]] = defaultdict(list)
    for duty in rows if beside is None else beside:
        of_child[duty.child_id].append(duty)
    return [
        {
            "id": duty.pk,
            "child": duty.child_id,
            "code": duty.code,
            "title": words.title,
            "why": words.why,
            "source": words.source,
            "force": words.force,
            "trigger": duty.fact,
            "trigger_on": duty.trigger_on,
            "trigger_words": words.fact,
            "clock": duty.clock,
            "clock_words": words.count,
            "due_on": duty.due_on,
            "role": duty.role,
            "role_words": words.responsible,
            "overdue": duty.is_overdue(on),
            "days_late": words.days_late,
            "closed_on": duty.closed_on,
            "outcome": duty.outcome or None,
            "reason": words.reason,
            "state_words": words.state,
            "next_told": words.next_told,
            "beside": words.beside,
            "strictest": words.strictest,
        }
        for duty, words in ((duty, explanation(duty, on=on, beside=of_child[duty.child_id], rules=rules)) for duty in rows)
    ]
