"""The plan's additional learning provision: added, changed, ended; needs with evidence and provision; the authority's choice to have it here."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, may, require
from lace.accounts.models import LocalAuthority
from lace.accounts.people import authority_of
from lace.web.pages import ChildFormPage, FormPage, Page
from peps.forms import RemoveTargetForm
from peps.forms.provisions import CombinedForm, EndProvisionForm, ProvisionForm
from peps.models import CombinedPlan, Provision
from peps.rules import Step
from peps.rules.idp import HEADINGS
from peps.services.provisions import FIELDS, choose_combined, end_provision, remove_provision, save_provision
from peps.views.frame import PlanPart, language_in_use, written
from peps.views.idp import provisions_laid_out


class ProvisionPage(PlanPart, ChildFormPage):
    """A provision: added, or changed when the address names one."""

    permission = Permission.WRITE_PEP
    template_name = "peps/provision.html"
    form_class: ClassVar[type[forms.Form]] = ProvisionForm
    submit_text: ClassVar[Promise] = _("Save the provision")
    provision: Provision | None = None
    standing: Provision | None = None  # what somebody else saved first

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "provision" in kwargs:
            self.provision = Provision.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["provision"]).first()
            if self.provision is None:
                raise Http404

    @property
    def held(self) -> Provision:
        """The provision of a page that is about one."""
        assert self.provision is not None
        return self.provision

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.WRITE_PEP, Step.WRITE) or (self.provision is None and not self.holds_idp()):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        if self.provision is None:
            return {"version": 0, "language": language_in_use()}
        return {"version": self.provision.version} | {name: getattr(self.provision, name) for name in FIELDS}

    def context(self) -> dict[str, Any]:
        removable = self.provision is not None and self.provision.since > self.plan.version
        return {
            "title": _("Change the provision") if self.provision else _("Add a provision"),
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": self.submit_text,
            "remove_url": self.url("child_plan_provision_remove", provision=self.held.pk) if removable else "",
            "standing": provisions_laid_out([self.standing.as_frozen()])[0]["rows"] if self.standing else [],
        }

    def act(self, cleaned: dict[str, Any]) -> Provision:
        facts = {name: cleaned[name] for name in FIELDS}
        held = self.provision.pk if self.provision else None
        return save_provision(by=self.actor, pep=self.plan, facts=facts, provision=held, version=cleaned["version"])

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#provisions"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What the other person saved stands above the form, which keeps what was typed and now replaces it."""
        if not isinstance(current, Provision):
            return super().changed(form, current)
        self.standing = current
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class _OfOne(ProvisionPage):
    """An act on one provision."""

    template_name = "components/form_page.html"
    title: ClassVar[Promise]

    def initial(self) -> dict[str, Any]:
        return {"version": self.held.version}

    def context(self) -> dict[str, Any]:
        return super().context() | {"title": self.title, "intro": self.held.what}


class RemoveProvisionPage(_OfOne):
    form_class = RemoveTargetForm
    title = _("Remove this provision?")
    submit_text = _("Remove the provision")
    success_message = _("The provision is removed")

    def act(self, cleaned: dict[str, Any]) -> Provision:
        remove_provision(by=self.actor, pep=self.plan, provision=self.held.pk, version=cleaned["version"])
        return self.held


class EndProvisionPage(_OfOne):
    """The next version says that it ended, and why."""

    form_class = EndProvisionForm
    title = _("End this provision")
    submit_text = _("End the provision")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {"on": self.held.ended_on or self.actor.today, "reason": self.held.end_reason}

    def act(self, cleaned: dict[str, Any]) -> Provision:
        return end_provision(by=self.actor, pep=self.plan, provision=self.held.pk, **cleaned)


class CombinedPage(Page):
    """Where the authority has the development plan of a looked-after child: published for everybody who signs in, as is the standard.

    Of the reader's own authority, or of the one that the address names: a school also writes plans for others' children.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        named = LocalAuthority.objects.filter(code=request.GET.get("authority", "").replace("\0", "")[:3]).first()
        authority = named or authority_of(self.actor)
        today = self.actor.today
        context = {
            "authority": authority,
            "row": CombinedPlan.objects.of(authority.pk, today).first(),
            "coming": CombinedPlan.objects.filter(authority=authority, effective_from__gt=today).order_by("effective_from", "-created_at").first(),
            "columns": [_("Heading"), _("What stands under it"), _("Holds from"), _("Source")],
            "headings": [self.heading(number) for number in range(len(HEADINGS))],
            "may_change": authority.pk == self.actor.authority_id and may(self.actor, Permission.SET_STANDARD),
        }
        return render(request, "peps/combined.html", context)

    @staticmethod
    def heading(place: int) -> list[Any]:
        heading = HEADINGS[place]
        source = heading.source if heading.verified else _("Not read at the source yet; check it against the Code")
        return [heading.number, heading.title, written(heading.since), source]


class CombinedChangePage(FormPage):
    """The authority's choice, from a day on."""

    form_class = CombinedForm
    title = _("Change where the individual development plan is written")
    success_message = _("The choice is saved")

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SET_STANDARD)

    def initial(self) -> dict[str, Any]:
        row = CombinedPlan.objects.of(self.actor.authority_id, self.actor.today).first()
        return {"effective_from": self.actor.today, "combined": "yes" if row and row.combined else "no"}

    def get_form(self, data: Any = None) -> forms.Form:
        return CombinedForm(data, initial=self.initial())

    def context(self) -> dict[str, Any]:
        back = reverse("combined_plan")
        return {
            "back_url": back,
            "cancel_url": back,
            "submit_text": _("Save"),
            "intro": _("What is written in plans stays written, whatever is chosen. Final versions do not change."),
        }

    def act(self, cleaned: dict[str, Any]) -> CombinedPlan:
        return choose_combined(by=self.actor, authority=authority_of(self.actor), **cleaned)

    def success_url(self, result: Any) -> str:
        return reverse("combined_plan")
