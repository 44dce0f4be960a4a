"""Files of term dates: what councils and spreadsheets really send, read without writing anything."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.utils import translation

from lace.core.errors import BadInput
from lace.core.schooldays import KnownTerm, SchoolCalendar
from lace.deadlines import calendar_files

AUTUMN = KnownTerm(2026, "autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
SPRING = KnownTerm(2026, "spring", date(2027, 1, 4), date(2027, 3, 19), date(2027, 2, 8), date(2027, 2, 12))
NOTHING = SchoolCalendar()

ENGLISH = """What,From,To
Autumn term,01/09/2026,18/12/2026
Autumn half-term,26/10/2026,30/10/2026
Training day (INSET),02/11/2026,02/11/2026
Closed,03/11/2026,
"""
WELSH = (
    "\ufeffBeth;O;Hyd\r\nTymor yr hydref;01/09/2026;18/12/2026\r\nHanner tymor yr hydref;26/10/2026;30/10/2026\r\n"
    "Diwrnod HMS;02/11/2026;\r\nAr gau;03/11/2026;\r\n"
)
EVENT = "BEGIN:VEVENT\r\nUID:{n}\r\nSUMMARY:{what}\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{after}\r\nEND:VEVENT\r\n"
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Council//EN\r\n"
    + EVENT.format(n=1, what="Autumn Term 2026", first="20260901", after="20261219")
    + EVENT.format(n=2, what="Half Term", first="20261026", after="20261031")
    + EVENT.format(n=3, what="INSET day\\, staff only", first="20261102", after="20261103")
    + EVENT.format(n=4, what="School closed", first="20261103", after="20261104")
    + "END:VCALENDAR\r\n"
)


@pytest.mark.parametrize(
    "text", [ENGLISH, WELSH, ENGLISH.replace("01/09/2026", "2026-09-01"), ICS], ids=["English", "Welsh, Excel's", "ISO days", "iCalendar"]
)
def test_a_file_is_read_in_either_language_and_form(text: str) -> None:
    reading = calendar_files.read(text.encode(), NOTHING)
    assert reading.wrong == []
    assert reading.terms == [AUTUMN]
    assert reading.closed == {date(2026, 11, 2): "inset", date(2026, 11, 3): "closed"}
    assert len(reading.changes) == 3


def test_what_stands_already_is_no_change() -> None:
    calendar = SchoolCalendar((AUTUMN,), frozenset({date(2026, 11, 2), date(2026, 11, 3)}))
    reading = calendar_files.read(ENGLISH.encode(), calendar)
    assert (reading.terms, reading.closed, reading.changes, reading.wrong) == ([], {}, [], [])
    assert reading.known == 3


def test_a_term_that_changes_shows_what_stood() -> None:
    calendar = SchoolCalendar((KnownTerm(2026, "autumn", date(2026, 9, 3), date(2026, 12, 18)),))
    reading = calendar_files.read(ENGLISH.encode(), calendar)
    assert "3 September 2026" in reading.changes[0].before
    assert "1 September 2026" in reading.changes[0].after


def test_a_half_term_alone_goes_into_the_term_that_stands() -> None:
    stood = SchoolCalendar((KnownTerm(2026, "autumn", AUTUMN.starts_on, AUTUMN.ends_on),))
    reading = calendar_files.read(b"What,From,To\nHalf-term,26/10/2026,30/10/2026\n", stood)
    assert reading.terms == [AUTUMN]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Christmas holidays,21/12/2026,31/12/2026", "neither a term"),
        ("Training day,31/02/2026,", "Write days as"),
        ("Training day,soon,", "Write days as"),
        ("Training day,05/09/2026,", "Saturday"),
        ("Training day,26/10/2026,", "holidays"),
        ("Training day,04/01/2027,", "No term dates are entered"),
        ("Spring term,04/12/2026,20/03/2027", "not in the school year|overlap"),
        ("Spring term,05/04/2027,19/03/2027", "before the first"),
        ("Spring half-term,08/02/2027,12/02/2027", "inside no term"),
        ("Bank holiday,07/09/2026,", "no published bank holiday"),
        ("Autumn term,01/09/2026,18/12/2026", "twice"),
    ],
)
def test_every_bad_line_is_named_with_its_reason_and_the_others_are_read(line: str, says: str) -> None:
    text = f"What,From,To\nAutumn term,01/09/2026,18/12/2026\nAutumn half-term,26/10/2026,30/10/2026\n{line}\n"
    reading = calendar_files.read(text.encode(), NOTHING)
    assert reading.wrong
    assert {number for number, _sentence in reading.wrong} <= {2, 4}
    assert any(number == 4 and any(part in str(sentence) for part in says.split("|")) for number, sentence in reading.wrong)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00not text",
        b"What,From\nAutumn term,01/09/2026\n",
        b"What,From,To\n",
        b'What,From,To\n"Autumn term,01/09/2026,18/12/2026',
        b"PK\x03\x04" + b"\x00" * 40,
        b"BEGIN:VCALENDAR\r\nthis is none",
        b"What,From,To\n" + b"Closed,01/09/2026,\n" * 501,
        b"What,From,To\n" + b"x" * 200_001,
    ],
    ids=["empty", "not UTF-8", "a column short", "no lines", "open quote", "a spreadsheet", "broken iCalendar", "too many lines", "too large"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        calendar_files.read(data, NOTHING)
    assert str(refused.value.problems["file"][0])


def test_an_event_that_repeats_or_lacks_a_day_is_named() -> None:
    text = ICS.replace("UID:3", "UID:3\r\nRRULE:FREQ=YEARLY").replace("DTSTART;VALUE=DATE:20261103\r\nDTEND;VALUE=DATE:20261104\r\n", "")
    reading = calendar_files.read(text.encode(), NOTHING)
    assert [number for number, _sentence in reading.wrong] == [3, 4]


def test_a_closure_of_a_week_steps_over_the_weekend() -> None:
    reading = calendar_files.read(b"What,From,To\nClosed,05/11/2026,09/11/2026\n", SchoolCalendar((AUTUMN,)))
    assert reading.wrong == []
    assert sorted(reading.closed) == [date(2026, 11, 5), date(2026, 11, 6), date(2026, 11, 9)]


@pytest.mark.req("DL-02")
@pytest.mark.parametrize("language", ["en-gb", "cy"])
def test_what_is_written_out_is_read_in_again(language: str) -> None:
    closed = [(date(2026, 11, 2), "inset"), (date(2027, 2, 1), "closed")]
    out = io.StringIO()
    with translation.override(language):
        csv.writer(out).writerows(calendar_files.table([AUTUMN, SPRING], closed))
    reading = calendar_files.read(out.getvalue().encode("utf-8-sig"), NOTHING)
    assert (reading.wrong, reading.terms, reading.closed) == ([], [AUTUMN, SPRING], dict(closed))
