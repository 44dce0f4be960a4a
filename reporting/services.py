"""The termly report to governors: prepared, published, read. And the figures of a term for those who may see no child: published, read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from lace.accounts.access import Permission, Role, require
from lace.accounts.acting import context_of
from lace.accounts.authorities import BY_NUMBER, CONSORTIA, consortium_of
from lace.accounts.models import Language, LocalAuthority, Membership, User
from lace.audit.models import Read
from lace.audit.services import record_read
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.database.context import use
from lace.deadlines.rules import Fact, subject_of
from lace.deadlines.services import meet_body
from lace.notifications.services import notify
from reporting.models import ReportChallenge, TermFigures, TermlyReport
from reporting.queries import figures as counting
from reporting.queries.cohort import FACETS, on_roll, pupils
from reporting.queries.reports import DOOR
from reporting.rules import Cohort, minimum, problems_of, reportable, shown_of, term_days
from reporting.rules.duties import FIGURES
from reporting.rules.figures import SCHOOL_TABLES, WALES, BodyKind, ended_terms, shown_alone, shown_together
from schools.models import Designation, School
from schools.rules import SchoolKind, Term
from schools.rules.bodies import both

REPLY_DAYS = timedelta(days=14)  # in which the school answers its governors
EARLIER_TERMS = 2  # shown beside the present one


@transaction.atomic
def prepare(
    *,
    by: Actor,
    school: School,
    year: int,
    term: Term,
    narrative: str = "",
    asks: str = "",
    language: str = Language.ENGLISH,
    training: str = "",
    policy_reviewed_on: date | None = None,
) -> TermlyReport:
    """Count the school's cohort and keep the report as a draft; the term's open draft is written anew, else a next version begins.

    Only held-back figures are stored: the counts themselves leave this function nowhere. Raises NotAllowed (not the school's designated
    person or headteacher), BadInput (another term than this or the last; a text that names or counts children; a day in the future).
    """
    require(by, Permission.PREPARE_REPORT)
    if by.organisation_id != school.pk:
        raise NotAllowed
    children = on_roll(by=by, school=school)
    _check(by, year, term, {"narrative": narrative, "asks": asks}, policy_reviewed_on, children)
    counted = pupils(by=by, school=school, children=children, year=year, term=term)
    if children:
        record_read(by=by, children=[child.pk for child in children], facets=FACETS, door="report_prepare", act=Read.Act.LIST)
    authority = school.organisation.authority
    shown = shown_of(counted, kind=SchoolKind(school.kind), least=minimum(authority.minimum_group_size))
    if shown["cohort"] == Cohort.SHOWN:
        shown["earlier"] = _earlier(by, school, year, term)
    shown["provision"] = _provision(school, by.today)
    report = _draft(by, school, year, term, shown)
    report.figures, report.cut_on = shown, by.today
    report.narrative, report.asks, report.language = narrative.strip(), asks.strip(), language
    report.training, report.policy_reviewed_on = training, policy_reviewed_on
    report.prepared_by_id = by.user_id
    report.heads = {
        "school": {"en": school.organisation.name_en, "cy": school.organisation.name_cy},
        "authority": {"en": authority.name_en, "cy": authority.name_cy, "colour": authority.brand_colour},
        "prepared_by": _signature(by),
    }
    report.sha256 = report.fingerprint()
    report.save()
    notify(
        by=by,
        kind="report_prepared",
        source=report.pk,
        child=None,
        recipients=_holders(school, Role.HEADTEACHER, by.today),
        facts={},
        authority=authority,
    )
    return report


def _signature(by: Actor) -> dict[str, str]:
    assert by.user_id is not None  # a job holds neither permission
    return {"name": User.objects.get(pk=by.user_id).name, "role": by.role}


def _check(by: Actor, year: int, term: Term, texts: dict[str, str], reviewed_on: date | None, children: Iterable[Child]) -> None:
    problems: dict[str, list[str]] = {}
    if (year, term) not in reportable(by.today):
        problems["term"] = [_("Choose this term or the last one: figures are of the children on roll today")]
    if reviewed_on is not None and reviewed_on > by.today:
        problems["policy_reviewed_on"] = [_("The policy's review must be today or in the past")]
    names = _names(children)
    for field, text in texts.items():
        longest = getattr(TermlyReport._meta.get_field(field), "max_length", None) or 0
        found = problems_of(text, names)
        if len(text.strip()) > longest:
            found.insert(0, _("Shorten this to %(limit_value)d characters or fewer") % {"limit_value": longest})
        if found:
            problems[field] = found
    if problems:
        raise BadInput(problems)


def _names(children: Iterable[Child]) -> set[str]:
    """Each name by which somebody could know one of these children."""
    return {
        name
        for child in children
        for name in (child.family_name, child.preferred_name, *child.given_names.split(), child.upn, child.reference)
        if name
    }


def _earlier(by: Actor, school: School, year: int, term: Term) -> list[dict[str, Any]]:
    """The terms before, as they were published: a frozen figure beside a new one gives away no more than the two reports do."""
    terms: dict[tuple[int, str], dict[str, Any]] = {}
    for report in TermlyReport.objects.visible_to(by).published().filter(school=school).newest_first()[:12]:
        before = (report.year, list(Term).index(Term(report.term))) < (year, list(Term).index(term))
        if before and (report.year, report.term) not in terms:
            terms[report.year, report.term] = {
                "year": report.year,
                "term": report.term,
                "cohort": report.figures["cohort"],
                "least": report.figures["least"],
                "on_roll": report.figures.get("on_roll"),
                "rates": report.figures.get("rates", {}),
            }
    return list(terms.values())[:EARLIER_TERMS]


def _provision(school: School, today: date) -> dict[str, Any]:
    """What the report says of the school itself, whatever its numbers (SCH-03)."""
    designation = Designation.objects.current_on(today).filter(school=school).first()
    if designation is None:
        return {"designated": False}
    return {
        "designated": True,
        "since": designation.started_on.isoformat(),
        "decided_on": designation.decided_on.isoformat(),
        "headteacher_consulted": designation.headteacher_consulted,
    }


def _draft(by: Actor, school: School, year: int, term: Term, shown: dict[str, Any]) -> TermlyReport:
    """The term's open draft, held; else a new one under the next number. Two who prepare at once write the same draft, one after the other."""
    versions = TermlyReport.objects.filter(school=school, year=year, term=term)
    draft = versions.filter(published_on__isnull=True).select_for_update().first()
    if draft is None:
        last = versions.aggregate(last=Max("number"))["last"] or 0
        draft, _made = TermlyReport.objects.get_or_create(
            school=school,
            year=year,
            term=term,
            number=last + 1,
            defaults={"authority_id": school.organisation.authority_id, "figures": shown, "cut_on": by.today, "prepared_by_id": by.user_id},
        )
    return draft


