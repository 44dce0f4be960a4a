"""Offers to meet others with care experience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from peps.rules.peers import LIMIT, PeerAnswer


@tracked()
class PeerOffer(ChildOwned):
    """The child was offered to meet others with care experience (VOICE-14; 000 Listen). A later answer is a row of its own, with its day."""

    what = models.CharField(max_length=LIMIT)  # a group, an event, somebody who has been there
    offered_on = models.DateField()
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    offered_as = models.CharField(max_length=30, choices=Role)
    answer = models.CharField(max_length=10, choices=PeerAnswer)
    words = models.CharField(max_length=LIMIT, blank=True)  # of the child, as said
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what is written here
    next_on = models.DateField()  # when it is offered again

    GUARDED_BY = Facet.VOICE
    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "what", "offered_on", "offered_by", "offered_as", "answer", "words"),
            *("language", "next_on"),
        ),
        Facet.VOICE,
    )

    objects = ChildOwnedQuerySet["PeerOffer"].as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(next_on__gt=F("offered_on")), name="offered_again_later")]
        indexes = [models.Index(fields=["child"])]
