"""The termly access review: opened once, each role confirmed or ended by an administrator, and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, require
from lace.accounts.models import AccessReview, LocalAuthority, Membership, ReviewedRole
from lace.accounts.people import last_used
from lace.accounts.rules import REVIEW_WORKING_DAYS, Decision, term_start
from lace.accounts.services.roles import end_membership
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, refuse
from lace.core.workdays import add_working_days


@transaction.atomic
def open_access_review(*, by: Actor, authority: LocalAuthority, connected: Mapping[int, bool] | None = None) -> AccessReview:
    """The review of this term, made with every role that is open today; the one that is there already stays as it is.

    `connected` says by membership whether any child stands behind the role; what it leaves out is not known. Raises NotAllowed outside the
    administrator's authority.
    """
    require(by, Permission.ADMINISTER)
    if by.is_person and by.authority_id != authority.pk:
        raise NotAllowed
    term = term_start(by.today)
    review, made = AccessReview.objects.get_or_create(
        authority=authority, term_starts_on=term, defaults={"due_on": add_working_days(max(term, by.today), REVIEW_WORKING_DAYS)}
    )
    if made:
        held = list(Membership.objects.open_on(by.today).filter(authority=authority).values_list("pk", flat=True))
        used = last_used(held)
        ReviewedRole.objects.bulk_create(
            ReviewedRole(
                review=review,
                authority=authority,
                membership_id=pk,
                last_used_at=used.get(pk),
                has_children=(connected or {}).get(pk),
            )
            for pk in held
        )
    return review


@transaction.atomic
def decide_roles(*, by: Actor, review: AccessReview, roles: Iterable[UUID], decision: Decision) -> int:
    """Confirm these roles, or end them today. A role decided before, and one that has ended meanwhile, is left as it is. How many were decided.

    Raises NotAllowed outside the administrator's authority, BadInput when none is chosen, Refused for one's own role.
    """
    require(by, Permission.ADMINISTER)
    if by.user_id is None or by.authority_id != review.authority_id:
        raise NotAllowed
    chosen = list(roles)
    if not chosen:
        refuse([("roles", _("Choose the roles that you want to confirm or end"))])
    rows = list(
        ReviewedRole.objects.select_for_update(of=("self",))
        .filter(review=review, pk__in=chosen, decision="")
        .filter(membership__in=Membership.objects.open_on(by.today))
        .select_related("membership")
        .order_by("pk")
    )
    if any(row.membership.user_id == by.user_id for row in rows):
        refuse([("roles", _("Your own role is for another administrator to confirm"))])
    for row in rows:
        if decision == Decision.ENDED:
            end_membership(by=by, membership=row.membership)
        row.decision, row.decided_by_id, row.decided_at = decision, by.user_id, timezone.now()
        row.save(update_fields=["decision", "decided_by", "decided_at"])
    return len(rows)
