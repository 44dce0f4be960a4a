"""Children between authorities: hand-overs proposed and decided (XLA-12), notices of placements acknowledged (XLA-04)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet, Permission, Role, require
from lace.accounts.models import LocalAuthority, Membership, User
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child, Handover, PlacementNotice, grants_of
from lace.children.rules import HandoverState
from lace.children.seen import Seen
from lace.core.errors import NotAllowed
from lace.core.workdays import add_months
from lace.web.forms import DateField
from lace.web.pages import Page
from reporting.views.sharing import SureForm, UnderAccess
from schools.services.handover import OVERLAP_MONTHS, accept, propose, refuse_handover, withdraw
from schools.services.placing import acknowledge

DECIDED_SHOWN = 20  # the newest, beside all that are open


class HandoversPage(Page):
    """What waits for this authority, what it waits for, and what was decided."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.TAKE_OVER)

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            rows = list(Handover.objects.visible_to(self.actor).select_related("child", "giver", "taker").order_by("-proposed_on", "-created_at"))
            # After a hand-over to the host there is nobody left to tell.
            open_ones = PlacementNotice.objects.visible_to(self.actor).filter(acknowledged_on__isnull=True).exclude(host=F("authority"))
            notices = list(open_ones.select_related("child", "host", "authority").order_by("sent_on"))
            children = {row.child_id: row.child for row in (*rows, *notices)}
            self.grants = grants_of(self.actor, children.values())
            if children:
                record_read(by=self.actor, children=children, facets=[Facet.IDENTITY], door="handovers", act=Read.Act.LIST)
            waiting = [row for row in rows if row.state == HandoverState.PROPOSED]
            own = self.actor.authority_id
            context = {
                "to_decide": [self.row(row) for row in waiting if row.taker_id == own],
                "to_wait": [self.row(row) for row in waiting if row.giver_id == own],
                "decided": [self.row(row) for row in rows if row.state != HandoverState.PROPOSED][:DECIDED_SHOWN],
                "notices": [self.notice(row) for row in notices if row.host_id == own],
                "notices_sent": [self.notice(row) for row in notices if row.authority_id == own],
            }
            return render(request, "reporting/handovers.html", context)

    def name(self, child: Child) -> dict[str, str]:
        return {"name": str(Seen(child, self.grants[child.pk]).name), "href": reverse("child", args=[child.pk])}

    def row(self, row: Handover) -> dict[str, Any]:
        seen, keys = Seen(row, self.grants[row.child_id]), [row.child_id, row.pk]
        acts: list[tuple[Promise, str]] = []
        if row.state == HandoverState.PROPOSED and row.taker_id == self.actor.authority_id:
            if row.takes_effect_on <= self.actor.today:
                acts.append((pgettext_lazy("hand-over", "Accept"), reverse("handover_accept", args=keys)))
            acts.append((pgettext_lazy("hand-over", "Refuse"), reverse("handover_refuse", args=keys)))
        elif row.state == HandoverState.PROPOSED:
            acts.append((pgettext_lazy("hand-over", "Withdraw"), reverse("handover_withdraw", args=keys)))
        facts = [
            (pgettext_lazy("hand-over", "From"), seen.giver.name),
            (pgettext_lazy("hand-over", "To"), seen.taker.name),
            (_("Day of the hand-over"), date_format(seen.takes_effect_on, "DATE_FORMAT")),
            (_("Present authority reads until"), date_format(seen.overlap_until, "DATE_FORMAT")),
            (pgettext_lazy("hand-over", "Reason"), seen.reason),
            (pgettext_lazy("hand-over", "State"), seen.get_state_display()),
            (_("Reason for refusing"), seen.answer),
        ]
        return {**self.name(row.child), "facts": [{"key": key, "value": value} for key, value in facts if value], "acts": acts}

    def notice(self, row: PlacementNotice) -> dict[str, Any]:
        received = row.host_id == self.actor.authority_id
        facts = [
            (_("Responsible authority"), row.authority.name),
            (_("Authority where the child lives"), row.host.name),
            (_("Sent on"), date_format(row.sent_on, "DATE_FORMAT")),
        ]
        acts = [(_("Acknowledge"), reverse("notice_acknowledge", args=[row.child_id, row.pk]))] if received else []
        return {**self.name(row.child), "facts": [{"key": key, "value": value} for key, value in facts], "acts": acts}


