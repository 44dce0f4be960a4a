"""Every write to what few may read: people to be kept away, risks, referrals and disagreements."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children import rules
from lace.children.models import Child, Dispute, NoContactPerson, Referral, Risk, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse

N = TypeVar("N", NoContactPerson, Risk, Referral, Dispute)


@dataclass(frozen=True, slots=True)
class NoContactFacts:
    """Who is to be kept from a child, how far, and what to do if they come (PRIV-05)."""

    name: str
    limit: str
    starts_on: date
    relationship: str = ""
    detail: str = ""


@transaction.atomic
def keep_away(*, by: Actor, child: Child, facts: NoContactFacts) -> NoContactPerson:
    """Record somebody who must be kept from the child from a day, which may be to come. Raises NotAllowed."""
    require_for(by=by, permission=Permission.RECORD_NO_CONTACT, child=child)
    child = lock(child)
    person = NoContactPerson(child=child, authority_id=child.authority_id, recorded_by_id=_writer(by), **asdict(facts))
    person.save(force_insert=True)
    return person


@transaction.atomic
def change_no_contact(*, by: Actor, person: NoContactPerson, facts: NoContactFacts) -> NoContactPerson:
    """Correct what is recorded of somebody to be kept away; the audit keeps what stood before. Raises NotAllowed, Refused when it has ended."""
    require_for(by=by, permission=Permission.RECORD_NO_CONTACT, child=person.child)
    person = _present(person)
    _refuse_ended(person.ends_on)
    for name, value in asdict(facts).items():
        setattr(person, name, value)
    person.save(update_fields=list(asdict(facts)))
    return person


@transaction.atomic
def end_no_contact(*, by: Actor, person: NoContactPerson, on: date) -> NoContactPerson:
    """Record the day from which the person need no longer be kept away. Raises NotAllowed, BadInput, Refused when it has ended."""
    require_for(by=by, permission=Permission.RECORD_NO_CONTACT, child=person.child)
    person = _present(person)
    _refuse_ended(person.ends_on)
    refuse(rules.check_period(rules.Period(person.starts_on, on), end="ended_on"))
    person.ends_on = on
    person.save(update_fields=["ends_on"])
    return person


@transaction.atomic
def note_risk(*, by: Actor, child: Child, text: str, noted_on: date) -> Risk:
    """Record a safeguarding risk (SCH-20). Raises NotAllowed, BadInput."""
    require_for(by=by, permission=Permission.RECORD_RISK, child=child)
    refuse(_not_to_come("noted_on", noted_on, by))
    child = lock(child)
    risk = Risk(child=child, authority_id=child.authority_id, text=text, noted_on=noted_on, noted_by_id=_writer(by))
    risk.save(force_insert=True)
    return risk


@transaction.atomic
def end_risk(*, by: Actor, risk: Risk, on: date) -> Risk:
    """Record since when this is no longer a risk; it stays on record. Raises NotAllowed, BadInput, Refused when it has ended."""
    require_for(by=by, permission=Permission.RECORD_RISK, child=risk.child)
    risk = _present(risk)
    _refuse_ended(risk.ended_on)
    refuse([*rules.check_period(rules.Period(risk.noted_on, on)), *_not_to_come("ended_on", on, by)])
    risk.ended_on = on
    risk.save(update_fields=["ended_on"])
    return risk


@transaction.atomic
def log_referral(*, by: Actor, child: Child, made_on: date, made_to: str, about: str) -> Referral:
    """Add to the log that the child-protection lead and the designated person share (SCH-20). Raises NotAllowed, BadInput."""
    require_for(by=by, permission=Permission.RECORD_REFERRAL, child=child)
    refuse(_not_to_come("made_on", made_on, by))
    child = lock(child)
    referral = Referral(child=child, authority_id=child.authority_id, made_on=made_on, made_to=made_to, about=about, made_by_id=_writer(by))
    referral.save(force_insert=True)
    return referral


@transaction.atomic
def record_outcome(*, by: Actor, referral: Referral, outcome: str, on: date) -> Referral:
    """Record what came of a referral. Raises NotAllowed, BadInput, Refused when an outcome is recorded."""
    require_for(by=by, permission=Permission.RECORD_REFERRAL, child=referral.child)
    referral = _present(referral)
    if referral.outcome_on is not None:
        raise Refused(_("What came of this referral is recorded already"))
    refuse([*rules.check_period(rules.Period(referral.made_on, on), end="outcome_on"), *_not_to_come("outcome_on", on, by)])
    referral.outcome, referral.outcome_on = outcome, on
    referral.save(update_fields=["outcome", "outcome_on"])
    return referral


@transaction.atomic
def open_dispute(*, by: Actor, child: Child, about: str, text: str, opened_on: date) -> Dispute:
    """Record a disagreement over money or responsibility, apart from all that the child and carers read (PRIV-03). Raises NotAllowed, BadInput."""
    require_for(by=by, permission=Permission.RECORD_DISPUTE, child=child)
    refuse(_not_to_come("opened_on", opened_on, by))
    child = lock(child)
    dispute = Dispute(child=child, authority_id=child.authority_id, about=about, text=text, opened_on=opened_on, opened_by_id=_writer(by))
    dispute.save(force_insert=True)
    return dispute


@transaction.atomic
def settle_dispute(*, by: Actor, dispute: Dispute, outcome: str, on: date) -> Dispute:
    """Record how a disagreement was settled. Raises NotAllowed, BadInput, Refused when it is settled."""
    require_for(by=by, permission=Permission.RECORD_DISPUTE, child=dispute.child)
    dispute = _present(dispute)
    if dispute.closed_on is not None:
        raise Refused(_("This disagreement is settled already"))
    refuse([*rules.check_period(rules.Period(dispute.opened_on, on), end="closed_on"), *_not_to_come("closed_on", on, by)])
    dispute.outcome, dispute.closed_on = outcome, on
    dispute.save(update_fields=["outcome", "closed_on"])
    return dispute


def _writer(by: Actor) -> int:
    """Notes are people's: no job writes any."""
    if by.user_id is None:
        raise NotAllowed
    return by.user_id


def _present(row: N) -> N:
    """The row as it stands, held to the end of the transaction."""
    rows: models.QuerySet[N] = type(row)._default_manager.all()
    found = rows.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    found.child = row.child
    return found


def _refuse_ended(ended_on: date | None) -> None:
    if ended_on is not None:
        raise Refused(_("The end of this is recorded already"))


def _not_to_come(name: str, day: date, by: Actor) -> list[tuple[str, Message]]:
    return [(name, _("The day must be today or in the past"))] if day > by.today else []
