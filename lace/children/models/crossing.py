"""What crosses a border: hand-overs, records opened in an emergency, notices of placements and data asked of others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Self

from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.accounts.models import LocalAuthority, User
from lace.audit.track import tracked
from lace.children import rules
from lace.children.models.child import ChildOwned, ChildOwnedQuerySet, Placement
from lace.core.actor import Actor
from lace.core.model import Row

_ROW = ("id", "created_at", "child", "authority")


@tracked()
class Handover(ChildOwned):
    """A record's way from one responsible authority to another: one proposes, the other accepts (XLA-12; 003 2.3).

    `authority` is the child's at any time, so it changes when the hand-over takes effect; `giver` and `taker` do not.
    """

    giver = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", verbose_name=_("new responsible authority"))
    state = models.CharField(max_length=10, choices=rules.HandoverState, default=rules.HandoverState.PROPOSED)
    reason = models.CharField(_("reason"), max_length=500)
    takes_effect_on = models.DateField(_("day of the hand-over"))
    overlap_until = models.DateField(_("the present authority may read until"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_on = models.DateField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_on = models.DateField(null=True, blank=True)
    answer = models.CharField(_("reason for refusing"), max_length=500, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (*_ROW, "giver", "taker", "state", "reason", "takes_effect_on", "overlap_until", "proposed_by", "proposed_on", "decided_by", "decided_on",
         "answer"),
        Facet.IDENTITY,
    )  # fmt: skip

    objects = ChildOwnedQuerySet["Handover"].as_manager()

    class Meta:
        verbose_name = _("hand-over")
        constraints = [
            models.UniqueConstraint(fields=["child", "authority"], condition=Q(state="proposed"), name="one_open_handover"),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_between_two"),
            models.CheckConstraint(condition=Q(overlap_until__gte=F("takes_effect_on")), name="handover_overlap_after"),
        ]


class EmergencyQuerySet(ChildOwnedQuerySet["EmergencyAccess"]):
    def open_on(self, day: date) -> Self:
        return self.filter(ends_on__gt=day)


@tracked()
class EmergencyAccess(ChildOwned):
    """A record opened outside every relation, with a reason, for two days at most; the LACE coordinator was told (break-glass)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=30, choices=Role)
    from_authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=1000)
    starts_on = models.DateField()
    ends_on = models.DateField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_on = models.DateField(null=True, blank=True)
    finding = models.CharField(_("what was found"), max_length=500, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (*_ROW, "user", "role", "from_authority", "starts_on", "ends_on", "reviewed_by", "reviewed_on"), Facet.IDENTITY
    ) | dict.fromkeys(("reason", "finding"), Facet.SAFEGUARDING)  # what happened to the child

    objects = EmergencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        indexes = [models.Index(fields=["child"]), models.Index(fields=["authority", "ends_on"])]


@tracked()
class PlacementNotice(ChildOwned):
    """The notice to the authority where a child is placed, and its acknowledgement (XLA-04; 000 LACE.3, LACE.5)."""

    placement = models.OneToOneField(Placement, on_delete=models.PROTECT, related_name="notice")
    host = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+")
    sent_on = models.DateField(_("sent on"))
    acknowledged_on = models.DateField(_("acknowledged on"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (*_ROW, "placement", "host", "sent_on", "acknowledged_on", "acknowledged_by"), Facet.IDENTITY
    )

    objects = ChildOwnedQuerySet["PlacementNotice"].as_manager()

    class Meta:
        verbose_name = _("notice of a placement")
        indexes = [models.Index(fields=["child"])]


class DataRequestQuerySet(ChildOwnedQuerySet["DataRequest"]):
    def waiting(self) -> Self:
        """Those to which an answer is still to come."""
        return self.filter(received_on__isnull=True, withdrawn_on__isnull=True)


@tracked()
class DataRequest(ChildOwned):
    """Data asked of another authority or of a school about a child, chased until received (XLA-05, XLA-06, XLA-10)."""

    asked_of = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")  # an authority's or a school's
    kinds = ArrayField(models.CharField(max_length=12, choices=rules.DataKind), verbose_name=_("what is asked"))
    question = models.CharField(_("question"), max_length=500, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_on = models.DateField(_("asked on"))
    due_on = models.DateField(_("due on"))
    received_on = models.DateField(_("received on"), null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    data_as_of = models.DateField(_("the data are of"), null=True, blank=True)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)  # by the authority that asked, before an answer came

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *_ROW,
            "asked_of",
            "kinds",
            "question",
            "asked_by",
            "asked_on",
            "due_on",
            "received_on",
            "answered_by",
            "answer",
            "data_as_of",
            "withdrawn_on",
        ),
        Facet.EDUCATION,
    )

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for data")
        indexes = [models.Index(fields=["child"]), models.Index(fields=["authority", "due_on"]), models.Index(fields=["asked_of", "due_on"])]

    @property
    def is_waiting(self) -> bool:
        """Is an answer still to come?"""
        return self.received_on is None and self.withdrawn_on is None


class PlacedByOthersQuerySet(models.QuerySet["PlacedByOthers"]):
    def visible_to(self, actor: Actor) -> PlacedByOthersQuerySet:
        """The list of the actor's own authority, for its LACE coordinators."""
        return self.filter(authority_id=actor.authority_id) if actor.role == Role.LACE_COORDINATOR else self.none()


@tracked()
class PlacedByOthers(Row):
    """A child whom another authority is known to have placed here, by whichever way it was heard (XLA-13; 000 LACE.5)."""

    authority = models.ForeignKey(LocalAuthority, on_delete=models.PROTECT, related_name="+", db_index=False)
    placed_by = models.CharField(_("placing authority"), max_length=100)
    name = models.CharField(_("name"), max_length=200)
    born_on = models.DateField(_("date of birth"))
    heard_from = models.CharField(_("heard from"), max_length=12, choices=rules.HeardFrom)
    heard_on = models.DateField(_("heard on"))
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    finding = models.CharField(_("what was found"), max_length=500, blank=True)

    objects = PlacedByOthersQuerySet.as_manager()

    class Meta:
        verbose_name = _("child placed by others")
        indexes = [models.Index(fields=["authority", "heard_on"])]
