"""What people around the child are asked to say for the next version of a plan: asked for, given, declined, withdrawn (PEP-10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import GROUP_RELATION, Permission, Role
from lace.accounts.models import Language, Membership, User
from lace.accounts.services.people import person_at
from lace.children.models import Child, ChildGroupGrant, ChildUserGrant, grants_of, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, Message, NotAllowed, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.rules import Fact
from lace.deadlines.services import correct_fact, meet, open_duties, void
from lace.notifications.models import Notification
from lace.notifications.rules import digest_of
from lace.notifications.services import notify
from peps.models import Contribution, Pep
from peps.rules import REFUSALS, TRANSITIONS, State, Step
from peps.rules.contributions import BY_EMAIL, BY_RELATION, FORMS, IN_LACE, LINK_LIVES, LONGEST, Contributor, Said, token_for
from peps.rules.duties import WORDS
from peps.rules.sections import check_answers
from schools.models import Enrolment


@transaction.atomic
def ask(*, by: Actor, pep: Pep, roles: Collection[str], due_on: date | None) -> list[Contribution]:
    """Ask those around the child in these roles for their words, to be given in Lace by a day; who is asked already stays as asked.

    Raises NotAllowed; BadInput naming the fields, also for a role that nobody around the child holds in Lace; Refused when the plan is not open.
    """
    child, pep = _open(by, pep)
    known = set(Contribution.objects.filter(pep=pep, person__isnull=True).awaited_or_said(pep.version + 1).values_list("role", flat=True))
    wanted = [Contributor(role) for role in IN_LACE if role in roles and role not in known]
    people = {role: _holders(child, role, by.today) for role in wanted}
    problems = list(_day(due_on, by))
    if not set(roles) or not set(roles) <= set(IN_LACE):
        problems.append(("roles", _("Choose whom to ask")))
    problems += [
        ("roles", _("%(role)s: nobody around the child in Lace. Ask them by e-mail") % {"role": role.label}) for role in people if not people[role]
    ]
    refuse(problems)
    assert due_on is not None
    asked = []
    for role in wanted:
        row = _new(by, pep, child, role, due_on)
        row.save(force_insert=True)
        _tell(by, child, row, people[role])
        asked.append(row)
    _keep_duty(by, child, pep)
    return asked


@transaction.atomic
def ask_by_email(*, by: Actor, pep: Pep, facts: Mapping[str, Any]) -> Contribution:
    """Ask one person by an e-mail with a link to a short form. `facts`: role, name, email, subject, pupil, language, due_on.

    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open.
    """
    child, pep = _open(by, pep)
    refuse([*_letter_problems(facts), *_day(facts["due_on"], by)])
    person = person_at(by=by, email=facts["email"], name=facts["name"], language=facts["language"])
    subject = facts["subject"].strip() if facts["role"] == Contributor.TEACHER else ""
    asked = Contribution.objects.filter(pep=pep, person=person, role=facts["role"], subject=subject)
    if asked.awaited_or_said(pep.version + 1).exists():
        raise BadInput({"email": [_("This person is asked already. Ask them again from the plan")]})
    row = _new(by, pep, child, Contributor(facts["role"]), facts["due_on"])
    enrolment = Enrolment.objects.filter(child=child).on_roll(by.today).first()
    row.person, row.name, row.subject, row.pupil = person, " ".join(facts["name"].split()), subject, " ".join(facts["pupil"].split())
    row.school_id, row.language = enrolment.school_id if enrolment else None, facts["language"]
    _renew(row)
    row.save(force_insert=True)
    _write(by, child, row, "email")
    _keep_duty(by, child, pep)
    return row


@transaction.atomic
def ask_again(*, by: Actor, pep: Pep, contribution: UUID, due_on: date | None) -> Contribution:
    """Ask once more for what is awaited, by a day; the link of an earlier e-mail works no longer. Raises as `ask`."""
    child, pep = _open(by, pep)
    row = _awaited(pep, contribution)
    refuse(_day(due_on, by))
    assert due_on is not None
    row.due_on = due_on
    if row.is_by_email:
        _renew(row)
        row.save()
        _write(by, child, row, "due_on")
    else:
        row.sent += 1
        row.save()
        _tell(by, child, row, _holders(child, Contributor(row.role), by.today))
    _keep_duty(by, child, pep)
    return row


@transaction.atomic
def withdraw(*, by: Actor, pep: Pep, contribution: UUID) -> None:
    """Nobody is asked any longer, and a link that was sent works no longer. Raises NotAllowed; Refused for what is given or declined."""
    child, pep = _open(by, pep)
    row = _awaited(pep, contribution)
    row.withdrawn_at = timezone.now()
    row.save()
    _keep_duty(by, child, pep)


@transaction.atomic
def give(*, by: Actor, pep: Pep, contribution: UUID, answers: Mapping[str, Any], language: str, version: int) -> Contribution:
    """Give the words that were asked for, or put others in place of those of `version`, as long as no final version holds them.

    Raises NotAllowed to anybody but who is asked; BadInput naming the questions; Refused when the plan is not open or nobody is asked any
    longer; Changed with the contribution as it stands when somebody else in the role gave theirs first.
    """
    child, row = _asked_of(by, pep, contribution)
    refuse(_problems_of(row, answers, language))
    if row.state == Said.GIVEN and (row.answers, row.language) == (dict(answers), language):
        return row
    if row.version != version:
        raise Changed(row)
    _say(row, answers, language, by=by, role=by.role)
    _keep_duty(by, child, row.pep)
    return row


@transaction.atomic
def decline(*, by: Actor, pep: Pep, contribution: UUID, reason: str, version: int) -> Contribution:
    """Say that there is nothing to add, with a reason or without. Raises as `give`; Refused when words were given."""
    child, row = _asked_of(by, pep, contribution)
    if len(reason) > 500:
        raise BadInput({"reason": [_("Say why in up to 500 characters")]})
    if row.state == Said.DECLINED and row.reason == reason:
        return row
    if row.version != version:
        raise Changed(row)
    if row.state == Said.GIVEN:
        raise Refused(_("Your contribution is given. Change it instead"))
    _say(row, {}, row.language, by=by, role=by.role, reason=reason)
    _keep_duty(by, child, row.pep)
    return row


def _problems_of(row: Contribution, answers: Mapping[str, Any], language: str) -> Iterator[tuple[str, Message]]:
    """What keeps these words from being taken."""
    yield from check_answers(FORMS[row.role], answers)
    if not any(str(answer or "").strip() for answer in answers.values()):
        yield "", _("Answer at least one question, or say that you have nothing to add")
    if language not in Language.values:
        yield "language", _("Say in which language this is written: English or Welsh")


def _say(
    row: Contribution, answers: Mapping[str, Any], language: str, *, by: Actor, role: str, reason: str = "", sitting: UUID | None = None
) -> None:
    """Write the words down, or that there are none; the caller holds the row."""
    moment = timezone.now()
    row.given_at, row.declined_at = (moment, None) if answers else (None, moment)
    row.answers, row.language, row.reason = dict(answers), language, reason
    row.given_by_id, row.given_as, row.sitting = by.user_id, role, sitting
    row.version += 1
    row.save()


def _lapse(by: Actor, child: Child, pep: Pep) -> None:
    """What is awaited when the plan is made final or closed is awaited no longer; the caller holds the child's row."""
    for row in Contribution.objects.filter(pep=pep).unsaid():
        row.withdrawn_at = timezone.now()
        row.save()
    for duty in Duty.objects.open().filter(child=child, code=WORDS):
        void(by=by, duty=duty)


