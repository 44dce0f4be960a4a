"""The made country against the published table, and against what can be true of a child."""

from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby, pairwise

import pytest

from lace.accounts.access import Role
from lace.accounts.authorities import AUTHORITIES, BY_CODE
from lace.children import rules, upn
from lace.children.rules import EntryType, EthnicGroup, LegalStatus, Period, PlacementType, Sex
from lace.core.workdays import add_working_days
from reporting.management.lives import OVERDUE_FOR_AT_MOST
from reporting.management.population import AGES, ETHNIC_GROUPS, make_population, quotas
from schools.rules import SchoolKind

AS_OF = date(2026, 11, 22)
# Looked after on 31 March 2015 (002 1.21); the figures published are rounded to 5 and add up to 5,615.
CHILDREN = 5617


@pytest.fixture(scope="module")
def wales():
    return make_population(CHILDREN, 20150331, AS_OF)


@pytest.fixture(scope="module")
def in_care(wales):
    return wales.in_care()


def by_child(rows):
    grouped = defaultdict(list)
    for row in rows:
        grouped[row.child].append(row)
    return grouped


def to_five(count):
    return 5 * round(count / 5)


def per_cent(count, of):
    return 100 * count / of


# The published table


def test_as_many_children_as_asked(wales, in_care):
    assert len(in_care) == CHILDREN
    assert len({child.key for child in in_care}) == CHILDREN
    assert len(wales.children) == CHILDREN + round(0.3 * CHILDREN)


def test_sex_and_age(in_care):
    ages = Counter((child.sex, rules.age(child.born_on, AS_OF)) for child in in_care)
    for first, last, boys, girls in AGES:
        assert to_five(sum(ages[Sex.MALE, age] for age in range(first, last + 1))) == boys
        assert to_five(sum(ages[Sex.FEMALE, age] for age in range(first, last + 1))) == girls
    assert max(age for _sex, age in ages) == 17


def test_ethnicity(in_care):
    groups = Counter(child.ethnicity.group for child in in_care)
    assert {group: to_five(groups[group]) for group in EthnicGroup} == ETHNIC_GROUPS


def test_needs(wales, in_care):
    pupils = [child for child in in_care if 5 <= rules.age(child.born_on, AS_OF) <= 15]
    assert round(per_cent(sum(child.disabled for child in in_care), len(in_care))) == 14
    assert round(per_cent(sum(child.free_school_meals for child in pupils), len(pupils))) == 26
    assert round(per_cent(sum(child.additional_needs for child in pupils), len(pupils))) == 68
    schools = {row.child: wales.schools[row.school] for row in wales.enrolments if row.ended_on is None}
    assert {child.key for child in pupils} <= schools.keys()
    special = sum(schools[child.key].kind == SchoolKind.SPECIAL for child in pupils)
    assert round(per_cent(special, len(pupils))) == 8


def test_placements_in_the_year(wales, in_care):
    placements = by_child(wales.placements)
    year_ago = AS_OF - timedelta(days=365)
    counts = Counter(min(3, sum(p.ended_on is None or p.ended_on > year_ago for p in placements[child.key])) for child in in_care)
    # A child who came into care twice within the year has one placement more than was dealt.
    assert [round(per_cent(counts[number], CHILDREN)) for number in (1, 2, 3)] == pytest.approx([71, 20, 9], abs=1)


def test_where_and_with_whom(wales):
    now = [placement for placement in wales.placements if placement.ended_on is None]
    assert len(now) == CHILDREN
    own = sum(placement.host == wales.children[placement.child].authority for placement in now)
    assert per_cent(own, CHILDREN) == pytest.approx(65.6, abs=0.05)
    away = [placement for placement in now if placement.host != wales.children[placement.child].authority]
    assert sum(placement.host not in BY_CODE for placement in away) > 100  # some live in England
    fostered = [placement for placement in now if placement.kind in (PlacementType.FOSTER, PlacementType.KINSHIP)]
    assert per_cent(len(fostered), CHILDREN) == pytest.approx(67.7, abs=3)
    assert per_cent(sum(p.kind == PlacementType.KINSHIP for p in fostered), len(fostered)) == pytest.approx(34.2, abs=4)


def test_entries_and_orders(wales):
    now = [episode for episode in wales.episodes if episode.ended_on is None]
    assert per_cent(sum(e.entry_type == EntryType.PLANNED for e in now), CHILDREN) == pytest.approx(30, abs=0.05)
    assert per_cent(sum(e.legal_status == LegalStatus.CARE_ORDER for e in now), CHILDREN) == pytest.approx(80.2, abs=0.05)
    assert min(episode.started_on for episode in wales.episodes) >= AS_OF - timedelta(days=3 * 365)


