"""The development plan inside the plan, laid out for reading: its headings in their order, the draft's and a frozen version's alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from peps.rules.idp import ELEMENTS, HEADINGS, Heading, InWelsh, holds_idp
from peps.rules.sections import SECTIONS, Kind, Question, SectionRule
from peps.views.content import LANG, day_of
from peps.views.frame import PlanPart, written

Part = dict[str, Any]  # {label, text, lang}
_ASKED = frozenset(heading.question for heading in HEADINGS if heading.question)
_NUMBERED = dict(ELEMENTS)


def with_idp(
    page: PlanPart,
    sections: list[dict[str, Any]],
    rules: Iterable[SectionRule],
    held: Mapping[str, Mapping[str, Any]],
    provisions: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The sections as `laid_out` gives them, the one on additional learning needs with the headings that this reader may see (`idp`).

    `held`: answers and language by section, `provisions`: both as a version freezes them. Where the development plan is kept apart, nothing
    is added, save provisions that the plan holds all the same.
    """
    shown = provisions_laid_out(provisions)
    inside = holds_idp(rules)
    for section in sections:
        if section["key"] == "aln" and (inside or shown):
            headings = HEADINGS if inside else [heading for heading in HEADINGS if heading.number == "2B"]
            section["answers"] = [answer for answer in section["answers"] if answer["key"] not in _ASKED] if inside else section["answers"]
            section["idp"] = [laid_out_heading(page, heading, held) | {"provisions": shown} for heading in headings]
    return sections


def known(page: PlanPart, held: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the record has already under the headings, for whoever writes the section: nobody types it again."""
    headings = [laid_out_heading(page, heading, held, own=False) for heading in HEADINGS]
    return [heading for heading in headings if heading["parts"]]


def laid_out_heading(page: PlanPart, heading: Heading, held: Mapping[str, Mapping[str, Any]], *, own: bool = True) -> dict[str, Any]:
    """{number, title, parts}: what the record fills in under it, then (`own`) what was written for it."""
    parts = list(_of_record(page, heading, held))
    if own and heading.question:
        parts += _of_section(page, "aln", (heading.question,), held, label="")
    return {"number": heading.number, "title": heading.title, "parts": parts}


def _of_record(page: PlanPart, heading: Heading, held: Mapping[str, Mapping[str, Any]]) -> Iterable[Part]:
    if heading.number == "1A":
        born_on = page.seen.born_on
        yield _part(_("Name"), page.seen.name)
        if born_on:
            yield _part(_("Date of birth"), written(born_on))
        yield _part(_("Responsible authority"), page.child.authority.name)
    if heading.number == "1B":
        kind = held.get("aln", {}).get("answers", {}).get("kind")
        bodies = {"idp_school": _("The governing body of the school"), "idp_authority": page.child.authority.name}
        if kind in bodies:
            yield _part(_("Responsible body"), bodies[kind])
    for key, names in heading.drawn:
        yield from _of_section(page, key, names, held)


def _of_section(page: PlanPart, key: str, names: Iterable[str], held: Mapping[str, Mapping[str, Any]], label: str | None = None) -> Iterable[Part]:
    rule, section = SECTIONS[key], held.get(key, {})
    if rule.facet not in page.grant.facets:
        return
    questions = {question.key: question for question in rule.questions}
    for name in names:
        answer = section.get("answers", {}).get(name)
        if answer:
            text = _rows(questions[name], answer) if questions[name].kind == Kind.ROWS else str(answer)
            yield _part(questions[name].label if label is None else label, text, LANG.get(section.get("language", ""), ""), rule.facet)


def _rows(question: Question, rows: Iterable[Mapping[str, str]]) -> str:
    return "\n".join(", ".join(value for column in question.columns if (value := row.get(column.key, ""))) for row in rows)


def _part(label: Any, text: Any, lang: str = "", facet: Facet | None = None) -> Part:
    return {"label": label, "text": text, "lang": lang, "own": facet == Facet.VOICE}


def provisions_laid_out(provisions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Provisions for reading, from a frozen version's content or from rows put into the same shape."""
    return [
        {
            "id": found["id"],
            "need": found["need"],
            "what": found["what"],
            "lang": (lang := LANG.get(found["language"], "")),
            "ended": found["ended_on"] is not None,
            "rows": [*_elements(found, lang), *_later(found, lang)],
        }
        for found in provisions
    ]


def _elements(found: Mapping[str, Any], lang: str) -> Iterable[dict[str, Any]]:
    def row(number: str, value: Any, **other: Any) -> dict[str, Any]:
        return {"key": f"{number} {_NUMBERED[number]}", "value": value} | other

    yield {"key": _("Identified need"), "value": found["need"], "lang": lang}
    yield row("2B.1", found["outcome"], lang=lang)
    yield row("2B.2", "; ".join((found["what"], found["how_much"], found["how_often"])), lang=lang)
    yield row("2B.3", InWelsh(found["in_welsh"]).label)
    yield row("2B.4", found["provider"], lang=lang)
    yield row("2B.5", written(day_of(found["from_on"])))
    days = ((_("Review on %(day)s"), found["review_on"]), (_("Ends on %(day)s"), found["last_on"]))
    yield row("2B.6", "; ".join(str(said) % {"day": written(day_of(day))} for said, day in days if day))
    yield row("2B.7", found["why"], lang=lang)


def _later(found: Mapping[str, Any], lang: str) -> Iterable[dict[str, Any]]:
    if found["goes_on"]:
        yield {"key": _("Goes on after a move of school"), "value": found["secured_by"], "lang": lang}
    if found["ended_on"]:
        yield {"key": _("Ended on"), "value": written(day_of(found["ended_on"]))}
        yield {"key": _("Why it ended"), "value": found["end_reason"], "lang": lang}
