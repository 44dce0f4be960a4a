"""What if a child came into care on a day: every date that would follow and why. Nothing is stored, and no child is needed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.models import LocalAuthority
from lace.children.rules import of_compulsory_school_age, sort_key
from lace.core.schooldays import SchoolCalendar
from lace.deadlines.calendars import Calendars
from lace.deadlines.choices import when
from lace.deadlines.explain import explanation
from lace.deadlines.models import Duty
from lace.deadlines.reckoning import Place, Reckoner, Rules, rules_held
from lace.deadlines.rules import RULES, About, Fact, Opening
from lace.web.forms import DateField
from lace.web.pages import Page
from reporting.queries.children import NONE
from reporting.views import links
from schools.models import School

# What is recorded in one act starts several clocks; every other fact stands for itself.
TOGETHER: dict[str, tuple[Fact, ...]] = {
    Fact.EMERGENCY_ENTRY: (Fact.EMERGENCY_ENTRY, Fact.FIRST_PLACEMENT, Fact.PLACEMENT_START),
    Fact.PLANNED_ENTRY: (Fact.PLANNED_ENTRY, Fact.FIRST_PLACEMENT, Fact.PLACEMENT_START),
}
EARLIEST, LATEST = date(2016, 4, 6), date(2059, 12, 31)  # from the Act's first day to the end of the numbered days, but one year


def facts() -> list[Fact]:
    """What starts clocks about a child, entries to care first."""
    started = {fact for rule in RULES.values() if rule.about == About.CHILD and not rule.waits_for for fact in rule.facts}
    return [fact for fact in Fact if fact in started]


def _sentence(fact: Fact) -> str:
    words = str(fact.label)
    return words[:1].upper() + words[1:]


class WhatIfForm(forms.Form):
    what = forms.ChoiceField(
        label=_("What happens?"), error_messages={"invalid_choice": _("Choose one of the list"), "required": _("Choose what happens")}
    )
    on = DateField(label=_("On which day?"), help_text=_("Day 0 of the clocks."), error_messages={"required": _("Enter the day")})
    school = forms.ChoiceField(
        label=pgettext_lazy("tab", "School"),
        help_text=_("Its term dates count. Without a school, those of the authority."),
        required=False,
        error_messages={"invalid_choice": _("Choose one of the list")},
    )
    born_on = DateField(label=_("The child's date of birth"), help_text=_("Without it, duties for every age are shown."), required=False)
    aln = forms.BooleanField(label=_("The child has additional learning needs"), required=False)

    def __init__(self, *args: Any, schools: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        what, school = self.fields["what"], self.fields["school"]
        assert isinstance(what, forms.ChoiceField)
        assert isinstance(school, forms.ChoiceField)
        what.choices = [(str(fact), _sentence(fact)) for fact in facts()]
        school.choices = [("", _("Any school of the authority")), (NONE, _("No school place")), *schools]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        on, born = given.get("on"), given.get("born_on")
        if on and not EARLIEST <= on <= LATEST:
            words = {"first": date_format(EARLIEST, "DATE_FORMAT"), "last": date_format(LATEST, "DATE_FORMAT")}
            self.add_error("on", gettext("Choose a day from %(first)s to %(last)s") % words)
        if on and born and born > on:
            self.add_error("born_on", gettext("The date of birth must be on or before the day"))
        return given


class WhatIfPage(Page):
    """For everybody who works with duties: for training, and before a planned entry. The address keeps what was asked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        assert self.actor.authority_id is not None  # every role is held in an authority
        authority = LocalAuthority.objects.get(pk=self.actor.authority_id)
        schools = {school.number: school for school in School.objects.filter(organisation__authority=authority).select_related("organisation")}
        named = sorted(((number, school.name) for number, school in schools.items()), key=lambda school: sort_key(school[1]))
        asked = "what" in request.GET
        form = WhatIfForm(request.GET if asked else None, schools=named, initial={"what": Fact.EMERGENCY_ENTRY, "on": self.actor.today})
        context: dict[str, Any] = {"form": form, "columns": COLUMNS, "rows": []}
        if asked and form.is_valid():
            given = form.cleaned_data
            school = schools.get(given["school"])
            place = (authority.pk, school.pk) if school else None
            found = self.openings(authority, given, place)
            calendar = Calendars.read([authority.pk]).of(authority.pk, school.pk if school else None)
            context |= self.result(request, authority, found, calendar) | {"asked": self.words(given, school)}
        return render(request, "reporting/whatif.html", context)

    def openings(self, authority: LocalAuthority, given: dict[str, Any], place: Place | None) -> list[Opening]:
        """What these facts would open, by due date; a rule that two of them start, once."""
        on, born = given["on"], given["born_on"]
        started = list(TOGETHER.get(given["what"], (Fact(given["what"]),)))
        if given["what"] in TOGETHER:
            if given["aln"]:
                started.append(Fact.ALN_KNOWN)
            if given["school"] == NONE and (born is None or of_compulsory_school_age(born, on)):
                started.append(Fact.NO_SCHOOL)
        reckoner = Reckoner(since=on, today=self.actor.today, authorities=[authority])
        made = {
            opening.code: opening
            for fact in reversed(started)
            for opening in reckoner.openings(fact, on, authority.pk, place=place, born=born)
            if RULES[opening.code].about == About.CHILD
        }
        return sorted(made.values(), key=lambda opening: (opening.due_on, opening.code))

    def result(self, request: HttpRequest, authority: LocalAuthority, found: list[Opening], calendar: SchoolCalendar) -> dict[str, Any]:
        days = {opening.code: day_words(calendar, opening.due_on) for opening in found}
        off = [opening for opening in found if days[opening.code][1] != "none"]
        shown = off if request.GET.get("days") == "off" else found
        duties = [Duty(authority=authority, **asdict(opening)) for opening in found]
        codes, rules = {opening.code for opening in shown}, rules_held(self.actor.today)
        return {
            "rows": [self.row(duty, duties, days[duty.code], rules) for duty in duties if duty.code in codes],
            "number": ngettext("%(count)s duty", "%(count)s duties", len(found)) % {"count": len(found)},
            "off": ngettext("%(count)s falls on a day without school", "%(count)s fall on a day without school", len(off)) % {"count": len(off)},
            "filters": [
                links.group(request, _("Days"), "days", [("", pgettext("filter", "All"), len(found)), ("off", _("Without school"), len(off))])
            ],
        }

    def row(self, duty: Duty, beside: list[Duty], day: tuple[str, str], rules: Rules) -> list[Any]:
        told = explanation(duty, on=duty.trigger_on, beside=beside, rules=rules)
        due = f"{date_format(duty.due_on, 'l')} {date_format(duty.due_on, 'DATE_FORMAT')}"
        if duty.provisional:
            due = gettext("%(day)s at the earliest") % {"day": due}
        rung = rules(duty).ladder[:1]
        first = [f"{', '.join(str(role.label) for role in step.roles)} ({when(step.days)})" for step in rung]
        words, tag = day
        return [
            due,
            told.title,
            f"{told.why} ({told.source})",
            " ".join(filter(None, (told.fact, told.count, told.beside))),
            f"{told.responsible}. {told.force}",
            "; ".join(first),
            {"text": words, "tag": tag} if tag != "none" else words,
        ]

    def words(self, given: dict[str, Any], school: School | None) -> str:
        """What was asked, in a line that is printed too."""
        parts = [_sentence(Fact(given["what"])), date_format(given["on"], "DATE_FORMAT")]
        if school or given["school"] == NONE:
            parts.append(school.name if school else gettext("No school place"))
        if given["born_on"]:
            parts.append(gettext("born on %(day)s") % {"day": date_format(given["born_on"], "DATE_FORMAT")})
        if given["aln"]:
            parts.append(gettext("additional learning needs"))
        return ", ".join(parts)


COLUMNS = [
    *(_("By"), pgettext_lazy("duties", "Duty"), _("Why, and where it is written"), _("How it is counted"), _("Responsible"), _("Told first")),
    _("That day"),
]


def day_words(calendar: SchoolCalendar, day: date) -> tuple[str, str]:
    """What kind of day it is for the school, with the tag's kind: "none" for a school day."""
    if not calendar.is_working(day):
        return gettext("Weekend or bank holiday"), "soon"
    match calendar.is_school_day(day):
        case True:
            return gettext("School day"), "none"
        case False:
            return gettext("No school that day"), "soon"
        case _:
            return gettext("Term dates not entered"), "none"


what_if_urls: list[URLPattern] = [path("what-if/", WhatIfPage.as_view(), name="what_if")]
