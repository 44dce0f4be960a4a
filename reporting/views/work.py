"""Your work: what there is to do, by due date; the messages; for governors the reports that wait."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lace.accounts.access import REACH, Facet, Grant, Permission, Reach, Role, may
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.rules import academic_year_label
from lace.children.seen import Seen
from lace.deadlines.explain import explanation
from lace.deadlines.models import Duty
from lace.deadlines.reckoning import Rules, rules_held
from lace.deadlines.services.absences import may_for_others
from lace.notifications.inbox import inbox, items
from lace.notifications.services import mark_read
from lace.web.duties import SOON, duty_item
from lace.web.pages import Page
from peps.models import PlanMeeting
from peps.rules.duties import DEVELOPED, INITIATED, RENEWED, WORDS
from peps.rules.sections import SECTIONS
from reporting.models import TermlyReport
from reporting.queries import work
from reporting.queries.duties import KEEPERS
from reporting.queries.work import Entry
from reporting.views import links
from reporting.views.requests import what as data_words
from reviews.models import Review
from reviews.rules import MOVABLE, OUTSIDE_LESSONS
from schools.rules import Term
from schools.rules.duties import KS4_MOVE, PLACED
from schools.services.requests import ANSWERING

PER_PAGE = 25
NEWEST = 5  # messages shown beside the work
PLANS, MEETINGS, DATA = "plans", "meetings", "data"  # values of the filters
OVERDUE, IN_A_WEEK, UNREAD = "overdue", "soon", "unread"


def route_of(code: str) -> str:
    """The tab of the child where a duty is done; what is done outside Lace is recorded where the duties are."""
    if code in {*INITIATED, *DEVELOPED, *RENEWED, WORDS}:
        return "child_plan"
    if code in {*MOVABLE, OUTSIDE_LESSONS}:
        return "child_meetings"
    return "child_school" if code in {*PLACED, KS4_MOVE} else "child_duties"


def subject_of(entry: Entry) -> str:
    if entry.kind == "duty":
        return PLANS if route_of(entry.what) == "child_plan" else MEETINGS
    return {"part": PLANS, "words": PLANS, "request": DATA}.get(entry.kind, MEETINGS)


def queued(duty: Duty, beside: list[Duty], child: Seen, today: date, rules: Rules) -> dict[str, Any]:
    """An open duty in a queue: shorter than where it is done, and with how late it is."""
    told = explanation(duty, on=today, beside=beside, rules=rules)
    item = duty_item(duty, told, today, whom=child.name, href=reverse(route_of(duty.code), args=[child.pk]))
    late = told.state if told.days_late else ""
    return item | {"why": f"{told.why} ({told.source})", "next": " ".join(filter(None, (late, told.beside, told.next_told)))}


class WorkPage(Page):
    """The queue of the role in use (DP-10); a child is led to their own page."""

    for_child = True

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role == Role.CHILD:
            return redirect("own")
        found = work.entries(self.actor)
        late, soon = (len(self.when(found, when)) for when in (OVERDUE, IN_A_WEEK))
        filters = [
            links.group(
                request,
                _("When"),
                "when",
                [("", pgettext("filter", "All"), len(found)), (OVERDUE, _("Overdue"), late), (IN_A_WEEK, _("In 7 days"), soon)],
            ),
            links.group(
                request,
                _("What"),
                "what",
                [
                    ("", pgettext("filter", "All"), None),
                    (PLANS, _("Plans"), None),
                    (MEETINGS, _("Meetings"), None),
                    *([(DATA, _("Data asked for"), None)] if self.actor.role in ANSWERING else []),
                ],
            ),
        ]
        chosen = self.narrowed(found, request)
        page = Paginator(chosen, PER_PAGE).get_page(request.GET.get("page"))
        unread = inbox(self.actor).filter(read_at__isnull=True)
        newest = list(unread[: NEWEST + 1])
        context = {
            "page": page,
            "groups": self.grouped(list(page.object_list)),
            "filters": filters if found else [],
            "narrowed": len(chosen) != len(found),
            "list_links": self.list_links(),
            "has_queue": REACH[Role(self.actor.role)] != Reach.NONE,
            "read_url": links.to("messages", **{"from": "work"}),
            "messages_unread": items(self.actor, newest[:NEWEST]),
            "more_messages": len(newest) > NEWEST,
            "reports": [self.report(report) for report in work.reports_waiting(self.actor)],
            "reports_title": _("Reports to publish") if self.actor.role == Role.HEADTEACHER else _("Reports to read"),
        }
        return render(request, "reporting/work.html", context)

    def list_links(self) -> list[dict[str, str]]:
        """Where duties stand beside this queue: every one the reader may know of, what drifts, and what would be due if."""
        places = [
            (_("All duties"), "duties", self.actor.role in KEEPERS),
            (_("Duties of schools and the authority"), "body_duties", may(self.actor, Permission.SEE_BODY_DUTIES)),
            (_("Moves in Years 10 and 11"), "moves", may(self.actor, Permission.SEE_DASHBOARD)),
            (_("Who is away"), "away_others", may_for_others(by=self.actor)),
            (_("Where things drift"), "drift", self.actor.role == Role.IRO),
            (_("What if?"), "what_if", True),
        ]
        return [{"text": text, "href": reverse(name)} for text, name, shown in places if shown]

    def narrowed(self, found: list[Entry], request: HttpRequest) -> list[Entry]:
        found, what = self.when(found, request.GET.get("when", "")), request.GET.get("what")
        return [entry for entry in found if subject_of(entry) == what] if what in {PLANS, MEETINGS, DATA} else found

    def when(self, found: list[Entry], when: str) -> list[Entry]:
        if when not in {OVERDUE, IN_A_WEEK}:
            return found
        days = range(SOON + 1) if when == IN_A_WEEK else range(-36600, 0)
        return [entry for entry in found if entry.due is not None and (entry.due - self.actor.today).days in days]

    def grouped(self, found: list[Entry]) -> list[dict[str, Any]]:
        """The page's entries under headings, each as the duty component takes it; recorded as read."""
        if not found:
            return []
        children = {child.pk: child for child in Child.objects.visible_to(self.actor).filter(pk__in={entry.child_id for entry in found})}
        grants = grants_of(self.actor, children.values())
        duties = work.duties_beside(self.actor, set(children))
        reviews = work.meetings(self.actor, [entry.pk for entry in found if entry.kind == "meeting"])
        planned = work.plan_meetings(self.actor, [entry.pk for entry in found if entry.kind == "plan_meeting"])
        rules = rules_held(self.actor.today)
        groups: list[tuple[str, list[dict[str, Any]]]] = [(_("Overdue"), []), (_("In the next 7 days"), []), (_("Later"), [])]
        for entry in found:
            child, grant = children[entry.child_id], grants[entry.child_id]
            meeting = reviews.get(entry.pk) or planned.get(entry.pk)
            item = self.item(entry, Seen(child, grant), grant, duties[entry.child_id], meeting, rules)
            days = (entry.due - self.actor.today).days if entry.due else SOON + 1
            groups[0 if days < 0 else 1 if days <= SOON else 2][1].append(item)
        shown = {Facet.IDENTITY, Facet.EDUCATION}.intersection(*(grant.facets for grant in grants.values()))
        record_read(by=self.actor, children=children, facets=shown, door="work", act=Read.Act.LIST)
        return [{"title": title, "entries": entries} for title, entries in groups if entries]

    def item(self, entry: Entry, child: Seen, grant: Grant, beside: list[Duty], meeting: Review | PlanMeeting | None, rules: Rules) -> dict[str, Any]:
        today = self.actor.today
        if entry.kind == "duty":
            duty = next(duty for duty in beside if duty.pk == entry.pk)
            return queued(duty, beside, child, today, rules)
        days = (entry.due - today).days if entry.due else SOON + 1
        common = {"due": entry.due, "whom": child.name, "status": "overdue" if days < 0 else "soon" if days <= SOON else "due"}
        if entry.kind == "part":
            keys = entry.what.split(",")
            parts = ", ".join(str(SECTIONS[key].title) for key in keys)
            href = reverse("child_plan_section", args=[child.pk, keys[0]]) if len(keys) == 1 else reverse("child_plan", args=[child.pk])
            why = _("The plan is being written, and these parts are still empty: %(parts)s.") % {"parts": parts}
            return common | {"what": _("Write your part of the plan"), "why": why, "href": href}
        if entry.kind == "words":
            href = reverse("child_plan_words", args=[child.pk, entry.pk])
            return common | {"what": _("Give your contribution to the plan"), "why": _("You are asked to contribute to the plan."), "href": href}
        if entry.kind == "request":
            why = _("The responsible authority asks about: %(what)s.") % {"what": data_words(entry.what.split(",")).lower()}
            return common | {"what": _("Answer what you are asked"), "why": why, "href": reverse("child_data_answer", args=[child.pk, entry.pk])}
        assert meeting is not None
        return common | self.meeting(meeting, Seen(meeting, grant), over=days < 0) | {"due": None}

    def meeting(self, meeting: Review | PlanMeeting, seen: Seen, *, over: bool) -> dict[str, Any]:
        """A review, or a meeting about the plan: to go to, or to record once its day has passed."""
        if isinstance(meeting, Review):
            at, place, href = meeting.scheduled_for, seen.venue, reverse("child_meetings", args=[meeting.child_id])
            what = _("Record what the review decided") if over else _("Go to the review")
        else:
            route = "child_plan" if seen.holds(Facet.EDUCATION) else "child"
            at, place, href = meeting.starts_at, seen.place, reverse(route, args=[meeting.child_id])
            what = _("Record the meeting about the plan") if over else _("Go to the meeting about the plan")
        local = localtime(at)
        when = _("%(day)s, %(time)s") % {"day": date_format(local, "DATE_FORMAT"), "time": time_format(local, "TIME_FORMAT")}
        return {"what": what, "why": f"{when}, {place}" if place else when, "href": href}

    def report(self, report: TermlyReport) -> dict[str, Any]:
        words = {"term": Term(report.term).label, "year": academic_year_label(report.year), "school": report.school.name}
        text = _("%(term)s term %(year)s, %(school)s") % words
        return {"text": text, "on": report.published_on, "href": reverse("report", args=[report.pk])}


