"""What was missed, for the designated manager to answer (SW-13), and how timely every kind of duty is, with the reasons (SW-14, LA-24)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Permission, Role
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, grants_of
from lace.children.rules import sort_key
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.deadlines.explain import explanation
from lace.deadlines.models import Duty, MissAnswer
from lace.deadlines.rules import RULES, About
from lace.deadlines.services.misses import answer_miss
from lace.web.forms import DateField
from lace.web.pages import ChildFormPage
from reporting.queries import duties, misses
from reporting.queries.children import NONE
from reporting.queries.dashboard import last_day, school_names
from reporting.queries.duties import JUDGED, Timeliness
from reporting.queries.misses import REPEATED, Answer, GroupBy, Missed, Period, Whose
from reporting.views import links
from reporting.views.audit import as_file
from reporting.views.dashboard import OfficePage
from reporting.views.duties import MOST_IN_A_FILE, PER_PAGE, common, ending
from reporting.views.duty_filter import days, title


class _Misses(OfficePage):
    """What the address asks for; a value that is no filter narrows nothing."""

    def asked(self, request: HttpRequest) -> Missed:
        given = request.GET.get
        # The designated manager answers for social care's steps (AMB-03); the LACE coordinator looks at all of them.
        usual = Whose.CARE if self.actor.role == Role.DESIGNATED_MANAGER else Whose.ALL
        worker = given("worker", "")
        return Missed(
            period=Period(given("period", "")) if given("period") in Period.values else Period.YEAR,
            whose=Whose(given("whose", "")) if given("whose") in Whose.values else usual,
            answer=given("answer", "") if given("answer") in Answer.values else "",
            role=given("role", "") if given("role") in Role.values else "",
            kind=given("kind", "") if given("kind") in RULES else "",
            school=given("school", "").replace("\0", "")[:7],
            worker=worker if worker == NONE or (worker.isdecimal() and len(worker) < 10) else "",
        )

    def seen(self, rows: list[Duty], act: str) -> dict[Any, Grant]:
        children: dict[Any, Child] = {duty.child_id: duty.child for duty in rows}
        grants = grants_of(self.actor, children.values())
        if children:
            match = self.request.resolver_match
            facets = {Facet.IDENTITY, Facet.EDUCATION}.intersection(*(grant.facets for grant in grants.values()))
            record_read(by=self.actor, children=children, facets=facets, door=str(match and match.view_name), act=act)
        return grants

    @staticmethod
    def responsible(duty: Any) -> str:
        people = ", ".join(duty.people) or pgettext("responsible", "nobody")
        return f"{duty.get_role_display()}: {people}"


def answered(duty: Duty) -> str:
    """What the designated manager answered, in a sentence or two."""
    answer: MissAnswer | None = getattr(duty, "miss_answer", None)
    if answer is None:
        return ""
    words = {"person": answer.acknowledged_by.name, "day": date_format(answer.acknowledged_on, "DATE_FORMAT")}
    seen = gettext("Seen by %(person)s on %(day)s.") % words
    if not answer.remedy:
        return seen
    if not answer.remedy_by:
        return f"{seen} {answer.remedy}"
    return gettext("%(seen)s %(remedy)s By %(day)s.") % {
        "seen": seen,
        "remedy": answer.remedy if answer.remedy.endswith((".", "!", "?")) else f"{answer.remedy}.",
        "day": date_format(answer.remedy_by, "DATE_FORMAT"),
    }


class MissesPage(_Misses):
    """Figures, groups and every miss, those without an answer first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self.answer(request, self.asked(request))

    def answer(self, request: HttpRequest, asked: Missed) -> HttpResponse:
        by = GroupBy(request.GET["by"]) if request.GET.get("by") in GroupBy.values else GroupBy.WORKER
        number = misses.counted(self.actor, asked)
        paginator = Paginator(misses.in_order(misses.misses(self.actor, asked), self.actor), PER_PAGE)
        page = paginator.get_page(request.GET.get("page"))
        rows: list[Any] = list(page.object_list)
        grants = self.seen(rows, Read.Act.LIST)
        groups = misses.grouped(self.actor, asked, by)
        names = self.names(by, {row["key"] for row in groups})
        query = request.GET.copy()
        query.pop("page", None)
        narrowed = {name: getattr(asked, name) for name in ("role", "kind", "school", "worker") if getattr(asked, name)}
        context = {
            "page": page,
            "number": ngettext("%(count)s missed timescale", "%(count)s missed timescales", paginator.count) % {"count": paginator.count},
            "figures": self.figures(request, number),
            "filters": self.filters(request, asked, by),
            "group_caption": by.label,
            "group_columns": [
                by.label,
                *({"text": text, "numeric": True} for text in (_("Missed"), _("Still open"), _("Not answered"), _("Children"))),
                _("Repeated"),
            ],
            "groups": [self.group(request, by, row, names.get(row["key"], _("Nobody named"))) for row in groups],
            "columns": [
                *(_("Child"), _("Duty"), _("Due"), pgettext("duties", "Closed"), {"text": _("Days late"), "numeric": True}),
                *(_("How it stands"), _("Responsible"), _("Reason"), pgettext("miss", "Answer")),
            ],
            "rows": [self.row(duty, grants[duty.child_id]) for duty in rows],
            "narrowed": bool(narrowed or asked.answer),
            "clear": links.narrowed(request, role=None, kind=None, school=None, worker=None, answer=None),
            "file": reverse("misses_csv") + (f"?{query.urlencode()}" if query else ""),
        }
        return render(request, "reporting/misses.html", context)

    def figures(self, request: HttpRequest, number: dict[str, int]) -> list[dict[str, Any]]:
        shown: list[tuple[Any, str, str | None]] = [
            (_("Missed"), "number", None),
            (_("Not answered"), "none", Answer.NONE),
            (_("Remedy is late"), "late", Answer.LATE),
        ]
        return [
            {"text": text, "number": number[of], "href": links.narrowed(request, answer=answer), "alert": bool(answer and number[of])}
            for text, of, answer in shown
        ]

    def filters(self, request: HttpRequest, asked: Missed, by: GroupBy) -> list[dict[str, Any]]:
        answers: list[tuple[str, Any, int | None]] = [(str(item), item.label, None) for item in Answer]
        groups = [
            links.group(request, _("Due in the last"), "period", [(str(item), item.label, None) for item in Period]),
            links.group(request, _("Whose step"), "whose", [(str(item), item.label, None) for item in Whose]),
            links.group(request, pgettext("miss", "Answer"), "answer", [("", pgettext("filter", "All"), None), *answers]),
            links.group(request, _("Group by"), "by", [(str(item), item.label, None) for item in GroupBy]),
        ]
        for group, chosen, among in ((groups[0], asked.period, Period), (groups[1], asked.whose, Whose), (groups[3], by, GroupBy)):
            for item, value in zip(group["items"], among, strict=True):
                item["active"] = value == chosen  # one of them always is, also when the address does not say which
        return groups

    def names(self, by: GroupBy, keys: set[Any]) -> dict[Any, Any]:
        match by:
            case GroupBy.WORKER:
                return dict(misses.worker_names(keys - {None}))
            case GroupBy.ROLE:
                return {key: Role(key).label for key in keys}
            case GroupBy.SCHOOL:
                found = school_names(keys)
                return {key: found[key].name if key in found else _("No school") for key in keys}
            case GroupBy.KIND:
                return {key: title(key) for key in keys}

    def group(self, request: HttpRequest, by: GroupBy, row: dict[str, Any], name: Any) -> list[Any]:
        href = links.narrowed(request, **{str(by): row["key"] or NONE})
        cells = [{"text": row[of], "numeric": True} for of in ("open", "none", "children")]
        again: Any = {"text": _("Repeated"), "tag": "warning"} if row["number"] >= REPEATED else ""
        return [name, {"text": row["number"], "href": href, "numeric": True}, *cells, again]

    def row(self, duty: Any, grant: Grant) -> list[Any]:
        child = Seen(duty.child, grant)
        answer: Any = answered(duty)
        if Permission.ANSWER_MISS in grant.permissions:
            href = reverse("child_miss", args=[duty.child_id, duty.pk])
            answer = {"text": answer or gettext("Answer"), "href": href}
        return [
            {"text": child.name, "href": reverse("child_duties", args=[duty.child_id])},
            title(duty.code),
            *common(duty),
            self.responsible(duty),
            duty.reason,
            answer or _("Not answered"),
        ]


