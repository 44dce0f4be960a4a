"""The Duties tab of a child, and the acts on one duty: recorded as done, why it is late, handed on, asked and decided whether it must be done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission
from lace.accounts.models import User
from lace.core.errors import NotAllowed
from lace.deadlines.explain import Explanation, explanation, explanations
from lace.deadlines.forms import LatenessForm
from lace.deadlines.history import history
from lace.deadlines.models import Duty, Waiver
from lace.deadlines.recording import can_be_waived, exemptions, is_recorded
from lace.deadlines.rules import Exempt
from lace.deadlines.services import explain_lateness
from lace.deadlines.services.life import colleagues, hand_to, looks_after, record_done, undo
from lace.deadlines.services.waivers import ask_waiver, decide_waiver, decides
from lace.web.child_tabs import child_frame
from lace.web.duties import duty_item, group_of, groups
from lace.web.duty_forms import DecisionForm, DoneForm, HandForm, WaiverForm
from lace.web.pages import ChildFormPage
from reporting.queries import child as record
from reporting.views.child import Tab
from reporting.views.work import route_of


class DutiesPage(Tab):
    """Every duty, open and closed, explaining itself (DL-12), with what became of it and what may be done."""

    route, title, template_name = "child_duties", pgettext_lazy("tab", "Duties"), "reporting/duties_of_child.html"
    facets = frozenset({Facet.EDUCATION})

    def context(self) -> dict[str, Any]:
        today = self.actor.today
        rows = record.duties(self.actor, self.child)
        asked: dict[UUID, list[Waiver]] = {}
        for waiver in Waiver.objects.visible_to(self.actor).filter(child=self.child).select_related("asked_by", "decided_by").order_by("created_at"):
            asked.setdefault(waiver.duty_id, []).append(waiver)
        past = history(self.child, rows)
        handed = {row.handed_to_id for row in rows if row.handed_to_id is not None}
        names = dict(User.objects.filter(pk__in=handed).values_list("pk", "name"))
        found: dict[str, list[dict[str, Any]]] = {}
        for duty, told in zip(rows, explanations(rows, on=today), strict=True):
            waivers = asked.get(duty.pk, [])
            seen = self.see(duty)
            item = duty_item(duty, told, today) | {
                "id": duty.pk,
                "told": told,
                "reason": seen.reason,
                "done_note": seen.done_note,
                "ended_because": seen.get_ended_because_display() if seen.ended_because else "",
                "handed_to": names.get(duty.handed_to_id or 0, ""),
                "waivers": [self.said(waiver) for waiver in waivers],
                "history": past.get(duty.pk, []),
                "actions": self.actions(duty, told, waivers),
                "done_at": self.url(route_of(duty.code)) if duty.closed_on is None and not is_recorded(duty) else "",
            }
            if duty.was_missed:
                item["status"] = "missed"
            found.setdefault(group_of(duty, today), []).append(item)
        return {"groups": groups(found), "any_open": any(duty.closed_on is None for duty in rows)}

    def said(self, waiver: Waiver) -> dict[str, Any]:
        """What was asked and decided, by whom."""
        seen = self.see(waiver)
        words = {"who": seen.asked_by.name, "day": date_format(seen.asked_on, "DATE_FORMAT")}
        state = gettext("Not decided yet: it is due as before.")
        if seen.decided_on:
            decided = {"who": seen.decided_by.name, "day": date_format(seen.decided_on, "DATE_FORMAT")}
            agreed = gettext("Agreed on %(day)s by %(who)s.") if seen.agreed else gettext("Not agreed on %(day)s by %(who)s.")
            state = agreed % decided
        return {
            "asked": gettext("%(who)s asked on %(day)s that it need not be done.") % words,
            "law": str(Exempt(seen.exemption).label) if seen.exemption else "",
            "reason": seen.reason,
            "state": state,
            "answer": seen.answer,
        }

    def actions(self, duty: Duty, told: Explanation, waivers: list[Waiver]) -> list[dict[str, Any]]:
        """What this reader may do with the duty."""
        waiting = next((waiver for waiver in waivers if waiver.decided_on is None), None)
        may = self.grant.permissions
        mine = Permission.RECORD_DUTY in may and looks_after(by=self.actor, duty=duty)
        is_open = duty.closed_on is None
        offered: list[tuple[bool, Any, str, dict[str, UUID]]] = [
            (is_open and mine and is_recorded(duty), _("Record as done"), "child_duty_done", {}),
            (
                bool(told.days_late) and Permission.EXPLAIN_LATENESS in may,
                _("Change the reason") if duty.reason else _("Say why it is late"),
                "child_duty_reason",
                {},
            ),
            (is_open and mine, _("Hand to a colleague"), "child_duty_hand", {}),
            (mine and can_be_waived(duty) and waiting is None, _("Ask that it need not be done"), "child_duty_waive", {}),
            (not is_open and mine and bool(duty.done_note), _("Recorded by mistake? Open it again"), "child_duty_undo", {}),
        ]
        if is_open and waiting is not None:
            may_decide = Permission.WAIVE_DUTY in may and decides(by=self.actor, waiver=waiting)
            offered.append((may_decide, _("Decide whether it must be done"), "child_duty_decide", {"waiver": waiting.pk}))
        return [
            {"text": text, "href": reverse(name, kwargs={"child": self.child.pk, **(more or {"duty": duty.pk})})}
            for shown, text, name, more in offered
            if shown
        ]


class _DutyForm(ChildFormPage):
    """A form about one duty of the child, under the tab. `permission` is the act's; `by_who_looks_after`: only theirs."""

    facets = frozenset({Facet.EDUCATION})
    template_name = "reporting/duty_form.html"
    permission = Permission.RECORD_DUTY
    by_who_looks_after = True
    duty: Duty

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        duty = Duty.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["duty"]).first()
        if duty is None:
            raise Http404
        duty.child = self.child
        self.duty = duty
        if self.permission not in self.grant.permissions or (self.by_who_looks_after and not looks_after(by=self.actor, duty=duty)):
            raise NotAllowed

    @property
    def back(self) -> str:
        return f"{reverse('child_duties', args=[self.child.pk])}#duty-{self.duty.pk}"

    def context(self) -> dict[str, Any]:
        told = explanation(self.duty, on=self.actor.today)
        return {
            **child_frame(self, "child_duties"),
            "title": self.title,
            "duty": told,
            "back_url": self.back,
            "cancel_url": self.back,
            "submit_text": _("Save"),
        }

    def success_url(self, result: Any) -> str:
        return self.back


