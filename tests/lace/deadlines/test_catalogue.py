"""Each deadline of the catalogue against a date that was counted by hand, with its responsible role and force as the sources have them."""

from __future__ import annotations

from datetime import date

import pytest

from lace.accounts.access import Role
from lace.core.schooldays import KnownTerm, SchoolCalendar
from lace.deadlines.rules import RULES, Exempt, Force, openings

S, X, N = Force.STATUTORY, Force.EXPECTED, Force.ENCOURAGED
WORKER, MANAGER, IRO = Role.SOCIAL_WORKER, Role.DESIGNATED_MANAGER, Role.IRO
SCHOOL, LACE, HEAD, GOVERNOR = Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR, Role.HEADTEACHER, Role.GOVERNOR
ADVISER, LEADER = Role.PERSONAL_ADVISER, Role.SENIOR_LEADER
DAY = date(2025, 3, 3)  # a Monday. Good Friday is 18 April, Easter Monday the 21st
# Spring to 11 April with half-term behind it, summer from 28 April to 21 July with half-term 26 to 30 May.
TERMS = SchoolCalendar(
    (
        KnownTerm(2024, "spring", date(2025, 1, 6), date(2025, 4, 11), date(2025, 2, 24), date(2025, 2, 28)),
        KnownTerm(2024, "summer", date(2025, 4, 28), date(2025, 7, 21), date(2025, 5, 26), date(2025, 5, 30)),
    )
)
# row, code, due when the clock starts on 3 March 2025, responsible, force
TABLE = [
    ("T01", "entry_recorded", date(2025, 3, 4), WORKER, X),
    ("T02", "pep_initiated_planned", date(2025, 3, 3), WORKER, S),
    ("T03", "pep_initiated_emergency", date(2025, 3, 17), WORKER, S),
    ("T04", "pep_developed", date(2025, 3, 23), SCHOOL, X),
    ("T05", "pep_developed_new_school", date(2025, 3, 23), SCHOOL, X),
    ("T06", "pep_initiated_planned", date(2025, 3, 3), WORKER, S),
    ("T07", "pep_for_first_review", date(2025, 3, 31), SCHOOL, S),
    ("T07", "review_first_guidance", date(2025, 3, 31), IRO, X),
    ("T07", "review_first_regulation", date(2025, 3, 31), IRO, S),
    ("T08", "review_second", date(2025, 6, 3), IRO, S),
    ("T08", "review_later", date(2025, 9, 3), IRO, S),
    ("T09", "pep_before_review", date(2025, 3, 3), SCHOOL, X),
    ("T10", "carer_meeting_first", date(2025, 9, 3), SCHOOL, X),
    ("T10", "carer_meeting_second", date(2026, 2, 3), SCHOOL, X),
    ("T11", "carer_has_plan", date(2025, 3, 3), SCHOOL, X),
    ("T12", "iro_has_plan", date(2025, 3, 3), LACE, X),
    ("T13", "miss_reported", date(2025, 3, 4), WORKER, X),
    ("T14", "designation_kept", date(2026, 3, 3), GOVERNOR, X),
    ("T15", "designation_told", date(2025, 3, 10), HEAD, X),
    ("T16", "designated_trained", date(2025, 7, 3), GOVERNOR, S),
    ("T17", "governors_report", date(2025, 3, 3), SCHOOL, X),
    ("T18", "register_confirmed", date(2025, 3, 31), SCHOOL, X),
    ("T19", "contacts_checked", date(2025, 3, 31), SCHOOL, X),
    ("T25", "school_place", date(2025, 3, 24), WORKER, X),
    ("T26", "school_move", date(2025, 3, 17), WORKER, X),
    ("T29", "information_meeting", date(2025, 3, 3), WORKER, X),
    ("T30", "records_moved", date(2025, 3, 10), SCHOOL, X),
    ("T30", "records_file", date(2025, 3, 24), SCHOOL, X),
    ("T31", "attainment_looked_at", date(2025, 3, 17), SCHOOL, X),
    ("T34", "transition_planned", date(2025, 3, 3), SCHOOL, X),
    ("T35", "routes_found", date(2025, 3, 3), SCHOOL, X),
    ("T36", "away_day", date(2025, 3, 3), SCHOOL, N),
    ("T39", "post16_meeting", date(2025, 3, 3), SCHOOL, X),
    ("T40", "post16_handed_over", date(2025, 3, 3), SCHOOL, X),
    ("T41", "post16_progress", date(2025, 6, 3), SCHOOL, N),
    ("T42", "pathway_plan", date(2025, 3, 3), WORKER, X),
    ("T42", "pathway_assessed", date(2025, 6, 3), WORKER, S),
    ("T42", "pep_at_16", date(2025, 4, 3), SCHOOL, X),
    ("T43", "pathway_reviewed", date(2025, 3, 3), ADVISER, S),
    ("T44", "adviser_appointed", date(2025, 3, 3), MANAGER, S),
    ("T45", "youth_guarantee", date(2025, 3, 3), LACE, X),
    ("T46", "occupation_at_19", date(2025, 4, 3), ADVISER, X),
    ("T47", "leaver_contact", date(2025, 3, 3), ADVISER, X),
    ("T48", "education_to_25", date(2025, 4, 3), ADVISER, X),
    ("T50", "census_taken", date(2025, 3, 3), LACE, X),
    ("T51", "strategy_reviewed", date(2026, 3, 3), LEADER, X),
    ("T52", "annual_report", date(2026, 3, 3), LEADER, X),
    ("T53", "directors_met", date(2025, 5, 3), LEADER, N),
    ("T54", "members_informed", date(2025, 6, 3), LACE, X),
    ("T55", "policy_checked", date(2026, 3, 3), GOVERNOR, X),
    ("T56", "joint_policy_checked", date(2026, 3, 3), SCHOOL, N),
    ("T57", "career_in_plan", date(2025, 3, 3), SCHOOL, X),
    ("T58", "child_talked_with", date(2025, 4, 28), SCHOOL, X),
    ("T59", "year_6_programme", date(2025, 3, 3), LACE, N),
    ("T60", "review_outside_lessons", date(2025, 3, 3), IRO, X),
    ("T61", "averages_refreshed", date(2026, 3, 3), LACE, X),
    ("T62", "peers_met", date(2025, 3, 3), SCHOOL, N),
    ("T63", "grant_reported", date(2026, 3, 3), LEADER, X),
    ("T66", "staff_supervised", date(2025, 6, 3), MANAGER, X),
    ("T67", "pep_quality_checked", date(2025, 3, 17), LACE, X),
    ("T68", "outcomes_published", date(2026, 3, 3), LEADER, X),
    ("T70", "ks4_move_approved", date(2025, 3, 3), MANAGER, S),
]
# Beyond the catalogue's rows: code, due, responsible, force.
MORE = [
    ("care_plan", date(2025, 3, 17), WORKER, S),
    ("placement_plan", date(2025, 3, 10), WORKER, S),
    ("visit_first", date(2025, 3, 10), WORKER, S),
    ("visit_next", date(2025, 4, 14), WORKER, S),
    ("idp_prepared", date(2025, 5, 26), LACE, S),
    ("idp_reviewed", date(2026, 3, 3), LACE, S),
    ("pupil_left_told", date(2025, 3, 17), HEAD, S),
]


