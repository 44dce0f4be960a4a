"""Forms of a review: they turn what was typed into dates, times and choices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.web.forms import ChoiceField, DateField, MultipleChoiceField, TimeField
from reviews.models import Invitation
from reviews.rules import Attendance, Capacity, Cause, Participation
from reviews.services import Candidate, Invitee
from reviews.services.earlier import LONGEST

OTHERS = 3  # names that may be typed beside the people around the child
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


class _Where(_When):
    """The moment, the place, and whether it costs the child a lesson."""

    mark_optional = False  # reason and room are needed or not by the answer before them
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
        label=_("Why it cannot be outside lessons"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    private_room = forms.CharField(
        label=_("Private room"),
        help_text=_("Needed when the review is in lesson time, so that nobody sees or hears it."),
        max_length=200,
        required=False,
    )


class InviteForm(forms.Form):
    """Who is invited: `candidates` by a tick, anybody else by name. School staff with the reason why they have to be there (PRIV-02)."""

    mark_optional = False  # a reason is needed with its tick
    people = MultipleChoiceField(label=_("Who is invited?"), required=False)
    school = MultipleChoiceField(
        label=_("Which school staff have to be there?"),
        help_text=_("Only those without whom the meeting cannot do its work. The others can send what they know beforehand."),
        required=False,
    )
    large_is_needed = forms.BooleanField(label=_("Everybody invited has to be there"), required=False)

    def __init__(self, *args: Any, candidates: Sequence[Candidate], large_from: int, invited: Sequence[Invitation] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = {str(candidate.user.pk): candidate for candidate in candidates}
        typed = [row for row in invited if row.user_id is None]
        self.others = max(OTHERS, len(typed) + 1)
        self._offer("people", [key for key, candidate in self.candidates.items() if candidate.capacity != Capacity.SCHOOL])
        self._offer("school", [key for key, candidate in self.candidates.items() if candidate.capacity == Capacity.SCHOOL])
        self._ask_reasons()
        self._ask_others()
        if invited:
            self._show(invited, typed)
        else:
            self.initial.setdefault("people", [key for key, candidate in self.candidates.items() if candidate.expected])
        large = self.fields.pop("large_is_needed")
        if self.is_bound and self._counted() > large_from:
            self.fields["large_is_needed"] = large

    def _offer(self, name: str, keys: list[str]) -> None:
        field = self.fields[name]
        assert isinstance(field, MultipleChoiceField)
        field.choices = [(key, self._words(self.candidates[key])) for key in keys]
        if not keys:
            del self.fields[name]

    @staticmethod
    def _words(candidate: Candidate) -> str:
        as_what = candidate.role or str(candidate.capacity.label)
        return f"{candidate.name} ({as_what})" if candidate.name else as_what

    def _ask_reasons(self) -> None:
        field = self.fields.get("school")
        if not isinstance(field, MultipleChoiceField):
            return
        keys = [key for key, candidate in self.candidates.items() if candidate.capacity == Capacity.SCHOOL]
        field.reveals = {key: f"reason_{key}" for key in keys}
        for key in keys:
            label = _("Why does %(who)s have to be there?") % {"who": self._words(self.candidates[key])}
            self.fields[f"reason_{key}"] = forms.CharField(label=label, max_length=300, required=False)

    def _ask_others(self) -> None:
        """Names that are typed; no carer's, which would tell where the child lives."""
        capacities = [choice for choice in Capacity.choices if choice[0] not in {Capacity.CHILD, Capacity.CARER}]
        for number in range(1, self.others + 1):
            words = {"number": number}
            self.fields[f"name_{number}"] = forms.CharField(
                label=_("Somebody else %(number)d: name") % words,
                help_text=_("Leave this empty if nobody else is invited. Lace sends no message to people without an account: tell them yourself.")
                if number == 1
                else "",
                max_length=200,
                required=False,
            )
            self.fields[f"capacity_{number}"] = forms.ChoiceField(
                label=_("Somebody else %(number)d: as what") % words, choices=[("", ""), *capacities], required=False
            )
            self.fields[f"why_{number}"] = forms.CharField(
                label=_("Somebody else %(number)d: why school staff have to be there") % words, max_length=300, required=False
            )

    def _show(self, invited: Sequence[Invitation], typed: Sequence[Invitation]) -> None:
        with_account = {str(row.user_id): row for row in invited if row.user_id}
        self.initial["people"] = self.initial["school"] = list(with_account)
        self.initial.update({f"reason_{key}": row.reason for key, row in with_account.items()})
        for number, row in enumerate(typed, start=1):
            self.initial.update({f"name_{number}": row.name, f"capacity_{number}": row.capacity, f"why_{number}": row.reason})

    def _counted(self) -> int:
        """How many are invited by what was sent, before it is judged."""
        chosen = sum(len(self[name].data or []) for name in ("people", "school") if name in self.fields)
        return chosen + sum(bool((self[f"name_{number}"].data or "").strip()) for number in range(1, self.others + 1))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self._counted():
            self.add_error("people" if "people" in self.fields else None, _("Choose who is invited"))
        for key in cleaned.get("school", []):
            if not cleaned.get(f"reason_{key}"):
                self.add_error(f"reason_{key}", _("Say why this person has to be there"))
        for number in range(1, self.others + 1):
            name, capacity, why = (cleaned.get(f"{field}_{number}") for field in ("name", "capacity", "why"))
            if name and not capacity:
                self.add_error(f"capacity_{number}", _("Choose as what this person is invited"))
            if (capacity or why) and not name:
                self.add_error(f"name_{number}", _("Enter the person's name, or empty the row"))
            if name and capacity == Capacity.SCHOOL and not why:
                self.add_error(f"why_{number}", _("Say why this person has to be there"))
        return cleaned

    def invitees(self) -> list[Invitee]:
        """Those chosen and typed."""
        cleaned = self.cleaned_data
        chosen = [
            Invitee(self.candidates[key].capacity, self.candidates[key].user, reason=cleaned.get(f"reason_{key}", ""))
            for key in [*cleaned.get("people", []), *cleaned.get("school", [])]
        ]
        rows = [(cleaned[f"name_{n}"], cleaned[f"capacity_{n}"], cleaned[f"why_{n}"]) for n in range(1, self.others + 1)]
        return chosen + [Invitee(capacity, name=name, reason=why) for name, capacity, why in rows if name]