class MessagesPage(Page):
    """Everything the person was told inside Lace, unread first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = inbox(self.actor).order_by(F("read_at").desc(nulls_first=True), "-created_at", "pk")
        unread = mine.unread().count()
        chosen = mine.unread() if request.GET.get("show") == UNREAD else mine
        page = Paginator(chosen, PER_PAGE).get_page(request.GET.get("page"))
        shown = items(self.actor, list(page.object_list))
        about = {row.child_id for row in page.object_list if row.child_id}
        if about:
            record_read(by=self.actor, children=about, facets={Facet.IDENTITY}, door="messages", act=Read.Act.LIST)
        show = [("", pgettext("filter", "All"), None), (UNREAD, pgettext("filter", "Unread"), unread)]
        filters = [links.group(request, _("Show"), "show", show)]
        return render(request, "reporting/messages.html", {"page": page, "items": shown, "any_unread": unread > 0, "filters": filters})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mark one message, or all of them, as read."""
        chosen = request.POST.get("read", "")
        unread = inbox(self.actor).filter(read_at__isnull=True)
        if chosen == "all":
            mark_read(by=self.actor, notifications=list(unread.values_list("pk", flat=True)))
        else:
            with suppress(ValueError):  # no message's id: nothing to mark
                mark_read(by=self.actor, notifications=[UUID(chosen)])
        return redirect("work" if request.GET.get("from") == "work" else "messages")
