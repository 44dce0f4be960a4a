"""What few may read: who may write it, who finds it, by the query alone and by the database alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from lace.accounts.access import Role
from lace.children.models import Dispute, NoContactPerson, Referral, Risk
from lace.children.services import notes
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed, Refused
from lace.web.middleware import serving
from tests.world import Authority, World

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
FACTS = notes.NoContactFacts(name="Rhywun Peryglus", limit="none", starts_on=TODAY, detail="Ring the police")

# By hand from requirements sections 3 and 6, not from the access table.
READ: dict[type[Any], set[Role]] = {
    # PRIV-05 with section 3's rows of the IRO and of those who care for the child
    NoContactPerson: {
        *(Role.DESIGNATED_PERSON, Role.HEADTEACHER, Role.CHILD_PROTECTION_LEAD, Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.IRO),
        *(Role.FOSTER_CARER, Role.KINSHIP_CARER, Role.RESIDENTIAL_WORKER),
    },
    Risk: {Role.CHILD_PROTECTION_LEAD, Role.SOCIAL_WORKER, Role.IRO, Role.LACE_COORDINATOR},  # SCH-20, PRIV-07
    Referral: {Role.CHILD_PROTECTION_LEAD, Role.DESIGNATED_PERSON, Role.SOCIAL_WORKER, Role.IRO, Role.LACE_COORDINATOR},  # SCH-20
    Dispute: {Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, Role.SOCIAL_WORKER, Role.IRO},  # PRIV-03
}
WRITE: dict[type[Any], set[Role]] = {
    NoContactPerson: {Role.SOCIAL_WORKER},
    Risk: {Role.SOCIAL_WORKER, Role.CHILD_PROTECTION_LEAD},
    Referral: {Role.SOCIAL_WORKER, Role.CHILD_PROTECTION_LEAD, Role.DESIGNATED_PERSON},
    Dispute: {Role.SOCIAL_WORKER, Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER},
}


def write(model: type[Any], by: Actor, at: Authority, on: date = TODAY) -> Any:
    acts: dict[type[Any], Callable[[], Any]] = {
        NoContactPerson: lambda: notes.keep_away(by=by, child=at.child, facts=FACTS),
        Risk: lambda: notes.note_risk(by=by, child=at.child, text="Perygl", noted_on=on),
        Referral: lambda: notes.log_referral(by=by, child=at.child, made_on=on, made_to="Children's services", about="Pryder"),
        Dispute: lambda: notes.open_dispute(by=by, child=at.child, about="money", text="Pwy sy'n talu", opened_on=on),
    }
    with serving(by):
        return acts[model]()


def end(model: type[Any], by: Actor, row: Any, on: date) -> Any:
    acts: dict[type[Any], Callable[[], Any]] = {
        NoContactPerson: lambda: notes.end_no_contact(by=by, person=row, on=on),
        Risk: lambda: notes.end_risk(by=by, risk=row, on=on),
        Referral: lambda: notes.record_outcome(by=by, referral=row, outcome="Dim pellach", on=on),
        Dispute: lambda: notes.settle_dispute(by=by, dispute=row, outcome="Cytunwyd", on=on),
    }
    with serving(by):
        return acts[model]()


def writer(at: Authority, model: type[Any]) -> Actor:
    return at.actor(sorted(WRITE[model])[0])


@pytest.fixture
def written(world: World) -> World:
    """One of each, in both authorities."""
    for at in (world.own, world.other):
        for model in READ:
            write(model, writer(at, model), at)
    return world


@pytest.mark.req("PRIV-03", "PRIV-05", "PRIV-07", "SCH-20")
@pytest.mark.parametrize("role", list(Role))
def test_each_is_found_by_its_readers_only(written: World, role: Role) -> None:
    actor = written.own.actor(role)
    for model, roles in READ.items():
        expected = [written.own.child.pk] if role in roles else []
        with serving(actor):
            assert list(model.objects.values_list("child", flat=True)) == expected, f"{model.__name__} by the policy alone"
            events = model.pgh_event_model.objects.values_list("child", flat=True)
            assert list(events) == expected, f"what the audit keeps of {model.__name__}"
        with serving(Actor.named_job("test", today=TODAY)), pytest.raises(ProgrammingError), transaction.atomic():
            list(model.objects.all())  # no job has any business here


@pytest.mark.req("SW-11", "PRIV-03", "PRIV-05", "SCH-20")
@pytest.mark.parametrize("model", READ)
def test_each_is_written_by_its_writers_only(world: World, model: type[Any]) -> None:
    for role in Role:
        actor = world.own.actor(role)
        if role in WRITE[model]:
            assert write(model, actor, world.own).pk
        else:
            with pytest.raises(NotAllowed):
                write(model, actor, world.own)
        with pytest.raises(NotAllowed):
            write(model, world.other.actor(role), world.own)
    with serving(world.own.actor(Role.SOCIAL_WORKER)):
        assert model.objects.count() == len(WRITE[model])


@pytest.mark.parametrize("model", READ)
def test_what_is_ended_is_ended_once_and_by_its_writers(written: World, model: type[Any]) -> None:
    at = written.own
    with serving(writer(at, model)):
        row = model.objects.select_related("child").get()
    stranger = {role: at.actor(role) for role in (READ[model] - WRITE[model]) | {Role.CHILD, Role.GOVERNOR}}
    for actor in (*stranger.values(), writer(written.other, model)):
        with pytest.raises(NotAllowed):
            end(model, actor, row, TODAY)
    with pytest.raises(BadInput):
        end(model, writer(at, model), row, TODAY - timedelta(days=1))
    end(model, writer(at, model), row, TODAY)
    with pytest.raises(Refused):
        end(model, writer(at, model), row, TODAY)
    with serving(writer(at, model)):
        assert [event.pgh_label for event in model.pgh_event_model.objects.order_by("pgh_id")] == ["insert", "update"]


@pytest.mark.parametrize("model", [Risk, Referral, Dispute])
def test_nothing_is_written_of_a_day_to_come(world: World, model: type[Any]) -> None:
    with pytest.raises(BadInput):
        write(model, writer(world.own, model), world.own, on=TODAY + timedelta(days=1))


def test_a_change_keeps_what_stood_before_in_the_audit(written: World) -> None:
    by = written.own.actor(Role.SOCIAL_WORKER)
    with serving(by):
        person = NoContactPerson.objects.select_related("child").get()
        notes.change_no_contact(by=by, person=person, facts=notes.NoContactFacts(name="Rhywun Arall", limit="supervised", starts_on=TODAY))
        kept = NoContactPerson.pgh_event_model.objects.order_by("pgh_id").values_list("name", "limit")  # type: ignore[attr-defined]  # made by pghistory
        assert list(kept) == [("Rhywun Peryglus", "none"), ("Rhywun Arall", "supervised")]
        notes.end_no_contact(by=by, person=person, on=TODAY)
        with pytest.raises(Refused):
            notes.change_no_contact(by=by, person=person, facts=FACTS)
