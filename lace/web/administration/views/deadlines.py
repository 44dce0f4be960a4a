"""Every rule of a duty as it holds in the authority, and what the authority may choose about it (DL-08, DL-11, AMB-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from lace.accounts import people
from lace.deadlines import choices
from lace.deadlines.models import RuleChoice
from lace.deadlines.rules import RULES, Clock, DutyRule, Force, Rung
from lace.deadlines.services.choices import choose
from lace.deadlines.term_dates import written
from lace.web.administration.choice_forms import ChoiceForm, chosen_ladder
from lace.web.administration.views.people import Administration
from lace.web.pages import FormPage

ALL = "all"


def counted(rule: DutyRule) -> str:
    """The length with what it is counted in."""
    n = {"count": rule.length}
    match rule.clock:
        case Clock.WORKING:
            return ngettext("%(count)s working day", "%(count)s working days", rule.length) % n
        case Clock.SCHOOL:
            return ngettext("%(count)s school day", "%(count)s school days", rule.length) % n
        case Clock.CALENDAR:
            return ngettext("%(count)s calendar day", "%(count)s calendar days", rule.length) % n
        case Clock.MONTH:
            return ngettext("%(count)s month", "%(count)s months", rule.length) % n
        case _:
            return str(Clock(rule.clock).label)


def steps(ladder: tuple[Rung, ...]) -> list[str]:
    return [
        _("%(when)s: %(roles)s") % {"when": choices.when(rung.days), "roles": ", ".join(str(role.label) for role in rung.roles)} for rung in ladder
    ]


class DeadlinesPage(Administration):
    """All of them, narrowed by what is asked."""

    tab = "deadlines"

    def get(self, request: HttpRequest) -> HttpResponse:
        authority = people.authority_of(self.actor)
        held, chosen = choices.rules_of(authority, self.actor.today), choices.in_force(authority.pk, self.actor.today)
        asked = request.GET.get("show", ALL)
        kinds: dict[str, tuple[str, Callable[[DutyRule], bool]]] = {
            ALL: (pgettext("filter", "All"), lambda rule: True),
            "chosen": (_("Chosen by the authority"), lambda rule: rule.code in chosen),
            "statutory": (str(Force.STATUTORY.label), lambda rule: rule.force == Force.STATUTORY),
            "local": (_("The number is local"), lambda rule: rule.local),
            "unverified": (_("Not verified at the source"), lambda rule: not rule.verified),
            "waiting": (_("Not counted yet"), lambda rule: bool(rule.waits_for)),
        }
        asked = asked if asked in kinds else ALL
        rules = sorted(held.values(), key=lambda rule: str(rule.title))
        shown = [rule for rule in rules if kinds[asked][1](rule)]
        items = [
            {"text": text, "href": f"{request.path}?show={name}", "active": name == asked, "count": sum(keep(rule) for rule in rules)}
            for name, (text, keep) in kinds.items()
        ]
        context = {
            **self.tabs(),
            "filters": [{"title": pgettext("filter", "Show"), "items": items}],
            "number": ngettext("%(count)s deadline", "%(count)s deadlines", len(shown)) % {"count": len(shown)},
            "columns": [_("Duty"), _("Length"), _("Force"), _("Responsible"), _("What the authority chose")],
            "rows": [self.row(rule, rule.code in chosen) for rule in shown],
        }
        return render(request, "accounts/deadlines.html", context)

    def row(self, rule: DutyRule, is_chosen: bool) -> list[Any]:
        return [
            {"text": str(rule.title), "href": reverse("deadline", args=[rule.code])},
            _("%(length)s (local number)") % {"length": counted(rule)} if rule.local else counted(rule),
            str(Force(rule.force).label),
            str(rule.role.label),
            {"text": _("Own choice"), "tag": "info"} if is_chosen else _("As in the source"),
        ]


class DeadlinePage(Administration, FormPage):
    """One rule: what it says, what holds here, what was chosen when and by whom, and the form to choose."""

    tab = "deadlines"
    template_name = "accounts/deadline.html"
    success_message = gettext_lazy("What you chose is saved")
    rule: DutyRule

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if kwargs["rule"] not in RULES:
            raise Http404
        self.rule = RULES[kwargs["rule"]]
        self.authority = people.authority_of(self.actor)
        self.held = choices.rules_of(self.authority, self.actor.today)[self.rule.code]
        default = self.rule.in_force(None, settings=choices.settings_of(self.authority))
        self.default = default

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return ChoiceForm(data, initial=self.initial(), rule=self.rule, ladder=self.held.ladder)

    def initial(self) -> dict[str, Any]:
        return {"length": self.held.length, "clock": self.held.clock, "effective_from": self.actor.today}

    def context(self) -> dict[str, Any]:
        rule = self.rule
        may_choose = bool(choices.lengths(rule) or choices.clocks(rule) or rule.ladder)
        return {
            **self.tabs(),
            "title": str(rule.title),
            "facts": self.facts(),
            "steps": steps(self.held.ladder),
            "is_local": rule.local,
            "default": counted(rule),
            "waits_for": str(rule.waits_for),
            "is_unverified": not rule.verified,
            "may_choose": may_choose,
            "history_columns": [pgettext("choice", "From"), _("Length"), _("Who is told, and when"), _("Approved by"), _("Recorded by")],
            "history": [self.was(row) for row in self.rows()],
        }

    def rows(self) -> list[RuleChoice]:
        rows = RuleChoice.objects.filter(authority=self.authority, code=self.rule.code).select_related("decided_by")
        return list(rows.order_by("-effective_from"))

    def was(self, row: RuleChoice) -> list[Any]:
        rule = self.default.in_force(row)
        return [
            written(row.effective_from),
            counted(rule) if row.length is not None or row.clock else _("As in the source"),
            "; ".join(steps(rule.ladder)) if row.ladder is not None else _("As in the source"),
            row.approved_by,
            row.decided_by.name,
        ]

    def facts(self) -> list[dict[str, Any]]:
        rule, held = self.rule, self.held
        rows = [
            (_("What"), rule.why),
            (_("Source"), rule.source),
            (_("Deadlines of the catalogue"), ", ".join(rule.rows)),
            (_("The clock starts with"), ", ".join(str(fact.label) for fact in rule.facts)),
            (_("Length here"), counted(held)),
            (_("Force"), Force(rule.force).label),
            (_("Responsible"), rule.role.label),
            (_("In force since"), written(rule.effective_from)),
        ]
        return [{"key": key, "value": str(value)} for key, value in rows if value]

    def act(self, cleaned: dict[str, Any]) -> RuleChoice:
        length, clock = cleaned.get("length"), cleaned.get("clock") or ""
        return choose(
            by=self.actor,
            authority=self.authority,
            code=self.rule.code,
            length=None if length == self.default.length else length,
            clock="" if clock == self.default.clock else clock,
            ladder=chosen_ladder(self.rule, cleaned),
            effective_from=cleaned["effective_from"],
            approved_by=cleaned["approved_by"],
        )

    def success_url(self, result: Any) -> str:
        return reverse("deadline", args=[self.rule.code])
