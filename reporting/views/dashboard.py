"""The authority's dashboard: every number opens the list behind it, and the list holds exactly that number."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lace.accounts.access import Permission, Role, require
from lace.accounts.models import User
from lace.children.rules import sort_key
from lace.core.actor import Actor
from lace.core.workdays import add_months
from lace.web.charts import Chart, stacked
from lace.web.pages import Page
from peps.rules import State
from reporting.queries import dashboard
from reporting.queries.children import NONE, Placed
from reporting.queries.dashboard import By
from reporting.queries.duties import JUDGED, Measure, Timeliness
from reporting.views import links
from reporting.views.children import MISSING
from reporting.views.duty_filter import days, title


class OfficePage(Page):
    """A page of those who look after an authority's whole work."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_DASHBOARD)


class DashboardPage(OfficePage):
    """What stands where today (LA-02)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        measure = Measure(request.GET["measure"]) if request.GET.get("measure") in Measure.values else Measure.DEVELOPED
        counted = dashboard.by_place_and_plan(self.actor)
        judged = dashboard.in_time(self.actor, By.MONTH)
        kinds = dashboard.overdue_by_kind(self.actor)
        context = {
            "children": self.children(counted),
            "plans": self.plans(counted),
            "plan_columns": [_("Plan"), *({"text": place.label, "numeric": True} for place in (Placed.OWN_IN, Placed.OWN_OUT))],
            "duties": self.duties(kinds),
            "duty_columns": [_("Duty"), {"text": _("Overdue"), "numeric": True}],
            "overdue": sum(row["number"] for row in kinds),
            "schools": self.schools() if self.actor.role == Role.LACE_COORDINATOR else [],
            "workers": self.workers() if self.actor.role == Role.DESIGNATED_MANAGER else None,
            "worker_columns": [_("Social worker"), *({"text": text, "numeric": True} for text in (_("Overdue duties"), _("Children")))],
            "measures": in_time_table(judged, **in_months_shown(self.actor)),
            "measure_columns": measure_columns(_("Last 12 months")),
            "chart": self.chart(measure, judged),
            "chart_filter": [links.group(request, _("Show"), "measure", [(str(item), item.label, None) for item in Measure])],
            "sees_wishes": self.actor.role == Role.LACE_COORDINATOR,
            "in_time_url": reverse("dashboard_plans"),
        }
        context["chart_filter"][0]["items"][list(Measure).index(measure)]["active"] = True
        return render(request, "reporting/dashboard.html", context)

    def children(self, counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        number: Counter[str] = Counter()
        for row in counted:
            number[row["where"]] += row["number"]
        shown = list(Placed) if self.actor.role == Role.LACE_COORDINATOR else [Placed.OWN_IN, Placed.OWN_OUT]
        return [{"text": place.label, "number": number[place], "href": links.to("children", placed=place)} for place in shown]

    def plans(self, counted: list[dict[str, Any]]) -> list[list[Any]]:
        """States of the plans of the authority's own children (PEP-29)."""
        states: list[tuple[str, Any]] = [*((str(state), state.label) for state in State if state != State.CLOSED), (NONE, _("No plan"))]
        return [[text, *(self.plan_cell(counted, state, place) for place in (Placed.OWN_IN, Placed.OWN_OUT))] for state, text in states]

    def plan_cell(self, counted: list[dict[str, Any]], state: str, place: Placed) -> dict[str, Any]:
        number = sum(row["number"] for row in counted if row["plan"] == state and row["where"] == place)
        return {"text": number, "href": links.to("children", plan=state, placed=place), "numeric": True}

    def duties(self, kinds: list[dict[str, Any]]) -> list[list[Any]]:
        return [
            [
                title(row["code"]),
                {"text": row["number"], "href": links.to("duties", kind=row["code"], state=Timeliness.OVERDUE, ours=1), "numeric": True},
            ]
            for row in kinds
        ]

    def schools(self) -> list[dict[str, Any]]:
        number, meetings = dashboard.without_designated_person(self.actor), dashboard.without_second_meeting(self.actor)
        return [
            {"text": text, "number": number, "href": href, "alert": bool(number)}
            for text, number, href in (
                (_("Schools without a designated person"), number, links.to("schools", designation="missing")),
                (_("Children without a second meeting with the carer in time"), meetings, links.to("children", meeting=MISSING)),
            )
        ]

    def workers(self) -> list[list[Any]]:
        rows = dashboard.overdue_by_worker(self.actor)
        names = dict(User.objects.filter(pk__in=[row["worker"] for row in rows if row["worker"]]).values_list("pk", "name"))
        return [
            [
                names.get(row["worker"], _("Nobody named")),
                {"text": row["number"], "href": links.to("duties", worker=row["worker"] or NONE, state=Timeliness.OVERDUE, ours=1), "numeric": True},
                {"text": row["children"], "numeric": True},
            ]
            for row in rows
        ]

    def chart(self, measure: Measure, judged: list[dict[str, Any]]) -> Chart:
        first = dashboard.first_month(self.actor.today)
        months = [add_months(first, index) for index in range(dashboard.MONTHS)]
        number: Counter[tuple[date, str]] = Counter()
        for row in judged:
            if row["code"] in measure.codes:
                number[(row["by"], row["timeliness"])] += row["number"]
        series = [(str(name.label), [number[(month, name)] for month in months]) for name in JUDGED]
        all_of_them = sum(sum(values) for _name, values in series)
        summary = ngettext(
            "Of %(count)s that was due in the last 12 months, %(on_time)s was done on time.",
            "Of %(count)s that were due in the last 12 months, %(on_time)s were done on time.",
            all_of_them,
        ) % {"count": all_of_them, "on_time": sum(series[0][1])}
        labels = [date_format(month, "M y") for month in months]
        return stacked(title=_("%(measure)s, by the month they were due") % {"measure": measure.label}, summary=summary, labels=labels, series=series)


