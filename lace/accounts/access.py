"""Who may do and read what. One table, readable aloud; nothing else decides.

A person acts under one membership at a time. Its role says how far it reaches: over every child of the authority, over the
children with whom the organisation stands in a relation, over the children to whom the person is named, or over none.
What it may do to and read of a child it reaches is a row of `TABLE` (requirements section 3), which a grant given by hand may
narrow and never widen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from lace.core.actor import Actor
from lace.core.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(models.TextChoices):
    """The roles of requirements section 3, with the case system that speaks for social care."""

    SOCIAL_WORKER = "social_worker", _("Social worker")
    DESIGNATED_MANAGER = "designated_manager", _("Designated manager")
    IRO = "iro", _("Independent reviewing officer")
    PERSONAL_ADVISER = "personal_adviser", _("Personal adviser")
    LEAVING_CARE_MANAGER = "leaving_care_manager", _("Leaving-care manager")
    FOSTERING_MANAGER = "fostering_manager", _("Fostering or residential manager")
    RESIDENTIAL_LINK_WORKER = "residential_link_worker", _("Residential education link worker")
    ADVOCATE = "advocate", _("Advocate")
    INDEPENDENT_VISITOR = "independent_visitor", _("Independent visitor")
    CASE_SYSTEM = "case_system", _("Social care case system")

    CHILD = "child", _("Child or young person")
    FOSTER_CARER = "foster_carer", _("Foster carer")
    KINSHIP_CARER = "kinship_carer", _("Kinship carer")
    RESIDENTIAL_WORKER = "residential_worker", _("Residential worker")
    PARENT = "parent", _("Parent or relative")
    ADOPTIVE_PARENT = "adoptive_parent", _("Adoptive parent")
    GUARDIAN = "guardian", _("Special guardian")

    DESIGNATED_PERSON = "designated_person", _("Designated person")
    HEADTEACHER = "headteacher", _("Headteacher")
    CHILD_PROTECTION_LEAD = "child_protection_lead", _("Child-protection lead")
    ALNCO = "alnco", _("ALN co-ordinator")
    DELEGATE = "delegate", _("Form tutor or head of year")
    TEACHER = "teacher", _("Teacher")
    GOVERNOR = "governor", _("Governor")
    LINK_GOVERNOR = "link_governor", _("Link governor")

    LACE_COORDINATOR = "lace_coordinator", _("LACE coordinator")
    PEP_REVIEWER = "pep_reviewer", _("PEP reviewer")
    EDUCATION_WELFARE_OFFICER = "education_welfare_officer", _("Education welfare officer")
    PROGRESSION_COORDINATOR = "progression_coordinator", _("Engagement and progression co-ordinator")
    SENIOR_LEADER = "senior_leader", _("Senior leader")
    DATA_OFFICER = "data_officer", _("Data officer")
    ADMINISTRATOR = "administrator", _("Authority administrator")
    ELECTED_MEMBER = "elected_member", _("Elected member")

    COUNTERPART = "counterpart", _("Counterpart outside Wales")
    CONSORTIUM_LEAD = "consortium_lead", _("Consortium lead co-ordinator")
    CHALLENGE_ADVISER = "challenge_adviser", _("School challenge adviser")
    PROVIDER_LEAD = "provider_lead", _("Post-16 provider lead")
    STUDENT_SUPPORT_OFFICER = "student_support_officer", _("Student support officer")
    LEAD_WORKER = "lead_worker", _("Lead worker")
    CAREERS_ADVISER = "careers_adviser", _("Careers adviser")
    YOUTH_OFFENDING_WORKER = "youth_offending_worker", _("Youth offending team worker")
    SPECIALIST = "specialist", _("Psychologist or counsellor")
    GOVERNMENT = "government", _("Welsh Government")


_R = Role


class Relation(StrEnum):
    """How someone stands to a child. The codename of a guardian grant, save for RESPONSIBLE, which the child's row says itself."""

    RESPONSIBLE = "responsible"
    # of authorities
    HOST = "host"
    SCHOOL_AUTHORITY = "school_authority"
    PREVIOUS = "previous"  # responsible until a hand-over, for the overlap (XLA-12)
    GUEST = "guest"  # let in by the responsible authority, for a purpose and a time (XLA-02)
    # of schools, homes, services and providers
    SCHOOL = "school"
    SCHOOL_ALN = "school_aln"  # the school of a child with additional learning needs
    HOME = "home"
    LEAVING_CARE = "leaving_care"
    PROVIDER = "provider"
    # of people
    SOCIAL_WORKER = "social_worker"
    IRO = "iro"
    CARER = "carer"
    PERSONAL_ADVISER = "personal_adviser"
    CHILD = "child"
    PARENT = "parent"
    ADOPTIVE_PARENT = "adoptive_parent"
    GUARDIAN = "guardian"
    ADVOCATE = "advocate"
    INDEPENDENT_VISITOR = "independent_visitor"
    DELEGATE = "delegate"
    TEACHER = "teacher"
    WELFARE_OFFICER = "welfare_officer"
    PROGRESSION_COORDINATOR = "progression_coordinator"
    LEAD_WORKER = "lead_worker"
    CAREERS_ADVISER = "careers_adviser"
    YOUTH_OFFENDING_WORKER = "youth_offending_worker"
    SPECIALIST = "specialist"
    STUDENT_SUPPORT = "student_support"
    COUNTERPART = "counterpart"
    EMERGENCY = "emergency"  # break-glass