class MissesFile(_Misses):
    """The same to take away, recorded as an export."""

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            found = misses.in_order(misses.misses(self.actor, self.asked(request)), self.actor)
            rows: list[Any] = list(found[: MOST_IN_A_FILE + 1])
            kept = rows[:MOST_IN_A_FILE]
            grants = self.seen(kept, Read.Act.EXPORT)
            return as_file("missed-timescales.csv", [self.header(), *(self.line(duty, grants[duty.child_id]) for duty in kept), *ending(rows)])

    def header(self) -> list[str]:
        return [
            *(gettext("Child"), gettext("Duty"), gettext("Due"), pgettext("duties", "Closed"), gettext("Days late"), gettext("How it stands")),
            *(gettext("Responsible"), gettext("Reason"), gettext("Seen by"), gettext("Seen on"), gettext("Remedy"), gettext("By when")),
        ]

    def line(self, duty: Any, grant: Grant) -> list[str]:
        due, closed, late, state = common(duty)
        answer: MissAnswer | None = getattr(duty, "miss_answer", None)
        told = ["", "", "", ""]
        if answer is not None:
            told = [
                answer.acknowledged_by.name,
                date_format(answer.acknowledged_on, "DATE_FORMAT"),
                answer.remedy,
                date_format(answer.remedy_by, "DATE_FORMAT") if answer.remedy_by else "",
            ]
        name = str(Seen(duty.child, grant).name)
        return [name, title(duty.code), due, closed, str(late), str(state["text"]), self.responsible(duty), duty.reason, *told]


