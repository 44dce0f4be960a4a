"""Sections that stand when a fact asks for them, or when a writer of the plan adds them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Role
from lace.children.rules import Phase
from peps.rules.sections.core import SCHOOL
from peps.rules.sections.kinds import Circumstances, SectionRule, choice, in_transition, line, text


def _combined(of: Circumstances) -> bool:
    return of.needs and of.combined


TRANSITION = SectionRule(
    "transition",
    _("Moving on"),
    (*SCHOOL, Role.SOCIAL_WORKER),
    Facet.EDUCATION,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(4)"),
    (
        line("to", _("What comes next, and when"), _("School, college, course or stage.")),
        text("steps", _("What is done before, during and after the move"), _("Visits, the adult who goes along, and what is passed on.")),
        text("worries", _("What might go wrong, and what helps then"), required=False),
    ),
    when=in_transition,
    because=_("This is a year in which the child moves on."),
)
ELSEWHERE = SectionRule(
    "elsewhere",
    _("Education other than at school"),
    SCHOOL,
    Facet.EDUCATION,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(2)"),
    (
        text("where", _("Where the child is taught, and how many hours a week")),
        text("taught", _("What is taught, and by whom")),
        text("back", _("The way back to school, or on to the next step")),
        text("checked", _("How attendance, safety and quality are checked"), required=False),
    ),
    when=lambda of: of.elsewhere,
    because=_("The child is taught otherwise than at school."),
)
EXCLUSIONS = SectionRule(
    "exclusions",
    _("Exclusions"),
    SCHOOL,
    Facet.ATTENDANCE,
    _("Care Planning, Placement and Case Review (Wales) Regulations 2015, Schedule 2, paragraph 2(1)"),
    (
        text("what", _("The exclusions of this school year"), _("Days and reasons.")),
        text("prevent", _("What is done so that it does not happen again")),
        text("meantime", _("Education in the meantime"), required=False),
    ),
    when=lambda of: of.excluded,
    because=_("The child was excluded in this school year."),
)
ALN = SectionRule(
    "aln",
    _("The plan for additional learning needs"),
    (*SCHOOL, Role.SOCIAL_WORKER),
    Facet.EDUCATION,
    _("Making a difference, “The PEP and the care and support plan”"),
    (
        choice(
            "kind",
            _("Which plan there is"),
            ("idp_school", _("An individual development plan, kept by the school")),
            ("idp_authority", _("An individual development plan, kept by the local authority")),
            ("statement", _("A statement of special educational needs, or an individual education plan")),
            ("none", _("None yet: it is being decided")),
        ),
        line("where", _("Where the plan is kept"), _("A reference or a link, so that nothing has to be written twice."), required=False),
        text("summary", _("What matters most in it for this plan"), _("In short; the plan itself has the rest.")),
        # Where the authority has the development plan inside the PEP: what the record does not know already (peps.rules.idp.HEADINGS).
        line("contact", _("1B. Whom to ask about this plan"), _("A role or a name at the school or the authority."), required=False, when=_combined),
        text("need", _("2A. The additional learning needs and their effect"), _("As clear and whole as possible, in plain words."), when=_combined),
        text("nhs", _("2C. Provision by an NHS body"), _("What, how much, how often, and which body."), required=False, when=_combined),
        text(
            "authority",
            _("2D. Provision that the local authority secures"),
            _("A named school or a place to live among it."),
            required=False,
            when=_combined,
        ),
        text("record", _("3A. Record of the information used"), _("Reports and advice, with their days."), required=False, when=_combined),
        text(
            "moves",
            _("3B. Moving on"),
            _("What is prepared for the next stage. The section “Moving on” has the rest."),
            required=False,
            when=_combined,
        ),
        text("travel", _("3C. Travel"), _("How the child gets there, and who arranges it."), required=False, when=_combined),
    ),
    when=lambda of: of.needs,
    because=_("The child has additional learning needs."),
)
POST_16 = SectionRule(
    "post_16",
    _("After 16"),
    SCHOOL,
    Facet.EDUCATION,
    _("Making a difference, “Post-16”: the designated person"),
    (
        choice(
            "mode",
            _("What the young person does now"),
            ("full", _("Full-time education")),
            ("part", _("Part-time education")),
            ("training", _("An apprenticeship, or work with training")),
            ("none", _("None of these")),
        ),
        line("course", _("Course or work, its level, and where"), _("Write “None” if there is none.")),
        text("follows", _("What follows it")),
        text("support", _("Help with costs, travel and equipment"), required=False),
        text("engage", _("If there is no course or work, what is done about it"), required=False),
    ),
    when=lambda of: of.phase == Phase.POST_16,
    because=_("The young person is in post-16 education or of that age."),
)
PATHWAY = SectionRule(
    "pathway",
    _("For the pathway plan"),
    (Role.SOCIAL_WORKER, *SCHOOL),
    Facet.EDUCATION,
    _("Making a difference, “Pathway planning”"),
    (
        text("passes", _("What passes from this plan into the pathway plan"), _("The plan stays open as long as education goes on.")),
        text("help", _("Help and information about life after school"), _("What the young person asked for, and what was given."), required=False),
    ),
    when=lambda of: of.age >= 16,
    because=_("The young person is 16 or older."),
)
