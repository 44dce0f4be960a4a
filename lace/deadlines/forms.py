"""What people type about a duty."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lace.deadlines.models import Duty


class LatenessForm(forms.Form):
    """Why a duty is late (DL-07)."""

    reason = forms.CharField(
        label=_("Why it is late"),
        help_text=_("Others who see the child's record will read this. The due date stays as it is."),
        max_length=Duty._meta.get_field("reason").max_length,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write why it is late. The due date stays the same")},
    )
