"""The child chooses who may read an answer of their page of the plan, question by question (VOICE-15; 002 4.59, 4.83)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import pgettext, pgettext_lazy

from lace.accounts.access import Facet
from lace.children.rules import phase
from lace.web.pages import FormActions
from peps.models import AnswerReaders, Section
from peps.rules import TRANSITIONS, State, Step
from peps.rules.readers import QUESTIONS
from peps.rules.sections import SECTIONS, Question
from peps.rules.sections.kinds import YOUNGER
from peps.services.readers import choose_answer_readers
from reporting.forms import CHOSEN, EVERYBODY, OwnAnswerReadersForm
from reporting.queries.child import current_plan
from reporting.queries.notes import possible_readers
from reporting.views.own import OwnPage
from reporting.views.own_words import ROLE_WORDS


class AnswerReadersPage(FormActions, OwnPage):
    """One question: for everybody who reads the plan, or only for those whom the child ticks."""

    facets = frozenset({Facet.VOICE})
    template_name = "reporting/own_answer_readers.html"
    form_class = OwnAnswerReadersForm
    title = pgettext_lazy("to a child", "Who may read this answer?")
    success_message = pgettext_lazy("to a child", "Saved. It works from now on")
    question: Question
    younger: bool

    def load(self, **kwargs: Any) -> None:
        super().load()
        if kwargs["question"] not in QUESTIONS:
            raise Http404
        stage = phase(self.child.born_on, self.actor.today)
        self.younger = stage in YOUNGER
        self.question = next(one for one in SECTIONS["my_page"].edition(stage) if one.key == kwargs["question"])

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        offered = [(str(role), ROLE_WORDS[role]) for role in possible_readers(self.actor, self.child)]
        return OwnAnswerReadersForm(data, initial=self.initial(), readers=offered, younger=self.younger)

    def initial(self) -> dict[str, Any]:
        held = AnswerReaders.objects.visible_to(self.actor).filter(child=self.child, question=self.question.key).first()
        if held is None or held.readers is None:
            return {"who": EVERYBODY}
        return {"who": CHOSEN, "readers": held.readers}

    def context(self) -> dict[str, Any]:
        page = Section.objects.visible_to(self.actor).filter(child=self.child, key="my_page").exclude(pep__state=State.CLOSED).first()
        answer = str(page.answers.get(self.question.key) or "") if page else ""
        return {
            "title": pgettext("to a younger child", "Who can read this?") if self.younger else self.title,
            "question": self.question.label,
            "answer": dict(self.question.choices).get(answer, answer) if self.question.choices else answer,
            "lang": page.language[:2] if page and not self.question.choices else "",
            "younger": self.younger,
            "back_url": self.success_url(None),
            "submit_text": pgettext("to a child", "Save"),
        }

    def act(self, cleaned: dict[str, Any]) -> AnswerReaders:
        readers = cleaned["readers"] if cleaned["who"] == CHOSEN else None
        return choose_answer_readers(by=self.actor, child=self.child, question=self.question.key, readers=readers)

    def success_url(self, result: Any) -> str:
        """Back to the page while the child can write there."""
        plan = current_plan(self.actor, self.child)
        if plan is not None and (State(plan.state), Step.WRITE) in TRANSITIONS:
            return reverse("child_plan_section", kwargs={"child": self.child.pk, "key": "my_page"})
        return reverse("own")


own_answer_urls: list[URLPattern] = [
    path("my/page/<slug:question>/readers/", AnswerReadersPage.as_view(), name="own_answer_readers"),
]
