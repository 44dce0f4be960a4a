"""The parts of a record and the ways to stand to a child, in plain words for adults (PRIV-18); for the child: own_words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Facet, Relation

FACET_WORDS: dict[Facet, Promise] = {
    Facet.CALLED: _("what the child is called"),
    Facet.IDENTITY: _("name, date of birth and language"),
    Facet.EDUCATION: _("school, plan, meetings and progress"),
    Facet.TARGETS: _("targets and strategies of the plan"),
    Facet.ATTENDANCE: _("attendance and exclusions"),
    Facet.CARE: _("time in care and the area of the placement"),
    Facet.ADDRESS: _("address and carer"),
    Facet.CONTACTS: _("people around the child and how to reach them"),
    Facet.NO_CONTACT: _("people who must be kept away from the child"),
    Facet.WELLBEING: _("health and well-being"),
    Facet.VOICE: _("what the child said, where the child allows it"),
    Facet.SAFEGUARDING: _("risks to the child's safety"),
    Facet.REFERRALS: _("referrals about the child's safety"),
    Facet.LEGAL: _("legal details"),
    Facet.DISPUTES: _("disagreements over money and responsibility"),
}
SAYS_MORE = {Facet.CALLED: Facet.IDENTITY, Facet.TARGETS: Facet.EDUCATION}  # of two, only the wider one is told
WHY: dict[Relation, Promise] = {
    Relation.RESPONSIBLE: _("The authority is the child's corporate parent."),
    Relation.HOST: _("The child lives in the authority's area."),
    Relation.SCHOOL_AUTHORITY: _("The child goes to a school of the authority."),
    Relation.PREVIOUS: _("The authority was responsible for the child and has handed over."),
    Relation.GUEST: _("The responsible authority lets this authority read a part."),
    Relation.SCHOOL: _("The child goes to the school."),
    Relation.SCHOOL_ALN: _("The school supports the child's additional learning needs."),
    Relation.HOME: _("The home or service looks after the child."),
    Relation.LEAVING_CARE: _("The service supports the young person in leaving care."),
    Relation.PROVIDER: _("The young person learns there, and agreed to it."),
    Relation.SOCIAL_WORKER: _("Named as the child's social worker."),
    Relation.IRO: _("Named as the child's independent reviewing officer."),
    Relation.CARER: _("The child lives with them."),
    Relation.PERSONAL_ADVISER: _("Named as the young person's personal adviser."),
    Relation.CHILD: _("It is their own record."),
    Relation.PARENT: _("A parent or relative who works on the plan."),
    Relation.ADOPTIVE_PARENT: _("The adoptive family asked for support in education."),
    Relation.GUARDIAN: _("Special guardian of the child."),
    Relation.ADVOCATE: _("Speaks for the child, for a time."),
    Relation.INDEPENDENT_VISITOR: _("Visits the child."),
    Relation.DELEGATE: _("Form tutor or head of year of the child."),
    Relation.TEACHER: _("Teaches the child."),
    Relation.WELFARE_OFFICER: _("Works on the child's attendance."),
    Relation.PROGRESSION_COORDINATOR: _("Helps the young person into education, training or work."),
    Relation.LEAD_WORKER: _("Named as the young person's lead worker."),
    Relation.CAREERS_ADVISER: _("Advises the young person on careers, with the young person's consent."),
    Relation.YOUTH_OFFENDING_WORKER: _("Works with the young person in the youth offending team."),
    Relation.SPECIALIST: _("Works with the child as a psychologist or counsellor, for a time."),
    Relation.STUDENT_SUPPORT: _("Supports the student, with the student's consent."),
    Relation.COUNTERPART: _("Works for the child in another nation's authority, for a time."),
    Relation.EMERGENCY: _("Opened the record in an emergency, for two days at most. The responsible authority was told."),
}
# What a relation given by hand is called where somebody chooses it.
SHARE_WORDS: dict[Relation, Promise] = {
    Relation.CHILD: _("The child or young person"),
    Relation.PARENT: _("Parent or relative"),
    Relation.ADOPTIVE_PARENT: _("Adoptive parent"),
    Relation.GUARDIAN: _("Special guardian"),
    Relation.ADVOCATE: _("Advocate"),
    Relation.INDEPENDENT_VISITOR: _("Independent visitor"),
    Relation.PERSONAL_ADVISER: _("Personal adviser"),
    Relation.TEACHER: _("Teacher"),
    Relation.DELEGATE: _("Form tutor or head of year"),
    Relation.WELFARE_OFFICER: _("Education welfare officer"),
    Relation.PROGRESSION_COORDINATOR: _("Engagement and progression co-ordinator"),
    Relation.LEAD_WORKER: _("Lead worker"),
    Relation.CAREERS_ADVISER: _("Careers adviser"),
    Relation.YOUTH_OFFENDING_WORKER: _("Youth offending team worker"),
    Relation.SPECIALIST: _("Psychologist or counsellor"),
    Relation.STUDENT_SUPPORT: _("Student support officer"),
    Relation.COUNTERPART: _("Counterpart outside Wales"),
    Relation.GUEST: _("Another local authority"),
    Relation.HOME: _("A children's home"),
    Relation.LEAVING_CARE: _("A fostering or leaving-care service"),
    Relation.PROVIDER: _("A college, training provider or university"),
}


def facet_words(facets: frozenset[Facet]) -> list[Promise]:
    """The parts in words, in the order of the facets; of two of which one says more, only that one."""
    return [FACET_WORDS[facet] for facet in Facet if facet in facets and SAYS_MORE.get(facet) not in facets]
