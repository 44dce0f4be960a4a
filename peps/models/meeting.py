"""Meetings about a plan, and who is asked to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from lace.accounts.access import Facet
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import ChildOwned, ChildOwnedQuerySet
from lace.deadlines.models import Duty
from peps.rules.duties import FIRST_WITH_CARER, SECOND_WITH_CARER
from peps.rules.meetings import LIMIT, TO_BE_BOOKED, AdvocateWish, MeetingState, Who


@tracked()
class PlanMeeting(ChildOwned):
    """A meeting about the plan (PEP-19). Held with the carer, it meets the duty of T10."""

    pep = models.ForeignKey("peps.Pep", on_delete=models.PROTECT, related_name="meetings")
    state = models.CharField(max_length=10, choices=MeetingState, default=MeetingState.SCHEDULED)
    starts_at = models.DateTimeField()
    place = models.CharField(max_length=200)
    purpose = models.CharField(max_length=LIMIT, blank=True)
    lesson_reason = models.CharField(max_length=300, blank=True)  # why in lesson time (PRIV-01)
    advocate = models.CharField(max_length=3, choices=AdvocateWish, blank=True)  # the child's wish (ADV-03); blank: the child has none
    advocate_asked_on = models.DateField(null=True, blank=True)  # when the child was asked
    held_on = models.DateField(null=True, blank=True)
    present = ArrayField(models.CharField(max_length=20, choices=Who), default=list, blank=True)  # who was there, by role
    reason = models.CharField(max_length=LIMIT, blank=True)  # why it was called off
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of what was written
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            *("id", "created_at", "child", "authority", "pep", "state", "starts_at", "place", "purpose", "lesson_reason", "held_on", "present"),
            *("reason", "language", "version"),
        ),
        Facet.EDUCATION,
    ) | dict.fromkeys(("advocate", "advocate_asked_on"), Facet.VOICE)

    objects = ChildOwnedQuerySet["PlanMeeting"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pep", "starts_at"], condition=Q(state=MeetingState.SCHEDULED), name="one_plan_meeting_at_a_time"),
            models.CheckConstraint(
                condition=(Q(state=MeetingState.HELD, held_on__isnull=False) & ~Q(present=[]))
                | (~Q(state=MeetingState.HELD) & Q(held_on__isnull=True, present=[])),
                name="plan_meeting_held_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(state=MeetingState.CANCELLED) | ~Q(reason=""), name="plan_meeting_cancelled_with_reason"),
            models.CheckConstraint(condition=~Q(advocate=AdvocateWish.NO) | Q(advocate_asked_on__isnull=False), name="no_to_advocate_with_day"),
        ]
        indexes = [models.Index(fields=["child", "starts_at"])]


class MeetingInvitationQuerySet(ChildOwnedQuerySet["MeetingInvitation"]):
    def standing(self) -> MeetingInvitationQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn_on__isnull=True)


@tracked()
class MeetingInvitation(ChildOwned):
    """Somebody asked to a meeting about the plan. A carer's name is not written here: it goes with the address, so it is read
    through `user` by those who hold that facet."""

    meeting = models.ForeignKey(PlanMeeting, on_delete=models.PROTECT, related_name="invitations")
    who = models.CharField(max_length=20, choices=Who)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    withdrawn_on = models.DateField(null=True, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "meeting", "who", "withdrawn_on"), Facet.EDUCATION
    ) | {"name": Facet.CONTACTS, "user": Facet.ADDRESS}

    objects = MeetingInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "user"], condition=Q(withdrawn_on__isnull=True, user__isnull=False), name="asked_once_to_a_plan_meeting"
            ),
            models.CheckConstraint(condition=~Q(who__in=[Who.CHILD, Who.CARER]) | Q(name=""), name="no_carers_name_in_a_plan_meeting"),
        ]
        indexes = [models.Index(fields=["meeting"])]


def second_is_missing(on: date) -> Exists:
    """Of the child in the outer query: is the second meeting with the carer due soon, or overdue, and neither held nor booked in time (PEP-19)?

    Booked is what is arranged, with the carer, for a day to come by the due day; while the first is still to be held as well, two are needed.
    """
    with_carer = MeetingInvitation.objects.standing().filter(meeting=OuterRef("pk"), who=Who.CARER)
    booked = PlanMeeting.objects.filter(
        Exists(with_carer), child=OuterRef("child"), state=MeetingState.SCHEDULED, starts_at__date__gte=on, starts_at__date__lte=OuterRef("due_on")
    )
    first = Duty.objects.open().filter(child=OuterRef("child"), code=FIRST_WITH_CARER, trigger_on=OuterRef("trigger_on"))
    number = Subquery(booked.order_by().values("child").annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    due = Duty.objects.open().filter(child=OuterRef("pk"), code=SECOND_WITH_CARER, due_on__lte=on + TO_BE_BOOKED)
    needed = due.annotate(booked=Coalesce(number, Value(0)), needed=Case(When(Exists(first), then=Value(2)), default=Value(1)))
    return Exists(needed.filter(booked__lt=F("needed")))