def _holders(school: School, role: Role, today: date) -> list[User]:
    held = Membership.objects.open_on(today).filter(organisation=school.pk, role=role).select_related("user")
    return [membership.user for membership in held]


@transaction.atomic
def raise_challenge(*, by: Actor, report: TermlyReport, text: str, language: str) -> ReportChallenge:
    """Challenge what a published report shows of the school's plans, and require a reply in REPLY_DAYS (PEP-31; 002 4.31).

    The text is not searched for names as a report is: an answer to that would tell governors which children are looked after. The school is
    told. Raises NotAllowed (no governor of the school), BadInput.
    """
    require(by, Permission.CHALLENGE_REPORT)
    if by.organisation_id != report.school_id or report.published_on is None or by.user_id is None:
        raise NotAllowed
    _check_words("text", text, language, [])
    school, due = report.school, by.today + REPLY_DAYS
    row = ReportChallenge(authority_id=report.authority_id, report=report, text=text.strip(), language=language, raised_on=by.today, reply_due_on=due)
    row.raised_by_id = by.user_id
    row.save(force_insert=True)
    told = [person for role in (Role.HEADTEACHER, Role.DESIGNATED_PERSON) for person in _holders(school, role, by.today)]
    facts = {"due_on": due.isoformat()}
    notify(by=by, kind="report_challenged", source=row.pk, child=None, recipients=told, facts=facts, authority=school.organisation.authority)
    return row


