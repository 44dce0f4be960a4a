"""Reminders in these tests are of invented duties, which still stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lace.notifications import kinds


@pytest.fixture(autouse=True)
def _invented_duties_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("duty_soon", "duty_today", "duty_late"):
        monkeypatch.setitem(kinds.KINDS, code, replace(kinds.KINDS[code], stands=None))
