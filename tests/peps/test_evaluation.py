"""How the last plan's targets ended, before the next plan is final."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from lace.accounts.access import Role
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from peps import services
from peps.models import Evaluation, Target, Version, with_ids
from peps.rules.targets import Outcome
from peps.services.evaluation import evaluate, let_go_on
from tests.peps.plans import acting, add_target, amended, final, started
from tests.world import World


def said(by: Any, **other: Any) -> dict[str, Any]:
    return {"outcome": Outcome.MET, "evidence": "Nine in the May quiz", "evaluated_on": by.today, "language": "en-gb"} | other


def ends(world: World, version: Version, *outcomes: str) -> None:
    """Each target of the version ended like this."""
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        for target, outcome in zip(version.targets(), outcomes, strict=True):
            evaluate(by=by, pep=version.pep, target=target["id"], facts=said(by, outcome=outcome))


@pytest.mark.req("PEP-24")
def test_the_next_version_waits_until_each_target_of_the_last_is_evaluated(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(Refused) as refusal:
            services.finalise(by=by, pep=pep, on=by.today)
        assert ["Nine out of ten" in str(line) for line in refusal.value.problems[""]] == [True, False]
        assert Version.objects.filter(pep=pep).count() == 1
    ends(world, version, Outcome.PARTLY, Outcome.NO_LONGER)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        second = services.finalise(by=by, pep=pep, on=by.today)
    first, last = second.content["ended"]
    assert (first["target"], first["outcome"], first["written_as"]) == (version.targets()[0]["id"], "partly", "designated_person")
    assert last["outcome"] == "no_longer"
    assert [target["id"] for target in second.targets()] == [target["id"] for target in version.targets()]  # carried on, with their history


def test_striking_a_target_out_does_not_spare_its_evaluation(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    add_target(world.own, pep, goal="Another")
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        gone = Target.objects.get(key=version.targets()[0]["id"])
        services.remove_target(by=by, pep=pep, target=gone.pk, version=gone.version)
        with pytest.raises(Refused):
            services.finalise(by=by, pep=pep, on=by.today)
    ends(world, version, Outcome.NOT_MET, Outcome.MET)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert services.finalise(by=by, pep=pep, on=by.today).number == 2


def test_a_met_target_is_closed_and_kept_in_the_versions(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    target = version.targets()[0]["id"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(BadInput) as refusal:
            evaluate(by=by, pep=pep, target=target, facts=said(by, outcome=Outcome.PARTLY), strike=True)
        assert list(refusal.value.problems) == ["strike"]
        evaluate(by=by, pep=pep, target=target, facts=said(by), strike=True)
        assert not Target.objects.filter(pk=target).exists()
        assert Version.objects.get(pk=version.pk).targets()[0]["id"] == target


def test_a_target_goes_on_only_while_its_review_date_is_to_come(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    target = version.targets()[0]["id"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        assert let_go_on(by=by, pep=pep) == 2
        assert let_go_on(by=by, pep=pep) == 0
        assert Evaluation.objects.get(target=target).outcome == Outcome.GOES_ON
    with acting(world.own, Role.DESIGNATED_PERSON, days=60) as by:  # the review date has come before the version was final
        with pytest.raises(BadInput):
            evaluate(by=by, pep=pep, target=target, facts=said(by, outcome=Outcome.GOES_ON, evidence=""), version=1)
        with pytest.raises(Refused):
            services.finalise(by=by, pep=pep, on=by.today)


@pytest.mark.parametrize(
    ("field", "value"),
    [("outcome", "splendid"), ("evidence", " "), ("evidence", "x" * 1001), ("evaluated_on", 1), ("evaluated_on", -1), ("language", "fr")],
)
def test_what_cannot_be_kept_names_its_field(world: World, field: str, value: Any) -> None:
    version = final(world.own)
    amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        given = by.today + timedelta(days=value) if field == "evaluated_on" else value
        with pytest.raises(BadInput) as refusal:
            evaluate(by=by, pep=version.pep, target=version.targets()[0]["id"], facts=said(by, **{field: given}))
        assert list(refusal.value.problems) == [field]
        assert not Evaluation.objects.filter(pep=version.pep).exists()


def test_the_second_of_two_is_told_and_a_later_word_replaces_the_first(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    target = version.targets()[0]["id"]
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        evaluate(by=by, pep=pep, target=target, facts=said(by))
    with acting(world.own, Role.SOCIAL_WORKER) as by:
        with pytest.raises(Changed):
            evaluate(by=by, pep=pep, target=target, facts=said(by, outcome=Outcome.PARTLY))
        again = evaluate(by=by, pep=pep, target=target, facts=said(by, outcome=Outcome.PARTLY), version=1)
        assert (again.version, again.outcome, again.written_as) == (2, Outcome.PARTLY, Role.SOCIAL_WORKER)


def test_before_a_first_version_and_after_a_final_one_nothing_is_evaluated(world: World) -> None:
    pep = started(world.own)
    target = add_target(world.own, pep)
    with acting(world.own, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        evaluate(by=by, pep=pep, target=target.pk, facts=said(by))
    version = final(world.other)
    with acting(world.other, Role.DESIGNATED_PERSON) as by, pytest.raises(Refused):
        evaluate(by=by, pep=version.pep, target=version.targets()[0]["id"], facts=said(by))


@pytest.mark.parametrize("role", [Role.FOSTER_CARER, Role.IRO, Role.HEADTEACHER])
def test_who_reads_and_may_not_evaluate(world: World, role: Role) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    with acting(world.own, role) as by:
        for act in (lambda: evaluate(by=by, pep=pep, target=version.targets()[0]["id"], facts=said(by)), lambda: let_go_on(by=by, pep=pep)):
            with pytest.raises(NotAllowed):
                act()


def test_a_stranger_of_the_same_role_neither_writes_nor_reads(world: World) -> None:
    version = final(world.own)
    pep = amended(world.own, version)
    ends(world, version, Outcome.MET, Outcome.MET)
    pep.child = world.own.child
    with acting(world.other, Role.DESIGNATED_PERSON) as by:
        with pytest.raises(NotAllowed):
            evaluate(by=by, pep=pep, target=version.targets()[0]["id"], facts=said(by), version=1)
        assert not Evaluation.objects.filter(pep=pep).exists()


def test_a_version_of_the_first_edition_has_targets_to_evaluate_too(world: World) -> None:
    version = final(world.own)
    old = [{name: value for name, value in target.items() if name != "id"} for target in version.content["targets"]]
    once, again = with_ids(version.pk, old), with_ids(version.pk, old)
    assert once == again
    assert len({target["id"] for target in once}) == 2


def test_the_database_asks_for_evidence_too(world: World) -> None:
    version = final(world.own)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        row = Evaluation(pep_id=version.pep_id, child_id=version.child_id, authority_id=version.authority_id, of_version=version)
        row.target, row.outcome, row.evaluated_on = version.pk, Outcome.MET, by.today
        with pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)
