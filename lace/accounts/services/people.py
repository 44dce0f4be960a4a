"""People: their accounts, and the end of all their access."""

from __future__ import annotations

from datetime import date

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, require
from lace.accounts.models import Language, Membership, MembershipQuerySet, RoleInvitation, User
from lace.accounts.services.roles import end_membership
from lace.accounts.services.sessions import _end
from lace.core.actor import Actor
from lace.core.errors import BadInput, Message, NotAllowed, Refused, refuse


def _problems(email: str, name: str, language: str) -> list[tuple[str, Message]]:
    problems: list[tuple[str, Message]] = []
    try:
        validate_email(email)
    except ValidationError:
        problems.append(("email", _("Enter an e-mail address, like name@example.com")))
    if not name:
        problems.append(("name", _("Enter the person's name")))
    if language not in Language.values:
        problems.append(("language", _("Choose English or Welsh")))
    return problems


@transaction.atomic
def add_person(*, by: Actor, email: str, name: str, language: str = Language.ENGLISH) -> User:
    """An account without a password: the person chooses one by "Forgotten your password?". It gives no access by itself.

    Raises BadInput for an address that is none or is taken, and for a name or language that is missing.
    """
    require(by, Permission.ADMINISTER)
    email, name = email.strip().lower(), " ".join(name.split())
    problems = _problems(email, name, language)
    if User.objects.filter(email=email).exists():
        problems.append(("email", _("There is an account with this address already. Give that person the role")))
    refuse(problems)
    return User.objects.create_user(email=email, name=name, language=language)


@transaction.atomic
def person_at(*, by: Actor, email: str, name: str, language: str) -> User:
    """Whoever reads this address: the account that has it, as it is, or a new one without a password, which opens nothing. Nobody is told
    whether there was one. Raises BadInput for an address that is none, and for a name or language that is missing."""
    email, name = email.strip().lower(), " ".join(name.split())
    refuse(_problems(email, name, language))
    user, _made = User.objects.get_or_create(email=email, defaults={"name": name, "language": language, "password": make_password(None)})
    return user


@transaction.atomic
def correct_name(*, by: Actor, user: User, name: str) -> User:
    """The person's name as it should be. Raises NotAllowed for one without a role in the administrator's authority, BadInput for no name."""
    require(by, Permission.ADMINISTER)
    if by.is_person and not Membership.objects.filter(user=user, authority_id=by.authority_id).exists():
        raise NotAllowed
    name = " ".join(name.split())
    if not name:
        raise BadInput({"name": [_("Enter the person's name")]})
    user.name = name
    user.save(update_fields=["name"])
    return user


@transaction.atomic
def end_access(*, by: Actor, user: User) -> None:
    """End today every role, also those not begun, that the person holds in the administrator's authority (for a job: everywhere); close
    the account when none is left."""
    require(by, Permission.ADMINISTER)
    for membership in _not_over(user, by.today):
        if by.job or membership.authority_id == by.authority_id:
            end_membership(by=by, membership=membership)
    if not _not_over(user, by.today).exists():
        User.objects.filter(pk=user.pk).update(is_active=False)


@transaction.atomic
def suspend(*, by: Actor, user: User) -> None:
    """End all access at once: every role and every session, in this transaction. A case system's tokens die with its role.

    Raises NotAllowed for a person without a role in the administrator's authority, Refused for oneself.
    """
    require(by, Permission.ADMINISTER)
    if by.user_id == user.pk:
        raise Refused(_("You cannot suspend yourself. Ask another administrator"))
    if by.is_person and not _not_over(user, by.today).filter(authority_id=by.authority_id).exists():
        raise NotAllowed
    end_access(by=by, user=user)
    waiting = RoleInvitation.objects.waiting().filter(Q(user=user) | Q(invited_by=user))
    for invitation in waiting if by.job else waiting.filter(authority_id=by.authority_id):
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
    _end(UserSession.objects.filter(user_id=user.pk))


def _not_over(user: User, day: date) -> MembershipQuerySet:
    return Membership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), user=user)
