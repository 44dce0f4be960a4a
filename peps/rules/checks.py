"""What a reader might look at twice in a plan, found by rule. Each remark explains itself and says where; none of them sets a grade."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet
from lace.children.rules import Phase
from lace.core.workdays import add_months
from peps.rules.quality import ACTIONS, LAST_TARGETS, TARGETS
from peps.rules.replies import PAGE, label_of, wishes
from peps.rules.sections import BY_AN_ADULT, DECLINED, SECTIONS, WORDS, Kind, rules_of
from peps.rules.targets import Outcome

FEW_WORDS = 5  # in what the child says, or in what shows how a target ended, is too short to tell anything
LONG_SENTENCE = 40  # characters; shorter ones may well stand in two plans
MONTHS_TO_REVIEW = 7  # a plan is reviewed every six months at the latest
# Texts that are carried on from one plan to the next: where the child went to school stays as it was.
CARRIED_ON = frozenset({"history", "contacts", "my_page"})


@dataclass(frozen=True, slots=True)
class Remark:
    """What stands out, in which part of the plan (a section's key, or one of the other parts) and in which question or target of it."""

    part: str
    sentence: Promise | str
    question: str = ""

    @property
    def facet(self) -> Facet:
        """What must be held to read it."""
        return SECTIONS[self.part].facet if self.part in SECTIONS else Facet.EDUCATION


def remarks(content: Mapping[str, Any], *, on: date, last: Mapping[str, Any] | None = None) -> list[Remark]:
    """What stands out in a version's content, or in a draft laid out like one, that is looked at on a day. `last`: the version before."""
    return [
        *_voice(_answers(content, PAGE), _answers(last, PAGE), kept=bool(content["sections"].get(PAGE, {}).get("kept"))),
        *_wishes(content),
        *_attendance(content),
        *_same_as_before(content, last),
        *_hopes(_answers(content, "aspirations")),
        *_unmet(_answers(content, "personal_development")),
        *(remark for target in content["targets"] for remark in _target(target, on, str(content.get("phase", "")))),
        *_together(content["targets"]),
        *_ended(content.get("ended", [])),
        *_actions(content.get("actions", [])),
    ]


def _answers(content: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ((content or {}).get("sections", {}).get(key) or {}).get("answers", {})
    return found


def _voice(page: Mapping[str, Any], before: Mapping[str, Any], *, kept: bool) -> Iterator[Remark]:
    """`kept`: the child keeps answers from this reader (VOICE-15), so that it cannot be said how much is there."""
    said = " ".join(str(page.get(key) or "") for key in WORDS)
    how = page.get("how", "")
    if how == DECLINED:
        yield Remark("my_page", _("The child did not want to write anything. Does the plan say how the child was asked?"), "how")
    elif how == BY_AN_ADULT:
        yield Remark("my_page", _("An adult wrote the child's page. The child's own words are missing."), "how")
    elif len(said.split()) < FEW_WORDS and not kept:
        yield Remark("my_page", format_lazy(_("The child's page holds fewer than {number} words."), number=FEW_WORDS))
    for key in WORDS:
        now = str(page.get(key) or "").strip()
        if now and how != BY_AN_ADULT and now == str(before.get(key) or "").strip() and len(now) >= LONG_SENTENCE:
            yield Remark("my_page", _("What the child says here stands word for word in the last version."), key)


def _wishes(content: Mapping[str, Any]) -> Iterator[Remark]:
    """What the child asked for and nobody replied to, or of which nobody told the child; of a version that kept no replies nothing."""
    if "replies" not in content:
        return
    for wish in wishes(content["sections"].get(PAGE), content["replies"]):
        name = label_of(wish.question, str(content.get("phase", "")))
        if not wish.is_answered:
            yield Remark(PAGE, format_lazy(_("“{question}”: nothing says what the adults did with it."), question=name), wish.question)
        elif wish.is_settled and not wish.is_told:
            yield Remark(PAGE, format_lazy(_("“{question}”: nothing says that the child was told what came of it."), question=name), wish.question)


def _attendance(content: Mapping[str, Any]) -> Iterator[Remark]:
    if content.get("phase") == Phase.EARLY_YEARS:
        return
    said = str(_answers(content, "history").get("attendance") or "")
    if not any(sign.isdigit() for sign in said):
        yield Remark("history", _("The attendance is written without a figure."), "attendance")


def _same_as_before(content: Mapping[str, Any], last: Mapping[str, Any] | None) -> Iterator[Remark]:
    """Sentences that stand in the last version too, question by question."""
    if last is None:
        return
    for rule in rules_of(content):
        now, before = _answers(content, rule.key), _answers(last, rule.key)
        if rule.key == "attainment" and now and now == before:
            yield Remark("attainment", _("Attainment and progress stand as in the last version. Is nothing newer known?"))
        if rule.key in CARRIED_ON:
            continue
        for question in rule.questions:
            if question.kind != Kind.TEXT:
                continue
            copied = _sentences(now.get(question.key)) & _sentences(before.get(question.key))
            if copied:
                words = _("“{question}”: {number} of its sentences stand word for word in the last version.")
                yield Remark(rule.key, format_lazy(words, question=question.label, number=len(copied)), question.key)


def _sentences(text: Any) -> set[str]:
    parts = re.split(r"(?<=[.!?])\s+|\n+", str(text or ""))
    return {part.strip().casefold() for part in parts if len(part.strip()) >= LONG_SENTENCE}


def _hopes(answers: Mapping[str, Any]) -> Iterator[Remark]:
    if answers.get("gap") == "child" and not str(answers.get("bridge") or "").strip():
        yield Remark("aspirations", _("The child hopes for more than the adults expect, and nothing says what is done about it."), "bridge")


def _unmet(answers: Mapping[str, Any]) -> Iterator[Remark]:
    if any(row.get("met") in {"partly", "no"} and not str(row.get("strategy") or "").strip() for row in answers.get("felt") or []):
        yield Remark("personal_development", _("A need is not met yet, and nothing says what adults do."), "felt")


_FACTS: dict[str, Promise] = {
    "strategy": pgettext_lazy("missing in a target", "what is done"),
    "when_done": pgettext_lazy("missing in a target", "when"),
    "where_done": pgettext_lazy("missing in a target", "where"),
    "done_by": pgettext_lazy("missing in a target", "by whom"),
    "how_often": pgettext_lazy("missing in a target", "how often"),
}


def _target(target: Mapping[str, Any], on: date, phase: str) -> Iterator[Remark]:
    goal, where = target["goal"], str(target.get("id", ""))
    missing = [label for name, label in _FACTS.items() if not str(target.get(name) or "").strip()]
    if missing:
        sentence = _("Target “{goal}”: it does not say {missing}.")
        listed = format_lazy(", ".join(["{}"] * len(missing)), *missing)
        yield Remark(TARGETS, format_lazy(sentence, goal=goal, missing=listed), where)
    if _same(target["measure"], goal):
        yield Remark(TARGETS, format_lazy(_("Target “{goal}”: how we will know says the same as the target."), goal=goal), where)
    if _same(target["baseline"], goal):
        yield Remark(TARGETS, format_lazy(_("Target “{goal}”: it says the same as where the child is now."), goal=goal), where)
    due = date.fromisoformat(str(target["review_on"]))
    if due <= on:
        yield Remark(TARGETS, format_lazy(_("Target “{goal}”: its review date has passed."), goal=goal), where)
    elif due > add_months(on, MONTHS_TO_REVIEW):
        sentence = _("Target “{goal}”: its review date is more than {months} months away.")
        yield Remark(TARGETS, format_lazy(sentence, goal=goal, months=MONTHS_TO_REVIEW), where)
    if not target["child_agrees"] and phase != Phase.EARLY_YEARS:
        yield Remark(TARGETS, format_lazy(_("Target “{goal}”: the child has not agreed to it."), goal=goal), where)


def _same(one: Any, other: Any) -> bool:
    return str(one or "").strip().casefold() == str(other or "").strip().casefold()


def _together(targets: list[Mapping[str, Any]]) -> Iterator[Remark]:
    if targets and not any(str(target.get("carer_part") or "").strip() for target in targets):
        yield Remark(TARGETS, _("The carer has a part in none of the targets."))


def _ended(ends: list[Mapping[str, Any]]) -> Iterator[Remark]:
    for end in ends:
        if not end.get("outcome"):
            sentence = _("Target “{goal}” of the last plan is not evaluated.")
        elif end["outcome"] != Outcome.GOES_ON and len(str(end.get("evidence") or "").split()) < FEW_WORDS:
            sentence = _("Target “{goal}” of the last plan: what shows how it ended is said in few words.")
        else:
            continue
        yield Remark(LAST_TARGETS, format_lazy(sentence, goal=end["goal"]), str(end.get("target", "")))


def _actions(actions: list[Mapping[str, Any]]) -> Iterator[Remark]:
    if not actions:
        yield Remark(ACTIONS, _("No action is agreed."))
    for action in actions:
        if not action.get("owner_role") or not action.get("due_on"):
            yield Remark(ACTIONS, format_lazy(_("Action “{what}”: it lacks an owner or a day."), what=action.get("what", "")))
        elif action.get("carried_from"):
            yield Remark(ACTIONS, format_lazy(_("Action “{what}” was carried forward, still undone."), what=action["what"]))
