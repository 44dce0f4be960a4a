"""The child, the time in care, the placements, who stands in which relation to the child, and what few may read of them."""

from lace.children.models.child import (
    CareEpisode,
    Child,
    ChildGroupGrant,
    ChildOwned,
    ChildOwnedQuerySet,
    ChildQuerySet,
    ChildUserGrant,
    Placement,
    PlacementAddress,
    grants_of,
    lock,
    open_of_closed,
    relation_code,
)
from lace.children.models.crossing import DataRequest, EmergencyAccess, Handover, PlacedByOthers, PlacementNotice
from lace.children.models.notes import Dispute, NoContactPerson, Referral, Risk, Statement

__all__ = [
    "CareEpisode",
    "Child",
    "ChildGroupGrant",
    "ChildOwned",
    "ChildOwnedQuerySet",
    "ChildQuerySet",
    "ChildUserGrant",
    "DataRequest",
    "Dispute",
    "EmergencyAccess",
    "Handover",
    "NoContactPerson",
    "PlacedByOthers",
    "Placement",
    "PlacementAddress",
    "PlacementNotice",
    "Referral",
    "Risk",
    "Statement",
    "grants_of",
    "lock",
    "open_of_closed",
    "relation_code",
]
