"""Term dates, days without pupils, lesson times and one-off bank holidays: entered, changed, taken away (DL-02).

Kept by the authority's administrator and LACE coordinator for all its schools, and by a school's headteacher and designated person
for their own school alone. After a change, what is counted by the calendar is counted anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time

from django.db import connection, transaction
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role, require
from lace.accounts.models import LocalAuthority, Organisation
from lace.core.actor import Actor
from lace.core.errors import NotAllowed, refuse
from lace.core.schooldays import KnownTerm
from lace.core.workdays import FIRST, LAST, bank_holidays
from lace.deadlines.calendars import Calendars, known
from lace.deadlines.models import ClosedDay, ExtraHoliday, LessonTimes, TermDates
from lace.deadlines.services.recount import recount
from lace.deadlines.term_dates import Problem, check_closed, check_term, period, term_words, with_terms, written

_LOCK = 7_030_420  # with the authority's id: two who change one calendar wait for each other
FOR_AUTHORITY = frozenset({Role.ADMINISTRATOR, Role.LACE_COORDINATOR})


@dataclass(frozen=True, slots=True)
class Lessons:
    """When lessons begin and end on a weekday, with the midday break."""

    starts_at: time
    ends_at: time
    break_from: time | None = None
    break_to: time | None = None


@transaction.atomic
def enter_dates(
    *,
    by: Actor,
    authority: LocalAuthority,
    school: Organisation | None = None,
    terms: Iterable[KnownTerm] = (),
    closed: Mapping[date, str] | None = None,
) -> int:
    """Enter terms, in place of what stood for them, and add days without pupils (day to `ClosedDay.Kind`); how many rows that changed.

    Of the authority, or of one school. All of it or nothing. Raises NotAllowed, and BadInput that names a term's field or `day`.
    """
    _begin(by, authority, school)
    wanted, closed = list(terms), closed or {}
    after = with_terms(Calendars.read([authority.pk]).of(authority.pk, school.pk if school else None), wanted)
    refuse(problem for term in wanted for problem in check_term(term, after.terms))
    refuse(problem for day in closed for problem in check_closed(day, after))
    if school is None:
        refuse(_clashes(authority, wanted))
    changed = sum(_put(authority, school, term) for term in wanted)
    changed += len(ClosedDay.objects.bulk_create(ClosedDay(authority=authority, school=school, day=day, kind=kind) for day, kind in closed.items()))
    if changed:
        recount(by=by, authority=authority, school=school)
    return changed


def _begin(by: Actor, authority: LocalAuthority, school: Organisation | None) -> None:
    """Raise NotAllowed unless the actor keeps this calendar; then wait for whoever changes it just now."""
    require(by, Permission.KEEP_CALENDAR)
    if by.is_person:
        own_school = school is not None and by.organisation_id == school.pk
        own_authority = by.organisation_id is None and by.role in FOR_AUTHORITY and by.authority_id == authority.pk
        if not (own_school or own_authority):
            raise NotAllowed
    if school is not None and (school.authority_id != authority.pk or school.kind != Organisation.Kind.SCHOOL):
        raise NotAllowed
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, authority.pk])


def _put(authority: LocalAuthority, school: Organisation | None, term: KnownTerm) -> bool:
    """Write a term's row unless it says the same already."""
    row = TermDates.objects.filter(authority=authority, school=school, year=term.year, term=term.term).first()
    if row is None:
        row = TermDates(authority=authority, school=school, year=term.year, term=term.term)
    elif known(row) == term:
        return False
    row.starts_on, row.ends_on, row.break_from, row.break_to = term.starts_on, term.ends_on, term.break_from, term.break_to
    row.save()
    return True


def _clashes(authority: LocalAuthority, wanted: list[KnownTerm]) -> Iterator[Problem]:
    """Terms that schools keep for themselves and that the authority's new ones would run into."""
    rows = TermDates.objects.filter(authority=authority, school__isnull=False).select_related("school").order_by("school", "year", "starts_on")
    for row in rows:
        for term in wanted:
            if term.number != known(row).number and term.starts_on <= row.ends_on and row.starts_on <= term.ends_on and row.school is not None:
                own = {"school": row.school.name, "term": term_words(row.term, row.year), "period": period(row.starts_on, row.ends_on)}
                yield "starts_on", _("These days overlap the %(term)s that %(school)s keeps for itself, %(period)s. Change that first") % own


