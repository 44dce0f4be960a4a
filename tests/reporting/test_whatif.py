"""What if: the dates a fact would start, as an act would open them, without storing anything."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from lace.accounts.access import Role
from lace.audit.models import Read
from lace.deadlines.models import Duty, ExtraHoliday, RuleChoice, TermDates
from lace.deadlines.rules import RULES, About, Fact
from lace.web.middleware import serving
from reporting.views.whatif import facts
from tests.reporting.pages import body, cost
from tests.world import World, enter

pytestmark = pytest.mark.django_db
DAY = date(2024, 12, 18)  # 10 working days: 6 January; 20 days: 7 January; 28 days: 15 January; 20 working days: 20 January


def address(what: str = "emergency_entry", on: date = DAY, **other: object) -> str:
    more = "".join(f"&{name}={value}" for name, value in other.items())
    return f"/what-if/?what={what}&on_day={on.day}&on_month={on.month}&on_year={on.year}{more}"


def dates(rows: list[list[object]]) -> dict[str, str]:
    return {str(row[1]): str(row[0]) for row in rows}


@pytest.mark.req("DL-12")
def test_every_date_and_why_worked_out_by_hand(world: World) -> None:
    answer = world.client(Role.LACE_COORDINATOR).get(address())
    found = dates(answer.context["rows"])
    assert found[str(RULES["pep_initiated_emergency"].title)] == "Monday 6 January 2025"
    assert found[str(RULES["pep_developed"].title)] == "Tuesday 7 January 2025"
    assert found[str(RULES["review_first_guidance"].title)] == "Wednesday 15 January 2025"
    assert found[str(RULES["review_first_regulation"].title)] == "Monday 20 January 2025"
    page = body(answer)
    assert "paragraph 1.16" in page
    assert "Regulations 2015, regulation 39(1)" in page
    assert "Social worker" in page
    planned = dates(world.client(Role.LACE_COORDINATOR).get(address("planned_entry")).context["rows"])
    assert str(RULES["pep_initiated_emergency"].title) not in planned
    assert str(RULES["review_first_regulation"].title) in planned


def test_it_says_what_recording_the_entry_opens(world: World) -> None:
    """Against an entry that is recorded: the same duties, the same days."""
    on = timezone.localdate() - timedelta(days=3)
    child, *_rest = enter(world.own, entered_on=on)
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        opened = {(str(RULES[duty.code].title), duty.due_on) for duty in Duty.objects.filter(child=child, trigger_on=on, provisional=False)}
    page = world.client(Role.LACE_COORDINATOR)
    born = f"&born_on_day={child.born_on.day}&born_on_month={child.born_on.month}&born_on_year={child.born_on.year}"
    rows = page.get(address(on=on, school=world.own.school.number) + born).context["rows"]
    shown = {title: day for title, day in dates(rows).items() if "at the earliest" not in day}
    assert shown == {title: f"{date_format(day, 'l')} {date_format(day, 'DATE_FORMAT')}" for title, day in opened}


def test_nothing_is_stored_and_no_child_is_read(world: World) -> None:
    with serving(world.own.actor(Role.LACE_COORDINATOR)):
        before = Duty.objects.count()
        world.client(Role.LACE_COORDINATOR).get(address())
        assert Duty.objects.count() == before
        assert not Read.objects.exists()
    assert world.client(Role.LACE_COORDINATOR).post("/what-if/").status_code == 405


@pytest.mark.req("DL-08")
def test_the_authoritys_own_calendar_and_choices_count(world: World) -> None:
    client = world.client(Role.LACE_COORDINATOR)
    title = str(RULES["pep_initiated_emergency"].title)
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        ExtraHoliday.objects.create(authority=world.own.row, day=date(2024, 12, 20), name="A day of thanks")
    assert dates(client.get(address()).context["rows"])[title] == "Tuesday 7 January 2025"
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        RuleChoice.objects.create(
            authority=world.own.row, code="pep_initiated_emergency", length=5, effective_from=date(2024, 1, 1), approved_by="Cabinet",
            decided_by=world.own.user(Role.ADMINISTRATOR),
        )  # fmt: skip
    assert dates(client.get(address()).context["rows"])[title] == "Monday 30 December 2024"
    theirs = world.client(Role.LACE_COORDINATOR, world.other).get(address())
    assert dates(theirs.context["rows"])[title] == "Monday 6 January 2025"


def test_days_without_school_are_said_and_can_be_picked_out(world: World) -> None:
    client = world.client(Role.LACE_COORDINATOR)
    assert "Term dates not entered" in body(client.get(address()))
    with serving(world.own.actor(Role.ADMINISTRATOR)):
        for term, first, last in (("autumn", date(2024, 9, 2), date(2024, 12, 20)), ("spring", date(2025, 1, 8), date(2025, 4, 11))):
            TermDates.objects.create(authority=world.own.row, year=2024, term=term, starts_on=first, ends_on=last)
    rows = client.get(address(school=world.own.school.number)).context["rows"]
    kinds = {str(row[1]): row[6] for row in rows}
    assert kinds[str(RULES["pep_developed"].title)] == {"text": "No school that day", "tag": "soon"}
    assert kinds[str(RULES["review_first_guidance"].title)] == "School day"
    off = client.get(address(school=world.own.school.number, days="off")).context["rows"]
    assert {str(row[1]) for row in off} == {name for name, kind in kinds.items() if isinstance(kind, dict)} != set()


def test_every_fact_of_the_rules_can_be_asked_about(world: World) -> None:
    """Whatever rules are declared: each fact about a child answers, and brings the rules that it starts."""
    client = world.client(Role.SOCIAL_WORKER)
    for fact in facts():
        rows = client.get(address(fact)).context["rows"]
        started = {str(rule.title) for rule in RULES.values() if fact in rule.facts and rule.about == About.CHILD and not rule.waits_for}
        assert {str(RULES[code].title) for code in RULES if RULES[code].effective_from > DAY} | set(dates(rows)) >= started, fact
    assert Fact.EMERGENCY_ENTRY in facts()


def test_the_childs_age_and_no_school_place_matter(world: World) -> None:
    client = world.client(Role.IRO)
    aged = "&born_on_day=1&born_on_month=5&born_on_year=2021"
    little = dates(client.get(address("planned_entry", school="none") + aged).context["rows"])
    grown = dates(client.get(address("planned_entry", school="none") + aged.replace("2021", "2012")).context["rows"])
    without = {str(rule.title) for rule in RULES.values() if Fact.NO_SCHOOL in rule.facts and not rule.waits_for}
    assert without
    assert not without & set(little)  # three years old: no school place is missing
    assert without & set(grown)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("what=emergency_entry", "Enter the day"),
        ("what=nonsense&on_day=1&on_month=5&on_year=2026", "Choose one of the list"),
        ("what=emergency_entry&on_day=31&on_month=2&on_year=2026", "Enter a real date, like 27 3 2026"),
        ("what=emergency_entry&on_day=1&on_month=1&on_year=1999", "Choose a day from"),
        ("what=emergency_entry&on_day=1&on_month=1&on_year=2026&school=9999999", "Choose one of the list"),
    ],
)
def test_what_cannot_be_asked_is_said(world: World, query: str, sentence: str) -> None:
    answer = world.client(Role.LACE_COORDINATOR).get(f"/what-if/?{query}")
    assert answer.status_code == 200
    assert sentence in body(answer)
    assert answer.context["rows"] == []


def test_it_speaks_welsh_and_costs_little(world: World) -> None:
    client = world.client(Role.LACE_COORDINATOR)
    assert cost(client, address()) <= 14
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "cy"
    page = body(client.get(address()))
    for english in ("What if", "What happens", "Told first", "How it is counted", "That day", "Term dates not entered", "Show the dates", "Monday"):
        assert english not in page, english
    for role in (Role.GOVERNOR, Role.HEADTEACHER, Role.SENIOR_LEADER):
        assert world.client(role).get("/what-if/").status_code == 200
    assert world.client(Role.CHILD).get("/what-if/").status_code == 403
