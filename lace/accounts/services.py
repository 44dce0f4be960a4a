"""Every write to people, their roles and their own choices."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import REACH, Permission, Reach, Role, require
from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Language, LocalAuthority, Membership, Organisation, User
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.database.context import use

SIGNED_IN, ROLE_CHOSEN = "signed_in", "role_chosen"  # labels in the trail of a membership, beside those of its changes


@transaction.atomic
def add_person(*, by: Actor, email: str, name: str, language: str = Language.ENGLISH) -> User:
    """An account without a password: the person chooses one by "Forgotten your password?". It gives no access by itself.

    Raises BadInput for an address that is none or is taken, and for a name or language that is missing.
    """
    require(by, Permission.ADMINISTER)
    email, name = email.strip().lower(), " ".join(name.split())
    problems: dict[str, list[object]] = {}
    try:
        validate_email(email)
    except ValidationError:
        problems["email"] = [_("Enter an e-mail address, like name@example.com")]
    else:
        if User.objects.filter(email=email).exists():
            problems["email"] = [_("There is an account with this address already. Give that person the role")]
    if not name:
        problems["name"] = [_("Enter the person's name")]
    if language not in Language.values:
        problems["language"] = [_("Choose English or Welsh")]
    if problems:
        raise BadInput(problems)  # type: ignore[arg-type]  # lists of lazy sentences
    return User.objects.create_user(email=email, name=name, language=language)


def _require_over(by: Actor, authority_id: int, user_id: int) -> None:
    """An administrator changes the roles of others, in their own authority."""
    require(by, Permission.ADMINISTER)
    if by.is_person and by.authority_id != authority_id:
        raise NotAllowed
    if by.user_id == user_id:
        raise Refused(_("You cannot change your own roles. Ask another administrator"))


@transaction.atomic
def open_membership(
    *, by: Actor, user: User, role: Role, authority: LocalAuthority, organisation: Organisation | None = None, starts_on: date | None = None
) -> Membership:
    """The person holds this role there from that day (today unless said).

    Raises NotAllowed outside the administrator's authority, Refused for the administrator's own roles, BadInput when the role
    needs a school and none is given (or the other way round), when the school is another authority's, or the role is held already.
    """
    _require_over(by, authority.pk, user.pk)
    in_organisation = REACH[role] == Reach.ORGANISATION or role == Role.GOVERNOR
    if in_organisation and organisation is None:
        raise BadInput({"organisation": [_("Choose the school where the person holds this role")]})
    if organisation is not None and not in_organisation:
        raise BadInput({"organisation": [_("This role is held in the authority as a whole, not in one school")]})
    if organisation is not None and organisation.authority_id != authority.pk:
        raise BadInput({"organisation": [_("Choose a school of this authority")]})
    membership = Membership(user=user, role=role, authority=authority, organisation=organisation, starts_on=starts_on or by.today)
    _check(membership)
    membership.save()
    return membership


@transaction.atomic
def end_membership(*, by: Actor, membership: Membership, on: date | None = None) -> Membership:
    """The role ends on that day (today unless said), which is the first without it: it bites at the next request (PRIV-17; 002 4.59).

    Raises NotAllowed outside the administrator's authority, Refused for the administrator's own roles and for a role that has
    ended, BadInput for a day before its start.
    """
    _require_over(by, membership.authority_id, membership.user_id)
    locked = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if locked.ends_on is not None and locked.ends_on <= by.today:
        raise Refused(_("This role has ended already"))
    locked.ends_on = on or by.today
    _check(locked)
    locked.save(update_fields=["ends_on"])
    return locked


@transaction.atomic
def end_access(*, by: Actor, user: User) -> None:
    """End today every role the person holds in the administrator's authority (for a job: everywhere); close the account when none is left."""
    for membership in Membership.objects.open_on(by.today).filter(user=user):
        if by.job or membership.authority_id == by.authority_id:
            end_membership(by=by, membership=membership)
    require(by, Permission.ADMINISTER)
    if not Membership.objects.open_on(by.today).filter(user=user).exists():
        User.objects.filter(pk=user.pk).update(is_active=False)


def _check(membership: Membership) -> None:
    try:
        membership.full_clean()
    except ValidationError as error:
        raise BadInput({name if name != "__all__" else "": sentences for name, sentences in error.message_dict.items()}) from error


# ---- a person's own acts ----


@transaction.atomic
def record_sign_in(*, by: Actor) -> None:
    """Put into the membership's trail that the person signed in under it. Raises NotAllowed for anyone without one."""
    if by.membership_id is None:
        raise NotAllowed
    _note(by, Membership.objects.select_related("authority", "organisation").get(pk=by.membership_id), SIGNED_IN)


@transaction.atomic
def choose_role(*, by: Actor, membership_id: int) -> Membership:
    """The person goes on under another of their roles, and the trail says so (SCH-06). Raises NotAllowed for a role they do not hold today."""
    own = Membership.objects.open_on(by.today).filter(user_id=_person(by))
    membership = own.filter(pk=membership_id).select_related("authority", "organisation").first()
    if membership is None:
        raise NotAllowed
    _note(by, membership, ROLE_CHOSEN)
    return membership


@transaction.atomic
def choose_language(*, by: Actor, language: str) -> None:
    """Remember in which language the person reads Lace and its messages. Raises BadInput for another."""
    if language not in Language.values:
        raise BadInput({"language": [_("Choose English or Welsh")]})
    User.objects.filter(pk=_person(by)).exclude(language=language).update(language=language)


def _person(by: Actor) -> int:
    if by.user_id is None:
        raise NotAllowed
    return by.user_id


def _note(by: Actor, membership: Membership, label: str) -> None:
    """An entry in the membership's append-only trail for what changes no row. The trail is its authority's, so the database serves that one."""
    kept = {field.attname: getattr(membership, field.attname) for field in Membership._meta.concrete_fields}
    context = {"actor": by.label, "user": by.user_id, "role": by.role, "membership": by.membership_id, "job": by.job}
    with use(context_of(actor_for(membership, today=by.today))):
        Membership.pgh_event_model.objects.create(pgh_label=label, pgh_context=context, **kept)  # type: ignore[attr-defined]  # made by pghistory
