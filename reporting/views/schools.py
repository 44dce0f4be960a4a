"""Schools: the compliance grid of an authority (LA-28), and a school's own page with its register (DP-01)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from lace.accounts.access import REACH, Facet, Permission, Reach, Role, may
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import grants_of
from lace.children.rules import LegalStatus, sort_key, year_group
from lace.children.seen import Seen
from lace.web.pages import Page, new_token
from peps.rules import State
from reporting.queries import schools
from reporting.queries.children import NONE
from reporting.queries.schools import OnRoll
from reporting.views import links
from schools.models import Designation, School
from schools.rules import DecidingFactor, SchoolKind, Standing, standing, term_of
from schools.services.policy import policy_of

PER_PAGE = 50
OF_A_SCHOOL = (Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR, Role.LINK_GOVERNOR)
TAGS = {Standing.MISSING: "overdue", Standing.ENCOURAGED: "none", Standing.NOT_REQUIRED: "none"}


def day(value: date | None) -> str:
    return date_format(value, "DATE_FORMAT") if value else ""


def is_confirmed(confirmed_on: date | None, today: date) -> bool:
    """Has the school confirmed its register in the term of that day?"""
    return confirmed_on is not None and term_of(confirmed_on) == term_of(today)


class SchoolsPage(Page):
    """The compliance grid for a LACE coordinator; people of a school are led to their own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role in OF_A_SCHOOL:
            own = School.objects.visible_to(self.actor).first()
            if own is None:
                raise Http404
            return redirect("school", number=own.number)
        if self.actor.role != Role.LACE_COORDINATOR:
            raise Http404
        self.elsewhere = request.GET.get("area") == "elsewhere"
        self.counted = schools.on_roll(self.actor)
        everything = sorted(schools.grid(self.actor, elsewhere=self.elsewhere), key=lambda school: (sort_key(school.name), school.number))
        rows = [school for school in everything if self.is_asked(request, school)]
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "page": page,
            "columns": self.columns(),
            "rows": [self.row(school) for school in page.object_list],
            "filters": self.filters(request, everything),
            "narrowed": len(rows) != len(everything),
            "number": ngettext("%(count)s school", "%(count)s schools", len(rows)) % {"count": len(rows)},
        }
        return render(request, "schools/schools.html", context)

    # What each filter keeps, by the value of its link.
    def states(self, school: Any) -> dict[str, set[str]]:
        count = self.counted.get(school.pk, OnRoll())
        unconfirmed = count.children and not is_confirmed(school.confirmed_on, self.actor.today)
        return {
            "designation": {str(standing(school.kind, designated=bool(school.designated)))},
            "children": {"some"} if count.children else {"none"},
            "plans": {"overdue"} if count.overdue else set(),
            "register": {"unconfirmed"} if unconfirmed else set(),
        }

    def is_asked(self, request: HttpRequest, school: Any) -> bool:
        """Does the school answer to the filters chosen? A value that is no filter narrows nothing."""
        known = self.choices()
        states = self.states(school)
        return all(request.GET.get(name) not in dict(choices) or request.GET[name] in states[name] for name, (_title, choices) in known.items())

    def choices(self) -> dict[str, tuple[str, list[tuple[str, Any]]]]:
        register = {"register": (_("Register"), [("unconfirmed", _("Not confirmed this term"))])}
        return {
            "designation": (_("Designated person"), [(str(state), state.label) for state in Standing]),
            "children": (_("Looked-after children"), [("some", _("Some on roll")), ("none", _("None on roll"))]),
            "plans": (_("Plans"), [("overdue", _("With an overdue plan"))]),
            **({} if self.elsewhere else register),  # whether a register is confirmed is for the school's own authority
        }

    def filters(self, request: HttpRequest, everything: list[Any]) -> list[dict[str, Any]]:
        states = [self.states(school) for school in everything]
        area: list[tuple[str, Any, int | None]] = [("", _("In our area"), None), ("elsewhere", _("Elsewhere, with our children"), None)]
        groups = [links.group(request, _("Schools"), "area", area)]
        for name, (title, choices) in self.choices().items():
            counts: list[tuple[str, Any, int | None]] = [(value, text, sum(value in state[name] for state in states)) for value, text in choices]
            offered = [choice for choice in counts if choice[2] or choice[0] not in {Standing.ENCOURAGED, Standing.NOT_REQUIRED}]
            groups.append(links.group(request, title, name, [("", pgettext("filter", "All"), len(everything)), *offered]))
        return groups

    def columns(self) -> list[Any]:
        return [
            _("School"),
            _("Authority") if self.elsewhere else _("Kind of school"),
            _("Designated person"),
            {"text": _("Looked-after children"), "numeric": True},
            {"text": _("Overdue plans"), "numeric": True},
            *([] if self.elsewhere else [_("Register confirmed")]),
        ]

    def row(self, school: Any) -> list[Any]:
        count = self.counted.get(school.pk, OnRoll())
        href = reverse("school", kwargs={"number": school.number})
        state = standing(school.kind, designated=bool(school.designated))
        children: dict[str, Any] = {"text": count.children}
        if count.children:
            children["href"] = links.to("children", school=school.number)
        overdue: dict[str, Any] = {"text": count.overdue}
        if count.overdue:
            overdue["href"] = f"{href}?plan=overdue"
        return [
            {"text": school.name, "href": href},
            school.organisation.authority.name if self.elsewhere else SchoolKind(school.kind).label,
            school.designated if state == Standing.IN_PLACE else {"text": state.label, "tag": TAGS[state]},
            children,
            overdue,
            *([] if self.elsewhere else [self.confirmed(school, count)]),
        ]

    def confirmed(self, school: Any, count: OnRoll) -> Any:
        if is_confirmed(school.confirmed_on, self.actor.today):
            return {"text": day(school.confirmed_on), "tag": "met"}
        if not count.children:
            return day(school.confirmed_on) or _("Nobody on it")
        return {"text": day(school.confirmed_on) or _("Never"), "tag": "soon"}


