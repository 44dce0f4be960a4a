"""The dashboard: what it counts, and that every number is the length of the list it opens."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.children.models import Child
from lace.children.rules import PlacementType
from lace.children.services import PlacementFacts, place
from lace.deadlines.models import Duty
from lace.deadlines.services import meet
from lace.web.middleware import serving
from peps.services import start_pep
from tests.reporting.pages import body, cost
from tests.world import World, enter

pytestmark = pytest.mark.django_db
PAGES = ("/dashboard/", "/dashboard/plans/", "/dashboard/plans/?by=school", "/dashboard/plans/?by=worker")


class Numbers(HTMLParser):
    """The links of a page whose text is a number, and the figures before a link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._href = ""
        self._figure: int | None = None
        self._in_number = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_number = values.get("class") == "app-figure__number"
        self._href = (values.get("href") or "") if tag == "a" else ""
        if self._href and self._figure is not None:
            self.found.append((self._figure, self._href))
            self._figure = None

    def handle_data(self, data: str) -> None:
        if data.strip().isdigit():
            if self._in_number:
                self._figure = int(data)
            elif self._href:
                self.found.append((int(data), self._href))
        self._in_number = False

    def handle_endtag(self, tag: str) -> None:
        self._href = ""


def numbers(page: str) -> list[tuple[int, str]]:
    """Each number with the list it opens; the pages of a list are not numbers."""
    parser = Numbers()
    parser.feed(page)
    return [(number, href) for number, href in parser.found if href.startswith("/")]


def rows_behind(client: Client, href: str) -> int:
    """How many rows the list has, counted row by row over all its pages."""
    count, page = 0, 1
    while True:
        answer = client.get(href + ("&" if "?" in href else "?") + f"page={page}")
        assert answer.status_code == 200, href
        count += len(answer.context["rows"])
        if not answer.context["page"].has_next():
            return count
        page += 1


@pytest.fixture
def furnished(world: World) -> World:
    """Children in and out of the area, and duties done in time, late, overdue and open."""
    today = timezone.localdate()
    for days in (5, 40, 75, 120, 200, 330):
        child, episode, *_rest = enter(world.own, entered_on=today - timedelta(days=days))
        by = world.own.actor(Role.CASE_SYSTEM)
        with serving(by):
            if days in (40, 120):
                place(by=by, episode=episode, facts=PlacementFacts(kind=PlacementType.FOSTER, started_on=today, host_authority=world.other.row))
            if days not in {5, 75}:
                late = 30 if days == 200 else 0
                start_pep(by=by, child=child, on=today - timedelta(days=max(0, days - 4 - late)))
            if days in (120, 330):
                meet(by=by, child=child, codes=["pep_developed"], on=today - timedelta(days=days - 18))
    enter(world.other, entered_on=today - timedelta(days=70))
    return world


@pytest.mark.req("LA-02", "PEP-29", "PEP-35")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER])
def test_every_number_is_the_length_of_its_list(furnished: World, role: Role, page: str) -> None:
    client = furnished.client(role)
    found = numbers(body(client.get(page)))
    assert sum(number > 0 for number, _href in found) >= 6
    for number, href in found:
        assert rows_behind(client, href) == number, href


@pytest.mark.req("XLA-11")
def test_children_are_counted_by_where_they_live(furnished: World) -> None:
    def figures(client: Client) -> dict[str, int]:
        return {str(figure["text"]): figure["number"] for figure in client.get("/dashboard/").context["children"]}

    ours = figures(furnished.client(Role.LACE_COORDINATOR))
    assert ours["Ours, living in our area"] == 5
    assert ours["Ours, living elsewhere"] == 2
    assert ours["Other authorities', living in our area"] == 0
    assert figures(furnished.client(Role.LACE_COORDINATOR, furnished.other))["Other authorities', living in our area"] == 2


@pytest.mark.req("PEP-35")
def test_initiated_developed_and_reviewed_are_measured_apart(furnished: World) -> None:
    started, developed, reviewed = furnished.client(Role.LACE_COORDINATOR).get("/dashboard/").context["measures"]
    # due, on time, late, overdue, never done
    assert [cell["text"] for cell in started[1:6]] == [5, 3, 1, 1, 0]
    assert [cell["text"] for cell in developed[1:6]] == [5, 2, 0, 3, 0]
    assert reviewed[1]["text"] == reviewed[4]["text"] == 5
    assert started[6]["text"] == "60%"


