"""What changed between two texts of a child's plan: two versions, or one and the plan as it stands (PEP-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from peps.forms import DifferencesForm
from peps.models import Version
from peps.rules import differences as rules
from peps.rules.sections import Kind, SectionRule, rules_of_both
from peps.views.additions import additions_laid_out
from peps.views.catch_up import catch_ups_laid_out
from peps.views.content import LANG, targets_laid_out
from peps.views.frame import PlanPart, is_draft, written
from peps.views.idp import provisions_laid_out
from peps.views.measured import measures_compared
from peps.views.outcomes import laid_out_action
from peps.views.replies import replies_laid_out
from peps.views.words import words_laid_out

DRAFT = "draft"
CHANGES = {rules.Change.ADDED: (_("Added"), "done"), rules.Change.REMOVED: (_("Removed"), "none"), rules.Change.CHANGED: (_("Changed"), "info")}


class DifferencesPage(PlanPart):
    """Two texts chosen by the address; without a choice the two newest."""

    needs_plan = False

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        texts = self.texts()
        context = {**self.frame(), "back_url": self.url(), "title": gettext("What changed")}
        if len(texts) > 1:
            form = DifferencesForm(texts, request.GET if request.GET else {"older": texts[1][0], "newer": texts[0][0]})
            context |= {"form": form}
            if form.is_valid():
                context |= self.compared(form.cleaned_data["older"], form.cleaned_data["newer"])
                context |= {"names": {name: dict(texts)[key] for name, key in form.cleaned_data.items()}}
        return render(request, "peps/differences.html", context)

    def texts(self) -> list[tuple[str, str]]:
        """Key and name of each text of the child's plan, the newest first."""
        versions = Version.objects.visible_to(self.actor).filter(child=self.child).defer("content").order_by("-finalised_on", "-number")
        named = [
            (str(row.pk), gettext("Version %(number)d, final on %(day)s") % {"number": row.number, "day": written(row.finalised_on)})
            for row in versions
        ]
        draft = [(DRAFT, gettext("The plan as it stands"))] if self.pep is not None and is_draft(self.pep) else []
        return draft + named

    def compared(self, older: str, newer: str) -> dict[str, Any]:
        rows = Version.objects.visible_to(self.actor).filter(child=self.child, pk__in=[key for key in (older, newer) if key != DRAFT])
        contents = {str(row.pk): row.content for row in rows}
        if DRAFT in {older, newer}:
            contents[DRAFT] = self.draft()
        old, new = contents[older], contents[newer]
        added = self.additions({"additions": [*old.get("additions", ()), *new.get("additions", ())]})
        sections = rules.sections(old["sections"], new["sections"], rules=rules_of_both(old, new), facets=self.grant.facets)
        return {
            "sections": [_section(section) for section in sections],
            "targets": targets_compared(old["targets"], new["targets"]),
            "actions": actions_compared(old.get("actions", []), new.get("actions", [])),
            "provisions": provisions_compared(old.get("provisions", []), new.get("provisions", [])),
            "catch_ups": catch_ups_compared(old.get("catch_up", []), new.get("catch_up", [])),
            "contributions": words_compared(*(words_laid_out(text.get("contributions", []), self.grant) for text in (old, new))),
            "replies": replies_compared(*(replies_laid_out(text, self.grant) for text in (old, new))),
            "additions": additions_compared(*(additions_laid_out(text, added) for text in (old, new))),
            "measures": [
                part | {"rows": changed}
                for part in measures_compared(old, new, self.grant)
                if (changed := _measures(part["columns"], *part["sides"]))
            ],
        }


def _section(found: rules.SectionDifference) -> dict[str, Any]:
    labels = {question.key: question.label for question in found.section.questions}
    return {
        "key": found.section.key,
        "title": found.section.title,
        "change": CHANGES[found.change],
        "answers": [
            {
                "label": labels[answer.key],
                "pieces": _pieces(answer.pieces),
                "rows": [_row(row, _columns(found.section, answer.key)) for row in answer.rows],
            }
            for answer in found.answers
        ],
    }


def _columns(section: SectionRule, key: str) -> dict[str, Any]:
    """The labels of a table's columns, by key."""
    return {
        column.key: column.label
        for question in section.questions
        if question.key == key and question.kind == Kind.ROWS
        for column in question.columns
    }


