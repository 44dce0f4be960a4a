"""The audit's pages: who looked at a child and what changed (for the responsible authority), and the auditor's own, which name no child."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission, Role, require
from lace.accounts.services.alerts import LONGEST_ANSWER, answer_alert, set_thresholds
from lace.audit import unusual
from lace.audit.models import Alert, Read, Rule
from lace.audit.services import record_read
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildPage, FormPage, Page
from reporting.queries import audit
from reporting.queries.audit import Asked, Look, Looks
from reporting.views import links
from reporting.views.access_words import FACET_WORDS
from reporting.views.figures import plain

PER_PAGE = 50
MOST_IN_A_FILE = 10_000  # rows; a child's looks of years

# A route's name, or its beginning, in words; the longest that fits.
DOORS: dict[str, Promise] = {
    "api_": _("The case system's interface"),
    "child": pgettext_lazy("tab", "Overview"),
    "child_plan": pgettext_lazy("tab", "Plan"),
    "child_meetings": pgettext_lazy("tab", "Meetings"),
    "child_review": pgettext_lazy("tab", "Meetings"),
    "child_dut": pgettext_lazy("tab", "Duties"),
    "child_school": pgettext_lazy("tab", "School"),
    "child_people": pgettext_lazy("tab", "People"),
    "child_timeline": pgettext_lazy("tab", "Timeline"),
    "child_access": pgettext_lazy("tab", "Who can see"),
    "child_looks": pgettext_lazy("tab", "Who looked"),
    "child_changes": _("Changes"),
    "children": _("The list of children"),
    "work": _("Your work"),
    "messages": _("Messages"),
    "duties": _("The list of duties"),
    "misses": _("Missed timescales"),
    "child_miss": _("Missed timescales"),
    "drift": _("Where things drift"),
    "dashboard": pgettext_lazy("place", "Dashboard"),
    "school": _("The school's page"),
    "report": _("The termly report"),
    "figures": _("Figures"),
    "quality": _("Quality of plans"),
    "peers": _("Meeting others with care experience"),
    "wishes": _("What children asked for"),
    "placed": _("Children placed here by other authorities"),
    "handovers": _("Between authorities"),
    "data_requests": _("Data asked of others"),
    "emergencies": _("Emergency openings"),
    "audit": pgettext_lazy("place", "Audit"),
}
ACTS: dict[str, tuple[str, ...]] = {
    "opened": (Read.Act.READ,),
    "listed": (Read.Act.LIST, Read.Act.SEARCH),
    "files": (Read.Act.EXPORT,),
    "refused": (Read.Act.REFUSED,),
}
DAYS = {"7": 7, "30": 30, "365": 365}


def door_words(door: str) -> str:
    """Through which page, in words."""
    fitting = [name for name in DOORS if door == name or (name != "child" and door.startswith(name))]
    return str(DOORS[max(fitting, key=len)]) if fitting else gettext("Another page")


def moment(at: Any) -> str:
    local = localtime(at)
    return gettext("%(day)s, %(time)s") % {"day": date_format(local, "DATE_FORMAT"), "time": time_format(local, "TIME_FORMAT")}


def in_language(names: dict[str, str] | None) -> str:
    return str((names or {}).get("cy" if (get_language() or "").startswith("cy") else "en") or "")


def role_words(role: str) -> str:
    return str(Role(role).label) if role in Role.values else role


# ---- a child: for the responsible authority ----


class _AboutLooks(ChildPage):
    """Only for those whom the table lets see who looked (PRIV-12)."""

    facets = frozenset({Facet.IDENTITY})

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Permission.SEE_WHO_LOOKED not in self.grant.permissions:
            raise NotAllowed

    def asked(self, request: HttpRequest) -> Asked:
        """What the address asks for; a value that is no filter narrows nothing."""
        days = DAYS.get(request.GET.get("days", ""))
        return Asked(
            acts=ACTS.get(request.GET.get("act", ""), ()),
            since=timezone.now() - timedelta(days=days) if days else None,
            of_others=request.GET.get("whose") == "others",
        )

    @staticmethod
    def cells(look: Look) -> list[str]:
        """When, who, in which role, for which body, of which authority, what, through which page, which parts."""
        parts = ", ".join(str(FACET_WORDS[Facet(facet)]) for facet in look.facets if facet in {*FACET_WORDS} and facet != Facet.CALLED)
        act = str(Read.Act(look.act).label)
        return [
            moment(look.at),
            look.person or gettext("Unknown"),
            role_words(look.role),
            in_language(look.body),
            in_language(look.authority),
            act,
            door_words(look.door),
            parts,
        ]


class LooksPage(_AboutLooks):
    """Who looked at the child's record, in which role, when, and which parts: people of other authorities too."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        found: Any = Looks(self.actor, child, self.asked(request))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        query = request.GET.copy()
        query.pop("page", None)
        context = {
            **child_frame(self, "child_looks"),
            "title": pgettext("tab", "Who looked"),
            "page": page,
            "rows": [self.shown(look) for look in page.object_list],
            "columns": [_("When"), _("Who"), _("Where from"), _("What"), _("Parts of the record")],
            "number": ngettext("%(count)s time", "%(count)s times", page.paginator.count) % {"count": page.paginator.count},
            "filters": self.filters(request),
            "narrowed": self.asked(request) != Asked(),
            "file": f"{reverse('child_looks_csv', args=[child])}{'?' + query.urlencode() if query else ''}",
            "changes": reverse("child_changes", args=[child]),
        }
        return render(request, "reporting/audit_looks.html", context)

    def shown(self, look: Look) -> list[Any]:
        when, who, role, body, authority, act, door, parts = self.cells(look)
        what: Any = f"{act}: {door}"
        if look.act == Read.Act.REFUSED:
            what = {"text": what, "tag": "warning"}
        return [when, f"{who}, {role}", ", ".join(filter(None, (body, authority))), what, parts or "–"]

    def filters(self, request: HttpRequest) -> list[dict[str, Any]]:
        everything: tuple[str, Any, int | None] = ("", pgettext("filter", "All"), None)
        acts: list[tuple[str, Any, int | None]] = [
            ("opened", _("Opened"), None),
            ("listed", _("In lists and searches"), None),
            ("files", _("Taken out as a file"), None),
            ("refused", _("Turned away"), None),
        ]
        days: list[tuple[str, Any, int | None]] = [("7", _("7 days"), None), ("30", _("30 days"), None), ("365", _("A year"), None)]
        return [
            links.group(request, _("What"), "act", [everything, *acts]),
            links.group(request, _("When"), "days", [everything, *days]),
            links.group(request, _("By whom"), "whose", [everything, ("others", _("Other authorities' people"), None)]),
        ]


