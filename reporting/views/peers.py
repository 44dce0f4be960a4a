"""Meeting others with care experience: which children were never offered it (VOICE-14). For the authority's LACE coordinators."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import grants_of
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.web.pages import Page
from reporting.queries import peers
from reporting.queries.peers import Show
from reporting.views import links

PER_PAGE = 40


class PeersOfAllPage(Page):
    """The authority's children in care by whether it was offered to them: those to whom it never was first."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_DASHBOARD)
        if self.actor.role != Role.LACE_COORDINATOR:
            raise NotAllowed

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self.answer(request)

    def answer(self, request: HttpRequest) -> HttpResponse:
        show = Show(request.GET["show"]) if request.GET.get("show") in Show.values else Show.NEVER
        counted = peers.counted(self.actor)
        found = peers.children(self.actor).filter(peers.which(self.actor, show)).order_by("next_on", "sort_key", "pk")
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        rows: list[Any] = list(page.object_list)
        grants = grants_of(self.actor, rows)
        if rows:
            record_read(by=self.actor, children=[row.pk for row in rows], facets={Facet.IDENTITY, Facet.VOICE}, door="peers", act=Read.Act.LIST)
        choices: list[tuple[str, Any, int | None]] = [("" if one == Show.NEVER else one.value, one.label, counted[one]) for one in Show]
        context = {
            "page": page,
            "filters": [links.group(request, _("Which"), "show", choices)],
            "columns": [_("Child"), _("Last offered"), _("Next offer")],
            "caption": show.label,
            "rows": [
                [
                    {"text": Seen(row, grants[row.pk]).name, "href": reverse("child_peers", args=[row.pk])},
                    date_format(row.offered_on, "DATE_FORMAT") if row.offered_on else _("Never"),
                    date_format(row.next_on, "DATE_FORMAT") if row.next_on else "–",
                ]
                for row in rows
            ],
        }
        return render(request, "reporting/peers.html", context)


peers_urls: list[URLPattern] = [path("meeting-others/", PeersOfAllPage.as_view(), name="peers")]