_X = Relation
AUTHORITY_RELATIONS = (_X.HOST, _X.SCHOOL_AUTHORITY, _X.PREVIOUS, _X.GUEST)
BODY_RELATIONS = (_X.SCHOOL, _X.SCHOOL_ALN, _X.HOME, _X.LEAVING_CARE, _X.PROVIDER)
GROUP_RELATIONS = AUTHORITY_RELATIONS + BODY_RELATIONS
NAMED_RELATIONS = tuple(relation for relation in Relation if relation not in {*GROUP_RELATIONS, _X.RESPONSIBLE})
# Held only for a time said beforehand (002 4.59; 000 Adv): the grant must have an end.
TIME_LIMITED = (_X.GUEST, _X.PREVIOUS, _X.ADVOCATE, _X.COUNTERPART, _X.SPECIALIST, _X.EMERGENCY)
# What goes on after care ended: the rest ends with it, on the day.
AFTER_CARE = (
    *(_X.CHILD, _X.PERSONAL_ADVISER, _X.LEAVING_CARE, _X.PROVIDER, _X.STUDENT_SUPPORT, _X.CAREERS_ADVISER, _X.LEAD_WORKER),
    *(_X.ADOPTIVE_PARENT, _X.GUARDIAN, _X.EMERGENCY),
)
# A learner's status is shared with these only after consent, and no longer than it lasts (PRIV-10; 002 3.22, 4.49).
BY_CONSENT = (_X.PROVIDER, _X.CAREERS_ADVISER, _X.STUDENT_SUPPORT)


class Facet(StrEnum):
    """What may be read of a child, in parts."""

    CALLED = "called"  # the name by which the child is called, and no more
    IDENTITY = "identity"
    EDUCATION = "education"
    TARGETS = "targets"  # targets and strategies, without the rest of the plan (PRIV-15)
    ATTENDANCE = "attendance"
    CARE = "care"
    ADDRESS = "address"  # of the placement, with the carer's identity: off unless a row gives it (goals A1)
    CONTACTS = "contacts"
    NO_CONTACT = "no_contact"  # people who must not come near the child (PRIV-05)
    WELLBEING = "wellbeing"
    VOICE = "voice"  # the child's own statements; the child decides who reads each (VOICE-15)
    SAFEGUARDING = "safeguarding"
    REFERRALS = "referrals"  # the child-protection lead's log, shared with the designated person (SCH-20)
    LEGAL = "legal"  # beyond the band of the legal status
    DISPUTES = "disputes"  # over money and responsibility: never the child's or a carer's (PRIV-03)


