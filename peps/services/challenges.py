"""Every write to a challenge: raised by who watches over the plan, answered by who writes it, ended by who raised it (PEP-31)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Relation, Role
from lace.accounts.models import Language, Membership, User
from lace.children.models import Child, lock
from lace.children.people import people_around
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.rules import Fact
from lace.deadlines.services import done, open_duties
from lace.notifications.services import notify
from peps.models import Challenge, Pep
from peps.rules import TRANSITIONS, State, Step
from peps.rules.challenges import LIMIT, About, Ending, last_day
from peps.rules.duties import CHALLENGE_ANSWERED
from schools.models import Enrolment


@transaction.atomic
def raise_challenge(*, by: Actor, pep: Pep, about: str, text: str, language: str, reply_due_on: date | None) -> Challenge:
    """Challenge what the plan says, or what is done of it, and require a reply by a day; those who write the plan are told.

    Raises NotAllowed; Refused for a plan that is closed; BadInput naming the fields.
    """
    require_for(by=by, permission=Permission.CHALLENGE_PLAN, child=pep.child)
    child = lock(pep.child)
    pep = Pep.objects.get(pk=pep.pk)
    if (State(pep.state), Step.TICK) not in TRANSITIONS:
        raise Refused(_("This plan is closed. Challenge the child's current plan"))
    problems = [*_words("text", text, _("Write what you challenge, and why")), *_language("language", language)]
    if about not in About.values:
        problems.append(("about", _("Say whether it is about the words of the plan or about its delivery")))
    if reply_due_on is None or not by.today <= reply_due_on <= last_day(by.today):
        problems.append(("reply_due_on", _("Enter the day by which a reply is due: today or later, within eight weeks")))
    refuse(problems)
    assert by.user_id is not None
    assert reply_due_on is not None
    row = Challenge(
        pep=pep,
        child=child,
        authority_id=child.authority_id,
        about=about,
        text=text,
        language=language,
        raised_by_id=by.user_id,
        raised_as=by.role,
        raised_on=by.today,
        reply_due_on=reply_due_on,
    )
    row.save(force_insert=True)
    open_duties(by=by, child=child, fact=Fact.CHALLENGED, on=reply_due_on, subject=row.pk)
    facts = {"due_on": reply_due_on.isoformat()}
    notify(by=by, kind="pep_challenged", source=row.pk, child=child, recipients=_answerers(child, by.today), facts=facts)
    return row


@transaction.atomic
def reply_to(*, by: Actor, challenge: Challenge, reply: str, language: str) -> Challenge:
    """Answer a challenge; who raised it is told. Raises NotAllowed, also to who raised it; BadInput; Refused once it has a reply."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=challenge.child)
    child, row = _locked(challenge)
    if row.raised_by_id == by.user_id:
        raise Refused(_("You raised this yourself. Those who write the plan answer it"))
    if row.replied_on is not None:
        raise Refused(_("This has a reply already. Open the challenges again to read it"))
    refuse([*_words("reply", reply, _("Write a reply")), *_language("reply_language", language)])
    row.reply, row.reply_language = reply, language
    row.replied_by_id, row.replied_as, row.replied_on = by.user_id, by.role, by.today
    row.save()
    for duty in Duty.objects.open().filter(child=child, code=CHALLENGE_ANSWERED, subject=row.pk):
        done(by=by, duty=duty, on=by.today, evidence=row.pk)
    notify(by=by, kind="pep_challenge_replied", source=row.pk, child=child, recipients=User.objects.filter(pk=row.raised_by_id), facts={})
    return row


@transaction.atomic
def end_challenge(*, by: Actor, challenge: Challenge, ending: str, left_open: str, language: str) -> Challenge:
    """Say whether the reply settles the matter. What it does not settle is passed to the designated managers.

    Any reviewing officer or LACE coordinator of the child may say it, when who raised it has left. Raises NotAllowed; BadInput; Refused
    while there is no reply, and once it is said.
    """
    require_for(by=by, permission=Permission.CHALLENGE_PLAN, child=challenge.child)
    child, row = _locked(challenge)
    if row.replied_on is None:
        raise Refused(_("There is no reply yet"))
    if row.ending:
        raise Refused(_("It is said already whether the reply settles this. Raise another challenge if something is open"))
    problems: list[tuple[str, Message]] = []
    if ending not in Ending.values:
        problems.append(("ending", _("Say whether the reply settles the matter")))
    if ending == Ending.NOT_SETTLED:
        problems += [*_words("left_open", left_open, _("Write what is still open")), *_language("language", language)]
    refuse(problems)
    row.ending, row.ended_on = ending, by.today
    if ending == Ending.NOT_SETTLED:
        row.left_open, row.left_open_language = left_open, language
    row.save()
    if ending == Ending.NOT_SETTLED:
        held = Membership.objects.open_on(by.today).filter(authority=child.authority_id, role=Role.DESIGNATED_MANAGER)
        managers = User.objects.filter(pk__in=held.values("user"))
        notify(by=by, kind="pep_challenge_open", source=row.pk, child=child, recipients=managers, facts={})
    return row


def _locked(challenge: Challenge) -> tuple[Child, Challenge]:
    child = lock(challenge.child)
    row = Challenge.objects.get(pk=challenge.pk)
    row.child = child
    return child, row


def _answerers(child: Child, on: date) -> Iterable[User]:
    """Who writes the plan: the designated persons of the school, the social workers, and the LACE coordinators of the authority."""
    workers = [person.user_id for person in people_around(child=child, on=on) if person.relation == Relation.SOCIAL_WORKER]
    held = Membership.objects.open_on(on)
    desk = held.filter(authority=child.authority_id, role=Role.LACE_COORDINATOR)
    at = Enrolment.objects.filter(child=child).on_roll(on).values("school__organisation")
    school = held.filter(organisation__in=at, role=Role.DESIGNATED_PERSON)
    return User.objects.filter(pk__in=[*workers, *desk.values_list("user", flat=True), *school.values_list("user", flat=True)])


def _words(field: str, text: str, missing: str) -> Iterator[tuple[str, Message]]:
    if not text.strip():
        yield field, missing
    elif len(text) > LIMIT or "\0" in text:
        yield field, _("Shorten this to %(limit)d characters or fewer") % {"limit": LIMIT}


def _language(field: str, language: str) -> Iterator[tuple[str, Message]]:
    if language not in Language.values:
        yield field, _("Say in which language this is written: English or Welsh")
