"""Data asked of other authorities and schools about a child: asked, answered, sent unasked, and what is still to come (XLA-05, XLA-06, XLA-10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Grant, Permission, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import DataRequest, grants_of
from lace.children.rules import DataKind
from lace.children.seen import Seen
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.core.workdays import add_working_days
from lace.web.child_tabs import child_frame
from lace.web.forms import ChoiceField, DateField, MultipleChoiceField
from lace.web.pages import ChildFormPage, ChildPage, Page
from schools.rules import sent_unasked
from schools.services.requests import (
    ANSWER_WORKING_DAYS,
    Party,
    Source,
    answer_request,
    ask,
    concerning,
    is_asked,
    names_of,
    parties,
    send_details,
    sources,
    withdraw_request,
)

RECEIVED_SHOWN = 30  # the newest, beside all that are still to come


def what(kinds: Sequence[str]) -> str:
    """What is asked, in words: "Attendance, exclusions"."""
    words = [str(DataKind(kind).label) for kind in kinds]
    return capfirst(", ".join(word.lower() for word in words))


def asks_and_answers(grant: Grant) -> bool:
    return bool({Permission.ASK_FOR_DATA, Permission.ANSWER_FOR_DATA} & grant.permissions)


class Cards:
    """Requests as cards, as one reader may see them."""

    def __init__(self, actor: Actor, rows: Sequence[DataRequest], grants: dict[UUID, Grant], *, of_one_child: bool = False) -> None:
        self.actor, self.of_one_child = actor, of_one_child
        self.rows = [row for row in rows if Facet.EDUCATION in grants[row.child_id].facets]
        self.grants = grants
        self.sources: dict[UUID, Source] = sources(by=actor, requests=self.rows) if self.rows else {}
        self.names = names_of(by=actor, groups={row.asked_of_id for row in self.rows}) if self.rows else {}

    def sections(self) -> dict[str, list[dict[str, Any]]]:
        waiting = [row for row in self.rows if row.is_waiting]
        closed = [row for row in self.rows if not row.is_waiting]
        return {
            "to_answer": [self.card(row) for row in waiting if is_asked(by=self.actor, request=row)],
            "to_come": [self.card(row) for row in waiting if not is_asked(by=self.actor, request=row)],
            "received": [self.card(row) for row in sorted(closed, key=_closed_on, reverse=True)[:RECEIVED_SHOWN]],
        }

    def card(self, row: DataRequest) -> dict[str, Any]:
        seen = Seen(row, self.grants[row.child_id])
        facts: list[tuple[Any, Any]] = [] if self.of_one_child else [(_("About"), what(seen.kinds))]
        if sent_unasked(asked_on=row.asked_on, due_on=row.due_on):
            facts.append((_("Sent unasked"), self.parties_of(row)))
        else:
            facts += [
                (_("Asked by"), row.authority.name),
                (_("Asked of"), self.asked_of(row)),
                (_("Question"), seen.question),
                (_("Asked on"), date_format(seen.asked_on, "DATE_FORMAT")),
                (_("Due on"), self.due(row, seen)),
            ]
        if row.withdrawn_on:
            facts.append((_("Withdrawn on"), date_format(seen.withdrawn_on, "DATE_FORMAT")))
        else:
            facts.append((_("Received on"), date_format(seen.received_on, "DATE_FORMAT") if seen.received_on else _("Not received yet")))
        if row.received_on:
            facts += [
                (pgettext_lazy("data", "Answer"), seen.answer),
                (_("From"), self.source(row)),
                (_("The data are of"), date_format(seen.data_as_of, "DATE_FORMAT")),
            ]
        return {
            "name": what(seen.kinds) if self.of_one_child else str(Seen(row.child, self.grants[row.child_id]).name),
            "href": "" if self.of_one_child else reverse("child_data", args=[row.child_id]),
            "facts": [{"key": key, "value": value} for key, value in facts if value],
            "acts": self.acts(row),
        }

    def acts(self, row: DataRequest) -> list[tuple[str | Promise, str]]:
        held, keys = self.grants[row.child_id].permissions, [row.child_id, row.pk]
        if not row.is_waiting:
            return []
        if is_asked(by=self.actor, request=row):
            return [(_("Answer the question"), reverse("child_data_answer", args=keys))] if Permission.ANSWER_FOR_DATA in held else []
        if Permission.ASK_FOR_DATA not in held:
            return []
        record = (_("Record an answer that came another way"), reverse("child_data_record", args=keys))
        return [record, (_("Withdraw the question"), reverse("child_data_withdraw", args=keys))]

    def asked_of(self, row: DataRequest) -> str:
        return str(_("Counterpart outside Wales")) if row.asked_of_id == row.authority.group_id else self.names.get(row.asked_of_id, "")

    def due(self, row: DataRequest, seen: Seen) -> str:
        day = date_format(seen.due_on, "DATE_FORMAT")
        late = (self.actor.today - row.due_on).days if row.is_waiting else 0
        return gettext("%(day)s, overdue") % {"day": day} if late > 0 else day

    def source(self, row: DataRequest) -> str:
        """Who answered and of which body (XLA-10)."""
        found = self.sources[row.pk]
        if found.body:
            return f"{found.who}, {found.body}"
        if sent_unasked(asked_on=row.asked_on, due_on=row.due_on):
            return f"{found.who}, {row.authority.name}"
        return gettext("%(asked)s, written down by %(who)s of %(authority)s") % {
            "asked": self.asked_of(row),
            "who": found.who,
            "authority": row.authority.name,
        }

    def parties_of(self, row: DataRequest) -> str:
        words = [self.asked_of(row), row.authority.name]
        sender, taker = words if self.sources[row.pk].body else reversed(words)
        return gettext("%(sender)s to %(taker)s") % {"sender": sender, "taker": taker}


def _closed_on(row: DataRequest) -> date:
    return row.received_on or row.withdrawn_on or row.due_on


class RequestsPage(Page):
    """All that this authority asked and is asked, overdue first (XLA-06)."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.TAKE_OVER)  # a LACE coordinator's business between authorities

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            mine = DataRequest.objects.visible_to(self.actor).filter(concerning(by=self.actor)).select_related("child__authority", "authority")
            rows = [*mine.waiting().order_by("due_on", "created_at")]
            for day in ("received_on", "withdrawn_on"):
                rows += mine.filter(**{f"{day}__isnull": False}).order_by(f"-{day}", "-created_at")[:RECEIVED_SHOWN]
            grants = grants_of(self.actor, {row.child for row in rows})
            cards = Cards(self.actor, rows, grants)
            children = {row.child_id for row in cards.rows}
            if children:
                facets = [Facet.IDENTITY, Facet.EDUCATION]
                record_read(by=self.actor, children=children, facets=facets, door="data_requests", act=Read.Act.LIST)
            return render(request, "reporting/requests.html", cards.sections())


