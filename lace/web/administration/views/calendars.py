"""The calendars of an authority and its schools: term dates, days without pupils, bank holidays, lesson times (DL-02).

The same pages serve three: an administrator or a LACE coordinator keeps the authority's calendar and, with ?school=, that of each of its
schools; a headteacher or a designated person keeps the calendar of their own school, whatever the address says.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lace.accounts import people
from lace.accounts.access import Permission, may, require
from lace.accounts.models import LocalAuthority, Organisation
from lace.children.rules import academic_year, academic_year_label
from lace.core.errors import NotAllowed
from lace.core.schooldays import KnownTerm
from lace.deadlines.models import ClosedDay, ExtraHoliday, LessonTimes, TermDates
from lace.deadlines.services import calendars as services
from lace.deadlines.term_dates import period, term_words
from lace.web.administration.calendar_forms import ClosedDayForm, HolidayForm, LessonForm, RemoveForm, TermForm, lesson_times
from lace.web.administration.calendar_words import AHEAD, calendar_url, day_words, shown_calendar
from lace.web.administration.views.people import administration_tabs
from lace.web.pages import FormPage, Page

SCHOOLS_A_PAGE = 50


class Keeping(Page):
    """A page of somebody who keeps a calendar. `school` is none for the authority's own."""

    authority: LocalAuthority
    school: Organisation | None

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.KEEP_CALENDAR)
        self.authority = people.authority_of(self.actor)
        asked = self.request.GET.get("school", "")
        if self.actor.organisation_id is None and not asked:
            self.school = None
            return
        schools = Organisation.objects.filter(authority=self.authority, kind=Organisation.Kind.SCHOOL)
        wanted = asked or str(self.actor.organisation_id)
        self.school = schools.filter(pk=int(wanted)).first() if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
        if self.school is None or self.actor.organisation_id not in {None, self.school.pk}:
            raise Http404

    def link(self, route: str, **asked: Any) -> str:
        return calendar_url(route, self.school if self.actor.organisation_id is None else None, **asked)

    @property
    def whose(self) -> str:
        return (self.school or self.authority).name

    def frame(self) -> dict[str, Any]:
        """Tabs for the administrator; for others the way back."""
        if may(self.actor, Permission.ADMINISTER):
            return administration_tabs(self.actor, "calendars")
        return {"tabs": [], "back_url": reverse("schools")}


class CalendarsPage(Keeping):
    """The calendar as it stands, with what is missing said first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            **shown_calendar(self.authority, self.school, self.actor.today, link=self.link),
            **self.frame(),
            "whose": self.whose,
            "of_school": self.school is not None,
            "keeps_holidays": self.actor.organisation_id is None and self.school is None,
            "links": {
                name: self.link(name)
                for name in (
                    *("calendar_term", "calendar_term_remove", "calendar_closed_add", "calendar_closed_remove", "calendar_holiday_add"),
                    *("calendar_holiday_remove", "calendar_lessons", "calendar_file", "calendar_csv"),
                )
            },
            "schools_url": reverse("calendar_schools") if self.actor.organisation_id is None else "",
        }
        return render(request, "accounts/calendars.html", context)


class SchoolsPage(Keeping):
    """The authority's schools, each with what it keeps for itself."""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if self.actor.organisation_id is not None:
            raise NotAllowed

    def get(self, request: HttpRequest) -> HttpResponse:
        schools = sorted(Organisation.objects.filter(authority=self.authority, kind=Organisation.Kind.SCHOOL), key=lambda body: body.name)
        asked = request.GET.get("q", "").strip()[:100]
        found = [school for school in schools if asked.casefold() in school.name.casefold()]
        page = Paginator(found, SCHOOLS_A_PAGE).get_page(request.GET.get("page"))
        shown = [school.pk for school in page]
        own = set(TermDates.objects.filter(school__in=shown, year__gte=academic_year(self.actor.today)).values_list("school", flat=True))
        timed = set(LessonTimes.objects.filter(school__in=shown).values_list("school", flat=True))
        context = {
            **self.frame(),
            "back_url": reverse("calendars"),
            "page": page,
            "asked": asked,
            "number": ngettext("%(count)s school", "%(count)s schools", len(found)) % {"count": len(found)},
            "columns": [_("School"), _("Term dates"), _("Lesson times")],
            "rows": [
                [
                    {"text": school.name, "href": calendar_url("calendars", school)},
                    _("The school's own") if school.pk in own else _("The authority's"),
                    _("Entered") if school.pk in timed else {"text": _("Not entered"), "tag": "none"},
                ]
                for school in page
            ],
        }
        return render(request, "accounts/calendar_schools.html", context)


class KeepingForm(Keeping, FormPage):
    """A form about one calendar."""

    submit_text: ClassVar[str | Promise] = gettext_lazy("Save")
    intro: ClassVar[str | Promise] = ""

    def context(self) -> dict[str, Any]:
        back = self.link("calendars")
        return {"caption": self.whose, "intro": self.intro, "submit_text": self.submit_text, "back_url": back, "cancel_url": back}

    def success_url(self, result: Any) -> str:
        return self.link("calendars")


