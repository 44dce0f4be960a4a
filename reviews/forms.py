"""Forms of a review: they turn what was typed into dates, times and choices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.web.forms import ChoiceField, DateField, TimeField
from reviews.rules import Participation

ROWS = 5  # decisions a page offers at first; "add rows" adds as many again


class _When(forms.Form):
    """A day and a time that make one moment in Wales."""

    day = DateField(label=_("Day"), error_messages={"required": _("Enter the day of the review")})
    time = TimeField(label=_("Time"), help_text=_("For example, 15:45"), error_messages={"required": _("Enter the time the review starts")})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("day") and cleaned.get("time"):
            cleaned["moment"] = timezone.make_aware(datetime.combine(cleaned["day"], cleaned["time"]))
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """What the service says of the moment stands at the day."""
        super().add_error("day" if field in {"scheduled_for", "to"} else field, error)


class ScheduleForm(_When):
    venue = forms.CharField(label=_("Place"), max_length=200, error_messages={"required": _("Enter where the review will be held")})
    lessons = ChoiceField(
        label=_("Is it outside lessons?"),
        help_text=_("Children ask not to be taken out of lessons for meetings about their care."),
        choices=[
            ("outside", pgettext_lazy("review", "Yes, outside lessons")),
            ("inside", pgettext_lazy("review", "No, it has to be in lesson time")),
        ],
        reveals={"inside": "lesson_reason"},
        error_messages={"required": _("Choose whether the review is outside lessons")},
    )
    lesson_reason = forms.CharField(
        label=_("Why, and in which private room"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class PostponeForm(ScheduleForm):
    """Another day may mean another room, or lesson time."""

    reason = forms.CharField(
        label=_("Why the review is moved"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the review is moved")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CancelForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class CloseForm(forms.Form):
    """The review as held, with rows of decisions; empty rows are left out."""

    held_on = DateField(label=_("When was it held?"), error_messages={"required": _("Enter the day the review was held")})
    participation = ChoiceField(
        label=_("How did the child take part?"),
        choices=Participation.choices,
        error_messages={"required": _("Choose how the child took part")},
    )
    summary = forms.CharField(
        label=_("Summary"),
        help_text=_("What changed in the child's education since the last review, and what was talked about."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: int = ROWS, only_show: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.only_show = rows, only_show
        for row in range(1, rows + 1):
            number = {"number": row}
            self.fields[f"text_{row}"] = forms.CharField(
                label=_("Decision %(number)d") % number, max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
            )
            self.fields[f"owner_{row}"] = forms.CharField(label=_("Decision %(number)d: who does it") % number, max_length=200, required=False)
            self.fields[f"due_on_{row}"] = DateField(label=_("Decision %(number)d: by when") % number, required=False)

    def full_clean(self) -> None:
        """Somebody who asks for more rows has not finished: what was typed is shown and not judged."""
        if self.only_show:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for row in range(1, self.rows + 1):
            text, owner, due_on = (cleaned.get(f"{name}_{row}") for name in ("text", "owner", "due_on"))
            if text and not owner:
                self.add_error(f"owner_{row}", _("Say who does what was decided"))
            if (owner or due_on) and not text:
                self.add_error(f"text_{row}", _("Say what was decided, or empty the row"))
        return cleaned