def test_quotas_are_exact():
    assert quotas((71, 20, 9), 7) == [5, 1, 1]
    assert all(sum(quotas((155, 545, 770, 1060, 490), total)) == total for total in range(500))


# What can be true of a child


def test_the_checks_of_services_find_nothing(wales):
    """Every episode, placement and register passes the rules that stand in front of people."""
    episodes, placements, enrolments = by_child(wales.episodes), by_child(wales.placements), by_child(wales.enrolments)
    for child in wales.children:
        assert rules.check_birth(child.born_on, as_of=AS_OF) == []
        spans = {episode.key: Period(episode.started_on, episode.ended_on) for episode in episodes[child.key]}
        for episode in episodes[child.key]:
            others = [span for key, span in spans.items() if key != episode.key]
            problems = rules.check_care_episode(spans[episode.key], born=child.born_on, entry=episode.entry_type, others=others, as_of=AS_OF)
            assert problems == []
            assert (episode.ended_on is None) == (episode.end_reason is None)
        for rows, care in ((placements[child.key], spans), (enrolments[child.key], None)):
            for row, after in pairwise(sorted(rows, key=lambda row: row.started_on)):
                assert row.ended_on is not None
                assert row.ended_on <= after.started_on
            for row in rows:
                period = Period(row.started_on, row.ended_on)
                if care:
                    assert rules.check_placement(period, care=care[row.episode], as_of=AS_OF) == []
                else:
                    assert rules.check_enrolment(period, born=child.born_on) == []


def test_placements_fill_the_time_in_care(wales):
    for episode, rows in groupby(sorted(wales.placements, key=lambda row: (row.episode, row.started_on)), key=lambda row: row.episode):
        held = list(rows)
        assert held[0].started_on == wales.episodes[episode].started_on
        assert held[-1].ended_on == wales.episodes[episode].ended_on
        assert all(row.ended_on == after.started_on for row, after in pairwise(held))


FITS = {
    SchoolKind.PRIMARY: range(-1, 7),
    SchoolKind.SECONDARY: range(7, 14),
    SchoolKind.MIDDLE: range(-1, 14),
    SchoolKind.SPECIAL: range(-1, 14),
    SchoolKind.PRU: range(7, 12),
    SchoolKind.FE_COLLEGE: range(12, 14),
}


def test_the_school_fits_the_age(wales):
    for row in wales.enrolments:
        born = wales.children[row.child].born_on
        last = (row.ended_on or AS_OF + timedelta(days=1)) - timedelta(days=1)
        kind = wales.schools[row.school].kind
        assert rules.school_year(born, row.started_on) in FITS[kind]
        assert rules.school_year(born, last) in FITS[kind]


def test_of_compulsory_school_age_means_on_a_register(wales):
    """From entry to care on, but for the days between one school and the next."""
    enrolments, started = by_child(wales.enrolments), {row.child: row.started_on for row in wales.placements if row.ended_on is None}
    for child in wales.in_care():
        if not rules.of_compulsory_school_age(child.born_on, AS_OF):
            continue
        rows = enrolments[child.key]
        assert rows[0].started_on <= max(started[child.key], date(rules.academic_year(rules.birthday(child.born_on, 5)), 9, 1))
        assert all(after.started_on - row.ended_on < timedelta(days=23) for row, after in pairwise(rows))
        assert rows[-1].ended_on is None
        assert all((row.leaving_reason == "phase_end") <= (row.ended_on.month == 9) for row in rows[:-1])


def test_moves_change_some_schools_and_not_all(wales):
    moved = Counter(row.leaving_reason for row in wales.enrolments)
    moves = len(wales.placements) - len(wales.episodes)
    assert moved["moved"] > 500
    assert moved["moved"] < 0.7 * moves


def test_nothing_happens_after_the_day(wales):
    for rows in (
        wales.memberships,
        wales.designations,
        wales.placements,
        wales.enrolments,
        wales.assignments,
        wales.episodes,
        wales.reviews,
        wales.peps,
    ):
        for row in rows:
            happened = [value for name, value in asdict(row).items() if isinstance(value, date) and name != "due_on"]
            assert all(day <= AS_OF for day in happened)


# Numbers and names


