"""A whole country of invented children, by the published distribution, the same for the same seed. No database.

Shares are dealt, not drawn: the counts are right for any number of children, and only who they fall on is chance.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from lace.accounts.authorities import AUTHORITIES
from lace.children.rules import EndReason, EntryType, EthnicGroup, Ethnicity, LegalStatus, Sex, birthday
from reporting.management.lives import Lives, Plan
from reporting.management.places import ENGLAND, WEIGHT, Country, years_before
from reporting.management.records import Population

T = TypeVar("T")

# "Raising the ambitions and educational attainment of children who are looked after in Wales" (2016), 1.21 and 1.22: looked after on
# 31 March 2015, rounded to 5. Sex and age: first age, last age, boys, girls.
AGES = ((0, 0, 155, 135), (1, 4, 545, 450), (5, 9, 770, 580), (10, 15, 1060, 980), (16, 17, 490, 450))
ETHNIC_GROUPS = {
    EthnicGroup.WHITE: 5115, EthnicGroup.MIXED: 175, EthnicGroup.ASIAN: 75, EthnicGroup.BLACK: 55, EthnicGroup.OTHER: 40, EthnicGroup.UNKNOWN: 155,
}  # fmt: skip
PLACEMENTS_IN_YEAR = {1: 71, 2: 20, 3: 9}
DISABLED, FREE_MEALS, ADDITIONAL_NEEDS, SPECIAL_SCHOOL = 14, 26, 68, 8  # per cent; the last three of children aged 5 to 15
# Welsh Government, looked-after children 2023-24: placed inside the own authority; on care orders. "Making a difference" has no split of
# entries; three in ten planned is a setting of this population.
OWN_AREA, CARE_ORDERS, PLANNED = 65.6, 80.2, 30
OVERDUE = 0.12  # of the children in care, so that queue and dashboard show something and not too much
LEFT_CARE = 0.3  # children who left within the three years, for each child in care
YEARS = 3

# Within a published group, roughly.
_ETHNICITIES: dict[EthnicGroup, tuple[tuple[Ethnicity, int], ...]] = {
    EthnicGroup.WHITE: (
        (Ethnicity.WHITE_BRITISH, 950), (Ethnicity.WHITE_IRISH, 5), (Ethnicity.WHITE_TRAVELLER, 12), (Ethnicity.WHITE_ROMA, 5),
        (Ethnicity.WHITE_OTHER, 28),
    ),
    EthnicGroup.MIXED: (
        (Ethnicity.MIXED_CARIBBEAN, 35), (Ethnicity.MIXED_AFRICAN, 20), (Ethnicity.MIXED_ASIAN, 25), (Ethnicity.MIXED_OTHER, 20),
    ),
    EthnicGroup.ASIAN: (
        (Ethnicity.ASIAN_INDIAN, 12), (Ethnicity.ASIAN_PAKISTANI, 25), (Ethnicity.ASIAN_BANGLADESHI, 28), (Ethnicity.ASIAN_CHINESE, 8),
        (Ethnicity.ASIAN_OTHER, 27),
    ),
    EthnicGroup.BLACK: ((Ethnicity.BLACK_AFRICAN, 70), (Ethnicity.BLACK_CARIBBEAN, 15), (Ethnicity.BLACK_OTHER, 15)),
    EthnicGroup.OTHER: ((Ethnicity.ARAB, 40), (Ethnicity.OTHER, 60)),
    EthnicGroup.UNKNOWN: ((Ethnicity.NOT_KNOWN, 80), (Ethnicity.REFUSED, 20)),
}  # fmt: skip
_ENDS: tuple[tuple[EndReason, int, int, int], ...] = (  # reason, per cent, ages at the end
    (EndReason.RETURNED_HOME, 33, 0, 17),
    (EndReason.ADOPTED, 13, 0, 5),
    (EndReason.GUARDIAN_CARER, 8, 1, 14),
    (EndReason.GUARDIAN_OTHER, 7, 1, 14),
    (EndReason.CHILD_ARRANGEMENTS, 3, 1, 15),
    (EndReason.OTHER_AUTHORITY, 1, 2, 16),
    (EndReason.CUSTODY, 1, 15, 17),
    (EndReason.WHEN_I_AM_READY, 14, 18, 18),
    (EndReason.INDEPENDENT_SUPPORTED, 12, 18, 18),
    (EndReason.INDEPENDENT, 3, 18, 18),
    (EndReason.ADULT_SERVICES, 5, 18, 18),
)


def quotas(weights: Sequence[float], total: int) -> list[int]:
    """`total` shared out by weight in whole numbers: each within one of its exact share, the sum exact (largest remainders)."""
    exact = [weight * total / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: total - sum(whole)]:
        whole[place] += 1
    return whole


def deal(rng: Random, values: Sequence[tuple[T, float]], total: int) -> list[T]:
    """A shuffled hand of `total` values in the given proportion."""
    counts = quotas([weight for _value, weight in values], total)
    hand = [value for (value, _weight), count in zip(values, counts, strict=True) for _ in range(count)]
    rng.shuffle(hand)
    return hand


def _per_cent(rng: Random, share: float, total: int) -> list[bool]:
    return deal(rng, ((True, share), (False, 100 - share)), total)


def _born(rng: Random, first: int, last: int, on: date, until: date) -> date:
    """A day of birth of someone aged `first` to `last` on a day, born by `until`."""
    earliest = years_before(on, last + 1) + timedelta(days=1)
    latest = min(years_before(on, first), until)
    return earliest + timedelta(days=rng.randrange((latest - earliest).days + 1))


def make_population(children: int, seed: int, as_of: date) -> Population:
    """Authorities, schools, staff, homes and `children` looked after on `as_of`, with three years of history and those who left in them.

    The same arguments give the same population. Every event that happened is dated `as_of` or before. Raises ValueError below one child.
    """
    if children < 1:
        raise ValueError("a population needs at least one child")
    rng = Random(seed)
    population = Population(as_of, seed, AUTHORITIES, ENGLAND)
    country = Country(rng, population, children)
    lives = Lives(rng, population, country, OVERDUE)
    for plan in _in_care(rng, children, as_of):
        lives.tell(plan)
    for plan in _left_care(rng, round(children * LEFT_CARE), as_of):
        lives.tell(plan)
    return population


def _common(rng: Random, total: int) -> dict[str, list[object]]:
    groups = deal(rng, tuple(ETHNIC_GROUPS.items()), total)
    hands = {group: deal(rng, kinds, groups.count(group)) for group, kinds in _ETHNICITIES.items()}
    return {
        "authority": list(deal(rng, tuple(WEIGHT.items()), total)),
        "ethnicity": [hands[group].pop() for group in groups],
        "entry": list(deal(rng, ((EntryType.PLANNED, PLANNED), (EntryType.EMERGENCY, 100 - PLANNED)), total)),
        "legal": list(
            deal(
                rng,
                (
                    (LegalStatus.CARE_ORDER, CARE_ORDERS),
                    (LegalStatus.ACCOMMODATED, 14.5),
                    (LegalStatus.REMANDED, 0.4),
                    (LegalStatus.OTHER, 4.9),
                ),
                total,
            )
        ),
        "own_area": list(_per_cent(rng, OWN_AREA, total)),
        "disabled": list(_per_cent(rng, DISABLED, total)),
    }


def _in_care(rng: Random, total: int, as_of: date) -> list[Plan]:
    bands = deal(
        rng,
        tuple(((sex, first, last), count) for first, last, boys, girls in AGES for sex, count in ((Sex.MALE, boys), (Sex.FEMALE, girls))),
        total,
    )
    born = [_born(rng, first, last, as_of, as_of - timedelta(days=4)) for _sex, first, last in bands]
    moves = _moves_in_year(rng, born, as_of)
    of_school_age = [5 <= first <= 15 for _sex, first, _last in bands]
    pupils = sum(of_school_age)
    # Every pupil of a special school has additional needs: they are part of the 68 per cent.
    needs = deal(
        rng, (((True, True), SPECIAL_SCHOOL), ((False, True), ADDITIONAL_NEEDS - SPECIAL_SCHOOL), ((False, False), 100 - ADDITIONAL_NEEDS)), pupils
    )
    meals = _per_cent(rng, FREE_MEALS, pupils)
    hands = _common(rng, total)
    plans = []
    for place, (sex, first, _last) in enumerate(bands):
        if of_school_age[place]:
            (special, aln), fsm = needs.pop(), meals.pop()
        else:
            special, aln, fsm = first >= 16 and rng.random() < 0.07, rng.random() < (0.66 if first >= 16 else 0.1), False
        started = as_of - timedelta(days=_days_in_care(rng, born[place], as_of, moves[place]))
        plans.append(
            Plan(
                sex=sex, born=born[place], started=started, ended=None, end_reason=None, placements_in_year=moves[place],
                special=special, aln=aln or special, fsm=fsm, **{name: hand[place] for name, hand in hands.items()},  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return plans


def _moves_in_year(rng: Random, born: list[date], as_of: date) -> list[int]:
    """Placements in the last year, dealt over all; the youngest cannot have had three, so they take ones."""
    moves = deal(rng, tuple(PLACEMENTS_IN_YEAR.items()), len(born))
    young = [place for place, day in enumerate(born) if (as_of - day).days < 130 and moves[place] > 1]
    others = [place for place, day in enumerate(born) if (as_of - day).days >= 130 and moves[place] == 1]
    for here, there in zip(young, rng.sample(others, min(len(young), len(others))), strict=False):
        moves[here], moves[there] = moves[there], moves[here]
    return [count if count < 3 else rng.choice((3, 3, 3, 4, 5)) for count in moves]


def _days_in_care(rng: Random, born: date, as_of: date, moves: int) -> int:
    """Days since entry: some time in the three years, time enough for the moves, and not before birth."""
    longest = min(365 * YEARS, (as_of - born).days)
    shortest = min({1: 3, 2: 60}.get(moves, 120), longest)
    return rng.randrange(shortest, longest + 1)


def _left_care(rng: Random, total: int, as_of: date) -> list[Plan]:
    hands = _common(rng, total)
    plans = []
    for place, (reason, first, last) in enumerate(deal(rng, tuple(((reason, first, last), share) for reason, share, first, last in _ENDS), total)):
        ended = as_of - timedelta(days=rng.randrange(1, 365 * YEARS - 60))
        if first == 18:
            born = years_before(ended, 18)
            ended = birthday(born, 18)
        else:
            born = _born(rng, first, last, ended, ended - timedelta(days=45))
        longest = min(365 * YEARS - (as_of - ended).days, (ended - born).days)
        started = ended - timedelta(days=rng.randrange(min(30, longest - 1), longest))
        needs = rng.random() < 0.6
        plans.append(
            Plan(
                sex=rng.choice((Sex.MALE, Sex.FEMALE)), born=born, started=started, ended=ended, end_reason=reason,
                placements_in_year=rng.choices((1, 2, 3), (71, 20, 9))[0] if (ended - started).days > 120 else 1,
                special=needs and rng.random() < 0.1, aln=needs, fsm=rng.random() < 0.26,
                **{name: hand[place] for name, hand in hands.items()},  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return plans
