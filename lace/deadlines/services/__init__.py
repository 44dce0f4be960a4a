"""Duties opened, met, brought forward, corrected, closed and explained. Each is called inside the act that it follows from.

The caller has checked the permission of that act (recording an entry to care, finalising a plan); the database's policies
bound what any of them can reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.accounts.models import LocalAuthority, Organisation
from lace.children.models import Child
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Refused
from lace.deadlines.ladders import look_again
from lace.deadlines.models import BodyDuty, Duty
from lace.deadlines.models.duty import Outcome
from lace.deadlines.reckoning import Reckoner, needs_place, place_of
from lace.deadlines.rules import RULES, Fact, Opening, rules_for


def _held(duties: QuerySet[Duty]) -> list[Duty]:
    """The rows, locked in the order in which the sweep locks too, so that neither can wait for the other in a circle."""
    return list(duties.order_by("pk").select_for_update(no_key=True, of=("self",)))


@transaction.atomic
def open_duties(*, by: Actor, child: Child, fact: Fact, on: date, subject: UUID) -> list[Duty]:
    """Open the duty of every rule whose clock this fact starts, and return them in the order in which they fall due.

    `on` is the day of the fact, day 0; `subject` the row whose fact it is. Asked again for the same subject it adds nothing
    and changes nothing. The ladder starts at its first rung: see `rules.opening` for a fact recorded late.
    """
    place = place_of(child, on) if needs_place(fact, on, child) else None
    reckoner = Reckoner(since=on, today=by.today, authorities=[child.authority])
    found = [
        Duty(child=child, authority_id=child.authority_id, subject=subject, **asdict(duty))
        for duty in reckoner.openings(fact, on, child.authority_id, place=place, born=child.born_on)
    ]
    Duty.objects.bulk_create(found, ignore_conflicts=True)
    return list(Duty.objects.filter(child=child, subject=subject, code__in=[duty.code for duty in found]).order_by("due_on", "code"))


@transaction.atomic
def open_body_duties(
    *, by: Actor, authority: LocalAuthority, body: Organisation | None, fact: Fact, on: date, subject: UUID, kind: str = ""
) -> list[BodyDuty]:
    """As `open_duties`, of a school (`body`, with its kind) or of the authority itself."""
    place = (body.authority_id, body.pk) if body else None
    found = [
        BodyDuty(authority=authority, body=body, subject=subject, **asdict(duty))
        for duty in Reckoner(since=on, today=by.today, authorities=[authority]).openings(fact, on, authority.pk, place=place, kind=kind)
    ]
    BodyDuty.objects.bulk_create(found, ignore_conflicts=True)
    return list(BodyDuty.objects.filter(authority=authority, body=body, subject=subject, code__in=[duty.code for duty in found]))


@transaction.atomic
def meet(*, by: Actor, child: Child, codes: Iterable[str], on: date, reason: str = "", evidence: UUID | None = None) -> int:
    """Close the child's open duties of these codes as done on a day, on time or late by their due dates; how many were open.

    `evidence` is the row that met them. A reason given earlier for lateness stays unless a new one is given.
    """
    held = _held(Duty.objects.open().filter(child=child, code__in=list(codes)))
    _close(Duty.objects.filter(pk__in=[duty.pk for duty in held]), on, reason, evidence)
    for duty in held:
        _follow(by, child, duty, on)
    return len(held)


@transaction.atomic
def meet_body(
    *,
    by: Actor,
    authority: LocalAuthority,
    body: Organisation | None,
    codes: Iterable[str],
    on: date,
    evidence: UUID | None = None,
    subjects: Collection[UUID] | None = None,
) -> int:
    """As `meet`, of a school (`body`) or of the authority itself; with `subjects`, only those of these facts."""
    duties = BodyDuty.objects.open().filter(authority=authority, body=body, code__in=list(codes))
    if subjects is not None:
        duties = duties.filter(subject__in=subjects)
    return _close(duties, on, "", evidence)


@transaction.atomic
def done(*, by: Actor, duty: Duty | BodyDuty, on: date, reason: str = "", evidence: UUID | None = None) -> None:
    """Close one open duty as done on a day, and open what follows from its being done. The caller has asked whether `by` may."""
    rows: QuerySet[Duty] | QuerySet[BodyDuty] = Duty.objects.open() if isinstance(duty, Duty) else BodyDuty.objects.open()
    if _close(rows.filter(pk=duty.pk), on, reason, evidence) and isinstance(duty, Duty):
        _follow(by, duty.child, duty, on)


@transaction.atomic
def void(*, by: Actor, duty: Duty | BodyDuty) -> None:
    """Close one open duty as not applicable: its fact is no longer there, such as a review that was called off."""
    rows: QuerySet[Duty] | QuerySet[BodyDuty] = Duty.objects.open() if isinstance(duty, Duty) else BodyDuty.objects.open()
    rows.filter(pk=duty.pk).update(closed_on=by.today, outcome=Outcome.NOT_APPLICABLE, next_look_on=None)


def _close(duties: QuerySet[Duty] | QuerySet[BodyDuty], on: date, reason: str, evidence: UUID | None) -> int:
    return duties.update(
        closed_on=on,
        outcome=Case(When(due_on__gte=on, then=Value(Outcome.ON_TIME)), default=Value(Outcome.LATE)),
        next_look_on=None,
        reason=Value(reason) if reason else F("reason"),
        evidence=evidence,
    )


def _follow(by: Actor, child: Child, duty: Duty, on: date) -> None:
    starts = RULES[duty.code].starts if duty.code in RULES else None
    if starts is not None:
        open_duties(by=by, child=child, fact=starts, on=on, subject=duty.pk)


@transaction.atomic
def bring_forward(*, by: Actor, child: Child, code: str, due_on: date) -> int:
    """Make the child's open duty due on an earlier day, such as the real date of the review; how many moved.

    Never later: postponing a review moves no duty (AMB-02, REV-15), and a second earlier day replaces the first.
    """
    held = _held(Duty.objects.open().filter(child=child, code=code, due_on__gt=due_on))
    reckoner = Reckoner(since=due_on, today=by.today, authorities=[child.authority])
    for duty in held:
        duty.brought_to = due_on
        first = reckoner.rule(duty.code, duty.authority_id, duty.trigger_on).ladder[:1]
        _move(duty, due_on, timedelta(days=first[0].days) if first else None)
        duty.save(update_fields=["brought_to", *_MOVED])
    return len(held)


_MOVED = ("due_on", "next_rung", "next_look_on", "ladder_round")


def _move(duty: Duty | BodyDuty, due_on: date, first: timedelta | None) -> None:
    """Another due date: the ladder starts anew, and tells of the new day; `first` is how far its first rung is from it."""
    duty.due_on = due_on
    duty.next_rung, duty.ladder_round = 0, duty.ladder_round + 1
    if duty.closed_on is None:
        duty.next_look_on = None if first is None else due_on + first


@transaction.atomic
def correct_fact(*, by: Actor, child: Child, subject: UUID, on: date, fact: Fact | None = None) -> int:
    """Recompute every duty that rests on this subject after its day, or what kind of fact it is, was corrected (DL-05).

    Open ones get their new due date; done ones are judged again, on time or late; what a waiver or the end of care closed
    stays closed. With another `fact`, duties that it does not start become not applicable and those it starts are opened.
    The old values stay in the audit. Returns how many duties changed.
    """
    changed = 0
    place, reckoner = place_of(child, on), Reckoner(since=on, today=by.today, authorities=[child.authority])
    for duty in _held(Duty.objects.filter(child=child, subject=subject, code__in=list(RULES))):
        now = fact or Fact(duty.fact)
        before = _state(duty)
        if RULES[duty.code] in rules_for(now, on, born=child.born_on):
            recompute(by=by, duty=duty, made=reckoner.opening(duty.code, now, on, child.authority_id, place))
        elif duty.closed_on is None:
            duty.closed_on, duty.outcome, duty.next_look_on = by.today, Outcome.NOT_APPLICABLE, None
        if _state(duty) != before:
            duty.save()
            changed += 1
    if fact is not None:
        known = set(Duty.objects.filter(child=child, subject=subject).values_list("code", flat=True))
        changed += sum(duty.code not in known for duty in open_duties(by=by, child=child, fact=fact, on=on, subject=subject))
    return changed


def _state(duty: Duty) -> tuple[object, ...]:
    return (duty.fact, duty.clock, duty.trigger_on, duty.due_on, duty.provisional, duty.closed_on, duty.outcome)


def recompute(*, by: Actor, duty: Duty | BodyDuty, made: Opening) -> None:
    """Put into the row what is opened from its fact today; what somebody brought forward, waived or did stays so. Not saved."""
    duty.trigger_on, duty.rule_version = made.trigger_on, made.rule_version
    duty.fact, duty.clock, duty.provisional = made.fact, made.clock, made.provisional
    brought_to = duty.brought_to if isinstance(duty, Duty) else None
    if duty.outcome == Outcome.NOT_APPLICABLE and not (isinstance(duty, Duty) and duty.waivers.filter(agreed=True).exists()):
        look_again(duty, by.today)
        duty.closed_on, duty.outcome = None, ""  # it applies after all
    due_on = min(made.due_on, brought_to) if brought_to else made.due_on
    if due_on != duty.due_on:
        _move(duty, due_on, made.next_look_on - made.due_on if made.next_look_on else None)
    if duty.closed_on is not None and duty.outcome in {Outcome.ON_TIME, Outcome.LATE}:
        duty.outcome = Outcome.ON_TIME if duty.closed_on <= duty.due_on else Outcome.LATE


@transaction.atomic
def close_all(*, by: Actor, child: Child, on: date, outcome: Outcome, reason: str = "") -> int:
    """Close every open duty of a child whose care ended, who moved to another authority, or to whom they no longer apply (DL-06).

    How many were open. Done duties are closed by `meet`, so `outcome` may not be on time or late.
    """
    if outcome in {Outcome.ON_TIME, Outcome.LATE}:
        raise ValueError("A duty that was done is closed by meet().")
    held = _held(Duty.objects.open().filter(child=child))
    return Duty.objects.filter(pk__in=[duty.pk for duty in held]).update(
        closed_on=on, outcome=outcome, next_look_on=None, reason=Value(reason) if reason else F("reason")
    )


@transaction.atomic
def explain_lateness(*, by: Actor, duty: Duty, reason: str) -> None:
    """Record why a duty is or was late. The due date stays where it is: nobody extends it (DL-07).

    Raises NotAllowed, BadInput (no reason, or too long), Refused when the duty is not late.
    """
    require_for(by=by, permission=Permission.EXPLAIN_LATENESS, child=duty.child)
    written = reason.strip()
    longest = Duty._meta.get_field("reason").max_length or 0
    if not written:
        raise BadInput({"reason": [_("Write why it is late. The due date stays the same")]})
    if len(written) > longest:
        raise BadInput({"reason": [_("Shorten the reason to %(longest)s characters or fewer") % {"longest": longest}]})
    if not duty.days_late(by.today):
        raise Refused(_("This is not late, so there is nothing to explain. A due date cannot be moved"))
    Duty.objects.filter(pk=duty.pk).update(reason=written)
    duty.reason = written