class LooksFile(_AboutLooks):
    """The same to take away; that it was taken is recorded like any export."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        columns = [
            *(gettext("When"), gettext("Who"), gettext("Role"), gettext("Organisation"), gettext("Authority")),
            *(gettext("What"), gettext("Page"), gettext("Parts of the record")),
        ]
        found = Looks(self.actor, child, self.asked(request))[0:MOST_IN_A_FILE]
        return as_file("who-looked.csv", [columns, *(self.cells(look) for look in found)])


class ChangesPage(_AboutLooks):
    """Who changed what, field by field, in the parts that the reader holds."""

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        page = Paginator(audit.changes(self.actor, self.child, self.grant), PER_PAGE).get_page(request.GET.get("page"))
        done = {"insert": _("added"), "update": _("changed"), "delete": _("removed")}
        rows = [
            {
                "title": gettext("%(what)s %(done)s") % {"what": change.what[:1].upper() + change.what[1:], "done": done[change.label]},
                "when": moment(change.at),
                "by": ", ".join(filter(None, (change.by, role_words(change.role)))) or gettext("Unknown"),
                "fields": change.fields,
            }
            for change in page.object_list
        ]
        context = {
            **child_frame(self, "child_looks"),
            "title": gettext("What changed"),
            "page": page,
            "changes": rows,
            "back_url": reverse("child_looks", args=[child]),
            "columns": [_("Part"), _("Before"), _("After")],
        }
        return render(request, "reporting/audit_changes.html", context)


def as_file(name: str, rows: list[list[str]]) -> HttpResponse:
    written = StringIO()
    csv.writer(written).writerows([plain(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    # The mark at the beginning tells a spreadsheet that ŵ and ŷ are meant.
    return HttpResponse(written.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers)


# ---- an authority's auditor: people and numbers, no child ----


class _AuditPage(Page):
    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_AUDIT)

    def note(self, act: str, door: str) -> None:
        """Reading the audit is in the audit."""
        record_read(by=self.actor, children=[], facets=[], door=door, act=act)


class AuditPage(_AuditPage):
    """Is the audit whole, and is there access that somebody should ask about?"""

    @transaction.atomic
    def get(self, request: HttpRequest) -> HttpResponse:
        state = audit.seals(self.actor)
        page = Paginator(audit.alerts(self.actor), PER_PAGE).get_page(request.GET.get("page"))
        shown = list(page.object_list)
        names = audit.names(person for alert in shown for person in (alert.user_id, alert.answered_by))
        self.note(Read.Act.LIST, "audit")
        context = {
            "page": page,
            "seals": self.sealed(state),
            "is_whole": state.verified is None or not state.verified.faults,
            "alerts": [self.alert(alert, names) for alert in shown],
            "columns": [_("Day"), _("Who"), _("What"), _("How often"), _("Answer")],
        }
        return render(request, "reporting/audit.html", context)

    @staticmethod
    def sealed(state: audit.Seals) -> list[dict[str, Any]]:
        head, verified = state.head, state.verified
        found = gettext("Every row agrees")
        if verified and verified.faults:
            faults = ngettext("%(count)s row does not agree: %(first)s", "%(count)s rows do not agree, first: %(first)s", verified.faults)
            found = faults % {"count": verified.faults, "first": verified.first}
        return [
            {"key": _("Rows sealed"), "value": str(head.total) if head else "0"},
            {"key": _("Waiting for the next seal"), "value": str(state.waiting)},
            {"key": _("Last sealed"), "value": moment(head.sealed_at) if head else ""},
            {"key": _("Last read again and compared"), "value": moment(verified.at) if verified else ""},
            {"key": _("What that found"), "value": found if verified else ""},
        ]

    @staticmethod
    def alert(alert: Alert, names: dict[int, str]) -> list[Any]:
        who = f"{names.get(alert.user_id, gettext('Unknown'))}, {role_words(alert.role)}"
        often = gettext("%(number)s (from %(threshold)s on you are told)") % {"number": alert.number, "threshold": alert.threshold}
        if alert.answered_at is None:
            answer: Any = {"text": gettext("Answer"), "href": reverse("audit_answer", args=[alert.pk])}
        else:
            by = names.get(alert.answered_by or 0, gettext("Unknown"))
            answer = gettext("%(name)s, %(when)s: %(words)s") % {"name": by, "when": moment(alert.answered_at), "words": alert.answer}
        return [date_format(alert.day, "DATE_FORMAT"), who, str(Rule(alert.rule).label), often, answer]


class ReadsPage(_AuditPage):
    """What the authority's own people looked at, without saying at whom."""

    template = "reporting/audit_reads.html"

    @transaction.atomic
    def get(self, request: HttpRequest) -> HttpResponse:
        act = request.GET.get("act", "")
        act = act if act in Read.Act.values else ""
        person = request.GET.get("q", "").replace("\0", "").strip()[:100]
        page = Paginator(audit.own_reads(self.actor, act=act, person=person), PER_PAGE).get_page(request.GET.get("page"))
        shown = list(page.object_list)
        names = audit.names(row.user_id for row in shown)
        self.note(Read.Act.SEARCH if person else Read.Act.LIST, "audit_reads")
        acts: list[tuple[str, Any, int | None]] = [(str(kind), kind.label, None) for kind in Read.Act]
        context = {
            "page": page,
            "words": person,
            "rows": [self.row(row, names) for row in shown],
            "columns": [_("When"), _("Who"), _("What"), {"text": _("Children"), "numeric": True}],
            "filters": [links.group(request, _("What"), "act", [("", pgettext("filter", "All"), None), *acts])],
            "narrowed": bool(act or person),
        }
        return render(request, self.template, context)

    @staticmethod
    def row(row: Read, names: dict[int, str]) -> list[Any]:
        what = f"{Read.Act(row.act).label}: {door_words(row.door)}"
        number = "–" if row.act == Read.Act.REFUSED else str(len(row.children))
        return [moment(row.at), f"{names.get(row.user_id, gettext('Unknown'))}, {role_words(row.role)}", what, number]


