"""Catch-up for gaps in what a child has learnt: added, changed, removed, and laid out for reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lace.accounts.access import Permission
from lace.web.pages import ChildFormPage
from peps.forms import RemoveTargetForm
from peps.forms.catch_up import CatchUpForm
from peps.models import CATCH_UP_FIELDS, CatchUp
from peps.rules import Step
from peps.rules.targets import Funding
from peps.services.catch_up import remove_catch_up, save_catch_up
from peps.views.content import LANG, day_of
from peps.views.frame import PlanPart, language_in_use, written


class CatchUpPage(PlanPart, ChildFormPage):
    """An arrangement: added, or changed when the address names one."""

    permission = Permission.WRITE_PEP
    template_name = "peps/catch_up.html"
    form_class: ClassVar[type[forms.Form]] = CatchUpForm
    catch_up: CatchUp | None = None
    standing: CatchUp | None = None  # what somebody else saved first

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "catchup" in kwargs:
            self.catch_up = CatchUp.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["catchup"]).first()
            if self.catch_up is None:
                raise Http404

    @property
    def held(self) -> CatchUp:
        """The arrangement of a page that is about one."""
        assert self.catch_up is not None
        return self.catch_up

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.WRITE_PEP, Step.WRITE):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        if self.catch_up is None:
            return {"version": 0, "language": language_in_use()}
        return {"version": self.catch_up.version} | {name: getattr(self.catch_up, name) for name in CATCH_UP_FIELDS}

    def context(self) -> dict[str, Any]:
        removable = self.catch_up is not None and self.catch_up.since > self.plan.version
        return {
            "title": _("Change the catch-up") if self.catch_up else _("Add catch-up for a gap"),
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": _("Save the catch-up"),
            "remove_url": self.url("child_plan_catch_up_remove", catchup=self.held.pk) if removable else "",
            "standing": catch_ups_laid_out([self.standing.as_frozen()])[0]["rows"] if self.standing else [],
        }

    def act(self, cleaned: dict[str, Any]) -> CatchUp:
        facts = {name: cleaned[name] for name in CATCH_UP_FIELDS}
        held = self.catch_up.pk if self.catch_up else None
        return save_catch_up(by=self.actor, pep=self.plan, facts=facts, catch_up=held, version=cleaned["version"])

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#catch-up"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What the other person saved stands above the form, which keeps what was typed and now replaces it."""
        if not isinstance(current, CatchUp):
            return super().changed(form, current)
        self.standing = current
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class RemoveCatchUpPage(CatchUpPage):
    template_name = "components/form_page.html"
    form_class = RemoveTargetForm
    success_message = _("The catch-up is removed")

    def initial(self) -> dict[str, Any]:
        return {"version": self.held.version}

    def context(self) -> dict[str, Any]:
        return super().context() | {"title": _("Remove this catch-up?"), "intro": self.held.gap, "submit_text": _("Remove the catch-up")}

    def act(self, cleaned: dict[str, Any]) -> CatchUp:
        remove_catch_up(by=self.actor, pep=self.plan, catch_up=self.held.pk, version=cleaned["version"])
        return self.held


def catch_ups_laid_out(catch_ups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Arrangements for reading, from a frozen version's content or from rows put into the same shape."""
    return [
        {
            "id": found["id"],
            "gap": found["gap"],
            "subject": found["subject"],
            "lang": (lang := LANG.get(found["language"], "")),
            "rows": [
                {"key": _("Subject"), "value": found["subject"], "lang": lang},
                {"key": _("Who gives the sessions"), "value": found["provider"], "lang": lang},
                {"key": _("Sessions"), "value": _sessions(found)},
                {"key": _("Paid by"), "value": Funding(found["funding"]).label},
                *([{"key": _("How it went"), "value": found["outcome"], "lang": lang}] if found["outcome"] else []),
            ],
        }
        for found in catch_ups
    ]


def _sessions(found: Mapping[str, Any]) -> str:
    said = ngettext("%(count)s session, from %(first)s to %(last)s", "%(count)s sessions, from %(first)s to %(last)s", found["sessions"])
    return said % {"count": found["sessions"], "first": written(day_of(found["starts_on"])), "last": written(day_of(found["ends_on"]))}
