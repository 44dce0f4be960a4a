"""By what the quality of a final plan is judged (PEP-20, PEP-21): areas, grades, thresholds, samples, how far two raters agree. No database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet
from lace.core.workdays import is_working_day
from peps.rules.sections import rules_of
from schools.rules import term_of

EDITION = 1  # of these areas; a review says by which it was made
TARGETS, LAST_TARGETS, MONEY, ACTIONS = "targets", "last_targets", "money", "actions"  # parts of a plan beside its sections
LIMIT = 1000  # characters of a comment, of feedback, of what an authority asks besides


class Grade(TextChoices):
    """Of an area and of a whole plan, the best first (St Helens)."""

    GOLD = "gold", pgettext_lazy("grade", "Gold")
    GREEN = "green", pgettext_lazy("grade", "Green")
    AMBER = "amber", pgettext_lazy("grade", "Amber")
    RED = "red", pgettext_lazy("grade", "Red")


NEEDS_COMMENT = frozenset({Grade.AMBER, Grade.RED})  # Lancashire: a comment behind every grade that asks for work


class ReviewState(TextChoices):
    """Where the check of one version stands."""

    TAKEN = "taken", _("Being looked at")
    ACCEPTED = "accepted", pgettext_lazy("plan", "Accepted")
    RETURNED = "returned", pgettext_lazy("plan", "Returned")


class Decision(TextChoices):
    ACCEPT = "accept", _("Accept the plan")
    RETURN = "return", _("Return it to be put right")


# (state, decision) -> the next state of the review. What is not here is refused.
DECISIONS: dict[tuple[ReviewState, Decision], ReviewState] = {
    (ReviewState.TAKEN, Decision.ACCEPT): ReviewState.ACCEPTED,
    (ReviewState.TAKEN, Decision.RETURN): ReviewState.RETURNED,
}


@dataclass(frozen=True, slots=True)
class Area:
    """What is graded as one: parts of the plan, the facet that is needed to judge it, what each grade asks, and where that comes from.

    Green is what is asked; gold asks the rest besides; amber is what is neither green nor red.
    """

    key: str
    title: Promise
    parts: tuple[str, ...]
    facet: Facet
    asks: Promise
    best: Promise
    poor: Promise
    source: Promise


_RAISING = _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 4.55")
_INTEGRATED = _("An integrated approach to improving educational outcomes (research, summary), 4.8")
_LANCASHIRE = _("Lancashire virtual school: criteria for the quality of plans")
_ENFIELD = _("Enfield virtual school: rules for targets")

# The national default. PEP-20 asks for completeness, timeliness, accuracy, meaning, the child's voice and the quality of targets.
AREAS: dict[str, Area] = {
    area.key: area
    for area in (
        Area(
            "voice",
            _("The child's voice"),
            ("my_page",),
            Facet.VOICE,
            _("The child's own words stand in the plan, and targets or actions take them up."),
            _("The plan shows what came of what the child said last time."),
            _("There are no words of the child's, and no reason is given."),
            _RAISING,
        ),
        Area(
            "picture",
            _("Where the child stands"),
            ("history", "arrangements", "elsewhere", "attainment", "aln", "exclusions", "contacts"),
            Facet.EDUCATION,
            _("Attainment, attendance and extra needs are up to date and agree with the records."),
            _("Strengths and progress are told as well as needs, with comments that say why."),
            _("Attainment or attendance is missing, or is not of this year."),
            _LANCASHIRE,
        ),
        Area(
            "evaluated",
            _("What became of the last targets"),
            (LAST_TARGETS,),
            Facet.EDUCATION,
            _("Each target of the last plan is evaluated, with what shows it."),
            _("What was learned from them is taken up in the new targets."),
            _("Targets of the last plan are not evaluated, or nothing shows how they ended."),
            _LANCASHIRE,
        ),
        Area(
            "targets",
            _("Targets"),
            (TARGETS,),
            Facet.EDUCATION,
            _("Each target is for a need, can be measured at the next meeting and has a date. It says what, when, where, who and how often."),
            _("The targets are ambitious for this child, and a teacher set the academic ones."),
            _("There are no targets, or none that could be measured."),
            format_lazy("{}; {}", _LANCASHIRE, _ENFIELD),
        ),
        Area(
            "money",
            _("Money"),
            (MONEY,),
            Facet.EDUCATION,
            _("What costs money is tied to a target and is for this child, not for all pupils."),
            _("The plan says what difference the money made."),
            _("Money is asked for without a use that can be seen."),
            _LANCASHIRE,
        ),
        Area(
            "ahead",
            _("Hopes and moving on"),
            ("aspirations", "transition", "post_16", "pathway"),
            Facet.EDUCATION,
            _("Hopes are high, and the next step or move is planned with names and dates."),
            _("The child's hopes and the adults' are compared, and the plan says how the way between them is made."),
            _("A move is near and not planned, or little is expected of the child."),
            _LANCASHIRE,
        ),
        Area(
            "personal",
            _("Personal development and well-being"),
            ("personal_development",),
            Facet.WELLBEING,
            _("Personal development has targets of its own and weighs as much as attainment."),
            _("What helps is written so that every adult at school can do it."),
            _("Nothing is said of leisure, friendships or well-being."),
            _RAISING,
        ),
        Area(
            "carer",
            _("The carer's part"),
            ("carer",),
            Facet.EDUCATION,
            _("The carer has said what helps, and has a part in the targets."),
            _("The carer's part was agreed with the school and is looked at again each term."),
            _("The carer has had no part in the plan."),
            _LANCASHIRE,
        ),
        Area(
            "actions",
            _("Actions"),
            (ACTIONS,),
            Facet.EDUCATION,
            _("Every action has an owner and a day, and they cover what was agreed."),
            _("The actions of the last plan are all done, or carried forward with a reason."),
            _("Nothing is agreed, or nobody is named for what is to be done."),
            _LANCASHIRE,
        ),
        Area(
            "whole",
            _("The plan as a whole"),
            (),
            Facet.EDUCATION,
            _("The plan is complete and in time, and speaks of this child in plain words."),
            _("The child could read it and find themselves in it."),
            _("Parts are empty, or are copied from an earlier plan or from another child's."),
            _INTEGRATED,
        ),
    )
}


def standing(content: Mapping[str, Any]) -> list[Area]:
    """The areas on which a frozen version is graded: those of whose parts it holds any, and the whole."""
    held = {rule.key for rule in rules_of(content)} | {TARGETS, ACTIONS}
    if content.get("ended"):
        held.add(LAST_TARGETS)
    if any(target.get("cost") or target.get("funding") for target in content["targets"]):
        held.add(MONEY)
    return [area for area in AREAS.values() if not area.parts or held.intersection(area.parts)]


def places(content: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Where feedback can stand: (part, question or target's id); "" is the part as a whole."""
    rules = rules_of(content)
    found = {(rule.key, question.key) for rule in rules for question in rule.questions}
    found |= {(part, "") for part in (*(rule.key for rule in rules), TARGETS, ACTIONS)}
    return found | {(TARGETS, target["id"]) for target in content["targets"] if "id" in target}