class ChildDataPage(ChildPage):
    """What was asked about one child, and what came."""

    facets = frozenset({Facet.EDUCATION})

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not asks_and_answers(self.grant):
            raise NotAllowed

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        mine = DataRequest.objects.visible_to(self.actor).filter(concerning(by=self.actor), child=self.child)
        rows = list(mine.select_related("child__authority", "authority").order_by("due_on", "created_at"))
        cards = Cards(self.actor, rows, {self.child.pk: self.grant}, of_one_child=True)
        may_ask = Permission.ASK_FOR_DATA in self.grant.permissions
        context = {
            **child_frame(self, "child_school"),
            "title": _("Data asked of others"),
            "back_url": reverse("child_school", args=[self.child.pk]),
            "may_ask": may_ask,
            "parties": parties(by=self.actor, child=self.child) if may_ask else [],
            **cards.sections(),
        }
        return render(request, "reporting/requests_of_child.html", context)


class UnderData(ChildFormPage):
    """A form below the child's page of data asked."""

    template_name = "reporting/notes_form.html"
    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.EDUCATION})
    needs: ClassVar[frozenset[Permission]]
    submit_text: ClassVar[str | Promise]
    intro: str | Promise = ""

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if not self.needs & self.grant.permissions:
            raise NotAllowed

    def context(self) -> dict[str, Any]:
        back = reverse("child_data", args=[self.child.pk])
        frame = child_frame(self, "child_school")
        return {**frame, "title": self.title, "intro": self.intro, "submit_text": self.submit_text, "back_url": back, "cancel_url": back}

    def success_url(self, result: Any) -> str:
        return reverse("child_data", args=[self.child.pk])


def _kinds() -> MultipleChoiceField:
    return MultipleChoiceField(label=_("What is it about?"), choices=DataKind.choices, error_messages={"required": _("Choose what it is about")})


def _of(label: str | Promise, chosen: str | Promise) -> ChoiceField:
    return ChoiceField(label=label, error_messages={"required": chosen, "invalid_choice": _("Choose one of the list")})


