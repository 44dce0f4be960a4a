"""The termly report from its preparing to its readers: what governors get, what they never get, and that it stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from pdfua import Severity, validate
from pytest_django import Settings

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import Child
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.documents.fonts import WEIGHTS, build_fonts, font_file
from lace.notifications.models import Notification
from lace.web.middleware import serving
from reporting import services
from reporting.models import TermlyReport
from reporting.queries.reports import missing
from reporting.rules import Standing, reportable
from schools.models import TermRecord
from schools.rules import Term, term_of
from tests.world import Authority, World, enter, make_school, person, signed_in

TEXT = "The homework club is open every day. Siŵr iawn."
READERS = (Role.GOVERNOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON, Role.LACE_COORDINATOR)


@contextmanager
def acting(authority: Authority, role: Role, *, days: int = 0) -> Iterator[Actor]:
    actor = authority.actor(role)
    actor = replace(actor, today=actor.today + timedelta(days=days))
    with serving(actor), transaction.atomic():
        yield actor


def this_term() -> tuple[int, Term]:
    return term_of(timezone.localdate())


def prepared(authority: Authority, *, role: Role = Role.DESIGNATED_PERSON, **words: Any) -> TermlyReport:
    year, term = this_term()
    with acting(authority, role) as by:
        return services.prepare(by=by, school=authority.school, year=year, term=term, **{"narrative": TEXT, "training": "some", **words})


def published(authority: Authority, **words: Any) -> TermlyReport:
    report = prepared(authority, **words)
    with acting(authority, Role.HEADTEACHER) as by:
        return services.publish(by=by, report=report, fingerprint=report.sha256)


def cohort(authority: Authority, size: int) -> list[Child]:
    """So many children on the school's roll, each with a term's record; of those added, half have additional learning needs."""
    year, term = this_term()
    found = [authority.child]
    for number in range(size - 1):
        child, *_rest = enter(authority, entered_on=timezone.localdate() - timedelta(days=40), additional_needs=number % 2 == 0)
        found.append(child)
    with acting(authority, Role.DESIGNATED_PERSON):
        for number, child in enumerate(found):
            TermRecord.objects.create(
                child=child,
                authority_id=child.authority_id,
                school=authority.school,
                year=year,
                term=term,
                sessions_possible=100,
                sessions_attended=97 if number < size // 2 else 87,
                days_excluded=1 if number == 0 else 0,
                subjects_assessed=4,
                subjects_on_track=4 if number < size // 2 else 1,
            )
    return found


def canaries(children: list[Child]) -> set[str]:
    """What would tell who a child is."""
    return {
        str(value)
        for child in children
        for value in (child.pk, child.given_names, child.family_name, child.upn, child.reference, child.born_on, child.born_on.strftime("%-d %B %Y"))
    }


def address(report: TermlyReport, part: str = "") -> str:
    return f"/reports/{report.pk}/{part}"


def field(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', response.content.decode())
    assert found, f"no {name} on the page"
    return unescape(found[1])


def text(response: Any) -> str:
    return unescape(response.content.decode())


def form_data(page: Any, **other: str) -> dict[str, str]:
    year, term = this_term()
    words = {"term": f"{year}-{term}", "narrative": TEXT, "asks": "", "language": "en-gb", "training": "all"}
    return {"form_token": field(page, "form_token"), **words, **other}


# -- preparing and publishing --------------------------------------------------------------------------------------


@pytest.mark.req("GOV-01")
def test_a_designated_person_prepares_a_headteacher_publishes_a_governor_reads(world: World) -> None:
    cohort(world.own, 6)
    page = world.client(Role.DESIGNATED_PERSON).get("/reports/prepare/")
    answer = world.client(Role.DESIGNATED_PERSON).post("/reports/prepare/", form_data(page))
    assert answer.status_code == 302, text(answer)
    where = answer["Location"]
    assert TEXT in text(world.client(Role.DESIGNATED_PERSON).get(where))
    assert world.client(Role.GOVERNOR).get(where).status_code == 404
    assert where not in text(world.client(Role.GOVERNOR).get("/reports/"))
    assert world.client(Role.LACE_COORDINATOR).get(where).status_code == 404

    head = world.client(Role.HEADTEACHER)
    assert where in text(head.get("/reports/"))
    sure = head.get(f"{where}publish/")
    data = {"form_token": field(sure, "form_token"), "fingerprint": field(sure, "fingerprint")}
    assert head.post(f"{where}publish/", data).status_code == 302
    assert head.post(f"{where}publish/", data)["Location"] == where  # a second click runs once

    governor = world.client(Role.GOVERNOR)
    assert where in text(governor.get("/reports/"))
    assert TEXT in text(governor.get(where))
    assert where in text(world.client(Role.LACE_COORDINATOR).get("/reports/"))


@pytest.mark.req("GOV-02", "GOV-03", "PRIV-09")
def test_figures_are_those_of_the_cohort_rounded_and_held_back(world: World) -> None:
    cohort(world.own, 12)
    shown = published(world.own).figures
    assert (shown["cohort"], shown["on_roll"], shown["least"]) == ("shown", 10, 5)
    assert [tuple(line) for line in shown["splits"]["attendance"]] == [("above", 5), ("below", 5)]
    assert [tuple(line) for line in shown["splits"]["progress"]] == [("most", 5), ("rest", 5)]
    assert [tuple(line) for line in shown["splits"]["needs"]] == [("with", 5), ("without", 5)]
    assert shown["splits"]["exclusion"] is None
    assert shown["splits"]["authority"] is None
    assert tuple(shown["rates"]["attendance"]) == (90, 94)
    assert tuple(shown["rates"]["progress"]) == (60, 64)


@pytest.mark.req("GOV-02", "PRIV-09")
def test_an_authority_may_set_a_larger_minimum(world: World) -> None:
    cohort(world.own, 6)
    assert prepared(world.own).figures["cohort"] == "shown"
    world.own.school.organisation.authority.minimum_group_size = 8
    assert prepared(world.own).figures["cohort"] == "small"


@pytest.mark.req("GOV-02", "GOV-01")
def test_a_small_cohort_gives_no_result_and_an_empty_one_a_nil_return(world: World) -> None:
    small = published(world.own)
    assert set(small.figures) == {"cohort", "least", "provision"}
    page = text(world.client(Role.GOVERNOR).get(address(small)))
    assert "fewer than 5 looked-after children" in page
    assert "Held back" not in page
    assert "%" not in re.sub(r"<[^>]+>", "", page.split("<main")[1].split("</main")[0])

    empty = make_school(world.own.row)
    world.own.school = empty
    for role in (Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.GOVERNOR):
        world.own.members[role] = person(role, world.own.row, empty.organisation)
    assert "Nil return" in text(world.client(Role.GOVERNOR).get(address(published(world.own))))


@pytest.mark.req("GOV-02")
@pytest.mark.parametrize("words", ["{0} did well", "Well done, {1}", "three of our pupils"])
def test_a_text_that_could_tell_who_a_child_is_is_refused_and_kept(world: World, words: str) -> None:
    written = words.format(world.own.child.given_names, world.own.child.family_name.upper())
    client = world.client(Role.DESIGNATED_PERSON)
    page = client.post("/reports/prepare/", form_data(client.get("/reports/prepare/"), narrative=written))
    assert page.status_code == 200
    assert "Take out" in text(page)
    assert written in text(page)
    with acting(world.own, Role.HEADTEACHER):
        assert not TermlyReport.objects.exists()


@pytest.mark.req("GOV-02")
def test_a_report_that_names_a_child_who_came_since_is_not_published(world: World) -> None:
    report = prepared(world.own, narrative="Thanks to Gwenllian for the concert.")
    enter(world.own, entered_on=timezone.localdate(), given_names="Gwenllian")
    with pytest.raises(Refused) as refusal, acting(world.own, Role.HEADTEACHER) as by:
        services.publish(by=by, report=report)
    assert "Gwenllian" in str(refusal.value.problems[""][0])
    assert "Gwenllian" not in str(refusal.value)
    client = world.client(Role.HEADTEACHER)
    sure = client.get(address(report, "publish/"))
    page = client.post(address(report, "publish/"), {"form_token": field(sure, "form_token"), "fingerprint": field(sure, "fingerprint")})
    assert "Take out" in text(page)
    assert world.client(Role.GOVERNOR).get(address(report)).status_code == 404


def test_only_this_term_and_the_last_can_be_reported(world: World) -> None:
    year, _term = this_term()
    with pytest.raises(BadInput), acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.prepare(by=by, school=world.own.school, year=year - 2, term=Term.AUTUMN)
    with pytest.raises(BadInput), acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.prepare(by=by, school=world.own.school, year=year + 1, term=Term.AUTUMN)
    last_year, last_term = reportable(timezone.localdate())[1]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert services.prepare(by=by, school=world.own.school, year=last_year, term=last_term).number == 1


def test_a_day_in_the_future_is_refused_in_words(world: World) -> None:
    client, day = world.client(Role.DESIGNATED_PERSON), timezone.localdate() + timedelta(days=1)
    page = client.get("/reports/prepare/")
    names = re.findall(r'name="(policy_reviewed_on[^"]*)"', text(page))
    dates = dict(zip(names, map(str, (day.day, day.month, day.year)), strict=True))
    assert "must be today or in the past" in text(client.post("/reports/prepare/", form_data(page, **dates)))


def test_a_draft_written_anew_is_not_published_unread(world: World) -> None:
    report = prepared(world.own)
    client = world.client(Role.HEADTEACHER)
    sure = client.get(address(report, "publish/"))
    again = prepared(world.own, narrative="Other words")
    assert again.pk == report.pk
    answer = client.post(address(report, "publish/"), {"form_token": field(sure, "form_token"), "fingerprint": field(sure, "fingerprint")})
    assert answer.status_code == 409
    with pytest.raises(Changed), acting(world.own, Role.HEADTEACHER) as by:
        services.publish(by=by, report=report, fingerprint=report.sha256)


# -- who may what --------------------------------------------------------------------------------------------------


@pytest.mark.req("GOV-12", "PRIV-19")
def test_strangers_find_nothing(world: World) -> None:
    cohort(world.own, 2)
    report = published(world.own)
    for role in READERS:
        client = world.client(role, world.other)
        for part in ("", "publish/", "cy.pdf", "en.pdf"):
            answer = client.get(address(report, part))
            expected = {403, 404} if part == "publish/" else {404}
            assert answer.status_code in expected, (role, part)
            assert TEXT not in answer.content.decode(errors="replace")
    school_next_door = make_school(world.own.row)
    for role in (Role.GOVERNOR, Role.HEADTEACHER, Role.DESIGNATED_PERSON):
        assert signed_in(person(role, world.own.row, school_next_door.organisation)).get(address(report)).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role not in {*READERS, Role.LINK_GOVERNOR}])
def test_other_roles_have_no_reports(world: World, role: Role) -> None:
    report = published(world.own)
    for path in ("/reports/", "/reports/prepare/", address(report), address(report, "publish/"), address(report, "en.pdf")):
        assert world.client(role).get(path).status_code in {403, 404}, path


def test_nobody_prepares_or_publishes_for_another_school_or_out_of_role(world: World) -> None:
    year, term = this_term()
    report = prepared(world.own)
    for authority, role in ((world.other, Role.DESIGNATED_PERSON), (world.own, Role.GOVERNOR), (world.own, Role.LACE_COORDINATOR)):
        with pytest.raises(NotAllowed), acting(authority, role) as by:
            services.prepare(by=by, school=world.own.school, year=year, term=term)
    for authority, role in ((world.other, Role.HEADTEACHER), (world.own, Role.DESIGNATED_PERSON), (world.own, Role.GOVERNOR)):
        with pytest.raises(NotAllowed), acting(authority, role) as by:
            services.publish(by=by, report=report)
    assert world.client(Role.GOVERNOR).get("/reports/prepare/").status_code == 403
    assert world.client(Role.DESIGNATED_PERSON).get(address(report, "publish/")).status_code == 403


# -- frozen, read, missing -----------------------------------------------------------------------------------------


@pytest.mark.req("GOV-05")
def test_a_published_report_is_never_changed_a_new_version_stands_beside_it(world: World) -> None:
    first = published(world.own)
    changes: tuple[dict[str, Any], ...] = ({"narrative": "Other"}, {"figures": {}}, {"published_on": None})
    for change in changes:
        with pytest.raises(DatabaseError), acting(world.own, Role.HEADTEACHER):
            TermlyReport.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(DatabaseError), acting(world.own, Role.HEADTEACHER):
        TermlyReport.objects.filter(pk=first.pk).delete()
    with pytest.raises(Refused), acting(world.own, Role.HEADTEACHER) as by:
        services.publish(by=by, report=first)
    second = published(world.own, narrative="Corrected words")
    assert (second.number, second.pk != first.pk) == (2, True)
    with acting(world.own, Role.GOVERNOR) as by:
        kept = TermlyReport.objects.visible_to(by).get(pk=first.pk)
        assert kept.is_intact()
        assert (kept.narrative, kept.sha256, kept.heads["published_by"]["name"]) == (
            TEXT,
            first.sha256,
            world.own.user(Role.HEADTEACHER).name,
        )
    listed = text(world.client(Role.GOVERNOR).get("/reports/"))
    assert str(second.pk) in listed
    assert str(first.pk) not in listed
    assert str(first.pk) in text(world.client(Role.GOVERNOR).get(address(second)))


@pytest.mark.req("GOV-05")
def test_who_read_a_report_is_recorded_and_shown_to_the_school(world: World) -> None:
    report = published(world.own)
    governor = world.client(Role.GOVERNOR)
    governor.get(address(report))
    head = text(world.client(Role.HEADTEACHER).get(address(report)))
    assert world.own.user(Role.GOVERNOR).name in head
    assert "Who has read it" not in text(governor.get(address(report)))
    with acting(world.own, Role.HEADTEACHER):
        look = Read.objects.filter(door=f"report/{report.pk}/page", role=Role.GOVERNOR).first()
        assert look is not None
        assert (look.children, look.facets) == ([], [])
        counted = Read.objects.get(door="report_prepare")
        assert counted.children == [world.own.child.pk]


@pytest.mark.req("GOV-13")
def test_a_missing_report_is_shown_to_headteacher_governors_and_coordinator(world: World) -> None:
    year, term = reportable(timezone.localdate())[1]
    for role in (Role.HEADTEACHER, Role.GOVERNOR):
        page = text(world.client(role).get("/reports/"))
        assert "the report is missing. It was due by" in page
        assert "the report is not published yet" in page
    page = text(world.client(Role.LACE_COORDINATOR).get(f"/reports/?term={year}-{term}"))
    assert world.own.school.name in page
    assert "Missing" in page
    assert world.other.school.name not in page
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert [entry.standing for entry in missing(by=by, year=year, term=term)] == [Standing.LATE]
    published(world.own)
    with acting(world.own, Role.GOVERNOR) as by:
        assert missing(by=by, year=this_term()[0], term=this_term()[1]) == []
    assert "not published yet" not in text(world.client(Role.HEADTEACHER).get("/reports/"))


@pytest.mark.req("PRIV-14")
def test_those_it_concerns_are_told_and_no_message_says_who(world: World) -> None:
    published(world.own)
    for role, kind in ((Role.HEADTEACHER, "report_prepared"), (Role.GOVERNOR, "report_published")):
        with acting(world.own, role) as by:
            message = Notification.objects.visible_to(by).inbox().get(kind=kind)
            assert (message.child_id, message.facts) == (None, {})


# -- nobody is told who a child is ---------------------------------------------------------------------------------


@pytest.fixture
def fonts(settings: Settings, tmp_path: Path) -> None:
    """The fonts of the set-up, or else made for this test from the installed npm packages."""
    if not all((Path(django_settings.FONTS_DIR) / font_file(weight)).exists() for weight in WEIGHTS):
        build_fonts(Path(django_settings.BASE_DIR) / "static" / "node_modules", tmp_path)
        settings.FONTS_DIR = tmp_path


def words_of(document: bytes) -> str:
    reader = pypdf.PdfReader(BytesIO(document))
    pages = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    with pikepdf.open(BytesIO(document)) as file:
        metadata = str(file.open_metadata()) + str(dict(file.docinfo.items()))
    return f"{pages} {metadata}"


@pytest.mark.req("GOV-02", "PRIV-19", "PRIV-14")
@pytest.mark.usefixtures("fonts")
def test_a_governor_meets_no_child_anywhere(world: World) -> None:
    children = cohort(world.own, 7)
    report = published(world.own)
    governor = world.client(Role.GOVERNOR)
    told = canaries(children)
    for path in ("/", "/reports/", address(report), "/schools/"):
        found = [word for word in told if word in text(governor.get(path))]
        assert not found, path
    for child in children[:2]:
        for path in (f"/children/{child.pk}/", f"/children/{child.pk}/plan/", f"/children/{child.pk}/school/"):
            assert governor.get(path).status_code == 404
    for language in ("cy", "en"):
        answer = governor.get(address(report, f"{language}.pdf"))
        assert answer.status_code == 200
        words = words_of(answer.content)
        assert [word for word in told if word in words] == []
        assert not re.search(r"looked|school|ysgol|child|hill|bryn", answer["Content-Disposition"], re.IGNORECASE)


@pytest.mark.req("GOV-01", "REP-23", "GOV-05")
@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["Education of looked-after children", "Prepared by", "Figures taken on", "Definitions", "rounded to the nearest 5", "Approved and"]),
        ("cy", ["Paratowyd gan", "Dyddiad y ffigurau", "Diffiniadau"]),
    ],
)
def test_the_pdf_is_tagged_says_its_language_and_comes_out_the_same(world: World, tmp_path: Path, language: str, parts: list[str]) -> None:
    cohort(world.own, 12)
    report = published(world.own)
    governor = world.client(Role.GOVERNOR)
    document = governor.get(address(report, f"{language}.pdf"))
    assert document["Content-Type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-1.7")
    words = words_of(document.content)
    assert [part for part in parts if part not in words] == []
    assert TEXT in words
    with pikepdf.open(BytesIO(document.content)) as file:
        assert str(file.Root.Lang) == language
        assert bool(file.Root.MarkInfo.Marked)
    path = tmp_path / "report.pdf"
    path.write_bytes(document.content)
    assert [finding.message for finding in validate(str(path)).findings if finding.severity is not Severity.INFO] == []

    # The school is renamed and a child leaves: the report stays as it was published.
    organisation = world.own.school.organisation
    with acting(world.own, Role.HEADTEACHER):
        type(organisation).objects.filter(pk=organisation.pk).update(name_en="Renamed", name_cy="Newydd")
    prepared(world.own, narrative="Another version")
    assert governor.get(address(report, f"{language}.pdf")).content == document.content


@pytest.mark.req("GOV-01")
def test_a_draft_has_no_pdf(world: World) -> None:
    report = prepared(world.own)
    assert world.client(Role.HEADTEACHER).get(address(report, "en.pdf")).status_code == 404


def test_pages_come_in_welsh(world: World) -> None:
    report = published(world.own)
    governor = world.client(Role.GOVERNOR)
    governor.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = text(governor.get(address(report)))
    assert '<html lang="cy"' in page
    assert world.own.school.organisation.name_cy in page
    assert 'lang="en">' in page  # the school's own words keep their language
