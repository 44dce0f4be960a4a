"""Entry to care: the child, the care episode, the placement, the school, the people, and the duties that follow, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from lace.accounts.access import Relation
from lace.accounts.models import User
from lace.children import rules
from lace.children.models import CareEpisode, Child, Placement
from lace.children.services import (
    ChildFacts,
    PlacementFacts,
    add_child,
    assign,
    begin_care,
    check_child,
    check_place,
    end_care,
)
from lace.core.actor import Actor
from lace.core.errors import BadInput, Message, Refused, refuse
from lace.deadlines.models import Duty
from lace.deadlines.rules import Fact
from lace.deadlines.services import meet, open_duties
from lace.deadlines.services.life import care_ended
from schools.models import Enrolment, School
from schools.services.eotas import EotasFacts, check_eotas, record_eotas
from schools.services.placing import place_child
from schools.services.register import enrol

# Ends of care after which nobody is a care leaver of this authority.
_NO_LEAVER = frozenset({rules.EndReason.DIED, rules.EndReason.ADOPTED, rules.EndReason.OTHER_AUTHORITY})


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What a social worker's system knows when a child comes into care."""

    child: ChildFacts
    started_on: date
    entry_type: str
    reason: str
    legal_status: str
    placement: PlacementFacts
    social_worker: User
    iro: User | None = None
    school: School | None = None
    school_started_on: date | None = None  # the day of entry unless said
    eotas: EotasFacts | None = None  # taught elsewhere than at school from the first day on


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry to care made."""

    child: Child
    episode: CareEpisode
    placement: Placement
    enrolment: Enrolment | None
    duties: list[Duty]


@transaction.atomic
def enter_care(*, by: Actor, facts: EntryFacts) -> Entry:
    """Record an entry to care and open every duty it starts; day 0 is the day of entry.

    PEP clocks of an emergency count from the start of the placement (Regulations of 2015, regulation 4(3)), which an emergency
    entry starts on its own day. Raises BadInput whose fields are prefixed with their part ("placement.started_on"), NotAllowed.
    """
    refuse(_problems(by, facts))
    with part("child"):
        child = add_child(by=by, facts=facts.child)
    episode = begin_care(
        by=by,
        child=child,
        started_on=facts.started_on,
        entry_type=facts.entry_type,
        reason=facts.reason,
        legal_status=facts.legal_status,
    )
    with part("placement"):
        placement = place_child(by=by, episode=episode, facts=facts.placement)
    assign(by=by, child=child, user=facts.social_worker, relation=Relation.SOCIAL_WORKER, on=min(facts.started_on, by.today))
    if facts.iro is not None:
        assign(by=by, child=child, user=facts.iro, relation=Relation.IRO, on=min(facts.started_on, by.today))
    enrolment = None
    if facts.school is not None:
        with part("school"):
            enrolment = enrol(by=by, child=child, school=facts.school, on=facts.school_started_on or facts.started_on, new_school=False)
    if facts.eotas is not None:
        with part("eotas"):
            record_eotas(by=by, child=child, facts=facts.eotas)
    fact = Fact.EMERGENCY_ENTRY if facts.entry_type == rules.EntryType.EMERGENCY else Fact.PLANNED_ENTRY
    opened = [(fact, episode.pk)]
    if facts.child.additional_needs:
        opened.append((Fact.ALN_KNOWN, child.pk))
    if facts.school is None and rules.of_compulsory_school_age(child.born_on, facts.started_on):
        opened.append((Fact.NO_SCHOOL, episode.pk))
    for started, subject in opened:
        open_duties(by=by, child=child, fact=started, on=facts.started_on, subject=subject)
    meet(by=by, child=child, codes=["entry_recorded"], on=by.today, evidence=episode.pk)
    duties = list(Duty.objects.open().filter(child=child).order_by("due_on", "code"))
    return Entry(child, episode, placement, enrolment, duties)


def _problems(by: Actor, facts: EntryFacts) -> Iterator[tuple[str, Message]]:
    """Everything that is wrong with an entry, before the first row is written, so that it can be put right in one go."""
    care = rules.Period(facts.started_on)
    school_from = rules.Period(facts.school_started_on or facts.started_on)
    parts: dict[str, Iterable[tuple[str, Message]]] = {
        "child": check_child(by=by, facts=facts.child),
        "": rules.check_care_episode(care, born=facts.child.born_on, entry=rules.EntryType(facts.entry_type), as_of=by.today),
        "placement": check_place(by=by, facts=facts.placement, care=care),
        "school": rules.check_enrolment(school_from, born=facts.child.born_on) if facts.school else (),
        "eotas": check_eotas(by=by, facts=facts.eotas, born=facts.child.born_on) if facts.eotas else (),
    }
    for part_of, problems in parts.items():
        for field, sentence in problems:
            yield f"{part_of}.{field}" if part_of else field, sentence


@transaction.atomic
def leave_care(*, by: Actor, episode: CareEpisode, on: date, reason: str) -> None:
    """Record that the child stopped being looked after, and close the duties that rested on it, with the reason (DL-06).

    The school keeps the child on its register; its access under looked-after arrangements ends with the relation, on the day.
    Raises Refused when care has ended already, BadInput, NotAllowed.
    """
    care_ended(by=by, child=episode.child, on=on, reason=reason)
    if reason not in _NO_LEAVER:  # before the end: who stands to the child by care does so no longer after it
        open_duties(by=by, child=episode.child, fact=Fact.LEFT_CARE_16, on=on, subject=episode.pk)
    end_care(by=by, episode=episode, on=on, reason=reason)


class part:  # reads as a word where it is used
    """Say in which part of the request a refused field stands."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            problems = {f"{self.name}.{field}" if field else self.name: sentences for field, sentences in error.problems.items()}
            raise (BadInput if isinstance(error, BadInput) else Refused)(problems) from error
