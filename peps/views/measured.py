"""Measures laid out for reading: an entry of the record and one that a version froze alike, both in the frozen shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Role
from lace.web.charts import Chart, lines
from peps.models import ATTAINMENT_FIELDS, WELLBEING_FIELDS, Attainment, Wellbeing
from peps.rules.measures import (
    CSI,
    LEVEL_2,
    MEASURES,
    OTHER,
    STAGES,
    Basis,
    Measure,
    Result,
    csi,
    level_2_inclusive,
    subject_in_words,
    value_in_words,
)
from peps.rules.wellbeing import SDQ, TOTAL, Informant, name_in_words, scores_in_words
from peps.views.content import LANG, day_of
from peps.views.frame import written

Entry = Mapping[str, Any]
ATTAINMENT_COLUMNS = (_("Subject"), _("Measure"), _("Level or grade"), _("Day"), _("How it was assessed"))
WELLBEING_COLUMNS = (_("Measure, and whose answers"), _("Scores"), _("In words"), _("Follow-up"), _("Day"))


def plain(row: Attainment | Wellbeing) -> dict[str, Any]:
    """A row of the record in the frozen shape."""
    return {name: getattr(row, name) for name in (ATTAINMENT_FIELDS if isinstance(row, Attainment) else WELLBEING_FIELDS)}


def attainment_row(entry: Entry) -> list[Any]:
    """Cells under ATTAINMENT_COLUMNS."""
    by = Role(entry["recorded_as"]).label if entry["recorded_as"] else ""
    basis = Basis(entry["basis"]).label
    return [
        subject_in_words(entry["measure"], entry["subject"], entry["named"]),
        MEASURES[entry["measure"]].title,
        value_in_words(entry["measure"], entry["value"]),
        written(day_of(entry["measured_on"])),
        f"{basis} ({by})" if by else basis,
    ]


def wellbeing_row(entry: Entry) -> list[Any]:
    """Cells under WELLBEING_COLUMNS."""
    lang = LANG.get(entry["language"], "")
    return [
        name_in_words(entry["instrument"], entry["edition"], entry["named"], entry["informant"]),
        "; ".join(scores_in_words(entry["instrument"], entry["edition"], entry["informant"], entry["scores"])) or "–",
        {"text": entry["words"] or "–", "lang": lang},
        {"text": entry["follow_up"] or "–", "lang": lang},
        written(day_of(entry["measured_on"])),
    ]


def indicators(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What is computed: {key, value, meaning} for each indicator of which something is known (DATA-06, DATA-07)."""
    results = [
        Result(entry["measure"], entry["subject"], entry["value"], entry["named"], Decimal(str(entry["volume"])) if entry["volume"] else None)
        for entry in entries
    ]
    found: list[dict[str, Any]] = []
    for title, measures in STAGES:
        reached = csi(results, measures)
        if reached is not None:
            said = _("Reached") if reached else _("Not reached so far")
            found.append({"key": f"{CSI.title}, {title}", "value": said, "meaning": CSI.meaning, "source": CSI.source})
    level_2 = level_2_inclusive(results)
    if level_2 is not None:
        words = {"volume": f"{level_2.volume.normalize():f}", "mathematics": _yes(level_2.mathematics), "language": _yes(level_2.language)}
        parts = gettext("Worth %(volume)s GCSEs; mathematics: %(mathematics)s; English or Welsh: %(language)s") % words
        said_2 = gettext("Reached") if level_2.reached else gettext("Not reached so far")
        found.append({"key": LEVEL_2.title, "value": f"{said_2}. {parts}", "meaning": LEVEL_2.meaning, "source": LEVEL_2.source})
    return found


def _yes(value: bool) -> str:
    return (pgettext("there are", "Yes") if value else pgettext("there are", "No")).lower()


def measures_of(content: Mapping[str, Any], grant: Grant) -> dict[str, dict[str, Any]]:
    """By section: the measures that a text of the plan holds, as far as this reader may see them; none of a text from before they were held."""
    found: dict[str, dict[str, Any]] = {}
    if "attainment" in content and Facet.EDUCATION in grant.facets:
        entries = content["attainment"]
        found["attainment"] = {
            "title": _("Newest levels and grades"),
            "none": _("No level or grade is recorded yet."),
            "columns": ATTAINMENT_COLUMNS,
            "rows": [attainment_row(entry) for entry in entries],
            "indicators": indicators(entries),
        }
    if "wellbeing" in content and Facet.WELLBEING in grant.facets:
        found["personal_development"] = {
            "title": _("Newest measures of well-being"),
            "none": _("No measure of well-being is recorded yet."),
            "columns": WELLBEING_COLUMNS,
            "rows": [wellbeing_row(entry) for entry in content["wellbeing"]],
            "indicators": [],
        }
    return found


