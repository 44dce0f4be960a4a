"""What the people around a child are asked to say for a plan: whose words, which questions, and what of the whole plan is left to whom.
No database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import TextChoices
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import CARERS, Facet, Permission, Relation, Role
from lace.notifications.kinds import Facts, Kind, declare, plain_facts
from peps.rules import Gap
from peps.rules.actions import Owner, owner_of
from peps.rules.sections import Question, SectionRule
from peps.rules.sections.kinds import text

LINK_LIVES = timedelta(days=14)  # of a link sent by e-mail; asking again makes a new one
USUAL_DAYS = 10  # that somebody is given to answer, unless the asker says otherwise
LONGEST = 92  # days
LIMIT = 2000  # characters of an answer


class Contributor(TextChoices):
    """Whose words are asked for (PEP-10). The child's own stand on the child's page."""

    CARER = Owner.CARER.value, Owner.CARER.label
    PARENT = Owner.PARENT.value, Owner.PARENT.label
    SOCIAL_WORKER = Owner.SOCIAL_WORKER.value, Owner.SOCIAL_WORKER.label
    DESIGNATED_PERSON = Owner.DESIGNATED_PERSON.value, Owner.DESIGNATED_PERSON.label
    ALNCO = Owner.ALNCO.value, Owner.ALNCO.label
    IRO = Owner.IRO.value, Owner.IRO.label
    ADVOCATE = Owner.ADVOCATE.value, Owner.ADVOCATE.label
    PERSONAL_ADVISER = Owner.PERSONAL_ADVISER.value, Owner.PERSONAL_ADVISER.label
    LACE_COORDINATOR = Owner.LACE_COORDINATOR.value, Owner.LACE_COORDINATOR.label
    TEACHER = Owner.TEACHER.value, Owner.TEACHER.label


class Said(TextChoices):
    """What became of an invitation; told by its stamps, never stored."""

    AWAITED = "awaited", pgettext_lazy("contribution", "Awaited")
    GIVEN = "given", pgettext_lazy("contribution", "Given")
    DECLINED = "declined", pgettext_lazy("contribution", "Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("contribution", "Withdrawn")


# In which relation the person stands who is told; the others of this list hold the role at the child's school or authority.
BY_RELATION: dict[Contributor, Relation] = {
    Contributor.CARER: Relation.CARER,
    Contributor.PARENT: Relation.PARENT,
    Contributor.SOCIAL_WORKER: Relation.SOCIAL_WORKER,
    Contributor.IRO: Relation.IRO,
    Contributor.ADVOCATE: Relation.ADVOCATE,
    Contributor.PERSONAL_ADVISER: Relation.PERSONAL_ADVISER,
}
# Who gives theirs in Lace, and who may be asked by an e-mail with a link instead: those who often have no account.
IN_LACE = tuple(one for one in Contributor if one != Contributor.TEACHER)
BY_EMAIL = (Contributor.TEACHER, Contributor.PARENT, Contributor.ALNCO, Contributor.ADVOCATE)

_WELL = text("well", _("What goes well?"), _("Strengths, interests, what there is to be glad about."), limit=LIMIT)
_HELP = text("help", _("What would help?"), _("What you see, and the one thing that would make most difference."), limit=LIMIT)
_MORE = text("more", _("What should not be forgotten?"), limit=LIMIT)
_NOW = text("now", _("How are things going in your subject?"), _("Attainment and effort now, in the words that the school uses."), limit=LIMIT)
_VIEWS = text("views", _("What does the child want said?"), _("The child's views and wishes, as the child told you."), limit=LIMIT)
_DP_10 = _("Making a difference, “The designated person”, bullet 10")


def _form(of: Contributor, *questions: Question, facet: Facet = Facet.EDUCATION, source: Promise = _DP_10) -> SectionRule:
    roles = CARERS if of == Contributor.CARER else (Role(of.value),) if of in IN_LACE else ()
    return SectionRule(of.value, of.label, roles, facet, source, questions, Permission.CONTRIBUTE_TO_PEP)


# What each is asked. The teacher's form asks about lessons alone: it says nothing of care, nor that there is a plan (DP-20).
FORMS: dict[str, SectionRule] = {
    **{of.value: _form(of, _WELL, _HELP, _MORE) for of in IN_LACE if of != Contributor.ADVOCATE},
    Contributor.ADVOCATE.value: _form(
        Contributor.ADVOCATE, _VIEWS, _HELP, facet=Facet.VOICE, source=_("Making a difference, “Advocates”")
    ),  # the child's views, so read by those alone who may read the child's own words (ADV-04)
    Contributor.TEACHER.value: _form(Contributor.TEACHER, _WELL, _HELP, _NOW),
}


def contributor_of(role: str) -> str:
    """As whom somebody in this role gives their words; empty when in none of these."""
    found = owner_of(role)
    return found if found in Contributor.values else ""


def who(contribution: Mapping[str, Any]) -> str:
    """Whose words these are, by role: of a teacher with the subject; never a name."""
    label = str(Contributor(contribution["role"]).label)
    return f"{label} ({contribution['subject']})" if contribution["subject"] else label


def shown_to(contributions: Iterable[Mapping[str, Any]], facets: frozenset[Facet]) -> list[dict[str, Any]]:
    """Of frozen contributions all, each with its words only for a reader who holds the facet of its form."""
    return [dict(row) if FORMS[row["role"]].facet in facets else {**row, "answers": {}, "reason": ""} for row in contributions]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to one of those who write a plan."""

    whose: Promise | str
    what: list[str] = field(default_factory=list)


