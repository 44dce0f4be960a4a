"""Term dates and days without pupils in files: CSV as Lace writes it and as spreadsheets do, and iCalendar. Pure: nothing is written.

A line says what, from, to. What is written in either language; the school year follows from the days.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from icalendar import Calendar

from lace.children.rules import academic_year
from lace.core.errors import BadInput, Message
from lace.core.schooldays import TERMS, KnownTerm, SchoolCalendar
from lace.core.workdays import bank_holidays
from lace.deadlines.models import ClosedDay
from lace.deadlines.term_dates import check_closed, check_term, term_words, with_terms, written

MOST_BYTES = 200_000
MOST_LINES = 500
_TEXT = 200  # of what a line says; more is no name of a term

HALF, TERM, BANK = "half", "term", "bank"
# Words by which a line is known, in either language; the first that is found counts, so half-term stands before term.
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (HALF, ("half-term", "half term", "hanner tymor", "hanner-tymor", "hanner dymor")),
    (TERM, ("term", "tymor", "dymor")),
    (BANK, ("bank holiday", "gŵyl banc", "gwyl banc", "gŵyl y banc")),
    (ClosedDay.Kind.INSET, ("inset", "hms", "training", "hyfforddi", "hyfforddiant")),
    (ClosedDay.Kind.CLOSED, ("closed", "closure", "ar gau", "wedi cau")),
)
_SEASONS = {"autumn": ("autumn", "hydref"), "spring": ("spring", "gwanwyn"), "summer": ("summer", "haf")}
_HEADS = {
    "what": "what", "beth": "what", "summary": "what", "description": "what", "disgrifiad": "what", "name": "what", "enw": "what",
    "from": "from", "o": "from", "first day": "from", "diwrnod cyntaf": "from", "start": "from", "start date": "from", "dechrau": "from",
    "to": "to", "i": "to", "hyd": "to", "last day": "to", "diwrnod olaf": "to", "end": "to", "end date": "to", "diwedd": "to",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read: its number, what it says, and from when to when."""

    number: int
    what: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Change:
    """What a line would change. `before` is empty for what is new."""

    number: int
    what: str
    before: str
    after: str


@dataclass
class Reading:
    """What a file would do: what to enter, what it would change, what it says that stands already, and each bad line with its reason."""

    terms: list[KnownTerm] = field(default_factory=list)
    closed: dict[date, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    known: int = 0
    wrong: list[tuple[int, Message]] = field(default_factory=list)


# ---- from bytes to lines ----


def lines_of(data: bytes) -> tuple[list[Line], list[tuple[int, Message]]]:
    """The lines of a CSV or iCalendar file, and those that cannot be read. Raises BadInput (file) for what is neither, or too large."""
    if len(data) > MOST_BYTES:
        raise _bad(_("The file is too large. Use a file of up to %(most)s kB") % {"most": MOST_BYTES // 1000})
    if data.lstrip(b"\xef\xbb\xbf \r\n").upper().startswith(b"BEGIN:VCALENDAR"):
        found, wrong = _events(data)
    else:
        found, wrong = _rows(data)
    if not found and not wrong:
        raise _bad(_("The file holds no dates"))
    if len(found) + len(wrong) > MOST_LINES:
        raise _bad(_("The file holds more than %(most)s lines. Split it by school year") % {"most": MOST_LINES})
    return found, wrong


def _bad(sentence: str) -> BadInput:
    return BadInput({"file": [sentence]})


def _rows(data: bytes) -> tuple[list[Line], list[tuple[int, Message]]]:
    try:
        text = data.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
        head = text.split("\n", 1)[0]
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=head.count), strict=True))
    except (ValueError, csv.Error):
        raise _bad(_("This is neither a CSV file in UTF-8 nor an iCalendar file. Save it as “CSV UTF-8” and choose it again")) from None
    columns = [_HEADS.get(cell.strip().casefold(), "") for cell in rows[0]] if rows else []
    if sorted(filter(None, columns)) != ["from", "to", "what"]:
        raise _bad(_("The first line must name the columns: What, From, To"))
    found: list[Line] = []
    wrong: list[tuple[int, Message]] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}
        try:
            first = _day(cells.get("from", ""))
            last = _day(cells["to"]) if cells.get("to") else first
        except ValueError:
            wrong.append((number, _("Write days as 01/09/2026 or 2026-09-01")))
            continue
        found.append(Line(number, cells.get("what", ""), first, last))
    return found, wrong


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day, of no time zone
        except ValueError:
            continue
    raise ValueError(text)


