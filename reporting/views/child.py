"""A child's record: Overview, School and People. Values leave through Seen, each tab by its facet."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Relation
from lace.children.models import Placement
from lace.children.people import people_around
from lace.children.rules import academic_year_label, of_compulsory_school_age
from lace.children.seen import Seen
from lace.deadlines.explain import explanations
from lace.deadlines.models import Duty
from lace.web.charts import Chart, lines
from lace.web.child_tabs import child_frame
from lace.web.duties import duty_item
from lace.web.pages import ChildPage
from peps.rules.duties import SECOND_WITH_CARER
from peps.rules.measures import subject_in_words, value_in_words
from peps.rules.wellbeing import name_in_words, scores_in_words
from reporting.queries import child as record
from reporting.queries import notes
from reporting.views.work import route_of
from schools.models import Enrolment, TermRecord
from schools.rules import Term
from schools.services.eotas import safety_of

NEXT = 3  # open duties on the overview


class Tab(ChildPage):
    """A tab of the child's record."""

    route: ClassVar[str]
    title: ClassVar[str | Promise]
    template_name: ClassVar[str]

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        return render(request, self.template_name, {**child_frame(self, self.route), "title": self.title, **self.context()})

    def context(self) -> dict[str, Any]:
        raise NotImplementedError

    def holds(self, *facets: Facet) -> bool:
        return not self.grant.facets.isdisjoint(facets)

    def see(self, row: Any) -> Seen:
        return Seen(row, self.grant)

    def url(self, route: str) -> str:
        return reverse(route, args=[self.child.pk])

    def carer_is_hidden(self) -> bool:
        """The carer's identity goes with the address (goals A1)."""
        return not self.holds(Facet.ADDRESS) or self.child.address_is_sensitive


def placement_now(placements: list[Placement], today: date) -> Placement | None:
    return next((row for row in placements if row.started_on <= today and (row.ended_on is None or row.ended_on > today)), None)


def enrolment_now(enrolments: list[Enrolment], today: date) -> Enrolment | None:
    return next((row for row in enrolments if row.started_on <= today and (row.ended_on is None or row.ended_on > today)), None)


def where(placement: Seen) -> str:
    """The authority where the child lives, or the place outside Wales."""
    return str(placement.host_authority.name if placement.host_authority else placement.outside_wales)


