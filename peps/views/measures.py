"""Attainment and well-being of a child, side by side and over time (WB-02); recording an entry, and correcting one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Permission
from lace.core.errors import NotAllowed
from lace.web.child_tabs import child_frame
from lace.web.pages import ChildFormPage, ChildPage
from peps.forms.measures import AttainmentForm, WellbeingForm
from peps.models import ATTAINMENT_FIELDS, WELLBEING_FIELDS, Attainment, Wellbeing
from peps.rules.measures import MEASURES, STEPS, Measure
from peps.rules.wellbeing import INSTRUMENTS, Instrument
from peps.services.measures import (
    AttainmentFacts,
    WellbeingFacts,
    correct_attainment,
    correct_wellbeing,
    record_attainment,
    record_wellbeing,
)
from peps.views.frame import language_in_use, written
from peps.views.measured import (
    ATTAINMENT_COLUMNS,
    WELLBEING_COLUMNS,
    attainment_row,
    indicators,
    plain,
    steps_chart,
    totals_chart,
    wellbeing_row,
)

Row = Attainment | Wellbeing
M = TypeVar("M", Attainment, Wellbeing)


class MeasuresPage(ChildPage):
    """The tab. Each half stands under its own facet."""

    facets: ClassVar[frozenset[Facet]] = frozenset({Facet.EDUCATION, Facet.WELLBEING})

    def get(self, request: HttpRequest, child: UUID) -> HttpResponse:
        may_write = Permission.WRITE_PEP in self.grant.permissions
        context = {
            **child_frame(self, "child_measures"),
            "title": _("Attainment and well-being"),
            "may_write": may_write,
            "parts": [part for part in (self.attainment(may_write), self.wellbeing(may_write)) if part],
        }
        return render(request, "peps/measures.html", context)

    def attainment(self, may_write: bool) -> dict[str, Any] | None:
        if Facet.EDUCATION not in self.grant.facets:
            return None
        standing, wrong = told_apart(Attainment.objects.visible_to(self.actor).filter(child=self.child))
        entries = [plain(row) for row in standing]
        return {
            "id": "attainment",
            "title": _("Attainment"),
            "indicators": indicators(entries),
            "chart": steps_chart(entries, STEPS),
            "caption": _("Levels and grades"),
            "columns": self.columns(ATTAINMENT_COLUMNS, may_write),
            "rows": [self.row(attainment_row(plain(row)), row, may_write) for row in standing],
            "wrong_columns": [*ATTAINMENT_COLUMNS, _("Corrected on"), _("Reason")],
            "wrong": [self.corrected(attainment_row(plain(row)), row) for row in wrong],
            "empty_title": _("No levels or grades yet"),
            "empty_text": _("They stand here as soon as they are recorded, whichever school or authority the child was in."),
            "add": [(one.title, reverse("child_attainment_add", args=[self.child.pk, code])) for code, one in MEASURES.items()],
            "add_title": _("Record a level or grade"),
        }

    def wellbeing(self, may_write: bool) -> dict[str, Any] | None:
        if Facet.WELLBEING not in self.grant.facets:
            return None
        standing, wrong = told_apart(Wellbeing.objects.visible_to(self.actor).filter(child=self.child))
        entries = [plain(row) for row in standing]
        return {
            "id": "wellbeing",
            "title": _("Well-being"),
            "hint": _("A score tells of answers on one day. It is a reason to talk and to help, and says nothing about who the child is."),
            "chart": totals_chart(entries),
            "caption": _("Measures and observations"),
            "columns": self.columns(WELLBEING_COLUMNS, may_write),
            "rows": [self.row(wellbeing_row(plain(row)), row, may_write) for row in standing],
            "wrong_columns": [*WELLBEING_COLUMNS, _("Corrected on"), _("Reason")],
            "wrong": [self.corrected(wellbeing_row(plain(row)), row) for row in wrong],
            "empty_title": _("No measures of well-being yet"),
            "empty_text": _("Scores of a questionnaire and what adults saw stand here as soon as they are recorded."),
            "add": [(one.title, reverse("child_wellbeing_add", args=[self.child.pk, code])) for code, one in INSTRUMENTS.items()],
            "add_title": _("Record a measure or an observation"),
        }

    @staticmethod
    def columns(columns: Iterable[Promise], may_write: bool) -> list[Any]:
        return [*columns, pgettext("column", "Correction")] if may_write else [*columns]

    def row(self, cells: list[Any], row: Row, may_write: bool) -> list[Any]:
        route = "child_attainment_correct" if isinstance(row, Attainment) else "child_wellbeing_correct"
        return [*cells, {"text": gettext("Correct"), "href": reverse(route, args=[self.child.pk, row.pk])}] if may_write else cells

    def corrected(self, cells: list[Any], row: Row) -> list[Any]:
        return [*cells, written(row.correction.created_at.date()), row.correction.reason]


def told_apart(rows: QuerySet[M]) -> tuple[list[M], list[M]]:
    """The entries that hold, and those that were corrected, the newest first of each. One statement."""
    found = list(rows.select_related("correction").order_by("-measured_on", "-created_at"))
    wrong = [row for row in found if hasattr(row, "correction")]
    return [row for row in found if not row.withdrawn and not hasattr(row, "correction")], [row for row in wrong if not row.withdrawn]


class _EntryPage(ChildFormPage):
    """A form of one entry: a new one by the address's measure, or the correction of the one that it names."""

    facet: ClassVar[Facet]
    correcting: ClassVar[bool] = False
    template_name = "peps/measure.html"

    def load(self, **kwargs: Any) -> None:
        super().load(**kwargs)
        self.find(**kwargs)
        if Permission.WRITE_PEP not in self.grant.permissions:
            raise NotAllowed

    def find(self, **kwargs: Any) -> None:
        raise NotImplementedError

    def of(self) -> Measure | Instrument:
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        of = self.of()
        return {
            "title": _("Correct an entry") if self.correcting else of.title,
            "caption": self.seen.name,
            "intro": of.title if self.correcting else "",
            "source": of.source,
            "verified": of.verified,
            "back_url": self.success_url(None),
            "cancel_url": self.success_url(None),
            "submit_text": _("Save the correction") if self.correcting else _("Save the entry"),
        }

    def success_url(self, result: Any) -> str:
        return f"{reverse('child_measures', args=[self.child.pk])}#{'attainment' if self.facet == Facet.EDUCATION else 'wellbeing'}"


