"""Which rows `visible_to` gives of a table of which it gives less than the policy: said once more from the requirements, over rows in memory.

A table that is not here is shown as far as its policy goes, which `random_queries.oracle` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lace.accounts.authorities import BY_NUMBER, consortium_of
from lace.accounts.models import Membership
from tests.access.policy.people import OFFICE
from tests.access.random_queries.oracle import Row, Sight

IN_SCHOOL = {"designated_person", "headteacher", "governor", "link_governor"}


def _school(member: Membership, sight: Sight, row: Row) -> bool:
    """One's own; a LACE coordinator's: the authority's, and those that children within reach attend (LA-04)."""
    if member.role in IN_SCHOOL:
        return bool(row["organisation_id"] == member.organisation_id)
    if member.role != "lace_coordinator":
        return False
    owner = next(body["authority_id"] for body in sight.rows["accounts_organisation"] if body["id"] == row["organisation_id"])
    day = sight.context.today
    return bool(owner == member.authority_id) or any(
        entry["school_id"] == row["organisation_id"]
        and day is not None
        and entry["started_on"] <= day
        and (entry["ended_on"] is None or day < entry["ended_on"])
        and sight.of_child(entry, entry["child_id"], None)
        for entry in sight.rows["schools_enrolment"]
    )


def _of_school(member: Membership, _sight: Sight, row: Row) -> bool:
    """The school's policy and what governors found: its own people's, and the authority's LACE coordinators' (GOV-12)."""
    if member.role == "lace_coordinator":
        return bool(row["authority_id"] == member.authority_id)
    return member.organisation_id is not None and row["school_id"] == member.organisation_id


def _report(member: Membership, _sight: Sight, row: Row) -> bool:
    """Drafts are seen by those who prepare and publish them."""
    if member.role == "lace_coordinator":
        return row["authority_id"] == member.authority_id and row["published_on"] is not None
    drafts = member.role in {"designated_person", "headteacher"}
    return member.role in IN_SCHOOL and row["school_id"] == member.organisation_id and (drafts or row["published_on"] is not None)


def _report_challenge(member: Membership, sight: Sight, row: Row) -> bool:
    """Read with its report, by whoever reads that (PEP-31)."""
    report = next((one for one in sight.rows["reporting_termlyreport"] if one["id"] == row["report_id"]), None)
    return report is not None and report["published_on"] is not None and _report(member, sight, report)


def _figures(member: Membership, sight: Sight, row: Row) -> bool:
    """CPP-04, PDG-10, PRIV-19."""
    day, number = sight.context.today, member.authority.la_number
    assert day is not None
    match member.role:
        case "elected_member" | "senior_leader" | "lace_coordinator" | "designated_manager":
            return (row["kind"], row["body"]) == ("authority", number)
        case "consortium_lead" | "challenge_adviser":
            consortium = consortium_of(BY_NUMBER[number], on=day)
            return consortium is not None and row["region"] == consortium.code
        case "government":
            return row["kind"] in {"authority", "region", "wales"}
        case "link_governor":
            schools = {school["number"] for school in sight.rows["schools_school"] if school["organisation_id"] == member.organisation_id}
            return row["kind"] == "school" and row["body"] in schools
    return False


def _duty_of_body(member: Membership, _sight: Sight, row: Row) -> bool:
    """One's own school's; of the authority and all its schools for those who answer for them."""
    if member.role not in OFFICE["see_body_duties"]:
        return False
    if member.organisation_id is not None:
        return bool(row["body_id"] == member.organisation_id)
    return bool(row["authority_id"] == member.authority_id)


SCOPES: dict[str, Callable[[Membership, Sight, Row], bool]] = {
    "schools_school": _school,
    "schools_schoolpolicy": _of_school,
    "schools_policycheck": _of_school,
    "reporting_termlyreport": _report,
    "reporting_reportchallenge": _report_challenge,
    "reporting_termfigures": _figures,
    "deadlines_bodyduty": _duty_of_body,
}


def shown(table: str, pk: str, member: Membership, sight: Sight) -> set[Any] | None:
    """The keys of the rows of a narrower table that a door shows this person; None for a table that is shown as its policy has it."""
    rule = SCOPES.get(table)
    return None if rule is None else {row[pk] for row in sight.rows[table] if rule(member, sight, row)}