Part = tuple[Any, Any, bool]  # what it is called, what it says, and whether that is in the language of who wrote


def targets_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What became of each target, as the reading pages name its parts."""

    def parts(target: Mapping[str, Any]) -> list[Part]:
        return [(_("Target"), target["goal"], True), (_("Area"), target["area"], False), *_said(target["rows"])]

    return _compared(targets_laid_out(old), targets_laid_out(new), parts)


def actions_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of each action."""

    def parts(action: Mapping[str, Any]) -> list[Part]:
        about = [(_("What is to be done"), action["what"], True), (_("Who sees to it"), action["who"], False), (_("State"), action["state"], False)]
        return [*about, *_said(action["rows"])]

    return _compared(map(laid_out_action, old), map(laid_out_action, new), parts)


def provisions_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of each element of the additional learning provision."""

    def parts(provision: Mapping[str, Any]) -> list[Part]:
        return [(_("The provision"), provision["what"], True), *_said(provision["rows"])]

    return _compared(provisions_laid_out(old), provisions_laid_out(new), parts)


def catch_ups_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of what is arranged to close gaps."""

    def parts(found: Mapping[str, Any]) -> list[Part]:
        return [(_("The gap"), found["gap"], True), *_said(found["rows"])]

    return _compared(catch_ups_laid_out(old), catch_ups_laid_out(new), parts)


def words_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of the words that were asked for; who is asked is matched by role."""

    def parts(words: Mapping[str, Any]) -> list[Part]:
        return [(_("Who is asked"), words["who"], False), (_("State"), words["state"], False), *_said(words["rows"])]

    return _compared(old, new, parts)


def replies_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of what came of the child's wishes; matched by what the child was asked."""

    def parts(reply: Mapping[str, Any]) -> list[Part]:
        return [(_("What the child was asked"), reply["question"], False), (_("State"), reply["state"], False), *_said(reply["rows"])]

    return _compared(old, new, parts)


def additions_compared(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of the pictures and recordings on the child's page."""

    def parts(found: Mapping[str, Any]) -> list[Part]:
        return [(_("What it shows or tells"), found["description"], True), (_("Picture or recording"), found["kind"], False)]

    return _compared(old, new, parts)


def _measures(columns: Iterable[Any], old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    def parts(item: Mapping[str, Any]) -> list[Part]:
        return [(column, cell, False) for column, cell in zip(columns, item["cells"], strict=True)]

    return _compared(old, new, parts)


def _said(rows: Iterable[Mapping[str, Any]]) -> list[Part]:
    return [(row["key"], row["value"], "lang" in row) for row in rows]


def _compared(
    old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]], parts: Callable[[Mapping[str, Any]], list[Part]]
) -> list[dict[str, Any]]:
    labels: dict[str, Any] = {}
    written_in: set[str] = set()
    sides = []
    for side in (old, new):
        shown = []
        for item in side:
            row = {"id": item.get("id", ""), "language": item["lang"]}
            for label, value, own in parts(item):
                name = str(label)
                labels.setdefault(name, label)
                row[name] = written(value) if isinstance(value, date) else str(value)
                if own:
                    written_in.add(name)
            shown.append(row)
        sides.append(shown)
    return [_row(row, labels) for row in rules.targets(*sides, fields=list(labels), written=written_in)] if labels else []


def _row(row: rules.Row, labels: Mapping[str, Any]) -> dict[str, Any]:
    """A row or target: what it is called now, what became of it, and the parts that differ."""
    name = next((cell for cell in row.cells if cell.key == next(iter(labels))), None)
    said = [piece for piece in name.pieces if piece.change != rules.Change.REMOVED or row.change == rules.Change.REMOVED] if name else []
    return {
        "name": "".join(piece.text for piece in said),
        "lang": _lang(said[0].language) if said else "",
        "change": CHANGES[row.change],
        "cells": [{"label": labels[cell.key], "pieces": _pieces(cell.pieces)} for cell in row.cells if cell.change != rules.Change.SAME],
    }


def _pieces(pieces: Iterable[rules.Piece]) -> list[dict[str, str]]:
    return [{"change": str(piece.change), "text": piece.text, "lang": _lang(piece.language)} for piece in pieces]


def _lang(language: str) -> str:
    """HTML's name of a language; a target's is HTML's already."""
    return LANG.get(language, language)