def test_upns_are_valid_and_unique(wales):
    numbers = [child.upn for child in wales.children if child.upn]
    assert len(set(numbers)) == len(numbers)
    assert all(str(upn.parse(number)) == number for number in numbers)
    assert {upn.parse(number).authority for number in numbers} <= {authority.number for authority in AUTHORITIES}
    assert all(child.upn for child in wales.in_care() if rules.school_year(child.born_on, AS_OF) >= 0)
    assert any(upn.parse(number).temporary for number in numbers)


def test_schools(wales):
    ours = [school for school in wales.schools if school.in_wales]
    kinds = Counter(school.kind for school in ours)
    assert kinds[SchoolKind.PRIMARY] == pytest.approx(1200, rel=0.03)
    assert kinds[SchoolKind.SECONDARY] == pytest.approx(180, rel=0.05)
    assert kinds[SchoolKind.SPECIAL] >= 22
    assert len({school.number for school in wales.schools}) == len(wales.schools)
    assert all(school.number[:3] == BY_CODE[school.authority].number and len(school.number) == 7 for school in ours)
    attended = {row.school for row in wales.enrolments if row.ended_on is None}
    assert any(school.key not in attended for school in ours)
    assert any(school.welsh_medium for school in ours)
    assert any(school.name_en != school.name_cy for school in ours)


def test_names_and_addresses(wales):
    assert len({person.email for person in wales.people}) == len(wales.people)
    assert all(person.email.isascii() and person.email.endswith(".lace.example") and " " not in person.email for person in wales.people)
    assert len({child.reference for child in wales.children}) == len(wales.children)
    assert len({(child.given_names, child.family_name) for child in wales.children}) > 0.7 * len(wales.children)


# Staff and carers


def test_every_authority_is_staffed(wales):
    held = Counter((row.authority, row.role) for row in wales.memberships)
    for authority in AUTHORITIES:
        children = sum(child.authority == authority.code for child in wales.in_care())
        assert held[authority.code, Role.LACE_COORDINATOR] in (1, 2)
        assert held[authority.code, Role.DESIGNATED_MANAGER] == 1
        assert held[authority.code, Role.SOCIAL_WORKER] == pytest.approx(children / 15, abs=1)
        assert held[authority.code, Role.IRO] == pytest.approx(children / 60, abs=1)


def test_schools_have_designated_persons_save_a_few(wales):
    ours = [school for school in wales.schools if school.in_wales]
    designated = {row.school for row in wales.designations}
    assert len(designated) == len(wales.designations)
    assert 0.97 < len(designated) / len(ours) < 1
    holders = defaultdict(set)
    for row in wales.memberships:
        holders[row.person].add((row.role, row.school))
    assert any(len(held) > 1 for held in holders.values())  # one person, several roles
    assert any(row.trained_on is None for row in wales.designations)


def test_every_child_in_care_has_a_worker_and_an_iro(wales, in_care):
    roles = {(row.person, row.role) for row in wales.memberships}
    now = defaultdict(list)
    for row in wales.assignments:
        assert (row.person, row.role) in roles
        if row.ends_on is None:
            now[row.child].append(row.role)
    assert all(sorted(now[child.key]) == [Role.IRO, Role.SOCIAL_WORKER] for child in in_care)


# Terms, plans and reviews


def test_terms(wales):
    assert len({(row.child, row.school, row.year, row.term) for row in wales.terms}) == len(wales.terms)
    for row in wales.terms:
        assert 0 <= row.sessions_unauthorised <= row.sessions_possible - row.sessions_attended
        assert 0 <= row.sessions_attended <= row.sessions_possible
        assert 0 <= row.subjects_on_track <= row.subjects_assessed
    attended, possible = sum(row.sessions_attended for row in wales.terms), sum(row.sessions_possible for row in wales.terms)
    assert 88 < per_cent(attended, possible) < 95
    reached = {stage: [row.reached for row in wales.results if row.stage == stage] for stage in ("ks2", "ks3", "ks4")}
    assert [round(per_cent(sum(held), len(held))) for held in reached.values()] == pytest.approx([59, 46, 17], abs=8)


