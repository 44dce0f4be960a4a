"""Meetings about a plan: arranged, moved, called off, held (PEP-19); the advocate asked to them by the child's wish (ADV-03)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission, Role
from lace.accounts.models import Language, Membership, User
from lace.children.models import Child, ChildUserGrant, grants_of, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, Refused, refuse
from lace.core.schooldays import in_school_hours
from lace.core.workdays import add_months
from lace.deadlines.calendars import in_lessons
from lace.deadlines.models import Duty
from lace.deadlines.services import done
from lace.notifications.services import notify
from peps.models import MeetingInvitation, Pep, PlanMeeting
from peps.rules import Step
from peps.rules.duties import FIRST_WITH_CARER, SECOND_WITH_CARER
from peps.rules.meetings import BY_RELATION, BY_ROLE, EXPECTED, LIMIT, NAMELESS, WITHOUT_ACCOUNT, AdvocateWish, MeetingState, Who
from peps.services import _stepped
from schools.models import Enrolment


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may be asked to a meeting. `name` is empty where the one who asks may not know it (a carer's); no `user`: by role alone."""

    who: Who
    user: User | None = None
    name: str = ""

    @property
    def key(self) -> str:
        return str(self.user.pk) if self.user else str(self.who)

    @property
    def expected(self) -> bool:
        """Asked unless somebody says otherwise."""
        return self.who in EXPECTED


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """When and where a meeting is, what for, and why in lesson time where it is (PRIV-01)."""

    starts_at: datetime
    place: str
    purpose: str = ""
    lesson_reason: str = ""
    language: str = Language.ENGLISH


def guests(*, by: Actor, child: Child) -> list[Guest]:
    """Who may be asked: the child and the people around the child, the designated person and, where there are additional learning needs,
    the ALN co-ordinator of the school, the authority's LACE coordinators. The advocate is among them: who is asked by the child's wish alone.

    The carer's name is given to those who may read it: it goes with the address (goals A1).
    """
    carers = Facet.ADDRESS in grants_of(by, [child])[child.pk].facets and not child.address_is_sensitive
    found: dict[int, Guest] = {}
    around = (
        ChildUserGrant.objects.filter(content_object=child, starts_on__lte=by.today, permission__codename__in=list(BY_RELATION), user__is_active=True)
        .exclude(ends_on__lte=by.today)
        .select_related("user", "permission")
        .order_by("user__name", "pk")
    )
    for grant in around:
        who = BY_RELATION[grant.permission.codename]
        found.setdefault(grant.user_id, Guest(who, grant.user, grant.user.name if who != Who.CARER or carers else ""))
    held = Membership.objects.open_on(by.today).filter(user__is_active=True).select_related("user").order_by("user__name", "pk")
    enrolment = Enrolment.objects.on_roll(by.today).filter(child=child).first()
    if enrolment is not None:
        for membership in held.filter(organisation=enrolment.school_id, role__in=list(BY_ROLE)):
            if membership.role != Role.ALNCO or child.additional_needs:
                found.setdefault(membership.user_id, Guest(BY_ROLE[membership.role], membership.user, membership.user.name))
    for membership in held.filter(authority=child.authority_id, role=Role.LACE_COORDINATOR):
        found.setdefault(membership.user_id, Guest(Who.COORDINATOR, membership.user, membership.user.name))
    there = {guest.who for guest in found.values()}
    everybody = [*found.values(), *(Guest(who) for who in WITHOUT_ACCOUNT if who not in there)]
    order = list(Who)
    return sorted(everybody, key=lambda guest: order.index(guest.who))


