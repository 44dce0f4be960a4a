"""Every write to a review: arrange it, say who is invited, move, hold and close it, call it off. The child's row is locked first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lace.accounts.access import Facet, Permission, Relation, Role
from lace.accounts.models import Membership, User
from lace.children.models import CareEpisode, Child, ChildUserGrant, grants_of, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Changed, Message, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.rules import Fact
from lace.deadlines.services import bring_forward, correct_fact, done, meet, open_duties, void
from lace.notifications.services import notify
from peps.models import Pep
from peps.rules.duties import AVAILABLE
from reviews.models import Decision, Invitation, Postponement, Review
from reviews.rules import CAPACITY, EXPECTED, FIRST, FOLLOWING, OUTSIDE_LESSONS, READY, Attendance, Capacity, Participation, ReviewState
from schools.models import Enrolment

AT_SCHOOL = ("designated_person", "headteacher", "alnco", "child_protection_lead")  # roles of a school's staff who may be asked to a review


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody with an account who may be invited. `name` is empty where the one who invites may not know it (a carer's)."""

    user: User
    capacity: Capacity
    name: str
    role: str = ""  # of school staff, in words

    @property
    def expected(self) -> bool:
        """Invited unless somebody says otherwise."""
        return self.capacity in EXPECTED


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody to invite: a candidate, or a name that was typed; school staff with the reason why they have to be there."""

    capacity: str
    user: User | None = None
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What was decided, who does it, by when (REV-09)."""

    text: str
    owner: str
    due_on: date | None = None


def candidates(*, by: Actor, child: Child) -> list[Candidate]:
    """Who may be invited without typing a name: the people around the child, the LACE coordinators, staff of the child's school.

    The carer's name is given to those who may read it: it goes with the address (goals A1).
    """
    grant = grants_of(by, [child])[child.pk]
    carers = Facet.ADDRESS in grant.facets and not child.address_is_sensitive
    found: dict[int, Candidate] = {}
    for capacity, user in _around(by, child):
        name = "" if capacity == Capacity.CARER and not carers else user.name
        found.setdefault(user.pk, Candidate(user, capacity, name))
    held = Membership.objects.open_on(by.today).filter(user__is_active=True).select_related("user").order_by("user__name", "pk")
    for membership in held.filter(authority=child.authority_id, role=Role.LACE_COORDINATOR):
        found.setdefault(membership.user_id, Candidate(membership.user, Capacity.COORDINATOR, membership.user.name))
    enrolment = Enrolment.objects.on_roll(by.today).filter(child=child).first()
    if enrolment is not None:
        for membership in held.filter(organisation=enrolment.school_id, role__in=AT_SCHOOL):
            candidate = Candidate(membership.user, Capacity.SCHOOL, membership.user.name, str(Role(membership.role).label))
            found.setdefault(membership.user_id, candidate)
    return list(found.values())


