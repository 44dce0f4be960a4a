"""The termly report's pages: what there is and what is missing, preparing, publishing, reading, and the PDF in both languages."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from lace.accounts.access import Permission, Role, may, require
from lace.accounts.models import Language
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.documents.pdf import DJANGO_LANGUAGE, PrintingUnavailable, render_pdf
from lace.web.pages import FormPage, Page
from reporting import services
from reporting.forms import PublishForm, ReportForm, term_code
from reporting.models import TermlyReport
from reporting.queries import reports as queries
from reporting.rules import Standing, reportable
from reporting.views.report_tables import contents, term_name
from reporting.views.report_words import laid_out
from schools.models import School
from schools.rules import Term

PER_PAGE = 50
# Words and colour of where a school's report stands.
STANDINGS = {
    Standing.PUBLISHED: (gettext_lazy("Published"), "done"),
    Standing.LATE_PUBLISHED: (gettext_lazy("Published late"), "late"),
    Standing.DUE: (gettext_lazy("Not published yet"), "due"),
    Standing.LATE: (gettext_lazy("Missing"), "overdue"),
}


def _day(day: Any) -> str:
    return formats.date_format(day, "DATE_FORMAT")


def own_school(actor: Actor) -> School:
    """The school under whose role the actor acts. Raises NotAllowed for one that is no school's."""
    school = School.objects.select_related("organisation__authority").filter(pk=actor.organisation_id).first()
    if school is None:
        raise NotAllowed
    return school


