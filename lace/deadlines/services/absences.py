"""Who is away, and who stands in: the reminders of the days between go to the stand-in, or else to the LACE coordinator (DL-10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lace.accounts.access import WITH_DUTIES, Role
from lace.accounts.models import Membership, User
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.deadlines.models import Absence

FOR_OTHERS = (Role.ADMINISTRATOR, Role.LACE_COORDINATOR)  # may enter and end the absence of anybody in their authority
LONGEST = timedelta(days=366)


def may_for_others(*, by: Actor) -> bool:
    """May the person say of others in the authority that they are away?"""
    return by.role in FOR_OTHERS


def has_work(*, by: Actor) -> bool:
    """Is there anything that a colleague could stand in for? Carers are not shown to carers as colleagues (goals A1)."""
    return by.is_person and by.role in WITH_DUTIES


def absences(*, by: Actor) -> QuerySet[Absence]:
    """Those that are not over: one's own, and for those who may enter others', everybody's of the authority."""
    rows = Absence.objects.filter(authority=by.authority_id, ends_on__gt=by.today).select_related("user", "stand_in").order_by("starts_on", "pk")
    return rows if may_for_others(by=by) else rows.filter(user=by.user_id)


def own_absences(*, by: Actor) -> QuerySet[Absence]:
    """The person's own that are not over."""
    return absences(by=by).filter(user=by.user_id)


def stand_ins(*, by: Actor, user: User) -> list[User]:
    """Who could stand in for a person: whoever holds one of that person's roles in the same place of the actor's authority."""
    held = Membership.objects.open_on(by.today).filter(authority=by.authority_id, user__is_active=True).filter(role__in=WITH_DUTIES)
    places = {(row.role, row.organisation_id) for row in held.filter(user=user)}
    others = held.filter(role__in={role for role, _place in places}).exclude(user=user).select_related("user").order_by("user__name", "pk")
    people = {row.user_id: row.user for row in others if (row.role, row.organisation_id) in places}
    return list(people.values())


def find_colleague(*, by: Actor, email: str) -> User | None:
    """Somebody with a role in the actor's authority, by e-mail address."""
    held = Membership.objects.open_on(by.today).filter(authority=by.authority_id, user__is_active=True, user__email=email.strip().lower())
    row = held.filter(role__in=WITH_DUTIES).select_related("user").first()
    return row.user if row else None


@transaction.atomic
def be_away(*, by: Actor, user: User, starts_on: date, ends_on: date, stand_in: User | None = None) -> Absence:
    """Record that somebody is away from `starts_on` until `ends_on`, the first day back, and who stands in.

    Everybody for themselves; administrators and LACE coordinators for anybody with a role in their authority. Raises NotAllowed,
    BadInput (days out of order, over already, longer than a year, overlapping another absence, a stand-in without the same role).
    """
    if by.authority_id is None or not (has_work(by=by) or may_for_others(by=by)):
        raise NotAllowed
    if user.pk != by.user_id and not (may_for_others(by=by) and _works_here(by, user)):
        raise NotAllowed
    refuse(_problems(by, user, starts_on, ends_on, stand_in))
    absence = Absence(authority_id=by.authority_id, user=user, starts_on=starts_on, ends_on=ends_on, stand_in=stand_in)
    try:
        with transaction.atomic():
            absence.save(force_insert=True)
    except IntegrityError:  # entered at the same moment elsewhere
        refuse([("starts_on", _overlaps())])
    return absence


def _works_here(by: Actor, user: User) -> bool:
    return Membership.objects.open_on(by.today).filter(authority=by.authority_id, user=user).filter(role__in=WITH_DUTIES).exists()


def _overlaps() -> str:
    return _("These days overlap an absence that is entered already. Change the days, or end the other first")


def _problems(by: Actor, user: User, starts_on: date, ends_on: date, stand_in: User | None) -> Iterator[tuple[str, Message]]:
    if ends_on <= starts_on:
        yield "ends_on", _("The day back must be after the first day away")
    elif ends_on <= by.today:
        yield "ends_on", _("The day back must be after today: reminders of days past are sent already")
    elif ends_on - starts_on > LONGEST:
        yield "ends_on", _("Enter a year at most. For longer, an administrator ends the role")
    elif Absence.objects.filter(authority=by.authority_id, user=user, starts_on__lt=ends_on, ends_on__gt=starts_on).exists():
        yield "starts_on", _overlaps()
    if stand_in is None:
        return
    if stand_in.pk not in {person.pk for person in stand_ins(by=by, user=user)}:
        yield "stand_in", _("Choose somebody who has the same role in the same place")
    elif Absence.objects.filter(authority=by.authority_id, user=stand_in, starts_on__lt=ends_on, ends_on__gt=starts_on).exists():
        yield "stand_in", _("This person is away in these days too. Choose somebody else")


@transaction.atomic
def come_back(*, by: Actor, absence: Absence) -> None:
    """End an absence today, or take it back when it has not begun. Raises NotAllowed, Refused when it is over."""
    if absence.authority_id != by.authority_id or (absence.user_id != by.user_id and not may_for_others(by=by)):
        raise NotAllowed
    standing = Absence.objects.select_for_update(of=("self",)).filter(pk=absence.pk).first()
    if standing is None or standing.ends_on <= by.today:
        raise Refused(_("This absence is over already"))
    if standing.starts_on >= by.today:
        standing.delete()
        return
    standing.ends_on = by.today
    standing.save(update_fields=["ends_on"])
