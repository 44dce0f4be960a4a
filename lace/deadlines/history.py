"""What became of a duty since it was opened: its old days and why they changed, who it was handed to (DL-05). From the audit's trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from lace.accounts.access import AT_HOME, Role
from lace.accounts.models import User
from lace.children.models import Child
from lace.deadlines.models import Duty


def history(child: Child, duties: Iterable[Duty]) -> dict[UUID, list[str]]:
    """Sentences for each duty that changed, the oldest first. For a reader who holds the education facet of the child. Two statements."""
    wanted = {duty.pk for duty in duties}
    events = Duty.pgh_event_model.objects.filter(child_id=child.pk).order_by("pgh_id")  # type: ignore[attr-defined]  # made by pghistory
    trail: dict[UUID, list[Any]] = defaultdict(list)
    for event in events:
        if event.id in wanted:
            trail[event.id].append(event)
    people = {row.handed_to_id for rows in trail.values() for row in rows} | {_user(row) for rows in trail.values() for row in rows[1:]}
    names = dict(User.objects.filter(pk__in=[key for key in people if key is not None]).values_list("pk", "name"))
    found: dict[UUID, list[str]] = {}
    for key, rows in trail.items():
        lines = [line for before, after in pairwise(rows) for line in _changed(before, after, names)]
        if lines:
            found[key] = lines
    return found


def _user(event: Any) -> int | None:
    return (event.pgh_context or {}).get("user")


def _who(event: Any, names: dict[int, str]) -> str:
    """Staff by name; of the child, of carers and family only the role, and of a job that it was Lace."""
    context = event.pgh_context or {}
    if context.get("role") in AT_HOME:
        return str(Role(context["role"]).label)
    return names.get(context.get("user") or 0) or _("Lace")


def _changed(before: Any, after: Any, names: dict[int, str]) -> Iterable[str]:
    words = {
        "old": _day(before.due_on),
        "new": _day(after.due_on),
        "was": _day(before.trigger_on),
        "day": _day(localdate(after.pgh_created_at)),
        "who": _who(after, names),
    }
    if after.due_on != before.due_on and (after.trigger_on, after.fact) != (before.trigger_on, before.fact):
        yield _("Was due on %(old)s: the day on which the clock started, %(was)s, was corrected on %(day)s by %(who)s.") % words
    elif after.due_on < before.due_on and after.brought_to == after.due_on:
        yield _("Was due on %(old)s: brought forward to %(new)s on %(day)s by %(who)s.") % words
    elif after.due_on != before.due_on:
        yield _("Was due on %(old)s: counted again on %(day)s, because the calendar or the authority's rule changed.") % words
    if before.closed_on is not None and after.closed_on is None:
        closed = words | {"closed": _day(before.closed_on)}
        yield _("Was recorded as done on %(closed)s; opened again on %(day)s by %(who)s.") % closed
    if after.handed_to_id != before.handed_to_id:
        if after.handed_to_id is None:
            yield _("Taken back from a colleague on %(day)s by %(who)s.") % words
        else:
            yield _("Handed to %(colleague)s on %(day)s by %(who)s.") % (words | {"colleague": names.get(after.handed_to_id, "")})
    if after.authority_id != before.authority_id:
        yield _("Taken over with the record by another authority on %(day)s. The due date stays the same.") % words


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
