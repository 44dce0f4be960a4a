"""The governors' report, everything from counting to the file, against bare WeasyPrint of the same page and style sheet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from lace.accounts.access import Role
from lace.documents import pdf
from lace.web.middleware import serving
from reporting.management.benchmarks.databases import Database
from reporting.management.benchmarks.pairs import Clock, Comparison, Goal, Side, compare, through
from reporting.management.benchmarks.people import People, getting
from reporting.management.benchmarks.sweep import undone
from reporting.models import TermlyReport
from reporting.rules import reportable
from reporting.services import prepare, publish
from reporting.views.report_tables import contents

NARRATIVE = "The homework club has opened again on two evenings, and every member of staff has had training on attachment. " * 6


def measure(database: Database, people: People) -> Iterator[Comparison]:
    governor = people.browser(Role.GOVERNOR)
    preparing, publishing = people.actor(Role.DESIGNATED_PERSON), people.actor(Role.HEADTEACHER)
    year, term = reportable(preparing.today)[0]

    def make() -> TermlyReport:
        with serving(preparing):
            report = prepare(by=preparing, school=people.school, year=year, term=term, narrative=NARRATIVE, asks="Keep the club's funds.")
        with serving(publishing):
            return publish(by=publishing, report=report)

    def everything(clock: Clock) -> None:
        with undone(preparing), clock:
            report = make()
            getting(governor, reverse("report_pdf", kwargs={"report": report.pk, "language": "en"}))()

    with through(database.served), undone(preparing):
        report = make()
        with translation.override("en-gb"):
            context = contents(report)
            names = {"language": "en", "title": context["title"], "colour": context["authority_colour"], "mark_address": ""}
            page = unicodedata.normalize("NFC", render_to_string("pdf/termly_report.html", context | names))
        pdf.render_pdf(template="pdf/termly_report.html", context=context, language="en", title=context["title"])
    press = pdf._ready()

    def weasyprint(clock: Clock) -> None:
        with clock:
            html = press.html(string=page, url_fetcher=press.fetcher({}))
            html.write_pdf(stylesheets=[press.sheet], font_config=press.fonts, pdf_variant="pdf/ua-1")

    yield compare(
        "governors' PDF",
        Side("count, store, publish, print, record", everything, database.served),
        Side("bare WeasyPrint", weasyprint, database.served),
        children=database.children,
        goal=Goal(1.10),
    )
