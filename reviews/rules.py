"""Reviews: their states, how a child takes part, and the duties to hold them in time. No database."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Role
from lace.deadlines.rules import SOCIAL_CARE, Clock, DutyRule, Fact, Force, Rung, declare
from lace.notifications.kinds import Kind
from lace.notifications.kinds import declare as declare_messages


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


class Capacity(TextChoices):
    """As what somebody is invited to a review."""

    CHILD = "child", pgettext_lazy("invited", "The child")
    CARER = "carer", pgettext_lazy("invited", "Carer")
    PARENT = "parent", pgettext_lazy("invited", "Parent or relative")
    SOCIAL_WORKER = "social_worker", pgettext_lazy("invited", "Social worker")
    IRO = "iro", pgettext_lazy("invited", "Independent reviewing officer")
    ADVOCATE = "advocate", pgettext_lazy("invited", "Advocate")
    VISITOR = "visitor", pgettext_lazy("invited", "Independent visitor")
    ADVISER = "adviser", pgettext_lazy("invited", "Personal adviser")
    COORDINATOR = "coordinator", pgettext_lazy("invited", "LACE coordinator")
    SCHOOL = "school", pgettext_lazy("invited", "School staff")
    HEALTH = "health", pgettext_lazy("invited", "Health professional")
    OTHER = "other", pgettext_lazy("invited", "Other")


# As what the people around a child are invited, by their relation; no others are offered.
CAPACITY: dict[str, Capacity] = {
    "child": Capacity.CHILD,
    "carer": Capacity.CARER,
    "parent": Capacity.PARENT,
    "social_worker": Capacity.SOCIAL_WORKER,
    "iro": Capacity.IRO,
    "advocate": Capacity.ADVOCATE,
    "independent_visitor": Capacity.VISITOR,
    "personal_adviser": Capacity.ADVISER,
    "lead_worker": Capacity.OTHER,
    "welfare_officer": Capacity.OTHER,
    "specialist": Capacity.HEALTH,
    "teacher": Capacity.SCHOOL,
    "delegate": Capacity.SCHOOL,
}
# Invited unless somebody says otherwise. School staff never are: each is there for a reason (PRIV-02).
EXPECTED = frozenset({Capacity.CHILD, Capacity.CARER, Capacity.SOCIAL_WORKER, Capacity.IRO, Capacity.ADVOCATE})


class Attendance(TextChoices):
    """How somebody who was invited took part (REV-07)."""

    ATTENDED = "attended", pgettext_lazy("meeting", "Was there")
    VIEWS_SENT = "views_sent", pgettext_lazy("meeting", "Sent views in writing")
    CONSULTED = "consulted", pgettext_lazy("meeting", "Was asked beforehand")
    APOLOGIES = "apologies", pgettext_lazy("meeting", "Sent apologies")
    ABSENT = "absent", pgettext_lazy("meeting", "Was not there")


class Cause(TextChoices):
    """Why a review is held earlier than its interval would have it (regulation 39(3) and (4))."""

    CHILD_ASKS = "child_asks", _("The child asks for it")
    IRO_ASKS = "iro_asks", _("The independent reviewing officer asks for it")
    RISK = "risk", _("The carer, a parent or the authority of the area reports a risk of harm")
    ABSENT = "absent", _("The child is, or has often been, absent from the placement")
    VISIT = "visit", _("A visit showed that the child's welfare is not safeguarded (regulation 33)")
    CUSTODY = "custody", _("Remand or custody would end first")
    ACCOMMODATION_ENDS = "accommodation", _("Voluntary accommodation is to end, with no home to go to")
    FAMILY_SUPPORT = "family_support", _("An integrated family support team takes the family on")


MOVABLE = ("review_first_guidance", "review_first_regulation", "review_second", "review_later")  # duties that such a cause brings forward
FIRST = ("review_first_guidance", "review_first_regulation")  # duties met by holding the first review
FOLLOWING = ("review_second", "review_later")  # … by holding another
OUTSIDE_LESSONS = "review_outside_lessons"  # met when it is arranged: the form asks for reason and room (PRIV-01)
READY = "pep_for_first_review"  # falls due with the first review when that is earlier (AMB-02)

_LADDER = (
    Rung(-7, (Role.IRO, Role.SOCIAL_WORKER)),
    Rung(0, (Role.IRO, Role.SOCIAL_WORKER)),
    Rung(1, (Role.SOCIAL_WORKER,)),
    Rung(2, SOCIAL_CARE),
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
        goal="first review",
        rows=("T07",),
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
        goal="first review",
        rows=("T07", "T08"),
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
        rows=("T08",),
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
        rows=("T08",),
    ),
    DutyRule(
        code="review_outside_lessons",
        title=_("Hold the meeting outside lessons"),
        why=_("Meetings about care are outside lesson times; in lessons only for a reason, and in a private room."),
        source=_("Making a difference, “The designated person”, bullet 13; Raising the ambitions (2016), paragraph 4.83"),
        facts=(Fact.REVIEW_ARRANGED,),
        clock=Clock.EVENT,
        length=0,
        force=Force.EXPECTED,
        role=Role.IRO,
        ladder=_LADDER,
        rows=("T60",),
    ),
)

declare_messages(
    Kind(
        code="review_arranged",
        subject=_("A meeting has been arranged"),
        body=_("A meeting for %(initials)s has been arranged for %(scheduled_at)s. Open Lace to see where it is."),
        route="child_meetings",
    ),
    Kind(
        code="review_postponed",
        subject=_("A meeting has been moved"),
        body=_("The meeting for %(initials)s has been moved to %(scheduled_at)s. The day by which it is due has not changed."),
        route="child_meetings",
    ),
    Kind(
        code="review_cancelled",
        subject=_("A meeting has been called off"),
        body=_("The meeting for %(initials)s on %(scheduled_at)s will not be held then. You will be told when another is arranged."),
        route="child_meetings",
    ),
    Kind(
        code="review_not_needed",
        subject=_("You are not needed at a meeting"),
        body=_("You were invited to a meeting for %(initials)s on %(scheduled_at)s. You are no longer needed there."),
        route="child_meetings",
    ),
    Kind(
        code="review_closed",
        subject=_("The decisions of a meeting are ready"),
        body=_("The meeting for %(initials)s was held on %(held_on)s. Open Lace to read what was decided."),
        route="child_meetings",
    ),
    Kind(
        code="child_not_asked",
        subject=_("A child was not asked for their views"),
        body=_("At the review held on %(held_on)s, %(initials)s was recorded as not asked for their views. Please find out why."),
        route="child_meetings",
    ),
    Kind(
        code="review_wanted_earlier",
        subject=_("A review is needed sooner, by %(needed_on)s"),
        body=_("The next review for %(initials)s is brought forward: it is due by %(needed_on)s now. Open Lace to read why, and arrange it."),
        route="child_meetings",
    ),
    Kind(
        code="child_asks_review",
        subject=_("A child asks for a review sooner"),
        body=_("On %(asked_on)s %(initials)s asked for a review sooner. Open Lace to name a day, or to say why it is not justified."),
        route="child_meetings",
    ),
)