def due(code: str) -> date:
    fact = RULES[code].facts[0]
    return {made.code: made for made in openings(fact, DAY, clocks={"developed_clock": "calendar"}, school_days=TERMS.reckon)}[code].due_on


@pytest.mark.parametrize(
    ("code", "day", "role", "force"), [pytest.param(*rest, id=f"{row}-{rest[0]}", marks=pytest.mark.req(row)) for row, *rest in TABLE]
)
def test_a_row_of_the_catalogue(code: str, day: date, role: Role, force: Force) -> None:
    rule = RULES[code]
    assert (due(code), rule.role, rule.force) == (day, role, force)


def test_each_row_is_declared_where_the_table_says() -> None:
    assert all(row in RULES[code].rows for row, code, *_rest in TABLE)


@pytest.mark.parametrize(("code", "day", "role", "force"), MORE)
def test_what_the_law_adds_to_the_catalogue(code: str, day: date, role: Role, force: Force) -> None:
    rule = RULES[code]
    assert (due(code), rule.role, rule.force) == (day, role, force)


def test_a_school_clock_over_a_holiday_and_half_term() -> None:
    """Ten school days from 10 April: the 11th, then 28 to 30 April, 1, 2, 6, 7, 8, 9 May without the bank holiday of the 5th."""
    rule = RULES["school_move"]
    assert rule.due(date(2025, 4, 10), lambda day: True, school_days=TERMS.reckon) == date(2025, 5, 9)
    made = {made.code: made for made in openings(rule.facts[0], date(2025, 4, 10), school_days=TERMS.reckon)}["school_move"]
    assert (made.due_on, made.provisional) == (date(2025, 5, 9), False)


