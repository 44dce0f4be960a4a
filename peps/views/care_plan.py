"""The PEP within the care and support plan, with what stands beside it (PEP-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from lace.accounts.access import Facet
from lace.children.seen import Seen
from lace.deadlines.models import Duty
from lace.web.duties import SOON
from peps.rules.care_plan import BESIDE, PARTS, SOURCE
from peps.views.frame import PlanPart, written


class CarePlanPage(PlanPart):
    """How the other plans stand, and where the PEP speaks to each part of the care and support plan."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        context = {
            **self.frame(),
            "back_url": self.url(),
            "source": SOURCE,
            "columns": [_("Plan"), _("How it stands"), _("Where it is written down")],
            "plans": self.plans(),
            "parts": self.parts(),
        }
        return render(request, "peps/care_plan.html", context)

    def plans(self) -> list[list[Any]]:
        """One row a plan: its name, how it stands, where it is written down."""
        found = Duty.objects.visible_to(self.actor).filter(child=self.child, code__in=[code for _title, code in BESIDE])
        newest = {duty.code: duty for duty in found.order_by("trigger_on", "created_at")}
        rows: list[list[Any]] = [[title, *self.standing(newest.get(code))] for title, code in BESIDE]
        rows.append([_("Health plan"), {"text": _("Kept by social care and the health board")}, _("Not in Lace")])
        return [*rows, [_("Personal Education Plan"), {"text": str(Seen(self.plan, self.grant).get_state_display())}, _("In Lace")]]

    def standing(self, duty: Duty | None) -> tuple[dict[str, str], str]:
        if duty is None:
            return {"text": _("Nothing recorded")}, _("Not recorded")
        if duty.outcome in {Duty.Outcome.ON_TIME, Duty.Outcome.LATE} and duty.closed_on:
            return {"text": _("Ready since %(day)s") % {"day": written(duty.closed_on)}, "tag": "done"}, duty.done_note
        if duty.closed_on is not None:
            return {"text": _("No longer asked for"), "tag": "none"}, _("Not recorded")
        days = (duty.due_on - self.actor.today).days
        kind = "overdue" if days < 0 else "soon" if days <= SOON else "due"
        return {"text": _("Due by %(day)s") % {"day": written(duty.due_on)}, "tag": kind}, _("Not recorded")

    def parts(self) -> list[dict[str, Any]]:
        """Each part with links to what of the PEP bears on it, as far as this reader may see; parts without any are left out."""
        asked = {rule.key: rule for rule in self.asked(self.sections())}
        read, found = self.url("child_plan_read"), []
        for part in PARTS:
            links = [{"text": asked[key].title, "href": f"{read}#{key}"} for key in part.sections if key in asked]
            if part.measures and Facet.WELLBEING in self.grant.facets:
                links.append({"text": _("Attainment and well-being over time"), "href": reverse("child_measures", args=[self.child.pk])})
            if links:
                found.append({"title": part.title, "links": links})
        return found
