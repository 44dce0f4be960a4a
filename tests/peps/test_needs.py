"""Needs, evidence and provision on one page and on paper; what the ALN co-ordinator reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lace.accounts.access import Role
from lace.core.errors import NotAllowed
from peps.services.actions import save_action
from tests.peps.plans import acting, action_facts, add_target, plan, text, typed
from tests.peps.test_exchange import exported, for_other, taken_over
from tests.peps.test_provisions import add, final, needing
from tests.world import World, enter

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


@pytest.mark.req("SCH-19")
def test_the_aln_coordinator_reads_needs_and_provisions_of_the_school_and_keeps_actions(world: World) -> None:
    pep = needing(world.own)
    add(world.own, pep, what="A visual timetable")
    client = world.client(Role.ALNCO)
    for part in ("", "read/", "needs/"):
        assert "A visual timetable" in text(client.get(plan(world, part)))
    other = world.client(Role.ALNCO, world.other)
    assert other.get(plan(world, "needs/")).status_code == 404
    assert client.get(plan(world, "provisions/add/")).status_code == 403
    with acting(world.own, Role.ALNCO) as by:
        action = save_action(by=by, pep=pep, facts=action_facts(by, what="Order the timetable", owner_role="alnco"))
    assert "Order the timetable" in text(client.get(plan(world)))
    settled = f"actions/{action.pk}/settle/"
    said = typed(client, plan(world, settled), state="done", evidence="It hangs in class")
    assert client.post(plan(world, settled), said).status_code == 302
    assert "It hangs in class" in text(client.get(plan(world)))
    with acting(world.other, Role.ALNCO) as by, pytest.raises(NotAllowed):
        save_action(by=by, pep=pep, facts=action_facts(by))


@pytest.mark.req("SCH-19")
def test_the_aln_coordinator_finds_no_child_without_additional_needs(world: World) -> None:
    """The entry of the child at the school opens the relation only where the record says that there are needs."""
    today = world.own.actor(Role.SOCIAL_WORKER).today
    child, *_rest = enter(world.own, entered_on=today - timedelta(days=2), reference="SC-OTHER", additional_needs=False)
    needing_too, *_rest = enter(world.own, entered_on=today - timedelta(days=2), reference="SC-THIRD", additional_needs=True)
    client = world.client(Role.ALNCO)
    assert client.get(f"/children/{child.pk}/").status_code == 404
    assert client.get(f"/children/{needing_too.pk}/").status_code == 200


@pytest.mark.req("PEP-22")
def test_provisions_are_taken_over_with_the_version_that_holds_them_first(world: World) -> None:
    pep = needing(world.own)
    held = add(world.own, pep, goes_on=True, secured_by="The school")
    final(world.own, pep)
    taken = taken_over(world, for_other(world, exported(world, pep)))
    with acting(world.other, Role.SOCIAL_WORKER):
        found = taken.provisions.get()
    assert (found.key, found.since, found.until, found.secured_by) == (held.key, 1, None, "The school")
