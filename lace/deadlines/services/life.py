"""A duty between its opening and its end: done outside Lace and recorded, opened again, handed to a colleague, ended with its reason.

Nobody moves a due date here (DL-07). The child's row is locked first, then the duty's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from lace.accounts.access import GROUP_RELATION, NAMED_RELATION, REACH, Permission, Reach, Role
from lace.accounts.models import Membership, User
from lace.accounts.role_groups import SOCIAL_CARE
from lace.children.models import CareEpisode, Child, ChildGroupGrant, ChildUserGrant, lock
from lace.children.rules import EndReason
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, Refused, refuse
from lace.deadlines import services as duties
from lace.deadlines.ladders import look_again
from lace.deadlines.models import Duty, DutyQuerySet
from lace.deadlines.models.duty import EndedBecause, Outcome
from lace.deadlines.reckoning import Reckoner, place_of
from lace.deadlines.recording import is_recorded, problems_of_record
from lace.deadlines.rules import RULES, DutyRule, Fact
from lace.notifications.services import notify

_OF_AGE = 18  # up to which a child is looked after (Social Services and Well-being (Wales) Act 2014 s.3(3))
# Clocks of young people who left care: they run on past that age (s.106 to s.115).
_OF_LEAVERS = frozenset({Fact.LEFT_CARE_16, Fact.HALF_BIRTHDAY})


def looks_after(*, by: Actor, duty: Duty) -> bool:
    """Is the duty this person's to act on: by their role, because it was handed to them, or for those who answer for it?

    The LACE coordinator answers for every duty (DL-10), the designated manager for those of social care.
    """
    role = Role(by.role) if by.role else None
    return (
        bool(by.job)
        or role == duty.role
        or by.user_id == duty.handed_to_id
        or role == Role.LACE_COORDINATOR
        or (role == Role.DESIGNATED_MANAGER and duty.role in SOCIAL_CARE)
    )


def require_to_look_after(*, by: Actor, duty: Duty) -> None:
    """Raise NotAllowed unless the person may record duties of this child, and looks after this one."""
    require_for(by=by, permission=Permission.RECORD_DUTY, child=duty.child)
    if not looks_after(by=by, duty=duty):
        raise NotAllowed


def _standing(duty: Duty) -> Duty:
    """The duty as it stands, locked with its child."""
    lock(duty.child)
    return Duty.objects.select_for_update(no_key=True, of=("self",)).select_related("child__authority").get(pk=duty.pk)


@transaction.atomic
def record_done(*, by: Actor, duty: Duty, on: date, what: str, reason: str = "") -> Duty:
    """Record that a duty was done outside Lace on a day, and in which document that stands; on time, or late with its reason (DL-09).

    Raises NotAllowed, BadInput (a day to come or before the clock started, nothing said, late without a reason), Refused for
    what is met by an act in Lace, and when it is closed already.
    """
    require_to_look_after(by=by, duty=duty)
    duty = _standing(duty)
    if not is_recorded(duty):
        raise Refused(_("Lace sees by itself when this is done. Do it in Lace, and this is closed"))
    if duty.closed_on is not None:
        raise Refused(_("This is closed already"))
    refuse(problems_of_record(duty, on=on, what=what, reason=reason, today=by.today))
    duty.done_note = what.strip()
    duty.save(update_fields=["done_note"])
    duties.done(by=by, duty=duty, on=on, reason=reason.strip())
    _follow_again(by, duty, on)
    return Duty.objects.get(pk=duty.pk)


def _followed(duty: Duty) -> DutyQuerySet:
    """What its being done has opened: the next visit, the next review of a plan."""
    starts = RULES[duty.code].starts
    return Duty.objects.filter(child=duty.child, subject=duty.pk, fact=starts) if starts else Duty.objects.none()


def _follow_again(by: Actor, duty: Duty, on: date) -> None:
    """What followed from an earlier record that was taken back follows from this one, by its day."""
    for row in _followed(duty).filter(outcome=Outcome.NOT_APPLICABLE):
        made = Reckoner(since=on, today=by.today, authorities=[duty.child.authority]).opening(
            row.code, Fact(row.fact), on, row.authority_id, place_of(duty.child, on)
        )
        duties.recompute(by=by, duty=row, made=made)
        row.save()


@transaction.atomic
def undo(*, by: Actor, duty: Duty) -> Duty:
    """Open a duty again that was recorded as done by mistake. What was recorded stays in the audit. Its due date is the old one.

    Raises NotAllowed, Refused when it was not closed by such a record, or the time in care has ended since.
    """
    require_to_look_after(by=by, duty=duty)
    duty = _standing(duty)
    if not (is_recorded(duty) and duty.done_note and duty.outcome in {Outcome.ON_TIME, Outcome.LATE}):
        raise Refused(_("Only what somebody recorded as done can be opened again"))
    ended = CareEpisode.objects.filter(child=duty.child, ended_on__gte=duty.trigger_on).exclude(ended_on__isnull=True)
    if ended.exists() and not CareEpisode.objects.filter(child=duty.child, ended_on__isnull=True).exists():
        raise Refused(_("The child's time in care has ended since, so this cannot be opened again"))
    followed = _followed(duty)
    if followed.filter(outcome__in=[Outcome.ON_TIME, Outcome.LATE]).exists():
        raise Refused(_("What followed from this is recorded as done too. Open that again first"))
    followed.open().update(closed_on=by.today, outcome=Outcome.NOT_APPLICABLE, next_look_on=None)
    look_again(duty, by.today)
    duty.closed_on, duty.outcome, duty.done_note = None, "", ""
    duty.save(update_fields=["closed_on", "outcome", "done_note", "next_rung", "next_look_on", "ladder_round"])
    return duty


def colleagues(*, by: Actor, duty: Duty) -> list[User]:
    """To whom a duty may be handed: who else holds its role today and sees the child through it, of the authority or of the school."""
    role = Role(duty.role)
    held = Membership.objects.open_on(by.today).filter(role=role, user__is_active=True)
    match REACH[role]:
        case Reach.AUTHORITY:
            held = held.filter(authority=duty.authority_id, organisation__isnull=True)
        case Reach.NAMED:
            named = ChildUserGrant.objects.filter(_open_on(by.today), content_object=duty.child_id, permission__codename=NAMED_RELATION[role])
            held = held.filter(user__in=named.values("user"))
        case Reach.ORGANISATION:
            relations = [str(relation) for relation in GROUP_RELATION[role]]
            bodies = ChildGroupGrant.objects.filter(_open_on(by.today), content_object=duty.child_id, permission__codename__in=relations)
            held = held.filter(organisation__group__in=bodies.values("group"))
        case Reach.NONE:
            return []
    people = {row.user_id: row.user for row in held.select_related("user").order_by("user__name", "pk")}
    return [person for person in people.values() if person.pk not in {duty.handed_to_id, by.user_id}]


def _open_on(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))


@transaction.atomic
def hand_to(*, by: Actor, duty: Duty, colleague: User | None) -> Duty:
    """Hand an open duty to a colleague, who is reminded from then on in place of the others; None takes it back. The colleague is told.

    Raises NotAllowed, BadInput for somebody who may not have it, Refused when the duty is closed.
    """
    require_to_look_after(by=by, duty=duty)
    duty = _standing(duty)
    if duty.closed_on is not None:
        raise Refused(_("This is closed already"))
    if colleague is not None and colleague.pk not in {person.pk for person in colleagues(by=by, duty=duty)}:
        refuse([("colleague", _("Choose a colleague who has the same role and may see the child"))])
    duty.handed_to = colleague
    duty.save(update_fields=["handed_to"])
    if colleague is not None:
        earlier = Duty.pgh_event_model.objects.filter(child_id=duty.child_id, id=duty.pk).count()  # type: ignore[attr-defined]  # made by pghistory
        facts = {"code": duty.code, "due_on": duty.due_on.isoformat()}
        notify(by=by, kind="duty_handed", source=duty.pk, step=earlier, child=duty.child, recipients=[colleague], facts=facts)
    return duty


# ---- the ends that are not doing it (DL-06) ----

_BECAUSE = {
    EndReason.ADOPTED: EndedBecause.ADOPTED,
    EndReason.DIED: EndedBecause.DIED,
    EndReason.OTHER_AUTHORITY: EndedBecause.OTHER_AUTHORITY,
}


@transaction.atomic
def care_ended(*, by: Actor, child: Child, on: date, reason: str) -> int:
    """Close every open duty of a child whose care ended, with the reason: adoption, death, care by another authority, another end.

    Called by the service that ends the care, which has checked the permission. How many were open.
    """
    was_open = list(Duty.objects.open().filter(child=child).values_list("pk", flat=True))
    outcome = Outcome.TRANSFERRED if reason == EndReason.OTHER_AUTHORITY else Outcome.CARE_ENDED
    closed = duties.close_all(by=by, child=child, on=on, outcome=outcome)
    because = _BECAUSE.get(EndReason(reason), EndedBecause.CARE_ENDED)
    Duty.objects.filter(pk__in=was_open, outcome=outcome).update(ended_because=because, handed_to=None)
    return closed


@transaction.atomic
def transferred(*, by: Actor, child: Child) -> int:
    """After a hand-over: the open duties are the new authority's, by the same days (XLA-03); no colleague of the old one keeps them.

    Called by the service that accepts the record. How many had been handed to somebody.
    """
    return Duty.objects.open().filter(child=child, handed_to__isnull=False).update(handed_to=None)


# The birthday itself closes them, however late the job runs: what fell due after it was never missed.
_PAST_AGE = """
UPDATE deadlines_duty d
SET closed_on = greatest((c.born_on + make_interval(years => %(age)s))::date, d.trigger_on),
    outcome = %(outcome)s, ended_because = %(because)s, next_look_on = NULL, handed_to_id = NULL
FROM children_child c
WHERE c.id = d.child_id AND d.closed_on IS NULL AND c.born_on <= (%(today)s::date - make_interval(years => %(age)s))::date
    AND NOT d.code = ANY(%(beyond)s) AND d.trigger_on < (c.born_on + make_interval(years => %(age)s))::date
"""


def _goes_beyond(rule: DutyRule) -> bool:
    """Is it owed to young people of age too?"""
    return bool(rule.ages and rule.ages[1] >= _OF_AGE) or not _OF_LEAVERS.isdisjoint(rule.facts)


def close_past_age(*, by: Actor) -> int:
    """Close the open duties of everybody who has come of age, but for those owed to care leavers. For a nightly job, in one statement.

    How many were closed.
    """
    values: dict[str, Any] = {
        "age": _OF_AGE,
        "outcome": str(Outcome.CARE_ENDED),
        "because": str(EndedBecause.AGE_LIMIT),
        "today": by.today,
        "beyond": [rule.code for rule in RULES.values() if _goes_beyond(rule)],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PAST_AGE, values)
        return int(cursor.rowcount)