def _open(by: Actor, pep: Pep) -> tuple[Child, Pep]:
    """The child, locked, and the plan that is open to writing, for who may ask. Raises NotAllowed, Refused."""
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    return child, _written_in(pep)


def _written_in(pep: Pep) -> Pep:
    pep = Pep.objects.get(pk=pep.pk)
    if (State(pep.state), Step.WRITE) not in TRANSITIONS:
        raise Refused(REFUSALS[Step.WRITE])
    return pep


def _asked_of(by: Actor, pep: Pep, contribution: UUID) -> tuple[Child, Contribution]:
    """The contribution, once the actor is known to be among those who are asked for it; the child is locked."""
    found = Contribution.objects.filter(pep=pep, pk=contribution).first()
    grant = grants_of(by, [pep.child])[pep.child_id]
    if found is None or not FORMS[found.role].may_be_written(by.role, grant) or (found.is_by_email and found.person_id != by.user_id):
        raise NotAllowed
    child = lock(pep.child)
    row = Contribution.objects.get(pk=found.pk)
    row.pep = _written_in(pep)
    if row.withdrawn_at or row.is_frozen():
        raise Refused(_("You are not asked for this any longer"))
    return child, row


def _awaited(pep: Pep, contribution: UUID) -> Contribution:
    row = Contribution.objects.filter(pep=pep, pk=contribution, number__gt=pep.version).unsaid().first()
    if row is None:
        raise Refused(_("This is not awaited any longer. Go back to the plan to see how it stands"))
    return row