def unfinished(areas: Iterable[Area], grades: Mapping[str, Mapping[str, str]]) -> list[tuple[str, Promise]]:
    """What stands between a review and its decision: (area, sentence); empty when nothing."""
    found: list[tuple[str, Promise]] = []
    for area in areas:
        given = grades.get(area.key, {})
        if not given.get("grade"):
            found.append((area.key, format_lazy(_("Give a grade for “{area}”"), area=area.title)))
        elif given["grade"] in NEEDS_COMMENT and not given.get("comment"):
            found.append((area.key, format_lazy(_("Say in a comment what is to be put right in “{area}”"), area=area.title)))
    return found


# ---- what an authority chooses (DL-08: stricter than the national default, never laxer) ----

BELOW_GOLD, AMBERS = 1, 1  # St Helens: gold is all but one gold and the rest green; green is all but one green; any red is poor
SHARES = (100, 75, 50, 25, 10)  # per cent of final plans that are looked at
SECOND_SHARES = (100, 50, 25, 10, 0)  # per cent of those that are looked at by a second rater too


@dataclass(frozen=True, slots=True)
class Standard:
    """By which numbers a plan's grade is reckoned. `number` 0 is the national default. `besides`: what the authority asks of an area
    besides, in both languages."""

    number: int = 0
    below_gold: int = BELOW_GOLD
    ambers: int = AMBERS
    amber_goes_back: bool = False
    share: int = 100
    second_share: int = 10
    besides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NATIONAL = Standard()


