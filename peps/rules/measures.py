"""What attainment is measured by: scales, subjects and expected levels as data, and what is computed from the entries. No database.

A definition's source says where its expected level is written. `verified` is said of the whole definition: its scale, its subjects and
the days between which it was used were read in a source; where it is not, they are common knowledge of the field, to be checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.core.errors import Message

OTHER = "other"  # a subject that the definition does not name: it is named in words
Words = str | Promise
Choices = tuple[tuple[str, Words], ...]


class Basis(TextChoices):
    """How a level or grade was reached (DATA-05)."""

    TEACHER = "teacher", _("Teacher assessment")
    EXAM = "exam", _("Examination")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of attainment. `scale`: its values, the lowest first; `expected`: the value from which on the level is reached; "" for none.

    `volume`: how many GCSEs one entry is worth; None where it is asked for or nothing is counted.
    """

    code: str
    title: Promise
    scale: Choices
    source: Promise
    subjects: Choices = ()
    expected: str = ""
    bases: tuple[Basis, ...] = (Basis.TEACHER,)
    volume: Decimal | None = None
    asks_volume: bool = False
    since: date | None = None
    until: date | None = None
    charted: bool = False  # the same subjects again and again, so that the values make a line
    verified: bool = False

    @property
    def names_subject(self) -> bool:
        """Is the subject, or the qualification, always named in words?"""
        return not self.subjects

    def place(self, value: str) -> int:
        """Where on the scale a value stands, from 0; -1 for one that is not of it."""
        return next((place for place, (known, _label) in enumerate(self.scale) if known == value), -1)

    def reaches(self, value: str) -> bool:
        """Is it the expected level or above?"""
        return bool(self.expected) and self.place(value) >= self.place(self.expected)


def subject_in_words(measure: str, subject: str, named: str) -> str:
    """Of which subject a result is, or the name of the qualification."""
    return named or str(dict(MEASURES[measure].subjects).get(subject, subject))


def value_in_words(measure: str, value: str) -> str:
    """The level or grade as its scale calls it."""
    return str(dict(MEASURES[measure].scale).get(value, value))


def _levels(name: Any, highest: int) -> Choices:
    return tuple((str(level), format_lazy(name, level=level)) for level in range(1, highest + 1))


_DEFINING = _("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), “Defining attainment”")
_CURRICULUM = _("Curriculum for Wales framework: progression. It sets no expected level")
_GRADES = _("Grades as the awarding body publishes them")
_LEVEL = _("Level {level}")
_TOWARDS = ("w", _("Working towards level 1"))
_CORE = (
    ("english", _("English")),
    ("welsh", _("Welsh (first language)")),
    ("mathematics", _("Mathematics")),
    ("science", _("Science")),
)
_SECOND_WELSH = ("welsh_second", _("Welsh (second language)"))
_GCSE_SUBJECTS = (
    ("english", _("English language")),
    ("welsh", _("Welsh language")),
    ("mathematics", _("Mathematics")),
    ("numeracy", _("Mathematics – numeracy")),
    ("science", _("Science")),
    ("science_double", _("Science (double award)")),
    ("biology", _("Biology")),
    ("chemistry", _("Chemistry")),
    ("physics", _("Physics")),
    ("english_literature", _("English literature")),
    ("welsh_literature", _("Welsh literature")),
    _SECOND_WELSH,
    (OTHER, _("Another subject")),
)
_LETTERS = tuple((letter, letter) for letter in ("G", "F", "E", "D", "C", "B", "A", "A*"))
_UNGRADED = ("U", _("Ungraded (U)"))
_EITHER = (Basis.EXAM, Basis.TEACHER)  # grades of the summers without examinations were set by teachers