class Reports(Page):
    """Each role's reports: a school's own people see drafts and versions, governors what is published, a LACE coordinator every school."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_REPORT)

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role == Role.LACE_COORDINATOR:
            return self.authority(request)
        return self.school(request)

    def school(self, request: HttpRequest) -> HttpResponse:
        school = own_school(self.actor)
        visible = list(TermlyReport.objects.visible_to(self.actor).newest_first())
        drafts = [report for report in visible if report.published_on is None]
        seen: set[tuple[int, str]] = set()
        published = []
        for report in visible:
            if report.published_on is not None and (report.year, report.term) not in seen:
                seen.add((report.year, report.term))
                published.append(report)
        context = {
            "title": _("Reports to the governing body"),
            "school": school,
            "warnings": self.warnings(),
            "may_prepare": may(self.actor, Permission.PREPARE_REPORT),
            "may_publish": may(self.actor, Permission.APPROVE_REPORT),
            "drafts": [
                {"text": term_name(report.year, report.term), "href": reverse("report", args=[report.pk]), "on": report.cut_on} for report in drafts
            ],
            "columns": [pgettext("column", "Term"), _("Published on"), {"text": _("Version"), "numeric": True}],
            "rows": [
                [
                    {"text": term_name(report.year, report.term), "href": reverse("report", args=[report.pk])},
                    _day(report.published_on),
                    {"text": report.number, "numeric": True},
                ]
                for report in published
            ],
        }
        return render(request, "reporting/reports.html", context)

    def warnings(self) -> list[str]:
        """Sentences on the terms whose report is missing (GOV-13)."""
        found = []
        for year, term in reversed(reportable(self.actor.today)):
            for entry in queries.missing(by=self.actor, year=year, term=term):
                words = {"term": term_name(year, term), "day": _day(entry.due_on)}
                if entry.standing == Standing.LATE:
                    found.append(_("%(term)s: the report is missing. It was due by %(day)s.") % words)
                else:
                    found.append(_("%(term)s: the report is not published yet. It is due by %(day)s.") % words)
        return found

    def authority(self, request: HttpRequest) -> HttpResponse:
        present, last = reportable(self.actor.today)
        codes = {term_code(*term): term for term in (present, last)}
        year, term = codes.get(request.GET.get("term", ""), present)
        entries = queries.of_term(by=self.actor, year=year, term=term)
        page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
        rows = []
        for entry in page:
            text, kind = STANDINGS[entry.standing]
            report = entry.report
            name = {"text": entry.school.name, "href": reverse("report", args=[report.pk])} if report else entry.school.name
            rows.append([name, {"text": text, "tag": kind}, _day(report.published_on) if report else ""])
        context = {
            "title": _("Reports to governing bodies"),
            "term": term_name(year, term),
            "due": _("Due by %(day)s") % {"day": _day(entries[0].due_on)} if entries else "",
            "groups": [
                {
                    "title": pgettext("column", "Term"),
                    "items": [
                        {"text": term_name(*choice), "href": "?" + urlencode({"term": code}), "active": choice == (year, term)}
                        for code, choice in codes.items()
                    ],
                }
            ],
            "missing": sum(entry.report is None for entry in entries),
            "total": len(entries),
            "columns": [_("School"), _("Report"), _("Published on")],
            "rows": rows,
            "page": page,
        }
        return render(request, "reporting/reports_authority.html", context)


class Prepare(FormPage):
    """The text of a term's report; saving it counts the figures."""

    form_class = ReportForm
    title: ClassVar[Any] = gettext_lazy("Prepare the termly report")
    success_message = gettext_lazy("The report is prepared. This is what governors will read once it is published")
    school: School

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.PREPARE_REPORT)
        self.school = own_school(self.actor)

    def get_form(self, data: Any = None) -> forms.Form:
        terms = [(term_code(*term), term_name(*term)) for term in reportable(self.actor.today)]
        return ReportForm(data, initial=self.initial(), terms=terms)

    def initial(self) -> dict[str, Any]:
        """What the term's draft or newest version says, so that correcting a report does not mean writing it again."""
        chosen = self.request.GET.get("term", "")
        for year, term in reportable(self.actor.today):
            if chosen == term_code(year, term):
                report = TermlyReport.objects.visible_to(self.actor).filter(year=year, term=term).order_by("-number").first()
                if report is not None:
                    names = ("narrative", "asks", "language", "training", "policy_reviewed_on")
                    return {"term": chosen, **{name: getattr(report, name) for name in names}}
                return {"term": chosen, "language": self.language()}
        return {"term": term_code(*reportable(self.actor.today)[0]), "language": self.language()}

    def language(self) -> str:
        return Language.WELSH if (translation.get_language() or "").startswith("cy") else Language.ENGLISH

    def context(self) -> dict[str, Any]:
        return {
            "caption": self.school.name,
            "back_url": reverse("reports"),
            "intro": _(
                "Lace counts the figures when you save, and holds back those that could show who a child is. "
                "You read all of it before it is published."
            ),
            "submit_text": _("Save and look at the report"),
        }

    def act(self, cleaned: dict[str, Any]) -> TermlyReport:
        year, term = cleaned.pop("term")
        return services.prepare(by=self.actor, school=self.school, year=year, term=term, **cleaned)

    def success_url(self, result: TermlyReport) -> str:
        return reverse("report", args=[result.pk])


class OneReport(Page):
    """A report as governors read it; for the school's own people with what they may do next."""

    report: TermlyReport

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_REPORT)
        self.report = find(self.actor, kwargs["report"])

    def get(self, request: HttpRequest, report: UUID) -> HttpResponse:
        found, published = self.report, self.report.published_on is not None
        own = may(self.actor, Permission.PREPARE_REPORT)
        if published:
            services.record_reading(by=self.actor, report=found, form="page")
        again = (found.year, Term(found.term)) in reportable(self.actor.today)
        context = {
            **contents(found),
            "intact": found.is_intact(),
            "published": published,
            "publish_url": reverse("report_publish", args=[found.pk]) if not published and may(self.actor, Permission.APPROVE_REPORT) else "",
            "prepare_url": f"{reverse('report_prepare')}?{urlencode({'term': term_code(found.year, found.term)})}" if own and again else "",
            "files": [
                {"text": text, "href": reverse("report_pdf", kwargs={"report": found.pk, "language": code}), "lang": code}
                for code, text in (("cy", "Lawrlwytho'r adroddiad yn Gymraeg (PDF)"), ("en", "Download the report in English (PDF)"))
            ],
            "versions": [
                {
                    "text": _("Version %(number)s") % {"number": version.number},
                    "href": reverse("report", args=[version.pk]),
                    "on": version.published_on,
                    "this": version.pk == found.pk,
                }
                for version in queries.versions(by=self.actor, report=found)
            ],
            "readers": [
                [reader.name, reader.role, _moment(reader.first_at), _moment(reader.last_at)]
                for reader in queries.readers(by=self.actor, report=found)
            ]
            if own and published
            else None,
            "challenges": laid_out(self.actor, found),
            "challenge_url": reverse("report_challenge", args=[found.pk]) if published and may(self.actor, Permission.CHALLENGE_REPORT) else "",
            "reader_columns": [_("Name"), _("Role"), _("First read"), _("Last read")],
        }
        return render(request, "reporting/report.html", context)