@pytest.mark.req("DL-02")
def test_without_term_dates_the_day_is_the_earliest_and_says_so() -> None:
    made = {made.code: made for made in openings(RULES["school_move"].facts[0], date(2025, 4, 10))}["school_move"]
    assert (made.due_on, made.provisional) == (date(2025, 4, 28), True)  # ten working days, Good Friday and Easter Monday off
    beyond = {made.code: made for made in openings(RULES["school_move"].facts[0], date(2025, 7, 17), school_days=TERMS.reckon)}["school_move"]
    assert (beyond.due_on, beyond.provisional) == (date(2025, 7, 31), True)  # the terms that are known end on 21 July


@pytest.mark.parametrize(
    ("code", "born", "holds"),
    [
        ("ks4_move_approved", date(2009, 9, 1), True),  # Year 10
        ("ks4_move_approved", date(2008, 9, 1), True),  # Year 11
        ("ks4_move_approved", date(2009, 9, 2), True),
        ("ks4_move_approved", date(2010, 9, 1), False),  # Year 9
        ("ks4_move_approved", date(2008, 8, 31), False),  # Year 12
        ("career_in_plan", date(2010, 9, 1), True),
        ("career_in_plan", date(2011, 9, 1), False),
        ("pathway_plan", date(2009, 3, 3), True),
        ("pathway_plan", date(2009, 3, 4), False),
        ("pathway_plan", date(2008, 3, 3), False),
        ("leaver_contact", date(2007, 3, 3), True),
        ("leaver_contact", date(2004, 3, 3), False),
    ],
)
def test_windows_of_age_and_year(code: str, born: date, holds: bool) -> None:
    found = {made.code for made in openings(RULES[code].facts[0], DAY, born=born, clocks={"developed_clock": "calendar"})}
    assert (code in found) == holds


@pytest.mark.req("AMB-07", "SCH-07")
@pytest.mark.parametrize(("kind", "forces"), [("secondary", {X, S}), ("pru", {N}), ("independent", set()), ("fe_college", set())])
def test_force_by_setting(kind: str, forces: set[Force]) -> None:
    facts = {fact for rule in RULES.values() for fact in rule.facts if rule.code in {"register_confirmed", "governors_report", "designated_trained"}}
    codes = {made.code for fact in facts for made in openings(fact, DAY, kind=kind, clocks={"policy_check_months": 12}) if RULES[made.code].kinds}
    stems = {"register_confirmed", "governors_report", "designated_trained"}
    assert {RULES[code].force for code in codes if code.removesuffix("_pru") in stems} == forces


@pytest.mark.req("DL-11")
def test_what_the_sources_leave_open_is_marked_local() -> None:
    local = {row for rule in RULES.values() if rule.local for row in rule.rows}
    quoted = (11, 12, 13, 15, 16, 18, 19, 25, 26, 30, 31, 40, 41, 47, 54, 55, 56, 57, 58, 62, 66, 67, 68)
    assert {f"T{number}" for number in quoted} <= local
    assert not [rule.code for rule in RULES.values() if rule.local and rule.rows and set(rule.rows) <= {"T02", "T03", "T07", "T50", "T70"}]


def test_what_is_not_verified_says_so() -> None:
    assert {rule.code for rule in RULES.values() if not rule.verified} == {"records_file", "idp_prepared", "pathway_reviewed"}


def test_by_law_only_plans_may_not_apply() -> None:
    assert {rule.code for rule in RULES.values() if Exempt.SHORT_BREAKS in rule.exempt} == {
        *("care_plan", "placement_plan", "pep_initiated_emergency", "pep_initiated_planned", "pep_for_first_review")
    }
