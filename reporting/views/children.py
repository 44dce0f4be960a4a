"""The list of children: those the reader may see, found by name, narrowed by links."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from lace.accounts.access import REACH, Facet, Grant, Permission, Reach, Role, may, relations_giving
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.rules import YearGroup, age, sort_key, year_group
from lace.children.seen import Seen
from lace.web.pages import Page
from peps.rules import State
from reporting.queries import children
from reporting.queries.children import NONE, Placed, Search
from reporting.views import links

PER_PAGE = 25
MISSING = "missing"  # of the second meeting with the carer
WORDS_LIMIT = 100  # characters of a search


def named(names: dict[str, Any] | None) -> str:
    """A body's name in the language in use, from JSON with both."""
    return str((names or {}).get("cy" if (get_language() or "").startswith("cy") else "en") or "")


class ChildrenPage(Page):
    """Whom I may see."""

    def load(self, **kwargs: Any) -> None:
        if REACH[Role(self.actor.role)] == Reach.NONE:
            raise Http404
        self.wide = bool(self.actor.authorities)
        # A search answers about names and pupil numbers: it is for those who may read them.
        self.may_search = bool(relations_giving(self.actor, Facet.IDENTITY))
        self.sees_plans = bool(relations_giving(self.actor, Facet.EDUCATION))

    def get(self, request: HttpRequest) -> HttpResponse:
        search = self.asked(request)
        counted = children.tally(self.actor)
        found = children.listed(self.actor, search)
        page = Paginator(children.with_facts(found, self.actor), PER_PAGE).get_page(request.GET.get("page"))
        shown = list(page.object_list)
        grants = grants_of(self.actor, shown)
        self.record(search, shown, grants)
        context = {
            "page": page,
            "columns": self.columns(),
            "rows": [self.row(child, grants[child.pk]) for child in shown],
            "words": search.words,
            "filters": self.filters(request, counted),
            "schools": self.schools(request, counted),
            "narrowed": search != Search(),
            "may_break_glass": may(self.actor, Permission.BREAK_GLASS),
            "sees_emergencies": self.actor.role == Role.LACE_COORDINATOR,
            "number": ngettext("%(count)s child", "%(count)s children", page.paginator.count) % {"count": page.paginator.count},
        }
        return render(request, "reporting/children.html", context)

    def asked(self, request: HttpRequest) -> Search:
        """What the address asks for; a value that is no filter narrows nothing, and its link is not marked."""
        given = request.GET.get
        year = given("year", "")
        return Search(
            words=given("q", "").replace("\0", "").strip()[:WORDS_LIMIT] if self.may_search else "",
            placed=given("placed", "") if self.wide and given("placed") in Placed.values else "",
            overdue=given("overdue") == "1",
            year=int(year) if year in {str(value) for value in YearGroup.values} else None,
            school=given("school", "") if given("school", "").isalnum() else "",
            plan=given("plan", "") if given("plan") in {*State.values, NONE} else "",
            left=self.wide and given("care") == "left",
            meeting=self.sees_plans and given("meeting") == MISSING,
        )

    def record(self, search: Search, shown: list[Child], grants: dict[Any, Grant]) -> None:
        if shown or search.words:  # a search that finds nobody says so too
            facets = {Facet.IDENTITY, Facet.EDUCATION, Facet.CARE}.intersection(*(grant.facets for grant in grants.values())) if shown else set()
            act = Read.Act.SEARCH if search.words else Read.Act.LIST
            record_read(by=self.actor, children=[child.pk for child in shown], facets=facets, door="children", act=act)

    def columns(self) -> list[Any]:
        wide = [_("Responsible authority"), _("Lives in")] if self.wide else []
        return [_("Name"), _("Year group"), _("School"), *wide, {"text": _("Overdue"), "numeric": True}]

    def row(self, child: Any, grant: Grant) -> list[Any]:
        seen, today = Seen(child, grant), self.actor.today
        year = year_group(child.born_on, today)
        lived = age(child.born_on, today)
        years = ngettext("%(count)s year old", "%(count)s years old", lived) % {"count": lived} if lived else _("under 1 year old")
        education = seen.holds(Facet.EDUCATION)
        cells: list[Any] = [
            {"text": seen.name, "href": reverse("child", args=[seen.pk])},
            self.written(_("%(year)s, %(age)s") % {"year": year.label, "age": years} if year is not None else years, seen),
            (named(child.at_school) or _("No school")) if education else "",
        ]
        if self.wide:
            cells += [seen.authority.name, self.lives_in(child, seen)]
        late = child.overdue_duties if education else 0
        return [*cells, {"text": late, "tag": "overdue"} if late else "0"]

    def written(self, words: Any, seen: Seen) -> Any:
        """Age and year come from the date of birth."""
        return words if seen.holds(Facet.IDENTITY) else "–"

    def lives_in(self, child: Any, seen: Seen) -> str:
        """Of a child whose time in care is not ours to read, only what the relation itself says."""
        if child.where == Placed.HOSTED:
            return str(self.request.membership.authority.name)  # type: ignore[attr-defined]
        living = child.living or {}
        return str(named(living) or living.get("outside") or _("Not recorded")) if seen.holds(Facet.CARE) else "–"

    def filters(self, request: HttpRequest, counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        everyone: tuple[str, Any, int | None] = ("", pgettext("filter", "All"), None)
        where: Counter[str] = Counter()
        for row in counted:
            where[row["where"]] += row["number"]
        late = sum(row["number"] for row in counted if row["late"])
        groups = []
        if self.wide:
            there = [(str(place), place.label, where[place]) for place in Placed if where[place] or place in {Placed.OWN_IN, Placed.OWN_OUT}]
            groups.append(links.group(request, _("Whose"), "placed", [("", pgettext("filter", "All"), sum(where.values())), *there]))
        groups.append(links.group(request, _("Duties"), "overdue", [everyone, ("1", _("With something overdue"), late)]))
        plans: list[tuple[str, Any, int | None]] = [(str(state), state.label, None) for state in State if state != State.CLOSED]
        groups.append(links.group(request, pgettext("tab", "Plan"), "plan", [everyone, *plans, (NONE, _("No plan"), None)]))
        if self.sees_plans:
            missing: tuple[str, Any, int | None] = (MISSING, _("Second one of the school year not held or booked in time"), None)
            groups.append(links.group(request, _("Meeting with the carer"), "meeting", [everyone, missing]))
        years: list[tuple[str, Any, int | None]] = [(str(int(year)), year.label, None) for year in YearGroup]
        groups.append(links.group(request, _("Year group"), "year", [everyone, *years]))
        if self.wide:
            groups.append(links.group(request, _("In care"), "care", [("", _("Now"), None), ("left", _("No longer"), None)]))
        return groups

    def schools(self, request: HttpRequest, counted: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The schools of these children, each a link; none where there are not two to choose between."""
        names: dict[str, str] = {}
        number: Counter[str] = Counter()
        for row in counted:
            school = row["at_school"] or {"number": NONE}
            names[school["number"]] = named(school) or _("No school")
            number[school["number"]] += row["number"]
        if len(names) < 2:
            return None
        ordered = sorted(names, key=lambda key: (key == NONE, sort_key(names[key])))
        group = links.group(
            request, _("School"), "school", [("", pgettext("filter", "All"), None), *((key, names[key], number[key]) for key in ordered)]
        )
        chosen = next((item["text"] for item in group["items"] if item["active"]), "")
        return group | {"chosen": chosen, "open": bool(request.GET.get("school"))}
