"""Crash runs: each places what is due, breaks something, lets Lace recover, and counts what came at the other end.

    python -m tests.crash.runs --state FOLDER --dump FILE --runs 30 --seed 1

- At a step: a process is stopped at a failpoint, and there it is killed, or kept past its lease, or a server is killed, or the network.
- At random: three sweepers, three senders and two bells at once, killed and stopped at random moments, with the servers.
- Of Celery: two beats and two workers, and everything else of theirs killed at random moments.
"""

from __future__ import annotations

import ast
import os
import random
import signal
import sys
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.crash.stage import ROOT, Act, Stage

PAST_LEASE = timedelta(minutes=11)  # of ten
PROVIDERS = ("notify", "smtp")
FAULTS = ("worker killed", "stopped past its lease", "PostgreSQL killed", "Valkey killed and emptied", "network gone", "answers lost")
# What must have happened before a process comes to the step: the provider's mode, or a worker killed at another step.
REACHED_BY: dict[str, dict[str, str]] = {
    "lookup.answered": {"killed at": "send.answered:kill:2"},
    "send.unknown": {"notify": "lost", "smtp": "lost"},
    "send.down": {"notify": "busy", "smtp": "gone"},
}
OFTEN = ("attempt", "send")  # steps passed for each letter; the others once or twice


@dataclass(frozen=True, slots=True)
class Run:
    """`step` is a failpoint; a run without one is at random, and with `celery` of real beats and workers."""

    provider: str
    fault: str
    seed: int
    step: str = ""
    celery: bool = False

    @property
    def name(self) -> str:
        return f"{self.step or ('celery' if self.celery else 'random')} · {self.fault} · {self.provider}"