@transaction.atomic
def reply_to_challenge(*, by: Actor, challenge: ReportChallenge, text: str, language: str) -> ReportChallenge:
    """Answer the governors, naming and counting no child. Raises NotAllowed (not of the school's own people); BadInput; Refused once answered."""
    require(by, Permission.PREPARE_REPORT)
    report = challenge.report
    if by.organisation_id != report.school_id:
        raise NotAllowed
    row = ReportChallenge.objects.select_for_update(of=("self",)).get(pk=challenge.pk)
    if row.replied_on is not None:
        raise Refused(_("This has a reply already. Open the report again to read it"))
    children = on_roll(by=by, school=report.school)
    if children:
        record_read(by=by, children=[child.pk for child in children], facets=FACETS, door="report_challenge_reply", act=Read.Act.LIST)
    _check_words("text", text, language, problems_of(text, _names(children)))
    row.reply, row.reply_language, row.replied_by_id, row.replied_on = text.strip(), language, by.user_id, by.today
    row.save()
    asker = User.objects.filter(pk=row.raised_by_id)
    authority = report.school.organisation.authority
    notify(by=by, kind="report_challenge_replied", source=row.pk, child=None, recipients=asker, facts={}, authority=authority)
    return row


def _check_words(field: str, text: str, language: str, found: list[str]) -> None:
    longest = getattr(ReportChallenge._meta.get_field("text"), "max_length", None) or 0
    problems = {field: list(found)} if found else {}
    if not text.strip():
        problems[field] = [_("Write what you want to say")]
    elif len(text.strip()) > longest or "\0" in text:
        problems[field] = [_("Shorten this to %(limit_value)d characters or fewer") % {"limit_value": longest}]
    if language not in Language.values:
        problems["language"] = [_("Choose the language that you wrote in")]
    if problems:
        raise BadInput(problems)


@transaction.atomic
def publish(*, by: Actor, report: TermlyReport, fingerprint: str = "") -> TermlyReport:
    """Freeze the report and show it to the governors (GOV-05). `fingerprint`: of the draft that the headteacher read.

    Raises NotAllowed (not the school's headteacher), Refused (published already, or its text names or counts children of the school),
    Changed when the draft was written anew since it was read.
    """
    require(by, Permission.APPROVE_REPORT)
    if by.organisation_id != report.school_id:
        raise NotAllowed
    held = TermlyReport.objects.select_for_update(of=("self",)).select_related("school__organisation__authority").get(pk=report.pk)
    if held.published_on is not None:
        raise Refused(_("This report is published already. Prepare a new version to correct it"))
    if fingerprint and fingerprint != held.sha256:
        raise Changed(held)
    names = _names(on_roll(by=by, school=held.school))
    problems = problems_of(f"{held.narrative}\n{held.asks}", names)
    if problems:
        raise Refused({"": [*problems, _("Change the text, then publish")]})
    held.published_by_id, held.published_on, held.published_at = by.user_id, by.today, timezone.now().replace(microsecond=0)
    held.heads = {**held.heads, "published_by": _signature(by)}
    held.sha256 = held.fingerprint()
    held.save()
    body = held.school.organisation
    first, _last = term_days(held.year, Term(held.term))
    meet_body(
        by=by,
        authority=body.authority,
        body=body,
        codes=both("governors_report"),
        on=by.today,
        evidence=held.pk,
        subjects=[subject_of(body.pk, Fact.TERM_END, first)],
    )
    told = [person for role in (Role.GOVERNOR, Role.DESIGNATED_PERSON) for person in _holders(held.school, role, by.today)]
    notify(
        by=by,
        kind="report_published",
        source=held.pk,
        child=None,
        recipients=told,
        facts={},
        authority=held.school.organisation.authority,
    )
    return held


