"""The school says that its register of looked-after children is correct."""

from __future__ import annotations

from django.db import transaction

from lace.accounts.access import Permission, require
from lace.core.actor import Actor
from lace.core.errors import NotAllowed
from lace.deadlines.services import meet_body
from schools.models import RegisterCheck, School
from schools.rules.bodies import both


@transaction.atomic
def confirm_register(*, by: Actor, school: School) -> RegisterCheck:
    """Record who confirmed the register, and when (DP-01); each confirmation is kept. Raises NotAllowed outside the school."""
    require(by, Permission.CONFIRM_REGISTER)
    if by.organisation_id != school.pk or by.user_id is None:
        raise NotAllowed
    check = RegisterCheck(school=school, authority_id=school.organisation.authority_id, confirmed_by_id=by.user_id, confirmed_on=by.today)
    check.save(force_insert=True)
    organisation = school.organisation
    meet_body(by=by, authority=organisation.authority, body=organisation, codes=both("register_confirmed"), on=by.today, evidence=check.pk)
    return check
