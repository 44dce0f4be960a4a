"""A school's own acts: its designated person, its register, its policy. And a child's education other than at school.

What is shown of a school joins every app: reporting.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role, may
from lace.accounts.models import Membership
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage, FormPage, Page
from schools.forms import AdoptForm, ConfirmForm, DesignateForm, EndEotasForm, EndForm, EotasForm, PolicyCheckForm, PolicyForm, SignForm
from schools.models import Designation, EotasPlace, PolicyCheck, School, SchoolPolicy
from schools.rules import PolicyAspect, PolicyPart
from schools.services import policy
from schools.services.confirmation import confirm_register
from schools.services.designation import DesignationFacts, designate, end_designation
from schools.services.eotas import EotasFacts, end_eotas, record_eotas


class _SchoolPart(Page):
    """A page about a school that the actor may see."""

    school: School

    def load(self, **kwargs: Any) -> None:
        found = School.objects.visible_to(self.actor).filter(number=kwargs["number"]).select_related("organisation__authority").first()
        if found is None:
            raise Http404
        self.school = found

    def may(self, permission: Permission) -> bool:
        return may(self.actor, permission) and self.actor.organisation_id == self.school.pk


class _SchoolForm(_SchoolPart, FormPage):
    """A form about the actor's own school; others see no such page."""

    permission: ClassVar[Permission]

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not self.may(self.permission):
            raise NotAllowed

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


class PolicyPage(_SchoolPart):
    """The school's policy for looked-after children, part by part, and what governors found (SCH-11, GOV-12)."""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        own = self.actor.organisation_id == self.school.pk or self.actor.authority_id == self.school.organisation.authority_id
        if not own or not may(self.actor, Permission.READ_POLICY):
            raise Http404  # a coordinator elsewhere sees who the designated person is, and no more

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        state = policy.policy_of(by=self.actor, school=self.school)
        context = {
            "school": self.school,
            "policy": state,
            "adopted": self.parts(state.adopted),
            "draft": self.parts(state.draft),
            "checks": [self.check(row) for row in state.checks],
            "may_write": self.may(Permission.WRITE_POLICY),
            "may_sign": self.may(Permission.SIGN_POLICY) and state.draft and not state.draft.signed_on,
            "may_adopt": self.may(Permission.ADOPT_POLICY) and state.draft and state.draft.signed_on,
            "may_monitor": self.may(Permission.MONITOR_POLICY) and state.adopted,
        }
        return render(request, "schools/policy.html", context)

    def parts(self, row: SchoolPolicy | None) -> list[dict[str, Any]]:
        """Each part with its text; empty without a policy."""
        lang = row.language[:2] if row else ""
        return [{"part": part, "text": row.texts.get(part, ""), "lang": lang} for part in PolicyPart] if row else []

    def check(self, row: PolicyCheck) -> dict[str, Any]:
        return {"row": row, "lang": row.language[:2], "aspects": "; ".join(str(PolicyAspect(aspect).label) for aspect in row.aspects)}


class _PolicyForm(_SchoolForm):
    """A form about the school's policy."""

    def url(self) -> str:
        return reverse("school_policy", kwargs={"number": self.school.number})

    @property
    def draft(self) -> SchoolPolicy | None:
        return policy.policy_of(by=self.actor, school=self.school).draft

    def initial(self) -> dict[str, Any]:
        draft = self.draft
        return {"version": draft.version if draft else 0}


