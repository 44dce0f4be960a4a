"""Forms of a school's designation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import Membership
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from schools.rules import DecidingFactor


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
