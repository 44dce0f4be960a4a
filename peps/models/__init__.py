"""The Personal Education Plan: the current plan in sections, its targets and actions, and its frozen versions."""

from peps.models.action import Action, ActionQuerySet
from peps.models.asked import find_asked, serving_link, was_answered
from peps.models.contribution import Contribution, ContributionQuerySet
from peps.models.plan import ACTION_FIELDS, TARGET_FIELDS, Pep, PepQuerySet, Section, Version, digest, frozen
from peps.models.target import EVALUATION_FIELDS, Evaluation, Target, ended, with_ids

__all__ = [
    "ACTION_FIELDS",
    "EVALUATION_FIELDS",
    "TARGET_FIELDS",
    "Action",
    "ActionQuerySet",
    "Contribution",
    "ContributionQuerySet",
    "Evaluation",
    "Pep",
    "PepQuerySet",
    "Section",
    "Target",
    "Version",
    "digest",
    "ended",
    "find_asked",
    "frozen",
    "serving_link",
    "was_answered",
    "with_ids",
]
