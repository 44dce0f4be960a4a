"""What an administrator chooses about a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.deadlines.choices import LONGEST, RUNGS, clocks, hearers, lengths
from lace.deadlines.models import RuleChoice
from lace.deadlines.rules import DutyRule, Rung
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField

BLANK = 2  # empty steps that are offered beside those that stand


class ChoiceForm(forms.Form):
    """Length, clock and ladder, as far as the rule leaves a choice; from when, and who approved it."""

    mark_optional = False

    length = forms.IntegerField(
        label=_("Length"), error_messages={"required": _("Enter the length"), "invalid": _("Enter the length as a whole number")}
    )
    clock = ChoiceField(label=_("Counted in"), error_messages={"required": _("Choose what is counted")})
    effective_from = DateField(
        label=_("From which day does it hold?"),
        help_text=_("For what begins on that day or later. What people were told before does not move."),
        error_messages={"required": _("Enter the day from which it holds")},
    )
    approved_by = forms.CharField(
        label=_("Who approved it?"),
        help_text=_("A person, or a meeting and its day."),
        max_length=RuleChoice._meta.get_field("approved_by").max_length,
        error_messages={"required": _("Enter who approved this: a person or a meeting")},
    )

    def __init__(self, *args: Any, rule: DutyRule, ladder: tuple[Rung, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        allowed = lengths(rule)
        if not allowed:
            del fields["length"]
        elif rule.local:
            fields["length"].help_text = gettext("The source gives no number. The default is %(default)s; choose from 1 to %(last)s.") % {
                "default": rule.length,
                "last": rule.length * LONGEST,
            }
        else:
            fields["length"].help_text = gettext("The source says %(default)s. You may choose less, never more.") % {"default": rule.length}
        if clocks(rule):
            fields["clock"].choices = [(clock.value, clock.label) for clock in clocks(rule)]
        else:
            del fields["clock"]
        last = [fields.pop("effective_from"), fields.pop("approved_by")]
        self.rungs = min(RUNGS, len(ladder) + BLANK) if rule.ladder else 0
        roles = [(role.value, role.label) for role in hearers(rule)]
        for place in range(self.rungs):
            rung = ladder[place] if place < len(ladder) else None
            fields[f"days_{place}"] = forms.IntegerField(
                label=_("Days from the due date"),
                required=False,
                initial=rung.days if rung else None,
                widget=forms.TextInput(attrs={"width": "3", "inputmode": "text"}),
                error_messages={"invalid": _("Enter the days as a whole number, like -7 or 2")},
            )
            fields[f"roles_{place}"] = MultipleChoiceField(
                label=_("Who is told"), required=False, choices=roles, initial=[str(role) for role in rung.roles] if rung else []
            )
        fields["effective_from"], fields["approved_by"] = last

    def steps(self) -> list[dict[str, Any]]:
        """The boxes of each step, for the template."""
        return [
            {"title": gettext("Step %(number)s") % {"number": place + 1}, "days": self[f"days_{place}"], "roles": self[f"roles_{place}"]}
            for place in range(self.rungs)
        ]


def chosen_ladder(rule: DutyRule, cleaned: Mapping[str, Any]) -> tuple[Rung, ...] | None:
    """The ladder as it was typed; none where it is the rule's own."""
    typed = [
        Rung(cleaned[f"days_{place}"], tuple(map(Role, cleaned[f"roles_{place}"])))
        for place in range(RUNGS)
        if cleaned.get(f"days_{place}") is not None
    ]
    ladder = tuple(sorted(typed, key=lambda rung: rung.days))
    same = [(rung.days, set(rung.roles)) for rung in ladder] == [(rung.days, set(rung.roles)) for rung in rule.ladder]
    return None if same else ladder
