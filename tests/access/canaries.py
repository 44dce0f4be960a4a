"""Words that stand nowhere but in one field of one child's record: where they come out, that field came out.

`plant` writes one into every text of every table with a child's data, making the rows that a child lacks; new tables and new
fields are planted without being named here. `Canaries.found` reads them back out of anything that leaves Lace.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone, translation
from django.utils.formats import date_format

from lace.accounts.models import LocalAuthority, Organisation, User
from lace.children.models import Child
from lace.deadlines.models import Duty
from peps.models import Target, digest
from peps.rules.quality import AREAS
from peps.rules.sections import SECTIONS, Kind, asked_as_frozen
from schools.models import School
from tests.access.drawn import additions, frozen_addition
from tests.access.policy.fields import MODELS
from tests.access.policy.fields import SECTIONS as SECTION_FACETS

# Eight signs, the most that a postcode takes: six came up by chance in the tokens of a page, once in some runs.
_WORD = re.compile(r"zq[a-z][0-9a-f]{3}qz")
# Texts that are codes of the machinery, not what somebody wrote.
CODES = frozenset(
    {
        *("Duty.code", "Section.key", "Version.sha256", "Child.sort_key", "Child.upn", "Notification.kind"),
        *("Contribution.token_sha256", "Reply.question", "AnswerReaders.question", "Addition.media_type", "Addition.sha256"),
        *("Attainment.measure", "Attainment.subject", "Attainment.value", "Wellbeing.instrument", "Wellbeing.edition"),
    }
)
# What is particular about the one row of a table.
PARTICULAR: dict[str, dict[str, Any]] = {
    "Pep": {"state": "amending", "version": 1, "closed_on": None},
    "Target": {"position": 1, "area": "academic"},
    "Action": {"state": "open", "evidence": "", "done_on": None, "until": None, "since": 2, "owner": None},
    "Provision": {"goes_on": True, "ended_on": None, "end_reason": "", "until": None, "since": 2},
    "MeetingInvitation": {"who": "iro"},
    "PeerOffer": {"next_on": date(2099, 1, 1)},
    "CatchUp": {"sessions": 6, "ends_on": date(2099, 1, 1), "outcome": "", "until": None, "since": 2},
    "Attainment": {"measure": "qualification", "subject": "", "value": "2", "basis": "exam", "corrects": None, "reason": ""},
}
# Answers of the child's page, in the plan as in a version, that the child lets only these roles read.
KEPT_FOR: dict[str, list[str]] = {"like": [], "helps": ["social_worker"]}
# What comes out of a field under another facet than the field's own: the preferred name is what the child is called.
CALLED_BY = {"Child.preferred_name": "called"}


@dataclass(frozen=True, slots=True)
class Planted:
    """Of which child, in which field ("Model.field"), read under which facet ("" in content whose parts have their own)."""

    child: str
    name: str
    facet: str
    readers: frozenset[str] | None = None  # of a statement: the roles that the child lets read it, and the child
    account: int | None = None  # of a carer's name: the account that it is the name of


@dataclass(repr=False)
class Canaries:
    """Every word planted, and where."""

    planted: dict[str, Planted] = field(default_factory=dict)  # by the word, in small letters
    texts: dict[str, Planted] = field(default_factory=dict)  # what cannot be a word of our own: a date, a number with check letters
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _texts: re.Pattern[str] | None = None

    def word(self, child: str, name: str, facet: str, readers: frozenset[str] | None = None, account: int | None = None) -> str:
        """A new word for this field."""
        made = f"Zq{child}{next(self._numbers):03x}qz"
        self.planted[made.lower()] = Planted(child, name, facet, readers, account)
        return made

    def text(self, text: str, child: str, name: str, facet: str) -> None:
        self.texts[text.lower()] = Planted(child, name, facet)
        self._texts = None

    def all(self) -> set[Planted]:
        """Everything planted."""
        return {*self.planted.values(), *self.texts.values()}

    def found(self, content: str) -> set[Planted]:
        """What of it all this content holds."""
        if self._texts is None:
            self._texts = re.compile("|".join(map(re.escape, sorted(self.texts, key=len, reverse=True))) or "(?!)")
        small = content.lower()
        words = {self.planted[word] for word in _WORD.findall(small) if word in self.planted}
        return words | {self.texts[text] for text in self._texts.findall(small)}


def child_models() -> list[Any]:
    """Every table with a child's data: those whose fields have facets."""
    return [model for model in apps.get_models() if hasattr(model, "FACETS") and model._meta.label not in {"notifications.Notification"}]


