"""Designations of a school's designated person: recorded and ended by the governing body or the headteacher (SCH-03)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role, require
from lace.accounts.models import Membership, User
from lace.children.rules import academic_year
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet_body, open_body_duties
from lace.notifications.services import notify
from schools.models import Designation, School
from schools.rules.bodies import both


@dataclass(frozen=True, slots=True)
class DesignationFacts:
    """Who is designated, from when, and on what the governing body's choice rests."""

    membership: Membership  # the person's role of designated person at the school
    decided_on: date
    started_on: date
    headteacher_consulted: bool
    other_roles: str = ""
    leadership_team: bool = False
    pastoral: bool = False
    factors: tuple[str, ...] = ()


@transaction.atomic
def designate(*, by: Actor, school: School, facts: DesignationFacts) -> Designation:
    """Record the school's designated person; the designation before ends on the day this one starts, so that none is missing between.

    Tells the authority's LACE coordinators (SCH-04). Raises NotAllowed for anybody but the school's headteacher and governors;
    BadInput for one's own designation, a person without the role there, and days out of order; Refused when the person is
    designated already.
    """
    _hold(by, school)
    designations = list(Designation.objects.filter(school=school).order_by("started_on", "created_at"))
    current = next((row for row in designations if row.ended_on is None), None)
    if current is not None and current.membership.user_id == facts.membership.user_id:
        raise Refused(_("This person is the school's designated person already"))
    refuse(_problems(by, school, facts, designations, current))
    if current is not None:
        current.ended_on = facts.started_on
        current.save(update_fields=["ended_on"])
    values = {name: getattr(facts, name) for name in DesignationFacts.__dataclass_fields__} | {"factors": list(facts.factors)}
    made = Designation(school=school, authority_id=school.organisation.authority_id, **values)
    made.save(force_insert=True)
    _tell(by, made, "designation_made", {"started_on": facts.started_on.isoformat()}, roles=(Role.LACE_COORDINATOR,))
    _open_duties(by, made)
    return made


def _open_duties(by: Actor, made: Designation) -> None:
    """Training, and a full school year in the role; that the coordinators are told is done by recording the designation (SCH-04)."""
    organisation = made.school.organisation
    year = academic_year(made.started_on)
    full = date(year, 9, 1) if made.started_on == date(year, 9, 1) else date(year + 1, 9, 1)
    for fact, on in ((Fact.DESIGNATION, made.decided_on), (Fact.DESIGNATED_FROM, full)):
        open_body_duties(by=by, authority=organisation.authority, body=organisation, fact=fact, on=on, subject=made.pk, kind=made.school.kind)
    meet_body(by=by, authority=organisation.authority, body=organisation, codes=both("designation_told"), on=by.today, evidence=made.pk)


def _problems(
    by: Actor, school: School, facts: DesignationFacts, designations: Iterable[Designation], current: Designation | None
) -> Iterable[tuple[str, Message]]:
    held = facts.membership
    if held.organisation_id != school.pk or held.role != Role.DESIGNATED_PERSON or (held.ends_on is not None and held.ends_on <= by.today):
        yield "membership", _("Choose somebody who has the role of designated person at this school")
    elif held.user_id == by.user_id:
        yield "membership", _("You cannot record your own designation. Ask a governor or the headteacher to record it")
    if facts.decided_on > by.today:
        yield "decided_on", _("The governing body's decision must be today or in the past")
    if facts.started_on < facts.decided_on:
        yield "started_on", _("The designation cannot start before the governing body decided on it")
    if current is not None and facts.started_on <= current.started_on:
        yield "started_on", _("The present designation started on %(day)s. Give a day after it") % {"day": _day(current.started_on)}
    last = max((row.ended_on for row in designations if row.ended_on is not None), default=None)
    if last is not None and facts.started_on < last:
        yield "started_on", _("The designation before lasts until %(day)s. Give that day, or one after it") % {"day": _day(last)}


@transaction.atomic
def end_designation(*, by: Actor, designation: Designation, on: date) -> Designation:
    """Record the day from which the person is no longer designated. The person's role in Lace is the administrator's to end (PRIV-17).

    Tells the authority's LACE coordinators and administrators. Raises NotAllowed as `designate`, Refused when it has ended or is
    one's own, BadInput for a day before it started.
    """
    _hold(by, designation.school)
    designation = Designation.objects.select_related("membership", "school__organisation__authority").get(pk=designation.pk)
    if designation.ended_on is not None:
        raise Refused(_("This designation has ended already"))
    if designation.membership.user_id == by.user_id:
        raise Refused(_("You cannot end your own designation. Ask a governor or the headteacher to record it"))
    if on < designation.started_on:
        refuse([("ended_on", _("The designation started on %(day)s. Give that day, or one after it") % {"day": _day(designation.started_on)})])
    designation.ended_on = on
    designation.save(update_fields=["ended_on"])
    _tell(by, designation, "designation_ended", {"ended_on": on.isoformat()}, roles=(Role.LACE_COORDINATOR, Role.ADMINISTRATOR))
    return designation


def _hold(by: Actor, school: School) -> None:
    """Only the school's own; its row held to the end of the transaction, so that designations happen one after another."""
    require(by, Permission.DESIGNATE)
    if by.organisation_id != school.pk:
        raise NotAllowed
    School.objects.select_for_update().get(pk=school.pk)


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def _tell(by: Actor, designation: Designation, kind: str, facts: dict[str, str], *, roles: Iterable[Role]) -> None:
    organisation = designation.school.organisation
    held = Membership.objects.open_on(by.today).filter(authority=organisation.authority_id, role__in=list(roles))
    notify(
        by=by,
        kind=kind,
        source=designation.pk,
        child=None,
        authority=organisation.authority,
        recipients=User.objects.filter(pk__in=held.values("user")),
        facts={**facts, "school_en": organisation.name_en, "school_cy": organisation.name_cy},
    )
