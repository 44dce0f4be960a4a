"""What people around the child are asked to say for a plan: asked, given, declined, withdrawn, frozen, and kept by a duty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lace.accounts.access import Facet, Role
from lace.accounts.acting import context_of
from lace.core.actor import Actor
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.database.context import use
from lace.deadlines.models import Duty
from lace.deadlines.rules import SETTLEMENTS
from lace.notifications.models import Notification
from peps import services
from peps.models import Contribution, Pep
from peps.rules import gaps
from peps.rules.contributions import FORMS, IN_LACE, Contributor, left, shown_to
from peps.rules.duties import WORDS
from peps.rules.sections import SECTIONS
from peps.services.contributions import ask, ask_again, ask_by_email, decline, give, withdraw
from peps.services.evaluation import let_go_on
from tests.peps.plans import acting, amended, started, written
from tests.world import World

CARER, SOCIAL_WORKER = Contributor.CARER.value, Contributor.SOCIAL_WORKER.value


def asked(world: World, pep: Pep, *roles: str, days: int = 10) -> dict[str, Contribution]:
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        return {row.role: row for row in ask(by=by, pep=pep, roles=roles, due_on=by.today + timedelta(days=days))}


def letter(by: Actor, **other: Any) -> dict[str, Any]:
    """Whom to write to."""
    return {
        "role": "teacher",
        "name": "Mrs Lloyd",
        "email": "m.lloyd@school.example",
        "subject": "Mathematics",
        "pupil": "Al",
        "language": "en-gb",
        "due_on": by.today + timedelta(days=10),
    } | other


def given(world: World, pep: Pep, role: Role, row: Contribution, **other: Any) -> Contribution:
    facts: dict[str, Any] = {"answers": {"well": "Sings all day"}, "language": "en-gb", "version": row.version} | other
    with acting(world.own, role) as by:
        return give(by=by, pep=pep, contribution=row.pk, **facts)


def duty(world: World) -> Duty | None:
    with acting(world.own, Role.DESIGNATED_PERSON):
        return Duty.objects.open().filter(child=world.own.child, code=WORDS).first()


def test_every_role_has_a_form_and_the_advocates_is_the_childs_voice() -> None:
    assert set(FORMS) == set(Contributor.values)
    assert FORMS["advocate"].facet == Facet.VOICE
    assert FORMS["teacher"].roles == ()
    assert all(len(rule.questions) <= 3 for rule in FORMS.values())


@pytest.mark.req("PEP-10", "CAR-02")
def test_who_is_asked_gives_or_declines_and_each_state_is_told(world: World) -> None:
    pep = started(world.own)
    rows = asked(world, pep, CARER, SOCIAL_WORKER, "iro")
    with acting(world.own, Role.DESIGNATED_PERSON):
        people = set(Notification.objects.filter(child=world.own.child, kind="pep_contribution").values_list("source", "channel"))
        assert people == set()  # each person's messages are their own
    for role in (Role.FOSTER_CARER, Role.SOCIAL_WORKER, Role.IRO):
        with acting(world.own, role) as by:
            mine = Notification.objects.visible_to(by).filter(kind="pep_contribution")
            assert {row.channel for row in mine} == {"inbox", "email"}
    given(world, pep, Role.FOSTER_CARER, rows[CARER])
    with acting(world.own, Role.IRO) as by:
        decline(by=by, pep=pep, contribution=rows["iro"].pk, reason="Too soon", version=1)
        states = {row.role: row.state.value for row in Contribution.objects.filter(pep=pep)}
    assert states == {CARER: "given", SOCIAL_WORKER: "awaited", "iro": "declined"}


@pytest.mark.req("PEP-10")
def test_every_role_of_those_around_can_be_asked_and_answer(world: World) -> None:
    pep = started(world.own)
    holders = {CARER: Role.FOSTER_CARER}
    rows = asked(world, pep, *(role.value for role in IN_LACE))
    assert set(rows) == {role.value for role in IN_LACE}
    for role, row in rows.items():
        questions = FORMS[role].questions
        said = given(world, pep, holders.get(role, Role(role) if role != CARER else Role.FOSTER_CARER), row, answers={questions[0].key: "Yes"})
        assert said.given_as == str(holders.get(role, role))
    assert duty(world) is None


@pytest.mark.req("ADV-04")
def test_the_words_of_an_advocate_are_read_by_those_who_read_the_childs(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, "advocate")["advocate"]
    said = given(world, pep, Role.ADVOCATE, row, answers={"views": "To stay at this school"})
    (told,) = shown_to([said.as_frozen()], frozenset({Facet.EDUCATION, Facet.VOICE}))
    (kept,) = shown_to([said.as_frozen()], frozenset({Facet.EDUCATION}))
    assert told["answers"] == {"views": "To stay at this school"}
    assert kept["answers"] == {}
    assert kept["state"] == "given"


def test_asking_twice_asks_once(world: World) -> None:
    pep = started(world.own)
    asked(world, pep, CARER)
    assert list(asked(world, pep, CARER, "iro")) == ["iro"]
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert Contribution.objects.filter(pep=pep).count() == 2


@pytest.mark.parametrize(
    ("roles", "days", "named"),
    [((), 10, "roles"), (("teacher",), 10, "roles"), ((CARER,), None, "due_on"), ((CARER,), -1, "due_on"), ((CARER,), 93, "due_on")],
)
def test_what_cannot_be_asked_names_its_field(world: World, roles: tuple[str, ...], days: int | None, named: str) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(BadInput) as refusal:
        ask(by=by, pep=pep, roles=roles, due_on=None if days is None else by.today + timedelta(days=days))
    assert list(refusal.value.problems) == [named]


def test_nobody_in_a_role_is_said_and_nobody_is_asked(world: World) -> None:
    pep = started(world.own)
    user = world.own.user(Role.IRO)
    user.is_active = False
    user.save()
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(BadInput) as refusal:
            ask(by=by, pep=pep, roles=["iro", CARER], due_on=by.today)
        assert "Independent reviewing officer" in str(refusal.value.problems["roles"][0])
        assert not Contribution.objects.filter(pep=pep).exists()


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER, Role.PARENT, Role.PEP_REVIEWER])
def test_who_reads_the_plan_and_may_not_ask(world: World, role: Role) -> None:
    pep = started(world.own)
    row = asked(world, pep, SOCIAL_WORKER)[SOCIAL_WORKER]
    with acting(world.own, role) as by:
        for act in (
            lambda: ask(by=by, pep=pep, roles=[CARER], due_on=by.today),
            lambda: ask_by_email(by=by, pep=pep, facts=letter(by)),
            lambda: ask_again(by=by, pep=pep, contribution=row.pk, due_on=by.today),
            lambda: withdraw(by=by, pep=pep, contribution=row.pk),
            lambda: give(by=by, pep=pep, contribution=row.pk, answers={"well": "x"}, language="cy", version=1),
            lambda: decline(by=by, pep=pep, contribution=row.pk, reason="", version=1),
        ):
            with pytest.raises(NotAllowed):
                act()


@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.SOCIAL_WORKER, Role.DESIGNATED_PERSON])
def test_a_stranger_of_the_same_role_neither_asks_nor_gives_nor_reads(world: World, role: Role) -> None:
    pep = started(world.own)
    row = asked(world, pep, role.value)[role.value]
    with acting(world.other, role) as by:
        for act in (
            lambda: ask(by=by, pep=pep, roles=[CARER], due_on=by.today),
            lambda: give(by=by, pep=pep, contribution=row.pk, answers={"well": "x"}, language="cy", version=1),
        ):
            with pytest.raises(NotAllowed):
                act()
        assert not Contribution.objects.filter(pk=row.pk).exists()


def test_words_are_changed_until_the_plan_is_final_and_nobodys_are_lost(world: World) -> None:
    pep = written(world.own)
    row = given(world, pep, Role.FOSTER_CARER, asked(world, pep, CARER)[CARER])
    assert given(world, pep, Role.FOSTER_CARER, row).version == 2  # the same twice
    with pytest.raises(Changed) as clash:
        given(world, pep, Role.FOSTER_CARER, row, answers={"well": "Other"}, version=1)
    assert isinstance(clash.value.current, Contribution)
    assert clash.value.current.answers == {"well": "Sings all day"}
    row = given(world, pep, Role.FOSTER_CARER, row, answers={"well": "Other"})
    with acting(world.own, Role.FOSTER_CARER) as by, pytest.raises(Refused):
        decline(by=by, pep=pep, contribution=row.pk, reason="", version=row.version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        services.finalise(by=by, pep=pep, on=by.today)
    with pytest.raises(Refused):
        given(world, pep, Role.FOSTER_CARER, row, answers={"well": "Too late"})


@pytest.mark.parametrize(
    ("answers", "language", "named"),
    [
        ({}, "cy", ""),
        ({"well": " "}, "cy", ""),
        ({"nonsense": "x"}, "cy", ""),
        ({"well": "x" * 2001}, "cy", "well"),
        ({"well": "x"}, "fr", "language"),
    ],
)
def test_words_that_cannot_be_kept_name_their_question(world: World, answers: dict[str, str], language: str, named: str) -> None:
    pep = started(world.own)
    row = asked(world, pep, CARER)[CARER]
    with pytest.raises(BadInput) as refusal:
        given(world, pep, Role.FOSTER_CARER, row, answers=answers, language=language)
    assert list(refusal.value.problems) == [named]


def test_what_is_withdrawn_is_neither_given_nor_asked_again(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, CARER)[CARER]
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        withdraw(by=by, pep=pep, contribution=row.pk)
        with pytest.raises(Refused):
            ask_again(by=by, pep=pep, contribution=row.pk, due_on=by.today)
    with pytest.raises(Refused):
        given(world, pep, Role.FOSTER_CARER, row)
    assert list(asked(world, pep, CARER)) == [CARER]  # and may be asked anew


# -- frozen --------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-10", "PEP-11")
def test_a_version_holds_what_was_given_declined_and_awaited_and_no_name(world: World) -> None:
    pep = written(world.own)
    rows = asked(world, pep, CARER, SOCIAL_WORKER)
    given(world, pep, Role.FOSTER_CARER, rows[CARER], answers={"well": "Canu", "help": "A quiet room"}, language="cy")
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        ask_by_email(by=by, pep=pep, facts=letter(by))
        version = services.finalise(by=by, pep=pep, on=by.today)
    frozen = {row["role"]: row for row in version.content["contributions"]}
    assert {role: row["state"] for role, row in frozen.items()} == {CARER: "given", SOCIAL_WORKER: "awaited", "teacher": "awaited"}
    assert frozen[CARER]["answers"] == {"well": "Canu", "help": "A quiet room"}
    assert (frozen[CARER]["language"], frozen["teacher"]["subject"]) == ("cy", "Mathematics")
    assert not [name for name in ("Lloyd", "school.example", world.own.user(Role.FOSTER_CARER).name) if name in str(version.content["contributions"])]
    assert version.is_intact()
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert not Contribution.objects.filter(pep=pep).unsaid().exists()  # what was awaited has lapsed
    assert duty(world) is None


def test_the_next_version_asks_anew(world: World) -> None:
    pep = written(world.own)
    row = asked(world, pep, CARER)[CARER]
    given(world, pep, Role.FOSTER_CARER, row)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        first = services.finalise(by=by, pep=pep, on=by.today)
        with pytest.raises(Refused):  # nobody is asked for a final plan
            ask(by=by, pep=pep, roles=[SOCIAL_WORKER], due_on=by.today)
        assert [row.number for row in Contribution.objects.filter(pep=pep).standing()] == [1]
    amended(world.own, first)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert not Contribution.objects.filter(pep=pep).standing().exists()
        (again,) = ask(by=by, pep=pep, roles=[CARER], due_on=by.today)
        assert again.number == 2
        let_go_on(by=by, pep=pep)
        second = services.finalise(by=by, pep=pep, on=by.today)
    assert [row["state"] for row in second.content["contributions"]] == ["awaited"]


# -- the duty ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-10")
def test_the_duty_is_due_on_the_first_day_and_met_with_the_last_words(world: World) -> None:
    pep = started(world.own)
    rows = asked(world, pep, CARER, days=10) | asked(world, pep, SOCIAL_WORKER, days=5)
    today = timezone.localdate()
    found = duty(world)
    assert found is not None
    assert (found.role, found.due_on) == (Role.DESIGNATED_PERSON, today + timedelta(days=5))
    given(world, pep, Role.SOCIAL_WORKER, rows[SOCIAL_WORKER])
    moved = duty(world)
    assert moved is not None
    assert (moved.pk, moved.due_on) == (found.pk, today + timedelta(days=10))
    given(world, pep, Role.FOSTER_CARER, rows[CARER])
    assert duty(world) is None
    with acting(world.own, Role.DESIGNATED_PERSON):
        assert Duty.objects.get(pk=found.pk).outcome == "on_time"
    asked(world, pep, "iro")
    assert duty(world) is not None  # a new one


def test_a_duty_for_what_nobody_is_asked_any_longer_does_not_apply(world: World) -> None:
    pep = started(world.own)
    row = asked(world, pep, CARER)[CARER]
    found = duty(world)
    assert found is not None
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        withdraw(by=by, pep=pep, contribution=row.pk)
        assert Duty.objects.get(pk=found.pk).outcome == "not_applicable"


@pytest.mark.parametrize("all_said", [True, False])
def test_the_night_sees_that_the_last_words_came_by_a_link(world: World, all_said: bool) -> None:
    pep = started(world.own)
    rows = asked(world, pep, CARER, SOCIAL_WORKER)
    moment = timezone.now()
    with acting(world.own, Role.DESIGNATED_PERSON), transaction.atomic():
        for row in list(rows.values())[: 2 if all_said else 1]:  # as the link's door writes it, which sees no duty
            Contribution.objects.filter(pk=row.pk).update(given_at=moment)
    settle = next(statement for statement in SETTLEMENTS if WORDS in statement)
    with use(context_of(Actor.named_job("reconciliation", today=timezone.localdate()))), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(settle, {"as_of": timezone.localdate(), "since": timezone.localdate(), "social": []})
    assert (duty(world) is None) == all_said


# -- what is left --------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-10")
def test_what_is_left_stands_under_whose_it_is() -> None:
    rules = [SECTIONS[key] for key in ("my_page", "history", "carer")]
    day = timezone.localdate()
    found = {str(one.whose): one.what for one in left(gaps(rules, {}, {"academic"}), rules, [("carer", day), ("teacher", day)])}
    assert list(found) == ["The child or young person", "Designated person", "The carer", "Teacher"]
    assert found["Designated person"] == ["Education so far (4)", "Targets (1)"]
    assert found["The carer"][0] == "The carer's part (2)"
    assert found["Teacher"][0].startswith("contribution, by ")
    assert left([], rules, []) == []


@pytest.mark.parametrize("role", ["parent", "alnco", "advocate", "teacher"])
def test_a_letter_is_for_one_person_and_one_link(world: World, role: str) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        row = ask_by_email(by=by, pep=pep, facts=letter(by, role=role))
        assert isinstance(row.pk, UUID)
        assert row.token_sha256
        with pytest.raises(BadInput) as refusal:
            ask_by_email(by=by, pep=pep, facts=letter(by, role=role))
        assert list(refusal.value.problems) == ["email"]
        before = row.token_sha256
        again = ask_again(by=by, pep=pep, contribution=row.pk, due_on=by.today + timedelta(days=3))
        assert again.token_sha256 != before
        assert again.sent == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "carer"),
        ("subject", " "),
        ("email", "no address"),
        ("name", " "),
        ("pupil", " "),
        ("pupil", "x" * 81),
        ("due_on", None),
        ("language", "fr"),
    ],
)
def test_a_letter_that_cannot_be_sent_names_its_field(world: World, field: str, value: Any) -> None:
    pep = started(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(BadInput) as refusal:
            ask_by_email(by=by, pep=pep, facts=letter(by, **{field: value}))
        assert list(refusal.value.problems) == [field]
        assert not Contribution.objects.filter(pep=pep).exists()


def test_the_plans_page_costs_the_same_however_many_are_asked(world: World) -> None:
    pep = started(world.own)
    asked(world, pep, CARER)
    client = world.client(Role.DESIGNATED_PERSON)
    client.get(f"/children/{world.own.child.pk}/plan/")

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/children/{world.own.child.pk}/plan/")
        return len(seen)

    few = cost()
    asked(world, pep, SOCIAL_WORKER, "iro", "parent", "advocate")
    assert cost() == few
