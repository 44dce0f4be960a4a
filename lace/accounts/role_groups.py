"""The roles by where their holders work: how they stand in lists, and whose steps the designated manager answers for (AMB-03)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Role

_R = Role
ROLE_GROUPS = (
    (_("Social care"), (_R.SOCIAL_WORKER, _R.DESIGNATED_MANAGER, _R.IRO, _R.PERSONAL_ADVISER, _R.LEAVING_CARE_MANAGER, _R.FOSTERING_MANAGER,
                        _R.RESIDENTIAL_LINK_WORKER, _R.ADVOCATE, _R.INDEPENDENT_VISITOR, _R.CASE_SYSTEM)),
    (_("The child and those who care for them"), (_R.CHILD, _R.FOSTER_CARER, _R.KINSHIP_CARER, _R.RESIDENTIAL_WORKER, _R.PARENT,
                                                  _R.ADOPTIVE_PARENT, _R.GUARDIAN)),
    (_("Schools"), (_R.DESIGNATED_PERSON, _R.HEADTEACHER, _R.CHILD_PROTECTION_LEAD, _R.ALNCO, _R.DELEGATE, _R.TEACHER, _R.GOVERNOR,
                    _R.LINK_GOVERNOR)),
    (_("The authority's education service and members"), (_R.LACE_COORDINATOR, _R.PEP_REVIEWER, _R.EDUCATION_WELFARE_OFFICER,
                                                          _R.PROGRESSION_COORDINATOR, _R.SENIOR_LEADER, _R.DATA_OFFICER, _R.ADMINISTRATOR,
                                                          _R.ELECTED_MEMBER)),
    (_("Others"), (_R.COUNTERPART, _R.CONSORTIUM_LEAD, _R.CHALLENGE_ADVISER, _R.PROVIDER_LEAD, _R.STUDENT_SUPPORT_OFFICER, _R.LEAD_WORKER,
                   _R.CAREERS_ADVISER, _R.YOUTH_OFFENDING_WORKER, _R.SPECIALIST, _R.GOVERNMENT)),
)  # fmt: skip

SOCIAL_CARE = frozenset(ROLE_GROUPS[0][1])