@transaction.atomic
def record_reading(*, by: Actor, report: TermlyReport, form: str) -> None:
    """Record that the actor read the report, as a "page" or as a PDF in "cy" or "en" (GOV-05)."""
    require(by, Permission.READ_REPORT)
    record_read(by=by, children=[], facets=[], door=f"{DOOR}/{report.pk}/{form}", act=Read.Act.READ if form == "page" else Read.Act.EXPORT)


# ---- figures for those who may see no child ------------------------------------------------

_LOCK = 7_030_419  # any number that no other advisory lock of ours uses


def publish_figures(*, by: Actor, year: int, term: Term) -> list[TermFigures]:
    """Count a term and freeze what may be published of it (CPP-04, PDG-10, PRIV-08, PRIV-09, PRIV-19). `by` is a named job.

    One transaction. A term is published once: empty when it has been, or while another job is at it. Consortia are as on the
    term's last day. Raises NotAllowed for a person, BadInput for a term whose time for recording is not over.
    """
    if not by.job:
        raise NotAllowed
    if (year, term) not in ended_terms(by.today):
        raise BadInput({"term": [_("Choose a term that has ended")]})
    with use(context_of(by)), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0] or TermFigures.objects.filter(year=year, term=term).exists():
                return []
        authorities = counting.taking_part(by.today)
        rows = [*_of_authorities(authorities, year, term, by.today), *_of_schools(authorities, year, term, by.today)]
        for authority in authorities:  # elected members read them (T54)
            meet_body(by=by, authority=authority, body=None, codes=FIGURES, on=by.today)
        return TermFigures.objects.bulk_create(rows)


def _of_authorities(authorities: list[LocalAuthority], year: int, term: Term, cut: date) -> list[TermFigures]:
    _first, last = term_days(year, term)
    counted = counting.counts_of_authorities(year=year, term=term, cut=cut)
    numbers = [authority.la_number for authority in authorities]
    least = {authority.la_number: minimum(authority.minimum_group_size) for authority in authorities}
    regions = {number: consortium_of(BY_NUMBER[number], on=last) for number in numbers}
    bodies = {region.code: [number for number in numbers if regions[number] == region] for region in CONSORTIA}
    bodies = {code: members for code, members in bodies.items() if members} | ({WALES: numbers} if numbers else {})
    shown = shown_together({number: counted.get(number, {}) for number in numbers}, least, bodies)

    def row(kind: BodyKind, body: str, region: str, members: list[str]) -> TermFigures:
        strictest = max(least[number] for number in members or [body])
        return TermFigures(
            year=year, term=term, kind=kind, body=body, region=region, members=members, figures=shown[body], least=strictest, cut_on=cut
        )

    own = [row(BodyKind.AUTHORITY, number, region.code if region else "", []) for number, region in regions.items()]
    kinds = {WALES: BodyKind.WALES}
    return own + [row(kinds.get(body, BodyKind.REGION), body, "" if body == WALES else body, members) for body, members in bodies.items()]


def _of_schools(authorities: list[LocalAuthority], year: int, term: Term, cut: date) -> list[TermFigures]:
    """A row for a school with something to show; none says the same as one in which all is held back."""
    least = {authority.la_number: minimum(authority.minimum_group_size) for authority in authorities}
    rows = []
    for number, cells in sorted(counting.counts_of_schools(year=year, term=term).items()):
        smallest = least.get(number[:3])
        shown = shown_alone(cells, smallest, SCHOOL_TABLES) if smallest else {}
        if smallest and any(shown.values()):
            rows.append(TermFigures(year=year, term=term, kind=BodyKind.SCHOOL, body=number, figures=shown, least=smallest, cut_on=cut))
    return rows


@transaction.atomic
def record_figures_read(*, by: Actor, year: int, term: Term, form: str) -> None:
    """Record that the actor took a term's figures away as a file, "cy.pdf", "en.csv" …: the audit has every export."""
    require(by, Permission.READ_FIGURES)
    record_read(by=by, children=[], facets=[], door=f"figures/{year}-{term}/{form}", act=Read.Act.EXPORT)