class ReasonPage(_DutyForm):
    """Why a duty is or was late. Its day stays where it is (DL-07)."""

    form_class = LatenessForm
    title = _("Say why it is late")
    success_message = _("The reason is recorded")
    permission = Permission.EXPLAIN_LATENESS
    by_who_looks_after = False

    def initial(self) -> dict[str, Any]:
        return {"reason": self.duty.reason}

    def context(self) -> dict[str, Any]:
        return {**super().context(), "submit_text": _("Save the reason")}

    def act(self, cleaned: dict[str, Any]) -> None:
        explain_lateness(by=self.actor, duty=self.duty, reason=cleaned["reason"])


class DonePage(_DutyForm):
    title = _("Record as done")
    success_message = _("Recorded as done")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return DoneForm(data, is_late=self.actor.today > self.duty.due_on, initial={"on": self.actor.today})

    def act(self, cleaned: dict[str, Any]) -> Duty:
        return record_done(by=self.actor, duty=self.duty, on=cleaned["on"], what=cleaned["what"], reason=cleaned.get("reason", ""))


class UndoPage(_DutyForm):
    form_class = forms.Form
    title = _("Open it again")
    success_message = _("Opened again. What was recorded stays in the record of changes")

    def context(self) -> dict[str, Any]:
        explained = _("It was recorded as done by mistake. It is open again with its old due date, and reminders go on.")
        return {**super().context(), "intro": explained, "note": self.seen_note(), "submit_text": _("Open it again")}

    def seen_note(self) -> str:
        return self.duty.done_note if Facet.EDUCATION in self.grant.facets else ""

    def act(self, cleaned: dict[str, Any]) -> Duty:
        return undo(by=self.actor, duty=self.duty)