class ProposeForm(forms.Form):
    taker = forms.TypedChoiceField(
        label=_("Which authority becomes responsible?"),
        coerce=int,
        error_messages={"required": _("Choose the authority that becomes responsible"), "invalid_choice": _("Choose one of the list")},
    )
    takes_effect_on = DateField(
        label=_("Day of the hand-over"),
        help_text=_("The other authority can accept from this day on. Until it does, yours stays responsible for everything."),
        error_messages={"required": _("Enter the day of the hand-over")},
    )
    overlap_until = DateField(
        label=_("Until when may your authority still read the record?"),
        help_text=_("At most six months after the day of the hand-over."),
        error_messages={"required": _("Enter the day until which your authority may still read")},
    )
    reason = forms.CharField(
        label=_("Why does responsibility move?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say why responsibility moves")},
    )

    def __init__(self, *args: Any, takers: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["taker"].choices = [("", _("Choose")), *takers]


class ProposePage(UnderAccess):
    """The first key."""

    title = _("Hand the record over to another authority")
    intro = _("The other authority sees who the child is, and no more, until it has decided. Nothing changes before it accepts.")
    submit_text = _("Propose the hand-over")
    success_message = _("The hand-over is proposed. The other authority is told")

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        if Permission.HAND_OVER not in self.grant.permissions:
            raise NotAllowed

    def get_form(self, data: Any = None) -> ProposeForm:
        others = LocalAuthority.objects.exclude(pk=self.child.authority_id)
        takers = sorted(((authority.pk, authority.name) for authority in others), key=lambda pair: pair[1])
        return ProposeForm(data, initial=self.initial(), takers=takers)

    def initial(self) -> dict[str, Any]:
        return {"takes_effect_on": self.actor.today, "overlap_until": add_months(self.actor.today, OVERLAP_MONTHS)}

    def act(self, cleaned: dict[str, Any]) -> object:
        taker = LocalAuthority.objects.get(pk=cleaned.pop("taker"))
        return propose(by=self.actor, child=self.child, taker=taker, **cleaned)

    def success_url(self, result: Any) -> str:
        return reverse("handovers")


class OfHandover(UnderAccess):
    """A page about one hand-over; `side` says whose key it asks for."""

    side: ClassVar[str]
    handover: Handover

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        found = Handover.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["handover"])
        handover = found.select_related("giver", "taker", "child__authority").first()
        if handover is None:
            raise Http404
        if getattr(handover, f"{self.side}_id") != self.actor.authority_id:
            raise NotAllowed
        require(self.actor, Permission.TAKE_OVER)  # a LACE coordinator's business on both sides
        self.handover = handover

    def context(self) -> dict[str, Any]:
        back = reverse("handovers")
        return super().context() | {"back_url": back, "cancel_url": back}

    def success_url(self, result: Any) -> str:
        return reverse("handovers")


