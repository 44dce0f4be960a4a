"""What was agreed to be done: who sees to it, how it ends, and what holds up the next version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import Action, Version
from peps.services.actions import carry, remove_action, save_action, settle
from peps.services.evaluation import let_go_on
from tests.peps.plans import acting, action_facts, add_action, amended, started, written
from tests.world import World


def with_an_action(world: World, **other: Any) -> tuple[Version, Action]:
    """A final plan with an action that is due in twenty days."""
    pep = written(world.own)
    action = add_action(world.own, pep, **other)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return services.finalise(by=by, pep=pep, on=by.today), action


@pytest.mark.req("PEP-08")
def test_an_action_has_an_owner_a_day_a_resource_and_stands_in_the_version(world: World) -> None:
    version, action = with_an_action(world, owner_id=world.own.user(Role.SOCIAL_WORKER).pk)
    (frozen,) = version.content["actions"]
    assert (frozen["what"], frozen["owner_role"], frozen["resource"], frozen["state"]) == (
        "Order a dictionary",
        "social_worker",
        "Ten pounds",
        "open",
    )
    assert frozen["due_on"] == action.due_on.isoformat()
    assert world.own.user(Role.SOCIAL_WORKER).name not in str(version.content["actions"])


@pytest.mark.req("PEP-08")
def test_an_action_of_a_final_plan_is_ticked_off_with_evidence(world: World) -> None:
    version, action = with_an_action(world)
    with acting(world.own, Role.SOCIAL_WORKER, days=3) as by:
        with pytest.raises(BadInput) as refusal:
            settle(by=by, pep=version.pep, action=action.pk, state="done", version=1)
        assert sorted(refusal.value.problems) == ["done_on", "evidence"]
        done = settle(by=by, pep=version.pep, action=action.pk, state="done", version=1, evidence="It came", done_on=by.today)
        assert (done.state, done.until, done.version) == ("done", 2, 2)
        with pytest.raises(Changed):
            settle(by=by, pep=version.pep, action=action.pk, state="dropped", version=1, reason="x")
        settle(by=by, pep=version.pep, action=action.pk, state="open", version=2)  # after all
        done = settle(by=by, pep=version.pep, action=action.pk, state="done", version=3, evidence="It came", done_on=by.today)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON, days=3) as by:
        let_go_on(by=by, pep=pep)
        second = services.finalise(by=by, pep=pep, on=by.today)
        assert [row["state"] for row in second.content["actions"]] == ["done"]
        with pytest.raises(Refused):  # the version has said so
            settle(by=by, pep=pep, action=action.pk, state="open", version=4)
    pep = amended(world.own, second, days=4)
    with acting(world.own, Role.DESIGNATED_PERSON, days=4) as by:
        let_go_on(by=by, pep=pep)
        assert services.finalise(by=by, pep=pep, on=by.today).content["actions"] == []


@pytest.mark.req("PEP-18")
def test_an_overdue_action_holds_up_the_next_version_until_it_is_carried_with_a_reason(world: World) -> None:
    version, action = with_an_action(world)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON, days=21) as by:
        let_go_on(by=by, pep=pep)
        with pytest.raises(Refused) as refusal:
            services.finalise(by=by, pep=pep, on=by.today)
        assert "Order a dictionary" in str(refusal.value.problems[""][0])
        later = by.today + timedelta(days=30)
        for day, reason, named in ((later, " ", ["reason"]), (None, "x", ["due_on"]), (by.today - timedelta(days=1), "x", ["due_on"])):
            with pytest.raises(BadInput) as bad:
                carry(by=by, pep=pep, action=action.pk, due_on=day, reason=reason, version=1)
            assert list(bad.value.problems) == named
        carry(by=by, pep=pep, action=action.pk, due_on=later, reason="Out of print", version=1)
        second = services.finalise(by=by, pep=pep, on=by.today)
    (frozen,) = second.content["actions"]
    assert (frozen["reason"], frozen["carried_from"], frozen["due_on"]) == ("Out of print", 1, later.isoformat())
    assert version.content["actions"][0]["due_on"] == action.due_on.isoformat()


@pytest.mark.req("PEP-18")
def test_the_day_of_an_action_in_a_version_is_not_moved_without_a_reason(world: World) -> None:
    version, action = with_an_action(world)
    pep = amended(world.own, version)
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        with pytest.raises(BadInput) as refusal:
            save_action(by=by, pep=pep, facts=action_facts(by, due_on=by.today + timedelta(days=50)), action=action.pk, version=1)
        assert list(refusal.value.problems) == ["due_on"]
        with pytest.raises(Refused):
            remove_action(by=by, pep=pep, action=action.pk, version=1)
        dropped = settle(by=by, pep=pep, action=action.pk, state="dropped", version=1, reason="The school has one")
        assert (dropped.state, dropped.done_on) == ("dropped", None)


def test_what_no_version_holds_is_changed_and_removed(world: World) -> None:
    pep = started(world.own)
    action = add_action(world.own, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        day = by.today + timedelta(days=50)
        changed = save_action(by=by, pep=pep, facts=action_facts(by, due_on=day, what="Two"), action=action.pk, version=1)
        assert (changed.what, changed.due_on, changed.version) == ("Two", day, 2)
        with pytest.raises(Changed):
            remove_action(by=by, pep=pep, action=action.pk, version=1)
        remove_action(by=by, pep=pep, action=action.pk, version=2)
        with pytest.raises(Refused):
            settle(by=by, pep=pep, action=action.pk, state="dropped", version=2, reason="x")


@pytest.mark.parametrize(
    ("field", "value"), [("what", ""), ("what", "x" * 501), ("owner_role", "nobody"), ("due_on", None), ("due_on", -1), ("language", "fr")]
)
def test_an_action_that_cannot_be_kept_names_its_field(world: World, field: str, value: Any) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        given = by.today + timedelta(days=value) if isinstance(value, int) else value
        with pytest.raises(BadInput) as refusal:
            save_action(by=by, pep=pep, facts=action_facts(by, **{field: given}))
        assert list(refusal.value.problems) == [field]
        assert not Action.objects.filter(pep=pep).exists()


@pytest.mark.req("PRIV-05")
@pytest.mark.parametrize(("role", "who"), [("carer", Role.FOSTER_CARER), ("social_worker", Role.FOSTER_CARER), ("social_worker", Role.HEADTEACHER)])
def test_only_those_around_the_child_are_named_and_no_carer(world: World, role: str, who: Role) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refusal:
        save_action(by=by, pep=pep, facts=action_facts(by, owner_role=role, owner_id=world.own.user(who).pk))
    assert list(refusal.value.problems) == ["owner_role"]


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER])
def test_who_reads_and_may_not_write(world: World, role: Role) -> None:
    version, action = with_an_action(world)
    pep = amended(world.own, version)
    with acting(world.own, role) as by:
        for act in (
            lambda: save_action(by=by, pep=pep, facts=action_facts(by)),
            lambda: settle(by=by, pep=pep, action=action.pk, state="dropped", version=1, reason="x"),
            lambda: carry(by=by, pep=pep, action=action.pk, due_on=by.today, reason="x", version=1),
            lambda: remove_action(by=by, pep=pep, action=action.pk, version=1),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_a_stranger_of_the_same_role_neither_writes_nor_reads(world: World) -> None:
    version, action = with_an_action(world)
    version.pep.child = world.own.child
    with acting(world.other, Role.SOCIAL_WORKER) as by:
        with pytest.raises(NotAllowed):
            settle(by=by, pep=version.pep, action=action.pk, state="dropped", version=1, reason="x")
        assert not Action.objects.filter(pep=version.pep).exists()
