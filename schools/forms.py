"""Forms of a school's designation and policy, and of a child's education other than at school."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import Membership
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from schools.rules import DecidingFactor, EotasKind, PolicyAspect, PolicyPart


class DesignateForm(forms.Form):
    """`held` are the roles of designated person at the school that somebody may be chosen from."""

    membership = ChoiceField(
        label=_("Who is designated?"),
        help_text=_("People who have the role of designated person at this school. The authority's administrator gives the role."),
        error_messages={"required": _("Choose who is designated"), "invalid_choice": _("Choose who is designated")},
    )
    decided_on = DateField(
        label=_("When did the governing body decide?"), error_messages={"required": _("Enter the day of the governing body's decision")}
    )
    started_on = DateField(label=_("From when is the person designated?"), error_messages={"required": _("Enter the day the designation starts")})
    headteacher_consulted = ChoiceField(
        label=_("Was the headteacher consulted?"),
        choices=[("yes", pgettext_lazy("headteacher consulted", "Yes")), ("no", pgettext_lazy("headteacher consulted", "No"))],
        error_messages={"required": _("Say whether the headteacher was consulted")},
    )
    standing = MultipleChoiceField(
        label=_("What is true of the person?"),
        choices=[("leadership_team", _("Is in the leadership team")), ("pastoral", _("Has a pastoral background"))],
        required=False,
    )
    other_roles = forms.CharField(
        label=_("Other roles the person holds"), help_text=_("For example, ALNCo or child-protection lead."), max_length=300, required=False
    )
    factors = MultipleChoiceField(label=_("What decided the choice?"), choices=DecidingFactor.choices, required=False)

    def __init__(self, *args: Any, held: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = {str(membership.pk): membership for membership in held}
        field = self.fields["membership"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, membership.user.name) for key, membership in self.held.items()]

    def clean_membership(self) -> Membership:
        return self.held[self.cleaned_data["membership"]]


class EndForm(forms.Form):
    ended_on = DateField(
        label=_("From which day is the person no longer designated?"), error_messages={"required": _("Enter the day the designation ends")}
    )


class ConfirmForm(forms.Form):
    """Asks nothing: the act is the answer."""


class PolicyForm(forms.Form):
    """The draft of a policy: a text for each part that it must hold, none of them asked for before the headteacher signs."""

    mark_optional = False
    kept_at = forms.CharField(
        label=_("Where is the whole policy kept?"),
        help_text=_("An address on the school's website, or where it lies on paper."),
        max_length=300,
        required=False,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept_at, version = self.fields.pop("kept_at"), self.fields.pop("version")
        for part in PolicyPart:
            self.fields[f"part_{part}"] = forms.CharField(
                label=f"{part.value}. {part.label}", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )
        self.fields |= {"kept_at": kept_at, "version": version}

    def texts(self) -> dict[str, str]:
        return {str(part): self.cleaned_data[f"part_{part}"] for part in PolicyPart}


class SignForm(forms.Form):
    """Which version is signed."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class AdoptForm(SignForm):
    adopted_on = DateField(
        label=_("When did the governing body adopt it?"), error_messages={"required": _("Enter the day of the governing body's decision")}
    )
    review_on = DateField(
        label=_("By when will the governing body review it?"), error_messages={"required": _("Enter the day by which the policy is reviewed")}
    )


class PolicyCheckForm(forms.Form):
    checked_on = DateField(label=_("When did governors look?"), error_messages={"required": _("Enter the day on which governors looked")})
    aspects = MultipleChoiceField(
        label=_("What did they look at?"), choices=PolicyAspect.choices, error_messages={"required": _("Say what was looked at")}
    )
    looked_at = forms.CharField(
        label=_("What in particular?"),
        help_text=_("For example, part 3, or how reviews are prepared. Do not write anything that points to a child."),
        max_length=300,
        error_messages={"required": _("Say what was looked at")},
    )
    found = forms.CharField(
        label=_("What did they find?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say what was found")},
    )
    action = forms.CharField(label=_("What is to be done, and by whom?"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class EotasForm(forms.Form):
    provider = forms.CharField(
        label=_("Who teaches the child?"),
        help_text=_("The name of the unit, tutor's service or other provider."),
        max_length=200,
        error_messages={"required": _("Enter the provider's name")},
    )
    kind = ChoiceField(
        label=_("What kind of education is it?"),
        choices=EotasKind.choices,
        error_messages={"required": _("Choose the kind of education")},
    )
    started_on = DateField(label=_("First day"), error_messages={"required": _("Enter the first day")})


class EndEotasForm(forms.Form):
    ended_on = DateField(
        label=_("From which day is the child no longer taught there?"), error_messages={"required": _("Enter the day from which it has ended")}
    )
