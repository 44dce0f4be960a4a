"""The Meetings tab of a child: reviews arranged and held, their clocks, and the acts on them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _
from icalendar import Calendar, Event

from lace.accounts.access import Facet, Permission
from lace.accounts.models import Organisation
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.core.schooldays import in_school_hours
from lace.deadlines.calendars import in_lessons
from lace.deadlines.explain import explanations
from lace.deadlines.models import Duty
from lace.web.administration.calendar_words import lessons_in_words
from lace.web.child_tabs import child_frame
from lace.web.duties import duty_item
from lace.web.pages import ChildFormPage, ChildPage
from reviews import services
from reviews.forms import ROWS, AnswerChildForm, CancelForm, ChangeInvitedForm, CloseForm, EarlierForm, PostponeForm, ScheduleForm
from reviews.models import Decision, EarlierReview, Invitation, Postponement, Review
from reviews.rules import FIRST, FOLLOWING, Attendance, Capacity, ReviewState
from reviews.services.earlier import answer_child, answers, bring_review_forward
from schools.models import Enrolment

EARLIER_SHOWN = timedelta(days=366)  # how long the tab tells of a review that was brought forward


class MeetingsPart(ChildPage):
    """A page of the tab. `permission` is the act's, on a page that offers one."""

    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.EDUCATION, Facet.CARE, Facet.VOICE, Facet.CONTACTS})
    permission: ClassVar[Permission | None] = None

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Facet.EDUCATION not in self.grant.facets:
            raise Http404
        if self.permission and self.permission not in self.grant.permissions:
            raise NotAllowed

    def url(self, name: str = "child_meetings", **kwargs: Any) -> str:
        return reverse(name, kwargs={"child": self.child.pk, **kwargs})

    def reviews(self) -> list[Review]:
        rows = Review.objects.visible_to(self.actor).filter(child=self.child).select_related("chair").order_by("-scheduled_for")
        for row in rows:
            row.child = self.child
        return list(rows)

    def invited(self, reviews: list[Review]) -> dict[UUID, list[Invitation]]:
        """The standing invitations by review."""
        rows: Any = Invitation.objects.visible_to(self.actor)
        found = list(rows.standing().filter(review__in=reviews).select_related("user").order_by("created_at", "pk"))
        for row in found:
            row.child = self.child  # Seen asks it whether the carer may be named
        return self.of_reviews(found)

    def who(self, row: Invitation) -> str:
        """Somebody invited as this reader may know them: by name and as what, or only as what."""
        seen = Seen(row, self.grant)
        name = seen.name or (seen.user.name if row.capacity == Capacity.CARER and seen.user else "")
        return f"{name} ({seen.get_capacity_display()})" if name else str(seen.get_capacity_display())

    def school_on(self, day: date) -> Organisation | None:
        """The school whose lessons count: on whose roll the child is that day."""
        rows: Any = Enrolment.objects.visible_to(self.actor)
        row = rows.on_roll(day).filter(child=self.child).select_related("school__organisation__authority").first()
        return row.school.organisation if row else None

    def lesson_warning(self, moment: datetime) -> str:
        """What to check of a meeting that is said to be outside lessons; nothing when it is."""
        school = self.school_on(moment.date())
        known = in_lessons(school, moment) if school else None
        if known:
            return gettext("The meeting begins in the school's lesson times. Check that the child has no lessons then.")
        if known is None and in_school_hours(moment):
            return gettext(
                "The meeting begins on a weekday between 9:00 and 15:00, and the school's lesson times are not entered."
                " Check that the child has no lessons then."
            )
        return ""

    @staticmethod
    def of_reviews(rows: Any) -> dict[UUID, list[Any]]:
        by_review: dict[UUID, list[Any]] = {}
        for row in rows:
            by_review.setdefault(row.review_id, []).append(row)
        return by_review


