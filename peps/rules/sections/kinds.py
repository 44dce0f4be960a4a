"""What a section and a question are, when they stand in a plan, and what a final plan still needs of them. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Permission, Role
from lace.children.rules import Phase, phase
from schools.rules import SchoolKind

PHASES = frozenset(Phase)
ROWS_LIMIT = 40
DECLINED = "declined"
BY_AN_ADULT = "adult"
IDP_KINDS = frozenset({"idp_school", "idp_authority"})  # answers to "kind" of the section aln
WORDS = ("like", "good_at", "matters", "helps", "hard", "hope", "next", "adults")  # of my_page: the child's own statements


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    LINE = "line"
    CHOICE = "choice"
    ROWS = "rows"


class Standard(TextChoices):
    """By which standard something is asked for."""

    LAW = "law", _("Required by law")
    GUIDANCE = "guidance", _("Asked for by guidance")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides which questions a child's plan asks on a day: facts that Lace holds, and what a writer added to the plan."""

    on: date
    phase: Phase
    year: int  # of the child's age; Reception is 0
    age: int
    elsewhere: bool = False  # taught otherwise than at school
    needs: bool = False  # additional learning needs
    excluded: bool = False  # in this school year
    combined: bool = False  # the authority has the development plan for additional learning needs inside the PEP
    asked_for: frozenset[str] = frozenset()  # keys of sections