@transaction.atomic
def schedule(
    *,
    by: Actor,
    child: Child,
    scheduled_for: datetime,
    venue: str,
    outside_lessons: bool = True,
    lesson_reason: str = "",
    private_room: str = "",
    invitees: Sequence[Invitee] | None = None,
    large_is_needed: bool = False,
) -> Review:
    """Arrange the next review of the child's time in care, and invite to it; the IRO chairs (REV-08).

    A first review earlier than day 28 brings the duty to have the plan ready forward to its day (AMB-02). In lesson time only
    with a reason and a private room (PRIV-01). Without `invitees` those expected at every review are invited, and no school staff;
    each of these needs a reason, and a large meeting a second thought (PRIV-02). Raises NotAllowed; Refused when the child is not
    looked after or a review is arranged already; BadInput.
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
    if not outside_lessons:
        problems += _lesson_problems(lesson_reason, private_room)
    people = candidates(by=by, child=child)
    if invitees is None:
        invitees, large_is_needed = [Invitee(person.capacity, person.user) for person in people if person.expected], True
    problems += _invitee_problems(child, invitees, people, large_is_needed=large_is_needed)
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
        lesson_reason="" if outside_lessons else lesson_reason.strip(),
        private_room="" if outside_lessons else private_room.strip(),
    )
    review.save(force_insert=True)
    _set_invitations(by, review, invitees, people)
    if not _held(episode):
        bring_forward(by=by, child=child, code=READY, due_on=day)
    open_duties(by=by, child=child, fact=Fact.REVIEW_ARRANGED, on=day, subject=review.pk)
    _meet_of(by, review, OUTSIDE_LESSONS, by.today)  # in lessons only with a reason and a room, else it is refused above
    _tell(by, review, "review_arranged", step=0, facts=_at(review), to=_invited(review))
    return review


def _lesson_problems(reason: str, room: str) -> Iterable[tuple[str, Message]]:
    """In lesson time a meeting needs a reason and a private room (000 DP.13)."""
    if not reason.strip():
        yield "lesson_reason", _("Say why the meeting must be in lesson time")
    if not room.strip():
        yield "private_room", _("Say which private room the meeting is in")


@transaction.atomic
def invite(*, by: Actor, review: Review, invitees: Sequence[Invitee], version: int, large_is_needed: bool = False) -> Review:
    """Change who is invited to an arranged review: those added are invited, those left out are told that they are not needed.

    Raises NotAllowed, Changed, Refused when it is not arranged, BadInput as `schedule`.
    """
    review = _standing(by, review, version, Permission.ARRANGE_REVIEW)
    people = candidates(by=by, child=review.child)
    refuse(_invitee_problems(review.child, invitees, people, large_is_needed=large_is_needed))
    added, gone = _set_invitations(by, review, invitees, people)
    _save(review)
    _tell(by, review, "review_arranged", step=review.version, facts=_at(review), to=added)
    _tell(by, review, "review_not_needed", step=review.version, facts=_at(review), to=gone)
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
    private_room: str = "",
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
    if outside_lessons is False:
        problems += _lesson_problems(lesson_reason, private_room)
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
        review.outside_lessons = outside_lessons
        review.lesson_reason, review.private_room = ("", "") if outside_lessons else (lesson_reason.strip(), private_room.strip())
    _save(review, "scheduled_for", "venue", "outside_lessons", "lesson_reason", "private_room")
    if not _held(review.episode):
        bring_forward(by=by, child=review.child, code=READY, due_on=timezone.localdate(to))
    correct_fact(by=by, child=review.child, subject=review.pk, on=timezone.localdate(to))  # what is to be ready at it, not when it must be held
    _tell(by, review, "review_postponed", step=review.version, facts=_at(review), to=_invited(review))
    return review


@transaction.atomic
def close(
    *,
    by: Actor,
    review: Review,
    held_on: date,
    participation: str,
    summary: str,
    decisions: Sequence[DecisionFacts],
    version: int,
    attendance: Mapping[UUID, str] | None = None,
) -> Review:
    """Record that the review was held, how the child took part (REV-10) and what was decided; meet its duty and open the next.

    `attendance` says of each standing invitation how that person took part (REV-07); without it nothing is said of anybody. Raises
    NotAllowed, Changed, Refused when it is not arranged, BadInput for a day to come, before care or before the last one.
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
    if attendance is not None:
        problems += _attendance_problems(review, attendance)
    refuse(problems)
    for invited, value in (attendance or {}).items():
        Invitation.objects.filter(pk=invited).update(attendance=value)
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
    if Pep.objects.filter(child=review.child, finalised_on__lte=held_on).current().exists():
        _meet_of(by, review, AVAILABLE, min(held_on, timezone.localdate(review.scheduled_for)))
    open_duties(by=by, child=review.child, fact=Fact.LATER_REVIEW if before else Fact.FIRST_REVIEW, on=held_on, subject=review.pk)
    facts = {"held_on": held_on.isoformat()}
    _tell(by, review, "review_closed", step=review.version, facts=facts, to=_invited(review) | _entitled(by, review))
    if participation == Participation.NOT_ASKED:
        told = {person.user_id for person in people_around(child=review.child, on=by.today) if person.relation == Relation.IRO}
        coordinators = Membership.objects.open_on(by.today).filter(authority_id=review.authority_id, role=Role.LACE_COORDINATOR)
        recipients = User.objects.filter(pk__in=told | set(coordinators.values_list("user_id", flat=True)))
        notify(by=by, kind="child_not_asked", source=review.pk, step=review.version, child=review.child, recipients=recipients, facts=facts)
    return review


