"""The duties of a school itself, each with its source: they name no child."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role
from lace.deadlines.rules import About, Clock, Done, DutyRule, Fact, Force, declare, ladder

_DP = Role.DESIGNATED_PERSON
_HEADS = (Role.HEADTEACHER, Role.LACE_COORDINATOR)
_GOVERNORS = _("Making a difference, “Governing bodies”")
# A pupil referral unit is encouraged to do what maintained schools must (SCH-07, AMB-07); other settings are not asked.
_BOUND = frozenset({"nursery", "primary", "secondary", "middle", "special"})
_PRU = "_pru"


def both(code: str) -> tuple[str, str]:
    """The codes of a school's duty in a maintained school and in a pupil referral unit."""
    return code, code + _PRU


def _by_setting(rule: DutyRule) -> tuple[DutyRule, DutyRule]:
    """The rule for maintained schools, and the same as encouragement for a pupil referral unit."""
    rule = replace(rule, about=About.SCHOOL)
    return replace(rule, kinds=_BOUND), replace(rule, code=rule.code + _PRU, kinds=frozenset({"pru"}), force=Force.ENCOURAGED)


declare(
    *_by_setting(
        DutyRule(
            code="designation_kept",
            title=_("Keep the designated person for a full school year"),
            why=_("Whoever is designated serves at least one full academic year, so that children know to whom to turn."),
            source=_GOVERNORS,
            facts=(Fact.DESIGNATED_FROM,),
            clock=Clock.MONTH,
            length=12,
            force=Force.EXPECTED,
            role=Role.GOVERNOR,
            ladder=ladder(0, Role.GOVERNOR),
            rows=("T14",),
        )
    ),
    *_by_setting(
        DutyRule(
            code="designation_told",
            title=_("Tell the LACE coordinator who is designated"),
            why=_("The LACE coordinator is told of each designation. Recording it in Lace tells them."),
            source=_("Making a difference, “Headteachers”"),
            facts=(Fact.DESIGNATION,),
            clock=Clock.WORKING,
            length=5,
            force=Force.EXPECTED,
            role=Role.HEADTEACHER,
            ladder=ladder(0, Role.HEADTEACHER, also=(Role.GOVERNOR,)),
            rows=("T15",),
            local=True,
        )
    ),
    *_by_setting(
        DutyRule(
            code="designated_trained",
            title=_("Arrange training for the new designated person"),
            why=_("The governing body sees that the designated person is trained as soon as reasonably practicable."),
            source=_("Making a difference, “Governing bodies”; “Training”"),
            facts=(Fact.DESIGNATION,),
            clock=Clock.MONTH,
            length=4,
            force=Force.STATUTORY,
            role=Role.GOVERNOR,
            ladder=ladder(28, Role.GOVERNOR, also=(Role.HEADTEACHER,), late=7),
            rows=("T16",),
            done=Done.RECORD,
            local=True,
        )
    ),
    *_by_setting(
        DutyRule(
            code="governors_report",
            title=_("Report to the governing body on looked-after children"),
            why=_("Each term the governing body is told how looked-after children are getting on, without naming any."),
            source=_("Making a difference, “The designated person”, bullet 21; case study: ERW"),
            facts=(Fact.TERM_END,),
            clock=Clock.EVENT,
            length=0,
            force=Force.EXPECTED,
            role=_DP,
            ladder=ladder(21, _DP, also=(Role.HEADTEACHER,), then=(Role.GOVERNOR, Role.LINK_GOVERNOR, *_HEADS), late=7),
            rows=("T17",),
        )
    ),
    *_by_setting(
        DutyRule(
            code="register_confirmed",
            title=_("Confirm the register of looked-after children"),
            why=_("The school's register of looked-after children is kept current. Somebody of the school confirms it each term."),
            source=_("Making a difference, “The designated person”, bullet 22"),
            facts=(Fact.TERM_START,),
            clock=Clock.CALENDAR,
            length=28,
            force=Force.EXPECTED,
            role=_DP,
            ladder=ladder(7, _DP, late=7),
            rows=("T18",),
            local=True,
        )
    ),
    *_by_setting(
        DutyRule(
            code="policy_checked",
            title=_("Look at the policy for looked-after children and at what is done"),
            why=_("The governing body monitors the policy and its implementation regularly."),
            source=_("Making a difference, “School policy for looked after children”"),
            facts=(Fact.POLICY_CHECKED,),
            length_setting="policy_check_months",
            clock=Clock.MONTH,
            length=12,
            force=Force.EXPECTED,
            role=Role.GOVERNOR,
            ladder=ladder(28, Role.GOVERNOR, Role.LINK_GOVERNOR, also=(Role.HEADTEACHER,), late=7),
            rows=("T55",),
            local=True,
        )
    ),
    *_by_setting(
        DutyRule(
            code="pupil_left_told",
            title=_("Tell the authority that a pupil was taken off the register"),
            why=_("On certain grounds the school tells the authority within ten school days of taking a name off the register."),
            source=_("Education (Pupil Registration) (Wales) Regulations 2010, regulation 12(3)"),
            facts=(Fact.PUPIL_LEFT,),
            clock=Clock.SCHOOL,
            length=10,
            force=Force.STATUTORY,
            role=Role.HEADTEACHER,
            ladder=ladder(3, Role.HEADTEACHER),
            done=Done.RECORD,
        )
    ),
    DutyRule(
        code="joint_policy_checked",
        title=_("Look at the joint policy for learning after 16"),
        why=_("The policy that schools and providers share is reviewed and updated regularly."),
        source=_("Making a difference, “Post-16”: the joint policy"),
        facts=(Fact.SCHOOL_YEAR,),
        clock=Clock.MONTH,
        length=12,
        force=Force.ENCOURAGED,
        role=_DP,
        ladder=ladder(28, _DP, late=7),
        rows=("T56",),
        about=About.SCHOOL,
        done=Done.RECORD,
        local=True,
        kinds=frozenset({"secondary", "middle", "special", "fe_college"}),
    ),
    DutyRule(
        code="peers_met",
        title=_("Offer looked-after children a meeting with their peers"),
        why=_("Children who wish to can meet others in care; the school tells them where."),
        source=_("Making a difference, “Listening to children”"),
        facts=(Fact.TERM_END,),
        clock=Clock.EVENT,
        length=0,
        force=Force.ENCOURAGED,
        role=_DP,
        ladder=ladder(28, _DP, late=7),
        rows=("T62",),
        about=About.SCHOOL,
        done=Done.RECORD,
        local=True,
        kinds=frozenset({"primary", "secondary", "middle", "special", "pru"}),
    ),
)