class HandPage(_DutyForm):
    title = _("Hand to a colleague")
    success_message = _("Saved. Reminders go there from now on")
    form: HandForm

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        people = colleagues(by=self.actor, duty=self.duty)
        self.form = HandForm(data, colleagues=people, can_take_back=self.duty.handed_to_id is not None)
        return self.form

    def context(self) -> dict[str, Any]:
        return {**super().context(), "nobody": not (self.form.people or self.duty.handed_to_id)}

    def act(self, cleaned: dict[str, Any]) -> Duty:
        return hand_to(by=self.actor, duty=self.duty, colleague=self.form.chosen())


class WaivePage(_DutyForm):
    title = _("Ask that it need not be done")
    success_message = _("Those who decide are told. Until then it is due as before")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return WaiverForm(data, exemptions=exemptions(self.duty))

    def context(self) -> dict[str, Any]:
        fixed = exemptions(self.duty) == ()
        return {**super().context(), "fixed": fixed, "submit_text": _("Ask")}

    def act(self, cleaned: dict[str, Any]) -> Waiver:
        return ask_waiver(by=self.actor, duty=self.duty, reason=cleaned["reason"], exemption=cleaned.get("exemption", ""))


class DecidePage(_DutyForm):
    form_class = DecisionForm
    title = _("Decide whether it must be done")
    success_message = _("Your decision is recorded, and the colleague is told")
    permission = Permission.WAIVE_DUTY
    by_who_looks_after = False
    waiver: Waiver

    def load(self, **kwargs: Any) -> None:
        waiver = Waiver.objects.visible_to(self.actor).filter(child=kwargs["child"], pk=kwargs["waiver"]).select_related("asked_by").first()
        if waiver is None:
            raise Http404
        super().load(child=kwargs["child"], duty=waiver.duty_id)
        waiver.duty = self.duty
        self.waiver = waiver
        if not decides(by=self.actor, waiver=waiver):
            raise NotAllowed

    def context(self) -> dict[str, Any]:
        words = {"who": self.waiver.asked_by.name, "day": date_format(self.waiver.asked_on, "DATE_FORMAT")}
        law = str(Exempt(self.waiver.exemption).label) if self.waiver.exemption else ""
        asked = gettext("%(who)s asked on %(day)s that it need not be done.") % words
        return {**super().context(), "intro": " ".join(filter(None, (asked, law))), "note": self.waiver.reason, "submit_text": _("Save the decision")}

    def act(self, cleaned: dict[str, Any]) -> Waiver:
        return decide_waiver(by=self.actor, waiver=self.waiver, agreed=cleaned["agreed"] == "yes", answer=cleaned["answer"])


_DUTY = "children/<uuid:child>/duties/<uuid:duty>/"

child_duty_urls: list[URLPattern] = [
    path("children/<uuid:child>/duties/", DutiesPage.as_view(), name="child_duties"),
    path(f"{_DUTY}reason/", ReasonPage.as_view(), name="child_duty_reason"),
    path(f"{_DUTY}done/", DonePage.as_view(), name="child_duty_done"),
    path(f"{_DUTY}open-again/", UndoPage.as_view(), name="child_duty_undo"),
    path(f"{_DUTY}hand/", HandPage.as_view(), name="child_duty_hand"),
    path(f"{_DUTY}not-needed/", WaivePage.as_view(), name="child_duty_waive"),
    path("children/<uuid:child>/duties/not-needed/<uuid:waiver>/", DecidePage.as_view(), name="child_duty_decide"),
]
