"""The additional learning provision in the plan: agreed, changed, ended; and from when an authority has it there (PEP-22, PEP-32)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, require
from lace.accounts.models import LocalAuthority
from lace.children.models import lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, NotAllowed, Refused, refuse
from peps.models import CombinedPlan, Pep, Provision
from peps.rules import Step
from peps.services import _move, _school_on, _stepped

FIELDS = (
    *("need", "outcome", "what", "how_much", "how_often", "in_welsh", "provider", "from_on", "review_on", "last_on", "why"),
    *("goes_on", "secured_by", "language"),
)
TWO_YEARS = 731  # days
YEARS_AHEAD = 25  # a development plan ends at 25 at the latest


@transaction.atomic
def choose_combined(*, by: Actor, authority: LocalAuthority, combined: bool, effective_from: date, approved_by: str) -> CombinedPlan:
    """From a day on, today at the earliest, an authority has the development plan inside the PEP, or has it apart again (PEP-22).

    What is written there stays written. Raises NotAllowed, BadInput naming effective_from or approved_by.
    """
    require(by, Permission.SET_STANDARD)
    if by.user_id is None or by.authority_id != authority.pk:
        raise NotAllowed
    refuse(_check_choice(by, effective_from, approved_by))
    row = CombinedPlan(authority=authority, combined=combined, effective_from=effective_from)
    row.approved_by, row.decided_by_id = approved_by.strip(), by.user_id
    row.save(force_insert=True)
    return row


def _check_choice(by: Actor, effective_from: date, approved_by: str) -> Iterator[tuple[str, Message]]:
    if effective_from < by.today:
        yield "effective_from", _("Enter today or a later day")
    if not approved_by.strip() or len(approved_by) > 200 or "\0" in approved_by:
        yield "approved_by", _("Enter who approved this, a person or a meeting, in up to 200 characters")


@transaction.atomic
def save_provision(*, by: Actor, pep: Pep, facts: Mapping[str, Any], provision: UUID | None = None, version: int = 0) -> Provision:
    """Add a provision, or save one in place of its `version`. `facts` holds the values of FIELDS. It is now agreed at the school attended.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open, the child's plan holds no development plan, or the
    provision is gone or has ended; Changed with the provision as it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    school = _school_on(child, by.today)
    if provision is None:
        circumstances = Pep.objects.with_facts(by.today).select_related("child").get(pk=pep.pk).circumstances(by.today)
        if not (circumstances.combined and circumstances.needs):
            raise Refused(_("The development plan of this child is not inside this plan. Say in its section where it is kept"))
        saved = Provision(pep=pep, child=child, authority_id=child.authority_id, since=pep.version + 1, version=0)
    else:
        saved = _standing(pep, provision)
        if saved.ended_on is not None:
            raise Refused(_("This provision has ended. Add a new one if it is needed again"))
    if provision is not None and saved.school_id == school and all(getattr(saved, name) == facts[name] for name in FIELDS):
        return saved
    if saved.version != version:
        raise Changed(saved)
    refuse(_problems(saved, facts, by))
    for name in FIELDS:
        setattr(saved, name, facts[name])
    saved.school_id = school
    _save(saved)
    _move(by, pep, state)
    return saved


@transaction.atomic
def end_provision(*, by: Actor, pep: Pep, provision: UUID, on: date | None, reason: str, version: int) -> Provision:
    """End a provision on a day, with the reason: the next version says so, later ones no longer hold it.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open, or the provision is gone; Changed as `save_provision`.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing(pep, provision)
    if (standing.ended_on, standing.end_reason) == (on, reason):
        return standing
    if standing.until is not None and standing.until <= pep.version:
        raise Refused(_("A final version holds how this provision ended"))
    if standing.version != version:
        raise Changed(standing)
    problems: list[tuple[str, Message]] = []
    if on is None or not standing.from_on <= on <= by.today:
        problems.append(("on", _("The day must be today or in the past, and not before the provision began")))
    if not reason.strip() or "\0" in reason:
        problems.append(("reason", _("Say why the provision ends")))
    refuse(problems)
    standing.ended_on, standing.end_reason, standing.until = on, reason, pep.version + 1
    _save(standing)
    _move(by, pep, state)
    return standing


@transaction.atomic
def remove_provision(*, by: Actor, pep: Pep, provision: UUID, version: int) -> None:
    """Strike out a provision that no final version holds. Raises as `end_provision`; Refused for one that a version holds: that is ended."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    standing = _standing(pep, provision)
    if standing.version != version:
        raise Changed(standing)
    if standing.since <= pep.version:
        raise Refused(_("A final version holds this provision, so it is not removed. Say when it ended, and why"))
    standing.delete()
    _move(by, pep, state)


def _standing(pep: Pep, provision: UUID) -> Provision:
    standing = Provision.objects.filter(pep=pep, pk=provision).first()
    if standing is None:
        raise Refused(_("Somebody has removed this provision. Go back to the plan, and add it again if it is needed"))
    return standing


def _save(provision: Provision) -> None:
    """Raises BadInput naming the fields that do not fit their columns."""
    try:
        provision.clean_fields(exclude={"pep", "child", "authority", "school"})
    except ValidationError as error:
        raise BadInput({field: [str(message) for message in messages] for field, messages in error.message_dict.items()}) from None
    provision.version += 1
    provision.save()


def _problems(provision: Provision, facts: Mapping[str, Any], by: Actor) -> Iterator[tuple[str, Message]]:
    start, review, last = facts["from_on"], facts["review_on"], facts["last_on"]
    if start is not None and start < provision.child.born_on:
        yield "from_on", _("The day must be after the child was born")
    if review is None and last is None:
        yield "review_on", _("Enter the review date, or the last day")
    if review is not None and review != provision.review_on and not by.today < review <= by.today + timedelta(days=TWO_YEARS):
        yield "review_on", _("The review date must be in the future, within two years")
    if last is not None and start is not None and not start <= last <= start + timedelta(days=366 * YEARS_AHEAD):
        yield "last_on", _("The last day cannot be before the first")
    if facts["goes_on"] and not facts["secured_by"].strip():
        yield "secured_by", _("Say who sees to it that the provision goes on")