class AcceptForm(forms.Form):
    reference = forms.CharField(
        label=_("The child's reference in your own case system"),
        max_length=40,
        error_messages={"required": _("Enter the child's reference in your own case system")},
    )
    social_worker = forms.TypedChoiceField(
        label=_("Social worker"),
        help_text=_("Of your authority, responsible for the child from today."),
        coerce=int,
        error_messages={"required": _("Choose the child's social worker"), "invalid_choice": _("Choose one of the list")},
    )
    iro = forms.TypedChoiceField(
        label=_("Independent reviewing officer"),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("Choose one of the list")},
    )

    def __init__(self, *args: Any, workers: list[tuple[int, str]], officers: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["social_worker"].choices = [("", _("Choose")), *workers]
        fields["iro"].choices = [("", _("Choose")), *officers]


class AcceptPage(OfHandover):
    """The second key."""

    side = "taker"
    title = _("Accept the record")
    intro = _("From the moment you accept, your authority is responsible for the child and for every duty, each due on the same day as before.")
    submit_text = _("Accept the record")
    success_message = _("Your authority is now responsible for the child")

    def people(self, role: Role) -> list[tuple[int, str]]:
        held = Membership.objects.open_on(self.actor.today).filter(authority=self.handover.taker, role=role, user__is_active=True)
        return list(held.order_by("user__name").values_list("user", "user__name"))

    def get_form(self, data: Any = None) -> AcceptForm:
        return AcceptForm(data, workers=self.people(Role.SOCIAL_WORKER), officers=self.people(Role.IRO))

    def act(self, cleaned: dict[str, Any]) -> object:
        people = {name: User.objects.get(pk=cleaned[name]) if cleaned[name] else None for name in ("social_worker", "iro")}
        assert people["social_worker"] is not None  # the form asks for one
        return accept(by=self.actor, handover=self.handover, reference=cleaned["reference"], social_worker=people["social_worker"], iro=people["iro"])

    def success_url(self, result: Any) -> str:
        return reverse("child", args=[self.child.pk])


class RefuseForm(forms.Form):
    answer = forms.CharField(
        label=_("Why does your authority not take the record?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say why your authority does not take the record")},
    )


class RefusePage(OfHandover):
    """The record stays where it is."""

    side = "taker"
    form_class = RefuseForm
    title = _("Refuse the record")
    submit_text = _("Refuse the record")
    success_message = _("The hand-over is refused. The other authority is told")

    def act(self, cleaned: dict[str, Any]) -> None:
        refuse_handover(by=self.actor, handover=self.handover, answer=cleaned["answer"])


class WithdrawHandoverPage(OfHandover):
    """The giver takes its key back."""

    side = "giver"
    form_class = SureForm
    title = _("Withdraw the hand-over")
    submit_text = _("Withdraw the hand-over")
    success_message = _("The hand-over is withdrawn")

    def act(self, cleaned: dict[str, Any]) -> None:
        withdraw(by=self.actor, handover=self.handover)


class AcknowledgePage(UnderAccess):
    """The host authority says that it knows of a placement."""

    form_class = SureForm
    title = _("Acknowledge the placement")
    intro = _("The responsible authority then sees that yours knows the child lives in its area.")
    submit_text = _("Acknowledge")
    success_message = _("The notice is acknowledged")
    notice: PlacementNotice

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        notice = PlacementNotice.objects.visible_to(self.actor).filter(child=self.child, pk=kwargs["notice"]).select_related("child").first()
        if notice is None:
            raise Http404
        if notice.host_id != self.actor.authority_id or Permission.ANSWER_FOR_DATA not in self.grant.permissions:
            raise NotAllowed
        self.notice = notice

    def context(self) -> dict[str, Any]:
        back = reverse("handovers")
        return super().context() | {"back_url": back, "cancel_url": back}

    def act(self, cleaned: dict[str, Any]) -> None:
        acknowledge(by=self.actor, notice=self.notice)

    def success_url(self, result: Any) -> str:
        return reverse("handovers")


_OF_CHILD = "children/<uuid:child>/"
handover_urls: list[URLPattern] = [
    path("hand-overs/", HandoversPage.as_view(), name="handovers"),
    path(f"{_OF_CHILD}hand-over/", ProposePage.as_view(), name="handover_propose"),
    path(f"{_OF_CHILD}hand-over/<uuid:handover>/accept/", AcceptPage.as_view(), name="handover_accept"),
    path(f"{_OF_CHILD}hand-over/<uuid:handover>/refuse/", RefusePage.as_view(), name="handover_refuse"),
    path(f"{_OF_CHILD}hand-over/<uuid:handover>/withdraw/", WithdrawHandoverPage.as_view(), name="handover_withdraw"),
    path(f"{_OF_CHILD}notices/<uuid:notice>/acknowledge/", AcknowledgePage.as_view(), name="notice_acknowledge"),
]