When = Callable[[Circumstances], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a section. `required`: a final plan answers it; a draft need not. `covers`: what of Schedule 2 paragraph 2 it answers."""

    key: str
    label: Promise
    hint: Promise | None = None
    required: bool = True
    limit: int = 3000  # characters
    kind: Kind = Kind.TEXT
    choices: tuple[tuple[str, Promise], ...] = ()
    columns: tuple[Question, ...] = ()  # of ROWS
    row: Promise | None = None  # what one row is about
    covers: tuple[str, ...] = ()
    phases: frozenset[Phase] = PHASES
    when: When | None = None
    faces: bool = False  # each choice has a picture of its own

    def stands(self, of: Circumstances) -> bool:
        """Is this asked in a plan in these circumstances?"""
        return of.phase in self.phases and (self.when is None or self.when(of))


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A section: its heading, who writes it (its owner first), which facet its answers belong to, what the law asks in it."""

    key: str
    title: Promise
    roles: tuple[Role, ...]
    facet: Facet
    source: Promise
    questions: tuple[Question, ...]
    permission: Permission = Permission.WRITE_PEP
    intro: Promise | None = None
    when: When | None = None  # None: in every plan
    because: Promise | None = None  # of one that stands sometimes: the fact that asks for it
    younger: tuple[Question, ...] = ()  # the same questions, in words for a child up to Year 6

    @property
    def standard(self) -> Standard:
        return Standard.LAW if any(question.covers for question in self.questions) else Standard.GUIDANCE

    def may_be_written(self, role: str, grant: Grant) -> bool:
        """May someone in this role, who holds this grant of the child, write here?"""
        return role in self.roles and self.permission in grant.permissions and self.facet in grant.facets

    def asked_by_fact(self, of: Circumstances) -> bool:
        return self.when is None or self.when(of)

    def stands(self, of: Circumstances) -> bool:
        """Does a plan in these circumstances hold this section?"""
        return self.asked_by_fact(of) or self.key in of.asked_for

    def at(self, of: Circumstances, answers: Mapping[str, Any] | None = None) -> SectionRule:
        """The section with the questions of these circumstances, in their words; what is answered already stays."""
        held = answers or {}
        return replace(self, questions=tuple(question for question in self.edition(of.phase) if question.stands(of) or held.get(question.key)))

    def edition(self, of: str) -> tuple[Question, ...]:
        """All the questions, in the words for this phase."""
        return self.younger if self.younger and of in YOUNGER else self.questions

    def missing(self, answers: Mapping[str, Any]) -> list[Promise]:
        """The labels of what a final plan must answer here and does not yet."""
        if self.key == "my_page":
            return _missing_in_my_page(self, answers)
        if self.key == "aln":
            return _missing_in_aln(self, answers)
        return [question.label for question in self.questions if question.required and not answered(question, answers.get(question.key))]


YOUNGER = frozenset({Phase.EARLY_YEARS, Phase.PRIMARY})  # up to Year 6


def phase_on(born: date, on: date, kind: SchoolKind | None) -> Phase:
    """The phase of a child's education on a day, from the kind of school attended; by age in a school for several phases or in none."""
    by_age = phase(born, on)
    match kind:
        case SchoolKind.NURSERY:
            return Phase.EARLY_YEARS
        case SchoolKind.PRIMARY:
            return Phase.EARLY_YEARS if by_age == Phase.EARLY_YEARS else Phase.PRIMARY
        case SchoolKind.SECONDARY:
            return Phase.POST_16 if by_age == Phase.POST_16 else Phase.SECONDARY
        case SchoolKind.FE_COLLEGE:
            return Phase.POST_16
        case _:
            return by_age


# Before Reception, and at the ends of primary school, of Year 9, of compulsory schooling and of the sixth form.
TRANSITION_YEARS = frozenset({-1, 6, 9, 11, 13})


def in_transition(of: Circumstances) -> bool:
    return of.year in TRANSITION_YEARS


def careers(of: Circumstances) -> bool:
    """From the end of Year 9: its last half-term (PEP-25)."""
    return of.year > 9 or (of.year == 9 and of.on.month in {6, 7, 8})


def of_school_age(of: Circumstances) -> bool:
    return of.phase != Phase.EARLY_YEARS


def answered(question: Question, answer: Any) -> bool:
    """Is the answer whole, as a final plan needs it?"""
    if question.kind == Kind.ROWS:
        rows = answer or []
        return bool(rows) and all(answered(column, row.get(column.key)) for row in rows for column in question.columns if column.required)
    return bool(str(answer or "").strip())


def _missing_in_my_page(section: SectionRule, answers: Mapping[str, Any]) -> list[Promise]:
    """Whose words they are, and at least one statement, unless the child chose to say nothing this time."""
    how = next(question for question in section.questions if question.key == "how")
    if not answered(how, answers.get("how")):
        return [how.label]
    if answers["how"] == DECLINED or any(str(answers.get(key) or "").strip() for key in WORDS):
        return []
    return [question.label for question in section.questions if question.key == "next"]


def _missing_in_aln(section: SectionRule, answers: Mapping[str, Any]) -> list[Promise]:
    """A development plan inside the PEP needs no summary of itself; any other plan is summed up, and its text stays where it is (PEP-09)."""
    inside = answers.get("kind") in IDP_KINDS and any(question.key == "need" for question in section.questions)
    idle = "summary" if inside else "need"
    return [
        question.label
        for question in section.questions
        if question.required and question.key != idle and not answered(question, answers.get(question.key))
    ]


def check_answers(section: SectionRule, answers: Mapping[str, Any]) -> Iterator[tuple[str, Promise]]:
    """(question, sentence) for each answer that cannot be stored: not asked here, too long, no such choice, not the right shape."""
    asked = {question.key: question for question in section.questions}
    for key, answer in answers.items():
        question = asked.get(key)
        if question is None:
            yield "", format_lazy(_("“{section}” has no question “{question}”"), section=section.title, question=key)
        elif question.kind == Kind.ROWS:
            yield from ((key, sentence) for sentence in _check_rows(question, answer))
        else:
            yield from ((key, sentence) for sentence in _check(question, answer))


def _check(question: Question, answer: Any) -> Iterator[Promise]:
    if not isinstance(answer, str) or "\0" in answer:
        yield format_lazy(_("“{question}”: write text"), question=question.label)
    elif len(answer) > question.limit:
        yield format_lazy(_("“{question}”: shorten it to {limit} characters or fewer"), question=question.label, limit=question.limit)
    elif question.choices and answer and answer not in dict(question.choices):
        yield format_lazy(_("“{question}”: choose one of the answers"), question=question.label)


def _check_rows(question: Question, rows: Any) -> Iterator[Promise]:
    columns = {column.key: column for column in question.columns}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) <= set(columns) for row in rows):
        yield format_lazy(_("“{question}”: give a list of rows"), question=question.label)
        return
    if len(rows) > ROWS_LIMIT:
        yield format_lazy(_("“{question}”: give {limit} rows or fewer"), question=question.label, limit=ROWS_LIMIT)
    for row in rows:
        for key, answer in row.items():
            yield from _check(columns[key], answer)


def text(key: str, label: Promise, hint: Promise | None = None, *covers: str, required: bool = True, **when: Any) -> Question:
    return Question(key, label, hint, required=required, covers=covers, **when)


def line(key: str, label: Promise, hint: Promise | None = None, *, required: bool = True, limit: int = 200, **when: Any) -> Question:
    return Question(key, label, hint, required=required, limit=limit, kind=Kind.LINE, **when)


def choice(key: str, label: Promise, *choices: tuple[str, Promise], hint: Promise | None = None, required: bool = True, **when: Any) -> Question:
    return Question(key, label, hint, required=required, kind=Kind.CHOICE, choices=choices, **when)


def table(key: str, label: Promise, row: Promise, *columns: Question, hint: Promise | None = None, required: bool = True, **when: Any) -> Question:
    return Question(key, label, hint, required=required, kind=Kind.ROWS, row=row, columns=columns, **when)