@transaction.atomic
def arrange(*, by: Actor, pep: Pep, facts: MeetingFacts, invited: Collection[str] | None = None, wants_advocate: bool | None = None) -> PlanMeeting:
    """Arrange a meeting about the plan and ask people to it: `invited` are keys of `guests`; None: those expected at every one.

    The child's advocate is asked by default; `wants_advocate` is what the child said when asked, kept with the day, and of no meaning where
    there is no advocate. Raises NotAllowed; Refused when the plan is closed or a meeting is arranged for that time; BadInput naming the
    fields, for lesson time without a reason too (PRIV-01).
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, _state = _stepped(pep, Step.TICK)
    people = guests(by=by, child=child)
    in_lesson_time = _is_lesson_time(child, facts.starts_at)
    refuse([*_problems(by, facts, in_lesson_time), *_unknown(invited, people)])
    _free(pep, facts.starts_at)
    meeting = PlanMeeting(pep=pep, child=child, authority_id=child.authority_id)
    _set(meeting, facts, in_lesson_time)
    _set_wish(by, meeting, people, True if wants_advocate is None else wants_advocate, asked=wants_advocate is not None)
    meeting.save(force_insert=True)
    chosen = [guest for guest in people if (guest.expected if invited is None else guest.key in invited)]
    _invite(by, meeting, chosen, people)
    _tell(by, meeting, "plan_meeting_arranged", _invited(meeting))
    return meeting


@transaction.atomic
def move(
    *,
    by: Actor,
    meeting: PlanMeeting,
    facts: MeetingFacts,
    version: int,
    invited: Collection[str] | None = None,
    wants_advocate: bool | None = None,
) -> PlanMeeting:
    """Change when or where an arranged meeting is, what for, or who is asked to it; None: the same people. Nobody is told twice.

    Those who stay are told when time or place changed, those who come to it that it is arranged, those left out that they are not needed.
    Raises as `arrange`; Refused when it was held or called off; Changed with the meeting as it stands when somebody else saved first.
    """
    meeting = _standing(by, meeting, version)
    child = meeting.child
    people = guests(by=by, child=child)
    in_lesson_time = _is_lesson_time(child, facts.starts_at)
    same = facts.starts_at == meeting.starts_at
    refuse([*_problems(by, facts, in_lesson_time, to_come=not same), *_unknown(invited, people)])
    if not same:
        _free(meeting.pep, facts.starts_at)
    before = (meeting.starts_at, meeting.place)
    _set(meeting, facts, in_lesson_time)
    if wants_advocate is not None:
        _set_wish(by, meeting, people, wants_advocate, asked=True)
    meeting.version += 1
    meeting.save()
    there = _invited(meeting)
    standing = {_key(row) for row in MeetingInvitation.objects.standing().filter(meeting=meeting)}
    keys = standing if invited is None else set(invited)
    _invite(by, meeting, [guest for guest in people if guest.key in keys], people, keep_others=invited is None)
    now = _invited(meeting)
    if before != (meeting.starts_at, meeting.place):
        _tell(by, meeting, "plan_meeting_moved", there & now)
    _tell(by, meeting, "plan_meeting_arranged", now - there)
    _tell(by, meeting, "plan_meeting_not_needed", there - now)
    return meeting


@transaction.atomic
def cancel(*, by: Actor, meeting: PlanMeeting, reason: str, version: int) -> PlanMeeting:
    """Call off an arranged meeting, with the reason, and tell those asked to it; the duty to meet stays. Raises as `move`."""
    meeting = _standing(by, meeting, version)
    if not reason.strip() or len(reason) > LIMIT or "\0" in reason:
        raise BadInput({"reason": [_("Say why the meeting is called off, in up to %(limit)d characters") % {"limit": LIMIT}]})
    meeting.state, meeting.reason = MeetingState.CANCELLED, reason.strip()
    meeting.version += 1
    meeting.save()
    _tell(by, meeting, "plan_meeting_cancelled", _invited(meeting))
    return meeting


@transaction.atomic
def hold(*, by: Actor, meeting: PlanMeeting, held_on: date, present: Collection[str], version: int) -> PlanMeeting:
    """Record that the meeting was held and who was there, by role; with the carer, it meets the next duty of that school year (T10).

    Raises as `move`; BadInput for a day to come or before the plan was started, or when nobody is said to have been there.
    """
    meeting = _standing(by, meeting, version)
    refuse(_held_problems(by, meeting, held_on, present))
    meeting.state, meeting.held_on = MeetingState.HELD, held_on
    meeting.present = [str(who) for who in Who if who in present]
    meeting.version += 1
    meeting.save()
    if Who.CARER in meeting.present:
        codes = [FIRST_WITH_CARER, SECOND_WITH_CARER]
        waiting = Duty.objects.open().filter(child=meeting.child_id, code__in=codes, trigger_on__lte=held_on).order_by("-trigger_on", "due_on")
        duty = next((duty for duty in waiting if held_on < add_months(duty.trigger_on, 12)), None)
        if duty is not None:
            done(by=by, duty=duty, on=held_on, evidence=meeting.pk)
    return meeting


def _standing(by: Actor, meeting: PlanMeeting, version: int) -> PlanMeeting:
    """The arranged meeting as it stands, its child locked."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=meeting.child)
    child = lock(meeting.child)
    standing = PlanMeeting.objects.select_related("pep").get(pk=meeting.pk)
    standing.child = child
    _stepped(standing.pep, Step.TICK)
    if standing.version != version:
        raise Changed(standing)
    if standing.state != MeetingState.SCHEDULED:
        raise Refused(_("This meeting has been held or called off already"))
    return standing


def _free(pep: Pep, moment: datetime) -> None:
    if PlanMeeting.objects.filter(pep=pep, state=MeetingState.SCHEDULED, starts_at=moment).exists():
        raise Refused({"day": [_("A meeting about the plan is arranged for that time already")]})


def _is_lesson_time(child: Child, moment: datetime) -> bool:
    """By the lesson times of the child's school; where they are not entered, by the usual ones."""
    local = timezone.localtime(moment)
    row = Enrolment.objects.on_roll(local.date()).filter(child=child).select_related("school__organisation__authority").first()
    known = in_lessons(row.school.organisation, local) if row else None
    return in_school_hours(local) if known is None else known


