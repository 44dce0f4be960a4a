"""The child asks for a review sooner, on a page of their own (Care Planning Regulations 2015, regulation 39(3))."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet
from lace.web.pages import FormActions
from reporting.views.own import OwnPage
from reporting.views.statements import language_in_use
from reviews.models import EarlierReview
from reviews.services.earlier import LONGEST, ask_for_review


class AskForm(forms.Form):
    """What the child wants to say about it; nothing has to be said."""

    words = forms.CharField(
        label=pgettext_lazy("to a child", "Do you want to say why?"),
        help_text=pgettext_lazy("to a child", "You do not have to. Your reviewing officer and the people who plan with you can read it."),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AskPage(FormActions, OwnPage):
    """Ask for the next review to be sooner."""

    facets = frozenset({Facet.EDUCATION})
    template_name = "reporting/own_form.html"
    form_class = AskForm
    title = pgettext_lazy("to a child", "Ask for a meeting sooner")
    success_message = pgettext_lazy("to a child", "You have asked. Your reviewing officer will answer you here")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return AskForm(data)

    def context(self) -> dict[str, Any]:
        return {"back_url": reverse("own"), "submit_text": pgettext_lazy("to a child", "Ask")}

    def act(self, cleaned: dict[str, Any]) -> EarlierReview:
        return ask_for_review(by=self.actor, child=self.child, words=cleaned["words"], language=language_in_use())

    def success_url(self, result: Any) -> str:
        return reverse("own")


own_review_urls: list[URLPattern] = [path("my/meeting-sooner/", AskPage.as_view(), name="own_meeting_sooner")]