class OverviewPage(Tab):
    route, title, template_name = "child", pgettext_lazy("tab", "Overview"), "reporting/child.html"
    facets = frozenset({Facet.CALLED, Facet.IDENTITY, Facet.EDUCATION, Facet.CARE, Facet.ADDRESS, Facet.WELLBEING})

    def context(self) -> dict[str, Any]:
        today = self.actor.today
        enrolment = enrolment_now(record.enrolments(self.actor, self.child), today) if self.holds(Facet.EDUCATION) else None
        duties = record.open_duties(self.actor, self.child) if self.holds(Facet.EDUCATION) else []
        told = explanations(duties, on=today)
        items = [
            duty_item(duty, words, today, href=self.url(route_of(duty.code))) | {"why": words.why} for duty, words in zip(duties, told, strict=True)
        ]
        kept = self.holds(Facet.NO_CONTACT) and notes.is_kept_from_somebody(self.actor, self.child)
        return {
            "kept_away": self.url("child_no_contact") if kept else "",  # who, only on the page whose every look is recorded (PRIV-05)
            "warnings": self.warnings(duties, enrolment),
            "living": self.living() if self.holds(Facet.CARE, Facet.ADDRESS) else [],
            "school": self.school(enrolment) if self.holds(Facet.EDUCATION) else None,
            "about": self.about(),
            "dates": self.dates() if self.holds(Facet.EDUCATION) else [],
            "measures": self.measures(),
            "duties": items[:NEXT],
            "more_duties": len(items) > NEXT,
        }

    def warnings(self, duties: list[Duty], enrolment: Enrolment | None) -> list[str]:
        found = []
        late = sum(duty.is_overdue(self.actor.today) for duty in duties)
        if late:
            found.append(ngettext("%(count)s duty is overdue.", "%(count)s duties are overdue.", late) % {"count": late})
        if self.holds(Facet.EDUCATION) and enrolment is None and of_compulsory_school_age(self.child.born_on, self.actor.today):
            found.append(gettext("No school is recorded, and the child is of compulsory school age."))
        if any(duty.code == SECOND_WITH_CARER for duty in duties) and record.second_meeting_is_missing(self.actor, self.child):
            found.append(gettext("The second meeting with the carer in this school year is neither held nor booked in time."))
        return found

    def living(self) -> list[dict[str, Any]]:
        placement = placement_now(record.placements(self.actor, self.child), self.actor.today)
        rows: list[dict[str, Any]] = []
        if self.holds(Facet.CARE):
            rows += self.care()
            seen = self.see(placement) if placement else None
            rows.append({"key": _("Placement"), "value": seen.get_kind_display() if seen else ""})
            rows.append({"key": _("Since"), "value": seen.started_on if seen else ""})
            rows.append({"key": pgettext("place", "Area"), "value": where(seen) if seen else ""})
        where_now = record.address(self.actor, placement) if placement and not self.carer_is_hidden() else None
        if where_now:
            seen = self.see(where_now)
            rows.append({"key": _("With"), "value": seen.carer_name or (seen.home.name if seen.home else "")})
            rows.append({"key": _("Address"), "value": ", ".join(filter(None, (seen.address, seen.postcode)))})
        return rows

    def care(self) -> list[dict[str, Any]]:
        episodes = record.episodes(self.actor, self.child)
        if not episodes:
            return []
        newest = self.see(episodes[0])
        if newest.ended_on:
            return [{"key": _("No longer looked after since"), "value": newest.ended_on}]
        return [
            {"key": _("Looked after since"), "value": newest.started_on},
            {"key": _("Legal status"), "value": newest.get_legal_status_display()},
        ]

    def school(self, enrolment: Enrolment | None) -> list[dict[str, Any]]:
        if enrolment is None:
            return []
        seen = self.see(enrolment)
        people = record.designated_people(self.actor, enrolment)
        return [
            {"key": pgettext("tab", "School"), "value": seen.school.name},
            {"key": _("Since"), "value": seen.started_on},
            {"key": _("Designated person"), "value": ", ".join(held.user.name for held in people)},
        ]

    def about(self) -> list[dict[str, Any]]:
        child = self.seen
        if not self.holds(Facet.IDENTITY):
            return [{"key": _("Name"), "value": child.name}]
        rows: list[dict[str, Any]] = [
            {"key": _("Full name"), "value": f"{child.given_names} {child.family_name}"},
            {"key": _("First language"), "value": child.first_language},
            {"key": _("Unique pupil number"), "value": child.upn},
        ]
        if self.holds(Facet.EDUCATION):
            rows.append(
                {
                    "key": _("Additional learning needs"),
                    "value": pgettext("there are", "Yes") if child.additional_needs else pgettext("there are", "No"),
                }
            )
        if self.holds(Facet.CARE):
            rows.append({"key": _("Social care reference"), "value": child.reference})
        return rows

    def measures(self) -> list[dict[str, Any]]:
        """The newest of attainment and of well-being in two equal halves, each under its own facet (WB-02)."""
        parts: list[dict[str, Any]] = []
        if self.holds(Facet.EDUCATION):
            results = [
                {
                    "key": subject_in_words(row["measure"], row["subject"], row["named"]),
                    "value": f"{value_in_words(row['measure'], row['value'])}, {written(date.fromisoformat(row['measured_on']))}",
                }
                for row in record.attainment(self.actor, self.child)[:NEXT]
            ]
            parts.append({"title": _("Attainment"), "rows": results, "empty": _("No level or grade is recorded yet.")})
        if self.holds(Facet.WELLBEING):
            rows = [self.wellbeing(row) for row in record.wellbeing(self.actor, self.child)[:NEXT]]
            parts.append({"title": _("Well-being"), "rows": rows, "empty": _("No measure of well-being is recorded yet.")})
        return parts

    @staticmethod
    def wellbeing(row: dict[str, Any]) -> dict[str, Any]:
        scores = scores_in_words(row["instrument"], row["edition"], row["informant"], row["scores"])
        day = written(date.fromisoformat(row["measured_on"]))
        return {
            "key": name_in_words(row["instrument"], row["edition"], row["named"], row["informant"]),
            "value": f"{scores[0] if scores else gettext('Written down')}, {day}",
        }

    def dates(self) -> list[dict[str, Any]]:
        review, plan = record.next_review(self.actor, self.child), record.current_plan(self.actor, self.child)
        rows: list[dict[str, Any]] = []
        meetings = {"href": self.url("child_meetings"), "action": pgettext("link", "Open")}
        if review:
            rows.append({"key": _("Next review"), "value": localtime(self.see(review).scheduled_for), **meetings})
        else:
            rows.append({"key": _("Next review"), "value": _("Not arranged"), **meetings})
        plans = {"href": self.url("child_plan"), "action": pgettext("link", "Open")}
        rows.append({"key": _("Personal Education Plan"), "value": self.see(plan).get_state_display() if plan else _("No plan"), **plans})
        if plan and self.see(plan).finalised_on:
            rows.append({"key": _("Newest final version"), "value": self.see(plan).finalised_on})
        return rows


