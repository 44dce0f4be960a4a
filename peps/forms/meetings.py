"""The forms of a meeting about the plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.web.forms import ChoiceField, DateField, MultipleChoiceField, TimeField
from peps.forms import Words, language_field
from peps.rules.meetings import LIMIT, AdvocateWish, Who
from peps.services.meetings import Guest, MeetingFacts


class MeetingForm(forms.Form):
    """When, where, what for, and who is asked. `guests` may be asked; the advocate, where there is one, is asked by the child's wish."""

    day = DateField(label=_("Day"), error_messages={"required": _("Enter the day of the meeting")})
    time = TimeField(label=_("Time"), help_text=_("For example, 15:45"), error_messages={"required": _("Enter the time the meeting starts")})
    place = forms.CharField(
        label=_("Place"),
        help_text=_("Everybody who is asked reads this. If it is where the child lives, do not give the address: write “at home”."),
        max_length=200,
        error_messages={"required": _("Enter where the meeting will be")},
    )
    lesson_reason = forms.CharField(
        label=_("If it begins in lesson time: why it has to be then, and how it stays private"),
        help_text=_("Children ask not to be taken out of lessons for meetings about their care."),
        max_length=300,
        required=False,
    )
    purpose = Words(limit=LIMIT, label=_("What the meeting is for"), required=False)
    language = language_field()
    invited = MultipleChoiceField(
        label=_("Who is asked to the meeting?"),
        help_text=_("Lace tells those who have an account. Tell the others yourself."),
        error_messages={"required": _("Choose who is asked to the meeting")},
    )
    advocate = ChoiceField(
        label=_("Does the child wish the advocate to be there?"),
        help_text=_("Ask the child each time. The advocate is asked to the meeting unless the child says no."),
        choices=AdvocateWish.choices,
        error_messages={"required": _("Say whether the child wishes the advocate to be there")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, guests: Sequence[Guest], hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys: dict[str, list[str]] = {}  # of a choice: those who come with it
        words: dict[str, str] = {}
        for guest in guests:
            if guest.who != Who.ADVOCATE:
                together = guest.who == Who.CARER and not guest.name  # carers whose names this reader may not know cannot be told apart
                choice = str(Who.CARER) if together else guest.key
                self.keys.setdefault(choice, []).append(guest.key)
                words[choice] = _words(guest)
        field = self.fields["invited"]
        assert isinstance(field, MultipleChoiceField)
        field.choices = list(words.items())
        asked = set(self.initial.get("invited", ()))
        self.initial["invited"] = [choice for choice, keys in self.keys.items() if asked & set(keys)]
        if not any(guest.who == Who.ADVOCATE for guest in guests):
            del self.fields["advocate"]
        elif hint:
            self.fields["advocate"].help_text = hint

    def facts(self) -> MeetingFacts:
        """What was typed, as the service takes it."""
        cleaned = self.cleaned_data
        starts_at = timezone.make_aware(datetime.combine(cleaned["day"], cleaned["time"]))
        return MeetingFacts(starts_at=starts_at, **{name: cleaned[name] for name in ("place", "purpose", "lesson_reason", "language")})

    def chosen(self) -> list[str]:
        """The keys of those who are asked, as the service takes them."""
        return [key for choice in self.cleaned_data["invited"] for key in self.keys[choice]]


def _words(guest: Guest) -> str:
    return f"{guest.name} ({guest.who.label})" if guest.name else str(guest.who.label)


class HoldForm(forms.Form):
    held_on = DateField(label=_("Day of the meeting"), error_messages={"required": _("Enter the day of the meeting")})
    present = MultipleChoiceField(
        label=_("Who was there?"),
        help_text=pgettext_lazy("meeting", "With the carer there, it counts as one of the two meetings of the school year."),
        choices=Who.choices,
        error_messages={"required": _("Say who was there")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class CancelForm(forms.Form):
    reason = Words(limit=LIMIT, label=_("Why the meeting is called off"), error_messages={"required": _("Say why the meeting is called off")})
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
