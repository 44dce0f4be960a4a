"""Which reports there are, which are missing, and who has read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min

from lace.accounts.access import REACH, Reach, Role
from lace.accounts.models import User
from lace.audit.models import Read
from lace.core.actor import Actor
from reporting.models import TermlyReport
from reporting.rules import Standing, standing, term_days
from schools.models import School
from schools.rules import BOUND, Term

DOOR = "report"  # what the record of reads says: report/<id>/<form>


@dataclass(frozen=True, slots=True)
class Entry:
    """A school in the list of a term: where its report stands, the day it is due, the newest published version."""

    school: School
    standing: Standing
    due_on: date
    report: TermlyReport | None


def of_term(*, by: Actor, year: int, term: Term) -> list[Entry]:
    """The maintained schools of the actor, or of the authority, with the report of a term; what is missing first, then by name.

    Three statements, however many schools there are.
    """
    schools = School.objects.select_related("organisation__authority").filter(kind__in=BOUND)
    if REACH[Role(by.role)] == Reach.AUTHORITY:
        schools = schools.filter(organisation__authority__in=by.authorities)
    else:
        schools = schools.filter(pk=by.organisation_id)
    published = TermlyReport.objects.visible_to(by).published().filter(year=year, term=term)
    newest = {report.school_id: report for report in published.order_by("number")}
    first = dict(published.values_list("school").annotate(Min("published_on")))
    _begins, due_on = term_days(year, term)
    entries = [
        Entry(school, standing(year, term, published_on=first.get(school.pk), as_of=by.today), due_on, newest.get(school.pk)) for school in schools
    ]
    return sorted(entries, key=lambda entry: (entry.report is not None, entry.school.name))


def missing(*, by: Actor, year: int, term: Term) -> list[Entry]:
    """The maintained schools whose report of a term is not published: to be made, or late (GOV-13)."""
    return [entry for entry in of_term(by=by, year=year, term=term) if entry.report is None]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who opened a report, first and last (GOV-05)."""

    name: str
    role: str
    first_at: datetime
    last_at: datetime


def readers(*, by: Actor, report: TermlyReport) -> list[Reader]:
    """Everybody who opened the report, as a page or a PDF, in the order in which they first did."""
    looks = Read.objects.filter(authority_id=report.authority_id, door__startswith=f"{DOOR}/{report.pk}/", children=[])
    if report.published_at:
        looks = looks.filter(at__gte=report.published_at)
    times: dict[tuple[int, str], list[datetime]] = {}
    for user, role, at in looks.order_by("at", "pk").values_list("user_id", "role", "at"):
        times.setdefault((user, role), []).append(at)
    names = dict(User.objects.filter(pk__in={user for user, _role in times}).values_list("pk", "name"))
    return [Reader(names.get(user, ""), str(Role(role).label), moments[0], moments[-1]) for (user, role), moments in times.items()]


def versions(*, by: Actor, report: TermlyReport) -> list[TermlyReport]:
    """Every version of the same term's report that the actor may see, newest first."""
    return list(TermlyReport.objects.visible_to(by).filter(school=report.school_id, year=report.year, term=report.term).order_by("-number"))
