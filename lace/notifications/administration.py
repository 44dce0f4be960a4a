"""What administrators' acts send out: the invitation by e-mail, and the reminder of the termly access review."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lace.accounts import services
from lace.accounts.access import Relation, Role
from lace.accounts.acting import actor_for, context_of
from lace.accounts.invitations import token_for
from lace.accounts.models import AccessReview, LocalAuthority, Membership, Organisation, ReviewedRole, RoleInvitation, User
from lace.accounts.rules import term_start
from lace.audit.track import acting
from lace.children.models import ChildGroupGrant, ChildUserGrant
from lace.core.actor import Actor
from lace.database.context import use
from lace.notifications.kinds import Facts, Kind, declare, plain_facts
from lace.notifications.models import Notification
from lace.notifications.services import notify


def _of_authority(facts: Facts) -> dict[str, str]:
    """The authority's name in the reader's language; facts hold both."""
    welsh = (get_language() or "").startswith("cy")
    return {**plain_facts(facts), "authority": facts["authority_cy" if welsh else "authority_en"]}


def _link(facts: Facts) -> str:
    return reverse("invitation", args=[token_for(facts["invitation"], facts["authority_id"], facts["number"])])


declare(
    Kind(
        code="invitation",
        # Which role is left out: that somebody fosters, or is in care, is nobody's business who reads over a shoulder (PRIV-14).
        subject=_("You are invited to Lace"),
        body=_(
            "%(authority)s invites you to Lace, the service for the education of looked-after children. "
            "The link works once, until %(expires_at)s. If you do not know why you get this, do nothing."
        ),
        route="account_login",
        words=_of_authority,
        address=_link,
        lead=_("Take up the invitation here:"),
        at_once=True,
    ),
    Kind(
        code="access_review_opened",
        subject=_("The access review of this term has begun"),
        body=_("Look through the open roles of your authority and its schools. Confirm or end each one by %(due_on)s."),
        route="access_review",
        digest=True,
    ),
    Kind(
        code="access_review_due",
        subject=_("The access review of this term is not finished"),
        body=_("Some roles were neither confirmed nor ended by %(due_on)s."),
        route="access_review",
        digest=True,
    ),
)


@transaction.atomic
def invite(*, by: Actor, **offer: Any) -> RoleInvitation:
    """`lace.accounts.services.invite`, with its e-mail put into the outbox in the same transaction."""
    return _send(by, services.invite(by=by, **offer))


@transaction.atomic
def send_again(*, by: Actor, invitation: RoleInvitation) -> RoleInvitation:
    """A new link by a new e-mail; the one before works no longer. Raises as `lace.accounts.services.renew_invitation`."""
    return _send(by, services.renew_invitation(by=by, invitation=invitation))


def _send(by: Actor, invitation: RoleInvitation) -> RoleInvitation:
    authority = invitation.authority
    notify(
        by=by,
        kind="invitation",
        source=invitation.pk,
        step=invitation.sent,
        child=None,
        recipients=[invitation.user],
        authority=authority,
        channels=[Notification.Channel.EMAIL],
        facts={
            "invitation": str(invitation.pk),
            "number": invitation.sent,
            "authority_id": authority.pk,
            "authority_en": authority.name_en,
            "authority_cy": authority.name_cy,
            "expires_at": invitation.expires_at.isoformat(),
        },
    )
    return invitation


def remind_of_access_reviews(*, by: Actor) -> int:
    """As a named job: open this term's review wherever there is none and tell the administrators; tell them once more when its day has
    passed and roles are left. Running it again adds nothing. Returns how many people were addressed."""
    told = 0
    with use(context_of(by)), acting(by):
        with transaction.atomic():
            working = list(LocalAuthority.objects.filter(pk__in=Membership.objects.open_on(by.today).values("authority")).order_by("pk"))
        for authority in working:
            with transaction.atomic():
                told += _remind(by, authority)
    return told


def _remind(by: Actor, authority: LocalAuthority) -> int:
    review = AccessReview.objects.filter(authority=authority, term_starts_on=term_start(by.today)).first()
    kind, step = "access_review_opened", 0
    if review is None:
        review = services.open_access_review(by=by, authority=authority, connected=_connected(by, authority))
    elif review.due_on <= by.today and ReviewedRole.objects.filter(review=review).undecided(by.today).exists():
        kind, step = "access_review_due", 1
    else:
        return 0
    administrators = Membership.objects.open_on(by.today).filter(authority=authority, role=Role.ADMINISTRATOR)
    return notify(
        by=by,
        kind=kind,
        source=review.pk,
        step=step,
        child=None,
        recipients=User.objects.filter(pk__in=administrators.values("user")),
        authority=authority,
        facts={"due_on": review.due_on.isoformat()},
    )


def _connected(by: Actor, authority: LocalAuthority) -> dict[int, bool]:
    """Of each open role that reaches children by name or through a home, service or provider: does any child stand behind it today? By
    membership id. A school's own roles stay needed without any child on its roll (000 GB)."""
    held = Membership.objects.open_on(by.today).filter(authority=authority).select_related("authority", "organisation")
    acting_under = {membership.pk: actor_for(membership, today=by.today) for membership in held}
    is_open = Q(starts_on__lte=by.today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=by.today))
    schools = {
        membership.organisation_id for membership in held if membership.organisation and membership.organisation.kind == Organisation.Kind.SCHOOL
    }
    users = {actor.user_id for actor in acting_under.values()}
    groups = {group for actor in acting_under.values() for group in actor.groups}
    named = set(ChildUserGrant.objects.filter(is_open, user__in=users).values_list("user_id", "permission__codename").distinct())
    grouped = set(ChildGroupGrant.objects.filter(is_open, group__in=groups).values_list("group_id", "permission__codename").distinct())
    own = {pk: actor.own_relations - {str(Relation.EMERGENCY)} for pk, actor in acting_under.items()}  # a broken glass is no relation
    return {
        pk: any((actor.user_id, relation) in named for relation in own[pk])
        or any((group, relation) in grouped for group in actor.groups for relation in actor.relations)
        for pk, actor in acting_under.items()
        if not actor.authorities and (own[pk] or (actor.groups and actor.organisation_id not in schools))
    }
