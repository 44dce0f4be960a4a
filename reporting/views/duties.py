"""One list of every duty the reader may know of, across all children, and one of schools' and authorities': on the page and as a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Permission, Relation, Role, may, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.rules import sort_key
from lace.children.seen import Seen
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.rules import RULES, About, Fact, Force
from lace.web.pages import Page
from reporting.queries import duties
from reporting.queries.children import NONE
from reporting.queries.duties import Asked, Measure, Timeliness
from reporting.views import links
from reporting.views.audit import as_file
from reporting.views.duty_filter import COUNTED, STATES, TAGS, Narrow, title
from reporting.views.work import route_of

PER_PAGE = 25
MOST_IN_A_FILE = 10_000  # rows


class _List(Page):
    """A list of duties, narrowed and sorted by its address."""

    about: ClassVar[About]
    route: ClassVar[str]
    file_route: ClassVar[str]
    form: Narrow

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            self.form = self.narrowing(request)
            return self.answer(request, self.asked())

    def answer(self, request: HttpRequest, asked: Asked | None) -> HttpResponse:
        found, number = self.counted(asked)
        paginator = Paginator(found, PER_PAGE)
        if asked is not None and asked.state in COUNTED:
            paginator.count = sum(number.get(name, 0) for name in COUNTED[asked.state])  # counted once
        page = paginator.get_page(request.GET.get("page"))
        rows = list(page.object_list)
        count = page.paginator.count
        reasons = [self.reason(duty) for duty in rows]
        query = request.GET.copy()
        query.pop("page", None)
        context = {
            "form": self.form,
            "page": page,
            "tabs": self.tabs(),
            "words": self.words(),
            "narrowed": bool(self.words()),
            "number": ngettext("%(count)s duty", "%(count)s duties", count) % {"count": count},
            "filters": [links.group(request, _("How it stands"), "state", self.states(number))] if asked else [],
            "columns": [*self.columns(request), *([_("Reason")] if any(reasons) else [])],
            "rows": [[*cells, *([reason] if any(reasons) else [])] for reason, cells in zip(reasons, self.cells(rows), strict=True)],
            "file": reverse(self.file_route) + (f"?{query.urlencode()}" if query else ""),
            "too_many": MOST_IN_A_FILE if count > MOST_IN_A_FILE else 0,
            "all_url": reverse(self.route),
            "may_dashboard": may(self.actor, Permission.SEE_DASHBOARD),
        }
        return render(request, "reporting/duties.html", context)

    def counted(self, asked: Asked | None) -> tuple[Any, dict[str, int]]:
        """What is asked for, in its order, and how many there are of each timeliness whatever state is asked for."""
        if asked is None:
            return [], {}
        number = duties.by_state(self.found(replace(asked, state="")))
        return self.with_facts(duties.sorted_by(self.found(asked), asked.sort)), number

    def states(self, number: dict[str, int]) -> list[tuple[str, Any, int | None]]:
        texts = dict(STATES) | {"": pgettext("filter", "All")}
        return [(state, texts[state], sum(number.get(name, 0) for name in names)) for state, names in COUNTED.items()]

    # ---- what is asked ----

    def narrowing(self, request: HttpRequest) -> Narrow:
        return Narrow(request.GET, choices=self.choices(), without=self.without(), auto_id="narrow_%s")

    def choices(self) -> dict[str, list[tuple[str, Any]]]:
        kinds = sorted(((code, title(code)) for code in duties.kinds(self.about)), key=lambda kind: sort_key(kind[1]))
        measures: list[tuple[str, Any]] = [(str(measure), measure.label) for measure in Measure] if self.about == About.CHILD else []
        return {
            "kind": [*measures, *kinds],
            "force": [(str(force), force.label) for force in duties.forces(self.about)],
            "role": [(str(role), role.label) for role in duties.roles(self.about)],
        }

    def without(self) -> list[str]:
        return []

    def asked(self) -> Asked | None:
        """None when the address asks for what cannot be; the form says what is wrong."""
        if not self.form.is_valid():
            return None
        given = self.form.cleaned_data
        kind = given["kind"]
        codes = None if not kind else Measure(kind).codes if kind in Measure.values else (kind,)
        plain = {name: given[name] for name in given if name not in {"kind", "when"}}
        return duties.with_days(Asked(codes=codes, **plain), when=given["when"], today=self.actor.today)

    def words(self) -> list[str]:
        """What narrows the list, in words."""
        found: list[str] = []
        for name, value in self.form.cleaned_data.items():
            field = self.form.fields[name]
            if value in ("", None, False) or name == "sort":
                continue
            if isinstance(field, forms.ChoiceField):
                found.append(str(dict(field.choices)[value]))  # type: ignore[arg-type]  # a choice is a key of any type
            elif isinstance(value, date):
                found.append(f"{field.label}: {date_format(value, 'DATE_FORMAT')}")
            else:
                found.append(str(field.label) if value is True else f"{field.label}: {value}")
        return found

    def sortable(self, request: HttpRequest, text: Any, name: str, *, numeric: bool = False) -> dict[str, Any]:
        """A column's header: a link that sorts by it, or turns the order round."""
        now = self.form.cleaned_data.get("sort") or "due"
        column = {"text": text, "href": links.narrowed(request, sort=f"-{name}" if now == name else name), "numeric": numeric}
        return column | ({"sorted": "ascending" if now == name else "descending"} if now.lstrip("-") == name else {})

    def tabs(self) -> list[dict[str, Any]]:
        places: list[tuple[Any, str, bool]] = [
            (_("About children"), "duties", self.actor.role in duties.KEEPERS),
            (_("Of schools and the authority"), "duties_bodies", may(self.actor, Permission.SEE_BODY_DUTIES)),
        ]
        shown = [{"text": text, "href": reverse(name), "active": name == self.route} for text, name, offered in places if offered]
        return shown if len(shown) > 1 else []

    # ---- what a list says of its rows ----

    def found(self, asked: Asked) -> Any:
        raise NotImplementedError

    def with_facts(self, found: Any) -> Any:
        return found

    def reason(self, duty: Any) -> str:
        return str(duty.reason)

    def columns(self, request: HttpRequest) -> list[Any]:
        raise NotImplementedError

    def cells(self, rows: list[Any]) -> list[list[Any]]:
        raise NotImplementedError


