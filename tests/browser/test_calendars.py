"""The pages of calendars and deadlines as their keepers use them: axe, keyboard, 320 px, both languages, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import FilePayload, Page, expect

from lace.accounts.access import Permission, Role, may
from lace.core.schooldays import KnownTerm
from lace.deadlines.models import ClosedDay, TermDates
from lace.deadlines.services import calendars as services
from lace.deadlines.services.calendars import Lessons
from lace.web.middleware import serving
from tests.browser.axe import assert_accessible, assert_keyboard
from tests.world import World

OpenPage = Callable[..., Page]
AUTUMN = KnownTerm(2026, "autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
FILE = "What,From,To\nAutumn term,01/09/2026,18/12/2026\nTraining day,02/09/2026,\nParents' evening,03/09/2026,\n"
CODE = "pep_initiated_emergency"


def keep(world: World) -> None:
    """A calendar with something of everything."""
    by = world.own.actor(Role.ADMINISTRATOR)
    school = world.own.school.organisation
    with serving(by):
        services.enter_dates(by=by, authority=world.own.row, school=None, terms=[AUTUMN], closed={date(2026, 9, 2): "inset"})
        services.enter_dates(by=by, authority=world.own.row, school=school, terms=[AUTUMN], closed={date(2026, 9, 3): "closed"})
        services.add_holiday(by=by, authority=world.own.row, day=date(2026, 9, 21), name="Gŵyl banc arbennig")
        services.set_lesson_times(by=by, school=school, times={0: Lessons(time(8, 50), time(15, 20), time(12, 30), time(13, 20))})


@pytest.mark.slow
def test_every_page_is_accessible_in_both_languages(world: World, open_page: OpenPage) -> None:
    client, school = world.client(Role.ADMINISTRATOR), f"?school={world.own.school.pk}"
    empty = [reverse("calendars"), reverse("calendars") + school]
    for path in empty:
        assert_accessible(open_page(path, client=client))
    keep(world)
    routes = ("term", "term_remove", "closed_add", "closed_remove", "holiday_add", "holiday_remove", "schools", "file")
    there = [
        *empty,
        *(reverse(f"calendar_{route}") for route in routes),
        reverse("calendar_lessons") + school,
        reverse("deadlines"),
        reverse("deadline", args=[CODE]),
    ]
    for path in there:
        for language in ("en-gb", "cy"):
            assert_accessible(open_page(path, client=client, language=language))
    assert_keyboard(open_page(reverse("deadline", args=[CODE]), client=client))


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.HEADTEACHER])
def test_the_calendar_is_accessible_to_each_of_its_keepers(world: World, open_page: OpenPage, role: Role) -> None:
    keep(world)
    page = open_page(reverse("calendars"), client=world.client(role), language="cy")
    assert_accessible(page)
    assert_keyboard(page)
    holidays = may(world.own.actor(role), Permission.ADMINISTER)
    expect(page.locator(f'a[href="{reverse("calendar_holiday_add")}"]')).to_have_count(1 if holidays else 0)


@pytest.mark.no_js
@pytest.mark.req("DL-02")
def test_a_term_is_entered_by_keyboard_and_the_error_leads_to_its_box(world: World, open_page: OpenPage) -> None:
    page = open_page(reverse("calendar_term"), client=world.client(Role.HEADTEACHER))
    page.get_by_label("School year").select_option("2026")
    page.get_by_label("Autumn", exact=True).check()
    for legend, day in (("First day of term", AUTUMN.starts_on), ("Last day of term", date(2026, 8, 31))):
        group = page.get_by_role("group", name=legend)
        for label, part in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            group.get_by_label(label, exact=True).fill(str(part))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="The last day of term must be after the first")).to_be_visible()
    page.get_by_role("link", name="The last day of term must be after the first").press("Enter")
    last = page.get_by_role("group", name="Last day of term")
    expect(last.get_by_label("Day", exact=True)).to_have_value("31")
    last.get_by_label("Day", exact=True).fill("18")
    last.get_by_label("Month", exact=True).fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(world.own.school.organisation.name_en)
    expect(page.locator("main")).to_contain_text("18 December 2026")


@pytest.mark.no_js
@pytest.mark.req("DL-02")
def test_a_file_is_read_shown_and_entered_without_javascript(world: World, open_page: OpenPage) -> None:
    page = open_page(reverse("calendar_file"), client=world.client(Role.ADMINISTRATOR))
    payload: FilePayload = {"name": "terms.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.locator('input[type="file"]').set_input_files(payload)
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("heading", name="Lines that are left out")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Parents' evening")
    page.get_by_role("button", name="Enter these dates").click()
    expect(page.locator("main")).to_contain_text("18 December 2026")
    with serving(world.own.actor(Role.ADMINISTRATOR)), transaction.atomic():
        assert (TermDates.objects.count(), ClosedDay.objects.count()) == (1, 1)


@pytest.mark.req("DL-08", "DL-11")
def test_a_stricter_length_is_chosen_and_a_laxer_one_refused(world: World, open_page: OpenPage) -> None:
    page = open_page(reverse("deadline", args=[CODE]), client=world.client(Role.ADMINISTRATOR))
    page.get_by_label("Length").fill("11")
    page.get_by_label("Who approved it?").fill("Panel of 3 March")
    page.get_by_role("button", name="Save the choice").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("An authority may be stricter than the source, and never laxer")
    assert_accessible(page)
    expect(page.get_by_label("Who approved it?")).to_have_value("Panel of 3 March")
    page.get_by_label("Length").fill("6")
    page.get_by_role("button", name="Save the choice").click()
    expect(page.get_by_role("heading", name="What the authority chose")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Panel of 3 March")
