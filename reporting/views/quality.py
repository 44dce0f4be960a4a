"""The queue of final plans for the education service (PEP-21), and what came of those that were looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import grants_of
from lace.children.rules import academic_year_label
from lace.children.seen import Seen
from lace.web.pages import Page
from peps.models import QualityReview, Version
from peps.rules.quality import Grade, ReviewState, turnaround
from reporting.queries import quality
from reporting.queries.quality import LATE_AFTER, Show, TermFigures
from reporting.views import links
from reporting.views.quality_standard import StandardChangePage, StandardPage

PER_PAGE = 40
STATE_TAGS = {ReviewState.TAKEN: "doing", ReviewState.ACCEPTED: "done", ReviewState.RETURNED: "warning"}


class QueuePage(Page):
    """Final plans that nobody has looked at yet, the oldest first; those that are being looked at, and those that were."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.REVIEW_PEP)

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self.answer(request)

    def answer(self, request: HttpRequest) -> HttpResponse:
        show = Show(request.GET["show"]) if request.GET.get("show") in Show.values else Show.SAMPLE
        counted = quality.counted(self.actor)
        lists = self.lists()
        counted |= {which: len(rows) for which, rows in lists.items()}
        of_versions = show in lists
        keys: Any = lists[show] if of_versions else quality.reviews(self.actor, show)
        page = Paginator(keys, PER_PAGE).get_page(request.GET.get("page"))
        found: list[Any] = quality.versions(self.actor, list(page.object_list)) if of_versions else list(page.object_list)
        children = {row.child_id: row.child for row in found}
        grants = grants_of(self.actor, children.values())
        if children:
            facets = {Facet.IDENTITY, Facet.EDUCATION}.intersection(*(grant.facets for grant in grants.values()))
            record_read(by=self.actor, children=children, facets=facets, door="quality", act=Read.Act.LIST)
        last = _("Waiting, working days") if of_versions else _("State")
        context = {
            "page": page,
            "figures": self.figures(request, counted),
            "filters": [self.choices(request, show, counted)],
            "columns": [_("Child"), _("School"), _("Version"), _("Final on"), last, *([] if of_versions else [_("Looked at by")])],
            "caption": show.label,
            "rows": [self.waits(row, grants[row.child_id]) if of_versions else self.looked_at(row, grants[row.child_id]) for row in found],
        }
        return render(request, "reporting/quality.html", context)

    def lists(self) -> dict[Show, list[UUID]]:
        """What nobody has looked at yet: in the sample, of that what waits too long, and all."""
        waits = quality.waiting(self.actor)
        drawn = [row for row in waits if row.in_sample]
        late = [row for row in drawn if turnaround(row.final_on, self.actor.today) > LATE_AFTER]
        return {which: [row.version for row in rows] for which, rows in ((Show.SAMPLE, drawn), (Show.LATE, late), (Show.ALL, waits))}

    def figures(self, request: HttpRequest, counted: dict[Show, int]) -> list[dict[str, Any]]:
        shown = (Show.SAMPLE, Show.LATE, Show.TAKEN, Show.SECOND)
        return [
            {"text": of.label, "number": counted[of], "href": links.narrowed(request, show=of), "alert": of == Show.LATE and counted[of] > 0}
            for of in shown
        ]

    def choices(self, request: HttpRequest, show: Show, counted: dict[Show, int]) -> dict[str, Any]:
        group = links.group(request, pgettext("filter", "Plans"), "show", [(str(item), item.label, counted[item]) for item in Show])
        for item, value in zip(group["items"], Show, strict=True):
            item["active"] = value == show
        return group

    def place(self, row: Any, version: Version, grant: Any) -> list[Any]:
        school = row.pep.school
        return [
            {
                "text": Seen(row.child, grant).name,
                "href": reverse("child_plan_quality", kwargs={"child": row.child_id, "version": version.pk}),
            },
            school.name if school else gettext("No school"),
            version.number,
            date_format(version.finalised_on, "DATE_FORMAT"),
        ]

    def waits(self, version: Version, grant: Any) -> list[Any]:
        days = turnaround(version.finalised_on, self.actor.today)
        last: Any = {"text": gettext("%(days)d: too long") % {"days": days}, "tag": "overdue"} if days > LATE_AFTER else days
        return [*self.place(version, version, grant), last]

    def looked_at(self, review: QualityReview, grant: Any) -> list[Any]:
        state = {"text": review.get_state_display(), "tag": STATE_TAGS[ReviewState(review.state)]}
        return [*self.place(review, review.of_version, grant), state, review.reviewer.name]


class FiguresPage(Page):
    """By term: grades, turnaround, and how far two raters agree. No child in any of it."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.REVIEW_PEP)

    def get(self, request: HttpRequest) -> HttpResponse:
        terms = quality.by_term(self.actor)
        context = {
            "any": bool(terms),
            "grade_columns": [
                _("Term"),
                *({"text": text, "numeric": True} for text in (_("Looked at"), *(grade.label for grade in Grade), pgettext("plan", "Returned"))),
            ],
            "grade_rows": [[self.term(row), *self.numbers(row.decided, *(row.grades[grade] for grade in Grade), row.returned)] for row in terms],
            "time_columns": [
                _("Term"),
                *({"text": text, "numeric": True} for text in (_("Middle of all, working days"), _("Longest"), _("Over 10 working days"))),
            ],
            "time_rows": [[self.term(row), *self.numbers(self.middle(row), row.longest, row.late)] for row in terms],
            "agree_columns": [
                _("Term"),
                *({"text": text, "numeric": True} for text in (_("Plans rated twice"), _("Grades compared"), _("The same"), _("Cohen's kappa"))),
            ],
            "agree_rows": [[self.term(row), *self.numbers(row.twice, row.agree.pairs, *self.agreed(row))] for row in terms],
        }
        return render(request, "reporting/quality_figures.html", context)

    @staticmethod
    def term(row: TermFigures) -> str:
        return gettext("%(term)s %(year)s") % {"term": row.term.label, "year": academic_year_label(row.year)}

    @staticmethod
    def middle(row: TermFigures) -> str:
        return number_format(row.middle if row.middle % 1 else int(row.middle))

    @staticmethod
    def numbers(*values: Any) -> list[dict[str, Any]]:
        return [{"text": value, "numeric": True} for value in values]

    @staticmethod
    def agreed(row: TermFigures) -> tuple[str, str]:
        percent, kappa = row.agree.percent, row.agree.kappa
        return (f"{percent}%" if percent is not None else "–", number_format(round(kappa, 2), 2) if kappa is not None else "–")


quality_urls: list[URLPattern] = [
    path("quality/", QueuePage.as_view(), name="quality"),
    path("quality/figures/", FiguresPage.as_view(), name="quality_figures"),
    path("quality/standard/", StandardPage.as_view(), name="quality_standard"),
    path("quality/standard/change/", StandardChangePage.as_view(), name="quality_standard_change"),
]
