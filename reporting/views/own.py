"""The child's own pages, in plain words: what is planned, what I said, who can see my information (PRIV-18, VOICE-15; 002 4.59, 4.82, 4.83)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.timezone import localtime
from django.utils.translation import pgettext_lazy

from lace.accounts.access import NAMED_RELATION, Facet, Relation, Role
from lace.children.models import Child, Statement
from lace.children.people import people_around
from lace.children.rules import StatementKind, phase
from lace.children.services.statements import StatementFacts, choose_readers, take_down
from lace.web.pages import ChildPage, FormActions
from peps.models import Addition, AnswerReaders, Reply, Section, Target
from peps.rules import TRANSITIONS, State, Step
from peps.rules.readers import for_whom
from peps.rules.replies import laid_out_reply, wishes
from peps.rules.sections import SECTIONS, WORDS
from peps.services.additions import choose_addition_readers
from reporting.forms import OwnAdditionReadersForm, OwnReadersForm, OwnWordsForm
from reporting.queries import child as record
from reporting.queries.child import Reader, readers
from reporting.queries.notes import possible_readers, statements
from reporting.views.child import enrolment_now
from reporting.views.own_words import FACET_WORDS, PLAN_WORDS, ROLE_WORDS, WHO_WORDS, WHY
from reporting.views.statements import language_in_use
from reviews.models import EarlierReview

FEW = 5  # names told one by one
PART_OF = {Facet.IDENTITY: Facet.CALLED, Facet.EDUCATION: Facet.TARGETS}  # said with the whole
ROLE_OF = {relation: role for role, relation in NAMED_RELATION.items()}


class NoRecordYet(Exception):
    """The account is not joined to exactly one child's record."""


class OwnPage(ChildPage):
    """A page of the child who is signed in. There is no way to name another child in its address."""

    for_child = True

    def load(self, **kwargs: Any) -> None:
        if self.actor.role != Role.CHILD:
            raise Http404
        mine = list(Child.objects.visible_to(self.actor).values_list("pk", flat=True)[:2])
        if len(mine) != 1:
            raise NoRecordYet  # of an account that was joined to two children by mistake, neither is shown
        super().load(child=mine[0])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NoRecordYet:
            return render(request, "reporting/own_none.html")

    def words(self, statement: Statement) -> dict[str, Any]:
        """A statement as the child sees it: with who can read it."""
        roles = [ROLE_WORDS[Role(role)] for role in statement.readers]
        return {
            "text": statement.text,
            "lang": statement.language[:2],
            "on": statement.said_on,
            "by": "" if statement.taken_down_as == Role.CHILD else ROLE_WORDS[Role(statement.taken_down_as)],
            "advocate": statement.kind == StatementKind.ADVOCATE,
            "readers": roles,
            "change": reverse("own_said_readers", args=[statement.pk]),
        }


