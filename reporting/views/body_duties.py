"""The duties of a school or of the authority as such: what is due, what was done, and the acts on one of them. No child in any."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, require
from lace.core.errors import NotAllowed
from lace.deadlines.explain import explanation
from lace.deadlines.forms import LatenessForm
from lace.deadlines.models import BodyDuty
from lace.deadlines.reckoning import Rules, rules_held
from lace.deadlines.recording import is_recorded
from lace.deadlines.services.bodies import answers_for, explain_body_lateness, record_body_done, undo_body
from lace.web.duties import duty_item, group_of, groups
from lace.web.duty_forms import DoneForm
from lace.web.pages import FormPage, Page

PER_PAGE = 40


class BodyDutiesPage(Page):
    """Overdue first, then by day, then what is closed."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_BODY_DUTIES)

    def get(self, request: HttpRequest) -> HttpResponse:
        visible = BodyDuty.objects.visible_to(self.actor).select_related("body", "authority")
        rows = [*visible.open().order_by("due_on", "code", "pk"), *visible.filter(closed_on__isnull=False).order_by("-closed_on", "code", "pk")]
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        found: dict[str, list[dict[str, Any]]] = {}
        rules = rules_held(self.actor.today)
        for duty in page.object_list:
            found.setdefault(group_of(duty, self.actor.today), []).append(self.item(duty, rules))
        title = _("Duties of the school") if self.actor.organisation_id is not None else _("Duties of the authority and its schools")
        return render(request, "reporting/body_duties.html", {"title": title, "groups": groups(found), "page": page})

    def item(self, duty: BodyDuty, rules: Rules) -> dict[str, Any]:
        told = explanation(duty, on=self.actor.today, rules=rules)
        name = duty.body.name if duty.body else duty.authority.name
        item = duty_item(duty, told, self.actor.today)
        return item | {
            "id": duty.pk,
            "what": gettext("%(what)s: %(body)s") % {"what": told.title, "body": name},
            "told": told,
            "reason": duty.reason,
            "done_note": duty.done_note,
            "actions": self.actions(duty, bool(told.days_late)),
        }

    def actions(self, duty: BodyDuty, is_late: bool) -> list[dict[str, Any]]:
        if not answers_for(by=self.actor, duty=duty):
            return []
        offered = [
            (duty.closed_on is None and is_recorded(duty), _("Record as done"), "body_duty_done"),
            (bool(duty.done_note), _("Recorded by mistake? Open it again"), "body_duty_undo"),
            (is_late, _("Change the reason") if duty.reason else _("Say why it is late"), "body_duty_reason"),
        ]
        return [{"text": text, "href": reverse(name, args=[duty.pk])} for shown, text, name in offered if shown]


class _BodyDutyForm(FormPage):
    """A form about one duty of a body."""

    duty: BodyDuty

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_BODY_DUTIES)
        duty = BodyDuty.objects.visible_to(self.actor).select_related("body", "authority").filter(pk=kwargs["duty"]).first()
        if duty is None:
            raise Http404
        if not answers_for(by=self.actor, duty=duty):
            raise NotAllowed
        self.duty = duty

    @property
    def back(self) -> str:
        return f"{reverse('body_duties')}#duty-{self.duty.pk}"

    def context(self) -> dict[str, Any]:
        told = explanation(self.duty, on=self.actor.today)
        name = self.duty.body.name if self.duty.body else self.duty.authority.name
        return {
            "caption": f"{told.title}: {name}",
            "intro": f"{told.state} {told.why}",
            "back_url": self.back,
            "cancel_url": self.back,
            "submit_text": _("Save"),
        }

    def success_url(self, result: Any) -> str:
        return self.back


class BodyDonePage(_BodyDutyForm):
    title = _("Record as done")
    success_message = _("Recorded as done")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return DoneForm(data, is_late=self.actor.today > self.duty.due_on, initial={"on": self.actor.today})

    def act(self, cleaned: dict[str, Any]) -> BodyDuty:
        return record_body_done(by=self.actor, duty=self.duty, on=cleaned["on"], what=cleaned["what"], reason=cleaned.get("reason", ""))


class BodyUndoPage(_BodyDutyForm):
    form_class = forms.Form
    title = _("Open it again")
    success_message = _("Opened again. What was recorded stays in the record of changes")

    def context(self) -> dict[str, Any]:
        return {**super().context(), "intro": self.duty.done_note, "submit_text": self.title}

    def act(self, cleaned: dict[str, Any]) -> BodyDuty:
        return undo_body(by=self.actor, duty=self.duty)


class BodyReasonPage(_BodyDutyForm):
    form_class = LatenessForm
    title = _("Say why it is late")
    success_message = _("The reason is recorded")

    def initial(self) -> dict[str, Any]:
        return {"reason": self.duty.reason}

    def act(self, cleaned: dict[str, Any]) -> None:
        explain_body_lateness(by=self.actor, duty=self.duty, reason=cleaned["reason"])


body_duty_urls: list[URLPattern] = [
    path("body-duties/", BodyDutiesPage.as_view(), name="body_duties"),
    path("body-duties/<uuid:duty>/done/", BodyDonePage.as_view(), name="body_duty_done"),
    path("body-duties/<uuid:duty>/open-again/", BodyUndoPage.as_view(), name="body_duty_undo"),
    path("body-duties/<uuid:duty>/reason/", BodyReasonPage.as_view(), name="body_duty_reason"),
]
