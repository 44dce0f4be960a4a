"""Forms about pictures and recordings on the child's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from peps.forms import language_field
from peps.rules.additions import ACCEPTED, LIMIT, MOST_BYTES


class AddForm(forms.Form):
    """A file of the child's choice, and what it shows or tells."""

    file = forms.FileField(
        label=_("A drawing, a photo or a recording"),
        help_text=_("PNG, JPEG or WebP, or a recording as MP3, M4A, OGG or WAV, up to 5 MB. Lace takes out where and when it was made."),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": _("Choose the picture or the recording"), "empty": _("The file is empty. Choose another one")},
    )
    description = forms.CharField(
        label=_("What does it show or tell?"),
        help_text=_("In the child's own words. It is read to people who cannot see or hear it."),
        max_length=LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say in a few words what it shows or tells, for people who cannot see or hear it")},
    )
    language = language_field()

    def __init__(self, *args: Any, to_child: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if to_child:
            self.fields["description"].help_text = pgettext("to a child", "Say it in your own words. It is read to people who cannot see or hear it.")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Choose a smaller picture, or a shorter recording"))
        return file


class TakeAwayForm(forms.Form):
    """One button."""
