"""Every duty explains itself: what, why, by which document, from which fact, who is next told (DL-12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.reckoning import Rules, rules_held
from lace.deadlines.rules import RULES, Clock, DutyRule, Fact, Force


@dataclass(frozen=True, slots=True)
class Explanation:
    """A duty in words of the language in use. Sentences that have nothing to say are empty.

    `strictest` is false for an open duty beside which another of the same goal falls due earlier: only the strictest one
    colours a page red (AMB-01).
    """

    title: str
    why: str
    source: str
    fact: str
    count: str
    due_on: date
    days_late: int
    state: str
    force: str
    responsible: str
    next_told: str
    beside: str
    reason: str
    strictest: bool


def explanation(duty: Duty | BodyDuty, *, on: date, beside: Iterable[Duty] = (), rules: Rules | None = None) -> Explanation:
    """The duty as it stands on a day; `beside` are the child's other duties, of which those with the same goal are compared.

    `rules` (`reckoning.rules_held`) is for a page with many duties, so that the authorities' choices are read once for all.

    For a reader who holds the education facet of the child. Raises KeyError when no rule of that code is declared.
    """
    rule = (rules or rules_held(on))(duty)
    rivals = _rivals(duty, beside)
    return Explanation(
        title=str(rule.title),
        why=str(rule.why),
        source=str(rule.source),
        fact=_("The clock started with %(fact)s on %(day)s, which is day 0.") % {"fact": Fact(duty.fact).label, "day": _day(duty.trigger_on)},
        count=_count(duty, rule),
        due_on=duty.due_on,
        days_late=duty.days_late(on),
        state=_state(duty, on),
        force=str(Force(rule.force).label),
        responsible=str(duty.get_role_display()),
        next_told=_next_told(duty, rule, on),
        beside=" ".join(_compared(duty, rival) for rival in rivals),
        reason=duty.reason,
        strictest=all(duty.due_on <= rival.due_on for rival in rivals),
    )


def explanations(duties: Iterable[Duty], *, on: date) -> list[Explanation]:
    """Explanations of several duties in their order, each compared with the others of its child."""
    rows, rules = list(duties), rules_held(on)
    of_child: dict[UUID, list[Duty]] = defaultdict(list)
    for duty in rows:
        of_child[duty.child_id].append(duty)
    return [explanation(duty, on=on, beside=of_child[duty.child_id], rules=rules) for duty in rows]


def _rivals(duty: Duty | BodyDuty, others: Iterable[Duty]) -> list[Duty]:
    goal = RULES[duty.code].goal
    if not goal or duty.closed_on is not None or not isinstance(duty, Duty):
        return []
    return [
        other
        for other in others
        if other.pk != duty.pk
        and other.child_id == duty.child_id
        and other.closed_on is None
        and other.code in RULES
        and RULES[other.code].goal == goal
    ]


def _compared(duty: Duty | BodyDuty, rival: Duty) -> str:
    words = {"title": RULES[rival.code].title, "day": _day(rival.due_on)}
    if rival.due_on < duty.due_on:
        return _("“%(title)s” is stricter: it is due on %(day)s.") % words
    if rival.due_on > duty.due_on:
        return _("This is the stricter one: “%(title)s” is due on %(day)s.") % words
    return _("“%(title)s” is due on the same day.") % words


def _count(duty: Duty | BodyDuty, rule: DutyRule) -> str:
    if isinstance(duty, Duty) and duty.brought_to == duty.due_on:
        return _("It is needed on %(day)s already, which is earlier than the clock alone would give.") % {"day": _day(duty.due_on)}
    if duty.provisional and duty.clock != Clock.SCHOOL:
        return _("The term dates of the school are not entered: the usual first and last day of a term stand in for them.")
    length = {"count": rule.length}
    match Clock(duty.clock):
        case Clock.WORKING:
            sentence = ngettext(
                "It runs for %(count)s working day. Weekends and bank holidays do not count.",
                "It runs for %(count)s working days. Weekends and bank holidays do not count.",
                rule.length,
            )
        case Clock.CALENDAR:
            sentence = ngettext("It runs for %(count)s calendar day.", "It runs for %(count)s calendar days.", rule.length)
        case Clock.SCHOOL:
            sentence = ngettext(
                "It runs for %(count)s school day. Holidays and days without pupils do not count.",
                "It runs for %(count)s school days. Holidays and days without pupils do not count.",
                rule.length,
            )
            if duty.provisional:
                sentence = f"{sentence} {_('The term dates of the school are not entered, so this is the earliest day it can be.')}"
        case Clock.MONTH:
            sentence = ngettext("It runs for %(count)s month.", "It runs for %(count)s months.", rule.length)
        case _:
            sentence = _("It is due on or before that day.")
    source, chosen = RULES[duty.code].length, rule.length != RULES[duty.code].length
    notes = (
        _("The authority chose this; the source says %(count)s.") % {"count": source} if chosen and not rule.local else "",
        _("The authority chose this; the source gives no number.") if chosen and rule.local else "",
        _("The source gives no number; this one is local.") if rule.local and not chosen else "",
        "" if rule.verified else _("This number has not been read in the source itself."),
    )
    return " ".join(filter(None, (sentence % length, *notes)))


def _state(duty: Duty | BodyDuty, on: date) -> str:
    late = duty.days_late(on)
    lateness = ngettext("%(count)s day late.", "%(count)s days late.", late) % {"count": late} if late else ""
    if duty.closed_on is not None:
        closed = {"outcome": duty.get_outcome_display(), "day": _day(duty.closed_on)}
        return " ".join(filter(None, (_("Closed on %(day)s: %(outcome)s.") % closed, lateness)))
    return lateness or _("Due on %(day)s.") % {"day": _day(duty.due_on)}


def _next_told(duty: Duty | BodyDuty, rule: DutyRule, on: date) -> str:
    if duty.closed_on is not None:
        return ""
    if duty.next_look_on is None or duty.next_rung >= len(rule.ladder):
        return _("Everyone who is to be told has been told.")
    roles = ", ".join(str(role.label) for role in rule.ladder[duty.next_rung].roles)
    return _("Told next, on %(day)s: %(roles)s.") % {"day": _day(max(duty.next_look_on, on)), "roles": roles}


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
