"""The sections of a plan and their questions, with what the law asks in each. No database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Facet, Grant, Permission, Role


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    LINE = "line"
    CHOICE = "choice"
    ROWS = "rows"


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


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A section: its heading, who writes it, which facet its answers belong to, what the law asks in it."""

    key: str
    title: Promise
    roles: tuple[Role, ...]
    facet: Facet
    source: Promise
    questions: tuple[Question, ...]
    permission: Permission = Permission.WRITE_PEP
    intro: Promise | None = None

    def may_be_written(self, role: str, grant: Grant) -> bool:
        """May someone in this role, who holds this grant of the child, write here?"""
        return role in self.roles and self.permission in grant.permissions and self.facet in grant.facets

    def missing(self, answers: Mapping[str, Any]) -> list[Promise]:
        """The labels of what a final plan must answer here and does not yet."""
        if self.key == "my_page":
            return _missing_in_my_page(self, answers)
        return [question.label for question in self.questions if question.required and not _answered(question, answers.get(question.key))]


ROWS_LIMIT = 40


def _text(key: str, label: Promise, hint: Promise | None = None, *covers: str, required: bool = True) -> Question:
    return Question(key, label, hint, required=required, covers=covers)


def _line(key: str, label: Promise, hint: Promise | None = None, *, required: bool = True, limit: int = 200) -> Question:
    return Question(key, label, hint, required=required, limit=limit, kind=Kind.LINE)


WORDS = ("like", "good_at", "helps", "next", "adults")  # of my_page: the child's own statements
DECLINED = "declined"
BY_AN_ADULT = "adult"

_SCHOOL = (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR)

# What Schedule 2 paragraph 2 of the 2015 Regulations asks of a plan; a test holds the questions' `covers` equal to it.
SCHEDULE_2: frozenset[str] = frozenset(
    {
        *("2(1) institutions", "2(1) attendance and conduct", "2(1) achievements", "2(1) special needs"),
        *("2(2) arrangements", "2(2) special and other provision", "2(2) promotion of achievement"),
        *("2(3) leisure interests", "2(4) disruption", "2(5) carer: education", "2(5) carer: leisure"),
    }
)