# Whole tables that row-level security gives only to a holder of the facet; the rest are parts of rows.
GUARDED_FACETS = (Facet.ADDRESS, Facet.NO_CONTACT, Facet.WELLBEING, Facet.VOICE, Facet.SAFEGUARDING, Facet.REFERRALS, Facet.DISPUTES)
_IMPLIED = {Facet.IDENTITY: Facet.CALLED, Facet.EDUCATION: Facet.TARGETS}


class Permission(StrEnum):
    """Acts."""

    RECORD_CARE = "record_care"
    RECORD_SCHOOL = "record_school"
    START_PEP = "start_pep"
    WRITE_PEP = "write_pep"
    FINALISE_PEP = "finalise_pep"
    CONTRIBUTE_TO_PEP = "contribute_to_pep"
    CHALLENGE_PLAN = "challenge_plan"  # and require a reply (PEP-31)
    KEEP_ACTIONS = "keep_actions"  # the actions agreed in a plan: agree, settle, carry
    REVIEW_PEP = "review_pep"  # look at a final version's quality for the education service (PEP-21)
    ARRANGE_REVIEW = "arrange_review"
    CLOSE_REVIEW = "close_review"
    EXPLAIN_LATENESS = "explain_lateness"
    RECORD_DUTY = "record_duty"  # that what is done outside Lace was done; hand a duty to a colleague; ask that it be waived
    WAIVE_DUTY = "waive_duty"  # decide on another's asking
    ANSWER_MISS = "answer_miss"  # the designated manager's answer to a missed timescale (SW-13)
    APPROVE_MOVE = "approve_move"  # the nominated officer's approval of a move in Key Stage 4 (regulation 11)
    RECORD_NO_CONTACT = "record_no_contact"
    RECORD_RISK = "record_risk"
    RECORD_REFERRAL = "record_referral"
    RECORD_DISPUTE = "record_dispute"
    TAKE_DOWN_STATEMENT = "take_down_statement"  # the child's words, exactly as said
    CHOOSE_READERS = "choose_readers"  # the child's own choice (VOICE-15)
    SHARE_RECORD = "share_record"  # name people and let other bodies in, and end it
    SHARE_IN_SCHOOL = "share_in_school"  # with teachers and form tutors of the school
    CONSENT = "consent"  # the young person's, or recorded for them (PRIV-10)
    HAND_OVER = "hand_over"  # the first key (XLA-12)
    ASK_FOR_DATA = "ask_for_data"
    ANSWER_FOR_DATA = "answer_for_data"
    SEE_WHO_LOOKED = "see_who_looked"
    # acts on no child
    SEE_DASHBOARD = "see_dashboard"
    DESIGNATE = "designate"  # record and end the designation of a school's designated person
    CONFIRM_REGISTER = "confirm_register"
    PREPARE_REPORT = "prepare_report"
    APPROVE_REPORT = "approve_report"
    READ_REPORT = "read_report"
    CHALLENGE_REPORT = "challenge_report"  # as governors, of the school's plans as a whole (PEP-31)
    READ_POLICY = "read_policy"  # the school's policy for looked-after children (GOV-12)
    WRITE_POLICY = "write_policy"
    SIGN_POLICY = "sign_policy"
    ADOPT_POLICY = "adopt_policy"
    MONITOR_POLICY = "monitor_policy"
    READ_FIGURES = "read_figures"  # counted, rounded, of no child (CPP-04, PDG-10)
    TAKE_OVER = "take_over"  # the second key of a hand-over (XLA-12)
    BREAK_GLASS = "break_glass"
    READ_AUDIT = "read_audit"
    ADMINISTER = "administer"
    KEEP_CALENDAR = "keep_calendar"  # term dates, training days, lesson times: of the authority, or of one's own school
    SET_STANDARD = "set_standard"  # by which the quality of plans is judged (PEP-20)
    SEE_BODY_DUTIES = "see_body_duties"  # of one's own school, or of the authority and its schools


