"""The plan itself, its sections, and its frozen versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.children.rules import academic_year, age, school_year
from peps.models.action import Action
from peps.models.addition import Addition
from peps.models.catch_up import CatchUp
from peps.models.contribution import Contribution
from peps.models.provision import CombinedPlan, Provision
from peps.models.readers import PageQuerySet, choices_in
from peps.models.reply import Reply
from peps.models.target import Target, with_ids
from peps.rules import State
from peps.rules.readers import Choices, content_without, for_fewer, kept_from, readable
from peps.rules.replies import PAGE
from peps.rules.sections import FORM, Circumstances, SectionRule, asked_as_frozen, phase_on
from schools.models import Enrolment, EotasPlace, School, TermRecord
from schools.rules import SchoolKind


class PepQuerySet(ChildOwnedQuerySet["Pep"]):
    def current(self) -> PepQuerySet:
        return self.exclude(state=State.CLOSED)

    def with_facts(self, day: date) -> PepQuerySet:
        """With what decides which questions a plan asks on a day: see `Pep.circumstances`; and the school attended. No statement more."""
        of_child = {"child": OuterRef("child")}
        excluded = TermRecord.objects.filter(**of_child, year=academic_year(day), days_excluded__gt=0)
        return self.annotate(
            school_kind=Subquery(Enrolment.objects.filter(**of_child).on_roll(day).values("school__kind")[:1]),
            school_now=Subquery(Enrolment.objects.filter(**of_child).on_roll(day).values("school")[:1]),
            combined=Subquery(CombinedPlan.objects.of(OuterRef("authority"), day).values("combined")[:1]),
            elsewhere=Exists(EotasPlace.objects.filter(**of_child).open_on(day)),
            excluded=Exists(excluded),
        )


@tracked()
class Pep(ChildOwned):
    """A child's plan. One is current at a time (PEP-01); each milestone has its own day (AMB-01)."""

    state = models.CharField(max_length=12, choices=State, default=State.INITIATED)
    school = models.ForeignKey(School, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # where it is written; none before a place
    initiated_on = models.DateField(null=True)
    developing_on = models.DateField(null=True)  # first written in
    developed_on = models.DateField(null=True)  # of the first final version
    finalised_on = models.DateField(null=True)  # of the newest version
    amending_on = models.DateField(null=True)  # while an amendment is being written
    closed_on = models.DateField(null=True)
    amendment_reason = models.CharField(max_length=500, blank=True)  # of the amendment being written
    version = models.PositiveSmallIntegerField(default=0)  # the newest frozen version; 0 while there is none
    asked_for = ArrayField(models.CharField(max_length=20), default=list, blank=True)  # sections that a writer added: keys of peps.rules.sections

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "child",
            "authority",
            "state",
            "school",
            "initiated_on",
            "developing_on",
            "developed_on",
            "finalised_on",
            "amending_on",
            "closed_on",
            "amendment_reason",
            "version",
            "asked_for",
        ),
        Facet.EDUCATION,
    )

    objects = PepQuerySet.as_manager()

    class Meta:
        verbose_name = _("Personal Education Plan")
        constraints = [
            models.UniqueConstraint(
                fields=["child", "authority"],
                condition=~Q(state=State.CLOSED),
                name="one_current_pep",
                violation_error_message=_("The child has a current plan"),
            )
        ]
        indexes = [models.Index(fields=["authority", "state"])]

    def circumstances(self, on: date) -> Circumstances:
        """What decides which questions the plan asks on the day for which `with_facts` fetched it."""
        facts: Any = self  # with the columns of `with_facts`
        born = self.child.born_on
        kind = SchoolKind(facts.school_kind) if facts.school_kind else None
        return Circumstances(
            on=on,
            phase=phase_on(born, on, kind),
            year=school_year(born, on),
            age=age(born, on),
            elsewhere=facts.elsewhere or kind == SchoolKind.PRU,
            needs=self.child.additional_needs,
            excluded=facts.excluded,
            asked_for=frozenset(self.asked_for),
            combined=bool(facts.combined),
        )