@transaction.atomic
def remove_term(*, by: Actor, authority: LocalAuthority, school: Organisation | None, year: int, term: str) -> bool:
    """Take a term's dates away: of a school, so that the authority's hold for it again. False when none were entered."""
    _begin(by, authority, school)
    gone, _by_table = TermDates.objects.filter(authority=authority, school=school, year=year, term=term).delete()
    if gone:
        recount(by=by, authority=authority, school=school)
    return bool(gone)


@transaction.atomic
def remove_closed_day(*, by: Actor, authority: LocalAuthority, school: Organisation | None, day: date) -> bool:
    """Take a day without pupils away. False when there was none."""
    _begin(by, authority, school)
    gone, _by_table = ClosedDay.objects.filter(authority=authority, school=school, day=day).delete()
    if gone:
        recount(by=by, authority=authority, school=school)
    return bool(gone)


@transaction.atomic
def add_holiday(*, by: Actor, authority: LocalAuthority, day: date, name: str) -> ExtraHoliday:
    """Add a bank holiday that was proclaimed for once; nothing is counted on it. Raises NotAllowed, BadInput."""
    _begin(by, authority, None)
    name = name.strip()
    longest = ExtraHoliday._meta.get_field("name").max_length or 0
    problems: list[Problem] = []
    if not name or len(name) > longest:
        problems.append(("name", _("Enter a name of %(longest)s characters or fewer") % {"longest": longest}))
    if not FIRST <= day <= LAST:
        problems.append(("day", _("Enter a day between %(period)s") % {"period": period(FIRST, LAST)}))
    elif day.weekday() > 4:
        problems.append(("day", _("%(day)s is a Saturday or a Sunday, which is no working day in any case") % {"day": written(day)}))
    elif day in bank_holidays() or ExtraHoliday.objects.filter(authority=authority, day=day).exists():
        problems.append(("day", _("%(day)s is a bank holiday already") % {"day": written(day)}))
    refuse(problems)
    row = ExtraHoliday.objects.create(authority=authority, day=day, name=name)
    recount(by=by, authority=authority)
    return row


@transaction.atomic
def remove_holiday(*, by: Actor, authority: LocalAuthority, day: date) -> bool:
    """Take a one-off bank holiday away. False when there was none; published ones cannot be taken away."""
    _begin(by, authority, None)
    gone, _by_table = ExtraHoliday.objects.filter(authority=authority, day=day).delete()
    if gone:
        recount(by=by, authority=authority)
    return bool(gone)


@transaction.atomic
def set_lesson_times(*, by: Actor, school: Organisation, times: Mapping[int, Lessons]) -> int:
    """When lessons are on each weekday (0 is Monday), in place of what stood; a weekday left out has none. How many rows changed.

    An empty week says that the times are not known. Raises NotAllowed, and BadInput that names fields as `starts_at_0`.
    """
    _begin(by, school.authority, school)
    refuse(problem for weekday, lessons in times.items() for problem in _check_lessons(weekday, lessons))
    rows = {row.weekday: row for row in LessonTimes.objects.filter(school=school)}
    changed = 0
    for weekday, row in rows.items():
        if weekday not in times:
            row.delete()
            changed += 1
    for weekday, lessons in times.items():
        found = rows.get(weekday)
        row = found or LessonTimes(authority=school.authority, school=school, weekday=weekday)
        if found is None or Lessons(row.starts_at, row.ends_at, row.break_from, row.break_to) != lessons:
            row.starts_at, row.ends_at, row.break_from, row.break_to = lessons.starts_at, lessons.ends_at, lessons.break_from, lessons.break_to
            row.save()
            changed += 1
    return changed


def _check_lessons(weekday: int, lessons: Lessons) -> Iterator[Problem]:
    begin, end = lessons.break_from, lessons.break_to
    if lessons.ends_at <= lessons.starts_at:
        yield f"ends_at_{weekday}", _("The last lesson must end after the first begins")
    elif (begin is None) != (end is None):
        yield f"break_{'from' if begin is None else 'to'}_{weekday}", _("Enter when the midday break begins and ends, or neither")
    elif begin is not None and end is not None and not lessons.starts_at < begin < end < lessons.ends_at:
        yield f"break_from_{weekday}", _("The midday break must lie between the first and the last lesson")