class MeetingsPage(MeetingsPart):
    """What is arranged, what was held and decided, and by when the next must be."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        reviews = self.reviews()
        duties = list(Duty.objects.visible_to(self.actor).open().filter(child=self.child, code__in=[*FIRST, *FOLLOWING]).order_by("due_on", "code"))
        decisions = self.of_reviews(Decision.objects.visible_to(self.actor).filter(review__in=reviews))
        moved = self.of_reviews(Postponement.objects.visible_to(self.actor).filter(review__in=reviews).order_by("created_at"))
        arranged = next((review for review in reviews if review.state == ReviewState.SCHEDULED), None)
        invited = self.invited([review for review in reviews if review.state != ReviewState.CANCELLED])
        expected = invited.get(arranged.pk, []) if arranged else []
        context = {
            **child_frame(self, "child_meetings"),
            "title": _("Meetings"),
            "duties": [duty_item(duty, told, self.actor.today) for duty, told in zip(duties, explanations(duties, on=self.actor.today), strict=True)],
            "arranged": Seen(arranged, self.grant) if arranged else None,
            "moved": [Seen(row, self.grant) for row in moved.get(arranged.pk, [])] if arranged else [],
            "held": [
                {
                    "review": Seen(review, self.grant),
                    "took_part": self.took_part(invited.get(review.pk, [])),
                    "decisions": [Seen(row, self.grant) for row in decisions.get(review.pk, [])],
                }
                for review in sorted(reviews, key=lambda review: review.held_on or self.actor.today, reverse=True)
                if review.state == ReviewState.HELD
            ],
            "invited": [{"who": self.who(row), "reason": Seen(row, self.grant).reason} for row in expected],
            "size_limit": self.child.authority.large_meeting if len(expected) > self.child.authority.large_meeting else 0,
            "hours": self.lesson_warning(timezone.localtime(arranged.scheduled_for)) if arranged and arranged.outside_lessons else "",
            "earlier": self.earlier(),
            "arranged_too_late": bool(arranged and duties and timezone.localdate(arranged.scheduled_for) > duties[0].due_on),
            "due_on": duties[0].due_on if duties else None,
            "may_arrange": Permission.ARRANGE_REVIEW in self.grant.permissions,
            "may_close": Permission.CLOSE_REVIEW in self.grant.permissions,
        }
        return render(request, "reviews/meetings.html", context)

    def earlier(self) -> list[dict[str, Any]]:
        """Why the next review was brought forward, or is asked to be, the newest first."""
        found = []
        since = self.actor.today - EARLIER_SHOWN
        for row in EarlierReview.objects.visible_to(self.actor).filter(child=self.child, asked_on__gte=since).order_by("-asked_on", "-created_at"):
            seen = Seen(row, self.grant)
            waits = row.answered_on is None
            may_answer = waits and Permission.ARRANGE_REVIEW in self.grant.permissions and answers(by=self.actor, child=self.child)
            found.append(
                {
                    "row": seen,
                    "why": seen.get_cause_display() if seen.cause and not waits else "",
                    "waits": waits,
                    "answer_url": self.url("child_review_answer", asked=row.pk) if may_answer else "",
                }
            )
        return found

    def took_part(self, rows: list[Invitation]) -> list[dict[str, Any]]:
        """Who took part how (REV-07), and whether anybody of the school did."""
        recorded = [row for row in rows if row.attendance]
        if not recorded:
            return []
        lines = [
            {"key": attendance.label, "value": "; ".join(self.who(row) for row in recorded if row.attendance == attendance)}
            for attendance in Attendance
            if any(row.attendance == attendance for row in recorded)
        ]
        school = any(row.capacity == Capacity.SCHOOL and row.attendance == Attendance.ATTENDED for row in recorded)
        return [
            *lines,
            {"key": _("The school was represented"), "value": pgettext("represented", "Yes") if school else pgettext("represented", "No")},
        ]


class _ReviewForm(MeetingsPart, ChildFormPage):
    """A form about the child's reviews, under the tab."""

    template_name = "reviews/form.html"

    def context(self) -> dict[str, Any]:
        return {**child_frame(self, "child_meetings"), "back_url": self.url(), "cancel_url": self.url()}

    def success_url(self, result: Any) -> str:
        return self.url()


