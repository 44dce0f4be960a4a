"""What people fill in: one form for every section, made of the questions in peps/rules, and the forms of the other acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import MaxLengthValidator
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import Language
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from peps.models import Target
from peps.rules import TargetArea
from peps.rules.contributions import BY_EMAIL, Contributor
from peps.rules.sections import ROWS_LIMIT, WORDS, Kind, Question, SectionRule
from peps.rules.targets import Funding, Outcome

FIRST_ROWS, MORE_ROWS = 4, 2  # empty rows of a new table that a final plan needs; of any other


class Words(forms.CharField):
    """Text kept exactly as written, down to its spaces; only the browser's line ends become plain ones (VOICE-11)."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(strip=False, widget=forms.Textarea, **kwargs)
        self.validators.append(MaxLengthValidator(limit, _("Shorten this to %(limit_value)d characters or fewer")))

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


def language_field() -> ChoiceField:
    return ChoiceField(label=_("Language of what is written here"), choices=Language.choices)


@dataclass(frozen=True, slots=True)
class Table:
    """A question answered in rows, ready to draw."""

    question: Question
    rows: list[list[BoundField]]

    @property
    def width(self) -> str:
        """The column of the page's grid that one field of a row takes."""
        return "govuk-grid-column-one-quarter" if len(self.question.columns) == 4 else "govuk-grid-column-one-third"