def in_months_shown(actor: Actor) -> dict[str, object]:
    """The months that the dashboard shows, in the address of a list."""
    return days("due_from", dashboard.first_month(actor.today)) | days("due_to", dashboard.last_day(actor.today))


def is_judged(row: dict[str, Any]) -> bool:
    return row["timeliness"] in JUDGED


def measure_columns(first: Any) -> list[Any]:
    return [first, *({"text": text, "numeric": True} for text in (_("Due"), *(name.label for name in JUDGED), _("On time, share")))]


def in_time_table(judged: list[dict[str, Any]], **narrow: object) -> list[list[Any]]:
    """A row for each measure: how many were due, and how each stands; every number a link to its list."""
    return [in_time_row(measure.label, measure, judged, **narrow) for measure in Measure]


def in_time_row(name: Any, measure: Measure, judged: list[dict[str, Any]], **narrow: object) -> list[Any]:
    number: Counter[str] = Counter()
    for row in judged:
        if row["code"] in measure.codes:
            number[row["timeliness"]] += row["number"]
    due = sum(number[name] for name in JUDGED)
    asked = {"kind": measure, "ours": 1, **narrow}
    linked = [{"text": number[state], "href": links.to("duties", state=state, **asked), "numeric": True} for state in JUDGED]
    percent = f"{round(100 * number[Timeliness.ON_TIME] / due)}%" if due else "–"
    return [name, {"text": due, "numeric": True}, *linked, {"text": percent, "numeric": True}]


class InTimePage(OfficePage):
    """Plans started, developed and reviewed in time, by month, school or social worker (PEP-35)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        by = By(request.GET["by"]) if request.GET.get("by") in By.values else By.MONTH
        judged = dashboard.in_time(self.actor, by)
        groups = self.named(by, {row["by"] for row in judged})
        tables = [
            {"caption": measure.label, "columns": measure_columns(by.label), "rows": self.rows(by, groups, measure, judged)} for measure in Measure
        ]
        filters = [links.group(request, _("By"), "by", [(str(item), item.label, None) for item in By])]
        filters[0]["items"][list(By).index(by)]["active"] = True
        return render(request, "reporting/in_time.html", {"tables": tables, "filters": filters})

    def rows(self, by: By, groups: list[tuple[Any, str]], measure: Measure, judged: list[dict[str, Any]]) -> list[list[Any]]:
        """A row for each month, school or worker with anything due."""
        of_group = {key: [row for row in judged if row["by"] == key and row["code"] in measure.codes] for key, _name in groups}
        return [
            in_time_row(name, measure, of_group[key], **self.narrow(by, key)) for key, name in groups if any(is_judged(row) for row in of_group[key])
        ]

    def named(self, by: By, keys: set[Any]) -> list[tuple[Any, str]]:
        match by:
            case By.MONTH:
                return [(key, date_format(key, "YEAR_MONTH_FORMAT")) for key in sorted(keys, reverse=True)]
            case By.SCHOOL:
                found = dashboard.school_names(keys)
                names = {key: found[key].name if key in found else _("No school") for key in keys}
            case By.WORKER:
                known = dict(User.objects.filter(pk__in=keys - {None}).values_list("pk", "name"))
                names = {key: known.get(key, _("Nobody named")) for key in keys}
        return [(key, names[key]) for key in sorted(keys, key=lambda key: sort_key(names[key]))]

    def narrow(self, by: By, key: Any) -> dict[str, object]:
        if by == By.MONTH:
            return days("due_from", key) | days("due_to", dashboard.last_day(key))
        return in_months_shown(self.actor) | {str(by): key or NONE}