class HeadFile(_AuditPage):
    """The head of the authority's chain, to keep where nobody who works on the database can reach it."""

    @transaction.atomic
    def get(self, request: HttpRequest) -> HttpResponse:
        head = audit.seals(self.actor).head
        if head is None:
            raise Http404
        self.note(Read.Act.EXPORT, "audit_head")
        titles = ["authority", "seal", "rows", "digest", "sealed_at"]  # read by verify_audit --kept: the same in both languages
        row = [str(head.authority_id), str(head.number), str(head.total), bytes(head.chain).hex(), head.sealed_at.isoformat()]
        return as_file("audit-head.csv", [titles, row])


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("What did you find out?"),
        help_text=_("Whom you asked, and why the access was right or what you did about it. Name no child."),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea,
        error_messages={"required": _("Enter what you found out")},
    )


class AnswerPage(FormPage):
    """Say what came of an alert."""

    form_class = AnswerForm
    title = _("Answer an alert")
    success_message = _("The answer is recorded")
    alert: Alert

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_AUDIT)
        found = audit.alerts(self.actor).filter(pk=kwargs["alert"]).first()
        if found is None:
            raise Http404
        self.alert = found

    def context(self) -> dict[str, Any]:
        who = audit.names([self.alert.user_id]).get(self.alert.user_id, "")
        words = {"who": who, "what": Rule(self.alert.rule).label, "day": date_format(self.alert.day, "DATE_FORMAT"), "number": self.alert.number}
        return {
            "intro": gettext("%(who)s, %(day)s. %(what)s: %(number)s.") % words,
            "back_url": reverse("audit"),
            "cancel_url": reverse("audit"),
            "submit_text": _("Save the answer"),
        }

    def act(self, cleaned: dict[str, Any]) -> None:
        answer_alert(by=self.actor, alert=self.alert, words=cleaned["answer"])

    def success_url(self, result: Any) -> str:
        return reverse("audit")


