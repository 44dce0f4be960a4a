"""Forms of the administrator: they turn text into people, places and days, and say so kindly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import Language, Organisation
from lace.accounts.rules import Decision
from lace.web.forms import ChoiceField, DateField

Choices = Iterable[tuple[Any, Any]]


class FindForm(forms.Form):
    """Narrows the list of people; sent by GET, so that the list has an address."""

    mark_optional = False

    q = forms.CharField(label=_("Name or e-mail address"), required=False, max_length=200)
    role = forms.ChoiceField(label=_("Role"), required=False)
    body = forms.TypedChoiceField(label=_("School or other body"), required=False, coerce=int, empty_value=None)
    state = forms.ChoiceField(
        label=pgettext_lazy("of a role", "State"),
        required=False,
        choices=[
            ("", pgettext_lazy("roles", "Open")),
            ("ending", pgettext_lazy("roles", "Open, with an end")),
            ("unused", pgettext_lazy("roles", "Open, never used")),
            ("ended", pgettext_lazy("roles", "Ended")),
        ],
    )

    def __init__(self, *args: Any, roles: Choices, bodies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["role"].choices = [("", pgettext_lazy("filter", "All")), *roles]
        fields["body"].choices = [("", pgettext_lazy("filter", "All")), *bodies]


class RoleDaysForm(forms.Form):
    """Where and until when somebody holds a role. `bodies` are the places to choose from; none means that the role needs none."""

    organisation = forms.TypedChoiceField(
        label=_("School or other body"),
        help_text=_("Only those of your own authority: another authority gives the roles of its own"),
        coerce=int,
        error_messages={
            "required": _("Choose the school or other body where the person holds this role"),
            "invalid_choice": _("Choose one of the list"),
        },
    )
    starts_on = DateField(label=_("First day"), help_text=_("Leave it empty for today"), required=False)
    ends_on = DateField(label=_("Ends on"), help_text=_("The first day without the role. Leave it empty when no end is known"), required=False)

    def __init__(self, *args: Any, bodies: Iterable[Organisation] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if bodies is None:
            del self.fields["organisation"]
        else:
            choices = [("", _("Choose")), *((body.pk, body.name) for body in bodies)]
            fields: dict[str, Any] = self.fields
            fields["organisation"].choices = choices


class InviteForm(RoleDaysForm):
    """Whom to invite, and to what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The invitation goes to this address and nowhere else. For staff, the address at work"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the person's e-mail address")},
    )
    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter the person's name")})
    language = ChoiceField(
        label=_("Which language do they read?"),
        help_text=_("The invitation comes in it. They can change it at any time"),
        choices=Language.choices,
        error_messages={"required": _("Choose English or Welsh")},
    )

    field_order = ("email", "name", "language", "organisation", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["starts_on"]  # the day on which the invitation is taken up
        self.fields["email"].validators = [EmailValidator(_("Enter an e-mail address, like name@example.com"))]


class EndRoleForm(forms.Form):
    """When a role ends."""

    on = DateField(
        label=_("When does the role end?"),
        help_text=_("The first day without it. Today ends it at once"),
        error_messages={"required": _("Enter the day on which the role ends")},
    )


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter the person's name")})


class SureForm(forms.Form):
    """Asks nothing: the page says what happens, the button does it."""


class NarrowForm(forms.Form):
    """Narrows an access review; sent by GET."""

    mark_optional = False

    state = forms.ChoiceField(
        label=pgettext_lazy("of a role", "State"),
        required=False,
        choices=[
            ("", pgettext_lazy("roles", "Not decided")),
            ("confirmed", pgettext_lazy("roles", "Confirmed")),
            ("ended", pgettext_lazy("roles", "Ended")),
            ("all", pgettext_lazy("filter", "All")),
        ],
    )
    body = forms.TypedChoiceField(label=_("School or other body"), required=False, coerce=int, empty_value=None)
    sign = forms.ChoiceField(
        label=_("Signs that it is no longer needed"),
        required=False,
        choices=[
            ("", pgettext_lazy("filter", "All")),
            ("unused", _("Never used")),
            ("childless", _("No child connected with it")),
        ],
    )

    def __init__(self, *args: Any, bodies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["body"].choices = [("", pgettext_lazy("filter", "All")), *bodies]


class DecideForm(forms.Form):
    """Which of the roles on the page are confirmed, or ended. Drawn by the page, since the boxes stand in its table."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        error_messages={
            "required": _("Choose the roles that you want to confirm or end"),
            "invalid_choice": _("Somebody decided one of these roles meanwhile. Check the list and choose again"),
        },
    )
    decision = forms.ChoiceField(choices=Decision.choices, error_messages={"required": _("Choose whether to confirm or to end the roles")})

    def __init__(self, *args: Any, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["roles"].choices = [(role, role) for role in roles]