class SchedulePage(_ReviewForm):
    permission = Permission.ARRANGE_REVIEW
    form_class = ScheduleForm
    title = _("Arrange a review")
    success_message = _("The review is arranged and those invited have been told")

    def context(self) -> dict[str, Any]:
        return super().context() | {"intro": lessons_in_words(self.school_on(self.actor.today))}

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        people = services.candidates(by=self.actor, child=self.child)
        self.form = ScheduleForm(data, candidates=people, large_from=self.child.authority.large_meeting)
        return self.form

    def act(self, cleaned: dict[str, Any]) -> object:
        return services.schedule(
            by=self.actor,
            child=self.child,
            scheduled_for=cleaned["moment"],
            venue=cleaned["venue"],
            outside_lessons=cleaned["lessons"] == "outside",
            lesson_reason=cleaned["lesson_reason"],
            private_room=cleaned["private_room"],
            invitees=self.form.invitees(),
            large_is_needed=cleaned.get("large_is_needed", False),
        )


class EarlierPage(_ReviewForm):
    """Bring the next review forward for a cause of regulation 39(3) and (4)."""

    permission = Permission.ARRANGE_REVIEW
    form_class = EarlierForm
    title = _("Bring the next review forward")
    success_message = _("The review is due on that day now. The reviewing officer and the social worker are told")

    def context(self) -> dict[str, Any]:
        return super().context() | {"intro": _("The law names the causes. The review is then due by the day you give, and no later.")}

    def act(self, cleaned: dict[str, Any]) -> object:
        language = get_language() or settings.LANGUAGE_CODE
        facts = {name: cleaned[name] for name in ("cause", "needed_by", "words")}
        return bring_review_forward(by=self.actor, child=self.child, language=language, **facts)


class AnswerChildPage(_ReviewForm):
    """Answer the child who asked for a review sooner (regulation 39(4))."""

    permission = Permission.ARRANGE_REVIEW
    form_class = AnswerChildForm
    title = _("Answer the child")
    success_message = _("Your answer is on the child's own page")
    request_row: EarlierReview

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        row = EarlierReview.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["asked"]).first()
        if row is None:
            raise Http404
        if not answers(by=self.actor, child=self.child):
            raise NotAllowed
        row.child = self.child
        self.request_row = row

    def context(self) -> dict[str, Any]:
        row = Seen(self.request_row, self.grant)
        asked = gettext("On %(day)s the child asked for a review sooner.") % {"day": date_format(self.request_row.asked_on, "DATE_FORMAT")}
        return super().context() | {
            "intro": asked,
            "words": row.words,
            "words_language": self.request_row.language[:2],
            "submit_text": _("Send the answer"),
        }

    def act(self, cleaned: dict[str, Any]) -> object:
        needed_by = cleaned["needed_by"] if cleaned["justified"] == "yes" else None
        return answer_child(by=self.actor, request=self.request_row, needed_by=needed_by, answer=cleaned["answer"])


class _OneReview(_ReviewForm):
    """A form about one review."""

    review: Review

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        review = Review.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["review"]).first()
        if review is None:
            raise Http404
        review.child = self.child
        self.review = review

    def initial(self) -> dict[str, Any]:
        return {"version": self.review.version}

    def changed(self, form: forms.Form, current: object) -> HttpResponse:
        """Show what stands now; the form sent again then rests on it."""
        assert isinstance(current, Review)
        assert isinstance(form.data, QueryDict)
        form.data = _with(form.data, current.version)
        return super().changed(form, current)


class PostponePage(_OneReview):
    permission = Permission.ARRANGE_REVIEW
    form_class = PostponeForm
    title = _("Move the review")
    success_message = _("The review is moved. The day by which it is due has not changed")

    def initial(self) -> dict[str, Any]:
        review = self.review
        lessons = "outside" if review.outside_lessons else "inside"
        return super().initial() | {
            "venue": review.venue,
            "lessons": lessons,
            "lesson_reason": review.lesson_reason,
            "private_room": review.private_room,
        }

    def context(self) -> dict[str, Any]:
        start = timezone.localtime(self.review.scheduled_for)
        words = {"day": date_format(start, "DATE_FORMAT"), "time": date_format(start, "TIME_FORMAT")}
        stands = gettext("The review is arranged for %(day)s, %(time)s.") % words
        return super().context() | {"submit_text": self.title, "intro": f"{stands} {lessons_in_words(self.school_on(start.date()))}"}

    def act(self, cleaned: dict[str, Any]) -> object:
        return services.postpone(
            by=self.actor,
            review=self.review,
            to=cleaned["moment"],
            reason=cleaned["reason"],
            version=cleaned["version"],
            venue=cleaned["venue"],
            outside_lessons=cleaned["lessons"] == "outside",
            lesson_reason=cleaned["lesson_reason"],
            private_room=cleaned["private_room"],
        )


