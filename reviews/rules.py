"""Reviews: their states, how a child takes part, and the duties to hold them in time. No database."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.deadlines.rules import Clock, DutyRule, Fact, Force, Rung, declare


class ReviewState(TextChoices):
    SCHEDULED = "scheduled", _("Arranged")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class Participation(TextChoices):
    """How the child took part (REV-10)."""

    ATTENDED = "attended", _("Was there and spoke")
    ADVOCATE = "advocate", _("Spoke through an advocate")
    VIEWS_SENT = "views_sent", _("Sent views beforehand")
    CHOSE_NOT = "chose_not", _("Chose not to")
    NOT_ASKED = "not_asked", _("Was not asked")


_LADDER = (
    Rung(-7, (Role.IRO, Role.SOCIAL_WORKER)),
    Rung(0, (Role.IRO, Role.SOCIAL_WORKER)),
    Rung(1, (Role.SOCIAL_WORKER,)),
    Rung(2, (Role.DESIGNATED_MANAGER, Role.LACE_COORDINATOR)),
)

declare(
    DutyRule(
        code="review_first_guidance",
        title=_("Hold the first review (guidance: 28 days)"),
        why=_("The first review of the care and support plan is held 28 days after the child comes into care, with a developed plan for education."),
        source=_("Making a difference, “The PEP and the care and support plan”"),
        facts=(Fact.EMERGENCY_ENTRY, Fact.PLANNED_ENTRY),
        clock=Clock.CALENDAR,
        length=28,
        force=Force.EXPECTED,
        role=Role.IRO,
        ladder=_LADDER,
    ),
    DutyRule(
        code="review_first_regulation",
        title=_("Hold the first review (regulation: 20 working days)"),
        why=_("The first review must be held within 20 working days of the day the child came into care."),
        source=_("Care Planning, Placement and Case Review (Wales) Regulations 2015, regulation 39(1)"),
        facts=(Fact.EMERGENCY_ENTRY, Fact.PLANNED_ENTRY),
        clock=Clock.WORKING,
        length=20,
        force=Force.STATUTORY,
        role=Role.IRO,
        ladder=_LADDER,
    ),
    DutyRule(
        code="review_second",
        title=_("Hold the second review"),
        why=_("The second review must be held not more than three months after the first."),
        source=_("Care Planning, Placement and Case Review (Wales) Regulations 2015, regulation 39(2)"),
        facts=(Fact.FIRST_REVIEW,),
        clock=Clock.MONTH,
        length=3,
        force=Force.STATUTORY,
        role=Role.IRO,
        ladder=_LADDER,
    ),
    DutyRule(
        code="review_later",
        title=_("Hold the next review"),
        why=_("Later reviews must be held at intervals of not more than six months."),
        source=_("Care Planning, Placement and Case Review (Wales) Regulations 2015, regulation 39(2)"),
        facts=(Fact.LATER_REVIEW,),
        clock=Clock.MONTH,
        length=6,
        force=Force.STATUTORY,
        role=Role.IRO,
        ladder=_LADDER,
    ),
)
