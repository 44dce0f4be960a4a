"""The form of an offer to meet others with care experience."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.web.forms import ChoiceField, DateField
from peps.forms import Words, language_field
from peps.rules.peers import LIMIT, PeerAnswer


class PeerOfferForm(forms.Form):
    """What was offered, and what the child said."""

    what = Words(
        limit=LIMIT,
        label=_("What was offered?"),
        help_text=_("A group, an event, or somebody with care experience to talk with."),
        error_messages={"required": _("Write what was offered: a group, an event, or somebody to talk with")},
    )
    offered_on = DateField(label=_("Day of the offer"), error_messages={"required": _("Enter the day of the offer")})
    answer = ChoiceField(
        label=_("What did the child answer?"), choices=PeerAnswer.choices, error_messages={"required": _("Say what the child answered")}
    )
    words = Words(limit=LIMIT, label=_("What the child said, in their own words"), required=False)
    next_on = DateField(
        label=_("When is it offered again?"),
        help_text=_("Within a year, also when the child said no: people change their minds."),
        error_messages={"required": _("Enter the day of the next offer: after this one, within a year")},
    )
    language = language_field()
