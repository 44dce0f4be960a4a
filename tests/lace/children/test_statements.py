"""What the child said: kept word for word, and read by those whom the child lets, at once (VOICE-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lace.accounts.access import NAMED_RELATION, Role
from lace.children.models import ChildUserGrant, Statement
from lace.children.services.statements import READERS, StatementFacts, choose_readers, take_down
from lace.core.errors import BadInput, NotAllowed
from lace.web.middleware import serving
from tests.world import Authority, World

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
# Section 3: who holds the child's views of the child; to the rest the child cannot open a statement either.
MAY_BE_LET = {
    *(Role.SOCIAL_WORKER, Role.IRO, Role.LACE_COORDINATOR, Role.DESIGNATED_PERSON, Role.PERSONAL_ADVISER, Role.ADVOCATE),
    *(Role.FOSTER_CARER, Role.KINSHIP_CARER),
}
WRITERS = {Role.CHILD, Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_PERSON, Role.ADVOCATE, Role.FOSTER_CARER, Role.KINSHIP_CARER}


def say(
    at: Authority, role: Role = Role.CHILD, *, readers: tuple[Role, ...] = (), text: str = "Dwi'm isio symud ysgol", kind: str = "own"
) -> Statement:
    by = at.actor(role)
    with serving(by):
        return take_down(by=by, child=at.child, facts=StatementFacts(text=text, language="cy", said_on=TODAY, readers=readers, kind=kind))


def finders(world: World) -> set[tuple[str, Role]]:
    """Who finds a statement, by the query and by the policy alone."""
    found = set()
    for name, at in (("own", world.own), ("other", world.other)):
        for role in Role:
            actor = at.actor(role)
            with serving(actor):
                by_policy, by_query = Statement.objects.count(), Statement.objects.visible_to(actor).count()
            assert by_policy == by_query, role
            found |= {(name, role)} if by_query else set()
    return found


def test_whom_a_child_can_let_read() -> None:
    assert READERS == MAY_BE_LET


@pytest.mark.req("VOICE-15")
def test_nobody_but_the_child_reads_what_the_child_opened_to_nobody(world: World) -> None:
    say(world.own)
    assert finders(world) == {("own", Role.CHILD)}


@pytest.mark.req("VOICE-15")
@pytest.mark.parametrize("reader", sorted(MAY_BE_LET))
def test_the_child_lets_one_read_and_takes_it_back_at_once(world: World, reader: Role) -> None:
    statement = say(world.own)
    by = world.own.actor(Role.CHILD)
    with serving(by):
        choose_readers(by=by, statement=statement, readers=[reader])
    assert finders(world) == {("own", Role.CHILD), ("own", reader)}
    with serving(by):
        choose_readers(by=by, statement=statement, readers=[])
    assert finders(world) == {("own", Role.CHILD)}


@pytest.mark.req("VOICE-15")
def test_only_the_child_chooses_the_readers(world: World) -> None:
    statement = say(world.own, readers=tuple(MAY_BE_LET))
    for at in (world.own, world.other):
        for role in Role:
            if (at, role) == (world.own, Role.CHILD):
                continue
            by = at.actor(role)
            with serving(by), pytest.raises(NotAllowed):
                choose_readers(by=by, statement=statement, readers=[])
    by = world.own.actor(Role.CHILD)
    with serving(by), pytest.raises(BadInput):
        choose_readers(by=by, statement=statement, readers=[Role.GOVERNOR])


@pytest.mark.req("SW-11")
@pytest.mark.parametrize("role", list(Role))
def test_who_takes_down_what_a_child_says_keeps_the_words_and_may_not_read_them_back(world: World, role: Role) -> None:
    words = "  Dwi isio\n\nmwy o amser efo Nain!! <b>plis</b>  "
    if role not in WRITERS:
        with pytest.raises(NotAllowed):
            say(world.own, role, text=words)
        return
    say(world.own, role, text=words)
    assert finders(world) == {("own", Role.CHILD)}
    with serving(world.own.actor(Role.CHILD)):
        row = Statement.objects.get()
    assert (row.text, row.language, row.taken_down_as, row.taken_down_by_id) == (words, "cy", role, world.own.user(role).pk)
    with pytest.raises(NotAllowed):
        _about_another_authoritys_child(world, role)


def _about_another_authoritys_child(world: World, role: Role) -> None:
    """The same role of another authority, about this child."""
    by = world.other.actor(role)
    with serving(by):
        take_down(by=by, child=world.own.child, facts=StatementFacts(text="x", language="cy", said_on=TODAY))


@pytest.mark.req("ADV-04")
def test_an_advocate_speaks_for_the_child_and_nobody_else_does(world: World) -> None:
    say(world.own, Role.ADVOCATE, kind="advocate", readers=(Role.IRO,))
    assert finders(world) == {("own", Role.CHILD), ("own", Role.IRO)}
    for role in WRITERS - {Role.ADVOCATE}:
        with pytest.raises(NotAllowed):
            say(world.own, role, kind="advocate")


@pytest.mark.req("ADV-04")
def test_an_advocates_time_ends(world: World) -> None:
    say(world.own, Role.ADVOCATE, kind="advocate", readers=(Role.ADVOCATE,))
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        ChildUserGrant.objects.filter(permission__codename=NAMED_RELATION[Role.ADVOCATE]).update(ends_on=TODAY)
    assert finders(world) == {("own", Role.CHILD)}
    with pytest.raises(NotAllowed):
        say(world.own, Role.ADVOCATE)


def test_days_that_cannot_be_are_refused(world: World) -> None:
    by = world.own.actor(Role.CHILD)
    for day in (TODAY + timedelta(days=1), world.own.child.born_on - timedelta(days=1)):
        with serving(by), pytest.raises(BadInput):
            take_down(by=by, child=world.own.child, facts=StatementFacts(text="x", language="cy", said_on=day))
    with serving(by):
        assert not Statement.objects.exists()
