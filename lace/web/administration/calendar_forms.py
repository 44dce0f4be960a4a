"""What people type about a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.deadlines.models import ClosedDay, ExtraHoliday
from lace.deadlines.models.calendars import SchoolTerm
from lace.deadlines.services.calendars import Lessons
from lace.web.administration.calendar_words import WEEKDAYS, weekday_name
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField, TimeField

Choices = Iterable[tuple[Any, Any]]


class TermForm(forms.Form):
    """The dates of one term."""

    year = forms.TypedChoiceField(label=_("School year"), coerce=int, error_messages={"required": _("Choose the school year")})
    term = ChoiceField(label=pgettext_lazy("school", "Term"), choices=SchoolTerm.choices, error_messages={"required": _("Choose the term")})
    starts_on = DateField(
        label=_("First day of term"),
        help_text=_("The first day of term as it is published. Training days at its start are entered apart, as days without pupils."),
        error_messages={"required": _("Enter the first day of term")},
    )
    break_from = DateField(label=_("First day of half-term"), required=False)
    break_to = DateField(label=_("Last day of half-term"), required=False)
    ends_on = DateField(label=_("Last day of term"), error_messages={"required": _("Enter the last day of term")})

    def __init__(self, *args: Any, years: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["year"].choices = [("", _("Choose")), *years]


class ClosedDayForm(forms.Form):
    day = DateField(label=_("Which day?"), error_messages={"required": _("Enter the day")})
    kind = ChoiceField(
        label=_("Why do pupils not come?"), choices=ClosedDay.Kind.choices, error_messages={"required": _("Choose why pupils do not come")}
    )


class HolidayForm(forms.Form):
    day = DateField(label=_("Which day?"), error_messages={"required": _("Enter the day")})
    name = forms.CharField(
        label=_("What is it called?"),
        max_length=ExtraHoliday._meta.get_field("name").max_length,
        error_messages={"required": _("Enter what the bank holiday is called")},
    )


class RemoveForm(forms.Form):
    """Which of what is entered is taken away."""

    chosen = MultipleChoiceField(label=_("Which ones?"), error_messages={"required": _("Choose what to take away")})

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["chosen"].choices = list(choices)


class LessonForm(forms.Form):
    """The lessons of a week; a day without them stays empty."""

    PARTS = (
        ("starts_at", _("First lesson begins")),
        ("break_from", _("Midday break begins")),
        ("break_to", _("Midday break ends")),
        ("ends_at", _("Last lesson ends")),
    )
    mark_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday in range(WEEKDAYS):
            for part, label in self.PARTS:
                self.fields[f"{part}_{weekday}"] = TimeField(label=label, required=False)

    def days(self) -> list[dict[str, Any]]:
        """The boxes by weekday, for the template."""
        return [{"name": weekday_name(weekday), "fields": [self[f"{part}_{weekday}"] for part, _label in self.PARTS]} for weekday in range(WEEKDAYS)]

    def clean(self) -> None:
        for weekday in range(WEEKDAYS):
            given = {part: self.cleaned_data.get(f"{part}_{weekday}") for part, _label in self.PARTS}
            if not any(given.values()):
                continue
            for part, sentence in (("starts_at", _("Enter when the first lesson begins")), ("ends_at", _("Enter when the last lesson ends"))):
                if not given[part] and f"{part}_{weekday}" not in self.errors:
                    self.add_error(f"{part}_{weekday}", sentence)


def lesson_times(cleaned: Mapping[str, time | None]) -> dict[int, Lessons]:
    """What a LessonForm was told, by weekday; days without lessons are left out."""
    found = {}
    for weekday in range(WEEKDAYS):
        begin, end = cleaned.get(f"starts_at_{weekday}"), cleaned.get(f"ends_at_{weekday}")
        if begin and end:
            found[weekday] = Lessons(begin, end, cleaned.get(f"break_from_{weekday}"), cleaned.get(f"break_to_{weekday}"))
    return found


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("The file"),
        help_text=_("A CSV file in UTF-8 with the columns What, From, To in English or Welsh, or an iCalendar file (.ics); up to 500 lines."),
        widget=forms.FileInput(attrs={"accept": ".csv,.ics,text/csv,text/calendar"}),
        error_messages={"required": _("Choose the file"), "empty": _("The file is empty")},
    )


class EnterForm(forms.Form):
    """What was read, as it goes back and forth between the two steps: the lines of a CSV file."""

    content = forms.CharField(widget=forms.HiddenInput, strip=False)