class InvitedPage(_OneReview):
    """Change who is invited (PRIV-02)."""

    permission = Permission.ARRANGE_REVIEW
    form_class = ChangeInvitedForm
    title = _("Change who is invited")
    success_message = _("The invitations are changed, and those concerned have been told")

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        people = services.candidates(by=self.actor, child=self.child)
        invited = self.invited([self.review]).get(self.review.pk, [])
        self.form = ChangeInvitedForm(data, initial=self.initial(), candidates=people, large_from=self.child.authority.large_meeting, invited=invited)
        return self.form

    def act(self, cleaned: dict[str, Any]) -> object:
        return services.invite(
            by=self.actor,
            review=self.review,
            invitees=self.form.invitees(),
            version=cleaned["version"],
            large_is_needed=cleaned.get("large_is_needed", False),
        )


class CancelPage(_OneReview):
    permission = Permission.ARRANGE_REVIEW
    form_class = CancelForm
    title = _("Call off the review")
    success_message = _("The review is called off and those invited have been told. The duty to hold one stays")

    def context(self) -> dict[str, Any]:
        return super().context() | {"submit_text": _("Call off the review"), "intro": _("The duty to hold a review in time stays as it is.")}

    def act(self, cleaned: dict[str, Any]) -> object:
        return services.cancel(by=self.actor, review=self.review, version=cleaned["version"])


class ClosePage(_OneReview):
    permission = Permission.CLOSE_REVIEW
    form_class = CloseForm
    title = _("Record the review as held")
    success_message = _("The review is recorded, and those entitled have been told")

    @property
    def rows(self) -> int:
        """Rows of decisions: as many as the page shows, at most 40."""
        asked = self.request.GET.get("rows", "")
        return min(int(asked), 40) if asked.isdecimal() and int(asked) > ROWS else ROWS

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        held_on = min(timezone.localdate(self.review.scheduled_for), self.actor.today)
        invited = [(row, self.who(row)) for row in self.invited([self.review]).get(self.review.pk, [])]
        initial = self.initial() | {"held_on": held_on}
        self.form = CloseForm(data, initial=initial, invited=invited, rows=self.rows, only_show="more" in (data or {}))
        return self.form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """More rows for decisions keep what was typed and record nothing."""
        return self.show(self.get_form(request.POST)) if "more" in request.POST else super().post(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        return super().context() | {"more_rows": self.rows + ROWS, "submit_text": _("Record the review")}

    def act(self, cleaned: dict[str, Any]) -> object:
        decisions = [
            services.DecisionFacts(cleaned[f"text_{row}"], cleaned[f"owner_{row}"], cleaned[f"due_on_{row}"])
            for row in range(1, self.rows + 1)
            if cleaned[f"text_{row}"]
        ]
        return services.close(
            by=self.actor,
            review=self.review,
            held_on=cleaned["held_on"],
            participation=cleaned["participation"],
            summary=cleaned["summary"],
            decisions=decisions,
            version=cleaned["version"],
            attendance=self.form.attendance(),
        )


def _with(data: QueryDict, version: int) -> QueryDict:
    """What was typed, resting on this version."""
    copy = data.copy()
    copy["version"] = str(version)
    return copy


class CalendarEntry(_OneReview):
    """The meeting for a person's own calendar, under a neutral title (REV-18): it names no child and no review."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        event = Event()
        event.add("uid", f"{self.review.pk}@lace")
        event.add("summary", str(_("Meeting")))
        event.add("dtstart", self.review.scheduled_for)
        event.add("dtstamp", self.review.created_at)
        event.add("sequence", self.review.version)
        event.add("location", self.review.venue)
        calendar = Calendar()
        calendar.add("prodid", "-//Lace//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
        return HttpResponse(
            calendar.to_ical(), content_type="text/calendar; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="meeting.ics"'}
        )