class AnswerForm(forms.Form):
    remedy = forms.CharField(
        label=_("What is done about it?"),
        help_text=_("Leave it empty to say only that you have seen it. Others who see the child's record will read this."),
        required=False,
        max_length=MissAnswer._meta.get_field("remedy").max_length,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    remedy_by = DateField(label=_("By when?"), required=False)


class AnswerPage(ChildFormPage):
    """The designated manager has seen a miss, and says what is done about it by when."""

    facets = frozenset({Facet.EDUCATION})
    form_class = AnswerForm
    title = _("Answer a missed timescale")
    success_message = _("Your answer is recorded")
    duty: Duty

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = Duty.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["duty"])
        duty = found.select_related("miss_answer").first()
        if duty is None:
            raise Http404
        if Permission.ANSWER_MISS not in self.grant.permissions:
            raise NotAllowed
        duty.child = self.child
        self.duty = duty

    def initial(self) -> dict[str, Any]:
        answer: MissAnswer | None = getattr(self.duty, "miss_answer", None)
        return {"remedy": answer.remedy, "remedy_by": answer.remedy_by} if answer else {}

    def context(self) -> dict[str, Any]:
        told = explanation(self.duty, on=self.actor.today)
        words = [f"{told.title}.", told.state, told.fact, told.count]
        if not self.duty.is_miss(self.actor.today):
            words.append(gettext("This was not missed, so there is nothing to answer"))
        elif self.duty.reason:
            words.append(gettext("The reason given: %(reason)s") % {"reason": self.duty.reason})
        else:
            words.append(gettext("Nobody has given a reason yet."))
        back = reverse("misses")
        intro = " ".join(words)
        return {"caption": self.seen.name, "intro": intro, "back_url": back, "cancel_url": back, "submit_text": _("Save your answer")}

    def act(self, cleaned: dict[str, Any]) -> MissAnswer:
        return answer_miss(by=self.actor, duty=self.duty, remedy=cleaned["remedy"], remedy_by=cleaned["remedy_by"])

    def success_url(self, result: Any) -> str:
        return reverse("misses")