def test_the_chart_says_what_the_table_says(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    for measure, row in zip(("initiated", "developed", "reviewed"), client.get("/dashboard/").context["measures"], strict=True):
        chart = client.get(f"/dashboard/?measure={measure}").context["chart"]
        assert len(chart.rows) == 12
        assert sum(int(cell) for month in chart.rows for cell in month[1:]) == row[1]["text"]
    assert "<svg" in body(client.get("/dashboard/"))
    assert client.get("/dashboard/?measure=nonsense").status_code == 200


def test_overdue_duties_by_worker_for_the_manager(furnished: World) -> None:
    page = furnished.client(Role.DESIGNATED_MANAGER).get("/dashboard/")
    (row,) = page.context["workers"]
    assert row[0] == furnished.own.user(Role.SOCIAL_WORKER).name
    with serving(furnished.own.actor(Role.LACE_COORDINATOR)):
        overdue = Duty.objects.visible_to(furnished.own.actor(Role.LACE_COORDINATOR)).overdue_on(timezone.localdate())
        assert row[1]["text"] == overdue.filter(authority=furnished.own.row).count()


def test_a_school_without_a_designated_person_is_counted(world: World) -> None:
    figure, meetings = world.client(Role.LACE_COORDINATOR).get("/dashboard/").context["schools"]
    assert figure["number"] == 1
    assert figure["alert"]
    assert (meetings["number"], meetings["alert"]) == (0, False)


def test_only_who_looks_after_the_whole_sees_it(world: World) -> None:
    for role in Role:
        if role in {Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, Role.CASE_SYSTEM}:
            continue
        client = world.client(role)
        for page in PAGES:
            assert client.get(page).status_code == 403, (role, page)


def test_another_authoritys_duties_are_not_ours(world: World) -> None:
    enter(world.own, entered_on=timezone.localdate() - timedelta(days=70))
    theirs = world.client(Role.LACE_COORDINATOR, world.other)
    page = body(theirs.get("/duties/"))
    assert world.other.child.family_name in page
    assert not re.search(rf"{world.own.child.family_name}\b", page)
    worker = world.own.user(Role.SOCIAL_WORKER)
    named = theirs.get(f"/duties/?worker={worker.pk}")
    assert named.context["page"].paginator.count == 0
    assert worker.name not in body(named)


def test_the_hosted_childs_duties_are_their_authoritys(furnished: World) -> None:
    """The other authority hosts two of our children with overdue duties; its dashboard counts its own only, its list says whose is whose."""
    client = furnished.client(Role.LACE_COORDINATOR, furnished.other)
    own = client.get("/duties/?state=overdue&ours=1").context["page"].paginator.count
    with serving(furnished.other.actor(Role.LACE_COORDINATOR)):
        overdue = Duty.objects.filter(authority=furnished.other.row).overdue_on(timezone.localdate())
        assert own == overdue.filter(child__in=Child.objects.filter(authority=furnished.other.row)).count() > 0
    hosted = client.get("/duties/?state=overdue&placed=hosted").context["page"].paginator.count
    assert client.get("/duties/?state=overdue").context["page"].paginator.count == own + hosted > own


@pytest.mark.parametrize("query", ["?state=x", "?due_from_month=99", "?sort=%00", "?worker=x", "?kind=x&late_from=y", "?page=0", "?school=%27"])
def test_a_wrong_address_is_answered(world: World, query: str) -> None:
    assert world.client(Role.LACE_COORDINATOR).get(f"/duties/{query}").status_code == 200


def test_the_lists_are_recorded_as_read(furnished: World) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    client.get("/dashboard/")
    client.get("/duties/?state=overdue")
    with serving(furnished.own.actor(Role.LACE_COORDINATOR)):
        (seen,) = Read.objects.all()
    assert seen.door == "duties"
    assert seen.act == Read.Act.LIST


@pytest.mark.parametrize("page", [*PAGES, "/duties/?state=overdue"])
def test_it_speaks_welsh(furnished: World, page: str) -> None:
    client = furnished.client(Role.LACE_COORDINATOR)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    text = body(client.get(page))
    assert "Dangosfwrdd" in text
    for english in ("Dashboard", "Overdue", "On time", "Plans", "Never done", "Last 12 months", "Nobody named"):
        assert not re.search(rf">[^<]*\b{english}\b", text), english


def test_it_costs_few_statements_however_many_children(furnished: World) -> None:
    for role in (Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER):
        assert cost(furnished.client(role), "/dashboard/") <= 8
        assert cost(furnished.client(role), "/dashboard/plans/?by=school") <= 8
        assert cost(furnished.client(role), "/duties/?state=overdue") <= 9
