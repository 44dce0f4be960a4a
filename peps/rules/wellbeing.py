"""What well-being is measured by: instruments with their scores and cut-offs as data, and the bands computed from them. No database.

Scores only. The questions of the SDQ and the Boxall Profile are their owners', and stand nowhere in Lace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.children.rules import age
from lace.core.errors import Message

TOTAL = "total"


class Informant(TextChoices):
    """Whose answers a score comes from."""

    CHILD = "child", pgettext_lazy("answers of", "The child")
    PARENT = "parent", pgettext_lazy("answers of", "The parent or carer")
    TEACHER = "teacher", pgettext_lazy("answers of", "The teacher")


@dataclass(frozen=True, slots=True)
class Score:
    code: str
    title: Promise
    high: int  # the highest; the lowest is 0
    group: str = ""  # of a score that adds up with others


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of an instrument: for which ages, by informant, in whole years."""

    code: str
    title: Promise
    ages: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where each band after the first begins: `ends` of a score of which the lower values are the worse ones, else `starts`."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    verified: bool = False  # read in a source; else common knowledge of the field, to be checked

    def band(self, value: int) -> int:
        """0 for the band closest to the average."""
        return sum(value >= start for start in self.starts) + sum(value <= end for end in self.ends)


@dataclass(frozen=True, slots=True)
class Instrument:
    """`totals`: group of scores -> the score that is their sum. `bands`: (edition, informant, number of bands) -> cut-offs by score."""

    code: str
    title: Promise
    source: Promise
    editions: tuple[Edition, ...] = ()
    informants: tuple[Informant, ...] = ()
    scores: tuple[Score, ...] = ()
    totals: Mapping[str, str] = field(default_factory=dict)
    total_alone: bool = False  # may the total be known where its parts are not?
    bands: Mapping[tuple[str, str, int], Mapping[str, Cuts]] = field(default_factory=dict)
    named: bool = False  # the instrument itself is named in words
    observed: bool = False  # words, and no score
    verified: bool = False
    short: str = ""  # as everybody calls it, in both languages

    def edition(self, code: str) -> Edition | None:
        return next((one for one in self.editions if one.code == code), None)

    def parts(self, group: str) -> list[str]:
        return [score.code for score in self.scores if score.group == group]


def _cuts(verified: str = "", **starts: tuple[int, ...]) -> dict[str, Cuts]:
    """Cut-offs by score: where bands begin; of the kind and helpful behaviour, where they end. `verified`: the scores whose cuts were read."""
    read = starts.keys() if verified == "all" else set(verified.split())
    return {
        code: Cuts(ends=cuts, verified=code in read) if code == "prosocial" else Cuts(cuts, verified=code in read) for code, cuts in starts.items()
    }


_OLDER, _YOUNGER = "sdq_4_17", "sdq_2_4"
SDQ = Instrument(
    "sdq",
    _("Strengths and Difficulties Questionnaire (SDQ)"),
    _("Goodman: the published scoring of the Strengths and Difficulties Questionnaire; the four bands of teachers' answers in PMC4830858, table 1"),
    editions=(
        Edition(_OLDER, _("For 4 to 17 years"), {Informant.TEACHER: (4, 17), Informant.PARENT: (4, 17), Informant.CHILD: (11, 17)}),
        Edition(_YOUNGER, _("For 2 to 4 years"), {Informant.TEACHER: (2, 4), Informant.PARENT: (2, 4)}),
    ),
    informants=tuple(Informant),
    scores=(
        Score("emotional", _("Emotional"), 10, "difficulties"),
        Score("conduct", _("Conduct"), 10, "difficulties"),
        Score("hyperactivity", _("Hyperactivity"), 10, "difficulties"),
        Score("peer", _("Peer relationships"), 10, "difficulties"),
        Score("prosocial", _("Kind and helpful behaviour"), 10),
        Score(TOTAL, _("Total of difficulties"), 40),
    ),
    totals={"difficulties": TOTAL},
    total_alone=True,
    bands={
        (_OLDER, Informant.TEACHER, 4): _cuts(
            "all",
            total=(12, 16, 19),
            emotional=(4, 5, 6),
            conduct=(3, 4, 5),
            hyperactivity=(6, 8, 9),
            peer=(3, 5, 6),
            prosocial=(5, 4, 3),
        ),
        (_OLDER, Informant.PARENT, 4): _cuts(
            total=(14, 17, 20), emotional=(4, 5, 7), conduct=(3, 4, 6), hyperactivity=(6, 8, 9), peer=(3, 4, 5), prosocial=(7, 6, 5)
        ),
        (_OLDER, Informant.CHILD, 4): _cuts(
            total=(15, 18, 20), emotional=(5, 6, 7), conduct=(4, 5, 6), hyperactivity=(6, 7, 8), peer=(3, 4, 5), prosocial=(6, 5, 4)
        ),
        (_OLDER, Informant.TEACHER, 3): _cuts(total=(12, 16), emotional=(5, 6), conduct=(3, 4), hyperactivity=(6, 7), peer=(4, 5), prosocial=(5, 4)),
        (_OLDER, Informant.PARENT, 3): _cuts(
            "total", total=(14, 17), emotional=(4, 5), conduct=(3, 4), hyperactivity=(6, 7), peer=(3, 4), prosocial=(5, 4)
        ),
        (_OLDER, Informant.CHILD, 3): _cuts(total=(16, 20), emotional=(6, 7), conduct=(4, 5), hyperactivity=(6, 7), peer=(4, 6), prosocial=(5, 4)),
    },
    verified=True,
    short="SDQ",
)
_STRAND = _("Strand {letter}")
BOXALL = Instrument(
    "boxall",
    _("Boxall Profile"),
    _("The Boxall Profile: scores by strand. The range of a strand is to be checked against its handbook"),
    editions=(
        Edition("boxall_children", _("For children"), {Informant.TEACHER: (3, 13)}),
        Edition("boxall_young", _("For young people"), {Informant.TEACHER: (11, 18)}),
    ),
    informants=(Informant.TEACHER,),
    scores=(
        *(Score(letter.lower(), format_lazy(_STRAND, letter=letter), 20, "developmental") for letter in "ABCDEFGHIJ"),
        Score("developmental", _("Developmental strands, A to J"), 200),
        *(Score(letter.lower(), format_lazy(_STRAND, letter=letter), 20, "diagnostic") for letter in "QRSTUVWXYZ"),
        Score("diagnostic", _("Diagnostic profile, Q to Z"), 200),
    ),
    totals={"developmental": "developmental", "diagnostic": "diagnostic"},
)
ANOTHER = Instrument(
    "another", _("Another measure"), _("As its handbook says"), informants=tuple(Informant), scores=(Score(TOTAL, _("Score"), 1000),), named=True
)
OBSERVATION = Instrument("observation", _("Observation"), _("Making a difference, “The designated person”: monitor well-being"), observed=True)
INSTRUMENTS: dict[str, Instrument] = {one.code: one for one in (SDQ, BOXALL, ANOTHER, OBSERVATION)}

