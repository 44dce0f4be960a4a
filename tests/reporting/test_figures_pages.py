"""Figures for those who may see no child: counted by a job, kept as published, read by each role as far as it is theirs."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.utils import timezone
from pypdf import PdfReader

from lace.accounts.access import Permission, Role
from lace.accounts.access import may as may_act
from lace.accounts.authorities import BY_CODE, CSC, members_of
from lace.accounts.models import LocalAuthority
from lace.audit.models import Read
from lace.children.models import CareEpisode, Child, Placement
from lace.children.rules import PlacementType
from lace.children.services import PlacementFacts, place
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.database.context import NOBODY, use
from lace.web.middleware import serving
from peps.models import Pep, Target
from peps.services import start_pep
from reporting.forms import term_code
from reporting.models import TermFigures
from reporting.queries.figures import counts_of_authorities, counts_of_schools
from reporting.rules import term_days
from reporting.rules.figures import BodyKind, ended_terms
from reporting.services import publish_figures
from reporting.views.figures import plain
from schools.models import TermRecord
from schools.rules import Term
from tests.reporting.pages import body, cost
from tests.world import World, enter, furnish, person, signed_in

pytestmark = pytest.mark.django_db
READERS = [
    *(Role.ELECTED_MEMBER, Role.SENIOR_LEADER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER),
    *(Role.CONSORTIUM_LEAD, Role.CHALLENGE_ADVISER, Role.GOVERNMENT, Role.LINK_GOVERNOR),
]
OF_NO_CHILD = [role for role in READERS if role not in {Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER}]


def job() -> Actor:
    return Actor.named_job("figures", today=timezone.localdate())


def newest() -> tuple[int, Term]:
    return ended_terms(timezone.localdate())[0]


@pytest.fixture
def counted(world: World) -> World:
    """In the last ended term: 12 children who live in the area, 8 who live in the other authority's; the plans of 13 started in time.

    8 attend well, 6 less, 6 little; 7 were excluded. Of the plans of 12 at the school, 6 have targets that the child agreed to.
    """
    year, term = newest()
    first, _last = term_days(year, term)
    entered = first + timedelta(days=14)
    by, coordinator = world.own.actor(Role.CASE_SYSTEM), world.own.actor(Role.LACE_COORDINATOR)
    for number in range(20):
        child, episode, *_rest = enter(world.own, entered_on=entered)
        with serving(by):
            if number >= 12:
                facts = PlacementFacts(kind=PlacementType.FOSTER, started_on=entered + timedelta(days=3), host_authority=world.other.row)
                place(by=by, episode=episode, facts=facts)
            pep = start_pep(by=by, child=child, on=entered + timedelta(days=1 if number < 13 else 70))
        with serving(coordinator):
            TermRecord.objects.create(
                child=child,
                authority=world.own.row,
                school=world.own.school,
                year=year,
                term=term,
                sessions_possible=100,
                sessions_attended=97 if number < 8 else 93 if number < 14 else 80,
                days_excluded=1 if number < 7 else 0,
            )
            if number < 12:
                aim(child, pep, agreed=number < 6)
    return world


def aim(child: Child, pep: Pep, *, agreed: bool) -> None:
    texts = dict.fromkeys(("need", "baseline", "goal", "measure", "strategy"), "Reads aloud")
    Target.objects.create(
        child=child, authority_id=child.authority_id, pep=pep, position=1, area="literacy", review_on=date(2099, 1, 1), child_agrees=agreed, **texts
    )


@pytest.fixture
def shown(counted: World) -> World:
    year, term = newest()
    assert publish_figures(by=job(), year=year, term=term)
    return counted


def rows_of(actor: Actor) -> list[TermFigures]:
    with serving(actor):
        return list(TermFigures.objects.visible_to(actor).order_by("kind", "body"))


def lines(row: TermFigures, table: str) -> dict[str, int] | None:
    held = row.figures[table]
    return held and dict(held["lines"])


# -- counting --------------------------------------------------------------------------------------------------------


@pytest.mark.req("XLA-11")
def test_the_job_counts_what_is_there(counted: World) -> None:
    year, term = newest()
    _first, last = term_days(year, term)
    with serving(job()), transaction.atomic():
        found = counts_of_authorities(year=year, term=term, cut=timezone.localdate())
        own, other = found[counted.own.row.la_number], found[counted.other.row.la_number]
        assert own["own"] == {"own_in": 12, "own_out": 8}
        assert other["hosted"] == {"hosted": 8}
        assert own["initiated"] == {"on_time": 13, "late": 7}
        assert own["attendance"] == {"high": 8, "middle": 6, "low": 6}
        assert own["exclusion"] == {"excluded": 7, "not_excluded": 13}
        assert counts_of_schools(year=year, term=term)[counted.own.school.number] == {
            "agreed": {"all_agreed": 6, "not_agreed": 6},
            "current": {"none_past": 12},
        }
        assert Child.objects.in_care_on(last).filter(authority=counted.own.row).count() == 20


def test_only_the_job_can_count_across_authorities(counted: World) -> None:
    year, term = newest()
    with serving(counted.own.actor(Role.GOVERNMENT)), transaction.atomic():
        assert counts_of_authorities(year=year, term=term, cut=timezone.localdate()) == {}
        assert counts_of_schools(year=year, term=term) == {}


def test_the_job_reads_no_name_and_no_place(counted: World) -> None:
    for query in (Placement.objects.values_list("outside_wales"), CareEpisode.objects.values_list("reason"), Target.objects.values_list("goal")):
        with serving(job()), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            list(query)


@pytest.mark.req("PRIV-08")
def test_what_is_kept_is_rounded_and_nothing_else(shown: World) -> None:
    (row,) = rows_of(shown.own.actor(Role.ELECTED_MEMBER))
    assert lines(row, "own") == {"own_in": 10, "own_out": 10}
    assert lines(row, "initiated") == {"on_time": 15, "late": 5}
    assert lines(row, "hosted") is None
    assert row.cut_on == timezone.localdate()
    with connection.cursor() as cursor, transaction.atomic(), use(NOBODY):
        cursor.execute(
            "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = %s", [row._meta.db_table]
        )
        assert cursor.fetchone() == ("body created_at cut_on figures id kind least members region term year",)


@pytest.mark.req("PRIV-09")
def test_a_term_is_published_once(shown: World) -> None:
    year, term = newest()
    before = {row.pk: row.figures for row in rows_of(shown.own.actor(Role.GOVERNMENT))}
    enter(shown.own, entered_on=term_days(year, term)[0])
    assert publish_figures(by=job(), year=year, term=term) == []
    assert {row.pk: row.figures for row in rows_of(shown.own.actor(Role.GOVERNMENT))} == before


def test_only_a_job_publishes_and_only_an_ended_term(world: World) -> None:
    year, term = newest()
    for role in (Role.LACE_COORDINATOR, Role.GOVERNMENT, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            publish_figures(by=world.own.actor(role), year=year, term=term)
    with pytest.raises(BadInput):
        publish_figures(by=job(), year=year + 1, term=term)


# -- who reads what --------------------------------------------------------------------------------------------------


@pytest.mark.req("CPP-04", "PDG-10", "PRIV-19")
def test_each_role_reads_what_it_is_there_for(shown: World) -> None:
    for role in Role:
        actor = shown.own.actor(role)
        found = {(row.kind, row.body) for row in rows_of(actor)}
        if role == Role.GOVERNMENT:
            assert {kind for kind, _body in found} == {BodyKind.AUTHORITY, BodyKind.REGION, BodyKind.WALES}
            assert {(BodyKind.AUTHORITY, shown.own.row.la_number), (BodyKind.AUTHORITY, shown.other.row.la_number)} <= found
        elif role in {Role.CONSORTIUM_LEAD, Role.CHALLENGE_ADVISER}:
            assert found == {(BodyKind.REGION, "CSC"), (BodyKind.AUTHORITY, shown.own.row.la_number)}
        elif role == Role.LINK_GOVERNOR:
            assert found == {(BodyKind.SCHOOL, shown.own.school.number)}
        elif role in READERS:
            assert found == {(BodyKind.AUTHORITY, shown.own.row.la_number)}
        else:
            assert not found
            assert not may_act(actor, Permission.READ_FIGURES)
            assert shown.client(role).get("/figures/").status_code == 403


@pytest.mark.req("PDG-10")
def test_a_consortium_reads_its_own_authorities_and_no_other(counted: World) -> None:
    year, term = newest()
    beside = furnish("VGL")
    for _number in range(9):
        enter(beside, entered_on=term_days(year, term)[0])
    publish_figures(by=job(), year=year, term=term)
    inside = {authority.number for authority in members_of(CSC, on=timezone.localdate())}
    assert {BY_CODE["CRF"].number, BY_CODE["VGL"].number} <= inside
    found = rows_of(counted.own.actor(Role.CONSORTIUM_LEAD))
    assert {row.body for row in found} == {"CSC", counted.own.row.la_number, beside.row.la_number}
    region = next(row for row in found if row.kind == BodyKind.REGION)
    assert region.members == sorted([counted.own.row.la_number, beside.row.la_number])
    page = body(counted.client(Role.CONSORTIUM_LEAD).get("/figures/"))
    assert "Central South Consortium" in page
    assert "Vale of Glamorgan" in page
    assert "Gwynedd" not in page


def test_an_authority_in_no_consortium_has_nobody_to_read_for(shown: World) -> None:
    """GwE ended on 31 March 2025: Gwynedd's people of a consortium have none."""
    assert rows_of(shown.other.actor(Role.CONSORTIUM_LEAD)) == []
    page = body(shown.client(Role.CONSORTIUM_LEAD, shown.other).get("/figures/"))
    assert "Gwynedd is in no regional consortium today" in page
    assert "No figures are published yet" not in page


