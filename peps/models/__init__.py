"""The Personal Education Plan: the current plan in sections, its targets and actions, its frozen versions and the check of their quality."""

from peps.models.action import Action, ActionQuerySet
from peps.models.asked import find_asked, serving_link, was_answered
from peps.models.contribution import Contribution, ContributionQuerySet
from peps.models.plan import ACTION_FIELDS, TARGET_FIELDS, Pep, PepQuerySet, Section, Version, digest, frozen
from peps.models.quality import QualityReview, QualityStandard
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
    "QualityReview",
    "QualityStandard",
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
