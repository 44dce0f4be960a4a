"""Every write to a review: arrange, move, hold and close it, call it off. The child's row is locked first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation, Role
from lace.accounts.models import Membership, User
from lace.children.models import CareEpisode, Child, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Changed, Message, Refused, refuse
from lace.deadlines.rules import Fact
from lace.deadlines.services import bring_forward, meet, open_duties
from lace.notifications.services import notify
from reviews.models import Decision, Postponement, Review
from reviews.rules import FIRST, FOLLOWING, READY, Participation, ReviewState
from schools.models import Enrolment


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What was decided, who does it, by when (REV-09)."""

    text: str
    owner: str
    due_on: date | None = None


@transaction.atomic
def schedule(*, by: Actor, child: Child, scheduled_for: datetime, venue: str, outside_lessons: bool = True, lesson_reason: str = "") -> Review:
    """Arrange the next review of the child's time in care; the IRO chairs (REV-08).

    A first review earlier than day 28 brings the duty to have the plan ready forward to its day (AMB-02). In lesson time only
    with a reason and a private room (PRIV-01). Raises NotAllowed; Refused when the child is not looked after or a review is
    arranged already; BadInput.
    """
    require_for(by=by, permission=Permission.ARRANGE_REVIEW, child=child)
    child = lock(child)
    episode = CareEpisode.objects.filter(child=child, ended_on__isnull=True).first()
    if episode is None:
        raise Refused(_("The child is not looked after now, so there is no review to arrange"))
    if Review.objects.filter(episode=episode, state=ReviewState.SCHEDULED).exists():
        raise Refused(_("A review is arranged already. Move it, or call it off first"))
    day = timezone.localdate(scheduled_for)
    problems: list[tuple[str, Message]] = []
    if day < by.today:
        problems.append(("scheduled_for", _("Choose today or a day to come. A review that was held is recorded after it is arranged")))
    if day < episode.started_on:
        problems.append(("scheduled_for", _("The review cannot be before the child comes into care")))
    if not outside_lessons and not lesson_reason.strip():
        problems.append(("lesson_reason", _("Say why the meeting must be in lesson time, and which private room it is in")))
    refuse(problems)
    last = Review.objects.filter(episode=episode).aggregate(last=Max("number"))["last"] or 0
    iro = next((person for person in people_around(child=child, on=by.today) if person.relation == Relation.IRO), None)
    review = Review(
        child=child,
        authority_id=child.authority_id,
        episode=episode,
        number=last + 1,
        scheduled_for=scheduled_for,
        venue=venue,
        chair_id=iro.user_id if iro else None,
        outside_lessons=outside_lessons,
        lesson_reason=lesson_reason if not outside_lessons else "",
    )
    review.save(force_insert=True)
    if not _held(episode):
        bring_forward(by=by, child=child, code=READY, due_on=day)
    _tell(by, review, "review_arranged", step=0, facts={"scheduled_at": scheduled_for.isoformat()})
    return review


@transaction.atomic
def postpone(
    *,
    by: Actor,
    review: Review,
    to: datetime,
    reason: str,
    version: int,
    venue: str | None = None,
    outside_lessons: bool | None = None,
    lesson_reason: str = "",
) -> Review:
    """Move an arranged review, keeping who, why and from when. It moves no duty (REV-15).

    Place and lessons stay as they are unless said; in lesson time only with a reason and a private room (PRIV-01). Raises
    NotAllowed, Changed (with the review as it stands), Refused when it is not arranged, BadInput.
    """
    review = _standing(by, review, version, Permission.ARRANGE_REVIEW)
    problems: list[tuple[str, Message]] = []
    if timezone.localdate(to) < by.today:
        problems.append(("to", _("Choose today or a day to come")))
    if to == review.scheduled_for:
        problems.append(("to", _("The review is arranged for that time already")))
    if not reason.strip():
        problems.append(("reason", _("Say why the review is moved")))
    if outside_lessons is False and not lesson_reason.strip():
        problems.append(("lesson_reason", _("Say why the meeting must be in lesson time, and which private room it is in")))
    refuse(problems)
    Postponement.objects.create(
        review=review,
        child_id=review.child_id,
        authority_id=review.authority_id,
        was_scheduled_for=review.scheduled_for,
        reason=reason.strip(),
        postponed_by_id=by.user_id,
    )
    review.scheduled_for = to
    if venue is not None:
        review.venue = venue
    if outside_lessons is not None:
        review.outside_lessons, review.lesson_reason = outside_lessons, "" if outside_lessons else lesson_reason
    _save(review, "scheduled_for", "venue", "outside_lessons", "lesson_reason")
    if not _held(review.episode):
        bring_forward(by=by, child=review.child, code=READY, due_on=timezone.localdate(to))
    _tell(by, review, "review_postponed", step=review.version, facts={"scheduled_at": to.isoformat()})
    return review