def common(duty: Any) -> list[Any]:
    """Due, closed, days late and how it stands, of a duty of any kind."""
    state = Timeliness(duty.timeliness)
    words: Any = duty.get_outcome_display() if state == Timeliness.NOT_NEEDED else state.label
    due = date_format(duty.due_on, "DATE_FORMAT")
    if duty.provisional:
        due = gettext("%(day)s at the earliest") % {"day": due}
    return [due, date_format(duty.closed_on, "DATE_FORMAT") if duty.closed_on else "", duty.late_days, {"text": words, "tag": TAGS[state]}]


class DutiesPage(_List):
    """Of the children within reach, where the reader may read of their education."""

    about = About.CHILD
    route, file_route = "duties", "duties_csv"

    def load(self, **kwargs: Any) -> None:
        if self.actor.role not in duties.KEEPERS:
            raise Http404
        self.wide = may(self.actor, Permission.SEE_DASHBOARD)

    def choices(self) -> dict[str, list[tuple[str, Any]]]:
        offered = super().choices()
        schools = sorted(((school.number, school.name) for school in duties.schools(self.actor)), key=lambda school: sort_key(school[1]))
        offered["school"] = [(NONE, gettext("No school")), *schools]
        if self.wide or self.actor.role == Role.IRO:
            labels = {str(relation): Role(str(relation)).label if str(relation) in Role.values else "" for relation in Relation}
            labels[str(Relation.WELFARE_OFFICER)] = Role.EDUCATION_WELFARE_OFFICER.label
            people: dict[str, str] = {}
            for user, name, relation in duties.workers(self.actor):
                people.setdefault(str(user), f"{name}, {labels[relation]}")
            offered["worker"] = [(NONE, gettext("Nobody named")), *people.items()]
        return offered

    def without(self) -> list[str]:
        hidden = [] if self.wide else ["unheld"]
        if not self.actor.authorities:
            hidden += ["placed", "ours"]
        if not (self.wide or self.actor.role == Role.IRO):
            hidden.append("worker")
        return hidden

    def found(self, asked: Asked) -> Any:
        return duties.of_children(self.actor, asked)

    def with_facts(self, found: Any) -> Any:
        return duties.with_waiver(duties.with_people(found, self.actor))

    def reason(self, duty: Any) -> str:
        """Why it was late or waived, and who agreed to a waiver (SW-14)."""
        if duty.waived_by:
            why = duty.reason or duty.waiver_reason
            return gettext("%(reason)s (agreed by %(person)s)") % {"reason": why, "person": duty.waived_by}
        return str(duty.reason)

    def columns(self, request: HttpRequest) -> list[Any]:
        return [
            self.sortable(request, _("Child"), "child"),
            self.sortable(request, _("Duty"), "kind"),
            self.sortable(request, _("Due"), "due"),
            pgettext("duties", "Closed"),
            self.sortable(request, _("Days late"), "late", numeric=True),
            _("How it stands"),
            _("Responsible"),
        ]

    def seen(self, rows: list[Duty], act: str) -> dict[Any, Grant]:
        """What the reader may read of each row's child; recorded as read."""
        children: dict[Any, Child] = {duty.child_id: duty.child for duty in rows}
        grants = grants_of(self.actor, children.values())
        if children:
            facets = {Facet.IDENTITY, Facet.EDUCATION}.intersection(*(grant.facets for grant in grants.values()))
            match = self.request.resolver_match
            record_read(by=self.actor, children=children, facets=facets, door=str(match and match.view_name), act=act)
        return grants

    def cells(self, rows: list[Any]) -> list[list[Any]]:
        grants = self.seen(rows, Read.Act.LIST)
        return [
            [
                {"text": Seen(duty.child, grants[duty.child_id]).name, "href": reverse("child_duties", args=[duty.child_id])},
                {"text": title(duty.code), "href": reverse(route_of(duty.code), args=[duty.child_id])},
                *common(duty),
                self.responsible(duty, grants[duty.child_id]),
            ]
            for duty in rows
        ]

    def responsible(self, duty: Any, grant: Grant) -> str:
        """The role, and by name who holds it for the child, for those who may know the people around the child."""
        role = str(duty.get_role_display())
        if not (self.wide or Facet.CONTACTS in grant.facets):
            return role
        if duty.handed_to_id:
            return gettext("%(role)s: %(person)s, who was asked to look after it") % {"role": role, "person": duty.handed_to.name}
        if not duty.people:
            return gettext("%(role)s: nobody") % {"role": role} if duty.closed_on is None else role
        return f"{role}: {', '.join(duty.people)}"