def with_measures(sections: list[dict[str, Any]], content: Mapping[str, Any], grant: Grant) -> list[dict[str, Any]]:
    """Sections laid out for reading, with the measures of the text that belong to each."""
    found = measures_of(content, grant)
    return [section | {"measures": found.get(section["key"])} for section in sections]


def measures_compared(older: Mapping[str, Any], newer: Mapping[str, Any], grant: Grant) -> list[dict[str, Any]]:
    """By part: the cells of each entry of both texts under their columns, for comparing."""
    parts: tuple[tuple[str, Facet, Any, Any, Any, tuple[str, ...]], ...] = (
        ("attainment", Facet.EDUCATION, _("Newest levels and grades"), ATTAINMENT_COLUMNS, attainment_row, ("measure", "subject", "named")),
        ("wellbeing", Facet.WELLBEING, _("Newest measures of well-being"), WELLBEING_COLUMNS, wellbeing_row, ("instrument", "informant", "named")),
    )
    found = []
    for key, facet, title, columns, row, kind in parts:
        if facet in grant.facets:
            sides = [[_item(entry, row, kind) for entry in side.get(key, [])] for side in (older, newer)]
            found.append({"key": key, "title": title, "columns": columns, "sides": sides})
    return found


def _item(entry: Entry, row: Any, kind: Iterable[str]) -> dict[str, Any]:
    cells = [cell["text"] if isinstance(cell, dict) else cell for cell in row(entry)]
    return {"id": "/".join(entry[name] for name in kind), "lang": LANG.get(entry.get("language", ""), ""), "cells": cells}


def steps_chart(entries: Sequence[Entry], measure: Measure) -> Chart | None:
    """The measure's subjects over the days; nothing to draw before the second day."""
    mine = [entry for entry in entries if entry["measure"] == measure.code]
    days = sorted({day_of(entry["measured_on"]) for entry in mine})
    if len(days) < 2:
        return None
    values = _by_day((entry, entry["subject"], measure.place(entry["value"]) + 1) for entry in mine)
    series = [(str(label), [values.get((day, code)) for day in days]) for code, label in measure.subjects if code != OTHER]
    title = str(measure.title)
    return lines(
        title=title,
        summary=_from_to(title, days),
        labels=[written(day) for day in days],
        series=_told(series),
        number=lambda value: str(int(value)) if 1 <= value <= len(measure.scale) and value == int(value) else "",
    )


def totals_chart(entries: Sequence[Entry]) -> Chart | None:
    """The SDQ's total by whose answers it comes from; nothing to draw before the second day."""
    mine = [entry for entry in entries if entry["instrument"] == SDQ.code and TOTAL in entry["scores"]]
    days = sorted({day_of(entry["measured_on"]) for entry in mine})
    if len(days) < 2:
        return None
    values = _by_day((entry, entry["informant"], entry["scores"][TOTAL]) for entry in mine)
    series = [(str(whose.label), [values.get((day, whose.value)) for day in days]) for whose in Informant]
    title = gettext("Total of difficulties (SDQ)")
    return lines(
        title=title,
        summary=_from_to(title, days),
        labels=[written(day) for day in days],
        series=_told(series),
    )


def _by_day(said: Iterable[tuple[Entry, str, int]]) -> dict[tuple[date, str], int | float | None]:
    """Value by day and line; of two on one day the one that comes first, which is the newest."""
    found: dict[tuple[date, str], int | float | None] = {}
    for entry, line, value in said:
        found.setdefault((day_of(entry["measured_on"]), line), value)
    return found


def _told(series: Iterable[tuple[str, list[int | float | None]]]) -> list[tuple[str, list[int | float | None]]]:
    """The lines that have a value at all."""
    return [(name, values) for name, values in series if any(value is not None for value in values)]


def _from_to(title: str, days: Sequence[date]) -> str:
    return gettext("%(title)s, from %(first)s to %(last)s.") % {"title": title, "first": written(days[0]), "last": written(days[-1])}
