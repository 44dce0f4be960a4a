"""Who may read and do what, signed off against section 3 of the requirements ("Roles × capabilities"). The application never reads this file.

A row says: standing to a child in this relation, a person in this role may read these facets and do these acts. What is not written is
denied. Every value is a plain word, so that a change of the application's own table changes nothing here; a role, relation, facet or
act that this file does not know fails the build. `source` is the row of section 3, or the requirement that narrows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.access.policy.words import words

# What may be read of a child, in parts. Whole tables open by a facet of their own from "address" on.
FACETS = words("called identity education targets attendance care contacts wellbeing legal address no_contact voice safeguarding referrals disputes")
# The name a child is called by is part of who the child is; targets are part of the plan.
HOLDS_TOO = {"identity": "called", "education": "targets"}

# How each role comes to children. "authority": all of its authority's. "school", "school_aln", "home", "leaving_care", "provider": those
# of the body it works in. Else a relation's name: those to whom the person is named in it. "": none, counted figures at most.
REACH: dict[str, str] = {
    # social care
    "social_worker": "social_worker",
    "designated_manager": "authority",
    "iro": "iro",
    "personal_adviser": "personal_adviser",
    "leaving_care_manager": "leaving_care",
    "fostering_manager": "home",
    "residential_link_worker": "home",
    "advocate": "advocate",
    "independent_visitor": "independent_visitor",
    "case_system": "authority",
    # the child and those who care for the child
    "child": "child",
    "foster_carer": "carer",
    "kinship_carer": "carer",
    "residential_worker": "carer",
    "parent": "parent",
    "adoptive_parent": "adoptive_parent",
    "guardian": "guardian",
    # school
    "designated_person": "school",
    "headteacher": "school",
    "child_protection_lead": "school",
    "alnco": "school_aln",
    "delegate": "delegate",
    "teacher": "teacher",
    "governor": "",
    "link_governor": "",
    # the authority's education service
    "lace_coordinator": "authority",
    "pep_reviewer": "authority",
    "data_officer": "authority",
    "education_welfare_officer": "welfare_officer",
    "progression_coordinator": "progression_coordinator",
    "senior_leader": "",
    "administrator": "",
    "elected_member": "",
    # others
    "counterpart": "counterpart",
    "consortium_lead": "",
    "challenge_adviser": "",
    "government": "",
    "provider_lead": "provider",
    "student_support_officer": "student_support",
    "lead_worker": "lead_worker",
    "careers_adviser": "careers_adviser",
    "youth_offending_worker": "youth_offending_worker",
    "specialist": "specialist",
}
# Relations that a body or an authority holds; all others are held by name.
BODIES = words("school school_aln home leaving_care provider")
AUTHORITIES = words("host school_authority previous guest")


@dataclass(frozen=True, slots=True)
class Row:
    """What a role may read and do, standing to a child in a relation."""

    reads: frozenset[str]
    does: frozenset[str]
    source: str


TABLE: dict[tuple[str, str], Row] = {}


def _row(relation: str, role: str, reads: str, *, does: str = "", source: str) -> None:
    facets = set(reads.split())
    assert facets <= FACETS, f"{role}: {facets - FACETS}"
    assert (relation, role) not in TABLE, f"{role} stands twice as {relation}"
    TABLE[relation, role] = Row(frozenset(facets | {HOLDS_TOO[facet] for facet in facets & HOLDS_TOO.keys()}), frozenset(does.split()), source)


_WHOLE = " ".join(FACETS)
_SCHOOLING = "identity education attendance contacts"

# ---- the corporate parent ----
_row(
    "responsible",
    "lace_coordinator",
    _WHOLE,
    does="start_pep write_pep keep_actions contribute_to_pep arrange_review explain_lateness record_school record_dispute"
    " share_record hand_over ask_for_data"
    " see_who_looked consent record_duty waive_duty review_pep challenge_plan",
    source="LACE coordinator: all children of own authority (own in, own out); quality-check; liaise with counterparts",
)
_row(
    "responsible",
    "designated_manager",
    "identity care education disputes",
    does="explain_lateness record_dispute record_duty waive_duty answer_miss approve_move",
    source="Designated manager: overdue cases of own service by team and worker; acknowledge, remedy, instruct",
)
_row(
    "responsible",
    "case_system",
    f"{_SCHOOLING} care address legal",
    does="record_care record_school start_pep arrange_review close_review",
    source="Social worker: create and update care data (browser and API)",
)
_row("responsible", "pep_reviewer", "identity education", does="review_pep", source="PEP reviewer: PEPs in quality queue; never the care file")
_row("responsible", "data_officer", "identity attendance", source="Data officer: census extracts; correct identity; never narrative notes")
# ---- other authorities ----
for _relation in ("host", "school_authority"):
    _row(_relation, "lace_coordinator", _SCHOOLING, does="answer_for_data", source="LACE coordinator: hosted children within grant")
_row("previous", "lace_coordinator", "identity education contacts", source="XLA-12: an overlap, nothing lost")
_row("guest", "lace_coordinator", f"{_SCHOOLING} care wellbeing", does="answer_for_data", source="XLA-02: fields granted for named child and period")
_row("counterpart", "counterpart", f"{_SCHOOLING} wellbeing", does="answer_for_data", source="Counterpart / English virtual head: fields granted")
# ---- social care ----
_row(
    "social_worker",
    "social_worker",
    _WHOLE,
    does="record_care record_school start_pep write_pep keep_actions contribute_to_pep arrange_review close_review explain_lateness"
    " record_no_contact record_risk"
    " record_referral record_dispute take_down_statement share_record consent record_duty",
    source="Social worker: whole record of own cases; hold no-contact list; school-move decisions",
)
_row(
    "iro",
    "iro",
    _WHOLE,
    does="contribute_to_pep challenge_plan arrange_review close_review record_duty take_down_statement",
    source="IRO: PEP and all versions, child's views of own cases; chair",
)
_row(
    "personal_adviser",
    "personal_adviser",
    f"{_SCHOOLING} care wellbeing voice",
    does="contribute_to_pep record_duty consent",
    source="Personal adviser: PEP, pathway plan, progress, well-being of own young people",
)
_row("leaving_care", "leaving_care_manager", "identity care contacts", source="Leaving-care manager: leaver caseload, contact and accommodation data")
_row("home", "fostering_manager", "identity targets attendance", source="Fostering / residential manager: own-placement education state")
_row(
    "home", "residential_link_worker", _SCHOOLING, does="contribute_to_pep", source="Residential education link worker: PEPs of children in own home"
)
_row(
    "advocate",
    "advocate",
    "identity education voice",
    does="contribute_to_pep take_down_statement",
    source="Advocate: plan parts opened for the child's support; ADV-04",
)
_row("independent_visitor", "independent_visitor", "called contacts", source="Independent visitor: child's first name and contact rules; ADV-05")
# ---- the child and those who care for the child ----
_row(
    "child",
    "child",
    f"{_SCHOOLING} voice",
    does="contribute_to_pep take_down_statement choose_readers consent",
    source="Child: own PEP, targets, meetings",
)
for _role in ("foster_carer", "kinship_carer"):
    _row(
        "carer",
        _role,
        f"{_SCHOOLING} no_contact wellbeing voice",
        does="contribute_to_pep take_down_statement",
        source="Carer: own child's PEP, targets, attendance, contact arrangements, meetings; PRIV-05",
    )
_row("carer", "residential_worker", f"{_SCHOOLING} no_contact", does="contribute_to_pep", source="Residential carer, as above; PRIV-05")
_row("parent", "parent", "identity education", does="contribute_to_pep", source="Parent: PEP parts allowed for that child; never no-contact notes")
_row("adoptive_parent", "adoptive_parent", "identity targets", source="Adoptive parent: own child's support plan; never the former care file")
_row("guardian", "guardian", "identity targets attendance", source="Special guardian: own child's support plan")
# ---- school ----
_row(
    "school",
    "designated_person",
    f"{_SCHOOLING} care no_contact wellbeing voice referrals",
    does="start_pep write_pep keep_actions finalise_pep contribute_to_pep explain_lateness record_duty record_referral"
    " take_down_statement share_in_school"
    " answer_for_data",
    source="Designated person: own school's children: PEP, contacts, no-contact warnings, attendance, targets; never disputes, legal detail",
)
_row(
    "school", "headteacher", f"{_SCHOOLING} no_contact", does="explain_lateness", source="Headteacher: all looked-after pupils of own school; PRIV-05"
)
_row(
    "school",
    "child_protection_lead",
    "identity contacts no_contact safeguarding referrals",
    does="record_risk record_referral",
    source="Child-protection lead: risk and no-contact entries, referral log of own school; SCH-20",
)
_row(
    "school_aln",
    "alnco",
    "identity education",
    does="contribute_to_pep keep_actions",
    source="SENCo / ALNCo: PEP sections of own school's pupils with ALN; never child-protection notes; PEP-10",
)
_row("delegate", "delegate", "called targets", source="Deputy or delegate: daily duty and strategies; never PEP history, care detail")
_row("teacher", "teacher", "called targets", source="Class or subject teacher: own pupils' strategies and targets; PRIV-15")
# ---- the authority's education service, others ----
_row(
    "welfare_officer",
    "education_welfare_officer",
    "identity attendance contacts",
    source="Education welfare officer: attendance, exclusion of assigned",
)
_row("progression_coordinator", "progression_coordinator", "identity targets attendance", source="Engagement co-ordinator: never care history")
_row("lead_worker", "lead_worker", "identity targets", source="Lead worker: own young person's transition plan; never the care file")
_row(
    "careers_adviser", "careers_adviser", "identity targets", source="Careers Wales adviser: aspirations, routes, consented; never PEP beyond careers"
)
_row(
    "youth_offending_worker",
    "youth_offending_worker",
    "identity attendance",
    source="Youth offending team worker: own young person's education status",
)
_row("specialist", "specialist", "identity targets", source="Psychologist / CAMHS / counsellor: agreed strategies; never the whole PEP")
_row("provider", "provider_lead", "identity targets", source="Post-16 provider lead: consented pack for own learner; never earlier history")
_row("student_support", "student_support_officer", "identity", source="HE student-support officer: consented status")
# ---- break-glass: in an emergency, for two days, with a reason ----
EMERGENCY = words("lace_coordinator social_worker iro designated_manager")
for _role in sorted(EMERGENCY):
    _row("emergency", _role, "identity education care contacts no_contact safeguarding", source="Break-glass: what keeps a child safe today")

# Acts that concern no one child, and who may do them.
OFFICE: dict[str, frozenset[str]] = {
    act: frozenset(roles.split())
    for act, roles in {
        "see_dashboard": "lace_coordinator designated_manager",
        "record_care": "case_system",
        "designate": "headteacher governor link_governor",
        "confirm_register": "designated_person headteacher",
        "prepare_report": "designated_person headteacher",
        "approve_report": "headteacher",
        "read_report": "governor link_governor headteacher designated_person lace_coordinator",
        "challenge_report": "governor link_governor",
        # the school's policy for looked-after children: written by the school, adopted and monitored by governors (GOV-12)
        "read_policy": "governor link_governor headteacher designated_person lace_coordinator",
        "write_policy": "headteacher designated_person",
        "sign_policy": "headteacher",
        "adopt_policy": "governor link_governor",
        "monitor_policy": "governor link_governor",
        # counted, rounded, of no child (CPP-04, PDG-10, PRIV-19)
        "read_figures": "elected_member senior_leader consortium_lead challenge_adviser government link_governor lace_coordinator designated_manager",
        "take_over": "lace_coordinator",
        "break_glass": "lace_coordinator social_worker iro designated_manager",
        "read_audit": "administrator",
        "administer": "administrator",
        # calendars: the authority's by its administrator and LACE coordinator, a school's own by the school (DL-02)
        "keep_calendar": "administrator lace_coordinator headteacher designated_person",
        # the queue of final plans, and the standard by which they are judged (PEP-20, PEP-21)
        "review_pep": "lace_coordinator pep_reviewer",
        "set_standard": "lace_coordinator administrator",
        "see_body_duties": "lace_coordinator designated_manager senior_leader headteacher designated_person governor link_governor",
    }.items()
}
