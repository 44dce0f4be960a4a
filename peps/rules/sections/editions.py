"""Which questions a frozen version holds, in the words under which they were answered (PEP-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from peps.rules.sections.kinds import Question, SectionRule, text

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


def asked_as_frozen(rules: Iterable[SectionRule]) -> list[dict[str, Any]]:
    """What a version keeps of the questions it was asked: their keys by section. A list, for the database keeps no order of an object's keys."""
    return [{"section": rule.key, "questions": [question.key for question in rule.questions]} for rule in rules]


def rules_of(content: Mapping[str, Any], sections: Mapping[str, SectionRule]) -> list[SectionRule]:
    """The sections and questions of a frozen version's content, as they were when it was made final, from all `sections` there are."""
    form = content.get("form", 1)
    asked = [(part["section"], part["questions"]) for part in content["asked"]] if "asked" in content else list(FORM_1.items())
    found = []
    for key, keys in asked:
        rule = sections[key]
        questions = {question.key: question for question in rule.edition(content.get("phase", ""))}
        kept = tuple(EARLIER.get((form, key, name), questions[name]) for name in keys if name in questions)
        found.append(replace(rule, questions=kept))
    return found
