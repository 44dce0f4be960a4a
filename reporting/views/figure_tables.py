"""A term's figures in words: its frozen numbers as headings, charts and tables in the language in use. Reads the rows and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, pgettext

from lace.accounts.authorities import BY_NUMBER, CONSORTIA
from lace.web.charts import Chart, bars
from reporting.models import TermFigures
from reporting.rules.figures import SCHOOL_TABLES, TABLES, BodyKind, Table
from reporting.views.report_tables import term_name
from schools.models import School
from schools.rules import Term

REGIONS = {region.code: region for region in CONSORTIA}
# A page is about the widest body that its reader sees; the others are lines in its tables.
WIDEST = (BodyKind.WALES, BodyKind.REGION, BodyKind.SCHOOL, BodyKind.AUTHORITY)
ORDER = (BodyKind.WALES, BodyKind.REGION, BodyKind.AUTHORITY, BodyKind.SCHOOL)
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Section:
    """One thing counted. `chart`: of the page's own body, or `number` in words where there is one line only; `areas` and `terms`: tables as in
    pdf/table.html, where there is more than one of each."""

    title: str
    meaning: str
    chart: Chart | None
    number: str
    held_back: str  # a sentence; empty where everything is shown
    areas: dict[str, Any] | None
    terms: dict[str, Any] | None

    @property
    def printed(self) -> dict[str, Any] | None:
        """For pdf/figure.html."""
        if self.chart is None:
            return None
        rows = [(label, [cell]) for label, cell in self.chart.rows]
        return {"table": {"caption": self.title, "columns": [gettext("Group"), unit()], "rows": rows, "numbers": True}, "chart": self.chart.svg}


def unit() -> str:
    return gettext("Children, to the nearest 5")


def newest_terms(rows: Sequence[TermFigures]) -> list[tuple[int, Term]]:
    """The terms of these rows, newest first."""
    return sorted({(row.year, Term(row.term)) for row in rows}, key=lambda term: (term[0], list(Term).index(term[1])), reverse=True)


def main_body(rows: Sequence[TermFigures]) -> TermFigures:
    """The row that a page is about."""
    return min(rows, key=lambda row: WIDEST.index(BodyKind(row.kind)))


def name_of(row: TermFigures) -> str:
    """The body's name in the language in use."""
    language = get_language() or ""
    match BodyKind(row.kind):
        case BodyKind.AUTHORITY:
            return BY_NUMBER[row.body].name(language)
        case BodyKind.REGION:
            return REGIONS[row.body].name(language)
        case BodyKind.SCHOOL:
            school = School.objects.select_related("organisation").filter(number=row.body).first()
            return school.name if school else row.body
        case BodyKind.WALES:
            return str(BodyKind.WALES.label)


def tables_of(row: TermFigures) -> dict[str, Table]:
    return SCHOOL_TABLES if row.kind == BodyKind.SCHOOL else TABLES


def contents(rows: Sequence[TermFigures], earlier: Sequence[TermFigures]) -> dict[str, Any]:
    """All that page and PDF show of a term. `rows`: of every body that the reader sees; `earlier`: of the page's own body in the terms before."""
    main = main_body(rows)
    others = sorted(rows, key=lambda row: (ORDER.index(BodyKind(row.kind)), row.body))
    names = {row.pk: name_of(row) for row in others}
    several = others if len(others) > 1 else []
    return {
        "title": gettext("Figures on looked-after children"),
        "body": names[main.pk],
        "term": term_name(main.year, main.term),
        "subtitle": f"{names[main.pk]} · {term_name(main.year, main.term)}",
        "authority_name": names[main.pk],
        "data_cut": main.cut_on,
        "made_at": timezone.localtime(main.created_at),
        "opening": opening(main),
        "members": [BY_NUMBER[number].name(get_language() or "") for number in main.members],
        "sections": [_section(table, main, several, names, earlier) for table in tables_of(main).values()],
        "definitions": [(str(table.title), str(table.meaning)) for table in tables_of(main).values()],
        "rounding_note": rounding_note(main),
    }


def opening(row: TermFigures) -> str:
    day = formats.date_format(row.cut_on, "DATE_FORMAT")
    return gettext(
        "These numbers name no child. Each is rounded to the nearest 5, and none is given of a group of fewer than %(least)s children. "
        "They were counted on %(day)s and do not change any more."
    ) % {"least": row.least, "day": day}


