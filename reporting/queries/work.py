"""What a person has to do: duties of their role, those they are told of, parts of plans to write, meetings to go to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from lace.accounts.access import CARERS, REACH, TABLE, Permission, Reach, Role
from lace.children.models import DataRequest
from lace.core.actor import Actor
from lace.deadlines.models import Duty, DutyQuerySet
from lace.deadlines.rules import RULES
from peps.models import Contribution, MeetingInvitation, Pep, PlanMeeting, Section
from peps.rules import DEVELOPED, State
from peps.rules.contributions import FORMS, contributor_of
from peps.rules.meetings import MeetingState
from peps.rules.sections import SECTIONS
from reporting.models import TermlyReport
from reviews.models import Review
from reviews.rules import ReviewState
from schools.services.requests import ANSWERING, asked_of_me

# Who is asked for a part of a plan; the designated person and the coordinator have the duty to develop the whole of it.
ASKED_FOR_PARTS = (*CARERS, Role.SOCIAL_WORKER)
# Who is told of a meeting (REV-09): the named people around the child and the school.
TOLD_OF_MEETINGS = (Role.SOCIAL_WORKER, Role.IRO, *CARERS, Role.DESIGNATED_PERSON)
# Who sees what another role of the same body has left undone, and may say why.
STANDS_BEHIND = {Role.HEADTEACHER: Role.DESIGNATED_PERSON}


class Entry(NamedTuple):
    """One thing to do: `kind` is "duty", "part", "words", "meeting", "plan_meeting" or "request"; `what` a duty's code, or with commas the
    keys of sections or the kinds of data asked. No `due` where nothing dates it."""

    kind: str
    pk: UUID
    child_id: UUID
    what: str
    due: date | None


def entries(actor: Actor) -> list[Entry]:
    """Everything open that the actor may act on, by due date, what is not dated last: one authority's at most. Six statements at most."""
    if REACH[Role(actor.role)] == Reach.NONE:
        return []
    found = [Entry("duty", *row) for row in _duties(actor).values_list("pk", "child_id", "code", "due_on")]
    found += _parts(actor)
    found += [Entry("words", row.pk, row.child_id, "", row.due_on) for row in _words(actor)]
    if actor.role in TOLD_OF_MEETINGS:
        found += [Entry("meeting", row.pk, row.child_id, "", timezone.localdate(row.scheduled_for)) for row in _meetings(actor)]
    found += [Entry("plan_meeting", row.pk, row.child_id, "", timezone.localdate(row.starts_at)) for row in _plan_meetings(actor)]
    if actor.role in ANSWERING:
        found += [Entry("request", row.pk, row.child_id, ",".join(row.kinds), row.due_on) for row in _requests(actor)]
    return sorted(found, key=lambda entry: (entry.due or date.max, entry.what, entry.pk))


def _duties(actor: Actor) -> DutyQuerySet:
    """Open duties of the role in use, and those of others of which the ladder has told it by today."""
    role = Role(actor.role)
    mine = Q(role=role)
    for rule in RULES.values():
        told = [rung.days for rung in rule.ladder if role in rung.roles]
        if told and rule.role != role:
            mine |= Q(code=rule.code, due_on__lte=actor.today - timedelta(days=told[0]))
    if role in STANDS_BEHIND:
        mine |= Q(role=STANDS_BEHIND[role], due_on__lt=actor.today)
    reached: Any = Duty.objects.visible_to(actor)
    duties: DutyQuerySet = reached.open().filter(mine)
    # A host or a school's authority reads of children it answers for to nobody: it may act on none of their duties.
    return duties.filter(authority_id__in=actor.authorities) if actor.authorities else duties


