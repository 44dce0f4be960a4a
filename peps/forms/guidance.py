"""What an authority says of one part of the plan."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from peps.forms import Words
from peps.rules.guidance import LIMIT


def _text(label: object, hint: object = "") -> Words:
    words = Words(limit=LIMIT, label=label, help_text=hint, required=False)
    words.widget.attrs["rows"] = 6
    return words


class GuidanceForm(forms.Form):
    en = _text(_("Guidance in English"), _("What belongs here, what to leave out, whom to ask. Never about one child."))
    cy = _text(_("Guidance in Welsh"))
    example_en = _text(_("An example in English"), _("Invented words, of no child."))
    example_cy = _text(_("An example in Welsh"))

    mark_optional = False
