"""The authority's dashboard: every number opens the list behind it, and the list holds exactly that number."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lace.accounts.access import Facet, Permission, Role, require
from lace.accounts.models import User
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.rules import sort_key
from lace.children.seen import Seen
from lace.core.workdays import add_months
from lace.deadlines.rules import RULES
from lace.web.charts import Chart, stacked
from lace.web.pages import Page
from peps.rules import State
from reporting.queries import dashboard
from reporting.queries.children import NONE, Placed
from reporting.queries.dashboard import JUDGED, Asked, By, Measure, Timeliness
from reporting.views import links
from reporting.views.work import route_of

PER_PAGE = 25
TAGS = {
    Timeliness.ON_TIME: "met",
    Timeliness.LATE: "late",
    Timeliness.OVERDUE: "overdue",
    Timeliness.MISSED: "missed",
    Timeliness.WAITING: "due",
    Timeliness.NOT_NEEDED: "waived",
}


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
            "measures": in_time_table(judged),
            "measure_columns": measure_columns(_("Last 12 months")),
            "chart": self.chart(measure, judged),
            "chart_filter": [links.group(request, _("Show"), "measure", [(str(item), item.label, None) for item in Measure])],
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
                {"text": row["number"], "href": links.to("duties", code=row["code"], timeliness=Timeliness.OVERDUE), "numeric": True},
            ]
            for row in kinds
        ]

    def schools(self) -> list[dict[str, Any]]:
        number = dashboard.without_designated_person(self.actor)
        href = links.to("schools", designation="missing")
        return [{"text": _("Schools without a designated person"), "number": number, "href": href, "alert": bool(number)}]

    def workers(self) -> list[list[Any]]:
        rows = dashboard.overdue_by_worker(self.actor)
        names = dict(User.objects.filter(pk__in=[row["worker"] for row in rows if row["worker"]]).values_list("pk", "name"))
        return [
            [
                names.get(row["worker"], _("Nobody named")),
                {"text": row["number"], "href": links.to("duties", worker=row["worker"] or NONE, timeliness=Timeliness.OVERDUE), "numeric": True},
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


def is_judged(row: dict[str, Any]) -> bool:
    return row["timeliness"] in JUDGED


def title(code: str) -> str:
    return str(RULES[code].title) if code in RULES else code


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
    asked = {"measure": measure, **narrow}
    linked = [{"text": number[state], "href": links.to("duties", timeliness=state, **asked), "numeric": True} for state in JUDGED]
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
        return {"month": key.strftime("%Y-%m")} if by == By.MONTH else {str(by): key or NONE}


class DutiesPage(OfficePage):
    """The list behind a number of duties."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked, words = self.asked(request)
        found = dashboard.duties(self.actor, asked).select_related("child").order_by("due_on", "code", "pk")
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        shown: list[Any] = list(page.object_list)
        children: dict[Any, Child] = {duty.child_id: duty.child for duty in shown}
        grants = grants_of(self.actor, children.values())
        if children:
            facets = {Facet.IDENTITY, Facet.EDUCATION}.intersection(*(grant.facets for grant in grants.values()))
            record_read(by=self.actor, children=children, facets=facets, door="duties", act=Read.Act.LIST)
        context = {
            "page": page,
            "words": words,
            "number": ngettext("%(count)s duty", "%(count)s duties", page.paginator.count) % {"count": page.paginator.count},
            "columns": [_("Child"), _("Duty"), _("Due"), _("Closed"), {"text": _("Days late"), "numeric": True}, _("How it stands")],
            "rows": [self.row(duty, Seen(duty.child, grants[duty.child_id]), Seen(duty, grants[duty.child_id])) for duty in shown],
        }
        return render(request, "reporting/duties.html", context)

    def row(self, duty: Any, child: Seen, seen: Seen) -> list[Any]:
        day = date_format(seen.due_on, "DATE_FORMAT")
        closed = date_format(seen.closed_on, "DATE_FORMAT") if seen.closed_on else ""
        return [
            {"text": child.name, "href": reverse("child_duties", args=[child.pk])},
            {"text": title(seen.code), "href": reverse(route_of(seen.code), args=[child.pk])},
            day,
            closed,
            duty.days_late(self.actor.today),
            {"text": Timeliness(duty.timeliness).label, "tag": TAGS[Timeliness(duty.timeliness)]},
        ]

    def asked(self, request: HttpRequest) -> tuple[Asked, list[str]]:
        """Which duties the address asks for, and the same in words. What it names wrongly narrows nothing and is not in the words."""
        given = request.GET.get
        values: dict[str, Any] = {}
        words: list[str] = []
        if given("timeliness") in Timeliness.values:
            values["timeliness"] = given("timeliness")
            words.append(str(Timeliness(given("timeliness", "")).label))
        if given("measure") in Measure.values:
            measure = Measure(given("measure", ""))
            values |= {"codes": measure.codes, "recent": True}
            words.append(str(measure.label))
        elif given("code") in RULES:
            values["codes"] = (given("code", ""),)
            words.append(title(given("code", "")))
        month = month_of(given("month", ""))
        if month:
            values["month"] = month
            words.append(date_format(month, "YEAR_MONTH_FORMAT"))
        elif values.get("recent"):
            words.append(_("Last 12 months"))
        self.of_body(values, words, given("school", ""), given("worker", ""))
        return Asked(**values), words

    def of_body(self, values: dict[str, Any], words: list[str], school: str, worker: str) -> None:
        """Narrow to a school or a social worker; one that is not known has no duties."""
        if school:
            found = dashboard.school_names({school}).get(school)
            values["school"] = school
            words.append(found.name if found else _("No school"))
        if worker == NONE or worker.isdecimal():
            person = None if worker == NONE else dashboard.worker(self.actor, int(worker))
            values["worker"] = worker
            words.append(person.name if person else _("Nobody named"))


def month_of(text: str) -> date | None:
    """ "2026-03" as the first day of the month."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