class HomePage(OwnPage):
    """What is planned, what the plan says, who is around the child."""

    facets = frozenset({Facet.IDENTITY, Facet.EDUCATION, Facet.CONTACTS, Facet.VOICE})

    def get(self, request: HttpRequest) -> HttpResponse:
        review = record.next_review(self.actor, self.child)
        plan = record.current_plan(self.actor, self.child)
        context = {
            "name": self.seen.called,
            "child_id": self.child.pk,
            "sooner": self.sooner(),
            "meeting": {"at": localtime(review.scheduled_for), "where": review.venue} if review else None,
            "plan_meeting": self.plan_meeting(),
            "plan": PLAN_WORDS[State(plan.state)] if plan else "",
            "mine": self.mine(),
            "writes": plan is not None and (State(plan.state), Step.WRITE) in TRANSITIONS,
            "targets": self.targets(),
            "people": self.people(),
        }
        return render(request, "reporting/own.html", context)

    def plan_meeting(self) -> dict[str, Any] | None:
        """When the next meeting about the plan is, where, and who comes, by what they are to the child."""
        row = record.next_plan_meeting(self.actor, self.child)
        if row is None:
            return None
        asked = [WHO_WORDS[who] for who in record.asked_to(self.actor, row)]
        return {"at": localtime(row.starts_at), "where": row.place, "who": asked}

    def sooner(self) -> dict[str, Any] | None:
        """What the child asked last of all for a meeting sooner, and the answer; nothing of what adults brought forward."""
        rows = EarlierReview.objects.visible_to(self.actor).filter(child=self.child, asked_by=self.actor.user_id)
        row = rows.order_by("-asked_on", "-created_at").first()
        if row is None:
            return None
        return {"on": row.asked_on, "answered": row.answered_on, "by": row.needed_by, "answer": row.answer}

    def mine(self) -> list[dict[str, Any]]:
        """The child's own words in the plan; what an adult wrote stands in the plan only."""
        page = Section.objects.visible_to(self.actor).filter(child=self.child, key="my_page").exclude(pep__state=State.CLOSED).first()
        if page is None or page.answers.get("how") not in {"own", "said"}:
            return []
        labels = {question.key: question.label for question in SECTIONS["my_page"].edition(phase(self.child.born_on, self.actor.today))}
        held = [row.as_frozen() for row in Reply.objects.visible_to(self.actor).filter(pep=page.pep_id)]
        found = wishes({"answers": page.answers, "language": page.language}, held)
        replies = {wish.question: laid_out_reply(wish, to_child=True) for wish in found}
        chosen = AnswerReaders.objects.visible_to(self.actor).choices_of(self.child)
        return [
            {"key": key, "title": labels[key], "text": page.answers[key], "lang": page.language[:2], "reply": replies.get(key)}
            | {"readers": for_whom(chosen.get(key))}
            for key in WORDS
            if page.answers.get(key)
        ]

    def targets(self) -> list[dict[str, Any]]:
        rows = Target.objects.visible_to(self.actor).filter(child=self.child).exclude(pep__state=State.CLOSED).order_by("position")
        return [{"goal": row.goal, "how": row.strategy, "by": row.review_on, "lang": row.language[:2]} for row in rows]

    def people(self) -> list[dict[str, Any]]:
        """First names, and what each is there for; those with whom the child lives need no name here."""
        found: list[dict[str, Any]] = []
        for person in people_around(child=self.child, on=self.actor.today):
            if person.relation != Relation.CARER:
                found.append({"name": first(person.name), "role": ROLE_WORDS[ROLE_OF[person.relation]]})
        enrolment = enrolment_now(record.enrolments(self.actor, self.child), self.actor.today)
        for held in record.designated_people(self.actor, enrolment) if enrolment else []:
            found.append({"name": first(held.user.name), "role": ROLE_WORDS[Role.DESIGNATED_PERSON]})
        return found


class WhoPage(OwnPage):
    """Who can see the child's information, what each of them sees, why and until when, in plain words (PRIV-18)."""

    facets = frozenset({Facet.IDENTITY})

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [self.reader(row) for row in readers(self.actor, self.child) if row.role != Role.CHILD]
        context = {"readers": rows, "sensitive": self.child.address_is_sensitive}
        return render(request, "reporting/own_who.html", context)

    def reader(self, row: Reader) -> dict[str, Any]:
        said = {part for whole, part in PART_OF.items() if whole in row.facets}
        said |= {Facet.ADDRESS} if self.child.address_is_sensitive else set()
        shown = [facet for facet in FACET_WORDS if facet in row.facets - said]
        people = ", ".join(row.people) if len(row.people) <= FEW and row.relation != Relation.CARER else ""
        return {
            "role": ROLE_WORDS[row.role],
            "body": row.body,
            "people": people,
            "why": WHY[row.relation],
            "parts": [FACET_WORDS[facet] for facet in shown],
            "until": row.until,
        }


