"""Governors challenge a published report, and the school replies (PEP-31): read with the report itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lace.accounts.access import Permission, require
from lace.accounts.models import Language
from lace.web.pages import FormPage
from reporting import services
from reporting.forms import ReportWordsForm
from reporting.models import ReportChallenge, TermlyReport
from reporting.views.report_words import lang_of
from reporting.views.reports import find


class _WordsPage(FormPage):
    """A form about a published report."""

    form_class = ReportWordsForm
    submit_text: ClassVar[Promise]
    permission: ClassVar[Permission]
    report: TermlyReport

    def load(self, **kwargs: Any) -> None:
        require(self.actor, self.permission)
        self.report = find(self.actor, kwargs["report"])
        if self.report.published_on is None:
            raise Http404

    def initial(self) -> dict[str, Any]:
        return {"language": Language.WELSH if (translation.get_language() or "").startswith("cy") else Language.ENGLISH}

    def context(self) -> dict[str, Any]:
        back = self.success_url(None)
        return {"back_url": back, "cancel_url": back, "submit_text": self.submit_text}

    def success_url(self, result: Any) -> str:
        return reverse("report", args=[self.report.pk])


class ChallengeReportPage(_WordsPage):
    """A governor asks."""

    permission = Permission.CHALLENGE_REPORT
    title: ClassVar[Any] = gettext_lazy("Challenge what the report shows")
    submit_text = gettext_lazy("Send the challenge")
    success_message = gettext_lazy("The challenge is sent. The school replies within 14 days")

    def act(self, cleaned: dict[str, Any]) -> ReportChallenge:
        return services.raise_challenge(by=self.actor, report=self.report, **cleaned)


class ReplyToGovernorsPage(_WordsPage):
    """The school replies."""

    permission = Permission.PREPARE_REPORT
    template_name = "peps/challenge.html"
    title: ClassVar[Any] = gettext_lazy("Reply to the governors")
    submit_text = gettext_lazy("Send the reply")
    success_message = gettext_lazy("The reply is sent")
    challenge: ReportChallenge

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = ReportChallenge.objects.visible_to(self.actor).filter(report=self.report, pk=kwargs["raised"]).select_related("raised_by").first()
        if found is None:
            raise Http404
        self.challenge = found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.success_url(None)) if self.challenge.reply else super().get(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        said = [{"heading": _("The challenge"), "text": self.challenge.text, "lang": lang_of(self.challenge.language)}]
        return {**super().context(), "said": said}

    def act(self, cleaned: dict[str, Any]) -> ReportChallenge:
        return services.reply_to_challenge(by=self.actor, challenge=self.challenge, **cleaned)


report_challenge_urls = [
    path("reports/<uuid:report>/challenge/", ChallengeReportPage.as_view(), name="report_challenge"),
    path("reports/<uuid:report>/challenge/<uuid:raised>/reply/", ReplyToGovernorsPage.as_view(), name="report_challenge_reply"),
]
