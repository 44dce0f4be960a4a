"""What people type: for the termly report, in the notes that few may read, and of what the child said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from lace.accounts.models import Language
from lace.children.models import Dispute, NoContactPerson, Referral, Risk, Statement
from lace.children.rules import ContactLimit, DisputeAbout, StatementKind
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from reporting.models import ReportChallenge, TermlyReport
from reporting.rules import Training
from schools.rules import Term


def term_code(year: int, term: str) -> str:
    """A term as a form's value and in addresses: 2026-autumn."""
    return f"{year}-{term}"


class ReportWordsForm(forms.Form):
    """A challenge of governors to a report, or the reply to one."""

    text = forms.CharField(
        label=_("What do you want to say?"),
        help_text=_("Name no child, and write nothing by which somebody could tell who a child is."),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=ReportChallenge._meta.get_field("text").max_length,
        error_messages={"required": _("Write what you want to say")},
    )
    language = ChoiceField(
        label=_("Language of what is written here"),
        choices=Language.choices,
        error_messages={"required": _("Choose the language that you wrote in")},
    )

    mark_optional = False


class ReportForm(forms.Form):
    """The figures come by themselves; this asks for what only the school can say. `terms`: (code, words) of those that may be reported."""

    term = ChoiceField(label=_("Which term is the report for?"), error_messages={"required": _("Choose the term that the report is for")})
    narrative = forms.CharField(
        label=_("What governors should know"),
        help_text=_(
            "Progress, attendance, what the school did and what came of it, how the children took part. Name nobody, "
            "and give no small numbers: governors must not be able to tell who a child is."
        ),
        widget=forms.Textarea(attrs={"rows": 10}),
        max_length=TermlyReport._meta.get_field("narrative").max_length,
        required=False,
    )
    asks = forms.CharField(
        label=_("What governors are asked to do"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=TermlyReport._meta.get_field("asks").max_length,
        required=False,
    )
    language = ChoiceField(
        label=_("Language of what is written here"),
        choices=Language.choices,
        help_text=_("It is printed as you wrote it in both the Welsh and the English report."),
        error_messages={"required": _("Choose the language that you wrote in")},
    )
    training = ChoiceField(
        label=_("Have staff had training on the education of looked-after children this school year?"),
        choices=Training.choices,
        error_messages={"required": _("Choose what is true of staff training this school year")},
    )
    policy_reviewed_on = DateField(
        label=_("When was the school's policy for looked-after children last reviewed?"),
        help_text=_("Leave this empty if it has not been reviewed."),
        required=False,
    )

    def __init__(self, *args: Any, terms: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["term"].choices = terms

    def clean_term(self) -> tuple[int, Term]:
        year, _dash, term = self.cleaned_data["term"].partition("-")
        return int(year), Term(term)


class PublishForm(forms.Form):
    """The draft that the headteacher read, by its fingerprint."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)


# ---- what few may read -----------------------------------------------------------------------


def _area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class NoContactForm(forms.Form):
    """Somebody to be kept away from the child."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NoContactPerson._meta.get_field("name").max_length,
        error_messages={"required": _("Enter the name of the person who must be kept away")},
    )
    relationship = forms.CharField(
        label=_("Relationship to the child"), max_length=NoContactPerson._meta.get_field("relationship").max_length, required=False
    )
    limit = ChoiceField(
        label=_("What is allowed?"), choices=ContactLimit.choices, error_messages={"required": _("Choose how far the person must be kept away")}
    )
    detail = forms.CharField(
        label=_("What to do if they come"),
        help_text=_("Read by the school and the carer. Say what they must do, and no more about the past than that needs."),
        max_length=NoContactPerson._meta.get_field("detail").max_length,
        widget=_area(),
        required=False,
    )
    starts_on = DateField(label=_("From which day?"), error_messages={"required": _("Enter the day from which they must be kept away")})


class EndNoContactForm(forms.Form):
    ended_on = DateField(
        label=_("From which day need they no longer be kept away?"), error_messages={"required": _("Enter the day on which this ends")}
    )


class RiskForm(forms.Form):
    """A safeguarding risk."""

    text = forms.CharField(
        label=_("What is the risk?"),
        help_text=_("Only the child-protection lead and social care read this. It is no part of the plan."),
        max_length=Risk._meta.get_field("text").max_length,
        widget=_area(),
        error_messages={"required": _("Write what the risk is")},
    )
    noted_on = DateField(label=_("Noted on"), error_messages={"required": _("Enter the day on which the risk was noted")})


class EndRiskForm(forms.Form):
    ended_on = DateField(
        label=_("Since when is it no longer a risk?"), error_messages={"required": _("Enter the day since when it is no longer a risk")}
    )


class ReferralForm(forms.Form):
    """An entry of the log that the child-protection lead and the designated person share."""

    made_to = forms.CharField(
        label=_("To whom was it made?"),
        help_text=_("The team or service."),
        max_length=Referral._meta.get_field("made_to").max_length,
        error_messages={"required": _("Enter to whom the referral was made")},
    )
    made_on = DateField(label=_("On which day?"), error_messages={"required": _("Enter the day of the referral")})
    about = forms.CharField(
        label=_("What is it about?"),
        max_length=Referral._meta.get_field("about").max_length,
        widget=_area(),
        error_messages={"required": _("Write what the referral is about")},
    )


class OutcomeForm(forms.Form):
    outcome = forms.CharField(
        label=_("What came of it?"),
        max_length=Referral._meta.get_field("outcome").max_length,
        widget=_area(),
        error_messages={"required": _("Write what came of the referral")},
    )
    outcome_on = DateField(label=_("On which day?"), error_messages={"required": _("Enter the day of the outcome")})


class DisputeForm(forms.Form):
    """A disagreement over money or responsibility."""

    about = ChoiceField(
        label=_("What is the disagreement about?"), choices=DisputeAbout.choices, error_messages={"required": _("Choose what it is about")}
    )
    text = forms.CharField(
        label=_("Who disagrees, and over what?"),
        help_text=_("The child, the carers, the family and the school never see this, and it is no part of a meeting's agenda or minutes."),
        max_length=Dispute._meta.get_field("text").max_length,
        widget=_area(),
        error_messages={"required": _("Write who disagrees, and over what")},
    )
    opened_on = DateField(label=_("Since when?"), error_messages={"required": _("Enter the day since when there is a disagreement")})


class SettleForm(forms.Form):
    outcome = forms.CharField(
        label=_("How was it settled?"),
        max_length=Dispute._meta.get_field("outcome").max_length,
        widget=_area(),
        error_messages={"required": _("Write how it was settled")},
    )
    closed_on = DateField(label=_("On which day?"), error_messages={"required": _("Enter the day on which it was settled")})


# ---- what the child said ---------------------------------------------------------------------

Readers = list[tuple[str, Any]]  # roles around the child that may be let read a statement, in words


class TakeDownForm(forms.Form):
    """What a child said, written down by an adult. `readers`: whom the child can let read it; `advocate`: an advocate is writing."""

    kind = ChoiceField(
        label=_("Whose words are these?"), choices=StatementKind.choices, error_messages={"required": _("Choose whose words these are")}
    )
    text = forms.CharField(
        label=_("What did the child say?"),
        help_text=_("Word for word, as it was said. Add nothing of your own: no summary, no view, no correction."),
        max_length=Statement._meta.get_field("text").max_length,
        widget=_area(8),
        error_messages={"required": _("Write what the child said")},
    )
    language = ChoiceField(
        label=_("In which language?"), choices=Language.choices, error_messages={"required": _("Choose the language in which it was said")}
    )
    said_on = DateField(label=_("On which day?"), error_messages={"required": _("Enter the day on which it was said")})
    readers = MultipleChoiceField(
        label=_("Who may read it?"),
        help_text=_("Ask the child, and tick only those whom the child names. With none ticked, only the child can read it, and you cannot either."),
        required=False,
        error_messages={"invalid_choice": _("Choose from those who may be let read it")},
    )

    def __init__(self, *args: Any, readers: Readers, advocate: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["readers"].choices = readers
        if not advocate:
            del self.fields["kind"]


class OwnReadersForm(forms.Form):
    """The child chooses who may read what they said."""

    readers = MultipleChoiceField(
        label=pgettext_lazy("to a child", "Who can read this?"),
        help_text=pgettext_lazy("to a child", "Tick the people you want. If you tick nobody, only you can read it."),
        required=False,
        error_messages={"invalid_choice": pgettext_lazy("to a child", "Choose from the people on this page")},
    )

    def __init__(self, *args: Any, readers: Readers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["readers"].choices = readers


EVERYBODY, CHOSEN = "everybody", "chosen"


class OwnAnswerReadersForm(OwnReadersForm):
    """The child chooses for whom an answer on their page of the plan is."""

    who = ChoiceField(
        label=pgettext_lazy("to a child", "For whom is this answer?"),
        choices=((EVERYBODY, ""), (CHOSEN, "")),
        reveals={CHOSEN: "readers"},
        error_messages={"required": pgettext_lazy("to a child", "Choose who can read this")},
    )
    field_order = ("who", "readers")

    def __init__(self, *args: Any, younger: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if younger:
            fields["who"].label = pgettext("to a younger child", "Who is this for?")
            everybody, chosen = (
                pgettext("to a younger child", "All the grown-ups with my plan"),
                pgettext("to a younger child", "Only the people I pick"),
            )
        else:
            everybody, chosen = pgettext("to a child", "Everybody who reads my plan"), pgettext("to a child", "Only the people I choose")
        fields["who"].choices = ((EVERYBODY, everybody), (CHOSEN, chosen))


class OwnAdditionReadersForm(OwnReadersForm):
    """Of a picture or a recording: everybody who reads the child's page, or some of them. Answers None for everybody as `readers`."""

    who = ChoiceField(
        label=pgettext_lazy("to a child", "Who can see or hear this?"),
        choices=[
            ("page", pgettext_lazy("to a child", "Everyone who can read my page")),
            ("few", pgettext_lazy("to a child", "Only people I choose")),
        ],
        reveals={"few": "readers"},
        error_messages={"required": pgettext_lazy("to a child", "Choose who can see or hear this")},
    )
    field_order = ["who", "readers"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return {"readers": None if cleaned.get("who") == "page" else cleaned.get("readers")}


class OwnWordsForm(OwnReadersForm):
    """The child writes."""

    text = forms.CharField(
        label=pgettext_lazy("to a child", "What do you want to say?"),
        help_text=pgettext_lazy("to a child", "Write it your way. Spelling does not matter. Nobody will change your words."),
        max_length=Statement._meta.get_field("text").max_length,
        widget=_area(8),
        error_messages={"required": pgettext_lazy("to a child", "Write what you want to say")},
    )
    language = ChoiceField(
        label=pgettext_lazy("to a child", "Which language did you write in?"),
        choices=Language.choices,
        error_messages={"required": pgettext_lazy("to a child", "Choose the language you wrote in")},
    )
    field_order = ["text", "language", "readers"]