def raw(actor: Actor) -> int:
    with serving(actor), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reporting_termfigures")
        return int(cursor.fetchone()[0])


@pytest.mark.req("PRIV-13")
def test_the_database_shows_the_rows_to_no_other_role_and_lets_nobody_write(shown: World) -> None:
    assert {role for role in Role if raw(shown.own.actor(role))} == set(READERS)
    with use(NOBODY), transaction.atomic():
        assert not TermFigures.objects.exists()
    government = shown.own.actor(Role.GOVERNMENT)
    year, term = newest()
    mine: dict[str, Any] = {"kind": BodyKind.WALES, "body": "x", "figures": {}, "least": 5, "cut_on": timezone.localdate()}
    for write in (
        lambda: TermFigures.objects.create(year=year, term=term, **mine),
        lambda: TermFigures.objects.update(least=1),
        lambda: TermFigures.objects.all().delete(),
    ):
        with serving(government), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            write()
    with serving(job()), pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
        TermFigures.objects.update(least=1)


@pytest.mark.req("CPP-04", "PDG-10", "PRIV-19")
def test_who_reads_figures_opens_no_child(world: World) -> None:
    for role in OF_NO_CHILD:
        client = world.client(role)
        for page in ("", "plan/", "duties/", "people/", "timeline/", "access/"):
            assert client.get(f"/children/{world.own.child.pk}/{page}").status_code == 404, (role, page)
        assert client.get("/dashboard/").status_code == 403
        assert client.get("/duties/").status_code == 404
        assert client.get("/figures/").status_code == 200
        assert world.own.child.family_name not in body(client.get("/figures/"))


