"""Meetings about the plan: on the plan's page, and the forms that arrange, move, record and call them off."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission
from lace.children.models import Child
from lace.children.seen import Seen
from lace.web.pages import ChildFormPage
from peps.forms.meetings import CancelForm, HoldForm, MeetingForm
from peps.models import MeetingInvitation, PlanMeeting, second_is_missing
from peps.rules import Step
from peps.rules.meetings import AdvocateWish, MeetingState, Who
from peps.services.meetings import Guest, arrange, cancel, guests, hold, move
from peps.views.content import LANG
from peps.views.frame import PlanPart, language_in_use, written

NO_ADVOCATE = _(
    "The child has no advocate in Lace. Every child who is looked after may have one: if the child wishes it, the social worker asks the"
    " authority's advocacy service."
)


def meetings_of(page: PlanPart) -> dict[str, Any]:
    """For the plan's page: meetings to come, those that were held or called off, whether the second one with the carer is missing."""
    rows = list(PlanMeeting.objects.visible_to(page.actor).filter(pep=page.plan).order_by("starts_at", "pk"))
    asked = _asked(page)
    may = page.may(Permission.WRITE_PEP, Step.TICK)
    missing = may and Child.objects.visible_to(page.actor).filter(second_is_missing(page.actor.today), pk=page.child.pk).exists()
    return {
        "arranged": [_card(page, row, asked.get(row.pk, [])) for row in rows if row.state == MeetingState.SCHEDULED],
        "past": [_past(row) for row in reversed(rows) if row.state != MeetingState.SCHEDULED],
        "columns": [_("Day"), _("What became of it"), _("Who was there, or why it was called off")],
        "second_missing": missing,
        "may": may,
    }


def _asked(page: PlanPart) -> dict[UUID, list[str]]:
    """Who is asked to each arranged meeting, as this reader may know them: by name and as what, or only as what."""
    found: dict[UUID, list[str]] = {}
    rows: Any = MeetingInvitation.objects.visible_to(page.actor)
    standing = rows.standing().filter(meeting__pep=page.plan, meeting__state=MeetingState.SCHEDULED).select_related("user")
    order = list(Who)
    for row in sorted(standing.order_by("created_at", "pk"), key=lambda row: order.index(Who(row.who))):
        row.child = page.child  # Seen asks it whether the carer may be named
        seen = Seen(row, page.grant)
        name = seen.name or (seen.user.name if row.who == Who.CARER and seen.user else "")
        text = f"{name} ({seen.get_who_display()})" if name else str(seen.get_who_display())
        of_meeting = found.setdefault(row.meeting_id, [])
        if text not in of_meeting:  # several carers whose names are not told are told once
            of_meeting.append(text)
    return found


def _card(page: PlanPart, row: PlanMeeting, asked: list[str]) -> dict[str, Any]:
    row.child = page.child
    seen, lang = Seen(row, page.grant), LANG.get(row.language, "")
    wish = seen.get_advocate_display() if seen.advocate else ""
    if wish and row.advocate_asked_on:
        wish = gettext("%(answer)s (asked on %(day)s)") % {"answer": wish, "day": written(row.advocate_asked_on)}
    cells = [
        {"key": _("Place"), "value": seen.place, "lang": lang},
        {"key": _("What the meeting is for"), "value": seen.purpose, "lang": lang},
        {"key": _("Who is asked"), "value": "; ".join(asked)},
        {"key": _("The advocate"), "value": wish},
        {"key": _("Why in lesson time"), "value": seen.lesson_reason, "lang": lang},
    ]
    return {"pk": row.pk, "when": moment(row), "over": timezone.localdate(row.starts_at) < page.actor.today, "rows": [c for c in cells if c["value"]]}


def _past(row: PlanMeeting) -> list[Any]:
    if row.state == MeetingState.HELD and row.held_on:
        return [written(row.held_on), row.get_state_display(), ", ".join(str(Who(who).label) for who in row.present)]
    return [moment(row), row.get_state_display(), {"text": row.reason, "lang": LANG.get(row.language, "")}]


def moment(row: PlanMeeting) -> str:
    """Day and time, in the language in use."""
    local = timezone.localtime(row.starts_at)
    return gettext("%(day)s, %(time)s") % {"day": date_format(local, "DATE_FORMAT"), "time": date_format(local, "TIME_FORMAT")}


