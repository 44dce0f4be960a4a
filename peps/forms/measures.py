"""Forms of the measures: each asks only what its measure needs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from lace.web.forms import ChoiceField, DateField
from peps.forms import Words, language_field
from peps.rules.measures import OTHER, Measure
from peps.rules.wellbeing import Instrument, Score


def _optional_words(name: str, label: Promise, hint: Promise | None = None) -> Words:
    words = Words(limit=1000, label=label, help_text=hint or "", required=False)
    words.widget.attrs["rows"] = 3
    return words


class _MeasureForm(forms.Form):
    """What every entry asks, and of a correction why."""

    def __init__(self, *args: Any, correcting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if correcting:
            self.fields["reason"] = Words(
                limit=500,
                label=_("Why is the entry corrected?"),
                help_text=_("The entry as it was and this reason stay on record."),
                error_messages={"required": _("Say why the entry is corrected")},
            )
            self.fields["withdraw"] = forms.BooleanField(
                label=_("There should be no such entry"), help_text=_("It was made twice, or is another child's."), required=False
            )


class AttainmentForm(_MeasureForm):
    """A level or grade by this measure: only what it needs."""

    def __init__(self, measure: Measure, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked: dict[str, forms.Field] = {}
        if measure.subjects:
            required = {"required": _("Choose the subject")}
            asked["subject"] = forms.ChoiceField(label=_("Subject"), choices=[("", ""), *measure.subjects], error_messages=required)
        if measure.names_subject or OTHER in dict(measure.subjects):
            asked["named"] = forms.CharField(
                label=_("Name of the subject or qualification") if measure.names_subject else _("Name of the other subject"),
                max_length=120,
                required=measure.names_subject,
                error_messages={"required": _("Enter the name of the subject or qualification")},
            )
        asked["value"] = forms.ChoiceField(
            label=_("Level or grade"), choices=[("", ""), *measure.scale], error_messages={"required": _("Choose one of the levels or grades")}
        )
        if measure.asks_volume:
            wrong = dict.fromkeys(("required", "invalid", "max_digits", "max_decimal_places"), _("Enter how many GCSEs it is worth, like 1 or 1.5"))
            asked["volume"] = forms.DecimalField(
                label=_("How many GCSEs it is worth"),
                max_digits=3,
                decimal_places=1,
                widget=forms.TextInput(attrs={"width": "3", "inputmode": "decimal"}),
                error_messages=wrong,
            )
        if len(measure.bases) > 1:
            asked["basis"] = ChoiceField(
                label=_("How it was assessed"),
                choices=[(basis.value, basis.label) for basis in measure.bases],
                error_messages={"required": _("Say whether it is a teacher assessment or an examination")},
            )
        asked["measured_on"] = DateField(
            label=_("Day of the result"), help_text=_("For example, 27 3 2026"), error_messages={"required": _("Enter the day of the result")}
        )
        self.fields = asked | self.fields


class WellbeingForm(_MeasureForm):
    """Scores of this instrument, or an observation. Each score by itself; Lace adds up the total."""

    def __init__(self, instrument: Instrument, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked: dict[str, forms.Field] = {}
        if instrument.named:
            asked["named"] = forms.CharField(
                label=_("Name of the measure, with its version"),
                max_length=120,
                error_messages={"required": _("Enter the name of the measure, with its version")},
            )
        if instrument.editions:
            required = {"required": _("Choose the version that was used")}
            asked["edition"] = ChoiceField(
                label=_("Version"), choices=[(edition.code, edition.title) for edition in instrument.editions], error_messages=required
            )
        if len(instrument.informants) > 1:
            asked["informant"] = ChoiceField(
                label=_("Whose answers are these?"),
                choices=[(informant.value, informant.label) for informant in instrument.informants],
                error_messages={"required": _("Say whose answers these are")},
            )
        self.score_names = [score.code for score in instrument.scores if instrument.total_alone or score.code not in instrument.totals.values()]
        for score in instrument.scores:
            if score.code in self.score_names:
                asked[score.code] = _score_field(score, instrument)
        asked["words"] = _optional_words("words", _("What was seen") if instrument.observed else _("What it shows, in words"))
        asked["follow_up"] = _optional_words("follow_up", _("What is done about it"), _("Who does what, and when it is looked at again."))
        asked["measured_on"] = DateField(
            label=_("Day of the measure or observation"),
            help_text=_("For example, 27 3 2026"),
            error_messages={"required": _("Enter the day of the measure or observation")},
        )
        asked["language"] = language_field()
        self.fields = asked | self.fields

    @property
    def before(self) -> list[BoundField]:
        return [self[name] for name in ("named", "edition", "informant") if name in self.fields]

    @property
    def score_fields(self) -> list[BoundField]:
        return [self[name] for name in self.score_names]

    @property
    def after(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name not in {"named", "edition", "informant", *self.score_names}]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = {name: cleaned.pop(name, None) for name in self.score_names}
        return cleaned | {"scores": {name: value for name, value in given.items() if value is not None}}


def _score_field(score: Score, instrument: Instrument) -> forms.IntegerField:
    wrong = format_lazy(_("Enter a whole number from 0 to {high}"), high=score.high)
    range_ = _("0 to {high}. Empty when the scores above are given") if score.code in instrument.totals.values() else _("0 to {high}")
    label: Any = score.title
    return forms.IntegerField(
        label=label,
        help_text=format_lazy(range_, high=score.high),
        min_value=0,
        max_value=score.high,
        required=len(instrument.scores) == 1,
        widget=forms.TextInput(attrs={"width": "3", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
    )