class SaidPage(OwnPage):
    """What the child said, the newest first, each with who can read it."""

    facets = frozenset({Facet.VOICE})

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "reporting/own_said.html", {"statements": [self.words(row) for row in statements(self.actor, self.child)]})


class _OwnForm(FormActions, OwnPage):
    facets = frozenset({Facet.VOICE})
    template_name = "reporting/own_form.html"
    form_class = OwnReadersForm

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        offered = [(str(role), ROLE_WORDS[role]) for role in possible_readers(self.actor, self.child)]
        return self.form_class(data, initial=self.initial(), readers=offered)

    def context(self) -> dict[str, Any]:
        return {"back_url": reverse("own_said"), "submit_text": pgettext_lazy("to a child", "Save")}

    def success_url(self, result: Any) -> str:
        return reverse("own_said")


class WritePage(_OwnForm):
    form_class = OwnWordsForm
    title = pgettext_lazy("to a child", "Say something")
    success_message = pgettext_lazy("to a child", "Saved. These are your words, and you choose who reads them")

    def initial(self) -> dict[str, Any]:
        return {"language": language_in_use()}

    def act(self, cleaned: dict[str, Any]) -> Statement:
        return take_down(by=self.actor, child=self.child, facts=StatementFacts(said_on=self.actor.today, **cleaned))


class ReadersPage(_OwnForm):
    title = pgettext_lazy("to a child", "Who can read what you said?")
    success_message = pgettext_lazy("to a child", "Saved. It works from now on")
    statement: Statement

    def load(self, **kwargs: Any) -> None:
        super().load()
        self.statement = self.found(kwargs["statement"])

    def found(self, pk: UUID) -> Statement:
        statement = Statement.objects.visible_to(self.actor).filter(child=self.child, pk=pk).first()
        if statement is None:
            raise Http404
        statement.child = self.child
        return statement

    def initial(self) -> dict[str, Any]:
        return {"readers": self.statement.readers}

    def context(self) -> dict[str, Any]:
        return super().context() | {"statement": self.words(self.statement)}

    def act(self, cleaned: dict[str, Any]) -> Statement:
        return choose_readers(by=self.actor, statement=self.statement, readers=cleaned["readers"])


class AdditionReadersPage(_OwnForm):
    """Who may see a picture or a recording on the child's page of the plan."""

    title = pgettext_lazy("to a child", "Who can see or hear this?")
    success_message = pgettext_lazy("to a child", "Saved. It works from now on")
    form_class = OwnAdditionReadersForm
    addition: Addition

    def load(self, **kwargs: Any) -> None:
        super().load()
        found = Addition.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["addition"]).first()
        if found is None:
            raise Http404
        found.child = self.child
        self.addition = found

    def initial(self) -> dict[str, Any]:
        return {"who": "page" if self.addition.readers is None else "few", "readers": self.addition.readers or []}

    def context(self) -> dict[str, Any]:
        intro = f"{self.addition.get_kind_display()}: {self.addition.description}"
        return super().context() | {"back_url": self.success_url(None), "intro": intro}

    def act(self, cleaned: dict[str, Any]) -> Addition:
        return choose_addition_readers(by=self.actor, addition=self.addition, readers=cleaned["readers"])

    def success_url(self, result: Any) -> str:
        return reverse("child_plan_additions", args=[self.child.pk])


def first(name: str) -> str:
    return name.split(" ")[0]


own_urls: list[URLPattern] = [
    path("my/", HomePage.as_view(), name="own"),
    path("my/words/", SaidPage.as_view(), name="own_said"),
    path("my/words/add/", WritePage.as_view(), name="own_said_add"),
    path("my/words/<uuid:statement>/readers/", ReadersPage.as_view(), name="own_said_readers"),
    path("my/pictures/<uuid:addition>/readers/", AdditionReadersPage.as_view(), name="own_addition_readers"),
    path("my/who-can-see/", WhoPage.as_view(), name="own_who"),
]