@tracked()
class Section(ChildOwned):
    """One section's answers, with a version of its own: two people in two sections never collide, in one they get a merge page."""

    pep = models.ForeignKey(Pep, on_delete=models.PROTECT, related_name="sections")
    key = models.CharField(max_length=20)
    answers = models.JSONField(default=dict)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_as = models.CharField(
        max_length=30, choices=Role, blank=True
    )  # what readers are told: a carer by name is for those who may know the address
    written_at = models.DateTimeField(auto_now=True)
    sitting = models.UUIDField(null=True)  # the open page that wrote last: its own saves, one after another, never collide

    # A section's own facet is declared with it in peps/rules.py; holding it is required on top of these.
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "child",
            "authority",
            "pep",
            "key",
            "answers",
            "language",
            "version",
            "written_by",
            "written_as",
            "written_at",
            "sitting",
        ),
        Facet.EDUCATION,
    )

    kept: frozenset[str] = frozenset()  # questions whose answers the child keeps from who reads this row: they are not in it
    fewer = False  # may not everybody who reads the page read all of it?
    _answered: frozenset[str] = frozenset()  # those of the kept that have an answer

    objects = PageQuerySet["Section"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pep", "key"], name="one_section_of_a_kind")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.kept:
            raise AssertionError("the kept answers are not in this row: fetch it whole to save it")
        super().save(*args, **kwargs)

    @property
    def choices(self) -> None:
        """Set by the query of a door: the row loses what the child keeps from the reader."""

    @choices.setter
    def choices(self, found: Mapping[str, Any]) -> None:
        self.keep(found["role"], choices_in(found))

    def keep(self, role: str, choices: Choices | None) -> Section:
        """This row without what the child keeps from a role; None: nothing is kept."""
        if self.key == PAGE and choices is not None and "answers" in self.__dict__:
            self.kept, self.fewer = kept_from(role, choices), bool(for_fewer(choices))
            self._answered = frozenset(question for question in self.kept if self.answers.get(question))
            self.answers = readable(self.answers, self.kept)
        return self

    def as_held(self) -> dict[str, Any]:
        """What a version freezes of its words; with the mark of a page that not everybody reads whole."""
        held: dict[str, Any] = {"answers": self.answers, "language": self.language}
        return held | ({"kept": sorted(self.kept)} if self.fewer else {})

    @property
    def weighed(self) -> dict[str, Any]:
        """The answers for who asks only whether there are any: a kept one without its words."""
        return {**self.answers, **dict.fromkeys(self._answered, "…")}


# Its events leave the content out: no update or delete of it can happen (the triggers below), and the row itself keeps it with its hash.
@tracked(exclude=["content"])
class Version(ChildOwned):
    """A final version, frozen: content and hash never change (PEP-11)."""

    pep = models.ForeignKey(Pep, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()  # sections by key and targets in order, as they stood
    sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)  # of an amendment
    finalised_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    finalised_on = models.DateField()
    origin = models.CharField(max_length=410, blank=True)  # the authority that made it final, as its file says (XLA-07); blank: this one

    # Each section in the content is shown under its own facet, as in the plan that is being written.
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "pep", "number", "content", "sha256", "reason", "finalised_by", "finalised_on", "origin"),
        Facet.EDUCATION,
    )

    _whole: Mapping[str, Any] | None = None  # the content, where a reader's lacks what the child keeps

    objects = PageQuerySet["Version"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "number"], name="versions_in_order"),
            models.CheckConstraint(condition=Q(number__gte=1), name="versions_from_one"),
        ]
        indexes = [models.Index(F("pep"), F("number").desc(), name="newest_version")]
        triggers = [
            # A child handed over to another authority takes the versions along (XLA-12): that column alone may follow.
            pgtrigger.Protect(name="frozen", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["authority"])),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    @property
    def choices(self) -> None:
        """Set by the query of a door: the content loses what the child keeps from the reader."""

    @choices.setter
    def choices(self, found: Mapping[str, Any]) -> None:
        choices = choices_in(found)
        kept = kept_from(found["role"], choices)
        if "content" in self.__dict__ and (kept or for_fewer(choices)):
            self._whole, self.content = self.content, content_without(self.content, kept)

    def targets(self) -> list[dict[str, Any]]:
        """The frozen targets, each with its id."""
        return with_ids(self.pk, self.content["targets"])

    def is_intact(self) -> bool:
        """Is the content the one that was frozen?"""
        return digest(self.content if self._whole is None else self._whole) == self.sha256


def digest(content: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of the content as canonical JSON: whatever order it was put together or is stored in."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


TARGET_FIELDS = (
    *("area", "need", "identified_with", "baseline", "goal", "measure", "strategy", "when_done", "where_done", "done_by", "how_often"),
    *("cost", "funding", "carer_part", "review_on", "child_agrees", "teacher_agrees", "language"),
)
ACTION_FIELDS = ("what", "owner_role", "due_on", "resource", "state", "evidence", "done_on", "reason", "carried_from", "language")


def frozen(
    sections: Iterable[Section],
    targets: Iterable[Target],
    asked: Iterable[SectionRule],
    phase: str,
    *,
    ends: Iterable[Mapping[str, Any]] = (),
    actions: Iterable[Action] = (),
    contributions: Iterable[Contribution] = (),
    replies: Iterable[Reply] = (),
    measures: Mapping[str, Any] | None = None,
    provisions: Iterable[Provision] = (),
    catch_ups: Iterable[CatchUp] = (),
    additions: Iterable[Addition] = (),
) -> dict[str, Any]:
    """What a version freezes: what was asked, words, their language, who wrote them by role, and no name of a person.

    `ends` says how the targets of the version before ended, as `ended` lays it out; `measures` the newest ones, as `measures` does.
    """
    return {
        "form": FORM,
        "phase": phase,
        "asked": asked_as_frozen(asked),
        "sections": {
            section.key: section.as_held()
            | {
                "written_as": section.written_as,
                "written_on": timezone.localdate(section.written_at).isoformat(),
            }
            for section in sections
        },
        "targets": [{"id": str(target.key)} | _facts(target, TARGET_FIELDS) for target in targets],
        "ended": [{name: _plain(value) for name, value in end.items()} for end in ends],
        "actions": [_facts(action, ACTION_FIELDS) for action in actions],
        "contributions": [row.as_frozen() for row in contributions],
        "provisions": [row.as_frozen() for row in provisions],
        "catch_up": [row.as_frozen() for row in catch_ups],
        "replies": [row.as_frozen() for row in replies],
        "additions": [row.as_frozen() for row in additions],
        **(measures or {}),
    }


def _facts(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