# -- pages and files -------------------------------------------------------------------------------------------------


@pytest.mark.req("CPP-04")
def test_the_page_names_cohort_and_day_and_what_is_held_back(shown: World) -> None:
    page = body(shown.client(Role.ELECTED_MEMBER).get("/figures/"))
    assert "Cardiff" in page
    assert "children whom the authority looked after on the last day of the term" in page
    assert "rounded to the nearest 5" in page
    assert "Held back: a number here is small enough" in page
    for exact in (">12<", ">8<", ">13<", ">7<"):
        assert exact not in page
    assert "<svg" in page


def test_it_speaks_welsh(shown: World) -> None:
    for role in READERS:
        client = shown.client(role)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
        page = body(client.get("/figures/"))
        assert "Ffigurau am blant sy'n derbyn gofal" in page
        for english in ("Figures on", "In time", "Held back", "Children looked after", "Living", "rounded", "Counted", "Targets"):
            assert english not in page.replace("Download the figures in English", ""), (role, english)


def test_terms_stand_beside_each_other(counted: World) -> None:
    for year, term in ended_terms(timezone.localdate()):
        publish_figures(by=job(), year=year, term=term)
    client = counted.client(Role.ELECTED_MEMBER)
    assert len(client.get("/figures/").context["groups"][0]["items"]) == 3
    older = ended_terms(timezone.localdate())[1]
    answer = client.get(f"/figures/?term={term_code(*older)}")
    assert answer.context["sections"][0].held_back
    assert client.get("/figures/?term=%00x").status_code == 200


