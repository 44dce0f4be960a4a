"""A calendar by file: what a file would change is shown first, with every bad line and its reason; then it is entered, or not."""

from __future__ import annotations

import csv
import io
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from lace.core.errors import Refused
from lace.core.schooldays import SchoolCalendar
from lace.deadlines import calendar_files
from lace.deadlines.calendar_files import Reading
from lace.deadlines.calendars import known, school_calendar
from lace.deadlines.models import ClosedDay, TermDates
from lace.deadlines.services import calendars as services
from lace.web.administration.calendar_forms import EnterForm, FileForm
from lace.web.administration.views.calendars import Keeping, KeepingForm
from lace.web.pages import new_token


def as_text(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


class FilePage(KeepingForm):
    """Two steps at one address: a file is chosen and read; what was read is entered."""

    template_name = "accounts/calendar_file.html"
    title = gettext_lazy("Enter dates from a file")
    intro = gettext_lazy("Nothing is entered before you have seen what the file would change.")
    submit_text = gettext_lazy("Read the file")
    success_message = gettext_lazy("The dates are entered")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        if data is not None and "content" in data:
            return EnterForm(data)
        return FileForm(data, self.request.FILES if data is not None else None)

    def calendar(self) -> SchoolCalendar:
        return school_calendar(self.authority, self.school)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if isinstance(form, EnterForm) or not form.is_valid():
            return super().post(request, *args, **kwargs)
        try:
            reading = calendar_files.read(form.cleaned_data["file"].read(calendar_files.MOST_BYTES + 1), self.calendar())
        except Refused as refusal:
            for sentence in refusal.problems["file"]:
                form.add_error("file", str(sentence))
            return self.show(form)
        return self.preview(reading)

    def preview(self, reading: Reading) -> HttpResponse:
        back = self.link("calendar_file")
        context = {
            "title": _("What the file would change"),
            "caption": self.whose,
            "back_url": back,
            "cancel_url": back,
            "form_token": new_token(self.request),
            "columns": [_("Line"), pgettext("kind of day", "What"), _("Now"), _("After")],
            "rows": [
                [str(change.number or "–"), change.what, change.before or _("Not entered"), change.after]
                for change in sorted(reading.changes, key=lambda change: change.number)
            ],
            "wrong_columns": [_("Line"), _("Why it is left out")],
            "wrong": [[str(number), str(sentence)] for number, sentence in reading.wrong],
            "known": ngettext("%(count)s entry stands in the calendar already.", "%(count)s entries stand in the calendar already.", reading.known)
            % {"count": reading.known}
            if reading.known
            else "",
            "content": as_text(calendar_files.table(reading.terms, sorted(reading.closed.items()))),
        }
        return render(self.request, "accounts/calendar_preview.html", context)

    def act(self, cleaned: dict[str, Any]) -> int:
        reading = calendar_files.read(cleaned["content"].encode(), self.calendar())
        if reading.wrong or not reading.changes:
            raise Refused(_("Somebody changed the calendar meanwhile. Choose the file again, and look at what it would change now"))
        return services.enter_dates(by=self.actor, authority=self.authority, school=self.school, terms=reading.terms, closed=reading.closed)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """A step that was refused begins anew: a browser sends no file twice."""
        if not isinstance(form, EnterForm):
            return super().show(form, status)
        fresh = FileForm(QueryDict(), MultiValueDict())
        fresh.errors.clear()
        for sentence in form.non_field_errors() or [_("Choose the file again")]:
            fresh.add_error(None, str(sentence))
        return super().show(fresh, status)


class CsvFile(Keeping):
    """What is entered in this calendar, in the form in which it is read in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = TermDates.objects.filter(authority=self.authority, school=self.school).order_by("starts_on")
        closed = ClosedDay.objects.filter(authority=self.authority, school=self.school).order_by("day").values_list("day", "kind")
        name = f"calendar-{self.school.pk if self.school else self.authority.code.lower()}.csv"
        response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
        response.write("\ufeff")  # Excel reads ŵ and ŷ only where the file says that it is UTF-8
        csv.writer(response).writerows(calendar_files.table([known(row) for row in rows], closed))
        return response
