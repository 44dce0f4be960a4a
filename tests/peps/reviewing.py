"""Checks of a plan's quality for the tests of this folder."""

from __future__ import annotations

from typing import Any

from lace.accounts.access import Role
from peps.models import QualityReview, Version
from peps.rules.quality import standing
from peps.services.quality import decide, give_feedback, grade, grade_again, take
from tests.peps.plans import acting
from tests.world import Authority, person


def taken(authority: Authority, version: Version, role: Role = Role.LACE_COORDINATOR) -> QualityReview:
    with acting(authority, role) as by:
        return take(by=by, version=version)


def grades(version: Version, given: str = "gold", **other: str) -> dict[str, dict[str, str]]:
    """The same grade for every area, save for those named; what asks for work says so."""
    found = {area.key: other.get(area.key, given) for area in standing(version.content)}
    return {key: {"grade": grade, "comment": f"Say more of {key}" if grade in {"amber", "red"} else ""} for key, grade in found.items()}


def graded(authority: Authority, version: Version, given: str = "gold", **other: str) -> QualityReview:
    review = taken(authority, version)
    with acting(authority, Role.LACE_COORDINATOR) as by:
        return grade(by=by, review=review, grades=grades(version, given, **other), language="en-gb", version=review.version)


def decided(authority: Authority, version: Version, decision: str = "accept", given: str = "gold", **other: str) -> QualityReview:
    review = graded(authority, version, given, **other)
    with acting(authority, Role.LACE_COORDINATOR) as by:
        if decision == "return":
            review = give_feedback(by=by, review=review, part="history", question="achievements", text="Which badge, and when?")
        return decide(by=by, review=review, decision=decision, reason="To be put right", version=review.version)


def colleague(authority: Authority, role: Role = Role.LACE_COORDINATOR) -> Any:
    """Another person in this role, who acts with `rated_again`."""
    return person(role, authority.row)


def rated_again(authority: Authority, review: QualityReview, given: dict[str, dict[str, str]]) -> QualityReview:
    """By a second coordinator of the authority, in place of the first among its members."""
    first = authority.members[Role.LACE_COORDINATOR]
    authority.members[Role.LACE_COORDINATOR] = colleague(authority)
    try:
        with acting(authority, Role.LACE_COORDINATOR) as by:
            return grade_again(by=by, review=review, grades=given)
    finally:
        authority.members[Role.LACE_COORDINATOR] = first
