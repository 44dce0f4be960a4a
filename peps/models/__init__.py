"""The Personal Education Plan: the current plan in sections, its targets, actions, provisions and catch-up, what those around it said, the
meetings about it, what came of the child's own wishes, the pictures and recordings on the child's page, who challenged the plan, its frozen
versions with the check of their quality, and the
measures it shows."""

from peps.models.action import Action, ActionQuerySet
from peps.models.addition import Addition, AdditionQuerySet
from peps.models.asked import find_asked, serving_link, was_answered
from peps.models.catch_up import CATCH_UP_FIELDS, CatchUp, CatchUpQuerySet
from peps.models.challenge import Challenge
from peps.models.contribution import Contribution, ContributionQuerySet
from peps.models.guidance import Guidance
from peps.models.measure import ATTAINMENT_FIELDS, WELLBEING_FIELDS, Attainment, Wellbeing, measures
from peps.models.meeting import MeetingInvitation, PlanMeeting, second_is_missing
from peps.models.peers import PeerOffer
from peps.models.plan import ACTION_FIELDS, TARGET_FIELDS, Pep, PepQuerySet, Section, Version, digest, frozen
from peps.models.provision import PROVISION_FIELDS, CombinedPlan, Provision, ProvisionQuerySet
from peps.models.quality import QualityReview, QualityStandard
from peps.models.readers import AnswerReaders
from peps.models.reply import Reply
from peps.models.target import EVALUATION_FIELDS, Evaluation, Target, ended, with_ids

__all__ = [
    "ACTION_FIELDS",
    "ATTAINMENT_FIELDS",
    "CATCH_UP_FIELDS",
    "EVALUATION_FIELDS",
    "PROVISION_FIELDS",
    "TARGET_FIELDS",
    "WELLBEING_FIELDS",
    "Action",
    "ActionQuerySet",
    "Addition",
    "AdditionQuerySet",
    "AnswerReaders",
    "Attainment",
    "CatchUp",
    "CatchUpQuerySet",
    "Challenge",
    "CombinedPlan",
    "Contribution",
    "ContributionQuerySet",
    "Evaluation",
    "Guidance",
    "MeetingInvitation",
    "PeerOffer",
    "Pep",
    "PepQuerySet",
    "PlanMeeting",
    "Provision",
    "ProvisionQuerySet",
    "QualityReview",
    "QualityStandard",
    "Reply",
    "Section",
    "Target",
    "Version",
    "Wellbeing",
    "digest",
    "ended",
    "find_asked",
    "frozen",
    "measures",
    "second_is_missing",
    "serving_link",
    "was_answered",
    "with_ids",
]
