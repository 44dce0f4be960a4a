"""How much a clean termly plan asks of each person: done through the pages, and counted as it is typed (rivals ask about 150 questions).

An answer counts when the page had not filled it in. A day is one answer, though it has three boxes.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from lace.accounts.access import Role
from peps.models import Pep
from peps.rules import State
from tests.peps.plans import acting, final, plan, text, typed
from tests.world import World

MOST = 25  # answers of the designated person for a clean termly plan


def day(name: str, days: int) -> dict[str, str]:
    on = timezone.localdate() + timedelta(days=days)
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


class Hands:
    """What each role types in."""

    def __init__(self, world: World) -> None:
        self.world, self.typed = world, Counter[str]()

    def fill(self, role: Role, part: str, **answers: str) -> None:
        """Open a page of the plan, type these answers into its form, and press its button."""
        client, address = self.world.client(role), plan(self.world, part)
        before = typed(client, address)
        sent = before | answers
        changed = {re.sub(r"_(day|month|year)$", "", name) for name, value in sent.items() if value != before.get(name, "")}
        self.typed[str(role)] += len(changed)
        answer = client.post(address, sent)
        assert answer.status_code == 302, text(answer)


@pytest.mark.req("PEP-18")
def test_a_clean_termly_plan_asks_at_most_25_answers_of_the_designated_person(
    world: World, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    version = final(world.own)
    school, hands = Role.DESIGNATED_PERSON, Hands(world)
    hands.fill(school, "amend/", reason="The plan of the spring term")
    for target in version.targets():
        hands.fill(school, f"targets/{target['id']}/evaluate/", outcome="met", evidence="Nine in the quiz", strike="on")
    for area in ("academic", "leisure"):
        words = {"need": "Decimals", "baseline": "Four", "goal": f"Nine of ten, {area}", "measure": "Quiz in May", "strategy": "Twenty minutes a day"}
        hands.fill(school, "targets/add/", area=area, **words, **day("review_on", 60))
    hands.fill(school, "section/attainment/", **{"subjects-0-current": "Step 4"})
    hands.fill(Role.FOSTER_CARER, "section/carer/", comments="Reads with us now")
    hands.fill(Role.SOCIAL_WORKER, "section/my_page/", next="Ci bach")
    hands.fill(school, "final/", **day("on", 0))
    with acting(world.own, school):
        pep = Pep.objects.get(child=world.own.child)
    assert (pep.state, pep.version) == (State.FINAL, 2)
    line = "answers for a clean termly plan: " + ", ".join(f"{role} {count}" for role, count in sorted(hands.typed.items()))
    record_property("answers", line)
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
    assert 0 < hands.typed[school] <= MOST
