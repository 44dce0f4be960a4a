"""Records opened in an emergency: opening one, and the responsible authority's look at each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import EmergencyAccess, grants_of
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.web.forms import DateField
from lace.web.pages import ChildFormPage, FormPage, Page
from schools.services.emergency import NothingOpened, Sought, open_in_emergency, record_attempt, review_emergency

SHOWN = 50  # the newest


class OpenForm(forms.Form):
    reason = forms.CharField(
        label=_("What has happened, and why must the record be opened now?"),
        help_text=_("The authority that is responsible for the child reads this."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say in a sentence what has happened and why the record must be opened now")},
    )
    upn = forms.CharField(
        label=_("Unique pupil number"),
        help_text=_("Or leave it empty, and enter both names and the date of birth."),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"width": "20", "autocomplete": "off"}),
    )
    given_name = forms.CharField(label=_("Given name"), required=False, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    family_name = forms.CharField(label=_("Family name"), required=False, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    born_on = DateField(label=_("Date of birth"), required=False)


class OpenPage(FormPage):
    """Break the glass: nothing is searched, one record opens or none."""

    form_class = OpenForm
    title = _("Open a record in an emergency")
    success_message = _("The record is open to you until the end of tomorrow. The responsible authority has been told")
    nothing_opened = False

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.BREAK_GLASS)

    def context(self) -> dict[str, Any]:
        return {
            "intro": _(
                "Only when a child may come to harm if you wait, and you do not work with the child in Lace. The record opens for two days, "
                "without the address. The authority that is responsible is told at once who opened it and why."
            ),
            "submit_text": _("Open the record"),
            "cancel_url": reverse("work"),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if self.nothing_opened:
            record_attempt(by=self.actor)
        return response

    def act(self, cleaned: dict[str, Any]) -> EmergencyAccess:
        sought = Sought(upn=cleaned["upn"], given_name=cleaned["given_name"], family_name=cleaned["family_name"], born_on=cleaned["born_on"])
        try:
            return open_in_emergency(by=self.actor, sought=sought, reason=cleaned["reason"])
        except NothingOpened:
            self.nothing_opened = True
            raise

    def success_url(self, result: EmergencyAccess) -> str:
        return reverse("child", args=[result.child_id])


class EmergenciesPage(Page):
    """Every opening of a record of this authority, those to be looked at first."""

    def load(self, **kwargs: Any) -> None:
        if self.actor.role != Role.LACE_COORDINATOR:
            raise NotAllowed

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            own = EmergencyAccess.objects.visible_to(self.actor).filter(authority=self.actor.authority_id)
            rows = list(own.select_related("child", "user", "from_authority", "reviewed_by").order_by("-starts_on", "-created_at")[:SHOWN])
            self.grants = grants_of(self.actor, {row.child for row in rows})
            if rows:
                children = {row.child_id for row in rows}
                record_read(by=self.actor, children=children, facets=[Facet.IDENTITY], door="emergencies", act=Read.Act.LIST)
            context = {
                "to_look_at": [self.row(row) for row in rows if row.reviewed_on is None],
                "looked_at": [self.row(row) for row in rows if row.reviewed_on is not None],
            }
            return render(request, "reporting/emergencies.html", context)

    def row(self, row: EmergencyAccess) -> dict[str, Any]:
        seen = Seen(row, self.grants[row.child_id])
        name = str(Seen(row.child, self.grants[row.child_id]).name)
        facts = [
            (_("Opened by"), f"{seen.user.name}, {seen.get_role_display()}, {seen.from_authority.name}"),
            (_("Opened on"), date_format(seen.starts_on, "DATE_FORMAT")),
            (_("Open until, not including"), date_format(seen.ends_on, "DATE_FORMAT")),
            (_("Why"), seen.reason),
            (_("What was found"), seen.finding),
        ]
        acts = []
        if row.reviewed_on is None and row.user_id != self.actor.user_id:
            acts = [(_("Look into it"), reverse("emergency_review", args=[row.child_id, row.pk]))]
        return {
            "name": name,
            "href": reverse("child", args=[row.child_id]),
            "facts": [{"key": key, "value": value} for key, value in facts if value],
            "acts": acts,
        }


class FindingForm(forms.Form):
    finding = forms.CharField(
        label=_("What did you find?"),
        help_text=_("Was there a good reason? What follows? If the record is still open, it closes now."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say what you found: was the record opened for a good reason?")},
    )


class ReviewPage(ChildFormPage):
    """The authority's look at one opening."""

    form_class = FindingForm
    title = _("Look into an emergency opening")
    success_message = _("What you found is recorded, and the record is closed")
    facets = frozenset({Facet.IDENTITY})
    access: EmergencyAccess

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = EmergencyAccess.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["access"]).select_related("user").first()
        if found is None:
            raise Http404
        if Permission.SEE_WHO_LOOKED not in self.grant.permissions:
            raise NotAllowed
        found.child = self.child
        self.access = found

    def context(self) -> dict[str, Any]:
        back = reverse("emergencies")
        intro = f"{self.access.user.name}: {self.access.reason}"
        return {"caption": self.seen.name, "intro": intro, "back_url": back, "cancel_url": back, "submit_text": _("Record what you found")}

    def act(self, cleaned: dict[str, Any]) -> EmergencyAccess:
        return review_emergency(by=self.actor, access=self.access, finding=cleaned["finding"])

    def success_url(self, result: EmergencyAccess) -> str:
        return reverse("emergencies")


emergency_urls: list[URLPattern] = [
    path("emergency/", EmergenciesPage.as_view(), name="emergencies"),
    path("emergency/open/", OpenPage.as_view(), name="emergency_open"),
    path("children/<uuid:child>/emergency/<uuid:access>/", ReviewPage.as_view(), name="emergency_review"),
]
