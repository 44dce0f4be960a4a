"""What is written about a child that few may read: each table of one guarded facet, with row-level security that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children import rules
from lace.children.models.child import ChildOwned, ChildOwnedQuerySet
from lace.core.actor import Actor

_ROW = ("id", "created_at", "child", "authority")


def _all(facet: Facet, *fields: str) -> Mapping[str, Facet]:
    return dict.fromkeys((*_ROW, *fields), facet)


@tracked()
class NoContactPerson(ChildOwned):
    """Somebody who must be kept from the child, from a day and until, not including, another (PRIV-05, SW-08; 000 DP.3)."""

    name = models.CharField(_("name"), max_length=200)
    relationship = models.CharField(_("relationship to the child"), max_length=100, blank=True)
    limit = models.CharField(_("limit"), max_length=10, choices=rules.ContactLimit)
    detail = models.CharField(_("what to do if they come"), max_length=500, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    GUARDED_BY = Facet.NO_CONTACT
    FACETS: ClassVar[Mapping[str, Facet]] = _all(Facet.NO_CONTACT, "name", "relationship", "limit", "detail", "starts_on", "ends_on", "recorded_by")

    objects = ChildOwnedQuerySet["NoContactPerson"].as_manager()

    class Meta:
        verbose_name = _("person to be kept from the child")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="no_contact_ends_after_start",
                violation_error_message=_("The end must be on or after the start"),
            )
        ]
        indexes = [models.Index(fields=["child"])]


@tracked()
class Risk(ChildOwned):
    """A safeguarding risk (SCH-20; 000 DSP): the child-protection lead's and social care's, apart from the plan (PRIV-07)."""

    text = models.TextField(_("risk"), max_length=2000)
    noted_on = models.DateField(_("noted on"))
    ended_on = models.DateField(_("no longer a risk since"), null=True, blank=True)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    GUARDED_BY = Facet.SAFEGUARDING
    FACETS: ClassVar[Mapping[str, Facet]] = _all(Facet.SAFEGUARDING, "text", "noted_on", "ended_on", "noted_by")

    objects = ChildOwnedQuerySet["Risk"].as_manager()

    class Meta:
        verbose_name = _("safeguarding risk")
        indexes = [models.Index(fields=["child"])]


@tracked()
class Referral(ChildOwned):
    """A referral about a child's safety, shared between the child-protection lead and the designated person (SCH-20)."""

    made_on = models.DateField(_("made on"))
    made_to = models.CharField(_("made to"), max_length=200)
    about = models.TextField(_("about"), max_length=2000)
    outcome = models.TextField(_("outcome"), max_length=2000, blank=True)
    outcome_on = models.DateField(_("outcome on"), null=True, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    GUARDED_BY = Facet.REFERRALS
    FACETS: ClassVar[Mapping[str, Facet]] = _all(Facet.REFERRALS, "made_on", "made_to", "about", "outcome", "outcome_on", "made_by")

    objects = ChildOwnedQuerySet["Referral"].as_manager()

    class Meta:
        verbose_name = _("referral")
        indexes = [models.Index(fields=["child"])]


@tracked()
class Dispute(ChildOwned):
    """A disagreement over money or responsibility, kept from the child and the carers (PRIV-03; 000 DP.15)."""

    about = models.CharField(_("about"), max_length=20, choices=rules.DisputeAbout)
    text = models.TextField(_("disagreement"), max_length=2000)
    opened_on = models.DateField(_("since"))
    closed_on = models.DateField(_("settled on"), null=True, blank=True)
    outcome = models.TextField(_("outcome"), max_length=2000, blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    GUARDED_BY = Facet.DISPUTES
    FACETS: ClassVar[Mapping[str, Facet]] = _all(Facet.DISPUTES, "about", "text", "opened_on", "closed_on", "outcome", "opened_by")

    objects = ChildOwnedQuerySet["Dispute"].as_manager()

    class Meta:
        verbose_name = _("disagreement")
        indexes = [models.Index(fields=["child"])]


class StatementQuerySet(ChildOwnedQuerySet["Statement"]):
    def visible_to(self, actor: Actor) -> Self:
        """The child's own, and of others those that the child lets this role read (VOICE-15)."""
        rows = super().visible_to(actor)
        return rows if actor.role == Role.CHILD else rows.filter(readers__contains=[actor.role])


@tracked()
class Statement(ChildOwned):
    """What the child said, exactly as said. The child decides who else may read it (VOICE-15; 002 4.59, 4.83)."""

    kind = models.CharField(max_length=10, choices=rules.StatementKind, default=rules.StatementKind.OWN)
    text = models.TextField(_("what the child said"), max_length=5000)
    language = models.CharField(_("language"), max_length=5, choices=Language)
    said_on = models.DateField(_("said on"))
    readers = ArrayField(models.CharField(max_length=30, choices=Role), verbose_name=_("who may read it"), default=list, blank=True)
    taken_down_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_down_as = models.CharField(max_length=30, choices=Role)

    GUARDED_BY = Facet.VOICE
    FACETS: ClassVar[Mapping[str, Facet]] = _all(Facet.VOICE, "kind", "text", "language", "said_on", "readers", "taken_down_by", "taken_down_as")

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        indexes = [models.Index(fields=["child"])]
