"""Forms about what came of the child's own wishes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.web.forms import ChoiceField, DateField
from peps.forms import Words, language_field
from peps.rules.replies import LIMIT, Outcome, ToldHow


class AnswerWishForm(forms.Form):
    """What is done with a wish, said to the child."""

    outcome = ChoiceField(
        label=_("What is done with it?"),
        choices=[
            (Outcome.USED, _("It is used")),
            (Outcome.NOT_USED, _("It is not used")),
            (Outcome.OPEN, _("It is still open")),
        ],
        error_messages={"required": _("Say what is done with it")},
    )
    answer = Words(
        limit=LIMIT,
        label=_("How it is used, or why it is not"),
        help_text=_("The child reads this beside their own words. Write it to the child, in plain words. It may stay empty while it is open."),
        required=False,
    )
    language = language_field()
    of = forms.CharField(widget=forms.HiddenInput, max_length=64)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    mark_optional = False


class TellChildForm(forms.Form):
    """When and how the child was told."""

    told_on = DateField(label=_("Day on which the child was told"), error_messages={"required": _("Enter the day on which the child was told")})
    told_how = ChoiceField(label=_("How was the child told?"), choices=ToldHow.choices, error_messages={"required": _("Say how the child was told")})
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