class SchoolPage(Page):
    """A school: its designated person, and for those who may see its children the register. A governor sees no child and no number."""

    school: School

    def load(self, **kwargs: Any) -> None:
        found = School.objects.visible_to(self.actor).filter(number=kwargs["number"]).select_related("organisation__authority").first()
        if found is None:
            raise Http404
        self.school = found

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        own = self.actor.organisation_id == self.school.pk
        designations = schools.designations(self.school)
        current = next((row for row in designations if _holds(row, self.actor.today)), None)
        coming = next((row for row in designations if row.started_on > self.actor.today), None)
        state = standing(self.school.kind, designated=current is not None)
        reads_policy = may(self.actor, Permission.READ_POLICY) and (own or self.of_own_authority())
        context: dict[str, Any] = {
            "school": self.school,
            "kind": SchoolKind(self.school.kind).label,
            "authority": self.school.organisation.authority.name,
            "state": str(state),
            "designation": self.facts(current) if current else [],
            "coming": coming,
            "ending": current if current and current.ended_on is None else None,
            "before": [[row.membership.user.name, day(row.started_on), day(row.ended_on)] for row in designations if _is_past(row, self.actor.today)],
            "before_columns": [_("Name"), pgettext("period", "From"), pgettext("period", "To")],
            "may_designate": own and may(self.actor, Permission.DESIGNATE),
            "policy": policy_of(by=self.actor, school=self.school) if reads_policy else None,
            "may_read_reports": may(self.actor, Permission.READ_REPORT),
            "wide": bool(self.actor.authorities),
            "form_token": new_token(request),
        }
        if REACH[Role(self.actor.role)] != Reach.NONE:
            context |= self.register(request, own)
        return render(request, "schools/school.html", context)

    def of_own_authority(self) -> bool:
        return self.school.organisation.authority_id in self.actor.authorities

    def facts(self, row: Designation) -> list[dict[str, Any]]:
        """What SCH-03 asks to be kept of a designation."""
        what = [text for held, text in ((row.leadership_team, _("In the leadership team")), (row.pastoral, _("Has a pastoral background"))) if held]
        values = [
            (_("Name"), row.membership.user.name),
            (_("Designated from"), day(row.started_on)),
            (_("Governing body's decision"), day(row.decided_on)),
            (
                _("Headteacher consulted"),
                pgettext("headteacher consulted", "Yes") if row.headteacher_consulted else pgettext("headteacher consulted", "No"),
            ),
        ]
        told = [
            (_("Designated until"), day(row.ended_on)),
            (_("Position"), "; ".join(what)),
            (_("Other roles"), row.other_roles),
            (_("What decided the choice"), "; ".join(str(DecidingFactor(factor).label) for factor in row.factors)),
        ]
        return [{"key": key, "value": value} for key, value in [*values, *(fact for fact in told if fact[1])]]

    def register(self, request: HttpRequest, own: bool) -> dict[str, Any]:
        rows = schools.register(self.actor, self.school)
        overdue = request.GET.get("plan") == "overdue"
        shown = [row for row in rows if row.late] if overdue else rows
        grants = grants_of(self.actor, [row.child for row in shown])
        if shown:
            facets = {Facet.IDENTITY, Facet.EDUCATION, Facet.CARE}.intersection(*(grant.facets for grant in grants.values()))
            record_read(by=self.actor, children=[row.child_id for row in shown], facets=facets, door="school", act=Read.Act.LIST)
        care = any(Facet.CARE in grant.facets for grant in grants.values())
        check = schools.confirmation(self.school)
        late = sum(row.late for row in rows)
        choices: list[tuple[str, Any, int | None]] = [("", pgettext("filter", "All"), len(rows)), ("overdue", _("With an overdue plan"), late)]
        return {
            "register": [self.row(row, grants[row.child_id], care) for row in shown],
            "columns": self.columns(care),
            "filters": [links.group(request, _("Plans"), "plan", choices)] if rows else [],
            "narrowed": overdue,
            "check": check,
            "is_confirmed": is_confirmed(check.confirmed_on if check else None, self.actor.today),
            "sees_checks": own or self.of_own_authority(),
            "may_confirm": own and may(self.actor, Permission.CONFIRM_REGISTER),
            "shows_register": True,
        }

    def columns(self, care: bool) -> list[Any]:
        legal = [_("Legal status")] if care else []
        return [_("Name"), _("Year group"), _("On the register"), _("Responsible authority"), *legal, pgettext("tab", "Plan"), _("Plan due")]

    def row(self, row: Any, grant: Any, care: bool) -> list[Any]:
        child, enrolment = Seen(row.child, grant), Seen(row, grant)
        education = child.holds(Facet.EDUCATION)
        year = year_group(row.child.born_on, self.actor.today) if child.holds(Facet.IDENTITY) else None
        legal = LegalStatus(row.legal_status).label if care and child.holds(Facet.CARE) and row.legal_status else ""
        plan = (_("No plan") if row.plan == NONE else State(row.plan).label) if education else ""
        due: Any = (day(row.plan_due) or _("Nothing due")) if education else ""
        if education and row.late:
            due = {"text": day(row.plan_due), "tag": "overdue"}
        return [
            {"text": child.name, "href": reverse("child", args=[child.pk])},
            year.label if year is not None else "",
            _period(enrolment.started_on or None, enrolment.ended_on or None),
            child.authority.name,
            *([legal] if care else []),
            {"text": plan, "href": reverse("child_plan", args=[child.pk])} if education else "",
            due,
        ]


def _period(started_on: date | None, ended_on: date | None) -> str:
    if ended_on is None:
        return _("from %(day)s") % {"day": day(started_on)} if started_on else ""
    return _("from %(day)s to %(end)s") % {"day": day(started_on), "end": day(ended_on)}


def _holds(row: Designation, today: date) -> bool:
    return row.started_on <= today and not _is_past(row, today)


def _is_past(row: Designation, today: date) -> bool:
    return row.ended_on is not None and row.ended_on <= today