class Reach(StrEnum):
    """How far a role reaches."""

    AUTHORITY = "authority"  # every child of the authority, and those granted to it
    ORGANISATION = "organisation"  # the children granted to the organisation
    NAMED = "named"  # the children to whom the person is named
    NONE = "none"  # no child at all: counted figures only, or settings


# The relation through which a named role reaches its children.
NAMED_RELATION: dict[Role, Relation] = {
    _R.SOCIAL_WORKER: _X.SOCIAL_WORKER,
    _R.IRO: _X.IRO,
    _R.PERSONAL_ADVISER: _X.PERSONAL_ADVISER,
    _R.ADVOCATE: _X.ADVOCATE,
    _R.INDEPENDENT_VISITOR: _X.INDEPENDENT_VISITOR,
    _R.CHILD: _X.CHILD,
    _R.FOSTER_CARER: _X.CARER,
    _R.KINSHIP_CARER: _X.CARER,
    _R.RESIDENTIAL_WORKER: _X.CARER,
    _R.PARENT: _X.PARENT,
    _R.ADOPTIVE_PARENT: _X.ADOPTIVE_PARENT,
    _R.GUARDIAN: _X.GUARDIAN,
    _R.DELEGATE: _X.DELEGATE,
    _R.TEACHER: _X.TEACHER,
    _R.EDUCATION_WELFARE_OFFICER: _X.WELFARE_OFFICER,
    _R.PROGRESSION_COORDINATOR: _X.PROGRESSION_COORDINATOR,
    _R.COUNTERPART: _X.COUNTERPART,
    _R.STUDENT_SUPPORT_OFFICER: _X.STUDENT_SUPPORT,
    _R.LEAD_WORKER: _X.LEAD_WORKER,
    _R.CAREERS_ADVISER: _X.CAREERS_ADVISER,
    _R.YOUTH_OFFENDING_WORKER: _X.YOUTH_OFFENDING_WORKER,
    _R.SPECIALIST: _X.SPECIALIST,
}
CARERS = tuple(role for role, relation in NAMED_RELATION.items() if relation == _X.CARER)  # foster, kinship, residential (CAR-10)
# Relations that an organisation's or an authority's group may hold, by the role that uses them. The designated manager and the
# case system answer for their own authority's children only.
GROUP_RELATION: dict[Role, tuple[Relation, ...]] = {
    _R.LACE_COORDINATOR: AUTHORITY_RELATIONS,
    _R.DESIGNATED_PERSON: (_X.SCHOOL,),
    _R.HEADTEACHER: (_X.SCHOOL,),
    _R.CHILD_PROTECTION_LEAD: (_X.SCHOOL,),
    _R.ALNCO: (_X.SCHOOL_ALN,),
    _R.RESIDENTIAL_LINK_WORKER: (_X.HOME,),
    _R.FOSTERING_MANAGER: (_X.HOME,),
    _R.LEAVING_CARE_MANAGER: (_X.LEAVING_CARE,),
    _R.PROVIDER_LEAD: (_X.PROVIDER,),
}
_WIDE = {_R.LACE_COORDINATOR, _R.DESIGNATED_MANAGER, _R.CASE_SYSTEM, _R.PEP_REVIEWER, _R.DATA_OFFICER}
REACH: dict[Role, Reach] = {
    role: Reach.AUTHORITY if role in _WIDE
    else Reach.NAMED if role in NAMED_RELATION
    else Reach.ORGANISATION if role in GROUP_RELATION
    else Reach.NONE
    for role in Role
}  # fmt: skip
# Roles that reach no child and are still held in one school.
HELD_IN_SCHOOL = (_R.GOVERNOR, _R.LINK_GOVERNOR)
# Roles that may break the glass: to open, with a reason and for two days at most, a record to which they stand in no relation.
EMERGENCY_ROLES = (_R.LACE_COORDINATOR, _R.SOCIAL_WORKER, _R.IRO, _R.DESIGNATED_MANAGER)


@dataclass(frozen=True, slots=True)
class Grant:
    """A row of the table."""

    facets: frozenset[Facet]
    permissions: frozenset[Permission] = frozenset()