def _parts(actor: Actor) -> list[Entry]:
    """The plans that are being written and have parts that the role is asked for and nobody has begun: `what` is their keys, with commas."""
    role = Role(actor.role)
    if role not in ASKED_FOR_PARTS:
        return []
    grants = [grant for (_relation, held_by), grant in TABLE.items() if held_by == role]
    mine = [section for section in SECTIONS.values() if any(section.may_be_written(role, grant) for grant in grants)]
    plans = Pep.objects.visible_to(actor).filter(state__in=(State.INITIATED, State.DEVELOPING, State.AMENDING)).with_facts(actor.today)
    begun = ArraySubquery(Section.objects.filter(pep=OuterRef("pk")).values("key"))
    found: list[Entry] = []
    rows: Iterable[Any] = plans.select_related("child").annotate(begun=begun, due=_developed_by())
    for pep in rows:
        of = pep.circumstances(actor.today)
        missing = [section.key for section in mine if section.stands(of) and section.key not in pep.begun]
        if missing:
            found.append(Entry("part", pep.pk, pep.child_id, ",".join(missing), pep.due))
    return found


def _words(actor: Actor) -> Iterable[Contribution]:
    """The words that the role is asked for in plans that are being written."""
    role = contributor_of(actor.role)
    grants = [grant for (_relation, held_by), grant in TABLE.items() if held_by == actor.role]
    if not role or not any(FORMS[role].may_be_written(actor.role, grant) for grant in grants):
        return []
    asked = Contribution.objects.visible_to(actor).standing().unsaid().filter(role=role, person__isnull=True)
    return asked.filter(authority_id__in=actor.authorities) if actor.authorities else asked


def _developed_by() -> Subquery:
    """The day by which the plan's child needs a developed plan; none when no duty is open."""
    waiting = Duty.objects.open().filter(child=OuterRef("child_id"), code__in=DEVELOPED)
    return Subquery(waiting.order_by("due_on").values("due_on")[:1])


def _meetings(actor: Actor) -> QuerySet[Review]:
    """Arranged reviews; those whose day has passed only for who may record what was decided."""
    arranged = Review.objects.visible_to(actor).filter(state=ReviewState.SCHEDULED)
    may_close = any(Permission.CLOSE_REVIEW in grant.permissions for (_relation, role), grant in TABLE.items() if role == actor.role)
    return arranged if may_close else arranged.filter(scheduled_for__date__gte=actor.today)


def _plan_meetings(actor: Actor) -> QuerySet[PlanMeeting]:
    """Meetings about a plan to which the person is asked; those whose day has passed only for who may record them."""
    asked: Any = MeetingInvitation.objects.visible_to(actor)
    mine = asked.standing().filter(meeting=OuterRef("pk"), user=actor.user_id)
    arranged = PlanMeeting.objects.visible_to(actor).filter(Exists(mine), state=MeetingState.SCHEDULED).exclude(pep__state=State.CLOSED)
    may_record = any(Permission.WRITE_PEP in grant.permissions for (_relation, role), grant in TABLE.items() if role == actor.role)
    return arranged if may_record else arranged.filter(starts_at__date__gte=actor.today)


def _requests(actor: Actor) -> QuerySet[DataRequest]:
    """What the actor's authority or school is asked and has not answered (XLA-06)."""
    return DataRequest.objects.visible_to(actor).waiting().filter(asked_of_me(by=actor))


def duties_beside(actor: Actor, children: set[UUID]) -> dict[UUID, list[Duty]]:
    """The open duties of these children, by child: what is on the page and what stands beside it. One statement."""
    found: dict[UUID, list[Duty]] = {child: [] for child in children}
    reached: Any = Duty.objects.visible_to(actor)
    for duty in reached.open().filter(child__in=children).order_by("due_on", "code"):
        found[duty.child_id].append(duty)
    return found


def meetings(actor: Actor, reviews: list[UUID]) -> dict[UUID, Review]:
    return Review.objects.visible_to(actor).in_bulk(reviews) if reviews else {}


def plan_meetings(actor: Actor, meetings: list[UUID]) -> dict[UUID, PlanMeeting]:
    return PlanMeeting.objects.visible_to(actor).in_bulk(meetings) if meetings else {}


def reports_waiting(actor: Actor) -> list[TermlyReport]:
    """For a governor the newest published reports of the school, for a headteacher those prepared and not yet published."""
    if actor.role not in {Role.GOVERNOR, Role.HEADTEACHER}:
        return []
    reports = TermlyReport.objects.visible_to(actor).select_related("school__organisation").order_by("-year", "-cut_on", "-number")
    return list(reports.filter(published_on__isnull=actor.role == Role.HEADTEACHER)[:3])
