"""Acts on the plan, through the services that every door calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.notifications.models import Notification
from peps import services
from peps.models import Pep, Section, Target, Version, digest
from peps.rules import State
from peps.services.evaluation import let_go_on
from tests.peps.plans import ANSWERS, acting, add_target, facts, final, started, written
from tests.world import World


def write(
    world: World, pep: Pep, key: str, answers: dict[str, Any], *, role: Role = Role.DESIGNATED_PERSON, version: int = 0, **more: Any
) -> Section:
    with acting(world.own, role) as by:
        return services.write_section(by=by, pep=pep, key=key, answers=answers, language="en-gb", version=version, **more)


def duties(world: World) -> dict[str, Duty]:
    with acting(world.own, Role.LACE_COORDINATOR):
        return {duty.code: duty for duty in Duty.objects.filter(child=world.own.child)}


# -- start ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-02")
def test_starting_meets_the_duty_to_initiate(world: World) -> None:
    assert duties(world)["pep_initiated_emergency"].closed_on is None
    pep = started(world.own)
    met = duties(world)["pep_initiated_emergency"]
    assert (met.closed_on, met.outcome) == (timezone.localdate(), Duty.Outcome.ON_TIME)
    assert (pep.state, pep.version, pep.school_id) == (State.INITIATED, 0, world.own.school.pk)
    assert duties(world)["pep_developed"].closed_on is None


@pytest.mark.req("PEP-01")
def test_a_child_has_one_current_plan(world: World) -> None:
    pep = started(world.own)
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        with pytest.raises(Refused):
            services.start_pep(by=by, child=world.own.child, on=by.today)
        assert Pep.objects.get(child=world.own.child) == pep
        with pytest.raises(DatabaseError), transaction.atomic():  # and the database says so too
            Pep(child=pep.child, authority_id=pep.authority_id, initiated_on=by.today).save(force_insert=True)


@pytest.mark.parametrize("days", [1, -20000])
def test_a_plan_is_not_started_in_the_future_or_before_birth(world: World, days: int) -> None:
    with acting(world.own, Role.SOCIAL_WORKER) as by, pytest.raises(BadInput) as refusal:
        services.start_pep(by=by, child=world.own.child, on=by.today + timedelta(days=days))
    assert list(refusal.value.problems) == ["on"]


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER, Role.DESIGNATED_MANAGER])
def test_who_sees_the_child_and_may_not_start(world: World, role: Role) -> None:
    with acting(world.own, role) as by, pytest.raises(NotAllowed):
        services.start_pep(by=by, child=world.own.child, on=by.today)


@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON])
def test_a_stranger_of_the_same_role_may_do_nothing(world: World, role: Role) -> None:
    pep = written(world.own)
    with acting(world.other, role) as by:
        for act in (
            lambda: services.start_pep(by=by, child=world.own.child, on=by.today),
            lambda: services.write_section(by=by, pep=pep, key="history", answers={}, language="cy", version=1),
            lambda: services.save_target(by=by, pep=pep, facts=facts(by)),
            lambda: services.finalise(by=by, pep=pep, on=by.today),
            lambda: services.amend(by=by, pep=pep, reason="x"),
            lambda: services.close(by=by, pep=pep, on=by.today),
        ):
            with pytest.raises(NotAllowed):
                act()
        assert not Pep.objects.filter(pk=pep.pk).exists()  # nor do the policies let them read


# -- write ---------------------------------------------------------------------------------------------------------


def test_the_first_words_move_the_plan_on(world: World) -> None:
    pep = started(world.own)
    write(world, pep, "history", ANSWERS["history"])
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = Pep.objects.get(pk=pep.pk)
        assert (pep.state, pep.developing_on) == (State.DEVELOPING, by.today)


@pytest.mark.req("VOICE-11")
def test_the_childs_words_are_kept_exactly(world: World) -> None:
    pep = started(world.own)
    section = write(world, pep, "my_page", ANSWERS["my_page"], role=Role.FOSTER_CARER)
    with acting(world.own, Role.IRO):
        assert Section.objects.get(pk=section.pk).answers["like"] == "  Rygbi,\n a fy nghi "


def test_two_people_in_two_sections_never_collide(world: World) -> None:
    pep = started(world.own)
    write(world, pep, "history", ANSWERS["history"])
    write(world, pep, "carer", ANSWERS["carer"], role=Role.FOSTER_CARER)


def test_two_people_in_one_section_the_second_is_told(world: World) -> None:
    pep = started(world.own)
    write(world, pep, "history", {"needs": "None"})
    with pytest.raises(Changed) as conflict:
        write(world, pep, "history", {"needs": "Some"}, role=Role.SOCIAL_WORKER)
    assert isinstance(conflict.value.current, Section)
    assert conflict.value.current.answers == {"needs": "None"}


def test_the_same_words_twice_are_one_version(world: World) -> None:
    pep = started(world.own)
    first = write(world, pep, "history", {"needs": "None"})
    assert write(world, pep, "history", {"needs": "None"}).version == first.version == 1


def test_a_sitting_does_not_collide_with_its_own_autosave(world: World) -> None:
    from uuid import uuid4

    pep, sitting = started(world.own), uuid4()
    write(world, pep, "history", {"needs": "No"}, sitting=sitting)
    assert write(world, pep, "history", {"needs": "None"}, sitting=sitting).version == 2
    write(world, pep, "history", {"needs": "Other"}, version=2, sitting=uuid4())
    with pytest.raises(Changed):
        write(world, pep, "history", {"needs": "None at all"}, sitting=sitting)


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("history", Role.FOSTER_CARER),
        ("attainment", Role.SOCIAL_WORKER),
        ("my_page", Role.LACE_COORDINATOR),
        ("carer", Role.IRO),
        ("history", Role.HEADTEACHER),
    ],
)
def test_a_section_is_written_by_its_roles_only(world: World, key: str, role: Role) -> None:
    pep = started(world.own)
    with pytest.raises(NotAllowed):
        write(world, pep, key, ANSWERS[key], role=role)


@pytest.mark.parametrize(("key", "answers"), [("history", {"needs": "x" * 3001}), ("history", {"unasked": "x"}), ("diary", {})])
def test_bad_answers_change_nothing(world: World, key: str, answers: dict[str, str]) -> None:
    pep = started(world.own)
    with pytest.raises(BadInput):
        write(world, pep, key, answers)
    with acting(world.own, Role.IRO):
        assert Pep.objects.get(pk=pep.pk).state == State.INITIATED
        assert not Section.objects.filter(pep=pep).exists()


# -- targets -------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-14")
def test_a_target_is_added_changed_and_removed(world: World) -> None:
    pep = started(world.own)
    target = add_target(world.own, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        again = services.save_target(by=by, pep=pep, facts=facts(by, goal="Ten out of ten"), target=target.pk, version=1)
        assert (again.version, again.goal, again.position) == (2, "Ten out of ten", 1)
        with pytest.raises(Changed):
            services.save_target(by=by, pep=pep, facts=facts(by, goal="Other"), target=target.pk, version=1)
        with pytest.raises(Changed):
            services.remove_target(by=by, pep=pep, target=target.pk, version=1)
        services.remove_target(by=by, pep=pep, target=target.pk, version=2)
        assert not Target.objects.filter(pep=pep).exists()
        with pytest.raises(Refused):
            services.save_target(by=by, pep=pep, facts=facts(by), target=target.pk, version=2)


@pytest.mark.parametrize(("field", "value"), [("area", "magic"), ("goal", ""), ("goal", "x" * 501), ("review_on", None), ("language", "fr")])
def test_a_target_that_cannot_be_kept_names_its_field(world: World, field: str, value: Any) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refusal:
        services.save_target(by=by, pep=pep, facts=facts(by, **{field: value}))
    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize("days", [0, -1, 732])
def test_a_review_date_is_to_come(world: World, days: int) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refusal:
        services.save_target(by=by, pep=pep, facts=facts(by, review_on=by.today + timedelta(days=days)))
    assert list(refusal.value.problems) == ["review_on"]


# -- final ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-15")
def test_a_plan_with_gaps_is_not_final(world: World) -> None:
    pep = started(world.own)
    write(world, pep, "history", ANSWERS["history"])
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(Refused) as refusal:
            services.finalise(by=by, pep=pep, on=by.today)
        assert len(refusal.value.problems[""]) > 10
        assert not Version.objects.filter(pep=pep).exists()


@pytest.mark.req("PEP-04")
def test_the_final_plan_meets_the_duties_to_develop_it(world: World) -> None:
    final(world.own)
    assert {code: duty.outcome for code, duty in duties(world).items() if code.startswith("pep_") and duty.closed_on} == {
        "pep_initiated_emergency": Duty.Outcome.ON_TIME,
        "pep_developed": Duty.Outcome.ON_TIME,
        "pep_for_first_review": Duty.Outcome.ON_TIME,
    }


@pytest.mark.req("PEP-11")
def test_a_version_is_frozen(world: World) -> None:
    version = final(world.own)
    assert version.sha256 == digest(version.content)
    assert len(version.sha256) == 64
    with acting(world.own, Role.DESIGNATED_PERSON):
        stored = Version.objects.get(pk=version.pk)
        assert stored.is_intact()
        assert stored.content["sections"]["my_page"]["answers"] == ANSWERS["my_page"]
        assert [target["goal"] for target in stored.content["targets"]] == ["Nine out of ten", "Play for the county"]
        for sql in ("UPDATE peps_version SET content = '{}'", "DELETE FROM peps_version"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


@pytest.mark.req("PEP-11")
def test_not_even_the_owner_of_the_tables_changes_a_version(world: World) -> None:
    """The app's role may not update at all; the trigger holds for those who may."""
    final(world.own)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'peps_version'::regclass AND NOT tgisinternal AND tgname ~ '(frozen|kept)' ORDER BY 1"
        )
        assert len(cursor.fetchall()) == 2