class Held(NamedTuple):
    """A relation somebody holds to a child; `facets` where the grant was narrowed by hand."""

    relation: Relation
    facets: frozenset[Facet] | None = None


def _grant(facets: Iterable[Facet], permissions: Iterable[Permission] = ()) -> Grant:
    given = set(facets)
    return Grant(frozenset(given | {_IMPLIED[facet] for facet in given & _IMPLIED.keys()}), frozenset(permissions))


_F, _P = Facet, Permission
_EVERYTHING = tuple(Facet)
_TOGETHER = (_F.IDENTITY, _F.EDUCATION, _F.ATTENDANCE, _F.CONTACTS)  # what those who arrange the schooling work with
_CARER = _grant((*_TOGETHER, _F.NO_CONTACT, _F.WELLBEING, _F.VOICE), (_P.CONTRIBUTE_TO_PEP, _P.TAKE_DOWN_STATEMENT))
_GLASS = _grant((_F.IDENTITY, _F.EDUCATION, _F.CARE, _F.CONTACTS, _F.NO_CONTACT, _F.SAFEGUARDING))

# relation x role -> what may be read, what may be done. Absent = nothing.
TABLE: dict[tuple[Relation, Role], Grant] = {
    # the corporate parent
    (_X.RESPONSIBLE, _R.LACE_COORDINATOR): _grant(
        _EVERYTHING,
        (_P.START_PEP, _P.WRITE_PEP, _P.CONTRIBUTE_TO_PEP, _P.ARRANGE_REVIEW, _P.EXPLAIN_LATENESS, _P.RECORD_DUTY, _P.WAIVE_DUTY, _P.RECORD_SCHOOL,
         _P.RECORD_DISPUTE, _P.KEEP_ACTIONS, _P.REVIEW_PEP, _P.CHALLENGE_PLAN, _P.SHARE_RECORD, _P.HAND_OVER,
         _P.ASK_FOR_DATA, _P.SEE_WHO_LOOKED, _P.CONSENT),
    ),
    (_X.RESPONSIBLE, _R.DESIGNATED_MANAGER): _grant(
        (_F.IDENTITY, _F.CARE, _F.EDUCATION, _F.DISPUTES),
        (_P.EXPLAIN_LATENESS, _P.RECORD_DUTY, _P.WAIVE_DUTY, _P.ANSWER_MISS, _P.APPROVE_MOVE, _P.RECORD_DISPUTE),
    ),
    (_X.RESPONSIBLE, _R.CASE_SYSTEM): _grant(
        (*_TOGETHER, _F.CARE, _F.ADDRESS, _F.LEGAL),
        (_P.RECORD_CARE, _P.RECORD_SCHOOL, _P.START_PEP, _P.ARRANGE_REVIEW, _P.CLOSE_REVIEW),
    ),
    (_X.RESPONSIBLE, _R.PEP_REVIEWER): _grant((_F.IDENTITY, _F.EDUCATION), (_P.REVIEW_PEP,)),
    (_X.RESPONSIBLE, _R.DATA_OFFICER): _grant((_F.IDENTITY, _F.ATTENDANCE)),
    # other authorities
    (_X.HOST, _R.LACE_COORDINATOR): _grant(_TOGETHER, (_P.ANSWER_FOR_DATA,)),
    (_X.SCHOOL_AUTHORITY, _R.LACE_COORDINATOR): _grant(_TOGETHER, (_P.ANSWER_FOR_DATA,)),
    (_X.PREVIOUS, _R.LACE_COORDINATOR): _grant((_F.IDENTITY, _F.EDUCATION, _F.CONTACTS)),
    (_X.GUEST, _R.LACE_COORDINATOR): _grant((*_TOGETHER, _F.CARE, _F.WELLBEING), (_P.ANSWER_FOR_DATA,)),
    (_X.COUNTERPART, _R.COUNTERPART): _grant((*_TOGETHER, _F.WELLBEING), (_P.ANSWER_FOR_DATA,)),
    # social care
    (_X.SOCIAL_WORKER, _R.SOCIAL_WORKER): _grant(
        _EVERYTHING,
        (_P.RECORD_CARE, _P.START_PEP, _P.WRITE_PEP, _P.CONTRIBUTE_TO_PEP, _P.ARRANGE_REVIEW, _P.CLOSE_REVIEW, _P.EXPLAIN_LATENESS, _P.RECORD_DUTY,
         _P.RECORD_NO_CONTACT, _P.RECORD_RISK, _P.RECORD_REFERRAL, _P.RECORD_DISPUTE, _P.TAKE_DOWN_STATEMENT, _P.SHARE_RECORD, _P.CONSENT,
         _P.RECORD_SCHOOL, _P.KEEP_ACTIONS),
    ),
    (_X.IRO, _R.IRO): _grant(
        _EVERYTHING,
        (_P.CONTRIBUTE_TO_PEP, _P.CHALLENGE_PLAN, _P.ARRANGE_REVIEW, _P.CLOSE_REVIEW, _P.RECORD_DUTY, _P.TAKE_DOWN_STATEMENT),
    ),
    (_X.PERSONAL_ADVISER, _R.PERSONAL_ADVISER): _grant((*_TOGETHER, _F.CARE, _F.WELLBEING, _F.VOICE),
                                                       (_P.CONTRIBUTE_TO_PEP, _P.RECORD_DUTY, _P.CONSENT)),
    (_X.LEAVING_CARE, _R.LEAVING_CARE_MANAGER): _grant((_F.IDENTITY, _F.CARE, _F.CONTACTS)),
    (_X.HOME, _R.FOSTERING_MANAGER): _grant((_F.IDENTITY, _F.TARGETS, _F.ATTENDANCE)),
    (_X.HOME, _R.RESIDENTIAL_LINK_WORKER): _grant(_TOGETHER, (_P.CONTRIBUTE_TO_PEP,)),
    (_X.ADVOCATE, _R.ADVOCATE): _grant((_F.IDENTITY, _F.EDUCATION, _F.VOICE), (_P.CONTRIBUTE_TO_PEP, _P.TAKE_DOWN_STATEMENT)),
    (_X.INDEPENDENT_VISITOR, _R.INDEPENDENT_VISITOR): _grant((_F.CALLED, _F.CONTACTS)),
    # the child and those who care for the child
    (_X.CHILD, _R.CHILD): _grant((*_TOGETHER, _F.VOICE), (_P.CONTRIBUTE_TO_PEP, _P.TAKE_DOWN_STATEMENT, _P.CHOOSE_READERS, _P.CONSENT)),
    (_X.CARER, _R.FOSTER_CARER): _CARER,
    (_X.CARER, _R.KINSHIP_CARER): _CARER,
    (_X.CARER, _R.RESIDENTIAL_WORKER): _grant((*_TOGETHER, _F.NO_CONTACT), (_P.CONTRIBUTE_TO_PEP,)),
    (_X.PARENT, _R.PARENT): _grant((_F.IDENTITY, _F.EDUCATION), (_P.CONTRIBUTE_TO_PEP,)),
    (_X.ADOPTIVE_PARENT, _R.ADOPTIVE_PARENT): _grant((_F.IDENTITY, _F.TARGETS)),
    (_X.GUARDIAN, _R.GUARDIAN): _grant((_F.IDENTITY, _F.TARGETS, _F.ATTENDANCE)),
    # schools
    (_X.SCHOOL, _R.DESIGNATED_PERSON): _grant(
        (*_TOGETHER, _F.CARE, _F.NO_CONTACT, _F.WELLBEING, _F.VOICE, _F.REFERRALS),
        (_P.START_PEP, _P.WRITE_PEP, _P.FINALISE_PEP, _P.CONTRIBUTE_TO_PEP, _P.EXPLAIN_LATENESS, _P.RECORD_DUTY, _P.RECORD_REFERRAL,
         _P.TAKE_DOWN_STATEMENT, _P.SHARE_IN_SCHOOL, _P.ANSWER_FOR_DATA, _P.KEEP_ACTIONS),
    ),
    (_X.SCHOOL, _R.HEADTEACHER): _grant((*_TOGETHER, _F.NO_CONTACT), (_P.EXPLAIN_LATENESS,)),
    (_X.SCHOOL, _R.CHILD_PROTECTION_LEAD): _grant((_F.IDENTITY, _F.CONTACTS, _F.NO_CONTACT, _F.SAFEGUARDING, _F.REFERRALS),
                                                  (_P.RECORD_RISK, _P.RECORD_REFERRAL)),
    (_X.SCHOOL_ALN, _R.ALNCO): _grant((_F.IDENTITY, _F.EDUCATION), (_P.CONTRIBUTE_TO_PEP, _P.KEEP_ACTIONS)),
    (_X.DELEGATE, _R.DELEGATE): _grant((_F.CALLED, _F.TARGETS)),
    (_X.TEACHER, _R.TEACHER): _grant((_F.CALLED, _F.TARGETS)),
    (_X.WELFARE_OFFICER, _R.EDUCATION_WELFARE_OFFICER): _grant((_F.IDENTITY, _F.ATTENDANCE, _F.CONTACTS)),
    (_X.PROGRESSION_COORDINATOR, _R.PROGRESSION_COORDINATOR): _grant((_F.IDENTITY, _F.TARGETS, _F.ATTENDANCE)),
    # others, each for their own purpose
    (_X.LEAD_WORKER, _R.LEAD_WORKER): _grant((_F.IDENTITY, _F.TARGETS)),
    (_X.CAREERS_ADVISER, _R.CAREERS_ADVISER): _grant((_F.IDENTITY, _F.TARGETS)),
    (_X.YOUTH_OFFENDING_WORKER, _R.YOUTH_OFFENDING_WORKER): _grant((_F.IDENTITY, _F.ATTENDANCE)),
    (_X.SPECIALIST, _R.SPECIALIST): _grant((_F.IDENTITY, _F.TARGETS)),
    (_X.PROVIDER, _R.PROVIDER_LEAD): _grant((_F.IDENTITY, _F.TARGETS)),
    (_X.STUDENT_SUPPORT, _R.STUDENT_SUPPORT_OFFICER): _grant((_F.IDENTITY,)),
} | {(_X.EMERGENCY, role): _GLASS for role in EMERGENCY_ROLES}  # fmt: skip

