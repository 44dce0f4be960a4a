"""A plan given to another authority as a file, and one taken over from a file (PEP-23, XLA-07)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.core.errors import Refused
from lace.web.pages import new_token
from peps.forms import PlanFileForm, PlanTextForm
from peps.models import Pep
from peps.rules import State
from peps.rules.exchange import MOST_BYTES
from peps.rules.sections import SECTIONS
from peps.services.exchange import EXCHANGE, export_plan, import_plan, read_plan
from peps.views.content import day_of
from peps.views.frame import PlanPart, written
from peps.views.plan import Act


class ExportFile(PlanPart):
    """The whole plan with its versions. The file's name names nobody (PRIV-14)."""

    permission = EXCHANGE

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        headers = {"Content-Disposition": 'attachment; filename="plan.json"', "Cache-Control": "private, no-store"}
        found = export_plan(by=self.actor, pep=self.plan)
        return JsonResponse(found, headers=headers, json_dumps_params={"ensure_ascii": False, "indent": 2})


class ImportPage(Act):
    """Two steps at one address: a file is chosen and looked at; what was looked at is taken over."""

    needs_plan = False
    permission = EXCHANGE
    form_class = PlanFileForm
    title = _("Take over a plan from a file")
    intro = _("Another authority gives the plan with all its versions as a file. Nothing is taken over before you have seen what the file holds.")
    submit_text = _("Read the file")
    success_message = _("The plan is taken over. Check with the people around the child that it still holds")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.url()) if self.pep is not None else super().get(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        if data is not None and "content" in data:
            return PlanTextForm(data)
        return PlanFileForm(data, self.request.FILES if data is not None else None)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if isinstance(form, PlanTextForm) or not form.is_valid():
            return super().post(request, *args, **kwargs)
        try:
            found = read_plan(by=self.actor, child=self.child, data=form.cleaned_data["file"].read(MOST_BYTES + 1))
        except Refused as refusal:
            for name, sentences in refusal.problems.items():
                for sentence in sentences:
                    form.add_error(name or None, str(sentence))
            return self.show(form)
        return render(request, "peps/import.html", self.preview(found))

    def preview(self, found: dict[str, Any]) -> dict[str, Any]:
        plan, back = found["plan"], self.url("child_plan_import")
        sections = [rule.title for rule in SECTIONS.values() if rule.key in plan["content"]["sections"]]
        return {
            "title": _("What the file holds"),
            "caption": self.seen.name,
            "back_url": back,
            "cancel_url": self.url(),
            "form_token": new_token(self.request),
            "rows": [
                {"key": _("From"), "value": found["authority"]},
                {"key": _("Exported on"), "value": written(day_of(found["exported_on"]))},
                {"key": _("State"), "value": State(plan["state"]).label},
                {"key": _("Initiated"), "value": written(day_of(plan["initiated_on"]))},
                {"key": _("Sections with words in them"), "value": ", ".join(str(title) for title in sections)},
                {"key": _("Targets"), "value": str(len(plan["content"]["targets"]))},
            ],
            "version_columns": [_("Version"), _("Final on"), _("Authority"), _("Why it was amended")],
            "versions": [
                [gettext("Version %(number)d") % version, written(day_of(version["finalised_on"])), version["authority"], version["reason"]]
                for version in found["versions"]
            ],
            "unsure": not (found["child"]["upn"] and self.child.upn),
            "content": json.dumps(found, ensure_ascii=False, separators=(",", ":")),
        }

    def act(self, cleaned: dict[str, Any]) -> Pep:
        return import_plan(by=self.actor, child=self.child, data=cleaned["content"].encode())

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """A step that was refused begins anew: a browser sends no file twice."""
        if not isinstance(form, PlanTextForm):
            return super().show(form, status)
        fresh = PlanFileForm(QueryDict(), MultiValueDict())
        fresh.errors.clear()
        for sentence in form.non_field_errors() or [_("Choose the file again")]:
            fresh.add_error(None, str(sentence))
        return super().show(fresh, status)