def _moment(moment: Any) -> str:
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def find(actor: Actor, pk: UUID) -> TermlyReport:
    """The report, if the actor may see it. Raises Http404."""
    report = TermlyReport.objects.visible_to(actor).filter(pk=pk).first()
    if report is None:
        raise Http404
    return report


class Publish(FormPage):
    """The headteacher's last look."""

    form_class = PublishForm
    success_message = gettext_lazy("The report is published. Governors can read it now")
    report: TermlyReport

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.APPROVE_REPORT)
        self.report = find(self.actor, kwargs["report"])

    def initial(self) -> dict[str, Any]:
        return {"fingerprint": self.report.sha256}

    def context(self) -> dict[str, Any]:
        return {
            "title": _("Publish the report for the %(term)s?") % {"term": term_name(self.report.year, self.report.term)},
            "back_url": reverse("report", args=[self.report.pk]),
            "intro": _("Governors will be told. A published report is never changed: a correction is a new version beside it."),
            "submit_text": _("Publish"),
        }

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        form.add_error(None, _("The report was written anew since you read it. Go back and read it again before you publish it"))
        return self.show(form, status=409)

    def act(self, cleaned: dict[str, Any]) -> TermlyReport:
        return services.publish(by=self.actor, report=self.report, fingerprint=cleaned["fingerprint"])

    def success_url(self, result: TermlyReport) -> str:
        return reverse("report", args=[result.pk])


def printed(report: TermlyReport, language: str) -> bytes:
    """The published report as PDF/UA, "cy" or "en", from the frozen row alone: the same bytes each time. Raises PrintingUnavailable."""
    with translation.override(DJANGO_LANGUAGE[language]):
        context = contents(report)
    return render_pdf(template="pdf/termly_report.html", context=context, language=language, title=context["title"])


class ReportPdf(Page):
    """The file. Its name says neither school nor what it is about (PRIV-14)."""

    report: TermlyReport

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_REPORT)
        self.report = find(self.actor, kwargs["report"])
        if self.report.published_on is None or not self.report.is_intact():
            raise Http404

    def get(self, request: HttpRequest, report: UUID, language: str) -> HttpResponse:
        try:
            document = printed(self.report, language)
        except PrintingUnavailable:
            context = {"title": _("The report cannot be printed now"), "back_url": reverse("report", args=[self.report.pk])}
            return render(request, "reporting/report_unprinted.html", context, status=503)
        services.record_reading(by=self.actor, report=self.report, form=language)
        name = f"report-{self.report.year}-{self.report.term}-{self.report.number}-{language}.pdf"
        return HttpResponse(
            document,
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
        )


report_urls = [
    path("reports/", Reports.as_view(), name="reports"),
    path("reports/prepare/", Prepare.as_view(), name="report_prepare"),
    path("reports/<uuid:report>/", OneReport.as_view(), name="report"),
    path("reports/<uuid:report>/publish/", Publish.as_view(), name="report_publish"),
    *(path(f"reports/<uuid:report>/{code}.pdf", ReportPdf.as_view(), {"language": code}, name="report_pdf") for code in ("cy", "en")),
]
