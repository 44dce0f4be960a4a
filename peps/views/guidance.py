"""An authority's guidance on its plans: beside what it is about, whole on one page, on paper, and the form of who writes it (PEP-27)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, may, require
from lace.accounts.models import LocalAuthority
from lace.accounts.people import authority_of
from lace.children.models import Child
from lace.core.actor import Actor
from lace.documents.pdf import DJANGO_LANGUAGE, PrintingUnavailable, render_pdf
from lace.web.pages import FormPage, Page
from peps.forms.guidance import GuidanceForm
from peps.models import Guidance
from peps.rules.guidance import PARTS, TEXTS
from peps.services.guidance import write_guidance
from peps.views.printing import LANGUAGES

NAMES = {"cy": "Cymraeg", "en": "English"}


def guidance_on(child: Child, part: str) -> dict[str, str]:
    """What the child's authority says of a part of the plan, in the reader's language: {text, example, authority, href}; empty for nothing."""
    row = Guidance.objects.of(child.authority_id).filter(part=part).first()
    if row is None or row.is_empty:
        return {}
    return {**row.read_in(_language()), "authority": child.authority.name, "href": f"{reverse('guidance')}?authority={child.authority.code}"}


def _language() -> str:
    return (get_language() or "en")[:2]


class GuidancePage(Page):
    """Everything that an authority says: published for everybody who signs in, as is its standard.

    Of the reader's own authority, or of the one that the address names: a school also writes plans for others' children.
    """

    authority: LocalAuthority

    def load(self, **kwargs: Any) -> None:
        named = LocalAuthority.objects.filter(code=self.request.GET.get("authority", "").replace("\0", "")[:3]).first()
        self.authority = named or authority_of(self.actor)

    def get(self, request: HttpRequest) -> HttpResponse:
        change = may_write(self.actor, self.authority)
        query = f"?authority={self.authority.code}"
        copies = [{"text": NAMES[code], "lang": code, "href": reverse("guidance_pdf", kwargs={"language": code}) + query} for code in LANGUAGES]
        parts = self.parts(every=change)
        context = {
            "authority": self.authority,
            "parts": parts,
            "may_change": change,
            "files": [{"text": _("Guidance on the plan"), "copies": copies}] if any(part["text"] for part in parts) else [],
        }
        return render(request, "peps/guidance.html", context)

    def parts(self, *, every: bool) -> list[dict[str, Any]]:
        """Each part of which something is said, or every part for who may write there."""
        held = {row.part: row.read_in(_language()) for row in Guidance.objects.of(self.authority.pk)}
        nothing = {"text": "", "example": ""}
        found = [{"key": key, "title": title, **held.get(key, nothing)} for key, title in PARTS.items()]
        return [part for part in found if every or part["text"]]


class GuidancePdf(GuidancePage):
    """The same on paper, to be kept beside the form."""

    def get(self, request: HttpRequest, *, language: str = "") -> HttpResponse:
        with translation.override(DJANGO_LANGUAGE[language]):
            title = _("Guidance on the plan")
            context = {
                "title": title,
                "subtitle": self.authority.name,
                "authority_name": self.authority.name,
                "authority_colour": self.authority.brand_colour,
                "parts": self.parts(every=False),
            }
        try:
            document = render_pdf(template="pdf/guidance.html", context=context, language=language, title=title)
        except PrintingUnavailable:
            return render(request, "peps/guidance.html", {"authority": self.authority, "parts": context["parts"], "unprinted": True}, status=503)
        headers = {"Content-Disposition": f'attachment; filename="guidance-{language}.pdf"', "Cache-Control": "private, no-store"}
        return HttpResponse(document, content_type="application/pdf", headers=headers)


class GuidanceChangePage(FormPage):
    """What the authority says of one part."""

    form_class = GuidanceForm
    success_message = gettext_lazy("The guidance is saved")
    part: str

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SET_STANDARD)
        if kwargs["part"] not in PARTS:
            raise Http404
        self.part = kwargs["part"]

    def get_form(self, data: Any = None) -> forms.Form:
        return GuidanceForm(data, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        row = Guidance.objects.of(self.actor.authority_id).filter(part=self.part).first()
        return {name: getattr(row, name) for name in TEXTS} if row else {}

    def context(self) -> dict[str, Any]:
        back = reverse("guidance")
        intro = _("It stands beside this part of the plan for whoever writes there, and in the guidance that can be downloaded.")
        return {
            "title": _("Guidance: %(part)s") % {"part": PARTS[self.part]},
            "back_url": back,
            "cancel_url": back,
            "submit_text": _("Save"),
            "intro": intro,
        }

    def act(self, cleaned: dict[str, Any]) -> Guidance:
        return write_guidance(by=self.actor, authority=authority_of(self.actor), part=self.part, texts=cleaned)

    def success_url(self, result: Any) -> str:
        return f"{reverse('guidance')}#{self.part}"


def may_write(actor: Actor, authority: LocalAuthority) -> bool:
    return authority.pk == actor.authority_id and may(actor, Permission.SET_STANDARD)


guidance_urls: list[URLPattern] = [
    path("plan-guidance/", GuidancePage.as_view(), name="guidance"),
    path("plan-guidance/<slug:part>/change/", GuidanceChangePage.as_view(), name="guidance_change"),
    *(path(f"plan-guidance/guidance-{code}.pdf", GuidancePdf.as_view(), {"language": code}, name="guidance_pdf") for code in LANGUAGES),
]
