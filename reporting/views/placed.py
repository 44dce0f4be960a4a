"""Children placed here by other authorities: what Lace knows beside what was heard, and what does not agree (XLA-13)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet, Permission, require
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import PlacedByOthers, grants_of
from lace.children.rules import HeardFrom
from lace.children.seen import Seen
from lace.web.forms import ChoiceField, DateField
from lace.web.pages import FormPage, Page
from schools.services.placed import MOST_BYTES, Heard, Known, add_heard, read_list, reconcile, settle

SETTLED_SHOWN = 30  # the newest


class PlacedPage(Page):
    """Both lists side by side."""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.TAKE_OVER)

    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            found = reconcile(by=self.actor)
            self.grants = grants_of(self.actor, [known.child for known in found.known])
            settled = found.settled[:SETTLED_SHOWN]
            # A child who is only heard of has no record: the read names the line of the list.
            shown = {known.child.pk for known in found.known} | {row.pk for row in (*found.only_heard, *settled)}
            if shown:
                record_read(by=self.actor, children=shown, facets=[Facet.IDENTITY, Facet.EDUCATION], door="placed", act=Read.Act.LIST)
            context = {
                "only_heard": [self.card(row, settle=True) for row in found.only_heard],
                "columns": [
                    _("Child"),
                    _("Responsible authority"),
                    _("Notice"),
                    pgettext_lazy("tab", "School"),
                    _("Heard of in other ways"),
                    _("State"),
                ],
                "known": [self.row(known) for known in found.known],
                "settled": [self.card(row, settle=False) for row in settled],
            }
            return render(request, "reporting/placed.html", context)

    def card(self, row: PlacedByOthers, *, settle: bool) -> dict[str, Any]:
        facts = [
            (_("Date of birth"), date_format(row.born_on, "DATE_FORMAT")),
            (_("Placing authority"), row.placed_by),
            (_("Heard from"), f"{row.get_heard_from_display()}, {date_format(row.heard_on, 'DATE_FORMAT')}"),
            (_("Settled on"), date_format(row.settled_on, "DATE_FORMAT") if row.settled_on else ""),
            (_("What was found"), row.finding),
        ]
        acts = [(pgettext_lazy("placed child", "Settle"), reverse("placed_settle", args=[row.pk]))] if settle else []
        return {"name": row.name, "href": "", "facts": [{"key": key, "value": value} for key, value in facts if value], "acts": acts}

    def row(self, known: Known) -> list[Any]:
        grant = self.grants[known.child.pk]
        child = Seen(known.child, grant)
        ways = ", ".join(dict.fromkeys(str(row.get_heard_from_display()) for row in known.heard))
        return [
            {"text": child.name, "href": reverse("child", args=[known.child.pk])},
            known.child.authority.name,
            self.notice(known),
            known.school if Facet.EDUCATION in grant.facets else "",
            ways or _("Nothing heard"),
            {"text": self.state(known), "tag": "done" if known.agrees else "warning"},
        ]

    def notice(self, known: Known) -> Any:
        if known.notice is None:
            return _("No notice")
        seen = Seen(known.notice, self.grants[known.child.pk])
        return date_format(seen.sent_on, "DATE_FORMAT")

    def state(self, known: Known) -> Any:
        if not known.lives_here:
            return _("At school here, lives elsewhere") if known.notice is None else _("Moved away")
        if known.notice is None:
            return _("Lives here without a notice")
        return _("Agrees") if known.agrees else _("Notice to acknowledge")


def _heard_from() -> ChoiceField:
    return ChoiceField(
        label=_("How did you hear of this?"), choices=HeardFrom.choices, error_messages={"required": _("Choose how you heard of the child")}
    )


def _heard_on() -> DateField:
    return DateField(label=_("When did you hear of it?"), error_messages={"required": _("Enter the day")})


class AddForm(forms.Form):
    name = forms.CharField(
        label=_("The child's name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the child's name")},
    )
    born_on = DateField(label=_("Date of birth"), error_messages={"required": _("Enter the date of birth")})
    placed_by = forms.CharField(
        label=_("Which authority placed the child?"),
        help_text=_("In Wales or outside it."),
        max_length=100,
        error_messages={"required": _("Enter the authority that placed the child")},
    )
    heard_from = _heard_from()
    heard_on = _heard_on()


class UnderPlaced(FormPage):
    """A form below the page."""

    submit_text: Any = _("Save")
    intro: Any = ""

    def load(self, **kwargs: Any) -> None:
        require(self.actor, Permission.TAKE_OVER)

    def initial(self) -> dict[str, Any]:
        return {"heard_on": self.actor.today}

    def context(self) -> dict[str, Any]:
        back = reverse("placed")
        return {"intro": self.intro, "submit_text": self.submit_text, "back_url": back, "cancel_url": back}

    def success_url(self, result: Any) -> str:
        return reverse("placed")


class AddPage(UnderPlaced):
    """One child, typed."""

    form_class = AddForm
    title = _("Add a child placed here by another authority")
    success_message = _("The child is on the list")

    def act(self, cleaned: dict[str, Any]) -> object:
        heard = Heard(cleaned["placed_by"], cleaned["name"], cleaned["born_on"])
        return add_heard(by=self.actor, heard=[heard], heard_from=cleaned["heard_from"], heard_on=cleaned["heard_on"])


class ListForm(forms.Form):
    file = forms.FileField(
        label=_("The list"),
        help_text=_("A CSV file in UTF-8 with the columns placing authority, name, date of birth; up to 500 children."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose the file"), "empty": _("The file holds no child")},
    )
    heard_from = _heard_from()
    heard_on = _heard_on()


class ListPage(UnderPlaced):
    """A counterpart's list, all of it or nothing."""

    form_class = ListForm
    title = _("Add a list of children placed here")
    intro = _("Children who wait on the list already are left as they are. If a line is wrong, nothing is added.")
    submit_text = _("Add the list")
    success_message = _("The list is added")

    def initial(self) -> dict[str, Any]:
        return super().initial() | {"heard_from": HeardFrom.COUNTERPART}

    def act(self, cleaned: dict[str, Any]) -> object:
        heard = read_list(by=self.actor, data=cleaned["file"].read(MOST_BYTES + 1))
        return add_heard(by=self.actor, heard=heard, heard_from=cleaned["heard_from"], heard_on=cleaned["heard_on"])


