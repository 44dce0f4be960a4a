"""Children placed here by others: two lists that are held beside each other, and a file that is taken whole or not at all (XLA-13)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from lace.accounts.access import Role
from lace.children.models import Child, PlacedByOthers, PlacementNotice
from lace.children.rules import HeardFrom
from lace.children.services import PlacementFacts
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.web.middleware import serving
from schools.services.placed import MOST_BYTES, MOST_ROWS, Heard, Reconciled, add_heard, read_list, reconcile, settle
from schools.services.placing import acknowledge, place_child
from tests.world import World

TODAY = timezone.localdate
HEAD = "Placing authority,Name,Date of birth\n"


def hosted(world: World) -> Child:
    by = world.own.actor(Role.CASE_SYSTEM)
    with serving(by):
        place_child(by=by, episode=world.own.episode, facts=PlacementFacts(kind="foster", started_on=TODAY(), host_authority=world.other.row))
    return world.own.child


def listed(by: Actor, *heard: Heard) -> int:
    with serving(by):
        return add_heard(by=by, heard=heard, heard_from=HeardFrom.COUNTERPART, heard_on=TODAY())


def looked(by: Actor) -> Reconciled:
    with serving(by):
        return reconcile(by=by)


@pytest.mark.req("XLA-13")
def test_what_was_heard_is_matched_by_name_and_birth_with_what_lace_knows(world: World) -> None:
    host, child = world.other.actor(Role.LACE_COORDINATOR), hosted(world)
    assert listed(
        host,
        Heard("Llundain", f"{child.family_name}, {child.given_names}".upper(), child.born_on),
        Heard("Llundain", f"{child.given_names} {child.family_name}", child.born_on + timedelta(days=1)),
        Heard("Birmingham", "Nobody Here", date(2012, 1, 1)),
    )
    found = looked(host)
    assert {row.name for row in found.only_heard} == {f"{child.given_names} {child.family_name}", "Nobody Here"}
    (known,) = found.known
    assert (known.child.pk, known.lives_here, len(known.heard), known.agrees) == (child.pk, True, 1, False)
    assert known.notice is not None
    with serving(host):
        acknowledge(by=host, notice=PlacementNotice.objects.select_related("child").get(pk=known.notice.pk))
    assert looked(host).known[0].agrees
    # the responsible authority's own page does not name its own child, and hears nothing of the host's list
    owner = looked(world.own.actor(Role.LACE_COORDINATOR))
    assert (owner.only_heard, owner.known, owner.settled) == ([], [], [])


@pytest.mark.req("XLA-13")
def test_a_finding_settles_once(world: World) -> None:
    host = world.other.actor(Role.LACE_COORDINATOR)
    listed(host, Heard("Leeds", "Somebody Else", date(2013, 3, 3)))
    with serving(host):
        row = PlacedByOthers.objects.visible_to(host).get()
        with pytest.raises(BadInput):
            settle(by=host, placed=row, finding=" ")
        settle(by=host, placed=row, finding="Phoned: the child has left the area")
        with pytest.raises(Refused):
            settle(by=host, placed=row, finding="Again")
    found = looked(host)
    assert (found.only_heard, [row.finding for row in found.settled]) == ([], ["Phoned: the child has left the area"])


@pytest.mark.req("XLA-13")
def test_the_list_is_its_authoritys_lace_coordinators_own(world: World) -> None:
    host = world.other.actor(Role.LACE_COORDINATOR)
    listed(host, Heard("Leeds", "Somebody Else", date(2013, 3, 3)))
    for by in (world.own.actor(Role.LACE_COORDINATOR), *(world.other.actor(role) for role in Role if role != Role.LACE_COORDINATOR)):
        with serving(by):
            assert not PlacedByOthers.objects.exists()  # by the database itself
            assert not PlacedByOthers.objects.visible_to(by).exists()
        if by.role != Role.LACE_COORDINATOR:
            with pytest.raises(NotAllowed):
                looked(by)
            with pytest.raises(NotAllowed):
                listed(by, Heard("Leeds", "Third Child", date(2013, 3, 3)))


def test_one_who_waits_on_the_list_is_not_added_again(world: World) -> None:
    host, heard = world.other.actor(Role.LACE_COORDINATOR), Heard("Leeds", "Siân Rees", date(2013, 3, 3))
    assert listed(host, heard, heard) == 1
    assert listed(host, Heard("Leeds", "SIÂN  REES", date(2013, 3, 3)), Heard("Leeds", "Other One", date(2013, 3, 3))) == 1


@pytest.mark.req("XLA-13")
def test_a_file_is_read_in_both_languages_and_both_forms_of_a_date(world: World) -> None:
    host = world.other.actor(Role.LACE_COORDINATOR)
    welsh = '\ufeffEnw,Awdurdod lleoli,Dyddiad geni\r\n"Rees, Siân",Llundain,04/05/2012\r\n\r\n'.encode()
    with serving(host):
        assert read_list(by=host, data=welsh) == [Heard("Llundain", "Rees, Siân", date(2012, 5, 4))]
        assert read_list(by=host, data=f"{HEAD}Leeds,=cmd(),2012-05-04\n".encode())[0].name == "=cmd()"  # a text, and shown as one


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The first line must name the columns"),
        (b"\xff\xfe\x00n", "This is not a CSV file"),
        (b"PK\x03\x04\x00\x00", "This is not a CSV file"),
        (b'a,"b\n', "This is not a CSV file"),
        (b"Name,Date of birth\nA,2012-01-01\n", "The first line must name the columns"),
        (b"Name,Name,Placing authority,Date of birth\nA,A,B,2012-01-01\n", "The first line must name the columns"),
        (HEAD.encode(), "The file holds no child"),
        (HEAD.encode() + b"Leeds,A B,2012-01-01\n" * (MOST_ROWS + 1), "more than 500 children"),
        (b"x" * (MOST_BYTES + 1), "The file is too large"),
        (HEAD.encode() + b"Leeds,A B,2012-31-12\n", "Line 2: Write the date of birth as"),
        (HEAD.encode() + b"Leeds,Good One,2012-01-01\nLeeds,,2012-01-01\n", "Line 3: Enter the child's name"),
        (HEAD.encode() + b"Leeds,A B\n", "Line 2: The line has not as many cells"),
        (HEAD.encode() + b"Leeds,A B,2012-01-01,more\n", "Line 2: The line has not as many cells"),
        (HEAD.encode() + b"Leeds," + b"x" * 201 + b",2012-01-01\n", "Line 2: Shorten this"),
        (HEAD.encode() + b"Leeds,A\x1b[31m,2012-01-01\n", "Line 2: Take out"),
        (HEAD.encode() + b"Leeds,A B,1950-01-01\n", "Line 2: Check the date of birth"),
        (HEAD.encode() + b"Leeds,A B,\n" * 30, "and more lines that are wrong"),
    ],
)
def test_a_file_that_is_wrong_is_told_line_by_line_and_not_used(world: World, data: bytes, sentence: str) -> None:
    host = world.other.actor(Role.LACE_COORDINATOR)
    with serving(host), pytest.raises(BadInput) as refusal:
        read_list(by=host, data=data)
    told = " | ".join(map(str, refusal.value.problems["file"]))
    assert sentence in told
    assert len(refusal.value.problems["file"]) <= 21
