"""The register: which child is at which school, and the relations and duties that follow."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation
from lace.children import rules
from lace.children.models import Child, lock
from lace.children.services import close_group_relations, close_relations, open_group_relation, require_for
from lace.children.shares import IN_SCHOOL
from lace.core.actor import Actor
from lace.core.errors import Message, Refused, refuse
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet, open_body_duties, open_duties
from schools.models import Enrolment, School
from schools.rules import LeavingReason
from schools.rules.duties import PLACED


@transaction.atomic
def enrol(*, by: Actor, child: Child, school: School, on: date, new_school: bool = True) -> Enrolment:
    """Put the child on a school's register from a day; the school before ends that day, and with it its access.

    `new_school` starts the 20 days to a plan at the new school (T05); at entry to care the entry's own clock runs instead.
    Raises BadInput, NotAllowed, Refused when the child is at that school already.
    """
    require_for(by=by, permission=Permission.RECORD_SCHOOL, child=child)
    lock(child)
    enrolments = list(Enrolment.objects.filter(child=child).order_by("started_on"))
    current = next((enrolment for enrolment in enrolments if enrolment.ended_on is None), None)
    if current is not None and current.school_id == school.pk:
        raise Refused(_("The child is on the register of this school already"))
    others = [rules.Period(enrolment.started_on, enrolment.ended_on) for enrolment in enrolments if enrolment is not current]
    problems: list[tuple[str, Message]] = list(rules.check_enrolment(rules.Period(on), born=child.born_on, others=others))
    if current is not None and on < current.started_on:
        problems.append(("started_on", _("The child started at the present school later than that. Give a day after it")))
    refuse(problems)
    if current is not None:
        _leave(by, current, on, LeavingReason.TRANSFER)
    enrolment = Enrolment(child=child, authority_id=child.authority_id, school=school, started_on=on)
    enrolment.save(force_insert=True)
    open_group_relation(by=by, child=child, group_id=school.organisation.group_id, relation=Relation.SCHOOL, on=on)
    if child.additional_needs:
        open_group_relation(by=by, child=child, group_id=school.organisation.group_id, relation=Relation.SCHOOL_ALN, on=on)
    if school.organisation.authority_id != child.authority_id:
        open_group_relation(by=by, child=child, group_id=school.organisation.authority.group_id, relation=Relation.SCHOOL_AUTHORITY, on=on)
    for fact in _facts(new=new_school, changed=bool(enrolments)):
        open_duties(by=by, child=child, fact=fact, on=on, subject=enrolment.pk)
    meet(by=by, child=child, codes=PLACED, on=on, evidence=enrolment.pk)
    return enrolment


def _facts(*, new: bool, changed: bool) -> list[Fact]:
    """What a start at a school is for its clocks; a change in Years 10 and 11 needs approval (regulation 11)."""
    return [Fact.SCHOOL_START] * new + [Fact.SCHOOL_CHANGED, Fact.PLACEMENT_MOVE_KS4] * changed


@transaction.atomic
def leave(*, by: Actor, child: Child, on: date, reason: str) -> None:
    """Take the child off the register on a day. Raises Refused when the child is on none, BadInput, NotAllowed."""
    require_for(by=by, permission=Permission.RECORD_SCHOOL, child=child)
    lock(child)
    current = Enrolment.objects.filter(child=child, ended_on__isnull=True).first()
    if current is None:
        raise Refused(_("The child is on no school's register"))
    refuse(rules.check_period(rules.Period(current.started_on, on)))
    _leave(by, current, on, reason)
    if rules.of_compulsory_school_age(child.born_on, on):
        open_duties(by=by, child=child, fact=Fact.NO_SCHOOL, on=on, subject=current.pk)
    if reason == LeavingReason.MOVED:
        open_duties(by=by, child=child, fact=Fact.MOVED_OUT, on=on, subject=current.pk)


def _leave(by: Actor, enrolment: Enrolment, on: date, reason: str) -> None:
    enrolment.ended_on, enrolment.leaving_reason = on, reason
    enrolment.save(update_fields=["ended_on", "leaving_reason"])
    for relation in (Relation.SCHOOL, Relation.SCHOOL_ALN, Relation.SCHOOL_AUTHORITY):
        close_group_relations(by=by, child=enrolment.child, relation=relation, on=on)
    for relation in IN_SCHOOL:  # teachers and form tutors are named of the school that the child is at
        close_relations(by=by, child=enrolment.child, relation=relation, on=on)
    school = enrolment.school
    if school.organisation.authority_id == by.authority_id:  # another authority's school keeps its own duties
        open_body_duties(
            by=by,
            authority=school.organisation.authority,
            body=school.organisation,
            fact=Fact.PUPIL_LEFT,
            on=on,
            subject=enrolment.pk,
            kind=school.kind,
        )
