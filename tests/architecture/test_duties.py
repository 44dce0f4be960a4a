"""Every deadline of the catalogue is declared, and nothing that is declared is silently never opened."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from lace.accounts.access import OFFICE, TABLE, Facet, Permission, Role
from lace.deadlines.rules import RULES, SOURCES, About, Clock, DutyRule, Fact
from tests import plugin_requirements
from tests.architecture.tree import parsed, python_files

# Declared and never opened: Lace does not hold what starts the clock. Opening one takes it out of this list.
WAITING = {
    "absence_answered",
    "absence_explained",
    "admission_consulted",
    "attendance_watched",
    "concern_assessed",
    "deferral_agreed",
    "directory_checked",
    "gap_closed",
    "idp_joined",
    "intervention_end_planned",
    "ks4_target",
    "offer_held",
    "offer_letter_held",
    "school_threat_answered",
    "short_breaks",
    "welfare_officer_met",
}


def test_every_deadline_of_the_catalogue_is_declared() -> None:
    declared = {row for rule in RULES.values() for row in rule.rows}
    assert declared == plugin_requirements.deadlines()


def test_what_waits_is_known(record_property: Callable[[str, object], None]) -> None:
    waiting = {rule.code for rule in RULES.values() if rule.waits_for}
    said = "\n".join(f"{code} ({', '.join(RULES[code].rows)}): {RULES[code].waits_for}" for code in sorted(waiting))
    record_property("duties that are declared and wait", said)
    assert waiting == WAITING, said


def emitted() -> set[Fact]:
    """The facts that a service names, that a source gives, or that follow from a duty's being done."""
    found = {fact for source in SOURCES for fact in source.facts} | {rule.starts for rule in RULES.values() if rule.starts}
    for path in python_files():
        if path.name == "services.py" or "services" in path.parts[:-1]:
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Fact" and node.attr in Fact.__members__:
                    found.add(Fact[node.attr])
    return found


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if not rule.waits_for], ids=lambda rule: rule.code)
def test_every_other_duty_has_what_starts_its_clock(rule: DutyRule) -> None:
    lacking = set(rule.facts) - emitted()
    assert not lacking, f"{rule.code}: nothing in Lace gives {sorted(lacking)}. Emit it, or say in waits_for what is lacking."


def test_every_fact_starts_a_clock() -> None:
    used = {fact for rule in RULES.values() for fact in rule.facts}
    assert used == set(Fact)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_rule_is_whole(rule: DutyRule) -> None:
    assert all((rule.title, rule.why, rule.source))
    assert (rule.length == 0) == (rule.clock == Clock.EVENT) or rule.local or rule.waits_for, "a length without a clock, or the other way"
    assert bool(rule.ladder) != bool(rule.waits_for), "a duty that is opened has a ladder, one that waits needs none"
    assert len(rule.code) <= 30
    assert not rule.kinds or rule.about == About.SCHOOL
    assert not (rule.ages and rule.years)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_ladder_tells_only_those_who_may_read_the_duty(rule: DutyRule) -> None:
    """A duty about a child is of the education facet; a message that leads to a page one may not open is of no use."""
    readers = {role for (_relation, role), grant in TABLE.items() if Facet.EDUCATION in grant.facets}
    may = readers if rule.about == About.CHILD else set(OFFICE[Permission.SEE_BODY_DUTIES])
    told: set[Role] = {role for rung in rule.ladder for role in rung.roles}
    assert told <= may