class ThresholdsForm(forms.Form):
    """One number for each rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rule in Rule:
            self.fields[str(rule)] = forms.IntegerField(
                label=rule.label,
                min_value=1,
                max_value=100_000,
                widget=forms.TextInput(attrs={"width": "5", "inputmode": "numeric"}),
                error_messages={
                    "required": _("Enter a number from 1 up"),
                    "invalid": _("Enter a number from 1 up"),
                    "min_value": _("Enter a number from 1 up"),
                },
            )


class ThresholdsPage(FormPage):
    """From which number on in a day the authority wants to hear of unusual access."""

    form_class = ThresholdsForm
    title = _("When to be told of unusual access")
    success_message = _("The numbers are saved")

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.READ_AUDIT)

    def initial(self) -> dict[str, Any]:
        return {str(rule): number for rule, number in unusual.thresholds(by=self.actor).items()}

    def context(self) -> dict[str, Any]:
        return {
            "intro": gettext("You are told the next morning when somebody reaches one of these numbers in a day. It is a question, not a finding."),
            "back_url": reverse("audit"),
            "cancel_url": reverse("audit"),
            "submit_text": _("Save the numbers"),
        }

    def act(self, cleaned: dict[str, Any]) -> None:
        set_thresholds(by=self.actor, numbers={Rule(rule): number for rule, number in cleaned.items()})

    def success_url(self, result: Any) -> str:
        return reverse("audit")


_CHILD = "children/<uuid:child>/"
audit_urls: list[URLPattern] = [
    path(f"{_CHILD}looks/", LooksPage.as_view(), name="child_looks"),
    path(f"{_CHILD}looks.csv", LooksFile.as_view(), name="child_looks_csv"),
    path(f"{_CHILD}changes/", ChangesPage.as_view(), name="child_changes"),
    path("audit/", AuditPage.as_view(), name="audit"),
    path("audit/reads/", ReadsPage.as_view(), name="audit_reads"),
    path("audit/head.csv", HeadFile.as_view(), name="audit_head"),
    path("audit/numbers/", ThresholdsPage.as_view(), name="audit_thresholds"),
    path("audit/alerts/<uuid:alert>/", AnswerPage.as_view(), name="audit_answer"),
]
