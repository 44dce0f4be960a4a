"""A report in words: its frozen figures as headings, numbers, tables and charts in the language in use. Reads the row and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, pgettext

from lace.accounts.access import Role
from lace.children.rules import academic_year_label
from lace.web.charts import Chart, bars
from reporting.models import TermlyReport
from reporting.rules import SPLITS, Cohort, Training
from schools.rules import Term

# Which splits stand under which heading.
SECTIONS: tuple[tuple[str, ...], ...] = (("stage", "authority", "needs"), ("plan", "timely"), ("progress",), ("attendance", "exclusion"))
CHARTED = frozenset({"plan", "timely", "progress", "attendance"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One way in which the cohort is divided, with a chart where a picture says more than the table."""

    title: str
    rows: list[tuple[str, int]]
    chart: Chart | None

    @property
    def table(self) -> dict[str, Any]:
        """For pdf/table.html."""
        return {
            "caption": self.title,
            "columns": [gettext("Group"), gettext("Children, to the nearest 5")],
            "rows": [(label, [count]) for label, count in self.rows],
            "numbers": True,
        }

    @property
    def printed(self) -> dict[str, Any]:
        """For pdf/figure.html."""
        return {"table": self.table, "chart": self.chart.svg if self.chart else None}


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    figures: list[Figure]


def in_language(names: dict[str, Any]) -> str:
    """The name of a body in the language in use."""
    return str(names["cy" if (get_language() or "").startswith("cy") else "en"])


def term_name(year: int, term: str) -> str:
    """Autumn term 2026/27."""
    return {
        Term.AUTUMN: gettext("Autumn term %(year)s"),
        Term.SPRING: gettext("Spring term %(year)s"),
        Term.SUMMER: gettext("Summer term %(year)s"),
    }[Term(term)] % {"year": academic_year_label(year)}


def contents(report: TermlyReport) -> dict[str, Any]:
    """All that page and PDF show of a report."""
    heads, shown = report.heads, report.figures
    return {
        "report": report,
        "school": in_language(heads["school"]),
        "authority_name": in_language(heads["authority"]),
        "authority_colour": heads["authority"]["colour"],
        "title": gettext("Education of looked-after children"),
        "subtitle": f"{in_language(heads['school'])} · {term_name(report.year, report.term)}",
        "kind": gettext("Termly report to the governing body"),
        "author": _person(heads["prepared_by"]),
        "publisher": _person(heads["published_by"]) if "published_by" in heads else "",
        "made_at": timezone.localtime(report.published_at) if report.published_at else None,
        "data_cut": report.cut_on,
        "opening": opening(report),
        "key_figures": key_figures(shown),
        "sections": sections(shown),
        "withheld": withheld(shown),
        "earlier": earlier(report),
        "provision": provision(report),
        "definitions": definitions(shown),
        "rounding_note": rounding_note(shown),
        "text_language": report.language[:2],
        "other_language": report.language[:2] != (get_language() or "")[:2] and bool(report.narrative or report.asks),
    }


def _person(person: dict[str, str]) -> str:
    return f"{person['name']}, {Role(person['role']).label}"


def opening(report: TermlyReport) -> str:
    """The first sentence: how much the report can say."""
    day = formats.date_format(report.cut_on, "DATE_FORMAT")
    match report.cohort:
        case Cohort.NIL:
            return gettext("Nil return: on %(day)s no looked-after child was on the school's roll.") % {"day": day}
        case Cohort.SMALL:
            return gettext(
                "On %(day)s fewer than %(least)s looked-after children were on the school's roll. So that no child can be recognised, "
                "this report gives no results. It tells governors what the school provides."
            ) % {"day": day, "least": report.figures["least"]}
        case _:
            return gettext(
                "On %(day)s about %(count)s looked-after children were on the school's roll. Numbers that could show who a child is are held back."
            ) % {"day": day, "count": report.figures["on_roll"]}


def rate(band: list[int] | None) -> str:
    """A band of percentage points; a dash where it is held back."""
    if band is None:
        return "–"
    low, high = band
    if low == 0:
        return gettext("under 50%")
    return f"{low}–{high}%"


