"""Roles given and ended, by the administrator of the authority that owns the school or body."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, Role, require
from lace.accounts.models import LocalAuthority, Membership, Organisation, User
from lace.accounts.rules import PLACES
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused, refuse


def _require_over(by: Actor, authority_id: int, user_id: int) -> None:
    """An administrator changes the roles of others, in their own authority."""
    require(by, Permission.ADMINISTER)
    if by.is_person and by.authority_id != authority_id:
        raise NotAllowed
    if by.user_id == user_id:
        raise Refused(_("You cannot change your own roles. Ask another administrator"))


def _check_place(role: Role, authority: LocalAuthority, organisation: Organisation | None) -> None:
    """A role of a school or another body is held in one of this authority, every other in the authority as a whole. Raises BadInput."""
    kinds = PLACES.get(role, ())
    if kinds and organisation is None:
        raise BadInput({"organisation": [_("Choose the school or other body where the person holds this role")]})
    if organisation is not None and not kinds:
        raise BadInput({"organisation": [_("This role is held in the authority as a whole, not in one school or other body")]})
    if organisation is not None and organisation.authority_id != authority.pk:
        raise BadInput({"organisation": [_("Choose a school or other body of this authority")]})
    if organisation is not None and organisation.kind not in kinds:
        raise BadInput({"organisation": [_("This role is not held in a body of that kind")]})


@transaction.atomic
def open_membership(
    *,
    by: Actor,
    user: User,
    role: Role,
    authority: LocalAuthority,
    organisation: Organisation | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """The person holds this role there from that day (today unless said) until, not including, the other. A closed account opens again.

    Raises NotAllowed outside the administrator's authority, Refused for the administrator's own roles, BadInput when the role
    needs a school and none is given (or the other way round), when the school is another authority's, when the role is held
    already, or when it would have ended before it is given.
    """
    _require_over(by, authority.pk, user.pk)
    _check_place(role, authority, organisation)
    if ends_on is not None and ends_on <= max(by.today, starts_on or by.today):
        raise BadInput({"ends_on": [_("The day it ends must be after today and after the day it starts")]})
    membership = Membership(user=user, role=role, authority=authority, organisation=organisation, starts_on=starts_on or by.today, ends_on=ends_on)
    _check(membership)
    membership.save()
    User.objects.filter(pk=user.pk, is_active=False).update(is_active=True)
    return membership


@transaction.atomic
def end_membership(*, by: Actor, membership: Membership, on: date | None = None) -> Membership:
    """The role ends on that day (at once unless said), which is the first without it: it bites at the next request (PRIV-17; 002 4.59).

    Raises NotAllowed outside the administrator's authority, Refused for the administrator's own roles and for a role that has
    ended, BadInput for a day in the past or before its start.
    """
    _require_over(by, membership.authority_id, membership.user_id)
    locked = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if locked.ends_on is not None and locked.ends_on <= by.today:
        raise Refused(_("This role has ended already"))
    if on is not None and on < by.today:
        refuse([("on", _("Choose today or a later day: what was read before cannot be taken back"))])
    locked.ends_on = on or max(by.today, locked.starts_on)  # a role not begun ends on the day it would have
    _check(locked)
    locked.save(update_fields=["ends_on"])
    return locked


def _check(membership: Membership) -> None:
    try:
        membership.full_clean()
    except ValidationError as error:
        raise BadInput({name if name != "__all__" else "": sentences for name, sentences in error.message_dict.items()}) from error
