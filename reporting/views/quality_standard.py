"""By what the quality of plans is judged: published for everybody who signs in, chosen by the authority (PEP-20)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, may, require
from lace.accounts.models import LocalAuthority
from lace.accounts.people import authority_of
from lace.web.forms import ChoiceField, DateField
from lace.web.pages import FormPage, Page
from peps.models import QualityStandard
from peps.rules.quality import (
    AMBERS,
    AREAS,
    BELOW_GOLD,
    EDITION,
    LIMIT,
    NATIONAL,
    SECOND_SHARES,
    SHARES,
    Standard,
    thresholds,
)
from peps.services.quality import set_standard

NUMBERS = ("below_gold", "ambers", "share", "second_share")


class StandardPage(Page):
    """The standard of the reader's own authority, or of the one that the address names: a school also writes plans for others' children."""

    def get(self, request: HttpRequest) -> HttpResponse:
        named = LocalAuthority.objects.filter(code=request.GET.get("authority", "").replace("\0", "")[:3]).first()
        authority = named or authority_of(self.actor)
        row = QualityStandard.objects.in_force(authority.pk, self.actor.today)
        standard = row.as_standard() if row else NATIONAL
        coming = (
            QualityStandard.objects.filter(authority=authority, effective_from__gt=self.actor.today).order_by("effective_from", "-number").first()
        )
        context = {
            "authority": authority,
            "row": row,
            "coming": coming,
            "edition": EDITION,
            "areas": [self.area(key, standard) for key in AREAS],
            "thresholds": thresholds(standard),
            "share": standard.share,
            "second_share": standard.second_share,
            "may_change": authority.pk == self.actor.authority_id and may(self.actor, Permission.SET_STANDARD),
        }
        return render(request, "reporting/quality_standard.html", context)

    @staticmethod
    def area(key: str, standard: Standard) -> dict[str, Any]:
        area = AREAS[key]
        language = (get_language() or "en")[:2]
        return {
            "title": area.title,
            "source": area.source,
            "rows": [
                {"key": _("Green asks"), "value": area.asks},
                {"key": _("Gold asks besides"), "value": area.best},
                {"key": _("Red is"), "value": area.poor},
            ],
            "besides": standard.besides.get(key, {}).get(language, ""),
        }


def _per_cent(shares: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(share), f"{share}%") for share in shares]


class StandardForm(forms.Form):
    """Numbers no laxer than the national default, and what is asked of each area besides, in both languages."""

    below_gold = ChoiceField(
        label=_("How many areas of a gold plan may be green?"), choices=[(str(number), str(number)) for number in range(BELOW_GOLD + 1)]
    )
    ambers = ChoiceField(
        label=_("How many areas of a green plan may be amber?"), choices=[(str(number), str(number)) for number in range(AMBERS + 1)]
    )
    amber_goes_back = forms.BooleanField(label=_("An amber plan goes back too"), required=False)
    share = ChoiceField(label=_("What share of final plans is looked at?"), choices=_per_cent(SHARES))
    second_share = ChoiceField(label=_("What share of these does a second rater look at?"), choices=_per_cent(SECOND_SHARES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for area in AREAS.values():
            for language, label in (("en", _("{area}: asked besides, in English")), ("cy", _("{area}: asked besides, in Welsh"))):
                self.fields[f"{area.key}_{language}"] = forms.CharField(
                    label=format_lazy(label, area=area.title),
                    required=False,
                    max_length=LIMIT,
                    widget=forms.Textarea(attrs={"rows": 2, "lang": language}),
                )
        self.fields["effective_from"] = DateField(label=_("From which day?"), error_messages={"required": _("Enter the day from which it holds")})
        self.fields["approved_by"] = forms.CharField(
            label=_("Who approved it?"),
            help_text=_("A person or a meeting."),
            max_length=200,
            error_messages={"required": _("Enter who approved this: a person or a meeting")},
        )

    def clean(self) -> dict[str, Any]:
        """As the service takes it."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        besides = {key: {language: cleaned[f"{key}_{language}"] for language in ("en", "cy")} for key in AREAS}
        facts = {name: int(cleaned[name]) for name in NUMBERS} | {"amber_goes_back": cleaned["amber_goes_back"], "besides": besides}
        return {"facts": facts, "effective_from": cleaned["effective_from"], "approved_by": cleaned["approved_by"]}


class StandardChangePage(FormPage):
    """The authority's own standard, from a day on."""

    form_class = StandardForm
    title = _("Change the standard for the quality of plans")
    success_message = _("The standard is saved")

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SET_STANDARD)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return StandardForm(data, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        row = QualityStandard.objects.in_force(self.actor.authority_id, self.actor.today)
        standard = row.as_standard() if row else NATIONAL
        words = {f"{key}_{language}": text for key, texts in standard.besides.items() for language, text in texts.items()}
        numbers = {name: str(getattr(standard, name)) for name in NUMBERS}
        return {"effective_from": self.actor.today, "amber_goes_back": standard.amber_goes_back, **numbers, **words}

    def context(self) -> dict[str, Any]:
        back = reverse("quality_standard")
        return {
            "back_url": back,
            "cancel_url": back,
            "submit_text": _("Save"),
            "intro": gettext(
                "The national areas stay. An authority may be stricter, and never laxer. Plans that are final already are judged by what held then."
            ),
        }

    def act(self, cleaned: dict[str, Any]) -> QualityStandard:
        return set_standard(by=self.actor, authority=authority_of(self.actor), **cleaned)

    def success_url(self, result: Any) -> str:
        return reverse("quality_standard")
