"""Needs, evidence and provision on one page and on paper; what the ALN co-ordinator reads."""

from __future__ import annotations

import pytest

from lace.accounts.access import Role
from tests.peps.plans import acting, add_target, plan, text
from tests.peps.test_exchange import exported, for_other, taken_over
from tests.peps.test_provisions import add, final, needing
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.req("PEP-17")
def test_each_need_stands_once_with_what_shows_it_and_what_meets_it(world: World) -> None:
    pep = needing(world.own)
    add_target(world.own, pep, need="Reading", baseline="Level of a child of seven", goal="A page a day", strategy="Reads with Mr Rees")
    add(world.own, pep, need=" READING ", why="Report of the psychologist", outcome="Reads aloud by July")
    page = text(world.client(Role.DESIGNATED_PERSON).get(plan(world, "needs/")))
    assert page.count(">Reading</h3>") == 1
    assert "READING" not in page
    block = page.split(">Reading</h3>")[1].split("</section>")[0]
    for words in ("Level of a child of seven", "Reads with Mr Rees", "Report of the psychologist", "Reads aloud by July", "30 minutes"):
        assert words in block
    assert "Fractions" in page  # of another target


@pytest.mark.req("PEP-17")
@pytest.mark.parametrize("language", ["cy", "en"])
def test_the_needs_are_printed_in_both_languages(world: World, language: str) -> None:
    pep = needing(world.own)
    add(world.own, pep)
    answer = world.client(Role.DESIGNATED_PERSON).get(plan(world, f"needs-{language}.pdf"))
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


def test_the_aln_coordinator_reads_needs_and_provisions_of_the_school_and_no_other(world: World) -> None:
    pep = needing(world.own)
    add(world.own, pep, what="A visual timetable")
    client = world.client(Role.ALNCO)
    for part in ("", "read/", "needs/"):
        assert "A visual timetable" in text(client.get(plan(world, part)))
    other = world.client(Role.ALNCO, world.other)
    assert other.get(plan(world, "needs/")).status_code == 404
    assert client.get(plan(world, "provisions/add/")).status_code == 403


@pytest.mark.req("PEP-22")
def test_provisions_are_taken_over_with_the_version_that_holds_them_first(world: World) -> None:
    pep = needing(world.own)
    held = add(world.own, pep, goes_on=True, secured_by="The school")
    final(world.own, pep)
    taken = taken_over(world, for_other(world, exported(world, pep)))
    with acting(world.other, Role.SOCIAL_WORKER):
        found = taken.provisions.get()
    assert (found.key, found.since, found.until, found.secured_by) == (held.key, 1, None, "The school")