def test_a_spreadsheet_has_every_line_in_both_languages(shown: World) -> None:
    client = shown.client(Role.GOVERNMENT)
    code = term_code(*newest())
    for language, word in (("cy", "wedi'i ddal yn ôl"), ("en", "held back")):
        answer = client.get(f"/figures/{code}/{language}.csv")
        assert answer["Content-Disposition"] == f'attachment; filename="figures-{code}-{language}.csv"'
        text = answer.content.decode("utf-8-sig")
        rows = list(csv.reader(StringIO(text)))
        assert {len(row) for row in rows} == {7}
        numbers = {row[4] for row in rows[1:]}
        assert word in numbers
        assert all(number == word or int(number) % 5 == 0 for number in numbers)
    assert sorted(
        {row[1] for language in ("cy", "en") for row in csv.reader(StringIO(client.get(f"/figures/{code}/{language}.csv").content.decode()))}
        & {"Caerdydd", "Cardiff"}
    ) == ["Caerdydd", "Cardiff"]


def test_no_cell_is_a_formula() -> None:
    for cell in ("=1+1", "+44", "-5", "@sum", "\t=1", "\r=1"):
        assert plain(cell) == f"'{cell}"
    assert plain("Cardiff") == "Cardiff"


def test_the_pdf_says_what_the_page_says(shown: World) -> None:
    client = shown.client(Role.ELECTED_MEMBER)
    for language, words in (("cy", ("Ffigurau am blant sy'n derbyn gofal", "Caerdydd")), ("en", ("Figures on looked-after children", "Cardiff"))):
        answer = client.get(f"/figures/{term_code(*newest())}/{language}.pdf")
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
        assert all(word in text for word in words)


@pytest.mark.req("CPP-04")
def test_taking_a_file_is_recorded_and_a_term_that_is_not_there_is_not_found(shown: World) -> None:
    client = shown.client(Role.CONSORTIUM_LEAD)
    code = term_code(*newest())
    assert client.get(f"/figures/{code}/en.csv").status_code == 200
    assert client.get("/figures/1999-autumn/en.csv").status_code == 404
    assert shown.client(Role.SOCIAL_WORKER).get(f"/figures/{code}/en.csv").status_code == 403
    with serving(shown.own.actor(Role.LACE_COORDINATOR)):
        doors = set(Read.objects.filter(role=Role.CONSORTIUM_LEAD, act=Read.Act.EXPORT).values_list("door", flat=True))
    assert doors == {f"figures/{code}/en.csv"}


@pytest.mark.req("GOV-07")
def test_a_link_governor_reads_plan_quality_of_the_own_school_only(shown: World) -> None:
    (row,) = rows_of(shown.own.actor(Role.LINK_GOVERNOR))
    assert lines(row, "agreed") == {"all_agreed": 5, "not_agreed": 5}
    assert lines(row, "current") is None, "with nobody in the other line it would say that of every child"
    page = body(shown.client(Role.LINK_GOVERNOR).get("/figures/"))
    assert shown.own.school.name in page
    assert "The child agreed to every target" in page
    assert "No figures are published yet" in body(shown.client(Role.LINK_GOVERNOR, shown.other).get("/figures/"))
    assert shown.client(Role.LINK_GOVERNOR).get("/reports/").status_code == 200


def test_it_costs_no_more_with_more_authorities(shown: World) -> None:
    government = signed_in(person(Role.GOVERNMENT, LocalAuthority.objects.get(code="CRF")))
    assert cost(government, "/figures/") <= 8