# What a band is called: it is said of a score, never of a child.
FOUR_BANDS: tuple[Promise, ...] = (_("Close to average"), _("Slightly raised"), _("High"), _("Very high"))
FOUR_BANDS_DOWN: tuple[Promise, ...] = (_("Close to average"), _("Slightly lowered"), _("Low"), _("Very low"))
THREE_BANDS: tuple[Promise, ...] = (_("In the usual range"), _("At the edge of the usual range"), _("Outside the usual range"))


def band(instrument: Instrument, edition: str, informant: str, score: str, value: int, *, of: int = 4) -> Promise | None:
    """The band of a score by the declared cut-offs, in words; None where none are declared."""
    cuts = instrument.bands.get((edition, informant, of), {}).get(score)
    if cuts is None:
        return None
    names = THREE_BANDS if of == 3 else FOUR_BANDS_DOWN if cuts.ends else FOUR_BANDS
    return names[cuts.band(value)]


def with_totals(instrument: Instrument, scores: Mapping[str, int]) -> dict[str, int]:
    """The scores with each total whose parts are all there."""
    found = dict(scores)
    for group, total in instrument.totals.items():
        parts = instrument.parts(group)
        if all(part in scores for part in parts):
            found[total] = sum(scores[part] for part in parts)
    return found


def check_scores(instrument: Instrument, scores: Mapping[str, int]) -> Iterator[tuple[str, Message]]:
    """(score, sentence) for each score out of its range or without those that belong to it."""
    known = {score.code: score for score in instrument.scores}
    for code, value in scores.items():
        if code not in known:
            yield "scores", _("This measure has no such score")
        elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= known[code].high:
            yield code, format_lazy(_("Enter a whole number from 0 to {high}"), high=known[code].high)
    if instrument.scores and not scores:
        yield instrument.scores[0].code, _("Enter at least one score")
    if not instrument.total_alone:
        return
    for group, total in instrument.totals.items():
        given = [part for part in instrument.parts(group) if part in scores]
        if given and len(given) < len(instrument.parts(group)):
            yield next(part for part in instrument.parts(group) if part not in scores), _("Enter all of these scores, or the total alone")
        elif given and total in scores and with_totals(instrument, scores)[total] != scores[total]:
            yield total, _("The total is not the sum of the scores. Leave it empty, and Lace adds them up")


def check_entry(
    *, instrument: Instrument, edition: str, informant: str, named: str, words: str, on: date | None, born: date, today: date
) -> Iterator[tuple[str, Message]]:
    """(field, sentence) for whatever beside the scores an entry cannot hold."""
    held = instrument.edition(edition)
    if bool(instrument.editions) != (held is not None) or (edition and held is None):
        yield "edition", _("Choose the version that was used")
    if informant not in (instrument.informants or ("",)):
        yield "informant", _("Say whose answers these are")
    if instrument.named != bool(named.strip()):
        yield "named", _("Enter the name of the measure, with its version")
    if instrument.observed and not words.strip():
        yield "words", _("Write what was seen")
    if on is None or not born < on <= today:
        yield "measured_on", _("The day must be after the child was born, and today or in the past")
    elif held is not None and informant in instrument.informants:
        low, high = held.ages.get(informant, (1, 0))
        if not low <= age(born, on) <= high:
            yield "edition", _("This version is not for these answers at the age the child was on that day")


def name_in_words(instrument: str, edition: str, named: str, informant: str) -> str:
    """What was used, with its version, and whose answers they are."""
    found = INSTRUMENTS[instrument]
    held = found.edition(edition)
    called = named or found.short or str(found.title)
    said = f"{called} ({str(held.title).lower()})" if held else called
    return f"{said}, {str(Informant(informant).label).lower()}" if informant else said


def scores_in_words(instrument: str, edition: str, informant: str, scores: Mapping[str, int]) -> list[str]:
    """Each score with its band, totals first; of the total the band of the original three besides."""
    held = INSTRUMENTS[instrument]
    totals = {TOTAL, *held.totals.values()}
    said = []
    for score in sorted((score for score in held.scores if score.code in scores), key=lambda score: score.code not in totals):
        value = scores[score.code]
        counts = (4, 3) if score.code == TOTAL else (4,)
        bands = [str(name).lower() for of in counts if (name := band(held, edition, informant, score.code, value, of=of))]
        said.append(f"{score.title}: {value}" + (f" ({', '.join(bands)})" if bands else ""))
    return said