# The child, and those at home with the child: their names stand in no list of colleagues, and in no history.
AT_HOME = frozenset({_R.CHILD, _R.FOSTER_CARER, _R.KINSHIP_CARER, _R.RESIDENTIAL_WORKER, _R.PARENT, _R.ADOPTIVE_PARENT, _R.GUARDIAN})

OFFICE: dict[Permission, frozenset[Role]] = {  # acts on no child
    _P.SEE_DASHBOARD: frozenset({_R.LACE_COORDINATOR, _R.DESIGNATED_MANAGER}),
    _P.RECORD_CARE: frozenset({_R.CASE_SYSTEM}),  # the first record of a child, before there is one to stand in a relation to
    _P.DESIGNATE: frozenset({_R.HEADTEACHER, _R.GOVERNOR, _R.LINK_GOVERNOR}),
    _P.CONFIRM_REGISTER: frozenset({_R.DESIGNATED_PERSON, _R.HEADTEACHER}),
    _P.PREPARE_REPORT: frozenset({_R.DESIGNATED_PERSON, _R.HEADTEACHER}),
    _P.APPROVE_REPORT: frozenset({_R.HEADTEACHER}),
    _P.READ_REPORT: frozenset({_R.GOVERNOR, _R.LINK_GOVERNOR, _R.HEADTEACHER, _R.DESIGNATED_PERSON, _R.LACE_COORDINATOR}),
    _P.CHALLENGE_REPORT: frozenset({_R.GOVERNOR, _R.LINK_GOVERNOR}),
    _P.READ_POLICY: frozenset({_R.GOVERNOR, _R.LINK_GOVERNOR, _R.HEADTEACHER, _R.DESIGNATED_PERSON, _R.LACE_COORDINATOR}),
    _P.WRITE_POLICY: frozenset({_R.HEADTEACHER, _R.DESIGNATED_PERSON}),
    _P.SIGN_POLICY: frozenset({_R.HEADTEACHER}),
    _P.ADOPT_POLICY: frozenset({_R.GOVERNOR, _R.LINK_GOVERNOR}),
    _P.MONITOR_POLICY: frozenset({_R.GOVERNOR, _R.LINK_GOVERNOR}),
    _P.READ_FIGURES: frozenset({_R.ELECTED_MEMBER, _R.SENIOR_LEADER, _R.CONSORTIUM_LEAD, _R.CHALLENGE_ADVISER, _R.GOVERNMENT, _R.LINK_GOVERNOR,
                                _R.LACE_COORDINATOR, _R.DESIGNATED_MANAGER}),
    _P.TAKE_OVER: frozenset({_R.LACE_COORDINATOR}),
    _P.BREAK_GLASS: frozenset(EMERGENCY_ROLES),
    _P.READ_AUDIT: frozenset({_R.ADMINISTRATOR}),
    _P.ADMINISTER: frozenset({_R.ADMINISTRATOR}),
    _P.KEEP_CALENDAR: frozenset({_R.ADMINISTRATOR, _R.LACE_COORDINATOR, _R.HEADTEACHER, _R.DESIGNATED_PERSON}),
    _P.SEE_BODY_DUTIES: frozenset({_R.LACE_COORDINATOR, _R.DESIGNATED_MANAGER, _R.SENIOR_LEADER, _R.HEADTEACHER, _R.DESIGNATED_PERSON,
                                   _R.GOVERNOR, _R.LINK_GOVERNOR}),
    _P.REVIEW_PEP: frozenset({_R.LACE_COORDINATOR, _R.PEP_REVIEWER}),  # the queue of them
    _P.SET_STANDARD: frozenset({_R.LACE_COORDINATOR, _R.ADMINISTRATOR}),
}  # fmt: skip
# Who is responsible for a duty of some kind, or is told of one: no rule may name another.
WITH_DUTIES = OFFICE[_P.SEE_BODY_DUTIES] | {_R.SOCIAL_WORKER, _R.IRO, _R.PERSONAL_ADVISER, _R.PEP_REVIEWER}