class SchoolPage(Tab):
    """Registers, attendance and progress, term by term."""

    route, title, template_name = "child_school", pgettext_lazy("tab", "School"), "reporting/school_of_child.html"
    facets = frozenset({Facet.EDUCATION, Facet.ATTENDANCE})

    def context(self) -> dict[str, Any]:
        rows = record.terms(self.actor, self.child)
        context: dict[str, Any] = {"term_columns": self.columns(), "terms": [self.row(term) for term in reversed(rows)], "chart": self.chart(rows)}
        if self.holds(Facet.EDUCATION):
            context["enrolment_columns"] = [pgettext("tab", "School"), _("Authority"), _("First day"), _("Last day"), _("Reason for leaving")]
            enrolments = record.enrolments(self.actor, self.child)
            context["enrolments"] = [self.enrolment(row) for row in enrolments]
            context["approvals"] = [self.approval(row) for row in enrolments if hasattr(row, "approval")]
            context |= self.elsewhere()
            context["asks_and_answers"] = bool({Permission.ASK_FOR_DATA, Permission.ANSWER_FOR_DATA} & self.grant.permissions)
        return context

    def elsewhere(self) -> dict[str, Any]:
        """Education other than at school, and who then answers for the child's safety (SCH-10)."""
        may_record = Permission.RECORD_SCHOOL in self.grant.permissions
        rows = []
        for place in record.eotas_places(self.actor, self.child):
            seen = self.see(place)
            end = (
                {"text": _("Record the end"), "href": reverse("child_eotas_end", args=[self.child.pk, place.pk])} if may_record else _("Still there")
            )
            rows.append([seen.provider, seen.get_kind_display(), written(seen.started_on), written(seen.ended_on) if seen.ended_on else end])
        return {
            "safety": safety_of(by=self.actor, child=self.child),
            "elsewhere_columns": [_("Provider"), _("Kind of education"), _("First day"), _("Last day")],
            "elsewhere": rows,
            "may_record_school": may_record,
        }

    def enrolment(self, row: Enrolment) -> list[Any]:
        seen = self.see(row)
        ended = written(seen.ended_on) if seen.ended_on else _("Still there")
        return [seen.school.name, seen.school.organisation.authority.name, written(seen.started_on), ended, seen.get_leaving_reason_display()]

    def approval(self, row: Enrolment) -> dict[str, Any]:
        """On what a move in Years 10 and 11 rests, the child's views first (VOICE-03)."""
        seen = self.see(row.approval)
        lang = seen.language[:2]
        texts = (
            (_("The child's wishes and feelings, and how they were heard"), seen.heard),
            (_("How they shaped the decision"), seen.shaped),
            (_("How the education is promoted"), seen.promoted),
            (_("How the move fits the plan"), seen.fits),
        )
        day = {"school": self.see(row).school.name, "day": written(seen.approved_on)}
        return {
            "title": gettext("Move to %(school)s, approved on %(day)s") % day,
            "rows": [{"key": key, "value": value, "lang": lang} for key, value in texts],
        }

    def columns(self) -> list[Any]:
        attendance = [_("Attendance"), _("Unauthorised sessions"), _("Days excluded")] if self.holds(Facet.ATTENDANCE) else []
        progress = [_("Subjects on track")] if self.holds(Facet.EDUCATION) else []
        return [_("Term"), pgettext("tab", "School"), *({"text": text, "numeric": True} for text in (*attendance, *progress))]

    def row(self, term: TermRecord) -> list[Any]:
        seen = self.see(term)
        cells: list[Any] = [term_name(term), term.school.name if self.holds(Facet.EDUCATION) else ""]
        if self.holds(Facet.ATTENDANCE):
            cells += [percent(seen.sessions_attended, seen.sessions_possible), seen.sessions_unauthorised, seen.days_excluded]
        if self.holds(Facet.EDUCATION):
            counted = {"on_track": seen.subjects_on_track, "all": seen.subjects_assessed}
            cells.append(gettext("%(on_track)s of %(all)s") % counted if seen.subjects_assessed else "–")
        return cells

    def chart(self, rows: list[TermRecord]) -> Chart | None:
        """Attendance and progress beside each other; nothing to draw before the second term."""
        series: list[tuple[str, list[int | float | None]]] = []
        seen = [self.see(row) for row in rows]
        if self.holds(Facet.ATTENDANCE):
            series.append((gettext("Attendance"), [share(row.sessions_attended, row.sessions_possible) for row in seen]))
        if self.holds(Facet.EDUCATION):
            series.append((gettext("Subjects on track"), [share(row.subjects_on_track, row.subjects_assessed) for row in seen]))
        if len(rows) < 2:
            return None
        summary = gettext("Each term's share in per cent, from %(first)s to %(last)s.") % {"first": term_name(rows[0]), "last": term_name(rows[-1])}
        labels = [term_name(row) for row in rows]
        return lines(title=gettext("Attendance and progress"), summary=summary, labels=labels, series=series, number="{}%".format)


