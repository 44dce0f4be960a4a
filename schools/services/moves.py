"""A change of school in Years 10 and 11: it may not take effect before the nominated officer approves it (regulation 11; T70)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.accounts.models import Language
from lace.children.models import lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Message, NotAllowed, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.services import done
from schools.models import Enrolment, MoveApproval
from schools.rules.duties import KS4_MOVE

LONGEST = MoveApproval._meta.get_field("heard").max_length or 0


@transaction.atomic
def approve_move(
    *, by: Actor, enrolment: Enrolment, heard: str, shaped: str, promoted: str, fits: str, language: str = Language.ENGLISH
) -> MoveApproval:
    """Approve a change of school as the nominated officer, who is satisfied of each of the three and says on what that rests.

    Without the child's views, and how they shaped the decision, it is not final (VOICE-03; 002 4.83).

    Meets the duty, late where the move took effect before. Raises NotAllowed, BadInput (one of the four texts is empty or too long),
    Refused when it is approved already or needs no approval.
    """
    require_for(by=by, permission=Permission.APPROVE_MOVE, child=enrolment.child)
    if by.user_id is None:
        raise NotAllowed
    lock(enrolment.child)
    if MoveApproval.objects.filter(enrolment=enrolment).exists():
        raise Refused(_("This move is approved already"))
    duty = Duty.objects.open().filter(child=enrolment.child, subject=enrolment.pk, code=KS4_MOVE).first()
    if duty is None:
        raise Refused(_("No approval is needed for this move"))
    problems: list[tuple[str, Message]] = []
    for field, text, empty in (
        ("heard", heard, _("Say how the child was heard. Without that the move cannot be approved")),
        ("shaped", shaped, _("Say how the child's views shaped the decision. If it goes against them, say why")),
        ("promoted", promoted, _("Say how the education will be promoted. Without that the move cannot be approved")),
        ("fits", fits, _("Say how the move fits the Personal Education Plan. Without that it cannot be approved")),
    ):
        if not text.strip():
            problems.append((field, empty))
        elif len(text.strip()) > LONGEST:
            problems.append((field, _("Shorten this to %(longest)s characters or fewer") % {"longest": LONGEST}))
    refuse(problems)
    approval = MoveApproval(
        child_id=enrolment.child_id,
        authority_id=enrolment.authority_id,
        enrolment=enrolment,
        heard=heard.strip(),
        shaped=shaped.strip(),
        promoted=promoted.strip(),
        fits=fits.strip(),
        language=language,
        approved_by_id=by.user_id,
        approved_on=by.today,
    )
    approval.save(force_insert=True)
    duty.child = enrolment.child
    done(by=by, duty=duty, on=by.today, evidence=approval.pk)
    return approval