class AskForm(forms.Form):
    of = _of(_("Whom do you ask?"), _("Choose whom you ask"))
    kinds = _kinds()
    question = forms.CharField(label=_("Your question"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    due_on = DateField(
        label=_("By when do you need the answer?"),
        help_text=_("Lace reminds them on that day, and again five and ten working days later."),
        error_messages={"required": _("Enter the day by which you need the answer")},
    )

    def __init__(self, *args: Any, offered: list[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["of"].choices = [(str(party.group_id), party.name) for party in offered]


class AskPage(UnderData):
    """Ask for data."""

    needs = frozenset({Permission.ASK_FOR_DATA})
    title = _("Ask for data")
    submit_text = _("Ask")
    success_message = _("They are asked, and told by when")

    def get_form(self, data: Any = None) -> AskForm:
        due = add_working_days(self.actor.today, ANSWER_WORKING_DAYS)
        return AskForm(data, initial={"due_on": due}, offered=parties(by=self.actor, child=self.child))

    def act(self, cleaned: dict[str, Any]) -> object:
        return ask(by=self.actor, child=self.child, of=int(cleaned.pop("of")), **cleaned)


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=pgettext_lazy("data", "Answer"),
        help_text=_("Give dates and figures where you have them. If there is nothing to say, say so."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": _("Write the answer. If there is nothing to say, say so")},
    )
    data_as_of = DateField(
        label=_("On which day were these data right?"),
        help_text=_("The end of the term, for example, or today."),
        error_messages={"required": _("Enter the day on which the data were right")},
    )


class SendForm(AnswerForm):
    kinds = _kinds()
    field_order = ("to", "kinds", "answer", "data_as_of")

    def __init__(self, *args: Any, offered: list[Party] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offered is not None:
            to = _of(_("To whom?"), _("Choose to whom you send it"))
            to.choices = [(str(party.group_id), party.name) for party in offered]
            self.fields["to"] = to
        fields: dict[str, Any] = self.fields
        fields["answer"].label = _("Details")
        self.order_fields(self.field_order)


class SendPage(UnderData):
    """Send details of the provision or of a move unasked (XLA-05)."""

    needs = frozenset({Permission.ASK_FOR_DATA, Permission.ANSWER_FOR_DATA})
    title = _("Send details of the child's education")
    submit_text = _("Send")
    success_message = _("The details are sent")

    def get_form(self, data: Any = None) -> SendForm:
        ours = Permission.ASK_FOR_DATA in self.grant.permissions
        return SendForm(data, initial=self.initial(), offered=parties(by=self.actor, child=self.child) if ours else None)

    def initial(self) -> dict[str, Any]:
        return {"kinds": [DataKind.PROVISION], "data_as_of": self.actor.today}

    def act(self, cleaned: dict[str, Any]) -> object:
        to = cleaned.pop("to", None)
        return send_details(by=self.actor, child=self.child, to=int(to) if to else None, **cleaned)


class OfRequest(UnderData):
    """A page about one request that is still open."""

    form_class: ClassVar[type[forms.Form]] = AnswerForm
    asked: DataRequest

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = DataRequest.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["datarequest"])
        asked = found.select_related("child__authority", "authority").first()
        if asked is None:
            raise Http404
        self.asked = asked
        if not self.is_mine():
            raise NotAllowed

    def is_mine(self) -> bool:
        raise NotImplementedError

    def initial(self) -> dict[str, Any]:
        return {"data_as_of": self.actor.today}

    def context(self) -> dict[str, Any]:
        seen = Seen(self.asked, self.grant)
        words = {"authority": self.asked.authority.name, "what": what(seen.kinds), "day": date_format(seen.due_on, "DATE_FORMAT")}
        intro = gettext("%(what)s. Asked by %(authority)s, due on %(day)s.") % words
        return super().context() | {"intro": f"{intro} {seen.question}".strip()}

    def act(self, cleaned: dict[str, Any]) -> object:
        return answer_request(by=self.actor, request=self.asked, **cleaned)


class AnswerPage(OfRequest):
    """The body that was asked answers."""

    needs = frozenset({Permission.ANSWER_FOR_DATA})
    title = _("Answer the question")
    submit_text = _("Send the answer")
    success_message = _("The answer is sent. The responsible authority is told")

    def is_mine(self) -> bool:
        return is_asked(by=self.actor, request=self.asked)


class RecordPage(OfRequest):
    """The authority that asked writes down what came by letter or by phone."""

    needs = frozenset({Permission.ASK_FOR_DATA})
    title = _("Record an answer that came another way")
    submit_text = _("Record the answer")
    success_message = _("The answer is recorded")

    def is_mine(self) -> bool:
        return self.asked.authority_id in self.actor.authorities


class SureForm(forms.Form):
    """Asks nothing: the page says what happens, the button does it."""


class WithdrawPage(RecordPage):
    """The authority that asked needs the answer no longer."""

    form_class = SureForm
    title = _("Withdraw the question")
    submit_text = _("Withdraw the question")
    success_message = _("The question is withdrawn. Those who were asked are told")

    def act(self, cleaned: dict[str, Any]) -> object:
        return withdraw_request(by=self.actor, request=self.asked)


_OF_CHILD = "children/<uuid:child>/data/"
request_urls: list[URLPattern] = [
    path("data-requests/", RequestsPage.as_view(), name="data_requests"),
    path(_OF_CHILD, ChildDataPage.as_view(), name="child_data"),
    path(f"{_OF_CHILD}ask/", AskPage.as_view(), name="child_data_ask"),
    path(f"{_OF_CHILD}send/", SendPage.as_view(), name="child_data_send"),
    path(f"{_OF_CHILD}<uuid:datarequest>/answer/", AnswerPage.as_view(), name="child_data_answer"),
    path(f"{_OF_CHILD}<uuid:datarequest>/record/", RecordPage.as_view(), name="child_data_record"),
    path(f"{_OF_CHILD}<uuid:datarequest>/withdraw/", WithdrawPage.as_view(), name="child_data_withdraw"),
]
