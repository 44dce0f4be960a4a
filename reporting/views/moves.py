"""Changes of school in Years 10 and 11 that wait for the nominated officer's approval (regulation 11; T70)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.deadlines.models import Duty
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage, Page
from reporting.views.statements import language_in_use
from schools.models import Enrolment, MoveApproval
from schools.rules.duties import KS4_MOVE
from schools.services.moves import LONGEST, approve_move


class MovesPage(Page):
    """Every move that waits, the oldest first; the designated manager approves, the LACE coordinator sees what waits."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_DASHBOARD)

    def get(self, request: HttpRequest) -> HttpResponse:
        reached: Any = Duty.objects.visible_to(self.actor)
        duties = list(reached.open().filter(code=KS4_MOVE, authority__in=self.actor.authorities).order_by("due_on", "pk"))
        enrolments = {row.pk: row for row in self.enrolments(duties)}
        children = {child.pk: child for child in Child.objects.visible_to(self.actor).filter(pk__in={duty.child_id for duty in duties})}
        grants = grants_of(self.actor, children.values())
        rows, shown = [], set()
        for duty in duties:
            child, enrolment = children.get(duty.child_id), enrolments.get(duty.subject)
            if child is None or enrolment is None or Facet.EDUCATION not in grants[child.pk].facets:
                continue
            shown.add(child.pk)
            seen = Seen(child, grants[child.pk])
            may = Permission.APPROVE_MOVE in grants[child.pk].permissions
            href = reverse("child_move_approve", args=[child.pk, enrolment.pk]) if may else reverse("child_school", args=[child.pk])
            rows.append(
                [{"text": seen.name, "href": href}, enrolment.school.name, date_format(enrolment.started_on, "DATE_FORMAT"), state(duty, self)]
            )
        if shown:
            record_read(by=self.actor, children=shown, facets={Facet.IDENTITY, Facet.EDUCATION}, door="moves", act=Read.Act.LIST)
        columns = [_("Child"), _("New school"), _("First day there"), _("Approval")]
        return render(request, "reporting/moves.html", {"rows": rows, "columns": columns})

    def enrolments(self, duties: list[Duty]) -> list[Enrolment]:
        rows = Enrolment.objects.visible_to(self.actor).filter(pk__in=[duty.subject for duty in duties])
        return list(rows.select_related("school__organisation"))


def state(duty: Duty, page: Page) -> dict[str, str]:
    """In words: it waits, or took effect without approval."""
    if duty.due_on <= page.actor.today:
        return {"text": gettext("Not approved, and it took effect"), "tag": "overdue"}
    return {"text": gettext("Not approved yet"), "tag": "todo"}


def _area(label: Any, empty: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}), error_messages={"required": empty})


class ApproveForm(forms.Form):
    """The three of regulation 11, each with what it rests on, and what the child's views changed."""

    heard = _area(
        _("What are the child's wishes and feelings about the move, and how were they heard?"),
        _("Say how the child was heard. Without that the move cannot be approved"),
    )
    shaped = _area(
        _("How did the child's views shape the decision?"),
        _("Say how the child's views shaped the decision. If it goes against them, say why"),
    )
    promoted = _area(
        _("How will the child's education be promoted at the new school?"),
        _("Say how the education will be promoted. Without that the move cannot be approved"),
    )
    fits = _area(
        _("How does the move fit the Personal Education Plan?"),
        _("Say how the move fits the Personal Education Plan. Without that it cannot be approved"),
    )


class ApprovePage(ChildFormPage):
    """Approve one move as the nominated officer."""

    facets = frozenset({Facet.EDUCATION})
    template_name = "reviews/form.html"
    form_class = ApproveForm
    title = _("Approve the move")
    success_message = _("The move is approved")
    enrolment: Enrolment

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = (
            Enrolment.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["enrolment"]).select_related("school__organisation").first()
        )
        if found is None:
            raise Http404
        if Permission.APPROVE_MOVE not in self.grant.permissions:
            raise NotAllowed
        found.child = self.child
        self.enrolment = found

    def context(self) -> dict[str, Any]:
        words = {"school": self.enrolment.school.name, "day": date_format(self.enrolment.started_on, "DATE_FORMAT")}
        intro = gettext(
            "The child moves to %(school)s on %(day)s, in Year 10 or 11. The move may not take effect until you are satisfied of all three."
        )
        return {
            **child_frame(self, "child_school"),
            "title": self.title,
            "intro": intro % words,
            "back_url": reverse("moves"),
            "cancel_url": reverse("moves"),
            "submit_text": _("Approve the move"),
        }

    def act(self, cleaned: dict[str, Any]) -> MoveApproval:
        return approve_move(by=self.actor, enrolment=self.enrolment, language=language_in_use(), **cleaned)

    def success_url(self, result: Any) -> str:
        return reverse("moves")


move_urls: list[URLPattern] = [
    path("moves/", MovesPage.as_view(), name="moves"),
    path("children/<uuid:child>/school/<uuid:enrolment>/approve/", ApprovePage.as_view(), name="child_move_approve"),
]
