"""The plan's actions: added, changed, ticked off, carried forward."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission
from lace.children.people import people_around
from lace.web.pages import ChildFormPage
from peps.forms import ActionForm, CarryForm, RemoveTargetForm, SettleForm
from peps.models import Action
from peps.rules import Step
from peps.rules.actions import NAMED, ActionState, Owner
from peps.services.actions import carry, remove_action, save_action, settle
from peps.views.frame import PlanPart, language_in_use


class ActionPage(PlanPart, ChildFormPage):
    """An action: added, or changed when the address names one."""

    permission = Permission.KEEP_ACTIONS
    step: ClassVar[Step] = Step.WRITE
    form_class: ClassVar[type[forms.Form]] = ActionForm
    template_name = "peps/action.html"
    submit_text: ClassVar[Promise] = _("Save the action")
    action: Action | None = None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "action" in kwargs:
            self.action = Action.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["action"]).first()
            if self.action is None:
                raise Http404

    @property
    def held(self) -> Action:
        """The action of a page that is about one."""
        assert self.action is not None
        return self.action

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.KEEP_ACTIONS, self.step):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return ActionForm(data, initial=self.initial(), owners=self.owners())

    def owners(self) -> list[tuple[str, Any]]:
        """Roles, and before them by name those around the child who may be named; who was named before stays a choice."""
        named = [
            (f"{NAMED[person.relation]}:{person.user_id}", f"{person.name} ({NAMED[person.relation].label})")
            for person in (people_around(child=self.child, on=self.actor.today) if Facet.CONTACTS in self.grant.facets else [])
            if person.relation in NAMED
        ]
        before = self.action.owner if self.action and Facet.CONTACTS in self.grant.facets else None
        if self.action and before and self.owner(self.action) not in dict(named):
            named.append((self.owner(self.action), f"{before.name} ({self.action.get_owner_role_display()})"))
        return [*named, *Owner.choices]

    @staticmethod
    def owner(action: Action) -> str:
        return f"{action.owner_role}:{action.owner_id}" if action.owner_id else action.owner_role

    def initial(self) -> dict[str, Any]:
        if self.action is None:
            return {"version": 0, "language": language_in_use()}
        names = ("what", "due_on", "resource", "language", "version")
        return {name: getattr(self.action, name) for name in names} | {"owner": self.owner(self.action)}

    def context(self) -> dict[str, Any]:
        may_remove = self.action is not None and self.action.since > self.plan.version
        return {
            "title": _("Change the action") if self.action else _("Add an action"),
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": self.submit_text,
            "remove_url": self.url("child_plan_action_remove", action=self.held.pk) if may_remove else "",
            "fixed": self.action is not None and not may_remove,
        }

    def act(self, cleaned: dict[str, Any]) -> Action:
        version = cleaned.pop("version")
        return save_action(by=self.actor, pep=self.plan, facts=cleaned, action=self.action.pk if self.action else None, version=version)

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#actions"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What was typed is kept, and the next press replaces what somebody else saved."""
        if not isinstance(current, Action):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class _OfOne(ActionPage):
    """An act on one action."""

    template_name = "components/form_page.html"
    title: ClassVar[Promise]

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return self.form_class(data, initial=self.initial())

    def context(self) -> dict[str, Any]:
        return super().context() | {"title": self.title, "intro": self.held.what}


class RemoveActionPage(_OfOne):
    form_class = RemoveTargetForm
    title = _("Remove this action?")
    submit_text = _("Remove the action")
    success_message = _("The action is removed")

    def initial(self) -> dict[str, Any]:
        return {"version": self.held.version}

    def act(self, cleaned: dict[str, Any]) -> Action:
        remove_action(by=self.actor, pep=self.plan, action=self.held.pk, version=cleaned["version"])
        return self.held


class SettlePage(_OfOne):
    """Done, dropped, or open after all; a final plan's actions too."""

    step = Step.TICK
    form_class = SettleForm
    title = _("What became of this action?")
    submit_text = _("Save")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        form = super().get_form(data)
        if self.held.state == ActionState.OPEN:
            state: Any = form.fields["state"]
            state.choices = [choice for choice in state.choices if choice[0] != ActionState.OPEN]
        return form

    def initial(self) -> dict[str, Any]:
        held = self.held
        settled = {"state": held.state} if held.state != ActionState.OPEN else {}
        reason = held.reason if held.state == ActionState.DROPPED else ""
        return settled | {"evidence": held.evidence, "reason": reason, "done_on": held.done_on or self.actor.today, "version": held.version}

    def act(self, cleaned: dict[str, Any]) -> Action:
        if cleaned["state"] != ActionState.DROPPED:
            cleaned["reason"] = self.held.reason
        return settle(by=self.actor, pep=self.plan, action=self.held.pk, **cleaned)


class CarryPage(_OfOne):
    """Forward to a new day, with the reason."""

    form_class = CarryForm
    title = _("Carry this action forward")
    submit_text = _("Carry it forward")

    def initial(self) -> dict[str, Any]:
        return {"version": self.held.version}

    def act(self, cleaned: dict[str, Any]) -> Action:
        return carry(by=self.actor, pep=self.plan, action=self.held.pk, **cleaned)
