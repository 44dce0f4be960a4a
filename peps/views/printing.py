"""The plan on paper: whole, in the child's own format, and the child's page to fill in by hand (PEP-12, PEP-36)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lace.accounts.access import Facet, Role
from lace.children.seen import Seen
from lace.documents.pdf import ADDRESS, DJANGO_LANGUAGE, PrintingUnavailable, render_pdf
from peps.models import Addition, Version
from peps.rules.additions import AdditionKind
from peps.rules.sections import BY_AN_ADULT, DECLINED, SECTIONS, WORDS, phase_on, rules_of
from peps.views.additions import laid_out_addition
from peps.views.catch_up import catch_ups_laid_out
from peps.views.content import LANG, day_of, laid_out, targets_laid_out
from peps.views.frame import PlanPart, is_draft, made_final_by, written
from peps.views.outcomes import ends_laid_out, laid_out_action
from peps.views.replies import with_replies
from peps.views.whole import sections_laid_out
from peps.views.words import words_laid_out

LANGUAGES = ("cy", "en")


class PrintPage(PlanPart):
    """A PDF of what this reader may see, in the language of its address. Its name names nobody (PRIV-14)."""

    template_name: ClassVar[str]
    file_name: ClassVar[str]
    pictures: Mapping[str, bytes] = {}  # in the page, by the address under which it names them

    def get(self, request: HttpRequest, child: UUID, language: str, **kwargs: Any) -> HttpResponse:
        try:
            document = self.printed(language)
        except PrintingUnavailable:
            context = {**self.frame(), "back_url": self.url(), "title": _("The plan cannot be printed now")}
            return render(request, "peps/unprinted.html", context, status=503)
        name = f"{self.file_name}-{self.edition()}-{language}.pdf"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return HttpResponse(document, content_type="application/pdf", headers=headers)

    def printed(self, language: str) -> bytes:
        """Raises PrintingUnavailable."""
        with translation.override(DJANGO_LANGUAGE[language]):
            context = self.context()
        return render_pdf(template=self.template_name, context=context, language=language, title=context["title"], pictures=self.pictures)

    def edition(self) -> str:
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        raise NotImplementedError


class TextPage(PrintPage):
    """A text of the plan: the version that the address names, or the plan as it stands."""

    needs_plan = False
    version: Version | None = None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "version" not in kwargs:
            if self.pep is None:
                raise Http404
        else:
            versions = Version.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["version"])
            self.version = versions.select_related("pep", "finalised_by").first()
            if self.version is None or not self.version.is_intact():
                raise Http404

    def edition(self) -> str:
        return str(self.version.number) if self.version else "draft" if is_draft(self.plan) else str(self.plan.version)

    def content(self) -> dict[str, Any]:
        """Sections by key and targets, as a version freezes them."""
        return self.version.content if self.version else self.draft()

    def added(self) -> list[Addition]:
        """What the child added to the page, as far as this reader may see it; the pictures among them go to the press."""
        rows = self.additions(self.version.content if self.version else None)
        drawn = [row.pk for row in rows if row.kind == AdditionKind.PICTURE]
        if drawn:
            found = Addition.objects.visible_to(self.actor).filter(pk__in=drawn).values_list("pk", "data")
            self.pictures = {f"{ADDRESS}{pk}": bytes(data) for pk, data in found}
        return rows

    def standing(self) -> str:
        """Which text of the plan this is."""
        if self.version:
            return _("Version %(number)d, final on %(day)s") % {"number": self.version.number, "day": written(self.version.finalised_on)}
        if is_draft(self.plan):
            return _("Draft of %(day)s") % {"day": written(self.actor.today)}
        return _("Version %(number)d, final on %(day)s") % {"number": self.plan.version, "day": written(self.plan.finalised_on or self.actor.today)}


class WholePdf(TextPage):
    """For those who work with the plan: all that the reader's facets give, who wrote by role, milestones and fingerprint."""

    template_name = "pdf/plan.html"
    file_name = "plan"

    def context(self) -> dict[str, Any]:
        content, authority = self.content(), self.child.authority
        return {
            "title": _("Personal Education Plan"),
            "subtitle": f"{self.seen.name} · {self.standing()}",
            "authority_name": authority.name,
            "authority_colour": authority.brand_colour,
            "draft": self.version is None and is_draft(self.plan),
            "facts": [(label, value) for label, value in self.facts() if value],
            "milestones": [(label, written(day)) for label, day in self.milestones() if day],
            "sections": sections_laid_out(self, rules_of(content), content, self.added()),
            "catch_ups": catch_ups_laid_out(content.get("catch_up", [])),
            "writers": self.writers(content),
            "targets": targets_laid_out(content["targets"]),
            "ends": ends_laid_out(content.get("ended", [])),
            "actions": [laid_out_action(action) for action in content.get("actions", [])],
            "asked": words_laid_out(content.get("contributions", []), self.grant),
            "fingerprint": " ".join(self.version.sha256[start : start + 8] for start in range(0, 64, 8)) if self.version else "",
        }

    def facts(self) -> list[tuple[str, Any]]:
        pep = Seen(self.version.pep if self.version else self.plan, self.grant)
        born_on = self.seen.born_on
        return [
            (_("Name"), self.seen.name),
            (_("Date of birth"), written(born_on) if born_on else ""),
            (_("Responsible authority"), self.child.authority.name),
            (_("State"), "" if self.version else pep.get_state_display()),
            (_("Made final by"), made_final_by(self.version) if self.version else ""),
            (_("Why it was amended"), self.version.reason if self.version else pep.amendment_reason),
        ]

    def milestones(self) -> list[tuple[str, date | None]]:
        pep = self.version.pep if self.version else self.plan
        return [
            (_("Initiated"), pep.initiated_on),
            (_("Developed (first final version)"), pep.developed_on),
            (_("This version final") if self.version else _("Newest final version"), self.version.finalised_on if self.version else pep.finalised_on),
        ]

    def writers(self, content: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
        """Each section that the reader may see, by which role and when it was last written; no name of a person."""
        sections = content["sections"]
        return [
            (str(rule.title), [_role(sections[rule.key]["written_as"]), written(day_of(sections[rule.key]["written_on"]))])
            for rule in rules_of(content)
            if rule.facet in self.grant.facets and rule.key in sections
        ]


class OwnPdf(TextPage):
    """The child's own format: the child's page first, then the targets, in plain words; no source, no label, no name of an adult."""

    for_child = True
    template_name = "pdf/own_plan.html"
    file_name = "my-plan"

    def context(self) -> dict[str, Any]:
        content = self.content()
        page = content["sections"].get("my_page", {}) if Facet.VOICE in self.grant.facets else {}
        told = with_replies(laid_out(rules_of(content), content["sections"], self.grant), content, to_child=True)
        shown = {section["key"]: section for section in told}
        answers = [answer for answer in shown.get("my_page", {}).get("answers", ()) if answer.get("own") or answer.get("face")]
        return {
            "title": pgettext("a child's own plan", "My plan"),
            "subtitle": self.seen.called,
            "draft": self.version is None and is_draft(self.plan),
            "day": written(self.version.finalised_on if self.version else self.plan.finalised_on or self.actor.today),
            "answers": answers,
            "additions": [laid_out_addition(self, row) for row in self.added()],
            "lang": LANG.get(page.get("language", ""), ""),
            "fewer": shown.get("my_page", {}).get("fewer", False),
            "note": own_note(page.get("answers", {})),
            "targets": [own_target(target) for target in content["targets"]],
        }


def own_note(answers: Mapping[str, Any]) -> str:
    """Whose words the page holds, as the child would say it."""
    return {
        "own": pgettext("a child's own plan", "I wrote this myself."),
        "said": pgettext("a child's own plan", "I said this, and someone wrote it down just as I said it."),
        BY_AN_ADULT: pgettext("a child's own plan", "An adult wrote this about me. These are not my own words."),
        DECLINED: pgettext("a child's own plan", "I did not want to write anything this time."),
    }.get(answers.get("how", ""), "")


def own_target(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target in plain words."""
    labels = {
        "need": pgettext("a child's own plan", "Why this helps me"),
        "baseline": pgettext("a child's own plan", "Where I am now"),
        "strategy": pgettext("a child's own plan", "What will be done"),
        "carer_part": pgettext("a child's own plan", "What helps at home"),
        "measure": pgettext("a child's own plan", "How we will know it worked"),
    }
    return {
        "goal": target["goal"],
        "lang": LANG.get(target["language"], ""),
        "parts": [(label, target[name]) for name, label in labels.items() if target.get(name)],
        "review_on": written(day_of(target["review_on"])),
        "agreed": target["child_agrees"],
    }


class BlankPdf(PrintPage):
    """The child's page to fill in by hand before the meeting, in words for the child's age. It holds nothing about any child."""

    for_child = True
    needs_plan = False
    template_name = "pdf/my_page.html"
    file_name = "my-page"

    def edition(self) -> str:
        return "blank"

    def context(self) -> dict[str, Any]:
        phase = self.pep.circumstances(self.actor.today).phase if self.pep else phase_on(self.child.born_on, self.actor.today, None)
        questions = {question.key: question for question in SECTIONS["my_page"].edition(phase)}
        return {
            "title": SECTIONS["my_page"].title,
            "intro": pgettext("a child's own plan", "This page is yours. Write, draw, or ask someone to write down what you say."),
            "feeling": questions["feeling"],
            "questions": [questions[key] for key in WORDS],
            "how": questions["how"],
            "helper": questions["helper"],
        }


def _role(code: str) -> str:
    return str(Role(code).label) if code else ""


def links(page: PlanPart, version: Version | None = None) -> list[dict[str, Any]]:
    """What a reading page offers on paper."""
    kwargs = {"version": version.pk} if version else {}
    prefix = "child_plan_version" if version else "child_plan"
    if page.actor.role == Role.CHILD:
        return [_file(page, pgettext("a child's own plan", "My plan"), f"{prefix}_own_pdf", **kwargs)]
    return [_file(page, _("The whole plan"), f"{prefix}_pdf", **kwargs), _file(page, _("The child's own copy"), f"{prefix}_own_pdf", **kwargs)]


def blank(page: PlanPart) -> dict[str, Any]:
    """The child's page to fill in by hand, as a link."""
    return _file(page, _("The child's page, empty, to print before the meeting"), "child_plan_blank_pdf")


def _file(page: PlanPart, text: str, route: str, **kwargs: Any) -> dict[str, Any]:
    """A file and its address in each language: {text, copies: [{text, lang, href}]}."""
    names = {"cy": "Cymraeg", "en": "English"}
    return {"text": text, "copies": [{"text": names[code], "lang": code, "href": page.url(route, language=code, **kwargs)} for code in LANGUAGES]}


def print_urls(plan: str) -> list[URLPattern]:
    """The files below the plan's address."""
    found = []
    for code in LANGUAGES:
        for route, page, name in (("plan", WholePdf, "pdf"), ("my-plan", OwnPdf, "own_pdf")):
            found.append(path(f"{plan}{route}-{code}.pdf", page.as_view(), {"language": code}, name=f"child_plan_{name}"))
            address = f"{plan}versions/<uuid:version>/{route}-{code}.pdf"
            found.append(path(address, page.as_view(), {"language": code}, name=f"child_plan_version_{name}"))
        found.append(path(f"{plan}my-page-{code}.pdf", BlankPdf.as_view(), {"language": code}, name="child_plan_blank_pdf"))
    return found
