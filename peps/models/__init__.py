"""The Personal Education Plan: the current plan in sections, its targets and actions, its frozen versions, and the measures it shows."""

from peps.models.action import Action, ActionQuerySet
from peps.models.measure import ATTAINMENT_FIELDS, WELLBEING_FIELDS, Attainment, Wellbeing, measures
from peps.models.plan import ACTION_FIELDS, TARGET_FIELDS, Pep, PepQuerySet, Section, Version, digest, frozen
from peps.models.target import EVALUATION_FIELDS, Evaluation, Target, ended, with_ids

__all__ = [
    "ACTION_FIELDS",
    "ATTAINMENT_FIELDS",
    "EVALUATION_FIELDS",
    "TARGET_FIELDS",
    "WELLBEING_FIELDS",
    "Action",
    "ActionQuerySet",
    "Attainment",
    "Evaluation",
    "Pep",
    "PepQuerySet",
    "Section",
    "Target",
    "Version",
    "Wellbeing",
    "digest",
    "ended",
    "frozen",
    "measures",
    "with_ids",
]