def overall(grades: Iterable[str], standard: Standard) -> Grade:
    """The grade of a whole plan from those of its areas."""
    counted = Counter(grades)
    if counted[Grade.RED]:
        return Grade.RED
    if counted[Grade.AMBER] > standard.ambers:
        return Grade.AMBER
    if not counted[Grade.AMBER] and counted[Grade.GREEN] <= standard.below_gold:
        return Grade.GOLD
    return Grade.GREEN


def goes_back(grade: str, standard: Standard) -> bool:
    """Must a plan of this grade be returned? (Lancashire: red goes back; Gateshead: amber is feedback for next time.)"""
    return grade == Grade.RED or (grade == Grade.AMBER and standard.amber_goes_back)


def thresholds(standard: Standard) -> list[tuple[Grade, Promise | str]]:
    """How the grade of the whole is reckoned, with its numbers, the best first."""
    back = _("It may be accepted; its feedback is for next time.") if not standard.amber_goes_back else _("It goes back.")
    return [
        (
            Grade.GOLD,
            format_lazy(_("All areas gold; green in up to {below_gold} of them."), below_gold=standard.below_gold),
        ),
        (Grade.GREEN, format_lazy(_("No area red; amber in up to {ambers} of them."), ambers=standard.ambers)),
        (Grade.AMBER, format_lazy("{} {}", format_lazy(_("No area red; amber in more than {ambers}."), ambers=standard.ambers), back)),
        (Grade.RED, _("Any area red. It goes back.")),
    ]


# ---- samples, time, agreement ----


def sampled(plan: UUID, on: date, share: int, purpose: str = "first") -> bool:
    """Is a plan that was made final on a day in its term's sample of this share (per cent)? By the plan and the term alone: looking again,
    or looking later, gives the same answer. `purpose` makes the second raters' sample another one than the first's."""
    year, term = term_of(on)
    drawn = hashlib.sha256(f"{purpose}:{plan}:{year}-{term}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % 100 < share


def turnaround(final: date, until: date) -> int:
    """Working days from the day a version was made final (day 0) to a day."""
    return sum(is_working_day(final + timedelta(days=days)) for days in range(1, (until - final).days + 1))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two raters agree: of `pairs` grades how many are the same; Cohen's kappa, which takes off what chance would give (1 is full
    agreement, 0 what chance gives). None where it is not defined: no pairs, or both raters gave one and the same grade throughout."""

    pairs: int
    same: int
    kappa: float | None

    @property
    def percent(self) -> int | None:
        return round(100 * self.same / self.pairs) if self.pairs else None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Of (first grade, second grade) pairs. Jacob Cohen, A coefficient of agreement for nominal scales (1960)."""
    number, same = len(pairs), sum(first == second for first, second in pairs)
    if not number:
        return Agreement(0, 0, None)
    firsts, seconds = Counter(first for first, _second in pairs), Counter(second for _first, second in pairs)
    by_chance = sum(firsts[grade] * seconds[grade] for grade in firsts) / number**2
    kappa = None if by_chance == 1 else (same / number - by_chance) / (1 - by_chance)
    return Agreement(number, same, kappa)


def paired(first: Mapping[str, Mapping[str, str]], second: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """The two grades of each area that both raters graded."""
    return [(first[key]["grade"], second[key]["grade"]) for key in AREAS if key in first and key in second]
