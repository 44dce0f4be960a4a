"""What narrows a list of duties: the words of its address, as a form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.deadlines.rules import RULES
from lace.web.forms import DateField
from reporting.queries import duties
from reporting.queries.children import Placed
from reporting.queries.duties import CLOSED, ENDS, GIVEN, MISSING, OPEN, Timeliness

TAGS = {
    Timeliness.ON_TIME: "met",
    Timeliness.LATE: "late",
    Timeliness.OVERDUE: "overdue",
    Timeliness.MISSED: "missed",
    Timeliness.WAITING: "due",
    Timeliness.NOT_NEEDED: "waived",
}
STATES: list[tuple[str, Any]] = [
    (OPEN, pgettext_lazy("duties", "Open")),
    (Timeliness.OVERDUE, Timeliness.OVERDUE.label),
    (Timeliness.WAITING, Timeliness.WAITING.label),
    (CLOSED, pgettext_lazy("duties", "Closed")),
    (Timeliness.ON_TIME, Timeliness.ON_TIME.label),
    (Timeliness.LATE, Timeliness.LATE.label),
    (Timeliness.MISSED, Timeliness.MISSED.label),
    (Timeliness.NOT_NEEDED, Timeliness.NOT_NEEDED.label),
    *((str(outcome), outcome.label) for outcome in ENDS),
]
COUNTED = {
    "": tuple(Timeliness),
    OPEN: (Timeliness.OVERDUE, Timeliness.WAITING),
    Timeliness.OVERDUE: (Timeliness.OVERDUE,),
    CLOSED: (Timeliness.ON_TIME, Timeliness.LATE, Timeliness.MISSED, Timeliness.NOT_NEEDED),
}
_UNKNOWN = {"invalid_choice": _("Choose one of the list")}


def days(name: str, day: date) -> dict[str, object]:
    """A day in a list's address, as the boxes of its form send it."""
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def title(code: str) -> str:
    return str(RULES[code].title) if code in RULES else code


def _any(label: Any, choices: Iterable[tuple[str, Any]]) -> forms.ChoiceField:
    everything: tuple[str, Any] = ("", pgettext_lazy("filter", "All"))
    return forms.ChoiceField(label=label, choices=[everything, *choices], required=False, error_messages=_UNKNOWN)


def _days(label: Any) -> forms.IntegerField:
    wrong = dict.fromkeys(("invalid", "min_value", "max_value"), _("Enter a whole number of days, like 10"))
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=36_600, error_messages=wrong)


class Narrow(forms.Form):
    """What the address of the list asks for. Its choices are those of the reader."""

    mark_optional = False

    when = _any(_("When"), [("past", _("Due before today")), ("upcoming", _("Due today or later"))])
    state = _any(_("How it stands"), STATES)
    kind = _any(_("What"), ())
    force = _any(_("How binding"), ())
    role = _any(_("Responsible"), ())
    school = _any(pgettext_lazy("tab", "School"), ())
    worker = _any(_("Who works with the child"), ())
    placed = _any(_("Where the child lives"), Placed.choices)
    due_from = DateField(label=_("Due from"), required=False)
    due_to = DateField(label=_("Due up to"), required=False)
    late_from = _days(_("Days late, at least"))
    late_to = _days(_("Days late, at most"))
    reason = _any(_("Reason for lateness or a waiver"), [(GIVEN, _("Given")), (MISSING, _("Not given"))])
    unheld = forms.BooleanField(label=_("Only where nobody holds the responsible role"), required=False)
    ours = forms.BooleanField(label=_("Our own children"), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(choices=[(name, name) for name in duties.SORTS], required=False, widget=forms.HiddenInput, error_messages=_UNKNOWN)

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, Any]]], without: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", pgettext("filter", "All")), *offered]
        for name in without:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("due_from"), given.get("due_to")
        if first and last and last < first:
            self.add_error("due_to", gettext("The last day must be on or after the first"))
        least, most = given.get("late_from"), given.get("late_to")
        if least is not None and most is not None and most < least:
            self.add_error("late_to", gettext("The larger number of days must come second"))
        return given
