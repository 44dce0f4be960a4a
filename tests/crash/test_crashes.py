"""Nothing lost and nothing sent twice, whatever dies and wherever (goals RL1 and RL2).

Thirty runs with every run of the tests; `LACE_CRASHES=250 python3 manage.py test tests/crash` tries every step with every
fault and more at random. LACE_CRASH_SEED repeats a run of the tests; what it prints of a failed run has its seed and its log.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from lace.database.context import OWNER_ROLE
from lace.database.server import postgres_binaries
from tests.crash.runs import FAULTS, PROVIDERS, plan, steps
from tests.crash.stage import ROOT

RUNS = int(os.environ.get("LACE_CRASHES", "30"))
SEED = int(os.environ.get("LACE_CRASH_SEED") or random.randrange(10**6))


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("DL-04", "SW-04")
def test_nothing_is_lost_and_nothing_sent_twice(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dump = tmp_path / "lace.sql"
    here = connection.get_connection_params()
    server = {f"PG{name.upper()}": str(here[name]) for name in ("host", "port", "password") if here.get(name)}
    pg_dump = [str(postgres_binaries() / "pg_dump"), "--enable-row-security", "--username", OWNER_ROLE, "--file", str(dump), here["dbname"]]
    subprocess.run(pg_dump, check=True, env={**os.environ, **server})
    command = [sys.executable, "-m", "tests.crash.runs", "--runs", str(RUNS), "--seed", str(SEED), "--state", str(tmp_path), "--dump", str(dump)]
    said: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            if RUNS > 30:  # by night: shown as it comes
                with capfd.disabled():
                    sys.stdout.write(line)
    with capfd.disabled():
        sys.stdout.write("\n" + "".join(said[-2:]))
    assert process.returncode == 0, "".join(said)
    assert f"crash runs: {RUNS}, of which 0 " in said[-1]


def test_the_nightly_runs_try_every_step_with_every_fault() -> None:
    tried = {(run.step, run.fault) for run in plan(250, 1) if run.step}
    assert tried == {(step, fault) for step in steps() for fault in FAULTS}
    sending = {(run.step, run.fault, run.provider) for run in plan(250, 1) if run.step.startswith("send.")}
    assert sending == {(step, fault, provider) for step in steps() if step.startswith("send.") for fault in FAULTS for provider in PROVIDERS}


def test_a_plan_is_repeated_by_its_seed_and_holds_all_sorts() -> None:
    assert plan(30, 7) == plan(30, 7) != plan(30, 8)
    chosen = plan(30, 7)
    assert len(chosen) == 30
    assert {run.provider for run in chosen if run.celery} == set(PROVIDERS)
    assert {run.fault for run in chosen if not run.step and not run.celery} == {"servers killed", "stopped past the lease"}