def test_plans_follow_each_other(wales):
    for episode, rows in groupby(sorted(wales.peps, key=lambda row: (row.episode, row.due_on)), key=lambda row: row.episode):
        plans = list(rows)
        assert [plan.kind == "initial" for plan in plans] == [True] + [False] * (len(plans) - 1)
        done = [plan for plan in plans if plan.final_on]
        assert plans[: len(done)] == done  # only the last may be open
        assert len(plans) - len(done) <= 1
        over = wales.episodes[episode].ended_on is not None
        assert [plan.state for plan in done] == (["closed"] * (len(done) - (not over)) + ["final"] * (not over) if done else [])
        for plan in done:
            assert plan.initiated_on <= plan.final_on
        assert not (over and len(done) < len(plans))


def test_a_new_school_means_a_new_plan_within_twenty_days_or_late(wales):
    plans = by_child(wales.peps)
    episodes = {episode.child: episode for episode in wales.episodes if episode.ended_on is None}
    in_time = waited = 0
    for row in wales.enrolments:
        episode = episodes.get(row.child)
        if row.ended_on is None and episode and episode.started_on < row.started_on < AS_OF - timedelta(days=20):
            after = [plan.final_on or date.max for plan in plans[row.child] if (plan.final_on or date.max) >= row.started_on]
            assert after  # answered, or open and overdue
            in_time += min(after) <= row.started_on + timedelta(days=20)
            waited += 1
    assert waited > 500
    assert 70 < per_cent(in_time, waited) < 95


def test_most_plans_are_on_time_and_some_late(wales):
    finished = [plan for plan in wales.peps if plan.final_on]
    assert 80 < per_cent(sum(plan.final_on <= plan.due_on for plan in finished), len(finished)) < 90


@pytest.mark.parametrize("as_of", [AS_OF, date(2024, 2, 29), date(2025, 9, 1), date(2026, 1, 1)])
def test_about_an_eighth_have_something_overdue(wales, as_of):
    made = wales if as_of == AS_OF else make_population(1000, 5, as_of)
    open_rows = [row for row in made.peps if row.final_on is None] + [row for row in made.reviews if row.held_on is None]
    overdue = {row.child for row in open_rows if row.due_on < as_of}
    assert per_cent(len(overdue), len(made.in_care())) == pytest.approx(12, abs=0.5)
    assert all((as_of - row.due_on).days <= OVERDUE_FOR_AT_MOST for row in open_rows)
    assert made.episodes[max(row.episode for row in open_rows)].ended_on is None


def test_the_duties_of_the_app_see_the_same(wales):
    """20 days from entry and from a new school to a final plan, 10 working days to its start: no more is overdue than was meant."""
    plans, registers, reviews = by_child(wales.peps), by_child(wales.enrolments), by_child(wales.reviews)
    overdue = set()
    for episode in (episode for episode in wales.episodes if episode.ended_on is None):
        entered = episode.started_on
        mine = [plan for plan in plans[episode.child] if plan.episode == episode.key]
        starts = [entered, *(row.started_on for row in registers[episode.child] if row.started_on > entered)]
        waiting = [day for day in starts if day + timedelta(days=20) < AS_OF and not any(plan.final_on and plan.final_on >= day for plan in mine)]
        not_begun = mine[0].initiated_on is None and (episode.entry_type == EntryType.PLANNED or add_working_days(entered, 10) < AS_OF)
        if waiting or not_begun or any(row.held_on is None and row.due_on < AS_OF for row in reviews[episode.child]):
            overdue.add(episode.child)
    assert per_cent(len(overdue), CHILDREN) == pytest.approx(12, abs=0.5)


def test_reviews_keep_the_regulations_intervals_or_are_late(wales):
    for _episode, rows in groupby(sorted(wales.reviews, key=lambda row: (row.episode, row.due_on)), key=lambda row: row.episode):
        reviews = list(rows)
        assert [row.kind for row in reviews] == (["first", "second"] + ["later"] * len(reviews))[: len(reviews)]
        for row, after in pairwise(reviews):
            gap = after.due_on - row.held_on
            assert gap <= timedelta(days=92 if after.kind == "second" else 184)


# Made again


def everything(population):
    return [
        asdict(row)
        for rows in (population.children, population.placements, population.enrolments, population.peps, population.people)
        for row in rows
    ]


def test_the_same_seed_gives_the_same_country():
    assert everything(make_population(150, 7, AS_OF)) == everything(make_population(150, 7, AS_OF))
    assert everything(make_population(150, 7, AS_OF)) != everything(make_population(150, 8, AS_OF))


@pytest.mark.parametrize("children", [1, 2, 30])
def test_small_countries(children):
    made = make_population(children, 1, AS_OF)
    assert len(made.in_care()) == children


def test_no_children_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        make_population(0, 1, AS_OF)
