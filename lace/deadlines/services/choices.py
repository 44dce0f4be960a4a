"""An authority's own length, clock or ladder for a rule: tighter than the law's, never looser (DL-08), or its number where the source
gives none (DL-11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, require
from lace.accounts.models import LocalAuthority
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, refuse
from lace.deadlines.choices import LONGEST, check_ladder, clocks, lengths
from lace.deadlines.models import RuleChoice
from lace.deadlines.rules import RULES, Clock, DutyRule, Rung
from lace.deadlines.services.recount import recount
from lace.deadlines.term_dates import Problem


@transaction.atomic
def choose(
    *,
    by: Actor,
    authority: LocalAuthority,
    code: str,
    length: int | None = None,
    clock: str = "",
    ladder: Sequence[Rung] | None = None,
    effective_from: date,
    approved_by: str,
) -> RuleChoice:
    """Set what holds for a rule in an authority from a day on; what is left empty is the rule's own (all empty: as the source has it).

    From today on at the earliest; what a fact of that day or later has opened already is counted anew. A second choice for the same day
    replaces the first.
    Raises NotAllowed, KeyError when there is no such rule, and BadInput that names length, clock, ladder, effective_from or approved_by.
    """
    require(by, Permission.ADMINISTER)
    if by.user_id is None or by.authority_id != authority.pk:
        raise NotAllowed
    rule = RULES[code]
    refuse([*_check(rule, length, clock, ladder), *_check_approval(by, effective_from, approved_by)])
    row = RuleChoice.objects.select_for_update().filter(authority=authority, code=code, effective_from=effective_from).first()
    row = row or RuleChoice(authority=authority, code=code, effective_from=effective_from)
    row.length, row.clock = length, clock
    row.ladder = None if ladder is None else [[rung.days, [str(role) for role in rung.roles]] for rung in sorted(ladder, key=lambda rung: rung.days)]
    row.approved_by, row.decided_by_id = approved_by.strip(), by.user_id
    row.save()
    recount(by=by, authority=authority, which=Q(code=code, trigger_on__gte=effective_from))
    return row


def _check(rule: DutyRule, length: int | None, clock: str, ladder: Sequence[Rung] | None) -> Iterator[Problem]:
    allowed = lengths(rule)
    if length is not None and length not in allowed:
        if not allowed:
            yield "length", _("No days are counted for this duty, so there is no length to choose")
        elif rule.local:
            words = {"last": allowed[-1], "length": rule.length, "times": LONGEST}
            yield "length", _("Enter a number from 1 to %(last)s: up to %(times)s times the default of %(length)s") % words
        else:
            yield (
                "length",
                _("Enter a number from 1 to %(last)s. An authority may be stricter than the source, and never laxer") % {"last": allowed[-1]},
            )
    if clock and clock not in clocks(rule):
        yield "clock", _("The source says what is counted: %(clock)s") % {"clock": Clock(rule.clock).label}
    if ladder is not None:
        yield from check_ladder(rule, ladder)


def _check_approval(by: Actor, effective_from: date, approved_by: str) -> Iterator[Problem]:
    longest = RuleChoice._meta.get_field("approved_by").max_length or 0
    if effective_from < by.today:
        yield "effective_from", _("Enter today or a later day: due dates that people have been told do not move")
    if not approved_by.strip():
        yield "approved_by", _("Enter who approved this: a person or a meeting")
    elif len(approved_by.strip()) > longest:
        yield "approved_by", _("Shorten this to %(longest)s characters or fewer") % {"longest": longest}
