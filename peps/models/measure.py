"""Dated measures of attainment and of well-being. Nothing is written over: a correction is an entry of its own, and both stay.

They stand here, and not beside the terms in schools: whoever writes the plan records them, and only the plan and what lies above reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules.measures import Basis
from peps.rules.wellbeing import Informant


class AttainmentQuerySet(ChildOwnedQuerySet["Attainment"]):
    def standing(self) -> AttainmentQuerySet:
        """Those that hold: not corrected, and not the correction that takes an entry away. The newest first."""
        return self.filter(correction__isnull=True, withdrawn=False).order_by("-measured_on", "-created_at")


class WellbeingQuerySet(ChildOwnedQuerySet["Wellbeing"]):
    def standing(self) -> WellbeingQuerySet:
        """As for attainment."""
        return self.filter(correction__isnull=True, withdrawn=False).order_by("-measured_on", "-created_at")


class _Measured(ChildOwned):
    """What every entry says of itself."""

    measured_on = models.DateField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_as = models.CharField(max_length=30, choices=Role, blank=True)
    # Of a correction: the entry that was wrong, and why; `withdrawn` when nothing stands in its place.
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="correction")
    reason = models.CharField(max_length=500, blank=True)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        abstract = True


_ROW = ("id", "created_at", "child", "authority", "measured_on", "recorded_by", "recorded_as", "corrects", "reason", "withdrawn")


def _corrected(name: str) -> models.CheckConstraint:
    whole = Q(corrects__isnull=True, reason="", withdrawn=False) | (Q(corrects__isnull=False) & ~Q(reason=""))
    return models.CheckConstraint(condition=whole, name=name)


@tracked()
class Attainment(_Measured):
    """A level or grade in a subject on a day (DATA-05, DATA-11). What it means is declared in peps/rules/measures.py."""

    measure = models.CharField(max_length=20)
    subject = models.CharField(max_length=20, blank=True)
    named = models.CharField(max_length=120, blank=True)  # a subject or qualification that the definition does not name
    value = models.CharField(max_length=10)
    volume = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)  # in GCSEs
    basis = models.CharField(max_length=8, choices=Basis)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys((*_ROW, "measure", "subject", "named", "value", "volume", "basis"), Facet.EDUCATION)

    objects = AttainmentQuerySet.as_manager()

    class Meta:
        constraints = [
            _corrected("attainment_corrected_with_reason"),
            models.CheckConstraint(condition=Q(volume__isnull=True) | Q(volume__gt=0), name="attainment_volume_above_zero"),
        ]
        indexes = [models.Index(fields=["child", "-measured_on"])]


@tracked()
class Wellbeing(_Measured):
    """Scores of an instrument by one informant on a day, or what was seen, and what is done about it (WB-01, DP-16). No item of any instrument."""

    instrument = models.CharField(max_length=20)
    edition = models.CharField(max_length=20, blank=True)  # the instrument's version
    informant = models.CharField(max_length=8, choices=Informant, blank=True)
    named = models.CharField(max_length=120, blank=True)  # an instrument that is not declared
    scores = models.JSONField(default=dict, blank=True)  # whole numbers by score, totals with them
    words = models.CharField(max_length=1000, blank=True)
    follow_up = models.CharField(max_length=1000, blank=True)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of the words

    GUARDED_BY = Facet.WELLBEING
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (*_ROW, "instrument", "edition", "informant", "named", "scores", "words", "follow_up", "language"), Facet.WELLBEING
    )

    objects = WellbeingQuerySet.as_manager()

    class Meta:
        constraints = [_corrected("wellbeing_corrected_with_reason")]
        indexes = [models.Index(fields=["child", "-measured_on"])]


ATTAINMENT_FIELDS = ("measure", "subject", "named", "value", "volume", "basis", "measured_on", "recorded_as")
WELLBEING_FIELDS = ("instrument", "edition", "informant", "named", "scores", "words", "follow_up", "language", "measured_on", "recorded_as")


def measured(rows: Iterable[Attainment | Wellbeing], names: Iterable[str]) -> list[dict[str, Any]]:
    """The newest of each kind as a version freezes them; `rows` come the newest first."""
    newest: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        kind = (row.measure, row.subject, row.named) if isinstance(row, Attainment) else (row.instrument, row.informant, row.named)
        newest.setdefault(kind, {name: _plain(getattr(row, name)) for name in names})
    return list(newest.values())


def measures(attainment: AttainmentQuerySet | None, wellbeing: WellbeingQuerySet | None) -> dict[str, list[dict[str, Any]]]:
    """What a text of the plan holds of these entries of one child; nothing of a kind that is not given."""
    found: dict[str, list[dict[str, Any]]] = {}
    if attainment is not None:
        found["attainment"] = measured(attainment.standing(), ATTAINMENT_FIELDS)
    if wellbeing is not None:
        found["wellbeing"] = measured(wellbeing.standing(), WELLBEING_FIELDS)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