@cache
def steps() -> list[str]:
    """The failpoints that stand in the code."""
    found = []
    sources = {path: path.read_text() for path in sorted(ROOT.glob("lace/**/*.py"))}
    for path in [path for path, source in sources.items() if "failpoint(" in source]:
        for node in ast.walk(ast.parse(sources[path])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                assert isinstance(node.args[0], ast.Constant), path
                found.append(str(node.args[0].value))
    return found


def at_steps() -> list[tuple[str, str, str]]:
    """Every step with every fault and provider; of the steps before a provider is spoken to, with one or the other provider."""
    found = []
    for number, step in enumerate(steps()):
        for place, fault in enumerate(FAULTS):
            if step.startswith("lookup."):
                providers: tuple[str, ...] = PROVIDERS[:1]  # SMTP cannot be asked
            elif step.startswith(OFTEN):
                providers = PROVIDERS
            else:
                providers = (PROVIDERS[(number + place) % 2],)
            found += [(step, fault, provider) for provider in providers]
    return found


def plan(runs: int, seed: int) -> list[Run]:
    """So many runs: every step with every fault where there is room, otherwise a sample of them; the rest at random and of Celery."""
    rng = random.Random(seed)
    every = [Run(provider, fault, rng.randrange(10**6), step) for step, fault, provider in at_steps()]
    celery = [Run(provider, "at random", rng.randrange(10**6), celery=True) for provider in PROVIDERS for _ in range(max(1, runs // 50))]
    left = runs - len(celery)
    chosen = rng.sample(every, min(len(every), left * 4 // 5))
    by_chance = [
        Run(rng.choice(PROVIDERS), ("servers killed", "stopped past the lease")[number % 2], rng.randrange(10**6))
        for number in range(left - len(chosen))
    ]
    return [*chosen, *by_chance, *celery]


def round_of_work() -> None:
    """What beat rings: sweep, and deliver. Each is a task of its own, so the failure of one does not keep the other."""
    from lace.deadlines.tasks import ring_sweep
    from lace.notifications.tasks import ring_delivery

    for task in (ring_sweep, ring_delivery):
        try:
            task()
        except Exception:
            traceback.print_exc()


def again_and_again(act: Act) -> Act:
    def keep_on() -> None:
        while True:
            try:
                act()
            except Exception:
                traceback.print_exc()
            time.sleep(random.uniform(0, 0.02))

    return keep_on


class Company:
    """Processes that work, and are replaced when they were killed."""

    def __init__(self, stage: Stage, acts: list[Act]) -> None:
        self.stage, self.acts = stage, acts
        self.pids = [stage.fork(act) for act in acts]

    def kill(self, place: int) -> None:
        self.stage.kill(self.pids[place])
        self.pids[place] = self.stage.fork(self.acts[place])

    def revive(self) -> None:
        """Start again what ended by itself, as whoever runs the services does."""
        for place, pid in enumerate(self.pids):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self.pids[place] = self.stage.fork(self.acts[place])

    def end(self) -> None:
        self.stage.kill(*self.pids)


class Runs:
    """The runs of one stage. `due` is what everybody must have got."""

    def __init__(self, stage: Stage, due: Any) -> None:
        self.stage, self.due = stage, due
        self.clock = stage.clock

    def one(self, run: Run) -> list[str]:
        """What went wrong in this run."""
        from django.conf import settings

        from tests.crash import reminders

        settings.NOTIFY_API_KEY = self.stage.key if run.provider == "notify" else ""
        reminders.place(self.stage)
        rng = random.Random(run.seed)
        if run.step:
            self.at_a_step(run, rng)
        elif run.celery:
            self.of_celery(rng)
        else:
            self.at_random(run, rng)
        self.recover()
        return reminders.wrong(self.stage, self.due, asks=run.provider == "notify")

    def recover(self) -> None:
        """Lace by itself again: beat rings, time passes."""
        from tests.crash import reminders

        for _ in range(12):
            self.work()
            if reminders.settled(self.stage):
                return
            self.clock.on(PAST_LEASE)

    def work(self, arm: str = "") -> None:
        self.stage.wait(self.stage.fork(round_of_work, arm))
        self.stage.sinks.still()

    # -- at a step ---------------------------------------------------------------------------------------------------

    def at_a_step(self, run: Run, rng: random.Random) -> None:
        before = REACHED_BY.get(run.step, {})
        if "killed at" in before:
            self.work(before["killed at"])
            self.clock.on(PAST_LEASE)
        which = rng.randint(1, 4) if run.step.startswith(OFTEN) and not before else 1
        with ExitStack() as until_stopped:
            if run.provider in before:
                until_stopped.enter_context(self.stage.provider(before[run.provider]))
            victim = self.stage.fork(round_of_work, f"{run.step}:stop:{which}")
            if self.stage.wait(victim) != "stopped":
                raise AssertionError(f"no process came to {run.step}")
        self.break_at(run.fault, victim)

    def break_at(self, fault: str, victim: int) -> None:
        """The fault, while the process stands at its step; then it goes on, where it can, to its end."""
        stage = self.stage
        with ExitStack() as faulty:
            match fault:
                case "worker killed":
                    stage.kill(victim)
                    self.clock.on(PAST_LEASE)
                    return
                case "stopped past its lease":
                    self.clock.on(PAST_LEASE)
                    for other in [stage.fork(round_of_work), stage.fork(round_of_work)]:
                        stage.wait(other)  # nobody waits for one who is stopped
                case "PostgreSQL killed":
                    stage.kill_postgres()
                case "Valkey killed and emptied":
                    faulty.enter_context(stage.without_valkey())
                case "network gone":
                    faulty.enter_context(stage.provider("gone"))
                case "answers lost":
                    faulty.enter_context(stage.provider("lost"))
            os.kill(victim, signal.SIGCONT)
            stage.wait(victim)
            if fault in {"network gone", "answers lost"}:
                self.work()
        stage.sinks.still()

    # -- at random ---------------------------------------------------------------------------------------------------

    def at_random(self, run: Run, rng: random.Random) -> None:
        """Kills in hundredths of a second, among everybody who may work at once. Where processes stop past their lease, PostgreSQL lives: a
        call that goes on after its lock is lost and its lease is over is two faults in one, which only the provider could make good."""
        from lace.deadlines.tasks import ring_sweep
        from lace.notifications.tasks import ring, ring_delivery

        self.stage.sinks.order(slow=0.02)
        acts: list[Act] = [*[ring_sweep] * 3, *[ring_delivery] * 3, *[ring] * 2]
        company = Company(self.stage, [again_and_again(act) for act in acts])
        events = rng.randint(10, 20)
        for event in range(events):
            time.sleep(rng.uniform(0.01, 0.08))
            chance = rng.random()
            if chance < 0.6:
                company.kill(rng.randrange(len(company.pids)))
            elif chance < 0.7:
                with self.stage.without_valkey():
                    time.sleep(rng.uniform(0, 0.05))
            elif chance < 0.85:
                with self.stage.provider(rng.choice(("gone", "lost", "busy"))):
                    time.sleep(rng.uniform(0, 0.1))
            elif run.fault == "stopped past the lease":
                self.stop_some(company, rng)
            if run.fault == "servers killed" and event == events // 2:
                self.stage.kill_postgres()
        company.end()
        self.stage.sinks.order(slow=0)
        self.clock.on(PAST_LEASE)

    def stop_some(self, company: Company, rng: random.Random) -> None:
        stopped = rng.sample(company.pids, 2)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        self.clock.on(PAST_LEASE)
        time.sleep(rng.uniform(0.05, 0.15))
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)

    # -- of Celery ---------------------------------------------------------------------------------------------------

    def of_celery(self, rng: random.Random) -> None:
        """Two beats and two workers with two processes each, all of it Celery's own. In the end they recover by themselves."""
        from tests.crash import reminders

        self.stage.sinks.order(slow=0.02)
        company = Company(self.stage, [beat, beat, worker, worker])
        time.sleep(1)
        faults = ["beat", "worker", "worker", "child", "child", "postgres", "valkey", "flush", "gone", "lost"]
        rng.shuffle(faults)
        for fault in faults:
            time.sleep(rng.uniform(0.05, 0.3))
            match fault:
                case "beat":
                    company.kill(rng.randrange(2))
                case "worker":
                    place = 2 + rng.randrange(2)
                    os.kill(company.pids[place], signal.SIGKILL)
                    time.sleep(rng.uniform(0, 0.2))  # its children are left alone
                    company.kill(place)
                case "child":
                    for child in children_of(company.pids[2 + rng.randrange(2)])[:1]:
                        os.kill(child, signal.SIGKILL)
                case "postgres":
                    self.stage.kill_postgres()
                case "valkey":
                    with self.stage.without_valkey():
                        time.sleep(rng.uniform(0, 0.2))
                case "flush":
                    self.stage.flush_valkey()
                case mode:
                    with self.stage.provider(mode):
                        time.sleep(rng.uniform(0, 0.2))
        self.stage.sinks.order(slow=0)
        for _ in range(20):
            company.revive()
            time.sleep(1)
            if reminders.settled(self.stage):
                break
            self.clock.on(PAST_LEASE)
        company.end()
        if not reminders.settled(self.stage):
            raise AssertionError("Celery did not recover")


def beat() -> None:
    from lace.celery import app

    for entry in app.conf.beat_schedule.values():
        entry["schedule"] = 0.3 if entry["task"].endswith((".ring_sweep", ".ring_delivery")) else 3600.0
    app.Beat(scheduler_cls="celery.beat.Scheduler", loglevel="ERROR", max_interval=1).run()


def worker() -> None:
    from lace.celery import app

    app.worker_main(["worker", "--pool=prefork", "--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=ERROR"])


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def warm() -> None:
    """Once, before the many forks, what each process would otherwise load for itself. Nothing that opens a connection."""
    import django

    django.setup()
    from django.template.loader import get_template
    from django.urls import reverse
    from django.utils import translation
    from kombu.transport import redis  # noqa: F401  # loaded once, before the runs are forked

    from lace.celery import app

    app.loader.import_default_modules()
    for language in ("en-gb", "cy"):
        with translation.override(language):
            reverse("work")
    for name in ("emails/digest.txt", "emails/message.txt"):
        get_template(name)


def results(state: Path, dump: Path, runs: list[Run]) -> Iterator[tuple[Run, list[str], float]]:
    stage = Stage(state, dump)
    try:
        warm()
        from django.conf import settings

        from tests.crash import reminders

        settings.EMAIL_TIMEOUT = 5
        told = state / "expected.json"
        stage.wait(stage.fork(lambda: reminders.furnish_both(told)), seconds=120)
        reminders.keep(stage, told)
        every = Runs(stage, reminders.expected(told))
        for run in runs:
            began = time.monotonic()
            try:
                found = every.one(run)
            except Exception:
                found = traceback.format_exc().splitlines()
            stage.kill(*stage.children)
            yield run, found, time.monotonic() - began
        say(", ".join(f"{count:,} {what}" for what, count in stage.counted.items()))
    finally:
        stage.close()


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--dump", type=Path, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--only", default="", help="runs with this in their name")
    given = parser.parse_args()
    failed = 0
    chosen = [run for run in plan(given.runs, given.seed) if given.only in run.name]
    for number, (run, found, seconds) in enumerate(results(given.state, given.dump, chosen), 1):
        failed += bool(found)
        say(
            f"{number:4} {'FAILED' if found else 'ok    '} {seconds:5.1f} s  {run.name} (seed {run.seed})", *(f"       {what}" for what in found[:12])
        )
    say(f"crash runs: {len(chosen)}, of which {failed} lost or repeated something; seed {given.seed}")
    sys.exit(bool(failed))


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
