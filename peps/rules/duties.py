"""The duties about a child's Personal Education Plan, each with its source."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.deadlines.rules import SOCIAL_CARE, Clock, Done, DutyRule, Exempt, Fact, Force, Rung, declare, declare_settlement, ladder

INITIATED = ("pep_initiated_emergency", "pep_initiated_planned")  # duties met by starting the plan
DEVELOPED = ("pep_developed", "pep_developed_new_school", "pep_for_first_review")  # … by its first final version
RENEWED = ("pep_before_review", "pep_at_16")  # … by whichever version is made final next
AVAILABLE = "pep_before_review"  # met at the review too, by a final version that was there
WORDS = "pep_words"  # met by the last of the words that were asked for
CARER_HAS_IT, IRO_HAS_IT = "carer_has_plan", "iro_has_plan"  # met by the message that a version is final
CHALLENGE_ANSWERED = "challenge_answered"  # met by the reply
FIRST_WITH_CARER, SECOND_WITH_CARER = "carer_meeting_first", "carer_meeting_second"  # met by meetings about the plan that the carer was at
QUALITY_CHECKED = "pep_quality_checked"  # met when the version is accepted or returned

_WORKER, _DESIGNATED = (Role.SOCIAL_WORKER,), (Role.DESIGNATED_PERSON,)
_SOCIAL_WORKER_LADDER = (Rung(-3, _WORKER), Rung(0, _WORKER), Rung(1, _WORKER), Rung(2, SOCIAL_CARE))
_SCHOOL_LADDER = (
    *(Rung(days, _DESIGNATED) for days in (-7, -1, 0)),
    Rung(1, (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER)),
    Rung(3, (Role.LACE_COORDINATOR,)),
)
_CARERS = _("Making a difference, “Carers”")
_NO_PEP = (Exempt.SHORT_BREAKS, Exempt.NO_PEP)


def _carer_meeting(code: str, months: int, row: str) -> DutyRule:
    return DutyRule(
        code=code,
        title=_("Meet the carer about the Personal Education Plan"),
        why=_("The designated person meets the carer on the plan at least twice in a school year."),
        source=_CARERS,
        facts=(Fact.SCHOOL_YEAR,),
        clock=Clock.MONTH,
        length=months,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=ladder(28, Role.DESIGNATED_PERSON, also=(Role.HEADTEACHER,), late=7),
        rows=(row,),
        done=Done.RECORD,
    )


declare(
    DutyRule(
        code="pep_initiated_emergency",
        title=_("Start the Personal Education Plan"),
        why=_("When a child comes into care in an emergency, the plan is initiated within ten working days of the start of the placement."),
        source=_("Making a difference, “The PEP and the care and support plan”; Regulations of 2015, regulation 4(3)"),
        facts=(Fact.EMERGENCY_ENTRY,),
        clock=Clock.WORKING,
        length=10,
        force=Force.STATUTORY,
        role=Role.SOCIAL_WORKER,
        ladder=_SOCIAL_WORKER_LADDER,
        rows=("T03",),
        exempt=_NO_PEP,
    ),
    DutyRule(
        code="pep_initiated_planned",
        title=_("Start the Personal Education Plan before the child comes into care"),
        why=_("When entry to care is planned, the plan is initiated before the child becomes looked after."),
        source=_("Making a difference, “The PEP and the care and support plan”"),
        facts=(Fact.PLANNED_ENTRY,),
        clock=Clock.EVENT,
        length=0,
        force=Force.STATUTORY,
        role=Role.SOCIAL_WORKER,
        ladder=_SOCIAL_WORKER_LADDER,
        rows=("T02", "T06"),
        exempt=_NO_PEP,
    ),
    DutyRule(
        code="pep_developed",
        title=_("Develop the Personal Education Plan"),
        why=_("An effective, high-quality plan is in place within 20 days of coming into care. The unit of the 20 days is your authority's setting."),
        source=_("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 1.16"),
        facts=(Fact.EMERGENCY_ENTRY, Fact.PLANNED_ENTRY),
        clock=Clock.CALENDAR,
        length=20,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=_SCHOOL_LADDER,
        clock_setting="developed_clock",
        goal="developed plan",
        rows=("T04",),
    ),
    DutyRule(
        code="pep_developed_new_school",
        title=_("Develop the Personal Education Plan at the new school"),
        why=_("An effective, high-quality plan is in place within 20 days of starting at a new school."),
        source=_("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 1.16"),
        facts=(Fact.SCHOOL_START,),
        clock=Clock.CALENDAR,
        length=20,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=_SCHOOL_LADDER,
        clock_setting="developed_clock",
        rows=("T05",),
    ),
    DutyRule(
        code="pep_for_first_review",
        title=_("Have the developed plan ready for the first review"),
        why=_("A developed plan is available at the first review, 28 days after entry to care, or on the day of the review if that is earlier."),
        source=_("Making a difference, “The PEP and the care and support plan”; “The designated person”, bullet 10"),
        facts=(Fact.EMERGENCY_ENTRY, Fact.PLANNED_ENTRY),
        clock=Clock.CALENDAR,
        length=28,
        force=Force.STATUTORY,
        role=Role.DESIGNATED_PERSON,
        ladder=_SCHOOL_LADDER,
        goal="developed plan",
        rows=("T07",),
        exempt=_NO_PEP,
    ),
    DutyRule(
        code="pep_before_review",
        title=_("Have the Personal Education Plan ready for the review"),
        why=_("The meeting on the plan comes before the review of the care and support plan, so that the plan is there at the review."),
        source=_("Making a difference, “The social worker”; “The designated person”, bullet 10"),
        facts=(Fact.REVIEW_ARRANGED,),
        clock=Clock.EVENT,
        length=0,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=(
            Rung(-14, (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER)),
            Rung(-1, _DESIGNATED),
            Rung(1, (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER)),
            Rung(2, (Role.IRO, Role.LACE_COORDINATOR)),
        ),
        rows=("T09",),
    ),
    _carer_meeting(FIRST_WITH_CARER, 6, "T10"),
    _carer_meeting(SECOND_WITH_CARER, 11, "T10"),
    DutyRule(
        code=WORDS,
        title=_("See to the contributions asked for the Personal Education Plan"),
        why=_("People around the child were asked to contribute to the plan. Remind those who have not answered, or make it easier for them."),
        source=_("Making a difference, “The designated person”, bullet 10"),
        facts=(Fact.WORDS_ASKED,),
        clock=Clock.EVENT,
        length=0,
        force=Force.ENCOURAGED,
        role=Role.DESIGNATED_PERSON,
        ladder=(Rung(-5, _DESIGNATED), Rung(0, _DESIGNATED), Rung(3, (Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR))),
    ),
    DutyRule(
        code=CHALLENGE_ANSWERED,
        title=_("Reply to the challenge to the Personal Education Plan"),
        why=_("The reviewing officer or the LACE coordinator challenged the plan or its delivery, and named the day by which a reply is due."),
        source=_("Raising the ambitions and educational attainment of children who are looked after in Wales (2016), paragraph 4.21"),
        facts=(Fact.CHALLENGED,),
        clock=Clock.EVENT,
        length=0,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=(
            Rung(-3, (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER)),
            Rung(0, (Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER)),
            Rung(2, (Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER)),
        ),
    ),
    DutyRule(
        code="carer_has_plan",
        title=_("Give the carer the new version of the Personal Education Plan"),
        why=_("The carer gets each change of the plan. Lace tells carers who have an account by itself."),
        source=_CARERS,
        facts=(Fact.PLAN_FINAL,),
        clock=Clock.CALENDAR,
        length=0,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=ladder(0, Role.DESIGNATED_PERSON),
        rows=("T11",),
        done=Done.RECORD,
        local=True,
    ),
    DutyRule(
        code="iro_has_plan",
        title=_("Give the independent reviewing officer the new version of the Personal Education Plan"),
        why=_("The reviewing officer gets the plan and every amended version. Lace sends word by itself where one is named."),
        source=_("Making a difference, “The independent reviewing officer”"),
        facts=(Fact.PLAN_FINAL,),
        clock=Clock.CALENDAR,
        length=0,
        force=Force.EXPECTED,
        role=Role.LACE_COORDINATOR,
        ladder=ladder(0, Role.LACE_COORDINATOR),
        rows=("T12",),
        done=Done.RECORD,
        local=True,
    ),
    DutyRule(
        code=QUALITY_CHECKED,
        title=_("Check the quality of the Personal Education Plan"),
        why=_("The education service checks the quality of each plan that is made final."),
        source=_("An integrated approach to improving educational outcomes (research, summary), 4.8"),
        facts=(Fact.PLAN_FINAL,),
        clock=Clock.WORKING,
        length=10,
        force=Force.EXPECTED,
        role=Role.LACE_COORDINATOR,
        ladder=ladder(3, Role.LACE_COORDINATOR, Role.PEP_REVIEWER),
        rows=("T67",),
        done=Done.RECORD,
        local=True,
    ),
    DutyRule(
        code="career_in_plan",
        title=_("Look at hopes and routes after school with the young person"),
        why=_("What the young person hopes to do, and the ways there, are looked at with each review of the plan."),
        source=_("Making a difference, “Post-16”: the designated person"),
        facts=(Fact.REVIEW_ARRANGED,),
        clock=Clock.EVENT,
        length=0,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=ladder(7, Role.DESIGNATED_PERSON, late=7),
        rows=("T57",),
        done=Done.RECORD,
        local=True,
        years=(9, 13),
    ),
    DutyRule(
        code="pep_at_16",
        title=_("Develop the Personal Education Plan within the pathway plan"),
        why=_("At 16 the plan is developed further, as the education part of the pathway plan."),
        source=_("Making a difference, “Pathway planning”"),
        facts=(Fact.BIRTHDAY,),
        clock=Clock.MONTH,
        length=1,
        force=Force.EXPECTED,
        role=Role.DESIGNATED_PERSON,
        ladder=_SCHOOL_LADDER,
        rows=("T42",),
        local=True,
        ages=(16, 16),
    ),
)

# Somebody without an account answers by a link, which reaches nothing else: the night sees that the last of the words has come.
declare_settlement(
    """
    UPDATE deadlines_duty d SET closed_on = s.day, next_look_on = NULL, evidence = d.subject,
        outcome = CASE WHEN s.day <= d.due_on THEN 'on_time' ELSE 'late' END
    FROM (
        SELECT d.id, coalesce(max(coalesce(c.given_at, c.declined_at))::date, %(as_of)s::date) AS day
        FROM deadlines_duty d LEFT JOIN peps_contribution c ON c.child_id = d.child_id AND c.withdrawn_at IS NULL
        WHERE d.code = 'pep_words' AND d.closed_on IS NULL
        GROUP BY d.id HAVING coalesce(bool_and(coalesce(c.given_at, c.declined_at) IS NOT NULL), true)
    ) AS s WHERE s.id = d.id
    """
)