@dataclass(repr=False)
class Planter:
    """Furnishes one child: a row in every table, a word in every text."""

    canaries: Canaries
    child: Child
    letter: str
    school: School
    author: User
    taker: LocalAuthority  # to whom the child's record is to be handed over
    made: dict[type[models.Model], models.Model] = field(default_factory=dict)
    drawn: UUID = field(default_factory=uuid4)  # what the child added to the page, by the key that the version has
    wished: str = ""  # what the child wants next, as one of the replies answers it

    def furnish(self) -> None:
        """Fill every table, those first on which others stand."""
        self._about_the_child()
        waiting = [model for model in child_models() if model is not Child]
        while waiting:
            ready = [model for model in waiting if not self._stands_on(model).intersection(waiting)]
            assert ready, f"These tables stand on each other: {waiting}"
            for model in ready:
                self._fill(model)
                waiting.remove(model)

    def _stands_on(self, model: Any) -> set[Any]:
        keys = {key.related_model for key in model._meta.concrete_fields if isinstance(key, models.ForeignKey) and not key.null}
        return {related for related in keys if related is not model}

    def _about_the_child(self) -> None:
        values = {name: self._word("Child", name) for name in ("given_names", "family_name", "preferred_name", "reference", "first_language")}
        values["given_names"] = f"{values['given_names']} {self._word('Child', 'given_names')}"
        of = ord(self.letter) - ord("A")
        Child.objects.filter(pk=self.child.pk).update(born_on=date(2011, 3 + of, 11 + of), **values)
        self.child.refresh_from_db()
        born: date = self.child.born_on
        self._text(born.isoformat(), "born_on")
        for language in ("en-gb", "cy"):
            with translation.override(language):
                self._text(date_format(born, "DATE_FORMAT"), "born_on")
        self._text(self.child.upn, "upn")

    def _text(self, text: str, name: str) -> None:
        self.canaries.text(text, self.letter, f"Child.{name}", "identity")

    def _word(self, model: str, name: str, facet: str | None = None) -> str:
        known = CALLED_BY.get(f"{model}.{name}", MODELS.get(model, {}).get(name, "")) if facet is None else facet
        return self.canaries.word(self.letter, f"{model}.{name}", known)

    def _fill(self, model: Any) -> None:
        rows = list(model.objects.filter(child=self.child))
        for row in rows:
            texts = {column.name: self._word(model.__name__, column.name) for column in self._texts(model)}
            if texts:
                model.objects.filter(pk=row.pk).update(**texts)
        if not rows:
            for values in self._variants(model):
                row = model(**self._values(model, values))
                row.save(force_insert=True)
                rows.append(row)
        self.made[model] = next((row for row in rows if getattr(row, "ended_on", None) is None), rows[-1])

    @staticmethod
    def _texts(model: Any) -> list[Any]:
        return [
            column
            for column in model._meta.concrete_fields
            if isinstance(column, models.CharField | models.TextField)
            and not column.choices
            and f"{model.__name__}.{column.name}" not in CODES
            and not column.is_relation
        ]

    def _values(self, model: Any, said: dict[str, Any]) -> dict[str, Any]:
        """A value for every column: what is said, else by its kind."""
        found: dict[str, Any] = dict(said)
        texts = self._texts(model)
        for column in model._meta.concrete_fields:
            if column.name in said:
                continue
            given = column.primary_key or column.has_default() or getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False)
            if given and column not in texts and not isinstance(column, models.JSONField):
                continue
            found[column.name] = self._value(model, column, column in texts)
        return found

    def _value(self, model: Any, column: Any, is_text: bool) -> Any:
        if is_text:
            return self._word(model.__name__, column.name)
        if isinstance(column, models.ForeignKey):
            return self._related(column)
        if column.choices:
            return column.choices[0][0]
        if isinstance(column, ArrayField):
            return [column.base_field.choices[0][0]] if column.base_field.choices else []
        if isinstance(column, models.JSONField):
            return {"said": self._word(model.__name__, column.name)}
        for kind, value in (
            (models.DateTimeField, timezone.now()),
            (models.DateField, timezone.localdate()),
            (models.BooleanField, False),
            (models.DecimalField, Decimal(1)),
            (models.IntegerField, 1),
            (models.UUIDField, self.child.pk),
        ):
            if isinstance(column, kind):
                return (
                    None
                    if column.null and column.name.startswith(("end", "clos", "with", "accept", "received", "reviewed", "acknowledged", "sealed"))
                    else value
                )
        return None if column.null else ""

    def _related(self, column: Any) -> Any:
        related = column.related_model
        if related is Child:
            return self.child
        if related is LocalAuthority:
            return self.child.authority
        if related is Organisation:
            return self.school.organisation
        if related is School:
            return self.school
        if related is User:
            return self.author
        if related is Group:
            return self.school.organisation.group
        if related in self.made:
            return self.made[related]
        return None

    def _variants(self, model: Any) -> Iterable[dict[str, Any]]:
        """The rows to make of a table, and what is particular about each. One row as its columns say, where nothing is said here."""
        maker = getattr(self, f"_of_{model.__name__.lower()}", None)
        return maker() if maker else [PARTICULAR.get(model.__name__, {})]

    # ---- rows that the plain maker cannot guess ----

    def _of_section(self) -> Iterable[dict[str, Any]]:
        for key in SECTIONS:
            answers = self._answers("Section", key)
            if key == "my_page":
                answers |= {question: self._kept_word("Section.my_page", question) for question in KEPT_FOR}
                answers |= {"next": self.wished} if self.wished else {}
            yield {"key": key, "answers": answers, "written_as": "designated_person", "sitting": None}

    def _of_challenge(self) -> Iterable[dict[str, Any]]:
        """One that ended unsettled; the one that the matrix opens waits for its reply."""
        yield {"ending": "not_settled", "ended_on": timezone.localdate(), "reply_due_on": timezone.localdate()}
        texts = ("reply", "reply_language", "replied_as", "ending", "left_open", "left_open_language")
        yield dict.fromkeys(texts, "") | dict.fromkeys(("replied_by", "replied_on", "ended_on"))

    def _of_reply(self) -> Iterable[dict[str, Any]]:
        """One to what the child wants next, decided and not told; one to what the child had said before."""
        self.wished = self._word("Section", "my_page", "voice")
        said = {"outcome": "used", "told_on": None, "told_how": "", "answered_as": "designated_person", "words_language": "en-gb"}
        yield said | {"question": "next", "words": self.wished}
        yield said | {"question": "hard"}
        yield said | {"question": "helps"} | {name: self._kept_word(f"Reply.{name}", "helps") for name in ("words", "answer")}

    def _of_evaluation(self) -> Iterable[dict[str, Any]]:
        yield {"target": self.made[Target].pk, "outcome": "partly", "written_as": "designated_person"}

    def _of_planmeeting(self) -> Iterable[dict[str, Any]]:
        """One to come, one that was called off."""
        plain = {"starts_at": timezone.now() + timedelta(days=1), "held_on": None, "advocate": "yes"}
        yield from (plain | {"reason": ""}, plain | {"state": "cancelled"})

    def _of_contribution(self) -> Iterable[dict[str, Any]]:
        """Asked of the carers and awaited; given by a teacher by e-mail, and by the advocate for the child; declined."""
        empty = dict.fromkeys(("person", "given_at", "given_by", "declined_at", "withdrawn_at", "expires_at", "sitting"))
        plain: dict[str, Any] = {"number": 2, "answers": {}, **empty}
        plain |= dict.fromkeys(("name", "subject", "pupil", "reason", "token_sha256", "given_as"), "")
        yield plain | {"role": "carer"}
        now, words = timezone.now(), {name: self._word("Contribution", name) for name in ("answers", "name", "subject", "pupil", "reason")}
        by_email = {"person": self.author, "name": words["name"], "subject": words["subject"], "pupil": words["pupil"]}
        yield plain | by_email | {"role": "teacher", "answers": {"well": words["answers"]}, "given_at": now}
        yield plain | {"role": "advocate", "answers": {"views": self._word("Contribution", "advocate", "voice")}, "given_at": now}
        yield plain | {"role": "iro", "reason": words["reason"], "declined_at": now}

    def _of_wellbeing(self) -> Iterable[dict[str, Any]]:
        said = {"instrument": "another", "edition": "", "informant": "teacher", "scores": {"total": 7}}
        yield said | {"corrects": None, "reason": ""}

    def _of_version(self) -> Iterable[dict[str, Any]]:
        sections = {
            key: {"answers": self._answers("Version", key), "language": "en-gb", "written_as": "designated_person", "written_on": "2026-01-05"}
            for key in SECTIONS
        }
        language, silent = "en-gb", uuid4()  # of this target nobody has said yet how it ended
        texts = (
            *("need", "identified_with", "baseline", "goal", "measure", "strategy"),
            *("when_done", "where_done", "done_by", "how_often", "carer_part"),
        )
        target = {name: self._frozen(f"targets.{name}") for name in texts} | {
            "area": "academic",
            "cost": None,
            "funding": "",
            "review_on": (timezone.localdate() + timedelta(days=60)).isoformat(),
            "child_agrees": True,
            "teacher_agrees": True,
            "language": language,
        }
        end = {name: self._frozen(f"ended.{name}") for name in ("goal", "evidence")} | {
            "target": str(uuid4()),
            "goal_language": language,
            "area": "academic",
            "outcome": "met",
            "evaluated_on": "2026-01-05",
            "written_as": "designated_person",
            "language": language,
        }
        action = {name: self._frozen(f"actions.{name}") for name in ("what", "resource", "reason")} | {
            "owner_role": "carer",
            "due_on": "2026-01-05",
            "state": "dropped",
            "evidence": "",
            "done_on": None,
            "carried_from": None,
            "language": language,
        }
        said = [
            {"role": role, "subject": "", "state": "given", "asked_on": "2026-01-04", "said_on": "2026-01-05", "reason": "", "language": "en-gb"}
            | {"answers": {key: self._word("Version", name, facet)}}
            for role, key, name, facet in (("carer", "well", "contributions", "education"), ("advocate", "views", "contributions.advocate", "voice"))
        ]
        reply = {name: self._word("Version", f"replies.{name}", "voice") for name in ("words", "answer")} | {
            **{"question": "hard", "words_language": language, "outcome": "used", "language": language, "answered_on": "2026-01-05"},
            **{"answered_as": "designated_person", "told_on": "2026-01-05", "told_how": "talked"},
        }
        kept = {name: self._kept_word(f"Version.replies.{name}", "helps") for name in ("words", "answer")}
        page: Any = sections["my_page"]["answers"]
        page |= {question: self._kept_word("Version.my_page", question) for question in KEPT_FOR}
        content = {
            "form": 2,
            "phase": "secondary",
            "asked": asked_as_frozen(SECTIONS.values()),
            "sections": sections,
            "targets": [target | {"id": str(key)} for key in (self.made[Target].pk, silent)],
            "ended": [end],
            "actions": [action],
            "contributions": said,
            "provisions": [self._frozen_provision()],
            "catch_up": [self._frozen_catch_up()],
            "replies": [reply, reply | {"question": "helps"} | kept],
            "additions": [frozen_addition(self)],
            "attainment": [
                {
                    **{"measure": "qualification", "subject": "", "named": self._frozen("attainment.named"), "value": "2", "volume": "1.0"},
                    **{"basis": "exam", "measured_on": "2026-01-05", "recorded_as": "designated_person"},
                }
            ],
            "wellbeing": [
                {
                    **{name: self._word("Version", f"wellbeing.{name}", "wellbeing") for name in ("named", "words", "follow_up")},
                    **{"instrument": "another", "edition": "", "informant": "teacher", "scores": {"total": 7}, "language": language},
                    **{"measured_on": "2026-01-05", "recorded_as": "designated_person"},
                }
            ],
        }
        yield {"number": 1, "content": content, "sha256": digest(content)}

    def _frozen_provision(self) -> dict[str, Any]:
        words = ("need", "outcome", "what", "how_much", "how_often", "provider", "why", "secured_by")
        said = {name: self._frozen(f"provisions.{name}") for name in words}
        days = {"from_on": "2026-01-05", "review_on": "2026-06-05", "last_on": None, "ended_on": None, "end_reason": ""}
        return said | days | {"id": str(uuid4()), "in_welsh": "yes", "goes_on": True, "language": "en-gb"}

    def _frozen_catch_up(self) -> dict[str, Any]:
        said = {name: self._frozen(f"catch_up.{name}") for name in ("subject", "gap", "provider", "outcome")}
        return said | {"id": str(uuid4()), "sessions": 6, "starts_on": "2026-01-05", "ends_on": "2026-02-05", "funding": "pdg", "language": "en-gb"}

    def _frozen(self, name: str) -> str:
        return self._word("Version", name, "education")

    def _of_qualityreview(self) -> Iterable[dict[str, Any]]:
        """One that was returned, with a word in every area and at a place of every section, which stands there while the plan is amended."""
        grades = {key: {"grade": "amber", "comment": self._word("QualityReview", f"grades.{key}", area.facet)} for key, area in AREAS.items()}
        feedback = {key: {"": self._word("QualityReview", f"feedback.{key}", SECTION_FACETS[key])} for key in SECTIONS}
        second: dict[str, Any] = {"second_rater": None, "second_on": None, "second_grades": {}}
        said = {"state": "returned", "standard": None, "reviewed_as": "lace_coordinator", "overall": "amber"}
        yield said | second | {"grades": grades, "feedback": feedback}

    def _of_review(self) -> Iterable[dict[str, Any]]:
        soon = timezone.now() + timedelta(days=9)
        yield {"number": 1, "state": "held", "participation": "attended", "outside_lessons": False}
        yield {"number": 2, "state": "scheduled", "participation": "", "held_on": None, "scheduled_for": soon, "outside_lessons": False}

    def _of_earlierreview(self) -> Iterable[dict[str, Any]]:
        """One that waits for its answer, and one that has it."""
        yield {"cause": "child_asks", "answered_by": None, "answered_on": None, "needed_by": None, "answer": ""}
        yield {"cause": "child_asks"}

    def _of_waiver(self) -> Iterable[dict[str, Any]]:
        """Likewise, of a duty that nobody acts on here."""
        duty = Duty.objects.filter(child=self.child, code="pep_initiated_emergency")[0]
        yield {"duty": duty, "exemption": "short_breaks", "decided_by": None, "decided_on": None, "agreed": None, "answer": ""}
        yield {"duty": duty}

    def _of_missanswer(self) -> Iterable[dict[str, Any]]:
        """Of the duty that nobody acts on here: which came first was left to chance, and with it what the page of a miss shows."""
        yield {"duty": Duty.objects.filter(child=self.child, code="pep_initiated_emergency")[0]}

    def _of_termrecord(self) -> Iterable[dict[str, Any]]:
        yield {"year": 2025, "term": "summer", "sessions_possible": 90, "sessions_attended": 71}
        yield {"year": 2025, "term": "autumn", "sessions_possible": 90, "sessions_attended": 73}

    def _of_statement(self) -> Iterable[dict[str, Any]]:
        """One that the child keeps, and one that the child lets the social worker read (VOICE-15)."""
        for readers in ([], ["social_worker"]):
            text = self.canaries.word(self.letter, "Statement.text", "voice", frozenset({"child", *readers}))
            yield {"text": text, "readers": readers, "taken_down_as": "social_worker"}

    def _of_answerreaders(self) -> Iterable[dict[str, Any]]:
        """An answer that the child keeps from all, and one that the child lets the social worker read (VOICE-15)."""
        for question, readers in KEPT_FOR.items():
            yield {"question": question, "readers": readers}

    def _kept_word(self, name: str, question: str) -> str:
        return self.canaries.word(self.letter, name, "voice", frozenset({"child", *KEPT_FOR[question]}))

    _of_addition = additions

    def _of_handover(self) -> Iterable[dict[str, Any]]:
        yield {"taker": self.taker, "decided_by": None, "decided_on": None}

    def _answers(self, model: str, key: str) -> dict[str, Any]:
        facet, found = SECTION_FACETS[key], dict[str, Any]()
        for question in SECTIONS[key].questions:
            if question.kind == Kind.CHOICE:
                found[question.key] = question.choices[0][0]
            elif question.kind == Kind.ROWS:
                found[question.key] = [
                    {column.key: column.choices[-1][0] if column.choices else self._word(model, key, facet) for column in question.columns}
                ]
            else:
                found[question.key] = self._word(model, key, facet)
        return found
