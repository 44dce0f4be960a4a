"""What authorities chose about the rules, and what they may choose (DL-08, DL-11, AMB-01). Read only.

A choice takes effect from a day. For a length and a clock the day that counts is that of the fact which starts the clock; for a
ladder the day on which somebody is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lace.accounts.access import OFFICE, REACH, Permission, Reach, Role
from lace.accounts.models import LocalAuthority
from lace.deadlines.models import RuleChoice
from lace.deadlines.rules import RULES, About, Clock, DutyRule, Rung, authority_settings
from lace.deadlines.term_dates import Problem

READINGS = (Clock.CALENDAR, Clock.WORKING, Clock.SCHOOL)  # of a "day" whose kind the source does not say (AMB-01)
LONGEST = 4  # times the default, for a length that the source leaves open (DL-11)
RUNGS = 8
EARLIEST = -90  # days; nobody works by a reminder of longer ago


def in_force(authority: int, on: date) -> dict[str, RuleChoice]:
    """An authority's (id) choices by code, as they hold on a day. One statement."""
    return all_in_force(on, [authority]).get(authority, {})


def all_in_force(on: date, authorities: Iterable[int] | None = None) -> dict[int, dict[str, RuleChoice]]:
    """Choices of these authorities, or of all, by id and code, as they hold on a day; the newest of each. One statement."""
    rows = RuleChoice.objects.filter(effective_from__lte=on).order_by("effective_from")
    found: dict[int, dict[str, RuleChoice]] = defaultdict(dict)
    for row in rows if authorities is None else rows.filter(authority__in=list(authorities)):
        if row.code in RULES:
            found[row.authority_id][row.code] = row
    return dict(found)


def rules_of(authority: LocalAuthority, on: date) -> dict[str, DutyRule]:
    """Every rule as it holds for an authority on a day. One statement."""
    chosen, settings = in_force(authority.pk, on), settings_of(authority)
    return {code: rule.in_force(chosen.get(code), settings=settings) for code, rule in RULES.items()}


def ladder_of(authority: int, code: str, on: date) -> tuple[Rung, ...]:
    """The ladder by which an authority (id) tells of a duty on a day. One statement."""
    return RULES[code].in_force(in_force(authority, on).get(code)).ladder


def settings_of(authority: LocalAuthority) -> dict[str, object]:
    """The authority's columns that choose clocks and lengths, by name."""
    return {name: getattr(authority, name) for name in authority_settings()}


# ---- what may be chosen ----


def lengths(rule: DutyRule) -> range:
    """The lengths an authority may choose: no longer than the source's, or round about a number that is local; none where nothing is counted."""
    if rule.clock == Clock.EVENT or rule.length < 1:
        return range(0)
    return range(1, (rule.length * LONGEST if rule.local else rule.length) + 1)


def clocks(rule: DutyRule) -> tuple[Clock, ...]:
    """The clocks an authority may choose: only where the source does not say which days it counts."""
    return READINGS if rule.clock_setting else ()


def hearers(rule: DutyRule) -> list[Role]:
    """Roles that a ladder of this rule may tell: the rule's own first, then those who may see such a duty."""
    own = list(dict.fromkeys(role for rung in rule.ladder for role in rung.roles))
    if rule.about != About.CHILD:
        return own + [role for role in Role if role in OFFICE[Permission.SEE_BODY_DUTIES] and role not in own]
    usual = (Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, rule.role)
    return own + [role for role in dict.fromkeys(usual) if role not in own]


def may_hear(rule: DutyRule, role: Role) -> bool:
    return role in OFFICE[Permission.SEE_BODY_DUTIES] if rule.about != About.CHILD else REACH[role] != Reach.NONE


def check_ladder(rule: DutyRule, ladder: Sequence[Rung]) -> Iterator[Problem]:
    """Why a ladder may not stand in place of the rule's own; nothing when it may.

    It tells at least whom the rule's own tells, no one later than that does, and after the due date those whom that tells after it.
    """
    if not rule.ladder:
        yield "ladder", _("Nobody is reminded of this duty, so there are no steps to choose")
        return
    days = [rung.days for rung in ladder]
    if not 1 <= len(ladder) <= RUNGS:
        yield "ladder", _("Enter between 1 and %(count)s steps") % {"count": RUNGS}
        return
    if len(set(days)) < len(days):
        yield "ladder", _("Two steps cannot fall on the same day. Put their roles together")
    last = rule.ladder[-1].days
    if days and not all(EARLIEST <= day <= last for day in days):
        yield (
            "ladder",
            _("Every step must lie between %(first)s days before the due date and %(last)s days after it") % {"first": -EARLIEST, "last": last},
        )
    for rung in ladder:
        if not rung.roles:
            yield "ladder", _("Say who is told at each step")
        for role in rung.roles:
            if not may_hear(rule, role):
                yield "ladder", _("%(role)s may not see this duty, so cannot be told of it") % {"role": role.label}
    for own in rule.ladder:
        for role in own.roles:
            if not any(role in rung.roles and rung.days <= own.days and (rung.days > 0) == (own.days > 0) for rung in ladder):
                words = {"role": role.label, "when": when(own.days)}
                yield "ladder", _("%(role)s must be told %(when)s at the latest: a ladder may tell people earlier, and never later") % words


def when(days: int) -> str:
    """A step of a ladder in words."""
    if days == 0:
        return _("on the due date")
    before = ngettext("%(count)s day before the due date", "%(count)s days before the due date", -days)
    after = ngettext("%(count)s day after the due date", "%(count)s days after the due date", days)
    return (before if days < 0 else after) % {"count": abs(days)}
