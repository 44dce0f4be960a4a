"""What a plan asks beyond its core, and what changed since it was made final."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from lace.accounts.access import Facet, Permission, Relation
from lace.children.models import ChildUserGrant, Placement, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import BadInput, Refused
from peps.models import Attainment, Pep
from peps.rules import REFUSALS, TRANSITIONS, State, Step
from peps.rules.outdated import FACETS, Change, Changed
from peps.rules.sections import SOMETIMES
from schools.models import Enrolment, TermRecord


@transaction.atomic
def ask_for(*, by: Actor, pep: Pep, keys: Collection[str]) -> Pep:
    """Let the plan hold these sections beside those that its core and the facts ask for; what is written in a section stays in any case.

    Raises NotAllowed; BadInput for a key that is not of SOMETIMES; Refused when the plan is final or closed.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    lock(pep.child)
    if not set(keys) <= SOMETIMES.keys():
        raise BadInput({"keys": [_("A plan has no such section")]})
    pep = Pep.objects.get(pk=pep.pk)
    if (State(pep.state), Step.WRITE) not in TRANSITIONS:
        raise Refused(REFUSALS[Step.WRITE])
    wanted = [key for key in SOMETIMES if key in keys]
    if pep.asked_for != wanted:
        pep.asked_for = wanted
        pep.save()
    return pep


def changes_since(*, by: Actor, pep: Pep, facets: Collection[Facet]) -> list[Change]:
    """What changed around the child after the newest version was made final, as far as a reader who holds these facets may know.

    One of a kind, the newest, by date; nothing of a plan without a final version. One statement.
    """
    if pep.finalised_on is None:
        return []
    since = Q(started_on__gt=pep.finalised_on, started_on__lte=by.today)
    grants = ChildUserGrant.objects.filter(content_object=pep.child_id, starts_on__gt=pep.finalised_on, starts_on__lte=by.today)
    arrived = TermRecord.objects.visible_to(by).filter(child=pep.child_id, created_at__date__gt=pep.finalised_on)
    found: dict[Changed, QuerySet[Any]] = {
        Changed.SCHOOL: Enrolment.objects.visible_to(by).filter(since, child=pep.child_id).annotate(day=F("started_on")),
        Changed.PLACEMENT: Placement.objects.visible_to(by).filter(since, child=pep.child_id).annotate(day=F("started_on")),
        Changed.CARER: grants.filter(permission__codename=Relation.CARER).annotate(day=F("starts_on")),
        Changed.SOCIAL_WORKER: grants.filter(permission__codename=Relation.SOCIAL_WORKER).annotate(day=F("starts_on")),
        Changed.ATTAINMENT: Attainment.objects.visible_to(by)
        .filter(child=pep.child_id, created_at__date__gt=pep.finalised_on)
        .annotate(day=TruncDate("created_at")),
        Changed.PROGRESS: arrived.annotate(day=TruncDate("created_at")),
    }
    rows = [rows.order_by().annotate(what=Value(what.value)).values_list("what", "day") for what, rows in found.items() if FACETS[what] in facets]
    if not rows:
        return []
    newest: dict[Changed, date] = {}
    for what, day in rows[0].union(*rows[1:]):
        newest[Changed(what)] = max(day, newest.get(Changed(what), day))
    return sorted((Change(what, day) for what, day in newest.items()), key=lambda change: (change.on, change.what))
