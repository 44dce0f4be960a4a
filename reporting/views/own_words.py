"""What roles, relations and parts of a record are called on the child's own pages: for a reader of about nine, and addressed to the child."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from lace.accounts.access import Facet, Relation, Role
from peps.rules import State
from peps.rules.meetings import Who

_R, _X, _F = Role, Relation, Facet

ROLE_WORDS: dict[Role, Promise] = {
    _R.SOCIAL_WORKER: pgettext_lazy("to a child", "Your social worker"),
    _R.DESIGNATED_MANAGER: pgettext_lazy("to a child", "The manager of the social workers"),
    _R.IRO: pgettext_lazy("to a child", "Your reviewing officer, who checks that your plan is followed"),
    _R.PERSONAL_ADVISER: pgettext_lazy("to a child", "Your personal adviser"),
    _R.LEAVING_CARE_MANAGER: pgettext_lazy("to a child", "The manager of the team for young people who leave care"),
    _R.FOSTERING_MANAGER: pgettext_lazy("to a child", "The manager of your home or of your carers' service"),
    _R.RESIDENTIAL_LINK_WORKER: pgettext_lazy("to a child", "The person in your home who helps with school"),
    _R.ADVOCATE: pgettext_lazy("to a child", "Your advocate, who speaks up for you"),
    _R.INDEPENDENT_VISITOR: pgettext_lazy("to a child", "Your independent visitor"),
    _R.CASE_SYSTEM: pgettext_lazy("to a child", "The computer system of the social workers"),
    _R.CHILD: pgettext_lazy("to a child", "You"),
    _R.FOSTER_CARER: pgettext_lazy("to a child", "Your foster carer"),
    _R.KINSHIP_CARER: pgettext_lazy("to a child", "The family or friends you live with"),
    _R.RESIDENTIAL_WORKER: pgettext_lazy("to a child", "A worker in your home"),
    _R.PARENT: pgettext_lazy("to a child", "Your parent or someone in your family"),
    _R.ADOPTIVE_PARENT: pgettext_lazy("to a child", "Your adoptive parent"),
    _R.GUARDIAN: pgettext_lazy("to a child", "Your guardian"),
    _R.DESIGNATED_PERSON: pgettext_lazy("to a child", "The person at your school who looks out for you"),
    _R.HEADTEACHER: pgettext_lazy("to a child", "Your headteacher"),
    _R.CHILD_PROTECTION_LEAD: pgettext_lazy("to a child", "The person at your school who keeps children safe"),
    _R.ALNCO: pgettext_lazy("to a child", "The teacher who plans extra help with learning"),
    _R.DELEGATE: pgettext_lazy("to a child", "Your form tutor or head of year"),
    _R.TEACHER: pgettext_lazy("to a child", "Your teacher"),
    _R.LACE_COORDINATOR: pgettext_lazy("to a child", "The person at the council who helps with your education"),
    _R.PEP_REVIEWER: pgettext_lazy("to a child", "The person at the council who checks that plans are good"),
    _R.EDUCATION_WELFARE_OFFICER: pgettext_lazy("to a child", "The person who helps you get to school"),
    _R.PROGRESSION_COORDINATOR: pgettext_lazy("to a child", "The person who helps you plan what comes after school"),
    _R.DATA_OFFICER: pgettext_lazy("to a child", "The person at the council who keeps the lists right"),
    _R.COUNTERPART: pgettext_lazy("to a child", "The person who helps with education where you go to school"),
    _R.PROVIDER_LEAD: pgettext_lazy("to a child", "The person at your college or training"),
    _R.STUDENT_SUPPORT_OFFICER: pgettext_lazy("to a child", "The person at your university who helps students"),
    _R.LEAD_WORKER: pgettext_lazy("to a child", "Your lead worker"),
    _R.CAREERS_ADVISER: pgettext_lazy("to a child", "Your careers adviser"),
    _R.YOUTH_OFFENDING_WORKER: pgettext_lazy("to a child", "Your youth justice worker"),
    _R.SPECIALIST: pgettext_lazy("to a child", "Your psychologist or counsellor"),
}

# Who comes to a meeting about the plan.
WHO_WORDS: dict[Who, Promise] = {
    Who.CHILD: ROLE_WORDS[_R.CHILD],
    Who.CARER: pgettext_lazy("to a child", "The people you live with"),
    Who.PARENT: ROLE_WORDS[_R.PARENT],
    Who.SOCIAL_WORKER: ROLE_WORDS[_R.SOCIAL_WORKER],
    Who.ADVOCATE: ROLE_WORDS[_R.ADVOCATE],
    Who.DESIGNATED_PERSON: ROLE_WORDS[_R.DESIGNATED_PERSON],
    Who.ALNCO: ROLE_WORDS[_R.ALNCO],
    Who.IRO: ROLE_WORDS[_R.IRO],
    Who.ADVISER: ROLE_WORDS[_R.PERSONAL_ADVISER],
    Who.COORDINATOR: ROLE_WORDS[_R.LACE_COORDINATOR],
    Who.OTHER: pgettext_lazy("to a child", "Somebody else who helps you"),
}

_CHOSEN: Promise = pgettext_lazy("to a child", "They were named to work with you.")
_AT_SCHOOL: Promise = pgettext_lazy("to a child", "They work at your school.")
WHY: dict[Relation, Promise] = dict.fromkeys(Relation, _CHOSEN) | {
    _X.RESPONSIBLE: pgettext_lazy("to a child", "They work for the council that looks after you."),
    _X.HOST: pgettext_lazy("to a child", "You live in their area."),
    _X.SCHOOL_AUTHORITY: pgettext_lazy("to a child", "Your school is in their area."),
    _X.PREVIOUS: pgettext_lazy("to a child", "They work for the council that looked after you before."),
    _X.GUEST: pgettext_lazy("to a child", "The council that looks after you asked for their help."),
    _X.SCHOOL: _AT_SCHOOL,
    _X.SCHOOL_ALN: _AT_SCHOOL,
    _X.DELEGATE: _AT_SCHOOL,
    _X.TEACHER: _AT_SCHOOL,
    _X.HOME: pgettext_lazy("to a child", "They work for the home or the service where you live."),
    _X.LEAVING_CARE: pgettext_lazy("to a child", "They help young people who leave care."),
    _X.PROVIDER: pgettext_lazy("to a child", "You learn there."),
    _X.CARER: pgettext_lazy("to a child", "You live with them."),
    _X.PARENT: pgettext_lazy("to a child", "They are your family."),
    _X.ADOPTIVE_PARENT: pgettext_lazy("to a child", "They are your family."),
    _X.GUARDIAN: pgettext_lazy("to a child", "They look after you."),
    _X.EMERGENCY: pgettext_lazy("to a child", "They had to look because something was urgent. They wrote down why."),
}

# Disagreements between councils are not the child's to carry: no word of them here (PRIV-03; 000 DP.15).
FACET_WORDS: dict[Facet, Promise] = {
    _F.CALLED: pgettext_lazy("to a child", "your first name"),
    _F.IDENTITY: pgettext_lazy("to a child", "your full name and your birthday"),
    _F.EDUCATION: pgettext_lazy("to a child", "your school, your plan and your meetings"),
    _F.TARGETS: pgettext_lazy("to a child", "what you are working on at school"),
    _F.ATTENDANCE: pgettext_lazy("to a child", "how often you are at school"),
    _F.CARE: pgettext_lazy("to a child", "since when you are in care, and in which area you live"),
    _F.ADDRESS: pgettext_lazy("to a child", "your address and who you live with"),
    _F.CONTACTS: pgettext_lazy("to a child", "who helps you, and how to reach them"),
    _F.NO_CONTACT: pgettext_lazy("to a child", "if somebody must stay away from you"),
    _F.WELLBEING: pgettext_lazy("to a child", "how you are and how you feel"),
    _F.VOICE: pgettext_lazy("to a child", "what you said, if you let them"),
    _F.SAFEGUARDING: pgettext_lazy("to a child", "notes that help to keep you safe"),
    _F.REFERRALS: pgettext_lazy("to a child", "who was asked to help keep you safe"),
    _F.LEGAL: pgettext_lazy("to a child", "why you came into care"),
}

PLAN_WORDS: dict[State, Promise] = {
    State.INITIATED: pgettext_lazy("to a child", "Your plan has been started. Nobody has written in it yet."),
    State.DEVELOPING: pgettext_lazy("to a child", "People are writing your plan now."),
    State.FINAL: pgettext_lazy("to a child", "Your plan is ready."),
    State.AMENDING: pgettext_lazy("to a child", "Your plan is being changed."),
}
