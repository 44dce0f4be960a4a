"""An element of the additional learning provision, and the authority's choice to have it inside the plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.web.forms import ChoiceField, DateField
from peps.forms import Words, language_field
from peps.models import Provision
from peps.rules.idp import InWelsh


def _words(name: str, label: Promise, hint: Promise | str, required: Promise) -> Words:
    limit = getattr(Provision._meta.get_field(name), "max_length", None) or 0
    words = Words(limit=limit, label=label, help_text=hint, error_messages={"required": required})
    words.widget.attrs["rows"] = 3
    return words


def _line(label: Any, hint: Any, required: Any = None) -> forms.CharField:
    errors = {"required": required} if required else {}
    return forms.CharField(max_length=200, label=label, help_text=hint, required=required is not None, error_messages=errors)


_DAY = _("For example, 27 3 2026")


class ProvisionForm(forms.Form):
    """2B.1 to 2B.7 of one element, and what becomes of it after a move of school."""

    need = _words("need", _("Identified need"), _("Which need it meets, in the words of 2A."), _("Write the need that this provision meets"))
    outcome = _words(
        "outcome", _("2B.1 The outcome"), _("What is to be reached: specific, measurable, and by when."), _("Write the outcome that is intended")
    )
    what = _words("what", _("2B.2 The provision"), _("What exactly is done, by somebody trained in what."), _("Write what the provision is"))
    how_much = _line(_("2B.2 How much"), _("For example, 30 minutes, one to one."), _("Write how much of it there is"))
    how_often = _line(_("2B.2 How often"), _("For example, three times a week in term."), _("Write how often it is given"))
    in_welsh = ChoiceField(
        label=_("2B.3 Is it to be in Welsh?"), choices=InWelsh.choices, error_messages={"required": _("Say whether the provision is to be in Welsh")}
    )
    provider = _line(_("2B.4 Who provides it"), _("The body or the role."), _("Write who provides it"))
    from_on = DateField(label=_("2B.5 From"), help_text=_DAY, error_messages={"required": _("Enter the day from which it is provided")})
    review_on = DateField(label=_("2B.6 Review date"), help_text=_("Where the provision goes on until it is reviewed."), required=False)
    last_on = DateField(label=_("2B.6 Last day"), help_text=_("Where it is clear when the provision ends."), required=False)
    why = _words(
        "why", _("2B.7 Why"), _("What shows the need, and why this meets it. Refer to the record of information."), _("Write why this is provided")
    )
    goes_on = forms.BooleanField(label=_("It goes on after a move of school"), required=False)
    secured_by = _line(_("Who sees to it that it goes on"), _("The body or the role that secures it at the new school."))
    language = language_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class EndProvisionForm(forms.Form):
    on = DateField(label=_("Day on which it ended"), help_text=_DAY, error_messages={"required": _("Enter the day on which it ended")})
    reason = Words(limit=500, label=_("Why does it end?"), error_messages={"required": _("Say why the provision ends")})
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class CombinedForm(forms.Form):
    """Inside the plan or apart, from a day on."""

    combined = ChoiceField(
        label=_("Where is the individual development plan of a looked-after child written?"),
        choices=[("yes", _("Inside the Personal Education Plan")), ("no", _("In a document of its own, which the plan names and sums up"))],
        error_messages={"required": _("Say where it is written")},
    )
    effective_from = DateField(label=_("From which day?"), error_messages={"required": _("Enter the day from which it holds")})
    approved_by = forms.CharField(
        label=_("Who approved it?"),
        help_text=_("A person or a meeting."),
        max_length=200,
        error_messages={"required": _("Enter who approved this: a person or a meeting")},
    )

    def clean(self) -> dict[str, Any]:
        """As the service takes it."""
        cleaned = super().clean() or {}
        return cleaned if self.errors else cleaned | {"combined": cleaned["combined"] == "yes"}
