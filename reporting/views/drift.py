"""Where things drift for the children of an independent reviewing officer, in plain words (IRO-03)."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from lace.accounts.access import Facet, Role
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.seen import Seen
from lace.web.pages import Page
from reporting.queries.drift import MOVES, Course, courses
from reporting.views.duty_filter import title

PER_PAGE = 20
DUTIES_SAID = 4  # overdue duties named one by one


class DriftPage(Page):
    """Every child of the reviewing officer, what has drifted longest first; those of whom nothing drifts at the end."""

    def load(self, **kwargs: Any) -> None:
        if self.actor.role != Role.IRO:
            raise Http404

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            found = courses(self.actor)
            page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
            shown: list[Course] = list(page.object_list)
            if shown:
                facets = {Facet.IDENTITY, Facet.EDUCATION, Facet.CARE}.intersection(*(course.grant.facets for course in shown))
                record_read(by=self.actor, children=[course.child.pk for course in shown], facets=facets, door="drift", act=Read.Act.LIST)
            drifting = sum(course.drifts for course in found)
            context = {
                "page": page,
                "children": [self.card(course) for course in shown],
                "number": ngettext(
                    "Something drifts for %(drifting)s of %(count)s child.", "Something drifts for %(drifting)s of %(count)s children.", len(found)
                )
                % {"drifting": drifting, "count": len(found)},
            }
            return render(request, "reporting/drift.html", context)

    def card(self, course: Course) -> dict[str, Any]:
        child = Seen(course.child, course.grant)
        facts = [
            (gettext("Last review"), day(course.reviewed_on) if course.reviewed_on else gettext("None yet")),
            (
                gettext("Next review"),
                date_format(localtime(course.arranged.scheduled_for), "DATE_FORMAT") if course.arranged else gettext("Not arranged"),
            ),
            (gettext("Plan"), course.plan.get_state_display() if course.plan else gettext("No plan")),
            (gettext("Last final version"), day(course.plan_final_on) if course.plan_final_on else gettext("None yet")),
        ]
        return {
            "name": child.name,
            "href": reverse("child", args=[child.pk]),
            "reasons": [{"text": text, "href": reverse(route, args=[child.pk])} for text, route in self.reasons(course)],
            "facts": [{"key": key, "value": value} for key, value in facts],
        }

    def reasons(self, course: Course) -> list[tuple[str, str]]:
        """Why the child is listed: sentences, each with the tab where it can be looked into. The gravest in law first."""
        today = self.actor.today
        found: list[tuple[str, str]] = []
        for duty in course.overdue[:DUTIES_SAID]:
            late = duty.days_late(today)
            sentence = ngettext("%(what)s: %(count)s day late.", "%(what)s: %(count)s days late.", late)
            found.append((sentence % {"what": title(duty.code), "count": late}, "child_duties"))
        if len(course.overdue) > DUTIES_SAID:
            more = len(course.overdue) - DUTIES_SAID
            found.append((ngettext("%(count)s more duty is late.", "%(count)s more duties are late.", more) % {"count": more}, "child_duties"))
        found += [*self.of_plan(course), *self.of_reviews(course), *self.of_moves(course)]
        return found

    def of_plan(self, course: Course) -> list[tuple[str, str]]:
        found = []
        if course.no_plan_since:
            words = gettext("In care since %(day)s, and no version of the plan is final.") % {"day": day(course.in_care_since)}
            found.append((words, "child_plan"))
        if course.plan_old_since and course.plan_final_on:
            found.append((gettext("The plan has not been made final again since %(day)s.") % {"day": day(course.plan_final_on)}, "child_plan"))
        if course.targets:
            count = len(course.targets)
            sentence = ngettext(
                "%(count)s target was to be looked at again by %(day)s.", "%(count)s targets were to be looked at again, the first by %(day)s.", count
            )
            found.append((sentence % {"count": count, "day": day(course.targets[0])}, "child_plan"))
        if course.unchanged_since:
            found.append(
                (gettext("The targets have been the same since the version of %(day)s.") % {"day": day(course.unchanged_since)}, "child_plan")
            )
        return found

    def of_reviews(self, course: Course) -> list[tuple[str, str]]:
        found = []
        if course.review_late_since:
            if course.reviewed_on:
                words = gettext("The last review was on %(day)s, more than six months ago.") % {"day": day(course.reviewed_on)}
            else:
                words = gettext("In care since %(day)s, and no review has been held.") % {"day": day(course.in_care_since)}
            found.append((words, "child_meetings"))
        if course.postponed_since:
            words = gettext("The next review has been moved %(count)s times. It was first to be on %(day)s.")
            found.append((words % {"count": course.postponed, "day": day(course.postponed_since)}, "child_meetings"))
        if course.decisions:
            count = len(course.decisions)
            sentence = ngettext(
                "%(count)s decision of the last review was to be carried out by %(day)s. Ask whether it was.",
                "%(count)s decisions of the last review were to be carried out, the first by %(day)s. Ask whether they were.",
                count,
            )
            found.append((sentence % {"count": count, "day": day(course.decisions[0])}, "child_meetings"))
        return found

    def of_moves(self, course: Course) -> list[tuple[str, str]]:
        found = []
        if course.no_school_since:
            found.append((gettext("No school place since %(day)s.") % {"day": day(course.no_school_since)}, "child_school"))
        if course.school_moves >= MOVES:
            found.append((gettext("Changed school %(count)s times in the last 12 months.") % {"count": course.school_moves}, "child_school"))
        if course.placement_moves >= MOVES:
            found.append((gettext("Moved home %(count)s times in the last 12 months.") % {"count": course.placement_moves}, "child_timeline"))
        return found


def day(value: Any) -> str:
    return date_format(value, "DATE_FORMAT")


drift_urls: list[URLPattern] = [path("drift/", DriftPage.as_view(), name="drift")]
