"""The education service looks at a final version: who may, what is asked, what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from lace.accounts.access import Role
from lace.core.errors import BadInput, Changed, NotAllowed, Refused
from lace.deadlines.models import Duty
from lace.notifications.kinds import write
from lace.notifications.models import Notification
from peps import services
from peps.models import Pep, QualityReview, QualityStandard, Version
from peps.rules import State
from peps.services.evaluation import let_go_on
from peps.services.quality import decide, give_feedback, grade, grade_again, set_standard, take
from tests.peps.plans import acting, amended, final
from tests.peps.reviewing import decided, graded, grades, rated_again, taken
from tests.schools.test_designation import designated
from tests.world import World

COORDINATOR = Role.LACE_COORDINATOR
FACTS: dict[str, Any] = {"below_gold": 0, "ambers": 0, "amber_goes_back": True, "share": 100, "second_share": 100, "besides": {}}


def chosen(world: World, role: Role = COORDINATOR, *, ahead: int = 0, approved_by: str = "Education committee", **facts: Any) -> QualityStandard:
    with acting(world.own, role) as by:
        given = FACTS | facts
        return set_standard(by=by, authority=world.own.row, facts=given, effective_from=by.today + timedelta(days=ahead), approved_by=approved_by)


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-21")
def test_only_the_education_service_of_the_childs_own_authority_looks(world: World) -> None:
    version = final(world.own)
    for role in Role:
        if role in {COORDINATOR, Role.PEP_REVIEWER}:
            continue
        with acting(world.own, role) as by, pytest.raises(NotAllowed):
            take(by=by, version=version)
    for role in (COORDINATOR, Role.PEP_REVIEWER):
        with acting(world.other, role) as by, pytest.raises(NotAllowed):
            take(by=by, version=version)
    with acting(world.own, COORDINATOR):
        assert not QualityReview.objects.exists()


def test_a_reviewer_grades_what_they_may_read_and_a_coordinator_the_rest(world: World) -> None:
    version = final(world.own)
    review = taken(world.own, version, Role.PEP_REVIEWER)
    whole = grades(version)
    secret = {key: whole[key] for key in ("voice", "personal")}
    rest = {key: given for key, given in whole.items() if key not in secret}
    with acting(world.own, Role.PEP_REVIEWER) as by:
        with pytest.raises(NotAllowed):
            grade(by=by, review=review, grades=whole, language="en-gb", version=1)
        with pytest.raises(NotAllowed):
            give_feedback(by=by, review=review, part="my_page", question="next", text="More")
        review = grade(by=by, review=review, grades=rest, language="en-gb", version=1)
        with pytest.raises(Refused, match="refused"):
            decide(by=by, review=review, decision="accept", version=review.version)
    with acting(world.own, COORDINATOR) as by:
        with pytest.raises(NotAllowed):
            grade(by=by, review=review, grades=whole, language="en-gb", version=review.version)
        review = grade(by=by, review=review, grades=secret, language="en-gb", version=review.version)
        assert review.grades == whole
        with pytest.raises(Refused):
            decide(by=by, review=review, decision="accept", version=review.version)
    with acting(world.own, Role.PEP_REVIEWER) as by:
        assert decide(by=by, review=review, decision="accept", version=review.version).overall == "gold"


def test_a_colleague_takes_over_what_is_done_so_far(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version, "green")
    with acting(world.own, Role.PEP_REVIEWER) as by:
        again = take(by=by, version=version)
    assert (again.pk, again.reviewer_id, again.reviewed_as) == (review.pk, world.own.user(Role.PEP_REVIEWER).pk, "pep_reviewer")
    assert again.grades == review.grades
    with acting(world.own, COORDINATOR) as by, pytest.raises(Refused):
        decide(by=by, review=again, decision="accept", version=again.version)


# -- accepting and returning -------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-20", "PEP-21", "T67")
def test_an_accepted_plan_stays_final_and_its_duty_is_met(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version, "accept", "gold", targets="green")
    with acting(world.own, COORDINATOR):
        assert (review.state, review.overall, review.standard) == ("accepted", "gold", None)
        assert Pep.objects.get(pk=version.pep_id).state == State.FINAL
        duty = Duty.objects.get(child=world.own.child, code="pep_quality_checked")
        assert (duty.outcome, duty.evidence) == ("on_time", review.pk)


@pytest.mark.req("PEP-20", "PEP-21")
def test_a_returned_plan_is_open_for_its_next_version_and_the_frozen_one_stays(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version, "return", "gold", targets="red")
    assert (review.state, review.overall) == ("returned", "red")
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        pep = Pep.objects.get(pk=version.pep_id)
        assert (pep.state, pep.version, pep.amendment_reason) == (State.AMENDING, 1, "To be put right")
        assert Version.objects.get(pk=version.pk).is_intact()
        services.save_target(by=by, pep=pep, facts={"goal": "Ten out of ten"}, target=pep.targets.get(position=1).pk, version=1)


@pytest.mark.req("PEP-20")
def test_a_red_plan_cannot_be_accepted(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version, "gold", carer="red")
    with acting(world.own, COORDINATOR) as by, pytest.raises(Refused) as refusal:
        decide(by=by, review=review, decision="accept", version=review.version)
    assert list(refusal.value.problems) == ["decision"]


def test_a_return_says_why_unless_the_plan_is_being_amended_already(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version)
    with acting(world.own, COORDINATOR) as by, pytest.raises(BadInput) as bad:
        decide(by=by, review=review, decision="return", reason=" ", version=review.version)
    assert list(bad.value.problems) == ["reason"]
    amended(world.own, version)
    with acting(world.own, COORDINATOR) as by:
        decide(by=by, review=review, decision="return", version=review.version)
        assert Pep.objects.get(pk=version.pep_id).amendment_reason == "Termly review"


def test_what_lacks_a_grade_or_a_comment_is_not_decided(world: World) -> None:
    version = final(world.own)
    review = taken(world.own, version)
    given = grades(version, targets="amber")
    given["targets"]["comment"] = ""
    del given["whole"]
    with acting(world.own, COORDINATOR) as by:
        review = grade(by=by, review=review, grades=given, language="cy", version=1)
        with pytest.raises(Refused) as refusal:
            decide(by=by, review=review, decision="accept", version=review.version)
        assert len(refusal.value.problems[""]) == 2
        assert QualityReview.objects.get().state == "taken"


def test_a_newer_version_is_looked_at_in_place_of_the_older(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version)
    pep = amended(world.own, version)
    with acting(world.own, Role.DESIGNATED_PERSON) as by:
        let_go_on(by=by, pep=pep)
        newer = services.finalise(by=by, pep=pep, on=by.today)
    with acting(world.own, COORDINATOR) as by:
        with pytest.raises(Refused):
            decide(by=by, review=review, decision="accept", version=review.version)
        with pytest.raises(Refused):
            take(by=by, version=version)
        assert take(by=by, version=newer).of_version_id == newer.pk


def test_what_is_decided_is_decided(world: World) -> None:
    version = final(world.own)
    review = decided(world.own, version)
    with acting(world.own, COORDINATOR) as by:
        for act in (
            lambda: grade(by=by, review=review, grades=grades(version, "red"), language="en-gb", version=review.version),
            lambda: give_feedback(by=by, review=review, part="history", question="", text="More"),
            lambda: decide(by=by, review=review, decision="return", reason="Because", version=review.version),
            lambda: take(by=by, version=version),
        ):
            with pytest.raises(Refused):
                act()


def test_two_who_save_grades_at_once_lose_nothing(world: World) -> None:
    version = final(world.own)
    review = taken(world.own, version)
    with acting(world.own, COORDINATOR) as by:
        first = grade(by=by, review=review, grades=grades(version), language="en-gb", version=1)
        with pytest.raises(Changed) as change:
            grade(by=by, review=review, grades=grades(version, "green"), language="en-gb", version=1)
        current: Any = change.value.current
        assert current.grades == first.grades
        same = grade(by=by, review=review, grades=grades(version), language="en-gb", version=1)  # sent twice
        assert same.version == first.version


@pytest.mark.parametrize("given", [{"grade": "blue", "comment": ""}, {"grade": "gold", "comment": "x" * 1001}])
def test_a_grade_that_is_none_and_a_comment_too_long_are_named(world: World, given: dict[str, str]) -> None:
    review = taken(world.own, final(world.own))
    with acting(world.own, COORDINATOR) as by, pytest.raises(BadInput) as bad:
        grade(by=by, review=review, grades={"targets": given}, language="en-gb", version=1)
    assert list(bad.value.problems) == ["targets_grade" if given["grade"] == "blue" else "targets_comment"]


def test_feedback_stands_at_a_place_of_the_plan_and_is_taken_back_by_nothing(world: World) -> None:
    version = final(world.own)
    review = taken(world.own, version)
    goal = version.targets()[0]["id"]
    with acting(world.own, COORDINATOR) as by:
        for part, question in (("history", "achievements"), ("targets", goal), ("actions", "")):
            review = give_feedback(by=by, review=review, part=part, question=question, text=" Say when ")
        assert review.feedback == {"history": {"achievements": "Say when"}, "targets": {goal: "Say when"}, "actions": {"": "Say when"}}
        assert give_feedback(by=by, review=review, part="actions", question="", text="").feedback.keys() == {"history", "targets"}
        with pytest.raises(BadInput):
            give_feedback(by=by, review=review, part="history", question="no_such", text="More")


# -- telling -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-21", "PRIV-14")
@pytest.mark.parametrize(("decision", "kind"), [("return", "pep_returned"), ("accept", "pep_accepted")])
def test_the_designated_person_is_told_and_no_child_is_named(world: World, decision: str, kind: str) -> None:
    designated(world.own)
    version = final(world.own)
    decided(world.own, version, decision)
    with acting(world.own, Role.DESIGNATED_PERSON):
        told = list(Notification.objects.filter(kind=kind))
    assert {row.recipient_id for row in told} == {world.own.user(Role.DESIGNATED_PERSON).pk}
    assert {row.channel for row in told} == set(Notification.Channel.values)
    child = world.own.child
    for row in told:
        for language in ("en-gb", "cy"):
            words = write(row.kind, row.facts, language=language, initials="M.L.", child=child.pk)
            assert not any(name in f"{words.subject} {words.body}" for name in (child.given_names, child.family_name, "Which badge"))


def test_without_a_designated_person_the_social_worker_is_told(world: World) -> None:
    decided(world.own, final(world.own), "return")
    with acting(world.own, Role.SOCIAL_WORKER):
        told = Notification.objects.filter(kind="pep_returned").values_list("recipient", flat=True)
        assert set(told) == {world.own.user(Role.SOCIAL_WORKER).pk}


# -- the second rater --------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-21")
def test_a_second_rater_is_another_and_rates_once_after_the_first(world: World) -> None:
    version = final(world.own)
    review = graded(world.own, version)
    with pytest.raises(Refused):
        rated_again(world.own, review, grades(version))
    with acting(world.own, COORDINATOR) as by:
        review = decide(by=by, review=review, decision="accept", version=review.version)
        with pytest.raises(Refused):
            grade_again(by=by, review=review, grades=grades(version))
    half = grades(version)
    del half["targets"]
    with pytest.raises(BadInput) as bad:
        rated_again(world.own, review, half)
    assert list(bad.value.problems) == ["targets_grade"]
    again = rated_again(world.own, review, grades(version, "green"))
    assert (again.second_grades["targets"]["grade"], again.grades["targets"]["grade"], again.overall) == ("green", "gold", "gold")
    with pytest.raises(Refused):
        rated_again(world.own, again, grades(version))


def test_the_database_holds_what_the_services_promise(world: World) -> None:
    review = decided(world.own, final(world.own))
    for wrong in ({"overall": ""}, {"second_rater": review.reviewer_id, "second_on": review.decided_on}, {"state": "taken"}):
        with acting(world.own, COORDINATOR), pytest.raises(IntegrityError), transaction.atomic():
            QualityReview.objects.filter(pk=review.pk).update(**wrong)


# -- the standard ------------------------------------------------------------------------------------------------------


@pytest.mark.req("PEP-20")
def test_an_authority_is_stricter_from_a_day_and_a_review_keeps_its_standard(world: World) -> None:
    own = chosen(world)
    version = final(world.own)
    review = graded(world.own, version, "gold", targets="amber")
    assert (review.standard_id, own.number) == (own.pk, 1)
    later = chosen(world, ambers=1, amber_goes_back=False)
    assert later.number == 2
    with acting(world.own, COORDINATOR) as by:
        assert QualityStandard.objects.in_force(world.own.row.pk, by.today) == later
        with pytest.raises(Refused):  # one amber is too many by the standard of the review, and goes back
            decide(by=by, review=review, decision="accept", version=review.version)
        returned = decide(by=by, review=review, decision="return", reason="One amber", version=review.version)
    assert (returned.overall, returned.standard_id, returned.moderated) == ("amber", own.pk, True)


def test_a_standard_of_tomorrow_holds_from_tomorrow(world: World) -> None:
    chosen(world, ahead=1)
    with acting(world.own, COORDINATOR) as by:
        assert QualityStandard.objects.in_force(world.own.row.pk, by.today) is None
        assert QualityStandard.objects.in_force(world.own.row.pk, by.today + timedelta(days=1)) is not None
        assert QualityStandard.objects.in_force(world.other.row.pk, by.today + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"ambers": 2}, "ambers"),
        ({"below_gold": 3}, "below_gold"),
        ({"share": 0}, "share"),
        ({"second_share": 33}, "second_share"),
        ({"ahead": -1}, "effective_from"),
        ({"approved_by": " "}, "approved_by"),
        ({"besides": {"targets": {"en": "A photograph", "cy": ""}}}, "targets_cy"),
        ({"besides": {"targets": {"en": " ", "cy": "Ffotograff"}}}, "targets_en"),
    ],
)
def test_a_laxer_or_half_standard_is_refused_by_name(world: World, facts: dict[str, Any], name: str) -> None:
    with pytest.raises(BadInput) as bad:
        chosen(world, **facts)
    assert list(bad.value.problems) == [name]


def test_only_coordinators_and_administrators_choose_and_nobody_changes_what_was_chosen(world: World) -> None:
    assert chosen(world, Role.ADMINISTRATOR).decided_by == world.own.user(Role.ADMINISTRATOR)
    for role in Role:
        if role in {COORDINATOR, Role.ADMINISTRATOR}:
            continue
        with pytest.raises(NotAllowed):
            chosen(world, role)
    with acting(world.other, COORDINATOR) as by, pytest.raises(NotAllowed):
        set_standard(by=by, authority=world.own.row, facts=FACTS, effective_from=by.today, approved_by="Me")
    with acting(world.own, COORDINATOR), pytest.raises(ProgrammingError), transaction.atomic():
        QualityStandard.objects.update(ambers=1)


@pytest.mark.req("PEP-21")
def test_a_plan_outside_the_sample_has_no_duty_to_be_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[int] = []

    def drawn(_plan: Any, _on: Any, share: int, purpose: str = "first") -> bool:
        shares.append(share)
        return False

    chosen(world, share=25)
    monkeypatch.setattr(services, "sampled", drawn)
    final(world.own)
    with acting(world.own, COORDINATOR):
        assert Duty.objects.get(child=world.own.child, code="pep_quality_checked").outcome == "not_applicable"
    assert shares == [25]