class SectionForm(forms.Form):
    """One section. Drafts may leave anything empty; what a final plan needs is checked when it is made final."""

    mark_optional = False

    def __init__(
        self, section: SectionRule, data: Any = None, *, answers: Mapping[str, Any] | None = None, language: str = "", version: int = 0
    ) -> None:
        super().__init__(data, initial={"language": language, "version": version, "sitting": str(uuid4())})
        self.section, self.counts = section, dict[str, int]()
        for question in section.questions:
            answer = (answers or {}).get(question.key)
            if question.kind == Kind.ROWS:
                self._add_rows(question, answer or [])
            else:
                self.fields[question.key] = _field(question)
                self.initial[question.key] = answer or ""
        self.fields["language"] = language_field()
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
        self.fields["sitting"] = forms.UUIDField(widget=forms.HiddenInput)

    @property
    def has_suggestions(self) -> bool:
        """Does a new section's form come filled in with what is known?"""
        return not self.is_bound and any(self.initial[name] for name in self.fields if name not in {"language", "version", "sitting"})

    def _add_rows(self, question: Question, rows: list[dict[str, str]]) -> None:
        count = min(len(rows) + (FIRST_ROWS if question.required and not rows else MORE_ROWS), ROWS_LIMIT)
        if self.is_bound:
            count = 0
            while count < ROWS_LIMIT and f"{question.key}-{count}-{question.columns[0].key}" in self.data:
                count += 1
        self.counts[question.key] = count
        for number in range(count):
            for column in question.columns:
                name = f"{question.key}-{number}-{column.key}"
                self.fields[name] = _field(column, in_row=True)
                self.initial[name] = rows[number].get(column.key, "") if number < len(rows) else ""

    def parts(self) -> Iterator[BoundField | Table]:
        """The questions in their order: single fields and tables."""
        for question in self.section.questions:
            if question.kind == Kind.ROWS:
                numbers = range(self.counts[question.key])
                yield Table(question, [[self[f"{question.key}-{number}-{column.key}"] for column in question.columns] for number in numbers])
            else:
                yield self[question.key]
        yield self["language"]

    def clean(self) -> dict[str, Any]:
        """The answers by question, as the service takes them, with their language and version; empty rows are left out."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        return {"answers": self._answers(), **{name: cleaned[name] for name in ("language", "version", "sitting")}}

    def _answers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for question in self.section.questions:
            if question.kind == Kind.ROWS:
                numbers = range(self.counts[question.key])
                rows = [{column.key: self.cleaned_data[f"{question.key}-{number}-{column.key}"] for column in question.columns} for number in numbers]
                found[question.key] = [row for row in rows if any(row.values())]
            else:
                found[question.key] = self.cleaned_data[question.key]
        return found


def with_face(feeling: str, words: Promise) -> SafeString:
    """A feeling by picture and word."""
    return format_html('<span class="app-feeling">{} {}</span>', render_to_string("peps/face.html", {"feeling": feeling}), words)


def _field(question: Question, *, in_row: bool = False) -> forms.Field:
    marked = question.required or question.key in WORDS or question.faces
    label = question.label if marked else gettext("%(label)s (optional)") % {"label": question.label}
    common: dict[str, Any] = {"label": label, "required": False, "help_text": question.hint or ""}
    if question.faces:
        return ChoiceField(choices=[(key, with_face(key, label)) for key, label in question.choices], **common)
    if question.kind == Kind.CHOICE and in_row:
        return forms.ChoiceField(choices=[("", ""), *question.choices], **common)
    if question.kind == Kind.CHOICE:
        return ChoiceField(choices=question.choices, **common)
    if question.kind == Kind.LINE:
        return forms.CharField(max_length=question.limit, **common)
    return Words(limit=question.limit, **common)


def _words(name: str, label: Promise, hint: Promise | None = None, *, required: Promise | None = None) -> Words:
    """A text of the target, no longer than its column."""
    limit = getattr(Target._meta.get_field(name), "max_length", None) or 0
    errors = {"required": required} if required else {}
    words = Words(limit=limit, label=label, help_text=hint or "", required=required is not None, error_messages=errors)
    words.widget.attrs["rows"] = 3
    return words


def _line(name: str, label: Any, hint: Any = "") -> forms.CharField:
    """A line of the target that may stay empty."""
    limit = getattr(Target._meta.get_field(name), "max_length", None)
    return forms.CharField(max_length=limit, label=label, help_text=hint, required=False)


class TargetForm(forms.Form):
    """A target: tied to a need, measurable, with a date, and agreed (PEP-14)."""

    area = ChoiceField(label=_("Area"), choices=TargetArea.choices, error_messages={"required": _("Choose the area of the target")})
    need = _words("need", _("Identified need"), _("What this target is for."), required=_("Write the need that this target is for"))
    identified_with = _line("identified_with", _("Identified with"), _("The teacher's name."))
    baseline = _words("baseline", _("Where the child is now"), _("A result, a level, what is seen."), required=_("Write where the child is now"))
    goal = _words("goal", _("Target"), _("One thing, specific enough to measure."), required=_("Write the target"))
    measure = _words("measure", _("How we will know"), required=_("Write how you will know that the target is met"))
    strategy = _words("strategy", _("What will be done"), required=_("Write what will be done"))
    when_done = _line("when_done", _("When"), _("For example, Tuesdays after lunch."))
    where_done = _line("where_done", _("Where"), _("For example, the library."))
    done_by = _line("done_by", _("By whom"), _("Not the carer by name."))
    how_often = _line("how_often", _("How often"), _("For example, twice a week."))
    cost = forms.DecimalField(
        label=_("Cost in pounds"),
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput(attrs={"width": "5", "inputmode": "decimal"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"), _("Enter the cost in pounds, like 120 or 37.50")
        ),
    )
    funding = forms.ChoiceField(label=_("Paid by"), choices=[("", ""), *Funding.choices], required=False)
    carer_part = _words("carer_part", _("The carer's part"), _("What the carer can do to help."))
    review_on = DateField(label=_("Review date"), help_text=_("For example, 27 3 2026"), error_messages={"required": _("Enter the review date")})
    child_agrees = forms.BooleanField(label=_("The child agrees with this target"), required=False)
    teacher_agrees = forms.BooleanField(label=_("The teacher agrees with this target"), required=False)
    language = language_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class RemoveTargetForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class EvaluateForm(forms.Form):
    """How a target of the last final version ended."""

    outcome = ChoiceField(label=_("How did it end?"), choices=Outcome.choices, error_messages={"required": _("Say how the target ended")})
    evidence = Words(
        limit=1000,
        label=_("What shows it"),
        help_text=_("A result, a record, a piece of work, what the child says. It may stay empty for a target that goes on."),
        required=False,
    )
    evaluated_on = DateField(label=_("Day of this evaluation"), error_messages={"required": _("Enter the day of this evaluation")})
    strike = forms.BooleanField(
        label=_("Take it out of the new plan"),
        help_text=_("For a target that is met or no longer right. The versions keep it."),
        required=False,
    )
    language = language_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    mark_optional = False

    def __init__(self, *args: Any, may_go_on: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_go_on:
            outcome: Any = self.fields["outcome"]
            outcome.choices = [choice for choice in Outcome.choices if choice[0] != Outcome.GOES_ON]


class ActionForm(forms.Form):
    """What somebody sees to by a day. `owners` are the choices: a role, or with a colon somebody's number after it."""

    what = Words(limit=500, label=_("What will be done"), error_messages={"required": _("Write what will be done")})
    owner = forms.ChoiceField(label=_("Who sees to it"), error_messages={"required": _("Choose who sees to it")})
    due_on = DateField(
        label=_("By which day"), help_text=_("For example, 27 3 2026"), error_messages={"required": _("Enter the day by which it is done")}
    )
    resource = forms.CharField(label=_("What it needs"), help_text=_("Money, things, people's time."), max_length=300, required=False)
    language = language_field()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, owners: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.choices = [("", ""), *owners]

    def clean(self) -> dict[str, Any]:
        """The values as the service takes them."""
        cleaned = super().clean() or {}
        role, _colon, number = cleaned.pop("owner", "").partition(":")
        return cleaned | {"owner_role": role, "owner_id": int(number) if number else None}