@transaction.atomic
def cancel(*, by: Actor, review: Review, version: int) -> Review:
    """Call off an arranged review and tell those invited; the duty to hold it stays.

    Raises NotAllowed, Changed, Refused when it is not arranged.
    """
    review = _standing(by, review, version, Permission.ARRANGE_REVIEW)
    review.state = ReviewState.CANCELLED
    _save(review, "state")
    for duty in Duty.objects.open().filter(subject=review.pk):
        void(by=by, duty=duty)
    _tell(by, review, "review_cancelled", step=review.version, facts=_at(review), to=_invited(review))
    return review


def _invitee_problems(
    child: Child, invitees: Sequence[Invitee], people: Iterable[Candidate], *, large_is_needed: bool
) -> Iterable[tuple[str, Message]]:
    """What is wrong with a list of invitees, by field."""
    known = {person.user.pk: person for person in people}
    if not invitees:
        yield "invitees", _("Choose who is invited")
    for invitee in invitees:
        if invitee.user is not None and invitee.user.pk not in known:
            yield "invitees", _("Invite people around the child and staff of the child's school, or type a name")
        if invitee.user is None and not invitee.name.strip() and invitee.capacity not in {Capacity.CHILD, Capacity.CARER}:
            yield "invitees", _("Give the name of each person you invite")
        if invitee.user is None and invitee.name.strip() and invitee.capacity == Capacity.CARER:
            yield "invitees", _("Leave out the carer's name here: it tells where the child lives")
        at_school = invitee.capacity == Capacity.SCHOOL or (
            invitee.user and known.get(invitee.user.pk) and known[invitee.user.pk].capacity == "school"
        )
        if at_school and not invitee.reason.strip():
            yield "invitees", _("Say for each member of school staff why they have to be there")
    users = [invitee.user.pk for invitee in invitees if invitee.user]
    if len(users) != len(set(users)):
        yield "invitees", _("Name each person once")
    limit = child.authority.large_meeting
    if len(invitees) > limit and not large_is_needed:
        number = {"count": len(invitees), "limit": limit}
        sentence = ngettext(
            "%(count)d person is invited, more than %(limit)d. Leave out who does not have to be there, or confirm that everyone does",
            "%(count)d people are invited, more than %(limit)d. Leave out who does not have to be there, or confirm that everyone does",
            len(invitees),
        )
        yield "large_is_needed", sentence % number


def _set_invitations(by: Actor, review: Review, invitees: Sequence[Invitee], people: Iterable[Candidate]) -> tuple[set[int], set[int]]:
    """Make the standing invitations equal to the list; what stays is left alone. The ids of the users newly invited, and no longer invited."""
    known = {person.user.pk: person for person in people}
    standing = list(Invitation.objects.standing().filter(review=review))
    wanted = [_row(review, invitee, known) for invitee in invitees]
    keys = {_key(row): row for row in wanted}
    gone = [row for row in standing if _key(row) not in keys]
    if gone:
        Invitation.objects.filter(pk__in=[row.pk for row in gone]).update(withdrawn_on=by.today)
    there = {_key(row) for row in standing} - {_key(row) for row in gone}
    added = [row for key, row in keys.items() if key not in there]
    Invitation.objects.bulk_create(added)
    new, old = ({row.user_id for row in rows if row.user_id} for rows in (added, gone))
    return new - old, old - new


