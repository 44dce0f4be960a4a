"""The ladders in force, and duties under way that go over to another one: an authority chose it, or a release of Lace brought it.

A duty's row says how many rungs of its ladder were told. Under another ladder the same number stands for other days, so that somebody
would hear twice or never; and its next look was reckoned by the old one. Each sweep therefore notes by which ladders it told
(`SweepRun.ladders`), and the next one begins by moving over what has changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db.backends.utils import CursorWrapper

from lace.accounts.access import Role
from lace.deadlines.choices import all_in_force, ladder_of
from lace.deadlines.models import BodyDuty, Duty, SweepRun
from lace.deadlines.rules import RULES, About, Rung

EVERYBODY = 0  # whose ladder: no authority has this id

Steps = list[list[Any]]  # a ladder as JSON: [[days, [role, …]], …]
Noted = dict[str, dict[str, Steps]]  # whose (an authority's id, or EVERYBODY), code, steps


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladders in force on a day: those of the rules, and in their place those that authorities chose, by authority (id) and code."""

    chosen: dict[int, dict[str, tuple[Rung, ...]]]

    def rungs(self, codes: Collection[str]) -> list[tuple[int, str, int, Rung]]:
        """(whose, code, number, rung) of every ladder of these codes."""
        common = {code: RULES[code].ladder for code in codes}
        own = {whose: {code: ladder for code, ladder in ladders.items() if code in common} for whose, ladders in self.chosen.items()}
        return [
            (whose, code, number, rung)
            for whose, ladders in ({EVERYBODY: common} | own).items()
            for code, ladder in ladders.items()
            for number, rung in enumerate(ladder)
        ]

    def chosen_codes(self) -> list[str]:
        """The codes for which some authority chose another ladder."""
        return sorted({code for ladders in self.chosen.values() for code in ladders})

    def noted(self) -> Noted:
        """All of them, as a sweep notes them."""
        own = {str(whose): {code: _steps(ladder) for code, ladder in ladders.items()} for whose, ladders in self.chosen.items()}
        return {str(EVERYBODY): _common()} | own


def ladders_on(on: date) -> Ladders:
    """The ladders in force on a day. One statement."""
    chosen = {
        authority: {code: RULES[code].in_force(choice).ladder for code, choice in choices.items() if choice.ladder is not None}
        for authority, choices in all_in_force(on).items()
    }
    return Ladders({authority: ladders for authority, ladders in chosen.items() if ladders})


@cache
def _common() -> dict[str, Steps]:
    return {code: _steps(rule.ladder) for code, rule in RULES.items() if rule.ladder}


def _steps(ladder: Iterable[Rung]) -> Steps:
    return [[rung.days, [str(role) for role in rung.roles]] for rung in ladder]


def have_changed(on: date) -> bool:
    """Does another ladder hold than the one by which the last sweep told?"""
    before = SweepRun.objects.ladders()
    return before is not None and before != ladders_on(on).noted()


# Locked in the order in which the services lock. A new round: the new rungs are steps of which nobody was told yet.
_GO_OVER = """
WITH under_way AS (
    SELECT id FROM {table}
    WHERE next_look_on IS NOT NULL AND code = %s
        AND CASE WHEN %s THEN authority_id <> ALL(%s::bigint[]) ELSE authority_id = ANY(%s::bigint[]) END
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE {table} d
SET next_rung = m.rung, ladder_round = d.ladder_round + (d.next_rung > 0)::int, next_look_on = greatest(d.due_on + m.days, d.next_look_on + m.shift)
FROM under_way u, unnest(%s::int[], %s::int[], %s::int[], %s::int[]) AS m (told, rung, days, shift)
WHERE d.id = u.id AND d.next_rung = m.told
"""


def take_up(cursor: CursorWrapper, ladders: Ladders) -> Noted | None:
    """Move the duties under way over to ladders that changed since the last sweep, in its transaction; what there is to note anew."""
    before, now = SweepRun.objects.ladders(), ladders.noted()
    if before == now:
        return None
    for others, authorities, code, old, new in _changes(before or {}, now):
        table = "deadlines_duty" if RULES[code].about == About.CHILD else "deadlines_bodyduty"
        columns = [list(column) for column in zip(*(_over(old, new, told) for told in range(len(old))), strict=True)]
        cursor.execute(_GO_OVER.format(table=table), [code, others, authorities, authorities, *columns])
    return now


def _changes(before: Noted, now: Noted) -> Iterator[tuple[bool, list[int], str, list[Rung], list[Rung]]]:
    """(is it of all others, authorities, code, the old ladder, the new one) for each that changed."""
    was, common = before.get(str(EVERYBODY), {}), now.get(str(EVERYBODY), {})
    for code in was.keys() & common.keys():
        own = [whose for whose in before.keys() | now.keys() if whose != str(EVERYBODY) and code in before.get(whose, {}) | now.get(whose, {})]
        pairs = [([int(whose)], before.get(whose, {}).get(code, was[code]), now.get(whose, {}).get(code, common[code])) for whose in own]
        for others, authorities, old, new in [(True, [int(whose) for whose in own], was[code], common[code]), *((False, *pair) for pair in pairs)]:
            if old != new:
                yield others, authorities, code, _rungs(old), _rungs(new)


def _rungs(steps: Steps) -> list[Rung]:
    return [Rung(days, tuple(map(Role, roles))) for days, roles in steps]


def _over(old: list[Rung], new: list[Rung], told: int) -> tuple[int, int, int | None, int | None]:
    """Of a duty that was told so many rungs of the old ladder: that number, the next rung of the new one, its days, and how far to
    move the next look so that rungs after the due date keep their distance.

    Next is the first rung that comes later than what was told, or that tells a role for the first time that the duty is late.
    """
    if not told:
        return told, 0, new[0].days, None
    last = old[told - 1].days
    heard = {role for rung in old[:told] if rung.days > 0 for role in rung.roles}
    left = (at for at, rung in enumerate(new) if rung.days > last or (rung.days > 0 and last > 0 and not heard.issuperset(rung.roles)))
    rung = next(left, None)
    if rung is None:
        return told, len(new), None, None
    shift = max(new[rung].days - last, 0) - (old[told].days - last) if last > 0 else None
    return told, rung, new[rung].days, shift


def look_again(duty: Duty | BodyDuty, today: date) -> None:
    """When a duty that is open again is looked at next. Under another ladder than when it was closed it starts anew. Not saved."""
    then, now = (ladder_of(duty.authority_id, duty.code, on) for on in (duty.closed_on or today, today))
    if then != now and duty.next_rung:
        duty.next_rung, duty.ladder_round = 0, duty.ladder_round + 1
    duty.next_look_on = duty.due_on + timedelta(days=now[duty.next_rung].days) if duty.next_rung < len(now) else None