def _events(data: bytes) -> tuple[list[Line], list[tuple[int, Message]]]:
    found: list[Line] = []
    wrong: list[tuple[int, Message]] = []
    try:
        events = Calendar.from_ical(data.decode("utf-8-sig")).walk("VEVENT")
    except (ValueError, KeyError, IndexError):
        raise _bad(_("This iCalendar file cannot be read. Save it again from the calendar it comes from")) from None
    for number, event in enumerate(events, start=1):
        try:
            first = _plain(event.decoded("DTSTART"))
            last = _plain(event.decoded("DTEND"), after=True) if "DTEND" in event else first
            repeats = "RRULE" in event
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong.append((number, _("This entry has no day that can be read")))
            continue
        if repeats:
            wrong.append((number, _("This entry repeats itself. Enter each day on its own")))
        else:
            found.append(Line(number, str(event.get("SUMMARY", "")).strip(), first, max(first, last)))
    return found, wrong


def _plain(value: date | datetime, *, after: bool = False) -> date:
    """The day of a moment. The end of an event of whole days is the day after the last (RFC 5545, 3.6.1)."""
    if isinstance(value, datetime):
        return value.date()
    return value - timedelta(days=1) if after else value


# ---- from lines to what they would change ----


def meaning(text: str) -> tuple[str, str]:
    """What a line speaks of (a term, a half-term, a bank holiday, a kind of closed day) and of which term; empty when it cannot be told."""
    kind = next((kind for kind, marks in _KINDS if _names(text, marks)), "")
    season = next((term for term, marks in _SEASONS.items() if _names(text, marks)), "")
    return str(kind), season


def _names(text: str, marks: Iterable[str]) -> bool:
    """Does one of these stand in the text as a word of its own?"""
    return re.search(rf"(?<!\w)(?:{'|'.join(map(re.escape, marks))})(?!\w)", text.casefold()) is not None


