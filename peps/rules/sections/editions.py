"""Which questions a frozen version holds, in the words under which they were answered (PEP-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from peps.rules.sections.kinds import YOUNGER, Question, SectionRule, text

FORM = 2  # the edition of these questions; a version says under which it was written

# What the first edition asked, in its order.
FORM_1: dict[str, tuple[str, ...]] = {
    "my_page": ("like", "good_at", "helps", "next", "adults", "how", "helper", "adult_note"),
    "history": ("institutions", "attendance", "achievements", "needs"),
    "arrangements": ("school", "named_adult", "provision", "promotion", "disruption"),
    "attainment": ("subjects", "progress"),
    "personal_development": ("leisure", "wellbeing", "strategies"),
    "carer": ("education", "leisure", "home", "comments"),
    "contacts": ("people",),
}
# Words of an earlier edition where a question has other words now: (edition, section, question).
EARLIER: dict[tuple[int, str, str], Question] = {
    (1, "carer", "home"): text("home", _("Learning at home"), _("A place to study, a computer, books, and what is missing."), required=False),
}


def asked_as_frozen(rules: Iterable[SectionRule]) -> dict[str, list[str]]:
    """What a version keeps of the questions it was asked: their keys by section, in order."""
    return {rule.key: [question.key for question in rule.questions] for rule in rules}


def rules_of(content: Mapping[str, Any], sections: Mapping[str, SectionRule]) -> list[SectionRule]:
    """The sections and questions of a frozen version's content, as they were when it was made final, from all `sections` there are."""
    form, asked = content.get("form", 1), content.get("asked", FORM_1)
    younger = content.get("phase") in YOUNGER if "phase" in content else False
    found = []
    for key, keys in asked.items():
        rule = sections[key]
        questions = {question.key: question for question in (rule.younger if younger and rule.younger else rule.questions)}
        kept = tuple(EARLIER.get((form, key, name), questions[name]) for name in keys if name in questions)
        found.append(replace(rule, questions=kept))
    return found
