"""Who is away and who stands in: one's own page, and for administrators and LACE coordinators everybody's (DL-10)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import User
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.deadlines.models import Absence
from lace.deadlines.services.absences import absences, be_away, come_back, find_colleague, has_work, may_for_others, own_absences, stand_ins
from lace.web.duty_forms import AwayForm, OthersAwayForm
from lace.web.pages import FormPage, Page


class AwayPage(FormPage):
    """One's own absence."""

    template_name = "reporting/away.html"
    title = _("I am away")
    success_message = _("Saved. Reminders go to the person who stands in, or to the LACE coordinator")
    form: AwayForm

    def load(self, **kwargs: Any) -> None:
        if not has_work(by=self.actor):
            raise NotAllowed

    def me(self) -> User:
        return User.objects.get(pk=self.actor.user_id or 0)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        self.form = AwayForm(data, stand_ins=stand_ins(by=self.actor, user=self.me()))
        return self.form

    def context(self) -> dict[str, Any]:
        rows = own_absences(by=self.actor)
        return {"rows": rows, "today": self.actor.today, "may_for_others": may_for_others(by=self.actor), "here": "own"}

    def act(self, cleaned: dict[str, Any]) -> Absence:
        chosen = self.form.chosen()
        return be_away(by=self.actor, user=self.me(), starts_on=cleaned["starts_on"], ends_on=cleaned["ends_on"], stand_in=chosen)

    def success_url(self, result: Any) -> str:
        return reverse("away")


class OthersAwayPage(FormPage):
    """Everybody's absences in the authority, and one entered for a colleague."""

    template_name = "reporting/away.html"
    form_class = OthersAwayForm
    title = _("Who is away")
    success_message = _("Saved. Reminders go to the person who stands in, or to the LACE coordinator")

    def load(self, **kwargs: Any) -> None:
        if not may_for_others(by=self.actor):
            raise NotAllowed

    def context(self) -> dict[str, Any]:
        return {
            "rows": absences(by=self.actor),
            "today": self.actor.today,
            "may_for_others": True,
            "has_work": has_work(by=self.actor),
            "here": "others",
        }

    def act(self, cleaned: dict[str, Any]) -> Absence:
        unknown = _t("Nobody who works with Lace in your authority has this e-mail address. Check it")
        person = find_colleague(by=self.actor, email=cleaned["person"])
        if person is None:
            raise BadInput({"person": [unknown]})
        stand_in = find_colleague(by=self.actor, email=cleaned["stand_in"]) if cleaned["stand_in"] else None
        if cleaned["stand_in"] and stand_in is None:
            raise BadInput({"stand_in": [unknown]})
        return be_away(by=self.actor, user=person, starts_on=cleaned["starts_on"], ends_on=cleaned["ends_on"], stand_in=stand_in)

    def success_url(self, result: Any) -> str:
        return reverse("away_others")


class BackPage(Page):
    """Back sooner, or not away after all: one act, one button."""

    http_method_names = ["post", "options"]
    absence: Absence

    def load(self, **kwargs: Any) -> None:
        absence = absences(by=self.actor).filter(pk=kwargs["absence"]).first()
        if absence is None:
            raise Http404
        self.absence = absence

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            come_back(by=self.actor, absence=self.absence)
        except Refused as refusal:
            messages.error(request, str(refusal.problems[""][0]))
        else:
            messages.success(request, _t("Saved. Reminders come as before"))
        return HttpResponseRedirect(reverse("away" if self.absence.user_id == self.actor.user_id else "away_others"))


away_urls: list[URLPattern] = [
    path("away/", AwayPage.as_view(), name="away"),
    path("away/others/", OthersAwayPage.as_view(), name="away_others"),
    path("away/<uuid:absence>/back/", BackPage.as_view(), name="away_back"),
]
