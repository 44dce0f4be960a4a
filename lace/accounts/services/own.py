"""A person's own acts: which role, which language, and that they signed in."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lace.accounts.acting import actor_for, context_of
from lace.accounts.models import Language, Membership, User
from lace.accounts.rules import ROLE_CHOSEN, SIGNED_IN
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.database.context import use


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