class TimelinessPage(OfficePage):
    """Every kind of duty by kind and by month: on time, late, overdue, never done, waived; and for how many the reason is known."""

    def get(self, request: HttpRequest) -> HttpResponse:
        period = Period(request.GET["period"]) if request.GET.get("period") in Period.values else Period.YEAR
        role = request.GET.get("role", "") if request.GET.get("role") in Role.values else ""
        first, last = misses.first_day(period, self.actor.today), self.actor.today
        rows = misses.timely(self.actor, due_from=first, due_to=last, role=role)
        asked: dict[str, object] = {"ours": 1, **({"role": role} if role else {})}
        whole = {**asked, **days("due_from", first), **days("due_to", last)}
        codes = sorted({row["code"] for row in rows}, key=lambda code: sort_key(title(code)))
        months = sorted({row["month"] for row in rows}, reverse=True)
        period_filter = links.group(request, _("Due in the last"), "period", [(str(item), item.label, None) for item in Period])
        for item, value in zip(period_filter["items"], Period, strict=True):
            item["active"] = value == period
        roles = sorted(duties.roles(About.CHILD), key=lambda item: sort_key(str(item.label)))
        role_filter = links.group(
            request, _("Responsible"), "role", [("", pgettext("filter", "All"), None), *((str(item), item.label, None) for item in roles)]
        )
        tables = [
            self.table(
                _("By kind of duty"), pgettext("duties", "Duty"), rows, [(title(code), _is("code", code), {**whole, "kind": code}) for code in codes]
            ),
            self.table(
                _("By the month in which it was due"),
                _("Month"),
                rows,
                [(date_format(month, "YEAR_MONTH_FORMAT"), _is("month", month), {**asked, **self.in_month(month, first, last)}) for month in months],
            ),
        ]
        return render(request, "reporting/timeliness.html", {"tables": tables, "filters": [period_filter, role_filter], "any": bool(rows)})

    @staticmethod
    def in_month(month: date, first: date, last: date) -> dict[str, object]:
        return days("due_from", max(month, first)) | days("due_to", min(last_day(month), last))

    def table(self, caption: Any, head: Any, rows: list[dict[str, Any]], groups: list[Any]) -> dict[str, Any]:
        texts = (*(state.label for state in JUDGED), Duty.Outcome.WAIVED.label, _("On time, share"), _("Without a reason"))
        return {
            "caption": caption,
            "columns": [head, *({"text": text, "numeric": True} for text in texts)],
            "rows": [self.line(name, [row for row in rows if of_group(row)], asked) for name, of_group, asked in groups],
        }

    def line(self, name: str, rows: list[dict[str, Any]], asked: dict[str, object]) -> list[Any]:
        number: Counter[str] = Counter()
        unexplained = 0
        for row in rows:
            number[Duty.Outcome.WAIVED if row["outcome"] == Duty.Outcome.WAIVED else row["timeliness"]] += row["number"]
            unexplained += row["number"] - row["reasoned"] if row["timeliness"] == Timeliness.LATE else 0
        due = sum(number[state] for state in JUDGED)
        states = (*JUDGED, Duty.Outcome.WAIVED)
        cells = [{"text": number[state], "href": links.to("duties", state=state, **asked), "numeric": True} for state in states]
        share = f"{round(100 * number[Timeliness.ON_TIME] / due)}%" if due else "–"
        without = {"text": unexplained, "href": links.to("duties", state=Timeliness.LATE, reason="missing", **asked), "numeric": True}
        return [name, *cells, {"text": share, "numeric": True}, without]


def _is(name: str, value: object) -> Callable[[dict[str, Any]], bool]:
    return lambda row: row[name] == value


misses_urls: list[URLPattern] = [
    path("misses/", MissesPage.as_view(), name="misses"),
    path("misses/list.csv", MissesFile.as_view(), name="misses_csv"),
    path("children/<uuid:child>/misses/<uuid:duty>/", AnswerPage.as_view(), name="child_miss"),
    path("dashboard/timeliness/", TimelinessPage.as_view(), name="dashboard_timeliness"),
]
