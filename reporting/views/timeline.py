"""The Timeline tab: a child's care, placements, schools, plans and reviews in one line (ADM-16)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.web.charts import Chart, Stretch, lanes
from reporting.queries import child as record
from reporting.views.child import Tab, where
from reviews.rules import ReviewState


class TimelinePage(Tab):
    """Care, placements, schools, plans and reviews in one line, so that moves can be seen beside them (ADM-16)."""

    route, title, template_name = "child_timeline", pgettext_lazy("tab", "Timeline"), "reporting/timeline.html"
    facets = frozenset({Facet.EDUCATION, Facet.CARE})

    def context(self) -> dict[str, Any]:
        events: list[dict[str, Any]] = []
        if self.holds(Facet.CARE):
            events += self.care()
        if self.holds(Facet.EDUCATION):
            events += self.education()
        today = self.actor.today
        events.sort(key=lambda event: day(event["when"]))
        events.reverse()  # of one day, what came first stands last
        return {
            "ahead": [event for event in events if day(event["when"]) > today],
            "past": [event for event in events if day(event["when"]) <= today],
            "lanes": self.lanes(),
        }

    def lanes(self) -> Chart | None:
        """Placements over schools, from the first placement, or a year ago, to today; of what the reader may see."""
        today, series = self.actor.today, list[tuple[str, list[Stretch]]]()
        starts = [today - timedelta(days=365)]
        if self.holds(Facet.CARE):
            placements = [self.see(row) for row in reversed(record.placements(self.actor, self.child))]
            series.append((gettext("Placements"), [(self.placed(row), row.started_on, row.ended_on) for row in placements]))
            starts += [row.started_on for row in placements[:1]]
        if self.holds(Facet.EDUCATION):
            enrolments = [self.see(row) for row in reversed(record.enrolments(self.actor, self.child))]
            series.append((gettext("Schools"), [(row.school.name, row.started_on, row.ended_on) for row in enrolments]))
        known = [(name, stretches) for name, stretches in series if stretches]
        if not known:
            return None
        columns = [gettext("What"), gettext("Where"), gettext("From"), gettext("Until")]
        summary = "; ".join(f"{name}: {len(stretches)}" for name, stretches in known)
        return lanes(title=gettext("Placements and schools"), summary=summary, columns=columns, series=known, first=min(starts), last=today)

    @staticmethod
    def placed(placement: Any) -> str:
        return ", ".join(filter(None, (str(placement.get_kind_display()), where(placement))))

    def care(self) -> list[dict[str, Any]]:
        events = []
        for row in record.episodes(self.actor, self.child):
            seen: Any = self.see(row)
            events.append({"title": _("Came into care"), "when": seen.started_on, "text": entry_words(seen)})
            if seen.ended_on:
                events.append({"title": _("Care ended"), "when": seen.ended_on, "text": seen.get_end_reason_display()})
        for placement in record.placements(self.actor, self.child):
            seen = self.see(placement)
            events.append({"title": _("Moved to a placement"), "when": seen.started_on, "text": self.placed(seen)})
        return events

    def education(self) -> list[dict[str, Any]]:
        events = []
        for enrolment in record.enrolments(self.actor, self.child):
            seen = self.see(enrolment)
            events.append({"title": _("Started at a school"), "when": seen.started_on, "text": seen.school.name})
            if seen.ended_on:
                events.append(
                    {"title": _("Left a school"), "when": seen.ended_on, "text": f"{seen.school.name}. {seen.get_leaving_reason_display()}"}
                )
        for plan in record.plans(self.actor, self.child):
            seen = self.see(plan)
            days = ((_("Plan started"), seen.initiated_on), (_("Plan being amended"), seen.amending_on), (_("Plan closed"), seen.closed_on))
            events += [{"title": step, "when": when} for step, when in days if when]
        for version in record.versions(self.actor, self.child):
            seen = self.see(version)
            final = gettext("Version %(number)d of the plan is final") % {"number": seen.number}
            events.append({"title": final, "when": seen.finalised_on, "text": seen.reason})
        for review in record.reviews(self.actor, self.child):
            seen = self.see(review)
            held = seen.state == ReviewState.HELD
            happened = _("Review held") if held else _("Review arranged")
            events.append({"title": happened, "when": seen.held_on if held else localtime(seen.scheduled_for), "href": self.url("child_meetings")})
        return events


def entry_words(episode: Any) -> str:
    return f"{episode.get_entry_type_display()}. {episode.get_legal_status_display()}"


def day(when: date | datetime) -> date:
    return when.date() if isinstance(when, datetime) else when