def _row(review: Review, invitee: Invitee, known: Mapping[int, Candidate]) -> Invitation:
    capacity = known[invitee.user.pk].capacity if invitee.user else Capacity(invitee.capacity)
    named = "" if capacity in {Capacity.CARER, Capacity.CHILD} else invitee.user.name if invitee.user else " ".join(invitee.name.split())
    return Invitation(
        review=review,
        child_id=review.child_id,
        authority_id=review.authority_id,
        capacity=capacity,
        user=invitee.user,
        name=named,
        reason=invitee.reason.strip() if capacity == Capacity.SCHOOL else "",
    )


def _key(row: Invitation) -> tuple[object, ...]:
    return (row.user_id, row.capacity, row.reason) if row.user_id else (row.name.casefold(), row.capacity, row.reason)


def _attendance_problems(review: Review, attendance: Mapping[UUID, str]) -> Iterable[tuple[str, Message]]:
    standing = set(Invitation.objects.standing().filter(review=review).values_list("pk", flat=True))
    if set(attendance) != standing or not all(value in Attendance for value in attendance.values()):
        yield "attendance", _("Say for each person who was invited how they took part")


def _standing(by: Actor, review: Review, version: int, permission: Permission) -> Review:
    """The arranged review as it stands, its child locked."""
    require_for(by=by, permission=permission, child=review.child)
    lock(review.child)
    standing = Review.objects.select_related("child__authority", "episode").get(pk=review.pk)
    if standing.version != version:
        raise Changed(standing)
    if standing.state != ReviewState.SCHEDULED:
        raise Refused(_("This review has been held or called off already"))
    return standing


def _meet_of(by: Actor, review: Review, code: str, on: date) -> None:
    for duty in Duty.objects.open().filter(child=review.child_id, subject=review.pk, code=code):
        done(by=by, duty=duty, on=on, evidence=review.pk)


def _save(review: Review, *fields: str) -> None:
    review.version += 1
    review.save(update_fields=[*fields, "version"])


def _held(episode: CareEpisode) -> list[date]:
    """The days of the reviews held in this time in care."""
    return [day for day in Review.objects.filter(episode=episode, state=ReviewState.HELD).values_list("held_on", flat=True) if day]


def _at(review: Review) -> dict[str, str]:
    return {"scheduled_at": review.scheduled_for.isoformat()}


def _around(by: Actor, child: Child) -> list[tuple[Capacity, User]]:
    """The people named to the child today who may be asked to a review, the child among them, each with the capacity."""
    grants = (
        ChildUserGrant.objects.filter(content_object=child, starts_on__lte=by.today, permission__codename__in=list(CAPACITY), user__is_active=True)
        .exclude(ends_on__lte=by.today)
        .select_related("user", "permission")
        .order_by("user__name", "pk")
    )
    order = list(Capacity)
    return sorted(((CAPACITY[grant.permission.codename], grant.user) for grant in grants), key=lambda found: order.index(found[0]))


def _invited(review: Review) -> set[int]:
    """Those with an account who stand invited; the others are told by the one who arranges."""
    return set(Invitation.objects.standing().filter(review=review, user__isnull=False).values_list("user_id", flat=True))


def _entitled(by: Actor, review: Review) -> set[int]:
    """Those entitled to what was decided (REV-09): who is expected at every review, and the designated person of the child's school."""
    told = {user.pk for capacity, user in _around(by, review.child) if capacity in EXPECTED}
    enrolment = Enrolment.objects.on_roll(by.today).filter(child=review.child).first()
    if enrolment is not None:
        designated = Membership.objects.open_on(by.today).filter(organisation=enrolment.school_id, role=Role.DESIGNATED_PERSON)
        told |= set(designated.values_list("user_id", flat=True))
    return told


def _tell(by: Actor, review: Review, kind: str, *, step: int, facts: dict[str, str], to: Iterable[int]) -> None:
    notify(by=by, kind=kind, source=review.pk, step=step, child=review.child, recipients=User.objects.filter(pk__in=list(to)), facts=facts)
