"""What children asked for in their plans, counted, with the list behind each number (VOICE-06). For the authority's LACE coordinators."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet, Permission, Role, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import grants_of
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.web.pages import Page
from peps.rules.replies import Outcome, label_of
from reporting.queries import wishes
from reporting.queries.wishes import Asked, PhaseFigures, Show
from reporting.views import links

PER_PAGE = 40


class WishesPage(Page):
    """How many wishes, replies and children told, by phase; and the wishes themselves, those without a reply first."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_DASHBOARD)
        if self.actor.role != Role.LACE_COORDINATOR:  # what children said is not opened to managers
            raise NotAllowed

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self.answer(request)

    def answer(self, request: HttpRequest) -> HttpResponse:
        show = Show(request.GET["show"]) if request.GET.get("show") in Show.values else Show.WAITING
        found = wishes.asked(self.actor)
        counted = {one: sum(row.is_of(one) for row in found) for one in Show}
        page = Paginator([row for row in found if row.is_of(show)], PER_PAGE).get_page(request.GET.get("page"))
        rows = list(page.object_list)
        known = wishes.children(self.actor, {row.child for row in rows})
        grants = grants_of(self.actor, known.values())
        if known:
            record_read(by=self.actor, children=known, facets={Facet.IDENTITY, Facet.VOICE}, door="wishes", act=Read.Act.LIST)
        context = {
            "page": page,
            "figures": [self.figure(request, one, counted[one]) for one in (Show.WAITING, Show.UNTOLD, Show.TOLD)],
            "filters": [
                links.group(request, _("Which"), "show", [("" if one == Show.WAITING else one.value, one.label, counted[one]) for one in Show])
            ],
            "phase_columns": [
                pgettext_lazy("of education", "Phase"),
                *({"text": text, "numeric": True} for text in (_("Children"), _("Asked for"), _("Replied to"))),
                *({"text": text, "numeric": True} for text in (Outcome.USED.label, Outcome.NOT_USED.label, _("Child told"))),
            ],
            "phase_rows": [self.phase(row) for row in wishes.by_phase(found)],
            "columns": [_("Child"), _("What the child was asked"), _("What the child said"), _("What became of it")],
            "caption": show.label,
            "rows": [self.row(row, Seen(known[row.child], grants[row.child])) for row in rows if row.child in known],
        }
        return render(request, "reporting/wishes.html", context)

    @staticmethod
    def figure(request: HttpRequest, show: Show, number: int) -> dict[str, Any]:
        return {
            "text": show.label,
            "number": number,
            "href": links.narrowed(request, show=None if show == Show.WAITING else show),
            "alert": show == Show.WAITING and number > 0,
        }

    @staticmethod
    def phase(row: PhaseFigures) -> list[Any]:
        numbers = (row.children, row.asked, row.replied, row.used, row.not_used, row.told)
        return [row.phase.label, *({"text": number, "numeric": True} for number in numbers)]

    @staticmethod
    def row(row: Asked, child: Seen) -> list[Any]:
        wish = row.wish
        state: Any = {"text": Show.WAITING.label, "tag": "todo"}
        if wish.is_told:
            state = {"text": date_format(date.fromisoformat(wish.reply["told_on"]), "DATE_FORMAT"), "tag": "done"}
        elif wish.is_answered:
            state = {"text": Outcome(wish.reply["outcome"]).label, "tag": "soon" if wish.is_settled else "doing"}
        href = f"{reverse('child_plan', args=[row.child])}#wishes"
        return [{"text": child.name, "href": href}, label_of(wish.question, row.phase), {"text": wish.words, "lang": wish.language[:2]}, state]


wishes_urls: list[URLPattern] = [path("wishes/", WishesPage.as_view(), name="wishes")]
