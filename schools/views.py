"""A school's own acts: its designated person, and the confirmation of its register. What is shown of a school joins every app: reporting."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, Role, may
from lace.accounts.models import Membership
from lace.core.errors import NotAllowed
from lace.web.pages import FormPage
from schools.forms import ConfirmForm, DesignateForm, EndForm
from schools.models import Designation, School
from schools.services.confirmation import confirm_register
from schools.services.designation import DesignationFacts, designate, end_designation


class _SchoolForm(FormPage):
    """A form about the actor's own school; others see no such page."""

    permission: ClassVar[Permission]
    school: School

    def load(self, **kwargs: Any) -> None:
        found = School.objects.visible_to(self.actor).filter(number=kwargs["number"]).select_related("organisation__authority").first()
        if found is None:
            raise Http404
        if not may(self.actor, self.permission) or self.actor.organisation_id != found.pk:
            raise NotAllowed
        self.school = found

    def url(self) -> str:
        return reverse("school", kwargs={"number": self.school.number})

    def context(self) -> dict[str, Any]:
        return {"caption": self.school.name, "back_url": self.url(), "cancel_url": self.url()}

    def success_url(self, result: Any) -> str:
        return self.url()


class DesignatePage(_SchoolForm):
    permission = Permission.DESIGNATE
    form_class = DesignateForm
    title = _("Record the designated person")
    success_message = _("The designation is recorded, and the LACE coordinator has been told")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        rows = Membership.objects.open_on(self.actor.today).filter(organisation=self.school.pk, role=Role.DESIGNATED_PERSON)
        current = Designation.objects.filter(school=self.school, ended_on__isnull=True).select_related("membership__user").first()
        self.current = current
        self.held = list(rows.exclude(pk=current.membership_id if current else 0).select_related("user").order_by("user__name", "pk"))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.held:
            return render(request, "schools/nobody.html", {"title": self.title, **self.context()})
        return super().get(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return DesignateForm(data, held=self.held)

    def context(self) -> dict[str, Any]:
        context = super().context() | {"submit_text": _("Record the designation")}
        if self.current is not None:
            words = {"name": self.current.membership.user.name}
            context["intro"] = gettext("The designation of %(name)s ends on the day the new one starts.") % words
        return context

    def act(self, cleaned: dict[str, Any]) -> object:
        return designate(
            by=self.actor,
            school=self.school,
            facts=DesignationFacts(
                membership=cleaned["membership"],
                decided_on=cleaned["decided_on"],
                started_on=cleaned["started_on"],
                headteacher_consulted=cleaned["headteacher_consulted"] == "yes",
                other_roles=cleaned["other_roles"],
                leadership_team="leadership_team" in cleaned["standing"],
                pastoral="pastoral" in cleaned["standing"],
                factors=tuple(cleaned["factors"]),
            ),
        )


class EndPage(_SchoolForm):
    permission = Permission.DESIGNATE
    form_class = EndForm
    title = _("End the designation")
    success_message = _("The end of the designation is recorded, and the LACE coordinator has been told")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = Designation.objects.filter(school=self.school, pk=kwargs["designation"]).select_related("membership__user").first()
        if found is None:
            raise Http404
        self.designation = found

    def context(self) -> dict[str, Any]:
        name = self.designation.membership.user.name
        intro = gettext("%(name)s stops being the designated person. Until another is recorded the school has nobody designated.") % {"name": name}
        return super().context() | {"submit_text": self.title, "intro": intro}

    def act(self, cleaned: dict[str, Any]) -> object:
        self.designation.school = self.school
        return end_designation(by=self.actor, designation=self.designation, on=cleaned["ended_on"])


class ConfirmPage(_SchoolForm):
    permission = Permission.CONFIRM_REGISTER
    form_class = ConfirmForm
    title = _("Confirm the register")
    success_message = _("The register is confirmed")

    def context(self) -> dict[str, Any]:
        intro = _("You confirm that the register of looked-after children at your school is complete and correct today.")
        return super().context() | {"submit_text": self.title, "intro": intro}

    def act(self, cleaned: dict[str, Any]) -> object:
        return confirm_register(by=self.actor, school=self.school)