FOUNDATION, KS2, KS3, STEPS, GCSE, GCSE_9_1, QUALIFICATION, A_LEVEL = (
    Measure(
        "foundation",
        _("Foundation Phase outcomes"),
        _levels(_("Outcome {level}"), 6),
        _DEFINING,
        (
            ("english", _("Language, literacy and communication in English")),
            ("welsh", _("Language, literacy and communication in Welsh")),
            ("mathematics", _("Mathematical development")),
            ("personal", _("Personal and social development, well-being and cultural diversity")),
        ),
        expected="5",
        until=date(2022, 8, 31),
    ),
    Measure("ks2", _("Key Stage 2 levels"), (_TOWARDS, *_levels(_LEVEL, 6)), _DEFINING, (*_CORE, _SECOND_WELSH), "4", until=date(2022, 8, 31)),
    Measure(
        "ks3",
        _("Key Stage 3 levels"),
        (_TOWARDS, *_levels(_LEVEL, 8), ("ep", _("Exceptional performance"))),
        _DEFINING,
        (*_CORE, _SECOND_WELSH),
        "5",
        until=date(2024, 8, 31),
    ),
    Measure(
        "steps",
        _("Curriculum for Wales progression steps"),
        _levels(_("Progression step {level}"), 5),
        _CURRICULUM,
        (
            ("arts", _("Expressive Arts")),
            ("health", _("Health and Well-being")),
            ("humanities", _("Humanities")),
            ("languages", _("Languages, Literacy and Communication")),
            ("numeracy", _("Mathematics and Numeracy")),
            ("science", _("Science and Technology")),
        ),
        since=date(2021, 9, 1),
        charted=True,
    ),
    Measure("gcse", _("GCSE, grades A* to G"), (_UNGRADED, *_LETTERS), _DEFINING, _GCSE_SUBJECTS, "C", _EITHER, Decimal(1)),
    Measure(
        "gcse_9_1",
        _("GCSE, grades 9 to 1"),
        (_UNGRADED, *((str(grade), str(grade)) for grade in range(1, 10))),
        _GRADES,
        _GCSE_SUBJECTS,
        "4",
        _EITHER,
        Decimal(1),
        since=date(2017, 6, 1),
    ),
    Measure(
        "qualification",
        _("Another qualification"),
        (("entry", _("Entry level")), *_levels(_LEVEL, 3)),
        _DEFINING,
        expected="2",
        bases=_EITHER,
        asks_volume=True,
    ),
    Measure("a_level", _("A level"), (_UNGRADED, *_LETTERS[2:]), _GRADES, bases=_EITHER),
)
MEASURES: dict[str, Measure] = {one.code: one for one in (STEPS, GCSE, QUALIFICATION, A_LEVEL, GCSE_9_1, KS3, KS2, FOUNDATION)}
SUBJECT_WORTH = {"science_double": Decimal(2)}  # in GCSEs, where it is not the measure's own
MOST_VOLUME = Decimal(4)  # GCSEs that one qualification is worth at most


