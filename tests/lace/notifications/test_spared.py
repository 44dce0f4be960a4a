"""Who reads in Lace only gets no e-mail, however the sweep and the workers overlap. Found by the random crash runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from lace.accounts.access import Role
from lace.notifications import digest, kinds
from lace.notifications.rules import How
from tests.lace.notifications.test_delivery import Post
from tests.lace.notifications.test_digest import MONDAY, at, choose, remind, rows, run
from tests.world import World


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.lace.notifications.pages"


@pytest.mark.parametrize("kind", ["duty_soon", "told"])
def test_what_comes_while_others_are_spared_is_spared_the_next_time(world: World, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Committed by the sweep between the statement that spares and the one that picks: it is in the snapshot of the second alone."""
    monkeypatch.setitem(kinds.KINDS, "told", replace(kinds.KINDS["duty_soon"], code="told", digest=False, stands=None))
    choose(world, Role.FOSTER_CARER, how=How.LACE)
    by_design = digest.untried
    came: list[datetime] = []

    def comes_after(now: datetime) -> Any:
        if came:
            return by_design(now)
        came.append(now)  # asked for the first time: to spare
        spared = list(by_design(now).values_list("pk", flat=True))
        remind(world, Role.FOSTER_CARER, came=at(MONDAY, 0, 1), kind=kind)
        return by_design(now).filter(pk__in=spared)

    monkeypatch.setattr(digest, "untried", comes_after)
    post = Post()
    run(post, at(MONDAY, 8))
    assert came
    assert [row.delivery for row in rows()] == ["waiting"]
    run(post, at(MONDAY, 8, 1))
    assert [row.delivery for row in rows()] == ["spared"]
    assert post.taken == []
