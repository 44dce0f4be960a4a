"""How long an invitation waits, and when an authority looks through its roles."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role

# Labels in the trail of a membership, beside those of its changes.
SIGNED_IN, ROLE_CHOSEN = "signed_in", "role_chosen"

INVITATION_LIVES = timedelta(days=7)
REVIEW_WORKING_DAYS = 20  # from the first day of the term to the day by which every role is confirmed or ended

# First days of the terms, as the termly report counts them: Easter is taken as mid-April.
_TERMS = ((1, 1), (4, 16), (9, 1))


class Decision(TextChoices):
    """What an administrator said of a role in a review."""

    CONFIRMED = "confirmed", _("Confirmed")
    ENDED = "ended", _("Ended")


def term_start(day: date) -> date:
    """The first day of the school term that a day falls in: 1 January, 16 April or 1 September."""
    return max(date(day.year, month, number) for month, number in _TERMS if (month, number) <= (day.month, day.day))


# Where a role is held, by the kind of body; every other is held in the authority as a whole.
_SCHOOL, _HOME, _SERVICE, _PROVIDER = "school", "home", "service", "provider"  # lace.accounts.models.Organisation.Kind
PLACES: dict[Role, tuple[str, ...]] = {
    Role.DESIGNATED_PERSON: (_SCHOOL,),
    Role.HEADTEACHER: (_SCHOOL,),
    Role.CHILD_PROTECTION_LEAD: (_SCHOOL,),
    Role.ALNCO: (_SCHOOL,),
    Role.DELEGATE: (_SCHOOL,),
    Role.TEACHER: (_SCHOOL,),
    Role.GOVERNOR: (_SCHOOL,),
    Role.LINK_GOVERNOR: (_SCHOOL,),
    Role.RESIDENTIAL_LINK_WORKER: (_HOME,),
    Role.FOSTERING_MANAGER: (_HOME, _SERVICE),
    Role.LEAVING_CARE_MANAGER: (_SERVICE,),
    Role.PROVIDER_LEAD: (_PROVIDER,),
}
