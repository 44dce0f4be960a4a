"""What people type about a duty and about their absence. The services judge it; here only its shape is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.models import User
from lace.deadlines.recording import LONGEST
from lace.deadlines.rules import Exempt
from lace.deadlines.services import waivers
from lace.web.forms import ChoiceField, DateField


def _lines(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class DoneForm(forms.Form):
    """A duty was done outside Lace. `is_late`: today it would be late, so the reason is asked for at once."""

    on = DateField(label=_("When was it done?"), error_messages={"required": _("Enter the day on which it was done")})
    what = forms.CharField(
        label=_("What was done, and where is it written down?"),
        help_text=_("For example the document and its place in your case system. Write nothing here that belongs only there."),
        max_length=LONGEST,
        widget=_lines(),
        error_messages={"required": _("Say what was done, and where it is written down")},
    )
    reason = forms.CharField(
        label=_("If it was late: why?"),
        help_text=_("Others who see the record will read this. The due date stays as it is."),
        max_length=500,
        required=False,
        widget=_lines(),
    )

    def __init__(self, *args: Any, is_late: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_late:
            del self.fields["reason"]


class HandForm(forms.Form):
    """To which colleague a duty is handed; the empty choice takes it back."""

    colleague = ChoiceField(label=_("Who looks after it from now on?"), error_messages={"required": _("Choose who looks after it from now on")})

    def __init__(self, *args: Any, colleagues: Iterable[User], can_take_back: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in colleagues}
        choices: list[tuple[str, str | Promise]] = [(key, person.name) for key, person in self.people.items()]
        if can_take_back:
            choices.append(("back", _("Nobody in particular: take it back from the colleague")))
        field = self.fields["colleague"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def chosen(self) -> User | None:
        return self.people.get(self.cleaned_data["colleague"])


class WaiverForm(forms.Form):
    """Why a duty need not be done; of a statutory one, by which provision."""

    exemption = ChoiceField(
        label=_("By which provision does the law not ask this of the child?"),
        error_messages={"required": _("Choose the provision by which the law does not ask this of the child")},
    )
    reason = forms.CharField(
        label=_("Why need it not be done?"),
        help_text=_("Somebody else decides. Until then it is due as before."),
        max_length=waivers.LONGEST,
        widget=_lines(),
        error_messages={"required": _("Say why it need not be done")},
    )

    def __init__(self, *args: Any, exemptions: Sequence[Exempt] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["exemption"]
        assert isinstance(field, forms.ChoiceField)
        if exemptions is None:
            del self.fields["exemption"]
        else:
            field.choices = [(str(one), one.label) for one in exemptions]


class DecisionForm(forms.Form):
    """The answer to somebody who asks that a duty need not be done."""

    agreed = ChoiceField(
        label=_("What do you decide?"),
        choices=[("yes", pgettext_lazy("waiver", "It need not be done")), ("no", pgettext_lazy("waiver", "It must be done"))],
        error_messages={"required": _("Choose whether it must be done")},
    )
    answer = forms.CharField(
        label=_("Why?"),
        help_text=_("Those who see the child's record will read this."),
        max_length=waivers.LONGEST,
        widget=_lines(),
        error_messages={"required": _("Say why you decide so")},
    )


class AwayForm(forms.Form):
    """From when to when somebody is away, and who stands in."""

    starts_on = DateField(label=_("First day away"), error_messages={"required": _("Enter the first day away")})
    ends_on = DateField(
        label=_("Back on"), help_text=_("The first day on which you are there again."), error_messages={"required": _("Enter the day back")}
    )
    stand_in = forms.ChoiceField(
        label=_("Who stands in for you?"),
        help_text=_("Somebody with the same role in the same place. What they may not see goes to the LACE coordinator."),
        required=False,
    )

    def __init__(self, *args: Any, stand_ins: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in stand_ins}
        field = self.fields["stand_in"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Nobody: everything goes to the LACE coordinator")), *((key, person.name) for key, person in self.people.items())]

    def chosen(self) -> User | None:
        return self.people.get(self.cleaned_data["stand_in"])


class OthersAwayForm(forms.Form):
    """The same, entered for a colleague, who is found by e-mail address."""

    person = forms.EmailField(
        label=_("E-mail address of the person who is away"), error_messages={"required": _("Enter the e-mail address of the person who is away")}
    )
    starts_on = DateField(label=_("First day away"), error_messages={"required": _("Enter the first day away")})
    ends_on = DateField(
        label=_("Back on"), help_text=_("The first day on which the person is there again."), error_messages={"required": _("Enter the day back")}
    )
    stand_in = forms.EmailField(
        label=_("E-mail address of the stand-in"),
        help_text=_("Somebody with the same role in the same place. Without one, everything goes to the LACE coordinator."),
        required=False,
    )
