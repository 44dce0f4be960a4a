"""What people around the child were asked to say and said, laid out for reading: the draft's and a frozen version's alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from lace.accounts.access import Grant, Permission
from peps.models import Contribution
from peps.rules import Step
from peps.rules.contributions import FORMS, Said, shown_to, who
from peps.views.content import LANG, day_of
from peps.views.frame import PlanPart, written

SAID_TAGS = {Said.AWAITED: "todo", Said.GIVEN: "done", Said.DECLINED: "none", Said.WITHDRAWN: "none"}


def words_laid_out(contributions: Iterable[Mapping[str, Any]], grant: Grant) -> list[dict[str, Any]]:
    """Of a frozen version's content, or of rows put into the same shape: {who, lang, state, kind, day, rows}, rows as far as the reader may."""
    return [_laid_out(row) for row in shown_to(contributions, grant.facets)]


def _laid_out(row: Mapping[str, Any]) -> dict[str, Any]:
    lang = LANG.get(row["language"], "")
    said = [(question.label, row["answers"].get(question.key)) for question in FORMS[row["role"]].questions]
    rows = [*said, (_("Why there is nothing"), row["reason"])]
    return {
        "who": who(row),
        "lang": lang,
        "state": Said(row["state"]).label,
        "kind": SAID_TAGS[Said(row["state"])],
        "day": written(day_of(row["said_on"])) if row["said_on"] else "",
        "rows": [{"key": label, "value": value, "lang": lang} for label, value in rows if value],
    }


def asked_for(page: PlanPart, rows: Iterable[Contribution]) -> list[dict[str, Any]]:
    """For the plan's page: who was asked by when, how it stands, and what this reader may do about it."""
    may_ask = page.may(Permission.WRITE_PEP, Step.WRITE)
    return [_asked(page, row, may_ask=may_ask) for row in rows]


def _asked(page: PlanPart, row: Contribution, *, may_ask: bool) -> dict[str, Any]:
    frozen = row.as_frozen()
    laid = _laid_out({**frozen, "answers": {}, "reason": ""})
    state, waits = row.state, row.state == Said.AWAITED
    late = waits and row.due_on < page.actor.today
    read = f"{page.url('child_plan_read')}#contributions" if state == Said.GIVEN and FORMS[row.role].facet in page.grant.facets else ""
    return laid | {
        "pk": row.pk,
        "hint": _hint(row, laid["day"]),
        "state": _("Late") if late else laid["state"],
        "kind": "overdue" if late else laid["kind"],
        "href": page.url("child_plan_words", contribution=row.pk) if may_give(page, row) else read,
        "may_chase": may_ask and waits,
    }


def _hint(row: Contribution, day: str) -> str:
    days = {"asked": written(row.asked_on), "due": written(row.due_on), "day": day}
    if row.state == Said.AWAITED:
        return _("Asked on %(asked)s, needed by %(due)s") % days
    return _("Asked on %(asked)s, answered on %(day)s") % days


def may_give(page: PlanPart, row: Contribution) -> bool:
    """Is this reader asked for it, and is the version still being written?"""
    whose = not row.is_by_email or row.person_id == page.actor.user_id
    return whose and page.writable(FORMS[row.role]) and not row.is_frozen() and row.withdrawn_at is None


def due_by(rows: Iterable[Contribution]) -> list[tuple[str, date]]:
    """Role and last day of what is awaited."""
    return [(row.role, row.due_on) for row in rows if row.state == Said.AWAITED]
