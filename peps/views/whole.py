"""The sections of a plan as a reader sees them, with all that stands in them: measures, the development plan, what came of a wish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lace.accounts.access import Role
from peps.models import Addition
from peps.rules.sections import SectionRule
from peps.views.additions import with_additions
from peps.views.content import laid_out
from peps.views.frame import PlanPart
from peps.views.idp import with_idp
from peps.views.measured import with_measures
from peps.views.replies import with_replies


def sections_laid_out(
    page: PlanPart, rules: Iterable[SectionRule], content: Mapping[str, Any], additions: Iterable[Addition]
) -> list[dict[str, Any]]:
    """`content`: a version's, or of a plan that is being written the parts that this needs, in the same shape; `additions`: the page's of it."""
    rules = list(rules)
    found = with_measures(laid_out(rules, content["sections"], page.grant), content, page.grant)
    found = with_idp(page, found, rules, content["sections"], content.get("provisions", []))
    found = with_additions(page, found, additions)
    return with_replies(found, content, to_child=page.actor.role == Role.CHILD)