def _new(by: Actor, pep: Pep, child: Child, role: Contributor, due_on: date) -> Contribution:
    whose: dict[str, Any] = {"pep": pep, "child": child, "authority_id": child.authority_id}
    return Contribution(**whose, number=pep.version + 1, role=role, due_on=due_on, asked_on=by.today, asked_by_id=by.user_id, sent=1)


def _holders(child: Child, role: Contributor, on: date) -> list[User]:
    """Those who can sign in and give their words in this role."""
    if role in BY_RELATION:
        grants = ChildUserGrant.objects.filter(content_object=child, permission__codename=BY_RELATION[role], starts_on__lte=on)
        return list(User.objects.filter(is_active=True, pk__in=grants.exclude(ends_on__lte=on).values("user")))
    held = Membership.objects.open_on(on).filter(role=role)
    if role == Contributor.LACE_COORDINATOR:
        held = held.filter(authority=child.authority_id)
    else:
        at = ChildGroupGrant.objects.filter(content_object=child, permission__codename__in=GROUP_RELATION[Role(role)], starts_on__lte=on)
        held = held.filter(organisation__group__in=at.exclude(ends_on__lte=on).values("group"))
    return list(User.objects.filter(is_active=True, pk__in=held.values("user")))


def _tell(by: Actor, child: Child, row: Contribution, people: Iterable[User]) -> None:
    facts = {"due_on": row.due_on.isoformat()}
    notify(by=by, kind="pep_contribution", source=row.pk, step=row.sent, child=child, recipients=people, facts=facts)


def _renew(row: Contribution) -> None:
    """Another link; the one before works no longer."""
    row.sent = row.sent + 1 if row.token_sha256 else 1
    row.expires_at = timezone.now() + LINK_LIVES
    row.token_sha256 = digest_of(token_for(row.pk, row.sent))


def _write(by: Actor, child: Child, row: Contribution, field: str) -> None:
    """Put the e-mail into the outbox. Raises BadInput for an account that gets none: that of somebody suspended, or one's own."""
    assert row.person is not None
    assert row.expires_at is not None
    facts = {
        "asked": str(row.pk),
        "number": row.sent,
        "school": row.school.name if row.school else "",
        "due_on": row.due_on.isoformat(),
        "expires_on": timezone.localdate(row.expires_at).isoformat(),
    }
    channels = [Notification.Channel.EMAIL]
    told = notify(by=by, kind="asked", source=row.pk, step=row.sent, child=child, recipients=[row.person], facts=facts, channels=channels)
    if not told:
        raise BadInput({field: [_("Lace cannot write to this address. Ask this person in another way")]})


def _keep_duty(by: Actor, child: Child, pep: Pep) -> None:
    """The duty to see to what is awaited: open while anything is, due on the first of its days, met with the last."""
    duty = Duty.objects.open().filter(child=child, code=WORDS).first()
    rows = Contribution.objects.filter(pep=pep).awaited_or_said(pep.version + 1)
    due_on = rows.unsaid().aggregate(first=Min("due_on"))["first"]
    if due_on is not None and duty is None:
        first = rows.unsaid().order_by("due_on", "created_at")[0]
        open_duties(by=by, child=child, fact=Fact.WORDS_ASKED, on=due_on, subject=first.pk)
    elif due_on is not None and duty is not None:
        if duty.trigger_on != due_on:
            correct_fact(by=by, child=child, subject=duty.subject, on=due_on)
    elif duty is not None and rows.exists():
        meet(by=by, child=child, codes=[WORDS], on=by.today, evidence=duty.subject)
    elif duty is not None:
        void(by=by, duty=duty)


def _day(day: date | None, by: Actor) -> Iterator[tuple[str, Message]]:
    if day is None:
        yield "due_on", _("Enter the day by which it is needed")
    elif not by.today <= day <= by.today + timedelta(days=LONGEST):
        yield "due_on", _("The day must be today or later, within three months")


def _letter_problems(facts: Mapping[str, Any]) -> Iterator[tuple[str, Message]]:
    if facts["role"] not in BY_EMAIL:
        yield "role", _("Choose whom to ask")
    if facts["role"] == Contributor.TEACHER and not facts["subject"].strip():
        yield "subject", _("Enter the subject that the teacher teaches")
    for field, most in (("name", 200), ("subject", 80), ("pupil", 80)):
        if len(facts[field]) > most or "\0" in facts[field]:
            yield field, _("Shorten this to %(limit)d characters or fewer") % {"limit": most}
    if not facts["pupil"].strip():
        yield "pupil", _("Enter the name by which this person knows the pupil")