def left(gaps: Iterable[Gap], rules: Iterable[SectionRule], awaited: Iterable[tuple[str, date]]) -> list[Left]:
    """What is left before the plan is whole, and whose it is: sections and targets by how much is missing, then the words still awaited.

    A section is its owner's, whoever else may write there; targets and actions are the designated person's. `awaited`: role and last day.
    """
    owners = {rule.key: _owner(rule) for rule in rules}
    titles: dict[str, Any] = {rule.key: rule.title for rule in rules} | _TITLES
    counted: dict[tuple[str, str], int] = {}
    for gap in gaps:
        place = (owners.get(gap.key, Owner.DESIGNATED_PERSON.value), gap.key)
        counted[place] = counted.get(place, 0) + 1
    found: dict[str, Left] = {}
    for (owner, key), number in counted.items():
        found.setdefault(owner, Left(Owner(owner).label)).what.append(f"{titles[key]} ({number})")
    for role, due_on in awaited:
        said = gettext("contribution, by %(day)s") % {"day": formats.date_format(due_on, "DATE_FORMAT")}
        found.setdefault(role, Left(Owner(role).label)).what.append(said)
    return list(found.values())


_TITLES = {
    "targets": _("Targets"),
    "provisions": _("Additional learning provision"),
    "last_targets": _("Targets of the last plan"),
    "actions": _("Actions"),
}


def _owner(rule: SectionRule) -> str:
    return Owner.CHILD.value if rule.facet == Facet.VOICE else owner_of(rule.roles[0])


# -- the link in an e-mail -------------------------------------------------------------------------------------------


def token_for(contribution: UUID | str, number: int) -> str:
    """The link's own part. Made anew from what the message knows when it is sent, so that no queue and no row ever holds it."""
    return Signer(salt=__name__).sign_object([str(contribution), number])


def is_ours(token: str) -> bool:
    """Did we sign it? Asked before the database is."""
    try:
        Signer(salt=__name__).unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return False
    return True


def _words(facts: Facts) -> dict[str, str]:
    return {**plain_facts(facts), "school": facts["school"] or gettext("The school")}


declare(
    Kind(
        code="pep_contribution",
        subject=_("%(initials)s: your contribution to the Personal Education Plan"),
        body=_(
            "You are asked to contribute to the Personal Education Plan for %(initials)s, by %(due_on)s. "
            "Write it in Lace, or say there that you have nothing to add."
        ),
        route="child_plan",
    ),
    Kind(
        # Read by somebody who may know nothing of the child's care, and over whose shoulder others read: it says nothing of it (DP-20).
        code="asked",
        subject=_("A few words about %(initials)s, please"),
        body=_(
            "%(school)s asks you for a few words about %(initials)s, by %(due_on)s. There are three short questions, and you need no account. "
            "The link is for you alone and works once, until %(expires_on)s. Please do not pass it on."
        ),
        route="account_login",
        words=_words,
        address=lambda facts: reverse("asked", args=[token_for(facts["asked"], facts["number"])]),
        lead=_("Answer here:"),
    ),
)
