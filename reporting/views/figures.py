"""Figures for those who may see no child: the page of a term, and the same as PDF and CSV in both languages."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lace.accounts.access import Permission, Role, require
from lace.documents.pdf import DJANGO_LANGUAGE, PrintingUnavailable, render_pdf
from lace.web.pages import Page
from reporting.forms import term_code
from reporting.models import TermFigures, region_of
from reporting.services import record_figures_read
from reporting.views.figure_tables import as_rows, contents, main_body, newest_terms
from reporting.views.report_tables import term_name
from schools.rules import Term

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet runs a cell that begins with one of these


class _Figures(Page):
    """Of the bodies that the role is there for."""

    rows: list[TermFigures]

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_FIGURES)
        self.rows = list(TermFigures.objects.visible_to(self.actor))

    def of_term(self, year: int, term: str) -> list[TermFigures]:
        return [row for row in self.rows if (row.year, row.term) == (year, term)]

    def contents(self, rows: list[TermFigures]) -> dict[str, Any]:
        """With the terms before it of the same body, newest first."""
        main = main_body(rows)
        terms = newest_terms(self.rows)
        before = terms[terms.index((main.year, Term(main.term))) + 1 :]
        earlier = [row for term in before for row in self.of_term(*term) if (row.kind, row.body) == (main.kind, main.body)]
        return contents(rows, earlier)


class FiguresPage(_Figures):
    """A term's figures to read."""

    def get(self, request: HttpRequest) -> HttpResponse:
        terms = {term_code(*term): term for term in newest_terms(self.rows)}
        if not terms:
            of_region = self.actor.role in {Role.CONSORTIUM_LEAD, Role.CHALLENGE_ADVISER}
            none = {"title": _("Figures on looked-after children"), "in_no_region": of_region and region_of(self.actor) is None}
            return render(request, "reporting/figures_none.html", none)
        chosen = request.GET.get("term", "")
        code = chosen if chosen in terms else next(iter(terms))
        context = {
            **self.contents(self.of_term(*terms[code])),
            "groups": [
                {
                    "title": pgettext("column", "Term"),
                    "items": [
                        {"text": term_name(*term), "href": f"{reverse('figures')}?term={other}", "active": other == code}
                        for other, term in terms.items()
                    ],
                }
            ],
            "files": [
                {"text": text, "href": reverse(f"figures_{form}", kwargs={"code": code, "language": language}), "lang": language}
                for form, language, text in (
                    ("pdf", "cy", "Lawrlwytho'r ffigurau yn Gymraeg (PDF)"),
                    ("pdf", "en", "Download the figures in English (PDF)"),
                    ("csv", "cy", "Lawrlwytho'r ffigurau yn Gymraeg (CSV)"),
                    ("csv", "en", "Download the figures in English (CSV)"),
                )
            ],
        }
        return render(request, "reporting/figures.html", context)


class _File(_Figures):
    """A term's figures to take away. Raises Http404 for a term of which the reader has none."""

    chosen: list[TermFigures]

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.chosen = [row for row in self.rows if term_code(row.year, row.term) == kwargs["code"]]
        if not self.chosen:
            raise Http404

    def answer(self, content: bytes, kind: str, code: str, form: str) -> HttpResponse:
        record_figures_read(by=self.actor, year=self.chosen[0].year, term=Term(self.chosen[0].term), form=form)
        name = f"figures-{code}-{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return HttpResponse(content, content_type=kind, headers=headers)


class FiguresPdf(_File):
    def get(self, request: HttpRequest, code: str, language: str) -> HttpResponse:
        with translation.override(DJANGO_LANGUAGE[language]):
            context = self.contents(self.chosen)
        try:
            document = render_pdf(template="pdf/figures.html", context=context, language=language, title=context["title"])
        except PrintingUnavailable:
            context = {"title": _("The figures cannot be printed now"), "back_url": reverse("figures")}
            return render(request, "reporting/report_unprinted.html", context, status=503)
        return self.answer(document, "application/pdf", code, f"{language}.pdf")


class FiguresCsv(_File):
    def get(self, request: HttpRequest, code: str, language: str) -> HttpResponse:
        written = StringIO()
        with translation.override(DJANGO_LANGUAGE[language]):
            csv.writer(written).writerows([plain(cell) for cell in row] for row in as_rows(self.chosen))
        # The mark at the beginning tells a spreadsheet that ŵ and ŷ are meant.
        return self.answer(written.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", code, f"{language}.csv")


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


figures_urls = [
    path("figures/", FiguresPage.as_view(), name="figures"),
    *(path(f"figures/<slug:code>/{code}.pdf", FiguresPdf.as_view(), {"language": code}, name="figures_pdf") for code in ("cy", "en")),
    *(path(f"figures/<slug:code>/{code}.csv", FiguresCsv.as_view(), {"language": code}, name="figures_csv") for code in ("cy", "en")),
]