class PeoplePage(Tab):
    """Who is around the child, and how to reach them; the carer's name goes with the address."""

    route, title, template_name = "child_people", pgettext_lazy("tab", "People"), "reporting/people.html"
    facets = frozenset({Facet.CONTACTS, Facet.ADDRESS})

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not self.holds(Facet.CONTACTS):
            raise Http404

    def context(self) -> dict[str, Any]:
        people: list[dict[str, Any]] = []
        for person in people_around(child=self.child, on=self.actor.today):
            hidden = person.relation == Relation.CARER and self.carer_is_hidden()
            people.append(
                {
                    "role": RELATION_WORDS[person.relation],
                    "name": "" if hidden else person.name,
                    "email": "" if hidden else person.email,
                    "hidden": hidden,
                }
            )
        enrolment = enrolment_now(record.enrolments(self.actor, self.child), self.actor.today)
        for held in record.designated_people(self.actor, enrolment) if enrolment else []:
            role = gettext("Designated person, %(school)s") % {"school": enrolment.school.name} if enrolment else ""
            people.append({"role": role, "name": held.user.name, "email": held.user.email, "hidden": False})
        for found in record.counterparts(self.actor, self.child):
            role = (
                gettext("LACE coordinator, %(authority)s") % {"authority": found.authority}
                if found.authority
                else gettext("Counterpart outside Wales")
            )
            people.append({"role": role, "name": found.name, "email": found.email, "hidden": False})
        return {"people": people}


RELATION_WORDS: dict[Relation, Promise] = {
    Relation.SOCIAL_WORKER: _("Social worker"),
    Relation.IRO: _("Independent reviewing officer"),
    Relation.CARER: _("Carer"),
    Relation.PERSONAL_ADVISER: _("Personal adviser"),
    Relation.ADVOCATE: _("Advocate"),
    Relation.INDEPENDENT_VISITOR: _("Independent visitor"),
    Relation.LEAD_WORKER: _("Lead worker"),
    Relation.WELFARE_OFFICER: _("Education welfare officer"),
}


def written(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def term_name(term: TermRecord) -> str:
    return f"{Term(term.term).label} {academic_year_label(term.year)}"


def share(part: int, whole: int) -> float | None:
    """Per cent, whole; None where nothing was possible."""
    return round(100 * part / whole) if whole else None


def percent(part: int, whole: int) -> str:
    value = share(part, whole)
    return "" if value is None else f"{value}%"
