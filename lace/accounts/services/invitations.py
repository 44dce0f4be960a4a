"""Invitations: a role offered by a link, sent again, withdrawn, taken up. The e-mail is lace.notifications' part."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.accounts.invitations import digest, find, token_for
from lace.accounts.models import Language, LocalAuthority, Membership, Organisation, RoleInvitation, User
from lace.accounts.rules import INVITATION_LIVES
from lace.accounts.services.people import _not_over, _problems
from lace.accounts.services.roles import _check, _check_place, _require_over
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused, refuse


@transaction.atomic
def invite(
    *,
    by: Actor,
    authority: LocalAuthority,
    email: str,
    name: str,
    role: Role,
    organisation: Organisation | None = None,
    ends_on: date | None = None,
    language: str = Language.ENGLISH,
) -> RoleInvitation:
    """Offer the role to whoever reads this address. An account that has the address already is invited as it is, and nobody is told that
    there was one: it may be another authority's.

    Raises NotAllowed outside the administrator's authority; BadInput for an address, name, language or place that is missing or
    wrong, for somebody who holds a role here (they are given another on their page) or whose invitation waits, and for an end that is past.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    _require_over(by, authority.pk, 0)
    if by.user_id is None:
        raise NotAllowed  # an invitation says who invites
    problems = _problems(email, name, language)
    if ends_on is not None and ends_on <= by.today:
        problems.append(("ends_on", _("The day it ends must be after today and after the day it starts")))
    refuse(problems)
    _check_place(role, authority, organisation)
    known, _made = User.objects.get_or_create(email=email, defaults={"name": name, "language": language, "password": make_password(None)})
    user = User.objects.select_for_update().get(pk=known.pk)  # two administrators at once make one invitation
    if _not_over(user, by.today).filter(authority=authority).exists():
        raise BadInput({"email": [_("This person holds a role in your authority already. Find them under People and give them another there")]})
    if RoleInvitation.objects.waiting().filter(authority=authority, user=user).exists():
        raise BadInput({"email": [_("This person is invited already. Send that invitation again, or withdraw it first")]})
    if not user.is_active:  # so that the message goes out; without a role it opens nothing
        user.is_active = True
        user.save(update_fields=["is_active"])
    invitation = RoleInvitation(
        authority=authority,
        user=user,
        name=name,
        role=role,
        organisation=organisation,
        ends_on=ends_on,
        invited_by_id=by.user_id,
        sent=0,
    )
    _renew(invitation)
    invitation.save(force_insert=True)
    return invitation


@transaction.atomic
def renew_invitation(*, by: Actor, invitation: RoleInvitation) -> RoleInvitation:
    """A new link for another seven days; the one before works no longer. Raises NotAllowed, or Refused for one taken up or withdrawn."""
    locked = _waiting(by, invitation)
    _renew(locked)
    locked.save(update_fields=["sent", "sent_at", "expires_at", "token_sha256"])
    return locked


@transaction.atomic
def withdraw_invitation(*, by: Actor, invitation: RoleInvitation) -> None:
    """The link works no longer. Raises NotAllowed, or Refused for one taken up or withdrawn."""
    locked = _waiting(by, invitation)
    locked.withdrawn_at = timezone.now()
    locked.save(update_fields=["withdrawn_at"])


@transaction.atomic
def accept_invitation(*, by: Actor, token: str, password: str = "") -> Membership:
    """The invited person takes the role, from today on; an account without a password gets this one.

    `by` is the invited person on their own account, and the database serves the invitation's authority. Raises Refused for a link
    that works no longer, NotAllowed for somebody else, BadInput for a password that is missing or weak and for a role held already.
    """
    found = find(token)
    if found is None:
        raise Refused(_("This invitation has been used or is too old. Ask the administrator of your authority for a new one"))
    invitation = RoleInvitation.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if invitation.user_id != by.user_id:
        raise NotAllowed
    if invitation.accepted_at or invitation.withdrawn_at or (invitation.ends_on is not None and invitation.ends_on <= by.today):
        raise Refused(_("This invitation has been used or is too old. Ask the administrator of your authority for a new one"))
    user = User.objects.select_for_update().get(pk=invitation.user_id)
    if not user.has_usable_password():
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise BadInput({"password": error.messages}) from error
        user.set_password(password)
        user.save(update_fields=["password"])
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    membership = Membership(
        user=user,
        role=invitation.role,
        authority_id=invitation.authority_id,
        organisation_id=invitation.organisation_id,
        starts_on=by.today,
        ends_on=invitation.ends_on,
    )
    _check(membership)
    membership.save()
    return membership


def _waiting(by: Actor, invitation: RoleInvitation) -> RoleInvitation:
    _require_over(by, invitation.authority_id, invitation.user_id)
    locked = RoleInvitation.objects.select_for_update(of=("self",)).select_related("user", "authority").get(pk=invitation.pk)
    if locked.accepted_at or locked.withdrawn_at:
        raise Refused(_("This invitation has been taken up or withdrawn already"))
    return locked


def _renew(invitation: RoleInvitation) -> None:
    invitation.sent += 1
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitation.sent_at + INVITATION_LIVES
    invitation.token_sha256 = digest(token_for(invitation.pk, invitation.authority_id, invitation.sent))