def read(data: bytes, calendar: SchoolCalendar) -> Reading:
    """What a file would do to this calendar. Raises BadInput (file) when it cannot be read at all."""
    lines, wrong = lines_of(data)
    reading = Reading(wrong=wrong)
    terms = {term.number: term for term in calendar.terms}
    named: dict[int, Line] = {}  # terms by number, as the file has them
    for line in lines:
        kind, season = meaning(line.what[:_TEXT])
        if line.last < line.first:
            reading.wrong.append((line.number, _("The last day is before the first")))
        elif kind == TERM and season:
            term = KnownTerm(academic_year(line.first), season, line.first, line.last)
            if term.number in named:
                reading.wrong.append((line.number, _("The file names this term twice")))
            named.setdefault(term.number, line)
        elif kind in {TERM, ""}:
            reading.wrong.append(
                (line.number, _("“%(what)s” says neither a term, a half-term, a training day nor a closed day") % {"what": line.what[:60]})
            )
    breaks = _breaks(lines, terms, named, reading)
    for number, line in named.items():
        before = terms.get(number)
        begin, end = breaks.get(number, (before.break_from, before.break_to) if before else (None, None))
        if begin and end and not line.first < begin <= end < line.last and number not in breaks:
            begin = end = None  # the half-term that stood lies outside the term as the file has it
        terms[number] = KnownTerm(number // len(TERMS), TERMS[number % len(TERMS)], line.first, line.last, begin, end)
    for number, (begin, end) in breaks.items():
        if number not in named:
            old = terms[number]
            terms[number] = KnownTerm(old.year, old.term, old.starts_on, old.ends_on, begin, end)
    _terms(reading, calendar, terms, named)
    after = with_terms(calendar, reading.terms)
    for line in lines:
        kind, _season = meaning(line.what[:_TEXT])
        if line.first <= line.last and kind in {*ClosedDay.Kind.values, BANK}:
            _closed(reading, after, line, kind)
    reading.wrong.sort(key=lambda found: found[0])
    return reading


def _breaks(
    lines: Iterable[Line], terms: dict[int, KnownTerm], named: dict[int, Line], reading: Reading
) -> dict[int, tuple[date | None, date | None]]:
    """Half-terms by the number of the term they lie in: the file's own, or one that stands."""
    found: dict[int, tuple[date | None, date | None]] = {}
    spans = {number: (term.starts_on, term.ends_on) for number, term in terms.items()} | {n: (line.first, line.last) for n, line in named.items()}
    for line in lines:
        kind, season = meaning(line.what[:_TEXT])
        if kind != HALF or line.last < line.first:
            continue
        inside = [number for number, (first, last) in spans.items() if first < line.first and line.last < last]
        if not inside or (season and TERMS[inside[0] % len(TERMS)] != season):
            reading.wrong.append((line.number, _("This half-term lies inside no term of that name. Enter the term first, or in the same file")))
        elif inside[0] in found:
            reading.wrong.append((line.number, _("The file names a second half-term of the same term")))
        else:
            found[inside[0]] = (line.first, line.last)
    return found


def _terms(reading: Reading, calendar: SchoolCalendar, terms: dict[int, KnownTerm], named: dict[int, Line]) -> None:
    stood = {term.number: term for term in calendar.terms}
    for number in sorted(terms):
        term, before = terms[number], stood.get(number)
        if term == before:
            reading.known += number in named
            continue
        line = named[number].number if number in named else 0
        problems = [sentence for _name, sentence in check_term(term, terms.values())]
        if problems:
            reading.wrong.extend((line, sentence) for sentence in problems)
            continue
        reading.terms.append(term)
        reading.changes.append(Change(line, capfirst(term_words(term.term, term.year)), in_words(before) if before else "", in_words(term)))


def _closed(reading: Reading, after: SchoolCalendar, line: Line, kind: str) -> None:
    """Days without pupils, each day of the line; those that stand already are only counted, and published bank holidays need no entry."""
    for offset in range(min((line.last - line.first).days, 60) + 1):
        day = line.first + timedelta(days=offset)
        if day in after.closed or (kind == BANK and (day in bank_holidays() or day in after.extra)):
            reading.known += 1
        elif kind == BANK:
            reading.wrong.append(
                (line.number, _("%(day)s is no published bank holiday. Enter a one-off bank holiday on its own page") % {"day": written(day)})
            )
        elif day in reading.closed:
            reading.wrong.append((line.number, _("The file names %(day)s twice") % {"day": written(day)}))
        elif problems := [sentence for _name, sentence in check_closed(day, after)]:
            if line.first == line.last or day.weekday() < 5:  # a closure of a week runs over no weekend that would be worth a word
                reading.wrong.extend((line.number, sentence) for sentence in problems)
        else:
            reading.closed[day] = kind
            reading.changes.append(Change(line.number, str(ClosedDay.Kind(kind).label), "", written(day)))


def in_words(term: KnownTerm) -> str:
    words = {"first": written(term.starts_on), "last": written(term.ends_on)}
    if term.break_from is None or term.break_to is None:
        return _("%(first)s to %(last)s, no half-term entered") % words
    words |= {"begin": written(term.break_from), "end": written(term.break_to)}
    return _("%(first)s to %(last)s, half-term %(begin)s to %(end)s") % words


# ---- from a calendar to a file ----


def table(terms: Iterable[KnownTerm], closed: Iterable[tuple[date, str]]) -> Iterator[list[str]]:
    """The rows of a CSV file that `read` reads again, in the language in use."""
    yield [pgettext("kind of day", "What"), pgettext("period", "From"), pgettext("period", "To")]
    halves = {"autumn": _("Autumn half-term"), "spring": _("Spring half-term"), "summer": _("Summer half-term")}
    names = {"autumn": _("Autumn term"), "spring": _("Spring term"), "summer": _("Summer term")}
    for term in terms:
        yield [names[term.term], _cell(term.starts_on), _cell(term.ends_on)]
        if term.break_from and term.break_to:
            yield [halves[term.term], _cell(term.break_from), _cell(term.break_to)]
    for day, kind in closed:
        yield [str(ClosedDay.Kind(kind).label), _cell(day), _cell(day)]


def _cell(day: date) -> str:
    return day.strftime("%d/%m/%Y")
