"""Charts as accessible SVG, the same on screen and in a PDF. No script, no style: a strict Content-Security-Policy lets them through.

Every function takes translated texts and returns a Chart; `components/chart.html` draws it with its figures as a table behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any
from zlib import crc32

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# The palette of the Government Analysis Function: told apart in greyscale and by most colour-blind readers.
COLOURS = ("#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1")
DASHES = ("", "8 5", "2 4", "12 4 2 4", "1 0", "4 4")
FONT = "Atkinson Hyperlegible Next, Arial, Liberation Sans, sans-serif"
WIDTH, PLOT, TOP, ROW = 640, 240, 16, 24  # viewBox units
Number = int | float
Stretch = tuple[str, date, date | None]  # what, its first day, the day it ended
Series = Sequence[tuple[str, Sequence[Number | None]]]  # pairs, not a mapping: two names may be one word in Welsh


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    summary: str
    svg: SafeString
    columns: list[Any]  # of components/table.html
    rows: list[list[Any]]


def bars(*, title: str, summary: str, labels: Sequence[str], values: Sequence[Number], unit: str, number: Callable[[Number], str] = str) -> Chart:
    """Horizontal bars, for names that need room. `summary` says in a sentence what the picture shows; `unit` heads the table's numbers."""
    _step, high = _scale(0, max(values, default=0))
    names = [_lines(label, 28) for label in labels]
    left, y, body = 210, TOP, ""
    for name, value in zip(names, values, strict=True):
        height = max(28, 18 * len(name) + 10)
        width = (WIDTH - left - 70) * value / high
        body += _text(left - 8, y + height / 2 + 5 - 9 * (len(name) - 1), name, anchor="end")
        body += f'<rect x="{left}" y="{y + 3:.1f}" width="{width:.1f}" height="{height - 6}" fill="{COLOURS[0]}"/>'
        body += _text(left + width + 6, y + height / 2 + 5, [number(value)])
        y += height
    body += f'<line x1="{left}" x2="{left}" y1="{TOP}" y2="{y}" stroke="#0b0c0c"/>'
    rows = [[label, _cell(value, number)] for label, value in zip(labels, values, strict=True)]
    return Chart(title, summary, _svg(title, summary, body, y + 8), ["", {"text": unit, "numeric": True}], rows)


def stacked(*, title: str, summary: str, labels: Sequence[str], series: Series, number: Callable[[Number], str] = str) -> Chart:
    """Upright stacked bars: `series` is (name, one value a label) pairs. The total stands on each bar."""
    totals = [sum(value or 0 for value in column) for column in zip(*(values for _name, values in series), strict=True)]
    step, high = _scale(0, max(totals, default=0))
    top = _legend_height(series)
    body = _legend(series, dashed=False) + _axis(top, 0, high, step, number)
    slot = (WIDTH - LEFT) / max(len(labels), 1)
    for index, total in enumerate(totals):
        x, base = LEFT + index * slot + slot * 0.18, 0.0
        for colour, (_name, values) in zip(COLOURS, series, strict=False):
            value = values[index] or 0
            height = PLOT * value / high
            if value:
                y = top + PLOT * (1 - (base + value) / high)
                body += f'<rect x="{x:.1f}" y="{y:.1f}" width="{slot * 0.64:.1f}" height="{height:.1f}" fill="{colour}" stroke="#fff"/>'
            base += value
        body += _text(x + slot * 0.32, top + PLOT * (1 - total / high) - 5, [number(total)], anchor="middle", bold=True)
    body += _labels(labels, slot, top)
    return Chart(title, summary, _svg(title, summary, body, top + PLOT + _labels_height(labels, slot)), *_table(labels, series, number))


