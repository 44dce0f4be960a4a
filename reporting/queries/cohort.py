"""The looked-after children of a school and what happened in a term, as a report counts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from lace.accounts.access import Facet
from lace.children.models import Child
from lace.children.rules import school_year
from lace.core.actor import Actor
from lace.deadlines.models import Duty
from peps.models import Pep
from peps.rules import DEVELOPED, State
from reporting.rules import Pupil, term_days
from schools.models import Enrolment, School, TermRecord
from schools.rules import Term

# What counting reads: recorded with the read, and asked of the reader.
FACETS = frozenset({Facet.IDENTITY, Facet.EDUCATION, Facet.ATTENDANCE})


def on_roll(*, by: Actor, school: School) -> list[Child]:
    """The children whom the actor may see, looked after and on the school's roll today."""
    enrolled = Enrolment.objects.visible_to(by).on_roll(by.today).filter(school=school)
    return list(Child.objects.visible_to(by).in_care_on(by.today).filter(pk__in=enrolled.values("child")))


def pupils(*, by: Actor, school: School, children: Sequence[Child], year: int, term: Term) -> list[Pupil]:
    """What a report of the term counts of these children. Three statements, however many they are.

    A plan's duty counts in the term in which it fell due; one not yet due, waived or no longer applying does not count.
    """
    ids = [child.pk for child in children]
    first, last = term_days(year, term)
    records = {row.child_id: row for row in TermRecord.objects.visible_to(by).filter(child__in=ids, school=school, year=year, term=term)}
    plans = dict(Pep.objects.visible_to(by).current().filter(child__in=ids).values_list("child", "state"))
    duties = defaultdict(list)
    due = Duty.objects.visible_to(by).filter(child__in=ids, code__in=DEVELOPED, due_on__range=(first, last))
    for child, due_on, outcome in due.values_list("child", "due_on", "outcome"):
        duties[child].append((due_on, outcome))
    return [_pupil(child, school, plans.get(child.pk), _timely(duties[child.pk], by.today), records.get(child.pk), by.today) for child in children]


def _timely(duties: Iterable[tuple[date, str]], today: date) -> str:
    """A child's plan is on time when all that was due was done in time."""
    found = {"late" if outcome == Duty.Outcome.LATE or (not outcome and due_on < today) else outcome for due_on, outcome in duties}
    return "late" if "late" in found else "on_time" if Duty.Outcome.ON_TIME in found else "not_due"


def _pupil(child: Child, school: School, plan: str | None, timely: str, record: TermRecord | None, today: date) -> Pupil:
    return Pupil(
        year=school_year(child.born_on, today),
        own_authority=child.authority_id == school.organisation.authority_id,
        additional_needs=child.additional_needs,
        plan="none" if plan is None else "final" if plan in {State.FINAL, State.AMENDING} else "written",
        timely=timely,
        sessions_possible=record.sessions_possible if record else 0,
        sessions_attended=record.sessions_attended if record else 0,
        excluded=bool(record and record.days_excluded),
        subjects_assessed=record.subjects_assessed if record else 0,
        subjects_on_track=record.subjects_on_track if record else 0,
    )
