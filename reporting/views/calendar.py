"""A school's calendar, for everybody who may open the school's page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from lace.accounts.access import Permission, may
from lace.web.administration.calendar_words import calendar_url, shown_calendar
from lace.web.pages import Page
from schools.models import School


class SchoolCalendarPage(Page):
    """Terms, days without pupils, lesson times and bank holidays as they count for this school."""

    school: School

    def load(self, **kwargs: Any) -> None:
        found = School.objects.visible_to(self.actor).filter(number=kwargs["number"]).select_related("organisation__authority").first()
        if found is None:
            raise Http404
        self.school = found

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        body = self.school.organisation
        own = body.pk == self.actor.organisation_id or (self.actor.organisation_id is None and body.authority_id == self.actor.authority_id)
        keeps = own and may(self.actor, Permission.KEEP_CALENDAR)
        context = {
            **shown_calendar(body.authority, body, self.actor.today),
            "school": self.school,
            "of_school": True,
            "change_url": calendar_url("calendars", body if self.actor.organisation_id is None else None) if keeps else "",
        }
        return render(request, "schools/calendar.html", context)
