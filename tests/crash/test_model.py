"""The protocol of the outbox, explored whole; and that the exploration finds each mistake it is there to find."""

from __future__ import annotations

import pytest

from tests.crash.model import Machine, explore


@pytest.mark.req("DL-04")
def test_every_order_of_steps_and_crashes_sends_once() -> None:
    found = explore(Machine())
    assert found.states > 800, "the machine has lost steps"
    assert not found.wrong, "\n".join(f"{what}: {story}" for what, story in found.wrong.items())


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (Machine(looks_up=False), "sent twice"),
        (Machine(locks=False), "sent twice"),
        (Machine(records_first=False), "sent twice"),
        (Machine(stamps_after=False), "recorded and never sent"),
        (Machine(tells_with_due=False), "never sent in the end"),
    ],
    ids=["no look-up", "no lock through the call", "attempt not recorded", "accepted before sent", "reminder apart from the duty"],
)
def test_a_mistake_in_the_protocol_is_found(mistake: Machine, found: str) -> None:
    assert found in explore(mistake).wrong