def across(*, title: str, summary: str, labels: Sequence[str], series: Series, number: Callable[[Number], str] = str) -> Chart:
    """Lying stacked bars for small counts. A name has the same colour in every picture, also where others have no value and are left out."""
    shown = [(colour, name, values) for colour, (name, values) in zip(COLOURS, series, strict=False) if any(values)]
    names: Series = [(name, values) for _colour, name, values in shown]
    longest = max((sum(value or 0 for value in column) for column in zip(*(values for _name, values in names), strict=True)), default=1)
    unit = min(60.0, (WIDTH - ACROSS_LEFT - 8) / max(longest, 1))
    y = _legend_height(names) if names else TOP
    body = _legend(names, dashed=False, colours=[colour for colour, _name, _values in shown])
    for index, label in enumerate(labels):
        body += _text(ACROSS_LEFT - 8, y + 19, [label], anchor="end")
        x = float(ACROSS_LEFT)
        for colour, _name, values in shown:
            if value := values[index] or 0:
                body += f'<rect x="{x:.1f}" y="{y}" width="{unit * value:.1f}" height="28" fill="{colour}" stroke="#fff" stroke-width="2"/>'
                # white does not stand out from every colour: the number has a ground of its own
                body += f'<circle cx="{x + unit * value / 2:.1f}" cy="{y + 14}" r="10" fill="#fff"/>'
                body += _text(x + unit * value / 2, y + 19, [number(value)], anchor="middle", bold=True)
                x += unit * value
        y += 34
    return Chart(title, summary, _svg(title, summary, body, y + 6), *_table(labels, names, number))


def lines(*, title: str, summary: str, labels: Sequence[str], series: Series, number: Callable[[Number], str] = str) -> Chart:
    """Lines over time, told apart by dash and colour. None is a gap: withheld or not recorded."""
    flat = [value for _name, values in series for value in values if value is not None]
    step, span = _scale(0, (max(flat) - min(flat)) if flat else 0)
    low = step * floor(min(flat, default=0) / step)
    high = max(low + span, step * ceil(max(flat, default=1) / step)) or step
    top = _legend_height(series)
    body = _legend(series, dashed=True) + _axis(top, low, high, step, number)
    slot = (WIDTH - LEFT) / max(len(labels), 1)
    for colour, dash, (_name, values) in zip(COLOURS, DASHES, series, strict=False):
        run: list[str] = []
        marks = ""
        for index, value in enumerate([*values, None]):
            if value is None:
                if len(run) > 1:
                    body += f'<polyline fill="none" stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}" points="{" ".join(run)}"/>'
                run = []
                continue
            x, y = LEFT + (index + 0.5) * slot, top + PLOT * (1 - (value - low) / (high - low))
            run.append(f"{x:.1f},{y:.1f}")
            marks += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" stroke="#fff"/>'
            marks += _text(x, y - 9, [number(value)], anchor="middle")
        body += marks
    body += _labels(labels, slot, top)
    return Chart(title, summary, _svg(title, summary, body, top + PLOT + _labels_height(labels, slot)), *_table(labels, series, number))


def lanes(*, title: str, summary: str, columns: Sequence[str], series: Sequence[tuple[str, Sequence[Stretch]]], first: date, last: date) -> Chart:
    """Stretches of time in lanes over one another, such as placements over schools: where one ends and the next begins can be compared.

    `columns` head the table: lane, what, from, until. `first` and `last` bound the picture; a stretch without end lasts to `last`.
    """
    days = max((last - first).days, 1)

    def x(day: date) -> float:
        return LANE_LEFT + (WIDTH - LANE_LEFT - 8) * (min(max(day, first), last) - first).days / days

    height = TOP + LANE * len(series)
    years = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    every = ceil(len(years) / 8) or 1
    body = ""
    for new_year in years[::every]:
        body += f'<line x1="{x(new_year):.1f}" x2="{x(new_year):.1f}" y1="{TOP - 6}" y2="{height}" stroke="#cecece"/>'
        body += _text(x(new_year), height + 18, [str(new_year.year)], anchor="middle")
    for place, (name, stretches) in enumerate(series):
        y = TOP + LANE * place
        body += _text(LANE_LEFT - 8, y + LANE / 2 + 1, [name], anchor="end")
        for index, (_what, start, end) in enumerate(stretches):
            wide = max(x(end or last) - x(start), 3)
            colour = COLOURS[place % len(COLOURS)]
            shade = ' fill-opacity="0.62"' if index % 2 else ""  # neighbours told apart
            body += (
                f'<rect x="{x(start):.1f}" y="{y}" width="{wide:.1f}" height="{LANE - 10}" fill="{colour}"{shade} stroke="#fff" stroke-width="2"/>'
            )
    rows = [
        [name, what, date_format(start, "DATE_FORMAT"), date_format(end, "DATE_FORMAT") if end else "–"]
        for name, stretches in series
        for what, start, end in stretches
    ]
    return Chart(title, summary, _svg(title, summary, body, height + 28), list(columns), rows)