class DutiesFile(DutiesPage):
    """The same rows to take away; that they were taken is recorded like any export."""

    def answer(self, request: HttpRequest, asked: Asked | None) -> HttpResponse:
        if asked is None:
            raise Http404
        found = self.with_facts(duties.sorted_by(self.found(asked), asked.sort))
        rows: list[Any] = list(found[: MOST_IN_A_FILE + 1])
        kept = rows[:MOST_IN_A_FILE]
        grants = self.seen(kept, Read.Act.EXPORT)
        header = [gettext("Child"), *_header(), gettext("Waived by"), gettext("Asked why it may be waived"), gettext("Responsible")]
        lines = [
            [
                str(Seen(duty.child, grants[duty.child_id]).name),
                *_line(duty),
                duty.waived_by or "",
                duty.waiver_reason or "",
                self.responsible(duty, grants[duty.child_id]),
            ]
            for duty in kept
        ]
        return as_file("duties.csv", [header, *lines, *ending(rows)])


class BodyDutiesPage(_List):
    """Of the reader's own school, or of the authority and its schools. Names no child."""

    about = About.SCHOOL
    route, file_route = "duties_bodies", "duties_bodies_csv"

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.SEE_BODY_DUTIES)

    def choices(self) -> dict[str, list[tuple[str, Any]]]:
        offered = super().choices()
        schools = [(body.school.number, body.name) for body in duties.bodies(self.actor) if hasattr(body, "school")]
        offered["school"] = [(NONE, gettext("The authority")), *sorted(schools, key=lambda school: sort_key(school[1]))]
        return offered

    def without(self) -> list[str]:
        return ["worker", "placed", "unheld", "ours", *(["school"] if self.actor.organisation_id else [])]

    def found(self, asked: Asked) -> Any:
        return duties.of_bodies(self.actor, asked)

    def with_facts(self, found: Any) -> Any:
        return found.select_related("body", "authority")

    def columns(self, request: HttpRequest) -> list[Any]:
        return [
            _("Whose duty"),
            self.sortable(request, _("Duty"), "kind"),
            self.sortable(request, _("Due"), "due"),
            pgettext("duties", "Closed"),
            self.sortable(request, _("Days late"), "late", numeric=True),
            _("How it stands"),
            _("Responsible"),
        ]

    def cells(self, rows: list[Any]) -> list[list[Any]]:
        return [[whose(duty), title(duty.code), *common(duty), str(duty.get_role_display())] for duty in rows]