class ArrangePage(PlanPart, ChildFormPage):
    """Arrange a meeting; with the address of one, a form about it."""

    permission = Permission.WRITE_PEP
    form_class: ClassVar[type[forms.Form]] = MeetingForm
    title = _("Arrange a meeting about the plan")
    submit_text: ClassVar[Any] = _("Arrange the meeting")
    success_message = _("The meeting is arranged and those asked to it have been told")
    meeting: PlanMeeting | None = None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if "planmeeting" in kwargs:
            self.meeting = PlanMeeting.objects.visible_to(self.actor).filter(pep=self.plan, pk=kwargs["planmeeting"]).first()
            if self.meeting is None:
                raise Http404
            self.meeting.child = self.child

    @property
    def held(self) -> PlanMeeting:
        """The meeting of a page that is about one."""
        assert self.meeting is not None
        return self.meeting

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        open_to = self.meeting is None or self.meeting.state == MeetingState.SCHEDULED
        return super().get(request, *args, **kwargs) if open_to and self.may(Permission.WRITE_PEP, Step.TICK) else redirect(self.success_url(None))

    def people(self) -> list[Guest]:
        return guests(by=self.actor, child=self.child)

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        people = self.people()
        self.has_advocate = any(guest.who == Who.ADVOCATE for guest in people)
        self.form = MeetingForm(data, guests=people, hint=self.last_no(), initial=self.initial_of(people))
        return self.form

    def initial_of(self, people: list[Guest]) -> dict[str, Any]:
        chosen = [guest.key for guest in people if guest.expected]
        return {"language": language_in_use(), "invited": chosen, "advocate": AdvocateWish.YES, "version": 0}

    def last_no(self) -> str:
        """What the child said of the advocate the last time, where that was no."""
        last = PlanMeeting.objects.visible_to(self.actor).filter(child=self.child, advocate_asked_on__isnull=False).order_by("-created_at").first()
        if last is None or last.advocate != AdvocateWish.NO or last.advocate_asked_on is None:
            return ""
        return gettext("On %(day)s the child said no. Ask the child each time: the answer may be another one.") % {
            "day": written(last.advocate_asked_on)
        }

    def context(self) -> dict[str, Any]:
        return {
            "caption": self.seen.name,
            "back_url": self.url(),
            "cancel_url": self.url(),
            "submit_text": self.submit_text,
            "intro": self.intro(),
        }

    def intro(self) -> Any:
        return "" if self.has_advocate else NO_ADVOCATE

    def wish(self, cleaned: dict[str, Any]) -> bool | None:
        return cleaned["advocate"] == AdvocateWish.YES if "advocate" in cleaned else None

    def act(self, cleaned: dict[str, Any]) -> PlanMeeting:
        return arrange(by=self.actor, pep=self.plan, facts=self.form.facts(), invited=self.form.chosen(), wants_advocate=self.wish(cleaned))

    def success_url(self, result: Any) -> str:
        return f"{self.url()}#meetings"

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """What was typed is kept, and now rests on what stands."""
        if not isinstance(current, PlanMeeting):
            return super().changed(form, current)
        data = self.request.POST.copy()
        data["version"] = str(current.version)
        return super().changed(self.get_form(data), current)


class MovePage(ArrangePage):
    title = _("Move the meeting, or change who is asked to it")
    submit_text = _("Save the meeting")
    success_message = _("The meeting is changed, and those concerned have been told")

    def initial_of(self, people: list[Guest]) -> dict[str, Any]:
        row = self.held
        local = timezone.localtime(row.starts_at)
        rows: Any = MeetingInvitation.objects.visible_to(self.actor)
        asked = [str(invited.user_id or invited.who) for invited in rows.standing().filter(meeting=row)]
        stands = {name: getattr(row, name) for name in ("place", "purpose", "lesson_reason", "language", "version")}
        return {"day": local.date(), "time": local.time(), "invited": asked, "advocate": row.advocate or AdvocateWish.YES, **stands}

    def act(self, cleaned: dict[str, Any]) -> PlanMeeting:
        return move(
            by=self.actor,
            meeting=self.held,
            facts=self.form.facts(),
            invited=self.form.chosen(),
            wants_advocate=self.wish(cleaned),
            version=cleaned["version"],
        )


class HoldPage(ArrangePage):
    title = _("Record the meeting as held")
    submit_text = _("Record the meeting")
    success_message = _("The meeting is recorded")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        rows: Any = MeetingInvitation.objects.visible_to(self.actor)
        asked = list(rows.standing().filter(meeting=self.held).values_list("who", flat=True))
        day = min(timezone.localdate(self.held.starts_at), self.actor.today)
        return HoldForm(data, initial={"held_on": day, "present": asked, "version": self.held.version})

    def intro(self) -> Any:
        return _("Tick those who were there in fact.")

    def act(self, cleaned: dict[str, Any]) -> PlanMeeting:
        return hold(by=self.actor, meeting=self.held, held_on=cleaned["held_on"], present=cleaned["present"], version=cleaned["version"])


class CancelPage(ArrangePage):
    title = _("Call off the meeting")
    submit_text = _("Call off the meeting")
    success_message = _("The meeting is called off and those asked to it have been told. The duty to meet stays")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return CancelForm(data, initial={"version": self.held.version})

    def intro(self) -> Any:
        return gettext("The meeting is arranged for %(moment)s.") % {"moment": moment(self.held)}

    def act(self, cleaned: dict[str, Any]) -> PlanMeeting:
        return cancel(by=self.actor, meeting=self.held, reason=cleaned["reason"], version=cleaned["version"])


def meetings_urls(plan: str) -> list[URLPattern]:
    """Under the plan's address."""
    one = f"{plan}meetings/<uuid:planmeeting>/"
    return [
        path(f"{plan}meetings/add/", ArrangePage.as_view(), name="child_plan_meeting_add"),
        path(one, MovePage.as_view(), name="child_plan_meeting"),
        path(f"{one}held/", HoldPage.as_view(), name="child_plan_meeting_hold"),
        path(f"{one}cancel/", CancelPage.as_view(), name="child_plan_meeting_cancel"),
    ]
