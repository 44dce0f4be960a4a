"""What a role may see and do, in plain words, straight from the access table."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import GROUP_RELATION, OFFICE, REACH, TABLE, Facet, Permission, Reach, Relation, Role

REACH_WORDS: dict[Reach, Promise] = {
    Reach.AUTHORITY: _("Reaches every child of the authority"),
    Reach.ORGANISATION: _("Reaches the children of the school or other body"),
    Reach.NAMED: _("Reaches only the children to whom the person is named"),
    Reach.NONE: _("Reaches no child's record"),
}
_AND_OTHERS = _("Reaches every child of the authority, and of others those whom it hosts or schools, or is let in to")
FACET_WORDS: dict[Facet, Promise] = {
    Facet.CALLED: _("the name by which the child is called"),
    Facet.IDENTITY: _("name, date of birth and language"),
    Facet.EDUCATION: _("school, plan, meetings and progress"),
    Facet.TARGETS: _("targets and strategies"),
    Facet.ATTENDANCE: _("attendance and exclusions"),
    Facet.CARE: _("time in care and the area of the placement"),
    Facet.ADDRESS: _("address and carer"),
    Facet.CONTACTS: _("people around the child and how to reach them"),
    Facet.NO_CONTACT: _("people who must not come near the child"),
    Facet.WELLBEING: _("health and well-being"),
    Facet.VOICE: _("what the child said, as far as the child lets them"),
    Facet.SAFEGUARDING: _("risks and safeguarding"),
    Facet.REFERRALS: _("the log of referrals"),
    Facet.LEGAL: _("legal detail"),
    Facet.DISPUTES: _("disputes over money and responsibility"),
}
# What is said once and covers the other.
_COVERED = {Facet.IDENTITY: Facet.CALLED, Facet.EDUCATION: Facet.TARGETS}
PERMISSION_WORDS: dict[Permission, Promise] = {
    Permission.RECORD_CARE: _("record time in care and placements"),
    Permission.RECORD_SCHOOL: _("record the school"),
    Permission.START_PEP: _("start a plan"),
    Permission.WRITE_PEP: _("write the plan"),
    Permission.FINALISE_PEP: _("finish the plan"),
    Permission.CONTRIBUTE_TO_PEP: _("contribute to the plan"),
    Permission.KEEP_ACTIONS: _("agree and settle the actions of the plan"),
    Permission.REVIEW_PEP: _("look at the quality of final plans"),
    Permission.CHALLENGE_PLAN: _("challenge the plan or its delivery"),
    Permission.ARRANGE_REVIEW: _("arrange meetings"),
    Permission.CLOSE_REVIEW: _("close meetings"),
    Permission.EXPLAIN_LATENESS: _("explain why something was late"),
    Permission.RECORD_DUTY: _("record what was done outside Lace, and hand duties to colleagues"),
    Permission.WAIVE_DUTY: _("decide whether a duty may be waived"),
    Permission.ANSWER_MISS: _("answer missed timescales"),
    Permission.APPROVE_MOVE: _("approve moves of school in Years 10 and 11"),
    Permission.RECORD_NO_CONTACT: _("record who must not come near the child"),
    Permission.RECORD_RISK: _("record risks"),
    Permission.RECORD_REFERRAL: _("record referrals"),
    Permission.RECORD_DISPUTE: _("record disputes"),
    Permission.TAKE_DOWN_STATEMENT: _("take down what the child says"),
    Permission.CHOOSE_READERS: _("choose who reads the child's own words"),
    Permission.SHARE_RECORD: _("name people and let other bodies in"),
    Permission.SHARE_IN_SCHOOL: _("share with teachers and form tutors of the school"),
    Permission.CONSENT: _("record consent"),
    Permission.HAND_OVER: _("hand over responsibility"),
    Permission.ASK_FOR_DATA: _("ask other authorities for data"),
    Permission.ANSWER_FOR_DATA: _("answer other authorities"),
    Permission.SEE_WHO_LOOKED: _("see who looked at a child's record"),
    Permission.SEE_DASHBOARD: _("see the authority's dashboard"),
    Permission.DESIGNATE: _("record a school's designated person"),
    Permission.CONFIRM_REGISTER: _("confirm the school's register"),
    Permission.PREPARE_REPORT: _("prepare the termly report"),
    Permission.APPROVE_REPORT: _("approve the termly report"),
    Permission.READ_REPORT: _("read the termly report"),
    Permission.CHALLENGE_REPORT: _("challenge what a termly report shows"),
    Permission.READ_POLICY: _("read the school's policy"),
    Permission.WRITE_POLICY: _("write the school's policy"),
    Permission.SIGN_POLICY: _("sign the school's policy"),
    Permission.ADOPT_POLICY: _("adopt the school's policy"),
    Permission.MONITOR_POLICY: _("monitor the school's policy"),
    Permission.READ_FIGURES: _("read rounded figures of no child"),
    Permission.TAKE_OVER: _("take over responsibility"),
    Permission.BREAK_GLASS: _("open a record in an emergency, with a reason, for two days at most"),
    Permission.READ_AUDIT: _("read the audit"),
    Permission.ADMINISTER: _("give and end roles"),
    Permission.KEEP_CALENDAR: _("keep term dates, days without pupils and lesson times"),
    Permission.SET_STANDARD: _("choose by what plans are judged, and whether the individual development plan stands inside them"),
    Permission.SEE_BODY_DUTIES: _("see the duties of schools and of the authority"),
}
# A case system's account is a machine's; it is given when its API client is made, never to a person.
GIVEN_BY_HAND = frozenset(Role) - {Role.CASE_SYSTEM}


def about_role(role: Role) -> dict[str, Any]:
    """The role's name, how far it reaches, what it sees of a child there (the most that any relation gives) and what it may do.

    An emergency is told as the act that it is, not as what it opens.
    """
    rows = [grant for (relation, held), grant in TABLE.items() if held == role and relation != Relation.EMERGENCY]
    facets = frozenset[Facet]().union(*(grant.facets for grant in rows))
    acts = frozenset[Permission]().union(*(grant.permissions for grant in rows)) | {act for act, roles in OFFICE.items() if role in roles}
    said = facets - {_COVERED[facet] for facet in facets & _COVERED.keys()}
    return {
        "title": role.label,
        "reach": _AND_OTHERS if REACH[role] == Reach.AUTHORITY and role in GROUP_RELATION else REACH_WORDS[REACH[role]],
        "sees": [FACET_WORDS[facet] for facet in Facet if facet in said],
        "does": [PERMISSION_WORDS[act] for act in Permission if act in acts],
    }