@transaction.atomic
def close(*, by: Actor, review: Review, held_on: date, participation: str, summary: str, decisions: Sequence[DecisionFacts], version: int) -> Review:
    """Record that the review was held, how the child took part (REV-10) and what was decided; meet its duty and open the next.

    Raises NotAllowed, Changed, Refused when it is not arranged, BadInput for a day to come, before care or before the last one.
    """
    review = _standing(by, review, version, Permission.CLOSE_REVIEW)
    before = _held(review.episode)
    problems: list[tuple[str, Message]] = []
    if held_on > by.today:
        problems.append(("held_on", _("The day must be today or in the past")))
    if held_on < review.episode.started_on:
        problems.append(("held_on", _("The review cannot be before the child came into care")))
    if before and held_on <= max(before):
        problems.append(("held_on", _("The day must be after the review before this one")))
    refuse(problems)
    review.held_on, review.participation, review.summary, review.state = held_on, participation, summary, ReviewState.HELD
    _save(review, "held_on", "participation", "summary", "state")
    Decision.objects.bulk_create(
        Decision(
            review=review,
            child_id=review.child_id,
            authority_id=review.authority_id,
            position=position,
            text=decision.text,
            owner=decision.owner,
            due_on=decision.due_on,
        )
        for position, decision in enumerate(decisions, start=1)
    )
    meet(by=by, child=review.child, codes=FOLLOWING if before else FIRST, on=held_on, evidence=review.pk)
    open_duties(by=by, child=review.child, fact=Fact.LATER_REVIEW if before else Fact.FIRST_REVIEW, on=held_on, subject=review.pk)
    facts = {"held_on": held_on.isoformat()}
    _tell(by, review, "review_closed", step=review.version, facts=facts)
    if participation == Participation.NOT_ASKED:
        told = {person.user_id for person in people_around(child=review.child, on=by.today) if person.relation == Relation.IRO}
        coordinators = Membership.objects.open_on(by.today).filter(authority_id=review.authority_id, role=Role.LACE_COORDINATOR)
        recipients = User.objects.filter(pk__in=told | set(coordinators.values_list("user_id", flat=True)))
        notify(by=by, kind="child_not_asked", source=review.pk, step=review.version, child=review.child, recipients=recipients, facts=facts)
    return review


@transaction.atomic
def cancel(*, by: Actor, review: Review, version: int) -> Review:
    """Call off an arranged review; the duty to hold it stays. Raises NotAllowed, Changed, Refused when it is not arranged."""
    review = _standing(by, review, version, Permission.ARRANGE_REVIEW)
    review.state = ReviewState.CANCELLED
    _save(review, "state")
    return review


def _standing(by: Actor, review: Review, version: int, permission: Permission) -> Review:
    """The arranged review as it stands, its child locked."""
    require_for(by=by, permission=permission, child=review.child)
    lock(review.child)
    standing = Review.objects.select_related("child", "episode").get(pk=review.pk)
    if standing.version != version:
        raise Changed(standing)
    if standing.state != ReviewState.SCHEDULED:
        raise Refused(_("This review has been held or called off already"))
    return standing


def _save(review: Review, *fields: str) -> None:
    review.version += 1
    review.save(update_fields=[*fields, "version"])


def _held(episode: CareEpisode) -> list[date]:
    """The days of the reviews held in this time in care."""
    return [day for day in Review.objects.filter(episode=episode, state=ReviewState.HELD).values_list("held_on", flat=True) if day]


def _tell(by: Actor, review: Review, kind: str, *, step: int, facts: dict[str, str]) -> None:
    """Tell those entitled (REV-09): the named people around the child, and the designated person of the child's school."""
    told = {person.user_id for person in people_around(child=review.child, on=by.today)}
    enrolment = Enrolment.objects.on_roll(by.today).filter(child=review.child).first()
    if enrolment is not None:
        designated = Membership.objects.open_on(by.today).filter(organisation=enrolment.school_id, role=Role.DESIGNATED_PERSON)
        told |= set(designated.values_list("user_id", flat=True))
    notify(by=by, kind=kind, source=review.pk, step=step, child=review.child, recipients=User.objects.filter(pk__in=told), facts=facts)