@pytest.mark.req("PEP-11", "CAR-03", "IRO-02")
def test_the_carer_and_the_iro_are_told_of_each_version(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = services.amend(by=by, pep=version.pep, reason="New school")
        services.write_section(by=by, pep=pep, key="history", answers={**ANSWERS["history"], "needs": "IDP"}, language="en-gb", version=1)
        let_go_on(by=by, pep=pep)
        second = services.finalise(by=by, pep=pep, on=by.today)
    assert (second.number, second.reason) == (2, "New school")
    for role in (Role.FOSTER_CARER, Role.IRO):
        with acting(world.own, role) as by:
            told = Notification.objects.filter(recipient=by.user_id, channel="inbox", kind__startswith="pep_").order_by("step")
            assert list(told.values_list("kind", "source", "step")) == [("pep_final", version.pk, 1), ("pep_amended", second.pk, 2)]


@pytest.mark.req("PEP-11")
def test_an_amendment_carries_everything_forward_and_leaves_the_version_alone(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(Refused):
            services.write_section(by=by, pep=version.pep, key="history", answers={"needs": "x"}, language="en-gb", version=1)
        with pytest.raises(Refused):
            services.save_target(by=by, pep=version.pep, facts=facts(by))
        pep = services.amend(by=by, pep=version.pep, reason=" Moved ")
        assert (pep.state, pep.amendment_reason) == (State.AMENDING, "Moved")
        let_go_on(by=by, pep=pep)
        second = services.finalise(by=by, pep=pep, on=by.today)
        assert [row["outcome"] for row in second.content.pop("ended")] == ["goes_on", "goes_on"]
        assert second.content | {"ended": []} == Version.objects.get(pk=version.pk).content
        with pytest.raises(Refused):
            services.finalise(by=by, pep=pep, on=by.today)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_an_amendment_says_why(world: World, reason: str) -> None:
    version = final(world.own)
    with acting(world.own, Role.SOCIAL_WORKER) as by, pytest.raises(BadInput):
        services.amend(by=by, pep=version.pep, reason=reason)


@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER])
def test_only_the_designated_person_makes_a_plan_final(world: World, role: Role) -> None:
    pep = written(world.own)
    with acting(world.own, role) as by, pytest.raises(NotAllowed):
        services.finalise(by=by, pep=pep, on=by.today)