class PolicyWritePage(_PolicyForm):
    permission = Permission.WRITE_POLICY
    form_class = PolicyForm
    title = _("Write the policy for looked-after children")
    success_message = _("The draft is saved")

    def initial(self) -> dict[str, Any]:
        """The draft as it stands; the next version begins with the one in force."""
        state = policy.policy_of(by=self.actor, school=self.school)
        source = state.draft or state.adopted
        texts = {f"part_{part}": source.texts.get(part, "") for part in PolicyPart} if source else {}
        return texts | {"kept_at": source.kept_at if source else "", "version": state.draft.version if state.draft else 0}

    def context(self) -> dict[str, Any]:
        intro = _("You can save at any time. The headteacher signs when every part has text; then the governing body adopts it. Name no child.")
        return super().context() | {"intro": intro, "submit_text": _("Save the draft")}

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What was typed then rests on what stands now."""
        assert isinstance(form.data, QueryDict)
        form.data = form.data.copy()
        form.data["version"] = str(current.version if isinstance(current, SchoolPolicy) else 0)
        return super().changed(form, current)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        self.form = PolicyForm(data, initial=self.initial())
        return self.form

    def act(self, cleaned: dict[str, Any]) -> object:
        texts = self.form.texts()
        return policy.write_policy(by=self.actor, school=self.school, texts=texts, kept_at=cleaned["kept_at"], version=cleaned["version"])


class PolicySignPage(_PolicyForm):
    permission = Permission.SIGN_POLICY
    form_class = SignForm
    title = _("Sign the policy")
    success_message = _("The policy is signed, and the governors have been told")

    def context(self) -> dict[str, Any]:
        intro = _("You sign the draft as it stands now. The governing body then records its adoption. A change after this needs a new signature.")
        return super().context() | {"intro": intro, "submit_text": self.title}

    def act(self, cleaned: dict[str, Any]) -> object:
        return policy.sign_policy(by=self.actor, school=self.school, version=cleaned["version"])


class PolicyAdoptPage(_PolicyForm):
    permission = Permission.ADOPT_POLICY
    form_class = AdoptForm
    title = _("Record the adoption of the policy")
    success_message = _("The adoption is recorded, and the LACE coordinator has been told")

    def context(self) -> dict[str, Any]:
        intro = _("The version that the headteacher signed comes into force, and cannot be changed after this.")
        return super().context() | {"intro": intro, "submit_text": _("Record the adoption")}

    def act(self, cleaned: dict[str, Any]) -> object:
        return policy.adopt_policy(by=self.actor, school=self.school, **cleaned)


class PolicyCheckPage(_PolicyForm):
    permission = Permission.MONITOR_POLICY
    form_class = PolicyCheckForm
    title = _("Record a check of the policy")
    success_message = _("The check is recorded")

    def initial(self) -> dict[str, Any]:
        return {}

    def context(self) -> dict[str, Any]:
        return super().context() | {"submit_text": _("Record the check")}

    def act(self, cleaned: dict[str, Any]) -> object:
        return policy.record_policy_check(by=self.actor, school=self.school, **cleaned)


class EotasPage(ChildFormPage):
    """Record where a child is taught elsewhere than at school (SCH-10)."""

    facets = frozenset({Facet.EDUCATION})
    form_class: ClassVar[type[forms.Form]] = EotasForm
    template_name = "schools/child_form.html"
    title = _("Record education other than at school")
    success_message = _("It is recorded")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Permission.RECORD_SCHOOL not in self.grant.permissions:
            raise NotAllowed

    def context(self) -> dict[str, Any]:
        url = self.success_url(None)
        intro = _("The school's register stays as it is. Record a change of school separately.")
        return {**child_frame(self, "child_school"), "back_url": url, "cancel_url": url, "intro": intro, "submit_text": _("Record it")}

    def act(self, cleaned: dict[str, Any]) -> object:
        return record_eotas(by=self.actor, child=self.child, facts=EotasFacts(**cleaned))

    def success_url(self, result: Any) -> str:
        return reverse("child_school", args=[self.child.pk])


class EndEotasPage(EotasPage):
    """Record that the child is no longer taught there."""

    form_class = EndEotasForm
    title = _("End the education other than at school")
    success_message = _("The end is recorded")
    place: EotasPlace

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = EotasPlace.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["place"]).first()
        if found is None:
            raise Http404
        found.child = self.child
        self.place = found

    def context(self) -> dict[str, Any]:
        words = {"provider": self.place.provider}
        return super().context() | {"intro": gettext("%(provider)s no longer teaches the child.") % words, "submit_text": _("Record the end")}

    def act(self, cleaned: dict[str, Any]) -> object:
        return end_eotas(by=self.actor, place=self.place, on=cleaned["ended_on"])