class ScheduleForm(_Where, InviteForm):
    """A review and those invited to it."""


class ChangeInvitedForm(InviteForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class PostponeForm(_Where):
    """Another day may mean another room, or lesson time."""

    reason = forms.CharField(
        label=_("Why the review is moved"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why the review is moved")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class EarlierForm(forms.Form):
    """Why the next review is needed sooner, and by when (regulation 39(3) and (4))."""

    cause = ChoiceField(
        label=_("Why is the review brought forward?"),
        choices=Cause.choices,
        error_messages={"required": _("Choose why the review is brought forward")},
    )
    needed_by = DateField(label=_("By which day is it needed?"), error_messages={"required": _("Enter the day by which the review is needed")})
    words = forms.CharField(label=_("In more detail"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 4}))


class AnswerChildForm(forms.Form):
    """The reviewing officer's answer to a child who asks for a review sooner."""

    justified = ChoiceField(
        label=_("Is the review brought forward?"),
        choices=[("yes", pgettext_lazy("earlier review", "Yes")), ("no", pgettext_lazy("earlier review", "No, it is not justified"))],
        reveals={"yes": "needed_by"},
        error_messages={"required": _("Choose whether the review is brought forward")},
    )
    needed_by = DateField(label=_("By which day is it needed?"), required=False)
    answer = forms.CharField(
        label=_("What do you answer the child?"),
        help_text=_("The child reads this on a page of their own. Write to the child, in plain words."),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write an answer that the child can read")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("justified") == "yes" and not cleaned.get("needed_by") and "needed_by" not in self.errors:
            self.add_error("needed_by", _("Enter the day by which the review is needed"))
        return cleaned


class CancelForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class CloseForm(forms.Form):
    """The review as held: how each of those `invited` took part, and rows of decisions, of which empty ones are left out."""

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

    def __init__(self, *args: Any, invited: Sequence[tuple[Invitation, str]] = (), rows: int = ROWS, only_show: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows, self.only_show, self.invited = rows, only_show, invited
        summary, version = self.fields.pop("summary"), self.fields.pop("version")
        for place, (_row, words) in enumerate(invited, start=1):
            self.fields[f"attendance_{place}"] = forms.ChoiceField(
                label=_("How did they take part: %(who)s") % {"who": words},
                choices=[("", ""), *Attendance.choices],
                error_messages={"required": _("Choose how %(who)s took part") % {"who": words}},
            )
        self.fields |= {"summary": summary, "version": version}
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

    def attendance(self) -> dict[UUID, str]:
        """What was chosen for each of those invited."""
        return {row.pk: self.cleaned_data[f"attendance_{number}"] for number, (row, _words) in enumerate(self.invited, start=1)}
