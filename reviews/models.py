"""Statutory reviews: when they are due, held, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet
from lace.accounts.models import Language, User
from lace.audit.track import tracked
from lace.children.models import CareEpisode, ChildOwned, ChildOwnedQuerySet
from reviews.rules import Attendance, Capacity, Cause, Participation, ReviewState


@tracked()
class Review(ChildOwned):
    """A looked-after review of the Part 6 plan (REV-01). Postponing it moves no duty (REV-15)."""

    episode = models.ForeignKey(CareEpisode, on_delete=models.PROTECT, related_name="reviews")
    number = models.PositiveSmallIntegerField()  # within the episode, from 1
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.SCHEDULED)
    scheduled_for = models.DateTimeField(_("date and time"))
    venue = models.CharField(_("place"), max_length=200, blank=True)
    chair = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("chair"))  # the IRO by default (REV-08)
    outside_lessons = models.BooleanField(_("outside lessons"), default=True)
    lesson_reason = models.CharField(_("why in lesson time"), max_length=300, blank=True)  # PRIV-01
    private_room = models.CharField(_("private room"), max_length=200, blank=True)
    held_on = models.DateField(_("held on"), null=True)
    participation = models.CharField(_("how the child took part"), max_length=20, choices=Participation, blank=True)
    summary = models.TextField(_("summary"), max_length=4000, blank=True)
    version = models.PositiveIntegerField(default=1)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        (
            "id",
            "created_at",
            "child",
            "authority",
            "number",
            "state",
            "scheduled_for",
            "venue",
            "chair",
            "outside_lessons",
            "lesson_reason",
            "private_room",
            "held_on",
        ),
        Facet.EDUCATION,
    ) | {"episode": Facet.CARE, "participation": Facet.VOICE, "summary": Facet.CARE, "version": Facet.EDUCATION}

    objects = ChildOwnedQuerySet["Review"].as_manager()

    class Meta:
        verbose_name = _("review")
        constraints = [
            models.UniqueConstraint(fields=["episode", "number"], name="reviews_in_order"),
            models.CheckConstraint(
                condition=~Q(state=ReviewState.HELD) | (Q(held_on__isnull=False) & ~Q(participation="")), name="held_with_day_and_participation"
            ),
            models.CheckConstraint(
                condition=Q(outside_lessons=True) | (~Q(lesson_reason="") & ~Q(private_room="")), name="in_lessons_with_reason_and_room"
            ),
        ]
        indexes = [models.Index(fields=["child", "scheduled_for"]), models.Index(fields=["authority", "scheduled_for"])]


class InvitationQuerySet(ChildOwnedQuerySet["Invitation"]):
    def standing(self) -> InvitationQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn_on__isnull=True)


@tracked()
class Invitation(ChildOwned):
    """Somebody invited to a review: a person around the child or of the school, or a name that was typed (PRIV-02).

    A carer's name is not written here: it goes with the address, so it is read through `user` by those who hold that facet.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="invitations")
    capacity = models.CharField(_("as what"), max_length=14, choices=Capacity)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=200, blank=True)
    reason = models.CharField(_("why this person has to be there"), max_length=300, blank=True)  # of school staff
    withdrawn_on = models.DateField(null=True)
    attendance = models.CharField(_("attendance"), max_length=10, choices=Attendance, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "review", "capacity", "reason", "withdrawn_on", "attendance"), Facet.EDUCATION
    ) | {"name": Facet.CONTACTS, "user": Facet.ADDRESS}

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        constraints = [
            models.UniqueConstraint(fields=["review", "user"], condition=Q(withdrawn_on__isnull=True, user__isnull=False), name="invited_once"),
            models.CheckConstraint(condition=~Q(capacity=Capacity.SCHOOL) | ~Q(reason=""), name="school_staff_with_reason"),
            models.CheckConstraint(condition=~Q(capacity=Capacity.CARER) | Q(name=""), name="no_carers_name"),
        ]
        indexes = [models.Index(fields=["review", "created_at"])]


@tracked()
class Postponement(ChildOwned):
    """Who moved a review, why, and from when (REV-15)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="postponements")
    was_scheduled_for = models.DateTimeField()
    reason = models.CharField(max_length=500)
    postponed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "review", "was_scheduled_for", "reason", "postponed_by"), Facet.EDUCATION
    )

    objects = ChildOwnedQuerySet["Postponement"].as_manager()


@tracked()
class Decision(ChildOwned):
    """What a review decided, who does it and by when (REV-09)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("decision"), max_length=1000)
    owner = models.CharField(_("who does it"), max_length=200)
    due_on = models.DateField(_("by when"), null=True, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "review", "position", "text", "owner", "due_on"), Facet.EDUCATION
    )

    objects = ChildOwnedQuerySet["Decision"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "position"], name="decisions_in_order")]
        ordering = ["position"]


class EarlierReviewQuerySet(ChildOwnedQuerySet["EarlierReview"]):
    def unanswered(self) -> EarlierReviewQuerySet:
        """What a child asked, and the reviewing officer has not answered."""
        return self.filter(answered_on__isnull=True)


@tracked()
class EarlierReview(ChildOwned):
    """A cause for which the next review must be brought forward (regulation 39(3) and (4)).

    The child only asks: the reviewing officer names the day, or says why it is not justified. Every other cause stands at once.
    """

    cause = models.CharField(_("why the review is brought forward"), max_length=20, choices=Cause)
    words = models.CharField(_("in more detail"), max_length=500, blank=True)
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)  # of the words
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_on = models.DateField(_("asked on"))
    needed_by = models.DateField(_("review needed by"), null=True, blank=True)  # none: not justified, or not answered yet
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)

    FACETS: ClassVar[Mapping[str, Facet]] = dict.fromkeys(
        ("id", "created_at", "child", "authority", "language", "asked_by", "asked_on", "needed_by", "answered_by", "answered_on", "answer"),
        Facet.EDUCATION,
    ) | {"cause": Facet.CARE, "words": Facet.CARE}

    objects = EarlierReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review brought forward")
        constraints = [
            models.UniqueConstraint(fields=["child", "authority"], condition=Q(answered_on__isnull=True), name="one_open_request_for_a_review"),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=False) | Q(needed_by__isnull=True, cause=Cause.CHILD_ASKS), name="only_a_childs_request_waits"
            ),
        ]
        indexes = [models.Index(fields=["child", "asked_on"])]
