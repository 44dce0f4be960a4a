"""What became of the last plan's targets, said while the next version is written (PEP-14, PEP-24)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission
from lace.children.models import Child, lock
from lace.children.services import require_for
from lace.core.actor import Actor
from lace.core.errors import Changed, Message, Refused, refuse
from peps.models import Evaluation, Pep, Target, Version
from peps.rules import Step
from peps.rules.targets import ENDS, Outcome, may_go_on
from peps.services import LANGUAGES, _move, _stepped

FIELDS = ("outcome", "evidence", "evaluated_on", "language")


@transaction.atomic
def evaluate(*, by: Actor, pep: Pep, target: UUID, facts: Mapping[str, Any], version: int = 0, strike: bool = False) -> Evaluation:
    """Say how a target of the last final version ended, in place of `version` of what was said. `facts` holds the values of FIELDS.

    `strike` takes a target that is met or no longer right out of the plan that is being written; earlier versions and the audit keep it.
    Raises NotAllowed; BadInput naming the fields; Refused when the plan is not open or the last version holds no such target; Changed
    with the evaluation as it stands when somebody else saved first.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    last = _last(pep)
    held = {row["id"]: row for row in last.targets()}.get(str(target))
    if held is None:
        raise Refused(_("The last final version holds no such target"))
    current = Evaluation.objects.filter(of_version=last, target=target).first()
    refuse(_problems(facts, held, last, by, strike))
    said = current or _new(by, pep, child, last, target)
    if current is None or any(getattr(current, name) != facts[name] for name in FIELDS):
        if said.version != version:
            raise Changed(said)
        for name in FIELDS:
            setattr(said, name, facts[name])
        said.version += 1
        said.written_by_id, said.written_as = by.user_id, by.role
        said.save()
    if strike:
        for row in Target.objects.filter(pep=pep, key=target):
            row.delete()
    _move(by, pep, state)
    return said


@transaction.atomic
def let_go_on(*, by: Actor, pep: Pep) -> int:
    """Every target of the last version whose review date is still to come, and of which nothing is said yet, goes on. Answers how many.

    Raises NotAllowed; Refused when the plan is not open.
    """
    require_for(by=by, permission=Permission.WRITE_PEP, child=pep.child)
    child = lock(pep.child)
    pep, state = _stepped(pep, Step.WRITE)
    last = _last(pep)
    known = set(Evaluation.objects.filter(of_version=last).values_list("target", flat=True))
    waiting = [UUID(row["id"]) for row in last.targets() if UUID(row["id"]) not in known and may_go_on(row, by.today)]
    for target in waiting:
        said = _new(by, pep, child, last, target)
        said.outcome, said.evaluated_on, said.version = Outcome.GOES_ON, by.today, 1
        said.written_by_id, said.written_as = by.user_id, by.role
        said.save(force_insert=True)
    _move(by, pep, state)
    return len(waiting)


def _last(pep: Pep) -> Version:
    last = Version.objects.filter(pep=pep, number=pep.version).first()
    if last is None:
        raise Refused(_("There is no final version yet whose targets could have ended"))
    return last


def _new(by: Actor, pep: Pep, child: Child, last: Version, target: UUID) -> Evaluation:
    return Evaluation(pep=pep, child=child, authority_id=child.authority_id, of_version=last, target=target, version=0)


def _problems(facts: Mapping[str, Any], held: Mapping[str, Any], last: Version, by: Actor, strike: bool) -> Iterator[tuple[str, Message]]:
    outcome, evidence, day = facts.get("outcome"), facts.get("evidence"), facts.get("evaluated_on")
    if outcome not in Outcome.values:
        yield "outcome", _("Say how the target ended")
    elif outcome == Outcome.GOES_ON and not may_go_on(held, by.today):
        yield "outcome", _("The review date of this target has come. Say how it ended")
    elif strike and outcome not in ENDS:
        yield "strike", _("Only a target that is met, or no longer right, is taken out here. Carry this one on, or remove it from the plan")
    if not isinstance(evidence, str) or (outcome != Outcome.GOES_ON and not evidence.strip()):
        yield "evidence", _("Write what shows it")
    elif len(evidence) > 1000 or "\0" in evidence:
        yield "evidence", _("Write what shows it in up to 1,000 characters")
    if not isinstance(day, date) or not last.finalised_on <= day <= by.today:
        yield "evaluated_on", _("The day must be between the last final version and today")
    if facts.get("language") not in LANGUAGES:
        yield "language", _("Say in which language this is written: English or Welsh")
