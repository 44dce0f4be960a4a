"""Failpoints: nothing unless armed; armed, the process dies or stops there, the so-manieth time."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen, run

import pytest

from lace.core.failpoint import ARMED, failpoint
from tests.crash.runs import steps
from tests.crash.stage import ROOT

PASSES = (
    "from lace.core.failpoint import failpoint\nfor number in range(4):\n    print(number, flush=True)\n    failpoint('here')\n    failpoint('there')"
)


def passing(armed: str) -> Popen[str]:
    return Popen([sys.executable, "-c", PASSES], cwd=ROOT, env={**os.environ, ARMED: armed}, stdout=PIPE, stderr=PIPE, text=True)


@pytest.mark.parametrize(("armed", "said"), [("here:kill", "0"), ("there:kill:3", "0 1 2")])
def test_the_process_is_killed_there(armed: str, said: str) -> None:
    with passing(armed) as process:
        out, _errors = process.communicate()
        assert out.split() == said.split()
        assert process.returncode == -signal.SIGKILL


def test_the_process_stops_once_and_goes_on_when_told() -> None:
    with passing("here:stop:2") as process:
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        process.send_signal(signal.SIGCONT)
        assert process.communicate()[0].split() == ["0", "1", "2", "3"]


def test_nothing_happens_elsewhere_and_a_slip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    failpoint("here")
    monkeypatch.setenv(ARMED, "here_and_there:kill")
    failpoint("here")
    monkeypatch.setenv(ARMED, "here:explode")
    with pytest.raises(ValueError, match="knows kill, stop"):
        failpoint("here")


def test_no_part_of_an_installation_starts_with_one(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "s", "DATABASE_URL": "postgres://nobody@nowhere/none", "REDIS_URL": "redis://nowhere", "PYTHONPATH": str(ROOT)}
    start = [sys.executable, "-c", "import lace.settings"]
    assert run(start, env=given, cwd=tmp_path, check=False).returncode == 0
    refused = run(start, env={**given, ARMED: "send.answered:kill"}, cwd=tmp_path, stderr=PIPE, text=True, check=False)
    assert refused.returncode
    assert "Unset LACE_FAILPOINT" in refused.stderr


def test_every_step_has_its_own_name() -> None:
    assert len(steps()) == len(set(steps())) >= 22
