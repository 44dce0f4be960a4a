"""Meetings about a plan: who is asked to them, the child's wish about the advocate, when a meeting with the carer is missing. No database."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Role
from lace.notifications.kinds import Kind, declare

LIMIT = 500  # characters of what a meeting is for, and of why it is called off
# How long before its due day the second meeting with the carer must be booked (†): a meeting booked later falls into the summer holidays.
TO_BE_BOOKED = timedelta(weeks=12)


class MeetingState(TextChoices):
    SCHEDULED = "scheduled", _("Arranged")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class Who(TextChoices):
    """As what somebody is asked to a meeting, or was there."""

    CHILD = "child", pgettext_lazy("invited", "The child")
    CARER = "carer", pgettext_lazy("invited", "Carer")
    PARENT = "parent", pgettext_lazy("invited", "Parent or relative")
    SOCIAL_WORKER = "social_worker", pgettext_lazy("invited", "Social worker")
    ADVOCATE = "advocate", pgettext_lazy("invited", "Advocate")
    DESIGNATED_PERSON = "designated_person", _("Designated person")
    ALNCO = "alnco", _("ALN co-ordinator")
    IRO = "iro", pgettext_lazy("invited", "Independent reviewing officer")
    ADVISER = "adviser", pgettext_lazy("invited", "Personal adviser")
    COORDINATOR = "coordinator", pgettext_lazy("invited", "LACE coordinator")
    OTHER = "other", pgettext_lazy("invited", "Other")


# As what the people around a child are asked, by their relation; no others are offered.
BY_RELATION: dict[str, Who] = {
    "child": Who.CHILD,
    "carer": Who.CARER,
    "parent": Who.PARENT,
    "social_worker": Who.SOCIAL_WORKER,
    "advocate": Who.ADVOCATE,
    "iro": Who.IRO,
    "personal_adviser": Who.ADVISER,
    "lead_worker": Who.OTHER,
    "welfare_officer": Who.OTHER,
}
BY_ROLE: dict[str, Who] = {Role.DESIGNATED_PERSON: Who.DESIGNATED_PERSON, Role.ALNCO: Who.ALNCO}  # of the child's school
# Asked unless somebody says otherwise. The co-ordinator for additional learning needs is offered only where there are any;
# the advocate comes by the child's wish alone.
EXPECTED = frozenset({Who.CHILD, Who.CARER, Who.SOCIAL_WORKER, Who.DESIGNATED_PERSON, Who.ALNCO})
WITHOUT_ACCOUNT = (Who.CHILD, Who.CARER)  # asked even where nobody of theirs has an account: somebody tells them
NAMELESS = frozenset({Who.CHILD, Who.CARER})  # whose names no invitation holds: the carer's goes with the address


class AdvocateWish(TextChoices):
    """Does the child wish the advocate to be there (ADV-03)? Asked for each meeting; yes until the child says no."""

    YES = "yes", _("Yes, the child wishes it")
    NO = "no", _("No, the child does not wish it")


declare(
    Kind(
        code="plan_meeting_arranged",
        subject=_("A meeting about a plan has been arranged"),
        body=_("A meeting about the Personal Education Plan for %(initials)s has been arranged for %(scheduled_at)s. Open Lace to see where it is."),
        route="child_plan",
    ),
    Kind(
        code="plan_meeting_moved",
        subject=_("A meeting about a plan has been moved"),
        body=_("The meeting about the Personal Education Plan for %(initials)s is now on %(scheduled_at)s. Open Lace to see where it is."),
        route="child_plan",
    ),
    Kind(
        code="plan_meeting_cancelled",
        subject=_("A meeting about a plan has been called off"),
        body=_("The meeting about the Personal Education Plan for %(initials)s on %(scheduled_at)s will not be held then. Open Lace to see why."),
        route="child_plan",
    ),
    Kind(
        code="plan_meeting_not_needed",
        subject=_("You are not needed at a meeting about a plan"),
        body=_("You were invited to a meeting about the plan for %(initials)s on %(scheduled_at)s. You are no longer needed there."),
        route="child_plan",
    ),
)
