"""An arrangement to close a gap in what a child has learnt."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.web.forms import DateField
from peps.forms import Words, language_field
from peps.rules.targets import Funding

_DAY = _("For example, 27 3 2026")


class CatchUpForm(forms.Form):
    subject = forms.CharField(max_length=80, label=_("Subject"), error_messages={"required": _("Write the subject")})
    gap = Words(
        limit=500, label=_("The gap"), help_text=_("What was missed or is not secure yet."), error_messages={"required": _("Write what the gap is")}
    )
    provider = forms.CharField(
        max_length=200,
        label=_("Who gives the sessions"),
        help_text=_("The body or the role."),
        error_messages={"required": _("Write who gives the sessions")},
    )
    sessions = forms.IntegerField(
        label=_("How many sessions"),
        min_value=1,
        max_value=500,
        widget=forms.TextInput(attrs={"width": "3", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), _("Enter how many sessions there are, from 1 to 500")),
    )
    starts_on = DateField(label=_("First day"), help_text=_DAY, error_messages={"required": _("Enter the first day")})
    ends_on = DateField(label=_("Last day"), help_text=_DAY, error_messages={"required": _("Enter the last day")})
    funding = forms.ChoiceField(label=_("Paid by"), choices=[("", ""), *Funding.choices], error_messages={"required": _("Choose who pays for it")})
    outcome = Words(limit=1000, label=_("How it went"), help_text=_("Once it is over: what the child can do now. Empty until then."), required=False)
    language = language_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