@dataclass(frozen=True, slots=True)
class Result:
    """A level or grade reached. `volume` in GCSEs, of a qualification that is none."""

    measure: str
    subject: str
    value: str
    named: str = ""
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure that is computed from entries, never typed."""

    code: str
    title: Promise
    meaning: Promise
    source: Promise = _DEFINING
    verified: bool = True


CSI = Indicator(
    "csi", _("Core Subject Indicator"), _("The expected level in English or Welsh, in mathematics and in science, at the end of a key stage.")
)
LEVEL_2 = Indicator(
    "level_2",
    _("Level 2 inclusive"),
    _("Qualifications worth five GCSEs at A* to C, with mathematics and English or Welsh (first language) among them."),
)
# The subjects of which one is enough for each part of the Core Subject Indicator. That numeracy counts as mathematics, and each science as
# science, is common knowledge of the field and not said by the source.
LANGUAGE = frozenset({"english", "welsh"})
MATHEMATICS = frozenset({"mathematics", "numeracy"})
SCIENCE = frozenset({"science", "science_double", "biology", "chemistry", "physics"})
_GCSES = frozenset({GCSE.code, GCSE_9_1.code})
# The ends of key stages at which the Core Subject Indicator is computed, each from these measures.
STAGES: tuple[tuple[Promise, frozenset[str]], ...] = (
    (pgettext_lazy("the end of a key stage", "Key Stage 2"), frozenset({KS2.code})),
    (pgettext_lazy("the end of a key stage", "Key Stage 3"), frozenset({KS3.code})),
    (pgettext_lazy("the end of a key stage", "Key Stage 4"), _GCSES),
)
FIVE = Decimal(5)


def csi(results: Iterable[Result], measures: Collection[str]) -> bool | None:
    """Was the Core Subject Indicator reached in the results of these measures (DATA-06)? None while too little is known to say.

    Of several results in a subject the best counts.
    """
    known: dict[str, bool] = {}
    for result in results:
        if result.measure in measures:
            known[result.subject] = known.get(result.subject, False) or MEASURES[result.measure].reaches(result.value)
    parts = [{known[subject] for subject in group & known.keys()} for group in (LANGUAGE, MATHEMATICS, SCIENCE)]
    if all(True in part for part in parts):
        return True
    return False if {False} in parts else None


@dataclass(frozen=True, slots=True)
class Level2:
    """How far Level 2 inclusive is reached: the volume in GCSEs at grade C (4) or above, and whether both subjects are among them."""

    volume: Decimal
    mathematics: bool
    language: bool

    @property
    def reached(self) -> bool:
        return self.volume >= FIVE and self.mathematics and self.language


def level_2_inclusive(results: Iterable[Result]) -> Level2 | None:
    """Level 2 inclusive of these results (DATA-07); None where none of them counts towards it.

    A subject counts once, whatever the scale and however often it was sat; an A level is beyond it and is not counted.
    """
    counted = [result for result in results if result.measure in _GCSES or MEASURES[result.measure].asks_volume]
    if not counted:
        return None
    worth: dict[tuple[str, str], Decimal] = {}
    for result in counted:
        if MEASURES[result.measure].reaches(result.value):
            key = _subject(result)
            worth[key] = max(worth.get(key, Decimal(0)), _worth(result))
    gcses = {subject for subject, _named in worth if subject}
    return Level2(sum(worth.values(), Decimal(0)), bool(gcses & MATHEMATICS), bool(gcses & LANGUAGE))


def _subject(result: Result) -> tuple[str, str]:
    """What counts once: a subject, or what is named."""
    return result.subject, " ".join(result.named.casefold().split())


def _worth(result: Result) -> Decimal:
    if MEASURES[result.measure].asks_volume:
        return result.volume or Decimal(0)
    return SUBJECT_WORTH.get(result.subject, MEASURES[result.measure].volume or Decimal(0))


def check_result(
    *, measure: Measure, subject: str, named: str, value: str, volume: Decimal | None, basis: str, on: date | None, born: date, today: date
) -> Iterator[tuple[str, Message]]:
    """(field, sentence) for whatever of an entry the measure cannot hold."""
    if subject not in (dict(measure.subjects) or {"": ""}):
        yield "subject", _("Choose the subject")
    elif (measure.names_subject or subject == OTHER) and not named.strip():
        yield "named", _("Enter the name of the subject or qualification")
    elif named.strip() and not (measure.names_subject or subject == OTHER):
        yield "named", _("Leave this empty, or choose “Another subject”")
    if len(named) > 120 or "\0" in named:
        yield "named", _("Enter the name in up to 120 characters")
    if measure.place(value) < 0:
        yield "value", _("Choose one of the levels or grades")
    if measure.asks_volume and (volume is None or not 0 < volume <= MOST_VOLUME or volume * 2 % 1):
        yield "volume", _("Enter how many GCSEs it is worth, from 0.5 to 4 in halves")
    elif not measure.asks_volume and volume is not None:
        yield "volume", _("This measure has no volume of its own")
    if basis not in measure.bases:
        yield "basis", _("Say whether it is a teacher assessment or an examination")
    if on is None or not born < on <= today:
        yield "measured_on", _("The day must be after the child was born, and today or in the past")
    elif measure.since and on < measure.since:
        yield "measured_on", _("This measure was not in use on that day yet. Choose the measure that was")
    elif measure.until and on > measure.until:
        yield "measured_on", _("This measure was no longer in use on that day. Choose the measure that was")