class AttainmentPage(_EntryPage):
    """A new level or grade."""

    facet = Facet.EDUCATION
    facets = frozenset({Facet.EDUCATION})
    success_message = _("The level or grade is recorded")
    measure: Measure

    def find(self, **kwargs: Any) -> None:
        if kwargs["measure"] not in MEASURES:
            raise Http404
        self.measure = MEASURES[kwargs["measure"]]

    def of(self) -> Measure:
        return self.measure

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return AttainmentForm(self.measure, data, initial=self.initial(), correcting=self.correcting)

    def facts(self, cleaned: dict[str, Any]) -> AttainmentFacts:
        return AttainmentFacts(measure=self.measure.code, **({"basis": self.measure.bases[0].value} | cleaned))

    def act(self, cleaned: dict[str, Any]) -> Attainment:
        return record_attainment(by=self.actor, child=self.child, facts=self.facts(cleaned))


class CorrectAttainmentPage(AttainmentPage):
    """The right level or grade in place of a wrong one."""

    correcting = True
    success_message = _("The entry is corrected. The one before stays on record")
    entry: Attainment

    def find(self, **kwargs: Any) -> None:
        self.entry = _found(Attainment.objects.visible_to(self.actor).filter(child=self.child), kwargs["attainment"])
        super().find(measure=self.entry.measure)

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.entry, name) for name in ATTAINMENT_FIELDS}

    def act(self, cleaned: dict[str, Any]) -> Attainment:
        reason, gone = cleaned.pop("reason"), cleaned.pop("withdraw")
        facts = None if gone else self.facts(cleaned)
        return correct_attainment(by=self.actor, child=self.child, entry=self.entry.pk, facts=facts, reason=reason)


class WellbeingPage(_EntryPage):
    """New scores, or an observation."""

    facet = Facet.WELLBEING
    facets = frozenset({Facet.WELLBEING})
    success_message = _("The measure of well-being is recorded")
    instrument: Instrument

    def find(self, **kwargs: Any) -> None:
        if kwargs["instrument"] not in INSTRUMENTS:
            raise Http404
        self.instrument = INSTRUMENTS[kwargs["instrument"]]

    def of(self) -> Instrument:
        return self.instrument

    def get_form(self, data: QueryDict | None = None) -> forms.Form:
        return WellbeingForm(self.instrument, data, initial=self.initial(), correcting=self.correcting)

    def initial(self) -> dict[str, Any]:
        return {"language": language_in_use()}

    def context(self) -> dict[str, Any]:
        return super().context() | {"wellbeing": True}

    def facts(self, cleaned: dict[str, Any]) -> WellbeingFacts:
        only = {"informant": self.instrument.informants[0].value} if len(self.instrument.informants) == 1 else {}
        return WellbeingFacts(instrument=self.instrument.code, **(only | cleaned))

    def act(self, cleaned: dict[str, Any]) -> Wellbeing:
        return record_wellbeing(by=self.actor, child=self.child, facts=self.facts(cleaned))


class CorrectWellbeingPage(WellbeingPage):
    """The right measure in place of a wrong one."""

    correcting = True
    success_message = _("The entry is corrected. The one before stays on record")
    entry: Wellbeing

    def find(self, **kwargs: Any) -> None:
        self.entry = _found(Wellbeing.objects.visible_to(self.actor).filter(child=self.child), kwargs["wellbeing"])
        super().find(instrument=self.entry.instrument)

    def initial(self) -> dict[str, Any]:
        sums = {total for group, total in self.instrument.totals.items() if set(self.instrument.parts(group)) <= self.entry.scores.keys()}
        scores = {code: value for code, value in self.entry.scores.items() if code not in sums}
        return scores | {name: getattr(self.entry, name) for name in WELLBEING_FIELDS}

    def act(self, cleaned: dict[str, Any]) -> Wellbeing:
        reason, gone = cleaned.pop("reason"), cleaned.pop("withdraw")
        facts = None if gone else self.facts(cleaned)
        return correct_wellbeing(by=self.actor, child=self.child, entry=self.entry.pk, facts=facts, reason=reason)


def _found(rows: QuerySet[M], pk: UUID) -> M:
    """An entry that can be corrected; one that was is not there any more."""
    entry = rows.filter(pk=pk, correction__isnull=True, withdrawn=False).first()
    if entry is None:
        raise Http404
    return entry