# ---- pieces --------------------------------------------------------------------------------

LEFT = 48
LANE_LEFT, LANE = 130, 40
ACROSS_LEFT = 110


def _scale(low: Number, high: Number) -> tuple[Number, Number]:
    """A step that reads well (1, 2, 5, 10 …) and the end of the axis, at most six steps up; never zero."""
    span = max(high - low, 1)
    step = next(size * 10**power for power in range(12) for size in (1, 2, 5) if span / (size * 10**power) <= 6)
    return step, step * ceil(span / step)


def _svg(title: str, summary: str, body: str, height: float) -> SafeString:
    ident = f"chart-{crc32((title + body).encode()):08x}"  # the same picture has the same id in every run: a frozen report must not change
    return mark_safe(  # noqa: S308 - every text went through escape()
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-labelledby="{ident}-t {ident}-d"'
        f' font-family="{FONT}" font-size="14" fill="#0b0c0c">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(summary)}</desc>'
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>{body}</svg>'
    )


def _text(x: float, y: float, texts: Sequence[str], *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return "".join(
        f'<text x="{x:.1f}" y="{y + 18 * index:.1f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>' for index, text in enumerate(texts)
    )


def _lines(text: str, width: int) -> list[str]:
    """At most three lines of about `width` letters: SVG breaks no lines itself."""
    lines = [""]
    for word in str(text).split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= 3 else [*lines[:2], lines[2] + "…"]


def _per_row(series: Series) -> int:
    return max(1, min(3, int((WIDTH - LEFT) / (40 + 8 * max((len(str(name)) for name, _values in series), default=1)))))


def _legend_height(series: Series) -> int:
    return ROW * ceil(len(series) / _per_row(series)) + TOP + 12


def _legend(series: Series, *, dashed: bool, colours: Sequence[str] = COLOURS) -> str:
    each, body = _per_row(series), ""
    for index, (name, _values) in enumerate(series):
        x, y = LEFT + (index % each) * (WIDTH - LEFT) / each, TOP + ROW * (index // each)
        if dashed:
            body += f'<line x1="{x:.1f}" x2="{x + 28:.1f}" y1="{y - 5}" y2="{y - 5}" stroke="{COLOURS[index]}" stroke-width="3"'
            body += f' stroke-dasharray="{DASHES[index]}"/>'
        else:
            body += f'<rect x="{x:.1f}" y="{y - 12}" width="14" height="14" fill="{colours[index]}"/>'
        body += _text(x + (34 if dashed else 20), y, [name])
    return body


def _axis(top: float, low: Number, high: Number, step: Number, number: Callable[[Number], str]) -> str:
    body, value = "", low
    while value <= high:
        y = top + PLOT * (1 - (value - low) / (high - low))
        body += f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{"#0b0c0c" if value == low else "#cecece"}"/>'
        body += _text(LEFT - 6, y + 5, [number(value)], anchor="end")
        value += step
    return body


def _labels(labels: Sequence[str], slot: float, top: float) -> str:
    return "".join(_text(LEFT + (i + 0.5) * slot, top + PLOT + 20, _lines(label, int(slot / 7.5)), anchor="middle") for i, label in enumerate(labels))


def _labels_height(labels: Sequence[str], slot: float) -> int:
    return 14 + 18 * max((len(_lines(label, int(slot / 7.5))) for label in labels), default=1)


def _cell(value: Number | None, number: Callable[[Number], str]) -> str:
    return "–" if value is None else number(value)


def _table(labels: Sequence[str], series: Series, number: Callable[[Number], str]) -> tuple[list[Any], list[list[Any]]]:
    columns = ["", *({"text": name, "numeric": True} for name, _values in series)]
    return columns, [[label, *(_cell(values[index], number) for _name, values in series)] for index, label in enumerate(labels)]
