"""The sections of a plan and their questions: which stand when, and what the law asks in each. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from peps.rules.sections.core import ARRANGEMENTS, ASPIRATIONS, ATTAINMENT, CARER, CONTACTS, HISTORY, PERSONAL_DEVELOPMENT
from peps.rules.sections.core import FELT as FELT
from peps.rules.sections.core import SCHEDULE_2 as SCHEDULE_2
from peps.rules.sections.editions import FORM as FORM
from peps.rules.sections.editions import asked_as_frozen as asked_as_frozen
from peps.rules.sections.editions import rules_of as _rules_of
from peps.rules.sections.kinds import BY_AN_ADULT as BY_AN_ADULT
from peps.rules.sections.kinds import DECLINED as DECLINED
from peps.rules.sections.kinds import IDP_KINDS as IDP_KINDS
from peps.rules.sections.kinds import ROWS_LIMIT as ROWS_LIMIT
from peps.rules.sections.kinds import WORDS as WORDS
from peps.rules.sections.kinds import Circumstances as Circumstances
from peps.rules.sections.kinds import Kind as Kind
from peps.rules.sections.kinds import Question as Question
from peps.rules.sections.kinds import SectionRule as SectionRule
from peps.rules.sections.kinds import check_answers as check_answers
from peps.rules.sections.kinds import phase_on as phase_on
from peps.rules.sections.own import MY_PAGE
from peps.rules.sections.sometimes import ALN, ELSEWHERE, EXCLUSIONS, PATHWAY, POST_16, TRANSITION

# All there are, in the order in which they stand: the child's page first (PEP-12).
SECTIONS: dict[str, SectionRule] = {
    section.key: section
    for section in (
        MY_PAGE,
        HISTORY,
        ARRANGEMENTS,
        ELSEWHERE,
        ATTAINMENT,
        ALN,
        EXCLUSIONS,
        ASPIRATIONS,
        POST_16,
        TRANSITION,
        PERSONAL_DEVELOPMENT,
        CARER,
        PATHWAY,
        CONTACTS,
    )
}
SOMETIMES: dict[str, SectionRule] = {key: section for key, section in SECTIONS.items() if section.when is not None}


def asked(of: Circumstances, written: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, SectionRule]:
    """The sections of a plan in these circumstances, each with its questions. `written`: answers by section; what holds any stays."""
    held = written or {}
    return {key: section.at(of, held.get(key)) for key, section in SECTIONS.items() if section.stands(of) or held.get(key)}


def rules_of(content: Mapping[str, Any]) -> list[SectionRule]:
    """The sections and questions of a frozen version's content, as they were when it was made final."""
    return _rules_of(content, SECTIONS)


def rules_of_both(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[SectionRule]:
    """The sections and questions of either of two contents, in the words of the newer one where it asks them."""
    was, now = ({rule.key: rule for rule in rules_of(content)} for content in (older, newer))
    found = []
    for key in (key for key in SECTIONS if key in was or key in now):
        rule = now.get(key) or was[key]
        known = {question.key for question in rule.questions}
        gone = [question for question in was[key].questions if question.key not in known] if key in was else []
        found.append(replace(rule, questions=(*rule.questions, *gone)))
    return found
