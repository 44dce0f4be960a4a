"""What an authority may choose about a rule: stricter, or its own number where the source gives none; from a day, with an approver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from lace.accounts.access import Role
from lace.core.actor import Actor
from lace.core.errors import BadInput, NotAllowed
from lace.core.workdays import add_working_days
from lace.deadlines.choices import all_in_force, in_force, lengths, rules_of
from lace.deadlines.models import Duty, RuleChoice
from lace.deadlines.rules import RULES, Clock, DutyRule, Rung
from lace.deadlines.services.choices import choose
from lace.web.middleware import serving
from tests.world import Authority, World, enter

STATUTORY = "pep_initiated_emergency"
READINGS = next(rule.code for rule in RULES.values() if rule.clock_setting)
R = Role


@contextmanager
def acting(authority: Authority, role: Role = Role.ADMINISTRATOR) -> Iterator[Actor]:
    by = authority.actor(role)
    with serving(by), transaction.atomic():
        yield by


def chosen(world: World, code: str, role: Role = Role.ADMINISTRATOR, *, ahead: int = 0, **choice: Any) -> RuleChoice:
    with acting(world.own, role) as by:
        day = by.today + timedelta(days=ahead)
        return choose(by=by, authority=world.own.row, code=code, effective_from=day, approved_by="Head of service", **choice)


def refused(world: World, code: str, **choice: Any) -> str:
    with pytest.raises(BadInput) as refusal:
        chosen(world, code, **choice)
    with acting(world.own):
        assert not RuleChoice.objects.exists()
    return " ".join(str(sentence) for sentences in refusal.value.problems.values() for sentence in sentences)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> DutyRule:
    """A rule whose number is local."""
    rule = replace(RULES[STATUTORY], code="local_rule", local=True, length=10)
    monkeypatch.setitem(RULES, rule.code, rule)
    return rule


@pytest.mark.req("DL-08")
def test_an_authority_may_be_stricter_than_a_source_and_never_laxer(world: World) -> None:
    own = RULES[STATUTORY].length
    assert "never laxer" in refused(world, STATUTORY, length=own + 1)
    assert refused(world, STATUTORY, length=0)
    chosen(world, STATUTORY, length=own - 3)
    today = timezone.localdate()
    with acting(world.own):
        assert rules_of(world.own.row, today)[STATUTORY].length == own - 3
        assert rules_of(world.other.row, today)[STATUTORY].length == own  # nobody else's


@pytest.mark.req("DL-11")
def test_a_number_that_the_source_does_not_give_may_be_more_up_to_four_times_the_default(world: World, local: DutyRule) -> None:
    assert lengths(local)[-1] == 40
    assert "four times" in refused(world, local.code, length=41) or "4 times" in refused(world, local.code, length=41)
    chosen(world, local.code, length=40)
    page = world.client(Role.ADMINISTRATOR).get(reverse("deadline", args=[local.code])).content.decode()
    assert "This one is local" in page
    assert "40 working days" in page


@pytest.mark.req("DL-08")
def test_a_choice_holds_from_its_day_and_the_one_before_until_then(world: World) -> None:
    own, today = RULES[STATUTORY].length, timezone.localdate()
    chosen(world, STATUTORY, length=own - 1)
    chosen(world, STATUTORY, length=own - 2, ahead=30)
    chosen(world, STATUTORY, ahead=60)  # as the source has it again
    with acting(world.own):
        assert [rules_of(world.own.row, today + timedelta(days=day))[STATUTORY].length for day in (-1, 0, 29, 30, 59, 60)] == [
            *(own, own - 1, own - 1, own - 2, own - 2, own)
        ]
    assert "do not move" in _refused_again(world, ahead=-1)


def _refused_again(world: World, **choice: Any) -> str:
    with pytest.raises(BadInput) as refusal:
        chosen(world, STATUTORY, length=1, **choice)
    return str(next(iter(refusal.value.problems.values()))[0])


def test_a_second_choice_for_the_same_day_takes_the_firsts_place(world: World) -> None:
    first = chosen(world, STATUTORY, length=5)
    second = chosen(world, STATUTORY, length=4)
    assert first.pk == second.pk
    with acting(world.own):
        assert RuleChoice.objects.get().length == 4


@pytest.mark.req("DL-11")
def test_the_clock_is_a_choice_only_where_the_source_does_not_say_what_it_counts(world: World) -> None:
    assert "says what is counted" in refused(world, STATUTORY, clock=Clock.CALENDAR)
    assert "says what is counted" in refused(world, READINGS, clock=Clock.MONTH)
    chosen(world, READINGS, clock=Clock.SCHOOL)
    with acting(world.own):
        assert rules_of(world.own.row, timezone.localdate())[READINGS].clock == Clock.SCHOOL


LADDER = RULES[STATUTORY].ladder


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda own: own[:-1], "at the latest"),  # somebody is told no more
        (lambda own: (*own[:-1], replace(own[-1], days=own[-1].days + 1)), "days after it"),  # later than the source's
        (lambda own: (replace(own[0], days=-200), *own[1:]), "must lie between"),
        (lambda own: tuple(replace(rung, days=rung.days - 30) for rung in own), "at the latest"),  # nobody after the due date
        (lambda own: (replace(own[0], roles=()), *own[1:]), "Say who is told"),
        (lambda own: (replace(own[0], roles=(*own[0].roles, R.ELECTED_MEMBER)), *own[1:]), "may not see this duty"),
        (lambda own: (own[0], *own), "same day"),
        (lambda own: (*(Rung(-20 - day, (R.SOCIAL_WORKER,)) for day in range(8)), *own), "between 1 and 8"),
        (lambda own: (), "between 1 and 8"),
    ],
)
def test_a_ladder_tells_everybody_whom_the_sources_tells_and_nobody_later(world: World, change: Callable[..., Any], says: str) -> None:
    assert says in refused(world, STATUTORY, ladder=change(LADDER))


def test_a_ladder_that_tells_more_people_earlier_holds_and_is_put_in_order(world: World) -> None:
    ladder = (*LADDER, Rung(-14, (R.SOCIAL_WORKER, R.HEADTEACHER)))
    chosen(world, STATUTORY, ladder=ladder)
    with acting(world.own):
        held = rules_of(world.own.row, timezone.localdate())[STATUTORY].ladder
    assert held == (Rung(-14, (R.SOCIAL_WORKER, R.HEADTEACHER)), *LADDER)


@pytest.mark.parametrize("role", [Role.LACE_COORDINATOR, Role.DESIGNATED_MANAGER, Role.HEADTEACHER, Role.SOCIAL_WORKER])
def test_only_the_administrator_chooses_and_only_for_the_own_authority(world: World, role: Role) -> None:
    with pytest.raises(NotAllowed):
        chosen(world, STATUTORY, role, length=5)
    with acting(world.own) as by, pytest.raises(NotAllowed):
        choose(by=by, authority=world.other.row, code=STATUTORY, length=5, effective_from=by.today, approved_by="Somebody")


def test_a_choice_names_who_approved_it(world: World) -> None:
    with acting(world.own) as by:
        for name in ("  ", "x" * 201):
            with pytest.raises(BadInput) as refusal:
                choose(by=by, authority=world.own.row, code=STATUTORY, length=5, effective_from=by.today, approved_by=name)
            assert "approved_by" in refusal.value.problems


def test_choices_of_all_authorities_come_in_one_statement_and_are_read_across_authorities(world: World, statements: Callable[..., Any]) -> None:
    chosen(world, STATUTORY, length=5)
    with acting(world.other, Role.DESIGNATED_PERSON), statements(1):
        assert all_in_force(timezone.localdate())[world.own.row.pk][STATUTORY].length == 5
    with acting(world.other, Role.DESIGNATED_PERSON):  # whose school may be that of a child of the first authority
        assert in_force(world.own.row.pk, timezone.localdate())[STATUTORY].length == 5
        assert RuleChoice.objects.filter(authority=world.own.row).update(length=1) == 0


@pytest.mark.req("DL-08")
def test_a_duty_is_opened_by_what_the_authority_chose(world: World) -> None:
    chosen(world, STATUTORY, length=4)
    child = enter(world.own, entered_on=timezone.localdate())[0]
    before = enter(world.own, entered_on=timezone.localdate() - timedelta(days=3))[0]  # before the choice took effect
    with acting(world.own, Role.SOCIAL_WORKER):
        duties = {duty.child_id: duty for duty in Duty.objects.filter(code=STATUTORY)}
        assert duties[child.pk].due_on == add_working_days(timezone.localdate(), 4)
        assert duties[before.pk].due_on == add_working_days(timezone.localdate() - timedelta(days=3), RULES[STATUTORY].length)


@pytest.mark.req("DL-05")
def test_what_the_day_of_a_choice_has_opened_already_is_counted_anew(world: World) -> None:
    today = timezone.localdate()
    children = [enter(authority, entered_on=today)[0] for authority in (world.own, world.other)]
    yesterdays = enter(world.own, entered_on=today - timedelta(days=1))[0]
    chosen(world, STATUTORY, length=4)
    with acting(world.own, Role.SOCIAL_WORKER):
        due = dict(Duty.objects.filter(code=STATUTORY).values_list("child_id", "due_on"))
        assert due[children[0].pk] == add_working_days(today, 4)
        assert due[yesterdays.pk] == add_working_days(today - timedelta(days=1), RULES[STATUTORY].length)
    with acting(world.other, Role.SOCIAL_WORKER):
        assert Duty.objects.get(code=STATUTORY, child=children[1]).due_on == add_working_days(today, RULES[STATUTORY].length)


# ---- pages ----


def typed(ladder: tuple[Rung, ...], **more: Any) -> dict[str, Any]:
    today: date = timezone.localdate()
    steps = {f"days_{place}": str(rung.days) for place, rung in enumerate(ladder)} | {
        f"roles_{place}": [str(role) for role in rung.roles] for place, rung in enumerate(ladder)
    }
    when = {"effective_from_day": today.day, "effective_from_month": today.month, "effective_from_year": today.year}
    return {"length": str(RULES[STATUTORY].length), **steps, **when, "approved_by": "Panel of 3 March", **more}


def test_every_rule_is_listed_and_opens(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    answer = client.get(reverse("deadlines"))
    assert len(answer.context["rows"]) == len(RULES)
    for code in RULES:
        assert client.get(reverse("deadline", args=[code])).status_code == 200, code
    assert client.get(reverse("deadline", args=["no_such_rule"])).status_code == 404
    for asked in ("chosen", "statutory", "local", "unverified", "waiting", "nonsense"):
        assert client.get(f"{reverse('deadlines')}?show={asked}").status_code == 200


@pytest.mark.req("DL-08")
def test_a_choice_is_made_on_a_page_and_stands_in_its_history(world: World) -> None:
    client = world.client(Role.ADMINISTRATOR)
    address = reverse("deadline", args=[STATUTORY])
    wrong = client.post(address, typed(LADDER[:-1], length="5"))
    assert wrong.status_code == 200
    assert "at the latest" in wrong.content.decode()
    assert 'value="5"' in wrong.content.decode()
    assert client.post(address, typed(LADDER, length="5")).status_code == 302
    page = client.get(address).content.decode()
    assert "Panel of 3 March" in page
    assert "5 working days" in page
    with acting(world.own):
        row = RuleChoice.objects.get()
        assert (row.length, row.clock, row.ladder) == (5, "", None)  # the ladder that was typed is the source's own
    assert len(client.get(f"{reverse('deadlines')}?show=chosen").context["rows"]) == 1
    for field, sentence in (("length", "whole number"), ("days_0", "whole number"), ("approved_by", "Enter who approved")):
        answer = client.post(address, typed(LADDER) | {field: "" if field == "approved_by" else "ten"})
        assert sentence in answer.content.decode()


def test_deadlines_are_the_administrators(world: World) -> None:
    for role in (Role.LACE_COORDINATOR, Role.HEADTEACHER, Role.SOCIAL_WORKER):
        assert world.client(role).get(reverse("deadlines")).status_code == 403
        assert world.client(role).post(reverse("deadline", args=[STATUTORY]), typed(LADDER, length="5")).status_code == 403
