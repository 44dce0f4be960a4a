"""A plan's words laid out for reading: the draft's and a frozen version's alike, each section under its own facet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Grant
from peps.models import Section
from peps.rules import TargetArea
from peps.rules.sections import BY_AN_ADULT, DECLINED, FELT, WORDS, Kind, Question, SectionRule
from peps.rules.targets import Funding

LANG = {"en-gb": "en", "cy": "cy"}  # of HTML


def laid_out(rules: Iterable[SectionRule], sections: Mapping[str, Mapping[str, Any]], grant: Grant) -> list[dict[str, Any]]:
    """Of these sections those that this reader may see, in their order: {key, title, source, lang, answers}. Empty ones say so."""
    return [
        {
            "key": rule.key,
            "title": rule.title,
            "source": rule.source,
            "lang": LANG.get(sections.get(rule.key, {}).get("language", ""), ""),
            "voice": rule.key == "my_page",
            "fewer": "kept" in sections.get(rule.key, {}),
            "note": _note(sections.get(rule.key, {}).get("answers", {})) if rule.key == "my_page" else "",
            "answers": [
                laid_out_answer(question, answer) for question, answer in _given(rule.questions, sections.get(rule.key, {}).get("answers", {}))
            ],
        }
        for rule in rules
        if rule.facet in grant.facets
    ]


def _given(questions: Iterable[Question], answers: Mapping[str, Any]) -> Iterable[tuple[Question, Any]]:
    return ((question, answers[question.key]) for question in questions if answers.get(question.key) and question.key != "how")


def laid_out_answer(question: Question, answer: Any) -> dict[str, Any]:
    """{key, label, text} of an answer, or {key, label, columns, rows} of a table."""
    if question.kind == Kind.ROWS:
        return {
            "key": question.key,
            "label": question.label,
            "columns": [column.label for column in question.columns],
            "rows": [[_cell(column, row.get(column.key, "")) for column in question.columns] for row in answer],
        }
    if question.choices:
        return {
            "key": question.key,
            "label": question.label,
            "chosen": dict(question.choices).get(answer, answer),
            "face": answer if question.faces else "",
        }
    return {"key": question.key, "label": question.label, "text": answer, "own": question.key in WORDS}


def _cell(column: Question, answer: str) -> Any:
    """A choice is in the reader's language, words are in the writer's."""
    return {"text": dict(column.choices).get(answer, answer), "lang": (get_language() or "en")[:2]} if column.choices else answer


def _note(answers: Mapping[str, Any]) -> Any:
    """Whose words the child's page holds, said above them (VOICE-11)."""
    return {
        "own": _("These are the child's own words."),
        "said": _("These are the child's own words, written down as they were said."),
        BY_AN_ADULT: _("An adult wrote this. These are not the child's own words."),
        DECLINED: _("The child did not want to write anything this time."),
    }.get(answers.get("how", ""), "")


def own_words(answers: Mapping[str, Any]) -> str:
    """What the child wants next, if the child said it: the first thing on the page of the plan. Empty when an adult wrote it."""
    return str(answers.get("next") or "").strip() if answers.get("how") in {"own", "said"} else ""


def unmet_needs(sections: Mapping[str, Section]) -> list[dict[str, Any]]:
    """What the child needs from the adults at school and does not have yet: the need and what adults do, never a history (WB-04)."""
    held = sections.get("personal_development")
    needs = dict(FELT)
    rows = held.answers.get("felt") or [] if held else []
    lang = LANG.get(held.language, "") if held else ""
    return [
        {"need": needs[row["need"]], "strategy": row.get("strategy", ""), "lang": lang}
        for row in rows
        if row.get("need") in needs and row.get("met") in {"partly", "no"}
    ]


def targets_laid_out(targets: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Targets for reading, from a frozen version's content or from rows put into the same shape."""
    labels = {
        "need": _("Identified need"),
        "identified_with": _("Identified with"),
        "baseline": _("Where the child is now"),
        "measure": _("How we will know"),
        "strategy": _("What will be done"),
        "when_done": _("When"),
        "where_done": _("Where"),
        "done_by": _("By whom"),
        "how_often": _("How often"),
        "carer_part": _("The carer's part"),
    }
    agreed = {(True, True): _("The child and the teacher agree"), (True, False): _("The child agrees"), (False, True): _("The teacher agrees")}
    return [
        {
            "id": target.get("id", ""),
            "goal": target["goal"],
            "area": TargetArea(target["area"]).label,
            "lang": LANG.get(target["language"], ""),
            "money": [row["value"] for row in _money(target)],
            "rows": [
                *(
                    {"key": label, "value": target[name], "lang": LANG.get(target["language"], "")}
                    for name, label in labels.items()
                    if target.get(name)
                ),
                *_money(target),
                {"key": _("Review date"), "value": day_of(target["review_on"])},
                {"key": _("Agreement"), "value": agreed.get((target["child_agrees"], target["teacher_agrees"]), _("Not agreed yet"))},
            ],
        }
        for target in targets
    ]


def _money(target: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What it costs and who pays; the first edition of the form did not ask."""
    cost, payer = target.get("cost"), dict(Funding.choices).get(target.get("funding") or "")
    said = ", ".join(str(part) for part in (f"£{cost}" if cost is not None else "", payer or "") if part)
    return [{"key": _("Cost"), "value": said}] if said else []


def day_of(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