class TermPage(KeepingForm):
    form_class = TermForm
    title = gettext_lazy("Enter the dates of a term")
    success_message = gettext_lazy("The dates of the term are saved")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        first = academic_year(self.actor.today) - 1
        years = [(year, academic_year_label(year)) for year in range(first, first + AHEAD + 3)]
        return TermForm(data, initial=self.initial(), years=years)

    def initial(self) -> dict[str, Any]:
        """What stands, when the address names a term."""
        asked = {"year": self.request.GET.get("year", ""), "term": self.request.GET.get("term", "")}
        if not (asked["year"].isascii() and asked["year"].isdigit() and len(asked["year"]) == 4):
            return {"term": asked["term"]}
        rows = TermDates.objects.filter(authority=self.authority, year=asked["year"], term=asked["term"])
        row = rows.filter(school=self.school).first() or rows.filter(school=None).first()
        dates = ("starts_on", "break_from", "break_to", "ends_on")
        return asked | ({name: getattr(row, name) for name in dates} if row else {})

    def act(self, cleaned: dict[str, Any]) -> int:
        term = KnownTerm(cleaned["year"], cleaned["term"], cleaned["starts_on"], cleaned["ends_on"], cleaned["break_from"], cleaned["break_to"])
        return services.enter_dates(by=self.actor, authority=self.authority, school=self.school, terms=[term])


class RemovePage(KeepingForm):
    """Takes away what is ticked."""

    submit_text = gettext_lazy("Take away")

    def choices(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.choices() else redirect(self.link("calendars"))

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return RemoveForm(data, choices=self.choices())


class RemoveTermsPage(RemovePage):
    title = gettext_lazy("Take away the dates of terms")
    success_message = gettext_lazy("The dates are taken away")

    @property
    def intro(self) -> str:  # type: ignore[override]  # it depends on whose calendar it is
        if self.school:
            return _("The authority's dates then hold for the school again.")
        return _("What is counted in school days then waits until the dates are entered again.")

    def choices(self) -> list[tuple[str, str]]:
        rows = TermDates.objects.filter(authority=self.authority, school=self.school).order_by("starts_on")
        words = [(row, {"term": term_words(row.term, row.year), "period": period(row.starts_on, row.ends_on)}) for row in rows]
        return [(f"{row.year}-{row.term}", capfirst(_("%(term)s, %(period)s") % said)) for row, said in words]

    def act(self, cleaned: dict[str, Any]) -> None:
        for chosen in cleaned["chosen"]:
            year, term = chosen.split("-")
            services.remove_term(by=self.actor, authority=self.authority, school=self.school, year=int(year), term=term)


class AddClosedDayPage(KeepingForm):
    form_class = ClosedDayForm
    title = gettext_lazy("Add a day without pupils")
    intro = gettext_lazy("A training day (INSET) or a day on which school is closed, in term. It is no school day in any count.")
    success_message = gettext_lazy("The day is added")

    def act(self, cleaned: dict[str, Any]) -> int:
        return services.enter_dates(by=self.actor, authority=self.authority, school=self.school, closed={cleaned["day"]: cleaned["kind"]})


class RemoveClosedDaysPage(RemovePage):
    title = gettext_lazy("Take away days without pupils")
    success_message = gettext_lazy("The days are taken away")

    def choices(self) -> list[tuple[str, str]]:
        rows = ClosedDay.objects.filter(authority=self.authority, school=self.school).order_by("day")
        return [(row.day.isoformat(), f"{day_words(row.day)}: {row.get_kind_display()}") for row in rows]

    def act(self, cleaned: dict[str, Any]) -> None:
        for chosen in cleaned["chosen"]:
            services.remove_closed_day(by=self.actor, authority=self.authority, school=self.school, day=date.fromisoformat(chosen))


class OfAuthority(KeepingForm):
    """What holds for a whole authority is not a school's to change."""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if self.school is not None:
            raise NotAllowed


class AddHolidayPage(OfAuthority):
    form_class = HolidayForm
    title = gettext_lazy("Add a one-off bank holiday")
    intro = gettext_lazy("A bank holiday that is proclaimed for once. It is neither a working day nor a school day in any count.")
    success_message = gettext_lazy("The bank holiday is added")

    def act(self, cleaned: dict[str, Any]) -> ExtraHoliday:
        return services.add_holiday(by=self.actor, authority=self.authority, day=cleaned["day"], name=cleaned["name"])


class RemoveHolidaysPage(OfAuthority, RemovePage):
    title = gettext_lazy("Take away one-off bank holidays")
    success_message = gettext_lazy("The bank holidays are taken away")

    def choices(self) -> list[tuple[str, str]]:
        rows = ExtraHoliday.objects.filter(authority=self.authority).order_by("day")
        return [(row.day.isoformat(), f"{day_words(row.day)}: {row.name}") for row in rows]

    def act(self, cleaned: dict[str, Any]) -> None:
        for chosen in cleaned["chosen"]:
            services.remove_holiday(by=self.actor, authority=self.authority, day=date.fromisoformat(chosen))


class LessonsPage(KeepingForm):
    """A school's lessons through the week; without a school there is nothing to enter."""

    form_class = LessonForm
    template_name = "accounts/calendar_lessons.html"
    title = gettext_lazy("Lesson times")
    intro = gettext_lazy("Lace checks by these whether a meeting falls into lessons. Write times as 8:50. Leave a day without lessons empty.")
    success_message = gettext_lazy("The lesson times are saved")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.school else redirect("calendar_schools")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if self.school else redirect("calendar_schools")

    def initial(self) -> dict[str, Any]:
        parts = [part for part, _label in LessonForm.PARTS]
        return {f"{part}_{row.weekday}": getattr(row, part) for row in LessonTimes.objects.filter(school=self.school) for part in parts}

    def act(self, cleaned: dict[str, Any]) -> int:
        if self.school is None:
            raise NotAllowed
        return services.set_lesson_times(by=self.actor, school=self.school, times=lesson_times(cleaned))