# In the order in which they stand: the child's page first (PEP-12).
SECTIONS: dict[str, SectionRule] = {
    section.key: section
    for section in (
        SectionRule(
            "my_page",
            _("My page"),
            (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, *CARERS),
            Facet.VOICE,
            _("Making a difference, “Carers”"),
            (
                _text("like", _("What I like"), _("At school or anywhere else."), required=False),
                _text("good_at", _("What I am good at"), required=False),
                _text("helps", _("What helps me learn"), _("People, places, things, ways of doing it."), required=False),
                _text("next", _("What I want next"), _("This year, or when you are older."), required=False),
                _text("adults", _("What I want adults to know"), _("And what you want them to do, or stop doing."), required=False),
                Question(
                    "how",
                    _("Whose words are these?"),
                    kind=Kind.CHOICE,
                    choices=(
                        ("own", _("I wrote this myself")),
                        ("said", _("I said it, and someone wrote it down just as I said it")),
                        (BY_AN_ADULT, _("An adult wrote this about me")),
                        (DECLINED, _("I did not want to write anything this time")),
                    ),
                ),
                _line("helper", _("Who helped me"), required=False),
                _text("adult_note", _("A note from the adult who helped"), _("Kept apart from the words above."), required=False),
            ),
            Permission.CONTRIBUTE_TO_PEP,
            _("This page is yours. Write it yourself, or say it and have it written down. Nobody changes your words."),
        ),
        SectionRule(
            "history",
            _("Education so far"),
            (*_SCHOOL, Role.SOCIAL_WORKER),
            Facet.EDUCATION,
            _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(1)"),
            (
                _text("institutions", _("Schools and other places of education or training"), _("With the years."), "2(1) institutions"),
                _text("attendance", _("Attendance and conduct"), _("The record, with any exclusions."), "2(1) attendance and conduct"),
                _text("achievements", _("Achievements"), _("In lessons and outside them."), "2(1) achievements"),
                _text(
                    "needs", _("Additional learning needs"), _("And the plan that holds them. Write “None” if there are none."), "2(1) special needs"
                ),
            ),
        ),
        SectionRule(
            "arrangements",
            _("Present arrangements"),
            _SCHOOL,
            Facet.EDUCATION,
            _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraphs 2(2) and 2(4)"),
            (
                Question("school", _("School or other setting, and year group"), limit=200, kind=Kind.LINE, covers=("2(2) arrangements",)),
                _line("named_adult", _("Named adult at school"), _("The person the child goes to.")),
                _text("provision", _("Provision"), _("Additional learning provision and any other help."), "2(2) special and other provision"),
                _text("promotion", _("How achievement is promoted"), None, "2(2) promotion of achievement"),
                _text(
                    "disruption",
                    _("If a change is needed, how disruption is kept small"),
                    _("Write “No change is planned” if that is so."),
                    "2(4) disruption",
                ),
            ),
        ),
        SectionRule(
            "attainment",
            _("Attainment and progress"),
            _SCHOOL,
            Facet.EDUCATION,
            _("Making a difference, “The designated person”, bullet 9"),
            (
                Question(
                    "subjects",
                    _("Subjects and areas of learning"),
                    _("Progression steps, grades or levels, as the school writes them."),
                    kind=Kind.ROWS,
                    row=_("Subject"),
                    columns=(
                        _line("subject", _("Subject or area"), limit=80),
                        _line("current", _("Now"), limit=80),
                        _line("expected", _("Expected"), limit=80),
                        _line("comment", _("Comment"), required=False, limit=300),
                    ),
                ),
                _text("progress", _("Progress since the last plan"), required=False),
            ),
        ),
        SectionRule(
            "personal_development",
            _("Personal development, leisure and well-being"),
            _SCHOOL,
            Facet.WELLBEING,
            _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(3)"),
            (
                _text(
                    "leisure",
                    _("Leisure interests"),
                    _("Clubs, sport, music, friends; what is wanted and what is in the way."),
                    "2(3) leisure interests",
                ),
                _text("wellbeing", _("Well-being and relationships"), _("Strengths, worries, friendships, the adults who matter.")),
                _text("strategies", _("What works when things are hard"), required=False),
            ),
        ),
        SectionRule(
            "carer",
            _("The carer's part"),
            (*CARERS, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER),
            Facet.EDUCATION,
            _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(5)"),
            (
                _text("education", _("How the carer supports learning"), None, "2(5) carer: education"),
                _text("leisure", _("How the carer supports leisure interests"), None, "2(5) carer: leisure"),
                _text("home", _("Learning at home"), _("A place to study, a computer, books, and what is missing."), required=False),
                _text("comments", _("What the carer wants to add"), required=False),
            ),
            Permission.CONTRIBUTE_TO_PEP,
            _("Do not write the carer's name or address here: the plan is read by people who may not know them."),
        ),
        SectionRule(
            "contacts",
            _("Contacts"),
            (*_SCHOOL, Role.SOCIAL_WORKER),
            Facet.CONTACTS,
            _("Making a difference, “The designated person”, bullet 3"),
            (
                Question(
                    "people",
                    _("People around the child"),
                    kind=Kind.ROWS,
                    row=_("Contact"),
                    columns=(
                        _line("role", _("Role"), limit=80),
                        _line("name", _("Name"), required=False, limit=120),
                        _line("note", _("How and when to reach them"), required=False, limit=300),
                    ),
                ),
            ),
            intro=_("Do not write the carer's name or address here: the plan is read by people who may not know them."),
        ),
    )
}


def _answered(question: Question, answer: Any) -> bool:
    if question.kind == Kind.ROWS:
        rows = answer or []
        return bool(rows) and all(_answered(column, row.get(column.key)) for row in rows for column in question.columns if column.required)
    return bool(str(answer or "").strip())


def _missing_in_my_page(section: SectionRule, answers: Mapping[str, Any]) -> list[Promise]:
    """Whose words they are, and at least one statement, unless the child chose to say nothing this time."""
    how = next(question for question in section.questions if question.key == "how")
    if not _answered(how, answers.get("how")):
        return [how.label]
    if answers["how"] == DECLINED or any(str(answers.get(key) or "").strip() for key in WORDS):
        return []
    return [question.label for question in section.questions if question.key == "next"]


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
