"""Needs, what shows them and what meets them, drawn from targets and provisions: for the assessment of educational needs (PEP-17)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from peps.models import Provision, Target
from peps.views.content import LANG
from peps.views.frame import PlanPart, written
from peps.views.printing import LANGUAGES, PrintPage


class NeedsPage(PlanPart):
    """Each need once, with every target and provision that meets it."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        names = {"cy": "Cymraeg", "en": "English"}
        copies = [{"text": names[code], "lang": code, "href": self.url("child_plan_needs_pdf", language=code)} for code in LANGUAGES]
        context = {
            **self.frame(),
            "back_url": self.url(),
            "title": _("Needs, evidence and provision"),
            "needs": needs_of(self),
            "columns": columns(),
            "files": [{"text": _("Needs, evidence and provision"), "copies": copies}],
        }
        return render(request, "peps/needs.html", context)


class NeedsPdf(PrintPage):
    template_name = "pdf/needs.html"
    file_name = "needs"

    def edition(self) -> str:
        return self.actor.today.isoformat()

    def context(self) -> dict[str, Any]:
        authority = self.child.authority
        return {
            "title": _("Needs, evidence and provision"),
            "subtitle": f"{self.seen.name} · {written(self.actor.today)}",
            "authority_name": authority.name,
            "authority_colour": authority.brand_colour,
            "needs": needs_of(self),
            "columns": columns(),
        }


def needs_of(page: PlanPart) -> list[dict[str, Any]]:
    """The needs of the plan as it stands."""
    asked = page.asked(page.sections())
    return by_need(page.targets(), [row for row in page.provisions(asked) if row.ended_on is None])


def by_need(targets: Iterable[Target], provisions: Iterable[Provision]) -> list[dict[str, Any]]:
    """Each need with its rows: {need, lang, rows: [[what meets it is, what shows the need, what meets it, what it leads to, until when]]}.

    The same words, but for their case and spaces, are the same need; it is shown as it was written first.
    """
    found: dict[str, dict[str, Any]] = {}
    met: list[tuple[Target | Provision, list[Any]]] = [(target, _of_target(target)) for target in targets]
    met += [(provision, _of_provision(provision)) for provision in provisions]
    for row, cells in met:
        need = found.setdefault(" ".join(row.need.casefold().split()), {"need": row.need, "lang": LANG[row.language], "rows": []})
        need["rows"].append(cells)
    return list(found.values())


def columns() -> list[str]:
    return [_("What meets it"), _("What shows the need"), _("What is done"), _("What it leads to"), _("Review or end")]


def _of_target(target: Target) -> list[Any]:
    said = (target.baseline, target.strategy, target.goal)
    return [_("Target"), *({"text": text, "lang": LANG[target.language]} for text in said), written(target.review_on)]


def _of_provision(provision: Provision) -> list[Any]:
    done = "; ".join((provision.what, provision.how_much, provision.how_often))
    said = (provision.why, done, provision.outcome)
    days = [written(day) for day in (provision.review_on, provision.last_on) if day]
    return [_("The provision"), *({"text": text, "lang": LANG[provision.language]} for text in said), "; ".join(days)]


def needs_urls(plan: str) -> list[URLPattern]:
    """Below the plan's address: the page, and the paper in each language."""
    papers = [path(f"{plan}needs-{code}.pdf", NeedsPdf.as_view(), {"language": code}, name="child_plan_needs_pdf") for code in LANGUAGES]
    return [path(f"{plan}needs/", NeedsPage.as_view(), name="child_plan_needs"), *papers]