def row(relation: Relation, role: str) -> Grant | None:
    """The table's row for a role in a relation."""
    return TABLE.get((relation, Role(role))) if role else None


def grant_of(actor: Actor, held: Iterable[Held]) -> Grant:
    """What the actor may read and do, standing to a child in these relations: the union of the table's rows for the role in use.

    A grant narrowed by hand gives of its row's facets only those it names.
    """
    facets: set[Facet] = set()
    permissions: set[Permission] = set()
    for relation, narrowed in held:
        found = row(relation, actor.role)
        if found:
            facets |= found.facets if narrowed is None else found.facets & (narrowed | {_IMPLIED[facet] for facet in narrowed & _IMPLIED.keys()})
            permissions |= found.permissions
    return Grant(frozenset(facets), frozenset(permissions))


def relations_giving(actor: Actor, facet: Facet) -> frozenset[str]:
    """Of the relations the actor may use, RESPONSIBLE among them, those through which the role in use reads this facet."""
    usable = {*actor.relations, *actor.own_relations} | ({str(Relation.RESPONSIBLE)} if actor.authorities else set())
    return frozenset(name for name in usable if (found := row(Relation(name), actor.role)) and facet in found.facets)


def may(actor: Actor, permission: Permission) -> bool:
    """May the actor do this act, which concerns no one child? A named job may: its database role is its bound."""
    return bool(actor.job) or (actor.role != "" and Role(actor.role) in OFFICE.get(permission, frozenset()))


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless `may`."""
    if not may(actor, permission):
        raise NotAllowed