def test_a_plan_is_not_final_before_it_was_started_or_tomorrow(world: World) -> None:
    pep = written(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        for day in (by.today - timedelta(days=1), by.today + timedelta(days=1)):
            with pytest.raises(BadInput):
                services.finalise(by=by, pep=pep, on=day)


def test_a_plan_stays_open_while_the_child_is_in_care(world: World) -> None:
    pep = written(world.own)
    with acting(world.own, Role.SOCIAL_WORKER) as by, pytest.raises(Refused):
        services.close(by=by, pep=pep, on=by.today)
    with acting(world.own, Role.CASE_SYSTEM) as by:
        from lace.children.services import end_care

        end_care(by=by, episode=world.own.episode, on=by.today, reason="returned_home")
    with acting(world.own, Role.LACE_COORDINATOR) as by:
        assert services.close(by=by, pep=pep, on=by.today).state == State.CLOSED


def test_every_change_is_in_the_audit_with_who_made_it(world: World) -> None:
    pep = started(world.own)
    write(world, pep, "carer", ANSWERS["carer"], role=Role.FOSTER_CARER)
    trail: Any = Section.pgh_event_model.objects  # type: ignore[attr-defined]
    with acting(world.own, Role.LACE_COORDINATOR):
        event = trail.get(pep=pep)
    assert event.pgh_context["user"] == world.own.user(Role.FOSTER_CARER).pk
