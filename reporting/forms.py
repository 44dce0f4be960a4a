"""What a designated person writes for the termly report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import Language
from lace.web.forms import ChoiceField, DateField
from reporting.models import TermlyReport
from reporting.rules import Training
from schools.rules import Term


def term_code(year: int, term: str) -> str:
    """A term as a form's value and in addresses: 2026-autumn."""
    return f"{year}-{term}"


class ReportForm(forms.Form):
    """The figures come by themselves; this asks for what only the school can say. `terms`: (code, words) of those that may be reported."""

    term = ChoiceField(label=_("Which term is the report for?"), error_messages={"required": _("Choose the term that the report is for")})
    narrative = forms.CharField(
        label=_("What governors should know"),
        help_text=_(
            "Progress, attendance, what the school did and what came of it, how the children took part. Name nobody, "
            "and give no small numbers: governors must not be able to tell who a child is."
        ),
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=TermlyReport._meta.get_field("narrative").max_length,
        required=False,
    )
    asks = forms.CharField(
        label=_("What governors are asked to do"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=TermlyReport._meta.get_field("asks").max_length,
        required=False,
    )
    language = ChoiceField(
        label=_("Language of what is written here"),
        choices=Language.choices,
        help_text=_("It is printed as you wrote it in both the Welsh and the English report."),
        error_messages={"required": _("Choose the language that you wrote in")},
    )
    training = ChoiceField(
        label=_("Have staff had training on the education of looked-after children this school year?"),
        choices=Training.choices,
        error_messages={"required": _("Choose what is true of staff training this school year")},
    )
    policy_reviewed_on = DateField(
        label=_("When was the school's policy for looked-after children last reviewed?"),
        help_text=_("Leave this empty if it has not been reviewed."),
        required=False,
    )

    def __init__(self, *args: Any, terms: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].choices = terms  # type: ignore[attr-defined]

    def clean_term(self) -> tuple[int, Term]:
        year, _dash, term = self.cleaned_data["term"].partition("-")
        return int(year), Term(term)


class PublishForm(forms.Form):
    """The draft that the headteacher read, by its fingerprint."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
