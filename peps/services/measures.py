"""Measures of attainment and well-being: recorded, and corrected with the reason. Both stay: the wrong entry and what corrects it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission
from lace.accounts.models import Language
from lace.children.models import Child, grants_of, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Message, NotAllowed, Refused, refuse
from peps.models import Attainment, Wellbeing
from peps.rules.measures import MEASURES, check_result
from peps.rules.wellbeing import INSTRUMENTS, check_entry, check_scores, with_totals

LONGEST = 1000  # characters of words
_LIMITS = {"words": LONGEST, "follow_up": LONGEST, "named": 120}
M = TypeVar("M", Attainment, Wellbeing)


@dataclass(frozen=True, slots=True)
class AttainmentFacts:
    """A level or grade. `volume` in GCSEs, of a qualification that is none."""

    measure: str
    value: str
    basis: str
    measured_on: date | None
    subject: str = ""
    named: str = ""
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class WellbeingFacts:
    """An instrument's scores by one informant, or words alone of an observation."""

    instrument: str
    measured_on: date | None
    edition: str = ""
    informant: str = ""
    named: str = ""
    scores: dict[str, int] = field(default_factory=dict)
    words: str = ""
    follow_up: str = ""
    language: str = Language.ENGLISH


@transaction.atomic
def record_attainment(*, by: Actor, child: Child, facts: AttainmentFacts) -> Attainment:
    """Record a level or grade in a subject on a day (DATA-05, DATA-11). Raises NotAllowed; BadInput naming the fields."""
    return _recorded(by, _attainment(by, _locked(by, child, Facet.EDUCATION), facts))


@transaction.atomic
def correct_attainment(*, by: Actor, child: Child, entry: UUID, facts: AttainmentFacts | None, reason: str) -> Attainment:
    """Put an entry right with the reason; without facts, say that there should be none. The wrong one stays on record.

    Raises NotAllowed; BadInput naming the fields; Refused when the entry is not there or has been corrected already.
    """
    child = _locked(by, child, Facet.EDUCATION)
    wrong = _standing(Attainment.objects.filter(child=child, pk=entry).select_related("correction").first())
    right = _attainment(by, child, facts or AttainmentFacts(**{name: getattr(wrong, name) for name in AttainmentFacts.__dataclass_fields__}))
    return _recorded(by, right, wrong, reason, withdrawn=facts is None)


@transaction.atomic
def record_wellbeing(*, by: Actor, child: Child, facts: WellbeingFacts) -> Wellbeing:
    """Record scores or an observation, and what is done about it (WB-01, DP-16). Totals are added up. Raises NotAllowed; BadInput."""
    return _recorded(by, _wellbeing(by, _locked(by, child, Facet.WELLBEING), facts))


@transaction.atomic
def correct_wellbeing(*, by: Actor, child: Child, entry: UUID, facts: WellbeingFacts | None, reason: str) -> Wellbeing:
    """As `correct_attainment`."""
    child = _locked(by, child, Facet.WELLBEING)
    wrong = _standing(Wellbeing.objects.filter(child=child, pk=entry).select_related("correction").first())
    right = _wellbeing(by, child, facts or WellbeingFacts(**{name: getattr(wrong, name) for name in WellbeingFacts.__dataclass_fields__}))
    return _recorded(by, right, wrong, reason, withdrawn=facts is None)


def _locked(by: Actor, child: Child, facet: Facet) -> Child:
    require_for(by=by, permission=Permission.WRITE_PEP, child=child)
    if not by.job and facet not in grants_of(by, [child])[child.pk].facets:
        raise NotAllowed
    return lock(child)


def _standing(entry: M | None) -> M:
    if entry is None:
        raise Refused(_("There is no such entry. Go back to the list"))
    if entry.withdrawn or hasattr(entry, "correction"):
        raise Refused(_("This entry has been corrected already. Go back to the list, and correct the newer one"))
    return entry


def _attainment(by: Actor, child: Child, facts: AttainmentFacts) -> Attainment:
    measure = MEASURES.get(facts.measure)
    if measure is None:
        raise BadInput({"measure": [_("Lace knows no such measure")]})
    refuse(
        check_result(
            measure=measure,
            subject=facts.subject,
            named=facts.named,
            value=facts.value,
            volume=facts.volume,
            basis=facts.basis,
            on=facts.measured_on,
            born=child.born_on,
            today=by.today,
        )
    )
    assert facts.measured_on is not None
    return Attainment(
        child=child,
        authority_id=child.authority_id,
        measure=measure.code,
        subject=facts.subject,
        named=" ".join(facts.named.split()),
        value=facts.value,
        volume=facts.volume,
        basis=facts.basis,
        measured_on=facts.measured_on,
    )


def _wellbeing(by: Actor, child: Child, facts: WellbeingFacts) -> Wellbeing:
    instrument = INSTRUMENTS.get(facts.instrument)
    if instrument is None:
        raise BadInput({"instrument": [_("Lace knows no such measure")]})
    problems = check_entry(
        instrument=instrument,
        edition=facts.edition,
        informant=facts.informant,
        named=facts.named,
        words=facts.words,
        on=facts.measured_on,
        born=child.born_on,
        today=by.today,
    )
    refuse([*problems, *check_scores(instrument, facts.scores), *_texts(facts)])
    assert facts.measured_on is not None
    return Wellbeing(
        child=child,
        authority_id=child.authority_id,
        instrument=instrument.code,
        edition=facts.edition,
        informant=facts.informant,
        named=" ".join(facts.named.split()),
        scores=with_totals(instrument, facts.scores),
        words=facts.words,
        follow_up=facts.follow_up,
        language=facts.language,
        measured_on=facts.measured_on,
    )


def _texts(facts: WellbeingFacts) -> Iterator[tuple[str, Message]]:
    for name, limit in _LIMITS.items():
        if len(getattr(facts, name)) > limit or "\0" in getattr(facts, name):
            yield name, _("Shorten this to %(limit)s characters or fewer") % {"limit": limit}
    if facts.language not in Language.values:
        yield "language", _("Say in which language this is written: English or Welsh")


def _recorded(by: Actor, entry: M, corrects: M | None = None, reason: str = "", *, withdrawn: bool = False) -> M:
    if corrects is not None:
        if not reason.strip() or len(reason) > 500 or "\0" in reason:
            raise BadInput({"reason": [_("Say in up to 500 characters why the entry is corrected")]})
        entry.corrects, entry.reason, entry.withdrawn = corrects, reason, withdrawn
    entry.recorded_by_id, entry.recorded_as = by.user_id, by.role
    entry.save(force_insert=True)
    return entry
