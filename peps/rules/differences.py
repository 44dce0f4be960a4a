"""What changed between two texts of a plan: word by word, section by section, target by target. No database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from peps.rules.sections import Kind, SectionRule

TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
LIKE = 0.5  # from this likeness of their names on, 0 to 1, two rows or two targets are one that was changed
MOST = 2000  # words and signs; the comparison of two longer texts takes seconds, so they stand whole, one after the other


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: in both texts, or only in the newer (added) or the older one (removed). `language` as it was written."""

    change: Change
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one answer, one row of a table or one field of a target. `key` as in the plan."""

    key: str
    change: Change
    pieces: tuple[Piece, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of an answer, or of one target, in the order in which they stand now."""

    change: Change
    cells: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class SectionDifference:
    """What became of a section; its answers that differ."""

    section: SectionRule
    change: Change
    answers: tuple[Difference, ...]


def pieces(old: str, new: str, *, old_language: str = "", new_language: str = "") -> tuple[Piece, ...]:
    """The older text turned into the newer one. What is not removed, put together, is `new`; what is not added is `old`.

    A text written anew in the other language stands whole under the old one: word by word the two would say nothing.
    """
    if old == new and old_language == new_language:
        return (Piece(Change.SAME, new, new_language),) if new else ()
    before, after = TOKENS.findall(old), TOKENS.findall(new)
    if not old or not new or old_language != new_language or len(before) + len(after) > 2 * MOST:
        return (*_piece(Change.REMOVED, old, old_language), *_piece(Change.ADDED, new, new_language))
    found: list[Piece] = []
    for act, start, end, begin, finish in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if act == "equal":
            found += _piece(Change.SAME, "".join(after[begin:finish]), new_language)
        else:
            found += _piece(Change.REMOVED, "".join(before[start:end]), old_language)
            found += _piece(Change.ADDED, "".join(after[begin:finish]), new_language)
    return tuple(found)


def sections(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], *, rules: Iterable[SectionRule], facets: Collection[str]
) -> list[SectionDifference]:
    """The sections that differ, of those whose facet the reader holds. `old` and `new` as in a frozen version."""
    found = []
    for rule in rules:
        if rule.facet not in facets:
            continue
        answers = tuple(_answers(rule, old.get(rule.key, {}), new.get(rule.key, {})))
        if answers:
            found.append(SectionDifference(rule, _change(rule.key in old, rule.key in new), answers))
    return found


def targets(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], *, fields: Sequence[str], written: Collection[str]) -> list[Row]:
    """The targets that differ: those of the newer text in their order, then those that are gone. Matched by what they say.

    Every value is text as it is shown; those named in `written` are in the target's own language.
    """
    return [row for row in _rows(old, new, fields, written) if row.change != Change.SAME]


def _answers(rule: SectionRule, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    before, after = old.get("answers", {}), new.get("answers", {})
    languages = old.get("language", ""), new.get("language", "")
    for question in rule.questions:
        was, now = before.get(question.key) or "", after.get(question.key) or ""
        if was == now:
            continue
        change = _change(bool(was), bool(now))
        if question.kind == Kind.ROWS:
            columns = [column.key for column in question.columns]
            rows = _rows(before.get(question.key) or [], after.get(question.key) or [], columns, columns, languages)
            yield Difference(question.key, change, rows=tuple(row for row in rows if row.change != Change.SAME))
        elif question.kind == Kind.CHOICE:
            labels = {key: str(label) for key, label in question.choices}  # our words, in the reader's language
            yield Difference(
                question.key, change, (*_piece(Change.REMOVED, labels.get(was, was), ""), *_piece(Change.ADDED, labels.get(now, now), ""))
            )
        else:
            yield Difference(question.key, change, pieces(was, now, old_language=languages[0], new_language=languages[1]))


def _rows(
    old: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    written: Collection[str],
    languages: tuple[str, str] | None = None,
) -> Iterator[Row]:
    """Every row of either side once, matched ones cell by cell. Without `languages` each row says its own."""
    matched = _matched(old, new, columns)
    pairs = [(old[matched[number]] if number in matched else {}, row) for number, row in enumerate(new)]
    pairs += [(row, {}) for number, row in enumerate(old) if number not in matched.values()]
    for was, now in pairs:
        spoken = languages or (str(was.get("language", "")), str(now.get("language", "")))
        cells = tuple(_cell(key, _said(was, key), _said(now, key), spoken if key in written else None) for key in columns)
        cells = tuple(cell for cell in cells if cell.pieces)
        same = bool(was) and bool(now) and all(cell.change == Change.SAME for cell in cells)
        yield Row(Change.SAME if same else _change(bool(was), bool(now)), cells)


def _cell(key: str, was: str, now: str, languages: tuple[str, str] | None) -> Difference:
    """`languages` of what somebody wrote; what is not written but chosen, a day or an outcome, stands whole under the one before."""
    before, after = languages or ("", "")
    if was == now:  # the language alone, set right later, is no other text
        return Difference(key, Change.SAME, pieces(was, now, old_language=after, new_language=after))
    change = _change(bool(was), bool(now))
    if languages is None:
        return Difference(key, change, (*_piece(Change.REMOVED, was, ""), *_piece(Change.ADDED, now, "")))
    return Difference(key, change, pieces(was, now, old_language=before, new_language=after))


def _matched(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dict[int, int]:
    """Newer row -> older row, each at most once: those of one id first, then equal ones, then those of like
    names (the first column), the likest pairs first."""
    names, texts = ([[" ".join(_said(row, key) for key in part) for row in rows] for rows in (old, new)] for part in (columns[:1], columns))
    pairs = [
        (2.0 if known else _likeness(texts[0][place], texts[1][number]), number, place)
        for number in range(len(new))
        for place in range(len(old))
        if (known := _is_same(old[place], new[number])) or _likeness(names[0][place], names[1][number]) >= LIKE
    ]
    found: dict[int, int] = {}
    for _like, number, place in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if number not in found and place not in found.values():
            found[number] = place
    return found


def _is_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old.get("id")) and old.get("id") == new.get("id")


def _likeness(old: str, new: str) -> float:
    """From 0 to 1, by the words that the two share in their order."""
    return 1.0 if old == new else SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio()


def _said(row: Mapping[str, Any], key: str) -> str:
    return str(row.get(key) or "")


def _piece(change: Change, text: str, language: str) -> tuple[Piece, ...]:
    return (Piece(change, text, language),) if text else ()


def _change(was: bool, now: bool) -> Change:
    if was and now:
        return Change.CHANGED
    return Change.ADDED if now else Change.REMOVED