def whose(duty: BodyDuty) -> str:
    return duty.body.name if duty.body else duty.authority.name


class BodyDutiesFile(BodyDutiesPage):
    """The same rows to take away, recorded as an export."""

    def answer(self, request: HttpRequest, asked: Asked | None) -> HttpResponse:
        if asked is None:
            raise Http404
        rows: list[Any] = list(self.with_facts(duties.sorted_by(self.found(asked), asked.sort))[: MOST_IN_A_FILE + 1])
        record_read(by=self.actor, children=[], facets=[], door="duties_bodies_csv", act=Read.Act.EXPORT)
        header = [gettext("Whose duty"), *_header(), gettext("Responsible")]
        lines = [[whose(duty), *_line(duty), str(duty.get_role_display())] for duty in rows[:MOST_IN_A_FILE]]
        return as_file("duties-of-bodies.csv", [header, *lines, *ending(rows)])


def _header() -> list[str]:
    return [
        *(gettext("Duty"), gettext("How binding"), gettext("Where it is written"), gettext("The clock started with"), gettext("Day 0")),
        *(gettext("Due"), pgettext("duties", "Closed"), gettext("Days late"), gettext("How it stands"), gettext("Reason")),
    ]


def _line(duty: Any) -> list[str]:
    rule = RULES.get(duty.code)
    due, closed, late, state = common(duty)
    return [
        title(duty.code),
        str(Force(rule.force).label) if rule else "",
        str(rule.source) if rule else "",
        str(Fact(duty.fact).label),
        date_format(duty.trigger_on, "DATE_FORMAT"),
        due,
        closed,
        str(late),
        str(state["text"]),
        duty.reason,
    ]


def ending(rows: list[Any]) -> list[list[str]]:
    """What says that a file was cut off."""
    if len(rows) <= MOST_IN_A_FILE:
        return []
    return [[gettext("The file ends here. Narrow the list to take out the rest.")]]


duties_urls: list[URLPattern] = [
    path("duties/", DutiesPage.as_view(), name="duties"),
    path("duties/list.csv", DutiesFile.as_view(), name="duties_csv"),
    path("duties/bodies/", BodyDutiesPage.as_view(), name="duties_bodies"),
    path("duties/bodies/list.csv", BodyDutiesFile.as_view(), name="duties_bodies_csv"),
]