def key_figures(shown: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The number, what it counts, a remark. Empty when there is no cohort to speak of."""
    if shown["cohort"] != Cohort.SHOWN:
        return []
    rates = shown["rates"]
    figures = [(str(shown["on_roll"]), gettext("looked-after children on roll"), gettext("to the nearest 5"))]
    if rates["attendance"]:
        figures.append((rate(rates["attendance"]), gettext("attendance this term"), gettext("all the children together")))
    if rates["progress"]:
        figures.append((rate(rates["progress"]), gettext("of assessments as expected or better"), gettext("from each child's own start")))
    return figures


def sections(shown: dict[str, Any]) -> list[Section]:
    if shown["cohort"] != Cohort.SHOWN:
        return []
    titles = (
        gettext("The children"),
        gettext("Personal Education Plans"),
        gettext("Progress"),
        gettext("Attendance and exclusions"),
    )
    found = []
    for title, codes in zip(titles, SECTIONS, strict=True):
        figures = [_figure(code, shown["splits"][code]) for code in codes if shown["splits"].get(code)]
        if figures:
            found.append(Section(title, figures))
    return found


def withheld(shown: dict[str, Any]) -> list[str]:
    """The titles of what is held back."""
    if shown["cohort"] != Cohort.SHOWN:
        return []
    rates = {"attendance": gettext("Attendance of all the children together"), "progress": gettext("Progress of all the children together")}
    held = [str(split.title) for code, split in SPLITS.items() if code in shown["splits"] and not shown["splits"][code]]
    return [*held, *(title for code, title in rates.items() if not shown["rates"][code])]


def _figure(code: str, lines: list[tuple[str, int]]) -> Figure:
    split = SPLITS[code]
    title = str(split.title)
    rows = [(str(split.label(group)), count) for group, count in lines]
    chart = None
    if code in CHARTED:
        summary = "; ".join(f"{label}: {count}" for label, count in rows)
        chart = bars(
            title=title,
            summary=gettext("Children, to the nearest 5. %(rows)s") % {"rows": summary},
            labels=[label for label, _count in rows],
            values=[count for _label, count in rows],
            unit=gettext("Children, to the nearest 5"),
        )
    return Figure(title, rows, chart)


def earlier(report: TermlyReport) -> dict[str, Any] | None:
    """This term beside the terms before, as they were published; None when there are none. For pdf/table.html."""
    past = report.figures.get("earlier")
    if not past:
        return None
    this = {"year": report.year, "term": report.term, **report.figures}
    return {
        "caption": gettext("This term and the terms before"),
        "columns": [
            pgettext("column", "Term"),
            gettext("On roll, to the nearest 5"),
            gettext("Attendance"),
            gettext("Assessments as expected or better"),
        ],
        "rows": [(term_name(term["year"], term["term"]), _past(term)) for term in (this, *past)],
        "numbers": True,
        "note": gettext("The children of one term are not those of another: numbers differ because children came and left, too."),
    }


def _past(term: dict[str, Any]) -> list[str]:
    match Cohort(term["cohort"]):
        case Cohort.NIL:
            return [gettext("none"), "–", "–"]
        case Cohort.SMALL:
            return [gettext("fewer than %(least)s") % {"least": term["least"]}, "–", "–"]
        case _:
            return [str(term["on_roll"]), rate(term["rates"]["attendance"]), rate(term["rates"]["progress"])]


def provision(report: TermlyReport) -> list[tuple[str, str]]:
    """What the report says of the school itself: question and answer."""
    held = report.figures["provision"]
    rows = []
    if held["designated"]:
        since = formats.date_format(date.fromisoformat(held["since"]), "DATE_FORMAT")
        decided = formats.date_format(date.fromisoformat(held["decided_on"]), "DATE_FORMAT")
        rows.append(
            (
                gettext("Designated person"),
                gettext("In post since %(since)s; governors decided on %(decided)s") % {"since": since, "decided": decided},
            )
        )
        rows.append(
            (gettext("Headteacher"), gettext("Consulted before the appointment") if held["headteacher_consulted"] else gettext("Not recorded"))
        )
    else:
        rows.append((gettext("Designated person"), gettext("None is recorded. A maintained school must have one.")))
    if report.training:
        rows.append((gettext("Training of staff this school year"), str(Training(report.training).label)))
    reviewed = report.policy_reviewed_on
    rows.append(
        (
            gettext("Policy for looked-after children"),
            (gettext("Last reviewed on %(day)s") % {"day": formats.date_format(reviewed, "DATE_FORMAT")})
            if reviewed
            else gettext("No review recorded"),
        )
    )
    return rows


def definitions(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """Terms of the report and their meaning (REP-23)."""
    first = (
        gettext("Looked-after children"),
        gettext("children looked after by any local authority who were on the school's roll on the day of the figures."),
    )
    if shown["cohort"] != Cohort.SHOWN:
        return [first]
    return [
        first,
        (
            gettext("Plan done on time"),
            gettext("each plan of the child that fell due this term was final by its day. Plans not yet due are not counted."),
        ),
        (gettext("Attendance"), gettext("sessions attended of those possible this term at this school.")),
        (
            gettext("Progress"),
            gettext("each child against what was expected of that child from their own start; no child is compared with another."),
        ),
    ]


def rounding_note(shown: dict[str, Any]) -> str:
    if shown["cohort"] == Cohort.NIL:
        return ""
    held = gettext(
        "No figure is given of a group of fewer than %(least)s children, the smallest that the authority allows. None at all counts as small too."
    )
    held %= {"least": shown["least"]}
    if shown["cohort"] == Cohort.SMALL:
        return held
    return " ".join(
        (
            gettext("Every number of children is rounded to the nearest 5 by itself, totals too, so parts may not add up to a total."),
            held,
            gettext("Where one line of a table would be smaller, lines are put together or the whole table is held back."),
            gettext("Percentages are given as bands of five."),
        )
    )
