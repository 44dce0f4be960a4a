"""What a report to governors may say: rounding, small numbers held back, no name in the text. No database.

What is guaranteed: nobody who reads any number of a school's reports, and knows these rules, can work out a number of children below the
minimum, nor how many children changed sides between two terms. What no statistic can guard against is a reader who knows a child already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.children.rules import folded
from lace.notifications.kinds import Kind, declare
from reporting.rules import duties as duties
from schools.rules import SchoolKind, Term, term_of

ROUND_TO = 5  # published counts: to the nearest 5 (002 1.21)

# ---- terms ---------------------------------------------------------------------------------

_BEGINS = {Term.AUTUMN: (9, 1), Term.SPRING: (1, 1), Term.SUMMER: (4, 16)}  # as schools.rules.term_of cuts the year
_TERMS = (Term.AUTUMN, Term.SPRING, Term.SUMMER)


def term_days(year: int, term: Term) -> tuple[date, date]:
    """The first and the last day of a term of the school year that began in `year`."""
    following = (year, _TERMS[_TERMS.index(term) + 1]) if term != Term.SUMMER else (year + 1, Term.AUTUMN)
    return _begin(year, term), _begin(*following) - timedelta(days=1)


def _begin(year: int, term: Term) -> date:
    month, day = _BEGINS[term]
    return date(year if term == Term.AUTUMN else year + 1, month, day)


def reportable(day: date) -> tuple[tuple[int, Term], tuple[int, Term]]:
    """The terms that a report can be prepared for on a day: the present one and the one before.

    Figures are of the children on roll on that day; of a term further back they would say little.
    """
    present = term_of(day)
    return present, term_of(_begin(*present) - timedelta(days=1))


# ---- small numbers -------------------------------------------------------------------------


def minimum(setting: int) -> int:
    """The smallest group of which a figure is shown: the authority's setting, taken up to the next multiple of 5, and never below 5.

    A multiple, so that a printed number always stands for three numbers or more; at 7, a printed 5 would be exactly 7.
    """
    return ROUND_TO * max(1, -(-setting // ROUND_TO))


def rounded(count: int) -> int:
    """To the nearest 5."""
    return ROUND_TO * ((count + ROUND_TO // 2) // ROUND_TO)


@dataclass(frozen=True, slots=True)
class Group:
    """A line of a table: the children whose cell is one of `cells`."""

    code: str
    label: Promise
    cells: tuple[str, ...]


def _one(code: str, label: Promise) -> Group:
    return Group(code, label, (code,))


@dataclass(frozen=True, slots=True)
class Split:
    """A way to divide the cohort. `levels`, from fine to coarse: each holds every cell once."""

    code: str
    title: Promise
    levels: tuple[tuple[Group, ...], ...]

    def label(self, code: str) -> Promise:
        return next(group.label for level in self.levels for group in level if group.code == code)


def held_back(cells: Counter[str], levels: Sequence[Sequence[Group]], least: int) -> list[tuple[str, int]] | None:
    """The finest level on which every line counts at least `least` children, rounded; None when there is none: then nothing is shown.

    All or nothing, so that no line can be taken from a total to find another, and zero counts as small: a table that showed "0" and
    hid "1 to 4" would tell them apart.
    """
    for level in levels:
        counts = [(group.code, sum(cells[cell] for cell in group.cells)) for group in level]
        if len(counts) > 1 and all(count >= least for _code, count in counts):
            return [(code, rounded(count)) for code, count in counts]
    return None


def band(parts: Iterable[tuple[int, int]], least: int) -> tuple[int, int] | None:
    """A rate over the whole cohort, such as attendance, as a band of five percentage points; (0, 49) and (95, 100) are the outer ones.

    `parts`: of each child, how many of how many. None, nothing is shown, when fewer than `least` children have a number or when half or
    more of the total is one child's.
    """
    counted = [(part, whole) for part, whole in parts if whole]
    total = sum(whole for _part, whole in counted)
    if len(counted) < least or 2 * max(whole for _part, whole in counted) >= total:
        return None
    low = min(95, 5 * (100 * sum(part for part, _whole in counted) // total // 5))
    return (0, 49) if low < 50 else (low, 100 if low == 95 else low + 4)


# ---- the cohort ----------------------------------------------------------------------------


class Cohort(TextChoices):
    """How much a report may say, by the number of children on roll."""

    NIL = "nil", _("Nil return")
    SMALL = "small", _("Small numbers held back")
    SHOWN = "shown", _("Figures shown")


@dataclass(frozen=True, slots=True)
class Pupil:
    """What a report counts of one child. `plan`: "final", "written" or "none"; `timely`: "on_time", "late" or "not_due"."""

    year: int  # school year by age, as children.rules.school_year
    own_authority: bool  # looked after by the school's own authority
    additional_needs: bool
    plan: str
    timely: str
    sessions_possible: int = 0
    sessions_attended: int = 0
    excluded: bool = False
    subjects_assessed: int = 0
    subjects_on_track: int = 0

    @property
    def attendance(self) -> str:
        """A session missed in ten or more is persistent absence."""
        if not self.sessions_possible:
            return "unrecorded"
        if self.sessions_attended * 100 >= self.sessions_possible * 95:
            return "high"
        return "middle" if self.sessions_attended * 10 > self.sessions_possible * 9 else "low"

    @property
    def progress(self) -> str:
        """Against what was expected of this child, from where this child started; never against others."""
        if not self.subjects_assessed:
            return "unassessed"
        if self.subjects_on_track == self.subjects_assessed:
            return "all"
        return "half" if self.subjects_on_track * 2 >= self.subjects_assessed else "fewer"


_YOUNG, _JUNIOR = _one("young", _("Nursery to Year 2")), _one("junior", _("Years 3 to 6"))
_LOWER, _EXAMS, _SIXTH = _one("lower", _("Years 7 to 9")), _one("exams", _("Years 10 and 11")), _one("sixth", _("Years 12 and 13"))
_PRIMARY = Group("primary", _("Nursery to Year 6"), ("young", "junior"))
_SECONDARY = Group("secondary", _("Year 7 and above"), ("lower", "exams", "sixth"))
_UPPER = Group("upper", _("Year 10 and above"), ("exams", "sixth"))
_ALL_AGES = ((_YOUNG, _JUNIOR, _LOWER, _EXAMS, _SIXTH), (_PRIMARY, _LOWER, _UPPER), (_PRIMARY, _SECONDARY))
_STAGES: dict[SchoolKind, tuple[tuple[Group, ...], ...]] = {
    SchoolKind.NURSERY: ((_YOUNG,),),
    SchoolKind.PRIMARY: ((_YOUNG, _JUNIOR),),
    SchoolKind.SECONDARY: ((_LOWER, _EXAMS, _SIXTH), (_LOWER, _UPPER)),
    SchoolKind.FE_COLLEGE: ((_SIXTH,),),
}
_ORDER = ("young", "junior", "lower", "exams", "sixth")


def stage(year: int, kind: SchoolKind) -> str:
    """The stage of a school year; in a school that does not teach it, the nearest that it does."""
    own = _ORDER[0 if year < 3 else 1 if year < 7 else 2 if year < 10 else 3 if year < 12 else 4]
    taught = [group.code for group in _STAGES.get(kind, _ALL_AGES)[0]]
    return min(taught, key=lambda code: abs(_ORDER.index(code) - _ORDER.index(own)))


SPLITS: dict[str, Split] = {
    split.code: split
    for split in (
        Split("stage", _("School years"), _ALL_AGES),
        Split("authority", _("Who looks after them"), ((_one("own", _("This authority")), _one("other", _("Another authority"))),)),
        Split(
            "needs",
            _("Additional learning needs"),
            ((_one("with", _("With additional learning needs")), _one("without", _("Without additional learning needs"))),),
        ),
        Split(
            "plan",
            _("Personal Education Plans in place"),
            (
                (_one("final", _("A final plan")), _one("written", _("A plan being written")), _one("none", _("No plan yet"))),
                (_one("final", _("A final plan")), Group("open", _("A plan being written, or none yet"), ("written", "none"))),
            ),
        ),
        Split(
            "timely",
            _("Personal Education Plans due this term"),
            (
                (_one("on_time", _("Done on time")), _one("late", _("Late or not done")), _one("not_due", _("None was due"))),
                (Group("in_order", _("Done on time, or none was due"), ("on_time", "not_due")), _one("late", _("Late or not done"))),
            ),
        ),
        Split(
            "attendance",
            _("Attendance"),
            (
                (
                    _one("high", _("95% or more")),
                    _one("middle", _("More than 90%, less than 95%")),
                    _one("low", _("90% or less")),
                    _one("unrecorded", _("No record")),
                ),
                (
                    Group("above", _("More than 90%"), ("high", "middle")),
                    Group("below", _("90% or less, or no record"), ("low", "unrecorded")),
                ),
            ),
        ),
        Split("exclusion", _("Exclusions"), ((_one("excluded", _("Excluded for half a day or more")), _one("not_excluded", _("Not excluded"))),)),
        Split(
            "progress",
            _("Progress from each child's own start"),
            (
                (
                    _one("all", _("As expected or better in every subject")),
                    _one("half", _("In half of the subjects or more")),
                    _one("fewer", _("In fewer than half")),
                    _one("unassessed", _("Not assessed this term")),
                ),
                (
                    Group("most", _("As expected or better in half of the subjects or more"), ("all", "half")),
                    Group("rest", _("In fewer, or not assessed this term"), ("fewer", "unassessed")),
                ),
            ),
        ),
    )
}


def shown_of(pupils: Sequence[Pupil], *, kind: SchoolKind, least: int) -> dict[str, Any]:
    """All that a report says in numbers, ready to be frozen: nothing that goes in can be worked out of it.

    A cohort below `least` gives that fact alone (point e of the requirements' section on contradictions). Totals are rounded by themselves, so
    parts need not add up (AMB-10).
    """
    if not pupils:
        return {"cohort": Cohort.NIL.value, "least": least}
    if len(pupils) < least:
        return {"cohort": Cohort.SMALL.value, "least": least}
    cells = {
        "stage": Counter(stage(pupil.year, kind) for pupil in pupils),
        "authority": Counter("own" if pupil.own_authority else "other" for pupil in pupils),
        "needs": Counter("with" if pupil.additional_needs else "without" for pupil in pupils),
        "plan": Counter(pupil.plan for pupil in pupils),
        "timely": Counter(pupil.timely for pupil in pupils),
        "attendance": Counter(pupil.attendance for pupil in pupils),
        "exclusion": Counter("excluded" if pupil.excluded else "not_excluded" for pupil in pupils),
        "progress": Counter(pupil.progress for pupil in pupils),
    }
    levels = {code: split.levels for code, split in SPLITS.items()} | {"stage": _STAGES.get(kind, _ALL_AGES)}
    return {
        "cohort": Cohort.SHOWN.value,
        "least": least,
        "on_roll": rounded(len(pupils)),
        "splits": {code: held_back(cells[code], levels[code], least) for code in SPLITS if len(levels[code][0]) > 1},
        "rates": {
            "attendance": band(((pupil.sessions_attended, pupil.sessions_possible) for pupil in pupils), least),
            "progress": band(((pupil.subjects_on_track, pupil.subjects_assessed) for pupil in pupils), least),
        },
    }


# ---- the text ------------------------------------------------------------------------------


class Training(TextChoices):
    """Training of staff on the education of looked-after children this school year (GOV-03)."""

    ALL = "all", _("All staff who need it have had it")
    SOME = "some", _("Some have had it")
    BOOKED = "booked", _("It is booked")
    NONE = "none", _("None yet")


# Names that are also words: in small letters they are the word.
_ALSO_WORDS = re.compile(
    "will|may|april|june|august|summer|hope|faith|grace|rose|joy|mark|bill|rob|sky|dawn|eve|ivy|holly|lily|ruby|pearl|amber|young|day|best|hill|"
    "price|king|white|brown|green|black|gray|cook|wood|bell|field|love|power|rice|rich|small|stone|street|west|north|ward|read|long|little|head|"
    "hand|gold|fox|fish|fair|early|cross|church|page|art|pat|ray|jack|drew|gene|max|chase|hunter|mason|archer|winter|frank|guy|sue|"
    "mai|haf|eira|gwyn|gwen|glyn|bryn|seren|enfys|mor|ben|nos|heulwen|aur|coed|afon|bach"
)
_SOME_CHILDREN = re.compile(
    r"\b(?:one|two|three|four|[1-4]|un|dau|ddau|dwy|ddwy|tri|dri|tair|dair|pedwar|bedwar|pedair|bedair)\b(?:\s+\w+){0,2}?\s+"
    r"(?:child(?:ren)?|pupils?|learners?|boys?|girls?|students?|[pb]h?lentyn|[pb]h?lant|mhlentyn|mhlant|d?disgyb(?:l|lion)|n?nisgyb(?:l|lion)|"
    r"[dt]h?ysgw[yr]+|bachgen|fachgen|bechgyn|fechgyn|merch|ferch|merched|ferched)\b",
    re.IGNORECASE,
)


def names_in(text: str, names: Iterable[str]) -> list[str]:
    """The names that a text holds, in order. Whole words, accents and capitals or not; a name that is also a word only with a capital.

    A name of several words, such as "ap Rhys", counts when they follow each other. It errs on the safe side: a member of staff who bears
    a child's family name is found too.
    """
    words = re.findall(r"\w+", text)
    plain = [folded(word) for word in words]
    found = set()
    for name in set(names):
        sought = [folded(part) for part in re.findall(r"\w+", name)]
        if not sought or max(map(len, sought)) < 2:
            continue
        for place in range(len(words) - len(sought) + 1):
            if plain[place : place + len(sought)] != sought:
                continue
            if len(sought) > 1 or not _ALSO_WORDS.fullmatch(sought[0]) or words[place][0].isupper():
                found.add(name)
    return sorted(found)


def small_counts_in(text: str) -> list[str]:
    """Where a text counts one to four children, as written: "two of our pupils" gives away what the figures hold back."""
    return [" ".join(match.group().split()) for match in _SOME_CHILDREN.finditer(text)]


def problems_of(text: str, names: Iterable[str]) -> list[str]:
    """Sentences on what in a text could tell governors who a child is; empty when nothing (GOV-02)."""
    named = [
        gettext("Take out “%(name)s”: it is a name of a child on the school's roll. Governors must not be able to tell who a child is")
        % {"name": name}
        for name in names_in(text, names)
    ]
    counted = [
        gettext("Take out “%(words)s”: a small number can show who a child is. Write about the provision, without a number") % {"words": words}
        for words in small_counts_in(text)
    ]
    return [*named, *counted]


# ---- where a term's report stands ----------------------------------------------------------


class Standing(StrEnum):
    """Of a school's report for a term (GOV-13). The guidance asks for it every term; its day is the term's last."""

    PUBLISHED = "published"
    LATE_PUBLISHED = "late_published"
    DUE = "due"
    LATE = "late"


def standing(year: int, term: Term, *, published_on: date | None, as_of: date) -> Standing:
    """`published_on`: of the first version."""
    _first, last = term_days(year, term)
    if published_on is not None:
        return Standing.PUBLISHED if published_on <= last else Standing.LATE_PUBLISHED
    return Standing.LATE if as_of > last else Standing.DUE


declare(
    Kind(
        code="report_prepared",
        subject=_("A termly report is ready for you to publish"),
        body=_("The designated person has prepared the termly report to the governing body. Read it in Lace, and publish it."),
        route="reports",
    ),
    Kind(
        code="report_challenged",
        subject=_("Governors ask about a termly report"),
        body=_("A governor challenges what a termly report shows. A reply is due by %(due_on)s. Read and answer it in Lace, naming no child."),
        route="reports",
    ),
    Kind(
        code="report_challenge_replied",
        subject=_("The school has replied to your question about a report"),
        body=_("Your challenge to a termly report has a reply. Read it in Lace, with the report."),
        route="reports",
    ),
    Kind(
        code="report_published",
        subject=_("A termly report has been published"),
        body=_("The school's termly report to the governing body is published. Read it in Lace, or download it in Welsh or English."),
        route="reports",
    ),
)
