"""That a duty need not be done: one asks, another decides. No due date moves, and what the law requires nobody can drop (DL-06, DL-07)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role
from lace.accounts.models import Membership, User
from lace.children.models import lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.deadlines.models import Duty, Waiver
from lace.deadlines.models.duty import Outcome
from lace.deadlines.recording import exemptions
from lace.deadlines.services.life import require_to_look_after
from lace.notifications.services import notify

LONGEST = Waiver._meta.get_field("reason").max_length or 0


def _fixed() -> str:
    return _("This is required by law. Nobody can extend it or drop it: do it, and write why it is late")


@transaction.atomic
def ask_waiver(*, by: Actor, duty: Duty, reason: str, exemption: str = "") -> Waiver:
    """Ask that a duty need not be done. Those who decide are told.

    Of a statutory duty one may only say that the law does not ask it of this child, and by which provision. Raises NotAllowed,
    BadInput, Refused (closed; asked already; a statutory duty from which nothing exempts).
    """
    require_to_look_after(by=by, duty=duty)
    lock(duty.child)
    duty = Duty.objects.select_for_update(no_key=True, of=("self",)).select_related("child__authority").get(pk=duty.pk)
    if duty.closed_on is not None:
        raise Refused(_("This is closed already"))
    offered = exemptions(duty)
    if offered == ():
        raise Refused(_fixed())
    if Waiver.objects.filter(duty=duty, decided_on__isnull=True).exists():
        raise Refused(_("Somebody has asked this already, and it is not decided yet"))
    refuse(_text_problems("reason", reason, _("Say why it need not be done")))
    if offered is not None and exemption not in offered:
        refuse([("exemption", _("Choose the provision by which the law does not ask this of the child"))])
    if by.user_id is None:
        raise NotAllowed
    waiver = Waiver(
        child_id=duty.child_id,
        authority_id=duty.authority_id,
        duty=duty,
        reason=reason.strip(),
        exemption=exemption if offered is not None else "",
        asked_by_id=by.user_id,
        asked_on=by.today,
    )
    waiver.save(force_insert=True)
    _tell(by, waiver, "waiver_asked", _deciders(by, waiver))
    return waiver


def decides(*, by: Actor, waiver: Waiver) -> bool:
    """Is it this person's to decide: not what they asked themselves, and of a statutory duty only as the designated manager?"""
    return by.user_id is not None and by.user_id != waiver.asked_by_id and (not waiver.exemption or by.role == Role.DESIGNATED_MANAGER)


@transaction.atomic
def decide_waiver(*, by: Actor, waiver: Waiver, agreed: bool, answer: str) -> Waiver:
    """Decide what a colleague asked, with the reason. Agreed, the duty is closed: waived, or by law not applicable; who asked is told.

    Raises NotAllowed (one's own; of a statutory duty, anybody but the designated manager), BadInput, Refused once it is decided.
    """
    require_for(by=by, permission=Permission.WAIVE_DUTY, child=waiver.duty.child)
    if not decides(by=by, waiver=waiver):
        raise NotAllowed
    lock(waiver.duty.child)
    waiver = Waiver.objects.select_for_update(no_key=True, of=("self",)).select_related("duty__child__authority", "asked_by").get(pk=waiver.pk)
    if waiver.decided_on is not None:
        raise Refused(_("This is decided already"))
    duty = waiver.duty
    if duty.closed_on is not None:
        raise Refused(_("The duty was closed meanwhile, so there is nothing to decide"))
    refuse(_text_problems("answer", answer, _("Say why you decide so")))
    waiver.decided_by_id, waiver.decided_on, waiver.agreed, waiver.answer = by.user_id, by.today, agreed, answer.strip()
    waiver.save(update_fields=["decided_by", "decided_on", "agreed", "answer"])
    if agreed:
        duty.closed_on, duty.next_look_on, duty.reason = by.today, None, waiver.reason
        duty.outcome = Outcome.NOT_APPLICABLE if waiver.exemption else Outcome.WAIVED
        duty.save(update_fields=["closed_on", "outcome", "next_look_on", "reason"])
    _tell(by, waiver, "waiver_agreed" if agreed else "waiver_refused", [waiver.asked_by])
    return waiver


def _text_problems(field: str, text: str, empty: Message) -> list[tuple[str, Message]]:
    if not text.strip():
        return [(field, empty)]
    if len(text.strip()) > LONGEST:
        return [(field, _("Shorten the reason to %(longest)s characters or fewer") % {"longest": LONGEST})]
    return []


def _deciders(by: Actor, waiver: Waiver) -> list[User]:
    roles = [Role.DESIGNATED_MANAGER] if waiver.exemption else [Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER]
    held = Membership.objects.open_on(by.today).filter(authority=waiver.authority_id, organisation__isnull=True, role__in=roles)
    return [row.user for row in held.select_related("user")]


def _tell(by: Actor, waiver: Waiver, kind: str, people: list[User]) -> None:
    facts = {"code": waiver.duty.code, "due_on": waiver.duty.due_on.isoformat()}
    notify(by=by, kind=kind, source=waiver.pk, child=waiver.duty.child, recipients=people, facts=facts)