class SettleForm(forms.Form):
    """An action that is done or dropped; one settled by mistake is opened again."""

    state = ChoiceField(
        label=_("What became of it?"),
        choices=[("done", _("It is done")), ("dropped", _("It is dropped")), ("open", _("It is still open"))],
        reveals={"done": "evidence", "dropped": "reason"},
        error_messages={"required": _("Say whether it is done or dropped")},
    )
    evidence = Words(limit=1000, label=_("What shows that it is done"), required=False)
    reason = Words(limit=500, label=_("Why it is dropped"), required=False)
    done_on = DateField(label=_("Day it was done"), help_text=_("For an action that is done."), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    mark_optional = False


class CarryForm(forms.Form):
    due_on = DateField(label=_("New day"), help_text=_("For example, 27 3 2026"), error_messages={"required": _("Enter the new day")})
    reason = Words(
        limit=500,
        label=_("Why is it not done yet?"),
        help_text=_("The reason stands in the next version, for everyone who reads it."),
        error_messages={"required": _("Say why it is not done yet")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def _by_which_day() -> DateField:
    return DateField(
        label=_("By which day"),
        help_text=_("For example, 27 3 2026"),
        error_messages={"required": _("Enter the day by which it is needed")},
    )


class AskWordsForm(forms.Form):
    """Whom to ask for their words, in Lace. `offered` are the roles not asked yet."""

    roles = MultipleChoiceField(label=_("Whom do you ask?"), error_messages={"required": _("Choose whom to ask")})
    due_on = _by_which_day()

    def __init__(self, *args: Any, offered: Iterable[Contributor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["roles"]
        roles.choices = [(role.value, role.label) for role in offered]


class LetterForm(forms.Form):
    """One person to be asked by an e-mail with a link."""

    role = ChoiceField(
        label=_("Whom do you ask?"),
        choices=[(role.value, role.label) for role in BY_EMAIL],
        reveals={Contributor.TEACHER.value: "subject"},
        error_messages={"required": _("Choose whom to ask")},
    )
    subject = forms.CharField(label=_("Subject"), max_length=80, required=False)
    name = forms.CharField(label=_("The person's name"), max_length=200, error_messages={"required": _("Enter the person's name")})
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid"), _("Enter an e-mail address, like name@example.com")),
    )
    pupil = forms.CharField(
        label=_("What this person calls the pupil"),
        help_text=_("It stands at the head of the form. A first name or initials are enough."),
        max_length=80,
        error_messages={"required": _("Enter the name by which this person knows the pupil")},
    )
    language = ChoiceField(label=_("Language of the e-mail"), choices=Language.choices)
    due_on = _by_which_day()

    mark_optional = False


class AskAgainForm(forms.Form):
    due_on = _by_which_day()


class DeclineForm(forms.Form):
    reason = Words(limit=500, label=_("Why?"), help_text=_("You need not say. What you write stands in the plan."), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class StartForm(forms.Form):
    on = DateField(label=_("Day the plan was started"), error_messages={"required": _("Enter the day the plan was started")})


class FinaliseForm(forms.Form):
    on = DateField(label=_("Day the plan was agreed"), error_messages={"required": _("Enter the day the plan was agreed")})


class AskForm(forms.Form):
    """Sections to add: each says what it is for."""

    keys = MultipleChoiceField(label=_("Add a section"), required=False)

    def __init__(self, *args: Any, offered: Iterable[SectionRule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["keys"]
        field.choices = [(rule.key, rule.title) for rule in offered]
        field.hints = {rule.key: rule.because for rule in offered}


class AmendForm(forms.Form):
    reason = forms.CharField(
        label=_("Why is the plan amended?"),
        help_text=_("The reason stands in the next version, for everyone who reads it."),
        max_length=500,
        widget=forms.Textarea,
        error_messages={"required": _("Say why the plan is amended")},
    )


class CloseForm(forms.Form):
    on = DateField(label=_("Day the plan was closed"), error_messages={"required": _("Enter the day the plan was closed")})


class DifferencesForm(forms.Form):
    """Which two texts of the plan to compare. `texts` are their keys and names, the newest first."""

    mark_optional = False

    def __init__(self, texts: list[tuple[str, str]], data: Any = None) -> None:
        super().__init__(data)
        errors = {"required": _("Choose what to compare"), "invalid_choice": _("Choose one of the list")}
        for name, label in (("older", _("Compare")), ("newer", pgettext_lazy("compare", "with"))):
            self.fields[name] = forms.ChoiceField(label=label, choices=texts, error_messages=errors)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("older") and cleaned.get("older") == cleaned.get("newer"):
            self.add_error("newer", _("Choose two that are not the same"))
        return cleaned


class PlanFileForm(forms.Form):
    file = forms.FileField(
        label=_("The file"),
        help_text=_("A plan that was exported in the format lace-pep/1 (JSON), up to 700 kB."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={"required": _("Choose the file"), "empty": _("The file is empty")},
    )


class PlanTextForm(forms.Form):
    """The file that was looked at, as it goes back and forth between the two steps."""

    content = forms.CharField(widget=forms.HiddenInput, strip=False)