class FindingForm(forms.Form):
    finding = forms.CharField(
        label=_("What did you find?"),
        help_text=_("For example: the other authority was phoned and sends the notice; or the child has left the area."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say what you found")},
    )


class SettlePage(UnderPlaced):
    """What was found of a child on the list."""

    form_class = FindingForm
    title = _("Settle")
    submit_text = _("Record what you found")
    success_message = _("What you found is recorded")
    placed: PlacedByOthers

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        placed = PlacedByOthers.objects.visible_to(self.actor).filter(pk=kwargs["placed"]).first()
        if placed is None:
            raise Http404
        self.placed = placed

    def context(self) -> dict[str, Any]:
        return super().context() | {"caption": self.placed.name}

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        with transaction.atomic():
            record_read(by=self.actor, children=[self.placed.pk], facets=[Facet.IDENTITY], door="placed")
            return super().show(form, status)

    def act(self, cleaned: dict[str, Any]) -> object:
        return settle(by=self.actor, placed=self.placed, finding=cleaned["finding"])


placed_urls: list[URLPattern] = [
    path("placed-here/", PlacedPage.as_view(), name="placed"),
    path("placed-here/add/", AddPage.as_view(), name="placed_add"),
    path("placed-here/list/", ListPage.as_view(), name="placed_list"),
    path("placed-here/<uuid:placed>/settle/", SettlePage.as_view(), name="placed_settle"),
]