def _section(table: Table, main: TermFigures, several: list[TermFigures], names: dict[Any, str], earlier: Sequence[TermFigures]) -> Section:
    shown = main.figures.get(table.code)
    lines = [(str(table.label(code)), number) for code, number in shown["lines"]] if shown else []
    chart = None
    if len(lines) > 1:
        summary = "; ".join(f"{label}: {number}" for label, number in lines)
        chart = bars(
            title=str(table.title),
            summary=gettext("Children, to the nearest 5. %(rows)s") % {"rows": summary},
            labels=[label for label, _number in lines],
            values=[number for _label, number in lines],
            unit=unit(),
        )
    past = [main, *earlier]
    return Section(
        title=str(table.title),
        meaning=str(table.meaning),
        chart=chart,
        number=gettext("%(label)s: about %(number)s children") % {"label": lines[0][0], "number": lines[0][1]} if len(lines) == 1 else "",
        held_back=held_back(table, shown),
        areas=_compared(
            table,
            gettext("%(table)s, by area") % {"table": table.title},
            pgettext("place", "Area"),
            [(names[row.pk], row) for row in several],
        ),
        terms=_compared(
            table,
            gettext("%(table)s, term by term") % {"table": table.title},
            pgettext("column", "Term"),
            [(term_name(row.year, row.term), row) for row in past] if len(past) > 1 else [],
        ),
    )


def held_back(table: Table, shown: dict[str, Any] | None) -> str:
    """A sentence on what is not shown; empty when all is."""
    if shown is None:
        return gettext("Held back: a number here is small enough to show who a child is, or would let another one be worked out.")
    if shown["level"]:
        return gettext("Some lines are put together: one of them is small enough to show who a child is, or would let another be worked out.")
    return ""


def _compared(table: Table, caption: str, first: str, rows: list[tuple[str, TermFigures]]) -> dict[str, Any] | None:
    """One row for each area or term, one column for each line that any of them shows; None when none shows any."""
    shown = [(name, dict(row.figures[table.code]["lines"]) if row.figures.get(table.code) else {}) for name, row in rows]
    used = {code for _name, lines in shown for code in lines}
    codes = [code for code in dict.fromkeys(group.code for level in table.levels for group in level) if code in used]
    if not codes:
        return None
    return {
        "caption": caption,
        "columns": [first, *(str(table.label(code)) for code in codes)],
        "rows": [(name, [lines.get(code, NOTHING) for code in codes]) for name, lines in shown],
        "numbers": True,
        "note": gettext("%(dash)s stands where a number is held back, or given as parts or together with another.") % {"dash": NOTHING}
        if any(code not in lines for _name, lines in shown for code in codes)
        else "",
    }


def rounding_note(row: TermFigures) -> str:
    sentences = [
        gettext("Every number of children is rounded to the nearest 5 from the exact one by itself, so parts do not add up to sums."),
        gettext(
            "No figure is given of a group of fewer than %(least)s children, the smallest that the authority allows. None at all counts as small too."
        )
        % {"least": row.least},
    ]
    if row.kind != BodyKind.SCHOOL:
        sentences.append(
            gettext("Where one held-back number could be worked out by taking others from a sum, the number of a further area is held back as well.")
        )
    sentences.append(gettext("A term is counted once: what was recorded or corrected later is not in it."))
    sentences.append(gettext("The children of one term are not those of another: numbers differ because children came and left, too."))
    return " ".join(sentences)


def as_rows(rows: Sequence[TermFigures]) -> Iterator[list[str]]:
    """A line of a spreadsheet for every number and for everything held back, headings first."""
    yield [
        pgettext("column", "Term"),
        pgettext("place", "Area"),
        gettext("What is counted"),
        gettext("Group"),
        unit(),
        gettext("Counted on"),
        gettext("Meaning"),
    ]
    for row in sorted(rows, key=lambda row: (ORDER.index(BodyKind(row.kind)), row.body)):
        for table in tables_of(row).values():
            shown = row.figures.get(table.code)
            lines = [(str(table.label(code)), str(number)) for code, number in shown["lines"]] if shown else [("", gettext("held back"))]
            for group, number in lines:
                yield [
                    term_name(row.year, row.term),
                    name_of(row),
                    str(table.title),
                    group,
                    number,
                    row.cut_on.isoformat(),
                    str(table.meaning),
                ]
