"""How the last plan's targets ended, and how targets went over the versions (PEP-24)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, Role
from lace.web.charts import Chart, across
from lace.web.pages import ChildFormPage
from peps.forms import EvaluateForm
from peps.models import Evaluation, Version, with_ids
from peps.rules import Step, TargetArea
from peps.rules.targets import Outcome, may_go_on
from peps.services.evaluation import FIELDS, evaluate, let_go_on
from peps.views.content import LANG
from peps.views.frame import PlanPart, language_in_use, written

NOTHING = ""  # the outcome of a target of which nothing is said yet
WORDS: dict[str, Promise] = {
    Outcome.MET: pgettext_lazy("target", "Met"),
    Outcome.PARTLY: pgettext_lazy("target", "Partly met"),
    Outcome.NOT_MET: pgettext_lazy("target", "Not met"),
    Outcome.NO_LONGER: pgettext_lazy("target", "No longer right"),
    Outcome.GOES_ON: pgettext_lazy("target", "Goes on"),
    NOTHING: _("Nothing said yet"),
}
CHILDS_WORDS: dict[str, Promise] = {
    Outcome.MET: pgettext_lazy("to a child", "You did it"),
    Outcome.PARTLY: pgettext_lazy("to a child", "You are part of the way"),
    Outcome.NOT_MET: pgettext_lazy("to a child", "Not there yet"),
    Outcome.NO_LONGER: pgettext_lazy("to a child", "It was not right for you any more"),
    Outcome.GOES_ON: pgettext_lazy("to a child", "You are working on it"),
    NOTHING: pgettext_lazy("to a child", "We have not talked about it yet"),
}


class EvaluatePage(PlanPart, ChildFormPage):
    """One target of the last final version: how it ended, and what shows it."""

    permission = Permission.WRITE_PEP
    template_name = "peps/evaluate.html"
    form_class = EvaluateForm
    target: dict[str, Any]
    said: Evaluation | None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        last = self.last_version()
        held = {row["id"]: row for row in last.targets()} if last else {}
        if last is None or str(kwargs["target"]) not in held:
            raise Http404
        self.target = held[str(kwargs["target"])]
        self.said = Evaluation.objects.visible_to(self.actor).filter(of_version=last, target=kwargs["target"]).first()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.WRITE_PEP, Step.WRITE):
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return EvaluateForm(data, initial=self.initial(), may_go_on=may_go_on(self.target, self.actor.today))

    def initial(self) -> dict[str, Any]:
        if self.said is None:
            return {"version": 0, "language": language_in_use(), "evaluated_on": self.actor.today}
        return {name: getattr(self.said, name) for name in (*FIELDS, "version")}

    def context(self) -> dict[str, Any]:
        lang = LANG.get(self.target["language"], "")
        rows = [(_("Where the child was"), "baseline"), (_("How we will know"), "measure"), (_("What was to be done"), "strategy")]
        return {
            "title": _("How did this target end?"),
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": _("Save the evaluation"),
            "goal": self.target["goal"],
            "goal_lang": lang,
            "rows": [{"key": key, "value": self.target[name], "lang": lang} for key, name in rows],
        }

    def act(self, cleaned: dict[str, Any]) -> Evaluation:
        version, strike = cleaned.pop("version"), cleaned.pop("strike")
        return evaluate(by=self.actor, pep=self.plan, target=UUID(self.target["id"]), facts=cleaned, version=version, strike=strike)

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#last-targets"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What was typed is kept, and the next press replaces what somebody else saved."""
        if not isinstance(current, Evaluation):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class GoOnPage(PlanPart, ChildFormPage):
    """Every target whose review date is still to come goes on, in one press."""

    permission = Permission.WRITE_PEP
    form_class = forms.Form
    title = _("Let the targets go on whose review date is still to come?")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may(Permission.WRITE_PEP, Step.WRITE) or not self.plan.version:
            return redirect(self.url())
        return super().get(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        return {
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "intro": _("Those of which something is said already stay as they are. Whichever has come to its review date is evaluated by itself."),
            "submit_text": _("Let them go on"),
        }

    def act(self, cleaned: dict[str, Any]) -> int:
        return let_go_on(by=self.actor, pep=self.plan)

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#last-targets"


class ProgressPage(PlanPart):
    """By area: the targets of each final version, and how they ended; in plain words for the child."""

    needs_plan = False
    for_child = True

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        versions = Version.objects.visible_to(self.actor).filter(child=self.child).order_by("finalised_on", "number")
        said = {(row.of_version_id, str(row.target)): row for row in Evaluation.objects.visible_to(self.actor).filter(child=self.child)}
        course = [
            (
                gettext("Version %(number)d") % {"number": number} + f", {written(day)}",
                [(row, said.get((pk, row["id"]))) for row in with_ids(pk, rows)],
            )
            for pk, number, day, rows in versions.values_list("pk", "number", "finalised_on", "content__targets")
        ]
        is_child = self.actor.role == Role.CHILD
        context = {
            **self.frame(),
            **self.way_back(),
            "title": pgettext_lazy("to a child", "How it is going") if is_child else _("Targets over time"),
            "areas": [found for area in TargetArea if (found := self.area(area, course, CHILDS_WORDS if is_child else WORDS))],
        }
        return render(request, "peps/progress.html", context)

    def area(self, area: TargetArea, course: list[tuple[str, list[Any]]], words: dict[str, Promise]) -> dict[str, Any] | None:
        """The area's chart, and its targets with what was said of each; none when no version holds a target of it."""
        inside = [(name, [pair for pair in rows if pair[0]["area"] == area]) for name, rows in course]
        targets: dict[str, dict[str, Any]] = {}
        for name, rows in inside:
            for row, said in rows:
                target = targets.setdefault(row["id"], {"goal": "", "lang": "", "since": name, "course": []})
                target |= {"goal": row["goal"], "lang": LANG.get(row["language"], "")}
                target["course"].append(
                    {
                        "version": name,
                        "outcome": words[said.outcome if said else NOTHING],
                        "evidence": said.evidence if said else "",
                        "lang": LANG.get(said.language, "") if said else "",
                    }
                )
        if not targets:
            return None
        met = {row["id"] for _name, rows in inside for row, said in rows if said and said.outcome == Outcome.MET}
        summary = gettext("%(outcome)s: %(met)d of %(count)d") % {"outcome": words[Outcome.MET], "met": len(met), "count": len(targets)}
        if words is CHILDS_WORDS and not met:  # nobody is told that they did none of it
            summary = str(words[Outcome.GOES_ON])
        chart = self.chart(area, summary, inside, words)
        return {"title": area.label, "chart": chart, "targets": list(targets.values())}

    def chart(self, area: TargetArea, summary: str, inside: Iterable[tuple[str, list[Any]]], words: dict[str, Promise]) -> Chart:
        counted = [(name, [said.outcome if said else NOTHING for _row, said in rows]) for name, rows in inside]
        series = [(str(label), [outcomes.count(outcome) for _name, outcomes in counted]) for outcome, label in words.items()]
        return across(
            title=summary,
            summary=summary,
            labels=[name.split(",")[0] for name, _outcomes in counted],
            series=series,
        )
