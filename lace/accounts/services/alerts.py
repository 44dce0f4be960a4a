"""What an authority's administrator does about unusual access: from which numbers on to be told of it, and what came of an alert."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lace.accounts.access import Permission, require
from lace.audit.models import Alert, Rule, Threshold
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused

LONGEST_ANSWER = 2000  # characters


@transaction.atomic
def set_thresholds(*, by: Actor, numbers: Mapping[Rule, int]) -> None:
    """From which number on in a day the actor's authority is told of each rule. Raises NotAllowed, BadInput for a number below one."""
    require(by, Permission.READ_AUDIT)
    if by.authority_id is None:
        raise NotAllowed
    wrong = {str(rule): [_("Enter a number from 1 up")] for rule, number in numbers.items() if number < 1}
    if wrong:
        raise BadInput(wrong)
    for rule, number in numbers.items():
        Threshold.objects.update_or_create(authority_id=by.authority_id, rule=rule, defaults={"number": number})


@transaction.atomic
def answer_alert(*, by: Actor, alert: Alert, words: str) -> None:
    """Say what came of an alert of one's own authority; nobody answers for themselves.

    Raises NotAllowed, BadInput without words, Refused for the actor's own alert and for one that is answered.
    """
    require(by, Permission.READ_AUDIT)
    if by.authority_id != alert.authority_id:
        raise NotAllowed
    if not words.strip():
        raise BadInput({"answer": [_("Enter what you found out")]})
    standing = Alert.objects.select_for_update().get(pk=alert.pk)
    if standing.user_id == by.user_id:
        raise Refused(_("This is about you. Another administrator must answer it"))
    if standing.answered_at is not None:
        raise Refused(_("Somebody has answered this already"))
    standing.answered_at, standing.answered_by, standing.answer = timezone.now(), by.user_id, words.strip()[:LONGEST_ANSWER]
    standing.save(update_fields=["answered_at", "answered_by", "answer"])