def _problems(by: Actor, facts: MeetingFacts, in_lesson_time: bool, *, to_come: bool = True) -> Iterator[tuple[str, Message]]:
    if to_come and timezone.localdate(facts.starts_at) < by.today:
        yield "day", _("Choose today or a day to come. A meeting that was held is recorded after it is arranged")
    if not facts.place.strip() or len(facts.place) > 200 or "\0" in facts.place:
        yield "place", _("Enter where the meeting will be")
    if len(facts.purpose) > LIMIT or "\0" in facts.purpose:
        yield "purpose", _("Write this in up to %(limit)d characters") % {"limit": LIMIT}
    if len(facts.lesson_reason) > 300 or "\0" in facts.lesson_reason:
        yield "lesson_reason", _("Write this in up to %(limit)d characters") % {"limit": 300}
    elif in_lesson_time and not facts.lesson_reason.strip():
        yield "lesson_reason", _("The meeting begins in lesson time. Choose another time, or say why it has to be then and how it stays private")
    if facts.language not in Language.values:
        yield "language", _("Say in which language this is written: English or Welsh")


def _unknown(invited: Collection[str] | None, people: Iterable[Guest]) -> Iterator[tuple[str, Message]]:
    if invited is None:
        return
    if not invited:
        yield "invited", _("Choose who is asked to the meeting")
    if not set(invited) <= {guest.key for guest in people if guest.who != Who.ADVOCATE}:
        yield "invited", _("Choose among the people around the child and the school. The advocate is asked by the child's wish")


def _held_problems(by: Actor, meeting: PlanMeeting, held_on: date, present: Collection[str]) -> Iterator[tuple[str, Message]]:
    if held_on > by.today:
        yield "held_on", _("The day must be today or in the past")
    if meeting.pep.initiated_on and held_on < meeting.pep.initiated_on:
        yield "held_on", _("The meeting cannot be before the plan was started")
    if not present or not set(present) <= set(Who.values):
        yield "present", _("Say who was there")


def _set(meeting: PlanMeeting, facts: MeetingFacts, in_lesson_time: bool) -> None:
    meeting.starts_at, meeting.place, meeting.purpose = facts.starts_at, " ".join(facts.place.split()), facts.purpose.strip()
    meeting.lesson_reason, meeting.language = facts.lesson_reason.strip() if in_lesson_time else "", facts.language


def _set_wish(by: Actor, meeting: PlanMeeting, people: Iterable[Guest], wanted: bool, *, asked: bool) -> None:
    """Nothing where there is no advocate: nobody is asked about somebody whom the child does not have. The same answer keeps its day."""
    wish = AdvocateWish.YES if wanted else AdvocateWish.NO
    if any(guest.who == Who.ADVOCATE for guest in people) and (meeting.advocate != wish or meeting.advocate_asked_on is None):
        meeting.advocate, meeting.advocate_asked_on = wish, by.today if asked else None


def _invite(by: Actor, meeting: PlanMeeting, chosen: Iterable[Guest], people: Iterable[Guest], *, keep_others: bool = False) -> None:
    """Make the standing invitations equal to those chosen, and the advocate by the child's wish; what stays is left alone.

    `keep_others`: those who are no longer around the child stay asked.
    """
    advocates = [guest for guest in people if guest.who == Who.ADVOCATE and meeting.advocate == AdvocateWish.YES]
    wanted = {guest.key: guest for guest in (*chosen, *advocates) if guest.who != Who.ADVOCATE or guest in advocates}
    standing = {_key(row): row for row in MeetingInvitation.objects.standing().filter(meeting=meeting)}
    gone = [row.pk for key, row in standing.items() if key not in wanted and (row.who == Who.ADVOCATE or not keep_others)]
    MeetingInvitation.objects.filter(pk__in=gone).update(withdrawn_on=by.today)
    MeetingInvitation.objects.bulk_create(
        MeetingInvitation(
            meeting=meeting,
            child_id=meeting.child_id,
            authority_id=meeting.authority_id,
            who=guest.who,
            user=guest.user,
            name="" if guest.who in NAMELESS or guest.user is None else guest.user.name,
        )
        for key, guest in wanted.items()
        if key not in standing
    )


def _key(row: MeetingInvitation) -> str:
    return str(row.user_id) if row.user_id else row.who


def _invited(meeting: PlanMeeting) -> set[int]:
    """Those with an account who stand asked; the others are told by the one who arranges."""
    return set(MeetingInvitation.objects.standing().filter(meeting=meeting, user__isnull=False).values_list("user_id", flat=True))


def _tell(by: Actor, meeting: PlanMeeting, kind: str, to: Collection[int]) -> None:
    notify(
        by=by,
        kind=kind,
        source=meeting.pk,
        step=meeting.version,
        child=meeting.child,
        recipients=User.objects.filter(pk__in=list(to)),
        facts={"scheduled_at": meeting.starts_at.isoformat()},
    )
